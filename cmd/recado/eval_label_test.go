package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/demoshop"
)

// askAll lets a customer of their own ask each of the demo shop's questions about policies,
// as far as n, and waits until all are decided.
func (s *shop) askAll(n int) (turns []gateway.Record) {
	s.t.Helper()
	questions, err := demoshop.Questions()
	if err != nil {
		s.t.Fatal(err)
	}
	questions = slices.DeleteFunc(questions, func(q demoshop.Question) bool { return q.Kind != "policy" })
	for i := range n {
		text, err := json.Marshal(questions[i*len(questions)/n].Text)
		if err != nil {
			s.t.Fatal(err)
		}
		body := regexp.MustCompile(`"body":"[^"]*"`).ReplaceAllLiteral(webhookBody(i), append([]byte(`"body":`), text...))
		body = regexp.MustCompile(`"timestamp":"\d+"`).ReplaceAllLiteral(body, fmt.Appendf(nil, `"timestamp":"%d"`, time.Now().Unix()))
		if code := s.post(body, testSecret); code != http.StatusOK {
			s.t.Fatalf("question %d: status %d", i, code)
		}
	}
	s.eventually("all decided", func() bool {
		turns = turns[:0]
		var page struct{ Conversations []seenConversation }
		s.call("GET", "/conversations?limit=200", nil, &page)
		for _, c := range page.Conversations {
			var list struct {
				Turns []struct {
					ID             string
					ConversationID string `json:"conversation_id"`
				}
			}
			s.call("GET", "/conversations/"+c.ID+"/turns", nil, &list)
			for _, r := range list.Turns {
				turns = append(turns, gateway.Record{ID: r.ID, ConversationID: c.ID})
			}
		}
		return len(turns) >= n
	})
	return turns
}

// agentsSay lets an agent say of each open handoff whether it was needed.
func (s *shop) agentsSay() (said int) {
	s.t.Helper()
	var page struct{ Handoffs []struct{ ID string } }
	s.call("GET", "/handoffs?limit=200", nil, &page)
	for i, h := range page.Handoffs {
		verdict := []string{"early", "needed"}[i%2]
		if code := s.call("POST", "/handoffs/"+h.ID+"/label", map[string]string{"verdict": verdict, "agent": "ana"}, nil); code != http.StatusOK {
			s.t.Fatalf("label of a handoff: status %d", code)
		}
	}
	return len(page.Handoffs)
}

// fillIn writes verdicts into a sample as somebody with a spreadsheet does: every fifth
// answer is wrong, and the last one was not looked at.
func fillIn(t *testing.T, name string) (filled int) {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	right := slices.Index(rows[0], "right")
	for i, row := range rows[1 : len(rows)-1] {
		row[right] = "sí"
		if i%5 == 0 {
			row[right] = "no"
		}
		filled++
	}
	var out bytes.Buffer
	if err := csv.NewWriter(&out).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return filled
}

// TestEvalLabel goes the whole way, beside a gateway that runs: customers ask, agents say
// whether they were needed, a sample is drawn and looked at, and a calibration is fitted.
func TestEvalLabel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := map[string]string{"RECADO_DATA": dir}
	shop := serve(t, env)
	shop.askAll(60)
	agents := shop.agentsSay()
	sample, labels := filepath.Join(dir, "sample.csv"), filepath.Join(dir, "labels.jsonl")
	holds(t, "the draw", told(t, env, "eval", "label", "sample", "--n", "25", "--figure", "accuracy", "--seed", "7", "--out", sample),
		"25 turns of", "share of drafts that are right", "of them audit", "Nothing is known of it yet. With these 25 labels", "drawn alike")
	filled := fillIn(t, sample)
	holds(t, "the import", told(t, env, "eval", "label", "import", sample, "--by", "ana"), fmt.Sprintf("%d verdicts were imported; 1 row is without one yet.", filled))
	told(t, env, "eval", "label", "import", sample, "--by", "eva")
	holds(t, "the agreement", told(t, env, "eval", "label", "agreement"), "ana and eva", "1.00")
	again := told(t, env, "eval", "label", "sample", "--n", "5", "--figure", "accuracy", "--out", filepath.Join(dir, "more.csv"))
	holds(t, "the second draw", again, "Its interval is 0.")

	holds(t, "the export", told(t, env, "eval", "label", "export", "--since", "1d", "--out", labels), fmt.Sprintf("%d stand for turns", filled))
	file, err := os.Open(labels)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	list, err := evals.ReadLabels(file)
	if err != nil {
		t.Fatal(err)
	}
	biased, stands := 0, 0.0
	for _, l := range list {
		if l.Biased {
			biased++
		}
		stands += l.Weight
	}
	if len(list)-biased != filled || biased == 0 || biased > agents || stands < float64(filled) {
		t.Errorf("%d labels, %d of them biased, stand for %.0f turns; %d were filled in and %d handed off", len(list), biased, stands, filled, agents)
	}
	out := told(t, env, "eval", "calibrate", "--labels", labels, "--out", filepath.Join(dir, "calibration.json"))
	holds(t, "the calibration", out, "labels decide the threshold", "were not drawn by chance", "no guarantee is claimed")
	table := filepath.Join(dir, "labels.csv")
	told(t, env, "eval", "label", "export", "--from", "agents", "--texts", "--people", "each", "--out", table)
	if content, err := os.ReadFile(table); err != nil || strings.Count(string(content), ",agent,") < biased {
		t.Errorf("labels of agents: %v\n%.300s", err, content)
	}
	labelOnPage(t, env, sample)
}

// labelOnPage says something on the labelling page and stops it.
func labelOnPage(t *testing.T, env map[string]string, sample string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		c := console{in: strings.NewReader(""), out: w, err: io.Discard, env: func(k string) string { return env[k] }}
		done <- run(ctx, c, []string{"eval", "label", "serve", "--sample", sample, "--by", "noa", "--listen", "127.0.0.1:0"})
		w.Close()
	}()
	line := make([]byte, 200)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	address := regexp.MustCompile(`http://\S+/`).FindString(string(line[:n]))
	if !strings.Contains(fetch(t, address), "0 de 25") {
		t.Errorf("the page at %q has no case", address)
	}
	response, err := http.Post(address+"cases/1", "application/x-www-form-urlencoded", strings.NewReader("verdict=right"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	cancel()
	if code := <-done; code != exitOK {
		t.Errorf("the page ended with status %d", code)
	}
	holds(t, "the agreement", told(t, env, "eval", "label", "agreement", "--json"), `"noa"`)
}

func TestEvalLabelOfARun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := map[string]string{"RECADO_DATA": dir}
	record, err := json.Marshal(gateway.Record{
		ID: "t", Calibration: "c", Language: "es", Query: "¿Y el reembolso?", Features: map[string]float64{"x": 1}, Confidence: .9,
		Decision: gateway.Decision{Kind: gateway.DecideReply, Rule: "confidence"},
	})
	if err != nil {
		t.Fatal(err)
	}
	answered := strings.Replace(string(record), `"draft":{`, `"draft":{"answer":"En 5 días.",`, 1)
	answered = regexp.MustCompile(`"answer":"En 5 días\.","answer":""`).ReplaceAllString(answered, `"answer":"En 5 días."`)
	step := runs.Step{Said: []string{"¿Y el reembolso?"}, Decision: "reply", Expected: []string{"reply"}, Scored: true, DraftRight: true, Record: json.RawMessage(answered)}
	wrong := step
	wrong.DraftRight = false
	name, err := runs.Keep(dir, runs.Run{Suite: "demo", Started: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), Results: []runs.Result{
		{ID: "a/es", Try: 1, Group: "a", Language: "es", Steps: []runs.Step{step, {Did: "30m later"}}},
		{ID: "b/es", Try: 1, Group: "b", Language: "es", Steps: []runs.Step{wrong}},
		{ID: "c", Skipped: "no desk", Steps: []runs.Step{step}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "labels.jsonl")
	holds(t, "the export", told(t, env, "eval", "label", "export", "--from", "suite", name, "--out", out), "2 labels to", "2 of suite demo")
	file, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	list, err := evals.ReadLabels(file)
	if err != nil || len(list) != 2 || !list[0].Right || list[1].Right || list[0].ID != "a/es#1.1" || list[0].Group != "a" || !list[0].Answered || list[0].Biased {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestEvalLabelBadInput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := map[string]string{"RECADO_DATA": dir}
	bad := filepath.Join(dir, "bad.csv")
	if err := os.WriteFile(bad, []byte("id,right\nx,maybe\n,yes\ny,no\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	unknown := filepath.Join(dir, "unknown.csv")
	if err := os.WriteFile(unknown, []byte("id,right\nx,yes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	holds(t, "the help", told(t, env, "eval", "label"), "recado eval label sample", "recado eval label agreement")
	holds(t, "the help of one", told(t, env, "eval", "label", "sample", "--help"), "For example:\n  recado eval label sample --n 50", "-audit float")
	holds(t, "nobody", told(t, env, "eval", "label", "agreement"), "No turn has been looked at by two people yet")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"odd word":        {[]string{"odd"}, "write sample, serve, import, export or agreement"},
		"no out":          {[]string{"sample"}, "--out sample.csv"},
		"no turns":        {[]string{"sample", "--out", filepath.Join(dir, "s.csv")}, "go further back with --since"},
		"odd since":       {[]string{"sample", "--out", filepath.Join(dir, "s.csv"), "--since", "soon"}, "write 30d"},
		"nothing":         {[]string{"export", "--out", filepath.Join(dir, "l.jsonl")}, "there is no label to export"},
		"odd from":        {[]string{"export", "--from", "friends", "--out", "l.jsonl"}, "agents, audits and suite"},
		"no run":          {[]string{"export", "--from", "suite", "--out", "l.jsonl"}, "needs the file of a run"},
		"a run too many":  {[]string{"export", "run.json", "--out", "l.jsonl"}, "--from suite alone"},
		"odd people":      {[]string{"export", "--people", "all", "--out", "l.jsonl"}, "majority or each"},
		"odd file":        {[]string{"export", "--out", "labels.txt"}, ".csv or .jsonl"},
		"bad rows":        {[]string{"import", bad, "--by", "ana"}, "line 3: the id is missing"},
		"unknown turn":    {[]string{"import", unknown, "--by", "ana"}, "line 2: there is no turn"},
		"nobody says so":  {[]string{"import", unknown}, "--by who made these verdicts"},
		"no file":         {[]string{"import", filepath.Join(dir, "none.csv")}, "can't be opened"},
		"nobody labels":   {[]string{"serve"}, "--by who labels"},
		"run without out": {[]string{"serve", "--by", "ana", "--run", "latest"}, "--run and --out go together"},
	} {
		if code, _, errs := tell(t, env, append([]string{"eval", "label"}, c.args...)...); code != exitUsage || !strings.Contains(errs, c.says) {
			t.Errorf("%s: status %d, %s", name, code, errs)
		}
	}
}
