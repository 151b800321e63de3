package report_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/recado/recado/evals/replay"
	"github.com/recado/recado/evals/report"
)

// sampleReplay is a replay with changes of each kind, of which one holds markup.
func sampleReplay(t testing.TB) replay.Result {
	t.Helper()
	day := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	r := replay.Result{
		Candidate: "Cheaper", Changes: []string{"RECADO_CHAT_MODEL: small"}, Fingerprint: "new", Since: day, Until: day.AddDate(0, 0, 30), Conversations: 40, Unasked: 3,
		Skipped: map[string]int{"a message of it is not there any more": 2}, Counts: map[replay.Kind]int{}, CountsAfter: map[replay.Kind]int{},
	}
	record := func(reply string) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`{"query":"reembolso","messages":["x"],"decision":{"kind":"reply","rule":"confidence"},"orders":{"orders":[{"number":"W1"}]},`+
			`"passages":[{"id":"p","title":"Reembolsos","text":"El reembolso con tarjeta tarda de 5 a 10 días hábiles."}],"draft":{"answer":%q,"citations":["p"]},`+
			`"checks":[{"name":"numbers","ok":false,"detail":"7 días"}]}`, reply))
	}
	side := func(decision, reply string) replay.Side {
		s := replay.Side{Decision: "reply", Rule: "confidence", Reply: reply, Confidence: .93, Threshold: .8, Model: "big", Config: "old", Record: record(reply)}
		if decision == "handoff" {
			s.Decision, s.Reason, s.Confidence = "handoff", "low_confidence", .41
		}
		return s
	}
	add := func(k replay.Kind, question string, was, now replay.Side, adapt func(*replay.Turn)) {
		one := replay.Turn{Conversation: fmt.Sprintf("c%03d", len(r.Turns)), Number: 1, At: day, Language: "es", Kind: k, Question: question, Was: was, Now: now}
		if k == replay.Same {
			one.Question, one.Was.Record, one.Now.Record = "", nil, nil
		}
		if adapt != nil {
			adapt(&one)
		}
		r.Turns = append(r.Turns, one)
		if one.After {
			r.CountsAfter[k]++
			r.After++
		} else {
			r.Counts[k]++
			r.Exact++
		}
	}
	for range 60 {
		add(replay.Same, "", side("reply", "Sí."), side("reply", "Sí."), nil)
	}
	person, refund := side("handoff", "Una persona te responderá aquí mismo."), side("reply", "El reembolso tarda de 5 a 10 días hábiles desde que lo recibimos.")
	add(replay.AnswersNow, "¿Puedo pagar con criptomonedas?", person, side("reply", "Sí, con tarjeta."), func(t *replay.Turn) { t.Handoff = "needed" })
	add(replay.OtherFacts, "¿Cuánto tarda el reembolso?", refund, side("reply", "El reembolso tarda 7 días hábiles desde que lo recibimos."), func(t *replay.Turn) { t.Label = "right" })
	add(replay.OtherFacts, "<script>window.owned = 1</script><img src=x onerror=window.owned=1>", refund, side("reply", "<b>gratis</b>"), func(t *replay.Turn) { t.After = true })
	add(replay.HandsOffNow, "¿Y si pagué con PayPal?", refund, person, nil)
	r.Made = []replay.Made{{Config: "old", Model: "big", Calibration: "cal", Turns: r.Exact}}
	r.Judge(replay.Margins{Answered: .02, Held: .02})
	return r
}

func replayed(t testing.TB, r replay.Result, language string) string {
	t.Helper()
	return string(written(t, func(w io.Writer) error { return report.WriteReplay(w, r, language) }))
}

func TestReplayAsHTML(t *testing.T) {
	t.Parallel()
	r := sampleReplay(t)
	text := replayed(t, r, "es")
	if text != replayed(t, r, "es") {
		t.Error("the same replay is another page")
	}
	at := -1
	for _, want := range []string{
		`<html lang="es">`, "No demostrado", "Not shown", "Cheaper: RECADO_CHAT_MODEL: small", "hecho", "pasado a una persona, ahora respondido",
		`id="kind-answers_now"`, "people said that a person was needed", `id="kind-other_facts"`, "dieron por bueno el borrador", "<del>", "<ins>", `id="kind-hands_off_now"`, "</html>",
	} {
		next := strings.Index(text, want)
		if next < 0 {
			t.Errorf("%q is not there", want)
		}
		if strings.HasPrefix(want, `id="kind-`) {
			if next < at {
				t.Errorf("%s comes before what is riskier", want)
			}
			at = next
		}
	}
	for _, never := range []string{"<script>window.owned", "<img", "<b>gratis", "[replay_", "http://", "https://"} {
		if strings.Contains(text, never) {
			t.Errorf("%q is in the page", never)
		}
	}
}

// Of many changes all are counted, the riskiest are shown, and those have their records.
func TestManyChangesFitAPage(t *testing.T) {
	t.Parallel()
	r := sampleReplay(t)
	one := r.Changed()[1]
	for range 3000 {
		r.Turns = append(r.Turns, one)
	}
	text := replayed(t, r, "en")
	if n := strings.Count(text, `<details class="case">`); n != 2000 {
		t.Errorf("%d changes are shown", n)
	}
	if n := strings.Count(text, "<pre "); n != 400 {
		t.Errorf("%d records are shown", n)
	}
	if !strings.Contains(text, "(3004)") || !strings.Contains(text, "Only the riskiest have their record here") || len(text) > 16<<20 {
		t.Errorf("%d bytes, and it is not said that there are more", len(text))
	}
}

func TestReplayInABrowser(t *testing.T) {
	t.Parallel()
	tab := openTab(t)
	file := filepath.Join(t.TempDir(), "replay.html")
	if err := os.WriteFile(file, []byte(replayed(t, sampleReplay(t), "en")), 0o600); err != nil {
		t.Fatal(err)
	}
	tab.do(chromedp.Navigate("file://"+file), chromedp.WaitVisible("#changes"))
	tab.holds("document.querySelectorAll('.case').length === 4 && window.owned === undefined && document.querySelectorAll('main img').length === 0")
	tab.do(chromedp.Click("#kind-other_facts .case summary"), chromedp.WaitVisible("#kind-other_facts .case ins"))
	tab.holds("document.querySelector('#kind-other_facts .case ins').innerText.includes('7')")
	tab.do(chromedp.Click("#switch"))
	tab.holds("document.documentElement.lang === 'es' && document.querySelector('#changes h2').innerText.startsWith('Cambios')")
	tab.eval("for (const d of document.querySelectorAll('details')) d.open = true")
	tab.do(chromedp.EmulateViewport(320, 700))
	tab.holds("document.documentElement.scrollWidth <= 320")
}
