package action

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/recado/recado/rag/assure"
)

// maxPolicy bounds the file of a policy in bytes.
const maxPolicy = 64 << 10

// levels are the names of the levels in files and on the wire.
var levels = []string{assure.Unknown: "unknown", assure.Number: "number", assure.Code: "code", assure.Verified: "verified"}

// LevelName is the word for a level in files and on the wire.
func LevelName(l assure.Level) string {
	if l < 0 || int(l) >= len(levels) {
		return levels[assure.Unknown]
	}
	return levels[l]
}

// ParseLevel reads such a word.
func ParseLevel(word string) (assure.Level, bool) {
	at := slices.Index(levels, word)
	return assure.Level(max(at, 0)), at >= 0
}

// file is a policy as a shop writes it. What is nil is left as it is by default.
type file struct {
	ReturnDays  *int              `yaml:"return_days"`
	Seasons     []Season          `yaml:"seasons"`
	Cancel      *[]string         `yaml:"cancel_while"`
	Address     *[]string         `yaml:"change_address_while"`
	Return      *[]string         `yaml:"return_when"`
	PersonAbove map[string]int64  `yaml:"person_above_minor"`
	Final       []string          `yaml:"final_items"`
	Levels      map[string]string `yaml:"levels"`
}

// ReadPolicy reads a shop's rules from YAML. What the file leaves out is as in
// DefaultPolicy; an empty list means never. A key that is not known, and a value that can't
// be meant, is an error that names the line.
func ReadPolicy(r io.Reader) (Policy, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPolicy+1))
	switch {
	case err != nil:
		return Policy{}, fmt.Errorf("read the policy: %w", err)
	case len(data) > maxPolicy:
		return Policy{}, fmt.Errorf("read the policy: it is larger than %d KB", maxPolicy>>10)
	}
	var f file
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return Policy{}, fmt.Errorf("read the policy: %w", yamlError(err))
	}
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return Policy{}, fmt.Errorf("read the policy: %w", yamlError(err))
	}
	p, place, err := f.policy()
	if err != nil {
		return Policy{}, fmt.Errorf("read the policy: line %d: %w", lineOf(tree, place), err)
	}
	return p, nil
}

// policy checks the values. An error comes with the path of the value.
func (f file) policy() (p Policy, place string, err error) {
	p = DefaultPolicy()
	p.Seasons, p.Final, p.PersonAbove, p.Levels = f.Seasons, f.Final, map[string]int64{}, map[Kind]assure.Level{}
	if f.ReturnDays != nil {
		p.ReturnDays = *f.ReturnDays
	}
	if p.ReturnDays < 0 {
		return p, "$.return_days", errors.New("return_days can't be negative; 0 means that returns have no limit")
	}
	if place, err = f.statuses(&p); err != nil {
		return p, place, err
	}
	for i, word := range f.Final {
		if fold(word) == "" {
			return p, fmt.Sprintf("$.final_items[%d]", i), errors.New("an item is empty")
		}
	}
	for i, season := range f.Seasons {
		if err := season.check(); err != nil {
			return p, fmt.Sprintf("$.seasons[%d]", i), err
		}
	}
	if place, err = f.amounts(&p); err == nil {
		place, err = f.raise(&p)
	}
	return p, place, err
}

func (f file) statuses(p *Policy) (place string, err error) {
	for _, list := range []struct {
		key  string
		from *[]string
		to   *[]string
	}{{"cancel_while", f.Cancel, &p.Cancel}, {"change_address_while", f.Address, &p.Address}, {"return_when", f.Return, &p.Return}} {
		if list.from == nil {
			continue
		}
		*list.to = nil
		for i, word := range *list.from {
			if fold(word) == "" {
				return fmt.Sprintf("$.%s[%d]", list.key, i), errors.New("a status is empty")
			}
			*list.to = append(*list.to, Status(word))
		}
	}
	return "", nil
}

func (s Season) check() error {
	for _, text := range []string{s.From, s.To, s.Until} {
		if _, err := time.Parse(monthDay, text); err != nil {
			return errors.New("a season needs from, to and until as month and day, such as 11-15")
		}
	}
	return nil
}

func (f file) amounts(p *Policy) (place string, err error) {
	for _, code := range slices.Sorted(maps.Keys(f.PersonAbove)) {
		if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return "$.person_above_minor." + code, errors.New("a currency is an ISO 4217 code such as EUR")
		}
		if f.PersonAbove[code] < 0 {
			return "$.person_above_minor." + code, errors.New("an amount can't be negative")
		}
		p.PersonAbove[code] = f.PersonAbove[code]
	}
	return "", nil
}

func (f file) raise(p *Policy) (place string, err error) {
	for _, name := range slices.Sorted(maps.Keys(f.Levels)) {
		place = "$.levels." + name
		spec, ok := Find(Kind(name))
		if !ok {
			return place, fmt.Errorf("%q is no action; the actions are %s", name, strings.Join(kinds(), ", "))
		}
		level, ok := ParseLevel(f.Levels[name])
		if !ok || level == assure.Unknown {
			return place, fmt.Errorf("%q is no level; write number, code or verified", f.Levels[name])
		}
		if level < spec.Level {
			return place, fmt.Errorf("%s needs at least %s; a level may be raised and not lowered", name, LevelName(spec.Level))
		}
		p.Levels[spec.Kind] = level
	}
	return "", nil
}

func kinds() []string {
	var list []string
	for _, s := range Specs() {
		list = append(list, string(s.Kind))
	}
	return list
}

// lineOf is the line of a value in the file, or 1 where it can't be told.
func lineOf(tree *ast.File, place string) int {
	path, err := yaml.PathString(place)
	if err != nil {
		return 1
	}
	node, err := path.FilterFile(tree)
	if err != nil || node.GetToken() == nil || node.GetToken().Position == nil {
		return 1
	}
	return node.GetToken().Position.Line
}

// yamlError turns an error of the YAML reader into one line.
func yamlError(err error) error {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil {
		return fmt.Errorf("not readable as YAML: %w", err)
	}
	return fmt.Errorf("line %d: %s", at.GetToken().Position.Line, at.GetMessage())
}
