// Package ratelimit keeps sending within what the channel allows: so many
// messages a second for a business number, and so many for one pair of number
// and customer, over all replicas together.
//
// Both limits are token buckets in the form of the generic cell rate algorithm
// (GCRA, ITU-T I.371): one timestamp for each bucket, kept in Redis, moved by one
// script that takes from both buckets or from none. When Redis is away, the same
// rule runs on buckets in this process, so that nothing waits for it; several
// replicas may then send more than the limit together, and the channel's own
// refusal and the retry after it take over.
//
// Ledger counts what models cost in the same Redis, and in this process when it is away.
//
// The package knows nothing of messages. Redis never sees a phone number: keys
// are hashes.
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
)

// Config is what a Limiter is made of. Only Client is needed.
type Config struct {
	Client redis.UniversalClient
	// Prefix of the keys, "recado:rate:" by default.
	Prefix string
	// PerNumber limits one business number: 80 a second by default, which is what the
	// Cloud API allows a new number, with a burst of 40. The channel counts when a
	// message arrives, and half of a burst is left for those that were on their way
	// for different times.
	PerNumber Limit
	// PerPair limits one number and one customer: one in 6 seconds with a burst of
	// 44 by default: one less than the Cloud API allows, for the same reason.
	PerPair Limit
	// Timeout ends the question to Redis; 250 ms by default.
	Timeout time.Duration
	// Logger defaults to discarding everything.
	Logger *slog.Logger
}

// Limit is a bucket: one token comes back every Every, and it holds Burst.
type Limit struct {
	Every time.Duration
	Burst int
}

// Limiter takes permits to send. It is safe for concurrent use.
type Limiter struct {
	config Config
	script *redis.Script

	mu sync.Mutex
	// local holds the buckets of this process for when Redis is away; retryAt is
	// when Redis is asked again.
	local   map[string]time.Time
	retryAt time.Time
}

// retryAfter is how long Redis is left alone after it failed, so that not every
// send waits for its timeout.
const retryAfter = time.Second

// maxLocal is how many buckets are kept in the process before the full ones are
// forgotten.
const maxLocal = 10000

// New checks the configuration and fills the defaults.
func New(c Config) (*Limiter, error) {
	if c.Client == nil {
		return nil, errors.New("ratelimit: Client is needed")
	}
	c.Prefix = cmp.Or(c.Prefix, "recado:rate:")
	c.Timeout = cmp.Or(c.Timeout, 250*time.Millisecond)
	c.PerNumber = cmp.Or(c.PerNumber, Limit{time.Second / 80, 40})
	c.PerPair = cmp.Or(c.PerPair, Limit{6 * time.Second, 44})
	for name, l := range map[string]Limit{"PerNumber": c.PerNumber, "PerPair": c.PerPair} {
		if l.Every <= 0 || l.Burst < 1 {
			return nil, errors.New("ratelimit: " + name + " needs a positive Every and a Burst of at least 1")
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Limiter{config: c, script: redis.NewScript(takeScript), local: map[string]time.Time{}}, nil
}

// takeScript is GCRA over any number of buckets at once. KEYS are the buckets;
// ARGV is now, then for each bucket its interval and its burst, all times in
// microseconds. It gives 0 when a token was taken from each, and otherwise the
// microseconds to wait, with nothing taken. A bucket's value is the theoretical
// arrival time: when it will be full again.
const takeScript = `
local now = tonumber(ARGV[1])
local wait = 0
local tats = {}
for i, key in ipairs(KEYS) do
  local every, burst = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local tat = math.max(tonumber(redis.call('GET', key) or '0'), now)
  wait = math.max(wait, tat + every - every * burst - now)
  tats[i] = tat + every
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.0f', tats[i]), 'PX', math.max(1, math.ceil((tats[i] - now) / 1000)))
end
return 0`

// Take takes one permit for a message from the business number channel to the
// customer to, or says how long to wait before asking again; then nothing is
// taken. The time is the caller's, so replicas should keep their clocks within a
// few milliseconds of each other. The error is always nil today: without Redis
// the buckets of this process answer.
func (l *Limiter) Take(ctx context.Context, channel, to string, now time.Time) (time.Duration, error) {
	number, pair := l.key("number", channel, ""), l.key("pair", channel, to)
	if l.redisDue(now) {
		wait, err := l.ask(ctx, number, pair, now)
		if err == nil {
			return wait, nil
		}
		l.away(now)
		l.config.Logger.WarnContext(ctx, "rate limits are kept in this process while Redis is away")
	}
	return l.takeLocal(number, pair, now), nil
}

func (l *Limiter) ask(ctx context.Context, number, pair string, now time.Time) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, l.config.Timeout)
	defer cancel()
	wait, err := l.script.Run(ctx, l.config.Client, []string{number, pair}, now.UnixMicro(),
		l.config.PerNumber.Every.Microseconds(), l.config.PerNumber.Burst,
		l.config.PerPair.Every.Microseconds(), l.config.PerPair.Burst).Int64()
	return time.Duration(wait) * time.Microsecond, err
}

// key hashes who is meant. The braces make both buckets of a channel live in one
// slot of a Redis cluster, so that one script may touch both.
func (l *Limiter) key(kind, channel, to string) string {
	sum := sha256.Sum256([]byte(to))
	of := sha256.Sum256([]byte(channel))
	return l.config.Prefix + "{" + hex.EncodeToString(of[:8]) + "}:" + kind + ":" + hex.EncodeToString(sum[:12])
}

func (l *Limiter) redisDue(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !now.Before(l.retryAt)
}

func (l *Limiter) away(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.retryAt = now.Add(retryAfter)
}

// takeLocal is takeScript in Go, over the buckets of this process.
func (l *Limiter) takeLocal(number, pair string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(now)
	nextNumber, waitNumber := l.config.PerNumber.next(l.local[number], now)
	nextPair, waitPair := l.config.PerPair.next(l.local[pair], now)
	if wait := max(waitNumber, waitPair); wait > 0 {
		return wait
	}
	l.local[number], l.local[pair] = nextNumber, nextPair
	return 0
}

// forget drops the buckets that are full again once there are many.
func (l *Limiter) forget(now time.Time) {
	if len(l.local) < maxLocal {
		return
	}
	for key, tat := range l.local {
		if !tat.After(now) {
			delete(l.local, key)
		}
	}
}

// next gives the bucket's state after taking a token now, and how long to wait
// when there is none.
func (m Limit) next(tat, now time.Time) (after time.Time, wait time.Duration) {
	if tat.Before(now) {
		tat = now
	}
	after = tat.Add(m.Every)
	return after, max(0, after.Sub(now)-m.Every*time.Duration(m.Burst))
}
