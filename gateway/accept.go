package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxIntake is how many events one commit takes in at the most.
const maxIntake = 512

// acceptTimeout bounds one commit of the intake; after it the provider is told
// to come again.
const acceptTimeout = 5 * time.Second

// intake is one webhook's events on their way to a commit.
type intake struct {
	ctx    context.Context
	events []Event
	done   chan<- error
}

// Accept keeps the events of one webhook durably and returns when they are safe.
// Webhooks that come in at the same time share a commit: on two cores that is
// worth two to four times the throughput at a lower latency. With an error
// nothing of this webhook was kept and the provider should send it again.
//
// Accept needs Run, or TakeIn: without, it waits until the context ends.
func (g *Gateway) Accept(ctx context.Context, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	for i := range events {
		g.time(&events[i])
	}
	done := make(chan error, 1)
	select {
	case g.intake <- intake{ctx, events, done}:
	case <-ctx.Done():
		return fmt.Errorf("accept %d events: %w", len(events), ctx.Err())
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		// The commit may still happen; the provider's retry is deduplicated.
		return fmt.Errorf("accept %d events: %w", len(events), ctx.Err())
	}
}

// time sets when the burst that an event belongs to should be answered.
func (g *Gateway) time(e *Event) {
	if e.ReceivedAt.IsZero() {
		e.ReceivedAt = g.Now()
	}
	if e.At.IsZero() {
		e.At = e.ReceivedAt
	}
	e.AnswerAfter = e.ReceivedAt.Add(min(patience(e.Message, g.QuietPeriod), g.MaxBurst))
	e.AnswerBy = e.ReceivedAt.Add(g.MaxBurst)
}

// TakeIn commits what waits, again and again, until the context ends. Run runs two of them,
// so that one collects while the other's commit is on its way to the disk. Who takes each
// step of a gateway by hand, by a clock of their own, runs one.
func (g *Gateway) TakeIn(ctx context.Context) error {
	var batch []intake
	for {
		select {
		case <-ctx.Done():
			return nil
		case first := <-g.intake:
			batch = g.collect(append(batch[:0], first))
			g.keep(context.WithoutCancel(ctx), batch)
		}
	}
}

// collect adds what waits already, without waiting for more.
func (g *Gateway) collect(batch []intake) []intake {
	n := len(batch[0].events)
	for n < maxIntake {
		select {
		case next := <-g.intake:
			batch = append(batch, next)
			n += len(next.events)
		default:
			return batch
		}
	}
	return batch
}

// keep commits a batch. When that fails, not by being late, and the store is well,
// one webhook must hold something that can't be stored: each is tried alone, so that
// it doesn't cost its neighbours.
func (g *Gateway) keep(ctx context.Context, batch []intake) {
	var events []Event
	for _, in := range batch {
		events = append(events, in.events...)
	}
	err := g.commit(ctx, events)
	if err != nil && len(batch) > 1 && !errors.Is(err, context.DeadlineExceeded) && g.well(ctx) {
		g.keepEach(ctx, batch)
		return
	}
	for _, in := range batch {
		in.done <- err
	}
}

// keepEach commits one webhook after the other. Who has given up waiting is told so:
// the provider sends it again.
func (g *Gateway) keepEach(ctx context.Context, batch []intake) {
	for _, in := range batch {
		if err := in.ctx.Err(); err != nil {
			in.done <- err
			continue
		}
		in.done <- g.commit(ctx, in.events)
	}
}

func (g *Gateway) well(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return g.Store.Ping(ctx) == nil
}

func (g *Gateway) commit(ctx context.Context, events []Event) error {
	ctx, cancel := context.WithTimeout(ctx, acceptTimeout)
	defer cancel()
	fresh, err := g.Store.Accept(ctx, events)
	if err != nil {
		g.Metrics.AcceptFailures.Inc()
		return fmt.Errorf("accept %d events: %w", len(events), err)
	}
	g.Metrics.accepted(fresh, len(events)-len(fresh))
	g.heed(fresh)
	g.overtake(fresh)
	g.announce(fresh)
	return nil
}

// announce wakes the workers: at once for what can be filed now, and for the answer
// when each message's customer has had their time to go on.
func (g *Gateway) announce(fresh []Event) {
	if len(fresh) == 0 {
		return
	}
	g.turns.ring()
	g.sends.ring()
	g.changes.ring()
	for _, wait := range waits(fresh, g.Now()) {
		time.AfterFunc(wait, g.turns.ring)
	}
}

// ringEvery is how near to each other two rings are one: many messages come in with one
// commit, and each ring has all idle workers look for work.
const ringEvery = 20 * time.Millisecond

// waits are the times until the messages are due, each but once.
func waits(fresh []Event, now time.Time) []time.Duration {
	var list []time.Duration
	for _, e := range fresh {
		wait := e.AnswerAfter.Sub(now)
		if e.Kind != EventMessage || wait <= 0 {
			continue
		}
		// Up to the next mark: a ring that comes too early finds nothing due.
		wait = (wait + ringEvery - 1) / ringEvery * ringEvery
		if !slices.Contains(list, wait) {
			list = append(list, wait)
		}
	}
	return list
}
