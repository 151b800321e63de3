package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/recado/recado/evals/cassette"
	"github.com/recado/recado/evals/replay"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/confidence"
)

// trial is a candidate that answers past turns.
type trial struct {
	settings settings
	pipeline *rag.Pipeline
	// passages are those of then; nil where the candidate searches by itself.
	passages *replay.Passages
	// today is the fingerprint of the configuration in use.
	today string
	// tape records what providers answer, or gives it; nil asks them.
	tape    *cassette.Cassette
	closers closers

	mu sync.Mutex
	// misses are the questions that a recording has no answer to.
	misses int
	miss   error
}

// openTrial puts a candidate together.
func openTrial(ctx context.Context, c console, s settings, candidate replay.Candidate, tape *cassette.Cassette) (*trial, error) {
	t := &trial{settings: s, tape: tape}
	if err := t.open(ctx, c, s, candidate); err != nil {
		return nil, t.closers.close(err)
	}
	return t, nil
}

func (t *trial) open(ctx context.Context, c console, s settings, candidate replay.Candidate) error {
	if err := t.change(candidate); err != nil {
		return err
	}
	embedder, err := openEmbedder(s, quietLog(c))
	if err != nil {
		return err
	}
	// The documents are read as they are, whatever they were indexed with.
	documents, err := openToLook(ctx, s, knowledge.IdentityOf(embedder), quietLog(c))
	if err != nil {
		return err
	}
	t.closers.add(documents.Close)
	t.passages = replay.NewPassages(documents)
	base, err := openPipeline(s, t.passages, replay.Unasked{Embedder: embedder}, nil, quietLog(c))
	if err != nil {
		return err
	}
	t.today = base.Fingerprint()
	return t.build(ctx, c, candidate)
}

// change applies the settings of a candidate.
func (t *trial) change(candidate replay.Candidate) error {
	rows := map[string]setting{}
	for _, r := range table() {
		rows[r.env] = r
	}
	for _, name := range slices.Sorted(maps.Keys(candidate.Settings)) {
		if searching(name) && !candidate.Searches() {
			return usagef("--candidate: %s changes what is found, and the passages of then would hide it; add `search: true` to search the documents of today, or name a folder of knowledge", name)
		}
		value := strings.TrimSpace(candidate.Settings[name])
		if wrong := rows[name].read(&t.settings, cmp.Or(value, rows[name].preset)); wrong != "" {
			return usagef("--candidate: %s %s", name, wrong)
		}
	}
	return nil
}

// build makes the candidate's pipeline.
func (t *trial) build(ctx context.Context, c console, candidate replay.Candidate) error {
	embedder, err := openEmbedder(t.settings, quietLog(c))
	if err != nil {
		return err
	}
	// The embedded one computes the same each time.
	if _, computed := embedder.(rag.Expander); t.tape != nil && !computed {
		embedder = t.tape.Embedder(embedder)
	}
	var retriever rag.Retriever = t.passages
	switch {
	case candidate.Knowledge != "":
		retriever, err = t.index(ctx, c, candidate.Knowledge, embedder)
	case candidate.Search:
		retriever, err = t.current(ctx, c, embedder)
	default:
		embedder = replay.Unasked{Embedder: embedder}
	}
	if err != nil {
		return err
	}
	if candidate.Searches() {
		t.passages = nil
	}
	calibration, err := t.calibration(candidate.Threshold)
	if err != nil {
		return err
	}
	t.pipeline, err = openPipelineFrom(t.settings, retriever, embedder, calibration, nil, t.tape, quietLog(c))
	return err
}

// calibration is the one of the settings, with another threshold where that is wanted: it
// promises what the one before promised, which is what is to be found out.
func (t *trial) calibration(threshold *float64) (*confidence.Calibration, error) {
	calibration, err := openCalibration(t.settings)
	if err != nil || threshold == nil {
		return calibration, err
	}
	if calibration == nil {
		if calibration, err = confidence.Default(); err != nil {
			return nil, err
		}
	}
	own := *calibration
	own.Threshold = *threshold
	return &own, nil
}

// index takes a folder of documents into memory.
func (t *trial) index(ctx context.Context, c console, folder string, e knowledge.Embedder) (_ rag.Retriever, err error) {
	m, err := knowledge.NewMemory(knowledge.IdentityOf(e))
	if err != nil {
		return nil, err
	}
	space := memorySpace{m, noVectors{}}
	scratch, remove, err := temporaryFolder()
	if err != nil {
		return nil, err
	}
	t.closers.add(remove)
	s := t.settings
	s.Data, s.DatabaseURL = scratch, ""
	in := &intake{stdin: c.in, log: quietLog(c)}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := in.open(s, space, e); err != nil {
		return nil, err
	}
	report, err := in.run(ctx, []string{folder}, knowledge.Options{})
	if err != nil {
		return nil, err
	}
	if n := len(report.Broken); n > 0 {
		printReport(c.err, report, false)
		return nil, fmt.Errorf("%s of the candidate did not go in, for the reasons above", counted(n, "document", "documents"))
	}
	return m, nil
}

// current is the index of today.
func (t *trial) current(ctx context.Context, c console, e knowledge.Embedder) (rag.Retriever, error) {
	x, err := openIndex(ctx, t.settings, e, quietLog(c))
	if err != nil {
		return nil, err
	}
	t.closers.add(x.Close)
	return x, nil
}

// answer is the candidate's answer to the question of a turn.
func (t *trial) answer(ctx context.Context, _ gateway.Record, q rag.Question) (rag.Answer, error) {
	a, err := t.pipeline.Answer(ctx, q)
	if errors.Is(err, cassette.ErrMiss) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.misses++
		if t.miss == nil || err.Error() < t.miss.Error() { // whoever came first must not decide
			t.miss = err
		}
	}
	return a, err
}

// missed is the error of a recording that has no answer to what was asked, with one of the
// requests and what in it is another than the recorded one.
func (t *trial) missed() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.misses == 0 {
		return nil
	}
	return fmt.Errorf("the recording has no answer to %s of past turns, so that nothing can be said of the candidate; one of them: %w", counted(t.misses, "request", "requests"), t.miss)
}

// gone counts what was found then and is not there any more.
func (t *trial) gone(ctx context.Context, was gateway.Record) (int, error) {
	if t.passages == nil {
		return 0, nil
	}
	return t.passages.Gone(ctx, was)
}
