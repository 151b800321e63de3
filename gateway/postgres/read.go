package postgres

import (
	"github.com/recado/recado/gateway"
)

// told is a message as it was kept, with what became of its file and the message that
// it answers.
type told struct {
	message *gateway.Message
	file    attachment
	quote   quote
}

// toldColumns are what told.places reads, of an event, or something of its shape,
// named e. toldJoins go after its name. The message that e answers is looked for only where
// it answers one: "offset 0" keeps the planner from calling the function first.
const (
	toldColumns = `e.message, ` + fileColumns + `, q.author, q.message, q.words, q.body, q.content`
	toldJoins   = ` left join gateway_files f on f.event = e.digest left join lateral (
	select * from gateway_quote(e.about_digest, e.quoted_id, e.conversation_id)
	where e.about_digest is not null or e.quoted_id is not null offset 0) q on true`
)

func (t *told) places() []any {
	places := append([]any{&t.message}, t.file.places()...)
	return append(places, scan(&t.quote.author), &t.quote.message, scan(&t.quote.words), scan(&t.quote.body), &t.quote.content)
}

// whole is the message with all that is known of it.
func (t *told) whole() *gateway.Message {
	if t.message == nil {
		return nil
	}
	t.message.Quoted = t.quote.known()
	if t.message.Media != nil {
		t.file.fill(t.message.Media)
	}
	return t.message
}

// quote is the message that another one answers, as it was kept.
type quote struct {
	author      gateway.Author
	message     *gateway.Message
	words, body string
	content     *gateway.Content
}

// known is the quote for people, nil when there is none.
func (q *quote) known() *gateway.Quote {
	switch {
	case q.author == "":
		return nil
	case q.message == nil:
		return &gateway.Quote{Author: q.author, Type: kindOf(q.content), Text: q.body}
	}
	if q.message.Media != nil {
		q.message.Media.Words = q.words
	}
	return &gateway.Quote{Author: q.author, Type: q.message.Type, Text: q.message.Words()}
}

// kindOf is the type of an outgoing message.
func kindOf(c *gateway.Content) string {
	return string((&gateway.Outgoing{Content: c}).Kind())
}

// attachment is what became of the file of a message.
type attachment struct {
	id    string
	state gateway.FileState
	mime  string
	size  int64
	words string
	err   *gateway.SendError
}

// fileColumns are what attachment.places reads, of a table named f.
const fileColumns = `f.id, f.state, f.type, coalesce(f.size, 0), f.words, f.error`

func (a *attachment) places() []any {
	return []any{scan(&a.id), scan(&a.state), scan(&a.mime), &a.size, scan(&a.words), &a.err}
}

func (a *attachment) fill(m *gateway.Media) {
	m.FileID, m.State, m.Type, m.Size, m.Words, m.Error = a.id, a.state, a.mime, a.size, a.words, a.err
}
