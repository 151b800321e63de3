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
		Manner string `json:"task_instructions"`
	} `json:"scenario"`
	Actions []tauAction `json:"actions"`
}

// tauAction is a call of a tool that a task has.
type tauAction struct {
	Name      string         `json:"name"`
	Kwargs    map[string]any `json:"kwargs"`
	Arguments map[string]any `json:"arguments"`
}

// arg is an argument that is a text, whichever version wrote it.
func (a tauAction) arg(name string) string {
	for _, args := range []map[string]any{a.Kwargs, a.Arguments} {
		if text, ok := args[name].(string); ok {
			return text
		}
	}
	return ""
}

// address is where an order goes, in a line.
func (a tauAction) address() string {
	return tauAddress{
		Line1: a.arg("address1"), Line2: a.arg("address2"), City: a.arg("city"), State: a.arg("state"), Zip: a.arg("zip"), Land: a.arg("country"),
	}.line()
}

// tauKinds are the writes that Recado has as well.
var tauKinds = map[string]string{
	"cancel_pending_order": "cancel_order", "return_delivered_order_items": "start_return", "modify_pending_order_address": "change_address",
}

// tauReads are tools that change nothing.
var tauReads = regexp.MustCompile(`^(find|get|list|calculate|think)`)

// FromTau reads tasks of tau-bench's retail shop, one JSON object on each line. Each is a
// customer who is played, with what the task has them want and know. As there, the end is
// judged: the orders as they are then, and what the customer has to be told. What Recado
// can't do has to end at a person.
func FromTau(files fs.FS, name string) (Suite, []Note, error) {
	im := &importer{file: name}
	err := eachLine(files, name, func(number int, line []byte) error {
		var t tauTask
		if err := json.Unmarshal(line, &t); err != nil {
			return errors.New("this is not a JSON object of a task")
		}
		e, writes := im.tauExpect(number, t)
		im.play(number, "task-"+strings.Trim(string(t.ID), `"`), Case{
			Language: "en", Tags: []string{"tau"}, Intent: tauIntent(t, writes), Risk: "money",
			Customer: Customer{Name: strings.TrimRight(t.UserID, "_0123456789")},
		}, tauCustomer(number, t, writes, e))
		return nil
	})
	if err != nil {
		return Suite{}, im.notes, err
	}
	im.note(0, "tau-bench has no phone numbers; with its database beside the tasks the customers get some, and otherwise give them those that their orders have in your shop")
	return im.finished(name)
}

// play takes a case whose customer is played.
func (im *importer) play(line int, group string, c Case, who *Simulate) {
	switch {
	case who.Goal == "":
		im.note(line, "nothing is wanted here; left out")
		return
	case who.Expect.Empty():
		im.note(line, "nothing is expected of the end, so that it can't fail; left out")
		return
	}
	if group = slug(group); group == "" {
		group = fmt.Sprintf("case-%d", len(im.cases)+1)
	}
	c.Group, c.Line, c.File, c.Weight, c.Simulate = group, line, im.file, max(c.Weight, 1), who
	im.cases = append(im.cases, c)
}

// tauTurns is how often a customer of tau-bench may write: their tasks are long.
const tauTurns = 15

// tauCustomer is who is played: what they want in their own words, and what they know.
func tauCustomer(line int, t tauTask, writes []tauAction, e Expect) *Simulate {
	told := t.Instruction + " " + t.Scenario.Known + " " + t.Scenario.Reason
	who := &Simulate{
		Line: line, Mood: tauMood(t.Instruction + " " + t.Scenario.Manner), Patience: defaultPatience, GivesUp: "leave", Turns: tauTurns, Expect: e,
		Wish: Wish{Wants: tauWants(t, writes), Goal: strings.TrimSpace(spokenBy(t)), Knows: map[string]string{}},
	}
	for name, words := range tauKnown {
		if found := words.FindStringSubmatch(told); found != nil {
			who.Knows[name] = found[1]
		}
	}
	for _, a := range t.Actions {
		for name, arg := range map[string]string{"email": "email", "zip": "zip"} {
			if value := a.arg(arg); value != "" && strings.HasPrefix(a.Name, "find") {
				who.Knows[name] = value
			}
		}
	}
	for _, a := range writes {
		if _, told := who.Knows["order"]; !told {
			who.Knows["order"] = a.arg("order_id")
		}
		if a.Name == "modify_pending_order_address" {
			who.Knows["address"] = a.address()
		}
		if reason := a.arg("reason"); reason != "" {
			who.Knows["reason"] = reason
		}
	}
	if len(who.Knows) == 0 {
		who.Knows = nil
	}
	return who
}

// tauKnown are what the customer is told about themselves.
var tauKnown = map[string]*regexp.Regexp{
	"name":  regexp.MustCompile(`(?:[Yy]our name is|[Yy]ou are) ([A-Z][a-z]+ [A-Z][a-z]+)`),
	"zip":   regexp.MustCompile(`zip code(?: is)? (\d{5})`),
	"email": regexp.MustCompile(`([a-z0-9._]+@[a-z0-9.]+[a-z])`),
}

// tauMoods are the words by which a task says how somebody is, the strongest first.
var tauMoods = []struct {
	mood  string
	words *regexp.Regexp
}{
	{"angry", regexp.MustCompile(`(?i)\b(angry|rude|furious|upset|mad)\b`)},
	{"hurried", regexp.MustCompile(`(?i)\b(impatient|busy|hurry|rush|direct)\b`)},
	{"confused", regexp.MustCompile(`(?i)\b(confused|confusing|messy|unsure|insecure|dependent)\b`)},
	{"polite", regexp.MustCompile(`(?i)\bpolite\b`)},
}

func tauMood(text string) string {
	for _, m := range tauMoods {
		if m.words.MatchString(text) {
			return m.mood
		}
	}
	return "calm"
}

// tauWants is what somebody wants first. What Recado can't do is asked for all the same.
func tauWants(t tauTask, writes []tauAction) string {
	switch {
	case len(writes) > 0:
		return tauKinds[writes[0].Name]
	case t.Handoff || slices.ContainsFunc(t.Actions, func(a tauAction) bool { return a.Name == "transfer_to_human_agents" }):
		return "person"
	}
	return "answer"
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

// tauExpect is the end of a task, and the writes of it that Recado has.
func (im *importer) tauExpect(line int, t tauTask) (e Expect, writes []tauAction) {
	e = Expect{Line: line, Judge: t.Assertions}
	var others []string
	for _, a := range t.Actions {
		switch {
		case tauKinds[a.Name] != "" && a.arg("order_id") != "":
			writes = append(writes, a)
		case !tauReads.MatchString(a.Name):
			others = append(others, a.Name)
		}
	}
	transfer := t.Handoff || slices.Contains(others, "transfer_to_human_agents")
	for _, fact := range slices.Concat(t.Outputs, t.Communicate) {
		e.Says = append(e.Says, Fact{fact})
	}
	e.Orders = tauOrders(writes)
	switch {
	case transfer || len(others) > 0:
		if !transfer {
			slices.Sort(others)
			im.note(line, "the task needs %s, which Recado does not do; a person is expected for that", quoted(slices.Compact(others)))
		}
		// A person does the rest, so that nothing of it has to be there yet; what Recado can do may be.
		e.MayChange = slices.Sorted(maps.Keys(e.Orders))
		e.Decision, e.Ending, e.Says, e.Orders = []string{"handoff"}, []string{EndPerson}, nil, nil
	case len(writes) > 0 || len(e.Says) > 0:
		e.Ending = []string{EndDone}
	}
	return e, writes
}

// tauOrders are the orders as they have to be at the end.
func tauOrders(writes []tauAction) map[string]map[string]string {
	var orders map[string]map[string]string
	for _, a := range writes {
		if orders == nil {
			orders = map[string]map[string]string{}
		}
		number := a.arg("order_id")
		if orders[number] == nil {
			orders[number] = map[string]string{}
		}
		switch tauKinds[a.Name] {
		case "cancel_order":
			orders[number]["status"] = "cancelled"
		case "start_return":
			orders[number]["status"] = "return_requested"
		case "change_address":
			orders[number]["shipping.address"] = a.address()
		}
	}
	return orders
}

// tauIntent is a word for the report.
func tauIntent(t tauTask, writes []tauAction) string {
	if wants := tauWants(t, writes); len(writes) > 0 {
		return wants
	}
	return "other"
}
