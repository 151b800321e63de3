package rag

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/confidence"
	"github.com/recado/recado/rag/guard"
)

// Defaults of Config.
const (
	defaultCandidates    = 20
	defaultPassages      = 8
	defaultEvidence      = 2400
	leastEvidence        = 200
	defaultRerankTimeout = 2 * time.Second
	defaultModelTimeout  = 20 * time.Second
	maxCandidates        = knowledge.Depth
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
	// Candidates is how many passages are looked up, 1 to knowledge.Depth; 0 means 20. All of
	// them go into the record, the best Passages of them before the model.
	Candidates int
	// Passages is how many passages the model sees, 1 to Candidates; 0 means 8.
	Passages int
	// Evidence is how many tokens these passages may take in the prompt together, by the
	// estimate of knowledge.CountTokens; 0 means 2,400, the least is 200.
	Evidence int
	// Glossary holds the shop's synonyms; nil means none.
	Glossary *Glossary
	// Reranker orders the candidates before the best are taken; nil leaves them in the
	// order of the search.
	Reranker Reranker
	// RerankTimeout bounds it; 0 means 2 s. When it fails, the order of the search stays.
	RerankTimeout time.Duration
	// Market is the ISO 3166 code of the market of customers whose own is not known.
	// Empty lets them have only what holds in all markets.
	Market string
	// Zone is where the shop's days begin; nil means UTC.
	Zone *time.Location
	// ModelTimeout bounds one call of the model with all its retries; 0 means
	// 20 s. It never extends the deadline of the caller's context.
	ModelTimeout time.Duration
	// Now is the clock for questions without a moment; nil means time.Now.
	Now func() time.Time
}

// Pipeline answers questions. It keeps nothing between them and is safe for
// concurrent use.
type Pipeline struct {
	index         Retriever
	searcher      Searcher
	model         Model
	calibration   *confidence.Calibration
	candidates    int
	passages      int
	evidence      int
	reranker      Reranker
	modelTimeout  time.Duration
	rerankTimeout time.Duration
	now           func() time.Time
	prompt        *prompt
	fingerprint   string
}

// New returns a Pipeline, or an error that names the field of the Config that is
// missing or out of range.
func New(c Config) (*Pipeline, error) {
	c.Candidates = cmp.Or(c.Candidates, defaultCandidates)
	c.Passages = cmp.Or(c.Passages, min(defaultPassages, c.Candidates))
	c.Evidence = cmp.Or(c.Evidence, defaultEvidence)
	c.Zone = cmp.Or(c.Zone, time.UTC)
	c.RerankTimeout = cmp.Or(c.RerankTimeout, defaultRerankTimeout)
	c.ModelTimeout = cmp.Or(c.ModelTimeout, defaultModelTimeout)
	if c.Now == nil {
		c.Now = time.Now
	}
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
		index: c.Index, model: c.Model, calibration: c.Calibration,
		candidates: c.Candidates, passages: c.Passages, evidence: c.Evidence, reranker: c.Reranker,
		searcher:     Searcher{Embedder: c.Embedder, Glossary: c.Glossary, Market: c.Market, Zone: c.Zone},
		modelTimeout: c.ModelTimeout, rerankTimeout: c.RerankTimeout, now: c.Now, prompt: prompt,
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
	case c.Evidence < leastEvidence:
		return fmt.Errorf("Config.Evidence is %d tokens, not %d or more", c.Evidence, leastEvidence)
	case c.RerankTimeout < 0:
		return fmt.Errorf("Config.RerankTimeout is negative: %v", c.RerankTimeout)
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
	reranker := ""
	if p.reranker != nil {
		reranker = p.reranker.Name()
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%s\x00%s\x00%s\x00%s\x00%s\x00%s\x00%d\x00%d\x00%d\x00%v\x00%v",
		p.model.Name(), p.searcher.Embedder.Name(), p.searcher.Embedder.Dim(), p.calibration.ID(), p.prompt.version, p.searcher.Glossary.Version(),
		reranker, p.searcher.Market, p.searcher.Zone, p.candidates, p.passages, p.evidence, p.rerankTimeout, p.modelTimeout))
	return hex.EncodeToString(sum[:6])
}

// Answer drafts, checks and scores an answer. On an error, which wraps
// ErrRetrieval or ErrModel, the Answer holds what was known until then, because
// a turn that failed has a decision record too. Whether the answer may be sent
// is not decided here: compare Confidence with Threshold and look at Checks.
func (p *Pipeline) Answer(ctx context.Context, q Question) (Answer, error) {
	q.Locale = supported(cmp.Or(q.Locale, DetectLocale(q.Text, "")))
	if q.At.IsZero() {
		q.At = p.now() // or rules that are no longer valid would be found
	}
	a := Answer{
		Locale: q.Locale, Orders: q.Orders, Model: p.model.Name(),
		Threshold: p.calibration.Threshold, Calibration: p.calibrationName(),
	}
	clock := stopwatch{last: time.Now()}

	a.Query = rewrite(q)
	clock.lap("rewrite", &a)

	hits, err := p.find(ctx, q, &a, &clock)
	if err != nil {
		return a, fmt.Errorf("%w: %w", ErrRetrieval, err)
	}

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
	err = p.checkRevoked(ctx, &a)
	clock.lap("ground", &a)
	if err != nil {
		return a, fmt.Errorf("%w: %w", ErrRetrieval, err)
	}

	a.Features = features(a, hits)
	a.Confidence = score(a, p.calibration)
	clock.lap("score", &a)
	return a, nil
}

// checkRevoked looks once more at what the answer rests on: a model takes seconds, and
// whoever takes a passage back meanwhile is told that no answer rests on it from now on.
func (p *Pipeline) checkRevoked(ctx context.Context, a *Answer) error {
	if len(a.Cited) == 0 {
		return nil
	}
	revoked, err := p.index.Revocations(ctx)
	if err != nil {
		return err
	}
	var taken []string
	for _, c := range a.Cited {
		if slices.ContainsFunc(revoked, func(r knowledge.Revocation) bool { return r.DocumentID == c.DocumentID && r.Hash == c.Hash }) {
			taken = append(taken, strconv.Quote(c.ID))
		}
	}
	a.Checks = append(a.Checks, check(CheckRevoked, taken))
	return nil
}

// find looks the passages up, orders them and takes the best.
func (p *Pipeline) find(ctx context.Context, q Question, a *Answer, clock *stopwatch) ([]knowledge.Hit, error) {
	hits, err := p.retrieve(ctx, a.Query, q)
	clock.lap("retrieve", a)
	if err != nil {
		return nil, err
	}
	if p.reranker != nil {
		ordered, failed := p.rerank(ctx, a.Query, hits)
		hits = ordered
		clock.lap(map[bool]string{false: "rerank", true: "rerank_failed"}[failed], a)
	}
	a.Candidates, a.Passages = p.choose(hits)
	return hits, nil
}

// Calibrated tells whether the calibration was fitted with the model and the embedder
// in use. If not, confidences order answers but are no probabilities, and the
// threshold promises nothing.
func (p *Pipeline) Calibrated() bool {
	return p.calibration.FittedWith(p.model.Name(), p.searcher.Embedder.Name())
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
