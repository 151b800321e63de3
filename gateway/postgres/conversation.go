package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/recado/recado/gateway"
)

// conversation is a conversation with how many events were filed in it.
type conversation struct {
	gateway.Conversation
	filed int64
}

// conversationColumns are what conversation.places reads, of a table named c.
const conversationColumns = `c.id, c.contact_id, c.channel, c.user_id, c.phone, c.name, c.mode, c.epoch, c.language,
	c.last_customer_at, c.agent, c.fallbacks, c.clarified, c.created_at, c.updated_at, c.filed`

func (c *conversation) places() []any {
	return []any{
		scan(&c.ID), scan(&c.ContactID), scan(&c.Channel), scan(&c.Contact.UserID), scan(&c.Contact.Phone), scan(&c.Name),
		scan(&c.Mode), &c.Epoch, scan(&c.Language), when(&c.LastCustomerAt), scan(&c.Agent), &c.Fallbacks, &c.Clarified,
		when(&c.CreatedAt), when(&c.UpdatedAt), &c.filed,
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
// condition is to be added to. It is null when none wait.
const burstDue = `
	select least(
		min(e.received_at) filter (where e.kind = 'echo'),
		max(coalesce(e.answer_after, e.received_at)) filter (where e.kind = 'message'),
		min(e.answer_by) filter (where e.kind = 'message'))
	from gateway_events e where e.state = 'waiting'`

// saveQuery writes conversations, new and changed, and times their bursts by the
// events that wait.
const saveQuery = `
insert into gateway_conversations (id, contact_id, channel, user_id, phone, name, mode, epoch, language,
	last_customer_at, agent, fallbacks, clarified, created_at, updated_at, filed, due_at)
select i.*, (` + burstDue + ` and e.conversation_id = i.id)
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[],
	$10::timestamptz[], $11::text[], $12::int[], $13::bool[], $14::timestamptz[], $15::timestamptz[], $16::bigint[])
	as i (id, contact_id, channel, user_id, phone, name, mode, epoch, language,
		last_customer_at, agent, fallbacks, clarified, created_at, updated_at, filed)
on conflict (id) do update set
	contact_id = excluded.contact_id, user_id = excluded.user_id, phone = excluded.phone, name = excluded.name,
	mode = excluded.mode, epoch = excluded.epoch, language = excluded.language,
	last_customer_at = excluded.last_customer_at, agent = excluded.agent, fallbacks = excluded.fallbacks,
	clarified = excluded.clarified, created_at = excluded.created_at, updated_at = excluded.updated_at,
	filed = excluded.filed, due_at = excluded.due_at`

// save writes conversations whose rows are locked or new.
func save(ctx context.Context, tx pgx.Tx, list []*conversation) error {
	n := len(list)
	ids, contacts, channels, users := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	phones, names, modes, languages := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	agents, fallbacks, clarified := make([]string, n), make([]int, n), make([]bool, n)
	epochs, filed := make([]int64, n), make([]int64, n)
	seen, created, updated := make([]pgtype.Timestamptz, n), make([]pgtype.Timestamptz, n), make([]pgtype.Timestamptz, n)
	for i, c := range list {
		ids[i], contacts[i], channels[i] = escape(c.ID), escape(c.ContactID), escape(c.Channel)
		users[i], phones[i], names[i] = escape(c.Contact.UserID), escape(c.Contact.Phone), escape(c.Name)
		modes[i], epochs[i], languages[i] = escape(string(c.Mode)), c.Epoch, escape(c.Language)
		agents[i], fallbacks[i], clarified[i], filed[i] = escape(c.Agent), c.Fallbacks, c.Clarified, c.filed
		seen[i], created[i], updated[i] = stamp(c.LastCustomerAt), present(c.CreatedAt), present(c.UpdatedAt)
	}
	_, err := tx.Exec(ctx, saveQuery, ids, contacts, channels, users, phones, names, modes, epochs, languages,
		seen, agents, fallbacks, clarified, created, updated, filed)
	if err != nil {
		return fmt.Errorf("save conversations: %w", err)
	}
	return nil
}

// take brings a conversation up to date with an event that is filed in it and was
// written by who. Events that come late don't make an older name or identity the
// newest.
func (c *conversation) take(e *entry, who gateway.Identity) {
	c.filed++
	e.conversation, e.seq = c.ID, c.filed
	c.UpdatedAt = later(c.UpdatedAt, e.ReceivedAt)
	if e.Kind != gateway.EventMessage {
		if c.Contact.IsZero() {
			c.Contact = who
		}
		return
	}
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

// queue hands the conversation off: it waits for a person from now on.
func (c *conversation) queue(h gateway.Handoff) {
	c.Mode, c.Agent = gateway.ModeQueued, ""
	c.Epoch++
	c.UpdatedAt = later(c.UpdatedAt, h.CreatedAt)
}
