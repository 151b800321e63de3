package suite

import (
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
	// templates are assertions that others refer to, by name.
	templates *node
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
	p.templates = root.get("assertionTemplates")
	shared := root.get("defaultTest")
	if shared != nil && shared.scalar {
		p.note(shared.line, "`defaultTest` is in another file; not taken")
		shared = nil
	}
	for _, test := range p.tests(root.get("tests")) {
		p.test(test, shared)
	}
	p.scenarios(root.get("scenarios"), shared)
	for i, key := range root.keys {
		if !slices.Contains(configured, key.text) {
			p.note(root.values[i].line, "`%s` has no counterpart in a suite; not taken", key.text)
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

// configured are the keys that are read, and those that say what is asked or how it is shown, which is
// the business of a run and not of a suite.
var configured = []string{
	"description", "tests", "scenarios", "defaultTest", "assertionTemplates", "prompts", "providers", "targets", "evaluateOptions", "commandLineOptions",
	"outputPath", "sharing", "env", "tags", "metadata", "version",
}

// scenarios are sets of variables, each asked every test beside them.
func (p *promptfoo) scenarios(n, shared *node) {
	if n == nil {
		return
	}
	for _, one := range n.list {
		for _, set := range one.get("config").items() {
			for _, test := range p.tests(one.get("tests")) {
				p.test(joinedTest(set, test), shared)
			}
		}
	}
}

// items are those of a list; nothing has none.
func (n *node) items() []*node {
	if n == nil {
		return nil
	}
	return n.list
}

// joinedTest is a test with the variables and assertions of a set as well.
func joinedTest(set, test *node) *node {
	both := &node{line: test.line}
	vars, asserts := &node{line: test.line}, &node{line: test.line}
	for _, from := range []*node{set, test} {
		if own := from.get("vars"); own != nil {
			vars.keys, vars.values = append(own.keys, vars.keys...), append(own.values, vars.values...)
		}
		asserts.list = append(asserts.list, from.get("assert").items()...)
	}
	both.set("vars", vars)
	both.set("assert", asserts)
	for i, key := range test.keys {
		if key.text != "vars" && key.text != "assert" && key.text != "description" {
			both.set(key.text, test.values[i])
		}
	}
	return both
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

// fromFile gives the tests of the files that a text names, with * for any part of a name.
func (p *promptfoo) fromFile(n *node) []*node {
	name := path.Join(path.Dir(p.file), strings.TrimPrefix(n.text, "file://"))
	names, err := fs.Glob(p.files, name)
	if err != nil || len(names) == 0 {
		names = []string{name} // to say what is wrong with it
	}
	var list []*node
	for _, name := range names {
		some, err := p.testsIn(name)
		if err != nil {
			p.note(n.line, "the tests in %s were not taken: %s", "file://"+name, unread(err))
		}
		list = append(list, some...)
	}
	return list
}

// unread says why a file was not read.
func unread(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no such file"
	}
	return err.Error()
}

// testsIn reads a file of tests. Their lines are those of that file.
func (p *promptfoo) testsIn(name string) (list []*node, err error) {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		root, err := p.parse(name)
		if err != nil {
			return nil, err
		}
		list = root.list
	case ".jsonl":
		err = eachLine(p.files, name, func(number int, line []byte) error {
			root, problems := parse(name, line)
			if root == nil {
				return problems
			}
			root.line = number
			list = append(list, root)
			return nil
		})
	case ".csv":
		list, err = p.table(name)
	default:
		return nil, errors.New("only .yaml, .json, .jsonl and .csv files of tests are read")
	}
	for _, test := range list {
		test.file = name
	}
	return list, err
}

// table reads tests from a CSV whose columns are variables, and __expected assertions.
func (p *promptfoo) table(name string) ([]*node, error) {
	data, err := readAll(p.files, name)
	if err != nil {
		return nil, err
	}
	reader := spreadsheet(name, data)
	header, err := reader.Read()
	if err != nil {
		return nil, err
	}
	var list []*node
	var noted []string
	for {
		row, err := reader.Read()
		if err != nil {
			if len(row) == 0 {
				return list, nil
			}
			return list, err
		}
		line, _ := reader.FieldPos(0)
		vars, asserts, meta, test := &node{}, &node{}, &node{}, &node{line: line}
		for i, value := range row[:min(len(row), len(header))] {
			cell := &node{line: line, text: value, scalar: true, value: value}
			column := strings.TrimSpace(header[i])
			switch key, isMeta := strings.CutPrefix(column, "__metadata:"); {
			case strings.TrimSpace(value) == "":
			case strings.HasPrefix(column, "__expected"):
				asserts.list = append(asserts.list, assertion(cell))
			case column == "__description":
				test.set("description", cell)
			case isMeta:
				meta.set(strings.TrimSuffix(key, "[]"), cell)
			case !strings.HasPrefix(column, "__"):
				vars.set(column, cell)
			case !slices.Contains(noted, column):
				noted = append(noted, column)
				p.note(1, "the column `%s` of %s has no counterpart in a suite; not taken", column, name)
			}
		}
		test.set("metadata", meta)
		test.set("vars", vars)
		test.set("assert", asserts)
		list = append(list, test)
	}
}

func (n *node) set(key string, value *node) {
	n.keys, n.values = append(n.keys, &node{text: key, scalar: true, line: value.line}), append(n.values, value)
}

// shortForm is "type: value" or "type(threshold): value".
var shortForm = regexp.MustCompile(`^\s*([a-z][a-z0-9:-]*?)(?:\([^)]*\))?:\s*((?s:.*))$`)

// assertion reads the short form; a text without a type has to be equal.
func assertion(cell *node) *node {
	kind, value := "equals", cell.text
	if short := shortForm.FindStringSubmatch(cell.text); short != nil && kindOf(short[1]) {
		kind, value = short[1], short[2]
	}
	a := &node{line: cell.line}
	a.set("type", &node{line: cell.line, text: strings.TrimSpace(kind), scalar: true})
	a.set("value", &node{line: cell.line, text: strings.TrimSpace(value), scalar: true})
	return a
}

func (p *promptfoo) test(n, shared *node) {
	main := p.file
	own := first(n.file, main)
	defer func() { p.file = main }()
	p.file = own
	p.conditions(n)
	vars := map[string][]string{}
	for _, from := range []*node{shared.get("vars"), n.get("vars")} {
		if from == nil {
			continue
		}
		for i, key := range from.keys {
			vars[key.text] = p.value(from.values[i])
		}
	}
	question := p.question(vars)
	if question == "" {
		p.note(n.line, "no variable of the test is a question; name it question")
		return
	}
	for i, said := range vars[question] {
		e := Expect{Line: n.line}
		for _, from := range []struct {
			file    string
			asserts *node
		}{{main, shared.get("assert")}, {own, n.get("assert")}} {
			p.file = from.file
			for _, a := range from.asserts.items() {
				p.assert(&e, a, vars)
			}
		}
		id := n.get("description").string()
		if id == "" {
			id = fill(said, vars)
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

// conditions notes what decides otherwise there whether a test passes.
func (p *promptfoo) conditions(n *node) {
	if at := n.get("threshold"); at != nil {
		p.note(at.line, "`threshold` of a test has no counterpart in a suite: all that is expected has to hold")
	}
	if options := n.get("options"); options.get("transform") != nil {
		p.note(options.get("transform").line, "`transform` is not taken: what is expected is held against the reply")
	}
}

// value are the texts of a variable, without those that are in files.
func (p *promptfoo) value(n *node) []string {
	if n.scalar && strings.HasPrefix(n.text, "file://") {
		p.note(n.line, "the variable is in the file %s; not taken", n.text)
		return nil
	}
	return n.texts()
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
