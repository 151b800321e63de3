package memory

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

// page cuts one page out of a whole list that stands in its order. key names each row;
// a cursor names its list and the last row that was given, which may be gone: what
// follows it is found by after, or else the cursor is refused.
func page[T any](list string, all []T, p gateway.Page, key func(T) string, after func(T, string) bool) ([]T, string, error) {
	if p.After != "" {
		last, err := parseCursor(list, p.After)
		if err != nil {
			return nil, "", err
		}
		begin := slices.IndexFunc(all, func(v T) bool { return after(v, last) })
		if begin < 0 {
			begin = len(all)
		}
		all = all[begin:]
	}
	n := p.Limit
	if n <= 0 {
		n = 50
	}
	n = min(n, 200)
	if len(all) <= n {
		return all, "", nil
	}
	return all[:n], cursor(list, key(all[n-1])), nil
}

func cursor(list, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + " " + key))
}

func parseCursor(list, s string) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	key, is := strings.CutPrefix(string(b), list+" ")
	if err != nil || !is || cursor(list, key) != s {
		return "", fmt.Errorf("%w: not a cursor of this list", gateway.ErrInvalid)
	}
	return key, nil
}

// stamp is a moment and a name as a key that sorts by both.
func stamp(at time.Time, name string) string {
	nanos := uint64(0)
	if !at.IsZero() {
		nanos = uint64(at.UnixNano()) + 1<<63
	}
	return fmt.Sprintf("%020d %s", nanos, name)
}

// number is a number as a key that sorts by it.
func number(n int64) string { return fmt.Sprintf("%020d", n) }

// rising and falling say what comes after a key in the two orders.
func rising[T any](key func(T) string) func(T, string) bool {
	return func(v T, last string) bool { return key(v) > last }
}

func falling[T any](key func(T) string) func(T, string) bool {
	return func(v T, last string) bool { return key(v) < last }
}

// sorted gives values by their keys, the smallest first.
func sorted[T any](all []T, key func(T) string) []T {
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return all
}

// newest gives values by their keys, the greatest first.
func newest[T any](all []T, key func(T) string) []T {
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(key(b), key(a)) })
	return all
}

// Conversations implements gateway.Desk.
func (s *Store) Conversations(ctx context.Context, f gateway.ConversationFilter, pg gateway.Page) (list []gateway.Conversation, next string, err error) {
	key := func(c gateway.Conversation) string { return stamp(c.UpdatedAt, c.ID) }
	err = s.with(ctx, "list conversations", func(p *Place) (err error) {
		var all []gateway.Conversation
		for _, c := range p.conversations {
			byUser, byPhone := p.contactOf("user:", f.Contact), p.contactOf("phone:", strings.TrimPrefix(f.Contact, "+"))
			if f.Contact == "" || c.ContactID == byUser || c.ContactID == byPhone {
				all = append(all, c.given())
			}
		}
		list, next, err = page("conversations", newest(all, key), pg, key, falling(key))
		return err
	})
	return list, next, err
}

// Conversation implements gateway.Desk.
func (s *Store) Conversation(ctx context.Context, id string) (given gateway.Conversation, err error) {
	err = s.with(ctx, "read a conversation", func(p *Place) error {
		c, err := p.find(id)
		if err == nil {
			given = c.given()
		}
		return err
	})
	return given, err
}

// Turns implements gateway.Desk.
func (s *Store) Turns(ctx context.Context, conversationID string, pg gateway.Page) (list []gateway.Record, next string, err error) {
	key := func(t *turn) string { return number(t.n) }
	err = s.with(ctx, "list turns", func(p *Place) error {
		c, err := p.find(conversationID)
		if err != nil {
			return err
		}
		var all []*turn
		for _, t := range p.turns {
			if t.conversation == c {
				all = append(all, t)
			}
		}
		all, next, err = page("turns", all, pg, key, rising(key))
		for _, t := range all {
			list = append(list, t.given())
		}
		return err
	})
	return list, next, err
}

// Handoffs implements gateway.Desk.
func (s *Store) Handoffs(ctx context.Context, state gateway.HandoffState, pg gateway.Page) (list []gateway.Handoff, next string, err error) {
	key := func(h gateway.Handoff) string { return stamp(h.CreatedAt, h.ID) }
	err = s.with(ctx, "list handoffs", func(p *Place) (err error) {
		var all []gateway.Handoff
		for _, h := range p.handoffs {
			if state == "" || h.State == state {
				all = append(all, *h)
			}
		}
		list, next, err = page("handoffs", sorted(all, key), pg, key, rising(key))
		return err
	})
	return list, next, err
}

// Handoff implements gateway.Desk.
func (s *Store) Handoff(ctx context.Context, id string) (given gateway.Handoff, err error) {
	err = s.with(ctx, "read a handoff", func(p *Place) error {
		h := p.handoff(func(h *gateway.Handoff) bool { return h.ID == id })
		if h == nil {
			return gateway.ErrNotFound
		}
		given = *h
		return nil
	})
	return given, err
}

func (p *Place) handoff(is func(*gateway.Handoff) bool) *gateway.Handoff {
	for _, h := range p.handoffs {
		if is(h) {
			return h
		}
	}
	return nil
}

// open finds the handoff of a conversation that somebody still has to deal with.
func (p *Place) open(conversationID string) *gateway.Handoff {
	return p.handoff(func(h *gateway.Handoff) bool { return h.ConversationID == conversationID && h.State.Open() })
}

// openHandoff keeps a new handoff. When the conversation has an open one already, that
// one stays, and is claimed if the new one is.
func (p *Place) openHandoff(h gateway.Handoff) {
	before := p.open(h.ConversationID)
	switch {
	case before == nil:
		p.putHandoff(h)
	case h.State == gateway.HandoffClaimed:
		before.State, before.Agent, before.UpdatedAt = h.State, h.Agent, h.UpdatedAt
	}
}

// putHandoff keeps a handoff, new or changed.
func (p *Place) putHandoff(h gateway.Handoff) {
	kept := p.handoff(func(kept *gateway.Handoff) bool { return kept.ID == h.ID })
	if kept == nil {
		p.handoffs = append(p.handoffs, &h)
		return
	}
	kept.State, kept.Agent, kept.UpdatedAt = h.State, h.Agent, h.UpdatedAt
}

// Revision implements gateway.Desk.
func (s *Store) Revision(ctx context.Context) (n int64, err error) {
	err = s.with(ctx, "read the revision", func(p *Place) error {
		n = p.revision
		return nil
	})
	return n, err
}

// Act implements gateway.Desk.
func (s *Store) Act(ctx context.Context, a gateway.Action) (h gateway.Handoff, err error) {
	err = s.with(ctx, "act on a handoff", func(p *Place) (err error) {
		h, err = p.decide(a)
		return err
	})
	return h, err
}

// decide applies an action and gives the handoff as it is then.
func (p *Place) decide(a gateway.Action) (gateway.Handoff, error) {
	h, c, err := p.subject(a)
	if err != nil {
		return gateway.Handoff{}, err
	}
	before := c.given()
	var applied gateway.Applied
	if h == nil {
		applied, err = gateway.Take(before, a)
	} else {
		applied, err = gateway.Apply(*h, before, a)
	}
	switch {
	case err != nil:
		return gateway.Handoff{}, err
	case applied.Outgoing == nil && applied.Conversation == before:
		return applied.Handoff, nil // claiming again changes nothing
	case applied.Outgoing != nil && p.message(applied.Outgoing.ID) != nil:
		return gateway.Handoff{}, errTwice
	}
	p.act(c, applied, applied.Conversation.Memory != before.Memory)
	return applied.Handoff, nil
}

// subject finds the handoff that an action is on, and its conversation. A conversation
// that is taken may have no open one; then it is nil.
func (p *Place) subject(a gateway.Action) (h *gateway.Handoff, c *conversation, err error) {
	if a.Kind != gateway.ActionTake || a.ConversationID == "" {
		if h = p.handoff(func(h *gateway.Handoff) bool { return h.ID == a.HandoffID }); h == nil {
			return nil, nil, gateway.ErrNotFound
		}
		a.ConversationID = h.ConversationID
	}
	if c, err = p.find(a.ConversationID); err != nil || h != nil {
		return h, c, err
	}
	return p.open(c.ID), c, nil
}

// act writes what an agent's action changes. When it changes what the conversation
// remembers, whoever makes a turn of it has lost it.
func (p *Place) act(c *conversation, a gateway.Applied, remembers bool) {
	after := a.Conversation
	c.Mode, c.Agent, c.Epoch, c.DoubtedAt, c.Memory = after.Mode, after.Agent, after.Epoch, after.DoubtedAt, after.Memory
	c.changedAt(after.UpdatedAt)
	if remembers {
		c.release()
	}
	if c.DoubtedAt.IsZero() {
		for _, other := range p.of(c.ContactID) {
			other.DoubtedAt = time.Time{} // whoever was verified is verified wherever they write
		}
	}
	if c.Mode == gateway.ModeAgent {
		p.cancel(c)
	}
	if a.Outgoing != nil {
		p.enqueue(*a.Outgoing)
	}
	p.putDraftLabel(a.Label)
	p.putHandoff(a.Handoff)
	p.show()
}

// viewed is a message with its place in the list.
type viewed struct {
	gateway.MessageView
	key    string
	signal bool
	waits  bool
}

// views are all messages of a conversation, in and out together, oldest first.
func (p *Place) views(c *conversation) (all []viewed) {
	for _, e := range p.events {
		if e.conversation == c {
			all = append(all, viewed{
				p.incoming(e), stamp(e.ReceivedAt, "0 "+number(e.seq)), e.Kind == gateway.EventSignal, e.waiting,
			})
		}
	}
	for _, o := range p.outgoing {
		if o.conversation == c {
			all = append(all, viewed{MessageView: p.sent(o), key: stamp(o.CreatedAt, "1 "+number(o.n))})
		}
	}
	return sorted(all, func(v viewed) string { return v.key })
}

// incoming is a customer's message as people see it, or one from the phone app.
func (p *Place) incoming(e *event) gateway.MessageView {
	m := p.complete(e)
	v := gateway.MessageView{
		ID: "in-" + strconv.FormatInt(e.seq, 10), ProviderID: m.ProviderID, Direction: "in", Author: gateway.AuthorCustomer,
		Type: m.Type, Text: m.Text, At: e.ReceivedAt, Status: "received", Payload: slices.Clone(e.Raw), Message: m,
	}
	if e.Kind == gateway.EventEcho {
		v.Direction, v.Author, v.Status = "out", gateway.AuthorAgent, string(gateway.DeliverySent)
	}
	return v
}

// sent is one of our messages as people see it.
func (p *Place) sent(o *outgoing) gateway.MessageView {
	return gateway.MessageView{
		ID: o.ID, ProviderID: o.providerID, Direction: "out", Author: o.Author, Agent: o.Agent, Type: string(o.Kind()), Text: o.Text,
		At: o.CreatedAt, Status: string(o.state), Error: copied(o.err), Payload: slices.Clone(o.payload),
		Content: copied(o.Content), Quoted: p.quote(o.conversation, "", o.QuoteID),
	}
}

// complete is a message with what is known of it beside what it says: what became of its
// file, and the message that it answers.
func (p *Place) complete(e *event) *gateway.Message {
	m := e.said()
	m.Quoted = p.quote(e.conversation, e.About, m.QuotedID)
	return m
}

// said is a message with what became of its file.
func (e *event) said() *gateway.Message {
	m := copied(e.Message)
	if m.Media != nil && e.file != nil {
		e.file.fill(m.Media)
	}
	return m
}

// quote is what a message says that another one answers, nil when there is none in the
// same conversation.
func (p *Place) quote(c *conversation, key, providerID string) *gateway.Quote {
	if e := p.byKey[key]; e != nil && e.conversation == c {
		return e.quoted()
	}
	for _, e := range p.events {
		if providerID != "" && e.providerID == providerID && e.conversation == c {
			return e.quoted()
		}
	}
	for _, o := range p.outgoing {
		if providerID != "" && o.providerID == providerID && o.conversation == c {
			return &gateway.Quote{Author: o.Author, Type: string(o.Kind()), Text: o.Text}
		}
	}
	return nil
}

func (e *event) quoted() *gateway.Quote {
	m, author := e.said(), gateway.AuthorCustomer
	if e.Kind == gateway.EventEcho {
		author = gateway.AuthorAgent
	}
	return &gateway.Quote{Author: author, Type: m.Type, Text: m.Words()}
}

// history are the last messages that don't wait for a turn, without the bodies that went
// over the wire and without signals.
func (p *Place) history(c *conversation) (list []gateway.MessageView) {
	for _, v := range p.views(c) {
		if !v.waits && !v.signal {
			v.Payload = nil
			list = append(list, v.MessageView)
		}
	}
	return list[max(0, len(list)-historyLength):]
}

// Messages implements gateway.Desk.
func (s *Store) Messages(ctx context.Context, conversationID string, pg gateway.Page) (list []gateway.MessageView, next string, err error) {
	key := func(v viewed) string { return v.key }
	err = s.with(ctx, "list messages", func(p *Place) error {
		c, err := p.find(conversationID)
		if err != nil {
			return err
		}
		var all []viewed
		all, next, err = page("messages", p.views(c), pg, key, rising(key))
		for _, v := range all {
			list = append(list, v.MessageView)
		}
		return err
	})
	return list, next, err
}
