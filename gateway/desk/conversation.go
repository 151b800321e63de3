package desk

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

// conversationView is what the page of a conversation shows.
type conversationView struct {
	Conversation gateway.Conversation
	Messages     []bubble
	// Earlier tells that there are messages before those.
	Earlier bool
	// Handoff is nil when nobody waits for a person.
	Handoff *gateway.Handoff
	// Queue are the open handoffs, for the column beside the conversation.
	Queue []gateway.Handoff
	// More tells that there are more open handoffs than those.
	More   bool
	Orders []rag.Order
	// Reply is what stands in the form of a reply, and Quoted the message that it
	// answers, or nil.
	Reply  draft
	Quoted *bubble
	// Mine, Theirs and Phone tell whose handoff it is, when it is claimed; Phone is
	// somebody who answers from the phone app.
	Mine, Theirs, Phone bool
	WindowOpen          bool
	// Answer is the handoff, when its messages can be answered now.
	Answer string
	// Files and Templates tell that a file can be attached and a template sent, and
	// Uploads is the largest such file in bytes.
	Files, Templates bool
	// Dealings are what it has to do with the shop's system, nil when nothing is known of
	// that, and Verify is the handoff in which an agent can say who the customer is.
	Dealings *dealings
	Verify   string
	// Answered are the commands that the handoff says nothing is known of, and that the
	// shop's system has answered since.
	Answered []deal
	// Said is what this agent has said of the handoff, nil where nothing can be said.
	Said *saying
	// Agreement is what the customer said of their words being used to try changes, nil when
	// nothing is known of that.
	Agreement *gateway.Agreement
	// Suggested tells that the reply is a draft that nobody has sent.
	Suggested bool
	Uploads   int64
	MaxText   int
}

// handoffPage shows a handoff with its conversation. ?draft=1 puts the draft into
// the reply box, for browsers without scripts, and ?quote= the message that the reply
// answers.
func (d *Desk) handoffPage(w http.ResponseWriter, r *http.Request, agent string) error {
	h, err := d.config.Desk.Handoff(r.Context(), r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("read a handoff: %w", err)
	}
	t := draft{Quote: r.URL.Query().Get("quote")}
	if r.URL.Query().Get("draft") != "" {
		t.Text = h.Packet.Draft
	}
	return d.showHandoff(w, r, agent, h, t, "", http.StatusOK)
}

// backToHandoff answers a browser that opens the address of an action, as it does
// when the page with a refusal is loaded again without sending the form.
func (d *Desk) backToHandoff(w http.ResponseWriter, r *http.Request, _ string) error {
	http.Redirect(w, r, handoffPath(r.PathValue("id")), http.StatusSeeOther)
	return nil
}

// showHandoff shows the page with what was written so far and a problem, if there is
// one.
func (d *Desk) showHandoff(
	w http.ResponseWriter, r *http.Request, agent string, h gateway.Handoff, t draft, problem string, status int,
) error {
	p, lists, err := d.frame(r, agent)
	if err != nil {
		return err
	}
	view, err := d.conversationView(r, h.ConversationID)
	if err != nil {
		return err
	}
	view.Queue, view.More = lists.All(), lists.More()
	t.Once = rand.Text()
	view.Handoff, view.Reply, view.Answered = &h, t, view.Dealings.answeredSince(h)
	view.Mine = h.State == gateway.HandoffClaimed && h.Agent == agent
	view.Phone = onPhone(h)
	view.Theirs = h.State == gateway.HandoffClaimed && h.Agent != agent && !view.Phone
	if h.State.Open() && view.WindowOpen && !view.Theirs {
		view.Answer = h.ID
	}
	if view.Mine && view.Dealings != nil && !view.Dealings.Verified {
		view.Verify = h.ID
	}
	if problem == "" && t.Text == "" && view.Answer != "" && suggests(h, view.Messages) {
		view.Reply.Text, view.Suggested = h.Packet.Draft, true
	}
	if view.Said, err = d.saying(r.Context(), h.ID, agent); err != nil {
		return err
	}
	p.Self = handoffPath(h.ID)
	if view.Quoted = quoted(view.Messages, t.Quote); view.Quoted != nil {
		p.Self += "?" + url.Values{"quote": {t.Quote}}.Encode()
	}
	// A packet whose orders can't be read is shown without them.
	if len(h.Packet.Orders) > 0 && json.Unmarshal(h.Packet.Orders, &view.Orders) != nil {
		view.Orders = nil
	}
	p.Name, p.Who, p.Content, p.Problem = "conversation", who(h.Name, h.Contact), view, problem
	return d.show(w, r, status, p)
}

// suggests tells whether a handoff brings an answer that only waits for somebody to send
// it: nobody has said anything since.
func suggests(h gateway.Handoff, list []bubble) bool {
	said := func(b bubble) bool { return b.Author == gateway.AuthorAgent && !b.At.Before(h.CreatedAt) }
	return h.Reason == gateway.ReasonSuggest && !slices.ContainsFunc(list, said)
}

// quoted finds the message that a reply answers, or nil.
func quoted(list []bubble, id string) *bubble {
	for i := range list {
		if id != "" && list[i].ID == id && list[i].Quotable {
			return &list[i]
		}
	}
	return nil
}

// conversationView reads a conversation with its newest messages.
func (d *Desk) conversationView(r *http.Request, id string) (conversationView, error) {
	c, err := d.config.Desk.Conversation(r.Context(), id)
	if err != nil {
		return conversationView{}, fmt.Errorf("read a conversation: %w", err)
	}
	messages, earlier, err := tail(r.Context(), d.messages, id, d.config.Desk.Messages)
	if err != nil {
		return conversationView{}, fmt.Errorf("read messages: %w", err)
	}
	known, err := d.dealingsOf(r.Context(), c)
	if err != nil {
		return conversationView{}, err
	}
	agreement, err := d.agreementOf(r.Context(), id)
	if err != nil {
		return conversationView{}, err
	}
	return conversationView{
		Dealings: known, Agreement: agreement, Conversation: c, Messages: bubbles(messages, d.config.Vault != nil, earlier), Earlier: earlier,
		WindowOpen: c.WindowOpen(d.config.Now()), MaxText: gateway.MaxText,
		Files: d.config.Vault != nil, Templates: d.config.Channel != nil, Uploads: d.config.MaxUpload,
	}, nil
}

// conversationPage shows any conversation, or its open handoff.
func (d *Desk) conversationPage(w http.ResponseWriter, r *http.Request, agent string) error {
	p, lists, err := d.frame(r, agent)
	if err != nil {
		return err
	}
	view, err := d.conversationView(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	h, err := d.openOf(r.Context(), lists, view.Conversation)
	if err != nil {
		return err
	}
	if h != nil {
		to := handoffPath(h.ID)
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	}
	view.Queue, view.More = lists.All(), lists.More()
	p.Name, p.Content = "conversation", view
	p.Who = who(view.Conversation.Name, view.Conversation.Contact)
	return d.show(w, r, http.StatusOK, p)
}

// historyView is one page of a conversation from its beginning.
type historyView struct {
	Conversation gateway.Conversation
	Messages     []bubble
	Next         string
}

func (d *Desk) historyPage(w http.ResponseWriter, r *http.Request, agent string) error {
	p, _, err := d.frame(r, agent)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	c, err := d.config.Desk.Conversation(r.Context(), id)
	if err != nil {
		return fmt.Errorf("read a conversation: %w", err)
	}
	messages, next, err := d.config.Desk.Messages(r.Context(), id,
		gateway.Page{After: r.URL.Query().Get("after"), Limit: tailPage})
	if err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	p.Name, p.Title, p.Who = "history", "history", who(c.Name, c.Contact)
	later := r.URL.Query().Get("after") != ""
	p.Content = historyView{Conversation: c, Messages: bubbles(messages, d.config.Vault != nil, later), Next: next}
	return d.show(w, r, http.StatusOK, p)
}
