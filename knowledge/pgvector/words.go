package pgvector

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/recado/recado/knowledge"
)

// words is what the process knows of the index to search by words and to filter: the
// vocabulary, the facet of every chunk, and the postings that questions asked for. It
// takes some fifty bytes for each chunk besides. The database has it all; load and
// refresh bring it here, as of the generation.
type words struct {
	// budget is how many bytes of postings are kept.
	budget int
	clock  atomic.Int64
	// fewAtMost is the constant, but in tests.
	fewAtMost int

	mu                 sync.RWMutex
	loaded             bool
	generation, folded int64
	languages          map[string]*vocabulary
	facets             map[int32]facet
	// counts are the chunks of each facet that can be found.
	counts map[int32]int
	// pages are the chunks by number, nil where there are none.
	pages []*page
	bytes int
	// recent are the changes that added the fresh postings.
	recent []logged

	// passages are hits of former searches, and documents theirs, by number. What is gone,
	// and what belongs to a document that was touched, is dropped in step with the log.
	passages  *cache[kept]
	documents *cache[knowledge.Document]
}

// vocabulary are the words of one language.
type vocabulary struct {
	*knowledge.Lexicon
	// fresh are the postings of the changes that were not folded.
	fresh map[string][]posting
	// held are all the postings of a term, for terms that were asked for.
	held map[string]*held
}

type held struct {
	postings []posting
	used     atomic.Int64
}

// A page has the chunks of consecutive numbers: their facets, 0 where there is none
// and negative for a revoked one, their documents, and what every candidate is ranked by.
type page struct {
	facets, documents, tokens [pageSize]int32
	ids                       [pageSize]string
	chunks                    int
}

const pageSize = 4096

// defaultPostingsBytes holds the frequent words of some million passages.
const defaultPostingsBytes = 64 << 20

// postingBytes is what a posting takes in memory.
const postingBytes = 8

// newWords keeps at most so many bytes of postings, and so many of what hits show.
func newWords(budget, shown int) *words {
	if budget == 0 {
		budget = defaultPostingsBytes
	}
	return &words{
		budget: budget, fewAtMost: fewAtMost, passages: newCache[kept](shown - shown/8), documents: newCache[knowledge.Document](shown / 8),
		languages: map[string]*vocabulary{}, facets: map[int32]facet{}, counts: map[int32]int{},
	}
}

// reached says whether the process is at a moment or beyond, and its generation, which is
// -1 before anything is loaded.
func (w *words) reached(now moment) (generation int64, there bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if !w.loaded {
		return -1, false
	}
	return w.generation, w.generation >= now.generation && w.folded >= now.folded
}

func (w *words) language(language string) *vocabulary {
	v := w.languages[language]
	if v == nil {
		v = &vocabulary{Lexicon: knowledge.NewLexicon(language), fresh: map[string][]posting{}, held: map[string]*held{}}
		w.languages[language] = v
	}
	return v
}

// place puts a chunk under a facet; 0 takes it away.
func (w *words) place(no, document, facet int32) {
	at, i := int(no)/pageSize, int(no)%pageSize
	for at >= len(w.pages) {
		w.pages = append(w.pages, nil)
	}
	p := w.pages[at]
	if p == nil {
		p = &page{}
		w.pages[at] = p
	}
	before := p.facets[i]
	p.facets[i], p.documents[i] = facet, document
	if facet == 0 {
		p.ids[i] = ""
	}
	if w.counts[before]--; w.counts[before] == 0 {
		delete(w.counts, before)
	}
	w.counts[facet]++
	switch {
	case before == 0 && facet != 0:
		p.chunks++
	case before != 0 && facet == 0:
		if p.chunks--; p.chunks == 0 {
			w.pages[at] = nil
		}
	}
}

// name notes what a chunk that has its place is ranked by.
func (w *words) name(no int32, id string, tokens int) {
	p := w.pages[no/pageSize]
	p.ids[no%pageSize], p.tokens[no%pageSize] = id, int32(tokens)
}

// candidate is a chunk as it is ranked, empty when there is none. To tell documents apart
// their numbers do. The caller holds the lock.
func (w *words) candidate(no int32) knowledge.Candidate {
	at, i := int(no)/pageSize, no%pageSize
	if at >= len(w.pages) || w.pages[at] == nil || w.pages[at].facets[i] == 0 {
		return knowledge.Candidate{}
	}
	p := w.pages[at]
	return knowledge.Candidate{ChunkID: p.ids[i], DocumentID: strconv.Itoa(int(p.documents[i])), Tokens: int(p.tokens[i])}
}

// facetOf is the facet of a chunk, 0 when there is none.
func (w *words) facetOf(no int32) (facet, document int32) {
	if at := int(no) / pageSize; at < len(w.pages) && w.pages[at] != nil {
		return w.pages[at].facets[no%pageSize], w.pages[at].documents[no%pageSize]
	}
	return 0, 0
}

// logged is a change with its place in the log.
type logged struct {
	generation int64
	change
}

// keep keeps the passages of hits that were read at a generation and their documents,
// unless a change since may concern them.
func (w *words) keep(generation int64, read fresh) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.generation != generation {
		return
	}
	for no, d := range read.documents {
		w.documents.keep(no, *d, documentBytes)
	}
	for no, k := range read.passages {
		w.passages.keep(no, *k, k.size())
	}
}

// apply brings the process forward by changes, with the facets that there are now. It says
// false when some changes are missing: they are folded already, and all has to be loaded
// again.
func (w *words) apply(changes []logged, facets map[int32]facet, now moment) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.facets = facets
	for _, c := range changes {
		if c.generation <= w.generation {
			continue
		}
		if c.generation != w.generation+1 {
			return false
		}
		w.generation = c.generation
		w.count(c.removed, -1)
		w.count(c.added, 1)
		w.move(c.change)
		w.add(c)
	}
	if w.generation < now.generation {
		return false
	}
	if now.folded > w.folded {
		w.forget(now.folded)
	}
	return true
}

// count changes the vocabulary.
func (w *words) count(s section, sign int) {
	if len(s.chunks) == 0 {
		return
	}
	v, df := w.language(s.language), make([]int, len(s.terms))
	for _, c := range s.chunks {
		v.Grow(sign, sign*c.words)
		for _, t := range c.terms {
			df[t.term] += sign
		}
	}
	for i, term := range s.terms {
		v.Add(term, df[i])
	}
}

// move changes which chunks there are.
func (w *words) move(c change) {
	w.documents.forget(c.added.document)
	for _, gone := range c.removed.chunks {
		_, document := w.facetOf(gone.no)
		w.documents.forget(document)
		w.place(gone.no, 0, 0)
		w.passages.forget(gone.no)
	}
	for _, came := range c.added.chunks {
		w.place(came.no, c.added.document, came.facet)
		w.name(came.no, came.id, came.tokens)
	}
	for _, f := range c.facets {
		_, document := w.facetOf(f.no)
		w.place(f.no, document, f.facet)
		w.documents.forget(document)
		w.passages.forget(f.no)
	}
}

// add adds postings to those that are fresh and those that are held.
func (w *words) add(l logged) {
	if len(l.added.chunks) == 0 {
		return
	}
	l.removed = section{}
	w.recent = append(w.recent, l)
	v := w.language(l.added.language)
	for _, c := range l.added.chunks {
		for _, t := range c.terms {
			term, p := l.added.terms[t.term], newPosting(c, t.count)
			v.fresh[term] = append(v.fresh[term], p)
			if h := v.held[term]; h != nil {
				w.bytes += postingBytes
				h.postings = insert(h.postings, p)
			}
		}
	}
}

// insert puts a posting in its place, which is nearly always the last one.
func insert(list []posting, p posting) []posting {
	if len(list) == 0 || list[len(list)-1].no < p.no {
		return append(list, p)
	}
	at, found := slices.BinarySearchFunc(list, p.no, func(p posting, no int32) int { return cmp.Compare(p.no, no) })
	if found {
		return list
	}
	return slices.Insert(list, at, p)
}

// forget drops the fresh postings that are folded by now, and those of chunks that
// are gone from what is held.
func (w *words) forget(folded int64) {
	recent := w.recent
	w.folded, w.recent = folded, nil
	for _, v := range w.languages {
		clear(v.fresh)
		for _, h := range v.held {
			before := len(h.postings)
			h.postings = slices.DeleteFunc(h.postings, func(p posting) bool {
				facet, _ := w.facetOf(p.no)
				return facet == 0
			})
			w.bytes -= postingBytes * (before - len(h.postings))
		}
	}
	for _, l := range recent {
		if l.generation > folded {
			w.add(l)
		}
	}
}

// wanted are terms whose postings are not here.
type wanted struct{ language, term string }

// fetched are the postings of wanted terms, from the segments of a moment at which
// the log was folded up to a generation.
type fetched struct {
	folded   int64
	postings map[wanted][]posting
}

// hold keeps the postings that were fetched for a query. It refuses those of a moment
// before the last fold that the process knows of: what was fresh is forgotten.
func (w *words) hold(r readiness) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.fetched.folded < w.folded {
		return false
	}
	for term, list := range r.fetched.postings {
		v := w.language(term.language)
		if v.held[term.term] != nil {
			continue
		}
		h := &held{postings: merged(append(list, v.fresh[term.term]...))}
		h.used.Store(w.clock.Add(1))
		v.held[term.term] = h
		w.bytes += postingBytes * len(h.postings)
	}
	if w.bytes > w.budget {
		w.evict(r.plans)
	}
	return true
}

// evict drops what was not asked for the longest, until a quarter of the budget is
// free again, but no term of these plans.
func (w *words) evict(plans []planned) {
	asked := map[wanted]bool{}
	for _, p := range plans {
		for _, t := range p.Terms {
			asked[wanted{p.language, t.Term}] = true
		}
	}
	type entry struct {
		*held
		wanted
	}
	var all []entry
	for language, v := range w.languages {
		for term, h := range v.held {
			if t := (wanted{language, term}); !asked[t] {
				all = append(all, entry{h, t})
			}
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.used.Load(), b.used.Load()) })
	for _, e := range all {
		if w.bytes <= w.budget/4*3 {
			return
		}
		delete(w.languages[e.language].held, e.term)
		w.bytes -= postingBytes * len(e.postings)
	}
}

// sorted are the languages of the index.
func (w *words) sorted() []string { return slices.Sorted(maps.Keys(w.languages)) }
