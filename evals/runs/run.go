// Package runs is what a run of a suite found: every case with every check, the figures
// over them with their intervals, the thresholds, and where runs are kept.
package runs

import (
	"encoding/json"
	"time"

	"github.com/recado/recado/evals/stats"
	"github.com/recado/recado/evals/suite"
)

// Run is what one run of a suite found.
type Run struct {
	Suite string `json:"suite"`
	// Revision is the git revision of the working directory, with "+" where something in
	// it is not committed, or empty. Config is the hash of what answered.
	Revision string `json:"revision"`
	Config   string `json:"config"`
	// Cases counts the results that were judged, each try on its own. Those whose
	// provider was away are neither passed nor failed.
	Cases  int `json:"cases"`
	Passed int `json:"passed"`
	Failed int `json:"failed"`
	// Outages counts the results whose provider was away.
	Outages int `json:"outages,omitempty"`
	// Metrics are the figures over all cases by name (metrics.go has the names); one that
	// no case has anything for is not there.
	Metrics map[string]stats.Estimate `json:"metrics"`

	// Confusion counts turns by what was expected and what was decided; nil where nothing was
	// expected of any.
	Confusion *Confusion `json:"confusion,omitempty"`

	// ID names the run: its start and a hash of the rest.
	ID      string    `json:"id"`
	Started time.Time `json:"started"`
	// System is "rag", "gateway" or the address of an endpoint.
	System string `json:"system"`
	Model  string `json:"model,omitempty"`
	// Judge says who judged statements about replies, and how; empty where nobody did.
	// Unjudged counts the statements that were left out for that.
	Judge    string `json:"judge,omitempty"`
	Unjudged int    `json:"unjudged,omitempty"`
	// Marked are people's marks, by what they are of and in which language.
	Marked []Marked `json:"marked,omitempty"`
	// Content is a hash of the cases and what is expected of them.
	Content string `json:"content,omitempty"`
	// Repeat is how often each case was run.
	Repeat int `json:"repeat"`
	// Complete is false for a run that was interrupted, which can be taken up again.
	Complete bool `json:"complete"`
	// Planned is how many results an interrupted run was to have, each try on its own.
	Planned int   `json:"planned,omitempty"`
	Costs   Costs `json:"costs"`
	// Threshold is the confidence from which the system answers, for the curves.
	Threshold float64  `json:"threshold,omitempty"`
	Gates     []Gate   `json:"gates,omitempty"`
	Slices    []Slice  `json:"slices,omitempty"`
	Results   []Result `json:"results"`
}

// Costs are those of the suite.
type Costs struct {
	Wrong   float64 `json:"wrong"`
	Handoff float64 `json:"handoff"`
	Clarify float64 `json:"clarify"`
}

// Gate is a threshold and whether it was reached.
type Gate struct {
	// Metric and Where are what was measured, Where in words such as "tag hostile".
	Metric string `json:"metric"`
	Where  string `json:"where,omitempty"`
	// Slice is what Where says, by its parts.
	Slice suite.Where `json:"slice,omitzero"`
	// Bound is "value", "low" or "high".
	Bound string   `json:"bound"`
	Min   *float64 `json:"min,omitempty"`
	Max   *float64 `json:"max,omitempty"`
	// Cases is how many independent cases it has to rest on.
	Cases    int             `json:"cases,omitempty"`
	Estimate *stats.Estimate `json:"estimate,omitempty"`
	OK       bool            `json:"ok"`
	// Note is a sentence that says why not, and what to do; NoteES is the same in Spanish.
	Note   string `json:"note,omitempty"`
	NoteES string `json:"note_es,omitempty"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
}

// Slice is what was measured on some of the cases.
type Slice struct {
	// By is "suite", "language", "intent", "tag", "risk" or "variant", Name one of its values.
	By      string                    `json:"by"`
	Name    string                    `json:"name"`
	Cases   int                       `json:"cases"`
	Passed  int                       `json:"passed"`
	Metrics map[string]stats.Estimate `json:"metrics"`
}

// Result is what became of one case.
type Result struct {
	// ID is that of the case; Try counts from 1 where cases are repeated.
	ID    string `json:"id"`
	Try   int    `json:"try"`
	Group string `json:"group"`
	// Suite is the name of its suite where several are run together.
	Suite    string   `json:"suite,omitempty"`
	Pair     string   `json:"pair,omitempty"`
	Language string   `json:"language"`
	Variant  string   `json:"variant,omitempty"`
	Intent   string   `json:"intent,omitempty"`
	Risk     string   `json:"risk,omitempty"`
	Tags     []string `json:"tags,omitempty"`
	Weight   float64  `json:"weight"`
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`
	Passed   bool     `json:"passed"`
	// Skipped is a sentence that says why the system can't be asked this case, such as
	// one with an agent in it when there is no desk; such a case is not judged.
	Skipped string `json:"skipped,omitempty"`
	// Outage is a sentence that says which provider was away; such a case is not judged.
	Outage string `json:"outage,omitempty"`
	// People are the marks that people gave the case, by the name of a check, or "passed":
	// whether it holds in all of it.
	People map[string]bool `json:"people,omitempty"`
	Steps  []Step          `json:"steps"`
}

// Step is what became of one step of a case.
type Step struct {
	// Did says what happened, in words: "customer", "agent takes", "30m later".
	Did  string   `json:"did"`
	Said []string `json:"said,omitempty"`
	// Replies are what the customer got.
	Replies []Reply `json:"replies,omitempty"`
	// Decision, Rule and Reason are those of the turn, empty where there was none.
	Decision string `json:"decision,omitempty"`
	Rule     string `json:"rule,omitempty"`
	Reason   string `json:"reason,omitempty"`
	// Draft is what would have been answered, also where it was not sent.
	Draft string `json:"draft,omitempty"`
	// Scored tells that the confidence decided, and DraftRight whether the draft was
	// right: without it there is no point for a risk-coverage curve.
	Scored     bool               `json:"scored,omitempty"`
	DraftRight bool               `json:"draft_right,omitempty"`
	Confidence float64            `json:"confidence,omitempty"`
	Threshold  float64            `json:"threshold,omitempty"`
	Features   map[string]float64 `json:"features,omitempty"`
	// Expected is what should have been decided: the allowed decisions.
	Expected []string `json:"expected,omitempty"`
	// Found are the documents found, best first, at most 10; Relevant are those that
	// count, Used those that were put before the model, Cited those of the answer.
	Found    []string `json:"found,omitempty"`
	Relevant []string `json:"relevant,omitempty"`
	Used     []string `json:"used,omitempty"`
	Cited    []string `json:"cited,omitempty"`
	Actions  []Action `json:"actions,omitempty"`
	Checks   []Check  `json:"checks,omitempty"`
	// Unjudged counts the statements about the reply that nobody judged.
	Unjudged int   `json:"unjudged,omitempty"`
	Usage    Usage `json:"usage"`
	// JudgeUsage is what judging the reply took, which the system is not to blame for.
	JudgeUsage Usage `json:"judge_usage,omitzero"`
	// Took is the time to the reply and Stages its parts, in nanoseconds.
	Took   time.Duration            `json:"took_ns"`
	Stages map[string]time.Duration `json:"stages_ns,omitempty"`
	// Record is the whole decision record, with personal data masked.
	Record json.RawMessage `json:"record,omitempty"`
}

// Reply is one message to the customer.
type Reply struct {
	Text    string   `json:"text"`
	Buttons []string `json:"buttons,omitempty"`
}

// Action is something that was done with an order.
type Action struct {
	Kind    string            `json:"kind"`
	Order   string            `json:"order"`
	Args    map[string]string `json:"args,omitempty"`
	Outcome string            `json:"outcome"`
}

// Check is one expectation and whether it held.
type Check struct {
	// Name is a word for what is checked: "decision", "reason", "language", "says",
	// "never", "sources", "grounded", "actions", "orders", "length", "replies",
	// "asked_twice", "judge", "masked".
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Want and Got are for people.
	Want string `json:"want,omitempty"`
	Got  string `json:"got,omitempty"`
	Line int    `json:"line,omitempty"`
	// Score is in [0, 1] for what holds in part, such as the share of facts said or the
	// votes of a model; 1 or 0 otherwise.
	Score float64 `json:"score"`
	// Person is the mark that a person gave, where one did.
	Person *bool `json:"person,omitempty"`
}

// Usage is what models took.
type Usage struct {
	Calls        int   `json:"calls"`
	InputTokens  int   `json:"input_tokens"`
	OutputTokens int   `json:"output_tokens"`
	CostMicros   int64 `json:"cost_micros"`
}
