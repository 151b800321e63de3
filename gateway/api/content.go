package api

import (
	"encoding/json"
	"reflect"

	"github.com/recado/recado/gateway"
)

// contentView is what a message that came in holds beside its text. Parts that it has
// not are left out.
type contentView struct {
	Media     *mediaView         `json:"media,omitempty"`
	Location  *gateway.Location  `json:"location,omitempty"`
	Cards     []gateway.Card     `json:"cards,omitempty"`
	Choice    *gateway.Choice    `json:"choice,omitempty"`
	Form      json.RawMessage    `json:"form,omitempty"`
	Cart      *gateway.Cart      `json:"cart,omitempty"`
	Product   *gateway.Product   `json:"product,omitempty"`
	Referral  *gateway.Referral  `json:"referral,omitempty"`
	Forwarded string             `json:"forwarded,omitempty"`
	Problem   *gateway.SendError `json:"problem,omitempty"`
	Was       *identityView      `json:"was,omitempty"`
	Deleted   bool               `json:"deleted,omitempty"`
	Edited    bool               `json:"edited,omitempty"`
}

// mediaView is a file of a message. MIME and Filename are what the sender claims,
// Type and Size what the content has.
type mediaView struct {
	FileID   string             `json:"file_id"`
	State    gateway.FileState  `json:"state"`
	Type     string             `json:"type"`
	Size     int64              `json:"size"`
	MIME     string             `json:"mime"`
	Filename string             `json:"filename"`
	Voice    bool               `json:"voice"`
	Animated bool               `json:"animated"`
	Words    string             `json:"words"`
	Error    *gateway.SendError `json:"error,omitempty"`
}

func viewMessage(m gateway.MessageView) messageView {
	v := messageView{
		ID: m.ID, ProviderID: m.ProviderID, Direction: m.Direction, Author: m.Author, Agent: m.Agent,
		Type: m.Type, Text: m.Text, At: moment(m.At), Status: m.Status, Error: m.Error, Quoted: m.Quoted,
		Payload: lenient(m.Payload),
	}
	if m.Content != nil {
		v.Content = m.Content
	}
	if m.Message == nil {
		return v
	}
	if c := viewContent(m.Message); !reflect.ValueOf(c).IsZero() {
		v.Content = &c
	}
	v.QuotedID = m.Message.QuotedID
	if v.Quoted == nil {
		v.Quoted = m.Message.Quoted
	}
	return v
}

func viewContent(m *gateway.Message) contentView {
	c := contentView{
		Location: m.Location, Cards: m.Cards, Choice: m.Choice, Form: lenient(m.Form), Cart: m.Cart,
		Product: m.Product, Referral: m.Referral, Forwarded: m.Forwarded, Problem: m.Problem,
		Deleted: m.Deleted, Edited: m.Edited,
	}
	if m.Media != nil {
		media := viewMedia(*m.Media)
		c.Media = &media
	}
	if m.Was != nil {
		was := identity(*m.Was)
		c.Was = &was
	}
	return c
}

// viewMedia shows a file; one that no store has looked at yet is still to be fetched.
func viewMedia(m gateway.Media) mediaView {
	v := mediaView{
		FileID: m.FileID, State: m.State, Type: m.Type, Size: m.Size, MIME: m.MIME, Filename: m.Filename,
		Voice: m.Voice, Animated: m.Animated, Words: m.Words, Error: m.Error,
	}
	if v.State == "" {
		v.State = gateway.FileWaiting
	}
	return v
}

// lenient is JSON as it came, or nil for none. What is no JSON after all becomes a
// string: it must not make the whole list unreadable.
func lenient(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return nil
	}
	if !json.Valid(raw) {
		// Marshalling a string can't fail.
		raw, _ = json.Marshal(string(raw))
	}
	return raw
}
