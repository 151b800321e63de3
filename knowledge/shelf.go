package knowledge

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// ShelfConfig says what a Shelf works with.
type ShelfConfig struct {
	// Index is the first one that is served. Required.
	Index Index
	// Embedder is the one that questions get their vectors from. Required.
	Embedder Embedder
	// Replaced is called when the index that is served turns out to be in use no longer,
	// because another process rebuilt it: the new one has to be opened with OpenAny and
	// served. It is called at most once for each index, in a goroutine of its own, and
	// searches that met the change wait for it. Nil lets them fail.
	Replaced func()
}

// Shelf serves the passages of one index and lets another take its place while searches
// run. An index of another embedding model than the questions' is searched by words
// alone, so that no vectors of two models are ever compared. It is safe for concurrent
// use.
type Shelf struct {
	config ShelfConfig
	served atomic.Pointer[shelved]
}

// shelved is one index for as long as it is served.
type shelved struct {
	index Index
	words bool
	// mu is held for reading by every search, so that Serve can wait for them, and
	// guards retired.
	mu      sync.RWMutex
	retired bool
	// once begins to wait for another index, and told ends it.
	once sync.Once
	told chan struct{}
}

// NewShelf serves the index. A missing field is an error that names it.
func NewShelf(c ShelfConfig) (*Shelf, error) {
	switch {
	case c.Index == nil:
		return nil, errors.New("knowledge.ShelfConfig.Index: missing")
	case c.Embedder == nil:
		return nil, errors.New("knowledge.ShelfConfig.Embedder: missing")
	}
	s := &Shelf{config: c}
	s.served.Store(s.shelve(c.Index))
	return s, nil
}

func (s *Shelf) shelve(x Index) *shelved {
	id := x.Identity()
	words := id.Embedder != s.config.Embedder.Name() || id.Dim != s.config.Embedder.Dim()
	return &shelved{index: x, words: words, told: make(chan struct{})}
}

// Serve puts the index in the place of the one that is served and returns that one as
// soon as no search uses it any more, so that it can be closed. Searches do not wait.
func (s *Shelf) Serve(x Index) (former Index) {
	old := s.served.Swap(s.shelve(x))
	old.mu.Lock()
	defer old.mu.Unlock()
	old.retired = true
	return old.index
}

// Index is the one that is served now. Who needs it for longer than Serve lets it live
// calls Index again.
func (s *Shelf) Index() Index { return s.served.Load().index }

// Identity is that of the index that is served.
func (s *Shelf) Identity() Identity { return s.Index().Identity() }

// Words says that passages are found by words only, because the index is of another
// embedding model than the questions.
func (s *Shelf) Words() bool { return s.served.Load().words }

// Search asks the index that is served. When that one is in use no longer, the search
// waits for another to be served and asks it.
func (s *Shelf) Search(ctx context.Context, q Query) (hits []Hit, err error) {
	err = s.ask(ctx, func(at *shelved) (err error) {
		of := q
		if at.words {
			of.Vector = nil
		}
		hits, err = at.index.Search(ctx, of)
		return err
	})
	return hits, err
}

// Revocations lists those of the index that is served, and waits for it as Search does.
func (s *Shelf) Revocations(ctx context.Context) (list []Revocation, err error) {
	err = s.ask(ctx, func(at *shelved) (err error) {
		list, err = at.index.Revocations(ctx)
		return err
	})
	return list, err
}

// ask lets a question be asked of the index that is served, once more when another one
// has taken its place.
func (s *Shelf) ask(ctx context.Context, question func(*shelved) error) error {
	at, err := s.once(question)
	if !errors.Is(err, ErrIdentity) || s.config.Replaced == nil {
		return err
	}
	at.once.Do(func() {
		go func() {
			defer close(at.told)
			s.config.Replaced()
		}()
	})
	select {
	case <-at.told:
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.served.Load() == at {
		return err // nobody served another one
	}
	_, err = s.once(question)
	return err
}

// once asks one index, and says which.
func (s *Shelf) once(question func(*shelved) error) (*shelved, error) {
	at := s.borrow()
	defer at.mu.RUnlock()
	return at, question(at)
}

// borrow gives the index that is served with its lock held for reading.
func (s *Shelf) borrow() *shelved {
	for {
		at := s.served.Load()
		at.mu.RLock()
		if !at.retired {
			return at
		}
		at.mu.RUnlock() // it was replaced in between
	}
}
