package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
)

// historyLength is how many messages before the burst a claim gives.
const historyLength = 20

// event is an accepted event with what became of it.
type event struct {
	gateway.Event
	seq          int64
	conversation *conversation
	// waiting tells that it still wants a turn.
	waiting bool
	file    *file
	// hook is the webhook that it came in, while that is kept.
	hook *webhook
	// providerID is set once the event is filed as a message.
	providerID string
}

// Accept implements gateway.Inbox.
func (s *Store) Accept(ctx context.Context, events []gateway.Event) (fresh []gateway.Event, err error) {
	if len(events) == 0 {
		return nil, nil
	}
	err = s.with(ctx, "accept", func(p *Place) error {
		hooks := map[string]*webhook{}
		for _, e := range events {
			if p.byKey[e.Key] != nil {
				continue
			}
			fresh = append(fresh, e)
			p.accept(e, hooks)
		}
		return nil
	})
	return fresh, err
}

func (p *Place) accept(e gateway.Event, hooks map[string]*webhook) {
	kept := &event{Event: e, seq: int64(len(p.events) + 1), hook: p.keep(e, hooks)}
	kept.Message, kept.Status = copied(e.Message), copied(e.Status)
	kept.Preference, kept.Alert = copied(e.Preference), copied(e.Alert)
	kept.Raw, kept.Body, kept.BodyFrom, kept.BodyTo = slices.Clone(e.Raw), nil, 0, 0
	p.events = append(p.events, kept)
	p.byKey[e.Key] = kept
}

// Claim implements gateway.Inbox.
func (s *Store) Claim(ctx context.Context, now time.Time, lease time.Duration) (c *gateway.Claim, err error) {
	err = s.with(ctx, "claim", func(p *Place) error {
		p.fileAll(now)
		var next *conversation
		for _, c := range p.conversations {
			if c.due.by(now) && !c.leasedUntil.After(now) && (next == nil || c.sooner(next)) {
				next = c
			}
		}
		if next == nil {
			return gateway.ErrNoWork
		}
		c = p.lease(next, now, lease)
		return nil
	})
	return c, err
}

func (c *conversation) sooner(other *conversation) bool {
	if c.due.at.Equal(other.due.at) {
		return c.ID < other.ID
	}
	return c.due.before(other.due)
}

func (p *Place) lease(c *conversation, now time.Time, lease time.Duration) *gateway.Claim {
	c.lease, c.leasedUntil = gateway.NewID(), now.Add(lease)
	c.attempt++
	claim := &gateway.Claim{
		Conversation: c.given(), Lease: c.lease, LeasedUntil: c.leasedUntil, Attempt: c.attempt, History: p.history(c),
	}
	for _, e := range p.burst(c) {
		given := e.Event
		given.Message, given.Raw = p.complete(e), nil
		claim.Events = append(claim.Events, given)
		claim.Through = max(claim.Through, e.seq)
	}
	slices.SortStableFunc(claim.Events, func(a, b gateway.Event) int { return a.At.Compare(b.At) })
	return claim
}

// burst are the waiting events of a conversation, in the order of acceptance.
func (p *Place) burst(c *conversation) (all []*event) {
	for _, e := range p.events {
		if e.waiting && e.conversation == c {
			all = append(all, e)
		}
	}
	return all
}

// burstEnd is when messages want their turn: at the end of the quiet period, but not
// without their files before it has waited for these.
func burstEnd(burst []*event) time.Time {
	after, by, files := burst[0].AnswerAfter, burst[0].AnswerBy, time.Time{}
	for _, e := range burst {
		after = later(after, e.AnswerAfter)
		if e.AnswerBy.Before(by) {
			by = e.AnswerBy
		}
		if e.file != nil && e.file.state == gateway.FileWaiting {
			files = later(files, e.file.waitUntil)
		}
	}
	if by.Before(after) {
		after = by
	}
	return later(after, files)
}

// echoed is when the first echo of a burst came in.
func echoed(burst []*event) (at time.Time, found bool) {
	for _, e := range burst {
		if e.Kind == gateway.EventEcho && (!found || e.ReceivedAt.Before(at)) {
			at, found = e.ReceivedAt, true
		}
	}
	return at, found
}

// schedule sets when a conversation's waiting events want a turn. Where nothing waits
// any more, the next burst begins anew.
func (p *Place) schedule(c *conversation) {
	burst := p.burst(c)
	if len(burst) == 0 {
		c.due, c.attempt = due{}, 0
		return
	}
	if at, found := echoed(burst); found {
		c.due = dueAt(at)
		return
	}
	c.due = dueAt(later(c.retryAt, burstEnd(burst)))
}

// Commit implements gateway.Inbox.
func (s *Store) Commit(ctx context.Context, claim *gateway.Claim, t gateway.Turn) error {
	return s.with(ctx, "commit", func(p *Place) error {
		c := p.conversations[claim.Conversation.ID]
		switch {
		case c == nil || claim.Lease == "" || c.lease != claim.Lease:
			return gateway.ErrLeaseLost
		case c.Epoch != claim.Conversation.Epoch:
			return gateway.ErrHumanOwns
		case p.superseded(c, claim.Through, t.Overdue):
			return gateway.ErrSuperseded
		}
		for _, o := range t.Outgoing {
			if p.message(o.ID) != nil {
				return errTwice
			}
		}
		p.apply(c, claim, t)
		return nil
	})
}

// errTwice says that there is a message of that id.
var errTwice = errors.New("a message of that id is there already")

// superseded tells whether something was accepted that the turn knows nothing of. What
// is not filed yet is recognised by any key of the contact.
func (p *Place) superseded(c *conversation, through int64, overdue bool) bool {
	for _, e := range p.burst(c) {
		if e.seq > through && (e.Kind == gateway.EventEcho || !overdue) {
			return true
		}
	}
	for _, e := range p.events[p.filed:] {
		concerns := e.Kind == gateway.EventEcho || e.Kind == gateway.EventSignal || e.Kind == gateway.EventMessage && !overdue
		if concerns && e.Channel == c.Channel && p.names(e, c.ContactID) {
			return true
		}
	}
	return false
}

// names tells whether an event names a contact by any key.
func (p *Place) names(e *event, contact string) bool {
	for _, key := range append(e.From.Keys(), e.was().Keys()...) {
		if p.contacts[key] == contact {
			return true
		}
	}
	return false
}

// apply writes all that a turn changes.
func (p *Place) apply(c *conversation, claim *gateway.Claim, t gateway.Turn) {
	c.become(claim.Conversation, t.Conversation, t.Record.At)
	for _, e := range p.burst(c) {
		e.waiting = e.seq > claim.Through
	}
	if t.Conversation.Mode == gateway.ModeAgent {
		p.cancel(c)
	}
	for _, o := range t.Outgoing {
		p.enqueue(o)
	}
	for _, command := range t.Commands {
		p.order(c, command)
	}
	if t.Handoff != nil {
		p.openHandoff(*t.Handoff)
	}
	kept := p.record(c, t.Record)
	if t.Audit != nil {
		p.audits = append(p.audits, &audit{Audit: *t.Audit, turn: kept})
	}
	p.schedule(c)
	p.show()
}

// become makes a conversation what it is after a turn. A doubt that came meanwhile takes
// from its memory what it takes from all.
func (c *conversation) become(before, after gateway.Conversation, at time.Time) {
	if c.Mode != after.Mode || c.Agent != after.Agent {
		c.Epoch++
	}
	c.Mode, c.Agent, c.Language = after.Mode, after.Agent, after.Language
	c.Fallbacks, c.Clarified, c.Memory = after.Fallbacks, after.Clarified, *copied(&after.Memory)
	if !c.DoubtedAt.IsZero() {
		c.Memory = c.Memory.Doubted()
	}
	c.UpdatedAt = later(c.UpdatedAt, at)
	c.release()
	c.attempt, c.retryAt = 0, time.Time{}
	if after.Marketing != before.Marketing {
		c.wants(after.Marketing, at)
	}
}

// release ends the lease.
func (c *conversation) release() { c.lease, c.leasedUntil = "", time.Time{} }

// Abandon implements gateway.Inbox.
func (s *Store) Abandon(ctx context.Context, claim *gateway.Claim, r gateway.Record, retryAt time.Time) error {
	return s.with(ctx, "abandon", func(p *Place) error {
		c := p.conversations[claim.Conversation.ID]
		if c == nil || claim.Lease == "" || c.lease != claim.Lease {
			return nil
		}
		c.release()
		c.retryAt = retryAt
		p.schedule(c)
		if _, echo := echoed(p.burst(c)); echo {
			c.due = dueAt(retryAt)
		}
		p.record(c, r)
		return nil
	})
}

// turn is a decision record that was kept.
type turn struct {
	gateway.Record
	n            int64
	conversation *conversation
}

// record appends a decision record.
func (p *Place) record(c *conversation, r gateway.Record) *turn {
	kept := &turn{Record: r, n: int64(len(p.turns) + 1), conversation: c}
	p.turns = append(p.turns, kept)
	return kept
}

// given is a record as callers get it: its row moves when contacts are merged.
func (t *turn) given() gateway.Record {
	r := t.Record
	r.ConversationID = t.conversation.ID
	return r
}

// find gives a conversation, or gateway.ErrNotFound.
func (p *Place) find(id string) (*conversation, error) {
	if c := p.conversations[id]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("a conversation: %w", gateway.ErrNotFound)
}
