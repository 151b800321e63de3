package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/simulate"
	"github.com/recado/recado/evals/suite"
)

// Config is what Run works with. Suite and System are needed.
type Config struct {
	Suite  suite.Suite
	System System
	// Judge finds statements true or false; nil leaves them out.
	Judge Judge
	// Cast plays the customers of cases that are played, by default from a script.
	Cast simulate.Cast
	// Repeat is how often each case is run: once by default. Parallel is how many cases
	// run at the same time: 2 by default.
	Repeat, Parallel int
	// Revision is that of the working directory.
	Revision string
	// Session gives the context of a case and its try, by Key, for whoever records what
	// providers answer; nil gives the same.
	Session func(ctx context.Context, key string) context.Context
	// Started is when the run began, by default now.
	Started time.Time
	// Untimed leaves out how long things took, so that two runs with the same outcome are
	// the same.
	Untimed bool
	// Done are results of a run that was interrupted, by Key, which are taken as they are.
	Done map[string]runs.Result
	// Keep is called with each new result, never twice at a time; its error ends the run.
	Keep func(runs.Result) error
	// Progress is called after every case with how many are done, never twice at a time.
	Progress func(done, passed, failed int)
}

// Outages is how many cases in a row may find a provider away before a run gives up: what
// is gone is not worth asking five thousand times.
const outages = 20

// ErrProviderAway says that a run gave up because a provider was away. What was found
// until then is in the run, which can be taken up again.
var ErrProviderAway = fmt.Errorf("%d cases in a row found a provider away", outages)

// Key names a result within its run.
func Key(id string, try int) string { return fmt.Sprintf("%s#%d", id, try) }

// state is a run on its way.
type state struct {
	Config
	mu      sync.Mutex
	results []runs.Result
	there   []bool
	done    int
	passed  int
	failed  int
	away    int
}

// Header is the run before anything is found.
func (c Config) Header() runs.Run {
	started := c.Started
	if started.IsZero() {
		started = time.Now()
	}
	r := runs.Run{
		Suite: c.Suite.Name, Revision: c.Revision, Config: c.System.Fingerprint(), Started: started.UTC().Truncate(time.Second),
		System: c.System.Name(), Model: c.System.Model(), Repeat: cmp.Or(c.Repeat, 1), Costs: runs.Costs(c.Suite.Costs), Content: c.Suite.Hash(),
		Planned: len(c.Suite.Cases) * cmp.Or(c.Repeat, 1),
	}
	if c.Judge != nil {
		r.Judge = c.Judge.Name()
	}
	if c.Cast != nil && c.Cast.Name() != (simulate.Scripted{}).Name() {
		// Other customers hold other talks.
		r.Config += " " + c.Cast.Name()
	}
	r.ID = r.Name()
	return r
}

// Run takes every case through the system. The results are in the order of the suite,
// whatever ran first. With an error, the run holds what was found until then and is not
// complete; it has no figures: those are runs.Measure's.
func Run(ctx context.Context, c Config) (runs.Run, error) {
	if c.System == nil || len(c.Suite.Cases) == 0 {
		return runs.Run{}, errors.New("runner: a system and cases are needed")
	}
	c.Repeat, c.Parallel = cmp.Or(c.Repeat, 1), cmp.Or(c.Parallel, 2)
	if c.Cast == nil {
		c.Cast = simulate.Scripted{}
	}
	n := len(c.Suite.Cases) * c.Repeat
	s := &state{Config: c, results: make([]runs.Result, n), there: make([]bool, n)}
	run := c.Header()
	err := s.all(ctx)
	for i, r := range s.results {
		if s.there[i] {
			run.Results = append(run.Results, r)
			run.Threshold = cmp.Or(run.Threshold, thresholdOf(r))
		}
	}
	if run.Complete = err == nil; run.Complete {
		run.Planned = 0
	}
	run.Passed, run.Failed, run.Cases = s.passed, s.failed, s.passed+s.failed
	return run, err
}

// thresholdOf is the confidence from which the answers of a case are sent.
func thresholdOf(r runs.Result) float64 {
	for _, step := range r.Steps {
		if step.Scored {
			return step.Threshold
		}
	}
	return 0
}

func (s *state) all(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(s.Parallel)
	for i := range s.results {
		one, try := s.Suite.Cases[i/s.Repeat], i%s.Repeat+1
		if before, ok := s.Done[Key(one.ID, try)]; ok {
			s.add(i, before)
			continue
		}
		group.Go(func() error { return s.one(ctx, i, one, try) })
	}
	return group.Wait()
}

// one runs a case. A case that was cut off by the end of the context is no result.
func (s *state) one(ctx context.Context, i int, c suite.Case, try int) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("runner: %w", err)
	}
	session := ctx
	if s.Session != nil {
		session = s.Session(ctx, Key(c.ID, try))
	}
	r, err := s.take(session, c, try)
	if stopped := ctx.Err(); stopped != nil {
		return fmt.Errorf("runner: %w", stopped)
	}
	if err != nil {
		return err
	}
	return s.finish(i, r)
}

// finish keeps a result. A provider that stays away ends the run.
func (s *state) finish(i int, r runs.Result) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Outage == "" {
		s.away = 0
	} else if s.away++; s.away >= outages {
		return ErrProviderAway
	}
	// An outage is asked again when the run is taken up.
	if s.Keep != nil && r.Outage == "" {
		if err := s.Keep(r); err != nil {
			return fmt.Errorf("runner: keep the result of %s: %w", r.ID, err)
		}
	}
	s.count(i, r)
	return nil
}

func (s *state) add(i int, r runs.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(i, r)
}

func (s *state) count(i int, r runs.Result) {
	s.results[i], s.there[i] = r, true
	s.done++
	switch {
	case r.Outage != "" || r.Skipped != "":
	case r.Passed:
		s.passed++
	default:
		s.failed++
	}
	if s.Progress != nil {
		s.Progress(s.done, s.passed, s.failed)
	}
}

// take takes one case through the system. Its error is one that every other case would have as well.
func (s *state) take(ctx context.Context, c suite.Case, try int) (runs.Result, error) {
	r := runs.Result{
		ID: c.ID, Try: try, Group: c.Group, Suite: c.Suite, Pair: c.Pair, Language: c.Language, Variant: c.Variant, Intent: c.Intent,
		Risk: c.Risk, Tags: c.Tags, Weight: cmp.Or(c.Weight, 1), File: c.File, Line: c.Line,
	}
	talk, err := s.System.Begin(ctx, c)
	if err == nil {
		if c.Simulate != nil {
			err = s.played(ctx, c, talk, &r)
		} else {
			err = s.steps(ctx, c, talk, &r)
		}
		err = errors.Join(err, talk.End())
	}
	switch {
	case errors.Is(err, ErrRefused):
		return r, err
	case errors.Is(err, ErrCannot):
		r.Skipped = sentence(err)
	case err != nil:
		r.Outage = sentence(err)
	default:
		r.Passed = !anyFailed(r.Steps)
	}
	return r, nil
}

func (s *state) steps(ctx context.Context, c suite.Case, talk Talk, r *runs.Result) error {
	seen := &heard{language: c.Language}
	expected, left := []string(nil), false
	for _, step := range c.Steps {
		o, err := talk.Do(ctx, step)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", c.File, step.Line, err)
		}
		whole := step.Expect
		step.Expect = told(whole, o.Untold)
		left = left || o.Fault != "" || !step.Expect.Empty()
		if !whole.Empty() {
			expected = append(expected, o.Untold...)
		}
		one := record(step, o)
		var j judgement
		if one.Checks, j, err = s.check(ctx, c, step, o, talk, seen); err != nil {
			return err
		}
		one.Unjudged, one.JudgeUsage = j.left, j.spent
		one.DraftRight = draftRight(step.Expect, one)
		if s.Untimed {
			one.Took, one.Stages = 0, nil
		}
		r.Steps = append(r.Steps, one)
	}
	if !left && len(expected) > 0 {
		slices.Sort(expected)
		return fmt.Errorf("%w: it tells nothing of what is expected here (%s)", ErrCannot, strings.Join(slices.Compact(expected), ", "))
	}
	return nil
}

// told is what is expected without what the system gives nothing for: nobody can say whether it held.
func told(e suite.Expect, untold []string) suite.Expect {
	for _, name := range untold {
		switch name {
		case "decision":
			e.Decision = nil
		case "reason":
			e.Reason = nil
		case "sources":
			e.Sources, e.Relevant = nil, slices.Concat(e.Relevant, e.Sources)
		case "actions":
			e.Actions = nil
		}
	}
	if slices.Contains(untold, "found") {
		e.Relevant = nil
	}
	return e
}

func anyFailed(steps []runs.Step) bool {
	for _, step := range steps {
		for _, c := range step.Checks {
			if !c.OK {
				return true
			}
		}
	}
	return false
}

// sentence is an error for whoever reads the report.
func sentence(err error) string { return err.Error() }
