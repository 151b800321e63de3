package rag

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/recado/recado/rag/receipts"
)

// leastKeptCoverage is the share of what a draft says of the question that has to be left
// when its unbacked sentences are dropped.
const leastKeptCoverage = 0.8

// repair gives a draft that the checks refuse one second try: the model is asked again
// with the objections. A model that writes the same again, as one without a choice of
// words does, has the unbacked sentences dropped, if the rest still answers. What the
// checks refuse after that stays refused. It says whether the model was asked.
func (t *turn) repair(ctx context.Context) (asked bool) {
	objections := t.objections()
	if len(objections) == 0 || t.a.Draft.NeedsHuman {
		return false
	}
	t.request.Rejected, t.request.Objections = t.a.Text, objections
	again, err := t.ask(ctx)
	t.request.Rejected, t.request.Objections = "", nil
	switch {
	case err != nil:
		// The first draft stays, with its checks.
	case strings.TrimSpace(again.Draft.Answer) == t.a.Text:
		t.drop()
	default:
		again.Draft.Actions = t.a.Draft.Actions // what it wants done was settled before
		t.take(again)
		t.ground()
		t.a.Repaired = true
	}
	t.clock.lap("repair", &t.a)
	return true
}

// objections are the failed checks in words, each with its details.
func (t *turn) objections() []string {
	var list []string
	for _, c := range t.a.Checks {
		if !c.OK {
			list = append(list, c.Name+": "+c.Detail)
		}
	}
	return list
}

// drop leaves out the sentences that nothing backs.
func (t *turn) drop() {
	before := t.a
	rest := t.a.Text
	for _, s := range t.a.Sentences {
		if !s.OK {
			rest = strings.Replace(rest, s.Text, "", 1)
		}
	}
	rest = tidy(rest)
	if rest == "" || rest == before.Text || !t.stillAnswers(rest) {
		return
	}
	masked := t.masked
	t.a.Text, t.masked = rest, t.veil.mask(rest)
	t.ground()
	if len(t.objections()) > 0 {
		t.a, t.masked = before, masked
		return
	}
	t.a.Repaired = true
}

var (
	bareMark   = regexp.MustCompile(`(?m)^[ \t]*(?:[-*•·–]|\d{1,2}[.)])?[ \t]*$\n?`)
	spaceTwice = regexp.MustCompile(`[ \t]{2,}`)
)

// tidy takes out what a dropped sentence leaves: list marks without an item, empty lines
// and double spaces.
func tidy(text string) string {
	return strings.TrimSpace(spaceTwice.ReplaceAllString(bareMark.ReplaceAllString(text, ""), " "))
}

// stillAnswers tells whether what is left states something, and says nearly as much of
// the question as the whole.
func (t *turn) stillAnswers(rest string) bool {
	states := slices.ContainsFunc(t.a.Sentences, func(s Sentence) bool {
		class := receipts.Class(s.Class)
		return s.OK && (class == receipts.Policy || class == receipts.OrderFact || class == receipts.Done)
	})
	question := terms(t.a.Locale, t.a.Query)
	whole := common(question, terms(t.a.Locale, t.a.Text))
	return states && float64(common(question, terms(t.a.Locale, rest))) >= leastKeptCoverage*float64(whole)
}
