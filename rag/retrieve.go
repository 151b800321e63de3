package rag

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/knowledge"
)

// The limits of what is looked up.
const (
	// perDocument is how many passages of one document may be among the candidates: a
	// long policy must not push everything else out.
	perDocument = 3
	// surelyCovered is the share of the question's weight that a passage in the
	// customer's language has to hold for the other language not to be asked.
	surelyCovered = 0.5
	// foreignLead is how much more of the question's weight a passage in the other
	// language has to hold than the best one in the customer's own, and foreignNearer
	// how much nearer it has to be by meaning, to come before it.
	foreignLead   = 0.25
	foreignNearer = 0.05
	// meansMuch is the share from which on an embedder's vectors mean enough for that: a
	// hashed word is near itself alone.
	meansMuch = 0.3
	// indexAge is how long ago what is searched may have been the state of the index. A model
	// takes longer than that, and what is taken back meanwhile is looked up after it.
	indexAge = 200 * time.Millisecond
	// foreignPassages is how many passages in the other language come before the
	// customer's own when their best one leads.
	foreignPassages = 2
)

// Reranker orders passages by how well they answer a question. It gives one score
// for each passage, in their order, higher for better; scores compare within one
// call only. Implementations are safe for concurrent use.
type Reranker interface {
	// Name identifies the model in the configuration hash.
	Name() string
	Rerank(ctx context.Context, question string, passages []string) ([]float64, error)
}

// retrieve searches in the customer's language, and in the other one where that does
// not cover the question: a passage in the other language is better than none, and
// the model is told its language. Only what customers of the market may read, and
// what was valid on the day asked about, is found.
func (p *Pipeline) retrieve(ctx context.Context, v *veil, query string, q Question) ([]knowledge.Hit, error) {
	if strings.TrimSpace(query) == "" {
		return nil, nil
	}
	search, err := p.searcher.query(ctx, v, query, q)
	if err != nil {
		return nil, err
	}
	search.Limit, search.PerDocument, search.Distinct, search.Age = p.candidates, perDocument, true, indexAge
	// Hardly any question is covered in its own language, and waiting to know that takes as
	// long as the search itself. So both are asked at once.
	foreign := p.searchAside(ctx, search, otherLanguage(q.Locale))
	own, err := p.index.Search(ctx, search)
	also := foreign()
	if err != nil || covered(own) >= surelyCovered {
		return own, err
	}
	if also.err != nil {
		return nil, also.err
	}
	return join(own, also.hits, search.DenseShare, p.candidates), nil
}

// found are the hits of a search, or its error.
type found struct {
	hits []knowledge.Hit
	err  error
}

// searchAside begins a search in a language and gives what waits for it.
func (p *Pipeline) searchAside(ctx context.Context, search knowledge.Query, locale string) (wait func() found) {
	search.Locale = locale
	return aside(func() found {
		hits, err := p.index.Search(ctx, search)
		return found{hits, err}
	})
}

// Searcher turns a question into what an index is asked: the question with what came
// before it if it leans on that, its vector, the shop's synonyms, and for whom and
// which day passages have to hold.
type Searcher struct {
	// Embedder turns questions into vectors. Required.
	Embedder knowledge.Embedder
	// Glossary, Market and Zone are as in Config; Zone is required.
	Glossary *Glossary
	Market   string
	Zone     *time.Location
}

// Query gives the question as it is searched for and the query for documents in the
// customer's own language, without a Limit. Question.Locale and At have to be known.
func (s Searcher) Query(ctx context.Context, q Question) (rewritten string, query knowledge.Query, err error) {
	v := newVeil(q.Orders, q.Receipts)
	rewritten = s.rephrased(v, q.Locale, rewrite(q))
	query, err = s.query(ctx, v, rewritten, q)
	return rewritten, query, err
}

// rephrased is a question as documents put it, where the embedder has one other way for all
// of it. What holds personal data stays as it was written.
func (s Searcher) rephrased(v *veil, locale, text string) string {
	if others := s.rephrase(v, locale, text); len(others) == 1 {
		return others[0]
	}
	return text
}

func (s Searcher) rephrase(v *veil, locale, text string) []string {
	e, ok := s.Embedder.(Rephraser)
	if !ok || v.plain(text) != text {
		return nil
	}
	return e.Rephrase(locale, text)
}

// query is for the index, which is the shop's own: it is searched by the customer's words
// as they are.
func (s Searcher) query(ctx context.Context, v *veil, rewritten string, q Question) (knowledge.Query, error) {
	vector, err := embedMasked(ctx, s.Embedder, v, rewritten)
	if err != nil {
		return knowledge.Query{}, err
	}
	also := s.Glossary.Expand(rewritten)
	if e, ok := s.Embedder.(Expander); ok {
		also = strings.TrimSpace(also + " " + expandMasked(e, v, q.Locale, rewritten))
	}
	query := knowledge.Query{
		Text: rewritten, Also: also, TextLocale: q.Locale, Vector: vector, Locale: q.Locale, Audience: knowledge.AudienceCustomer,
		Market: cmp.Or(q.Market, s.Market), Day: dayAsked(q, s.Zone),
	}
	if w, ok := s.Embedder.(knowledge.Weighted); ok {
		query.DenseShare = w.DenseShare()
	}
	return query, nil
}

// covered is the share of the question's weight in the best passage by words.
func covered(hits []knowledge.Hit) float64 {
	best := 0.0
	for _, h := range hits {
		if h.Self > 0 {
			best = max(best, h.Lexical/h.Self)
		}
	}
	return best
}

func nearest(hits []knowledge.Hit) float64 {
	best := 0.0
	for _, h := range hits {
		best = max(best, h.Dense)
	}
	return best
}

// join puts the passages of the other language behind those of the customer's own,
// or the best of them before, when they hold clearly more of the question or are
// clearly nearer to it. Where one of these has a counterpart in the customer's language
// that was found as well, that one comes before, and it stays behind.
func join(own, foreign []knowledge.Hit, denseShare float64, limit int) []knowledge.Hit {
	lead := covered(foreign) >= covered(own)+foreignLead ||
		(denseShare == 0 || denseShare >= meansMuch) && nearest(foreign) >= nearest(own)+foreignNearer
	first := 0
	if lead {
		first = min(foreignPassages, len(foreign))
	}
	var before, behind []knowledge.Hit
	for _, f := range foreign[:first] {
		if h, ok := inOwnLanguage(own, f); ok {
			before, behind = append(before, h), append(behind, f)
			continue
		}
		before = append(before, f)
	}
	joined := make([]knowledge.Hit, 0, limit)
	there := make(map[string]bool, limit)
	for _, list := range [...][]knowledge.Hit{before, own, behind, foreign[first:]} {
		for i := range list {
			if id := list[i].Chunk.ID; len(joined) < limit && !there[id] {
				there[id], joined = true, append(joined, list[i])
			}
		}
	}
	return joined
}

func otherLanguage(locale string) string {
	if locale == english {
		return spanish
	}
	return english
}

// isDay matches the day at the beginning of a moment.
var isDay = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}`)

// dayAsked is the day whose rules the question is about: the day of the order when it
// names just one of the customer's own, since what was promised then holds, else the day
// that it names, and the day of the question otherwise.
func dayAsked(q Question, zone *time.Location) string {
	var days []string
	for _, number := range q.Orders.Asked {
		for _, o := range q.Orders.Orders {
			if sameOrder(o.Number, number) {
				days = append(days, dayPlaced(o.PlacedAt, zone))
			}
		}
	}
	if slices.Sort(days); len(slices.Compact(days)) == 1 && days[0] != "" {
		return days[0]
	}
	return cmp.Or(dayNamed(q, zone), q.At.In(zone).Format(time.DateOnly))
}

// dayPlaced is the day on which an order was placed, where the shop is: written in another
// zone it may be the day before or after. What is no moment begins with its day, or tells
// none.
func dayPlaced(moment string, zone *time.Location) string {
	if at, err := time.Parse(time.RFC3339, moment); err == nil {
		return at.In(zone).Format(time.DateOnly)
	}
	return isDay.FindString(moment)
}

// rerank orders the hits by the reranker's scores, ties as they were. Without one, or
// when it fails, the order of the search stays: a worse order is better than no
// answer. It says whether it failed.
func (p *Pipeline) rerank(ctx context.Context, v *veil, question string, hits []knowledge.Hit) (ordered []knowledge.Hit, failed bool) {
	if p.reranker == nil || len(hits) < 2 {
		return hits, false
	}
	ctx, cancel := context.WithTimeout(ctx, p.rerankTimeout)
	defer cancel()
	texts := make([]string, len(hits))
	for i, h := range hits {
		texts[i] = h.Document.Title + "\n" + knowledge.PromptText(h.Chunk)
	}
	scores, err := p.reranker.rerank(ctx, v, question, texts)
	if err != nil || len(scores) != len(hits) {
		return hits, true
	}
	order := make([]int, len(hits))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	ordered = make([]knowledge.Hit, len(hits))
	for i, at := range order {
		ordered[i] = hits[at]
	}
	return ordered, false
}

// choose writes down all candidates and takes the best as passages, in their order:
// at most as many as the model sees, and as fit into the evidence budget. The first
// passage comes whatever its length.
func (p *Pipeline) choose(hits []knowledge.Hit) ([]Candidate, []Passage) {
	candidates := make([]Candidate, 0, len(hits))
	passages := make([]Passage, 0, min(p.passages, len(hits)))
	tokens := 0
	for _, h := range hits {
		needed := p.promptTokens(h)
		used := len(passages) < p.passages && (len(passages) == 0 || tokens+needed <= p.evidence)
		candidates = append(candidates, Candidate{
			ChunkID: h.Chunk.ID, DocumentID: h.Document.ID, Version: h.Document.Version,
			Dense: h.Dense, Lexical: h.Lexical, Self: h.Self, Score: h.Score,
			DenseRank: h.DenseRank, LexicalRank: h.LexicalRank, Used: used,
		})
		if used {
			tokens += needed
			passages = append(passages, p.passage(h))
		}
	}
	return candidates, passages
}

// framed is what the prompt has around a passage.
type framed struct{ ID, Title, Locale string }

func (f framed) tokens() int {
	return knowledge.CountTokens("id: " + f.ID + "\ntitle: " + f.Title + "\nheading: \nlanguage: " + f.Locale + "\nquestion: \ntext:\n\n---\n")
}

// promptTokens is what a passage takes before the model: its content, and the lines
// that the prompt has around it.
func (p *Pipeline) promptTokens(h knowledge.Hit) int {
	return h.Chunk.Tokens + p.frames.Get(framed{h.Chunk.ID, h.Document.Title, h.Document.Locale})
}

func (p *Pipeline) passage(h knowledge.Hit) Passage {
	return Passage{
		ID: h.Chunk.ID, DocumentID: h.Document.ID, Title: h.Document.Title, Heading: h.Chunk.Heading,
		Locale: h.Document.Locale, Version: h.Document.Version, Hash: h.Chunk.Hash, Source: h.Document.Source,
		Text: p.harmless.Get(h.Chunk.Text), Question: h.Chunk.Question,
		Dense: h.Dense, Lexical: h.Lexical, Self: h.Self, Score: h.Score,
	}
}
