package knowledge_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recado/recado/knowledge"
)

// vectorCache is a cache that counts what it is asked.
type vectorCache struct {
	mu      sync.Mutex
	vectors map[string][]float32
	used    map[string]time.Time
	calls   int
	err     error
}

func newVectorCache() *vectorCache {
	return &vectorCache{vectors: map[string][]float32{}, used: map[string]time.Time{}}
}

func (c *vectorCache) Vectors(_ context.Context, model string, at time.Time, hashes []string) (map[string][]float32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	found := map[string][]float32{}
	for _, hash := range hashes {
		if v, ok := c.vectors[model+hash]; ok {
			found[hash], c.used[model+hash] = v, at
		}
	}
	return found, c.err
}

func (c *vectorCache) KeepVectors(ctx context.Context, model string, at time.Time, vectors map[string][]float32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if err := ctx.Err(); err != nil {
		return err
	}
	for hash, v := range vectors {
		c.vectors[model+hash], c.used[model+hash] = v, at
	}
	return c.err
}

func (c *vectorCache) ForgetVectors(_ context.Context, before time.Time) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	n := len(c.vectors)
	for key, at := range c.used {
		if at.Before(before) {
			delete(c.vectors, key)
			delete(c.used, key)
		}
	}
	return n - len(c.vectors), c.err
}

// TestCacheAcrossIndexes: another index of the same model embeds only what no one had
// embedded, and what nobody asks for is forgotten after a month.
func TestCacheAcrossIndexes(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	cache := newVectorCache()
	s.config.Cache = cache
	s.ingest(report{Added: 5, Embedded: 6})
	s.index = s.emptyIndex()
	s.config.Index = s.index
	s.write(map[string]string{"es/nuevo.md": "Nuevo."})
	s.ingest(report{Added: 6, Embedded: 1})
	s.same("passages", s.finds("días nuevo"), []string{"Dos días.", "Nuevo.", "Treinta días."})

	later := now.AddDate(0, 0, 31)
	s.config.Now = func() time.Time { return later }
	s.write(map[string]string{"es/nuevo.md": "Nuevo y corregido."})
	s.ingest(report{Changed: 1, Unchanged: 5, Embedded: 1})
	s.same("vectors that are kept", len(cache.vectors), 1)
}

// TestCacheIsNotTrusted: a kept vector that cannot be one of the model is computed anew.
func TestCacheIsNotTrusted(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	cache := newVectorCache()
	s.config.Cache = cache
	s.ingest(report{Added: 5, Embedded: 6})
	i := 0
	for key, v := range cache.vectors {
		switch i++; i {
		case 1:
			cache.vectors[key] = v[1:]
		case 2:
			cache.vectors[key] = make([]float32, dim)
		}
	}
	s.config.Index = s.emptyIndex()
	s.ingest(report{Added: 5, Embedded: 2})
}

// cheap is an embedder that needs no cache.
type cheap struct{ knowledge.Embedder }

func (cheap) Cheap() bool { return true }

func TestCacheIsLeftAloneByCheapEmbedders(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	cache := newVectorCache()
	s.config.Cache, s.config.Embedder = cache, cheap{s.embedder}
	s.ingest(report{Added: 5, Embedded: 6})
	s.same("calls of the cache", cache.calls, 0)
}

// TestCacheFails: without its cache a run is slower, and says so once.
func TestCacheFails(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := newShop(t, policies())
	cache := newVectorCache()
	cache.err = errors.New("disk full")
	s.config.Cache, s.config.Logger = cache, slog.New(slog.NewTextHandler(&log, nil))
	s.ingest(report{Added: 5, Embedded: 6})
	if n := strings.Count(log.String(), "disk full"); n != 1 {
		t.Errorf("the log tells %d times of the cache, want once:\n%s", n, log.String())
	}
}

// TestResume breaks a run off at every text and goes on: no text whose vector came is
// embedded again, nothing is removed before the end, and the index is the same as after
// a run that nothing stopped.
func TestResume(t *testing.T) {
	t.Parallel()
	for after := range 7 {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			t.Parallel()
			s := newShop(t, map[string]string{"es/old.md": "Antiguo."})
			s.config.Cache, s.config.Batch = newVectorCache(), 1
			s.ingest(report{Added: 1, Embedded: 1})
			s.remove("es/old.md")
			s.write(policies())
			left := after
			var mu sync.Mutex
			s.config.Embedder = embedderFunc(func(ctx context.Context, texts []string) ([][]float32, error) {
				mu.Lock()
				defer mu.Unlock()
				if left -= len(texts); left < 0 {
					return nil, errors.New("connection refused")
				}
				return s.embedder.Embed(ctx, texts)
			})
			got, err := s.run(t.Context(), s.list(s.folder), knowledge.Options{})
			if after < 6 && (err == nil || got.Removed > 0) {
				t.Errorf("%+v, %v; want an error and nothing removed", got, err)
			}
			before := len(s.ids())
			left = 100
			rest, err := s.run(t.Context(), s.list(s.folder), knowledge.Options{})
			if err != nil || got.Embedded+rest.Embedded != 6 {
				t.Errorf("%d and then %d texts were embedded, %v; want 6 in all", got.Embedded, rest.Embedded, err)
			}
			if rest.Added+got.Added != 5 || after < 6 && rest.Unchanged != before-1 {
				t.Errorf("%+v after %+v with %d documents", rest, got, before)
			}
			s.same("documents", len(s.ids()), 5)
		})
	}
}
