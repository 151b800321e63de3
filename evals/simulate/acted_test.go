package simulate_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/simulate"
	"github.com/recado/recado/evals/suite"
)

// actor answers with what a test has written, one after another.
type actor struct {
	says  []string
	err   error
	asked []string
	told  string
}

func (*actor) Name() string { return "actor-1" }

func (a *actor) Ask(_ context.Context, system, user string, schema []byte) ([]byte, error) {
	if !json.Valid(schema) {
		return nil, errors.New("the schema is no JSON")
	}
	a.asked, a.told = append(a.asked, user), system
	if a.err != nil {
		return nil, a.err
	}
	say := a.says[0]
	a.says = a.says[1:]
	return []byte(say), nil
}

func acted(t *testing.T, a *actor, s suite.Simulate) simulate.Speaker {
	t.Helper()
	s.Turns = 8
	who, err := simulate.Acted{Chat: a}.Play(suite.Case{
		ID: "a/en", Group: "a", Language: "en", Customer: suite.Customer{Name: "Ana", Phone: "34600111222"}, Simulate: &s,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

func TestActed(t *testing.T) {
	t.Parallel()
	a := &actor{says: []string{
		`{"messages":["Hi"," I want to cancel "],"tap":"","state":"goes_on"}`,
		`{"messages":[],"tap":"yes","state":"goes_on"}`,
		`{"messages":[],"tap":"Later","state":"goes_on"}`,
		`{"messages":["Thanks!"],"tap":"","state":"done"}`,
	}}
	who := acted(t, a, suite.Simulate{Wish: suite.Wish{Wants: "cancel_order", Knows: map[string]string{"order": "#1042", "code": suite.CodeSent}}, Mood: "polite"})
	heard := []simulate.Heard{{}, {Replies: say("Shall I pass this on?", "Yes", "No")}, {Replies: say("Anything else?")}, {}}
	want := []simulate.Move{{Say: []string{"Hi", "I want to cancel"}}, {Tap: "Yes"}, {Say: []string{"Later"}}, {Say: []string{"Thanks!"}, End: suite.EndDone}}
	for i := range want {
		m, err := who.Next(t.Context(), heard[i])
		if diff := cmp.Diff(want[i], m); diff != "" || err != nil {
			t.Errorf("move %d: %v\n%s", i, err, diff)
		}
	}
	for _, part := range []string{"English", "very polite", "Ana", "have your order cancelled", "order: #1042", "{code}"} {
		if !strings.Contains(a.told, part) {
			t.Errorf("the model was not told %q:\n%s", part, a.told)
		}
	}
	if strings.Contains(a.told, "34600111222") {
		t.Error("the model was told the phone number")
	}
	last := a.asked[3]
	for _, part := range []string{`"you":["Hi","I want to cancel"]`, `"shop":["Shall I pass this on?"],"buttons":["Yes","No"]`, `"tapped":"Yes"`, `"silence":true`, `"turns_left":5`} {
		if !strings.Contains(last, part) {
			t.Errorf("no %s in %s", part, last)
		}
	}
}

// A model that leaves its role is told so once.
func TestActedStaysInItsRole(t *testing.T) {
	t.Parallel()
	good := `{"messages":["Where is my order?"],"tap":"","state":"goes_on"}`
	for name, bad := range map[string]string{
		"speaks of itself":    `{"messages":["As an AI, I cannot order anything."],"tap":"","state":"goes_on"}`,
		"speaks of its role":  `{"messages":["Mi personaje quiere cancelar"],"tap":"","state":"goes_on"}`,
		"no state":            `{"messages":["Hi"],"tap":""}`,
		"another state":       `{"messages":["Hi"],"tap":"","state":"happy"}`,
		"nothing":             `{"messages":["  "],"tap":"","state":"goes_on"}`,
		"the end at once":     `{"messages":[],"tap":"","state":"done"}`,
		"no object":           `["Hi"]`,
		"more than one reads": `{"messages":["` + strings.Repeat("long ", 800) + `"],"tap":"","state":"goes_on"}`,
	} {
		a := &actor{says: []string{bad, good}}
		m, err := acted(t, a, suite.Simulate{Wish: suite.Wish{Wants: "order_status"}, Mood: "calm"}).Next(t.Context(), simulate.Heard{})
		if err != nil || len(m.Say) != 1 || !strings.Contains(a.asked[1], "objection") {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
		a = &actor{says: []string{bad, bad}}
		if m, err := acted(t, a, suite.Simulate{Wish: suite.Wish{Wants: "order_status"}}).Next(t.Context(), simulate.Heard{}); err == nil {
			t.Errorf("%s, twice: %+v", name, m)
		}
	}
}

func TestActedHabitsAndErrors(t *testing.T) {
	t.Parallel()
	long := `{"messages":["I would like to return the mechanical keyboard from order #W2023702, please."],"tap":"","state":"goes_on"}`
	a := &actor{says: []string{long}}
	m, err := acted(t, a, suite.Simulate{Wish: suite.Wish{Wants: "start_return"}, Habits: []string{"voice"}}).Next(t.Context(), simulate.Heard{})
	if err != nil || !m.Voice || strings.Contains(strings.Join(m.Say, ""), "#W") {
		t.Errorf("%+v, %v", m, err)
	}
	away := errors.New("away")
	a = &actor{err: away}
	if _, err := acted(t, a, suite.Simulate{}).Next(t.Context(), simulate.Heard{}); !errors.Is(err, away) || len(a.asked) != 1 {
		t.Errorf("%v, asked %d times", err, len(a.asked))
	}
	if _, err := (simulate.Acted{Chat: a}).Play(suite.Case{}, 1); err == nil {
		t.Error("nobody was played")
	}
}
