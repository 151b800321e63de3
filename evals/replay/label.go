package replay

import (
	"cmp"
	"slices"

	"github.com/recado/recado/gateway"
)

// Label is what people said of a past turn.
type Label struct {
	// Answer is what they said of its draft, VerdictRight or VerdictWrong, and Handoff of
	// whether a person was needed. Either may be empty.
	Answer, Handoff gateway.Verdict
}

// seen tells whether the customer would be told what people found right: the draft that a
// person had before them then, word for word. Where they said that a person was needed it is
// not enough that the draft was right.
func seen(l Label, one gateway.Replayed) bool {
	if l.Answer != gateway.VerdictRight || l.Handoff == gateway.VerdictNeeded || outcomeOf(one.Was) != handoff {
		return false
	}
	draft := one.Was.Draft.Answer
	return draft != "" && draft == one.Now.Draft.Answer && outcomeOf(one.Now) == answer && acts(one.Now) == ""
}

// held tells whether the customer was told nothing wrong then, as far as people said, and
// whether they would be told nothing now that nobody has seen to be right.
func (t Turn) held() (then, now bool) {
	then = t.Label != string(gateway.VerdictWrong) || !answers(t.Was)
	return then, then && (!t.Kind.Risky() || t.Seen)
}

// answered tells whether the bot answered then and would now. That it answers now what
// people said needed a person is no gain.
func (t Turn) answered() (then, now bool) {
	then = answers(t.Was)
	return then, answers(t.Now) && (then || t.Handoff != string(gateway.VerdictNeeded))
}

// urgency orders changes of one kind: first those of which people's words make a harm
// likely, last those that they make harmless.
func (t Turn) urgency() int {
	sends := !answers(t.Was) && answers(t.Now)
	switch {
	case t.Seen:
		return 4
	case sends && (t.Handoff == string(gateway.VerdictNeeded) || t.Label == string(gateway.VerdictWrong)):
		return 0
	case sends && t.Handoff == string(gateway.VerdictEarly):
		return 3
	case answers(t.Was) && t.Label == string(gateway.VerdictRight):
		return 1
	case answers(t.Was) && t.Label == string(gateway.VerdictWrong):
		return 3
	}
	return 2
}

// Changed are the turns that came out differently, the riskiest first: by kind, exact ones
// before those after a change, then by what people said, then by how sure the answer is.
func (r Result) Changed() []Turn {
	list := slices.DeleteFunc(slices.Clone(r.Turns), func(t Turn) bool { return t.Kind == Same })
	order := func(after bool) int {
		if after {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(list, func(a, b Turn) int {
		return cmp.Or(cmp.Compare(a.Kind.rank(), b.Kind.rank()), cmp.Compare(order(a.After), order(b.After)),
			cmp.Compare(a.urgency(), b.urgency()), cmp.Compare(b.Now.Confidence, a.Now.Confidence))
	})
	return list
}
