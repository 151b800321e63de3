package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/rag/llm/llmtest"
)

// tinyShop is a suite with documents and orders of its own.
var tinyShop = map[string]string{
	"docs/refunds.md": "---\nlocale: es\ntitle: Reembolsos\n---\n# Reembolsos\n\n## ¿Cuánto tarda el reembolso?\n\nEl reembolso con tarjeta tarda de 5 a 10 días hábiles.\n\n" +
		"## ¿Cuánto tarda el envío?\n\nEl envío estándar tarda de 2 a 4 días hábiles y cuesta 4,99 €.\n",
	"orders.json": `[{"number":"#1042","customer":{"phone":"+34600111222"},"status":"shipped","placed_at":"2026-11-18T10:00:00Z","items":[{"name":"Tetera","quantity":1}]}]`,
	"suite.yaml": `suite: tiny
about: A shop of one page.
shop: {knowledge: [docs], orders: orders.json}
clock: 2026-11-20T10:00:00Z
thresholds:
  - {metric: passed, min: 0.5}
customers: {ana: {phone: "+34600111222", name: Ana}}
cases:
  - id: order
    tags: [order]
    customer: ana
    say: {es: "¿Dónde está mi pedido 1042?", en: "Where is my order 1042?"}
    expect: {decision: reply, says: ["1042"]}
  - id: person
    say: {es: Quiero hablar con una persona, en: I want to talk to a person}
    expect: {decision: handoff, reason: asked_for_human}
  - id: wanting
    say: {es: Quiero hablar con una persona}
    expect: {decision: reply}
`,
}

// tiny writes the suite into a folder, with some of its files changed.
func tiny(t *testing.T, changed map[string]string) (env map[string]string, name string) {
	t.Helper()
	dir := t.TempDir()
	for file, text := range tinyShop {
		if other, ok := changed[file]; ok {
			text = other
		}
		place := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(place, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]string{"RECADO_DATA": filepath.Join(dir, "data")}, filepath.Join(dir, "suite.yaml")
}

func TestEvalRun(t *testing.T) {
	t.Parallel()
	env, name := tiny(t, nil)
	dir := filepath.Dir(name)
	at := func(file string) string { return filepath.Join(dir, file) }
	out := told(t, env, "eval", "run", name, "--json", at("run.json"), "--junit", at("run.xml"), "--md", at("run.md"), "--html", at("run.html"))
	holds(t, "the table", out, "tiny", "4 of 5 cases passed", "passed ≥ 50.0 %", "wanting/es")
	for file, want := range map[string]string{"run.json": `"suite":"tiny","revision"`, "run.xml": "<testsuite", "run.md": "wanting/es", "run.html": "<!doctype html>"} {
		text, err := os.ReadFile(at(file))
		if err != nil || !strings.Contains(strings.ToLower(string(text)), strings.ToLower(want)) {
			t.Errorf("%s lacks %s, %v", file, want, err)
		}
	}
	holds(t, "the report", told(t, env, "eval", "report", "latest"), "4 of 5 cases passed")
	holds(t, "the plan", told(t, env, "eval", "power", "latest", "--difference", "0.1"), "10")
	holds(t, "the comparison", told(t, env, "eval", "compare", at("run.json"), "latest"), "5 cases in both")
	holds(t, "the rag system", told(t, env, "eval", "run", name, "--system", "rag", "--no-keep"), "4 of 5 cases passed", "rag with")
	holds(t, "a filter", told(t, env, "eval", "run", name, "--filter", "order", "--no-keep"), "2 of 2 cases passed")
}

func TestEvalRunReplays(t *testing.T) {
	t.Parallel()
	env, name := tiny(t, nil)
	at := func(file string) string { return filepath.Join(filepath.Dir(name), file) }
	told(t, env, "eval", "run", name, "--no-keep", "--record", at("tape.jsonl"))
	var first []byte
	for range 3 {
		told(t, env, "eval", "run", name, "--no-keep", "--replay", at("tape.jsonl"), "--json", at("run.json"))
		again, err := os.ReadFile(at("run.json"))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = again
		}
		if !bytes.Equal(again, first) {
			t.Errorf("a replay is another:\n%s\n%s", first, again)
		}
	}
	holds(t, "the drift", told(t, env, "eval", "run", name, "--no-keep", "--refresh", at("tape.jsonl")), "0 of ")
	// Another question is not on the tape: its case says so, and is no failure.
	changed, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, bytes.ReplaceAll(changed, []byte("Where is my order"), []byte("What about my order")), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := tell(t, env, "eval", "run", name, "--no-keep", "--replay", at("tape.jsonl"), "--json", at("run.json"))
	run, err := runs.Read(at("run.json"))
	if err != nil || run.Cases != 4 || run.Outages != 1 || code != exitAway {
		t.Errorf("status %d, %d cases were judged, %v", code, run.Cases, err)
	}
	holds(t, "the table", out, "Not judged", "1: a provider was away")
	holds(t, "the verdict", errs, "1 of 5 cases found a provider away")
}

// A recording is the same run to the byte, however often it is replayed.
func TestAHundredReplaysAreTheSame(t *testing.T) {
	t.Parallel()
	replays := 100
	if testing.Short() || racing {
		replays = 5
	}
	env, name := tiny(t, map[string]string{"suite.yaml": judgedSuite})
	server := llmtest.New(t, judging)
	env["RECADO_JUDGE_URL"], env["RECADO_JUDGE_MODEL"] = server.URL(), "other-chat"
	at := func(file string) string { return filepath.Join(filepath.Dir(name), file) }
	tell(t, env, "eval", "run", name, "--system", "rag", "--no-keep", "--record", at("tape.jsonl"))
	asked := server.Asked()
	var first []byte
	for i := range replays {
		tell(t, env, "eval", "run", name, "--system", "rag", "--no-keep", "--replay", at("tape.jsonl"), "--json", at("run.json"))
		again, err := os.ReadFile(at("run.json"))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = again
		}
		if !bytes.Contains(again, []byte("3 of 3 votes")) {
			t.Fatalf("nobody judged: %s", again)
		}
		if !bytes.Equal(first, again) {
			t.Fatalf("replay %d is another:\n%s\n%s", i+1, first, again)
		}
	}
	if server.Asked() != asked {
		t.Errorf("the replays asked the judge %d times", server.Asked()-asked)
	}
}

func TestEvalRunGoesOn(t *testing.T) {
	t.Parallel()
	env, name := tiny(t, nil)
	told(t, env, "eval", "run", name)
	folder := filepath.Join(env["RECADO_DATA"], "evals")
	list, err := runs.List(folder)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d runs are kept, %v", len(list), err)
	}
	whole, err := runs.Open(folder, list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(folder, whole.ID+".json")); err != nil {
		t.Fatal(err)
	}
	header := whole
	header.Results, header.Metrics, header.Slices, header.Gates, header.Cases, header.Passed, header.Failed = nil, nil, nil, nil, 0, 0, 0
	journal, _, err := runs.Begin(folder, header)
	if err != nil {
		t.Fatal(err)
	}
	// What the journal holds is taken as it is: a mark shows that it was.
	kept := whole.Results[0]
	kept.Intent = "from the journal"
	if err := journal.Append(kept); err != nil {
		t.Fatal(err)
	}
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
	told(t, env, "eval", "run", name, "--resume")
	again, err := runs.Open(folder, whole.ID)
	if err != nil || again.Cases != whole.Cases || again.Results[0].Intent != "from the journal" || again.Results[1].Intent != "" {
		t.Errorf("%+v, %v", again.Results[0], err)
	}
	if code, _, errs := tell(t, env, "eval", "run", name, "--resume"); code != exitUsage || !strings.Contains(errs, "no interrupted run") {
		t.Errorf("status %d, %s", code, errs)
	}
}

// A provider that comes back is asked what it owes, and nothing else.
func TestEvalRunAsksAgainWhatNobodyAnswered(t *testing.T) {
	t.Parallel()
	env, name := tiny(t, nil)
	server := llmtest.New(t, llmtest.Raw(http.StatusUnauthorized, "no"))
	env["OPENAI_BASE_URL"] = server.URL()
	code, out, errs := tell(t, env, "eval", "run", name)
	if code != exitAway {
		t.Errorf("status %d", code)
	}
	holds(t, "the table", out, "Not judged. 2 of 3 cases passed", "Cases not judged because a provider was away: 2", "2: a provider was away: the language model's server gave no usable answer")
	holds(t, "the hint", errs, "2 cases found a provider away: --resume asks again", "2 of 5 cases found a provider away")
	before := server.Asked()
	server.Then(llmtest.Say(`{"answer":"El pedido 1042 está en camino.","citations":[],"needs_human":false,"missing":"","language":"es","orders":["#1042"],"actions":[]}`))
	_, out, _ = tell(t, env, "eval", "run", name, "--resume")
	if strings.Contains(out, "provider was away") || server.Asked() == before || server.Asked() > before+6 {
		t.Errorf("asked %d times more:\n%s", server.Asked()-before, out)
	}
	if code, _, errs := tell(t, env, "eval", "run", name, "--resume"); code != exitUsage {
		t.Errorf("status %d, %s", code, errs)
	}
}

func TestEvalRunRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		from, to string
		args     []string
		code     int
		want     []string
	}{
		"a wrong key":         {"expect: {decision: reply, says", "expect: {decison: reply, says", nil, exitUsage, []string{"suite.yaml:13:", "decison", "decision"}},
		"an unknown customer": {"customer: ana", "customer: ina", nil, exitUsage, []string{"suite.yaml:11:", "ina"}},
		"an unknown document": {`says: ["1042"]`, `says: ["1042"], sources: [returns]`, nil, exitUsage, []string{"suite.yaml:", "returns"}},
		"an unknown figure":   {"metric: passed", "metric: pased", nil, exitUsage, []string{"suite.yaml:6:", "pased", "passed"}},
		"an empty slice":      {"min: 0.5", "min: 0.5, where: {tag: nobody}", nil, exitUsage, []string{"suite.yaml:6", "nobody"}},
		"a missed threshold":  {"min: 0.5", "min: 0.9", nil, exitFailed, []string{"1 of 1 threshold was not reached"}},
		"a share above 1":     {"min: 0.5", "min: 50", nil, exitUsage, []string{"suite.yaml:6:", "`passed` lies between 0 and 1", "for 50 % write 0.5"}},
		"two at once":         {"min: 0.5}\n", "min: 50}\nclok: 1\n", nil, exitUsage, []string{"suite.yaml:6:", "`passed` lies between 0 and 1", "`clok`", "2 mistakes"}},
		"nowhere to write":    {"", "", []string{"--json", "no/such/run.json"}, exitUsage, []string{"no/such/run.json can't be written"}},
		"a near tag":          {"", "", []string{"--filter", "ordr"}, exitUsage, []string{"no case has the tag"}},
		"no such system":      {"", "", []string{"--system", "gatway"}, exitUsage, []string{"neither rag nor gateway"}},
		"no such tape":        {"", "", []string{"--replay", "none.jsonl"}, exitUsage, []string{"none.jsonl"}},
		"half a recording":    {"", "", []string{"--record", "tape.jsonl", "--resume"}, exitUsage, []string{"a recording is of one whole run"}},
		"no such tag":         {"", "", []string{"--filter", "nobody"}, exitUsage, []string{"nobody"}},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			env, name := tiny(t, map[string]string{"suite.yaml": strings.Replace(tinyShop["suite.yaml"], test.from, test.to, 1)})
			code, _, errs := tell(t, env, append([]string{"eval", "run", name, "--no-keep"}, test.args...)...)
			if code != test.code {
				t.Errorf("status %d: %s", code, errs)
			}
			holds(t, what, errs, test.want...)
		})
	}
	if code, _, errs := tell(t, nil, "eval", "run", "no-such-suite.yaml"); code != exitUsage || !strings.Contains(errs, "no-such-suite.yaml") {
		t.Errorf("no file: status %d, %s", code, errs)
	}
}

func TestEvalImport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	table := filepath.Join(dir, "questions.csv")
	if err := os.WriteFile(table, []byte("question,language,answer,decision\n¿Cuánto tarda?,es,5 días,reply\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "suite.yaml")
	told(t, nil, "eval", "import", "table", table, "--out", out)
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, "the suite", string(text), "¿Cuánto tarda?", "5 días")
	tasks := filepath.Join(dir, "tasks.jsonl")
	if err := os.Mkdir(filepath.Join(dir, "db"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"tasks.jsonl":     `{"id":"1","instruction":"You want to cancel #W2378156.","actions":[{"name":"cancel_pending_order","kwargs":{"order_id":"#W2378156"}}]}`,
		"policy.md":       "---\nlocale: en\n---\n# Cancelling\n\nAn order can be cancelled while it is pending.\n",
		"db/users.jsonl":  `{"key":"ana_1","name":{"first_name":"Ana","last_name":"Lopez"}}`,
		"db/orders.jsonl": `{"order_id":"#W2378156","user_id":"ana_1","status":"pending","items":[{"item_id":"7","name":"Lamp","price":10}]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	told(t, nil, "eval", "import", "tau", tasks, "--out", filepath.Join(dir, "tau.yaml"))
	// What is imported runs, and the customer gets the order cancelled.
	env := map[string]string{"RECADO_DATA": filepath.Join(dir, "data")}
	holds(t, "tau-bench", told(t, env, "eval", "run", filepath.Join(dir, "tau.yaml"), "--no-keep"), "1 of 1 cases passed")
	if code, _, errs := tell(t, nil, "eval", "import", "excel", table); code != exitUsage || !strings.Contains(errs, "promptfoo") {
		t.Errorf("status %d, %s", code, errs)
	}
	if schema := told(t, nil, "eval", "schema"); !json.Valid([]byte(schema)) {
		t.Error("the schema is no JSON")
	}
}
