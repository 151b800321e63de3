package suite

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
)

// ReadAll reads what is named: one suite in a file, in a folder or in several files, or several
// suites, each a file or folder with a name of its own. Several become one suite whose cases and
// thresholds say which they are of. They have to be about the same shop, and weigh mistakes alike.
func ReadAll(files fs.FS, names []string) (Suite, error) {
	groups, unnamed, err := grouped(files, names)
	if err != nil {
		return Suite{}, err
	}
	if len(groups) < 2 {
		return Read(files, names)
	}
	var problems Problems
	for _, name := range unnamed {
		problems = append(problems, Problem{File: name, Text: "several suites are named and this file is of none; write `suite: NAME` in it, or put it into the folder of one"})
	}
	m := &merger{suites: map[string]Problem{}, ids: map[string]Problem{}}
	for _, group := range groups {
		one, err := Read(files, group)
		var wrong Problems
		switch {
		case errors.As(err, &wrong):
			problems = append(problems, wrong...)
		case err != nil:
			return Suite{}, err
		default:
			m.add(one)
		}
	}
	if problems = append(problems, m.problems...); len(problems) > 0 {
		return m.suite, problems.Sorted()
	}
	return m.suite, nil
}

// grouped gives the files of each name that holds the name of a suite, and the files of the others.
func grouped(files fs.FS, names []string) (groups [][]string, unnamed []string, err error) {
	seen := map[string]bool{}
	for _, name := range names {
		list, err := listed(files, []string{name})
		if err != nil {
			return nil, nil, fmt.Errorf("read the suite: %w", err)
		}
		list = slices.DeleteFunc(list, func(file string) bool { return seen[file] })
		named := false
		for _, file := range list {
			seen[file] = true
			data, err := fs.ReadFile(files, file)
			if err != nil {
				return nil, nil, fmt.Errorf("read the suite: %w", err)
			}
			root, _ := parse(file, data)
			named = named || root.get("suite") != nil
		}
		if named {
			groups = append(groups, list)
		} else {
			unnamed = append(unnamed, list...)
		}
	}
	return groups, unnamed, nil
}

// merger makes one suite of several.
type merger struct {
	suite    Suite
	problems Problems
	// suites and ids say where a name and the id of a case were first.
	suites, ids map[string]Problem
}

func (m *merger) fault(at Problem, format string, args ...any) {
	at.Text = fmt.Sprintf(format, args...)
	m.problems = append(m.problems, at)
}

func (m *merger) add(one Suite) {
	at := Problem{File: one.Cases[0].File, Line: one.Cases[0].Line}
	if first, twice := m.suites[one.Name]; twice {
		m.fault(at, "a suite `%s` is in %s already; give this one another name", one.Name, first.File)
	} else if len(m.suites) > 0 {
		m.alike(at, one)
	}
	m.suites[one.Name] = at
	if len(m.suites) == 1 {
		m.suite = Suite{Shop: one.Shop, Clock: one.Clock}
	}
	m.suite.Name = strings.TrimPrefix(m.suite.Name+" + "+one.Name, " + ")
	m.suite.About = strings.TrimSpace(m.suite.About + "\n" + one.About)
	m.suite.Costs = cmp.Or(m.suite.Costs, one.Costs)
	m.thresholds(one)
	for _, c := range one.Cases {
		if first, twice := m.ids[c.Group]; twice && first.File != c.File {
			m.fault(Problem{File: c.File, Line: c.Line}, "the id `%s` is that of the case in %s:%d; give this one another, or run the suites one after another", c.Group, first.File, first.Line)
		}
		m.ids[c.Group] = Problem{File: c.File, Line: c.Line}
		c.Suite = one.Name
		m.suite.Cases = append(m.suite.Cases, c)
	}
}

// alike looks at what suites in one run have to have in common.
func (m *merger) alike(at Problem, one Suite) {
	if !reflect.DeepEqual(m.suite.Shop, one.Shop) {
		m.fault(at, "the suites `%s` and `%s` are about different shops; run them one after another", m.suite.Name, one.Name)
	}
	if m.suite.Costs != (Costs{}) && one.Costs != (Costs{}) && m.suite.Costs != one.Costs {
		m.fault(at, "the suites `%s` and `%s` have different `costs`; give them the same, or run them one after another", m.suite.Name, one.Name)
	}
}

// thresholds takes those of a suite, and its parity, for its own cases.
func (m *merger) thresholds(one Suite) {
	list := slices.Clone(one.Thresholds)
	if p := one.Parity; p.Margin > 0 {
		list = append(list, Threshold{Metric: "parity_gap", Max: &p.Margin, Bound: "high", File: p.File, Line: p.Line})
	}
	for _, t := range list {
		t.Where.Suite = one.Name
		m.suite.Thresholds = append(m.suite.Thresholds, t)
	}
}
