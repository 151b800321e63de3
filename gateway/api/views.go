package api

import (
	"encoding/json"
	"time"

	"github.com/recado/recado/gateway"
)

// identityView is how a person is named on the wire. Both are always there and
// empty when unknown; the phone has digits only.
type identityView struct {
	Phone  string `json:"phone"`
	UserID string `json:"user_id"`
}

type conversationView struct {
	ID           string       `json:"id"`
	Contact      string       `json:"contact"`
	Identity     identityView `json:"identity"`
	Name         string       `json:"name"`
	Channel      string       `json:"channel"`
	Mode         gateway.Mode `json:"mode"`
	Language     string       `json:"language"`
	Agent        string       `json:"agent"`
	WindowEndsAt *time.Time   `json:"window_ends_at"`
	// DoubtedAt is when the channel told that the person may be another one.
	DoubtedAt   *time.Time       `json:"doubted_at"`
	Unreachable *unreachableView `json:"unreachable"`
	// Marketing is "", "stop" or "resume".
	Marketing string     `json:"marketing"`
	Memory    memoryView `json:"memory"`
	CreatedAt *time.Time `json:"created_at"`
	UpdatedAt *time.Time `json:"updated_at"`
}

// unreachableView is why the channel can't reach a customer. Class is empty for an
// error that asks for nothing but a person.
type unreachableView struct {
	Code  int                `json:"code"`
	Title string             `json:"title"`
	Class gateway.ErrorClass `json:"class"`
	At    *time.Time         `json:"at"`
}

type messageView struct {
	ID         string             `json:"id"`
	ProviderID string             `json:"provider_id"`
	Direction  string             `json:"direction"`
	Author     gateway.Author     `json:"author"`
	Agent      string             `json:"agent,omitempty"`
	Type       string             `json:"type"`
	Text       string             `json:"text"`
	At         *time.Time         `json:"at"`
	Status     string             `json:"status"`
	Error      *gateway.SendError `json:"error,omitempty"`
	// Content is a *contentView of what came in and a *gateway.Content of what goes
	// out, or nil when the text is all there is.
	Content any `json:"content,omitempty"`
	// QuotedID is the channel's id of the message that this one is about, and Quoted
	// what that one said.
	QuotedID string          `json:"quoted_id,omitempty"`
	Quoted   *gateway.Quote  `json:"quoted,omitempty"`
	Payload  json.RawMessage `json:"payload"`
}

type handoffView struct {
	ID             string               `json:"id"`
	ConversationID string               `json:"conversation_id"`
	Contact        string               `json:"contact"`
	Identity       identityView         `json:"identity"`
	Name           string               `json:"name"`
	Reason         gateway.Reason       `json:"reason"`
	State          gateway.HandoffState `json:"state"`
	Agent          string               `json:"agent"`
	CreatedAt      *time.Time           `json:"created_at"`
	UpdatedAt      *time.Time           `json:"updated_at"`
	Packet         gateway.Packet       `json:"packet"`
}

// contact is the one text that names a person best: the phone with its plus, or
// the user id.
func contact(id gateway.Identity) string {
	if id.Phone != "" {
		return "+" + id.Phone
	}
	return id.UserID
}

// moment is a time in UTC, or null for the zero time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func viewConversation(c gateway.Conversation, now time.Time) conversationView {
	return conversationView{
		ID: c.ID, Contact: contact(c.Contact), Identity: identity(c.Contact),
		Name: c.Name, Channel: c.Channel, Mode: c.Mode, Language: c.Language, Agent: c.Agent,
		WindowEndsAt: moment(c.WindowEnds()), DoubtedAt: moment(c.DoubtedAt), Unreachable: viewUnreachable(c),
		Marketing: c.Marketing, Memory: viewMemory(c, now), CreatedAt: moment(c.CreatedAt), UpdatedAt: moment(c.UpdatedAt),
	}
}

func viewUnreachable(c gateway.Conversation) *unreachableView {
	if c.UnreachableAt.IsZero() {
		return nil
	}
	v := &unreachableView{At: moment(c.UnreachableAt)}
	if e := c.Unreachable; e != nil {
		v.Code, v.Title, v.Class = e.Code, e.Title, e.Class
	}
	return v
}

func identity(id gateway.Identity) identityView {
	return identityView{Phone: id.Phone, UserID: id.UserID}
}

func viewHandoff(h gateway.Handoff) handoffView {
	return handoffView{
		ID: h.ID, ConversationID: h.ConversationID, Contact: contact(h.Contact), Identity: identity(h.Contact),
		Name: h.Name, Reason: h.Reason, State: h.State, Agent: h.Agent,
		CreatedAt: moment(h.CreatedAt), UpdatedAt: moment(h.UpdatedAt), Packet: h.Packet,
	}
}

// viewTurn is the decision record itself; lists that readers go through are there
// even when they are empty.
func viewTurn(r gateway.Record) gateway.Record {
	r.At = r.At.UTC()
	r.EventKeys, r.Messages, r.Stages = full(r.EventKeys), full(r.Messages), full(r.Stages)
	r.Draft.Citations, r.Draft.Orders = full(r.Draft.Citations), full(r.Draft.Orders)
	return r
}

func full[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// views makes one page of a list: the rows under the name, and the cursor of the
// next page or null.
func views[T, V any](name string, list []T, view func(T) V, next string) map[string]any {
	rows := make([]V, len(list))
	for i, item := range list {
		rows[i] = view(item)
	}
	page := map[string]any{name: rows, "next": nil}
	if next != "" {
		page["next"] = next
	}
	return page
}
