package knowledge_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/knowledgetest"
)

// stand is an index that tells of its searches.
type stand struct {
	*knowledge.Memory

	search func(ctx context.Context, q knowledge.Query) ([]knowledge.Hit, error)
	closed atomic.Bool
}

func (x *stand) Search(ctx context.Context, q knowledge.Query) ([]knowledge.Hit, error) {
	if x.closed.Load() {
		return nil, errors.New("a closed index was searched")
	}
	return x.search(ctx, q)
}

func newStand(t *testing.T, id knowledge.Identity, text string) *stand {
	t.Helper()
	memory, err := knowledge.NewMemory(id)
	if err != nil {
		t.Fatal(err)
	}
	return &stand{Memory: memory, search: func(_ context.Context, q knowledge.Query) ([]knowledge.Hit, error) {
		if q.Vector != nil && len(q.Vector) != id.Dim {
			return nil, knowledge.ErrDimension
		}
		return []knowledge.Hit{{Chunk: knowledge.Chunk{Text: fmt.Sprint(text, " ", q.Vector != nil)}}}, nil
	}}
}

func newShelf(t *testing.T, c knowledge.ShelfConfig) *knowledge.Shelf {
	t.Helper()
	s, err := knowledge.NewShelf(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestShelf: an index of the questions' model gets their vectors, any other words alone.
func TestShelf(t *testing.T) {
	t.Parallel()
	embedder := knowledgetest.NewEmbedder(dim)
	own := knowledge.IdentityOf(embedder)
	s := newShelf(t, knowledge.ShelfConfig{Index: newStand(t, own, "own"), Embedder: embedder})
	for name, test := range map[string]struct {
		id    knowledge.Identity
		words bool
	}{
		"same":             {own, false},
		"another splitter": {knowledge.Identity{Embedder: own.Embedder, Dim: dim, Splitter: "older"}, false},
		"another model":    {knowledge.Identity{Embedder: "other", Dim: dim, Splitter: own.Splitter}, true},
		"another length":   {knowledge.Identity{Embedder: own.Embedder, Dim: dim / 2, Splitter: own.Splitter}, true},
	} {
		next := newStand(t, test.id, name)
		before := s.Index()
		if former := s.Serve(next); former != before {
			t.Errorf("%s: another index than the former came back", name)
		}
		hits, err := s.Search(t.Context(), knowledge.Query{Text: "x", Vector: make([]float32, dim)})
		want := fmt.Sprint(name, " ", !test.words)
		if err != nil || len(hits) != 1 || hits[0].Chunk.Text != want {
			t.Errorf("%v, %v; want %s", hits, err, want)
		}
		if s.Words() != test.words || s.Index() != knowledge.Index(next) || s.Identity() != test.id {
			t.Errorf("%s: by words %v, identity %v", name, s.Words(), s.Identity())
		}
	}
}

// TestShelfSwaps replaces the index again and again while searches run. What came back
// from Serve is closed at once, and no search sees that.
func TestShelfSwaps(t *testing.T) {
	t.Parallel()
	embedder := knowledgetest.NewEmbedder(dim)
	id := knowledge.IdentityOf(embedder)
	s := newShelf(t, knowledge.ShelfConfig{Index: newStand(t, id, "0"), Embedder: embedder})
	ctx, cancel := context.WithCancel(t.Context())
	var searches sync.WaitGroup
	var done atomic.Int64
	for range 4 {
		searches.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.Search(t.Context(), knowledge.Query{Text: "x"}); err != nil {
					t.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	for i := 0; i < 200 || done.Load() < 1000; i++ {
		if t.Failed() {
			break
		}
		s.Serve(newStand(t, id, fmt.Sprint(i))).(*stand).closed.Store(true)
	}
	cancel()
	searches.Wait()
}

// TestShelfReplaced: when another process rebuilt the index, the new one is opened once,
// and the searches that met the change find their passages in it.
func TestShelfReplaced(t *testing.T) {
	t.Parallel()
	embedder := knowledgetest.NewEmbedder(dim)
	id := knowledge.IdentityOf(embedder)
	old := newStand(t, id, "old")
	old.search = func(context.Context, knowledge.Query) ([]knowledge.Hit, error) {
		return nil, fmt.Errorf("search: %w", knowledge.ErrIdentity)
	}
	var s *knowledge.Shelf
	opened := 0
	s = newShelf(t, knowledge.ShelfConfig{Index: old, Embedder: embedder, Replaced: func() {
		opened++
		s.Serve(newStand(t, id, "new"))
	}})
	var searches sync.WaitGroup
	for range 8 {
		searches.Go(func() {
			hits, err := s.Search(t.Context(), knowledge.Query{Text: "x"})
			if err != nil || len(hits) != 1 || hits[0].Chunk.Text != "new false" {
				t.Errorf("%v, %v; want the passage of the new index", hits, err)
			}
		})
	}
	searches.Wait()
	if opened != 1 {
		t.Errorf("the new index was opened %d times, want once", opened)
	}
}

// TestShelfReplacedByNothing: the error comes through when no other index can be served,
// and a search whose context ends does not wait for one.
func TestShelfReplacedByNothing(t *testing.T) {
	t.Parallel()
	embedder := knowledgetest.NewEmbedder(dim)
	old := newStand(t, knowledge.IdentityOf(embedder), "old")
	old.search = func(context.Context, knowledge.Query) ([]knowledge.Hit, error) { return nil, knowledge.ErrIdentity }
	for name, replaced := range map[string]func(){"no callback": nil, "nothing served": func() {}} {
		s := newShelf(t, knowledge.ShelfConfig{Index: old, Embedder: embedder, Replaced: replaced})
		if _, err := s.Search(t.Context(), knowledge.Query{Text: "x"}); !errors.Is(err, knowledge.ErrIdentity) {
			t.Errorf("%s: %v, want ErrIdentity", name, err)
		}
	}
	never := make(chan struct{})
	defer close(never)
	s := newShelf(t, knowledge.ShelfConfig{Index: old, Embedder: embedder, Replaced: func() { <-never }})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Search(ctx, knowledge.Query{Text: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that the context ended", err)
	}
}

func TestNewShelfNamesTheField(t *testing.T) {
	t.Parallel()
	embedder := knowledgetest.NewEmbedder(dim)
	index := newStand(t, knowledge.IdentityOf(embedder), "")
	var got []string
	for _, c := range []knowledge.ShelfConfig{{Embedder: embedder}, {Index: index}} {
		_, err := knowledge.NewShelf(c)
		got = append(got, fmt.Sprint(err))
	}
	want := []string{"knowledge.ShelfConfig.Index: missing", "knowledge.ShelfConfig.Embedder: missing"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
