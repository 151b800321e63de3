package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/recado/recado/rag/guard"
)

// The rules of what a customer wants in a word, and of their yes and no. Code resolves
// them, with the model down too.
const (
	ruleHuman         = "control_human"
	ruleStop          = "control_stop"
	ruleRepeat        = "control_repeat"
	ruleLanguage      = "control_language"
	ruleWhichLanguage = "control_which_language"
	ruleDeleteData    = "control_delete_data"
	ruleRepeated      = "repeated"
	ruleDeclined      = "declined"
	ruleStaleTap      = "stale_tap"
	ruleCodeLate      = "code_late"
	ruleCodeAwaited   = "code_awaited"
	ruleStillOpen     = "still_open"
	ruleOfferTaken    = "offer_taken"
	ruleLeftAlone     = "left_alone"
	ruleWho           = "who"
)

// Tap is a button of a proposal that the customer tapped.
type Tap struct {
	// Yes is false for no. ID is that of the proposal.
	Yes bool
	ID  string
	// Text is what the button said, which is also one of the burst's texts.
	Text string
}

const (
	yesButton = "yes:"
	noButton  = "no:"
)

// tapOf reads a tap of a proposal's button.
func tapOf(m *Message) (Tap, bool) {
	if m == nil || m.Choice == nil {
		return Tap{}, false
	}
	if id, ok := strings.CutPrefix(m.Choice.ID, yesButton); ok {
		return Tap{Yes: true, ID: id, Text: m.Words()}, true
	}
	if id, ok := strings.CutPrefix(m.Choice.ID, noButton); ok {
		return Tap{ID: id, Text: m.Words()}, true
	}
	return Tap{}, false
}

// beside are the texts of a burst that are no taps.
func (b Burst) beside() []string {
	texts := slices.Clone(b.Texts)
	for _, t := range b.Taps {
		if at := slices.Index(texts, t.Text); at >= 0 {
			texts = slices.Delete(texts, at, at+1)
		}
	}
	return texts
}

// read finds the commands in a burst. "Hola" and "stop" are one together, and so are
// "stop" and "stop".
func (b Burst) read() Burst {
	b.Said, b.Control = nil, ""
	for _, text := range b.Texts {
		if c, ok := controlIn(text); ok {
			b.Said = append(b.Said, c)
		}
	}
	if len(b.Texts) > 1 {
		b.Control, _ = controlIn(b.Text())
	}
	if b.Control == "" && len(b.Said) > 0 && len(b.Said) == len(b.Texts) && len(slices.Compact(slices.Clone(b.Said))) == 1 {
		b.Control = b.Said[0]
	}
	return b
}

// says tells whether one of the messages is that command, whatever else was written.
func (b Burst) says(c guard.Control) bool { return slices.Contains(b.Said, c) }

// language is the one that the newest message asks for, or "".
func (b Burst) language() string {
	for _, c := range slices.Backward(b.Said) {
		switch c {
		case guard.ControlSpanish:
			return "es"
		case guard.ControlEnglish:
			return "en"
		case guard.ControlHuman, guard.ControlStop, guard.ControlRepeat, guard.ControlLanguage, guard.ControlDeleteData, guard.ControlYes, guard.ControlNo:
		}
	}
	return ""
}

// code is the one-time code that the burst consists of, or "": the newest one, with
// nothing but courtesies beside it.
func (b Burst) code() string {
	code := ""
	for _, text := range b.Texts {
		if one := codeIn(text); one != "" {
			code = one
		} else if guard.Courteous(text) == "" {
			return ""
		}
	}
	return code
}

// wish is what the customer says to an open proposal.
type wish int

const (
	// wishNone: they speak of something else.
	wishNone wish = iota
	wishYes
	wishNo
	// wishMore: yes, and something else that has to be heard first.
	wishMore
	// wishStale: yes or no to a proposal that is not open any more.
	wishStale
	// wishCode is a one-time code, and wishLate one that comes after its time.
	wishCode
	wishLate
	// wishAwaited: yes, while the code has to come first.
	wishAwaited
	// wishUnasked: yes, after something else was said, so that nobody knows to what.
	wishUnasked
)

// wish reads what the customer says to the proposal that is open, or was. A button
// counts by its id alone. Words count right after they were asked for, and only when
// they hold nothing else.
func (s Situation) wish() wish {
	p := s.Memory.Pending
	open := p != nil && s.At.Before(p.ExpiresAt)
	if !s.Memory.CodeUntil.IsZero() && s.Burst.code() != "" {
		if open && p.NeedsCode && s.At.Before(s.Memory.CodeUntil) {
			return wishCode
		}
		return wishLate
	}
	if len(s.Burst.Taps) > 0 {
		return s.tapped(open)
	}
	c := s.Burst.Control
	if c == "" && open && s.Asked && declines(s.Burst.Text()) {
		c = guard.ControlNo
	}
	if c == guard.ControlYes && !plainYes(s.Burst.Text()) {
		c = ""
	}
	switch {
	case open && !s.Asked && !s.Aside && !s.Clarified && !p.NeedsCode && c == guard.ControlYes:
		return wishUnasked
	case p == nil || !s.Asked || c != guard.ControlYes && c != guard.ControlNo:
		return wishNone
	case !open:
		return wishStale
	case c == guard.ControlNo:
		return wishNo
	case p.NeedsCode:
		return wishAwaited
	}
	return wishYes
}

var (
	// clearYes matches a yes that is more than "I see": who is offered a person and says
	// "vale" has understood that one can be had.
	clearYes = regexp.MustCompile(`(?i)^[\s¡!.,]*(?:s[ií]+|sip|yes|yep|yeah|yup|claro|sure|por supuesto|of course)(?:[^\p{L}]|$)`)
	// plainNo matches a no that wants nothing done: "cancela" after nothing that was asked is
	// a wish.
	plainNo = regexp.MustCompile(`(?i)^[\s¡!.,]*(?:no+|nop|nope|nah|mejor no|para nada|no hace falta|never ?mind|forget it|d[eé]jalo|not now)(?:[\s,.!]+(?:no+|gracias|muchas gracias|thanks|thank you|please|por favor|d[eé]jalo|hace falta))*[\s.!]*$`)
)

// plainYes tells whether a yes is one for a write: neither a question nor a letter, which
// in Spanish is "and".
func plainYes(text string) bool {
	return !strings.Contains(text, "?") && utf8.RuneCountInString(strings.TrimSpace(text)) > 1
}

// tapped reads taps: a no among them wins, and words beside a yes are heard first.
func (s Situation) tapped(open bool) wish {
	beside := strings.Join(s.Burst.beside(), "\n")
	alone := beside == "" || guard.Courteous(beside) != ""
	yes, no := false, false
	for _, t := range s.Burst.Taps {
		if open && t.ID == s.Memory.Pending.ID {
			yes, no = yes || t.Yes, no || !t.Yes
		}
	}
	switch c, _ := controlIn(beside); {
	case no, yes && c == guard.ControlNo:
		return wishNo
	case yes && (alone || c == guard.ControlYes && plainYes(beside)):
		return wishYes
	case yes:
		return wishMore
	case alone:
		return wishStale
	}
	return wishNone
}

// control gives the decision on what the customer wants in a word, if it is one.
func control(s Situation) (Decision, bool) {
	reply := func(rule string) (Decision, bool) { return Decision{Kind: DecideReply, Rule: rule}, true }
	if s.Burst.says(guard.ControlDeleteData) {
		// Whatever else was asked, a person reads it.
		return Decision{Kind: DecideHandoff, Reason: ReasonData, Rule: ruleDeleteData}, true
	}
	switch w := s.wish(); {
	case s.Doubted && (w == wishYes || w == wishCode):
		return Decision{Kind: DecideHandoff, Reason: ReasonIdentity, Rule: ruleIdentity}, true
	case w == wishNo:
		return reply(ruleDeclined)
	case w == wishStale:
		return reply(ruleStaleTap)
	case w == wishLate:
		return reply(ruleCodeLate)
	case w == wishAwaited:
		return reply(ruleCodeAwaited)
	case w == wishUnasked:
		return reply(ruleStillOpen)
	case w != wishNone:
		return Decision{}, false
	}
	switch s.Burst.Control {
	case guard.ControlHuman:
		return Decision{Kind: DecideHandoff, Reason: ReasonAskedForHuman, Rule: ruleHuman}, true
	case guard.ControlStop:
		return reply(ruleStop)
	case guard.ControlRepeat:
		return reply(ruleRepeat)
	case guard.ControlSpanish, guard.ControlEnglish:
		return reply(ruleLanguage)
	case guard.ControlLanguage:
		return reply(ruleWhichLanguage)
	case guard.ControlYes:
		if s.Offered && clearYes.MatchString(s.Burst.Text()) {
			return Decision{Kind: DecideHandoff, Reason: ReasonAskedForHuman, Rule: ruleOfferTaken}, true
		}
	case guard.ControlNo:
		if s.Stated && plainNo.MatchString(s.Burst.Text()) {
			return reply(ruleLeftAlone)
		}
	case guard.ControlDeleteData:
	}
	if s.Repeats >= maxRepeats {
		return Decision{Kind: DecideHandoff, Reason: ReasonRepeat, Rule: ruleRepeated}, true
	}
	return Decision{}, false
}

const (
	// maxRepeats is how often the same question comes in a row until a person takes it.
	maxRepeats = 3
	// repeatWithin is how long after a question the same one counts as repeated: who asks
	// every day where their order is repeats nothing.
	repeatWithin = time.Hour
)

// askedHash identifies a question by its words: case, accents aside and signs do not
// matter. Courtesies and commands are no questions and give "".
func (b Burst) askedHash() string {
	text := b.Text()
	if b.Control != "" || len(b.Taps) > 0 || guard.Courteous(text) != "" && !b.asksWho() || b.code() != "" {
		return ""
	}
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(words, " ")))
	return hex.EncodeToString(sum[:8])
}

// repeats is how often the burst's question has come in a row, with this time.
func (m Memory) repeats(hash string, at time.Time) int {
	if hash == "" || hash != m.AskedHash || at.After(m.AskedAt.Add(repeatWithin)) {
		return 1
	}
	return m.Repeats + 1
}
