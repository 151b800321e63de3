// Package runner takes the cases of a suite through a system and checks what comes of
// every step. Run is the whole of it: for each case a Talk is begun, its steps are done in
// order, and what came of each is held against what the suite expects. Systems are the
// rag pipeline with the gateway's decisions around it (Rehearsal), any HTTP endpoint
// (Endpoint), and the whole gateway behind an emulated channel, which cmd/recado puts
// together.
package runner

import (
	"context"
	"errors"
	"time"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/gateway"
)

// ErrCannot says that a system has not what a step needs, such as a desk for what an agent
// does. The case is skipped and not judged.
var ErrCannot = errors.New("the system can't do this step")

// ErrOutage says that a provider was away, so that the step says nothing of the system.
var ErrOutage = errors.New("a provider was away")

// ErrRefused says that a system takes no question at all, such as for a wrong token. It ends the run.
var ErrRefused = errors.New("the system takes no questions")

// System is what is measured. Talks may run at the same time.
type System interface {
	// Name is "rag", "gateway" or an address.
	Name() string
	// Model names what answers, and Fingerprint identifies all that determines answers.
	Model() string
	Fingerprint() string
	// Begin starts the conversation of a case. What one conversation does is unseen by
	// all others.
	Begin(ctx context.Context, c suite.Case) (Talk, error)
}

// Talk is the conversation of one case, for one goroutine.
type Talk interface {
	// Do does one step and everything that follows from it until nothing is due. The
	// error wraps ErrCannot or ErrOutage where it is one of those.
	Do(ctx context.Context, s suite.Step) (Outcome, error)
	// Order gives an order's fields as they are now, and false for one that is not there.
	// The error wraps ErrCannot where orders can't be seen.
	Order(ctx context.Context, number string) (fields map[string]string, found bool, err error)
	// End gives everything back.
	End() error
}

// Outcome is what a step led to.
type Outcome struct {
	// Replies are what the customer got since the step before.
	Replies []runs.Reply
	// Records are the turns since then, oldest first; none for an endpoint that gives
	// none.
	Records []gateway.Record
	// Actions are what was proposed, sent, done, refused and read since then, in order.
	Actions []runs.Action
	// Fault says what was wrong with an answer that no customer could have got; nothing else of
	// the outcome counts then.
	Fault string
	// Untold are the checks that the system gives nothing for, by name, and "found" for the
	// ranking; they are left out.
	Untold []string
	// Took is how long the customer waited for the reply, without the pauses in which
	// they could have gone on.
	Took time.Duration
}
