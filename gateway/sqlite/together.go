package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// maxTogether is how many changes share one commit at the most: a commit waits for
// the disk, and with many senders and agents at work that wait would be all there is.
const maxTogether = 64

// maxWaiting is how many changes may wait for the writer.
const maxWaiting = 1024

// change is one function that wants to write, and waits to hear how that ended.
type change struct {
	ctx  context.Context
	do   func(*tx) error
	done chan error
	// taken is set by whoever carries the change out, or by its owner who gave up.
	taken atomic.Bool
}

// errTogether says that a transaction which several changes shared could not be
// committed. None of them took effect.
var errTogether = errors.New("a shared transaction failed")

// write runs a function in a transaction that holds the write lock. What the function
// returns as an error undoes all that it did. Changes that wait for the lock at the same
// time share a commit: whoever gets the lock carries out those of the others as well.
func (s *Store) write(ctx context.Context, do func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.closed:
		return errClosed
	default:
	}
	c := &change{ctx: ctx, do: do, done: make(chan error, 1)}
	select {
	case s.changes <- c:
	case <-s.closed:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.await(c)
}

// await carries out what waits, or waits until somebody has done so.
func (s *Store) await(c *change) error {
	for {
		select {
		case err := <-c.done:
			return err
		case session := <-s.writer:
			s.drain(session)
		case <-s.closed:
			if c.taken.CompareAndSwap(false, true) {
				return errClosed
			}
			return <-c.done
		case <-c.ctx.Done():
			if c.taken.CompareAndSwap(false, true) {
				return c.ctx.Err()
			}
			return <-c.done
		}
	}
}

// drain carries out the changes that wait now and gives the session back, also when one
// of them panics.
func (s *Store) drain(session *session) {
	defer func() { s.writer <- session }()
	var batch []*change
	for len(batch) < maxTogether {
		select {
		case c := <-s.changes:
			if c.taken.CompareAndSwap(false, true) {
				batch = append(batch, c)
			}
			continue
		default:
		}
		break
	}
	switch len(batch) {
	case 0:
	case 1:
		batch[0].done <- session.alone(batch[0])
	default:
		session.together(batch)
	}
}

// alone carries out one change in a transaction of its own. Its owner hears of a panic
// as an error, because another goroutine may be the one that runs it.
func (s *session) alone(c *change) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = errBrokeDown
		}
	}()
	return s.transaction(c.ctx, c.do)
}

// errBrokeDown says that a change panicked. What it panicked with may quote a customer.
var errBrokeDown = errors.New("a change broke down")

// together carries out several changes in one transaction. One that fails is undone
// alone. When the transaction itself fails, all have failed.
func (s *session) together(batch []*change) {
	results := make([]error, len(batch))
	// The end of one owner's patience must not interrupt the others' transaction.
	err := s.transaction(context.Background(), func(t *tx) error {
		for i, c := range batch {
			var err error
			if results[i], err = t.within(c.do); err != nil {
				return err
			}
		}
		return nil
	})
	for i, c := range batch {
		if err != nil {
			c.done <- fmt.Errorf("%w: %w", errTogether, err)
			continue
		}
		c.done <- results[i]
	}
}

// within runs a change so that it can be undone alone. result is how it ended, and err
// that the transaction itself can't go on.
func (t *tx) within(do func(*tx) error) (result, err error) {
	if err := t.exec(`savepoint change`); err != nil {
		return nil, err
	}
	result = t.guarded(do)
	if result != nil {
		if err := t.exec(`rollback to change`); err != nil {
			return nil, err
		}
	}
	return result, t.exec(`release change`)
}

// guarded turns a panic into an error.
func (t *tx) guarded(do func(*tx) error) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = errBrokeDown
		}
	}()
	return do(t)
}
