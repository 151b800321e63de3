package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/gateway"
)

// Act implements gateway.Desk.
func (s *Store) Act(ctx context.Context, a gateway.Action) (h gateway.Handoff, err error) {
	err = s.transact(ctx, func(tx pgx.Tx) error {
		var c gateway.Conversation
		var applied gateway.Applied
		if h, c, err = lockFor(ctx, tx, a); err != nil {
			return err
		}
		opens := h.ID == ""
		if opens {
			applied, err = gateway.Take(c, a)
		} else {
			applied, err = gateway.Apply(h, c, a)
		}
		if err != nil {
			return err
		}
		// Claiming again changes nothing.
		if applied.Outgoing == nil && applied.Conversation == c {
			return nil
		}
		h = applied.Handoff
		if err := saveApplied(ctx, tx, applied, opens); err != nil {
			return err
		}
		if applied.Conversation.Memory != c.Memory {
			if err := interrupt(ctx, tx, c.ID); err != nil {
				return err
			}
		}
		if a.Kind != gateway.ActionVerify {
			return nil
		}
		return trust(ctx, tx, applied.Conversation)
	})
	if err != nil {
		return gateway.Handoff{}, fmt.Errorf("act on a handoff: %w", err)
	}
	h.CreatedAt, h.UpdatedAt = micro(h.CreatedAt), micro(h.UpdatedAt)
	return h, nil
}

// interrupt takes the lease of a turn under way: it was made of what the conversation
// remembered before.
func interrupt(ctx context.Context, tx pgx.Tx, conversationID string) error {
	_, err := tx.Exec(ctx, `update gateway_conversations set lease = null, leased_until = null where id = $1`, escape(conversationID))
	return err
}

// trust ends the doubt in all conversations of the customer who was verified in one.
func trust(ctx context.Context, tx pgx.Tx, c gateway.Conversation) error {
	_, err := tx.Exec(ctx, `update gateway_conversations set doubted_at = null, updated_at = greatest(updated_at, $2)
		where contact_id = $1 and doubted_at is not null`, escape(c.ContactID), present(c.UpdatedAt))
	return err
}

// lockFor locks the handoff that an action is on and its conversation, which goes
// first. A conversation that is taken may have no open one.
func lockFor(ctx context.Context, tx pgx.Tx, a gateway.Action) (h gateway.Handoff, c gateway.Conversation, err error) {
	id, conversation := escape(a.HandoffID), `(select conversation_id from gateway_handoffs where id = $1)`
	handoff, wanted := `id = $1`, 1
	if a.Kind == gateway.ActionTake && a.ConversationID != "" {
		id, conversation = escape(a.ConversationID), `$1`
		handoff, wanted = `conversation_id = $1 and state in ('queued', 'claimed')`, 0
	}
	batch := &pgx.Batch{}
	batch.Queue(`select `+conversationColumns+` from gateway_conversations c where c.id = `+conversation+` for no key update`, id).
		Query(func(rows pgx.Rows) error {
			found, err := pgx.CollectExactlyOneRow(rows, scanConversation)
			if err == nil {
				c = found.Conversation
			}
			return missing(err)
		})
	batch.Queue(`select `+handoffColumns+` from gateway_handoffs where `+handoff+` for no key update`, id).
		Query(func(rows pgx.Rows) error {
			list, err := pgx.CollectRows(rows, scanHandoff)
			if len(list) > 0 {
				h = list[0]
			} else if err == nil && wanted > 0 {
				err = gateway.ErrNotFound
			}
			return err
		})
	return h, c, send(ctx, tx, batch)
}

// saveApplied writes what an action changed. opens tells that the handoff is a new one.
func saveApplied(ctx context.Context, tx pgx.Tx, a gateway.Applied, opens bool) error {
	h, c := a.Handoff, a.Conversation
	batch := &pgx.Batch{}
	if opens {
		if err := queueHandoff(batch, c.ID, h); err != nil {
			return err
		}
	} else {
		batch.Queue(`update gateway_handoffs set state = $2, agent = $3, updated_at = $4 where id = $1`,
			escape(h.ID), escape(string(h.State)), escape(h.Agent), present(h.UpdatedAt))
	}
	if err := queueOwner(batch, c); err != nil {
		return err
	}
	if c.Mode == gateway.ModeAgent {
		queueCancel(batch, c.ID)
	}
	if a.Outgoing != nil {
		if err := queueOutgoing(batch, c.ID, *a.Outgoing); err != nil {
			return err
		}
		queueDraftLabel(batch, a.Label)
	}
	batch.Queue(bump)
	return send(ctx, tx, batch)
}
