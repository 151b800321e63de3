package gateway

import (
	"context"
	"errors"
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

// errUnchecked says that what is known of a template or of the customer's wishes could
// not be read.
var errUnchecked = errors.New("the template could not be checked")

// errMarketing says that the customer wants no marketing.
var errMarketing = errors.New("the customer stopped marketing messages")

// checkTemplate holds a template against what is known of it now: it may have been
// paused since the message was queued. What the channel has to be told of the template
// is filled in. Without synced templates the channel decides.
func (g *Gateway) checkTemplate(ctx context.Context, o *Outgoing) error {
	if o.Kind() != ContentTemplate {
		return nil
	}
	templates, err := g.Store.Templates(ctx)
	if err != nil {
		return errUnchecked
	}
	c, err := g.conversation(ctx, o.ConversationID)
	if err != nil {
		return errUnchecked
	}
	if len(templates) == 0 {
		if c.Marketing == "stop" {
			return errMarketing // nobody knows that it is none
		}
		return nil
	}
	use := o.Content.Template
	for _, t := range templates {
		if t.Name != use.Name || t.Language != use.Language {
			continue
		}
		if c.Marketing == "stop" && t.Category == "MARKETING" {
			return errMarketing
		}
		whole, content := CompleteTemplate(t, *use), *o.Content
		content.Template, o.Content = &whole, &content
		return CheckTemplate(t, whole)
	}
	return invalidContent("the template " + use.Name + " does not exist in the language " + use.Language)
}
