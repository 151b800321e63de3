// Package suite holds suites: what customers say, and what has to come of it. A suite is
// YAML that a support lead can read and write. Read gives every case once for each
// language and once for each variant that a generator makes of it, checked to the line.
package suite

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Suite is a file of cases, or several read as one.
type Suite struct {
	Name  string
	About string
	// Shop is what the cases are asked about.
	Shop Shop
	// Clock is when every case begins that has no clock of its own.
	Clock time.Time
	// Costs weigh what goes wrong against what a person has to do.
	Costs Costs
	// Thresholds are what a run has to reach; the exit status says whether it did.
	Thresholds []Threshold
	// Parity is how far the languages may lie apart.
	Parity Parity
	// Cases are in the order of the file, each followed by its variants.
	Cases []Case
}

// Hash identifies the cases with what is expected of them.
func (s Suite) Hash() string {
	sum := sha256.New()
	// Cases are plain data, which always marshals.
	_ = json.NewEncoder(sum).Encode(s.Cases)
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

// Shop names what answers rest on. Zero means the demo shop.
type Shop struct {
	// Knowledge are files and folders: in a suite's file relative to it, and here, as
	// Orders and Actions are, relative to where the files were read from.
	Knowledge []string
	// Orders is a file of orders as `recado orders import` reads it.
	Orders string
	// Actions is a file with the shop's rules for what may be done with an order.
	Actions string
}

// Costs are in any unit, such as minutes of an agent: only their ratios matter.
type Costs struct {
	// Wrong is the cost of an answer that is wrong, Handoff that of a person, Clarify
	// that of asking the customer back.
	Wrong, Handoff, Clarify float64
}

// Threshold is what a figure has to reach.
type Threshold struct {
	// Metric is a name of runs.Run.Metrics, such as "passed" or "fact_recall".
	Metric string
	// Where takes a slice of the cases; zero takes all.
	Where Where
	// Min and Max bound the figure; nil does not.
	Min, Max *float64
	// Bound tells what is compared: "value", or the "low" or "high" end of its interval.
	Bound string
	// Cases is how many cases the slice needs for the threshold to say anything; fewer
	// are an error.
	Cases int
	File  string
	Line  int
}

// Where takes the cases that have all that it names. The variant "written" stands for
// the cases as they are written.
type Where struct {
	Tag      string `json:"tag,omitempty"`
	Language string `json:"language,omitempty"`
	Intent   string `json:"intent,omitempty"`
	Risk     string `json:"risk,omitempty"`
	Variant  string `json:"variant,omitempty"`
	// Suite is one of several that are run together; a suite itself does not name it.
	Suite string `json:"suite,omitempty"`
}

// Written is the Variant of a Where that takes no variants.
const Written = "written"

// Takes tells whether a case is one of them.
func (w Where) Takes(c Case) bool {
	variant := c.Variant
	if w.Variant == Written {
		variant = cmp.Or(variant, Written)
	}
	return (w.Tag == "" || slices.Contains(c.Tags, w.Tag)) && (w.Language == "" || w.Language == c.Language) &&
		(w.Intent == "" || w.Intent == c.Intent) && (w.Risk == "" || w.Risk == c.Risk) && (w.Variant == "" || w.Variant == variant) && (w.Suite == "" || w.Suite == c.Suite)
}

// String says which cases: "tag hostile, language es".
func (w Where) String() string {
	var parts []string
	for _, part := range [][2]string{
		{"suite", w.Suite}, {"tag", w.Tag}, {"language", w.Language}, {"intent", w.Intent}, {"risk", w.Risk}, {"variant", w.Variant},
	} {
		if part[1] != "" {
			parts = append(parts, part[0]+" "+part[1])
		}
	}
	return strings.Join(parts, ", ")
}

// Parity bounds the gap between a case and its counterpart in the other language.
type Parity struct {
	// Margin is the greatest share of pairs, in [0, 1], that may get another decision or
	// other facts, held against the upper end of its interval; 0 does not gate.
	Margin float64
	File   string
	Line   int
}

// Case is one conversation in one language.
type Case struct {
	// ID is that of the file with the language and the variant: "refund-card/es/typos".
	ID string
	// File and Line are where it stands.
	File string
	Line int
	// Suite is the name of its suite where several are run together, otherwise empty.
	Suite string
	// Group is the ID of the file: its languages and variants are no independent cases.
	Group string
	// Pair joins a case with its counterpart in the other language and the same variant;
	// empty where there is none.
	Pair     string
	Language string
	// Variant is the generator that made it, empty as written.
	Variant string
	Tags    []string
	Intent  string
	// Risk is a word for what is at stake, such as "money".
	Risk string
	// Weight counts the case so many times in weighted figures; 1 where nothing is said.
	Weight   float64
	Customer Customer
	Clock    time.Time
	// Simulate is the customer who is played; such a case has no steps.
	Simulate *Simulate
	Steps    []Step
}

// Customer is who writes.
type Customer struct {
	// Phone in digits; empty for somebody who is unknown to the shop.
	Phone string
	// Name is the profile name.
	Name string
	// Level is how sure it is who writes: "number", "code" or "verified"; empty is what
	// the phone alone gives.
	Level string
}

// Step is one thing that happens, and what must come of it. One of the fields before
// Expect is set.
type Step struct {
	Line int
	// Say are the customer's messages, sent one after another.
	Say []string
	// Voice tells that they were spoken: Say is the transcript.
	Voice bool
	// Tap is the title, or the place from 1, of a button of the last message.
	Tap string
	// Wait lets time pass.
	Wait time.Duration
	// Agent is what a person at the desk does: "take", "verify", "return", "resolve", or
	// "say" with Text.
	Agent, Text string
	// Again delivers the last webhook so many times more.
	Again int
	// Down takes "model", "knowledge" or "orders" away; Up brings it back.
	Down, Up string
	// Order changes an order as the shop's system would, by its number.
	Order  string
	Change map[string]string
	Expect Expect
}

// Expect is what must come of a step; the zero value expects nothing.
type Expect struct {
	Line int
	// Decision and Reason are allowed words of gateway.DecisionKind and gateway.Reason.
	Decision, Reason []string
	// Language of the reply, "es" or "en"; where it is empty and there is a reply, it is
	// that of the case.
	Language string
	// Says are facts, each in any of its wordings; Never are what must not be said.
	Says, Never []Fact
	// Sources are documents of which one has to be cited, Relevant those that count for
	// the ranking (Sources where it is empty), by DocumentName.
	Sources, Relevant []string
	// Actions are all writes and reads, in order, with their arguments. Nil says nothing
	// about them, an empty list that there are none.
	Actions []Action
	// Orders are fields of orders afterwards, by number and name.
	Orders map[string]map[string]string
	// Length is the greatest number of characters of the reply; 0 is that of a message.
	Length int
	// Replies is how many messages the customer gets; nil is 1 where the decision is one
	// that replies.
	Replies *int
	// Judge are statements that a model has to find true of the reply.
	Judge []string
	// Turns is how many messages and taps of a played customer the talk may take, and
	// Ending how it may end, of the ends of Simulate; 0 and nil say nothing.
	Turns  int
	Ending []string
	// MayChange are orders of a talk with a played customer that may change or stay as they are.
	MayChange []string
}

// Empty tells whether nothing is expected.
func (e Expect) Empty() bool {
	return len(e.Decision) == 0 && len(e.Reason) == 0 && e.Language == "" && len(e.Says) == 0 && len(e.Never) == 0 &&
		len(e.Sources) == 0 && len(e.Relevant) == 0 && e.Actions == nil && len(e.Orders) == 0 && e.Length == 0 &&
		e.Replies == nil && len(e.Judge) == 0 && e.Turns == 0 && len(e.Ending) == 0 && len(e.MayChange) == 0
}

// Fact is one thing in any of several wordings, compared without regard to case, accents
// and white space.
type Fact []string

// Action is something done with an order.
type Action struct {
	// Kind is that of the catalog, such as "cancel_order".
	Kind  string
	Order string
	// Args are compared exactly where they are given.
	Args map[string]string
	// Outcome is "proposed", "sent", "done", "refused" or "read".
	Outcome string
}
