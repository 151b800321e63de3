package desk_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk"
	"github.com/recado/recado/gateway/desk/desktest"
)

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := desktest.New()
	for want, c := range map[string]desk.Config{
		"Desk":        {Agents: s},
		"Agents":      {Desk: s},
		"SessionLife": {Desk: s, Agents: s, SessionLife: -1},
		"Poll":        {Desk: s, Agents: s, Poll: -1},
	} {
		if _, err := desk.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to name %s", err, want)
		}
	}
}

func TestInboxShowsWhoWaitsFirst(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	for language, words := range map[string][]string{
		"es": {"En espera", "Contigo", "Poca confianza", "español", "Atender", "6 min", "1 d 5 h", "(3) Bandeja"},
		"en": {"Waiting", "With you", "Not sure enough", "Spanish", "Take", "6 min", "1 d 5 h", "(3) Inbox"},
	} {
		page := b.get("/desk/", language)
		page.says(t, http.StatusOK, words...)
		page.says(t, http.StatusOK, "Y si solo devuelvo una bombilla", "My lawyer will call you", `lang="`+language+`"`)
		var at []int
		for _, id := range []string{desktest.PauHandoff, desktest.TomHandoff, desktest.LuciaHandoff, desktest.MartaHandoff} {
			at = append(at, strings.Index(page.body, `id="row-`+id))
		}
		for i := range at[1:] {
			if at[i] < 0 || at[i] >= at[i+1] {
				t.Errorf("the rows stand at %v; the one who waits longest comes first, those with an agent last", at)
			}
		}
	}
}

func TestInboxTellsWhoseHandoffItIs(t *testing.T) {
	t.Parallel()
	b := setup(t, "bea")
	b.get("/desk/", "es").says(t, http.StatusOK, "Con otra persona", "Con <bdi>ana</bdi>")
	b.get("/desk/?view=mine", "es").says(t, http.StatusOK, "No llevas ninguna conversación")
	mine := setup(t, "ana").get("/desk/?view=mine", "en")
	mine.says(t, http.StatusOK, "Marta")
	mine.lacks(t, "row-"+desktest.TomHandoff)
}

func TestEmptyInboxSaysWhatWillHappen(t *testing.T) {
	t.Parallel()
	s := desktest.New()
	d, err := desk.New(desk.Config{Desk: s, Agents: s, GuestAgent: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	b := setup(t, "ana")
	b.server.Config.Handler = d
	b.get("/desk/", "es").says(t, http.StatusOK, "Nadie espera", "sin recargar")
	b.get("/desk/?view=all", "en").says(t, http.StatusOK, "Nobody has written yet.")
}

func TestFindingAConversation(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	for contact, found := range map[string]bool{
		"%2B34+600+550+101": true, "34600550101": true, "(34)600-550.101": true, "600550101": false, "": true,
	} {
		page := b.get("/desk/?view=all&contact="+contact, "en")
		if got := strings.Contains(page.body, "row-"+desktest.Lucia); got != found {
			t.Errorf("%q found Lucía: %v", contact, got)
		}
	}
	b.get("/desk/?view=all&contact=ES.55512340987", "en").says(t, http.StatusOK, "row-"+desktest.Pau)
	b.get("/desk/?view=all&contact=1", "en").says(t, http.StatusOK, "There are no conversations with that contact")
	b.get("/desk/?view=all&after=junk", "en").says(t, http.StatusBadRequest, "The address of this page is not valid")
}

func TestConversationsPage(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	for i := range 120 {
		b.store.Put(gateway.Conversation{ID: fmt.Sprintf("more-%03d", i), Name: "Someone", UpdatedAt: morning})
	}
	next := regexp.MustCompile(`<a class="button" href="(/desk/\?after=[^"]*)"`)
	seen, path := 0, "/desk/?view=all"
	for range 10 {
		page := b.get(path, "en")
		page.says(t, http.StatusOK)
		seen += strings.Count(page.body, `<li id="row-`)
		m := next.FindStringSubmatch(page.body)
		if m == nil {
			break
		}
		path = strings.ReplaceAll(m[1], "&amp;", "&")
	}
	if seen != 125 {
		t.Errorf("the pages show %d conversations, want 125", seen)
	}
}

func TestHandoffPageHasEverything(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	const path = "/desk/handoffs/" + desktest.LuciaHandoff
	b.get(path, "es").says(t, http.StatusOK,
		"La respuesta no era lo bastante segura", "Y si solo devuelvo una bombilla", "&#43;34600550101",
		"#W2024117", "enviado", "Robot aspirador Nogal R2", "219,00 EUR", "04/03/2026", "Seguir el envío",
		"Devoluciones", "Lo último que dijo el asistente", "Los paquetes se devuelven completos",
		"0,62", "umbral 0,85", "leído", "entregado", "23 h 48 min", "Usar el borrador",
		"Enviar", "Atender", "Devolver al asistente", "Dar por resuelta", `<title>(3) Lucía Herrera · Recado`)
	for _, action := range []string{"claim", "reply", "return", "resolve"} {
		b.get(path, "es").says(t, http.StatusOK, `method="post" action="`+path+"/"+action+`"`)
	}
	b.get(path, "en").says(t, http.StatusOK,
		"The answer was not sure enough", "shipped", "219.00 EUR", "0.62", "threshold 0.85", "read", "delivered",
		"Use the draft", "Send", "Take", "Return to the assistant", "Resolve")
	b.get(path+"?draft=1", "en").says(t, http.StatusOK, `aria-describedby="hint">Los paquetes se devuelven completos`)
}

// TestReadSlipsAreShown: a mistyped word that was read as another stands with that one on
// the page that tells why.
func TestReadSlipsAreShown(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	const path = "/desk/conversations/" + desktest.Lucia + "/why?turn=turn-unsure"
	b.get(path, "es").says(t, http.StatusOK, "Erratas que se leyeron", `<q lang="es">bombila</q> → <q lang="es">bombilla</q>`)
	b.get(path, "en").says(t, http.StatusOK, "Slips that were read", "pakete")
}

func TestConversationPageLeadsToItsHandoff(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	b.get("/desk/conversations/"+desktest.Tom, "en").leads(t, "/desk/handoffs/"+desktest.TomHandoff)
	page := b.get("/desk/conversations/"+desktest.Nora, "en")
	page.says(t, http.StatusOK, "Do you ship to Norway?", "The assistant is answering.")
	page.lacks(t, "<textarea")
}

func TestMessagesShowWhatHappenedToThem(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	b.get("/desk/handoffs/"+desktest.PauHandoff, "es").says(t, http.StatusOK,
		"no entregado", "WhatsApp dice: Message undeliverable (131026)", "Ventana de 24 h cerrada", "WhatsApp no admite texto libre")
	b.get("/desk/handoffs/"+desktest.MartaHandoff, "es").says(t, http.StatusOK, "Ha enviado una foto")
	b.get("/desk/conversations/"+desktest.Nora, "en").says(t, http.StatusOK, `title="sending"`)
}

func TestCallIsSuggestedOnlyWithANumber(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	b.get("/desk/handoffs/"+desktest.PauHandoff, "es").lacks(t, "tel:")
	b.clock.advance(25 * time.Hour)
	b.get("/desk/handoffs/"+desktest.TomHandoff, "en").says(t, http.StatusOK, `href="tel:+447700900123"`)
}

func TestWhyShowsTheRecord(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	const path = "/desk/conversations/" + desktest.Lucia + "/why"
	b.get(path, "es").says(t, http.StatusOK,
		"la confianza no llegó al umbral", "la confianza llegó al umbral", "0,94", "umbral 0,85",
		"devolver una bombilla del paquete", "2 candidatos", "Reembolsos", "significado 0,81", "palabras 7,40", "citado",
		"Las cifras tienen respaldo", "no se cumple", "la mitad", "parecido de significado", "buscar", "6,2 ms",
		"demo-2026-03", "offline", "412 / 38", "#W2024117", "El registro completo", "&#34;turn-unsure&#34;")
	b.get(path, "en").says(t, http.StatusOK, "the confidence stayed below the threshold", "meaning 0.81", "6.2 ms")
	open := regexp.MustCompile(`id="turn-([a-z-]+)" open`).FindAllStringSubmatch(b.get(path+"?turn=turn-refund", "en").body, -1)
	if len(open) != 1 || open[0][1] != "turn-refund" {
		t.Errorf("open turns: %v", open)
	}
	b.get("/desk/conversations/"+desktest.Tom+"/why", "en").says(t, http.StatusOK, "this rule is not scored", "Nothing was searched.")
	b.get("/desk/conversations/"+desktest.Nora+"/why", "en").says(t, http.StatusOK, "Nothing has been decided here yet.")
}

func TestWhyFindsTheTurnOfAMessage(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	const path = "/desk/conversations/" + desktest.Lucia + "/why"
	b.get(path+"?message=l2", "es").leads(t, path+"?turn=turn-refund#turn-turn-refund")
	b.get(path+"?message=l5", "es").leads(t, path+"?turn=turn-unsure#turn-turn-unsure")
	b.get(path+"?message=l1", "es").leads(t, path)
	b.get(path+"?message=nothing", "es").leads(t, path)
}

// TestLongConversations holds that the page shows the newest messages, that the
// history shows all of them once, and that the newest still show when more come.
func TestLongConversations(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	say := func(from, to int) {
		for i := from; i < to; i++ {
			b.store.Say(desktest.Nora, desktest.In(fmt.Sprintf("x%04d", i), fmt.Sprintf("word-%04d.", i), morning))
		}
	}
	say(0, 700)
	page := b.get("/desk/conversations/"+desktest.Nora, "en")
	page.says(t, http.StatusOK, "word-0699.", "word-0500.", "Show the conversation from the beginning")
	page.lacks(t, "word-0000.")
	say(700, 1000)
	page = b.get("/desk/conversations/"+desktest.Nora, "en")
	page.says(t, http.StatusOK, "word-0999.", "word-0801.")
	page.lacks(t, "word-0500.")

	next := regexp.MustCompile(`href="(\?after=[^"]*)"`)
	history := "/desk/conversations/" + desktest.Nora + "/history"
	seen, query := 0, ""
	for range 20 {
		page := b.get(history+query, "en")
		page.says(t, http.StatusOK)
		seen += strings.Count(page.body, `<li id="m-`)
		m := next.FindStringSubmatch(page.body)
		if m == nil {
			break
		}
		query = m[1]
	}
	if seen != 1002 {
		t.Errorf("the history shows %d messages, want 1002", seen)
	}
	b.get(history+"?after=junk", "en").says(t, http.StatusBadRequest, "The address of this page is not valid")
}

func TestHostileTextsStayTexts(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	c := gateway.Conversation{
		ID: "evil", Name: evil, Contact: gateway.Identity{UserID: evil}, Language: `"><b>`, LastCustomerAt: morning,
	}
	b.store.Put(c)
	b.store.Say(c.ID, desktest.In("e1", evil, morning))
	failed := desktest.Out("e2", evil, morning, gateway.AuthorAgent, gateway.DeliveryFailed)
	failed.Agent, failed.Error = evil, &gateway.SendError{Title: evil}
	b.store.Say(c.ID, failed)
	b.store.Decided(gateway.Record{
		ID: "evil-turn", ConversationID: c.ID, Messages: []string{evil}, Reply: evil, Query: evil, Error: evil,
		Decision: gateway.Decision{Rule: evil}, Model: evil, Config: evil,
	})
	b.store.Open(gateway.Handoff{
		ID: "evil", ConversationID: c.ID, Name: evil, Contact: c.Contact, State: gateway.HandoffQueued, CreatedAt: morning,
		Reason: gateway.Reason(evil),
		Packet: gateway.Packet{
			Wants: evil, Draft: evil, Promised: evil, Why: evil, Language: evil, Tried: []string{evil}, TurnID: evil,
			Orders: []byte(`[{"number":"<script>alert(1)</script>","status":"<img src=x onerror=alert(1)>",` +
				`"tracking_url":"javascript:alert(1)","items":[{"name":"<script>alert(1)</script>"}]}]`),
		},
	})
	for _, path := range []string{
		"/desk/", "/desk/?view=all&contact=%3Cscript%3Ealert(1)%3C/script%3E", "/desk/handoffs/evil", "/desk/handoffs/evil?draft=1",
		"/desk/conversations/evil/why", "/desk/conversations/evil/history", "/desk/conversations/evil/why?turn=%22%3E%3Cscript%3Ealert(1)",
	} {
		page := b.get(path, "en")
		page.says(t, http.StatusOK)
		page.lacks(t, "<script>alert", "<img src=x", "javascript:", `lang=""><b>`)
		page.says(t, http.StatusOK, "<title>")
	}
	b.get("/desk/handoffs/evil", "en").says(t, http.StatusOK, "&lt;script&gt;alert(1)&lt;/script&gt;")
}

// TestANameIsNotAPhrase holds that a customer whose name is a key of texts.go
// keeps it.
func TestANameIsNotAPhrase(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	b.store.Put(gateway.Conversation{ID: "odd", Name: "sign_in", Mode: gateway.ModeBot})
	b.get("/desk/conversations/odd", "en").says(t, http.StatusOK, "<title>(3) sign_in · Recado</title>")
}

func TestOrdersThatCannotBeRead(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	b.store.Put(gateway.Conversation{ID: "c", Name: "Ona"})
	b.store.Open(gateway.Handoff{ID: "h", ConversationID: "c", State: gateway.HandoffQueued, Packet: gateway.Packet{Orders: []byte(`{"x":`)}})
	b.get("/desk/handoffs/h", "es").says(t, http.StatusOK, "No se consultó ningún pedido.")
}

func TestLanguageIsChosenAndKept(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	b.get("/desk/?view=mine&lang=en", "es").leads(t, "/desk/?view=mine")
	b.get("/desk/", "es").says(t, http.StatusOK, `<html lang="en">`, `href="/desk/?lang=es"`)
	b.get("/desk/?lang=es", "en").leads(t, "/desk/")
	b.get("/desk/", "en").says(t, http.StatusOK, `<html lang="es">`)
	b.get("/desk/?lang=fr", "en").says(t, http.StatusOK, `<html lang="es">`)
}

func TestNothingThere(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	for _, path := range []string{
		"/desk/handoffs/none", "/desk/conversations/none", "/desk/conversations/none/why",
		"/desk/conversations/none/history", "/desk/nothing", "/desk/static/none.js", "/desk/static/..%2fdesk.go",
	} {
		b.get(path, "es").says(t, http.StatusNotFound, "Aquí no hay nada")
		b.get(path, "en").says(t, http.StatusNotFound, "There is nothing here", "Back to the inbox")
	}
}

func TestAFailingStoreIsNotTheAgentsFault(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	b.store.Fail(errors.New("disk on fire with +34600550101"))
	for _, path := range []string{"/desk/", "/desk/?view=all", "/desk/handoffs/" + desktest.TomHandoff, "/desk/conversations/" + desktest.Tom + "/why"} {
		page := b.get(path, "en")
		page.says(t, http.StatusInternalServerError, "it is not your fault")
		page.lacks(t, "disk on fire")
	}
	b.post("/desk/handoffs/"+desktest.TomHandoff+"/claim", nil).says(t, http.StatusInternalServerError, "no es culpa tuya")
}

func TestHeadersOfPagesAndFiles(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	page := b.get("/desk/", "es")
	if got := page.header.Get("Content-Security-Policy"); !strings.Contains(got, "script-src 'self'") || strings.Contains(got, "unsafe") {
		t.Errorf("policy %q", got)
	}
	if got := page.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a page may be kept: %q", got)
	}
	for _, asset := range regexp.MustCompile(`(?:href|src)="(/desk/static/[^"]*)"`).FindAllStringSubmatch(page.body, -1) {
		file := b.get(asset[1], "es")
		file.says(t, http.StatusOK)
		if got := file.header.Get("Cache-Control"); !strings.Contains(got, "immutable") || file.body == "" {
			t.Errorf("%s: %q, %d bytes", asset[1], got, len(file.body))
		}
	}
	if got := b.get("/desk/static/desk.css?v=old", "es").header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("a file of another version may be kept: %q", got)
	}
	// The policy allows nothing inline, so there must be nothing inline.
	for _, path := range []string{"/desk/", "/desk/handoffs/" + desktest.LuciaHandoff, "/desk/conversations/" + desktest.Lucia + "/why"} {
		body := b.get(path, "es").body
		if m := regexp.MustCompile(`(?i)\sstyle="|\son[a-z]+="|<script>|<style`).FindString(body); m != "" {
			t.Errorf("%s has %q inline", path, m)
		}
	}
}

func TestScriptStaysSmall(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	script := b.get("/desk/static/desk.js", "es").body
	if n := strings.Count(script, "\n"); n > 300 {
		t.Errorf("the script has %d lines", n)
	}
	style := b.get("/desk/static/colours.css", "es").body + b.get("/desk/static/desk.css", "es").body
	if m := regexp.MustCompile(`url\(|@import|https?:`).FindString(script + style); m != "" {
		t.Errorf("something from elsewhere is loaded: %q", m)
	}
}
