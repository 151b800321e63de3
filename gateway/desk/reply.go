package desk

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/recado/recado/gateway"
)

// draft is what stands in the form of a reply.
type draft struct {
	Text string
	// Quote is the id on the page of the message that is answered.
	Quote string
	// Buttons are the titles of reply buttons, and Ask what the customer is asked to
	// send: "location", "contact" or nothing.
	Buttons [3]string
	Ask     string
	// Lost tells that a file was chosen and has to be chosen again.
	Lost bool
	// Once is the token of the form, new on every page.
	Once string
}

// More tells that there is something in the part of the form that is folded.
func (d draft) More() bool { return d.Ask != "" || d.Buttons != [3]string{} }

// readDraft takes the fields out of a form that was sent.
func readDraft(r *http.Request) draft {
	t := draft{
		// Browsers send line breaks as CR LF.
		Text:  strings.TrimSpace(strings.ReplaceAll(r.PostFormValue("text"), "\r\n", "\n")),
		Quote: r.PostFormValue("quote"), Ask: r.PostFormValue("ask"), Once: rand.Text(),
	}
	titles := r.PostForm["button"]
	for i := range t.Buttons[:min(len(t.Buttons), len(titles))] {
		t.Buttons[i] = strings.TrimSpace(titles[i])
	}
	if r.MultipartForm != nil {
		t.Lost = slices.ContainsFunc(r.MultipartForm.File["file"], func(f *multipart.FileHeader) bool { return f.Filename != "" })
	}
	return t
}

// buttons are the reply buttons; their ids are made of their places.
func (d draft) buttons() []gateway.Button {
	var list []gateway.Button
	for i, title := range d.Buttons {
		if title != "" {
			list = append(list, gateway.Button{ID: "button-" + strconv.Itoa(i+1), Title: title})
		}
	}
	return list
}

// fillReply completes a reply with what the form says beside its text. A file is in
// the vault then.
func (d *Desk) fillReply(r *http.Request, t draft, a *gateway.Action) error {
	token := r.PostFormValue("once")
	u, err := d.uploaded(r)
	if err != nil {
		return err
	}
	if a.Content, err = t.content(u); err != nil {
		return err
	}
	if t.Quote != "" {
		h, err := d.config.Desk.Handoff(r.Context(), a.HandoffID)
		if err != nil {
			return fmt.Errorf("read a handoff: %w", err)
		}
		m, err := d.message(r.Context(), h.ConversationID, t.Quote)
		if err != nil {
			return err
		}
		a.QuoteID = m.ProviderID
	}
	if u != nil {
		media := u.media(fileOnce(token, a, u))
		if err := d.keep(r.Context(), media.FileID, u); err != nil {
			return err
		}
		if a.Content.Kind == gateway.ContentButtons {
			a.Content.HeaderMedia = media
		} else {
			a.Content.Media = media
		}
	}
	return d.once(token, a)
}

// fileOnce is the id of a file of a form: the same when the form is sent again.
func fileOnce(token string, a *gateway.Action, u *upload) string {
	if id := gateway.OnceID(token, "desk-file", a.HandoffID, a.Agent, u.sum); id != "" {
		return id
	}
	return gateway.NewID()
}

// once makes a form that is sent twice one reply; with another text or anything else
// it is another form.
func (d *Desk) once(token string, a *gateway.Action) error {
	parts := []string{"desk", a.HandoffID, a.Agent, a.Text}
	if a.Content != nil || a.QuoteID != "" {
		content, err := json.Marshal(a.Content)
		if err != nil {
			return fmt.Errorf("name a reply: %w", err)
		}
		parts = append(parts, a.QuoteID, string(content))
	}
	a.OutgoingID = gateway.OnceID(token, parts...)
	return nil
}

// content is the form of the message, or nil for text alone.
func (d draft) content(u *upload) (*gateway.Content, error) {
	buttons := d.buttons()
	c := &gateway.Content{Buttons: buttons}
	switch {
	case d.Ask != "" && (u != nil || buttons != nil):
		return nil, refused("refused_one")
	case buttons != nil && u != nil && u.kind == gateway.ContentAudio,
		u != nil && u.kind == gateway.ContentAudio && d.Text != "":
		return nil, refused("refused_audio")
	case d.Ask == "location":
		c.Kind = gateway.ContentAskLocation
	case d.Ask == "contact":
		c.Kind = gateway.ContentAskContact
	case buttons != nil:
		c.Kind = gateway.ContentButtons
	case u != nil:
		c.Kind = u.kind
	default:
		return nil, nil
	}
	if utf8.RuneCountInString(d.Text) > gateway.MaxCaption {
		return nil, refused("refused_caption")
	}
	for i, b := range buttons {
		if slices.ContainsFunc(buttons[:i], func(other gateway.Button) bool { return other.Title == b.Title }) {
			return nil, refused("refused_buttons")
		}
	}
	return c, nil
}

// message finds a message that can be answered by its id, among the newest of a
// conversation.
func (d *Desk) message(ctx context.Context, conversationID, id string) (gateway.MessageView, error) {
	messages, _, err := tail(ctx, d.messages, conversationID, d.config.Desk.Messages)
	if errors.Is(err, gateway.ErrNotFound) {
		return gateway.MessageView{}, refused("refused_quote")
	}
	if err != nil {
		return gateway.MessageView{}, fmt.Errorf("read messages: %w", err)
	}
	i := slices.IndexFunc(messages, func(m gateway.MessageView) bool { return m.ID == id })
	if i < 0 || !view(messages[i], false).Quotable {
		return gateway.MessageView{}, refused("refused_quote")
	}
	return messages[i], nil
}

// emojis are those that an agent can react with.
var emojis = []string{"👍", "❤️", "😂", "😮", "😢", "🙏"}

// react puts an emoji on a customer's message, or takes it back.
func (d *Desk) react(w http.ResponseWriter, r *http.Request, agent string) error {
	forget, err := d.parseForm(w, r)
	if err != nil {
		return err
	}
	defer forget()
	h, err := d.config.Desk.Handoff(r.Context(), r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("read a handoff: %w", err)
	}
	a := gateway.Action{HandoffID: h.ID, Kind: gateway.ActionReply, Agent: agent, At: d.config.Now()}
	m, err := d.message(r.Context(), h.ConversationID, r.PostFormValue("message"))
	if err == nil {
		chosen := r.PostFormValue("emoji")
		if chosen != "" && !slices.Contains(emojis, chosen) || m.Author != gateway.AuthorCustomer {
			return fmt.Errorf("%w: not an emoji of the desk", gateway.ErrInvalid)
		}
		a.Content = &gateway.Content{
			Kind: gateway.ContentReaction, Reaction: &gateway.Reaction{MessageID: m.ProviderID, Emoji: chosen},
		}
		err = d.once(r.PostFormValue("once"), &a)
	}
	return d.finish(w, r, a, draft{}, "?done=react#m-"+m.ID, err)
}
