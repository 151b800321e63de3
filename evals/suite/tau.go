package suite

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// tauTask is a task of tau-bench's retail shop, in the form of the first or the second
// version.
type tauTask struct {
	ID          json.RawMessage `json:"id"`
	Instruction string          `json:"instruction"`
	UserID      string          `json:"user_id"`
	Outputs     []string        `json:"outputs"`
	Communicate []string        `json:"communicate_info"`
	Assertions  []string        `json:"nl_assertions"`
	Handoff     bool            `json:"handoff"`
	Scenario    struct {
		Known  string `json:"known_info"`
		Reason string `json:"reason_for_call"`
	} `json:"scenario"`
	Actions []struct {
		Name      string         `json:"name"`
		Kwargs    map[string]any `json:"kwargs"`
		Arguments map[string]any `json:"arguments"`
	} `json:"actions"`
}

// tauKinds are the writes that Recado has as well.
var tauKinds = map[string]string{
	"cancel_pending_order": "cancel_order", "return_delivered_order_items": "start_return", "modify_pending_order_address": "change_address",
}

// tauReads are tools that change nothing.
var tauReads = regexp.MustCompile(`^(find|get|list|calculate|think)`)

// FromTau reads tasks of tau-bench's retail shop, one JSON object on each line. The
// customer says in one message what the task has them want; a write that Recado knows is
// expected to be proposed, and what it can't do to go to a person.
func FromTau(files fs.FS, name string) (Suite, []Note, error) {
	im := &importer{file: name}
	err := eachLine(files, name, func(number int, line []byte) error {
		var t tauTask
		if err := json.Unmarshal(line, &t); err != nil {
			return errors.New("this is not a JSON object of a task")
		}
		said := spokenBy(t)
		e := im.tauExpect(number, t)
		im.add(number, "task-"+strings.Trim(string(t.ID), `"`), Case{
			Language: "en", Tags: []string{"tau"}, Intent: tauIntent(e), Risk: "money",
			Customer: Customer{Name: strings.TrimRight(t.UserID, "_0123456789")},
		}, []string{said}, e)
		return nil
	})
	if err != nil {
		return Suite{}, im.notes, err
	}
	im.note(0, "tau-bench has no phone numbers; give the customers the ones that their orders have in your shop")
	return im.finished(name)
}

// spokenBy is the task in the customer's own words.
func spokenBy(t tauTask) string {
	text := cmp.Or(t.Instruction, strings.TrimSpace(t.Scenario.Known+" "+t.Scenario.Reason))
	for _, change := range secondPerson {
		text = change.from.ReplaceAllString(text, change.to)
	}
	return text
}

// secondPerson turns what a task tells the customer into what the customer says.
var secondPerson = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`\b[Yy]ou are\b`), "I am"},
	{regexp.MustCompile(`\b[Yy]ou're\b`), "I'm"},
	{regexp.MustCompile(`\b[Yy]ou've\b`), "I've"},
	{regexp.MustCompile(`\b[Yy]ou'd\b`), "I'd"},
	{regexp.MustCompile(`\b[Yy]ou'll\b`), "I'll"},
	{regexp.MustCompile(`\bYour\b`), "My"},
	{regexp.MustCompile(`\byour\b`), "my"},
	{regexp.MustCompile(`\byours\b`), "mine"},
	{regexp.MustCompile(`\byourself\b`), "myself"},
	{regexp.MustCompile(`\b(to|for|with|of|from|at) you\b`), "$1 me"},
	{regexp.MustCompile(`\b[Yy]ou\b`), "I"},
}

func (im *importer) tauExpect(line int, t tauTask) Expect {
	e := Expect{Line: line, Judge: t.Assertions}
	var others []string
	for _, a := range t.Actions {
		args := a.Kwargs
		if args == nil {
			args = a.Arguments
		}
		kind, ok := tauKinds[a.Name]
		switch order, _ := args["order_id"].(string); {
		case ok && order != "":
			e.Actions = append(e.Actions, Action{Kind: kind, Order: order, Outcome: "proposed"})
		case !tauReads.MatchString(a.Name):
			others = append(others, a.Name)
		}
	}
	for _, fact := range slices.Concat(t.Outputs, t.Communicate) {
		e.Says = append(e.Says, Fact{fact})
	}
	switch transfer := t.Handoff || slices.Contains(others, "transfer_to_human_agents"); {
	case transfer || len(others) > 0 || len(e.Actions) > 1:
		if !transfer {
			im.note(line, "the task needs %s, which Recado does not do in one go; a person is expected", tauNeeds(e.Actions, others))
		}
		e.Decision, e.Actions, e.Says = []string{"handoff"}, nil, nil
	case len(e.Actions) == 1:
		e.Decision = []string{"propose", "clarify"}
	case len(e.Says) > 0:
		e.Decision = []string{"reply"}
	}
	return e
}

func tauNeeds(actions []Action, others []string) string {
	names := map[string]bool{}
	for _, a := range actions {
		names[a.Kind] = true
	}
	for _, name := range others {
		names[name] = true
	}
	return quoted(slices.Sorted(maps.Keys(names))) + fmt.Sprintf(" (%d writes)", len(actions)+len(others))
}

// tauIntent is a word for the report.
func tauIntent(e Expect) string {
	if len(e.Actions) == 1 {
		return e.Actions[0].Kind
	}
	return "other"
}
