package llm

import (
	"context"
	"sync"
	"time"
)

// Accounts are those that one call is paid from.
type Accounts struct {
	// Conversation is an opaque id; empty means that only the day pays.
	Conversation string
	// Day is a date such as 2026-03-02.
	Day string
}

// How long accounts are kept.
const (
	// ConversationWindow is how long what a conversation has cost counts, from its first
	// cost on. It is as long as the channel lets an answer go after a customer's message.
	ConversationWindow = 24 * time.Hour
	// DayKept is how long a day's account is kept: until the day is over everywhere.
	DayKept = 48 * time.Hour
)

// Ledger counts what models cost, in millionths of a currency. Its implementations are
// safe for concurrent use and keep the contract of llmtest.Ledger.
type Ledger interface {
	// Reserve puts an amount aside in both accounts. When one of them would get beyond
	// its limit, it takes from none and gives false. A limit of 0 is none.
	Reserve(ctx context.Context, a Accounts, amount int64, limit Budget) (bool, error)
	// Settle adds what a call cost more than was put aside, or less when it is negative.
	// No account gets below 0.
	Settle(ctx context.Context, a Accounts, amount int64) error
	// Spent is what both accounts hold.
	Spent(ctx context.Context, a Accounts) (Budget, error)
}

// MemoryLedger is a Ledger within one process. It forgets everything when the process
// ends.
type MemoryLedger struct {
	now func() time.Time

	mu       sync.Mutex
	accounts map[string]account
}

var _ Ledger = (*MemoryLedger)(nil)

// account is what was spent, and until when that counts.
type account struct {
	spent int64
	until time.Time
}

// mostAccounts is how many accounts there may be before those are dropped whose time is
// over.
const mostAccounts = 10000

// NewMemoryLedger makes an empty ledger. A nil clock is time.Now.
func NewMemoryLedger(now func() time.Time) *MemoryLedger {
	if now == nil {
		now = time.Now
	}
	return &MemoryLedger{now: now, accounts: map[string]account{}}
}

// entry is one account that a call is paid from.
type entry struct {
	key   string
	kept  time.Duration
	limit int64
}

func (a Accounts) entries(limit Budget) []entry {
	list := []entry{{"day:" + a.Day, DayKept, limit.Day}}
	if a.Conversation != "" {
		list = append(list, entry{"conversation:" + a.Conversation, ConversationWindow, limit.Conversation})
	}
	return list
}

// Reserve implements Ledger. Its error is always nil.
func (l *MemoryLedger) Reserve(_ context.Context, a Accounts, amount int64, limit Budget) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entries := a.entries(limit)
	for _, e := range entries {
		if e.limit > 0 && l.spent(e.key)+amount > e.limit {
			return false, nil
		}
	}
	l.add(entries, amount)
	return true, nil
}

// Settle implements Ledger. Its error is always nil.
func (l *MemoryLedger) Settle(_ context.Context, a Accounts, amount int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(a.entries(Budget{}), amount)
	return nil
}

// Spent implements Ledger. Its error is always nil.
func (l *MemoryLedger) Spent(_ context.Context, a Accounts) (Budget, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	spent := Budget{Day: l.spent("day:" + a.Day)}
	if a.Conversation != "" {
		spent.Conversation = l.spent("conversation:" + a.Conversation)
	}
	return spent, nil
}

func (l *MemoryLedger) spent(key string) int64 {
	if a := l.accounts[key]; l.now().Before(a.until) {
		return a.spent
	}
	return 0
}

func (l *MemoryLedger) add(entries []entry, amount int64) {
	now := l.now()
	if len(l.accounts) >= mostAccounts {
		for key, a := range l.accounts {
			if !now.Before(a.until) {
				delete(l.accounts, key)
			}
		}
	}
	for _, e := range entries {
		a := l.accounts[e.key]
		if !now.Before(a.until) {
			a = account{until: now.Add(e.kept)}
		}
		a.spent = max(0, a.spent+amount)
		l.accounts[e.key] = a
	}
}
