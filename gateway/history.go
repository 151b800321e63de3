package gateway

import (
	"context"
	"fmt"
	"time"
)

// Consent is whether a customer lets what they wrote be used to try changes of the shop's
// assistant.
type Consent string

// The states of a consent.
const (
	// ConsentUnset: nobody has said anything.
	ConsentUnset Consent = ""
	// ConsentGiven: the customer has agreed.
	ConsentGiven Consent = "given"
	// ConsentWithheld: the customer has objected.
	ConsentWithheld Consent = "withheld"
)

// Valid tells whether it is one of the states.
func (c Consent) Valid() bool {
	return c == ConsentUnset || c == ConsentGiven || c == ConsentWithheld
}

// Agreement is the state of a contact's consent and who noted it when.
type Agreement struct {
	Consent Consent
	// By is who noted it, and At when; both are zero while it was never noted.
	By string
	At time.Time
}

// Stricter is the agreement of a contact that was two before: an objection holds for all
// that they wrote, and otherwise the newer word does.
func (a Agreement) Stricter(other Agreement) Agreement {
	switch {
	case a.Consent == ConsentWithheld && other.Consent != ConsentWithheld:
		return a
	case other.Consent == ConsentWithheld && a.Consent != ConsentWithheld:
		return other
	case other.At.After(a.At):
		return other
	}
	return a
}

// History gives what was said and decided before, as it was heard, and keeps which
// customers let it be used to try changes.
type History interface {
	// Past lists the conversations that have changed from since on, the one that changed
	// first coming first, with the contact's agreement. One that changes meanwhile may come
	// twice and is never left out.
	Past(ctx context.Context, since time.Time, p Page) (list []PastConversation, next string, err error)
	// Heard lists the messages and echoes of a conversation that were filed in it, in the
	// order in which the gateway took them on, without Raw, Body and signals. What was
	// withdrawn or changed since is so. A conversation that does not exist gives ErrNotFound.
	Heard(ctx context.Context, conversationID string, p Page) (list []Event, next string, err error)
	// TurnsNamed gives the turns with these ids, in no order, each once, as Turns does; an
	// id that no turn has is left out.
	TurnsNamed(ctx context.Context, ids []string) ([]Record, error)
	Agreements
}

// Agreements keeps which customers let what they wrote be used to try changes.
type Agreements interface {
	// Agreement gives that of the contact of a conversation, or ErrNotFound.
	Agreement(ctx context.Context, conversationID string) (Agreement, error)
	// Agree notes the contact's consent for all their conversations, those to come too; the
	// newest word holds. When contacts are joined, Stricter says which of two holds.
	// ErrNotFound and ErrInvalid change nothing.
	Agree(ctx context.Context, conversationID string, a Agreement) error
}

// PastConversation is a conversation with what its customer agreed to.
type PastConversation struct {
	Conversation
	Agreement Agreement
}

// Past is a conversation as it went: what came in, what went out, and what was decided.
type Past struct {
	PastConversation
	Heard    []Event
	Messages []MessageView
	// Turns are the committed ones, oldest first.
	Turns []Record
}

// Objected tells whether the customer does not want their words to be used: they objected,
// or asked for their data to be deleted and have not agreed since.
func (p Past) Objected() bool {
	if p.Agreement.Consent == ConsentWithheld {
		return true
	}
	for _, r := range p.Turns {
		anew := p.Agreement.Consent == ConsentGiven && p.Agreement.At.After(r.At)
		if r.Decision.Rule == ruleDeleteData && !anew {
			return true
		}
	}
	return false
}

// PastStore is what ReadPast needs of a store.
type PastStore interface {
	History
	Messages(ctx context.Context, conversationID string, p Page) (list []MessageView, next string, err error)
	Turns(ctx context.Context, conversationID string, p Page) (list []Record, next string, err error)
}

// ReadPast reads all of a conversation.
func ReadPast(ctx context.Context, s PastStore, c PastConversation) (p Past, err error) {
	p = Past{PastConversation: c}
	// What is decided is read first, so that all that it is about is in what is read then.
	if p.Turns, err = allOf(ctx, c.ID, s.Turns, func(r Record) bool { return r.Outcome == OutcomeCommitted }); err != nil {
		return p, err
	}
	if p.Heard, err = allOf(ctx, c.ID, s.Heard, nil); err != nil {
		return p, err
	}
	p.Messages, err = allOf(ctx, c.ID, s.Messages, nil)
	return p, err
}

// allOf reads every page of a list of a conversation and keeps what is wanted.
func allOf[T any](ctx context.Context, id string, list func(context.Context, string, Page) ([]T, string, error), keep func(T) bool) (all []T, err error) {
	for p := (Page{Limit: 200}); ; {
		some, next, err := list(ctx, id, p)
		if err != nil {
			return nil, fmt.Errorf("read a past conversation: %w", err)
		}
		for _, v := range some {
			if keep == nil || keep(v) {
				all = append(all, v)
			}
		}
		if p.After = next; next == "" {
			return all, nil
		}
	}
}
