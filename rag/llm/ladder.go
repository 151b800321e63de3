package llm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/recado/recado/rag"
)

// Price is what a model costs, in millionths of a currency for a million tokens: at 0.40
// for a million tokens, 400000.
type Price struct {
	Input, Output int64
	// Cached is for tokens that the server had read before; 0 means the same as Input.
	Cached int64
}

// perMillion is how many tokens a price is for.
const perMillion = 1_000_000

// of is what an answer cost, in millionths, rounded up.
func (p Price) of(u rag.Usage) int64 {
	fresh := max(0, u.InputTokens-u.CachedTokens)
	sum := int64(fresh)*p.Input + int64(u.CachedTokens)*cmp.Or(p.Cached, p.Input) + int64(u.OutputTokens)*p.Output
	return (sum + perMillion - 1) / perMillion
}

// Budget is what models may cost, in millionths of a currency. 0 means without a limit.
type Budget struct {
	// Conversation is for one conversation within ConversationWindow, Day for all of them
	// on one day.
	Conversation, Day int64
}

// Rung is one model of a Ladder.
type Rung struct {
	Model rag.Model
	// Price of zeros is that of a model that costs nothing: no budget keeps it from
	// answering.
	Price Price
}

// LadderConfig is what a Ladder is made of. One rung is needed.
type LadderConfig struct {
	// Models are asked from the first to the last: the next one when one fails, and when
	// the budget has no money left for one.
	Models []Rung
	// Budget is never exceeded by what is known before a call: each puts aside what it can
	// cost at most.
	Budget Budget
	// Saved is the share of a budget that the first model leaves to the others, in [0, 1);
	// 0 means 0.2. With one model nothing is saved.
	Saved float64
	// Passages answers when no money is left, from the passages and orders alone, at no
	// cost: rag/offline. nil means that a person answers then.
	Passages rag.Model
	// Ledger counts; by default in this process alone.
	Ledger Ledger
	// Zone is where days begin; nil means UTC.
	Zone *time.Location
	// Logger defaults to discarding everything.
	Logger *slog.Logger
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

// Ladder is a rag.Model of several: a better one, others in its place when it fails or
// has become too dear, and in the end one that costs nothing. It is safe for concurrent
// use.
type Ladder struct {
	config LadderConfig
	name   string
}

var _ rag.Model = (*Ladder)(nil)

// defaultSaved is the share of a budget that is left to cheaper models.
const defaultSaved = 0.2

// NewLadder checks the configuration and fills the defaults.
func NewLadder(c LadderConfig) (*Ladder, error) {
	c.Saved = cmp.Or(c.Saved, defaultSaved)
	c.Zone = cmp.Or(c.Zone, time.UTC)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Ledger == nil {
		c.Ledger = NewMemoryLedger(c.Now)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("llm: ladder: %w", err)
	}
	var names []string
	for _, rung := range c.Models {
		names = append(names, rung.Model.Name())
	}
	return &Ladder{config: c, name: strings.Join(names, "+")}, nil
}

func (c LadderConfig) check() error {
	if len(c.Models) == 0 {
		return errors.New("LadderConfig.Models is empty")
	}
	for i, rung := range c.Models {
		p := rung.Price
		switch {
		case rung.Model == nil:
			return fmt.Errorf("LadderConfig.Models[%d] has no model", i)
		case min(p.Input, p.Cached, p.Output) < 0:
			return fmt.Errorf("LadderConfig.Models[%d] has a negative price", i)
		case max(p.Input, p.Cached, p.Output) > dearest:
			return fmt.Errorf("LadderConfig.Models[%d] has a price of more than %d for a token", i, dearest/perMillion/perMillion)
		}
	}
	switch {
	case c.Saved < 0 || c.Saved >= 1 || c.Saved != c.Saved: //nolint:gocritic // the last one is for what is no number
		return errors.New("LadderConfig.Saved is not in [0, 1)")
	case c.Budget.Conversation < 0 || c.Budget.Day < 0:
		return errors.New("LadderConfig.Budget is negative")
	}
	return nil
}

// dearest is the highest price that is taken: one for a token. Nobody asks as much, and
// sums of it can't overflow.
const dearest = perMillion * perMillion

// Name is that of the models, from the first to the last.
func (l *Ladder) Name() string { return l.name }

// Complete asks the models in their order, as far as the money goes. Usage is what all
// that were asked have cost. It fails as the last model does when every one of them
// fails, or when the caller gives up.
func (l *Ladder) Complete(ctx context.Context, r rag.Request) (rag.Response, error) {
	var (
		cost   int64
		failed error
		over   bool
	)
	for i, rung := range l.config.Models {
		response, err := l.ask(ctx, i, r)
		cost += response.Usage.CostMicros
		response.Usage.CostMicros = cost
		switch {
		case err == nil:
			return response, nil
		case errors.Is(err, errNoMoney):
			over = true
		case ctx.Err() != nil || i == len(l.config.Models)-1 && !over:
			return response, err
		default:
			failed = err
			l.config.Logger.WarnContext(ctx, "a model failed and the next one is asked", "model", rung.Model.Name())
		}
	}
	if failed != nil && !over {
		return rag.Response{Usage: rag.Usage{CostMicros: cost}}, failed
	}
	response, err := l.withoutMoney(ctx, r)
	response.Usage.CostMicros += cost
	return response, err
}

// errNoMoney says that a model was not asked.
var errNoMoney = errors.New("the budget has no money left for this model")

// ask asks one model when there is money for it, within its part of the time.
func (l *Ladder) ask(ctx context.Context, i int, r rag.Request) (rag.Response, error) {
	rung := l.config.Models[i]
	accounts := Accounts{Conversation: r.Conversation, Day: l.config.Now().In(l.config.Zone).Format(time.DateOnly)}
	held := rung.Price.of(most(rung.Model, r))
	if !l.reserve(ctx, accounts, held, l.limit(i)) {
		return rag.Response{}, errNoMoney
	}
	limited, cancel := l.within(ctx, i)
	defer cancel()
	response, err := rung.Model.Complete(limited, r)
	response.Usage.CostMicros = rung.Price.of(response.Usage)
	l.settle(ctx, accounts, response.Usage.CostMicros-held)
	return response, err
}

// most is what an answer can take: the prompt by an estimate with something on top, and
// the longest answer.
func most(m rag.Model, r rag.Request) rag.Usage {
	u := rag.Usage{InputTokens: promptTokens(r.Messages) * 5 / 4, OutputTokens: maxTokens}
	if m, ok := m.(*Model); ok && m.talk.dialect().completionTokens {
		u.OutputTokens = maxReasoningTokens
	}
	return u
}

// limit is the budget of one rung: the first leaves a part of it to the others.
func (l *Ladder) limit(i int) Budget {
	b := l.config.Budget
	if i > 0 || len(l.config.Models) == 1 {
		return b
	}
	left := func(n int64) int64 {
		if n == 0 {
			return 0
		}
		return max(1, int64(float64(n)*(1-l.config.Saved))) // 0 would be no limit at all
	}
	return Budget{Conversation: left(b.Conversation), Day: left(b.Day)}
}

// reserve puts money aside. What costs nothing, or has no limit, needs none.
func (l *Ladder) reserve(ctx context.Context, a Accounts, amount int64, limit Budget) bool {
	if amount == 0 {
		return true
	}
	ok, err := l.config.Ledger.Reserve(ctx, a, amount, limit)
	if err != nil {
		// What was spent is not known, so nothing more is.
		l.config.Logger.WarnContext(ctx, "the ledger of the model's costs can't be read; no model that costs is asked")
		return false
	}
	return ok
}

// settle counts what a call did cost, also when the caller has gone.
func (l *Ladder) settle(ctx context.Context, a Accounts, amount int64) {
	if amount == 0 {
		return
	}
	if err := l.config.Ledger.Settle(context.WithoutCancel(ctx), a, amount); err != nil {
		l.config.Logger.WarnContext(ctx, "the ledger of the model's costs can't be written")
	}
}

// within leaves the next model its time: every model but the last has half of what is
// left.
func (l *Ladder) within(ctx context.Context, i int) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok || i == len(l.config.Models)-1 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, deadline.Sub(l.config.Now())/2)
}

// withoutMoney answers from the passages alone, or leaves the question to a person.
func (l *Ladder) withoutMoney(ctx context.Context, r rag.Request) (rag.Response, error) {
	l.config.Logger.WarnContext(ctx, "the budget for models is spent")
	nobody := rag.Response{Draft: rag.Draft{NeedsHuman: true, Missing: rag.MissingBudget, Locale: r.Locale}, Model: l.name}
	if l.config.Passages == nil {
		return nobody, nil
	}
	response, err := l.config.Passages.Complete(ctx, r)
	switch {
	case err != nil && ctx.Err() != nil:
		return rag.Response{}, err
	case err != nil:
		return nobody, nil //nolint:nilerr // a person answers, whatever else went wrong
	}
	response.Model = cmp.Or(response.Model, l.config.Passages.Name())
	if response.Draft.NeedsHuman {
		response.Draft.Missing = rag.MissingBudget
	}
	return response, nil
}
