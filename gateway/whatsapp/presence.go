package whatsapp

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// receipt marks a message as read, and those before it.
type receipt struct {
	MessagingProduct string     `json:"messaging_product"`
	Status           string     `json:"status"`
	MessageID        string     `json:"message_id"`
	Typing           typingPart `json:"typing_indicator"`
}

type typingPart struct {
	Type string `json:"type"`
}

// Typing implements gateway.Presence. The sign goes out after 25 seconds or with the
// next message.
func (c *Client) Typing(ctx context.Context, channel, messageID string) error {
	if channel = cmp.Or(channel, c.config.PhoneNumberID); channel == "" {
		return errNoNumber
	}
	body, err := json.Marshal(receipt{"whatsapp", "read", messageID, typingPart{"text"}})
	if err != nil {
		return fmt.Errorf("encode a receipt: %w", err)
	}
	response, err := c.post(ctx, channel, body)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoAnswer, unaddressed(err))
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if response.StatusCode != http.StatusOK {
		return c.refused(response, answer)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return nil
}
