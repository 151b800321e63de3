package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// RehearsalConfig is what a Rehearsal is made of. Answerer and Orders are needed.
type RehearsalConfig struct {
	Answerer gateway.Answerer
	Orders   gateway.Orders
	// Actions gives what customers may have done, or nil.
	Actions gateway.Actions
	// Model names what answers.
	Model string
	// Now is the clock of cases that have none of their own.
	Now func() time.Time
	// Logger defaults to discarding everything.
	Logger *slog.Logger
}

// Rehearsal is the system "rag": the pipeline with the gateway's rules and decisions around
// it, without a channel, a store or the shop's system. Writes are decided up to the point at
// which they would be sent; agents and webhooks that come twice are not there.
type Rehearsal struct{ config RehearsalConfig }

// NewRehearsal checks the configuration.
func NewRehearsal(c RehearsalConfig) (*Rehearsal, error) {
	if c.Answerer == nil || c.Orders == nil {
		return nil, errors.New("runner: a rehearsal needs an answerer and orders")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Rehearsal{c}, nil
}

// Name implements System.
func (r *Rehearsal) Name() string { return "rag" }

// Model implements System.
func (r *Rehearsal) Model() string { return r.config.Model }

// Fingerprint implements System.
func (r *Rehearsal) Fingerprint() string { return r.config.Answerer.Fingerprint() }

// rehearsed is the Talk of a Rehearsal.
type rehearsed struct {
	*gateway.Rehearsal
	now time.Time
	// Fallible answers and knows orders, unless they are taken away.
	*Fallible
	buttons []gateway.Button
	codes   codes
}

// codes makes the one-time codes of a rehearsal, which no mail carries: where a message
// holds {code}, the latest one is written.
type codes struct{ code string }

// placeOfCode is where a suite's message holds the latest one-time code.
const placeOfCode = "{code}"

// noCode is what stands there while none was sent.
const noCode = "?"

// New implements gateway.Codes.
func (c *codes) New(context.Context, gateway.Identity) (string, error) {
	c.code = "468135"
	return c.code, nil
}

// Check implements gateway.Codes.
func (c *codes) Check(_ context.Context, _ gateway.Identity, code string) (ok bool, left int, err error) {
	return code == c.code, 2, nil
}

// Begin implements System.
func (r *Rehearsal) Begin(_ context.Context, c suite.Case) (Talk, error) {
	t := &rehearsed{now: c.Clock, Fallible: NewFallible(r.config.Answerer, r.config.Orders)}
	if t.now.IsZero() {
		t.now = r.config.Now()
	}
	level, until := LevelOf(c.Customer, t.now)
	t.Rehearsal = gateway.NewRehearsal(gateway.RehearsalConfig{
		Answerer: t.Fallible, Orders: t.Fallible, Actions: r.config.Actions, Codes: &t.codes, Who: identity(c), Name: c.Customer.Name,
		Level: level, LevelUntil: until, Now: func() time.Time { return t.now }, Logger: r.config.Logger,
	})
	return t, nil
}

// identity is who writes in a case.
func identity(c suite.Case) gateway.Identity {
	if c.Customer.Phone == "" {
		return gateway.Identity{UserID: "eval." + strings.NewReplacer("/", ".", " ", ".").Replace(c.ID)}
	}
	return gateway.Identity{Phone: strings.TrimPrefix(c.Customer.Phone, "+")}
}

// codeFor is how long what a one-time code has shown holds, as the gateway has it.
const codeFor = 30 * time.Minute

// LevelOf is what a customer has shown of themselves before a case begins, and until when:
// nothing beyond their number where the suite says nothing else.
func LevelOf(c suite.Customer, began time.Time) (level assure.Level, until time.Time) {
	switch c.Level {
	case "code":
		return assure.Code, began.Add(codeFor)
	case "verified":
		return assure.Verified, time.Time{}
	}
	return assure.Unknown, time.Time{}
}

// Order implements Talk.
func (*rehearsed) Order(context.Context, string) (map[string]string, bool, error) {
	return nil, false, ErrCannot
}

// End implements Talk.
func (*rehearsed) End() error { return nil }

// Do implements Talk.
func (t *rehearsed) Do(ctx context.Context, s suite.Step) (Outcome, error) {
	switch {
	case len(s.Say) > 0:
		return t.hear(ctx, messages(s, t.codes.code)...)
	case s.Tap != "":
		b, err := Button(t.buttons, s.Tap)
		if err != nil {
			return Outcome{}, err
		}
		return t.hear(ctx, gateway.Message{Type: "interactive", Text: b.Title, Choice: &gateway.Choice{ID: b.ID, Title: b.Title}})
	case s.Wait > 0:
		t.now = t.now.Add(s.Wait)
		return Outcome{}, nil
	case s.Down != "":
		return Outcome{}, t.Take(s.Down, true)
	case s.Up != "":
		return Outcome{}, t.Take(s.Up, false)
	}
	return Outcome{}, fmt.Errorf("%w: %s is not part of %s", ErrCannot, did(s), "rag")
}

// messages are those of a step, with the code that the customer was sent.
func messages(s suite.Step, code string) []gateway.Message {
	var list []gateway.Message
	for _, text := range s.Say {
		text = strings.ReplaceAll(text, placeOfCode, cmp.Or(code, noCode))
		m := gateway.Message{Type: "text", Text: text}
		if s.Voice {
			m = gateway.Message{Type: "audio", Media: &gateway.Media{MIME: "audio/ogg", Voice: true, Words: text}}
		}
		list = append(list, m)
	}
	return list
}

func (t *rehearsed) hear(ctx context.Context, burst ...gateway.Message) (Outcome, error) {
	began := time.Now()
	turn := t.Hear(ctx, burst...)
	o := Outcome{Records: []gateway.Record{turn.Record}, Took: time.Since(began), Actions: slices.Concat(Reads(turn.Record), Proposed(turn.Record, turn.Conversation))}
	t.now = t.now.Add(time.Second)
	for _, m := range turn.Outgoing {
		r, buttons := Shown(m.Text, m.Content)
		o.Replies = append(o.Replies, r)
		t.buttons = buttons
	}
	for _, c := range turn.Commands {
		o.Actions = append(o.Actions, Did(c.Call, "sent"))
	}
	return o, t.Outage(turn.Record)
}

// Shown is a message as the customer sees it, with its buttons.
func Shown(text string, c *gateway.Content) (runs.Reply, []gateway.Button) {
	r := runs.Reply{Text: text}
	if c == nil {
		return r, nil
	}
	for _, b := range c.Buttons {
		r.Buttons = append(r.Buttons, b.Title)
	}
	return r, c.Buttons
}

// Button finds what is tapped, by its title or by its place from 1.
func Button(buttons []gateway.Button, tap string) (gateway.Button, error) {
	if n, err := strconv.Atoi(tap); err == nil && n >= 1 && n <= len(buttons) {
		return buttons[n-1], nil
	}
	for _, b := range buttons {
		if strings.EqualFold(b.Title, tap) {
			return b, nil
		}
	}
	// A button that is not there is the system's doing: nothing was offered. The tap is
	// then a word like any other.
	return gateway.Button{ID: "none", Title: tap}, nil
}

// Reads are the look-ups that were made for the draft of a turn: those that gave something, and
// those that were refused.
func Reads(r gateway.Record) []runs.Action {
	var list []runs.Action
	for _, receipt := range r.Receipts {
		spec, known := action.Find(receipt.Kind)
		if receipt.CommandID != "" || !known || spec.Write {
			continue
		}
		outcome := read
		if receipt.Outcome != action.Done {
			outcome = string(action.Refused)
		}
		list = append(list, runs.Action{Kind: string(receipt.Kind), Order: receipt.Order, Outcome: outcome})
	}
	return list
}

// Proposed are the writes that a turn put before the customer.
func Proposed(r gateway.Record, c gateway.Conversation) []runs.Action {
	if r.Decision.Kind != gateway.DecidePropose || c.Memory.Pending == nil {
		return nil
	}
	return []runs.Action{Did(c.Memory.Pending.Proposal.Call, "proposed")}
}

// Did writes a call down.
func Did(c action.Call, outcome string) runs.Action {
	a := runs.Action{Kind: string(c.Kind), Order: c.Order, Outcome: outcome, Args: map[string]string{}}
	for name, value := range map[string]string{"items": strings.Join(c.Items, ", "), "address": c.Address} {
		if value != "" {
			a.Args[name] = value
		}
	}
	return a
}

// Fallible is an answerer with orders that can be taken away, as providers are.
type Fallible struct {
	answerer gateway.Answerer
	orders   gateway.Orders
	down     map[string]bool
}

// NewFallible gives one of which nothing is away.
func NewFallible(a gateway.Answerer, o gateway.Orders) *Fallible {
	return &Fallible{answerer: a, orders: o, down: map[string]bool{}}
}

// Take takes "model", "knowledge" or "orders" away, or brings it back.
func (f *Fallible) Take(what string, away bool) error {
	f.down[what] = away
	return nil
}

// Fingerprint implements gateway.Answerer.
func (f *Fallible) Fingerprint() string { return f.answerer.Fingerprint() }

// Answer implements gateway.Answerer. What would be sent is measured where the calibration
// promises something, also while answers are only suggested.
func (f *Fallible) Answer(ctx context.Context, q rag.Question) (rag.Answer, error) {
	switch {
	case f.down["model"]:
		return rag.Answer{Locale: q.Locale}, fmt.Errorf("eval: %w", rag.ErrModel)
	case f.down["knowledge"]:
		return rag.Answer{Locale: q.Locale}, fmt.Errorf("eval: %w", rag.ErrRetrieval)
	}
	a, err := f.answerer.Answer(ctx, q)
	a.Suggest, a.Stale = false, nil
	return a, err
}

// Facts implements gateway.Orders.
func (f *Fallible) Facts(ctx context.Context, who gateway.Identity, pass assure.Pass, text string) rag.OrderFacts {
	if f.down["orders"] {
		return rag.OrderFacts{Unavailable: true}
	}
	return f.orders.Facts(ctx, who, pass, text)
}

// Outage tells of a turn that failed although nothing was taken away.
func (f *Fallible) Outage(r gateway.Record) error {
	for _, away := range f.down {
		if away {
			return nil
		}
	}
	away := map[gateway.Reason]string{
		gateway.ReasonModelError: "the language model's server gave no usable answer; look whether it can be reached and the key holds, then run again",
		gateway.ReasonKnowledge:  "the knowledge index could not be read; look at DATABASE_URL, then run again",
		gateway.ReasonOrders:     "the orders could not be read; look at REDIS_URL, then run again",
	}
	if what, ok := away[r.Decision.Reason]; ok {
		return fmt.Errorf("%w: %s", ErrOutage, what)
	}
	return nil
}
