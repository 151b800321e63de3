package gateway

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/assure"
)

// Answerer makes a scored answer; rag.Pipeline is one. With an error the answer
// holds what was known until then.
type Answerer interface {
	Answer(ctx context.Context, q rag.Question) (rag.Answer, error)
	// Fingerprint identifies everything that determines the answers.
	Fingerprint() string
}

// Orders tells what is known of a customer's orders, and no more of it than their pass
// opens. A failure is a note in the facts and not an error.
type Orders interface {
	Facts(ctx context.Context, who Identity, pass assure.Pass, text string) rag.OrderFacts
}

// Sender sends one message and says how that ended. An error is an outcome that
// the sender could not name; it is taken as unknown.
type Sender interface {
	Send(ctx context.Context, o *Outgoing) (SendResult, error)
}

// Limiter says when a message may be sent: 0 means now, and the permit is taken;
// otherwise nothing is taken and the caller asks again after the wait.
type Limiter interface {
	Take(ctx context.Context, channel, to string, now time.Time) (wait time.Duration, err error)
}

// Config is what a Gateway is made of. The first five fields are needed, the
// rest has defaults.
type Config struct {
	Store    Store
	Answerer Answerer
	Orders   Orders
	Sender   Sender
	Limiter  Limiter

	// Logger defaults to discarding everything.
	Logger *slog.Logger
	// Metrics defaults to counters that nobody reads.
	Metrics *Metrics
	// Now is the clock, by default time.Now.
	Now func() time.Time
	// QuietPeriod is how long a customer must be silent before a burst is
	// answered: 1.5 s by default, less after a message that looks finished and more after
	// a fragment. A negative value means none.
	QuietPeriod time.Duration
	// MaxBurst is the longest that a first message waits while others follow: ten
	// quiet periods by default.
	MaxBurst time.Duration
	// AnswerTimeout ends an answer that takes too long: 30 s by default.
	AnswerTimeout time.Duration
	// Workers and Senders are how many turns and sends run at once: 4 each by
	// default. Intakes is how many groups of webhooks are committed at once: 2.
	Workers, Senders, Intakes int
	// Source gets the files that customers send and Vault keeps them; without either,
	// files are not fetched and the agent is told so. MaxFile is the largest that is
	// taken, in bytes: 25 MiB by default. Fetchers is how many are fetched at once: 2.
	Source   FileSource
	Vault    Vault
	MaxFile  int64
	Fetchers int
	// Transcriber hears voice notes and Describer looks at images; without them, a
	// person does.
	Transcriber Transcriber
	Describer   Describer
	// Wire carries writes to the shop's system, Actions gives what a customer may have
	// done, and Codes makes one-time codes. Without Wire and Actions, who wants something
	// done gets a person; so does, without Codes, who would have to show more of
	// themselves than their number.
	Wire    Wire
	Actions Actions
	Codes   Codes
	// ReceiptWithin is how long the shop's system has for its word on a write before the
	// customer is told that it takes longer and a person is called: two minutes by
	// default.
	ReceiptWithin time.Duration
	// AuditShare is the share of answered turns that are picked for a person to look at:
	// 0.03 by default. A negative value means none.
	AuditShare float64
	// Promise is what is held against those looks. Its zero value promises nothing.
	Promise Promise
	// Presence shows the customer that an answer is being written; nil shows nothing.
	Presence Presence
	// ReopenTemplate names an approved template without variables that is sent when
	// the service window closed before a message could go; empty sends none.
	ReopenTemplate string
	// Retention is how long webhooks are kept as they came: 30 days by default. A
	// negative value keeps them for ever.
	Retention time.Duration
	// Poll is how often an idle worker looks for work that nobody announced, such
	// as that of another replica: 200 ms by default.
	Poll time.Duration
}

// The defaults of AnswerTimeout and ReceiptWithin.
const (
	answerTimeout = 30 * time.Second
	receiptWithin = 2 * time.Minute
)

// Gateway carries messages from the webhook to the reply. Make it with New, feed
// it through Accept, and keep it going with Run.
type Gateway struct {
	Config
	intake  chan intake
	turns   *bell
	sends   *bell
	changes *bell
	files   *bell
	writes  *bell
	// unsettled counts sends whose result the store has not taken yet.
	unsettled atomic.Int64
	labels    *bell
	// slipped says why the promise is broken, or is nil or empty.
	slipped atomic.Pointer[string]
	// wireRests is until when nothing is published, in nanoseconds since 1970.
	wireRests atomic.Int64
	circuits  circuits
	// answering are the turns under way, by whom they answer.
	answering answering
	// bounces are failures that statuses told of, to be answered.
	bounces chan bounce
}

// New checks the configuration and fills the defaults.
func New(c Config) (*Gateway, error) {
	switch {
	case c.Store == nil:
		return nil, errors.New("gateway: Store is needed")
	case c.Answerer == nil:
		return nil, errors.New("gateway: Answerer is needed")
	case c.Orders == nil:
		return nil, errors.New("gateway: Orders is needed")
	case c.Sender == nil:
		return nil, errors.New("gateway: Sender is needed")
	case c.Limiter == nil:
		return nil, errors.New("gateway: Limiter is needed")
	}
	c.QuietPeriod = cmp.Or(c.QuietPeriod, 1500*time.Millisecond)
	c.QuietPeriod = max(c.QuietPeriod, 0)
	c.MaxBurst = max(cmp.Or(c.MaxBurst, 10*c.QuietPeriod), c.QuietPeriod)
	c.AnswerTimeout = cmp.Or(c.AnswerTimeout, answerTimeout)
	c.Workers, c.Senders, c.Intakes = cmp.Or(c.Workers, 4), cmp.Or(c.Senders, 4), cmp.Or(c.Intakes, 2)
	c.Poll = cmp.Or(c.Poll, 200*time.Millisecond)
	c.MaxFile, c.Fetchers = cmp.Or(c.MaxFile, 25<<20), cmp.Or(c.Fetchers, 2)
	c.ReceiptWithin, c.AuditShare = cmp.Or(c.ReceiptWithin, receiptWithin), cmp.Or(c.AuditShare, 0.03)
	c.Retention = cmp.Or(c.Retention, 30*24*time.Hour)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Gateway{
		Config: c, intake: make(chan intake, maxIntake),
		bounces: make(chan bounce, 64),
		turns:   newBell(), sends: newBell(), changes: newBell(), files: newBell(), writes: newBell(), labels: newBell(),
	}, nil
}

// Run takes messages in, makes turns and sends replies until the context ends,
// and returns when everything it started has stopped. What was under way is
// finished or left to its lease; nothing is lost.
func (g *Gateway) Run(ctx context.Context) error {
	// No answer goes out before it is known whether that was found to be wrong too often.
	if err := g.CheckPromise(ctx); err != nil && ctx.Err() == nil {
		g.Logger.ErrorContext(ctx, "it could not be found out whether the promise is kept; trying again", "error", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	for range g.Intakes {
		group.Go(func() error { return g.TakeIn(ctx) })
	}
	turn := worker{step: g.Turn, bell: g.turns, poll: g.Poll, token: make(chan struct{}, 1), log: g.Logger}
	for range g.Workers {
		group.Go(func() error { return turn.run(ctx) })
	}
	send := worker{step: g.Deliver, bell: g.sends, poll: g.Poll, token: make(chan struct{}, 1), log: g.Logger}
	for range g.Senders {
		group.Go(func() error { return send.run(ctx) })
	}
	fetch := worker{step: g.Fetch, bell: g.files, poll: g.Poll, token: make(chan struct{}, 1), log: g.Logger}
	for range g.Fetchers {
		group.Go(func() error { return fetch.run(ctx) })
	}
	carry := worker{step: g.Carry, bell: g.writes, poll: g.Poll, token: make(chan struct{}, 1), log: g.Logger}
	if g.Wire == nil {
		carry.poll = max(g.Poll, idleCarry)
	}
	group.Go(func() error { return carry.run(ctx) })
	group.Go(func() error { return g.hearReceipts(ctx) })
	group.Go(func() error { return g.sweep(ctx) })
	group.Go(func() error { return g.watchPromise(ctx) })
	group.Go(func() error { return g.answerBounces(ctx) })
	return group.Wait()
}

// Changed tells the gateway that somebody else changed the store, for instance an
// agent who replied: workers look for work at once and pages are refreshed.
func (g *Gateway) Changed() {
	g.sends.ring()
	g.turns.ring()
	g.changes.ring()
}

// Changes gives a channel that is closed at the next change that people could
// see. It is asked for anew after each.
func (g *Gateway) Changes() <-chan struct{} { return g.changes.wait() }
