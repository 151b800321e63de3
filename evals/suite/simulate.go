package suite

import (
	"maps"
	"slices"
	"strings"
)

// Simulate is a customer who is played: what they want and know, how they are and how they
// write. What they say follows from what the shop answers, so that a case has no steps of
// its own but an end.
type Simulate struct {
	Line int
	Wish
	// Mood is "calm", "polite", "hurried", "angry" or "confused".
	Mood string
	// Habits are generators that the customer's own words go through, in a fixed order.
	Habits []string
	// Instead is what is wanted in place of the first when the shop asks for a yes: a
	// customer who changes their mind. Nil is one who does not.
	Instead *Wish
	// Patience is how often the customer insists on an answer that does not help, before
	// they give up; GivesUp says how: "person" asks for one, "leave" goes away.
	Patience int
	GivesUp  string
	// Turns is how many messages or taps of the customer there are at most.
	Turns int
	// Expect is what has to be true at the end: the facts of the whole talk, the decision
	// that it ended with, and the orders as they are then.
	Expect Expect
}

// Wish is one thing that a customer wants.
type Wish struct {
	// Wants is a kind of the catalog, such as "cancel_order", or "person" or "answer".
	Wants string
	// Goal is it in the customer's own words; empty lets whoever plays find some.
	Goal string
	// Knows is what the customer can tell: "order", "code" and the like, by name.
	Knows map[string]string
	// Refuses tells that the customer says no when the shop asks for a yes.
	Refuses bool
}

// CodeSent is the value of the code that a customer knows who gets what is sent to them.
const CodeSent = "sent"

// The ends of a talk with a customer who is played.
const (
	// EndDone is a customer who has what they wanted, EndPerson one who waits for a
	// person, EndGaveUp one who went away, and EndLimit one who would still go on.
	EndDone   = "done"
	EndPerson = "person"
	EndGaveUp = "gave_up"
	EndLimit  = "limit"
)

// The numbers of a customer of whom a suite says nothing else.
const (
	defaultTurns    = 8
	defaultPatience = 2
)

// played finds whether a case is played, and looks at how it is made.
func (r *reader) played(w *written) bool {
	n := w.node.get("simulate")
	if n == nil {
		return false
	}
	w.simulate, w.short = n, true
	for _, key := range []string{"say", "steps", "voice"} {
		if other := w.node.get(key); other != nil {
			r.caseFault(w, other, "a case with `simulate` has no `%s`: what the customer writes follows from what they want; take one of the two away", key)
		}
	}
	if w.node.get("expect") == nil && w.defaults.get("expect") == nil {
		r.caseFault(w, w.node, "the case expects nothing, so that it can't fail; write `expect:`, such as the orders as they should be at the end")
	}
	for _, wish := range []*node{n, n.get("instead")} {
		if wish == nil {
			continue
		}
		if wish.get("wants").string() == "answer" && wish.get("goal") == nil {
			r.caseFault(w, wish, "who wants an answer has to ask something; write it as `goal`")
		}
	}
	r.expectable(w, w.node.get("expect"))
	return true
}

// simulated reads who is played in one language.
func (r *reader) simulated(w *written, language string) *Simulate {
	n := w.simulate
	s := &Simulate{
		Line: n.line, Wish: r.wish(w, n, language), Mood: n.get("mood").string(), Habits: inOrder(n.get("habits").texts()),
		GivesUp: n.get("gives_up").string(), Turns: int(n.get("turns").number()), Patience: defaultPatience,
	}
	if s.Mood == "" {
		s.Mood = "calm"
	}
	if s.GivesUp == "" {
		s.GivesUp = "leave"
	}
	if s.Turns == 0 {
		s.Turns = defaultTurns
	}
	if patience := n.get("patience").pointer(); patience != nil {
		s.Patience = int(*patience)
	}
	if instead := n.get("instead"); instead != nil {
		wish := r.wish(w, instead, language)
		s.Instead = &wish
	}
	s.Expect = r.expect(w, w.defaults.get("expect"), language, Expect{})
	s.Expect = r.expect(w, w.node.get("expect"), language, s.Expect)
	if s.Expect.Line == 0 {
		s.Expect.Line = n.line
	}
	return s
}

func (r *reader) wish(w *written, n *node, language string) Wish {
	wish := Wish{Wants: n.get("wants").string(), Goal: r.in(w, n.get("goal"), language).string()}
	if knows := n.get("knows"); knows != nil {
		wish.Knows = map[string]string{}
		for i, key := range knows.keys {
			wish.Knows[key.text] = r.in(w, knows.values[i], language).string()
		}
	}
	if confirms := n.get("confirms"); confirms != nil {
		wish.Refuses = confirms.value == false
	}
	return wish
}

// speaks are the texts of a played case by which its languages are told.
func (w *written) speaks() []*node {
	var list []*node
	for _, wish := range []*node{w.simulate, w.simulate.get("instead")} {
		if goal := wish.get("goal"); goal != nil {
			list = append(list, goal)
		}
	}
	return list
}

// Names are the orders that the customer of a case may speak of.
func (s *Simulate) Names() string {
	if s == nil {
		return ""
	}
	wishes := []Wish{s.Wish}
	if s.Instead != nil {
		wishes = append(wishes, *s.Instead)
	}
	var parts []string
	for _, w := range wishes {
		parts = append(parts, w.Goal)
		for _, name := range slices.Sorted(maps.Keys(w.Knows)) {
			parts = append(parts, w.Knows[name])
		}
	}
	parts = append(parts, slices.Sorted(maps.Keys(s.Expect.Orders))...)
	return strings.Join(parts, " ")
}
