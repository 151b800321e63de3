package desk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk/desktest"
)

// onPhone makes Nora's conversation one that somebody answers from the phone app,
// and gives the path of its handoff.
func (b *bundle) onPhone() string {
	b.t.Helper()
	c, err := b.store.Conversation(b.t.Context(), desktest.Nora)
	if err != nil {
		b.t.Fatal(err)
	}
	b.store.Open(gateway.Handoff{
		ID: "handoff-nora", ConversationID: c.ID, Contact: c.Contact, Name: c.Name, Reason: gateway.ReasonTakenOver,
		State: gateway.HandoffClaimed, Agent: gateway.PhoneAppAgent, CreatedAt: morning, UpdatedAt: morning,
	})
	c.Mode, c.Agent, c.LastCustomerAt = gateway.ModeAgent, gateway.PhoneAppAgent, morning
	b.store.Put(c)
	return "/desk/handoffs/handoff-nora"
}

func TestTakingOverFromThePhoneApp(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	path := b.onPhone()
	b.get("/desk/", "es").says(t, http.StatusOK, `action="`+path+`/claim"`, "Desde el teléfono")
	for language, texts := range map[string][]string{
		"es": {"Alguien del equipo responde desde el teléfono.", "el teléfono</bdi>", "Atender", "Al enviar, la conversación pasa a ser tuya."},
		"en": {"Someone on the team is answering from the phone app.", "the phone app</bdi>", "Take</button>", "Sending takes the conversation over."},
	} {
		page := b.get(path, language)
		page.says(t, http.StatusOK, append(texts, `action="`+path+`/reply"`, `action="`+path+`/claim"`)...)
		page.lacks(t, "La atiende otra persona", "Another person is handling this")
	}
	b.post(path+"/reply", words("Sigo yo.")).leads(t, path+"?done=reply#reply")
	if h := b.handoff("handoff-nora"); h.Agent != "ana" || b.last(desktest.Nora).Text != "Sigo yo." {
		t.Errorf("after a reply: %+v", h)
	}
	page := b.get(path, "es")
	page.says(t, http.StatusOK, "<bdi>ana</bdi>")
	page.lacks(t, "Alguien del equipo responde desde el teléfono.", `id="claim"`)
}

// TestWhoWaitsForAnAnswer: claimed handoffs whose customers wrote after a person's
// last message are marked, with the first of those messages' time.
func TestWhoWaitsForAnAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	const marta = "/desk/handoffs/" + desktest.MartaHandoff
	in := func(id string, after time.Duration) {
		b.store.Say(desktest.Marta, desktest.In(id, "¿Hola?", morning.Add(after)))
	}
	out := func(id string, after time.Duration, author gateway.Author) {
		b.store.Say(desktest.Marta, desktest.Out(id, "Sí.", morning.Add(after), author, gateway.DeliverySent))
	}
	marked := func(when, want string) {
		t.Helper()
		for _, path := range []string{"/desk/", "/desk/?view=mine"} {
			page := b.get(path, "es")
			_, row, _ := strings.Cut(page.body, `id="row-`+desktest.MartaHandoff+`"`)
			row, _, _ = strings.Cut(row, "</li>")
			_, since, found := strings.Cut(row, "Espera respuesta desde")
			if found != (want != "") || !strings.Contains(since, want) || !strings.Contains(row, marta) {
				t.Errorf("%s, %s: %s", when, path, row)
			}
		}
	}
	out("n1", time.Minute, gateway.AuthorAgent)
	marked("answered", "")
	in("n2", 2*time.Minute)
	in("n3", 3*time.Minute)
	marked("two messages later", `datetime="2026-03-02T10:02:00Z"`)
	out("n4", 4*time.Minute, gateway.AuthorBot)
	marked("the assistant is no person", `datetime="2026-03-02T10:02:00Z"`)
	b.post(marta+"/reply", words("Aquí estoy.")).leads(t, marta+"?done=reply#reply")
	marked("answered again", "")
	reaction := desktest.In("n5", "👍", morning.Add(6*time.Minute))
	reaction.Type = "reaction"
	b.store.Say(desktest.Marta, reaction)
	marked("a thumb wants no answer", "")
	in("n6", 7*time.Minute)
	b.get("/desk/", "en").says(t, http.StatusOK, "Waiting for an answer since")
}

// TestWaitingSinceTheHandoff: what was written to the assistant before does not
// count from its own time, and a claim is no answer.
func TestWaitingSinceTheHandoff(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	h := b.handoff(desktest.LuciaHandoff)
	b.post("/desk/handoffs/"+desktest.LuciaHandoff+"/claim", nil)
	b.get("/desk/?view=mine", "en").says(t, http.StatusOK, "Waiting for an answer since",
		`<time datetime="`+h.CreatedAt.Format(time.RFC3339)+`" data-clock>`)
}
