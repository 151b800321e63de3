package gateway

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/google/uuid"
)

// OnceID makes an OutgoingID out of a token that its sender keeps for repeating the
// action, and whatever else makes it one and the same. Without a token it is empty.
func OnceID(token string, parts ...string) string {
	if token == "" {
		return ""
	}
	name := fmt.Sprintf("%q", append([]string{token}, parts...))
	return uuid.NewSHA1(uuid.Nil, []byte(name)).String()
}

// ActOnce is Act for an action that may be a repetition, because a form was sent
// twice or an answer never came. A reply whose OutgoingID is queued already in this
// conversation, with the same text, is done, and gives the handoff as it is now;
// with another text it gives ErrIDTaken. A store keeps one message of an id, so that
// of two at the same time one is sent.
func ActOnce(ctx context.Context, desk Desk, a Action) (Handoff, error) {
	h, err := desk.Act(ctx, a)
	if err == nil || a.Kind != ActionReply || a.OutgoingID == "" || errors.Is(err, ErrNotFound) {
		return h, err
	}
	h, before, lookErr := findReply(ctx, desk, a)
	switch {
	case lookErr != nil:
		return Handoff{}, errors.Join(err, lookErr)
	case before == nil:
		return Handoff{}, err
	case before.Text != strings.TrimSpace(a.Text) || !reflect.DeepEqual(before.Content, a.Content):
		return Handoff{}, ErrIDTaken
	}
	return h, nil
}

// findReply looks for the message that the action would send.
func findReply(ctx context.Context, desk Desk, a Action) (Handoff, *MessageView, error) {
	h, err := desk.Handoff(ctx, a.HandoffID)
	if err != nil {
		return Handoff{}, nil, fmt.Errorf("read a handoff: %w", err)
	}
	for after := ""; ; {
		list, next, err := desk.Messages(ctx, h.ConversationID, Page{After: after, Limit: 200})
		if err != nil {
			return Handoff{}, nil, fmt.Errorf("look for a reply: %w", err)
		}
		for _, m := range list {
			if m.ID == a.OutgoingID {
				return h, &m, nil
			}
		}
		if next == "" {
			return h, nil, nil
		}
		after = next
	}
}
