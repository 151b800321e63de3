// Package orders keeps the shop's orders in Redis and tells what is known of one
// customer's.
//
// An order is a JSON document of the shop, kept as it came. A customer's orders
// are a set under each of the identities that own them, sorted by date. Facts
// reads the latest of these and those that the question names, and gives what an
// answer may say; an order that is not the customer's and one that does not exist
// look the same from outside. docs/orders.md describes keys and documents.
//
// Redis holds only what the shop can send again. When it is away or slow, Facts
// says so instead of failing, and does not ask again for a moment. The package
// decides nothing and changes no order by itself.
package orders

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

// ErrInvalid says that a document is no order. The text names the place and what
// is wrong with it, and repeats nothing that is in it.
var ErrInvalid = errors.New("invalid order")

// Config is what a Book is made of. Only Client is needed.
type Config struct {
	Client redis.UniversalClient
	// Prefix of all keys, "recado:" by default.
	Prefix string
	// Timeout is how long Facts waits for Redis in all; 300 ms by default.
	Timeout time.Duration
	// Keep is how many of the latest orders Facts gives, 5 by default; orders that
	// the question names come on top.
	Keep int
	// Logger defaults to discarding everything.
	Logger *slog.Logger
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

// Book is the shop's orders. It is safe for concurrent use.
type Book struct {
	config Config
	put    *redis.Script

	mu sync.Mutex
	// retryAt is when Redis is asked again after a failure.
	retryAt time.Time
}

// restAfterFailure is how long Facts leaves Redis alone after a failure, so that
// not every turn waits for the timeout.
const restAfterFailure = 2 * time.Second

// New checks the configuration and fills the defaults.
func New(c Config) (*Book, error) {
	if c.Client == nil {
		return nil, errors.New("orders: Client is needed")
	}
	c.Prefix = cmp.Or(c.Prefix, "recado:")
	c.Timeout = cmp.Or(c.Timeout, 300*time.Millisecond)
	c.Keep = cmp.Or(c.Keep, 5)
	if c.Keep < 0 || c.Timeout < 0 {
		return nil, errors.New("orders: Keep and Timeout can't be negative")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Book{config: c, put: redis.NewScript(putScript)}, nil
}

// putScript writes one order and moves it between customers in one step. KEYS[1]
// is the order; ARGV is the document, the order's number, its date as seconds,
// and the keys of its owners. The owners before it are kept beside the document,
// so that a moved order leaves nothing behind. Those keys are not declared, which
// a single Redis allows and a cluster does not.
const putScript = `
local before = redis.call('HGET', KEYS[1], 'owners')
if before then
  for key in string.gmatch(before, '[^\n]+') do redis.call('ZREM', key, ARGV[2]) end
end
local owners = {}
for i = 4, #ARGV do
  redis.call('ZADD', ARGV[i], ARGV[3], ARGV[2])
  owners[#owners + 1] = ARGV[i]
end
redis.call('HSET', KEYS[1], 'doc', ARGV[1], 'owners', table.concat(owners, '\n'))
return 1`

func (b *Book) orderKey(number string) string { return b.config.Prefix + "order:" + number }
func (b *Book) ownerKey(owner string) string  { return b.config.Prefix + "customer:" + owner }

// Put adds or replaces orders by their number. Either all documents are orders
// and all are written, or none is and the error (ErrInvalid) names the first one
// that is wrong by its place from 0. It gives how many were written.
func (b *Book) Put(ctx context.Context, docs []json.RawMessage) (int, error) {
	parsed := make([]order, len(docs))
	for i, doc := range docs {
		o, err := parseOrder(doc)
		if err != nil {
			return 0, fmt.Errorf("%w: order %d: %w", ErrInvalid, i, err)
		}
		parsed[i] = o
	}
	if len(docs) == 0 {
		return 0, nil
	}
	sha, err := b.put.Load(ctx, b.config.Client).Result()
	if err != nil {
		return 0, fmt.Errorf("write orders: %w", err)
	}
	_, err = b.config.Client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, o := range parsed {
			p.EvalSha(ctx, sha, []string{b.orderKey(normalize(o.Number))}, b.putArgs(o, docs[i])...)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("write orders: %w", err)
	}
	return len(docs), nil
}

func (b *Book) putArgs(o order, doc json.RawMessage) []any {
	var compact bytes.Buffer
	// The document was parsed before, so compacting can't fail.
	if json.Compact(&compact, doc) != nil {
		compact.Write(doc)
	}
	placed, err := moment(o.PlacedAt)
	if err != nil || placed.IsZero() {
		placed = b.config.Now()
	}
	args := []any{compact.Bytes(), normalize(o.Number), placed.Unix()}
	for _, owner := range o.owners() {
		args = append(args, b.ownerKey(owner))
	}
	return args
}

// Find gives a customer's orders, newest first, as the shop sent them. The
// contact is a phone number in any writing, or a user id; one without orders has
// an empty list.
func (b *Book) Find(ctx context.Context, contact string) ([]json.RawMessage, error) {
	who := gateway.Identity{UserID: contact, Phone: contact}
	numbers, err := b.numbers(ctx, who, nil)
	if err != nil {
		return nil, fmt.Errorf("find orders: %w", err)
	}
	docs, err := b.documents(ctx, numbers.latest)
	if err != nil {
		return nil, fmt.Errorf("find orders: %w", err)
	}
	list := make([]json.RawMessage, 0, len(docs))
	for _, d := range docs {
		if d != "" {
			list = append(list, json.RawMessage(d))
		}
	}
	return list, nil
}

// Facts tells what is known of the orders of who, for a question with this text:
// the latest ones and those it names, newest first, and which of the named ones
// are not theirs. It never fails: when Redis is away or slow, Unavailable is set
// and nothing else but the named numbers.
func (b *Book) Facts(ctx context.Context, who gateway.Identity, text string) rag.OrderFacts {
	asked := Numbers(text)
	if b.resting() {
		return rag.OrderFacts{Asked: asked, Unavailable: true}
	}
	ctx, cancel := context.WithTimeout(ctx, b.config.Timeout)
	defer cancel()
	f, err := b.facts(ctx, who, asked)
	if err != nil {
		b.rest()
		b.config.Logger.WarnContext(ctx, "orders could not be read", "rest_ms", restAfterFailure.Milliseconds())
		return rag.OrderFacts{Asked: asked, Unavailable: true}
	}
	return f
}

func (b *Book) facts(ctx context.Context, who gateway.Identity, asked []string) (rag.OrderFacts, error) {
	f := rag.OrderFacts{}
	found, err := b.numbers(ctx, who, asked)
	if err != nil {
		return f, err
	}
	wanted := slices.Clone(found.latest[:min(len(found.latest), b.config.Keep)])
	for _, n := range found.asked {
		if !slices.Contains(wanted, n) {
			wanted = append(wanted, n)
		}
	}
	docs, err := b.documents(ctx, wanted)
	if err != nil {
		return f, err
	}
	names := map[string]string{}
	for i, doc := range docs {
		o, err := parseOrder(json.RawMessage(doc))
		// The set said it is theirs; the document has the last word.
		if err != nil || !o.belongsTo(who) {
			continue
		}
		names[wanted[i]] = o.Number
		f.Orders = append(f.Orders, o.facts())
	}
	slices.SortStableFunc(f.Orders, func(a, b rag.Order) int { return cmp.Compare(b.PlacedAt, a.PlacedAt) })
	for _, n := range asked {
		f.Asked = append(f.Asked, cmp.Or(names[n], n))
		if names[n] == "" {
			f.NotFound = append(f.NotFound, n)
		}
	}
	return f, nil
}

// owned are order numbers of one customer.
type owned struct {
	// latest are the newest first, asked those that the question named and that
	// are theirs.
	latest, asked []string
}

// maxFind is how many orders of one customer are ever listed.
const maxFind = 200

// numbers reads a customer's sets in one round trip. Numbers that are not theirs
// cost the same commands as those that are, so that nothing can be told from the
// time it takes.
func (b *Book) numbers(ctx context.Context, who gateway.Identity, asked []string) (owned, error) {
	var lists []*redis.ZSliceCmd
	scores := map[string][]*redis.FloatCmd{}
	_, err := b.config.Client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Ping(ctx)
		for _, owner := range identityKeys(who) {
			key := b.ownerKey(owner)
			lists = append(lists, p.ZRevRangeWithScores(ctx, key, 0, maxFind-1))
			for _, n := range asked {
				scores[n] = append(scores[n], p.ZScore(ctx, key, n))
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return owned{}, err
	}
	var all []redis.Z
	for _, l := range lists {
		all = append(all, l.Val()...)
	}
	slices.SortStableFunc(all, func(a, b redis.Z) int { return cmp.Compare(b.Score, a.Score) })
	var o owned
	for _, z := range all {
		if n, ok := z.Member.(string); ok && !slices.Contains(o.latest, n) {
			o.latest = append(o.latest, n)
		}
	}
	for _, n := range asked {
		if slices.ContainsFunc(scores[n], func(c *redis.FloatCmd) bool { return c.Err() == nil }) {
			o.asked = append(o.asked, n)
		}
	}
	return o, nil
}

// documents reads orders by number; one that is gone is an empty text.
func (b *Book) documents(ctx context.Context, numbers []string) ([]string, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	cmds := make([]*redis.StringCmd, len(numbers))
	_, err := b.config.Client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, n := range numbers {
			cmds[i] = p.HGet(ctx, b.orderKey(n), "doc")
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	docs := make([]string, len(cmds))
	for i, c := range cmds {
		docs[i] = c.Val()
	}
	return docs, nil
}

func (b *Book) resting() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.config.Now().Before(b.retryAt)
}

func (b *Book) rest() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.retryAt = b.config.Now().Add(restAfterFailure)
}
