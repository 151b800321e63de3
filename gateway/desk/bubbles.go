package desk

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

// talk is a conversation, or a part of it, as the template of messages is given it.
type talk struct {
	Now time.Time
	// ID is the conversation's.
	ID      string
	Bubbles []bubble
	// Answer is the handoff in which a message can be answered now, or empty.
	Answer string
}

// bubble is one message with all that belongs to it on the page.
type bubble struct {
	gateway.MessageView
	// Line is the phrase of what happened, for what is no message.
	Line string
	// File is the message's file, and Header the one above buttons.
	File, Header *attachment
	// Answers is what the message answers, nil when it answers none. QuotedID is the
	// id on the page of that message, or empty.
	Answers  *gateway.Quote
	QuotedID string
	// Unknown tells that the message answers one that is not known.
	Unknown bool
	// Emoji is what a reaction says, when the message it is for is not on the page.
	Emoji string
	// Reactions are those to this message.
	Reactions []reaction
	// Quotable tells that the message can be answered.
	Quotable bool
	// Said is the text to show: not that which only repeats what is shown otherwise.
	Said string
	// Code tells that the message is nothing but a one-time code that was asked for.
	Code bool
	// Mute tells that there is nothing to show but what kind of message it is.
	Mute bool
}

// Pieces divides what is said where something of it is covered, and is nil elsewhere.
func (b bubble) Pieces() []piece {
	if b.Code {
		return []piece{{Text: b.Said, Mask: mask("")}}
	}
	return pieces(b.Said)
}

// reaction is an emoji on a message and whose it is.
type reaction struct {
	Emoji  string
	Author gateway.Author
	Agent  string
}

// bubbles puts messages together for a page: reactions go to the message they are
// for, and what was edited or withdrawn is told there. later tells that there are messages
// before those.
func bubbles(messages []gateway.MessageView, files, later bool) []bubble {
	known := map[string]int{}
	list := make([]bubble, 0, len(messages))
	codes := gateway.SaidCodes(messages, later)
	for i, m := range messages {
		at, here := known[target(m)]
		switch {
		case here && isReaction(m) && arrived(m):
			list[at].react(m)
			continue
		case here && m.Direction == "in" && (m.Type == "edit" || m.Type == "revoke"):
			continue // the message itself says so
		}
		if m.ProviderID != "" {
			known[m.ProviderID] = len(list)
		}
		b := view(m, files)
		b.Code = codes[i]
		if here && !isReaction(m) {
			b.answer(list[at])
		}
		list = append(list, b)
	}
	return list
}

// answer notes what the message answers, when that is on the page.
func (b *bubble) answer(to bubble) {
	if b.QuotedID = to.ID; to.Code && b.Answers != nil {
		covered := *b.Answers
		covered.Text = mask("")
		b.Answers = &covered
	}
}

// Ours tells that the shop has reacted to the message.
func (b bubble) Ours() bool {
	return slices.ContainsFunc(b.Reactions, func(r reaction) bool { return r.Author != gateway.AuthorCustomer })
}

// target is the provider id of the message that another one is about, or empty.
func target(m gateway.MessageView) string {
	switch {
	case m.Message != nil:
		return m.Message.QuotedID
	case m.Content != nil && m.Content.Reaction != nil:
		return m.Content.Reaction.MessageID
	}
	return ""
}

func isReaction(m gateway.MessageView) bool {
	return m.Type == "reaction" || m.Content != nil && m.Content.Kind == gateway.ContentReaction
}

// arrived tells that nothing is to be said of how a message was sent.
func arrived(m gateway.MessageView) bool {
	s := gateway.DeliveryState(m.Status)
	return s != gateway.DeliveryFailed && s != gateway.DeliveryCanceled
}

// emoji is what a reaction says; empty takes an earlier one back.
func emoji(m gateway.MessageView) string {
	if m.Content != nil && m.Content.Reaction != nil {
		return m.Content.Reaction.Emoji
	}
	return strings.TrimSpace(m.Text)
}

// react notes a reaction. The customer has one and the shop has one, the newest.
func (b *bubble) react(m gateway.MessageView) {
	ours := func(a gateway.Author) bool { return a != gateway.AuthorCustomer }
	b.Reactions = slices.DeleteFunc(b.Reactions, func(r reaction) bool { return ours(r.Author) == ours(m.Author) })
	if e := emoji(m); e != "" {
		b.Reactions = append(b.Reactions, reaction{e, m.Author, m.Agent})
	}
}

// view is a message alone.
func view(m gateway.MessageView, files bool) bubble {
	b := bubble{MessageView: m, Line: lineOf(m)}
	if isReaction(m) {
		b.Emoji = emoji(m)
	}
	if m.Message != nil {
		b.Answers, b.File = m.Message.Quoted, received(m.Message, files)
		b.Unknown = b.Answers == nil && m.Message.QuotedID != "" && !isReaction(m) && b.Line == ""
	}
	if m.Quoted != nil {
		b.Answers = m.Quoted
	}
	if c := m.Content; c != nil {
		b.File, b.Header = sent(c.Kind, c.Media, files), sent("", c.HeaderMedia, files)
		if c.Template != nil {
			b.Header = sent("", c.Template.HeaderMedia, files)
		}
	}
	b.Quotable = m.ProviderID != "" && b.Line == "" && !isReaction(m) && (m.Message == nil || !m.Message.Deleted)
	if !isReaction(m) && !repeats(m.Message) {
		b.Said = m.Text
	}
	b.Mute = b.Said == "" && b.File == nil && b.Header == nil && !isReaction(m) && !repeats(m.Message) &&
		(m.Content == nil || m.Content.Kind == "" || m.Content.Kind == gateway.ContentText)
	return b
}

// repeats tells whether the text of a message only says again what is shown of it.
func repeats(m *gateway.Message) bool {
	return m != nil && (m.Deleted || m.Location != nil || m.Cards != nil || m.Choice != nil || m.Form != nil ||
		m.Cart != nil || m.Problem != nil || m.Type == "unsupported")
}

// lineOf is the phrase of something that happened in the chat, or empty for what was
// said.
func lineOf(m gateway.MessageView) string {
	if m.Direction != "in" {
		return ""
	}
	switch m.Type {
	case "system":
		return "line_system"
	case "request_welcome":
		return "line_welcome"
	case "edit":
		return "line_edit"
	case "revoke":
		return "line_revoke"
	}
	return ""
}

// answer is one line of a form.
type answer struct{ Name, Value string }

// maxAnswers is how many lines of a form are shown.
const maxAnswers = 100

// answers lists what was filled in, in the order of the form; names of nested ones
// follow each other. Anything that is no object is one line without a name.
func answers(form json.RawMessage) []answer {
	d := json.NewDecoder(bytes.NewReader(form))
	d.UseNumber()
	var list []answer
	if !readAnswers(d, "", 0, &list) {
		return []answer{{Value: string(form)}}
	}
	return list[:min(len(list), maxAnswers)]
}

// maxDepth is how deep the values of a form are looked into.
const maxDepth = 10

// readAnswers reads one value below a name, and tells whether it was whole.
func readAnswers(d *json.Decoder, name string, depth int, list *[]answer) bool {
	token, err := d.Token()
	if err != nil || depth > maxDepth {
		return false
	}
	switch t := token.(type) {
	case json.Delim:
		for i := 1; d.More(); i++ {
			below := strconv.Itoa(i)
			if t == '{' {
				key, err := d.Token()
				if err != nil {
					return false
				}
				below, _ = key.(string)
			}
			if !readAnswers(d, strings.TrimPrefix(name+" › "+below, " › "), depth+1, list) {
				return false
			}
		}
		_, err = d.Token()
		return err == nil
	case nil:
		return true
	case bool:
		*list = append(*list, answer{name, map[bool]string{true: "✓", false: "✕"}[t]})
	case json.Number:
		*list = append(*list, answer{name, t.String()})
	case string:
		if name != "flow_token" { // it is for programs
			*list = append(*list, answer{name, t})
		}
	}
	return true
}
