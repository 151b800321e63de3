package rag

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/confidence"
	"github.com/recado/recado/rag/guard"
)

// Defaults of Config.
const (
	defaultCandidates   = 20
	defaultPassages     = 8
	defaultModelTimeout = 20 * time.Second
	maxCandidates       = 100
)

// Config is what a Pipeline is made of.
type Config struct {
	// Index finds passages. Required.
	Index Retriever
	// Embedder turns questions into vectors; it has to be the one that the index
	// was filled with. Required.
	Embedder knowledge.Embedder
	// Model drafts answers. Required.
	Model Model
	// Calibration turns features into a probability and holds the threshold. Nil
	// means confidence.Default, which was fitted on the demo shop with the
	// offline model.
	Calibration *confidence.Calibration
	// Candidates is how many passages are looked up, 1 to 100; 0 means 20. All of
	// them go into the record, the best Passages of them before the model.
	Candidates int
	// Passages is how many passages the model sees, 1 to Candidates; 0 means 8.
	Passages int
	// ModelTimeout bounds one call of the model with all its retries; 0 means
	// 20 s. It never extends the deadline of the caller's context.
	ModelTimeout time.Duration
}

// Pipeline answers questions. It keeps nothing between them and is safe for
// concurrent use.
type Pipeline struct {
	index        Retriever
	embedder     knowledge.Embedder
	model        Model
	calibration  *confidence.Calibration
	candidates   int
	passages     int
	modelTimeout time.Duration
	prompt       *prompt
	fingerprint  string
}

// New returns a Pipeline, or an error that names the field of the Config that is
// missing or out of range.
func New(c Config) (*Pipeline, error) {
	c.Candidates = cmp.Or(c.Candidates, defaultCandidates)
	c.Passages = cmp.Or(c.Passages, min(defaultPassages, c.Candidates))
	c.ModelTimeout = cmp.Or(c.ModelTimeout, defaultModelTimeout)
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("rag: %w", err)
	}
	if c.Calibration == nil {
		embedded, err := confidence.Default()
		if err != nil {
			return nil, err
		}
		c.Calibration = embedded
	}
	prompt, err := newPrompt()
	if err != nil {
		return nil, err
	}
	p := &Pipeline{
		index: c.Index, embedder: c.Embedder, model: c.Model, calibration: c.Calibration,
		candidates: c.Candidates, passages: c.Passages, modelTimeout: c.ModelTimeout, prompt: prompt,
	}
	p.fingerprint = p.hash()
	return p, nil
}

func (c Config) validate() error {
	switch {
	case c.Index == nil:
		return errors.New("Config.Index is missing")
	case c.Embedder == nil:
		return errors.New("Config.Embedder is missing")
	case c.Model == nil:
		return errors.New("Config.Model is missing")
	case c.Candidates < 1 || c.Candidates > maxCandidates:
		return fmt.Errorf("Config.Candidates is %d, not 1 to %d", c.Candidates, maxCandidates)
	case c.Passages < 1 || c.Passages > c.Candidates:
		return fmt.Errorf("Config.Passages is %d, not 1 to %d", c.Passages, c.Candidates)
	case c.ModelTimeout < 0:
		return fmt.Errorf("Config.ModelTimeout is negative: %v", c.ModelTimeout)
	}
	return nil
}

// Fingerprint identifies everything that decides how this pipeline answers: the
// model, the embedder, the calibration, the prompt and the numbers of passages.
// It is 12 hexadecimal digits and goes into the decision record, so that two
// records can be told apart by configuration.
func (p *Pipeline) Fingerprint() string { return p.fingerprint }

func (p *Pipeline) hash() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%s\x00%s\x00%d\x00%d\x00%v",
		p.model.Name(), p.embedder.Name(), p.embedder.Dim(), p.calibration.ID(), p.prompt.version,
		p.candidates, p.passages, p.modelTimeout))
	return hex.EncodeToString(sum[:6])
}

// Answer drafts, checks and scores an answer. On an error, which wraps
// ErrRetrieval or ErrModel, the Answer holds what was known until then, because
// a turn that failed has a decision record too. Whether the answer may be sent
// is not decided here: compare Confidence with Threshold and look at Checks.
func (p *Pipeline) Answer(ctx context.Context, q Question) (Answer, error) {
	q.Locale = supported(cmp.Or(q.Locale, DetectLocale(q.Text, "")))
	a := Answer{
		Locale: q.Locale, Orders: q.Orders, Model: p.model.Name(),
		Threshold: p.calibration.Threshold, Calibration: p.calibrationName(),
	}
	clock := stopwatch{last: time.Now()}

	a.Query = rewrite(q)
	clock.lap("rewrite", &a)

	hits, err := p.retrieve(ctx, a.Query, q.Locale)
	if err != nil {
		clock.lap("retrieve", &a)
		return a, fmt.Errorf("%w: %w", ErrRetrieval, err)
	}
	a.Candidates, a.Passages = p.choose(hits)
	clock.lap("retrieve", &a)

	request, err := p.request(q, a)
	clock.lap("prompt", &a)
	if err != nil {
		return a, fmt.Errorf("%w: %w", ErrModel, err)
	}

	response, err := p.complete(ctx, request)
	clock.lap("complete", &a)
	if err != nil {
		return a, err
	}
	a.Draft, a.Usage, a.Model = response.Draft, response.Usage, cmp.Or(response.Model, a.Model)
	a.Draft.SmallTalk = a.Draft.SmallTalk && guard.Courteous(q.Text) != ""
	a.Text = strings.TrimSpace(response.Draft.Answer)

	a.Cited, a.Checks = ground(a)
	clock.lap("ground", &a)

	a.Features = features(a, hits)
	a.Confidence = score(a, p.calibration)
	clock.lap("score", &a)
	return a, nil
}

// Calibrated tells whether the calibration was fitted with the model and the embedder
// in use. If not, confidences order answers but are no probabilities, and the
// threshold promises nothing.
func (p *Pipeline) Calibrated() bool {
	return p.calibration.FittedWith(p.model.Name(), p.embedder.Name())
}

// calibrationName says which calibration scored, and whether it was fitted with
// the model and embedder in use. One fitted with others orders answers as well,
// but its probabilities are not to be taken at their word.
func (p *Pipeline) calibrationName() string {
	if p.Calibrated() {
		return p.calibration.ID()
	}
	return p.calibration.ID() + " (fitted with other models)"
}

// retrieve searches in the customer's language. Only when nothing at all is
// found there, all languages are searched: a passage in the other language is
// better than none, and the model is told its language.
func (p *Pipeline) retrieve(ctx context.Context, query, locale string) ([]knowledge.Hit, error) {
	if strings.TrimSpace(query) == "" {
		return nil, nil
	}
	vectors, err := p.embedder.Embed(ctx, []string{query})
	if err != nil {
		return nil, fmt.Errorf("embed the question: %w", err)
	}
	if len(vectors) != 1 {
		return nil, fmt.Errorf("embed the question: %d vectors for one text", len(vectors))
	}
	text := query
	if e, ok := p.embedder.(Expander); ok {
		text += "\n" + e.Expand(locale, query)
	}
	search := knowledge.Query{Text: text, Vector: vectors[0], Locale: locale, Limit: p.candidates}
	hits, err := p.index.Search(ctx, search)
	if err != nil || len(hits) > 0 {
		return hits, err
	}
	search.Locale = ""
	return p.index.Search(ctx, search)
}

// sureRanks is how many places of either search get their passage before the
// model whatever the fusion makes of them: a passage that is first by a rare word
// can be far from first by meaning.
const sureRanks = 2

// choose writes down all candidates and takes the best as passages, in the order
// of the fused score.
func (p *Pipeline) choose(hits []knowledge.Hit) ([]Candidate, []Passage) {
	candidates := make([]Candidate, 0, len(hits))
	passages := make([]Passage, 0, min(p.passages, len(hits)))
	sure := 0
	for _, h := range hits {
		if surely(h) {
			sure++
		}
	}
	for _, h := range hits {
		used := len(passages) < p.passages && (surely(h) || len(passages)+sure < p.passages)
		if surely(h) {
			sure--
		}
		candidates = append(candidates, Candidate{
			ChunkID: h.Chunk.ID, DocumentID: h.Document.ID, Version: h.Document.Version,
			Dense: h.Dense, Lexical: h.Lexical, Score: h.Score,
			DenseRank: h.DenseRank, LexicalRank: h.LexicalRank, Used: used,
		})
		if used {
			passages = append(passages, passage(h))
		}
	}
	return candidates, passages
}

func surely(h knowledge.Hit) bool {
	return h.LexicalRank > 0 && h.LexicalRank <= sureRanks || h.DenseRank > 0 && h.DenseRank <= sureRanks
}

func passage(h knowledge.Hit) Passage {
	return Passage{
		ID: h.Chunk.ID, DocumentID: h.Document.ID, Title: h.Document.Title, Heading: h.Chunk.Heading,
		Locale: h.Document.Locale, Version: h.Document.Version, Hash: h.Chunk.Hash, Source: h.Document.Source,
		Text: h.Chunk.Text, Question: h.Chunk.Question,
		Dense: h.Dense, Lexical: h.Lexical, Score: h.Score,
	}
}

func (p *Pipeline) request(q Question, a Answer) (Request, error) {
	r := Request{
		Locale: q.Locale, Question: q.Text, Query: a.Query, History: q.History,
		Passages: a.Passages, Orders: q.Orders, At: q.At,
	}
	messages, err := p.prompt.messages(r)
	if err != nil {
		return Request{}, fmt.Errorf("write the prompt: %w", err)
	}
	r.Messages = messages
	return r, nil
}

// complete asks the model. A model that ran out of its time is a failed model;
// a caller that gave up keeps its own context error as well.
func (p *Pipeline) complete(ctx context.Context, r Request) (Response, error) {
	ctx, cancel := context.WithTimeout(ctx, p.modelTimeout)
	defer cancel()
	response, err := p.model.Complete(ctx, r)
	switch {
	case err == nil:
		return response, nil
	case errors.Is(err, ErrModel):
		return Response{}, err
	default:
		return Response{}, fmt.Errorf("%w: %w", ErrModel, err)
	}
}

// stopwatch writes down how long the steps took.
type stopwatch struct{ last time.Time }

func (s *stopwatch) lap(name string, a *Answer) {
	now := time.Now()
	a.Stages = append(a.Stages, Stage{Name: name, Took: now.Sub(s.last)})
	s.last = now
}
