package sqlite

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/recado/recado/gateway"
)

// cursor is the place after which a page begins: a time or number, and what breaks
// ties.
type cursor struct {
	at   int64
	side int64
	id   string
}

// String gives the cursor of one list. It names the list, so that the cursor of
// another is refused.
func (c cursor) String(list string) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %d %d %s", list, c.at, c.side, c.id))
}

// parseCursor reads what String gave for the same list.
func parseCursor(list, s string) (c cursor, err error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	parts := strings.SplitN(string(b), " ", 4)
	if err != nil || len(parts) != 4 || parts[0] != list {
		return c, fmt.Errorf("%w: not a cursor of this list", gateway.ErrInvalid)
	}
	var failed error
	c.at, err = strconv.ParseInt(parts[1], 10, 64)
	c.side, failed = strconv.ParseInt(parts[2], 10, 64)
	c.id = parts[3]
	if err != nil || failed != nil || c.String(list) != s {
		return c, fmt.Errorf("%w: not a cursor of this list", gateway.ErrInvalid)
	}
	return c, nil
}

// limit is how many rows a page has.
func limit(p gateway.Page) int {
	if p.Limit <= 0 {
		return 50
	}
	return min(p.Limit, 200)
}

// page cuts the one row too many that was read to see whether there is more, and
// gives the cursor after the last.
func page[T any](name string, rows []T, limit int, place func(T) cursor) ([]T, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	rows = rows[:limit]
	return rows, place(rows[limit-1]).String(name)
}

// Conversations implements gateway.Desk.
func (s *Store) Conversations(ctx context.Context, f gateway.ConversationFilter, p gateway.Page) ([]gateway.Conversation, string, error) {
	where, order, args := ` where true`, ` order by updated_at desc, id desc`, []any{}
	if f.Contact != "" {
		// One contact has few: their index, not that of the order.
		order = ` order by +updated_at desc, id desc`
		where += ` and contact_id in (select contact_id from identities where key in (?, ?))`
		args = append(args, "user:"+f.Contact, "phone:"+strings.TrimPrefix(f.Contact, "+"))
	}
	if p.After != "" {
		after, err := parseCursor("conversations", p.After)
		if err != nil {
			return nil, "", err
		}
		where += ` and (updated_at, id) < (?, ?)`
		args = append(args, after.at, after.id)
	}
	n := limit(p)
	query := selectConversation + where + order + ` limit ?`
	var all []gateway.Conversation
	err := s.read(ctx, func(t *tx) (err error) {
		all, err = list(t, scanConversation, query, append(args, n+1)...)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list conversations: %w", err)
	}
	all, next := page("conversations", all, n, func(c gateway.Conversation) cursor {
		return cursor{at: nanos(c.UpdatedAt), id: c.ID}
	})
	return all, next, nil
}

// Conversation implements gateway.Desk.
func (s *Store) Conversation(ctx context.Context, id string) (c gateway.Conversation, err error) {
	err = s.read(ctx, func(t *tx) (err error) {
		c, err = get(t, scanConversation, selectConversation+` where id = ?`, id)
		return err
	})
	if err != nil {
		return c, fmt.Errorf("read a conversation: %w", err)
	}
	return c, nil
}

// The two sides of a conversation as rows of one shape. taken is when the gateway
// took a message on; side and n break ties. refers is what it answers: the key of a
// message, or the channel's id of one.
const (
	incomingHead = `select e.received_at as taken, 0 as side, e.seq as n, 'in-' || e.seq as id, e.kind as kind, e.body as body,
		e.about as refers, '' as provider_id, '' as author, '' as agent, '' as text, '' as state, null as error, null as content`
	incomingFrom = ` from events e`
	incomingOf   = ` where e.conversation_id = ?1`
	incoming     = incomingHead + `, iif(e.body_to is null, e.raw,
		substr(coalesce(w.body, e.raw), e.body_from + 1, e.body_to - e.body_from)) as payload` +
		incomingFrom + ` left join webhooks w on w.id = e.webhook` + incomingOf
	outgoingHead = `select o.created_at as taken, 1 as side, o.n as n, o.id as id, 'out' as kind, null as body,
		o.quote_id as refers, o.provider_id as provider_id, o.author as author, o.agent as agent, o.text as text,
		o.state as state, o.error as error, o.content as content`
	outgoingFrom = ` from outgoing o where o.conversation_id = ?1`
	outgoing     = outgoingHead + `, o.payload as payload` + outgoingFrom
)

// placed is a message with its place in the list.
type placed struct {
	gateway.MessageView
	cursor cursor
	n      int64
	refers string
}

func scanView(r row) (placed, error) {
	v := placed{}
	var kind gateway.EventKind
	var body gateway.Message
	var payload []byte
	err := r.Scan(moment{&v.At}, &v.cursor.side, &v.n, &v.ID, &kind, document{&body}, &v.refers,
		&v.ProviderID, &v.Author, &v.Agent, &v.Text, &v.Status, document{&v.Error}, document{&v.Content}, &payload)
	if err != nil {
		return v, fmt.Errorf("read a message: %w", err)
	}
	v.cursor.at, v.cursor.id = nanos(v.At), strconv.FormatInt(v.n, 10)
	if payload != nil {
		v.Payload = payload
	}
	v.Direction, v.Type = "out", kindOf(v.Content)
	if v.cursor.side == 1 {
		return v, nil
	}
	v.ProviderID, v.Type, v.Text, v.Message = body.ProviderID, body.Type, body.Text, &body
	if kind == gateway.EventEcho {
		// Whoever wrote it on the phone app has sent it already.
		v.Author, v.Status = gateway.AuthorAgent, string(gateway.DeliverySent)
		return v, nil
	}
	v.Direction, v.Author, v.Status = "in", gateway.AuthorCustomer, "received"
	return v, nil
}

// views reads messages of a conversation with all that is known of them.
func (t *tx) views(conversationID, query string, args ...any) ([]placed, error) {
	all, err := list(t, scanView, query, append([]any{conversationID}, args...)...)
	if err != nil {
		return nil, err
	}
	for i := range all {
		v := &all[i]
		if v.Message != nil {
			err = t.complete(v.Message, v.n, conversationID, v.refers)
		} else {
			v.Quoted, err = t.quote(conversationID, "", v.refers)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func bare(views []placed) []gateway.MessageView {
	all := make([]gateway.MessageView, len(views))
	for i, v := range views {
		all[i] = v.MessageView
	}
	return all
}

// Messages implements gateway.Desk.
func (s *Store) Messages(ctx context.Context, conversationID string, p gateway.Page) ([]gateway.MessageView, string, error) {
	after := cursor{at: -1 << 62}
	if p.After != "" {
		var err error
		if after, err = parseCursor("messages", p.After); err != nil {
			return nil, "", err
		}
	}
	last, err := strconv.ParseInt("0"+after.id, 10, 64)
	if err != nil {
		return nil, "", fmt.Errorf("%w: not a cursor of this list", gateway.ErrInvalid)
	}
	const query = `select * from (` + incoming + ` and (e.received_at, 0, e.seq) > (?2, ?3, ?4)
			order by e.received_at, e.seq limit ?5)
		union all select * from (` + outgoing + ` and (o.created_at, 1, o.n) > (?2, ?3, ?4)
			order by o.created_at, o.n limit ?5)
		order by taken, side, n limit ?5`
	n := limit(p)
	var all []placed
	err = s.readOf(ctx, conversationID, func(t *tx) (err error) {
		all, err = t.views(conversationID, query, after.at, after.side, last, n+1)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list messages: %w", err)
	}
	all, next := page("messages", all, n, func(v placed) cursor { return v.cursor })
	return bare(all), next, nil
}

// readOf reads something of a conversation that has to exist.
func (s *Store) readOf(ctx context.Context, conversationID string, look func(*tx) error) error {
	return s.read(ctx, func(t *tx) error {
		var found bool
		if _, err := t.one(`select exists (select 1 from conversations where id = ?)`, []any{conversationID}, &found); err != nil {
			return err
		}
		if !found {
			return gateway.ErrNotFound
		}
		return look(t)
	})
}

// numbered is a decision record with its place in the list.
type numbered struct {
	gateway.Record
	n int64
}

func scanRecord(r row) (numbered, error) {
	v := numbered{}
	var conversationID string
	if err := r.Scan(&v.n, &conversationID, document{&v.Record}); err != nil {
		return v, fmt.Errorf("read a record: %w", err)
	}
	v.ConversationID = conversationID // the row moves when contacts are merged
	return v, nil
}

// Turns implements gateway.Desk.
func (s *Store) Turns(ctx context.Context, conversationID string, p gateway.Page) ([]gateway.Record, string, error) {
	after := cursor{at: -1}
	if p.After != "" {
		var err error
		if after, err = parseCursor("turns", p.After); err != nil {
			return nil, "", err
		}
	}
	n := limit(p)
	const query = `select n, conversation_id, record from turns where conversation_id = ? and n > ? order by n limit ?`
	var all []numbered
	err := s.readOf(ctx, conversationID, func(t *tx) (err error) {
		all, err = list(t, scanRecord, query, conversationID, after.at, n+1)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list turns: %w", err)
	}
	all, next := page("turns", all, n, func(v numbered) cursor { return cursor{at: v.n} })
	records := make([]gateway.Record, len(all))
	for i, v := range all {
		records[i] = v.Record
	}
	return records, next, nil
}

const selectHandoff = `select id, conversation_id, user_id, phone, name, reason, state, agent, packet, created_at, updated_at
	from handoffs`

// selectOpenHandoff finds the one of a conversation that somebody still has to deal
// with.
const selectOpenHandoff = selectHandoff + ` where conversation_id = ? and state in ('queued', 'claimed')`

func scanHandoff(r row) (h gateway.Handoff, err error) {
	err = r.Scan(&h.ID, &h.ConversationID, &h.Contact.UserID, &h.Contact.Phone, &h.Name, &h.Reason, &h.State, &h.Agent,
		document{&h.Packet}, moment{&h.CreatedAt}, moment{&h.UpdatedAt})
	return h, err
}

// Handoffs implements gateway.Desk.
func (s *Store) Handoffs(ctx context.Context, state gateway.HandoffState, p gateway.Page) ([]gateway.Handoff, string, error) {
	after := cursor{at: -1 << 62}
	if p.After != "" {
		var err error
		if after, err = parseCursor("handoffs", p.After); err != nil {
			return nil, "", err
		}
	}
	n := limit(p)
	query, args := selectHandoff+` where true`, []any{}
	if state != "" {
		query, args = selectHandoff+` where state = ?`, append(args, string(state))
	}
	query += ` and (created_at, id) > (?, ?) order by created_at, id limit ?`
	var all []gateway.Handoff
	err := s.read(ctx, func(t *tx) (err error) {
		all, err = list(t, scanHandoff, query, append(args, after.at, after.id, n+1)...)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list handoffs: %w", err)
	}
	all, next := page("handoffs", all, n, func(h gateway.Handoff) cursor {
		return cursor{at: nanos(h.CreatedAt), id: h.ID}
	})
	return all, next, nil
}

// Handoff implements gateway.Desk.
func (s *Store) Handoff(ctx context.Context, id string) (h gateway.Handoff, err error) {
	err = s.read(ctx, func(t *tx) (err error) {
		h, err = get(t, scanHandoff, selectHandoff+` where id = ?`, id)
		return err
	})
	if err != nil {
		return h, fmt.Errorf("read a handoff: %w", err)
	}
	return h, nil
}

// openHandoff writes a new handoff. When the conversation has an open one already,
// that one stays, and is claimed if the new one is.
func (t *tx) openHandoff(h gateway.Handoff) error {
	found, err := list(t, scanHandoff, selectOpenHandoff, h.ConversationID)
	if err != nil {
		return fmt.Errorf("look for an open handoff: %w", err)
	}
	if len(found) == 0 {
		return t.putHandoff(h)
	}
	if h.State != gateway.HandoffClaimed {
		return nil
	}
	found[0].State, found[0].Agent, found[0].UpdatedAt = h.State, h.Agent, h.UpdatedAt
	return t.putHandoff(found[0])
}

// putHandoff writes a handoff, new or changed.
func (t *tx) putHandoff(h gateway.Handoff) error {
	packet, err := encode(&h.Packet)
	if err != nil {
		return err
	}
	const query = `insert into handoffs (id, conversation_id, user_id, phone, name, reason, state, agent, packet,
		created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (id) do update set state = excluded.state, agent = excluded.agent, updated_at = excluded.updated_at`
	err = t.exec(query, h.ID, h.ConversationID, h.Contact.UserID, h.Contact.Phone, h.Name, string(h.Reason),
		string(h.State), h.Agent, packet, nanos(h.CreatedAt), nanos(h.UpdatedAt))
	if err != nil {
		return fmt.Errorf("write a handoff: %w", err)
	}
	return nil
}

// Revision implements gateway.Desk.
func (s *Store) Revision(ctx context.Context) (n int64, err error) {
	err = s.read(ctx, func(t *tx) error {
		_, err := t.one(`select revision from meta where id = 1`, nil, &n)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read the revision: %w", err)
	}
	return n, nil
}
