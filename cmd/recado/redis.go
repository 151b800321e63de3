package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/gateway/orders"
)

// tailEvery is how often the in-process Redis looks for orders that another
// process added, and moves its clock.
const tailEvery = time.Second

// orderBook is the orders with the Redis they live in. Without REDIS_URL that is
// a Redis in this process, which forgets everything when the process ends; then
// the orders are kept in a file in the data folder as well, one JSON document on
// each line, the newest of a number last. `recado orders import` adds to that file,
// and a running gateway takes up what was added within a second.
type orderBook struct {
	*orders.Book
	client redis.UniversalClient
	log    *slog.Logger

	// The rest is for the in-process Redis and nil or empty otherwise.
	server *miniredis.Miniredis
	path   string
	mu     sync.Mutex
	read   int64
}

// mute keeps the Redis client's own lines, which name addresses, out of the log: who
// uses Redis here says itself when it is away.
type mute struct{}

// Printf implements the logger of go-redis.
func (mute) Printf(context.Context, string, ...any) {}

// openOrders connects to Redis, or starts the in-process one and fills it from the
// data folder. An empty data folder keeps the orders in memory alone.
func openOrders(ctx context.Context, s settings, log *slog.Logger) (*orderBook, error) {
	b := &orderBook{log: log}
	if err := b.connect(s); err != nil {
		return nil, err
	}
	policy, err := openPolicy(s)
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	book, err := orders.New(orders.Config{Client: b.client, Policy: policy, Zone: s.Zone, Timeout: b.patience(s), Logger: log})
	if err != nil {
		return nil, err
	}
	b.Book = book
	if b.path != "" {
		if err := b.tail(ctx); err != nil {
			return nil, errors.Join(usagef("RECADO_DATA: orders.jsonl in the folder can't be read"), b.Close())
		}
	}
	return b, nil
}

// ownPatience is how long a turn waits for the Redis of its own process. That is late only
// where everything is, and a turn that went on without orders would be no sooner done.
const ownPatience = 5 * time.Second

func (b *orderBook) patience(s settings) time.Duration {
	if s.RedisURL == "" {
		return max(s.OrdersTimeout, ownPatience)
	}
	return s.OrdersTimeout
}

func (b *orderBook) connect(s settings) error {
	if s.RedisURL != "" {
		options, err := redis.ParseURL(s.RedisURL)
		if err != nil {
			return usagef("REDIS_URL is not a URL like redis://host:6379/0")
		}
		b.client = redis.NewClient(options)
		return nil
	}
	b.server = miniredis.NewMiniRedis()
	if err := b.server.Start(); err != nil {
		return fmt.Errorf("start the in-process Redis: %w", err)
	}
	b.client = redis.NewClient(&redis.Options{Addr: b.server.Addr()})
	if s.Data != "" {
		b.path = filepath.Join(s.Data, "orders.jsonl")
	}
	return nil
}

// Put adds or replaces orders, in the file too when Redis is in this process.
func (b *orderBook) Put(ctx context.Context, docs []json.RawMessage) (int, error) {
	n, err := b.Book.Put(ctx, docs)
	if err != nil || b.path == "" || n == 0 {
		return n, err
	}
	if err := b.keep(docs); err != nil {
		return n, fmt.Errorf("keep the orders in RECADO_DATA: %w", err)
	}
	return n, nil
}

// keep appends the documents in one write, so that another process that appends
// at the same time does not come in between.
func (b *orderBook) keep(docs []json.RawMessage) error {
	var lines bytes.Buffer
	for _, doc := range docs {
		if err := json.Compact(&lines, doc); err != nil {
			return err
		}
		lines.WriteByte('\n')
	}
	if err := os.MkdirAll(filepath.Dir(b.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(b.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(lines.Bytes())
	return errors.Join(err, f.Sync(), f.Close())
}

// tail takes up what was appended to the file since the last time. A last line
// without its end is left for the next time.
func (b *orderBook) tail(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := os.Open(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Seek(b.read, io.SeekStart); err != nil {
		return err
	}
	lines := bufio.NewReader(f)
	var batch []json.RawMessage
	for {
		line, err := lines.ReadBytes('\n')
		if err == nil {
			batch = append(batch, line)
			b.read += int64(len(line))
		}
		if len(batch) == 500 || (err != nil && len(batch) > 0) {
			b.takeUp(ctx, batch)
			batch = nil
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// takeUp puts kept orders into Redis. One that can't be read, because somebody
// edited the file, does not cost the others.
func (b *orderBook) takeUp(ctx context.Context, batch []json.RawMessage) {
	if _, err := b.Book.Put(ctx, batch); err == nil {
		return
	}
	broken := 0
	for _, doc := range batch {
		if _, err := b.Book.Put(ctx, []json.RawMessage{doc}); err != nil {
			broken++
		}
	}
	if broken > 0 {
		b.log.WarnContext(ctx, "orders in the data folder could not be read", "orders", broken)
	}
}

// Run keeps the in-process Redis alive until the context ends: its clock stands
// still unless somebody moves it, and keys with an end would stay for ever. With
// another Redis it only waits.
func (b *orderBook) Run(ctx context.Context) error {
	if b.server == nil {
		<-ctx.Done()
		return nil
	}
	ticker := time.NewTicker(tailEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		b.server.FastForward(tailEvery)
		if b.path == "" {
			continue
		}
		if err := b.tail(ctx); err != nil {
			b.log.WarnContext(ctx, "the orders in the data folder could not be read", "error", err)
		}
	}
}

// Ping asks whether Redis answers.
func (b *orderBook) Ping(ctx context.Context) error { return b.client.Ping(ctx).Err() }

// Close ends the connection, and the in-process Redis.
func (b *orderBook) Close() error {
	err := b.client.Close()
	if b.server != nil {
		b.server.Close()
	}
	return err
}
