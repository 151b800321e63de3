package evals

import (
	"path"
	"slices"
	"strings"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

// depth is how many documents of a ranking count for its quality.
const depth = 10

// Result is what became of one case.
type Result struct {
	ID     string `json:"id"`
	Group  string `json:"group,omitempty"`
	Locale string `json:"locale"`
	Kind   string `json:"kind"`
	// Expected is the label's decision, Decision what the gateway decided by
	// which rule, with the reason of a handoff.
	Expected string               `json:"expected"`
	Decision gateway.DecisionKind `json:"decision"`
	Rule     string               `json:"rule"`
	Reason   gateway.Reason       `json:"reason,omitempty"`
	Query    string               `json:"query,omitempty"`
	Draft    string               `json:"draft,omitempty"`
	Cited    []string             `json:"cited,omitempty"`
	Missing  []string             `json:"missing,omitempty"`
	Features map[string]float64   `json:"features,omitempty"`
	// Answered tells that the customer got an answer, Right that this or the
	// handoff was what the label wants.
	Answered bool `json:"answered"`
	Right    bool `json:"right"`
	// Sendable tells that there was a draft that only its confidence could hold
	// back, DraftRight that it would have been a right answer.
	Sendable   bool    `json:"sendable"`
	DraftRight bool    `json:"draft_right"`
	Confidence float64 `json:"confidence"`
	// Fixed tells that a rule decided whatever the confidence, so that a calibration
	// learns nothing from the case and promises nothing about such.
	Fixed bool `json:"fixed,omitempty"`
	// Risk is the risk class of the draft.
	Risk string `json:"risk,omitempty"`
	// Rank is the place of the first right document among the documents found,
	// from 1, and 0 when it is not there or none is wanted (Ranked is false).
	Ranked bool `json:"ranked"`
	Rank   int  `json:"rank,omitempty"`
}

// ruleOffTopic is the gateway's rule for what is not the shop's business.
const ruleOffTopic = "off_topic"

// Fixed tells whether a rule decided before there was a draft, or about the draft without
// its confidence.
func Fixed(r gateway.Record) bool {
	scored := []gateway.DecisionKind{gateway.DecideReply, gateway.DecideClarify, gateway.DecideHandoff}
	rules := []gateway.Reason{
		gateway.ReasonIdentity, gateway.ReasonOrders, gateway.ReasonRefused, gateway.ReasonAction, gateway.ReasonData, gateway.ReasonRepeat, gateway.ReasonOffTopic,
	}
	return r.Calibration == "" || r.Draft.SmallTalk || !slices.Contains(scored, r.Decision.Kind) || slices.Contains(rules, r.Decision.Reason)
}

// Sendable tells whether only its confidence could hold the draft back.
func Sendable(r gateway.Record) bool {
	if r.Draft.Answer == "" || slices.ContainsFunc(r.Checks, func(c rag.Check) bool { return !c.OK }) {
		return false
	}
	return r.Decision.Kind == gateway.DecideReply || r.Decision.Kind == gateway.DecideClarify ||
		r.Decision.Reason == gateway.ReasonLowConfidence || r.Decision.Reason == gateway.ReasonSuggest
}

// judge holds a turn against the label of its case.
func judge(c Case, t gateway.Turn) Result {
	r := t.Record
	result := Result{
		ID: c.ID, Group: c.Group, Locale: c.Locale, Kind: c.Kind, Expected: c.Decision,
		Decision: r.Decision.Kind, Rule: r.Decision.Rule, Reason: r.Decision.Reason,
		Query: r.Query, Draft: r.Draft.Answer, Features: r.Features, Confidence: r.Confidence,
		Answered: r.Decision.Kind == gateway.DecideReply,
		Fixed:    Fixed(r),
	}
	result.Missing = missingFacts(c, r.Draft.Answer)
	result.Cited = citedDocuments(r)
	result.Sendable = Sendable(r)
	if r.Draft.Answer != "" {
		result.Risk = rag.RiskOf(r.Draft.Answer, len(r.Draft.Orders) > 0)
	}
	result.DraftRight = result.Sendable && rightAnswer(c, r, result)
	switch {
	case r.Decision.Rule == ruleOffTopic:
		result.Right = c.OffTopic
	case result.Answered:
		result.Right = result.DraftRight
	case r.Decision.Kind == gateway.DecideHandoff:
		result.Right = c.Decision == decisionHandoff
	}
	if len(c.Docs) > 0 {
		result.Ranked = true
		result.Rank = rank(c.Docs, r.Candidates)
	}
	return result
}

// rightAnswer tells whether the draft is an answer that the label allows.
func rightAnswer(c Case, r gateway.Record, result Result) bool {
	switch {
	case c.Foreign:
		return onlyNotFound(r)
	case c.Decision == decisionHandoff || len(result.Missing) > 0:
		return false
	case len(c.Docs) == 0:
		return true
	}
	// A FAQ table states in short what the documents say at length: its answer
	// is right when it has the facts.
	return slices.ContainsFunc(result.Cited, func(doc string) bool { return slices.Contains(c.Docs, slug(doc)) || table(doc) })
}

// onlyNotFound tells that the draft speaks of no order but of numbers that are not
// the customer's.
func onlyNotFound(r gateway.Record) bool {
	if len(r.Draft.Orders) == 0 {
		return false
	}
	return !slices.ContainsFunc(r.Draft.Orders, func(n string) bool { return !slices.Contains(r.Orders.NotFound, n) })
}

func citedDocuments(r gateway.Record) []string {
	var docs []string
	for _, p := range r.Passages {
		if slices.Contains(r.Draft.Citations, p.ID) && !slices.Contains(docs, p.DocumentID) {
			docs = append(docs, p.DocumentID)
		}
	}
	return docs
}

// rank is the place of the first wanted document among the documents found, each
// counted once. Tables are left out: no label names their rows.
func rank(wanted []string, candidates []rag.Candidate) int {
	var seen []string
	for _, candidate := range candidates {
		if doc := candidate.DocumentID; !table(doc) && !slices.Contains(seen, doc) {
			seen = append(seen, doc)
			if slices.Contains(wanted, slug(doc)) && len(seen) <= depth {
				return len(seen)
			}
		}
	}
	return 0
}

// slug is a document's file name without folder and extension.
func slug(document string) string {
	name := path.Base(document)
	return strings.TrimSuffix(name, path.Ext(name))
}

func table(document string) bool { return strings.Contains(document, ".csv") }

// missingFacts are the first wordings of the facts that the text does not
// contain.
func missingFacts(c Case, text string) []string {
	said := NewSaid(text)
	var missing []string
	for _, fact := range c.Facts {
		if !slices.ContainsFunc(fact, said.Holds) {
			missing = append(missing, fact[0])
		}
	}
	return missing
}
