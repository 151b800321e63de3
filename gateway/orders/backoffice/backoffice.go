// Package backoffice is a small shop's system for the demo and for tests: it reads commands
// from Recado's stream, applies the shop's rules again, changes the order, and answers with a
// receipt, as docs/orders.md asks of any shop's system. Faults can be had on demand, to see
// what Recado makes of a system that is slow or loses things.
//
// A command is done once, however often it comes: the receipt is kept by the command's id,
// and stands in the order's history too, so that a crash between the deed and the receipt
// costs neither. The orders are those of one book, and one process at a time should change
// them.
package backoffice

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/rag/action"
)

// Book is where the shop keeps its orders; an orders.Book is one.
type Book interface {
	Find(ctx context.Context, contact string) ([]json.RawMessage, error)
	Put(ctx context.Context, docs []json.RawMessage) (int, error)
}

// Fault is what goes wrong with a command. The zero Fault is none.
type Fault struct {
	// Slow is how long the answer takes.
	Slow time.Duration
	// Refuse refuses the command, whatever the rules say.
	Refuse bool
	// Lose does what is asked and never says so.
	Lose bool
	// Duplicate answers twice.
	Duplicate bool
}

// Config is what an Office is made of. Client and Book are needed.
type Config struct {
	Client redis.UniversalClient
	Book   Book
	// Prefix of all keys, "recado:" by default; that of Recado's Wire.
	Prefix string
	// Group is the consumer group of the shop, "shop" by default.
	Group string
	// Policy holds the shop's rules; nil means action.DefaultPolicy.
	Policy *action.Policy
	// Zone is where the shop's days begin; nil means UTC.
	Zone *time.Location
	// Deliver sends a one-time code to a customer by another way than the chat. Without it
	// such a command is refused.
	Deliver func(ctx context.Context, to gateway.Identity, code string) error
	// Fault says what goes wrong with a command; nil means nothing.
	Fault func(c gateway.Command) Fault
	// LabelDays is how many days a customer has to hand in a return, 14 by default.
	LabelDays int
	// Block, Again and Retry are those of the stream: 1 s, 15 s and 1 s by default.
	Block, Again, Retry time.Duration
	// Logger defaults to discarding everything.
	Logger *slog.Logger
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

// Office is the shop's system. It is safe for concurrent use.
type Office struct{ config Config }

// New checks the configuration and fills the defaults.
func New(c Config) (*Office, error) {
	if c.Client == nil || c.Book == nil {
		return nil, errors.New("backoffice: Client and Book are needed")
	}
	if c.Block < 0 || c.Again < 0 || c.Retry < 0 || c.LabelDays < 0 {
		return nil, errors.New("backoffice: no setting can be negative")
	}
	if c.Policy == nil {
		c.Policy = new(action.DefaultPolicy())
	}
	if c.Fault == nil {
		c.Fault = func(gateway.Command) Fault { return Fault{} }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Prefix = cmp.Or(c.Prefix, "recado:")
	c.Group = cmp.Or(c.Group, "shop")
	c.Zone = cmp.Or(c.Zone, time.UTC)
	c.LabelDays = cmp.Or(c.LabelDays, 14)
	c.Block = cmp.Or(c.Block, time.Second)
	c.Again = cmp.Or(c.Again, 15*time.Second)
	c.Retry = cmp.Or(c.Retry, time.Second)
	return &Office{config: c}, nil
}

// remember is how long the receipt of a command is kept.
const remember = 30 * 24 * time.Hour

func (o *Office) commands() string           { return o.config.Prefix + "commands" }
func (o *Office) receipts() string           { return o.config.Prefix + "receipts" }
func (o *Office) receipt(id string) string   { return o.config.Prefix + "shop:receipt:" + id }
func (o *Office) now() time.Time             { return o.config.Now().In(o.config.Zone).Truncate(time.Second) }
func (o *Office) level(k action.Kind) string { return action.LevelName(o.config.Policy.Level(k)) }

// Run answers commands until the context ends; then it gives nil. While Redis is away it
// waits.
func (o *Office) Run(ctx context.Context) error {
	stream := orders.Stream{
		Client: o.config.Client, Key: o.commands(), Group: o.config.Group,
		Block: o.config.Block, Again: o.config.Again, Retry: o.config.Retry, Logger: o.config.Logger,
	}
	return stream.Each(ctx, o.deal)
}

// deal answers one entry. One that could not be answered stays, and comes again.
func (o *Office) deal(ctx context.Context, e redis.XMessage) error {
	c, err := orders.DecodeCommand(e.Values)
	if err != nil {
		o.config.Logger.ErrorContext(ctx, "a command can't be read and is left out", "entry", e.ID, "error", err)
		return o.config.Client.XAck(ctx, o.commands(), o.config.Group, e.ID).Err()
	}
	fault := o.config.Fault(c)
	if orders.Pause(ctx, fault.Slow); ctx.Err() != nil {
		return ctx.Err()
	}
	if r, ok := o.attempt(ctx, e, c, fault); ok {
		return o.reply(ctx, e, r, fault)
	}
	return nil
}

// attempt is Answer with a line in the log where there is none.
func (o *Office) attempt(ctx context.Context, e redis.XMessage, c gateway.Command, fault Fault) (action.Receipt, bool) {
	r, err := o.Answer(ctx, c, fault.Refuse)
	if err != nil {
		o.config.Logger.WarnContext(ctx, "a command could not be carried out and comes again", "entry", e.ID, "kind", string(c.Call.Kind))
	}
	return r, err == nil
}

// reply keeps the receipt, writes it to Recado, and acknowledges the command, in one step.
func (o *Office) reply(ctx context.Context, e redis.XMessage, r action.Receipt, fault Fault) error {
	values, err := orders.EncodeReceipt(r)
	if err != nil {
		return fmt.Errorf("write a receipt: %w", err)
	}
	times := 1
	switch {
	case fault.Lose:
		times = 0
	case fault.Duplicate:
		times = 2
	}
	_, err = o.config.Client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, o.receipt(r.CommandID), values["receipt"], remember)
		for range times {
			p.XAdd(ctx, &redis.XAddArgs{Stream: o.receipts(), Values: values})
		}
		p.XAck(ctx, o.commands(), o.config.Group, e.ID)
		return nil
	})
	return err
}

// Answer carries a command out, unless that was done before, and gives its receipt; the same
// command gets the same receipt. refuse refuses it whatever the rules say. An error says that
// it could not be told what became of it: then the command has to come again.
func (o *Office) Answer(ctx context.Context, c gateway.Command, refuse bool) (action.Receipt, error) {
	known, err := o.config.Client.Get(ctx, o.receipt(c.ID)).Result()
	if err == nil {
		return orders.DecodeReceipt(map[string]any{"receipt": known})
	}
	if !errors.Is(err, redis.Nil) {
		return action.Receipt{}, fmt.Errorf("look for the receipt: %w", err)
	}
	switch {
	case refuse:
		return o.refused(c, action.RuleUnavailable), nil
	case c.Level < o.config.Policy.Level(c.Call.Kind):
		o.config.Logger.WarnContext(ctx, "a command came without the assurance that it needs", "kind", string(c.Call.Kind), "needs", o.level(c.Call.Kind))
		return o.refused(c, action.RuleLevel), nil
	case c.Call.Kind == action.SendCode:
		return o.send(ctx, c), nil
	}
	return o.change(ctx, c)
}

// send hands a one-time code to whoever delivers it.
func (o *Office) send(ctx context.Context, c gateway.Command) action.Receipt {
	if o.config.Deliver == nil || c.Secret == "" {
		return o.refused(c, action.RuleUnavailable)
	}
	if err := o.config.Deliver(ctx, c.Customer, c.Secret); err != nil {
		r := o.refused(c, action.RuleUnavailable)
		r.Outcome = action.Failed
		return r
	}
	return o.done(c)
}

// change carries out what changes an order.
func (o *Office) change(ctx context.Context, c gateway.Command) (action.Receipt, error) {
	doc, err := o.find(ctx, c)
	if err != nil {
		return action.Receipt{}, err
	}
	if doc == nil {
		return o.refused(c, action.RuleNotFound), nil
	}
	if r, ok := doneBefore(doc, c.ID); ok {
		return r, nil
	}
	s, err := orders.SnapshotOf(doc)
	if err != nil {
		return action.Receipt{}, fmt.Errorf("read the order: %w", err)
	}
	if v := o.config.Policy.Rules(c.Call, s, o.now()); !v.OK {
		return o.refused(c, v.Rule), nil
	}
	if c.Version != s.Version {
		return o.refused(c, action.RuleUnavailable), nil
	}
	r := o.done(c)
	r.Order = s.Number
	changed, err := o.carryOut(doc, c, s, &r)
	if err != nil {
		return action.Receipt{}, fmt.Errorf("change the order: %w", err)
	}
	if _, err := o.config.Book.Put(ctx, []json.RawMessage{changed}); err != nil {
		return action.Receipt{}, fmt.Errorf("keep the order: %w", err)
	}
	return r, nil
}

// find reads the order of a command, which has to be the customer's, or gives nil.
func (o *Office) find(ctx context.Context, c gateway.Command) (json.RawMessage, error) {
	for _, contact := range []string{c.Customer.UserID, c.Customer.Phone} {
		if contact == "" {
			continue
		}
		docs, err := o.config.Book.Find(ctx, contact)
		if err != nil {
			return nil, fmt.Errorf("read the order: %w", err)
		}
		for _, doc := range docs {
			s, err := orders.SnapshotOf(doc)
			if err == nil && action.SameNumber(s.Number, c.Call.Order) && orders.Owns(c.Customer, doc) {
				return doc, nil
			}
		}
	}
	return nil, nil
}
