package cloudsim

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of Meta's that a message is checked against, in characters where texts
// are meant.
const (
	maxCaption     = 1024
	maxCallback    = 512
	maxContacts    = 257
	maxTemplate    = 512
	maxEmoji       = 16
	maxPhoneDigits = 20
)

// mediaKinds are the types of messages that are a file.
var mediaKinds = []string{"image", "video", "audio", "document", "sticker"}

// read checks a message by itself and makes of it what the phone shows. It looks
// at no chat.
func (s *Simulator) read(q request) (*message, error) {
	switch {
	case q.To == "" && q.Recipient == "":
		return nil, missing("to")
	case q.To != "" && (digits(q.To) == "" || len(digits(q.To)) > maxPhoneDigits):
		return nil, refusal(131009, "to must be a phone number; a user id belongs into recipient")
	case q.RecipientType != "" && q.RecipientType != "individual":
		return nil, refusal(100, "recipient_type must be one of {individual}")
	case utf8.RuneCountInString(q.Callback) > maxCallback:
		return nil, tooLong("biz_opaque_callback_data", maxCallback)
	case q.Context != nil && q.Context.MessageID == "":
		return nil, missing("context['message_id']")
	case q.Context != nil && q.kind() == "reaction":
		return nil, refusal(131009, "a reaction can't be a contextual reply")
	}
	m := &message{kind: q.kind(), category: "service"}
	m.raw = q.raw[m.kind]
	if q.Context != nil {
		m.quotes = q.Context.MessageID
	}
	return m, s.readContent(q, m)
}

// kind is the type of the message. Without one it is a text, or the only part
// that is there.
func (q request) kind() string {
	if q.Type == "" && q.Text == nil {
		for _, kind := range append(slices.Clone(mediaKinds), "location", "contacts", "interactive", "template") {
			if q.raw[kind] != nil {
				return kind
			}
		}
	}
	return cmp.Or(q.Type, "text")
}

func (s *Simulator) readContent(q request, m *message) error {
	switch m.kind {
	case "text":
		return q.readText(m)
	case "image", "video", "audio", "document", "sticker":
		return s.readMedia(q, m)
	case "location":
		return q.readLocation(m)
	case "contacts":
		return q.readContacts(m)
	case "reaction":
		m.category = ""
		return q.readReaction(m)
	case "interactive":
		return s.readInteractive(q, m)
	case "template":
		return s.readTemplate(q, m)
	}
	return refusal(100, "type must be one of "+
		"{AUDIO, CONTACTS, DOCUMENT, IMAGE, INTERACTIVE, LOCATION, REACTION, STICKER, TEMPLATE, TEXT, VIDEO}")
}

func (q request) readText(m *message) error {
	if q.Text == nil || strings.TrimSpace(q.Text.Body) == "" {
		return missing("text['body']")
	}
	m.text = q.Text.Body
	return within("text['body']", m.text, maxText)
}

func (s *Simulator) readMedia(q request, m *message) error {
	part := map[string]*mediaPart{
		"image": q.Image, "video": q.Video, "audio": q.Audio, "document": q.Document, "sticker": q.Sticker,
	}[m.kind]
	if part != nil && part.Caption != "" && (m.kind == "audio" || m.kind == "sticker") {
		return refusal(100, "Unexpected key \"caption\" on param \""+m.kind+"\".")
	}
	file, err := s.attach(m.kind, part)
	if err != nil {
		return err
	}
	m.text, m.file = part.Caption, file
	return within(m.kind+"['caption']", part.Caption, maxCaption)
}

// attach makes what the phone shows of a file in a message. Files are named by an
// id or by a link; a link is not followed.
func (s *Simulator) attach(kind string, part *mediaPart) (*attachment, error) {
	if part == nil || (part.ID == "") == (part.Link == "") {
		return nil, refusal(100, "exactly one of "+kind+"['id'] and "+kind+"['link'] is required")
	}
	file := &attachment{Kind: kind, ID: part.ID, Link: part.Link, Name: part.Filename, Voice: part.Voice}
	switch {
	case s.config.Lenient:
	case part.Link != "" && !isWeb(part.Link):
		return nil, refusal(131009, kind+"['link'] must be an http or https URL")
	case part.ID != "" && s.media.find(part.ID, s.config.Now()) == nil:
		return nil, &graphError{
			status: 400, code: 100, kind: "OAuthException",
			message: "(#100) Param " + kind + "['id'] is not a valid whatsapp business account media attachment ID",
		}
	}
	return file, nil
}

func (q request) readLocation(m *message) error {
	l := q.Location
	if l == nil || l.Latitude == nil || l.Longitude == nil {
		return missing("location['latitude']")
	}
	latitude, err1 := l.Latitude.Float64()
	longitude, err2 := l.Longitude.Float64()
	if err1 != nil || err2 != nil || latitude < -90 || latitude > 90 || longitude < -180 || longitude > 180 {
		return refusal(131009, "location['latitude'] and location['longitude'] must be degrees")
	}
	m.text = lines(l.Name, l.Address, place(latitude, longitude))
	return nil
}

// place writes coordinates as the phone shows them.
func place(latitude, longitude float64) string { return fmt.Sprintf("%.5f, %.5f", latitude, longitude) }

func (q request) readContacts(m *message) error {
	if len(q.Contacts) == 0 || len(q.Contacts) > maxContacts {
		return refusal(131009, "contacts must have 1 to "+strconv.Itoa(maxContacts)+" entries")
	}
	for i, c := range q.Contacts {
		at := "contacts[" + strconv.Itoa(i) + "]['name']"
		if c.Name.Formatted == "" {
			return missing(at + "['formatted_name']")
		}
		if c.Name.First == "" && c.Name.Last == "" {
			return refusal(131008, at+" needs one name beside formatted_name")
		}
		m.text = lines(m.text, contactLine(c))
	}
	return nil
}

func contactLine(c contactPart) string {
	words := []string{c.Name.Formatted}
	for _, p := range c.Phones {
		words = append(words, p.Phone)
	}
	return strings.Join(words, " · ")
}

func (q request) readReaction(m *message) error {
	r := q.Reaction
	switch {
	case r == nil || r.MessageID == "":
		return missing("reaction['message_id']")
	case r.Emoji == nil:
		return missing("reaction['emoji']")
	case utf8.RuneCountInString(*r.Emoji) > maxEmoji || isWordy(*r.Emoji):
		return refusal(131009, "reaction['emoji'] must be one emoji, or empty to remove it")
	}
	m.target = r.MessageID
	return nil
}

// isWordy tells a text from an emoji. Keycaps begin with a digit.
func isWordy(text string) bool {
	return !strings.Contains(text, "\u20e3") && strings.ContainsFunc(text, wordly)
}

// isWeb tells whether a link can be opened.
func isWeb(link string) bool {
	target, err := url.Parse(link)
	return err == nil && (target.Scheme == "http" || target.Scheme == "https") && target.Host != ""
}

// within holds that a text is not too long.
func within(field, text string, limit int) error {
	if utf8.RuneCountInString(text) > limit {
		return tooLong(field, limit)
	}
	return nil
}

// lines joins what is not empty.
func lines(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "\n")
}
