package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/simulate"
	"github.com/recado/recado/evals/suite"
)

// settling is how long the shop's system has after the last word, before orders are looked
// at.
const settling = 2 * time.Minute

// Shelf is a Talk that can show all orders of its case, by number: what must not have
// changed is seen there.
type Shelf interface {
	Orders(ctx context.Context) (map[string]map[string]string, error)
}

// whole is a talk with a customer who is played, as it is judged at its end.
type whole struct {
	Outcome
	ending string
	turns  int
	seen   *heard
	before map[string]map[string]string
}

// played holds the talk of a case that is played. Each move is a step of the result, held
// to manners alone; the last step is the end, which the suite's expectation is about.
func (s *state) played(ctx context.Context, c suite.Case, talk Talk, r *runs.Result) error {
	who, err := s.Cast.Play(c, r.Try)
	if err != nil {
		return err
	}
	w := &whole{seen: &heard{language: c.Language}}
	if w.before, err = shelf(ctx, talk); err != nil {
		return err
	}
	if err := s.talked(ctx, c, who, talk, w, r); err != nil {
		return err
	}
	if err := settle(ctx, talk, w); err != nil {
		return err
	}
	end, err := s.ended(ctx, c, talk, w)
	if err != nil {
		return err
	}
	r.Steps = append(r.Steps, end)
	return nil
}

// talked lets the customer speak until they end it or have had their turns.
func (s *state) talked(ctx context.Context, c suite.Case, who simulate.Speaker, talk Talk, w *whole, r *runs.Result) error {
	heard := simulate.Heard{}
	for {
		m, err := who.Next(ctx, heard)
		if err != nil {
			return fmt.Errorf("%w: the customer of %s can't be played: %w", ErrOutage, c.ID, err)
		}
		if !m.Empty() {
			w.turns++
			o, err := s.moved(ctx, c, m, talk, w, r)
			if err != nil {
				return err
			}
			heard.Replies = o.Replies
		}
		switch {
		case m.End != "":
			w.ending = m.End
			return nil
		case w.turns >= c.Simulate.Turns, m.Empty():
			w.ending = suite.EndLimit
			return nil
		}
	}
}

// moved does one move of the customer. A farewell is answered as everything else, and
// decides nothing about the end.
func (s *state) moved(ctx context.Context, c suite.Case, m simulate.Move, talk Talk, w *whole, r *runs.Result) (Outcome, error) {
	step := suite.Step{Line: c.Simulate.Line, Say: m.Say, Voice: m.Voice, Tap: m.Tap}
	o, err := talk.Do(ctx, step)
	if err != nil {
		return o, fmt.Errorf("%s:%d: %w", c.File, step.Line, err)
	}
	one := record(step, o)
	// Nothing is expected of a single answer, so that nobody can say whether it was right.
	one.Scored = false
	var j judgement
	if one.Checks, j, err = s.check(ctx, c, step, o, talk, w.seen); err != nil {
		return o, err
	}
	one.Unjudged, one.JudgeUsage = j.left, j.spent
	if s.Untimed {
		one.Took, one.Stages = 0, nil
	}
	r.Steps = append(r.Steps, one)
	w.Replies, w.Actions, w.Untold = append(w.Replies, o.Replies...), append(w.Actions, o.Actions...), o.Untold
	if m.End == "" {
		w.Records = append(w.Records, o.Records...)
	}
	return o, nil
}

// settle lets what is under way arrive, where time can pass.
func settle(ctx context.Context, talk Talk, w *whole) error {
	o, err := talk.Do(ctx, suite.Step{Wait: settling})
	if errors.Is(err, ErrCannot) {
		return nil
	}
	w.Replies, w.Actions = append(w.Replies, o.Replies...), append(w.Actions, o.Actions...)
	return err
}

// ended is the last step of a talk: what it came to, held against what is expected.
func (s *state) ended(ctx context.Context, c suite.Case, talk Talk, w *whole) (runs.Step, error) {
	e := told(c.Simulate.Expect, w.Untold)
	one := runs.Step{Did: fmt.Sprintf("the end: %s, after %d turns", endings[w.ending], w.turns), Expected: e.Decision}
	if r, ok := decisive(w.Records); ok {
		one.Decision, one.Rule, one.Reason = string(r.Decision.Kind), r.Decision.Rule, string(r.Decision.Reason)
	}
	one.Actions = carried(w.Actions, e.Actions)
	all := w.Outcome
	list := slices.Concat(decided(e, all), said(e, all), sources(e, all), endedSo(e, w))
	if e.Actions != nil {
		list = append(list, acted(e.Actions, one.Actions))
	}
	after, err := orders(ctx, e, talk)
	if err != nil {
		return one, err
	}
	kept, err := untouched(ctx, e, talk, w.before)
	if err != nil {
		return one, err
	}
	j, err := s.judged(ctx, c, suite.Step{Line: e.Line, Expect: e}, all, w.seen)
	if err != nil {
		return one, err
	}
	one.Unjudged, one.JudgeUsage = j.left, j.spent
	one.Checks = slices.Concat(list, after, kept, j.checks)
	for i := range one.Checks {
		if one.Checks[i].OK && one.Checks[i].Score == 0 {
			one.Checks[i].Score = 1
		}
		one.Checks[i].Line = e.Line
	}
	return one, nil
}

// endings are the ends of a talk in words.
var endings = map[string]string{
	suite.EndDone: "the customer has what they wanted", suite.EndPerson: "the customer waits for a person",
	suite.EndGaveUp: "the customer gave up", suite.EndLimit: "the customer would still go on",
}

// endedSo are the checks of how it ended and how long it took.
func endedSo(e suite.Expect, w *whole) []runs.Check {
	var list []runs.Check
	if len(e.Ending) > 0 {
		list = append(list, oneOf("ending", e.Ending, w.ending))
	}
	if e.Turns > 0 {
		list = append(list, runs.Check{Name: "turns", OK: w.turns <= e.Turns, Want: fmt.Sprintf("at most %d turns", e.Turns), Got: fmt.Sprint(w.turns)})
	}
	return list
}

// sources is the check that one of the documents was cited, in any answer of the talk.
func sources(e suite.Expect, all Outcome) []runs.Check {
	if len(e.Sources) == 0 {
		return nil
	}
	check := runs.Check{Name: "sources", Want: strings.Join(e.Sources, " or "), Got: "nothing"}
	for _, r := range all.Records {
		if one := sourced(e, r); one.OK || one.Got != "" && !check.OK {
			check.OK, check.Got = check.OK || one.OK, one.Got
		}
	}
	return []runs.Check{check}
}

// carried are the writes that went out, without what was only proposed or read, unless the
// suite speaks of that too.
func carried(got []runs.Action, want []suite.Action) []runs.Action {
	return slices.DeleteFunc(slices.Clone(got), func(a runs.Action) bool {
		if a.Outcome != "proposed" && a.Outcome != "read" {
			return false
		}
		return !slices.ContainsFunc(want, func(w suite.Action) bool { return w.Outcome == a.Outcome })
	})
}

// shelf are all orders of a talk, or nil where they can't be seen.
func shelf(ctx context.Context, talk Talk) (map[string]map[string]string, error) {
	shown, ok := talk.(Shelf)
	if !ok {
		return nil, nil
	}
	return shown.Orders(ctx)
}

// untouched is the check that no order changed of which the suite does not say that it
// should: a wrong thing that was done is no success, whatever else was.
func untouched(ctx context.Context, e suite.Expect, talk Talk, before map[string]map[string]string) ([]runs.Check, error) {
	if before == nil {
		return nil, nil
	}
	after, err := shelf(ctx, talk)
	if err != nil {
		return nil, err
	}
	var changed []string
	for _, number := range slices.Sorted(maps.Keys(before)) {
		if expected(e, number) {
			continue
		}
		for _, name := range fieldsOf(before[number], after[number]) {
			if before[number][name] != after[number][name] {
				changed = append(changed, fmt.Sprintf("%s %s %s, was %s", number, name, after[number][name], before[number][name]))
			}
		}
	}
	return []runs.Check{{Name: "untouched", OK: len(changed) == 0, Want: "no other order changed", Got: strings.Join(changed, "; ")}}, nil
}

// expected tells whether the suite says what becomes of an order.
func expected(e suite.Expect, number string) bool {
	same := func(other string) bool {
		return strings.EqualFold(strings.TrimLeft(other, "#"), strings.TrimLeft(number, "#"))
	}
	if slices.ContainsFunc(e.Actions, func(a suite.Action) bool { return same(a.Order) }) {
		return true
	}
	return slices.ContainsFunc(slices.AppendSeq(slices.Clone(e.MayChange), maps.Keys(e.Orders)), same)
}

func fieldsOf(a, b map[string]string) []string {
	names := slices.Collect(maps.Keys(a))
	names = slices.AppendSeq(names, maps.Keys(b))
	slices.Sort(names)
	return slices.Compact(names)
}
