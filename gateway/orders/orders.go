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
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
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
	// Keep is how many of the latest orders Facts gives, 5 by default and at most
	// 10; orders that the question names come on top, up to 10 in all.
	Keep int
	// Policy holds the shop's rules for actions; nil means action.DefaultPolicy.
	Policy *action.Policy
	// Zone is where the shop's days begin, for rules that count days; nil means UTC.
	Zone *time.Location
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

// maxFacts is how many orders Facts gives in all.
const maxFacts = 10

// New checks the configuration and fills the defaults.
func New(c Config) (*Book, error) {
	if c.Client == nil {
		return nil, errors.New("orders: Client is needed")
	}
	c.Prefix = cmp.Or(c.Prefix, "recado:")
	c.Timeout = cmp.Or(c.Timeout, 300*time.Millisecond)
	c.Keep = cmp.Or(c.Keep, 5)
	if c.Keep < 0 || c.Keep > maxFacts {
		return nil, fmt.Errorf("orders: Keep is %d, not 1 to %d", c.Keep, maxFacts)
	}
	if c.Timeout < 0 {
		return nil, errors.New("orders: Timeout can't be negative")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Policy == nil {
		c.Policy = new(action.DefaultPolicy())
	}
	c.Zone = cmp.Or(c.Zone, time.UTC)
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

// Put adds or replaces orders by their number; of two with the same number the
// later stays. Either all documents are orders and all are written in one
// transaction, or none is and the error (ErrInvalid) names the first one that is
// wrong by its place from 0. It gives how many were written.
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
	_, err = b.config.Client.TxPipelined(ctx, func(p redis.Pipeliner) error {
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
// an empty list. It is for the shop: of a phone number that changed hands it gives
// the orders of every holder.
func (b *Book) Find(ctx context.Context, contact string) ([]json.RawMessage, error) {
	who := named(contact)
	own, err := b.owned(ctx, nil, who...)
	if err != nil {
		return nil, fmt.Errorf("find orders: %w", err)
	}
	docs, err := b.documents(ctx, own.latest)
	if err != nil {
		return nil, fmt.Errorf("find orders: %w", err)
	}
	list := make([]json.RawMessage, 0, len(docs))
	for _, doc := range docs {
		if _, ok := theirs(doc, who...); ok {
			list = append(list, json.RawMessage(doc))
		}
	}
	return list, nil
}

// theirs reads an order of one of these identities. The set of a customer says
// that an order is theirs; the document has the last word.
func theirs(doc string, who ...gateway.Identity) (order, bool) {
	o, err := parseOrder(json.RawMessage(doc))
	return o, err == nil && slices.ContainsFunc(who, o.belongsTo)
}

// Facts tells what is known of the orders of who, for a question with this text, as far as
// pass opens it: the latest ones and those it names, newest first, and which of the named
// ones are not theirs. Who has reached nothing is told nothing, and Redis is not asked. It
// never fails, and takes no longer than Timeout whatever the client is set to: when Redis is
// away or slow, or answers with an error, Unavailable is set and nothing else but the named
// numbers.
func (b *Book) Facts(ctx context.Context, who gateway.Identity, pass assure.Pass, text string) rag.OrderFacts {
	asked := Numbers(text)
	if !pass.Reaches(assure.Number) {
		return rag.OrderFacts{Asked: asked, Unavailable: true, Withheld: true, Level: pass.Level()}
	}
	f, err := within(ctx, b, func(ctx context.Context) (rag.OrderFacts, error) {
		return b.facts(ctx, who, pass, text)
	})
	if err != nil {
		return rag.OrderFacts{Asked: asked, Unavailable: true, Level: pass.Level()}
	}
	return f
}

// errResting says that Redis is left alone for a moment.
var errResting = errors.New("redis was away a moment ago")

// within reads from Redis for no longer than Timeout. A client does not look at the context
// while it reads, unless it is told to; one that hangs is left to its own timeout.
func within[T any](ctx context.Context, b *Book, read func(context.Context) (T, error)) (T, error) {
	var none T
	if b.resting() {
		return none, errResting
	}
	limited, cancel := context.WithTimeout(ctx, b.config.Timeout)
	defer cancel()
	type result struct {
		value T
		err   error
	}
	answer := make(chan result, 1)
	go func() {
		value, err := read(limited)
		answer <- result{value, err}
	}()
	err := context.DeadlineExceeded
	select {
	case r := <-answer:
		if r.err == nil {
			return r.value, nil
		}
		err = r.err
	case <-limited.Done():
	}
	// A caller who gave up says nothing about Redis.
	if ctx.Err() == nil {
		b.failed(ctx, err)
	}
	return none, err
}

// failed lets Redis rest when it can't be reached or is slow. An error that Redis
// answers with costs nobody time, and may be about one customer's key alone.
func (b *Book) failed(ctx context.Context, err error) {
	if said, ok := errors.AsType[redis.Error](err); ok {
		// The rest of the text may repeat what was asked for.
		code, _, _ := strings.Cut(said.Error(), " ")
		b.config.Logger.WarnContext(ctx, "redis refused to read orders", "code", code)
		return
	}
	b.rest()
	b.config.Logger.WarnContext(ctx, "orders could not be read", "rest_ms", restAfterFailure.Milliseconds())
}

func (b *Book) facts(ctx context.Context, who gateway.Identity, pass assure.Pass, text string) (rag.OrderFacts, error) {
	said := refer(text)
	own, err := b.owned(ctx, said.numbers, who)
	if err != nil {
		return rag.OrderFacts{}, err
	}
	own.asked = append(own.asked, said.endings(own)...)
	list, err := b.choose(ctx, who, own)
	if err != nil {
		return rag.OrderFacts{}, err
	}
	f := rag.OrderFacts{Level: pass.Level()}
	for _, h := range list {
		if o, ok := h.order.sheet().facts(pass); ok {
			f.Orders = append(f.Orders, o)
		}
	}
	f.Asked, f.NotFound = said.resolve(list)
	return f, nil
}

// choose reads the named ones and the latest, newest first, each once and not
// more than maxFacts. What the former holder of a phone number ordered is in the
// sets too and does not count: as long as some of the latest were not theirs, the
// next ones are read.
func (b *Book) choose(ctx context.Context, who gateway.Identity, own owned) ([]held, error) {
	named, err := b.theirs(ctx, who, own.asked)
	if err != nil {
		return nil, err
	}
	var latest []held
	for step, rest := b.config.Keep, own.latest; len(rest) > 0 && len(latest) < b.config.Keep; step = maxRefill {
		n := min(step, len(rest))
		read, err := b.theirs(ctx, who, rest[:n])
		if err != nil {
			return nil, err
		}
		latest, rest = append(latest, read...), rest[n:]
	}
	for _, h := range latest[:min(len(latest), b.config.Keep)] {
		if !slices.ContainsFunc(named, func(n held) bool { return n.number == h.number }) {
			named = append(named, h)
		}
	}
	named = named[:min(len(named), maxFacts)]
	slices.SortStableFunc(named, func(a, b held) int { return cmp.Compare(b.date, a.date) })
	return named, nil
}

// maxRefill is how many orders are read at once beyond the latest.
const maxRefill = 40

// held is an order that was read, with its place in the set.
type held struct {
	dated
	order order
	doc   []byte
}

// theirs reads those of the list that are who's.
func (b *Book) theirs(ctx context.Context, who gateway.Identity, list []dated) ([]held, error) {
	docs, err := b.documents(ctx, list)
	if err != nil {
		return nil, err
	}
	var own []held
	for i, doc := range docs {
		if o, ok := theirs(doc, who); ok {
			own = append(own, held{list[i], o, []byte(doc)})
		}
	}
	return own, nil
}

// dated is an order's number with its date in seconds.
type dated struct {
	number string
	date   float64
}

// owned are orders of one customer: the latest, newest first, and those that the
// question named and that are theirs.
type owned struct{ latest, asked []dated }

func holds(list []dated, number string) bool {
	return slices.ContainsFunc(list, func(d dated) bool { return d.number == number })
}

func newestFirst(list []dated) {
	slices.SortStableFunc(list, func(a, b dated) int { return cmp.Compare(b.date, a.date) })
}

// maxFind is how many orders of one customer are ever listed.
const maxFind = 200

// owned reads a customer's sets in one round trip. Numbers that are not theirs
// cost the same commands as those that are, so that nothing can be told from the
// time it takes. The ping finds out that Redis is away for those who have no key.
func (b *Book) owned(ctx context.Context, asked []string, who ...gateway.Identity) (owned, error) {
	var lists []*redis.ZSliceCmd
	scores := map[string][]*redis.FloatCmd{}
	err := b.read(ctx, func(p redis.Pipeliner) {
		p.Ping(ctx)
		for _, owner := range identityKeys(who...) {
			key := b.ownerKey(owner)
			lists = append(lists, p.ZRevRangeWithScores(ctx, key, 0, maxFind-1))
			for _, n := range asked {
				scores[n] = append(scores[n], p.ZScore(ctx, key, n))
			}
		}
	})
	if err != nil {
		return owned{}, err
	}
	return owned{latest: latest(lists), asked: found(asked, scores)}, nil
}

// latest joins the sets of one person's identities.
func latest(lists []*redis.ZSliceCmd) []dated {
	var all []dated
	for _, l := range lists {
		for _, z := range l.Val() {
			if n, ok := z.Member.(string); ok && !holds(all, n) {
				all = append(all, dated{n, z.Score})
			}
		}
	}
	newestFirst(all)
	return all
}

// found are the numbers that one of the sets holds.
func found(asked []string, scores map[string][]*redis.FloatCmd) []dated {
	var all []dated
	for _, n := range asked {
		for _, score := range scores[n] {
			if score.Err() == nil {
				all = append(all, dated{n, score.Val()})
				break
			}
		}
	}
	return all
}

// documents reads orders by number; one that is gone is an empty text.
func (b *Book) documents(ctx context.Context, list []dated) ([]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	cmds := make([]*redis.StringCmd, len(list))
	err := b.read(ctx, func(p redis.Pipeliner) {
		for i, d := range list {
			cmds[i] = p.HGet(ctx, b.orderKey(d.number), "doc")
		}
	})
	if err != nil {
		return nil, err
	}
	docs := make([]string, len(cmds))
	for i, c := range cmds {
		docs[i] = c.Val()
	}
	return docs, nil
}

// read sends the commands in one round trip. That something is missing is no
// error. Every command is looked at: a pipeline's own error is that of the first
// one, and a missing value would hide that the connection broke after it.
func (b *Book) read(ctx context.Context, commands func(redis.Pipeliner)) error {
	cmds, err := b.config.Client.Pipelined(ctx, func(p redis.Pipeliner) error {
		commands(p)
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	for _, c := range cmds {
		if err := c.Err(); err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
	}
	return nil
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
