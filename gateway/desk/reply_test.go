package desk_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk"
	"github.com/recado/recado/gateway/desk/desktest"
)

const (
	jpeg = "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"
	mp3  = "ID3\x03\x00\x00\x00\x00\x00\x21TIT2"
	pdf  = "%PDF-1.7\n%%EOF\n"
	mp4  = "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
)

func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// content reads what the vault has under an id.
func (b *bundle) content(id string) string {
	b.t.Helper()
	a := b.get("/desk/files/"+id, "en")
	a.says(b.t, http.StatusOK)
	return a.body
}

func TestAttachingAFile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		form url.Values
		file upload
		want gateway.Content
	}{
		{"a photo", form("text", "Mira."), upload{"IMG 1.jpg", jpeg}, gateway.Content{Kind: gateway.ContentImage, Media: &gateway.OutgoingMedia{Kind: gateway.ContentImage, MIME: "image/jpeg"}}},
		{"a video", form(), upload{"a.mp4", mp4}, gateway.Content{Kind: gateway.ContentVideo, Media: &gateway.OutgoingMedia{Kind: gateway.ContentVideo, MIME: "video/mp4"}}},
		{"audio", form(), upload{"a.mp3", mp3}, gateway.Content{Kind: gateway.ContentAudio, Media: &gateway.OutgoingMedia{Kind: gateway.ContentAudio, MIME: "audio/mpeg"}}},
		{
			"a document", form(),
			upload{`C:\docs\Factura.pdf`, pdf},
			gateway.Content{Kind: gateway.ContentDocument, Media: &gateway.OutgoingMedia{Kind: gateway.ContentDocument, MIME: "application/pdf", Filename: "Factura.pdf"}},
		},
		{
			"a page that says it is a photo", form(),
			upload{"photo.jpg", "<html><script>alert(1)</script></html>"},
			gateway.Content{Kind: gateway.ContentDocument, Media: &gateway.OutgoingMedia{Kind: gateway.ContentDocument, MIME: "text/html", Filename: "photo.jpg"}},
		},
		{
			"a photo above buttons", form("text", "¿Cuál?", "button", " Esta ", "button", "", "button", "Otra"),
			upload{"a.jpg", jpeg},
			gateway.Content{
				Kind: gateway.ContentButtons, HeaderMedia: &gateway.OutgoingMedia{Kind: gateway.ContentImage, MIME: "image/jpeg"},
				Buttons: []gateway.Button{{ID: "button-1", Title: "Esta"}, {ID: "button-3", Title: "Otra"}},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := gallery(t, "ana")
			b.send(sara+"/reply", test.form, test.file).leads(t, sara+"?done=reply#reply")
			m := b.last(desktest.Sara)
			if m.Content == nil {
				t.Fatalf("no content: %+v", m)
			}
			media := m.Content.Media
			if media == nil {
				media = m.Content.HeaderMedia
			}
			if got := b.content(media.FileID); got != test.file.content {
				t.Errorf("the vault has %q", got)
			}
			media.FileID = ""
			if diff := cmp.Diff(&test.want, m.Content); diff != "" {
				t.Errorf("content (-want +got):\n%s", diff)
			}
			if m.Text != test.form.Get("text") || m.Type != string(test.want.Kind) {
				t.Errorf("said %q as %s", m.Text, m.Type)
			}
		})
	}
}

func TestButtonsAndRequests(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	for _, test := range []struct {
		form url.Values
		want *gateway.Content
	}{
		{form("text", "Hola", "button", "", "button", "", "button", "", "ask", ""), nil},
		{form("text", "¿Sí?", "button", "Sí", "button", "No"), &gateway.Content{
			Kind: gateway.ContentButtons, Buttons: []gateway.Button{{ID: "button-1", Title: "Sí"}, {ID: "button-2", Title: "No"}},
		}},
		{form("text", "¿Dónde?", "ask", "location"), &gateway.Content{Kind: gateway.ContentAskLocation}},
		{form("text", "¿Tu número?", "ask", "contact"), &gateway.Content{Kind: gateway.ContentAskContact}},
	} {
		b.post(sara+"/reply", test.form).leads(t, sara+"?done=reply#reply")
		if diff := cmp.Diff(test.want, b.last(desktest.Sara).Content); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.form, diff)
		}
	}
}

// TestRefusedContents holds that what can't be sent is told in both languages, that
// what was written stays, and that no file is left behind.
func TestRefusedContents(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ñ", gateway.MaxCaption+1)
	none := upload{"", ""}
	for _, test := range []struct {
		name   string
		path   string
		form   url.Values
		file   upload
		status int
		es, en string
	}{
		{"caption", sara, form("text", long), upload{"a.jpg", jpeg}, 422, "caben 1024 caracteres", "room for 1024 characters"},
		{"buttons with a long text", sara, form("text", long, "button", "A"), none, 422, "caben 1024 caracteres", "room for 1024 characters"},
		{"audio with text", sara, form("text", "mira"), upload{"a.mp3", mp3}, 422, "Envía el audio solo", "Send the audio alone"},
		{"audio with buttons", sara, form("button", "A"), upload{"a.mp3", mp3}, 422, "Envía el audio solo", "Send the audio alone"},
		{"request with a file", sara, form("text", "mira", "ask", "location"), upload{"a.jpg", jpeg}, 422, "va sola", "goes alone"},
		{"request with buttons", sara, form("text", "mira", "ask", "contact", "button", "A"), none, 422, "va sola", "goes alone"},
		{"request without words", sara, form("ask", "contact"), none, 422, "de 1 a 4096 caracteres", "1 to 4096 characters"},
		{"the same buttons", sara, form("text", "mira", "button", "A", "button", "A"), none, 422, "dos botones dicen lo mismo", "two buttons say the same"},
		{"an empty file", sara, form("text", "mira"), upload{"a.jpg", ""}, 422, "El archivo está vacío", "The file is empty"},
		{"a message that is not there", sara, form("text", "mira", "quote", "none"), none, 422, "ya no está a la vista", "not in view any more"},
		{"a message that is none", sara, form("text", "mira", "quote", "sY"), none, 422, "ya no está a la vista", "not in view any more"},
		{"a file for a closed window", "/desk/handoffs/" + desktest.PauHandoff, form("text", "mira"), upload{"a.jpg", jpeg}, 409, "La ventana de 24 horas está cerrada", "24-hour window is closed"},
		{"a file too many", sara, form("text", "mira"), upload{"a.bin", strings.Repeat("x", 3000)}, 422, "El archivo es demasiado grande", "The file is too large"},
		{"a file by far too large", sara, form("text", "mira"), upload{"a.bin", strings.Repeat("x", 300_000)}, 413, "El archivo es demasiado grande", "The file is too large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, "ana", func(b *bundle, c *desk.Config) {
				desktest.Gallery(b.store, b.vault, morning)
				c.Files, c.Vault, c.Channel, c.MaxUpload = b.store, b.vault, b.store, 2000
			})
			before, kept := b.last(desktest.Sara).ID, b.vault.Len()
			for language, sentence := range map[string]string{"es": test.es, "en": test.en} {
				b.get("/desk/?lang="+language, language)
				page := b.send(test.path+"/reply", test.form, test.file)
				page.says(t, test.status, sentence, `role="alert"`)
				if test.status != http.StatusRequestEntityTooLarge {
					page.says(t, test.status, test.form.Get("text"))
				}
				if strings.Contains(test.name, "buttons") && test.form.Get("button") != "" {
					page.says(t, test.status, `name="button" value="`+test.form.Get("button")+`"`)
				}
			}
			if b.last(desktest.Sara).ID != before || b.vault.Len() != kept || b.changed.Load() != 0 {
				t.Errorf("a refused reply left %d files of %d", b.vault.Len(), kept)
			}
		})
	}
}

// TestAFileSentTwiceIsOne: the same form with the same file is one message and one
// file, with another file it is another.
func TestAFileSentTwiceIsOne(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	m := regexp.MustCompile(`id="compose"[^>]*>\s*<input type="hidden" name="once" value="([^"]+)">`).FindStringSubmatch(b.get(sara, "en").body)
	if m == nil {
		t.Fatal("the form has no token")
	}
	files := b.vault.Len()
	count := func() int {
		list, _, err := b.store.Messages(t.Context(), desktest.Sara, gateway.Page{Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := count()
	for i, step := range []struct {
		form url.Values
		file upload
		want int
	}{
		{form("once", m[1], "text", "Mira."), upload{"a.jpg", jpeg}, 1},
		{form("once", m[1], "text", "Mira."), upload{"a.jpg", jpeg}, 1},
		{form("once", m[1], "text", "Mira."), upload{"b.jpg", jpeg + "2"}, 2},
		{form("once", m[1], "text", "Mira.", "quote", "sB"), upload{"b.jpg", jpeg + "2"}, 3},
	} {
		b.send(sara+"/reply", step.form, step.file).leads(t, sara+"?done=reply#reply")
		if got := count() - before; got != step.want {
			t.Errorf("after step %d there are %d messages, not %d", i, got, step.want)
		}
	}
	if got := b.vault.Len() - files; got != 2 {
		t.Errorf("%d files are kept", got)
	}
}

func TestAnsweringAMessage(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	b.get(sara, "es").says(t, http.StatusOK, `href="`+sara+`?quote=sK#reply"`)
	page := b.get(sara+"?quote=sK", "es")
	page.says(t, http.StatusOK, `name="quote" value="sK"`, "Respondes a", "Quitar", `data-self="`+sara+`?quote=sK"`, sara+"?lang=en&amp;quote=sK")
	b.get(sara+"?quote=none", "es").lacks(t, `name="quote"`, "Respondes a")
	b.post(sara+"/reply", form("text", "Qué pena.", "quote", "sK")).leads(t, sara+"?done=reply#reply")
	m := b.last(desktest.Sara)
	if m.Quoted == nil || m.Quoted.Text != "Llegó así la que pedí el mes pasado" {
		t.Errorf("answers %+v", m.Quoted)
	}
	// What is not sent keeps what it answers.
	b.post(sara+"/reply", form("text", "", "quote", "sK")).says(t, http.StatusUnprocessableEntity, `name="quote" value="sK"`)
}

func TestReacting(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	b.post(sara+"/react", form("message", "sB", "emoji", "👍")).leads(t, sara+"?done=react#m-sB")
	m := b.last(desktest.Sara)
	want := &gateway.Content{Kind: gateway.ContentReaction, Reaction: &gateway.Reaction{MessageID: "wamid.sB", Emoji: "👍"}}
	if diff := cmp.Diff(want, m.Content); diff != "" {
		t.Errorf("reaction (-want +got):\n%s", diff)
	}
	if got := b.get(sara+"?done=react", "en").bubble(t, "sB"); !strings.Contains(got, `title="ana">👍`) {
		t.Errorf("the reaction does not show: %s", got)
	}
	b.get(sara+"?quote=sB", "en").says(t, http.StatusOK, `name="message" value="sB"`, "or react:", "Take the reaction back")
	b.get(sara+"?quote=sC", "en").lacks(t, "or react:")
	b.post(sara+"/react", form("message", "sB", "emoji", "")).leads(t, sara+"?done=react#m-sB")
	if got := b.get(sara, "en").bubble(t, "sB"); strings.Contains(got, `class="reaction"`) {
		t.Error("the reaction is still there")
	}
	b.post(sara+"/react", form("message", "sB", "emoji", "no")).says(t, http.StatusBadRequest)
	b.post(sara+"/react", form("message", "sC", "emoji", "👍")).says(t, http.StatusBadRequest)
	b.post(sara+"/react", form("message", "none", "emoji", "👍")).says(t, http.StatusUnprocessableEntity, "ya no está a la vista")
	b.post("/desk/handoffs/none/react", form("message", "sB", "emoji", "👍")).says(t, http.StatusNotFound)
	b.post("/desk/handoffs/"+desktest.PauHandoff+"/react", form("message", "p1", "emoji", "👍")).says(t, http.StatusConflict, "La ventana de 24 horas")
}

func TestTakingAConversation(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	const nora = "/desk/conversations/" + desktest.Nora
	b.get(nora, "es").says(t, http.StatusOK, `action="`+nora+`/take"`, "Tomar la conversación")
	a := b.post(nora+"/take", nil)
	to, _, _ := strings.Cut(a.header.Get("Location"), "?")
	a.leads(t, to+"?done=take#reply")
	b.get(to+"?done=take", "en").says(t, http.StatusOK, "The conversation is yours; the assistant is silent.", "You took this conversation over", `id="text"`)
	if c, err := b.store.Conversation(t.Context(), desktest.Nora); err != nil || c.Mode != gateway.ModeAgent || c.Agent != "ana" {
		t.Errorf("%s, %s, %v", c.Mode, c.Agent, err)
	}
	// Another agent is led to who has it.
	bea := gallery(t, "bea")
	bea.post("/desk/conversations/"+desktest.Marta+"/take", nil).leads(t, "/desk/conversations/"+desktest.Marta)
	bea.post("/desk/conversations/none/take", nil).says(t, http.StatusNotFound)
}

// TestWhatWasWrittenOutlivesTheSession: also beside a file.
func TestWhatWasWrittenOutlivesTheSession(t *testing.T) {
	t.Parallel()
	b := gallery(t, "")
	b.send(sara+"/reply", form("once", "x", "text", "Casi lo pierdo."), upload{"a.bin", strings.Repeat("x", 400_000)}).
		says(t, http.StatusUnauthorized, "Casi lo pierdo.")
	if b.last(desktest.Sara).Text == "Casi lo pierdo." {
		t.Error("somebody who is not signed in has replied")
	}
}
