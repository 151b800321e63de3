package suite

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// promptfoo reads one configuration.
type promptfoo struct {
	importer
	files fs.FS
	// asked are the variables that the prompts use.
	asked []string
}

// FromPromptfoo reads the tests of a promptfoo configuration: variables become what is
// said, assertions what is expected. What has no counterpart is in the notes.
func FromPromptfoo(files fs.FS, name string) (Suite, []Note, error) {
	p := &promptfoo{files: files}
	root, err := p.parse(name)
	if err != nil {
		return Suite{}, nil, err
	}
	p.file = name
	for _, text := range root.get("prompts").texts() {
		for _, found := range variable.FindAllStringSubmatch(text, -1) {
			p.asked = append(p.asked, found[1])
		}
	}
	shared := root.get("defaultTest")
	for _, test := range p.tests(root.get("tests")) {
		p.test(test, shared)
	}
	for _, key := range []string{"scenarios", "nunjucksFilters", "derivedMetrics"} {
		if n := root.get(key); n != nil {
			p.note(n.line, "`%s` has no counterpart in a suite; not taken", key)
		}
	}
	s := p.suite(base(name))
	if about := root.get("description").string(); about != "" {
		s.About = about
	}
	if len(s.Cases) == 0 {
		return Suite{}, p.notes, fmt.Errorf("import %s: there is no test in it that could be taken", name)
	}
	return s, p.notes, nil
}

// variable is a place in a template.
var variable = regexp.MustCompile(`\{\{-?\s*(\w+)\s*(?:\|[^}]*)?-?\}\}`)

func (p *promptfoo) parse(name string) (*node, error) {
	data, err := readAll(p.files, name)
	if err != nil {
		return nil, err
	}
	root, problems := parse(name, data)
	if root == nil {
		return nil, fmt.Errorf("import: %w", problems)
	}
	return root, nil
}

// tests are those of a list, or of the files that it names.
func (p *promptfoo) tests(n *node) []*node {
	switch {
	case n == nil:
		return nil
	case n.scalar:
		return p.fromFile(n)
	}
	var list []*node
	for _, one := range n.list {
		if one.scalar {
			list = append(list, p.fromFile(one)...)
		} else {
			list = append(list, one)
		}
	}
	return list
}

func (p *promptfoo) fromFile(n *node) []*node {
	name := path.Join(path.Dir(p.file), strings.TrimPrefix(n.text, "file://"))
	var list []*node
	var err error
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		var root *node
		if root, err = p.parse(name); err == nil {
			list = root.list
		}
	case ".csv":
		list, err = p.table(name)
	default:
		err = errors.New("only .yaml, .json and .csv files of tests are read")
	}
	if err != nil {
		p.note(n.line, "the tests in %s were not taken: %s", n.text, err)
	}
	return list
}

// table reads tests from a CSV whose columns are variables, and __expected assertions.
func (p *promptfoo) table(name string) ([]*node, error) {
	data, err := readAll(p.files, name)
	if err != nil {
		return nil, err
	}
	reader := csv.NewReader(strings.NewReader(string(data)))
	reader.FieldsPerRecord = -1
	header, err := reader.Read()
	if err != nil {
		return nil, err
	}
	var list []*node
	for {
		row, err := reader.Read()
		if err != nil {
			if len(row) == 0 {
				return list, nil
			}
			return list, err
		}
		line, _ := reader.FieldPos(0)
		vars, asserts := &node{}, &node{}
		for i, value := range row[:min(len(row), len(header))] {
			cell := &node{line: line, text: value, scalar: true, value: value}
			switch {
			case strings.HasPrefix(header[i], "__expected"):
				asserts.list = append(asserts.list, assertion(cell))
			case !strings.HasPrefix(header[i], "__"):
				vars.set(header[i], cell)
			}
		}
		test := &node{line: line}
		test.set("vars", vars)
		test.set("assert", asserts)
		list = append(list, test)
	}
}

func (n *node) set(key string, value *node) {
	n.keys, n.values = append(n.keys, &node{text: key, scalar: true, line: value.line}), append(n.values, value)
}

// assertion reads the short form "type: value"; a text without a type has to be equal.
func assertion(cell *node) *node {
	kind, value, ok := strings.Cut(cell.text, ":")
	if _, known := taken[strings.TrimSpace(kind)]; !ok || !known {
		kind, value = "equals", cell.text
	}
	a := &node{line: cell.line}
	a.set("type", &node{line: cell.line, text: strings.TrimSpace(kind), scalar: true})
	a.set("value", &node{line: cell.line, text: strings.TrimSpace(value), scalar: true})
	return a
}

func (p *promptfoo) test(n, shared *node) {
	vars := map[string][]string{}
	for _, from := range []*node{shared.get("vars"), n.get("vars")} {
		if from == nil {
			continue
		}
		for i, key := range from.keys {
			vars[key.text] = from.values[i].texts()
		}
	}
	question := p.question(vars)
	if question == "" {
		p.note(n.line, "no variable of the test is a question; name it question")
		return
	}
	for i, said := range vars[question] {
		e := Expect{Line: n.line}
		for _, from := range []*node{shared.get("assert"), n.get("assert")} {
			if from == nil {
				continue
			}
			for _, a := range from.list {
				p.assert(&e, a, vars)
			}
		}
		id := n.get("description").string()
		if id == "" {
			id = said
		}
		if i > 0 {
			id += " " + strconv.Itoa(i+1)
		}
		meta := n.get("metadata")
		p.add(n.line, id, Case{
			Language: first(meta.get("language").string(), first(vars["language"]...)), Tags: meta.get("tags").texts(),
			Intent: meta.get("intent").string(),
		}, []string{fill(said, vars)}, e)
	}
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// question is the variable that the customer says.
func (p *promptfoo) question(vars map[string][]string) string {
	for _, name := range []string{"question", "query", "message", "input", "pregunta", "text", "prompt"} {
		if len(vars[name]) > 0 {
			return name
		}
	}
	found := ""
	for _, name := range p.asked {
		if len(vars[name]) > 0 && found != "" && found != name {
			return ""
		}
		if len(vars[name]) > 0 {
			found = name
		}
	}
	if found == "" && len(vars) == 1 {
		for name := range vars {
			return name
		}
	}
	return found
}

// fill puts variables into a text.
func fill(text string, vars map[string][]string) string {
	return variable.ReplaceAllStringFunc(text, func(place string) string {
		if values := vars[variable.FindStringSubmatch(place)[1]]; len(values) > 0 {
			return values[0]
		}
		return place
	})
}

// taken says what becomes of an assertion.
var taken = map[string]func(*Expect, []string){
	"contains": says, "icontains": says, "contains-all": says, "icontains-all": says, "equals": says,
	"contains-any": saysAny, "icontains-any": saysAny,
	"not-contains": never, "not-icontains": never, "not-contains-any": never, "not-icontains-any": never, "not-equals": never,
	"llm-rubric": judged, "model-graded-closedqa": judged, "factuality": agrees, "model-graded-factuality": agrees,
}

func says(e *Expect, values []string) {
	for _, v := range values {
		e.Says = append(e.Says, Fact{v})
	}
}

func saysAny(e *Expect, values []string) { e.Says = append(e.Says, values) }

func never(e *Expect, values []string) {
	for _, v := range values {
		e.Never = append(e.Never, Fact{v})
	}
}

func judged(e *Expect, values []string) { e.Judge = append(e.Judge, values...) }

func agrees(e *Expect, values []string) {
	for _, v := range values {
		e.Judge = append(e.Judge, "The reply does not contradict this: "+v)
	}
}

func (p *promptfoo) assert(e *Expect, n *node, vars map[string][]string) {
	kind := n.get("type").string()
	take, ok := taken[kind]
	if !ok {
		p.note(n.line, "the assertion `%s` has no counterpart in a suite; not taken", kind)
		return
	}
	var values []string
	for _, v := range n.get("value").texts() {
		if v = strings.TrimSpace(fill(v, vars)); v != "" {
			values = append(values, v)
		}
	}
	switch {
	case len(values) == 0:
		p.note(n.line, "the assertion `%s` has no value; not taken", kind)
		return
	case slices.ContainsFunc(values, func(v string) bool { return strings.HasPrefix(v, "file://") }):
		p.note(n.line, "the value of `%s` is in a file; not taken", kind)
		return
	case kind == "equals" || kind == "not-equals":
		p.note(n.line, "`%s` became a fact: an answer may say it in a sentence", kind)
	}
	take(e, values)
}
