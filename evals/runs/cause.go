package runs

import (
	"cmp"
	"slices"
)

// Cause is a word for where a case that failed went wrong first, as far as the record of the
// turn tells: what somebody would look at to mend it.
type Cause string

// The causes, in the order of a turn's parts. Those from NotFound to HeldRight are of turns that
// were handed off and should not have been, or of answers without what they had to say.
const (
	// NoCause is that of a case that did not fail.
	NoCause Cause = ""
	// NotFound: no passage of a right document was among those found.
	NotFound Cause = "not_found"
	// NotRead: a right document was found, and not put before the model.
	NotRead Cause = "not_read"
	// NoDraft: the model had a right document, or none is named, and gave no answer.
	NoDraft Cause = "no_draft"
	// ByRule: a rule, or a check of the draft, handed off.
	ByRule Cause = "by_rule"
	// HeldWrong: the draft was wrong, and the confidence did not send it.
	HeldWrong Cause = "held_wrong"
	// HeldRight: the draft was right, and the confidence did not send it.
	HeldRight Cause = "held_right"
	// OtherDocument: the answer rests on other documents than the right ones.
	OtherDocument Cause = "other_document"
	// LeftOut: the answer cites a right document, and leaves out what it had to say.
	LeftOut Cause = "left_out"
	// NotHandedOff: a person was wanted, and the customer was answered.
	NotHandedOff Cause = "not_handed_off"
	// OtherDecision: any other decision than the one expected, or another reason.
	OtherDecision Cause = "other_decision"
	// ForbiddenSaid: something was said or kept that must not be.
	ForbiddenSaid Cause = "forbidden"
	// WrongAction: something else was done with an order.
	WrongAction Cause = "wrong_action"
	// PoorForm: the reply is too long, in the wrong language, in several messages, or asks twice.
	PoorForm Cause = "poor_form"
	// PoorTalk: a played customer's talk took too long, or ended before they had what they wanted.
	PoorTalk Cause = "poor_talk"
	// NoAnswer: an endpoint gave nothing that a customer could have read.
	NoAnswer Cause = "no_answer"
	// ByJudge: the judge, or a sentence without backing, and nothing else.
	ByJudge Cause = "by_judge"
)

// CauseOf says where a case that was judged and failed went wrong first.
func CauseOf(r Result) Cause {
	if r.Passed || !r.judged() {
		return NoCause
	}
	for _, s := range r.Steps {
		if bad := s.failing(); len(bad) > 0 {
			return s.cause(bad)
		}
	}
	return OtherDecision
}

// failing are the names of the checks of a step that did not hold.
func (s Step) failing() []string {
	var list []string
	for _, c := range s.Checks {
		if !c.OK {
			list = append(list, c.Name)
		}
	}
	return list
}

// cause is what the gravest of a step's failed checks comes from.
func (s Step) cause(bad []string) Cause {
	has := func(names ...string) bool {
		return slices.ContainsFunc(bad, func(name string) bool { return slices.Contains(names, name) })
	}
	switch {
	case has(checkEndpoint):
		return NoAnswer
	case has("never", "masked"):
		return ForbiddenSaid
	case has("untouched"):
		return WrongAction
	case has("ending"):
		return PoorTalk
	case has("actions", "orders"):
		return WrongAction
	case has("decision"):
		return s.misdecided()
	case has("says", "sources"):
		return s.misanswered()
	case has("turns"):
		return PoorTalk
	case has("language", "length", "replies", "asked_twice"):
		return PoorForm
	case has("grounded", "judge"):
		return ByJudge
	}
	return OtherDecision
}

// misdecided tells why something else was decided than expected.
func (s Step) misdecided() Cause {
	switch {
	case s.Decision != "handoff" && slices.Contains(s.Expected, "handoff") && s.Decision != "quiet":
		return NotHandedOff
	case s.Decision != "handoff":
		return OtherDecision
	case s.unread() != NoCause:
		return s.unread()
	case s.Scored && s.DraftRight:
		return HeldRight
	case s.Scored:
		return HeldWrong
	case s.Rule == "model_abstained" || s.Draft == "" && s.Rule == "":
		return NoDraft
	}
	return ByRule
}

// misanswered tells why an answer is not the one expected.
func (s Step) misanswered() Cause {
	if s.Decision == "handoff" {
		return s.misdecided()
	}
	if len(s.Relevant) > 0 && !overlap(s.Relevant, s.Cited) {
		return cmp.Or(s.unread(), OtherDocument)
	}
	return LeftOut
}

// unread tells whether what there was to know did not reach the model.
func (s Step) unread() Cause {
	switch {
	case len(s.Relevant) == 0:
		return NoCause
	case !overlap(s.Relevant, s.Found):
		return NotFound
	case !overlap(s.Relevant, s.Used):
		return NotRead
	}
	return NoCause
}

// overlap tells whether two lists have one in common.
func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(one string) bool { return slices.Contains(b, one) })
}

// Caused is how many cases failed of one cause.
type Caused struct {
	Cause Cause `json:"cause"`
	Cases int   `json:"cases"`
}

// Causes counts the failed cases by cause, the most frequent first.
func Causes(results []Result) []Caused {
	counts := map[Cause]int{}
	for _, r := range results {
		if cause := CauseOf(r); cause != NoCause {
			counts[cause]++
		}
	}
	list := make([]Caused, 0, len(counts))
	for cause, n := range counts {
		list = append(list, Caused{cause, n})
	}
	slices.SortFunc(list, func(a, b Caused) int {
		return cmp.Or(cmp.Compare(b.Cases, a.Cases), cmp.Compare(a.Cause, b.Cause))
	})
	return list
}
