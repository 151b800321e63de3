package suite

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// maxCases bounds a suite with all its variants.
const maxCases = 100_000

// source is a file of a suite, read and held against the schema.
type source struct {
	name   string
	root   *node
	broken map[int]bool
}

// reader puts the files of a suite together.
type reader struct {
	suite     Suite
	sources   []source
	customers map[string]Customer
	// places say where a case and a setting stand, for what is there twice.
	places   map[string]Problem
	problems Problems
	// file is the one that is read.
	file string
}

// Read reads a suite from files, each a YAML file or a folder of them; no name means the
// folder itself. Every case is there once for each language and for each variant. An error
// that is Problems says all that is wrong, each with its line; the suite then has what is right.
func Read(files fs.FS, names []string) (Suite, error) {
	check, err := newChecker()
	if err != nil {
		return Suite{}, err
	}
	names, err = listed(files, names)
	if err != nil {
		return Suite{}, fmt.Errorf("read the suite: %w", err)
	}
	r := &reader{customers: map[string]Customer{}, places: map[string]Problem{}}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return Suite{}, fmt.Errorf("read the suite: %w", err)
		}
		r.add(check, name, data)
	}
	r.settings()
	r.cases()
	if len(r.problems) == 0 {
		r.whole()
	}
	if len(r.problems) > 0 {
		return r.suite, r.problems.Sorted()
	}
	return r.suite, nil
}

// listed gives the files that names stand for.
func listed(files fs.FS, names []string) ([]string, error) {
	if len(names) == 0 {
		names = []string{"."}
	}
	var list []string
	for _, name := range names {
		name = path.Clean(name)
		info, err := fs.Stat(files, name)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			list = append(list, name)
			continue
		}
		entries, err := fs.ReadDir(files, name)
		if err != nil {
			return nil, err
		}
		before := len(list)
		for _, e := range entries {
			if ext := path.Ext(e.Name()); !e.IsDir() && (ext == ".yaml" || ext == ".yml") {
				list = append(list, path.Join(name, e.Name()))
			}
		}
		if len(list) == before {
			return nil, fmt.Errorf("%s holds no .yaml file", name)
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

func (r *reader) fault(n *node, format string, args ...any) {
	p := Problem{File: r.file, Text: fmt.Sprintf(format, args...)}
	if n != nil {
		p.Line, p.Column = n.line, n.column
	}
	r.problems = append(r.problems, p)
}

// add reads one file; what can't be read is a problem.
func (r *reader) add(check *checker, name string, data []byte) {
	root, problems := parse(name, data)
	r.problems = append(r.problems, problems...)
	if root == nil {
		return
	}
	found, broken := check.check(name, root)
	for _, p := range found {
		// What could not be read has no value for the schema either.
		if !slices.ContainsFunc(problems, func(q Problem) bool { return q.Line == p.Line && q.Column == p.Column }) {
			r.problems = append(r.problems, p)
		}
	}
	r.sources = append(r.sources, source{name: name, root: root, broken: broken})
}

// settings reads what is said once for the suite.
func (r *reader) settings() {
	for _, s := range r.sources {
		r.file = s.name
		root := s.root
		if n := r.once(root, "suite"); n != nil {
			r.suite.Name = n.text
		}
		if n := r.once(root, "about"); n != nil {
			r.suite.About = n.text
		}
		if n := r.once(root, "clock"); n != nil {
			r.suite.Clock = r.clock(n)
		}
		if n := r.once(root, "shop"); n != nil {
			r.shop(n)
		}
		if n := r.once(root, "costs"); n != nil {
			r.suite.Costs = Costs{Wrong: n.get("wrong").number(), Handoff: n.get("handoff").number(), Clarify: n.get("clarify").number()}
		}
		if n := r.once(root, "parity"); n != nil {
			r.suite.Parity = Parity{Margin: n.get("margin").number(), File: s.name, Line: n.line}
		}
		r.people(root.get("customers"))
		r.thresholds(root.get("thresholds"))
	}
	if r.suite.Name == "" && len(r.sources) > 0 && len(r.problems) == 0 {
		r.file = r.sources[0].name
		r.fault(r.sources[0].root, "no file of the suite has its name; write `suite: NAME` at the beginning of one")
	}
}

// once is the value of a setting that only one file may have.
func (r *reader) once(root *node, key string) *node {
	n := root.get(key)
	if n == nil || n.value == nil {
		return nil
	}
	if first, twice := r.places["setting "+key]; twice {
		r.fault(n, "`%s` is in %s:%d already; keep it in one file of the suite", key, first.File, first.Line)
		return nil
	}
	r.places["setting "+key] = Problem{File: r.file, Line: n.line}
	return n
}

func (r *reader) clock(n *node) time.Time {
	if n == nil {
		return time.Time{}
	}
	// What does not parse is a problem of the schema.
	at, err := time.Parse(time.RFC3339, n.text)
	if err != nil {
		return time.Time{}
	}
	return at
}

func (r *reader) shop(n *node) {
	beside := func(name string) string {
		if name == "" || path.IsAbs(name) {
			return name
		}
		return path.Join(path.Dir(r.file), name)
	}
	for _, name := range n.get("knowledge").texts() {
		r.suite.Shop.Knowledge = append(r.suite.Shop.Knowledge, beside(name))
	}
	r.suite.Shop.Orders, r.suite.Shop.Actions = beside(n.get("orders").string()), beside(n.get("actions").string())
	own := len(r.suite.Shop.Knowledge) > 0 || r.suite.Shop.Orders != "" || r.suite.Shop.Actions != ""
	switch demo := n.get("demo"); {
	case demo != nil && demo.value == true && own:
		r.fault(n, "the shop is either the demo shop or made of own files; take `demo` away, or the files")
	case (demo == nil || demo.value != true) && len(r.suite.Shop.Knowledge) == 0:
		r.fault(n, "the shop has no documents; write `knowledge:` with files or folders, or `demo: true`")
	}
}

func (r *reader) people(n *node) {
	if n == nil {
		return
	}
	for i, key := range n.keys {
		if first, twice := r.places["customer "+key.text]; twice {
			r.fault(key, "the customer `%s` is in %s:%d already; keep one", key.text, first.File, first.Line)
			continue
		}
		r.places["customer "+key.text] = Problem{File: r.file, Line: key.line}
		r.customers[key.text] = person(n.values[i])
	}
}

func person(n *node) Customer {
	return Customer{Phone: digits(n.get("phone").string()), Name: n.get("name").string(), Level: n.get("level").string()}
}

// digits are those of a phone number.
func digits(phone string) string {
	return strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, phone)
}

func (r *reader) thresholds(n *node) {
	if n == nil {
		return
	}
	for _, one := range n.list {
		where := one.get("where")
		t := Threshold{
			Metric: one.get("metric").string(), Bound: one.get("bound").string(), Cases: int(one.get("cases").number()),
			Where: Where{
				Tag: where.get("tag").string(), Language: where.get("language").string(), Intent: where.get("intent").string(),
				Risk: where.get("risk").string(), Variant: where.get("variant").string(),
			},
			File: r.file, Line: one.line,
		}
		if t.Bound == "" {
			t.Bound = "value"
		}
		t.Min, t.Max = one.get("min").pointer(), one.get("max").pointer()
		switch {
		case t.Min == nil && t.Max == nil:
			r.fault(one, "the threshold of `%s` has no bound; write `min` or `max`", t.Metric)
		case t.Min != nil && t.Max != nil && *t.Min > *t.Max:
			r.fault(one, "`min` is above `max`, which nothing can reach; swap them")
		}
		r.suite.Thresholds = append(r.suite.Thresholds, t)
	}
}

// cases reads the cases of all files, without their variants.
func (r *reader) cases() {
	for _, s := range r.sources {
		r.file = s.name
		list := s.root.get("cases")
		if list == nil {
			continue
		}
		for i, n := range list.list {
			r.known(n)
			if !s.broken[i] {
				r.oneCase(n, s.root)
			}
			if len(r.suite.Cases) > maxCases {
				r.fault(n, "the suite has more than %d cases with its variants; make several suites of it", maxCases)
				return
			}
		}
	}
}

// known finds ids that are there twice.
func (r *reader) known(n *node) {
	id := n.get("id")
	if id == nil || id.text == "" {
		return
	}
	if first, twice := r.places["case "+id.text]; twice {
		r.fault(id, "the id `%s` is that of the case in %s:%d; give this one another", id.text, first.File, first.Line)
		return
	}
	r.places["case "+id.text] = Problem{File: r.file, Line: id.line}
}

// whole looks at what can be told of the suite as a whole, once every case is right.
func (r *reader) whole() {
	if len(r.suite.Cases) == 0 {
		r.file = r.sources[0].name
		r.fault(nil, "the suite has no cases; write at least one below `cases:`")
	}
	for _, t := range r.suite.Thresholds {
		n := 0
		for _, c := range r.suite.Cases {
			if t.Where.Takes(c) {
				n++
			}
		}
		r.file = t.File
		at := &node{line: t.Line}
		switch {
		case n == 0 && len(r.suite.Cases) > 0:
			r.fault(at, "no case is in the slice %s of the threshold of `%s`%s", t.Where, t.Metric, r.meant(t.Where))
		case n < t.Cases:
			r.fault(at, "the threshold of `%s` needs %d cases and has %d; add cases, or lower `cases`", t.Metric, t.Cases, n)
		}
	}
	pairs := slices.ContainsFunc(r.suite.Cases, func(c Case) bool { return c.Pair != "" })
	if p := r.suite.Parity; p.Margin > 0 && !pairs {
		r.file = p.File
		r.fault(&node{line: p.Line}, "no case is there in both languages, so that parity says nothing; take `parity` away, or write es and en")
	}
	r.file = ""
}

// meant is the end of the sentence about a slice without cases: the words that there are.
func (r *reader) meant(w Where) string {
	have := map[string][]string{}
	for _, c := range r.suite.Cases {
		have["tag"] = append(have["tag"], c.Tags...)
		have["language"] = append(have["language"], c.Language)
		have["intent"] = append(have["intent"], c.Intent)
		have["risk"] = append(have["risk"], c.Risk)
		have["variant"] = append(have["variant"], c.Variant)
	}
	for _, part := range [][2]string{
		{"tag", w.Tag}, {"language", w.Language}, {"intent", w.Intent}, {"risk", w.Risk}, {"variant", w.Variant},
	} {
		words := slices.DeleteFunc(have[part[0]], func(s string) bool { return s == "" })
		slices.Sort(words)
		words = slices.Compact(words)
		if part[1] != "" && !slices.Contains(words, part[1]) {
			return suggest(part[1], words)
		}
	}
	return "; write cases that are in it, or take the threshold away"
}
