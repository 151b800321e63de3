package whatsapp

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/recado/recado/gateway"
)

// request is the body of a send, as the Cloud API defines it.
type request struct {
	MessagingProduct string `json:"messaging_product"`
	RecipientType    string `json:"recipient_type"`
	// To is a phone number with a plus, Recipient a user id; one of them is set.
	To        string      `json:"to,omitempty"`
	Recipient string      `json:"recipient,omitempty"`
	Type      string      `json:"type"`
	Context   *quotedPart `json:"context,omitempty"`

	// The content, under the name of its type.
	Text *textPart `json:"text,omitempty"`
	filePart
	Location    *placePart       `json:"location,omitempty"`
	Contacts    []cardPart       `json:"contacts,omitempty"`
	Reaction    *reactionPart    `json:"reaction,omitempty"`
	Interactive *interactivePart `json:"interactive,omitempty"`
	Template    *templatePart    `json:"template,omitempty"`

	// CallbackData comes back in every status of the message.
	CallbackData string `json:"biz_opaque_callback_data,omitempty"`
}

type quotedPart struct {
	MessageID string `json:"message_id"`
}

type textPart struct {
	Body       string `json:"body"`
	PreviewURL bool   `json:"preview_url"`
}

// filePart is a file under the name of its kind.
type filePart struct {
	Image    *mediaPart `json:"image,omitempty"`
	Video    *mediaPart `json:"video,omitempty"`
	Audio    *mediaPart `json:"audio,omitempty"`
	Document *mediaPart `json:"document,omitempty"`
	Sticker  *mediaPart `json:"sticker,omitempty"`
}

type mediaPart struct {
	ID       string `json:"id,omitempty"`
	Link     string `json:"link,omitempty"`
	Caption  string `json:"caption,omitempty"`
	Filename string `json:"filename,omitempty"`
	Voice    bool   `json:"voice,omitempty"`
}

type placePart struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

type cardPart struct {
	Name   cardName    `json:"name"`
	Phones []cardPhone `json:"phones,omitempty"`
	Emails []cardEmail `json:"emails,omitempty"`
	Org    *cardOrg    `json:"org,omitempty"`
}

type cardName struct {
	Formatted string `json:"formatted_name"`
	First     string `json:"first_name"`
	Last      string `json:"last_name,omitempty"`
}

type cardPhone struct {
	Phone    string `json:"phone,omitempty"`
	WhatsApp string `json:"wa_id,omitempty"`
}

type cardEmail struct {
	Email string `json:"email"`
}

type cardOrg struct {
	Company string `json:"company"`
}

type reactionPart struct {
	MessageID string `json:"message_id"`
	Emoji     string `json:"emoji"`
}

// The reasons for not even trying. They say nothing of the customer.
var (
	errNobody  = errors.New("the message has no recipient")
	errNoWords = errors.New("the message is empty")
	errNoPhone = errors.New("this kind of message needs the customer's phone number")
)

// maxSentFilename is the longest name of a document, in characters; authentication
// the category of templates with a code to sign in.
const (
	maxSentFilename = 240
	authentication  = "AUTHENTICATION"
)

// payload builds the body that sends a message. It is pure. A file of ours stands
// there by our own id, for what it has with the channel is not known here.
func payload(o *gateway.Outgoing) (json.RawMessage, error) {
	r := request{MessagingProduct: "whatsapp", RecipientType: "individual", CallbackData: o.ID}
	if err := r.address(o); err != nil {
		return nil, err
	}
	if err := r.fill(o); err != nil {
		return nil, err
	}
	if o.QuoteID != "" && r.Reaction == nil {
		r.Context = &quotedPart{o.QuoteID}
	}
	encoded, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode a message: %w", err)
	}
	return encoded, nil
}

// address says whom it goes to. The phone is preferred while it is known: every
// version of the API takes it, and codes to sign in with go to nothing else. The plus
// is needed, because the channel may put the shop's own country before a number
// without one.
func (r *request) address(o *gateway.Outgoing) error {
	switch {
	case o.To.Phone != "":
		r.To = "+" + o.To.Phone
	case o.To.UserID == "":
		return errNobody
	case o.Kind() == gateway.ContentTemplate && o.Content.Template != nil && o.Content.Template.Category == authentication:
		return errNoPhone
	default:
		r.Recipient = o.To.UserID
	}
	return nil
}

// fill puts the content in. Titles that are too long for the channel are cut, and so
// is the text when whoever wrote it did not keep to the limit.
func (r *request) fill(o *gateway.Outgoing) error {
	kind, text := o.Kind(), wordsOf(o)
	r.Type = string(kind)
	if kind == gateway.ContentText {
		if text == "" {
			return errNoWords
		}
		r.Text = &textPart{Body: text, PreviewURL: website.MatchString(text)}
		return nil
	}
	if err := gateway.CheckContent(text, o.Content); err != nil {
		return err //nolint:wrapcheck // its sentence is shown
	}
	switch kind {
	case gateway.ContentButtons, gateway.ContentList, gateway.ContentLink, gateway.ContentAskLocation, gateway.ContentAskContact:
		r.Type, r.Interactive = "interactive", interactive(kind, text, o.Content)
	case gateway.ContentLocation:
		r.Location = placeOf(o.Content.Location)
	case gateway.ContentCards:
		r.Contacts = cardsOf(o.Content.Cards)
	case gateway.ContentReaction:
		r.Reaction = &reactionPart{o.Content.Reaction.MessageID, o.Content.Reaction.Emoji}
	case gateway.ContentTemplate:
		r.Template = templateOf(o.Content.Template)
	default:
		r.filePart = fileOf(kind, o.Content.Media, text)
	}
	return nil
}

// wordsOf is the text of a message as the channel writes and takes it, or "" for the
// kinds without one. A text that is marks and nothing else is left as it is.
func wordsOf(o *gateway.Outgoing) string {
	most := gateway.MaxCaption
	switch o.Kind() {
	case gateway.ContentText, gateway.ContentList:
		most = gateway.MaxText
	case gateway.ContentAudio, gateway.ContentSticker, gateway.ContentLocation, gateway.ContentCards,
		gateway.ContentReaction, gateway.ContentTemplate:
		return ""
	default:
	}
	plain := strings.TrimSpace(strings.ToValidUTF8(o.Text, "\uFFFD"))
	return clip(cmp.Or(strings.TrimSpace(marks(plain)), plain), most)
}

// fileOf is a file as the channel wants it named. Only a document has a name, and
// audio and stickers have no caption.
func fileOf(kind gateway.ContentKind, m *gateway.OutgoingMedia, caption string) filePart {
	p := &mediaPart{ID: cmp.Or(m.ProviderID, m.FileID), Link: m.URL, Caption: caption}
	switch kind {
	case gateway.ContentImage:
		return filePart{Image: p}
	case gateway.ContentVideo:
		return filePart{Video: p}
	case gateway.ContentAudio:
		p.Voice = m.Voice
		return filePart{Audio: p}
	case gateway.ContentSticker:
		return filePart{Sticker: p}
	default:
		p.Filename = shortName(m.Filename)
		return filePart{Document: p}
	}
}

// shortName cuts the name of a document, which keeps its extension: the customer's
// phone opens it by that.
func shortName(name string) string {
	name = oneLine(name)
	ending := path.Ext(name)
	if n := utf8.RuneCountInString(ending); n > 10 || n == utf8.RuneCountInString(name) {
		ending = ""
	}
	return shorten(strings.TrimSuffix(name, ending), maxSentFilename-utf8.RuneCountInString(ending)) + ending
}

func placeOf(l *gateway.Location) *placePart {
	return &placePart{Latitude: l.Latitude, Longitude: l.Longitude, Name: oneLine(l.Name), Address: oneLine(l.Address)}
}

// cardsOf are contact cards. The channel wants one part of a name beside the whole of
// it, and the first word is the best there is.
func cardsOf(cards []gateway.Card) []cardPart {
	parts := make([]cardPart, 0, len(cards))
	for _, c := range cards {
		name := oneLine(c.Name)
		first, last, _ := strings.Cut(name, " ")
		p := cardPart{Name: cardName{Formatted: name, First: first, Last: last}}
		for _, phone := range c.Phones {
			if phone.Phone != "" || phone.WhatsApp != "" {
				p.Phones = append(p.Phones, cardPhone{cmp.Or(phone.Phone, "+"+phone.WhatsApp), phone.WhatsApp})
			}
		}
		for _, email := range c.Emails {
			p.Emails = append(p.Emails, cardEmail{email})
		}
		if c.Organization != "" {
			p.Org = &cardOrg{c.Organization}
		}
		parts = append(parts, p)
	}
	return parts
}
