package runner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/gateway"
)

// depth is how many documents of a ranking are kept.
const depth = 10

// decisive is the record that says what became of a step: the last one that did something,
// or else the last.
func decisive(records []gateway.Record) (gateway.Record, bool) {
	for _, r := range slices.Backward(records) {
		if r.Outcome == gateway.OutcomeCommitted && r.Decision.Kind != gateway.DecideQuiet && r.Decision.Kind != gateway.DecideNotify {
			return r, true
		}
	}
	if len(records) == 0 {
		return gateway.Record{}, false
	}
	return records[len(records)-1], true
}

// record is what became of a step, without its checks.
func record(s suite.Step, o Outcome) runs.Step {
	one := runs.Step{Did: did(s), Said: s.Say, Replies: steady(o.Replies), Actions: o.Actions, Took: o.Took, Expected: s.Expect.Decision}
	one.Relevant = s.Expect.Relevant
	if len(one.Relevant) == 0 && !slices.Contains(o.Untold, "found") {
		one.Relevant = s.Expect.Sources
	}
	r, ok := decisive(o.Records)
	if !ok {
		return one
	}
	one.Decision, one.Rule, one.Reason = string(r.Decision.Kind), r.Decision.Rule, string(r.Decision.Reason)
	one.Draft, one.Confidence, one.Threshold, one.Features = r.Draft.Answer, r.Confidence, r.Threshold, r.Features
	one.Scored = !evals.Fixed(r) && evals.Sendable(r)
	one.Found, one.Used, one.Cited = found(r), used(r), cited(r)
	one.Usage = usage(o.Records)
	one.Stages = map[string]time.Duration{}
	for _, stage := range r.Stages {
		one.Stages[stage.Name] += stage.Took
	}
	one.Record = plain(r)
	return one
}

// did says what happened, in words.
func did(s suite.Step) string {
	switch {
	case len(s.Say) > 0 && s.Voice:
		return "customer, spoken"
	case len(s.Say) > 0:
		return "customer"
	case s.Tap != "":
		return "customer taps " + s.Tap
	case s.Wait > 0:
		return s.Wait.String() + " later"
	case s.Agent != "":
		return "agent: " + s.Agent
	case s.Again > 0:
		return fmt.Sprintf("delivered again, %d times", s.Again)
	case s.Down != "":
		return s.Down + " goes away"
	case s.Up != "":
		return s.Up + " is back"
	case s.Order != "":
		return "order " + s.Order + " changes"
	}
	return "nothing"
}

func usage(records []gateway.Record) runs.Usage {
	var u runs.Usage
	for _, r := range records {
		if r.Model == "" {
			continue
		}
		u.Calls++
		u.InputTokens += r.Usage.InputTokens
		u.OutputTokens += r.Usage.OutputTokens
		u.CostMicros += r.Usage.CostMicros
	}
	return u
}

// found are the documents found, each at its best passage.
func found(r gateway.Record) []string {
	var list []string
	for _, c := range r.Candidates {
		if name := suite.DocumentName(c.DocumentID); !slices.Contains(list, name) && len(list) < depth {
			list = append(list, name)
		}
	}
	return list
}

func used(r gateway.Record) []string {
	var list []string
	for _, p := range r.Passages {
		if name := suite.DocumentName(p.DocumentID); !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

func cited(r gateway.Record) []string {
	var list []string
	for _, p := range r.Passages {
		if name := suite.DocumentName(p.DocumentID); slices.Contains(r.Draft.Citations, p.ID) && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// requests matches the number of a wish to have data deleted, which is made by chance.
var requests = regexp.MustCompile(`\bD-[0-9A-F]{8}\b`)

// steady is a reply without what chance put into it.
func steady(replies []runs.Reply) []runs.Reply {
	replies = slices.Clone(replies)
	for i := range replies {
		replies[i].Text = requests.ReplaceAllString(replies[i].Text, "D-ID")
	}
	return replies
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// plain is a record without what chance and the clock put into it: ids are numbered in
// the order in which they appear, and times taken are in Step.Stages.
func plain(r gateway.Record) json.RawMessage {
	r.Stages, r.EventKeys = nil, nil
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		// A record is plain data; it always marshals, but for a figure that is none.
		return nil
	}
	ids := map[string]string{}
	text := requests.ReplaceAll(bytes.TrimSpace(b.Bytes()), []byte("D-ID"))
	return uuids.ReplaceAllFunc(text, func(id []byte) []byte {
		if ids[string(id)] == "" {
			ids[string(id)] = fmt.Sprintf("id-%d", len(ids)+1)
		}
		return []byte(ids[string(id)])
	})
}
