package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/web"
)

// deed is the body of an action: all of it is for a reply but the agent.
type deed struct {
	Agent   string
	Text    string
	Content *gateway.Content
	QuoteID string `json:"quote_id"`
	ID      string
}

// act makes the endpoint of one action. The body may be left out where nothing is
// said to the customer; the agent is "api" unless it names one.
func (a *API) act(kind gateway.ActionKind) endpoint {
	return func(w http.ResponseWriter, r *http.Request) (any, error) {
		body, action, err := a.action(w, r, kind)
		if err != nil {
			return nil, err
		}
		if kind == gateway.ActionReply {
			if err := a.fillReply(r.Context(), body, &action); err != nil {
				return nil, err
			}
		}
		h, err := gateway.ActOnce(r.Context(), a.Desk, action)
		switch {
		case kind == gateway.ActionVerify && errors.Is(err, gateway.ErrTaken):
			return nil, errUnclaimed
		case err != nil:
			return nil, fmt.Errorf("%s a handoff: %w", kind, err)
		}
		a.Changed()
		return map[string]any{"handoff": viewHandoff(h)}, nil
	}
}

// action reads what every action has.
func (a *API) action(w http.ResponseWriter, r *http.Request, kind gateway.ActionKind) (deed, gateway.Action, error) {
	var body deed
	if err := web.ReadJSON(w, r, maxBody, &body); err != nil && !errors.Is(err, io.EOF) {
		return body, gateway.Action{}, err
	}
	name, err := agentName(body.Agent)
	if err != nil {
		return body, gateway.Action{}, err
	}
	action := gateway.Action{HandoffID: r.PathValue("id"), Kind: kind, Agent: name, At: a.Now()}
	if kind == gateway.ActionTake {
		action.ConversationID, action.HandoffID = action.HandoffID, ""
	}
	return body, action, nil
}

// agentName is the agent that a body names, or "api".
func agentName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if utf8.RuneCountInString(name) > maxAgent {
		return "", invalid("agent is longer than %d characters.", maxAgent)
	}
	if name == "" {
		return "api", nil
	}
	return name, nil
}

// fillReply completes a reply with what the body says, and holds it against all rules
// that can be checked before it is sent.
func (a *API) fillReply(ctx context.Context, body deed, action *gateway.Action) error {
	action.Text, action.QuoteID = strings.TrimSpace(body.Text), strings.TrimSpace(body.QuoteID)
	action.OutgoingID = gateway.OnceID(body.ID, "api", action.HandoffID, action.Agent)
	switch {
	case len(body.ID) > maxID:
		return invalid("id is longer than %d bytes.", maxID)
	case len(action.QuoteID) > maxQuote:
		return invalid("quote_id is longer than %d bytes.", maxQuote)
	case body.Content != nil && body.Content.Kind == "":
		return invalid("content needs a kind.")
	case body.Content == nil || body.Content.Kind == gateway.ContentText:
		if n := utf8.RuneCountInString(action.Text); n == 0 || n > gateway.MaxText {
			return invalid("text is needed for a reply, with 1 to %d characters.", gateway.MaxText)
		}
		return nil
	}
	return a.fillContent(ctx, body.Content, action)
}

func (a *API) fillContent(ctx context.Context, c *gateway.Content, action *gateway.Action) error {
	if err := gateway.CheckContent(action.Text, c); err != nil {
		return unfit(err)
	}
	c, err := tidy(c)
	if err != nil {
		return err
	}
	action.Content = c
	if c.Kind == gateway.ContentTemplate {
		if err := a.fillTemplate(ctx, action); err != nil {
			return err
		}
	}
	return a.fillFiles(ctx, c)
}

// tidy gives content as a store will give it back, such as without empty lists: so a
// repeated reply is found to be the same.
func tidy(c *gateway.Content) (*gateway.Content, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("tidy a reply: %w", err)
	}
	var tidied gateway.Content
	if err := json.Unmarshal(text, &tidied); err != nil {
		return nil, fmt.Errorf("tidy a reply: %w", err)
	}
	return &tidied, nil
}

// fillTemplate holds a template against what the channel has, and makes the text what
// the customer will read. Without any synced templates the caller's own text stays.
func (a *API) fillTemplate(ctx context.Context, action *gateway.Action) error {
	if a.Channel == nil {
		return nil
	}
	list, err := a.Channel.Templates(ctx)
	if err != nil {
		return fmt.Errorf("list templates: %w", err)
	}
	if len(list) == 0 {
		return nil
	}
	use := *action.Content.Template
	i := slices.IndexFunc(list, func(t gateway.Template) bool { return t.Name == use.Name && t.Language == use.Language })
	if i < 0 {
		return invalid("There is no template of this name in this language; GET /api/v1/templates lists those there are.")
	}
	err = gateway.CheckTemplate(list[i], use)
	switch {
	case errors.Is(err, gateway.ErrInvalid):
		return unfit(err)
	case err != nil:
		return fmt.Errorf("check a template: %w", err)
	}
	if list[i].Category == "MARKETING" {
		if err := a.checkOptOut(ctx, action.HandoffID); err != nil {
			return err
		}
	}
	action.Text = strings.TrimSpace(gateway.TemplateText(list[i], use))
	return nil
}

// checkOptOut refuses marketing to a customer who wants none.
func (a *API) checkOptOut(ctx context.Context, handoffID string) error {
	h, err := a.Desk.Handoff(ctx, handoffID)
	if err != nil {
		return fmt.Errorf("read a handoff: %w", err)
	}
	c, err := a.Desk.Conversation(ctx, h.ConversationID)
	if err != nil {
		return fmt.Errorf("read a conversation: %w", err)
	}
	if c.Marketing == "stop" {
		return errOptedOut
	}
	return nil
}

// fillFiles makes sure that our own files in a message are there, and notes their
// types where the caller did not.
func (a *API) fillFiles(ctx context.Context, c *gateway.Content) error {
	media := []*gateway.OutgoingMedia{c.Media, c.HeaderMedia}
	if c.Template != nil {
		media = append(media, c.Template.HeaderMedia)
	}
	for _, m := range media {
		if m == nil || m.FileID == "" {
			continue
		}
		kept, err := a.stored(ctx, m.FileID)
		if errors.Is(err, gateway.ErrNotFound) {
			return invalid("There is no file with this file_id: send it with POST /api/v1/files first.")
		}
		if err != nil {
			return err
		}
		if m.MIME == "" {
			m.MIME = sentAs(c.Kind, kept.Type)
		}
	}
	return nil
}

// sentAs is the type that the channel takes a file as. The containers of sound are
// those of videos, too, and can't be told apart by how they begin.
func sentAs(kind gateway.ContentKind, found string) string {
	if kind != gateway.ContentAudio {
		return found
	}
	switch found {
	case "application/ogg", "video/ogg":
		return "audio/ogg"
	case "video/mp4", "audio/x-m4a":
		return "audio/mp4"
	}
	return found
}
