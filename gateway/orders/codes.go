package orders

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/gateway"
)

// CodesConfig is what Codes are made of. Only Client is needed.
type CodesConfig struct {
	Client redis.UniversalClient
	// Prefix of all keys, "recado:" by default.
	Prefix string
	// Key is the secret with which codes are hashed, at least 16 bytes. All replicas need
	// the same one. Without it a key is made for this process: its codes end with it, and
	// no other replica knows them.
	Key []byte
	// Life is how long a code is good, 10 minutes by default.
	Life time.Duration
	// Tries is how often a code may be entered, 3 by default.
	Tries int
	// PerHour is how many codes somebody may have within an hour, 3 by default.
	PerHour int
	// Now is the clock for the hour, time.Now by default.
	Now func() time.Time
}

// Codes makes one-time codes and checks them. Redis holds their hashes under hashed names,
// so that who reads it learns neither a code nor whose it is. It is safe for concurrent use,
// by several replicas too.
type Codes struct {
	config          CodesConfig
	fresh, try, use *redis.Script
}

// leastKey is how long the secret has to be, in bytes.
const leastKey = 16

// NewCodes checks the configuration and fills the defaults.
func NewCodes(c CodesConfig) (*Codes, error) {
	switch {
	case c.Client == nil:
		return nil, errors.New("orders: Client is needed")
	case len(c.Key) > 0 && len(c.Key) < leastKey:
		return nil, fmt.Errorf("orders: the key of the one-time codes has %d bytes, not %d or more", len(c.Key), leastKey)
	case c.Life < 0 || c.Tries < 0 || c.PerHour < 0:
		return nil, errors.New("orders: no setting of the one-time codes can be negative")
	}
	if len(c.Key) == 0 {
		c.Key = make([]byte, sha256.Size)
		if _, err := rand.Read(c.Key); err != nil {
			return nil, fmt.Errorf("orders: make a key: %w", err)
		}
	}
	c.Prefix = cmp.Or(c.Prefix, "recado:")
	c.Life = cmp.Or(c.Life, 10*time.Minute)
	c.Tries = cmp.Or(c.Tries, 3)
	c.PerHour = cmp.Or(c.PerHour, 3)
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Codes{config: c, fresh: redis.NewScript(freshScript), try: redis.NewScript(tryScript), use: redis.NewScript(useScript)}, nil
}

// freshScript keeps a new code, unless there were too many within the hour. KEYS are the
// code and the times of those before it; ARGV is the hash, the code's life and now in
// milliseconds, how many an hour, how many tries, and a name for this one.
const freshScript = `
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', tonumber(ARGV[3]) - 3600000)
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[4]) then return 0 end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[6])
redis.call('PEXPIRE', KEYS[2], 3600000)
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'mac', ARGV[1], 'left', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`

// tryScript takes one of the tries and gives the hash to compare with and how many are left,
// or nothing when there is no code. The last try is given and ends the code.
const tryScript = `
local mac = redis.call('HGET', KEYS[1], 'mac')
if not mac then return {} end
local left = redis.call('HINCRBY', KEYS[1], 'left', -1)
if left < 0 then redis.call('DEL', KEYS[1]) return {} end
return {mac, left}`

// useScript uses a code up. Of two that come with the right one at once, one gets it.
const useScript = `
if redis.call('HGET', KEYS[1], 'mac') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`

// codeDigits is how many digits a code has, and codes how many there are.
const (
	codeDigits = 6
	codes      = 1_000_000
)

// New implements gateway.Codes.
func (c *Codes) New(ctx context.Context, who gateway.Identity) (string, error) {
	if who.IsZero() {
		return "", errors.New("make a one-time code: it is for nobody")
	}
	n, err := rand.Int(rand.Reader, big.NewInt(codes))
	if err != nil {
		return "", fmt.Errorf("make a one-time code: %w", err)
	}
	code := fmt.Sprintf("%0*d", codeDigits, n)
	kept, err := c.fresh.Run(ctx, c.config.Client, []string{c.key("code", who), c.key("codes", who)},
		c.hash(who, code), milliseconds(c.config.Life), c.config.Now().UnixMilli(), c.config.PerHour, c.config.Tries, rand.Text()).Int()
	if err != nil {
		return "", fmt.Errorf("make a one-time code: %w", plainly(err))
	}
	if kept == 0 {
		return "", gateway.ErrTooOften
	}
	return code, nil
}

// Check implements gateway.Codes. Spaces and hyphens in a code do not count.
func (c *Codes) Check(ctx context.Context, who gateway.Identity, code string) (ok bool, left int, err error) {
	key := c.key("code", who)
	got, err := c.try.Run(ctx, c.config.Client, []string{key}).Slice()
	if err != nil {
		return false, 0, fmt.Errorf("check a one-time code: %w", plainly(err))
	}
	if len(got) != 2 {
		return false, 0, nil
	}
	mac, _ := got[0].(string)
	tries, _ := got[1].(int64)
	if !hmac.Equal([]byte(mac), []byte(c.hash(who, strings.NewReplacer(" ", "", "-", "").Replace(code)))) {
		return false, int(tries), nil
	}
	used, err := c.use.Run(ctx, c.config.Client, []string{key}, mac).Int()
	if err != nil {
		return false, int(tries), fmt.Errorf("check a one-time code: %w", plainly(err))
	}
	return used == 1, int(tries), nil
}

// hash binds a code to whose it is.
func (c *Codes) hash(who gateway.Identity, code string) string {
	return c.mac("code", who.Key(), code)
}

// key is the name in Redis, which tells nobody's number.
func (c *Codes) key(kind string, who gateway.Identity) string {
	return c.config.Prefix + kind + ":" + c.mac("key", who.Key())[:32]
}

func (c *Codes) mac(parts ...string) string {
	h := hmac.New(sha256.New, c.config.Key)
	h.Write([]byte(strings.Join(parts, "\x00"))) // a hash never fails to write
	return hex.EncodeToString(h.Sum(nil))
}
