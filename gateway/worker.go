package gateway

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// bell wakes everybody who waits, like a condition that can be used in a select.
type bell struct {
	mu sync.Mutex
	ch chan struct{}
}

func newBell() *bell { return &bell{ch: make(chan struct{})} }

// wait gives a channel that is closed by the next ring.
func (b *bell) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ch
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.ch)
	b.ch = make(chan struct{})
}

// worker repeats a step as long as it finds work. Idle workers of one kind share
// a token: only its holder polls the store, the others wait for the bell, so that
// an idle gateway asks once per poll and not once per worker.
type worker struct {
	step  func(context.Context) error
	bell  *bell
	poll  time.Duration
	token chan struct{}
	log   *slog.Logger
}

// run repeats the step until the context ends. A failing step is tried again
// after a pause that grows to five seconds, because most likely the store is
// away.
func (w worker) run(ctx context.Context) error {
	failures, polled := 0, false
	for ctx.Err() == nil {
		rung := w.bell.wait()
		switch err := w.step(ctx); {
		case err == nil:
			failures = 0
			if polled {
				polled = false
				w.bell.ring()
			}
		case errors.Is(err, ErrNoWork):
			failures = 0
			polled = w.idle(ctx, rung)
		case ctx.Err() != nil:
		default:
			failures++
			w.log.ErrorContext(ctx, "worker step failed; trying again", "error", err, "failures", failures)
			pause(ctx, min(time.Duration(failures)*w.poll, 5*time.Second))
		}
	}
	return nil
}

// idle waits for the bell, and when it holds the token also for the next poll. It
// says whether it ended by polling: who then finds work rings for the others.
func (w worker) idle(ctx context.Context, rung <-chan struct{}) (polled bool) {
	select {
	case <-ctx.Done():
	case <-rung:
	case w.token <- struct{}{}:
		defer func() { <-w.token }()
		timer := time.NewTimer(w.poll)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-rung:
		case <-timer.C:
			return true
		}
	}
	return false
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
