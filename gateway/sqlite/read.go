package sqlite

import (
	"fmt"

	"github.com/recado/recado/gateway"
)

// complete fills what the store knows of a message beside what it says: what became of
// its file, and the message that it answers.
func (t *tx) complete(m *gateway.Message, seq int64, conversationID, about string) error {
	if err := t.fillMedia(m, seq); err != nil {
		return err
	}
	var err error
	m.Quoted, err = t.quote(conversationID, about, m.QuotedID)
	return err
}

// fillMedia fills what became of the file of a message, if it has one.
func (t *tx) fillMedia(m *gateway.Message, seq int64) error {
	if m.Media == nil {
		return nil
	}
	const query = `select ` + mediaColumns + ` from files f where f.event = ?`
	if _, err := t.one(query, []any{seq}, media(m.Media)...); err != nil {
		return fmt.Errorf("read what became of a file: %w", err)
	}
	return nil
}

// mediaColumns are what the places of media read, of the table files named f.
const mediaColumns = `f.id, f.state, f.type, f.size, f.words, f.error`

func media(m *gateway.Media) []any {
	return []any{&m.FileID, &m.State, &m.Type, &m.Size, &m.Words, document{&m.Error}}
}

// quoted is a message that another one answers, as it was kept: an event by its number
// and kind, or a message of ours by its author.
type quoted struct {
	seq     int64
	by      string
	message *gateway.Message
	text    string
	content *gateway.Content
}

func scanQuoted(r row) (q quoted, err error) {
	err = r.Scan(&q.seq, &q.by, document{&q.message}, &q.text, document{&q.content})
	return q, err
}

// selectQuoted finds a message in the conversation ?1: the customer's by its key ?2,
// and any by the channel's id ?3.
const selectQuoted = `
	select e.seq, e.kind, e.body, '', null from events e
		where e.key = ?2 and ?2 <> '' and e.conversation_id = ?1
	union all
	select e.seq, e.kind, e.body, '', null from events e
		where e.provider_id = ?3 and +e.conversation_id = ?1
	union all
	select 0, o.author, null, o.text, o.content from outgoing o
		where o.provider_id = ?3 and o.provider_id <> '' and +o.conversation_id = ?1
	limit 1`

// quote gives what a message says that another one answers, nil when there is none in
// the same conversation.
func (t *tx) quote(conversationID, key, providerID string) (*gateway.Quote, error) {
	if key == "" && providerID == "" {
		return nil, nil
	}
	found, err := list(t, scanQuoted, selectQuoted, conversationID, key, providerID)
	if err != nil {
		return nil, fmt.Errorf("read what is quoted: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	q := found[0]
	if q.message == nil {
		return &gateway.Quote{Author: gateway.Author(q.by), Type: kindOf(q.content), Text: q.text}, nil
	}
	if err := t.fillMedia(q.message, q.seq); err != nil {
		return nil, err
	}
	author := gateway.AuthorCustomer
	if gateway.EventKind(q.by) == gateway.EventEcho {
		author = gateway.AuthorAgent
	}
	return &gateway.Quote{Author: author, Type: q.message.Type, Text: q.message.Words()}, nil
}

// kindOf is the type of an outgoing message.
func kindOf(c *gateway.Content) string {
	return string((&gateway.Outgoing{Content: c}).Kind())
}
