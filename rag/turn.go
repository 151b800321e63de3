package rag

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/confidence"
	"github.com/recado/recado/rag/guard"
)

// turn is one question on its way through the pipeline.
type turn struct {
	p     *Pipeline
	q     Question
	a     Answer
	veil  *veil
	clock stopwatch
	hits  []knowledge.Hit
	// alone are what the model answered to questions that were asked by themselves, by their places.
	alone map[int]string
	// slips are the words of the question that were mistyped, with what was meant.
	slips map[string]string
	// request is what the model is asked; masked is the text of its draft as it wrote it,
	// with the placeholders.
	request Request
	masked  string
}

func (p *Pipeline) begin(q Question) *turn {
	q.Locale = supported(cmp.Or(q.Locale, DetectLocale(q.Text, "")))
	if q.At.IsZero() {
		q.At = p.now() // or rules that are no longer valid would be found
	}
	t := &turn{
		p: p, alone: map[int]string{}, q: q, veil: newVeil(q.Orders, q.Receipts), clock: stopwatch{last: time.Now()},
		a: Answer{
			Locale: q.Locale, Orders: q.Orders, Model: p.model.name(), Receipts: slices.Clone(q.Receipts),
			Threshold: p.calibration.Threshold, Calibration: p.calibrated, Suggest: len(p.stale) > 0, Stale: p.stale,
			Clarify: p.calibration.Clarify,
		},
	}
	if !t.a.Suggest {
		t.a.Promise = cmp.Or(p.calibration.Promise, confidence.Marginal)
	}
	return t
}

// run takes the steps of a turn in their order.
func (t *turn) run(ctx context.Context) error {
	t.a.Query = rewrite(t.q)
	t.split()
	t.clock.lap("rewrite", &t.a)

	if namesNumber(t.q.Text + t.a.Query) {
		t.know()
	}
	if err := t.find(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrRetrieval, err)
	}

	t.know()
	t.request = t.newRequest()
	meanwhile := t.workAside()
	err := t.draft(ctx)
	t.clock.lap("complete", &t.a)
	if err != nil {
		return err
	}

	t.write(ctx)
	t.fill(ctx)
	revoked := t.revokedAside(ctx)
	t.ground()
	t.clock.lap("ground", &t.a)
	if t.repair(ctx) {
		revoked = t.revokedAside(ctx)
	}
	t.askBack()
	t.cover()
	risk := RiskOf(t.a.Text, aboutOrders(t.a))
	if err := t.checkRevoked(revoked()); err != nil {
		return fmt.Errorf("%w: %w", ErrRetrieval, err)
	}
	t.score(meanwhile(), risk)
	t.clock.lap("score", &t.a)
	return nil
}

// score says how sure the answer is.
func (t *turn) score(m meanwhile, risk string) {
	t.a.Features = features(t.p.words, t.a, t.hits, m)
	sufficient(t.a.Features, t.a, m.holds)
	t.a.Confidence = score(t.a, t.p.calibration, risk)
	t.a.OffTopic = t.offTopic(m)
}

// namesNumber tells whether a text may name an order. Then the search needs to know the
// order: its number is nothing to mask, and its day is the one whose rules hold.
func namesNumber(text string) bool { return strings.ContainsFunc(text, unicode.IsDigit) }

// know waits for the orders, if they are still being read.
func (t *turn) know() {
	if t.q.Coming == nil {
		return
	}
	t.q.Orders, t.q.Coming = t.q.Coming(), nil
	t.a.Orders = t.q.Orders
	t.veil.know(t.q.Orders)
	t.clock.last = time.Now() // reading them is a step of who asked
}

// find looks the passages up, orders them and takes the best.
func (t *turn) find(ctx context.Context) error {
	hits, err := t.lookUp(ctx)
	t.clock.lap("retrieve", &t.a)
	if err != nil {
		return err
	}
	if t.p.reranker != nil {
		ordered, failed := t.p.rerank(ctx, t.veil, t.a.Query, hits)
		hits = ordered
		t.clock.lap(map[bool]string{false: "rerank", true: "rerank_failed"}[failed], &t.a)
	}
	t.hits = hits
	t.slips = t.p.speller.slips(t.q.Locale, t.veil.plain(t.a.Query), hits)
	t.a.Slips = listed(t.slips)
	t.a.Candidates, t.a.Passages = t.p.choose(hits)
	t.veil.keep(t.a.Passages)
	return nil
}

func (t *turn) newRequest() Request {
	r := Request{
		Locale: t.q.Locale, Question: t.q.Text, Query: mended(t.a.Query, t.slips), History: t.q.History, Passages: t.a.Passages, Orders: t.q.Orders, At: t.q.At,
		Receipts: t.a.Receipts, Writable: t.q.Tools != nil, Clarified: t.q.Clarified, Conversation: t.q.Conversation,
	}
	for i, part := range t.a.Parts {
		r.Parts, r.PartQueries = append(r.Parts, part.Text), append(r.PartQueries, mended(t.queryOf(i), t.slips))
	}
	return r
}

// ask asks the model and counts what that took. A model that ran out of its time is a
// failed model; a caller that gave up keeps its own context error as well.
func (t *turn) ask(ctx context.Context) (drafted, error) {
	ctx, cancel := context.WithTimeout(ctx, t.p.modelTimeout)
	defer cancel()
	d, err := t.p.model.complete(ctx, t.veil, t.request)
	u := &t.a.Usage
	u.InputTokens += d.Usage.InputTokens
	u.OutputTokens += d.Usage.OutputTokens
	u.CachedTokens += d.Usage.CachedTokens
	u.CostMicros += d.Usage.CostMicros
	return d, err
}

// take makes a draft the answer's.
func (t *turn) take(d drafted) {
	t.a.Draft, t.a.Model = d.Draft, cmp.Or(d.Model, t.a.Model)
	t.a.Draft.SmallTalk = t.a.Draft.SmallTalk && guard.Courteous(t.q.Text) != ""
	t.a.Text, t.masked = strings.TrimSpace(d.Draft.Answer), d.masked
}

// revocations are what was taken back, or the error of looking.
type revocations struct {
	list []knowledge.Revocation
	err  error
}

// revokedAside looks once more at what was taken back: a model takes seconds, and whoever
// takes a passage back meanwhile is told that no answer rests on it from now on.
func (t *turn) revokedAside(ctx context.Context) (wait func() revocations) {
	if len(t.a.Passages) == 0 {
		return func() revocations { return revocations{} }
	}
	wait = aside(func() revocations {
		list, err := t.p.index.Revocations(ctx)
		return revocations{list, err}
	})
	runtime.Gosched() // so that it is asked for before the checks begin, and not when another core wakes
	return wait
}

// checkRevoked holds what the answer rests on against it.
func (t *turn) checkRevoked(revoked revocations) error {
	if len(t.a.Cited) == 0 {
		return nil
	}
	if revoked.err != nil {
		return revoked.err
	}
	var taken []string
	for _, c := range t.a.Cited {
		if slices.ContainsFunc(revoked.list, func(r knowledge.Revocation) bool { return r.DocumentID == c.DocumentID && r.Hash == c.Hash }) {
			taken = append(taken, strconv.Quote(c.ID))
		}
	}
	t.a.Checks = append(t.a.Checks, check(CheckRevoked, taken))
	return nil
}

// stopwatch writes down how long the steps took.
type stopwatch struct{ last time.Time }

func (s *stopwatch) lap(name string, a *Answer) {
	now := time.Now()
	a.Stages = append(a.Stages, Stage{Name: name, Took: now.Sub(s.last)})
	s.last = now
}
