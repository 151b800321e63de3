package knowledge

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Cheap is an Embedder that computes a vector about as fast as a VectorCache gives it,
// so that none is kept.
type Cheap interface {
	Cheap() bool
}

const (
	// keptFor is how long a vector that nobody asks for is kept: a model that was only
	// tried out leaves nothing for ever.
	keptFor = 30 * 24 * time.Hour
	// keepTime bounds how long an interrupted run still keeps the vectors that it was
	// just given. They were paid for.
	keepTime = 10 * time.Second
)

// cached is the cache for one embedder. A cache that fails makes a run slower, never
// wrong, so that its errors go to the log alone, once.
type cached struct {
	cache    VectorCache // nil for none
	embedder Embedder
	now      func() time.Time
	log      *slog.Logger
	warned   sync.Once
}

func newCached(cache VectorCache, e Embedder, now func() time.Time, log *slog.Logger) *cached {
	if cheap, ok := e.(Cheap); ok && cheap.Cheap() {
		cache = nil
	}
	return &cached{cache: cache, embedder: e, now: now, log: log}
}

// find gives the vectors that are known, by content hash.
func (v *cached) find(ctx context.Context, hashes []string) map[string][]float32 {
	if v.cache == nil || len(hashes) == 0 {
		return map[string][]float32{}
	}
	found, err := v.cache.Vectors(ctx, v.embedder.Name(), v.now(), hashes)
	if err != nil {
		v.warn(ctx, err)
		return map[string][]float32{}
	}
	for hash, vector := range found {
		scaled, err := unit(vector, v.embedder.Dim())
		if err != nil { // of no use: computed anew
			delete(found, hash)
			continue
		}
		found[hash] = scaled
	}
	return found
}

// keep adds vectors, also when the run is being stopped.
func (v *cached) keep(ctx context.Context, fresh map[string][]float32) {
	if v.cache == nil || len(fresh) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	if err := v.cache.KeepVectors(ctx, v.embedder.Name(), v.now(), fresh); err != nil {
		v.warn(ctx, err)
	}
}

// forget drops what nobody used for long.
func (v *cached) forget(ctx context.Context) {
	if v.cache == nil {
		return
	}
	if _, err := v.cache.ForgetVectors(ctx, v.now().Add(-keptFor)); err != nil {
		v.warn(ctx, err)
	}
}

func (v *cached) warn(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	v.warned.Do(func() {
		v.log.WarnContext(ctx, "vectors are not kept, and computed again the next time", "error", err)
	})
}
