package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/recado/recado/gateway"
)

// conversation is a conversation with how many events were filed in it.
type conversation struct {
	gateway.Conversation
	filed int64
	// marketingAt is when the customer last said what they want.
	marketingAt time.Time
	// timed tells that what waits has changed, and with it when it is due.
	timed bool
	// leased tells that a turn of it is under way.
	leased bool
}

// conversationColumns are what conversation.places reads, of a table named c.
const conversationColumns = `c.id, c.contact_id, c.channel, c.user_id, c.phone, c.name, c.mode, c.epoch, c.language,
	c.last_customer_at, c.agent, c.fallbacks, c.clarified, c.created_at, c.updated_at, c.filed,
	c.doubted_at, c.unreachable_at, c.unreachable, c.marketing, c.marketing_at,
	coalesce(c.memory, '{}'::json), c.lease is not null`

func (c *conversation) places() []any {
	return []any{
		scan(&c.ID), scan(&c.ContactID), scan(&c.Channel), scan(&c.Contact.UserID), scan(&c.Contact.Phone), scan(&c.Name),
		scan(&c.Mode), &c.Epoch, scan(&c.Language), when(&c.LastCustomerAt), scan(&c.Agent), &c.Fallbacks, &c.Clarified,
		when(&c.CreatedAt), when(&c.UpdatedAt), &c.filed,
		when(&c.DoubtedAt), when(&c.UnreachableAt), &c.Unreachable, scan(&c.Marketing), when(&c.marketingAt), &c.Memory, &c.leased,
	}
}

func scanConversation(row pgx.CollectableRow) (*conversation, error) {
	c := &conversation{}
	return c, row.Scan(c.places()...)
}

// withPerson tells whether a person has the conversation or is wanted for it.
func (c *conversation) withPerson() bool {
	return c.Mode == gateway.ModeQueued || c.Mode == gateway.ModeAgent
}

// burstDue is when the waiting events of a conversation want their turn, which a
// condition is to be added to. It is null when none wait. Messages wait for their
// files, echoes don't.
const burstDue = `
	select least(
		min(e.received_at) filter (where e.kind = 'echo'),
		greatest(max(f.wait_until) filter (where e.kind = 'message'), least(
			max(coalesce(e.answer_after, e.received_at)) filter (where e.kind = 'message'),
			min(e.answer_by) filter (where e.kind = 'message'))))
	from gateway_events e left join gateway_files f on f.event = e.digest and f.state = 'waiting'
	where e.state = 'waiting'`

// saveQuery writes conversations, new and changed, and times their bursts by the
// events that wait where those have changed.
const saveQuery = `
insert into gateway_conversations (id, contact_id, channel, user_id, phone, name, mode, epoch, language,
	last_customer_at, agent, fallbacks, clarified, created_at, updated_at, filed,
	doubted_at, unreachable_at, unreachable, marketing, marketing_at, memory, due_at)
select i.id, i.contact_id, i.channel, i.user_id, i.phone, i.name, i.mode, i.epoch, i.language,
	i.last_customer_at, i.agent, i.fallbacks, i.clarified, i.created_at, i.updated_at, i.filed,
	i.doubted_at, i.unreachable_at, i.unreachable::json, i.marketing, i.marketing_at, i.memory::json,
	case when i.timed then (` + burstDue + ` and e.conversation_id = i.id)
		else (select o.due_at from gateway_conversations o where o.id = i.id) end
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[],
	$10::timestamptz[], $11::text[], $12::int[], $13::bool[], $14::timestamptz[], $15::timestamptz[], $16::bigint[],
	$17::timestamptz[], $18::timestamptz[], $19::text[], $20::text[], $21::timestamptz[], $22::text[], $23::bool[])
	as i (id, contact_id, channel, user_id, phone, name, mode, epoch, language,
		last_customer_at, agent, fallbacks, clarified, created_at, updated_at, filed,
		doubted_at, unreachable_at, unreachable, marketing, marketing_at, memory, timed)
on conflict (id) do update set
	contact_id = excluded.contact_id, user_id = excluded.user_id, phone = excluded.phone, name = excluded.name,
	mode = excluded.mode, epoch = excluded.epoch, language = excluded.language,
	last_customer_at = excluded.last_customer_at, agent = excluded.agent, fallbacks = excluded.fallbacks,
	clarified = excluded.clarified, created_at = excluded.created_at, updated_at = excluded.updated_at,
	filed = excluded.filed, doubted_at = excluded.doubted_at, unreachable_at = excluded.unreachable_at,
	unreachable = excluded.unreachable, marketing = excluded.marketing, marketing_at = excluded.marketing_at,
	memory = excluded.memory,
	due_at = excluded.due_at, attempt = case when excluded.due_at is null then 0 else gateway_conversations.attempt end`

// save writes conversations whose rows are locked or new.
func save(ctx context.Context, tx pgx.Tx, list []*conversation) error {
	var r conversationRows
	for _, c := range list {
		if err := r.add(c); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, saveQuery, r.ids, r.contacts, r.channels, r.users, r.phones, r.names, r.modes, r.epochs, r.languages,
		r.seen, r.agents, r.fallbacks, r.clarified, r.created, r.updated, r.filed,
		r.doubted, r.unreachableAt, r.unreachable, r.marketing, r.marketingAt, r.memories, r.timed)
	if err != nil {
		return fmt.Errorf("save conversations: %w", err)
	}
	return nil
}

// conversationRows are conversations as one array for each column.
type conversationRows struct {
	ids, contacts, channels, users, phones, names, modes, languages, agents, marketing []string

	unreachable, memories                                       []*string
	epochs, filed                                               []int64
	fallbacks                                                   []int
	clarified, timed                                            []bool
	seen, created, updated, doubted, unreachableAt, marketingAt []pgtype.Timestamptz
}

func (r *conversationRows) add(c *conversation) error {
	unreachable, err := document(c.Unreachable)
	if err != nil {
		return fmt.Errorf("encode a send error: %w", err)
	}
	memory, err := document(&c.Memory)
	if err != nil {
		return fmt.Errorf("encode a memory: %w", err)
	}
	r.memories = append(r.memories, memory)
	r.ids, r.contacts, r.channels = append(r.ids, escape(c.ID)), append(r.contacts, escape(c.ContactID)), append(r.channels, escape(c.Channel))
	r.users, r.phones = append(r.users, escape(c.Contact.UserID)), append(r.phones, escape(c.Contact.Phone))
	r.names, r.modes, r.epochs = append(r.names, escape(c.Name)), append(r.modes, escape(string(c.Mode))), append(r.epochs, c.Epoch)
	r.languages, r.agents = append(r.languages, escape(c.Language)), append(r.agents, escape(c.Agent))
	r.fallbacks, r.clarified = append(r.fallbacks, c.Fallbacks), append(r.clarified, c.Clarified)
	r.filed, r.timed = append(r.filed, c.filed), append(r.timed, c.timed)
	r.seen, r.created, r.updated = append(r.seen, stamp(c.LastCustomerAt)), append(r.created, present(c.CreatedAt)), append(r.updated, present(c.UpdatedAt))
	r.doubted, r.unreachable = append(r.doubted, stamp(c.DoubtedAt)), append(r.unreachable, unreachable)
	r.unreachableAt = append(r.unreachableAt, stamp(c.UnreachableAt))
	r.marketing, r.marketingAt = append(r.marketing, escape(c.Marketing)), append(r.marketingAt, stamp(c.marketingAt))
	return nil
}

// take brings a conversation up to date with an event that is filed in it and was
// written by who. Events that come late don't make an older name or identity the
// newest.
func (c *conversation) take(e *entry, who gateway.Identity) {
	c.UpdatedAt = later(c.UpdatedAt, e.ReceivedAt)
	if e.waits() {
		c.filed++
		c.timed = true
		e.seq = c.filed
	}
	if e.visible() {
		e.conversation = c.ID
	}
	if e.Kind != gateway.EventMessage {
		if c.Contact.IsZero() {
			c.Contact = who
		}
		return
	}
	c.reached(e.ReceivedAt)
	if !e.At.Before(c.LastCustomerAt) {
		c.LastCustomerAt, c.Contact = e.At, who
		if e.Name != "" {
			c.Name = e.Name
		}
	}
	if c.Name == "" {
		c.Name = e.Name
	}
	if c.Mode == gateway.ModeClosed {
		c.Mode, c.Agent = gateway.ModeBot, ""
		c.Epoch++
	}
}

// reached notes that the customer can be reached.
func (c *conversation) reached(at time.Time) {
	if !c.UnreachableAt.IsZero() {
		c.UpdatedAt = later(c.UpdatedAt, at)
	}
	c.UnreachableAt, c.Unreachable = time.Time{}, nil
}

// mark notes what an error of the channel says of the customer, if anything. What it
// says of who they are holds for all their conversations, see doubt.
func (c *conversation) mark(err *gateway.SendError, at time.Time) (changed bool) {
	if err == nil {
		return false
	}
	switch err.Class {
	case gateway.ErrorUnreachable:
		c.UnreachableAt, c.Unreachable = later(c.UnreachableAt, at), err
	case gateway.ErrorOptedOut:
		c.Marketing = marketingStop
	default:
		return false
	}
	c.UpdatedAt = later(c.UpdatedAt, at)
	return true
}

// marketingStop is what a customer wants who wants no marketing.
const marketingStop = "stop"

// doubt notes that the person behind the identity may be another since then.
func (c *conversation) doubt(at time.Time) {
	c.DoubtedAt, c.UpdatedAt = later(c.DoubtedAt, at), later(c.UpdatedAt, at)
	c.Memory = c.Memory.Doubted()
}

// withhold refuses the turn that is under way, which knows nothing of a doubt.
func (c *conversation) withhold() {
	if c.leased {
		c.Epoch++
	}
}

// prefer notes what the customer wants, unless they have said something newer.
func (c *conversation) prefer(p gateway.Preference, at time.Time) {
	if !p.At.IsZero() {
		at = p.At
	}
	if !at.Before(c.marketingAt) {
		c.Marketing, c.marketingAt = p.Marketing, at
	}
}

// queue hands the conversation off: it waits for a person from now on.
func (c *conversation) queue(h gateway.Handoff) {
	c.Mode, c.Agent = gateway.ModeQueued, ""
	c.Epoch++
	c.UpdatedAt = later(c.UpdatedAt, h.CreatedAt)
}
