package gateway

import (
	"context"
	"strings"
	"time"
)

// reopening is the template that asks a customer to write again, after a message came
// too late for the service window, or nil. It is the same message for the same
// window, so that several late ones ask once.
func (g *Gateway) reopening(ctx context.Context, o *Outgoing, c Conversation) *Outgoing {
	if g.ReopenTemplate == "" || o.Kind() == ContentTemplate || o.Kind() == ContentReaction {
		return nil
	}
	templates, err := g.Store.Templates(ctx)
	if err != nil {
		g.Logger.WarnContext(ctx, "templates could not be read; the customer is not asked to write again", "error", err)
		return nil
	}
	t, ok := findTemplate(templates, g.ReopenTemplate, c.Language)
	use := TemplateUse{Name: t.Name, Language: t.Language}
	if !ok || CheckTemplate(t, use) != nil {
		return nil
	}
	return &Outgoing{
		ID: OnceID("reopen", c.ID, c.LastCustomerAt.UTC().Format(time.RFC3339Nano)), ConversationID: c.ID,
		Channel: c.Channel, To: c.Contact, Author: o.Author, Agent: o.Agent, Text: TemplateText(t, use),
		Content: &Content{Kind: ContentTemplate, Template: &use}, CreatedAt: g.Now(),
	}
}

// findTemplate gives the template of a name in a language, or in a regional form of
// it: "es" finds "es_MX".
func findTemplate(list []Template, name, language string) (Template, bool) {
	for _, t := range list {
		if t.Name == name && t.Language == language {
			return t, true
		}
	}
	for _, t := range list {
		family, _, _ := strings.Cut(t.Language, "_")
		if t.Name == name && family == language {
			return t, true
		}
	}
	return Template{}, false
}
