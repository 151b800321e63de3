package gateway

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after string
		want          float64
	}{
		"nothing": {"", "", 0}, "the same": {"uno dos", " uno\n dos ", 0}, "one of two": {"uno dos", "uno tres", .5},
		"put in": {"uno dos", "uno y dos", 1. / 3}, "taken out": {"uno y dos", "uno dos", 1. / 3}, "all": {"uno", "dos tres", 1},
		"all taken away": {"uno dos", "", 1},
	} {
		if got := changed(c.before, c.after); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestChangedIsADistance holds what a distance has to be, but for its scale.
func TestChangedIsADistance(t *testing.T) {
	t.Parallel()
	text := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 8).Draw(t, "words"), " ")
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		switch d := changed(a, b); {
		case d < 0 || d > 1:
			t.Fatalf("%q to %q: %v", a, b, d)
		case (d == 0) != (a == b):
			t.Fatalf("%q to %q: %v", a, b, d)
		case d != changed(b, a):
			t.Fatalf("%q to %q: %v, and back %v", a, b, d, changed(b, a))
		}
	})
}

func TestLabelKey(t *testing.T) {
	t.Parallel()
	l := Label{Kind: LabelAnswer, TurnID: "a b", By: "c"}
	same, other, another := l, l, l
	same.Verdict, same.HandoffID, same.At = VerdictWrong, "h", time.Unix(1, 0)
	other.TurnID, other.By = "a", "b c"
	another.Kind = LabelHandoff
	if l.Key() != same.Key() || l.Key() == other.Key() || l.Key() == another.Key() {
		t.Errorf("keys %s %s %s %s", l.Key(), same.Key(), other.Key(), another.Key())
	}
}

func TestLabelFrom(t *testing.T) {
	t.Parallel()
	at := time.Unix(100, 0)
	h := Handoff{ID: "h", ConversationID: "c", Packet: Packet{TurnID: "t", Draft: "uno dos tres"}}
	edit := draftLabel(h, Action{Kind: ActionReply, Agent: "ana", Text: "uno dos cuatro", At: at})
	if edit == nil || edit.Verdict != VerdictEdited || edit.Check() != nil {
		t.Fatalf("edit %+v", edit)
	}
	before := []LabelView{{Label: *edit}}
	l, err := LabelFrom(h, before, "ana", "", FlawTone, at.Add(time.Second))
	if err != nil || l.Flaw != FlawTone || l.Key() != edit.Key() || l.Edited != edit.Edited {
		t.Errorf("flaw %+v, %v", l, err)
	}
	if l, err = LabelFrom(h, nil, "ana", VerdictLate, "", at); err != nil || l.TurnID != "t" || l.Kind != LabelHandoff || l.Source != LabelFromAgent {
		t.Errorf("verdict %+v, %v", l, err)
	}
	for name, c := range map[string]struct {
		by string
		v  Verdict
		f  Flaw
	}{"another's edit": {"eva", "", FlawFact}, "both": {"ana", VerdictLate, FlawFact}, "neither": {"ana", "", ""}, "odd": {"ana", "odd", ""}, "odd flaw": {"ana", "", "odd"}} {
		if _, err := LabelFrom(h, before, c.by, c.v, c.f, at); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, a := range map[string]Action{
		"a greeting": {Kind: ActionReply, Text: "Hola, soy Ana"}, "no reply": {Kind: ActionResolve, Text: "uno dos tres"},
	} {
		if l := draftLabel(h, a); l != nil {
			t.Errorf("%s says %+v of the draft", name, l)
		}
	}
	if l := draftLabel(Handoff{ID: "h"}, Action{Kind: ActionReply, Text: "uno"}); l != nil {
		t.Errorf("a handoff without a draft: %+v", l)
	}
}
