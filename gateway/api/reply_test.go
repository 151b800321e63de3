package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk/desktest"
)

// useOf is the body of a reply that sends a template in Spanish.
func useOf(name, values string) string {
	return `{"text":"mine","id":"t","content":{"kind":"template","template":{"name":"` + name + `","language":"es","body":[` + values + `]}}}`
}

// refusal is the message of an answer that refuses.
func refusal(t *testing.T, body []byte) string {
	t.Helper()
	var answer struct{ Error struct{ Message string } }
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return answer.Error.Message
}

// last is the newest message of a conversation, as the store has it.
func last(t *testing.T, b bundle, id string) gateway.MessageView {
	t.Helper()
	list, _, err := b.store.Messages(t.Context(), id, gateway.Page{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	return list[len(list)-1]
}

func TestReplyTakesEveryKind(t *testing.T) {
	t.Parallel()
	b := setup(t)
	fillFiles(b)
	for name, test := range map[string]struct{ text, content string }{
		"buttons":          {"¿Sí?", `{"kind":"buttons","buttons":[{"id":"y","title":"Sí"}],"header":"h","footer":"f"}`},
		"buttons and file": {"¿Sí?", `{"kind":"buttons","buttons":[{"id":"y","title":"Sí"}],"header_media":{"kind":"document","file_id":"brought","mime":"application/pdf"}}`},
		"list":             {"Elige", `{"kind":"list","list":{"open":"Ver","sections":[{"rows":[{"id":"a","title":"A","description":"d"}]}]}}`},
		"link":             {"Mira", `{"kind":"link","link":{"title":"Ver","url":"https://a.example"}}`},
		"location request": {"¿Dónde?", `{"kind":"location_request"}`},
		"contact request":  {"¿Tu número?", `{"kind":"contact_request"}`},
		"image":            {"", `{"kind":"image","media":{"url":"https://a.example/a.png"}}`},
		"video":            {"Mira", `{"kind":"video","media":{"provider_id":"1"}}`},
		"audio":            {"", `{"kind":"audio","media":{"provider_id":"1","voice":true}}`},
		"document":         {"", `{"kind":"document","media":{"file_id":"brought","mime":"application/pdf","filename":"a.pdf"}}`},
		"sticker":          {"", `{"kind":"sticker","media":{"provider_id":"1"}}`},
		"location":         {"", `{"kind":"location","location":{"latitude":41.4,"longitude":2.2,"name":"Tienda"}}`},
		"contacts":         {"", `{"kind":"contacts","cards":[{"name":"Ana","phones":[{"phone":"+34 600","whatsapp":"34600"}]}]}`},
		"reaction":         {"", `{"kind":"reaction","reaction":{"message_id":"wamid.t1","emoji":"👍"}}`},
		"no reaction":      {"", `{"kind":"reaction","reaction":{"message_id":"wamid.t1","emoji":""}}`},
		"template":         {"Hola", `{"kind":"template","template":{"name":"n","language":"es","body":[{"text":"a"}],"buttons":[{"index":0,"value":"v"}]}}`},
	} {
		body := `{"text":"` + test.text + `","content":` + test.content + `}`
		if w := b.call("POST", "/api/v1/handoffs/"+desktest.TomHandoff+"/reply", body); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
			continue
		}
		sent := last(t, b, desktest.Tom)
		got, err := json.Marshal(sent.Content)
		if err != nil {
			t.Fatal(err)
		}
		if sent.Text != test.text || !sameJSON(t, string(got), test.content) {
			t.Errorf("%s: %q %s", name, sent.Text, got)
		}
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatal(err)
	}
	return cmp.Equal(x, y)
}

// A reply that can't be sent is refused with the reason before anything happens.
func TestReplyRefusesWhatCanNotBeSent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, test := range []struct{ body, want string }{
		{`{"content":{}}`, "content needs a kind."},
		{`{"text":"a","content":{"buttons":[]}}`, "content needs a kind."},
		{`{"content":{"kind":"poll"}}`, "The kind of content is not known."},
		{`{"content":{"kind":"text"}}`, "text is needed for a reply, with 1 to 4096 characters."},
		{`{"text":"a","content":{"kind":"buttons"}}`, "A message has 1 to 3 buttons."},
		{`{"text":"a","content":{"kind":"audio","media":{"url":"https://a.example/a"}}}`, "This kind of message takes no text."},
		{`{"content":{"kind":"image","media":{"url":"file:///etc/passwd"}}}`, "A file's address starts with https:// or http://."},
		{`{"content":{"kind":"image","media":{"file_id":"none"}}}`, "There is no file with this file_id: send it with POST /api/v1/files first."},
		{`{"content":{"kind":"image","media":{"file_id":"../../etc"}}}`, "There is no file with this file_id: send it with POST /api/v1/files first."},
		{`{"content":{"kind":"location","location":{"latitude":91,"longitude":0}}}`, "A location has a latitude from -90 to 90 and a longitude from -180 to 180."},
		{`{"text":"` + strings.Repeat("a", 1025) + `","content":{"kind":"contact_request"}}`, "The text is longer than 1024 characters."},
		{`{"text":"a","quote_id":"` + strings.Repeat("a", 513) + `"}`, "quote_id is longer than 512 bytes."},
		{`{"text":"a","content":[]}`, "The body is not valid JSON of the expected shape."},
		{`{"text":"a","content":{"kind":3}}`, "The body is not valid JSON of the expected shape."},
		{`{"text":"a","content":{"kind":"list","list":{"open":"o","sections":{}}}}`, "The body is not valid JSON of the expected shape."},
	} {
		w := b.call("POST", "/api/v1/handoffs/"+desktest.TomHandoff+"/reply", test.body)
		if got := code(t, w); got != "400 invalid" || refusal(t, w.Body.Bytes()) != test.want {
			t.Errorf("%.60s: %s %s", test.body, got, w.Body)
		}
	}
	if h, err := b.store.Handoff(t.Context(), desktest.TomHandoff); err != nil || h.State != gateway.HandoffQueued || *b.changed != 0 {
		t.Errorf("a refused reply changed something: %v %v", h.State, err)
	}
}

// What came with one id is one message, whatever its content is written like.
func TestReplyWithContentOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	before, _, _ := b.store.Messages(t.Context(), desktest.Tom, gateway.Page{Limit: 200})
	const same = `{"text":"¿Sí?","id":"a","quote_id":"wamid.t1","content":{"kind":"buttons","buttons":[{"id":"y","title":"Sí"}]}}`
	for _, step := range []struct{ body, want string }{
		{same, "200"},
		{same, "200"},
		{`{"id":"a","content":{"cards":[],"footer":"","buttons":[{"title":"Sí","id":"y"}],"kind":"buttons"},"text":" ¿Sí? "}`, "200"},
		{`{"text":"¿Sí?","id":"a","content":{"kind":"buttons","buttons":[{"id":"n","title":"No"}]}}`, "400 invalid"},
		{`{"text":"¿Sí?","id":"a"}`, "400 invalid"},
		{strings.Replace(same, `"a"`, `"b"`, 1), "200"},
	} {
		w := b.call("POST", "/api/v1/handoffs/"+desktest.TomHandoff+"/reply", step.body)
		got := fmt.Sprint(w.Code)
		if w.Code != 200 {
			got = code(t, w)
		}
		if got != step.want {
			t.Errorf("%s: %s %s", step.body, got, w.Body)
		}
	}
	after, _, _ := b.store.Messages(t.Context(), desktest.Tom, gateway.Page{Limit: 200})
	if len(after)-len(before) != 2 {
		t.Errorf("%d messages were sent", len(after)-len(before))
	}
	if q := after[len(before)].Quoted; q == nil || q.Author != gateway.AuthorCustomer {
		t.Errorf("the message quotes %v", q)
	}
}

// A template is held against those there are, its text is what is read, and it goes
// when nothing else does.
func TestReplyWithATemplate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	fillAccount(b)
	reply := "/api/v1/handoffs/" + desktest.PauHandoff + "/reply"
	const values = `{"text":"Pau"},{"text":"#W1"}`
	b.store.Put(func() gateway.Conversation {
		c, err := b.store.Conversation(t.Context(), desktest.Pau)
		if err != nil {
			t.Fatal(err)
		}
		c.Marketing = "stop"
		return c
	}())
	for _, step := range []struct{ body, want, message string }{
		{useOf("none", values), "400 invalid", "There is no template of this name in this language; GET /api/v1/templates lists those there are."},
		{strings.Replace(useOf("order_update", values), `"es"`, `"en_US"`, 1), "400 invalid", ""},
		{strings.Replace(useOf("order_update", values), `"es"`, `""`, 1), "400 invalid", "A template needs its name and language."},
		{useOf("sale", values), "409 opted_out", "This customer wants no marketing, and this template is marketing."},
		{`{"text":"hola"}`, "409 window_closed", "The 24-hour service window is over: free text can't be sent until the customer writes again."},
	} {
		w := b.call("POST", reply, step.body)
		if got := code(t, w); got != step.want || step.message != "" && refusal(t, w.Body.Bytes()) != step.message {
			t.Errorf("%s: %s %s", step.body, got, w.Body)
		}
	}
	for range 2 {
		if w := b.call("POST", reply, useOf("order_update", values)); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	use := gateway.TemplateUse{Name: "order_update", Language: "es", Body: []gateway.TemplateValue{{Text: "Pau"}, {Text: "#W1"}}}
	list, err := b.store.Templates(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sent := last(t, b, desktest.Pau)
	if diff := cmp.Diff(&gateway.Content{Kind: "template", Template: &use}, sent.Content); diff != "" ||
		sent.Text != strings.TrimSpace(gateway.TemplateText(list[1], use)) {
		t.Errorf("%q %s", sent.Text, diff)
	}
}

// The type of a file of our own is found by its content, as the channel needs it.
func TestReplyNotesTheTypeOfItsFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ogg := "OggS\x00\x02" + strings.Repeat("\x00", 22) + "OpusHead\x01\x01"
	for _, test := range []struct{ kind, content, mime, want string }{
		{"document", "%PDF-1.7 a bill", "", "application/pdf"},
		{"document", "%PDF-1.7 a bill", "application/x-own", "application/x-own"},
		{"image", "\x89PNG\r\n\x1a\n0000", "", "image/png"},
		{"audio", ogg, "", "audio/ogg"},
		{"audio", "\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42", "", "audio/mp4"},
		{"audio", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42mp41", "", "audio/mp4"},
		{"video", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42mp41", "", "video/mp4"},
	} {
		w := b.call("POST", "/api/v1/files", test.content)
		var file struct{ ID string }
		if err := json.Unmarshal(w.Body.Bytes(), &file); err != nil || file.ID == "" {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		body := fmt.Sprintf(`{"content":{"kind":%q,"media":{"file_id":%q,"mime":%q}}}`, test.kind, file.ID, test.mime)
		if w := b.call("POST", "/api/v1/handoffs/"+desktest.TomHandoff+"/reply", body); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if got := last(t, b, desktest.Tom).Content.Media; got.MIME != test.want || got.FileID != file.ID {
			t.Errorf("%.10q as %s is %+v, want %s", test.content, test.kind, got, test.want)
		}
	}
}

func TestTakeAndVerify(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c, err := b.store.Conversation(t.Context(), desktest.Nora)
	if err != nil {
		t.Fatal(err)
	}
	c.DoubtedAt = now
	b.store.Put(c)
	steps := []struct{ target, body, want string }{
		{"conversations/none/take", ``, "404 not_found"},
		{"conversations/" + desktest.Nora + "/take", `{"agent":"` + strings.Repeat("a", 65) + `"}`, "400 invalid"},
		{"conversations/" + desktest.Nora + "/take", `[]`, "400 invalid"},
		{"conversations/" + desktest.Nora + "/take", `{"agent":"eva"}`, "200 agent_took claimed eva"},
		{"conversations/" + desktest.Nora + "/take", `{"agent":"eva"}`, "200 agent_took claimed eva"},
		{"conversations/" + desktest.Nora + "/take", ``, "409 taken"},
		{"conversations/" + desktest.Lucia + "/take", ``, "200 low_confidence claimed api"},
		{"handoffs/" + desktest.TomHandoff + "/verify", ``, "409 taken"},
		{"handoffs/none/verify", ``, "404 not_found"},
	}
	for _, step := range steps {
		w := b.call("POST", "/api/v1/"+step.target, step.body)
		var got string
		if w.Code == http.StatusOK {
			var body struct {
				Handoff struct{ Reason, State, Agent string }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			got = fmt.Sprint("200 ", body.Handoff.Reason, " ", body.Handoff.State, " ", body.Handoff.Agent)
		} else {
			got = code(t, w)
		}
		if got != step.want {
			t.Errorf("%s %.20s: %s, want %s", step.target, step.body, got, step.want)
		}
	}
	verify(t, b)
}

// verify ends the doubt in Nora's conversation, which eva has.
func verify(t *testing.T, b bundle) {
	t.Helper()
	var id string
	for _, h := range get[[]struct{ ID, Agent string }](t, b, "/api/v1/handoffs?state=claimed", "handoffs") {
		if h.Agent == "eva" {
			id = h.ID
		}
	}
	w := b.call("POST", "/api/v1/handoffs/"+id+"/verify", `{"agent":"ana"}`)
	if got := code(t, w); got != "409 taken" || !strings.Contains(w.Body.String(), "Claim it first") {
		t.Errorf("another agent verifies: %s", w.Body)
	}
	if at := get[map[string]any](t, b, "/api/v1/conversations/"+desktest.Nora, "conversation")["doubted_at"]; at == nil {
		t.Error("the doubt ended without eva")
	}
	if w := b.call("POST", "/api/v1/handoffs/"+id+"/verify", `{"agent":"eva"}`); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if at := get[map[string]any](t, b, "/api/v1/conversations/"+desktest.Nora, "conversation")["doubted_at"]; at != nil {
		t.Errorf("the doubt of %v did not end", at)
	}
}

func FuzzReply(f *testing.F) {
	f.Add(`{"text":"a"}`)
	f.Add(useOf("order_update", `{"text":"a"}`))
	f.Add(`{"text":"a","content":{"kind":"buttons","buttons":[{"id":"a","title":"b"}],"header_media":{"kind":"image","file_id":"brought"}}}`)
	f.Add(`{"content":{"kind":"list","list":{"open":"","sections":[null]}}}`)
	f.Add(`{"content":{"kind":"image","media":{"file_id":"\u0000"}}}`)
	f.Add(`{"content":null,"text":null,"id":"x"}`)
	f.Fuzz(func(t *testing.T, body string) {
		b := setup(t)
		fillAccount(b)
		fillFiles(b)
		first := b.call("POST", "/api/v1/handoffs/"+desktest.TomHandoff+"/reply", body)
		if first.Code != 200 && first.Code != 400 {
			t.Fatalf("%q: %d %s", body, first.Code, first.Body)
		}
		// What was taken once is taken again: as the same with an id, and as another without.
		if again := b.call("POST", "/api/v1/handoffs/"+desktest.TomHandoff+"/reply", body); again.Code != first.Code {
			t.Errorf("%q: %d, and then %d %s", body, first.Code, again.Code, again.Body)
		}
	})
}
