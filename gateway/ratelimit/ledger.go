package ratelimit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/rag/llm"
)

// LedgerConfig is what a Ledger is made of. Only Client is needed.
type LedgerConfig struct {
	Client redis.UniversalClient
	// Prefix of the keys, "recado:budget:" by default.
	Prefix string
	// Timeout ends the question to Redis; 250 ms by default.
	Timeout time.Duration
	// Logger defaults to discarding everything.
	Logger *slog.Logger
	// Now is the clock of the accounts in this process, time.Now by default.
	Now func() time.Time
}

// Ledger counts what models cost over all replicas together. Its keys expire with the
// windows of llm.Ledger.
//
// When Redis is away, the accounts of this process answer, which always hold what this
// process has spent: customers get answers, and nobody has to wait for a counter. The
// price is that each replica may spend what is left of a budget by its own count, and
// that what is spent meanwhile is not made up for in Redis. So with n replicas a budget
// can be exceeded n times at most, on a day on which Redis fails; a limit at the
// provider is what holds whatever happens. It is safe for concurrent use.
type Ledger struct {
	config  LedgerConfig
	local   *llm.MemoryLedger
	reserve *redis.Script
	settle  *redis.Script

	mu      sync.Mutex
	retryAt time.Time
}

var _ llm.Ledger = (*Ledger)(nil)

// NewLedger checks the configuration and fills the defaults.
func NewLedger(c LedgerConfig) (*Ledger, error) {
	if c.Client == nil {
		return nil, errors.New("ratelimit: LedgerConfig.Client is needed")
	}
	c.Prefix = cmp.Or(c.Prefix, "recado:budget:")
	c.Timeout = cmp.Or(c.Timeout, 250*time.Millisecond)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Ledger{
		config: c, local: llm.NewMemoryLedger(c.Now), reserve: redis.NewScript(reserveScript), settle: redis.NewScript(settleScript),
	}, nil
}

// reserveScript puts an amount aside in all accounts or in none. KEYS are the accounts;
// ARGV is the amount, then for each account its limit (0 is none) and how long it is kept
// in milliseconds, from its first amount on. It gives 1 when it did.
const reserveScript = `
local amount = tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
  local limit = tonumber(ARGV[2 * i])
  if limit > 0 and tonumber(redis.call('GET', key) or '0') + amount > limit then return 0 end
end
for i, key in ipairs(KEYS) do
  redis.call('INCRBY', key, ARGV[1])
  if redis.call('PTTL', key) < 0 then redis.call('PEXPIRE', key, ARGV[2 * i + 1]) end
end
return 1`

// settleScript adds an amount to all accounts, and leaves none below 0. Its arguments are
// those of reserveScript.
const settleScript = `
for i, key in ipairs(KEYS) do
  if redis.call('INCRBY', key, ARGV[1]) < 0 then redis.call('DEL', key)
  elseif redis.call('PTTL', key) < 0 then redis.call('PEXPIRE', key, ARGV[2 * i + 1]) end
end
return 1`

// Reserve implements llm.Ledger. Its error is always nil: without Redis the accounts of
// this process answer.
func (l *Ledger) Reserve(ctx context.Context, a llm.Accounts, amount int64, limit llm.Budget) (bool, error) {
	ok, asked := l.run(ctx, l.reserve, a, amount, limit)
	if !asked {
		return l.local.Reserve(ctx, a, amount, limit)
	}
	if !ok {
		return false, nil
	}
	return true, l.local.Settle(ctx, a, amount)
}

// Settle implements llm.Ledger. Its error is always nil.
func (l *Ledger) Settle(ctx context.Context, a llm.Accounts, amount int64) error {
	l.run(ctx, l.settle, a, amount, llm.Budget{})
	return l.local.Settle(ctx, a, amount)
}

// Spent implements llm.Ledger. Its error is always nil.
func (l *Ledger) Spent(ctx context.Context, a llm.Accounts) (llm.Budget, error) {
	if l.due() {
		spent, err := l.read(ctx, a)
		if err == nil {
			return spent, nil
		}
		l.away(ctx)
	}
	return l.local.Spent(ctx, a)
}

func (l *Ledger) read(ctx context.Context, a llm.Accounts) (spent llm.Budget, err error) {
	ctx, cancel := context.WithTimeout(ctx, l.config.Timeout)
	defer cancel()
	amounts := []*int64{&spent.Day, &spent.Conversation}
	for i, key := range l.keys(a) {
		*amounts[i], err = l.config.Client.Get(ctx, key).Int64()
		if err != nil && !errors.Is(err, redis.Nil) {
			return llm.Budget{}, err
		}
	}
	return spent, nil
}

// run runs a script on the accounts, and tells whether Redis could be asked.
func (l *Ledger) run(ctx context.Context, script *redis.Script, a llm.Accounts, amount int64, limit llm.Budget) (ok, asked bool) {
	if !l.due() {
		return false, false
	}
	// A caller who gives up must not leave an amount aside of which nobody knows.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.config.Timeout)
	defer cancel()
	n, err := script.Run(ctx, l.config.Client, l.keys(a), amount,
		limit.Day, llm.DayKept.Milliseconds(), limit.Conversation, llm.ConversationWindow.Milliseconds()).Int()
	if err != nil {
		l.away(ctx)
		return false, false
	}
	return n == 1, true
}

// keys are those of the day's account and of the conversation's, if there is one. The
// braces keep both in one slot of a Redis cluster, and the conversation is a hash.
func (l *Ledger) keys(a llm.Accounts) []string {
	prefix := l.config.Prefix + "{models}:"
	keys := []string{prefix + "day:" + a.Day}
	if a.Conversation != "" {
		sum := sha256.Sum256([]byte(a.Conversation))
		keys = append(keys, prefix+"conversation:"+hex.EncodeToString(sum[:12]))
	}
	return keys
}

// due is false for a moment after Redis failed, so that not every answer waits for it.
func (l *Ledger) due() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.config.Now().Before(l.retryAt)
}

func (l *Ledger) away(ctx context.Context) {
	l.mu.Lock()
	l.retryAt = l.config.Now().Add(retryAfter)
	l.mu.Unlock()
	l.config.Logger.WarnContext(ctx, "what models cost is counted in this process while Redis is away")
}
