package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/evals/replay"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/demoshop"
)

// pastShop is a shop with conversations of yesterday.
type pastShop struct {
	*testing.T
	env     map[string]string
	store   gateway.Store
	gateway *gateway.Gateway
	now     time.Time
	made    int
}

// unlimited sends at once what nobody gets.
type unlimited struct{}

func (unlimited) Take(context.Context, string, string, time.Time) (time.Duration, error) {
	return 0, nil
}

func (unlimited) Send(context.Context, *gateway.Outgoing) (gateway.SendResult, error) {
	return gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: gateway.NewID()}, nil
}

// openPastShop opens the demo shop in a folder of its own, as the settings name it.
func openPastShop(t *testing.T) (*pastShop, func()) {
	t.Helper()
	p := &pastShop{T: t, env: map[string]string{"RECADO_DATA": t.TempDir()}, now: time.Now().Add(-24 * time.Hour).Truncate(time.Second)}
	c := console{in: strings.NewReader(""), out: t.Output(), err: t.Output(), env: func(name string) string { return p.env[name] }}
	s, _, err := loadSettings(c, "test", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := &answering{}
	if err := a.open(t.Context(), quietLog(c), s, true, false); err != nil {
		t.Fatal(err)
	}
	if p.store, err = openStore(t.Context(), s, quietLog(c)); err != nil {
		t.Fatal(err)
	}
	p.gateway, err = gateway.New(gateway.Config{
		Store: p.store, Answerer: a.pipeline, Orders: a.book, Sender: unlimited{}, Limiter: unlimited{}, Now: func() time.Time { return p.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, func() {
		t.Helper()
		if err := a.closers.close(p.store.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// asks has a customer write messages, each answered before the next.
func (p *pastShop) asks(phone string, texts ...string) {
	p.Helper()
	for _, text := range texts {
		p.made++
		p.now = p.now.Add(time.Minute)
		e := gateway.Event{
			Key: fmt.Sprint("event ", p.made), Kind: gateway.EventMessage, Channel: "1", From: gateway.Identity{Phone: phone}, Name: "Carmen Ibarra",
			At: p.now, ReceivedAt: p.now, AnswerAfter: p.now, AnswerBy: p.now.Add(time.Minute), Message: &gateway.Message{ProviderID: fmt.Sprint("wamid.", p.made), Type: "text", Text: text},
		}
		if _, err := p.store.Accept(p.Context(), []gateway.Event{e}); err != nil {
			p.Fatal(err)
		}
		p.now = p.now.Add(time.Second)
		if err := p.gateway.Turn(p.Context()); err != nil {
			p.Fatal(err)
		}
	}
}

func (p *pastShop) agree(consent gateway.Consent) {
	p.Helper()
	list, _, err := p.store.Past(p.Context(), time.Time{}, gateway.Page{Limit: 200})
	for _, c := range list {
		if err == nil {
			err = p.store.Agree(p.Context(), c.ID, gateway.Agreement{Consent: consent, By: "ana", At: p.now})
		}
	}
	if err != nil {
		p.Fatal(err)
	}
}

// write puts a file beside the shop.
func (p *pastShop) write(name, text string) string {
	p.Helper()
	place := filepath.Join(p.env["RECADO_DATA"], "trial", name)
	if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(place, []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
	return place
}

// policies writes the demo shop's policies without some of them.
func (p *pastShop) policies(without string) {
	p.Helper()
	err := fs.WalkDir(demoshop.Policies(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.Contains(name, without) {
			return err
		}
		text, err := fs.ReadFile(demoshop.Policies(), name)
		p.write(filepath.Join("policies", name), string(text))
		return err
	})
	if err != nil {
		p.Fatal(err)
	}
}

// tries replays and gives what was found.
func (p *pastShop) tries(code int, args ...string) replay.Result {
	p.Helper()
	got, out, errs := tell(p.T, p.env, append([]string{"eval", "replay", "--json", "-", "--since", "2d"}, args...)...)
	if got != code {
		p.Fatalf("%v: status %d, %s%s", args, got, errs, out)
	}
	var r replay.Result
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		p.Fatal(err)
	}
	return r
}

func TestEvalReplay(t *testing.T) {
	t.Parallel()
	p, done := openPastShop(t)
	p.asks("34600550101", "¿Cuánto tardan los reembolsos?", "¿Y si pagué con PayPal?", "gracias")
	p.asks("34600111222", "How long does a refund take?", "Is there express delivery to Italy?", "hello?")
	p.asks("34600111333", "¿Cuánto cuesta el envío a Canarias?", "soy Carmen Ibarra, llámame al 600 111 333")
	p.asks(demoshop.DemoPhone, "Where is my order #W2024117?", "And can I return the lamp?")
	code, _, errs := tell(t, p.env, "eval", "replay", "--since", "2d")
	if code != exitFailed {
		t.Errorf("nobody agreed: %d", code)
	}
	holds(t, "what to do", errs, "none of the 4 conversations", "4 have not agreed", "/agreement", "RECADO_REPLAY=everybody")
	p.agree(gateway.ConsentGiven)
	done()

	same := p.tries(exitOK)
	if same.Gate.Verdict != replay.SameAsNow || same.Counts[replay.Same] != same.Exact || same.Exact < 8 || same.Inexact > 0 {
		t.Errorf("a candidate that changes nothing: %+v", same)
	}
	for _, turn := range same.Turns {
		if turn.Was.Confidence != turn.Now.Confidence || turn.Was.Config != turn.Now.Config {
			t.Errorf("turn %d is not exact: %+v", turn.Number, turn)
		}
	}
	p.policies("09-refunds")
	dropped := p.tries(exitFailed, "--candidate", p.write("dropped.yaml", "name: Without the refunds\nknowledge: policies\n"))
	if dropped.Counts[replay.HandsOffNow]+dropped.Counts[replay.OtherFacts]+dropped.Counts[replay.AnswersUnasked]+dropped.Counts[replay.AsksNow] == 0 || dropped.Gate.Verdict.Passes() {
		t.Errorf("a dropped policy is not seen: %+v", dropped.Counts)
	}
	loose := p.tries(exitFailed, "--candidate", p.write("loose.yaml", "threshold: 0.01\n"))
	if loose.Counts[replay.AnswersNow] == 0 || loose.Gate.HeldOK {
		t.Errorf("a loose threshold is not seen: %+v", loose.Counts)
	}
	strict := p.tries(exitFailed, "--candidate", p.write("strict.yaml", "threshold: 1\n"))
	if strict.Counts[replay.HandsOffNow] == 0 || strict.Gate.AnsweredOK {
		t.Errorf("a strict threshold is not seen: %+v", strict.Counts)
	}
	for _, text := range []string{"600 111 333", "600111333", "Carmen", "Ibarra", "wamid"} {
		for _, r := range []replay.Result{same, dropped, loose, strict} {
			if b, err := json.Marshal(r); err != nil || strings.Contains(string(b), text) {
				t.Errorf("%q is in a report, %v", text, err)
			}
		}
	}
	report := filepath.Join(p.env["RECADO_DATA"], "trial.md")
	_, out, _ := tell(t, p.env, "eval", "replay", "--since", "2d", "--candidate", p.write("loose.yaml", "name: Looser\nthreshold: 0.01\n"), "--md", report)
	holds(t, "the table", out, "Looser: threshold: 0.01", "handed off, now answered", "asked", "was", "now", "Not shown")
	if text, err := os.ReadFile(report); err != nil || !strings.Contains(string(text), "| handed off, now answered |") {
		t.Errorf("the Markdown: %s, %v", text, err)
	}
}

func TestEvalReplayRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		place := filepath.Join(dir, name)
		if err := os.WriteFile(place, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return place
	}
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no conversations":     {nil, exitFailed, "there are no conversations from"},
		"a word":               {[]string{"all"}, exitUsage, "takes no arguments"},
		"a time":               {[]string{"--since", "soon"}, exitUsage, `--since "soon" is neither a time ago`},
		"times the wrong way":  {[]string{"--since", "1d", "--until", "2d"}, exitUsage, "--since is not before --until"},
		"a margin":             {[]string{"--margin", "2"}, exitUsage, "shares between 0 and 1"},
		"no file":              {[]string{"--candidate", "nowhere.yaml"}, exitUsage, "nowhere.yaml can't be opened"},
		"a wrong key":          {[]string{"--candidate", write("key.yaml", "name: x\nmodel: y")}, exitUsage, `line 2: "model" is not known`},
		"no folder":            {[]string{"--candidate", write("folder.yaml", "knowledge: nowhere")}, exitUsage, "nowhere can't be read"},
		"a setting's value":    {[]string{"--candidate", write("value.yaml", "settings: {OPENAI_BASE_URL: nonsense}")}, exitUsage, "OPENAI_BASE_URL is not a URL"},
		"what searches":        {[]string{"--candidate", write("search.yaml", "settings: {RECADO_GLOSSARY: words.txt}")}, exitUsage, "search: true"},
		"no calibration there": {[]string{"--candidate", write("file.yaml", "settings: {RECADO_CALIBRATION: nowhere.json}")}, exitUsage, "RECADO_CALIBRATION"},
	} {
		code, _, errs := tell(t, map[string]string{"RECADO_DATA": filepath.Join(dir, "data")}, append([]string{"eval", "replay"}, test.args...)...)
		if code != test.code || !strings.Contains(errs, test.want) {
			t.Errorf("%s: status %d, %s", name, code, errs)
		}
	}
	if code, _, errs := tell(t, map[string]string{"RECADO_DATA": dir, "RECADO_REPLAY": "nobody"}, "eval", "replay"); code != exitUsage || !strings.Contains(errs, "neither agreed nor everybody") {
		t.Errorf("a setting: status %d, %s", code, errs)
	}
}
