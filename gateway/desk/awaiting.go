package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
)

// maxWatched is how many claimed handoffs of a group are looked into for messages
// that nobody has answered.
const maxWatched = 50

// awaiting tells of claimed handoffs since when their customers wait for an answer,
// by the id of the handoff; those that don't wait are left out.
func (d *Desk) awaiting(ctx context.Context, revision int64, groups ...[]gateway.Handoff) (map[string]time.Time, error) {
	all := map[string]time.Time{}
	for _, group := range groups {
		for _, h := range group[:min(len(group), maxWatched)] {
			since, ok := d.recent.since(revision, h.ID)
			if !ok {
				messages, _, err := tail(ctx, d.messages, h.ConversationID, d.config.Desk.Messages)
				if err != nil {
					return nil, fmt.Errorf("read messages: %w", err)
				}
				since = unanswered(h, messages)
				d.recent.note(revision, h.ID, since)
			}
			if !since.IsZero() {
				all[h.ID] = since
			}
		}
	}
	return all, nil
}

// unanswered is when the customer first wrote something after a person's last
// message, or the zero time. What came before the handoff was for the assistant: it
// counts from the handoff on.
func unanswered(h gateway.Handoff, messages []gateway.MessageView) time.Time {
	for i, m := range slices.Backward(messages) {
		if m.Author == gateway.AuthorAgent {
			messages = messages[i+1:]
			break
		}
	}
	for _, m := range messages {
		if m.Author != gateway.AuthorCustomer || isReaction(m) || lineOf(m) != "" {
			continue
		}
		if m.At.Before(h.CreatedAt) {
			return h.CreatedAt
		}
		return m.At
	}
	return time.Time{}
}
