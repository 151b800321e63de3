package desk

import (
	"context"
	"fmt"
	"net/http"

	"github.com/recado/recado/gateway"
)

// revealView is what the page shows that uncovers a message.
type revealView struct {
	Conversation gateway.Conversation
	Text         string
}

// reveal shows what a message says with nothing covered, and logs who asked for it. It
// answers a form, so that nobody sees it again by an address alone.
func (d *Desk) reveal(w http.ResponseWriter, r *http.Request, agent string) error {
	p, _, err := d.frame(r, agent)
	if err != nil {
		return err
	}
	c, err := d.config.Desk.Conversation(r.Context(), r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("read a conversation: %w", err)
	}
	m, err := d.said(r.Context(), c.ID, r.PathValue("message"))
	if err != nil {
		return err
	}
	d.config.Logger.InfoContext(r.Context(), "an agent uncovered a message", "agent", agent, "conversation", c.ID, "message", m.ID)
	p.Self = "/desk/conversations/" + c.ID
	p.Name, p.Who, p.Content = "reveal", who(c.Name, c.Contact), revealView{c, m.Text}
	return d.show(w, r, http.StatusOK, p)
}

// said finds a message of a conversation.
func (d *Desk) said(ctx context.Context, conversationID, id string) (gateway.MessageView, error) {
	for after := ""; ; {
		list, next, err := d.config.Desk.Messages(ctx, conversationID, gateway.Page{After: after, Limit: tailPage})
		if err != nil {
			return gateway.MessageView{}, fmt.Errorf("read messages: %w", err)
		}
		for _, m := range list {
			if m.ID == id {
				return m, nil
			}
		}
		if next == "" {
			return gateway.MessageView{}, fmt.Errorf("a message: %w", gateway.ErrNotFound)
		}
		after = next
	}
}
