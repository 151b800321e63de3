package knowledge

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"sync"
)

// The measures of the dense search.
const (
	// exactBelow is how many passages are measured one by one: up to there it takes
	// no longer than to compare signs and measure the proposals.
	exactBelow = 1024
	// similar is how many passages of the fewest different signs are looked at closer,
	// and measured how many of them exactly, of a hundred thousand passages or fewer; of
	// more, as many more.
	similar  = 1200
	measured = 300
)

// scaled gives one of these for a number of passages.
func scaled(measure, passages int) int {
	return max(measure, measure*passages/100_000)
}

// Engine searches passages in memory. It holds what a search needs and no texts: the
// indexes that keep those, Memory and the one in knowledge/sqlite, feed it and put the
// hits together.
//
// The dense search compares signs (see signs) and measures the best of them
// exactly; the lexical one goes through postings and is exact. Both look only at
// passages that the query may find.
//
// 100,000 passages of a hundred words with vectors of 512 dimensions take 200 MB: 102
// the vectors, 6 their signs, about 45 the postings, 15 the numbers of each passage's
// terms, and the rest the names of passages, documents and terms (BenchmarkOpen of
// knowledge/sqlite, which keeps the texts in its file).
//
// It is safe for concurrent use. A writer keeps searches out only while it changes
// memory.
type Engine struct {
	dim int
	// turns lets as many searches compute at a time as there are processors: more of them
	// would only make each other slow.
	turns chan struct{}
	tools sync.Pool // of *tools

	mu      sync.RWMutex
	members map[string]*member
	shards  map[string]*shard
}

// tools are what a search works with.
type tools struct {
	scorer
	scanner
}

// Passage is a chunk as an Engine takes it.
type Passage struct {
	// Key is what the owner finds the chunk's text by. Found gives it back.
	Key int64
	// ID, Hash and Tokens are those of the Chunk.
	ID, Hash string
	Tokens   int
	// Words is the length of the chunk's IndexText in Tokens, repetitions included, and
	// Terms counts them, by PackTerms.
	Words int
	Terms []byte
	// Vector is the chunk's vector, by PackVector.
	Vector  []byte
	Revoked bool
}

// Found is a passage in a ranking.
type Found struct {
	Fused
	Key int64
}

// NewPassage prepares a chunk of a document for an Engine. This is the slow part of
// indexing.
func NewPassage(d Document, c Chunk) Passage {
	tokens := Tokens(d.Locale, IndexText(d, c))
	return Passage{
		ID: c.ID, Hash: c.Hash, Tokens: c.Tokens, Words: len(tokens),
		Terms: PackTerms(Frequencies(tokens)), Vector: PackVector(c.Vector), Revoked: c.Revoked,
	}
}

// NewEngine returns an empty engine for vectors of a length, which must be more than 0.
func NewEngine(dim int) (*Engine, error) {
	if dim <= 0 {
		return nil, fmt.Errorf("dimension %d is not more than 0", dim)
	}
	return &Engine{
		dim: dim, turns: make(chan struct{}, runtime.GOMAXPROCS(0)), tools: sync.Pool{New: func() any { return new(tools) }},
		members: map[string]*member{}, shards: map[string]*shard{},
	}, nil
}

// Put places a document with these passages where the document was. An error says that
// a passage is damaged, and changes nothing.
func (e *Engine) Put(d Document, passages []Passage) error {
	return e.Fill(func(put func(Document, []Passage) error) error { return put(d, passages) })
}

// Fill puts many documents, in less time than one by one. Searches wait until it is
// done.
func (e *Engine) Fill(from func(put func(Document, []Passage) error) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	filled := map[*shard]bool{}
	err := from(func(d Document, passages []Passage) error {
		for _, p := range passages {
			if err := e.check(p); err != nil {
				return fmt.Errorf("passage %s: %w", p.ID, err)
			}
		}
		e.remove(d.ID)
		sh := e.shard(Language(d.Locale))
		filled[sh] = true
		m := &member{id: d.ID, meta: Meta{Audience: d.Audience, Markets: d.Markets, ValidFrom: d.ValidFrom, ValidTo: d.ValidTo}}
		e.members[d.ID] = m
		return sh.append(m, passages)
	})
	for sh := range filled {
		sh.settle()
	}
	return err
}

// check looks at what may come out of a damaged file.
func (e *Engine) check(p Passage) error {
	switch {
	case len(p.Vector) != 4+2*e.dim:
		return ErrDimension
	case p.Words < 0 || p.Words > math.MaxInt32:
		return errDamaged
	}
	return readTerms(p.Terms, func([]byte, uint16) {})
}

func (e *Engine) shard(language string) *shard {
	if e.shards[language] == nil {
		e.shards[language] = newShard(language, e.dim)
	}
	return e.shards[language]
}

// Remove takes a document out. One that the engine does not have is no error.
func (e *Engine) Remove(documentID string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.remove(documentID)
}

func (e *Engine) remove(documentID string) {
	if m := e.members[documentID]; m != nil {
		m.shard.remove(m)
		delete(e.members, documentID)
	}
}

// Revoke says anew of every passage whether it is revoked.
func (e *Engine) Revoke(isRevoked func(documentID, hash string) bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, sh := range e.shards {
		sh.revoke(isRevoked)
	}
}

// errTurn says that a search had to wait for others for too long.
var errTurn = errors.New("too many searches at a time")

// Search ranks the passages that answer the query.
func (e *Engine) Search(ctx context.Context, q Query) ([]Found, error) {
	if q.Vector != nil && len(q.Vector) != e.dim {
		return nil, fmt.Errorf("question: %w: %d, not %d", ErrDimension, len(q.Vector), e.dim)
	}
	q = q.Directed()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	select {
	case e.turns <- struct{}{}:
		defer func() { <-e.turns }()
	case <-ctx.Done():
		return nil, fmt.Errorf("search: %w: %w", errTurn, ctx.Err())
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	candidates, keys := e.candidates(q)
	ranking := Rank(q, candidates)
	found := make([]Found, len(ranking))
	for i, f := range ranking {
		found[i] = Found{Fused: f, Key: keys[f.ChunkID]}
	}
	return found, nil
}

// spot names a passage.
type spot struct {
	shard *shard
	slot  int32
}

// candidates are the best of both searches, with their keys by chunk ID.
func (e *Engine) candidates(q Query) ([]Candidate, map[string]int64) {
	dense, lexical := e.best(q)
	list := make([]Candidate, 0, len(dense)+len(lexical))
	spots, keys := make(map[spot]int, 2*Depth), make(map[string]int64, 2*Depth)
	at := func(s scored) *Candidate {
		p := spot{s.shard, s.slot}
		i, known := spots[p]
		if !known {
			i = len(list)
			spots[p] = i
			list = append(list, s.shard.candidate(s.slot))
			keys[list[i].ChunkID] = s.shard.keys[s.slot]
		}
		return &list[i]
	}
	for _, s := range dense {
		c := at(s)
		c.ByDense, c.Dense = true, s.score
	}
	for _, s := range lexical {
		c := at(s)
		c.ByLexical, c.Lexical, c.Self = true, s.score, s.self
		if q.Vector != nil && !c.ByDense {
			c.Dense = s.shard.vectors.cosine(q.Vector, s.slot)
		}
	}
	return list, keys
}

// best runs both searches over the languages of the query, side by side while
// another processor has nothing to do.
func (e *Engine) best(q Query) (dense, lexical []scored) {
	t, _ := e.tools.Get().(*tools)
	defer e.tools.Put(t)
	if q.Vector == nil || q.Text == "" || !e.tryTurn() {
		return e.dense(q, &t.scanner), e.lexical(q, &t.scorer)
	}
	var other sync.WaitGroup
	other.Go(func() {
		defer func() { <-e.turns }()
		lexical = e.lexical(q, &t.scorer)
	})
	dense = e.dense(q, &t.scanner)
	other.Wait()
	return dense, lexical
}

// tryTurn takes one more turn if there is one to spare.
func (e *Engine) tryTurn() bool {
	select {
	case e.turns <- struct{}{}:
		return true
	default:
		return false
	}
}

func (e *Engine) dense(q Query, s *scanner) []scored {
	best := newTop(Depth)
	for sh := range e.searched(q) {
		if allowed := sh.mask(q, e.members); q.Vector != nil && allowed.count > 0 {
			sh.dense(q.Vector, allowed, s, best)
		}
	}
	return best.sorted()
}

func (e *Engine) lexical(q Query, s *scorer) []scored {
	best := newTop(Depth)
	for sh := range e.searched(q) {
		if allowed := sh.mask(q, e.members); q.Text != "" && allowed.count > 0 {
			sh.lexical(sh.words.Plan(q), allowed, s, best)
		}
	}
	return best.sorted()
}

// searched gives the languages of the query, always in the same order.
func (e *Engine) searched(q Query) func(yield func(*shard) bool) {
	return func(yield func(*shard) bool) {
		asked := Language(q.Locale)
		for _, language := range slices.Sorted(maps.Keys(e.shards)) {
			if (asked == "" || asked == language) && !yield(e.shards[language]) {
				return
			}
		}
	}
}
