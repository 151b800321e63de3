package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
)

// longest is how many characters a reply may have where the suite says nothing: more is
// no message that people read on a phone.
const longest = 900

// heard is what the customer has been told and asked so far.
type heard struct {
	// language is that of the case, and spoken tells that something the customer wrote
	// speaks for it: after "STOP" or a thumb alone nobody can know it.
	language string
	spoken   bool
	// asked are the questions that replies held, folded.
	asked []string
	// talk is what was said in the steps before, a message in each.
	talk []string
}

// check holds what came of a step against what the suite expects of it, and tells what became of
// the statements that are for a judge.
func (s *state) check(ctx context.Context, c suite.Case, step suite.Step, o Outcome, talk Talk, seen *heard) (list []runs.Check, j judgement, err error) {
	e := step.Expect
	if o.Fault != "" {
		return []runs.Check{{Name: "endpoint", Want: "an answer in the form that is asked for", Got: o.Fault, Line: max(e.Line, step.Line)}}, j, nil
	}
	for _, text := range step.Say {
		seen.spoken = seen.spoken || rag.DetectLocale(text, "") == c.Language
	}
	list = append(decided(e, o), said(e, o)...)
	list = append(list, manners(step, o, seen)...)
	list = append(list, rested(e, o)...)
	if e.Actions != nil {
		list = append(list, acted(e.Actions, o.Actions))
	}
	list = append(list, hidden(step, o)...)
	after, err := orders(ctx, e, talk)
	if err != nil {
		return nil, j, err
	}
	list = append(list, after...)
	if j, err = s.judged(ctx, c, step, o, seen); err != nil {
		return nil, j, err
	}
	list = append(list, j.checks...)
	seen.hear(step, o)
	for i := range list {
		if list[i].OK && list[i].Score == 0 {
			list[i].Score = 1
		}
		if list[i].Line == 0 {
			list[i].Line = max(e.Line, step.Line)
		}
	}
	return list, j, nil
}

// decided are the checks of the decision and its reason.
func decided(e suite.Expect, o Outcome) []runs.Check {
	r, ok := decisive(o.Records)
	decision, reason := string(r.Decision.Kind), string(r.Decision.Reason)
	if !ok {
		decision = "none"
	}
	var list []runs.Check
	if len(e.Decision) > 0 {
		list = append(list, oneOf("decision", e.Decision, decision))
	}
	if len(e.Reason) > 0 {
		list = append(list, oneOf("reason", e.Reason, reason))
	}
	return list
}

func oneOf(name string, want []string, got string) runs.Check {
	return runs.Check{Name: name, OK: slices.Contains(want, got), Want: strings.Join(want, " or "), Got: got}
}

// said are the checks of what the replies say and must not say.
func said(e suite.Expect, o Outcome) []runs.Check {
	text := evals.NewSaid(texts(o.Replies))
	var list []runs.Check
	facts := e.Says
	if r, ok := decisive(o.Records); ok && r.Decision.Kind == gateway.DecideHandoff && len(e.Decision) > 1 && slices.Contains(e.Decision, "handoff") {
		// Who may leave it to a person, and does, owes no facts.
		facts = nil
	}
	for _, fact := range facts {
		list = append(list, runs.Check{Name: "says", OK: says(text, fact), Want: strings.Join(fact, " or "), Got: texts(o.Replies)})
	}
	for _, fact := range e.Never {
		list = append(list, runs.Check{Name: "never", OK: !says(text, fact), Want: "not: " + strings.Join(fact, " or "), Got: texts(o.Replies)})
	}
	return list
}

func says(text evals.Said, fact suite.Fact) bool { return slices.ContainsFunc(fact, text.Holds) }

func texts(replies []runs.Reply) string {
	var b strings.Builder
	for i, r := range replies {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(r.Text)
	}
	return b.String()
}

// manners are the checks of how it is said: language, length, one message for a burst, and
// nothing asked a second time.
func manners(step suite.Step, o Outcome, seen *heard) []runs.Check {
	e, text := step.Expect, texts(o.Replies)
	list := []runs.Check{replied(step, o)}
	if text == "" || step.Agent != "" {
		return list
	}
	if want := cmp.Or(e.Language, seen.language); e.Language != "" || seen.spoken {
		got := rag.DetectLocale(text, want)
		list = append(list, runs.Check{Name: "language", OK: got == want, Want: want, Got: got})
	}
	most := e.Length
	if most == 0 {
		most = longest
	}
	length := 0
	for _, r := range o.Replies {
		length = max(length, utf8.RuneCountInString(r.Text))
	}
	list = append(list, runs.Check{Name: "length", OK: length <= most, Want: fmt.Sprintf("at most %d characters", most), Got: fmt.Sprint(length)})
	again := ""
	for _, q := range questions(text) {
		if slices.Contains(seen.asked, evals.Fold(q)) {
			again = q
		}
		seen.asked = append(seen.asked, evals.Fold(q))
	}
	return append(list, runs.Check{Name: "asked_twice", OK: again == "", Want: "no question twice", Got: again})
}

// replied holds the number of messages against what is expected: by default no more than
// one for each turn that did something.
func replied(step suite.Step, o Outcome) runs.Check {
	e, n := step.Expect, len(o.Replies)
	if e.Replies != nil {
		return runs.Check{Name: "replies", OK: n == *e.Replies, Want: fmt.Sprint(*e.Replies), Got: fmt.Sprint(n)}
	}
	most := 0
	for _, r := range o.Records {
		if r.Outcome == gateway.OutcomeCommitted && r.Decision.Kind != gateway.DecideQuiet {
			most++
		}
	}
	if o.Records == nil || step.Agent == "say" {
		most++
	}
	return runs.Check{Name: "replies", OK: n <= most, Want: fmt.Sprintf("at most %d", most), Got: fmt.Sprint(n)}
}

// questions are the sentences of a text that ask.
func questions(text string) []string {
	var list []string
	begin := 0
	for i, r := range text {
		switch r {
		case '?':
			list = append(list, strings.TrimSpace(text[begin:i+1]))
			begin = i + 1
		case '.', '!', '\n':
			begin = i + 1
		}
	}
	return list
}

// rested are the checks of what an answer rests on.
func rested(e suite.Expect, o Outcome) []runs.Check {
	r, ok := decisive(o.Records)
	if !ok {
		return nil
	}
	var list []runs.Check
	if len(e.Sources) > 0 {
		list = append(list, sourced(e, r))
	}
	if r.Decision.Kind == gateway.DecideReply && r.Draft.Answer != "" {
		failed := ""
		for _, c := range r.Checks {
			if !c.OK {
				failed = c.Name + ": " + c.Detail
			}
		}
		list = append(list, runs.Check{Name: "grounded", OK: failed == "", Want: "every sentence backed", Got: failed})
	}
	return list
}

// sourced tells whether the answer rests on one of the sources. A row of a FAQ table, of which no suite
// knows the name, counts where nothing but its facts is asked for.
func sourced(e suite.Expect, r gateway.Record) runs.Check {
	ok := false
	for _, p := range r.Passages {
		if slices.Contains(r.Draft.Citations, p.ID) {
			ok = ok || slices.Contains(e.Sources, suite.DocumentName(p.DocumentID)) || p.Question != "" && len(e.Says) > 0
		}
	}
	return runs.Check{Name: "sources", OK: ok, Want: strings.Join(e.Sources, " or "), Got: strings.Join(cited(r), ", ")}
}

// acted holds what was done against what should have been, in order. Reading an order is nothing
// done to it: reads count where the suite expects one.
func acted(want []suite.Action, got []runs.Action) runs.Check {
	if !slices.ContainsFunc(want, func(a suite.Action) bool { return looksUp(a.Kind) }) {
		got = slices.DeleteFunc(slices.Clone(got), func(a runs.Action) bool { return looksUp(a.Kind) })
	}
	ok := len(want) == len(got)
	for i := range want {
		ok = ok && same(want[i], got[i])
	}
	return runs.Check{Name: "actions", OK: ok, Want: list(want, wanted), Got: list(got, done)}
}

// read is the outcome of a look-up that gave something.
const read = "read"

// looksUp tells whether an action is a look-up, which changes nothing.
func looksUp(kind string) bool {
	spec, known := action.Find(action.Kind(kind))
	return known && !spec.Write
}

func same(want suite.Action, got runs.Action) bool {
	if want.Kind != got.Kind || want.Order != "" && want.Order != got.Order || want.Outcome != "" && want.Outcome != got.Outcome {
		return false
	}
	for name, value := range want.Args {
		if evals.Fold(got.Args[name]) != evals.Fold(value) {
			return false
		}
	}
	return true
}

func list[T any](all []T, one func(T) string) string {
	if len(all) == 0 {
		return "nothing"
	}
	parts := make([]string, 0, len(all))
	for _, a := range all {
		parts = append(parts, one(a))
	}
	return strings.Join(parts, "; ")
}

func wanted(a suite.Action) string { return written(a.Kind, a.Order, a.Outcome, a.Args) }

func done(a runs.Action) string { return written(a.Kind, a.Order, a.Outcome, a.Args) }

func written(kind, order, outcome string, args map[string]string) string {
	parts := []string{kind, order, outcome}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		parts = append(parts, name+"="+args[name])
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " ")
}

// orders are the checks of what orders hold afterwards.
func orders(ctx context.Context, e suite.Expect, talk Talk) ([]runs.Check, error) {
	var list []runs.Check
	for _, number := range slices.Sorted(maps.Keys(e.Orders)) {
		fields, found, err := talk.Order(ctx, number)
		if errors.Is(err, ErrCannot) {
			// What a system can't show is not its failure: the rest of the case counts.
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(e.Orders[number])) {
			want, got := e.Orders[number][name], fields[name]
			if !found {
				got = "no such order"
			}
			list = append(list, runs.Check{
				Name: "orders", OK: found && evals.Fold(got) == evals.Fold(want),
				Want: number + " " + name + " " + want, Got: number + " " + name + " " + got,
			})
		}
	}
	return list, nil
}

// draftRight tells whether the draft would have been a right answer: where it was sent,
// the checks say so; where only its confidence held it back, its words are looked at.
func draftRight(e suite.Expect, one runs.Step) bool {
	if !one.Scored {
		return false
	}
	if len(e.Decision) > 0 && !slices.Contains(e.Decision, string(gateway.DecideReply)) {
		return false
	}
	text := evals.NewSaid(one.Draft)
	for _, fact := range e.Says {
		if !says(text, fact) {
			return false
		}
	}
	for _, fact := range e.Never {
		if says(text, fact) {
			return false
		}
	}
	if len(e.Sources) == 0 {
		return true
	}
	return slices.ContainsFunc(one.Cited, func(name string) bool { return slices.Contains(e.Sources, name) || name == "faq" })
}
