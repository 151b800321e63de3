package cloudsim

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of Meta's that a message is checked against, in characters.
const (
	maxCaption  = 1024
	maxButton   = 20
	maxRowTitle = 24
	maxRowText  = 72
	maxRows     = 10
	maxButtons  = 3
	maxCallback = 512
)

// request is the body of a POST to the messages endpoint.
type request struct {
	Product       string        `json:"messaging_product"`
	RecipientType string        `json:"recipient_type"`
	To            string        `json:"to"`
	Recipient     string        `json:"recipient"`
	Type          string        `json:"type"`
	Callback      string        `json:"biz_opaque_callback_data"`
	Text          *textPart     `json:"text"`
	Image         *media        `json:"image"`
	Video         *media        `json:"video"`
	Audio         *media        `json:"audio"`
	Document      *media        `json:"document"`
	Sticker       *media        `json:"sticker"`
	Location      *location     `json:"location"`
	Reaction      *reaction     `json:"reaction"`
	Interactive   *interactive  `json:"interactive"`
	Template      *templatePart `json:"template"`

	// The rest is that of a receipt.

	Status    string  `json:"status"`
	MessageID string  `json:"message_id"`
	Typing    *typing `json:"typing_indicator"`
}

type typing struct {
	Type string `json:"type"`
}

type textPart struct {
	Body string `json:"body"`
}

type media struct {
	ID       string `json:"id"`
	Link     string `json:"link"`
	Caption  string `json:"caption"`
	Filename string `json:"filename"`
}

type location struct {
	Latitude  *float64 `json:"latitude"`
	Longitude *float64 `json:"longitude"`
	Name      string   `json:"name"`
	Address   string   `json:"address"`
}

type reaction struct {
	MessageID string `json:"message_id"`
	Emoji     string `json:"emoji"`
}

type interactive struct {
	Type   string     `json:"type"`
	Header *textLine  `json:"header"`
	Body   *textLine  `json:"body"`
	Footer *textLine  `json:"footer"`
	Action actionPart `json:"action"`
}

type textLine struct {
	Text string `json:"text"`
}

type actionPart struct {
	Button     string         `json:"button"`
	Buttons    []replyButton  `json:"buttons"`
	Sections   []section      `json:"sections"`
	Parameters linkParameters `json:"parameters"`
}

type replyButton struct {
	Reply row `json:"reply"`
}

type section struct {
	Rows []row `json:"rows"`
}

type row struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

type linkParameters struct {
	DisplayText string `json:"display_text"`
	URL         string `json:"url"`
}

type templatePart struct {
	Name     string `json:"name"`
	Language struct {
		Code string `json:"code"`
	} `json:"language"`
	Components []struct {
		Type       string     `json:"type"`
		Parameters []textLine `json:"parameters"`
	} `json:"components"`
}

// input is the recipient as it was written.
func (q request) input() string { return cmp.Or(q.To, q.Recipient) }

// acceptance is the state in an answer; Meta gives one for templates alone.
func (q request) acceptance() string {
	if q.Type == "template" {
		return "accepted"
	}
	return ""
}

// read checks a message by itself and makes of it what the phone shows. It looks
// at no chat.
func (q request) read() (*message, error) {
	switch {
	case digits(q.To) == "" && q.Recipient == "":
		return nil, missing("to")
	case q.RecipientType != "" && q.RecipientType != "individual":
		return nil, refusal(100, "recipient_type must be one of {individual}")
	case utf8.RuneCountInString(q.Callback) > maxCallback:
		return nil, tooLong("biz_opaque_callback_data", maxCallback)
	}
	m := &message{kind: cmp.Or(q.Type, "text"), category: "service"}
	switch m.kind {
	case "text":
		return m, q.readText(m)
	case "image", "video", "audio", "document", "sticker":
		return m, q.readMedia(m)
	case "location":
		return m, q.readLocation(m)
	case "reaction":
		m.category = ""
		return m, q.readReaction()
	case "interactive":
		return m, q.readInteractive(m)
	case "template":
		m.category = "utility"
		return m, q.readTemplate(m)
	}
	return nil, refusal(100, "type must be one of "+
		"{AUDIO, DOCUMENT, IMAGE, INTERACTIVE, LOCATION, REACTION, STICKER, TEMPLATE, TEXT, VIDEO}")
}

func (q request) readText(m *message) error {
	if q.Text == nil || strings.TrimSpace(q.Text.Body) == "" {
		return missing("text['body']")
	}
	m.text = q.Text.Body
	return within("text['body']", m.text, maxText)
}

func (q request) readMedia(m *message) error {
	part := map[string]*media{
		"image": q.Image, "video": q.Video, "audio": q.Audio, "document": q.Document, "sticker": q.Sticker,
	}[m.kind]
	if part == nil || (part.ID == "") == (part.Link == "") {
		return refusal(100, "exactly one of "+m.kind+"['id'] and "+m.kind+"['link'] is required")
	}
	m.text = cmp.Or(part.Caption, part.Filename)
	return within(m.kind+"['caption']", part.Caption, maxCaption)
}

func (q request) readLocation(m *message) error {
	if q.Location == nil || q.Location.Latitude == nil || q.Location.Longitude == nil {
		return missing("location['latitude']")
	}
	m.text = lines(q.Location.Name, q.Location.Address,
		fmt.Sprintf("%.5f, %.5f", *q.Location.Latitude, *q.Location.Longitude))
	return nil
}

func (q request) readReaction() error {
	if q.Reaction == nil || q.Reaction.MessageID == "" {
		return missing("reaction['message_id']")
	}
	return nil
}

func (q request) readTemplate(m *message) error {
	t := q.Template
	if t == nil || t.Name == "" || t.Language.Code == "" {
		return refusal(131008, "template['name'] and template['language']['code'] are required")
	}
	m.text = "*" + strings.ReplaceAll(t.Name, "_", " ") + "*"
	for _, component := range t.Components {
		for _, p := range component.Parameters {
			m.text = lines(m.text, p.Text)
		}
	}
	return nil
}

func (q request) readInteractive(m *message) error {
	i := q.Interactive
	if i == nil || i.Body == nil || i.Body.Text == "" {
		return missing("interactive['body']['text']")
	}
	m.text = i.Body.Text
	if i.Header != nil && i.Header.Text != "" {
		m.text = lines("*"+i.Header.Text+"*", m.text)
	}
	if i.Footer != nil && i.Footer.Text != "" {
		m.text = lines(m.text, "_"+i.Footer.Text+"_")
	}
	if err := within("interactive['body']['text']", i.Body.Text, map[bool]int{true: maxText, false: maxCaption}[i.Type == "list"]); err != nil {
		return err
	}
	switch i.Type {
	case "button":
		return i.Action.readButtons(m)
	case "list":
		return i.Action.readRows(m)
	case "cta_url":
		return i.Action.readLink(m)
	}
	return refusal(131009, "interactive['type'] must be one of {button, list, cta_url}")
}

func (a actionPart) readButtons(m *message) error {
	if len(a.Buttons) == 0 || len(a.Buttons) > maxButtons {
		return refusal(131009, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")
	}
	for _, b := range a.Buttons {
		m.options = append(m.options, option{ID: b.Reply.ID, Title: b.Reply.Title, Kind: "button_reply"})
	}
	return checkOptions(m.options, maxButton)
}

func (a actionPart) readRows(m *message) error {
	if a.Button == "" {
		return missing("interactive['action']['button']")
	}
	for _, s := range a.Sections {
		for _, r := range s.Rows {
			m.options = append(m.options, option{ID: r.ID, Title: r.Title, Description: r.Description, Kind: "list_reply"})
		}
	}
	if len(m.options) == 0 || len(m.options) > maxRows {
		return refusal(131009, "Total row count exceed max allowed count: 10")
	}
	if err := within("interactive['action']['button']", a.Button, maxButton); err != nil {
		return err
	}
	return checkOptions(m.options, maxRowTitle)
}

func (a actionPart) readLink(m *message) error {
	target, err := url.Parse(a.Parameters.URL)
	if err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Host == "" {
		return refusal(131009, "interactive['action']['parameters']['url'] must be a valid URL")
	}
	m.options = []option{{ID: "link", Title: a.Parameters.DisplayText, Kind: "link", URL: a.Parameters.URL}}
	return checkOptions(m.options, maxButton)
}

// checkOptions holds that every option can be told from the others and fits.
func checkOptions(options []option, limit int) error {
	for i, o := range options {
		if o.ID == "" || o.Title == "" {
			return refusal(131008, "every button and row needs an id and a title")
		}
		same := func(other option) bool { return other.ID == o.ID || other.Title == o.Title && o.Kind == "button_reply" }
		if slices.ContainsFunc(options[:i], same) {
			return refusal(131009, "ids and titles of buttons and rows must be unique")
		}
		if err := within("title", o.Title, limit); err != nil {
			return err
		}
		if err := within("description", o.Description, maxRowText); err != nil {
			return err
		}
	}
	return nil
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
