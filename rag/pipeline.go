package rag

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/recado/recado/internal/recent"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/confidence"
	"github.com/recado/recado/rag/intent"
	"github.com/recado/recado/rag/receipts"
	"github.com/recado/recado/rag/sufficiency"
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
	// Rules are what the shop wants of its assistant, as from ReadRules: its tone, what it
	// never says. Models that read a prompt are told; the offline model is not.
	Rules string
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

// Pipeline answers questions. It keeps nothing of them, only the words of the passages that
// were found last, and is safe for concurrent use.
//
// It holds no Model and no Reranker but behind a mask, so that no step can ask one with
// what a customer wrote of themselves.
type Pipeline struct {
	index         Retriever
	searcher      Searcher
	model         maskedModel
	checker       *receipts.Checker
	calibration   *confidence.Calibration
	sufficiency   *sufficiency.Scorer
	topic         *intent.Topic
	speller       speller
	words         *recent.Cache[indexed, map[string]bool]
	harmless      *recent.Cache[string, string]
	frames        *recent.Cache[framed, int]
	candidates    int
	passages      int
	evidence      int
	reranker      *maskedReranker
	modelTimeout  time.Duration
	rerankTimeout time.Duration
	now           func() time.Time
	fingerprint   string
	stale         []string
	// calibrated names the calibration in every record.
	calibrated string
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
	scorer, err := sufficiency.Shipped()
	if err != nil {
		return nil, err
	}
	prompt, err := newPrompt(c.Rules)
	if err != nil {
		return nil, err
	}
	checker, err := receipts.New(receipts.Config{})
	if err != nil {
		return nil, fmt.Errorf("rag: %w", err)
	}
	p := &Pipeline{
		index: c.Index, model: maskedModel{model: c.Model, prompt: prompt}, checker: checker, calibration: c.Calibration, sufficiency: scorer, topic: intent.NewTopic(), speller: newSpeller(c.Model),
		words:      recent.New(wordsKept, indexed.terms),
		harmless:   recent.New(wordsKept, harmlessText),
		frames:     recent.New(wordsKept, framed.tokens),
		candidates: c.Candidates, passages: c.Passages, evidence: c.Evidence,
		searcher:     Searcher{Embedder: c.Embedder, Glossary: c.Glossary, Market: c.Market, Zone: c.Zone},
		modelTimeout: c.ModelTimeout, rerankTimeout: c.RerankTimeout, now: c.Now,
	}
	if c.Reranker != nil {
		p.reranker = &maskedReranker{c.Reranker}
	}
	p.fingerprint, p.stale = p.hash(), p.whyStale()
	p.calibrated = nameOf(p.calibration, p.stale)
	return p, nil
}

// whyStale says why the promise of the calibration does not hold for this pipeline.
func (p *Pipeline) whyStale() []string {
	reasons := p.calibration.Stale(p.Setting())
	if !p.calibration.Promises() {
		reasons = append(reasons, p.calibration.Note)
	}
	return reasons
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
	if err := checkRules(c.Rules); err != nil {
		return fmt.Errorf("Config.Rules: %w", err)
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
		reranker = p.reranker.reranker.Name()
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%s\x00%s\x00%s\x00%s\x00%s\x00%s\x00%d\x00%d\x00%d\x00%v\x00%v",
		p.model.name(), p.searcher.Embedder.Name(), p.searcher.Embedder.Dim(), p.calibration.ID(), p.model.prompt.version, p.searcher.Glossary.Version(),
		reranker, p.searcher.Market, p.searcher.Zone, p.candidates, p.passages, p.evidence, p.rerankTimeout, p.modelTimeout))
	return hex.EncodeToString(sum[:6])
}

// Answer drafts, checks and scores an answer. On an error, which wraps
// ErrRetrieval or ErrModel, the Answer holds what was known until then, because
// a turn that failed has a decision record too. Whether the answer may be sent
// is not decided here: look at Proposal, Refusal, AskBack and Checks, and compare
// Confidence with Threshold.
func (p *Pipeline) Answer(ctx context.Context, q Question) (Answer, error) {
	t := p.begin(q)
	err := t.run(ctx)
	t.a.Masked = t.veil.counts()
	return t.a, err
}

// Stale says in a sentence each why the threshold promises nothing: what changed since
// the calibration was fitted, or that its labels support no promise. Confidences order
// answers all the same, and every answer is a suggestion to a person. It is empty when
// the promise holds.
func (p *Pipeline) Stale() []string { return slices.Clone(p.stale) }

// nameOf says which calibration scores, and whether it holds.
func nameOf(c *confidence.Calibration, stale []string) string {
	if len(stale) == 0 {
		return c.ID()
	}
	return c.ID() + " (promises nothing here)"
}
