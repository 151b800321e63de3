package gateway

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// LabelKind says what a label is about.
type LabelKind string

// The kinds of labels.
const (
	// LabelAnswer says whether what was drafted in a turn is right, sent or not.
	LabelAnswer LabelKind = "answer"
	// LabelHandoff says whether a handoff was needed.
	LabelHandoff LabelKind = "handoff"
	// LabelDraft says what an agent made of the draft of a handoff.
	LabelDraft LabelKind = "draft"
)

// Verdict is what somebody says.
type Verdict string

// The verdicts, by kind of label.
const (
	// VerdictRight, VerdictWrong and VerdictUnsure are about an answer.
	VerdictRight  Verdict = "right"
	VerdictWrong  Verdict = "wrong"
	VerdictUnsure Verdict = "unsure"
	// VerdictNeeded, VerdictEarly (the bot could have answered) and VerdictLate (it
	// should have come before) are about a handoff.
	VerdictNeeded Verdict = "needed"
	VerdictEarly  Verdict = "early"
	VerdictLate   Verdict = "late"
	// VerdictSent and VerdictEdited are about a draft: it was sent as it was, or changed.
	VerdictSent   Verdict = "sent"
	VerdictEdited Verdict = "edited"
)

// Verdicts are those that a label of this kind may have.
func (k LabelKind) Verdicts() []Verdict {
	switch k {
	case LabelAnswer:
		return []Verdict{VerdictRight, VerdictWrong, VerdictUnsure}
	case LabelHandoff:
		return []Verdict{VerdictNeeded, VerdictEarly, VerdictLate}
	case LabelDraft:
		return []Verdict{VerdictSent, VerdictEdited}
	}
	return nil
}

// Flaw is what was wrong with a draft that was edited.
type Flaw string

// The flaws of a draft.
const (
	FlawFact Flaw = "fact"
	FlawTone Flaw = "tone"
)

// LabelSource says how a label came about.
type LabelSource string

// The sources of labels.
const (
	// LabelFromAgent is said, or shown by what they send, by whoever answered the customer:
	// only of what went to a person, so it is no sample of anything.
	LabelFromAgent LabelSource = "agent"
	// LabelFromAudit is said of an answer that was picked at random.
	LabelFromAudit LabelSource = "audit"
	// LabelFromPage and LabelFromImport are said on the labelling page, or brought in a file.
	LabelFromPage   LabelSource = "page"
	LabelFromImport LabelSource = "import"
)

// maxLabelNote is how many characters a note may have.
const maxLabelNote = 500

// Label is what one person says of one turn or handoff.
type Label struct {
	Kind LabelKind
	// TurnID is the turn that it is about. ConversationID is the conversation of turn and
	// handoff: a store looks for the turn there.
	TurnID, ConversationID string
	// HandoffID is the handoff that it is about, empty for LabelAnswer.
	HandoffID string
	// By is who says so, never empty.
	By     string
	Source LabelSource
	// Verdict is one of Kind.Verdicts.
	Verdict Verdict
	// Edited is the share of the words of an edited draft that were changed, and Flaw what
	// was wrong with it, where the agent says so.
	Edited float64
	Flaw   Flaw
	// Chance is the probability with which the turn was drawn for a sample, 0 when it was
	// not: the label weighs 1/Chance. That of an answer which was picked for a look is with
	// the Audit.
	Chance float64
	// Note is a remark, at most 500 characters. It may hold what customers wrote.
	Note string
	At   time.Time
}

// Key names the label: whoever says something of the same matter again replaces what
// they said before.
func (l Label) Key() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", l.Kind, l.subject(), l.By))
	return hex.EncodeToString(sum[:16])
}

func (l Label) subject() string {
	if l.Kind == LabelAnswer {
		return l.TurnID
	}
	return l.HandoffID
}

// Check says what is wrong with a label, as an ErrInvalid.
func (l Label) Check() error {
	switch {
	case l.Kind.Verdicts() == nil:
		return fmt.Errorf("%w: a label is about an answer, a handoff or a draft", ErrInvalid)
	case !slices.Contains(l.Kind.Verdicts(), l.Verdict):
		return fmt.Errorf("%w: the verdict of a label of this kind is one of %s", ErrInvalid, joined(l.Kind.Verdicts()))
	case l.subject() == "" || l.ConversationID == "":
		return fmt.Errorf("%w: a label needs what it is about", ErrInvalid)
	case strings.TrimSpace(l.By) == "":
		return fmt.Errorf("%w: a label needs who says so", ErrInvalid)
	case !(l.Chance >= 0 && l.Chance <= 1) || !(l.Edited >= 0 && l.Edited <= 1):
		return fmt.Errorf("%w: a chance and an edited share are from 0 to 1", ErrInvalid)
	case l.Flaw != "" && (l.Verdict != VerdictEdited || l.Flaw != FlawFact && l.Flaw != FlawTone):
		return fmt.Errorf("%w: only an edited draft has a flaw: fact or tone", ErrInvalid)
	case utf8.RuneCountInString(l.Note) > maxLabelNote:
		return fmt.Errorf("%w: a note has at most %d characters", ErrInvalid, maxLabelNote)
	}
	return nil
}

func joined(list []Verdict) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}

// UnknownLabelError says which label of a list is about nothing that the store has. It is
// an ErrNotFound.
type UnknownLabelError struct{ Place int }

// Error implements error.
func (e *UnknownLabelError) Error() string {
	return fmt.Sprintf("label %d is about a turn or a handoff that is not there", e.Place+1)
}

// Unwrap makes it an ErrNotFound.
func (e *UnknownLabelError) Unwrap() error { return ErrNotFound }

// LabelFilter restricts a list of labels.
type LabelFilter struct {
	// Since leaves out what was said before; the zero time leaves out nothing.
	Since time.Time
	// HandoffID leaves only what is about this handoff.
	HandoffID string
}

// LabelView is a label with the turn that it is about.
type LabelView struct {
	Label
	// Record is that of the turn as it was kept; its ID is empty when there is none, as
	// for a handoff that an agent began.
	Record Record
}

// Labels keeps what people say of answers, handoffs and drafts.
type Labels interface {
	// PutLabels keeps all of the labels or, with an error, none. What somebody said of the
	// same matter before (Label.Key) is replaced, unless it was said later; of two at the
	// same time the second holds. A Chance stays until there is another. A label that fails Check gives ErrInvalid, and one
	// about a turn or a handoff that its conversation does not have UnknownLabelError.
	PutLabels(ctx context.Context, list []Label) error
	// DropLabel takes back what somebody said, or gives ErrNotFound.
	DropLabel(ctx context.Context, key string) error
	// Labels lists by when it was said, oldest first. ConversationID is the one that the
	// turn or the handoff belongs to now.
	Labels(ctx context.Context, f LabelFilter, p Page) (list []LabelView, next string, err error)
}

// AuditLabel is the label that Audits.Label makes of an answer that was picked: each
// who looks has one of their own, while the audit itself holds what was said last.
func AuditLabel(a Audit, agent string, right bool, at time.Time) Label {
	l := Label{
		Kind: LabelAnswer, TurnID: a.TurnID, ConversationID: a.ConversationID, By: agent, Source: LabelFromAudit,
		Verdict: VerdictWrong, At: at,
	}
	if right {
		l.Verdict = VerdictRight
	}
	return l
}

// anotherText is the share of changed words from which on a reply is no edit of the draft
// but something else, such as a greeting.
const anotherText = 0.7

// draftLabel is what the reply of an agent says of the draft that the handoff brought, or
// nil where it says nothing.
func draftLabel(h Handoff, a Action) *Label {
	if a.Kind != ActionReply || h.Packet.Draft == "" {
		return nil
	}
	l := Label{
		Kind: LabelDraft, TurnID: h.Packet.TurnID, HandoffID: h.ID, ConversationID: h.ConversationID, By: a.Agent,
		Source: LabelFromAgent, Verdict: VerdictSent, Edited: changed(h.Packet.Draft, a.Text), At: a.At,
	}
	switch {
	case l.Edited > anotherText:
		return nil
	case l.Edited > 0:
		l.Verdict = VerdictEdited
	}
	return &l
}

// changed is the share of words that differ: the fewest words to put in, take out or
// replace (Levenshtein, 1966) of the words of the longer text. Spaces do not count.
func changed(before, after string) float64 {
	a, b := strings.Fields(before), strings.Fields(after)
	if len(a) == 0 && len(b) == 0 {
		return 0
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, word := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, other := range b {
			cost := diagonal
			if word != other {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return float64(row[len(b)]) / float64(max(len(a), len(b)))
}

// LabelFrom is the label of an agent on a handoff: Verdict is said of the handoff when it
// is one of LabelHandoff, and flaw of the draft that the agent edited. One of them is
// empty. before are the labels of this handoff, of which the agent's own edit is marked.
func LabelFrom(h Handoff, before []LabelView, agent string, v Verdict, flaw Flaw, at time.Time) (Label, error) {
	if (v == "") == (flaw == "") {
		return Label{}, fmt.Errorf("%w: say whether the handoff was needed, or what was wrong with the draft", ErrInvalid)
	}
	if v != "" {
		l := Label{
			Kind: LabelHandoff, HandoffID: h.ID, TurnID: h.Packet.TurnID, ConversationID: h.ConversationID,
			By: agent, Source: LabelFromAgent, Verdict: v, At: at,
		}
		return l, l.Check()
	}
	mine := slices.IndexFunc(before, func(b LabelView) bool { return b.Kind == LabelDraft && b.By == agent })
	if mine < 0 || before[mine].Verdict != VerdictEdited {
		return Label{}, fmt.Errorf("%w: only a draft that was edited has a flaw, and whoever edited it says so", ErrInvalid)
	}
	l := before[mine].Label
	l.ConversationID, l.Flaw, l.At = cmp.Or(l.ConversationID, h.ConversationID), flaw, at
	return l, l.Check()
}
