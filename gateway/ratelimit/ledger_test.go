package ratelimit_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/gateway/ratelimit"
	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/rag/llm"
	"github.com/recado/recado/rag/llm/llmtest"
)

// ledger is an empty ledger. A slow machine must not take a late answer for a Redis that
// is away.
func ledger(t testing.TB, addr string, now func() time.Time) *ratelimit.Ledger {
	t.Helper()
	options, err := redis.ParseURL(addr)
	if err != nil {
		t.Fatal(err)
	}
	options.MaxRetries = -1
	client := redis.NewClient(options)
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	l, err := ratelimit.NewLedger(ratelimit.LedgerConfig{Client: client, Prefix: "test:" + rand.Text() + ":", Timeout: time.Minute, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLedgerOnMiniredis(t *testing.T) {
	t.Parallel()
	llmtest.Ledger(t, func(t testing.TB) llmtest.Opened {
		server := miniredis.RunT(t)
		now := start
		return llmtest.Opened{Ledger: ledger(t, "redis://"+server.Addr(), func() time.Time { return now }), Pass: func(d time.Duration) {
			now = now.Add(d)
			server.FastForward(d)
		}}
	})
}

func TestLedgerOnRedis(t *testing.T) {
	t.Parallel()
	addr := testservices.Redis(t)
	llmtest.Ledger(t, func(t testing.TB) llmtest.Opened { return llmtest.Opened{Ledger: ledger(t, addr, nil)} })
}

func TestLedgerWithoutRedis(t *testing.T) {
	t.Parallel()
	llmtest.Ledger(t, func(t testing.TB) llmtest.Opened {
		gone := miniredis.RunT(t)
		addr := gone.Addr()
		gone.Close()
		now := start
		return llmtest.Opened{Ledger: ledger(t, "redis://"+addr, func() time.Time { return now }), Pass: func(d time.Duration) { now = now.Add(d) }}
	})
}

// TestLedgerKnowsItsOwnShareWithoutRedis: what this process has spent counts when Redis
// goes, and Redis counts again when it is back.
func TestLedgerKnowsItsOwnShareWithoutRedis(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	now := start
	l := ledger(t, "redis://"+server.Addr(), func() time.Time { return now })
	accounts, limit := llm.Accounts{Conversation: "+34 600 000 001", Day: "2026-03-02"}, llm.Budget{Conversation: 100, Day: 100}
	reserve := func(amount int64) bool {
		ok, err := l.Reserve(t.Context(), accounts, amount, limit)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !reserve(80) {
		t.Fatal("nothing can be spent")
	}
	server.SetError("LOADING")
	if reserve(30) || !reserve(20) {
		t.Error("without Redis the own share is forgotten")
	}
	server.SetError("")
	now = now.Add(2 * time.Second)
	if reserve(30) || !reserve(20) {
		t.Error("Redis does not count again")
	}
	if len(server.Keys()) != 2 {
		t.Errorf("the keys are %v", server.Keys())
	}
	for _, key := range server.Keys() {
		if strings.Contains(key, "600") || server.TTL(key) <= 0 {
			t.Errorf("the key %s shows who is meant, or never expires", key)
		}
	}
}

func TestNewLedgerNeedsAClient(t *testing.T) {
	t.Parallel()
	if _, err := ratelimit.NewLedger(ratelimit.LedgerConfig{}); err == nil || !strings.Contains(err.Error(), "Client") {
		t.Error(err)
	}
}
