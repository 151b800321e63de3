package desk_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk"
	"github.com/recado/recado/gateway/desk/desktest"
)

// said are the labels of a handoff, in short.
func (b *bundle) said(handoff string) (list []string) {
	b.t.Helper()
	labels, _, err := b.store.Labels(b.t.Context(), gateway.LabelFilter{HandoffID: handoff}, gateway.Page{})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, l := range labels {
		list = append(list, string(l.Kind)+" "+l.By+" "+string(l.Verdict)+" "+string(l.Flaw))
	}
	return list
}

func (b *bundle) hasSaid(handoff string, want ...string) {
	b.t.Helper()
	if diff := cmp.Diff(want, b.said(handoff)); diff != "" {
		b.t.Errorf("said of %s (-want +got):\n%s", handoff, diff)
	}
}

func TestHandoffIsLabelled(t *testing.T) {
	t.Parallel()
	b, _ := dealing(t, "ana")
	b.get(iris, "es").says(t, http.StatusOK, "¿Hacía falta una persona?", "No, podía contestar el asistente", `id="said-early" name="verdict" value="early" aria-pressed="false"`)
	b.get(iris, "en").says(t, http.StatusOK, "Was a person needed?", "Yes, and sooner")
	b.post(iris+"/label", url.Values{"verdict": {"early"}}).leads(t, iris+"?done=said#said")
	b.get(iris+"?done=said", "es").says(t, http.StatusOK, "Anotado, gracias.", `value="early" aria-pressed="true"`, `value="late" aria-pressed="false"`)
	b.hasSaid(desktest.IrisHandoff, "handoff ana early ")
	b.post(iris+"/label", url.Values{"verdict": {"late"}}).leads(t, iris+"?done=said#said")
	b.hasSaid(desktest.IrisHandoff, "handoff ana late ")
	// The same again takes it back.
	b.post(iris+"/label", url.Values{"verdict": {"late"}}).leads(t, iris+"?done=said#said")
	b.hasSaid(desktest.IrisHandoff)
	for _, form := range []url.Values{{}, {"verdict": {"right"}}, {"verdict": {"early"}, "flaw": {"fact"}}, {"flaw": {"fact"}}, {"flaw": {"odd"}}} {
		if a := b.post(iris+"/label", form); a.status != http.StatusBadRequest {
			t.Errorf("%v: status %d", form, a.status)
		}
	}
	b.post("/desk/handoffs/none/label", url.Values{"verdict": {"early"}}).says(t, http.StatusNotFound)
	b.hasSaid(desktest.IrisHandoff)
	if b.changed.Load() != 3 {
		t.Errorf("%d changes", b.changed.Load())
	}
}

// TestEndedHandoffIsAskedAbout asks once more in the inbox, and on the page of a handoff
// that is over.
func TestEndedHandoffIsAskedAbout(t *testing.T) {
	t.Parallel()
	b, _ := dealing(t, "ana")
	inbox := "/desk/?done=resolve&handoff=" + desktest.IrisHandoff
	b.post(iris+"/resolve", nil).leads(t, inbox)
	b.get(inbox, "en").says(t, http.StatusOK, "The conversation is resolved.", "Was a person needed?", `name="from" value="inbox"`)
	b.post(iris+"/label", url.Values{"verdict": {"needed"}, "from": {"inbox"}}).leads(t, "/desk/?done=said")
	b.get("/desk/?done=said", "en").lacks(t, "Was a person needed?")
	b.get(iris, "en").says(t, http.StatusOK, "Was a person needed?", `value="needed" aria-pressed="true"`)
	b.hasSaid(desktest.IrisHandoff, "handoff ana needed ")
	b.get("/desk/?done=resolve&handoff=none", "en").says(t, http.StatusNotFound)
}

func TestDraftIsLabelled(t *testing.T) {
	t.Parallel()
	b, _ := dealing(t, "ana")
	const ask = "Cambiaste el borrador. ¿Qué fallaba?"
	b.post(hugo+"/label", url.Values{"flaw": {"tone"}}).says(t, http.StatusBadRequest)
	b.post(hugo+"/reply", url.Values{"once": {"x"}, "text": {"A Canarias tarda de 6 a 9 días laborables."}}).leads(t, hugo+"?done=reply#reply")
	b.get(hugo, "es").says(t, http.StatusOK, ask, "Solo el tono")
	b.hasSaid(desktest.HugoHandoff, "draft ana edited ")
	b.clock.advance(time.Minute)
	b.post(hugo+"/label", url.Values{"flaw": {"fact"}}).leads(t, hugo+"?done=said#said")
	b.hasSaid(desktest.HugoHandoff, "draft ana edited fact")
	b.post(hugo+"/label", url.Values{"flaw": {"fact"}}).leads(t, hugo+"?done=said#said")
	b.hasSaid(desktest.HugoHandoff, "draft ana edited ")
	// What was sent as it was is asked nothing about.
	other, _ := dealing(t, "ana")
	other.post(hugo+"/reply", url.Values{"once": {"x"}, "text": {"A Canarias tarda de 5 a 7 días laborables."}}).leads(t, hugo+"?done=reply#reply")
	other.get(hugo, "es").lacks(t, ask)
	other.hasSaid(desktest.HugoHandoff, "draft ana sent ")
}

func TestNobodyIsAskedWithoutLabels(t *testing.T) {
	t.Parallel()
	b := start(t, "ana", func(b *bundle, c *desk.Config) { desktest.Dealings(b.store, morning) })
	b.get(iris, "es").lacks(t, "¿Hacía falta una persona?")
	b.post(iris+"/label", url.Values{"verdict": {"early"}}).says(t, http.StatusNotFound)
	b.post(iris+"/resolve", nil).leads(t, "/desk/?done=resolve")
	b.get("/desk/?done=resolve&handoff="+desktest.IrisHandoff, "es").lacks(t, "¿Hacía falta una persona?")
}
