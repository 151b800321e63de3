package memory

import (
	"context"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag/action"
)

// command is a write on its way with what became of it.
type command struct {
	gateway.CommandView
	conversation *conversation
	due          due
	tried        time.Time
}

// order keeps a command of a turn. One with an id that is there is that one.
func (p *Place) order(c *conversation, made gateway.Command) {
	if p.command(made.ID) != nil {
		return
	}
	made.Call = *copied(&made.Call)
	made.Overdue, made.Attempt, made.Lease = false, 0, ""
	p.commands = append(p.commands, &command{
		CommandView: gateway.CommandView{Command: made}, conversation: c, due: dueAt(made.CreatedAt),
	})
}

func (p *Place) command(id string) *command {
	for _, c := range p.commands {
		if c.Command.ID == id {
			return c
		}
	}
	return nil
}

// given is a command as its worker gets it.
func (c *command) given() *gateway.Command {
	own := c.Command
	own.ConversationID, own.Call = c.conversation.ID, *copied(&c.Command.Call)
	return &own
}

// NextCommand implements gateway.Commands.
func (s *Store) NextCommand(ctx context.Context, now time.Time, lease time.Duration) (given *gateway.Command, err error) {
	err = s.with(ctx, "next command", func(p *Place) error {
		var next *command
		for _, c := range p.commands {
			if c.due.by(now) && (next == nil || c.due.before(next.due)) {
				next = c
			}
		}
		if next == nil {
			return gateway.ErrNoWork
		}
		published := !next.PublishedAt.IsZero()
		if !published {
			next.Command.Attempt++
		}
		next.tried, next.Command.Lease, next.due = now, gateway.NewID(), dueAt(now.Add(lease))
		given = next.given()
		given.Overdue = published
		return nil
	})
	return given, err
}

// leased finds the command that somebody has leased.
func (p *Place) leased(c *gateway.Command) (*command, error) {
	kept := p.command(c.ID)
	if kept == nil || c.Lease == "" || kept.Command.Lease != c.Lease {
		return kept, gateway.ErrLeaseLost
	}
	return kept, nil
}

// Published implements gateway.Commands.
func (s *Store) Published(ctx context.Context, c *gateway.Command) error {
	return s.with(ctx, "note a published command", func(p *Place) error {
		kept, err := p.leased(c)
		if err != nil {
			if kept != nil && kept.Receipt != nil {
				return nil
			}
			return err
		}
		if kept.PublishedAt.IsZero() {
			kept.PublishedAt = kept.tried
		}
		kept.Command.Secret, kept.Command.Lease = "", ""
		kept.due = due{!kept.Command.Deadline.IsZero(), kept.Command.Deadline}
		p.show()
		return nil
	})
}

// RetryCommand implements gateway.Commands.
func (s *Store) RetryCommand(ctx context.Context, c *gateway.Command, at time.Time) error {
	return s.with(ctx, "retry a command", func(p *Place) error {
		kept, err := p.leased(c)
		if err != nil {
			return err
		}
		kept.Command.Lease, kept.due = "", dueAt(at)
		return nil
	})
}

// end has a command wait for nothing any more.
func (c *command) end() { c.Command.Secret, c.Command.Lease, c.due = "", "", due{} }

// Expire implements gateway.Commands.
func (s *Store) Expire(ctx context.Context, c *gateway.Command, now time.Time) error {
	return s.with(ctx, "expire a command", func(p *Place) error {
		kept, err := p.leased(c)
		if err != nil {
			return err
		}
		kept.end()
		kept.ExpiredAt = now
		ended := kept.given()
		ended.Overdue = !kept.PublishedAt.IsZero()
		p.affect(kept.conversation, now, func(c gateway.Conversation) gateway.Effect {
			return gateway.ApplyOverdue(c, *ended, now)
		})
		return nil
	})
}

// Receive implements gateway.Commands.
func (s *Store) Receive(ctx context.Context, r action.Receipt, now time.Time) error {
	return s.with(ctx, "take a receipt", func(p *Place) error {
		kept := p.command(r.CommandID)
		switch {
		case kept == nil:
			return gateway.ErrNotFound
		case kept.Receipt != nil:
			return nil
		}
		kept.end()
		if kept.Receipt = copied(&r); kept.PublishedAt.IsZero() {
			kept.PublishedAt = now // whoever answers has read it
		}
		late := !kept.ExpiredAt.IsZero()
		p.affect(kept.conversation, now, func(c gateway.Conversation) gateway.Effect {
			return gateway.ApplyReceipt(c, *kept.given(), late, r, now)
		})
		return nil
	})
}

// affect writes what the end of a command changes in its conversation. A turn under way
// knows nothing of this and is refused.
func (p *Place) affect(c *conversation, now time.Time, effect func(gateway.Conversation) gateway.Effect) {
	e := effect(c.given())
	c.Memory = *copied(&e.Memory)
	c.Epoch++
	c.changedAt(now)
	for _, o := range e.Outgoing {
		p.follow(c, o)
	}
	if e.Handoff != nil {
		p.fallTo(c, func(gateway.Conversation) gateway.Handoff { return *e.Handoff })
	}
	if e.Record != nil {
		p.record(c, *e.Record)
	}
	p.cancelOwned(c)
	p.show()
}

// Commands implements gateway.Commands.
func (s *Store) Commands(ctx context.Context, conversationID string) (all []gateway.CommandView, err error) {
	err = s.with(ctx, "list commands", func(p *Place) error {
		c, err := p.find(conversationID)
		if err != nil {
			return err
		}
		for _, kept := range p.commands {
			if kept.conversation == c {
				view := kept.CommandView
				view.Command, view.Receipt = *kept.given(), copied(kept.Receipt)
				view.Command.Secret, view.Command.Lease = "", ""
				all = append(all, view)
			}
		}
		return nil
	})
	return all, err
}
