package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/evals/replay"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/rag/llm/llmtest"
)

// A candidate with a model is recorded once and tried again without it, to the byte; when the
// request is another, the error says which part of it.
func TestEvalReplayFromARecording(t *testing.T) {
	t.Parallel()
	p, done := openPastShop(t)
	p.asks("34600550101", "¿Cuánto tardan los reembolsos?", "¿Cuánto cuesta el envío a Canarias?")
	p.asks("34600111222", "How long does a refund take?")
	p.agree(gateway.ConsentGiven)
	done()
	server := llmtest.New(t, quoting(time.Millisecond))
	model := func(name, url, more string) string {
		return p.write(name, "name: A model\nsettings:\n  OPENAI_BASE_URL: "+url+"\n  RECADO_CHAT_MODEL: table-chat\n"+more)
	}
	tape := filepath.Join(p.env["RECADO_DATA"], "tape.jsonl")
	day, until := time.Now().AddDate(0, 0, -3).Format(time.DateOnly), time.Now().AddDate(0, 0, 1).Format(time.DateOnly)
	run := func(args ...string) (string, string) {
		_, out, errs := tell(t, p.env, append([]string{"eval", "replay", "--since", day, "--until", until, "--json", "-"}, args...)...)
		return out, errs
	}
	recorded, errs := run("--candidate", model("there.yaml", server.URL(), ""), "--record", tape)
	asked := server.Asked()
	if asked == 0 || !strings.Contains(recorded, `"candidate": "A model"`) {
		t.Fatalf("%d requests: %s%s", asked, recorded, errs)
	}
	const nowhere = "http://127.0.0.1:1/v1"
	away := model("away.yaml", nowhere, "")
	recorded = strings.ReplaceAll(recorded, server.URL(), nowhere) // what is said of the candidate names its server
	for range 3 {
		if again, errs := run("--candidate", away, "--replay", tape); again != recorded {
			t.Fatalf("a replay is another than what was recorded: %s\n%.3000s\n%.3000s", errs, again, recorded)
		}
	}
	if server.Asked() != asked {
		t.Errorf("the server was asked %d times more", server.Asked()-asked)
	}
	text, err := os.ReadFile(tape)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, "the recording", string(text), `"session":"conversation `, `"kind":"model"`, "reembolsos")
	p.write("rules.md", "Always write \"estimado cliente\".\n")
	for name, c := range map[string]struct{ file, want string }{
		"another model":  {p.write("other.yaml", "settings:\n  OPENAI_BASE_URL: http://127.0.0.1:1/v1\n  RECADO_CHAT_MODEL: other-chat\n"), `the model is "other-chat" and was "table-chat"`},
		"another prompt": {model("rules.yaml", nowhere, "  RECADO_RULES: rules.md\n"), "message 1 (system) is "},
	} {
		out, errs := run("--candidate", c.file, "--replay", tape)
		holds(t, name, errs, "the recording has no answer to", c.want)
		if out != "" {
			t.Errorf("%s: something was said of it: %.300s", name, out)
		}
	}
	drift, _ := run("--candidate", model("again.yaml", server.URL(), ""), "--refresh", tape)
	holds(t, "the drift", drift, "0 of ", "answers differ from the recording")
	if code, _, errs := tell(t, p.env, "eval", "replay", "--record", tape, "--replay", tape); code != exitUsage || !strings.Contains(errs, "eval replay: of --record, --replay and --refresh only one") {
		t.Errorf("status %d, %s", code, errs)
	}
}

// What agents said of handoffs counts in the gate, and what changed is on a page.
func TestEvalReplayHearsAgents(t *testing.T) {
	t.Parallel()
	p, done := openPastShop(t)
	p.asks("34600111222", "How long does a refund take?", "Is there express delivery to Italy?", "hello?")
	p.asks("34600550101", "¿Cuánto tardan los reembolsos?", "¿Y si pagué con PayPal?")
	p.asks("34600111333", "¿Cuánto cuesta el envío a Canarias?", "soy Carmen Ibarra, llámame al 600 111 333")
	p.asks(demoshop.DemoPhone, "Where is my order #W2024117?", "And can I return the lamp?")
	p.agree(gateway.ConsentGiven)
	handoffs, _, err := p.store.Handoffs(t.Context(), "", gateway.Page{Limit: 10})
	if err != nil || len(handoffs) == 0 {
		t.Fatalf("%d handoffs, %v", len(handoffs), err)
	}
	for _, h := range handoffs {
		l, err := gateway.LabelFrom(h, nil, "ana", gateway.VerdictNeeded, "", p.now)
		if err == nil {
			err = p.store.PutLabels(t.Context(), []gateway.Label{l})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	done()
	candidate := p.write("loose.yaml", "name: Looser & \"riskier\" <b>\nthreshold: 0.01\n")
	page := filepath.Join(p.env["RECADO_DATA"], "replay.html")
	r := p.tries(exitFailed, "--candidate", candidate, "--html", page, "--report-language", "es")
	needed := 0
	for _, turn := range r.Turns {
		if turn.Handoff == string(gateway.VerdictNeeded) {
			needed++
		}
	}
	if needed != len(handoffs) {
		t.Errorf("of %d handoffs %d are labelled", len(handoffs), needed)
	}
	if r.Counts[replay.AnswersNow] > 0 && r.Gate.Answered.Value > 0 {
		t.Errorf("to answer what needed a person is a gain: %+v", r.Gate.Answered)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if r.Counts[replay.AnswersNow] == 0 {
		t.Fatalf("nothing is answered now: %+v", r.Counts)
	}
	holds(t, "the page", string(text), `<html lang="es">`, "Looser &amp; &#34;riskier&#34; &lt;b&gt;", "handed off, now answered", "pasado a una persona, ahora respondido",
		"people said that a person was needed", "Decision record", "Registro de la decisión")
}
