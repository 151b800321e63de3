package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/rag/llm/llmtest"
)

// judging votes as a judge would that finds replies to hold what statements name: "It names WORD."
// Of two replies it likes the longer one. It finds its options by their words, wherever they stand.
func judging(w http.ResponseWriter, r *http.Request) {
	messages := llmtest.Read(r).Body["messages"].([]any)
	rules := messages[0].(map[string]any)["content"].(string)
	var data map[string]any
	if err := json.Unmarshal([]byte(messages[1].(map[string]any)["content"].(string)), &data); err != nil {
		http.Error(w, "no data", http.StatusTeapot)
		return
	}
	option := "not true"
	if statement, ok := data["statement"].(string); ok {
		word := strings.TrimSuffix(strings.TrimPrefix(statement, "It names "), ".")
		if strings.Contains(data["reply"].(string), word) {
			option = "is true"
		}
	} else if option = "second"; len(data["first_reply"].(string)) > len(data["second_reply"].(string)) {
		option = "first"
	}
	for line := range strings.Lines(rules) {
		if letter, words, ok := strings.Cut(line, ": "); ok && len(letter) == 1 && strings.Contains(words, option) {
			llmtest.Say(`{"reason":"As it is written.","choice":"`+letter+`"}`)(w, r)
			return
		}
	}
}

// judgedSuite has statements about replies.
var judgedSuite = strings.Replace(tinyShop["suite.yaml"], `expect: {decision: reply, says: ["1042"]}`,
	`expect: {decision: reply, says: ["1042"], judge: {any: [It names 1042., It names zebras.]}}`, 1)

func TestEvalRunWithAJudge(t *testing.T) {
	t.Parallel()
	env, name := tiny(t, map[string]string{"suite.yaml": judgedSuite})
	at := func(file string) string { return filepath.Join(filepath.Dir(name), file) }
	// Without one nothing is made up.
	out := told(t, env, "eval", "run", name, "--md", at("none.md"), "--html", at("none.html"), "--report-language", "es")
	holds(t, "the table", out, "4 of 5 cases passed", "Statements about replies that nobody judged: 4", "RECADO_JUDGE_MODEL")
	for _, file := range []string{"none.md", "none.html"} {
		text, err := os.ReadFile(at(file))
		if err != nil {
			t.Fatal(err)
		}
		holds(t, file, string(text), "Afirmaciones sobre respuestas que nadie ha juzgado: 4")
	}
	server := llmtest.New(t, judging)
	env["RECADO_JUDGE_URL"], env["RECADO_JUDGE_MODEL"], env["RECADO_PRICES"] = server.URL(), "other-chat", "other-chat=1/2"
	code, out, _ := tell(t, env, "eval", "run", name, "--record", at("tape.jsonl"), "--json", at("run.json"))
	holds(t, "the table", out, "2 of 5 cases passed", "Replies were judged by other-chat, 3 votes.", "judge: wanted It names zebras.; got 0 of 3 votes: As it is written.")
	run, err := runs.Read(at("run.json"))
	if err != nil || code != exitFailed || run.Metrics[runs.Judge].Value != .5 || run.Unjudged != 0 || run.Judge != "other-chat, 3 votes" {
		t.Errorf("status %d, %+v, %v", code, run.Metrics[runs.Judge], err)
	}
	// Two statements in two languages, three votes in two orders.
	if server.Asked() != 24 {
		t.Errorf("the judge was asked %d times", server.Asked())
	}
	// What judging took stands apart from what the system took, which asks no model here.
	const calls, cost = 24, 24 * (llmtest.InputTokens + 2*llmtest.OutputTokens)
	for name, want := range map[string]float64{
		runs.JudgeCalls: calls, runs.JudgeTokensIn: calls * llmtest.InputTokens, runs.JudgeTokensOut: calls * llmtest.OutputTokens, runs.JudgeCostMicros: cost,
	} {
		if got := 5 * run.Metrics[name].Value; math.Abs(got-want) > 1e-6 {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	for _, name := range []string{runs.TokensIn, runs.CostMicros} {
		if e, there := run.Metrics[name]; there {
			t.Errorf("the system took %s %v", name, e.Value)
		}
	}
	holds(t, "the table", out, "judge_cost_micros")
	delete(env, "RECADO_JUDGE_URL")
	delete(env, "RECADO_JUDGE_MODEL")
	var first []byte
	for range 3 {
		tell(t, env, "eval", "run", name, "--no-keep", "--replay", at("tape.jsonl"), "--json", at("again.json"))
		again, err := os.ReadFile(at("again.json"))
		if err != nil || !bytes.Contains(again, []byte(`"judge":"other-chat, 3 votes"`)) {
			t.Fatalf("%v: %.200s", err, again)
		}
		if first == nil {
			first = again
			holds(t, "a replay", string(again), `"judge_tokens_in":{"value":`+fmt.Sprint(float64(calls*llmtest.InputTokens)/5))
		}
		if !bytes.Equal(first, again) {
			t.Error("a replay is another")
		}
	}
	env["RECADO_JUDGE_VOTES"] = "5"
	_, out, _ = tell(t, env, "eval", "run", name, "--no-keep", "--replay", at("tape.jsonl"))
	holds(t, "more votes than were recorded", out, "Cases not judged because a provider was away: 2")
}

func TestAJudgeThatIsAwayIsNoFailure(t *testing.T) {
	t.Parallel()
	env, name := tiny(t, map[string]string{"suite.yaml": judgedSuite})
	server := llmtest.New(t, llmtest.Raw(http.StatusUnauthorized, "no"))
	env["RECADO_JUDGE_URL"] = server.URL()
	_, out, _ := tell(t, env, "eval", "run", name, "--judge=other-chat", "--no-keep")
	holds(t, "the table", out, "2: a provider was away: the judge", "2 of 3 cases passed", "Cases not judged because a provider was away: 2")
}

func TestEvalRunRefusesAJudge(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		env  map[string]string
		args []string
		want string
	}{
		"nobody to ask": {nil, []string{"--judge"}, "nobody can judge: there is no model server"},
		"no server":     {map[string]string{"RECADO_JUDGE_MODEL": "other"}, nil, "nobody can judge"},
		"no model":      {map[string]string{"RECADO_JUDGE_URL": "http://127.0.0.1:1/v1"}, []string{"--judge"}, "which model of RECADO_JUDGE_URL"},
		"even votes":    {map[string]string{"RECADO_JUDGE_VOTES": "4"}, nil, "RECADO_JUDGE_VOTES is not an odd number"},
		"no such marks": {nil, []string{"--judge-labels", "none.csv"}, "none.csv can't be opened"},
	} {
		env, name := tiny(t, nil)
		maps.Copy(env, c.env)
		if code, _, errs := tell(t, env, append([]string{"eval", "run", name, "--no-keep"}, c.args...)...); code != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%s: status %d, %s", what, code, errs)
		}
	}
}

// Whoever marks a sheet sees the figures corrected, of a new run and of one that was kept.
func TestPeopleMarkASheet(t *testing.T) {
	t.Parallel()
	env, name := tiny(t, map[string]string{"suite.yaml": judgedSuite})
	at := func(file string) string { return filepath.Join(filepath.Dir(name), file) }
	env["RECADO_JUDGE_URL"], env["RECADO_JUDGE_MODEL"] = llmtest.New(t, judging).URL(), "other-chat"
	tell(t, env, "eval", "run", name, "--judge-sheet", at("sheet.csv"))
	sheet, err := os.ReadFile(at("sheet.csv"))
	if err != nil {
		t.Fatal(err)
	}
	holds(t, "the sheet", string(sheet), "case,try,language,statement", "It names zebras.", "order/en")
	write := func(text string) {
		if err := os.WriteFile(at("sheet.csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.ReplaceAll(string(sheet), ",\n", ",no\n") + "order/fr,1,fr,It names 1042.,,,,yes\n")
	code, out, errs := tell(t, env, "eval", "report", "latest", "--judge-labels", at("sheet.csv"), "--html", at("run.html"))
	if code != exitOK {
		t.Fatalf("status %d, %s", code, errs)
	}
	holds(t, "the table", out, "People's marks of judge: 4, in 1 independent cases; to correct the figure it takes 30: mark 29 more")
	holds(t, "what does not fit", errs, `the run has no case "order/fr"; the mark does not count`)
	write("case,verdict\norder/es,perhaps\n")
	code, _, errs = tell(t, env, "eval", "report", "latest", "--judge-labels", at("sheet.csv"))
	if code != exitUsage {
		t.Errorf("status %d", code)
	}
	holds(t, "the mistake", errs, "sheet.csv: line 2: the verdict is neither yes nor no")
}

func TestEvalCompareWithAJudge(t *testing.T) {
	t.Parallel()
	env, name := tiny(t, nil)
	at := func(file string) string { return filepath.Join(filepath.Dir(name), file) }
	told(t, env, "eval", "run", name, "--no-keep", "--json", at("a.json"))
	run, err := runs.Read(at("a.json"))
	if err != nil {
		t.Fatal(err)
	}
	run.Results[0].Steps[0].Replies[0].Text += " Write to us if anything is missing."
	if err := writeFile(at("b.json"), func(w io.Writer) error { return runs.Encode(w, run) }); err != nil {
		t.Fatal(err)
	}
	env["RECADO_JUDGE_URL"] = llmtest.New(t, judging).URL()
	out := told(t, env, "eval", "compare", at("a.json"), at("b.json"), "--judge=other-chat", "--record", at("votes.jsonl"))
	holds(t, "the comparison", out, "Replies compared by other-chat, 3 votes: the new one is better in 20.0 %", "1 pairs judged, 4 with the same reply", "Judging took 6 calls, 1926 tokens read and 270 written.")
	delete(env, "RECADO_JUDGE_URL")
	told(t, env, "eval", "compare", at("a.json"), at("b.json"), "--replay", at("votes.jsonl"), "--json", at("c.json"), "--md", at("c.md"), "--report-language", "es")
	text, err := os.ReadFile(at("c.json"))
	var found runs.Comparison
	if err != nil || json.Unmarshal(text, &found) != nil || found.Preferred == nil || found.Preferred.Cases[0].ID != run.Results[0].ID || found.Preferred.Cases[0].Score != 1 {
		t.Errorf("%v: %+v", err, found.Preferred)
	}
	md, err := os.ReadFile(at("c.md"))
	if err != nil {
		t.Fatal(err)
	}
	holds(t, "the report", string(md), "Respuestas comparadas por other-chat, 3 votos: la nueva es mejor en el 20,0 %", "Juzgar costó 6 llamadas, 1926 tokens leídos y 270 escritos.")
	code, _, errs := tell(t, env, "eval", "compare", at("a.json"), at("b.json"), "--judge")
	if code != exitUsage || !strings.Contains(errs, "nobody can judge") {
		t.Errorf("status %d, %s", code, errs)
	}
}

func TestDoctorAsksTheJudge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		say   llmtest.Step
		level level
		words string
	}{
		"well":   {llmtest.Say(`{"reason":"","choice":"A"}`), levelOK, "other-chat judges replies in evals, 3 votes"},
		"key":    {llmtest.Raw(http.StatusUnauthorized, "s3cret"), levelWarn, "status 401"},
		"chatty": {llmtest.Say("Happy to help!"), levelWarn, "chooses none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := healthy(t, healthyGraph())
			env["RECADO_JUDGE_URL"], env["RECADO_JUDGE_MODEL"] = llmtest.New(t, c.say).URL(), "other-chat"
			r, _ := diagnose(t, env)
			r.is(t, "judge", c.level, c.words)
		})
	}
}
