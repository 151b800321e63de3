package runner_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/runner"
	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/simulate"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/gateway"
)

// counter is a shop with orders that cancels what is confirmed. Spoil makes it do
// something wrong.
type counter struct {
	scripted
	spoil string
}

func (s *counter) Begin(context.Context, suite.Case) (runner.Talk, error) {
	return &atCounter{spoil: s.spoil, orders: map[string]map[string]string{"#1042": {"status": "paid"}, "#7": {"status": "paid"}}}, nil
}

type atCounter struct {
	spoil    string
	proposed bool
	waited   bool
	orders   map[string]map[string]string
}

func decided(text string, kind gateway.DecisionKind, reason gateway.Reason, buttons ...string) runner.Outcome {
	return runner.Outcome{
		Replies: []runs.Reply{{Text: text, Buttons: buttons}}, Took: time.Second,
		Records: []gateway.Record{{
			Outcome: gateway.OutcomeCommitted, Decision: gateway.Decision{Kind: kind, Reason: reason}, Confidence: .9, Threshold: .5, Calibration: "c",
		}},
	}
}

func (t *atCounter) Do(_ context.Context, s suite.Step) (runner.Outcome, error) {
	said := strings.ToLower(strings.Join(s.Say, " ") + s.Tap)
	switch {
	case s.Wait > 0:
		t.waited = true
		return runner.Outcome{}, nil
	case t.spoil == "person":
		return decided("I'm passing you to a person on our team.", gateway.DecideHandoff, gateway.ReasonNotCovered), nil
	case t.spoil == "away":
		return runner.Outcome{}, fmt.Errorf("%w: the model", runner.ErrOutage)
	case strings.Contains(said, "thank"):
		return decided("You're welcome!", gateway.DecideReply, ""), nil
	case t.proposed && (strings.Contains(said, "yes") || strings.Contains(said, "ok")):
		t.orders["#1042"]["status"] = "cancelled"
		if t.spoil == "other" {
			t.orders["#7"]["status"] = "cancelled"
		}
		o := decided("Order #1042 is cancelled.", gateway.DecideReply, "")
		o.Actions = []runs.Action{{Kind: "cancel_order", Order: "#1042", Outcome: "done"}}
		return o, nil
	case strings.Contains(said, "1042") && t.spoil != "deaf":
		t.proposed = true
		o := decided("Shall I pass this on to the shop?", gateway.DecidePropose, "", "Yes", "No")
		o.Actions = []runs.Action{{Kind: "cancel_order", Order: "#1042", Outcome: "proposed"}}
		return o, nil
	}
	return decided("Which order do you mean?", gateway.DecideClarify, ""), nil
}

func (t *atCounter) Order(_ context.Context, number string) (map[string]string, bool, error) {
	fields, ok := t.orders[number]
	return fields, ok, nil
}

func (t *atCounter) Orders(context.Context) (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	for number, fields := range t.orders {
		all[number] = maps.Clone(fields)
	}
	return all, nil
}

func (*atCounter) End() error { return nil }

// played is a suite of one customer who wants to cancel.
func played(e suite.Expect) suite.Suite {
	e.Line = 9
	return suite.Suite{Name: "played", Cases: []suite.Case{{
		ID: "cancel/en", Group: "cancel", Language: "en", File: "p.yaml", Line: 3,
		Simulate: &suite.Simulate{
			Line: 5, Wish: suite.Wish{Wants: "cancel_order", Knows: map[string]string{"order": "#1042"}}, Mood: "polite", Patience: 2, Turns: 8,
			GivesUp: "leave", Expect: e,
		},
	}}}
}

func TestPlayed(t *testing.T) {
	t.Parallel()
	cancelled := map[string]map[string]string{"#1042": {"status": "cancelled"}}
	right := suite.Expect{
		Ending: []string{"done"}, Turns: 5, Decision: []string{"reply"}, Says: []suite.Fact{{"is cancelled"}}, Never: []suite.Fact{{"#7"}}, Orders: cancelled,
		Actions: []suite.Action{{Kind: "cancel_order", Order: "#1042", Outcome: "done"}},
	}
	for name, c := range map[string]struct {
		spoil  string
		expect suite.Expect
		want   []string
	}{
		"right":                 {"", right, nil},
		"another end":           {"", suite.Expect{Ending: []string{"person", "gave_up"}}, []string{"untouched", "ending"}},
		"too many turns":        {"", suite.Expect{Turns: 1, Orders: cancelled}, []string{"turns"}},
		"another order too":     {"other", right, []string{"untouched"}},
		"not what was wanted":   {"", suite.Expect{Orders: map[string]map[string]string{"#1042": {"status": "paid"}}}, []string{"orders"}},
		"something was done":    {"", suite.Expect{Actions: []suite.Action{}, Orders: cancelled}, []string{"actions"}},
		"what was proposed":     {"", suite.Expect{Actions: []suite.Action{{Kind: "cancel_order", Outcome: "proposed"}, {Kind: "cancel_order", Outcome: "done"}}, Orders: cancelled}, nil},
		"what was never said":   {"", suite.Expect{Says: []suite.Fact{{"refund"}}, Orders: cancelled}, []string{"says"}},
		"what was said":         {"", suite.Expect{Never: []suite.Fact{{"pass this on"}}, Orders: cancelled}, []string{"never"}},
		"a person":              {"person", suite.Expect{Ending: []string{"person"}, Decision: []string{"handoff"}, Reason: []string{"not_covered"}, Actions: []suite.Action{}}, nil},
		"what may change":       {"", suite.Expect{Ending: []string{"done"}, MayChange: []string{"1042"}}, nil},
		"asked again and again": {"deaf", suite.Expect{Ending: []string{"gave_up"}}, []string{"asked_twice"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			names, r := failed(t, played(c.expect), &counter{spoil: c.spoil})
			slices.Sort(names)
			slices.Sort(c.want)
			if diff := cmp.Diff(slices.Compact(c.want), slices.Compact(names)); diff != "" {
				t.Errorf("%s\n%+v", diff, r.Steps)
			}
			end := r.Steps[len(r.Steps)-1]
			if !strings.HasPrefix(end.Did, "the end: ") || end.Checks[0].Line != 9 || end.Took != 0 {
				t.Errorf("%+v", end)
			}
		})
	}
}

// The farewell is answered, and decides nothing.
func TestPlayedFarewell(t *testing.T) {
	t.Parallel()
	_, r := failed(t, played(suite.Expect{Decision: []string{"reply"}, Orders: map[string]map[string]string{"#1042": {"status": "cancelled"}}}), &counter{})
	last := r.Steps[len(r.Steps)-2]
	if !strings.Contains(strings.ToLower(last.Said[0]), "thank") || last.Replies[0].Text != "You're welcome!" || last.Scored || len(last.Checks) == 0 {
		t.Errorf("%+v", last)
	}
}

// Tries of one case are other talks, and the same ones again.
func TestPlayedRepeats(t *testing.T) {
	t.Parallel()
	run := func() []string {
		found, err := runner.Run(t.Context(), runner.Config{Suite: played(suite.Expect{Ending: []string{"done"}}), System: &counter{}, Repeat: 6, Untimed: true})
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, r := range found.Results {
			said = append(said, fmt.Sprint(r.Try, r.Steps[0].Said, len(r.Steps)))
		}
		return said
	}
	first := run()
	if diff := cmp.Diff(first, run()); diff != "" {
		t.Error(diff)
	}
	openings := map[string]bool{}
	for _, s := range first {
		openings[s[1:]] = true
	}
	if len(openings) < 3 {
		t.Errorf("six tries, and only %d ways to begin: %q", len(openings), first)
	}
}

// away is a cast whose model is away.
type away struct{ simulate.Scripted }

func (away) Name() string { return "big-model" }

func (away) Play(suite.Case, int) (simulate.Speaker, error) { return away{}, nil }

func (away) Next(context.Context, simulate.Heard) (simulate.Move, error) {
	return simulate.Move{}, errors.New("no answer")
}

func TestPlayedOutages(t *testing.T) {
	t.Parallel()
	s := played(suite.Expect{Ending: []string{"done"}})
	config := runner.Config{Suite: s, System: &counter{}, Cast: away{}}
	run, err := runner.Run(t.Context(), config)
	if err != nil || !strings.Contains(run.Results[0].Outage, "can't be played") || run.Cases != 0 {
		t.Errorf("%+v, %v", run, err)
	}
	// Other customers make another run.
	if with, without := config.Header().Config, (runner.Config{Suite: s, System: &counter{}}).Header().Config; with == without || !strings.Contains(with, "big-model") {
		t.Errorf("%q and %q", with, without)
	}
	run, err = runner.Run(t.Context(), runner.Config{Suite: s, System: &counter{spoil: "away"}})
	if err != nil || run.Results[0].Outage == "" {
		t.Errorf("%+v, %v", run, err)
	}
}

// A talk that would go on is ended by the number of turns.
func TestPlayedLimit(t *testing.T) {
	t.Parallel()
	s := played(suite.Expect{Ending: []string{"limit"}})
	s.Cases[0].Simulate.Turns, s.Cases[0].Simulate.Patience = 2, 9
	if names, r := failed(t, s, &counter{spoil: "deaf"}); slices.Contains(names, "ending") || len(r.Steps) != 3 {
		t.Errorf("%v, %d steps", names, len(r.Steps))
	}
}

// An endpoint is told what the customer writes and taps; orders can't be seen there, and time
// does not pass.
func TestPlayedAtAnEndpoint(t *testing.T) {
	t.Parallel()
	var told []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Messages []string
			Tap      string
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		said := strings.Join(asked.Messages, " ") + asked.Tap
		told = append(told, said)
		answer := map[string]any{"replies": []map[string]any{{"text": "Shall I pass this on to the shop?", "buttons": []string{"Yes", "No"}}}, "decision": "propose"}
		if len(told) > 1 {
			answer = map[string]any{
				"replies": []map[string]any{{"text": "Order #1042 is cancelled."}}, "decision": "reply",
				"actions": []map[string]any{{"kind": "cancel_order", "order": "#1042", "outcome": "done"}},
			}
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	endpoint, err := runner.NewEndpoint(runner.EndpointConfig{URL: server.URL, HTTP: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	s := played(suite.Expect{
		Ending: []string{"done"}, Actions: []suite.Action{{Kind: "cancel_order", Order: "#1042", Outcome: "done"}},
		Orders: map[string]map[string]string{"#1042": {"status": "cancelled"}},
	})
	s.Cases[0].Simulate.Mood = "hurried"
	names, r := failed(t, s, endpoint)
	if len(names) != 0 || r.Skipped != "" || r.Outage != "" || len(told) != 2 {
		t.Errorf("%v, skipped %q, outage %q, told %q", names, r.Skipped, r.Outage, told)
	}
}
