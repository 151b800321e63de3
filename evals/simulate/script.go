package simulate

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/evals/suite/vary"
)

// Script is a customer who needs no model. It is plain data, and Next is pure: the same
// seed and the same answers give the same talk.
type Script struct {
	Who      suite.Simulate
	Language string
	Seed     uint64
}

// State is how far a talk has come. The zero State is its beginning.
type State struct {
	// moves counts what the customer did.
	moves int
	// instead tells that they want the second thing now, and answered that a yes was given.
	instead, answered, refused bool
	// insisted counts how often they insisted.
	insisted int
	// told is how often each thing was told.
	told map[string]int
}

// Next is what the customer does, given what they got, and the state after it.
func (s Script) Next(st State, heard Heard) (State, Move) {
	st.told = maps.Clone(st.told)
	if st.told == nil {
		st.told = map[string]int{}
	}
	var m Move
	if st.moves == 0 {
		m = s.open(&st)
	} else {
		m = s.react(&st, understand(heard.Replies))
	}
	st.moves++
	return st, m
}

// wish is what the customer wants now.
func (s Script) wish(st *State) suite.Wish {
	if !st.instead || s.Who.Instead == nil {
		return s.Who.Wish
	}
	w := *s.Who.Instead
	knows := maps.Clone(s.Who.Knows)
	if knows == nil {
		knows = map[string]string{}
	}
	maps.Copy(knows, w.Knows)
	w.Knows = knows
	return w
}

// random is the chance of one move, which does not depend on those before.
func (s Script) random(st *State) *rand.Rand {
	return rand.New(rand.NewPCG(s.Seed, uint64(st.moves)))
}

// line is one of the ways to say something.
func (s Script) line(st *State, name string) string {
	ways := linesOf(s.Language)[name]
	if len(ways) == 0 {
		return ""
	}
	return ways[s.random(st).IntN(len(ways))]
}

// open begins the talk.
func (s Script) open(st *State) Move {
	return s.speak(st, s.line(st, s.Who.Mood)+s.ask(st))
}

// ask says what is wanted, with the number of the order at once or only when the shop asks
// for it, as people do.
func (s Script) ask(st *State) string {
	w := s.wish(st)
	if w.Goal != "" {
		if order := w.Knows["order"]; order != "" && strings.Contains(w.Goal, strings.TrimLeft(order, "#")) {
			st.told["order"]++
		}
		return w.Goal
	}
	text := s.line(st, w.Wants)
	if w.Wants == "start_return" {
		text += " " + s.things(st, w)
	}
	if order := w.Knows["order"]; order != "" && s.random(st).IntN(3) > 0 {
		st.told["order"]++
		text = strings.TrimRight(text, ".") + punctuated(text) + fmt.Sprintf(s.line(st, "order told"), order)
	}
	return text
}

// things are what somebody wants to return.
func (s Script) things(st *State, w suite.Wish) string {
	if items := w.Knows["items"]; items != "" {
		st.told["items"]++
		return items
	}
	return s.line(st, "some items")
}

// punctuated joins a sentence to what follows it.
func punctuated(text string) string {
	if strings.HasSuffix(text, "?") {
		return " "
	}
	return ", "
}

// react answers what the shop said.
func (s Script) react(st *State, got sense) Move {
	w := s.wish(st)
	switch {
	case got.person:
		return Move{End: suite.EndPerson}
	case got.done, got.passed && st.answered:
		return s.farewell(st, suite.EndDone)
	case len(got.asks) > 0:
		return s.tell(st, w, got.asks)
	case got.confirm:
		return s.decide(st, w, got)
	case st.refused && !got.silent:
		if s.Who.Instead != nil && !st.instead {
			st.instead, st.refused = true, false
			return s.speak(st, capital(s.ask(st)))
		}
		return s.farewell(st, suite.EndDone)
	case got.silent:
		return s.insist(st, "silent")
	case !got.helps(w.Wants):
		// A yes that came too late has to be asked for again.
		st.answered = false
		return s.insist(st, "insist")
	}
	return s.farewell(st, suite.EndDone)
}

// writes tells whether somebody wants something changed, which a mere answer does not do.
func writes(wants string) bool {
	return wants == "cancel_order" || wants == "start_return" || wants == "change_address"
}

// decide says yes or no to what the shop proposes, by a tap where there is a button.
func (s Script) decide(st *State, w suite.Wish, got sense) Move {
	instead := s.Who.Instead != nil && !st.instead
	if !w.Refuses && !instead && writes(w.Wants) {
		st.answered = true
		if got.yes != "" && s.random(st).IntN(2) == 0 {
			return Move{Tap: got.yes}
		}
		return s.speak(st, capital(s.line(st, "yes")))
	}
	st.refused = true
	name := "no"
	if instead {
		name = "change"
	}
	if got.no != "" && (s.random(st).IntN(2) == 0 || instead) {
		return Move{Tap: got.no}
	}
	return s.speak(st, capital(s.line(st, name)))
}

// tell answers what the shop wants to know: what is known, once or twice, and else that it
// is not.
func (s Script) tell(st *State, w suite.Wish, asks []string) Move {
	var parts []string
	for _, name := range asks {
		value, known := s.known(w, name)
		switch {
		case !known && name == "code":
			return s.without(st, "no code")
		case !known || st.told[name] > 1:
			continue
		case name == "code":
			st.told[name]++
			return Move{Say: []string{value}}
		}
		st.told[name]++
		parts = append(parts, said(s.line(st, name), value))
	}
	if len(parts) == 0 {
		return s.without(st, "unknown")
	}
	return Move{Say: []string{capital(strings.Join(parts, ", "))}, Voice: s.voice()}
}

// said puts what is known into a line, or says it alone.
func said(line, value string) string {
	if !strings.Contains(line, "%s") {
		return value
	}
	return fmt.Sprintf(line, value)
}

// known is what the customer knows by a name. What was sent to them stands for itself.
func (s Script) known(w suite.Wish, name string) (string, bool) {
	value := w.Knows[name]
	if name == "code" && value == suite.CodeSent {
		value = "{code}"
	}
	return value, value != ""
}

// without says that something is not known. Who says it too often gives up.
func (s Script) without(st *State, name string) Move {
	if st.insisted >= s.Who.Patience {
		return s.giveUp(st)
	}
	st.insisted++
	return s.speak(st, capital(s.line(st, name)))
}

// insist asks once more, or gives up.
func (s Script) insist(st *State, name string) Move {
	if st.insisted >= s.Who.Patience {
		return s.giveUp(st)
	}
	st.insisted++
	line := s.line(st, name)
	if !strings.Contains(line, "%s") {
		return s.speak(st, capital(line))
	}
	if st.insisted > 1 && s.Who.Mood != "polite" {
		return s.speak(st, capital(s.line(st, "insist short")))
	}
	return s.speak(st, capital(fmt.Sprintf(line, s.again(st))))
}

// again is what is wanted, said once more with all that is known of the order.
func (s Script) again(st *State) string {
	w := s.wish(st)
	text := w.Goal
	if text == "" {
		text = s.line(st, w.Wants)
		if w.Wants == "start_return" {
			text += " " + s.things(st, w)
		}
	}
	if order := w.Knows["order"]; order != "" && !strings.Contains(text, strings.TrimLeft(order, "#")) {
		st.told["order"]++
		text += punctuated(text) + fmt.Sprintf(s.line(st, "order told"), order)
	}
	return small(text)
}

// giveUp asks for a person, or goes away.
func (s Script) giveUp(st *State) Move {
	if s.Who.GivesUp == "person" && st.told["person"] == 0 {
		st.told["person"]++
		st.insisted-- // the wish for a person may be asked back about once
		return s.speak(st, capital(s.line(st, "want person")))
	}
	return s.farewell(st, suite.EndGaveUp)
}

// farewell ends the talk: with thanks, with a shrug, or without a word.
func (s Script) farewell(st *State, end string) Move {
	var name string
	switch {
	case end == suite.EndGaveUp && s.Who.Mood != "hurried":
		name = "leave"
	case end == suite.EndDone && (s.Who.Mood == "polite" || s.Who.Mood == "calm" && s.random(st).IntN(2) == 0):
		name = "thanks"
	default:
		return Move{End: end}
	}
	m := s.speak(st, capital(s.line(st, name)))
	m.End = end
	return m
}

// speak writes something as the customer writes.
func (s Script) speak(st *State, text string) Move {
	messages := []string{text}
	seed := fmt.Sprintf("%d/%d", s.Seed, st.moves)
	for _, habit := range s.Who.Habits {
		messages = vary.Messages(habit, s.Language, seed, messages)
	}
	return Move{Say: messages, Voice: s.voice()}
}

// voice tells whether the customer speaks.
func (s Script) voice() bool { return slices.Contains(s.Who.Habits, vary.Voice) }

// capital begins a sentence with a capital letter, behind what opens it.
func capital(text string) string { return first(text, unicode.ToUpper) }

// small begins a text with a small letter, so that it can go on a sentence: but not the
// word for oneself.
func small(text string) string {
	if strings.HasPrefix(text, "I ") || strings.HasPrefix(text, "I'") {
		return text
	}
	return first(text, unicode.ToLower)
}

func first(text string, change func(rune) rune) string {
	at := strings.IndexFunc(text, func(r rune) bool { return r != '¿' && r != '¡' })
	if at < 0 {
		return text
	}
	r, size := utf8.DecodeRuneInString(text[at:])
	return text[:at] + string(change(r)) + text[at+size:]
}
