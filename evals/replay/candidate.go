package replay

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxCandidate bounds the file of a candidate in bytes.
const maxCandidate = 64 << 10

// Candidate is what is to be tried: how it differs from the configuration of today. The
// zero Candidate differs in nothing.
type Candidate struct {
	// Name is what reports call it.
	Name string `yaml:"name"`
	// Settings are values for settings, by the names of their environment variables.
	Settings map[string]string `yaml:"settings"`
	// Threshold takes the place of the calibration's; nil leaves that.
	Threshold *float64 `yaml:"threshold"`
	// Knowledge is a folder whose documents take the place of those of then.
	Knowledge string `yaml:"knowledge"`
	// Search lets the documents of today be searched in place of taking the passages of
	// then.
	Search bool `yaml:"search"`
}

// Searches tells whether the candidate finds passages of its own.
func (c Candidate) Searches() bool { return c.Knowledge != "" || c.Search }

// ReadCandidate reads a candidate from YAML. settings are the names of the settings that it
// may change. A key that is not known, and a value that can't be meant, is an error that
// names the line and says what to do. An empty file is the zero Candidate.
func ReadCandidate(r io.Reader, settings []string) (c Candidate, err error) {
	data, err := io.ReadAll(io.LimitReader(r, maxCandidate+1))
	switch {
	case err != nil:
		return c, fmt.Errorf("read the candidate: %w", err)
	case len(data) > maxCandidate:
		return c, fmt.Errorf("it is larger than %d KB: a candidate holds a few lines, and names the folder of its documents", maxCandidate>>10)
	}
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return c, errors.New(plainly(err))
	}
	for _, document := range tree.Docs {
		if err := checkKeys(document.Body, settings); err != nil {
			return c, err
		}
	}
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return c, errors.New(plainly(err))
	}
	if t := c.Threshold; t != nil && !(*t >= 0 && *t <= 1) {
		return c, fmt.Errorf("threshold %g is not a probability from 0 to 1, such as 0.85", *t)
	}
	if c.Knowledge != "" && c.Search {
		return c, errors.New("knowledge and search exclude each other: name a folder, or search the documents of today")
	}
	return c, nil
}

// plainly is the first line of what the library says, which has the place in it.
func plainly(err error) string {
	text := yaml.FormatError(err, false, false)
	first, _, _ := strings.Cut(text, "\n")
	return "the YAML can't be read: " + first
}

// keys are those of a candidate.
var keys = []string{"knowledge", "name", "search", "settings", "threshold"}

// checkKeys refuses what nobody would look at.
func checkKeys(n ast.Node, settings []string) error {
	top, err := entries(n, "a candidate")
	if err != nil {
		return err
	}
	for _, pair := range top {
		key := pair.Key.String()
		switch {
		case !slices.Contains(keys, key):
			return fmt.Errorf("line %d: %q is not known; a candidate has %s", lineOf(pair), key, strings.Join(keys, ", "))
		case key != "settings":
			continue
		}
		inner, err := entries(pair.Value, "settings")
		if err != nil {
			return err
		}
		for _, setting := range inner {
			if name := setting.Key.String(); !slices.Contains(settings, name) {
				return fmt.Errorf("line %d: %s is no setting that changes answers%s; those are %s", lineOf(setting), name, meant(name, settings), strings.Join(settings, ", "))
			}
		}
	}
	return nil
}

// meant is the setting that a name without its prefix or in small letters stands for.
func meant(name string, settings []string) string {
	upper := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	for _, s := range settings {
		if s == upper || strings.HasSuffix(s, "_"+upper) {
			return " (write " + s + ")"
		}
	}
	return ""
}

func entries(n ast.Node, what string) ([]*ast.MappingValueNode, error) {
	switch n := n.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return nil, nil
	case *ast.MappingNode:
		return n.Values, nil
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, nil
	default:
		return nil, fmt.Errorf("line %d: %s is a list of lines such as KEY: value", n.GetToken().Position.Line, what)
	}
}

func lineOf(n *ast.MappingValueNode) int { return n.Key.GetToken().Position.Line }

// Changes lists what differs, for a report. The values of keys are not told.
func (c Candidate) Changes() []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(c.Settings)) {
		value := c.Settings[name]
		switch {
		case strings.HasSuffix(name, "_KEY"):
			value = "another key"
		case value == "":
			value = "nothing"
		}
		list = append(list, name+": "+value)
	}
	if c.Threshold != nil {
		list = append(list, fmt.Sprintf("threshold: %g", *c.Threshold))
	}
	if c.Knowledge != "" {
		list = append(list, "knowledge: "+c.Knowledge)
	}
	if c.Search {
		list = append(list, "search: the documents of today")
	}
	return list
}
