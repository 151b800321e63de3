package gateway

import (
	"encoding/json"
	"strings"
	"time"
)

// Message is what was said, by the customer or from the phone app.
type Message struct {
	// ProviderID is the channel's message id. It contains the phone number in
	// disguise, so it is personal data.
	ProviderID string `json:"provider_id"`
	// Type is the provider's type, such as "text", "image" or "interactive".
	// "unsupported" and types nobody knows are kept as they are.
	Type string `json:"type"`
	// Text is all the text a reader needs: the body, a caption, the title of a
	// tapped button, a contact card in lines. Empty for media without a caption.
	Text string `json:"text,omitempty"`
	// QuotedID is the provider id of the message that this one answers, reacts to,
	// edits or withdraws.
	QuotedID string `json:"quoted_id,omitempty"`
	// Quoted is what that message said, as far as the store knows it. Stores fill it
	// when they read; it is never part of what is accepted.
	Quoted *Quote `json:"-"`

	// Media is the file of an image, audio, video, document or sticker.
	Media    *Media    `json:"media,omitempty"`
	Location *Location `json:"location,omitempty"`
	Cards    []Card    `json:"cards,omitempty"`
	// Choice is the button or row that was tapped.
	Choice *Choice `json:"choice,omitempty"`
	// Form are the answers of a flow or an address form, a JSON value.
	Form json.RawMessage `json:"form,omitempty"`
	Cart *Cart           `json:"cart,omitempty"`
	// Product is the product that "message business" was tapped on.
	Product *Product `json:"product,omitempty"`
	// Referral is the ad or post that led here.
	Referral *Referral `json:"referral,omitempty"`
	// Forwarded is "", "forwarded" or "frequently_forwarded".
	Forwarded string `json:"forwarded,omitempty"`
	// Problem is why the channel could not give the content, such as 131051
	// (unsupported) or 131060 (to be seen in the phone app only).
	Problem *SendError `json:"problem,omitempty"`
	// Was is the identity before a change that a signal tells of.
	Was *Identity `json:"was,omitempty"`
	// Deleted tells that the customer withdrew the message. Its content is gone.
	// Edited tells that Text is a later version of it. Stores set both.
	Deleted bool `json:"deleted,omitempty"`
	Edited  bool `json:"edited,omitempty"`
}

// Readable tells whether the message says something in words.
func (m *Message) Readable() bool {
	return m != nil && !m.Deleted && m.Type != "reaction" && m.Words() != ""
}

// Words are what the message says, for a turn: its text, and what a model heard in
// or saw on its file.
func (m *Message) Words() string {
	if m.Media == nil || m.Media.Words == "" {
		return m.Text
	}
	return strings.TrimSpace(m.Text + "\n" + m.Media.Words)
}

// Unseen tells whether the message has a file that nobody has read: what it says can
// be about anything.
func (m *Message) Unseen() bool {
	if m == nil || m.Deleted || m.Media == nil {
		return false
	}
	return m.Type != "sticker" && m.Media.Words == ""
}

// Lost tells whether the message had a file that is lost on its way: the customer can
// send it again.
func (m *Message) Lost() bool {
	switch {
	case m == nil || m.Deleted:
		return false
	case m.Problem != nil && m.Problem.Class == ErrorFile:
		return true
	}
	return m.Media != nil && m.Media.State == FileFailed && m.Media.Error != nil && m.Media.Error.Class == ErrorFile
}

// Quote is the message that another one answers.
type Quote struct {
	// Author is who wrote it.
	Author Author `json:"author"`
	Type   string `json:"type"`
	// Text is what it said, empty for a file without words.
	Text string `json:"text,omitempty"`
}

// Media is a file that came with a message. What the webhook says of it is claimed
// and not known: the fields below State are.
type Media struct {
	// ProviderID is the channel's id, good for 7 days.
	ProviderID string `json:"provider_id,omitempty"`
	// MIME is the type that the sender claims.
	MIME string `json:"mime,omitempty"`
	// SHA256 is the hash that the channel gave, in lower-case hex, or empty.
	SHA256 string `json:"sha256,omitempty"`
	// Filename is the sender's name of a document: untrusted text.
	Filename string `json:"filename,omitempty"`
	// Voice tells a voice note from other audio, Animated a moving sticker.
	Voice    bool `json:"voice,omitempty"`
	Animated bool `json:"animated,omitempty"`

	// The rest is what became of it. Stores fill it when they read.

	// FileID names the file in the store.
	FileID string    `json:"-"`
	State  FileState `json:"-"`
	// Type is the type that the content has, and Size its length in bytes.
	Type string `json:"-"`
	Size int64  `json:"-"`
	// Words are what a model heard or saw, empty when none did.
	Words string `json:"-"`
	// Error is why it could not be fetched.
	Error *SendError `json:"-"`
}

// Location is a place on the map.
type Location struct {
	// Latitude and Longitude are in degrees.
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
	URL       string  `json:"url,omitempty"`
}

// Card is a contact card.
type Card struct {
	Name   string      `json:"name"`
	Phones []CardPhone `json:"phones,omitempty"`
	Emails []string    `json:"emails,omitempty"`
	// Organization is the company, in one line.
	Organization string `json:"organization,omitempty"`
	// Requested tells that the customer answered a request for their number: then
	// the phone is their own.
	Requested bool `json:"requested,omitempty"`
}

// CardPhone is a number on a card. Phone is as it was written, WhatsApp the digits of
// the account when the number has one.
type CardPhone struct {
	Phone    string `json:"phone"`
	WhatsApp string `json:"whatsapp,omitempty"`
}

// Choice is what the customer tapped.
type Choice struct {
	// ID is the id that was sent with the button or row, Title what it said.
	ID          string `json:"id,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
}

// Cart is an order from the catalog, wanted and not yet placed.
type Cart struct {
	CatalogID string     `json:"catalog_id,omitempty"`
	Note      string     `json:"note,omitempty"`
	Items     []CartItem `json:"items,omitempty"`
}

// CartItem is a line of a cart. Quantity and Price are as they came: whole numbers or
// decimal ones, in the units of Currency.
type CartItem struct {
	ProductID string `json:"product_id"`
	Quantity  string `json:"quantity,omitempty"`
	Price     string `json:"price,omitempty"`
	Currency  string `json:"currency,omitempty"`
}

// Product is an item of the catalog.
type Product struct {
	CatalogID string `json:"catalog_id,omitempty"`
	ProductID string `json:"product_id,omitempty"`
}

// Referral is the ad or post that a customer came from. All of it is untrusted text.
type Referral struct {
	// Kind is "ad" or "post".
	Kind     string `json:"kind,omitempty"`
	SourceID string `json:"source_id,omitempty"`
	URL      string `json:"url,omitempty"`
	Headline string `json:"headline,omitempty"`
	Body     string `json:"body,omitempty"`
	// MediaURL shows the picture or video of the ad.
	MediaURL string `json:"media_url,omitempty"`
	// ClickID is the channel's id of the click.
	ClickID string `json:"click_id,omitempty"`
	// Welcome is the greeting that the ad showed.
	Welcome string `json:"welcome,omitempty"`
}

// Preference is what a customer wants to get. Service replies are allowed either way.
type Preference struct {
	// Marketing is "stop" or "resume".
	Marketing string    `json:"marketing"`
	At        time.Time `json:"at"`
}
