package llm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/llm"
	"github.com/recado/recado/rag/llm/llmtest"
)

func TestMemoryLedger(t *testing.T) {
	t.Parallel()
	llmtest.Ledger(t, func(testing.TB) llmtest.Opened {
		now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
		return llmtest.Opened{Ledger: llm.NewMemoryLedger(func() time.Time { return now }), Pass: func(d time.Duration) { now = now.Add(d) }}
	})
}

// rung is a model that answers with a fixed usage, or fails.
type rung struct {
	name  string
	usage rag.Usage
	err   error
	needs bool

	mu    sync.Mutex
	calls int
}

func (r *rung) Name() string { return r.name }

func (r *rung) Complete(ctx context.Context, _ rag.Request) (rag.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if err := ctx.Err(); err != nil {
		return rag.Response{}, err
	}
	if r.err != nil {
		return rag.Response{Usage: r.usage}, r.err
	}
	return rag.Response{Draft: rag.Draft{Answer: r.name, NeedsHuman: r.needs}, Model: r.name, Usage: r.usage}, nil
}

func ladder(t testing.TB, c llm.LadderConfig) (*llm.Ladder, *bytes.Buffer) {
	t.Helper()
	logged := &bytes.Buffer{}
	c.Logger = slog.New(slog.NewJSONHandler(logged, nil))
	l, err := llm.NewLadder(c)
	if err != nil {
		t.Fatal(err)
	}
	return l, logged
}

// priced are the prices of a good model and a tenth of them: with 1,000 tokens in and
// 100 out, 560 and 56 millionths.
func priced() (dear, cheap llm.Price) {
	return llm.Price{Input: 400_000, Cached: 100_000, Output: 1_600_000}, llm.Price{Input: 40_000, Output: 160_000}
}

func TestTheNextModelAnswersWhenOneFails(t *testing.T) {
	t.Parallel()
	dear, cheap := priced()
	down := fmt.Errorf("%w: down", rag.ErrModel)
	first := &rung{name: "good", err: down, usage: rag.Usage{InputTokens: 1000}}
	second := &rung{name: "small", usage: rag.Usage{InputTokens: 1000, OutputTokens: 100}}
	l, logged := ladder(t, llm.LadderConfig{Models: []llm.Rung{{first, dear}, {second, cheap}}})
	got, err := l.Complete(t.Context(), request())
	if err != nil || got.Draft.Answer != "small" || got.Usage.CostMicros != 400+56 {
		t.Errorf("%+v, %v", got, err)
	}
	if l.Name() != "good+small" || !strings.Contains(logged.String(), `"model":"good"`) {
		t.Errorf("%s logs %s", l.Name(), logged)
	}
	discreet(t, logged)

	second.err = down
	if got, err := l.Complete(t.Context(), request()); !errors.Is(err, rag.ErrModel) || got.Draft.Answer != "" || got.Usage.CostMicros != 456 {
		t.Errorf("all failed: %+v, %v", got, err)
	}
}

// TestCachedTokensAreCheaper: they have a price of their own.
func TestCachedTokensAreCheaper(t *testing.T) {
	t.Parallel()
	dear, cheap := priced()
	usage := rag.Usage{InputTokens: 1000, CachedTokens: 600, OutputTokens: 100}
	for price, want := range map[llm.Price]int64{dear: 160 + 60 + 160, cheap: 40 + 16, {}: 0, {Output: 1}: 1} {
		l, _ := ladder(t, llm.LadderConfig{Models: []llm.Rung{{&rung{name: "m", usage: usage}, price}}})
		if got, err := l.Complete(t.Context(), request()); err != nil || got.Usage.CostMicros != want {
			t.Errorf("%+v costs %d, not %d; %v", price, got.Usage.CostMicros, want, err)
		}
	}
}

// TestOverBudgetStepByStep: the good model, then the cheaper one, then the passages
// alone, then a person; and the day after the good one again.
func TestOverBudgetStepByStep(t *testing.T) {
	t.Parallel()
	dear, cheap := priced()
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	usage := rag.Usage{InputTokens: 1000, OutputTokens: 100}
	passages := &rung{name: "passages"}
	l, _ := ladder(t, llm.LadderConfig{
		Models: []llm.Rung{{&rung{name: "good", usage: usage}, dear}, {&rung{name: "small", usage: usage}, cheap}},
		Budget: llm.Budget{Day: 10_000}, Passages: passages, Now: func() time.Time { return now },
	})
	var steps []string
	for range 80 {
		got, err := l.Complete(t.Context(), request())
		if err != nil {
			t.Fatal(err)
		}
		if len(steps) == 0 || steps[len(steps)-1] != got.Draft.Answer {
			steps = append(steps, got.Draft.Answer)
		}
	}
	if got := strings.Join(steps, " "); got != "good small passages" {
		t.Errorf("the steps are %s", got)
	}
	passages.needs = true
	if got, err := l.Complete(t.Context(), request()); err != nil || !got.Draft.NeedsHuman || got.Draft.Missing != rag.MissingBudget {
		t.Errorf("%+v, %v", got, err)
	}
	now = now.Add(24 * time.Hour)
	if got, err := l.Complete(t.Context(), request()); err != nil || got.Draft.Answer != "good" {
		t.Errorf("on the next day: %+v, %v", got, err)
	}
}

// TestOneConversationDoesNotSpendForAll: its budget is its own, and people answer when
// there is nothing else.
func TestOneConversationDoesNotSpendForAll(t *testing.T) {
	t.Parallel()
	dear, _ := priced()
	model := &rung{name: "good", usage: rag.Usage{InputTokens: 1000, OutputTokens: 100}}
	l, logged := ladder(t, llm.LadderConfig{Models: []llm.Rung{{model, dear}}, Budget: llm.Budget{Conversation: 3000}})
	r := request()
	r.Conversation = "c1"
	for range 20 {
		if _, err := l.Complete(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if model.calls >= 20 || !strings.Contains(logged.String(), "budget for models is spent") {
		t.Errorf("%d calls; %s", model.calls, logged)
	}
	if got, err := l.Complete(t.Context(), r); err != nil || !got.Draft.NeedsHuman || got.Draft.Missing != rag.MissingBudget || got.Draft.Locale != "en" {
		t.Errorf("%+v, %v", got, err)
	}
	r.Conversation = "c2"
	if got, err := l.Complete(t.Context(), r); err != nil || got.Draft.Answer != "good" {
		t.Errorf("another conversation: %+v, %v", got, err)
	}
	discreet(t, logged)
}

// TestFreeModelsNeedNoMoney: a model of the shop's own goes on when the budget is spent.
func TestFreeModelsNeedNoMoney(t *testing.T) {
	t.Parallel()
	dear, _ := priced()
	l, _ := ladder(t, llm.LadderConfig{
		Models: []llm.Rung{{&rung{name: "good"}, dear}, {&rung{name: "own"}, llm.Price{}}}, Budget: llm.Budget{Day: 1}, Ledger: broken{},
	})
	if got, err := l.Complete(t.Context(), request()); err != nil || got.Draft.Answer != "own" {
		t.Errorf("%+v, %v", got, err)
	}
}

// broken is a ledger that can't be reached.
type broken struct{}

func (broken) Reserve(context.Context, llm.Accounts, int64, llm.Budget) (bool, error) {
	return false, errors.New("no ledger")
}
func (broken) Settle(context.Context, llm.Accounts, int64) error { return errors.New("no ledger") }
func (broken) Spent(context.Context, llm.Accounts) (llm.Budget, error) {
	return llm.Budget{}, errors.New("no ledger")
}

// TestTheBudgetHolds: whatever is asked at once, and whatever an answer costs below the
// most it can, no more than the budget is spent.
func TestTheBudgetHolds(t *testing.T) {
	t.Parallel()
	dear, cheap := priced()
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
		ledger := llm.NewMemoryLedger(func() time.Time { return now })
		usage := rag.Usage{InputTokens: rapid.IntRange(0, 20).Draw(rt, "in"), OutputTokens: rapid.IntRange(0, 1024).Draw(rt, "out")}
		budget := llm.Budget{Conversation: rapid.Int64Range(0, 20_000).Draw(rt, "conversation"), Day: rapid.Int64Range(1, 40_000).Draw(rt, "day")}
		l, _ := ladder(t, llm.LadderConfig{
			Models: []llm.Rung{{&rung{name: "good", usage: usage}, dear}, {&rung{name: "small", usage: usage}, cheap}},
			Budget: budget, Ledger: ledger, Saved: rapid.Float64Range(0, .9).Draw(rt, "saved"), Now: func() time.Time { return now },
		})
		var (
			group sync.WaitGroup
			mu    sync.Mutex
			cost  int64
		)
		for i := range rapid.IntRange(1, 40).Draw(rt, "calls") {
			group.Go(func() {
				r := request()
				r.Conversation = fmt.Sprint(i % 2)
				got, err := l.Complete(context.Background(), r)
				mu.Lock()
				defer mu.Unlock()
				cost += got.Usage.CostMicros
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		spent, err := ledger.Spent(context.Background(), llm.Accounts{Conversation: "0", Day: "2026-03-02"})
		if err != nil || spent.Day > budget.Day || spent.Day != cost || budget.Conversation > 0 && spent.Conversation > budget.Conversation {
			rt.Fatalf("%+v of %+v, %d were told; %v", spent, budget, cost, err)
		}
	})
}

// TestLadderOverTheProtocol: a dead server costs its share of the time once, then its
// breaker is open and the next model answers at once. What was paid is counted.
func TestLadderOverTheProtocol(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dear, cheap := priced()
		dead, alive := llmtest.New(t, llmtest.Hang), llmtest.New(t, llmtest.Say(llmtest.Draft))
		first, logged := model(t, dead, func(c *llm.Config) { c.Timeout = 4 * time.Second })
		second, _ := model(t, alive)
		l, _ := ladder(t, llm.LadderConfig{Models: []llm.Rung{{first, dear}, {second, cheap}}})
		for i, want := range []time.Duration{10 * time.Second, 10 * time.Second, 0, 0} {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			began := time.Now()
			got, err := l.Complete(ctx, request())
			cancel()
			if took := time.Since(began); err != nil || got.Draft.Answer == "" || took > want {
				t.Errorf("call %d: %+v, %v after %v", i+1, got, err, took)
			}
			if least := cheap.Input * llmtest.InputTokens / 1e6; got.Usage.CostMicros < least || got.Usage.CachedTokens != llmtest.CachedTokens {
				t.Errorf("call %d cost %+v", i+1, got.Usage)
			}
		}
		discreet(t, logged)
	})
}

// TestNoNextModelForACallerWhoGaveUp: nobody waits for its answer.
func TestNoNextModelForACallerWhoGaveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, _ := model(t, llmtest.New(t, llmtest.Hang))
		second := &rung{name: "small"}
		l, _ := ladder(t, llm.LadderConfig{Models: []llm.Rung{{Model: first}, {Model: second}}})
		ctx, cancel := contextFor(t, time.Second)
		defer cancel()
		if _, err := l.Complete(ctx, request()); !errors.Is(err, context.Canceled) || second.calls != 0 {
			t.Errorf("%v after %d calls", err, second.calls)
		}
	})
}

func TestNewLadderNamesTheWrongField(t *testing.T) {
	t.Parallel()
	fine := []llm.Rung{{Model: &rung{name: "m"}}}
	for _, tt := range []struct {
		config llm.LadderConfig
		says   string
	}{
		{llm.LadderConfig{}, "Models"},
		{llm.LadderConfig{Models: []llm.Rung{{}}}, "Models[0]"},
		{llm.LadderConfig{Models: []llm.Rung{{Model: &rung{}, Price: llm.Price{Output: -1}}}}, "Models[0]"},
		{llm.LadderConfig{Models: []llm.Rung{{Model: &rung{}, Price: llm.Price{Input: math.MaxInt64}}}}, "Models[0]"},
		{llm.LadderConfig{Models: fine, Saved: 1}, "Saved"},
		{llm.LadderConfig{Models: fine, Saved: math.NaN()}, "Saved"},
		{llm.LadderConfig{Models: fine, Budget: llm.Budget{Day: -1}}, "Budget"},
	} {
		if l, err := llm.NewLadder(tt.config); err == nil || l != nil || !strings.Contains(err.Error(), "LadderConfig."+tt.says) {
			t.Errorf("%s: %v", tt.says, err)
		}
	}
}
