package whatsapp

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/recado/recado/gateway"
)

// The limits of what can be tapped, in characters.
const (
	maxLine      = 60 // a header or footer
	maxTitle     = 20 // a button
	maxButtonID  = 256
	maxRowTitle  = 24 // and that of a section
	maxRowDetail = 72
	maxRowID     = 200
)

type interactivePart struct {
	Type   string      `json:"type"`
	Header *headerPart `json:"header,omitempty"`
	Body   linePart    `json:"body"`
	Footer *linePart   `json:"footer,omitempty"`
	Action actionPart  `json:"action"`
}

type headerPart struct {
	Type string `json:"type"`
	Text string `json:"text,omitempty"`
	filePart
}

type linePart struct {
	Text string `json:"text"`
}

type actionPart struct {
	Name       string        `json:"name,omitempty"`
	Buttons    []buttonPart  `json:"buttons,omitempty"`
	Button     string        `json:"button,omitempty"`
	Sections   []sectionPart `json:"sections,omitempty"`
	Parameters *linkPart     `json:"parameters,omitempty"`
}

type buttonPart struct {
	Type  string    `json:"type"`
	Reply replyPart `json:"reply"`
}

type replyPart struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type sectionPart struct {
	Title string    `json:"title,omitempty"`
	Rows  []rowPart `json:"rows"`
}

type rowPart struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

type linkPart struct {
	Title string `json:"display_text"`
	URL   string `json:"url"`
}

// interactive is a message with something to tap. One title that is too long, or two
// that are the same, would have the channel refuse the whole message.
func interactive(kind gateway.ContentKind, text string, c *gateway.Content) *interactivePart {
	p := &interactivePart{Body: linePart{text}}
	switch kind {
	case gateway.ContentAskLocation:
		p.Type, p.Action.Name = "location_request_message", "send_location"
		return p
	case gateway.ContentAskContact:
		p.Type, p.Action.Name = "request_contact_info", "request_contact_info"
		return p
	case gateway.ContentList:
		p.Type, p.Action = "list", actionPart{Button: shorten(oneLine(c.List.Open), maxTitle), Sections: sectionsOf(c.List)}
	case gateway.ContentLink:
		p.Type, p.Action.Name = "cta_url", "cta_url"
		p.Action.Parameters = &linkPart{shorten(oneLine(c.Link.Title), maxTitle), c.Link.URL}
	default:
		p.Type, p.Action.Buttons = "button", buttonsOf(c.Buttons)
	}
	if line := shorten(oneLine(c.Header), maxLine); line != "" {
		p.Header = &headerPart{Type: "text", Text: line}
	} else if m := c.HeaderMedia; m != nil {
		p.Header = &headerPart{Type: string(m.Kind), filePart: fileOf(m.Kind, m, "")}
	}
	if line := shorten(oneLine(c.Footer), maxLine); line != "" {
		p.Footer = &linePart{line}
	}
	return p
}

func buttonsOf(buttons []gateway.Button) []buttonPart {
	var ids, titles []string
	for _, b := range buttons {
		ids, titles = append(ids, b.ID), append(titles, oneLine(b.Title))
	}
	ids, titles = distinct(ids, maxButtonID), distinct(titles, maxTitle)
	parts := make([]buttonPart, 0, len(buttons))
	for i := range buttons {
		parts = append(parts, buttonPart{"reply", replyPart{ids[i], titles[i]}})
	}
	return parts
}

// sectionsOf are the sections of a list. The choices of all of them are kept apart.
func sectionsOf(l *gateway.List) []sectionPart {
	var ids, titles []string
	for _, s := range l.Sections {
		for _, r := range s.Rows {
			ids, titles = append(ids, r.ID), append(titles, oneLine(r.Title))
		}
	}
	ids, titles = distinct(ids, maxRowID), distinct(titles, maxRowTitle)
	var parts []sectionPart
	for _, s := range l.Sections {
		p := sectionPart{Title: shorten(oneLine(s.Title), maxRowTitle)}
		for _, r := range s.Rows {
			p.Rows = append(p.Rows, rowPart{ids[0], titles[0], shorten(oneLine(r.Description), maxRowDetail)})
			ids, titles = ids[1:], titles[1:]
		}
		parts = append(parts, p)
	}
	return parts
}

// distinct cuts texts that are too long and keeps them apart: those that became the
// same get a number. What fits stays as it is, for it comes back when it is tapped.
func distinct(texts []string, most int) []string {
	result, taken := make([]string, len(texts)), map[string]bool{}
	keep := func(i int, s string) bool {
		if taken[s] {
			return false
		}
		result[i], taken[s] = s, true
		return true
	}
	var rest []int
	for i, s := range texts {
		s = strings.ToValidUTF8(s, "\uFFFD")
		if utf8.RuneCountInString(s) > most || !keep(i, s) {
			rest = append(rest, i)
		}
	}
	for _, i := range rest {
		for n := 1; !keep(i, numbered(texts[i], n, most)); n++ {
			continue
		}
	}
	return result
}

// numbered is a text that fits, with a number at its end from the second on.
func numbered(s string, n, most int) string {
	if n == 1 {
		return shorten(s, most)
	}
	mark := " " + strconv.Itoa(n)
	return shorten(s, most-len(mark)) + mark
}
