package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/recado/recado/gateway"
)

// Act implements gateway.Desk.
func (s *Store) Act(ctx context.Context, a gateway.Action) (h gateway.Handoff, err error) {
	err = s.write(ctx, func(t *tx) (err error) {
		h, err = t.decide(a)
		return err
	})
	if err != nil {
		return gateway.Handoff{}, fmt.Errorf("act on a handoff: %w", err)
	}
	return h, nil
}

// decide applies an action and gives the handoff as it is then.
func (t *tx) decide(a gateway.Action) (gateway.Handoff, error) {
	h, c, err := t.subject(a)
	if err != nil {
		return h, err
	}
	var applied gateway.Applied
	if h.ID == "" {
		applied, err = gateway.Take(c, a)
	} else {
		applied, err = gateway.Apply(h, c, a)
	}
	if err != nil {
		return h, err
	}
	// Claiming again changes nothing.
	if applied.Outgoing == nil && applied.Conversation == c {
		return applied.Handoff, nil
	}
	return applied.Handoff, t.act(applied, applied.Conversation.Memory != c.Memory)
}

// subject reads the handoff that an action is on, and its conversation. A conversation
// that is taken may have no open one; then it is zero.
func (t *tx) subject(a gateway.Action) (h gateway.Handoff, c gateway.Conversation, err error) {
	if a.Kind != gateway.ActionTake || a.ConversationID == "" {
		if h, err = get(t, scanHandoff, selectHandoff+` where id = ?`, a.HandoffID); err != nil {
			return h, c, err
		}
		a.ConversationID = h.ConversationID
	}
	if c, err = get(t, scanConversation, selectConversation+` where id = ?`, a.ConversationID); err != nil || h.ID != "" {
		return h, c, err
	}
	h, err = get(t, scanHandoff, selectOpenHandoff, c.ID)
	return h, c, ignore(err, gateway.ErrNotFound)
}

// act writes what an agent's action changes. When it changes what the conversation
// remembers, whoever makes a turn of it has lost it.
func (t *tx) act(a gateway.Applied, remembers bool) error {
	c := a.Conversation
	memory, err := encode(&c.Memory)
	if err != nil {
		return err
	}
	const query = `update conversations set mode = ?, agent = ?, epoch = ?, doubted_at = ?, updated_at = max(updated_at, ?),
		memory = ?, lease = iif(?8, '', lease), leased_until = iif(?8, 0, leased_until) where id = ?7`
	err = t.exec(query, string(c.Mode), c.Agent, c.Epoch, nanos(c.DoubtedAt), nanos(c.UpdatedAt), memory, c.ID, remembers)
	if err != nil {
		return fmt.Errorf("write the conversation: %w", err)
	}
	if c.DoubtedAt.IsZero() {
		// Whoever was verified is verified wherever they write.
		const verified = `update conversations set doubted_at = 0 where contact_id = ? and doubted_at <> 0`
		if err := t.exec(verified, c.ContactID); err != nil {
			return fmt.Errorf("end a doubt: %w", err)
		}
	}
	if c.Mode == gateway.ModeAgent {
		if err := t.cancel(c.ID); err != nil {
			return err
		}
	}
	if a.Outgoing != nil {
		if err := t.enqueue(*a.Outgoing); err != nil {
			return err
		}
	}
	return errors.Join(t.putHandoff(a.Handoff), t.putDraftLabel(a.Label), t.show())
}
