package gateway

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ContentKind is the form of an outgoing message.
type ContentKind string

// The forms of outgoing messages. Those with a text have it in Outgoing.Text.
const (
	// ContentText is text alone: the kind of an Outgoing without Content.
	ContentText ContentKind = "text"
	// ContentButtons has 1 to 3 reply buttons below the text.
	ContentButtons ContentKind = "buttons"
	// ContentList opens a list of at most 10 rows.
	ContentList ContentKind = "list"
	// ContentLink has one button that opens an address.
	ContentLink ContentKind = "link"
	// ContentAskLocation and ContentAskContact have a button that sends the
	// customer's location or phone number.
	ContentAskLocation ContentKind = "location_request"
	ContentAskContact  ContentKind = "contact_request"
	// The files: the text is their caption, except for audio and stickers.
	ContentImage    ContentKind = "image"
	ContentVideo    ContentKind = "video"
	ContentAudio    ContentKind = "audio"
	ContentDocument ContentKind = "document"
	ContentSticker  ContentKind = "sticker"
	ContentLocation ContentKind = "location"
	ContentCards    ContentKind = "contacts"
	// ContentReaction is an emoji on a message of the customer.
	ContentReaction ContentKind = "reaction"
	// ContentTemplate is the only kind that may be sent outside of the service
	// window.
	ContentTemplate ContentKind = "template"
)

// Content is what an outgoing message holds beside its text. Only what belongs to
// Kind is looked at.
type Content struct {
	Kind ContentKind `json:"kind"`
	// Header is a short line above the text and Footer one below it, for buttons,
	// lists and links.
	Header string `json:"header,omitempty"`
	Footer string `json:"footer,omitempty"`
	// HeaderMedia is a picture, video or document above the text of buttons and
	// links, instead of Header.
	HeaderMedia *OutgoingMedia `json:"header_media,omitempty"`
	Buttons     []Button       `json:"buttons,omitempty"`
	List        *List          `json:"list,omitempty"`
	Link        *Link          `json:"link,omitempty"`
	Media       *OutgoingMedia `json:"media,omitempty"`
	Location    *Location      `json:"location,omitempty"`
	Cards       []Card         `json:"cards,omitempty"`
	Reaction    *Reaction      `json:"reaction,omitempty"`
	Template    *TemplateUse   `json:"template,omitempty"`
}

// Button is a reply button. Its id comes back when it is tapped.
type Button struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// List is a list to choose one row from.
type List struct {
	// Open is the title of the button that opens the list.
	Open     string        `json:"open"`
	Sections []ListSection `json:"sections"`
}

// ListSection is a part of a list. With more than one, each needs a title.
type ListSection struct {
	Title string    `json:"title,omitempty"`
	Rows  []ListRow `json:"rows"`
}

// ListRow is a row. Its id comes back when it is chosen.
type ListRow struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// Link is a button that opens an address in the customer's browser.
type Link struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// OutgoingMedia is a file to send: exactly one of ProviderID, URL and FileID is set.
type OutgoingMedia struct {
	// Kind is image, video, audio, document or sticker. It is needed for a header
	// only; elsewhere the content's kind says it.
	Kind ContentKind `json:"kind,omitempty"`
	// ProviderID is the channel's id of a file that was uploaded there.
	ProviderID string `json:"provider_id,omitempty"`
	// URL is where the channel fetches the file from.
	URL string `json:"url,omitempty"`
	// FileID names one of our own files; it is uploaded before the message is sent.
	FileID string `json:"file_id,omitempty"`
	// MIME is the type of our own file.
	MIME string `json:"mime,omitempty"`
	// Filename is what a document is called on the customer's phone.
	Filename string `json:"filename,omitempty"`
	// Voice sends audio as a voice note.
	Voice bool `json:"voice,omitempty"`
}

// Reaction is an emoji on a message.
type Reaction struct {
	// MessageID is the provider id of the customer's message.
	MessageID string `json:"message_id"`
	// Emoji is one emoji; empty takes the reaction back.
	Emoji string `json:"emoji"`
}

// The longest texts, in characters.
const (
	// MaxText is the longest text message, and that of a list.
	MaxText = 4096
	// MaxCaption is the longest text above buttons and below files.
	MaxCaption = 1024
)

// The most that one message holds.
const (
	maxButtons = 3
	maxRows    = 10
	maxCards   = 257
)

// CheckContent tells what is missing or too much in an outgoing message, as an
// ErrInvalid, or nil. Titles that are too long are no fault: they are cut when the
// message is sent. nil content is text alone.
func CheckContent(text string, c *Content) error {
	if c == nil || c.Kind == ContentText || c.Kind == "" {
		return checkText(text, 1, MaxText)
	}
	check, ok := contentChecks()[c.Kind]
	if !ok {
		return invalidContent("the kind of content is not known")
	}
	if err := check(text, c); err != nil {
		return err
	}
	return checkHeader(c)
}

// contentChecks are the rules of each kind.
func contentChecks() map[ContentKind]func(string, *Content) error {
	return map[ContentKind]func(string, *Content) error{
		ContentButtons:     checkButtons,
		ContentList:        checkList,
		ContentLink:        checkLinkButton,
		ContentAskLocation: func(text string, _ *Content) error { return checkText(text, 1, MaxCaption) },
		ContentAskContact:  func(text string, _ *Content) error { return checkText(text, 1, MaxCaption) },
		ContentImage:       checkFile(MaxCaption),
		ContentVideo:       checkFile(MaxCaption),
		ContentDocument:    checkFile(MaxCaption),
		ContentAudio:       checkFile(0),
		ContentSticker:     checkFile(0),
		ContentLocation:    checkLocation,
		ContentCards:       checkCards,
		ContentReaction:    checkReaction,
		ContentTemplate:    checkTemplateUse,
	}
}

func invalidContent(what string) error { return fmt.Errorf("%w: %s", ErrInvalid, what) }

func checkText(text string, least, most int) error {
	switch n := utf8.RuneCountInString(strings.TrimSpace(text)); {
	case n < least:
		return invalidContent("the message needs a text")
	case n > most && most == 0:
		return invalidContent("this kind of message takes no text")
	case n > most:
		return invalidContent(fmt.Sprintf("the text is longer than %d characters", most))
	}
	return nil
}

func checkButtons(text string, c *Content) error {
	if n := len(c.Buttons); n == 0 || n > maxButtons {
		return invalidContent("a message has 1 to 3 buttons")
	}
	seen := map[string]bool{}
	for _, b := range c.Buttons {
		if err := checkChoice(b.ID, b.Title, seen); err != nil {
			return err
		}
	}
	return checkText(text, 1, MaxCaption)
}

// checkChoice holds that what can be tapped has a title and an id of its own: the
// channel refuses two with the same.
func checkChoice(id, title string, seen map[string]bool) error {
	switch {
	case strings.TrimSpace(id) == "" || strings.TrimSpace(title) == "":
		return invalidContent("what can be tapped needs an id and a title")
	case seen["id:"+id] || seen["title:"+title]:
		return invalidContent("two choices have the same id or title")
	}
	seen["id:"+id], seen["title:"+title] = true, true
	return nil
}

func checkList(text string, c *Content) error {
	if c.List == nil || strings.TrimSpace(c.List.Open) == "" {
		return invalidContent("a list needs a title for the button that opens it")
	}
	rows, seen := 0, map[string]bool{}
	for _, section := range c.List.Sections {
		if len(section.Rows) == 0 {
			return invalidContent("each section of a list has a row")
		}
		if len(c.List.Sections) > 1 && strings.TrimSpace(section.Title) == "" {
			return invalidContent("each section of a list with several needs a title")
		}
		for _, r := range section.Rows {
			if err := checkChoice(r.ID, r.Title, seen); err != nil {
				return err
			}
		}
		rows += len(section.Rows)
	}
	if rows == 0 || rows > maxRows {
		return invalidContent("a list has 1 to 10 rows in all")
	}
	return checkText(text, 1, MaxText)
}

func checkLinkButton(text string, c *Content) error {
	if c.Link == nil || strings.TrimSpace(c.Link.Title) == "" || !webAddress(c.Link.URL) {
		return invalidContent("a link needs a title and an address that starts with https:// or http://")
	}
	return checkText(text, 1, MaxCaption)
}

func webAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

func checkFile(caption int) func(string, *Content) error {
	return func(text string, c *Content) error {
		if err := checkMedia(c.Media); err != nil {
			return err
		}
		return checkText(text, 0, caption)
	}
}

func checkMedia(m *OutgoingMedia) error {
	if m == nil {
		return invalidContent("the message needs a file")
	}
	named := 0
	for _, name := range []string{m.ProviderID, m.URL, m.FileID} {
		if name != "" {
			named++
		}
	}
	switch {
	case named != 1:
		return invalidContent("a file is named by one of provider_id, url and file_id")
	case m.URL != "" && !webAddress(m.URL):
		return invalidContent("a file's address starts with https:// or http://")
	}
	return nil
}

func checkHeader(c *Content) error {
	if c.HeaderMedia == nil {
		return nil
	}
	switch {
	case c.Kind != ContentButtons && c.Kind != ContentLink:
		return invalidContent("only buttons and links have a file above the text")
	case c.Header != "":
		return invalidContent("above the text is either a line or a file")
	}
	if slices.Contains([]ContentKind{ContentImage, ContentVideo, ContentDocument}, c.HeaderMedia.Kind) {
		return checkMedia(c.HeaderMedia)
	}
	return invalidContent("the file above the text is an image, a video or a document")
}

func checkLocation(text string, c *Content) error {
	l := c.Location
	// What is not a number is neither less nor more.
	if l == nil || !(math.Abs(l.Latitude) <= 90) || !(math.Abs(l.Longitude) <= 180) {
		return invalidContent("a location has a latitude from -90 to 90 and a longitude from -180 to 180")
	}
	return checkText(text, 0, 0)
}

func checkCards(text string, c *Content) error {
	if len(c.Cards) == 0 || len(c.Cards) > maxCards {
		return invalidContent("a message has 1 to 257 contact cards")
	}
	for _, card := range c.Cards {
		if strings.TrimSpace(card.Name) == "" {
			return invalidContent("a contact card needs a name")
		}
	}
	return checkText(text, 0, 0)
}

func checkReaction(text string, c *Content) error {
	if c.Reaction == nil || c.Reaction.MessageID == "" {
		return invalidContent("a reaction needs the message that it is for")
	}
	if strings.ContainsFunc(c.Reaction.Emoji, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsSpace(r) }) {
		return invalidContent("a reaction is one emoji, or nothing to take it back")
	}
	return checkText(text, 0, 0)
}

func checkTemplateUse(text string, c *Content) error {
	if c.Template == nil || c.Template.Name == "" || c.Template.Language == "" {
		return invalidContent("a template needs its name and language")
	}
	// The text is what people see of it in the conversation.
	return checkText(text, 0, MaxText)
}
