package replay

import (
	"regexp"
	"slices"
	"strings"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/receipts"
)

// Kind is how a turn comes out differently, by what matters most of it.
type Kind string

// The kinds, the riskiest first: what a customer would be told without a person, what they
// would be told otherwise, what they would not be told any more, and what they would not
// notice.
const (
	// AnswersNow: a person was to answer, and now the bot does.
	AnswersNow Kind = "answers_now"
	// AnswersUnasked: the bot asked back, and now answers at once.
	AnswersUnasked Kind = "answers_unasked"
	// OtherAction: another change of an order is proposed, sent or refused, or none.
	OtherAction Kind = "other_action"
	// OtherFacts: other numbers, dates, amounts or links, or a yes for a no.
	OtherFacts Kind = "other_facts"
	// Unknown: the shop's system is asked something that the record does not tell.
	Unknown Kind = "unknown"
	// HandsOffNow: the bot answered or asked back, and now a person is to answer.
	HandsOffNow Kind = "hands_off_now"
	// AsksNow: the bot asks back where it answered, or where a person was to answer.
	AsksNow Kind = "asks_now"
	// SilentNow: the customer got something and now gets nothing.
	SilentNow Kind = "silent_now"
	// OtherReason: a person is to answer as before, for another reason.
	OtherReason Kind = "other_reason"
	// OtherPassages: the same is said and rests on other passages.
	OtherPassages Kind = "other_passages"
	// OtherWords: the same is said in other words.
	OtherWords Kind = "other_words"
	// Same: nothing changed.
	Same Kind = ""
)

// Kinds are those of changes, the riskiest first.
func Kinds() []Kind {
	return []Kind{
		AnswersNow, AnswersUnasked, OtherAction, OtherFacts, Unknown, HandsOffNow, AsksNow, SilentNow, OtherReason, OtherPassages, OtherWords,
	}
}

// Risky tells whether a customer would be told something that nobody has seen to be right.
func (k Kind) Risky() bool {
	return slices.Contains([]Kind{AnswersNow, AnswersUnasked, OtherAction, OtherFacts, Unknown}, k)
}

// Visible tells whether the customer would notice, and might have gone on otherwise.
func (k Kind) Visible() bool { return k != Same && k != OtherPassages }

// rank orders kinds by risk; it is the greatest for Same.
func (k Kind) rank() int {
	if at := slices.Index(Kinds(), k); at >= 0 {
		return at
	}
	return len(Kinds())
}

// outcome is what the customer gets.
type outcome int

const (
	silence outcome = iota
	handoff
	question
	answer
)

func outcomeOf(r gateway.Record) outcome {
	switch r.Decision.Kind {
	case gateway.DecideHandoff:
		return handoff
	case gateway.DecideClarify:
		return question
	case gateway.DecideReply, gateway.DecidePropose, gateway.DecideNotify:
		return answer
	case gateway.DecideQuiet:
	}
	return silence
}

// KindOf compares a turn with what it became.
func KindOf(r gateway.Replayed) Kind {
	was, now := outcomeOf(r.Was), outcomeOf(r.Now)
	switch {
	case r.Beyond:
		return Unknown
	case was != now:
		return turned(was, now)
	case was == handoff && r.Was.Decision.Reason != r.Now.Decision.Reason:
		return OtherReason
	case was != handoff && acts(r.Was) != acts(r.Now):
		return OtherAction
	case was != handoff && otherFacts(r.Was.Reply, r.Now.Reply):
		return OtherFacts
	case r.Was.Reply != r.Now.Reply:
		return OtherWords
	case was == answer && !slices.Equal(rests(r.Was), rests(r.Now)):
		return OtherPassages
	}
	return Same
}

// turned is the kind of a change from one outcome to another.
func turned(was, now outcome) Kind {
	switch {
	case now == answer && was == question:
		return AnswersUnasked
	case now == answer:
		return AnswersNow
	case now == handoff:
		return HandsOffNow
	case now == question:
		return AsksNow
	}
	return SilentNow
}

// acts is the change of an order that a turn is about, and what becomes of it.
func acts(r gateway.Record) string {
	write := func(c action.Call) string {
		return strings.Join([]string{string(c.Kind), c.Order, strings.Join(c.Items, ", "), c.Address}, "\x00")
	}
	switch {
	case r.Proposal != nil:
		return string(r.Decision.Kind) + write(r.Proposal.Call)
	case r.Refusal != nil:
		return "refused " + r.Refusal.Verdict.Rule + write(r.Refusal.Call)
	}
	return ""
}

// rests are the passages that a reply rests on, by what they say.
func rests(r gateway.Record) (list []string) {
	for _, p := range r.Cited() {
		list = append(list, p.DocumentID+" "+key(p))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func key(p rag.Passage) string {
	if p.Hash != "" {
		return p.Hash
	}
	return p.TextHash()
}

// otherFacts tells whether two replies differ in a figure, or one denies what the other
// does not. It would rather see a difference too many: whoever reads the list knows better.
func otherFacts(was, now string) bool {
	if was == now {
		return false
	}
	return len(receipts.Missing(now, []string{was}))+len(receipts.Missing(was, []string{now})) > 0 || denials(was) != denials(now)
}

// denial matches words that turn a sentence into its opposite, and the yes and no with
// which a reply begins.
var denial = regexp.MustCompile(`(?i)(^|[^\p{L}])(no|not|never|nunca|jamás|tampoco|sin|without|cannot|can't|don't|doesn't|isn't|aren't|won't)([^\p{L}]|$)`)

// denials is whether there are any, and not how many: other words for the same have more or
// fewer of them.
func denials(text string) bool { return denial.MatchString(text) }
