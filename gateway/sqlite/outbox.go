package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/recado/recado/gateway"
)

// enqueue writes a message that is to be sent.
func (t *tx) enqueue(o gateway.Outgoing) error { return t.insertOutgoing(insertOutgoing, o) }

// follow writes the message that is sent instead of one that was rejected, unless it is
// there already.
func (t *tx) follow(conversationID string, o gateway.Outgoing) error {
	o.ID, o.ConversationID = cmp.Or(o.ID, gateway.NewID()), conversationID
	return t.insertOutgoing(insertOutgoing+` on conflict (id) do nothing`, o)
}

const insertOutgoing = `insert into outgoing (id, conversation_id, channel, user_id, phone, author, agent, text, turn_id,
	created_at, expires_at, content, quote_id, state, due_at)
	values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'queued', ?10)`

func (t *tx) insertOutgoing(query string, o gateway.Outgoing) error {
	content, err := encode(o.Content)
	if err != nil {
		return err
	}
	err = t.exec(query, o.ID, o.ConversationID, o.Channel, o.To.UserID, o.To.Phone, string(o.Author), o.Agent, o.Text,
		o.TurnID, nanos(o.CreatedAt), nanos(o.ExpiresAt), content, o.QuoteID)
	if err != nil {
		return fmt.Errorf("queue a message: %w", err)
	}
	return nil
}

// cancel ends what the bot still had to send in a conversation that an agent has
// from now on.
func (t *tx) cancel(conversationID string) error {
	const query = `update outgoing set state = 'canceled', due_at = null
		where conversation_id = ? and due_at is not null and state = 'queued' and author = 'bot'`
	if err := t.exec(query, conversationID); err != nil {
		return fmt.Errorf("cancel what waits to be sent: %w", err)
	}
	return nil
}

// sendable finds the message that may be sent now and has been due longest. A leased
// one is due again when its lease is over and its status had time to come.
const sendable = `select n from outgoing o where due_at is not null and due_at <= ?1 and not exists (
		select 1 from outgoing p where p.conversation_id = o.conversation_id and p.due_at is not null
		and (p.created_at, p.n) < (o.created_at, o.n)
	) order by due_at, created_at, n limit 1`

// NextOutgoing implements gateway.Outbox. With nothing to send it only reads.
func (s *Store) NextOutgoing(ctx context.Context, now time.Time, lease time.Duration) (*gateway.Outgoing, error) {
	var n int64
	var found bool
	err := s.read(ctx, func(t *tx) (err error) {
		found, err = t.one(sendable, []any{nanos(now)}, &n)
		return err
	})
	var o gateway.Outgoing
	if err == nil && found {
		err = s.write(ctx, func(t *tx) (err error) {
			o, found, err = t.takeOutgoing(now, lease)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("next outgoing: %w", err)
	}
	if !found {
		return nil, gateway.ErrNoWork
	}
	return &o, nil
}

// takeOutgoing leases the next message, and cancels those before it that are the
// bot's in a conversation that an agent has.
func (t *tx) takeOutgoing(now time.Time, lease time.Duration) (o gateway.Outgoing, found bool, err error) {
	for {
		var mode gateway.Mode
		if o, mode, found, err = t.leaseOutgoing(now, lease); err != nil || !found {
			return o, false, err
		}
		if o.Author != gateway.AuthorBot || mode != gateway.ModeAgent {
			return o, true, t.show()
		}
		const end = `update outgoing set state = 'canceled', attempt = attempt - 1, lease = '', due_at = null where id = ?`
		if err := errors.Join(t.exec(end, o.ID), t.show()); err != nil {
			return o, false, err
		}
	}
}

func (t *tx) leaseOutgoing(now time.Time, lease time.Duration) (o gateway.Outgoing, mode gateway.Mode, found bool, err error) {
	const query = `update outgoing set before = iif(state = 'sending', 'unknown', state), state = 'sending', attempt = attempt + 1, tried_at = ?1, lease = ?2, due_at = ?3
		where n = (` + sendable + `) returning id, conversation_id, channel, user_id, phone, author, agent, text,
		turn_id, created_at, expires_at, content, quote_id, attempt, before = 'unknown', lease, (select mode from conversations c where c.id = conversation_id)`
	again := now.Add(lease + gateway.ReconcileAfter)
	found, err = t.one(query, []any{nanos(now), gateway.NewID(), nanos(again)},
		&o.ID, &o.ConversationID, &o.Channel, &o.To.UserID, &o.To.Phone, &o.Author, &o.Agent, &o.Text,
		&o.TurnID, moment{&o.CreatedAt}, moment{&o.ExpiresAt}, document{&o.Content}, &o.QuoteID,
		&o.Attempt, &o.Doubtful, &o.Lease, &mode)
	return o, mode, found, err
}

// Sent implements gateway.Outbox.
func (s *Store) Sent(ctx context.Context, id string) (o gateway.Outgoing, err error) {
	const query = `select id, conversation_id, channel, user_id, phone, author, agent, text, turn_id, created_at, expires_at,
		content, quote_id from outgoing where id = ?`
	err = s.read(ctx, func(t *tx) (err error) {
		o, err = get(t, scanOutgoing, query, id)
		return err
	})
	if err != nil {
		return gateway.Outgoing{}, fmt.Errorf("read a message: %w", err)
	}
	return o, nil
}

func scanOutgoing(r row) (o gateway.Outgoing, err error) {
	err = r.Scan(&o.ID, &o.ConversationID, &o.Channel, &o.To.UserID, &o.To.Phone, &o.Author, &o.Agent, &o.Text,
		&o.TurnID, moment{&o.CreatedAt}, moment{&o.ExpiresAt}, document{&o.Content}, &o.QuoteID)
	return o, err
}

// Follow implements gateway.Outbox.
func (s *Store) Follow(ctx context.Context, o gateway.Outgoing) error {
	err := s.write(ctx, func(t *tx) error { return errors.Join(t.follow(o.ConversationID, o), t.show()) })
	if err != nil {
		return fmt.Errorf("follow: %w", err)
	}
	return nil
}

// sending is a message in the outbox as far as settling needs it.
type sending struct {
	n              int64
	conversationID string
	text           string
	state          gateway.DeliveryState
	lease          string
	// tried is when the newest attempt began.
	tried time.Time
}

const selectSending = `select n, conversation_id, text, state, lease, tried_at from outgoing`

func scanSending(r row) (m sending, err error) {
	err = r.Scan(&m.n, &m.conversationID, &m.text, &m.state, &m.lease, moment{&m.tried})
	return m, err
}

// settled tells whether the provider is known to have taken the message or to have
// refused it for good.
func (m sending) settled() bool { return m.state.Rank() >= gateway.DeliverySent.Rank() }

// Settle implements gateway.Outbox.
func (s *Store) Settle(ctx context.Context, o *gateway.Outgoing, r gateway.SendResult) error {
	err := s.write(ctx, func(t *tx) error {
		m, err := get(t, scanSending, selectSending+` where id = ?`, o.ID)
		if errors.Is(err, gateway.ErrNotFound) {
			return gateway.ErrLeaseLost
		}
		if err != nil {
			return err
		}
		if r.Outcome != gateway.SendAccepted && (m.lease != o.Lease || o.Lease == "") {
			return gateway.ErrLeaseLost
		}
		return errors.Join(t.settle(m, r), t.show())
	})
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}

func (t *tx) settle(m sending, r gateway.SendResult) error {
	var payload []byte
	if r.Payload != nil {
		payload = r.Payload
	}
	const used = `update outgoing set lease = '', payload = coalesce(?, payload) where n = ?`
	if err := t.exec(used, payload, m.n); err != nil {
		return err
	}
	switch r.Outcome {
	case gateway.SendAccepted:
		return t.settleAccepted(m, r)
	case gateway.SendRejected:
		return t.settleRejected(m, r)
	case gateway.SendRetry:
		return t.settleAgain(m, r, gateway.DeliveryQueued)
	case gateway.SendUnknown:
		return t.settleAgain(m, r, gateway.DeliveryUnknown)
	}
	return fmt.Errorf("%w: an unknown outcome", gateway.ErrInvalid)
}

// settleAccepted notes the provider's id, and merges the status that overtook it.
func (t *tx) settleAccepted(m sending, r gateway.SendResult) error {
	if !m.settled() {
		m.state = gateway.DeliverySent
		if err := t.exec(`update outgoing set state = ?, error = null where n = ?`, string(m.state), m.n); err != nil {
			return err
		}
	}
	const note = `update outgoing set due_at = null, provider_id = coalesce(nullif(?, ''), provider_id) where n = ?`
	if err := t.exec(note, r.ProviderID, m.n); err != nil {
		return err
	}
	early := gateway.Status{ProviderID: r.ProviderID}
	var at, received time.Time
	const take = `delete from early_statuses where provider_id = ? returning state, error, at, received_at`
	found, err := t.one(take, []any{r.ProviderID}, &early.State, document{&early.Error}, moment{&at}, moment{&received})
	if err != nil || !found {
		return err
	}
	if at.IsZero() {
		at = received
	}
	return t.merge(m, early, at, received)
}

// settleRejected ends a message, unless a status said that it arrived after all. One
// that said before that it failed has told the rest.
func (t *tx) settleRejected(m sending, r gateway.SendResult) error {
	if m.state.Rank() > gateway.DeliveryFailed.Rank() {
		return nil
	}
	if m.state != gateway.DeliveryFailed {
		if err := t.fail(m, r); err != nil {
			return err
		}
	}
	if r.Follow == nil {
		return nil
	}
	return t.follow(m.conversationID, *r.Follow)
}

// fail notes that a message was rejected, and what that says of the customer. It goes
// to a person if somebody has to answer now.
func (t *tx) fail(m sending, r gateway.SendResult) error {
	reason, err := encode(r.Error)
	if err != nil {
		return err
	}
	if err := t.exec(`update outgoing set state = 'failed', due_at = null, error = ? where n = ?`, reason, m.n); err != nil {
		return err
	}
	ended := m.tried
	if r.Handoff != nil {
		ended = r.Handoff.CreatedAt
	}
	if err := t.mark(m.conversationID, r.Error, ended); err != nil {
		return fmt.Errorf("mark a conversation: %w", err)
	}
	if r.Handoff == nil {
		return nil
	}
	return t.fallTo(m.conversationID, func(gateway.Conversation) gateway.Handoff { return *r.Handoff })
}

// settleAgain puts a message back, unless a status settled it meanwhile.
func (t *tx) settleAgain(m sending, r gateway.SendResult, state gateway.DeliveryState) error {
	if m.settled() {
		return nil
	}
	reason, err := encode(r.Error)
	if err != nil {
		return err
	}
	const query = `update outgoing set state = ?, due_at = ?, error = ? where n = ?`
	if err := t.exec(query, string(state), nanos(r.RetryAt), reason, m.n); err != nil {
		return err
	}
	return t.cancelOwned(m.conversationID)
}

// cancelOwned cancels what is queued again after an agent took over.
func (t *tx) cancelOwned(conversationID string) error {
	var owned bool
	const query = `select exists (select 1 from conversations where id = ? and mode = 'agent')`
	if _, err := t.one(query, []any{conversationID}, &owned); err != nil || !owned {
		return err
	}
	return t.cancel(conversationID)
}

// Postpone implements gateway.Outbox.
func (s *Store) Postpone(ctx context.Context, o *gateway.Outgoing, until time.Time) error {
	err := s.write(ctx, func(t *tx) error {
		const query = `update outgoing set state = before, attempt = attempt - 1, lease = '', due_at = ?
			where id = ? and lease = ? and lease <> '' and state = 'sending'`
		held, err := t.changed(query, nanos(until), o.ID, o.Lease)
		if err != nil {
			return err
		}
		if !held {
			return gateway.ErrLeaseLost
		}
		return errors.Join(t.cancelOwned(o.ConversationID), t.show())
	})
	if err != nil {
		return fmt.Errorf("postpone: %w", err)
	}
	return nil
}

// earlyFor is how long a status waits for the message that it is about. What the
// shop sends from its phone has statuses, too, and their message never comes.
const earlyFor = 7 * 24 * time.Hour

// fileStatus merges a status into the message that it is about: the one with our
// id, or else with the provider's. One that overtook the settlement waits.
func (t *tx) fileStatus(e gateway.Event, now time.Time) error {
	s := *e.Status
	if s.State.Rank() < gateway.DeliverySent.Rank() {
		return nil // a status nobody knows is only kept
	}
	const query = selectSending + ` where id = ?1 or (provider_id = ?2 and provider_id <> '') order by id = ?1 desc limit 1`
	m, err := get(t, scanSending, query, s.OutgoingID, s.ProviderID)
	if err == nil {
		return t.merge(m, s, e.At, now)
	}
	if !errors.Is(err, gateway.ErrNotFound) || s.ProviderID == "" {
		return ignore(err, gateway.ErrNotFound)
	}
	return t.fileEarly(e, now)
}

// fileEarly has a status wait for its message.
func (t *tx) fileEarly(e gateway.Event, now time.Time) error {
	s := *e.Status
	if err := t.exec(`delete from early_statuses where received_at < ?`, nanos(now.Add(-earlyFor))); err != nil {
		return err
	}
	var before gateway.DeliveryState
	if _, err := t.one(`select state from early_statuses where provider_id = ?`, []any{s.ProviderID}, &before); err != nil {
		return err
	}
	if before.Rank() >= s.State.Rank() {
		return nil
	}
	reason, err := encode(s.Error)
	if err != nil {
		return err
	}
	const wait = `insert into early_statuses (provider_id, state, error, at, received_at) values (?, ?, ?, ?, ?)
		on conflict (provider_id) do update set state = excluded.state, error = excluded.error, at = excluded.at`
	return t.exec(wait, s.ProviderID, string(s.State), reason, nanos(e.At), nanos(e.ReceivedAt))
}

// ignore takes one error for none.
func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// merge keeps of two states the one that says more, and notes what it says of the
// customer. at is the provider's time of the status, and now is ours. A message that
// turns out to have failed goes to a person.
func (t *tx) merge(m sending, s gateway.Status, at, now time.Time) error {
	const note = `update outgoing set due_at = null, provider_id = iif(provider_id = '', ?, provider_id) where n = ?`
	if err := t.exec(note, s.ProviderID, m.n); err != nil {
		return err
	}
	if s.State == gateway.DeliveryDelivered || s.State == gateway.DeliveryRead {
		if err := t.reached(m.conversationID, now); err != nil {
			return err
		}
	}
	if s.State.Rank() <= m.state.Rank() {
		return nil
	}
	var reason any
	if s.State == gateway.DeliveryFailed {
		var err error
		if reason, err = encode(s.Error); err != nil {
			return err
		}
	}
	if err := t.exec(`update outgoing set state = ?, error = ? where n = ?`, string(s.State), reason, m.n); err != nil {
		return err
	}
	if s.State != gateway.DeliveryFailed {
		return nil
	}
	if err := t.mark(m.conversationID, s.Error, at); err != nil {
		return fmt.Errorf("mark a conversation: %w", err)
	}
	return t.fallTo(m.conversationID, func(c gateway.Conversation) gateway.Handoff {
		return gateway.SendFailure(c, m.text, s.Error, now)
	})
}

// fallTo opens a handoff and queues the conversation, unless it already is with a
// person.
func (t *tx) fallTo(conversationID string, make func(gateway.Conversation) gateway.Handoff) error {
	c, err := get(t, scanConversation, selectConversation+` where id = ?`, conversationID)
	if err != nil {
		return fmt.Errorf("read the conversation of a failed message: %w", err)
	}
	if c.Mode == gateway.ModeQueued || c.Mode == gateway.ModeAgent {
		return nil
	}
	h := make(c)
	h.ConversationID = c.ID
	if err := t.openHandoff(h); err != nil {
		return err
	}
	const query = `update conversations set mode = 'queued', agent = '', epoch = epoch + 1, updated_at = max(updated_at, ?)
		where id = ?`
	return t.exec(query, nanos(h.CreatedAt), c.ID)
}
