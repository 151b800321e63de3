package pgvector

import (
	"sync/atomic"
	"time"

	"github.com/recado/recado/knowledge"
)

// freshness says when which generation of the index was the current one, so that searches
// that may take a state of a moment ago need not ask the database.
type freshness struct {
	// writes counts the transactions by which the process may have changed the index.
	// Whatever was asked before one of them says nothing any more.
	writes atomic.Int64
	told   atomic.Pointer[told]
}

// told is what the database told of its generation, by when it was asked.
type told struct {
	at                 time.Time
	writes, generation int64
}

// asks is called before the database is asked.
func (f *freshness) asks() told { return told{at: time.Now(), writes: f.writes.Load()} }

// hears takes the answer.
func (f *freshness) hears(t told, generation int64) {
	t.generation = generation
	f.told.Store(&t)
}

// within says whether a generation was the current one that long ago, and the process has
// not changed it.
func (f *freshness) within(age time.Duration, generation int64) bool {
	t := f.told.Load()
	return age > 0 && t != nil && t.generation == generation && t.writes == f.writes.Load() && time.Since(t.at) <= age
}

// remembered answers a query whose Age allows it from what the process keeps alone, where
// it keeps all of it, and gives nil otherwise.
func (x *Index) remembered(q knowledge.Query) []knowledge.Hit {
	r := x.words.ready(q)
	if !r.ready || r.few == nil || !x.fresh.within(q.Age, r.generation) {
		return nil
	}
	p := proposals{q: q, generation: r.generation}
	if missing := x.keptOf(r.few, &p); len(missing) > 0 {
		return nil
	}
	if !x.words.prepare(q, &r) || len(r.fetched.postings) > 0 {
		return nil
	}
	p.lexical = x.words.find(r)
	p.nearest()
	return x.kept(&p)
}
