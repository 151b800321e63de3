package desk_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk/desktest"
)

func words(text string) url.Values { return url.Values{"text": {text}} }

func (b *bundle) handoff(id string) gateway.Handoff {
	b.t.Helper()
	h, err := b.store.Handoff(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return h
}

// last gives the newest message of a conversation.
func (b *bundle) last(conversationID string) gateway.MessageView {
	b.t.Helper()
	list, _, err := b.store.Messages(b.t.Context(), conversationID, gateway.Page{Limit: 200})
	if err != nil || len(list) == 0 {
		b.t.Fatalf("%d messages, %v", len(list), err)
	}
	return list[len(list)-1]
}

func TestClaimReplyResolve(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	const path = "/desk/handoffs/" + desktest.LuciaHandoff
	b.post(path+"/claim", nil).leads(t, path+"?done=claim#reply")
	b.get(path+"?done=claim", "es").says(t, http.StatusOK, "La conversación es tuya; el asistente calla.", "Con una persona · <bdi>ana</bdi>")
	if h := b.handoff(desktest.LuciaHandoff); h.State != gateway.HandoffClaimed || h.Agent != "ana" || !h.UpdatedAt.Equal(morning) {
		t.Errorf("claimed: %+v", h)
	}

	b.post(path+"/reply", words("  Sí, entera.\r\nSaludos  ")).leads(t, path+"?done=reply#reply")
	if m := b.last(desktest.Lucia); m.Text != "Sí, entera.\nSaludos" || m.Author != gateway.AuthorAgent || m.Agent != "ana" {
		t.Errorf("said: %+v", m)
	}
	b.get(path+"?done=reply", "en").says(t, http.StatusOK, "Your reply is on its way.", "Sí, entera.\nSaludos", `title="queued"`)

	b.post(path+"/resolve", nil).leads(t, "/desk/?done=resolve")
	b.get("/desk/?done=resolve", "es").says(t, http.StatusOK, "Conversación resuelta.")
	b.get(path, "es").says(t, http.StatusOK, "Esta espera ya terminó.")
	b.get("/desk/conversations/"+desktest.Lucia, "en").says(t, http.StatusOK, "Resolved. The customer&#39;s next message opens it again.")
	if b.changed.Load() != 3 {
		t.Errorf("workers heard of %d changes, want 3", b.changed.Load())
	}
}

func TestReplyingTakesOverAndReturningGivesBack(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	const path = "/desk/handoffs/" + desktest.TomHandoff
	b.post(path+"/reply", words("I'm looking into it.")).leads(t, path+"?done=reply#reply")
	if h := b.handoff(desktest.TomHandoff); h.State != gateway.HandoffClaimed || h.Agent != "ana" {
		t.Errorf("after a reply: %s, %s", h.State, h.Agent)
	}
	b.post(path+"/return", nil).leads(t, "/desk/?done=return")
	b.get("/desk/?done=return", "en").says(t, http.StatusOK, "The assistant answers again.")
	c, err := b.store.Conversation(t.Context(), desktest.Tom)
	if err != nil || c.Mode != gateway.ModeBot || c.Agent != "" {
		t.Errorf("after returning: %s, %q, %v", c.Mode, c.Agent, err)
	}
}

// TestRefusals holds that each refusal is a sentence on the page, in the language
// of the page, that the text is still there, and that nothing was done.
func TestRefusals(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ñ", gateway.MaxText+1)
	tests := []struct {
		name, id, action, text string
		prepare                func(*bundle)
		status                 int
		es, en                 string
	}{
		{
			"taken", desktest.MartaHandoff, "reply", "hola, Marta", nil, http.StatusConflict,
			"Otra persona ya la atiende y no se ha enviado nada.", "Another person is handling this already",
		},
		{
			"taken, claim", desktest.MartaHandoff, "claim", "", nil, http.StatusConflict,
			"habla con ella o vuelve a la bandeja", "speak with them or go back to the inbox",
		},
		{
			"closed", desktest.TomHandoff, "reply", "hola, Tom", closeTom, http.StatusConflict,
			"Esta espera ya terminó y no se ha hecho nada.", "This handoff is over already",
		},
		{
			"window", desktest.PauHandoff, "reply", "hola, Pau", nil, http.StatusConflict,
			"La ventana de 24 horas está cerrada y no se ha enviado nada.", "The 24-hour window is closed, and nothing was sent.",
		},
		{
			"window, later", desktest.LuciaHandoff, "reply", "hola, Lucía",
			func(b *bundle) { b.clock.advance(24 * time.Hour) }, http.StatusConflict,
			"Podrás responder cuando el cliente escriba", "You can reply when the customer writes again",
		},
		{
			"empty", desktest.LuciaHandoff, "reply", " \r\n ", nil, http.StatusUnprocessableEntity,
			"una respuesta tiene de 1 a 4096 caracteres", "a reply has 1 to 4096 characters",
		},
		{
			"too long", desktest.LuciaHandoff, "reply", long, nil, http.StatusUnprocessableEntity,
			"Corrige el texto y vuelve a enviarlo", "Correct the text and send it again",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, "bea")
			if test.prepare != nil {
				test.prepare(b)
			}
			before := b.handoff(test.id)
			said := b.last(before.ConversationID)
			path := "/desk/handoffs/" + test.id + "/" + test.action
			for language, sentence := range map[string]string{"es": test.es, "en": test.en} {
				r := b.request("POST", path, words(test.text))
				r.Header.Set("Accept-Language", language)
				b.do(r).says(t, test.status, sentence, strings.TrimSpace(test.text), `role="alert"`)
			}
			after := b.handoff(test.id)
			if after.State != before.State || after.Agent != before.Agent || b.last(before.ConversationID).ID != said.ID || b.changed.Load() != 0 {
				t.Errorf("a refused action changed %+v to %+v", before, after)
			}
			b.get(path, "es").leads(t, "/desk/handoffs/"+test.id)
		})
	}
}

// TestAReplySentTwiceIsOne: a form that is sent again, by an impatient finger or a
// browser that goes back, says nothing twice; the next page's form, or other words,
// do.
func TestAReplySentTwiceIsOne(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	const path = "/desk/handoffs/" + desktest.TomHandoff
	once := func() string {
		m := regexp.MustCompile(`name="once" value="([^"]+)"`).FindStringSubmatch(b.get(path, "en").body)
		if m == nil {
			t.Fatal("the form has no token")
		}
		return m[1]
	}
	said := func() (n int) {
		list, _, err := b.store.Messages(t.Context(), desktest.Tom, gateway.Page{Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			if m.Author == gateway.AuthorAgent {
				n++
			}
		}
		return n
	}
	first, second := once(), once()
	if first == second {
		t.Error("two pages have one token")
	}
	for i, step := range []struct {
		once, text string
		want       int
	}{
		{first, "I see.", 1},
		{first, "I see.", 1},
		{first, " I see.\r\n", 1},
		{first, "I see it now.", 2},
		{second, "I see.", 3},
		{"", "I see.", 4},
		{"", "I see.", 5},
	} {
		b.post(path+"/reply", url.Values{"text": {step.text}, "once": {step.once}}).leads(t, path+"?done=reply#reply")
		if n := said(); n != step.want {
			t.Errorf("after step %d there are %d replies, not %d", i, n, step.want)
		}
	}
	// Even when the conversation went on in the meantime.
	closeTom(b)
	b.post(path+"/reply", url.Values{"text": {"I see."}, "once": {first}}).leads(t, path+"?done=reply#reply")
	b.post(path+"/reply", url.Values{"text": {"One more."}, "once": {first}}).says(t, http.StatusConflict, "Esta espera ya terminó")
	if n := said(); n != 5 {
		t.Errorf("%d replies", n)
	}
}

func closeTom(b *bundle) {
	_, err := b.store.Act(b.t.Context(), gateway.Action{
		HandoffID: desktest.TomHandoff, Kind: gateway.ActionResolve, Agent: "ana", At: morning,
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestLongestReplyGoesThrough(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	long := strings.Repeat("😀", gateway.MaxText)
	b.post("/desk/handoffs/"+desktest.LuciaHandoff+"/reply", words(long)).leads(t, "/desk/handoffs/"+desktest.LuciaHandoff+"?done=reply#reply")
	if got := b.last(desktest.Lucia).Text; got != long {
		t.Errorf("%d bytes arrived of %d", len(got), len(long))
	}
}

func TestFormsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	const path = "/desk/handoffs/" + desktest.LuciaHandoff
	b.post(path+"/reply", words(strings.Repeat("a", 200<<10))).says(t, http.StatusRequestEntityTooLarge, "El formulario es demasiado grande")
	r := b.request("POST", path+"/reply", nil)
	r.Body, r.ContentLength = http.NoBody, 0
	r.URL.RawQuery = "text=%zz"
	b.do(r).says(t, http.StatusBadRequest, "La dirección de la página no vale")
	b.post(path+"/delete", nil).says(t, http.StatusNotFound, "Aquí no hay nada")
	b.post("/desk/handoffs/none/claim", nil).says(t, http.StatusNotFound, "Aquí no hay nada")
	// A text in the address is not a reply.
	b.post(path+"/reply?text=hello", nil).says(t, http.StatusUnprocessableEntity)
	if h := b.handoff(desktest.LuciaHandoff); h.State != gateway.HandoffQueued {
		t.Errorf("the handoff is %s", h.State)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	const path = "/desk/handoffs/" + desktest.LuciaHandoff + "/resolve"
	for name, headers := range map[string][2]string{
		"by the browser's word": {"Sec-Fetch-Site", "cross-site"},
		"same site, not origin": {"Sec-Fetch-Site", "same-site"},
		"by an old browser":     {"Origin", "https://evil.example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			r := b.request("POST", path, nil)
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set(headers[0], headers[1])
			b.do(r).says(t, http.StatusForbidden, "El formulario venía de otra página y no se ha hecho nada.")
		})
	}
	if h := b.handoff(desktest.LuciaHandoff); !h.State.Open() {
		t.Errorf("the handoff is %s", h.State)
	}
	r := b.request("POST", "/desk/sign-in", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	b.do(r).says(t, http.StatusForbidden)
}

// TestTwoAgentsClaimAtOnce holds that one of them wins and the other is told.
func TestTwoAgentsClaimAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, "")
	b.addAgent("ana")
	b.addAgent("bea")
	browsers := map[string]*http.Client{"ana": b.signIn("ana"), "bea": b.signIn("bea")}
	results := make(chan int, 2)
	for _, browser := range browsers {
		r := b.request("POST", "/desk/handoffs/"+desktest.TomHandoff+"/claim", nil)
		go func() {
			response, err := browser.Do(r)
			if err != nil {
				results <- 0
				return
			}
			response.Body.Close()
			results <- response.StatusCode
		}()
	}
	got := []int{<-results, <-results}
	slices.Sort(got)
	if !slices.Equal(got, []int{http.StatusSeeOther, http.StatusConflict}) {
		t.Errorf("statuses %v", got)
	}
}
