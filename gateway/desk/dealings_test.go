package desk_test

import (
	"context"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk"
	"github.com/recado/recado/gateway/desk/desktest"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// taken is a passage that was taken back, by whom and why.
type taken struct{ passage, by, reason string }

// dealing starts a desk that has to do with the shop's system. It gives what is taken
// back.
func dealing(t *testing.T, guest string) (*bundle, *[]taken) {
	t.Helper()
	var list []taken
	return start(t, guest, func(b *bundle, c *desk.Config) {
		desktest.Dealings(b.store, morning)
		c.Commands, c.Audits, c.Labels, c.Agreements = b.store, b.store, b.store, b.store
		c.Revoke = func(_ context.Context, p rag.Passage, by, reason string, _ time.Time) error {
			list = append(list, taken{p.ID, by, reason})
			return nil
		}
	}), &list
}

const iris, hugo = "/desk/handoffs/" + desktest.IrisHandoff, "/desk/handoffs/" + desktest.HugoHandoff

func TestDealingsAreShown(t *testing.T) {
	t.Parallel()
	b, _ := dealing(t, "ana")
	page := b.get(iris, "es")
	page.says(t, http.StatusOK, "Devolvió un código de un solo uso", "A la espera de su sí", "¿Abro la devolución del Flexo Lumen",
		"Cancelar el pedido</b> TA-4093", "CAN-81", "Importe: 29,90 EUR", "rechazado", "El estado del pedido ya no lo permite.",
		"llegó tarde", "sin respuesta de la tienda", "Nadie sabe si se hizo", "a la espera de la tienda", "por entregar a la tienda",
		"Bombilla E27", `id="verify"`)
	b.get(iris, "en").says(t, http.StatusOK, "Sent a one-time code back", "Cancel order</b> TA-4093", "no answer from the shop", "came late", "Amount: 29.90 EUR")
	places := make([]int, 0, 6)
	for _, id := range []string{"queued", "waiting", "expired", "late", "refused", "done"} {
		places = append(places, strings.Index(page.body, `id="deal-c-`+id))
	}
	if !slices.IsSorted(places) || places[0] < 0 {
		t.Errorf("the newest is not the first: %v", places)
	}
	// Without a handoff too, and nothing where nothing is known of the shop's system.
	b.get("/desk/conversations/"+desktest.Nora, "es").says(t, http.StatusOK, "No se ha encargado nada.", "El número es el de su cuenta")
	setup(t, "ana").get("/desk/conversations/"+desktest.Nora, "es").lacks(t, `id="known"`)
}

// TestSecretsAreCovered: what nobody has to see is on no page, also not in the record of a
// turn that was kept before records were masked.
func TestSecretsAreCovered(t *testing.T) {
	t.Parallel()
	b, _ := dealing(t, "ana")
	b.get(iris, "es").says(t, http.StatusOK, "Mi tarjeta es <button", "••••11<span", "</button>, devolvedme")
	why := "/desk/conversations/" + desktest.Iris + "/why?turn=" + desktest.OpenAudit
	b.get(why, "es").says(t, http.StatusOK, "Mi clave es ••••", "&#34;messages&#34;")
	for _, path := range []string{iris, "/desk/audits", "/desk/", why, "/desk/conversations/" + desktest.Iris + "/history"} {
		b.get(path, "es").lacks(t, "4111", "girasol77", "Dirección Calle")
	}
}

// TestRevealIsLogged: a covered message is shown to whoever asks for it, by a form, and the
// log says who that was and not what they saw.
func TestRevealIsLogged(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	b := start(t, "ana", func(b *bundle, c *desk.Config) {
		desktest.Dealings(b.store, morning)
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	path := "/desk/conversations/" + desktest.Iris + "/messages/i1/reveal"
	if a := b.get(path, "es"); a.status != http.StatusMethodNotAllowed && a.status != http.StatusNotFound {
		t.Errorf("an address alone uncovers: status %d", a.status)
	}
	if log.Len() > 0 {
		t.Errorf("nobody uncovered anything: %s", log.String())
	}
	b.post(path, nil).says(t, http.StatusOK, "Mi tarjeta es 4111 1111 1111 1111, devolvedme", "Queda anotado")
	if got := log.String(); !strings.Contains(got, "agent=ana conversation="+desktest.Iris+" message=i1") || strings.Contains(got, "4111") {
		t.Errorf("the log says %q", got)
	}
	b.post("/desk/conversations/"+desktest.Iris+"/messages/x/reveal", nil).says(t, http.StatusNotFound)
	b.post("/desk/conversations/x/messages/i1/reveal", nil).says(t, http.StatusNotFound)
}

// TestAskedCodesAreCovered: six digits are covered where a code had been asked for, also
// where they are quoted, and stay what they are elsewhere.
func TestAskedCodesAreCovered(t *testing.T) {
	t.Parallel()
	b, _ := dealing(t, "ana")
	at := morning.Add(-time.Minute)
	say := func(m gateway.MessageView) { b.store.Say(desktest.Iris, m) }
	say(desktest.In("n1", "135790", at))
	say(desktest.Out("n2", "Te lo he enviado. Escribe aquí las 6 cifras del código.", at, gateway.AuthorBot, gateway.DeliveryRead))
	code := desktest.In("n3", "Es el 246 810", at)
	say(code)
	say(desktest.Out("n4", "Gracias.", at, gateway.AuthorBot, gateway.DeliveryRead))
	quoting := desktest.In("n5", "¿Y eso?", at)
	quoting.Message = &gateway.Message{Type: "text", Text: "¿Y eso?", QuotedID: code.ProviderID, Quoted: &gateway.Quote{Author: gateway.AuthorCustomer, Type: "text", Text: "Es el 246 810"}}
	say(quoting)
	say(desktest.In("n6", "975310", at))
	page := b.get(iris, "es")
	page.says(t, http.StatusOK, "135790", "975310", "/messages/n3/reveal")
	page.lacks(t, "246 810", "/messages/n1/reveal", "/messages/n6/reveal")
	b.post("/desk/conversations/"+desktest.Iris+"/messages/n3/reveal", nil).says(t, http.StatusOK, "Es el 246 810")
}

// TestRecordShowsWhatBacksIt: the page of a decision says of each sentence and question what
// became of it, and why the calibration promises nothing.
func TestRecordShowsWhatBacksIt(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	path := "/desk/conversations/" + desktest.Lucia + "/why?turn=turn-unsure"
	b.get(path, "es").says(t, http.StatusOK, "Frase por frase", "norma de la tienda", "se apoya en <code>c1</code>", "Preguntas del mensaje",
		"sin contestar", "Lo que se quería hacer", "Devolución del pedido</b> #W2024117", "Faltan datos. los artículos", "no promete nada", "the index was split")
	b.get(path, "en").says(t, http.StatusOK, "Sentence by sentence", "shop policy", "rests on", "Something is missing. the items", "promises nothing")
}

func TestVerifyRaisesTheLevel(t *testing.T) {
	t.Parallel()
	b, _ := dealing(t, "ana")
	b.post(iris+"/verify", nil).leads(t, iris+"?done=verify#reply")
	page := b.get(iris, "es")
	page.says(t, http.StatusOK, "Comprobado por el equipo")
	page.lacks(t, `id="verify"`)
	c, err := b.store.Conversation(t.Context(), desktest.Iris)
	if err != nil || c.Memory.Level != assure.Verified || !c.Memory.LevelUntil.IsZero() {
		t.Errorf("memory %+v, %v", c.Memory, err)
	}
	// Whoever has it not can't.
	b.get(hugo, "es").lacks(t, `id="verify"`)
}

// TestSuggestionIsReadyToSend: the draft stands in the reply until somebody has answered.
func TestSuggestionIsReadyToSend(t *testing.T) {
	t.Parallel()
	b, _ := dealing(t, "ana")
	const draft = "A Canarias tarda de 5 a 7 días laborables."
	b.get(hugo, "es").says(t, http.StatusOK, ">"+draft+"</textarea>", "Respuesta propuesta: revísala", "0,91", "no sale sin una persona")
	b.get(hugo, "en").says(t, http.StatusOK, "Suggested reply: read it")
	b.post(hugo+"/reply", url.Values{"once": {"x"}, "text": {draft}}).leads(t, hugo+"?done=reply#reply")
	if m := b.last(desktest.Hugo); m.Text != draft || m.Agent != "ana" {
		t.Errorf("said %+v", m)
	}
	page := b.get(hugo, "es")
	page.lacks(t, ">"+draft+"</textarea>", "Respuesta propuesta: revísala")
	// A draft that is not sure enough is offered and not filled in.
	b.get("/desk/handoffs/"+desktest.LuciaHandoff, "es").lacks(t, "Respuesta propuesta: revísala")
}

func TestAudits(t *testing.T) {
	t.Parallel()
	b, _ := dealing(t, "ana")
	page := b.get("/desk/audits", "es")
	page.says(t, http.StatusOK, "audit-"+desktest.OpenAudit, "audit-"+desktest.OtherAudit, "Fuente: Envíos", "de 5 a 7 días laborables", "Era correcta")
	page.lacks(t, "audit-"+desktest.DoneAudit)
	b.get("/desk/audits?state=labelled", "en").says(t, http.StatusOK, "audit-"+desktest.DoneAudit, "wrong", "bea")
	b.post("/desk/audits/"+desktest.OpenAudit+"/label", url.Values{"right": {"yes"}}).leads(t, "/desk/audits?done=label")
	b.post("/desk/audits/"+desktest.DoneAudit+"/label", url.Values{"right": {"yes"}, "state": {"labelled"}}).
		leads(t, "/desk/audits?done=label&state=labelled")
	done, _, err := b.store.Audits(t.Context(), true, gateway.Page{})
	if err != nil || len(done) != 2 || !done[0].Right || done[0].Agent != "ana" || !done[1].Right || b.changed.Load() != 2 {
		t.Errorf("labels %+v, %v", done, err)
	}
	b.get("/desk/audits?done=label", "es").lacks(t, "audit-"+desktest.OpenAudit)
	for _, right := range []string{"", "maybe"} {
		if a := b.post("/desk/audits/"+desktest.OtherAudit+"/label", url.Values{"right": {right}}); a.status < 400 {
			t.Errorf("%q: status %d", right, a.status)
		}
	}
	b.post("/desk/audits/none/label", url.Values{"right": {"yes"}}).says(t, http.StatusNotFound)
	none := setup(t, "ana")
	none.get("/desk/audits", "es").says(t, http.StatusNotFound)
	none.get("/desk/", "es").lacks(t, "/desk/audits")
}

func TestPassageIsTakenBack(t *testing.T) {
	t.Parallel()
	b, list := dealing(t, "ana")
	why := "/desk/conversations/" + desktest.Iris + "/why"
	b.get(why+"?turn="+desktest.OpenAudit, "es").says(t, http.StatusOK, "Retirar este pasaje", why+"/revoke")
	form := url.Values{"turn": {desktest.OpenAudit}, "passage": {"envios#0001"}, "reason": {" ya no vale "}}
	b.post(why+"/revoke", form).leads(t, why+"?done=revoke&turn="+desktest.OpenAudit+"#turn-"+desktest.OpenAudit)
	if want := []taken{{"envios#0001", "ana", "ya no vale"}}; !slices.Equal(*list, want) {
		t.Errorf("taken back: %v", *list)
	}
	for _, wrong := range []url.Values{
		{"turn": {desktest.OpenAudit}, "passage": {"other"}}, {"turn": {"none"}, "passage": {"envios#0001"}},
	} {
		b.post(why+"/revoke", wrong).says(t, http.StatusNotFound)
	}
	if a := b.post(why+"/revoke", url.Values{"turn": form["turn"], "passage": form["passage"], "reason": {strings.Repeat("a", 501)}}); a.status < 400 {
		t.Errorf("a long reason: status %d", a.status)
	}
	if len(*list) != 1 {
		t.Errorf("taken back: %v", *list)
	}
	none := setup(t, "ana")
	none.get("/desk/conversations/"+desktest.Lucia+"/why?turn=turn-unsure", "es").lacks(t, "/why/revoke")
	none.post("/desk/conversations/"+desktest.Lucia+"/why/revoke", form).says(t, http.StatusNotFound)
}

// TestDealingsInABrowser goes the way of an agent with the keyboard, and holds that the
// pages fit.
func TestDealingsInABrowser(t *testing.T) {
	t.Parallel()
	b, _ := dealing(t, "ana")
	tab := openTab(t, b)
	for _, width := range []int64{360, 768, 1280} {
		tab.do(chromedp.EmulateViewport(width, 900))
		for _, path := range []string{
			iris, hugo, "/desk/audits", "/desk/audits?state=labelled",
			"/desk/conversations/" + desktest.Iris + "/why?turn=" + desktest.OpenAudit, "/desk/conversations/" + desktest.Nora,
		} {
			tab.open(path)
			tab.do(chromedp.Evaluate[chromedp.Void]("document.querySelectorAll('.passage, .revoke').forEach((d) => (d.open = true))"))
			wide, err := chromedp.Run(tab.ctx, chromedp.Evaluate[int]("document.documentElement.scrollWidth"))
			if err != nil || int64(wide) > width {
				t.Errorf("%s is %d wide on %d, %v", path, wide, width, err)
			}
		}
	}
	tab.open("/desk/audits")
	tab.holds("document.activeElement.closest('.audit').id === 'audit-" + desktest.OpenAudit + "'")
	tab.do(chromedp.KeyEvent("j"))
	tab.holds("document.activeElement.closest('.audit').id === 'audit-" + desktest.OtherAudit + "'")
	tab.do(chromedp.KeyEvent("2"), chromedp.WaitVisible(".notice:not(.arrived)"), chromedp.WaitVisible(".live.on"))
	tab.holds("location.search === '?done=label' && document.activeElement.closest('.audit').id === 'audit-" + desktest.OpenAudit + "'")
	done, _, err := b.store.Audits(t.Context(), true, gateway.Page{})
	if err != nil || len(done) != 2 || done[0].TurnID != desktest.OtherAudit || done[0].Right {
		t.Errorf("labels %+v, %v", done, err)
	}
	// What is covered is uncovered by a press, on a page of its own.
	tab.open(iris)
	tab.holds("!document.querySelector('#m-i1 .text').innerText.includes('4111')")
	tab.do(chromedp.Evaluate[chromedp.Void]("document.querySelector('#m-i1 form.text').target = ''"), chromedp.Click("#m-i1 .veiled"), chromedp.WaitVisible("p.text"))
	tab.holds("document.querySelector('p.text').innerText.includes('4111 1111 1111 1111')")
}

func TestAgreement(t *testing.T) {
	t.Parallel()
	b, _ := dealing(t, "ana")
	place := "/desk/conversations/" + desktest.Nora
	page := b.get(place, "es")
	page.says(t, http.StatusOK, "No se le ha preguntado.", `value="given"`, `value="withheld"`)
	page.lacks(t, "Borrar lo anotado")
	b.post(place+"/agreement", url.Values{"consent": {"given"}}).leads(t, place+"?done=agree")
	page = b.get(place+"?done=agree", "en")
	page.says(t, http.StatusOK, "Noted.", "Agrees that it is used", "ana", "Clear the note")
	page.lacks(t, `value="given"`)
	if b.changed.Load() != 1 {
		t.Errorf("%d changes", b.changed.Load())
	}
	b.post(place+"/agreement", url.Values{"consent": {"withheld"}}).leads(t, place+"?done=agree")
	b.get(place, "es").says(t, http.StatusOK, "No quiere que se use.")
	b.post(place+"/agreement", url.Values{"consent": {""}}).leads(t, place+"?done=agree")
	b.get(place, "es").says(t, http.StatusOK, "No se le ha preguntado.")
	if a := b.post(place+"/agreement", url.Values{"consent": {"perhaps"}}); a.status < 400 {
		t.Errorf("status %d", a.status)
	}
	b.post("/desk/conversations/none/agreement", url.Values{"consent": {"given"}}).says(t, http.StatusNotFound)
	// The page of a conversation leads on to its handoff, which says that it is done.
	b.get("/desk/conversations/"+desktest.Iris+"?done=agree", "es").leads(t, iris+"?done=agree")
	none := setup(t, "ana")
	none.get(place, "es").lacks(t, `id="agreement"`)
	none.post(place+"/agreement", url.Values{"consent": {"given"}}).says(t, http.StatusNotFound)
}

// TestALateReceiptIsTold: a handoff that was opened because the shop's system said nothing
// tells what it has said since, and nothing of what it had said before or says still less of.
func TestALateReceiptIsTold(t *testing.T) {
	t.Parallel()
	b, _ := dealing(t, "ana")
	b.get(iris, "es").lacks(t, `id="since-c-expired"`, `id="since-c-done"`)
	list, err := b.store.Commands(t.Context(), desktest.Iris)
	if err != nil {
		t.Fatal(err)
	}
	for i, outcome := range []action.Receipt{{Outcome: action.Done}, {Outcome: action.Refused, Reason: "status"}, {Outcome: action.Failed}} {
		v := list[3] // what was given up
		v.Command.ID, v.Receipt = fmt.Sprint("c-since-", i), &outcome
		v.Receipt.At = morning
		b.store.Order(v)
	}
	before := list[3]
	before.Command.ID, before.Receipt, before.ExpiredAt = "c-before", &action.Receipt{Outcome: action.Done, At: morning}, morning.Add(-time.Hour)
	b.store.Order(before)
	for language, says := range map[string][]string{
		"es": {"Después la tienda ha contestado:</b> Cambiar la dirección", ">hecho<", ">rechazado<", "El estado del pedido ya no lo permite.", ">ha fallado<"},
		"en": {"has answered since:</b> Change the address", ">done<", ">refused<", ">failed<"},
	} {
		page := b.get(iris, language)
		_, warnings, _ := strings.Cut(page.body, `id="warnings"`)
		warnings, _, _ = strings.Cut(warnings, `class="scroll"`)
		for _, want := range append(says, `id="since-c-since-0"`, `id="since-c-since-1"`, `id="since-c-since-2"`, `href="#deal-c-since-0"`) {
			if !strings.Contains(html.UnescapeString(warnings), want) {
				t.Errorf("%s: %q is not in %s", language, want, warnings)
			}
		}
		page.lacks(t, `id="since-c-before"`, `id="since-c-expired"`)
	}
	// What was opened for something else says nothing of it.
	b.get(hugo, "es").lacks(t, `id="since-`)
}
