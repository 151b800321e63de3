package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// RehearsalConfig is what a Rehearsal is made of. Answerer and Orders are needed.
type RehearsalConfig struct {
	Answerer Answerer
	Orders   Orders
	// Actions gives what the customer may have done; without it nothing can be.
	Actions Actions
	// Codes makes one-time codes; without it, who needs one gets a person.
	Codes Codes
	// Who writes, and the name of their profile.
	Who  Identity
	Name string
	// Level is what the customer has shown of themselves beyond their number before, and
	// LevelUntil when that ends, or zero for never.
	Level      assure.Level
	LevelUntil time.Time
	// Now is the clock, by default time.Now.
	Now func() time.Time
	// Logger defaults to discarding everything.
	Logger *slog.Logger
}

// Rehearsal is a conversation outside of any channel: every turn is taken as in earnest,
// with what was said before, and nothing is stored or sent. A write that the customer
// confirms is a command of its turn that goes nowhere. It is for one goroutine.
type Rehearsal struct {
	gateway      *Gateway
	conversation Conversation
	name         string
	history      []MessageView
	heard        int
}

// nowhere is a shop's system that nobody sends anything to.
type nowhere struct{}

// Publish implements Wire.
func (nowhere) Publish(context.Context, Command) error { return nil }

// Receipts implements Wire.
func (nowhere) Receipts(context.Context, func(context.Context, action.Receipt) error) error {
	return nil
}

// NewRehearsal begins a conversation in which nothing was said yet.
func NewRehearsal(c RehearsalConfig) *Rehearsal {
	g := &Gateway{Config: Config{
		Answerer: c.Answerer, Orders: c.Orders, Actions: c.Actions, Codes: c.Codes, Logger: c.Logger, Now: c.Now,
		AnswerTimeout: answerTimeout, ReceiptWithin: receiptWithin,
	}}
	if g.Logger == nil {
		g.Logger = slog.New(slog.DiscardHandler)
	}
	if g.Now == nil {
		g.Now = time.Now
	}
	if c.Actions != nil {
		g.Wire = nowhere{}
	}
	return &Rehearsal{
		gateway: g, name: c.Name,
		conversation: Conversation{
			ID: NewID(), Mode: ModeBot, Contact: c.Who, LastCustomerAt: g.Now(), Memory: Memory{Level: c.Level, LevelUntil: c.LevelUntil},
		},
	}
}

// Hear takes the turn that answers a burst of the customer's messages.
func (r *Rehearsal) Hear(ctx context.Context, burst ...Message) Turn {
	now := r.gateway.Now()
	claim := &Claim{Conversation: r.conversation, History: r.history, Attempt: 1}
	for _, m := range burst {
		r.heard++
		m.ProviderID = fmt.Sprintf("rehearsal-%d", r.heard)
		claim.Events = append(claim.Events, Event{
			Key: m.ProviderID, Kind: EventMessage, From: r.conversation.Contact, Name: r.name, At: now, ReceivedAt: now, Message: &m,
		})
	}
	t := r.gateway.turn(ctx, claim)
	r.conversation = t.Conversation
	for _, e := range claim.Events {
		r.remember(MessageView{ID: e.Key, Direction: "in", Author: AuthorCustomer, Type: e.Message.Type, Text: e.Message.Text, Message: e.Message, At: now})
	}
	for _, o := range t.Outgoing {
		r.remember(MessageView{ID: o.ID, Direction: "out", Author: AuthorBot, Type: "text", Text: o.Text, Content: o.Content, At: now})
	}
	return t
}

// maxHistory is how many messages before a turn a claim holds.
const maxHistory = 20

func (r *Rehearsal) remember(m MessageView) {
	r.history = append(r.history, m)
	r.history = r.history[max(0, len(r.history)-maxHistory):]
}
