package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/recado/recado/rag/action"
)

const (
	// commandLease is how long one attempt to publish a command may take.
	commandLease = 30 * time.Second
	// publishTimeout ends such an attempt, well within the lease.
	publishTimeout = 10 * time.Second
	// wireRest is how long nothing is published after an attempt failed: a Redis that hangs
	// would otherwise hold up the commands whose customers have to hear that it takes longer.
	wireRest = 5 * time.Second
	// idleCarry is how often commands are looked for where nothing can publish them: those
	// of a former configuration come to their end, too.
	idleCarry = 5 * time.Second
)

// Carry publishes the next command that is due, or gives up one whose receipt is overdue:
// then its customer is told so and a person is called. ErrNoWork says that nothing is due.
// A command that can't be published until its deadline is given up as well, because its
// customer waits; should it have been published after all, its receipt comes late. After an
// attempt that failed the wire rests, so that none waits for the vain attempts of others.
func (g *Gateway) Carry(ctx context.Context) error {
	c, err := g.nextCommand(ctx)
	if err != nil {
		return err
	}
	// What has begun is finished even while the program stops.
	ctx = context.WithoutCancel(ctx)
	event, err := g.carry(ctx, c)
	if err != nil && !errors.Is(err, ErrLeaseLost) {
		return fmt.Errorf("command %s: %w", c.ID, err)
	}
	g.Metrics.Commands.WithLabelValues(string(c.Call.Kind), event).Inc()
	g.changes.ring()
	g.sends.ring()
	return nil
}

func (g *Gateway) nextCommand(ctx context.Context) (*Command, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	c, err := g.Store.NextCommand(ctx, g.Now(), commandLease)
	if err != nil && !errors.Is(err, ErrNoWork) {
		return nil, fmt.Errorf("next command: %w", err)
	}
	return c, err
}

// carry does with a command what is due, and names it.
func (g *Gateway) carry(ctx context.Context, c *Command) (event string, err error) {
	now := g.Now()
	if c.Overdue || !now.Before(c.Deadline) {
		return "expired", within(ctx, func(ctx context.Context) error { return g.Store.Expire(ctx, c, now) })
	}
	if rest := time.Unix(0, g.wireRests.Load()); now.Before(rest) {
		return "postponed", g.retry(ctx, c, rest)
	}
	if err := g.publish(ctx, *c); err != nil {
		g.Logger.WarnContext(ctx, "a command could not be published; trying again", "command", c.ID, "attempt", c.Attempt, "error", err)
		rest := g.Now().Add(wireRest)
		g.wireRests.Store(rest.UnixNano())
		// Others go first then, for it may be this one alone that can't be published.
		return "retried", g.retry(ctx, c, rest.Add(time.Duration(c.Attempt)*time.Second))
	}
	return "published", within(ctx, func(ctx context.Context) error { return g.Store.Published(ctx, c) })
}

// retry makes a command due again, at its deadline at the latest.
func (g *Gateway) retry(ctx context.Context, c *Command, at time.Time) error {
	if at.After(c.Deadline) {
		at = c.Deadline
	}
	return within(ctx, func(ctx context.Context) error { return g.Store.RetryCommand(ctx, c, at) })
}

func (g *Gateway) publish(ctx context.Context, c Command) error {
	if g.Wire == nil {
		return errNotConfigured
	}
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	return g.Wire.Publish(ctx, c)
}

// within calls the store within its time.
func within(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return do(ctx)
}

// TakeReceipt ends a command by the shop's system's word on it. One of no command is
// dropped: it is not ours. With an error it has to be given again.
func (g *Gateway) TakeReceipt(ctx context.Context, r action.Receipt) error {
	err := within(ctx, func(ctx context.Context) error { return g.Store.Receive(ctx, r, g.Now()) })
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("receipt %s: %w", r.ID, err)
	}
	g.took(ctx, r, err == nil)
	return nil
}

// took tells of a receipt that was taken, or that is of no command here.
func (g *Gateway) took(ctx context.Context, r action.Receipt, ours bool) {
	if !ours {
		g.Logger.WarnContext(ctx, "a receipt is of no command and was dropped", "receipt", r.ID)
		g.Metrics.Receipts.WithLabelValues("unknown").Inc()
		return
	}
	g.Metrics.Receipts.WithLabelValues(receiptLabel(r.Outcome)).Inc()
	g.changes.ring()
	g.sends.ring()
}

// receiptLabel keeps what another system wrote out of the labels.
func receiptLabel(o action.Outcome) string {
	switch o {
	case action.Done, action.Refused, action.Failed:
		return string(o)
	}
	return "other"
}

// hearReceipts takes receipts as they come until the context ends.
func (g *Gateway) hearReceipts(ctx context.Context) error {
	for failures := 1; g.Wire != nil && ctx.Err() == nil; failures++ {
		err := g.Wire.Receipts(ctx, g.TakeReceipt)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end of the program is no failure
		}
		g.Logger.ErrorContext(ctx, "receipts can't be heard; trying again", "error", err, "failures", failures)
		pause(ctx, min(time.Duration(failures)*g.Poll, 5*time.Second))
	}
	return nil
}
