package suite

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFile bounds a file of cases: what reads YAML slows down with its length. maxNodes
// bounds what a file unfolds to, since an alias may stand for a lot.
const (
	maxFile  = 4 << 20
	maxNodes = 1_000_000
	maxDepth = 50
)

// node is a value of a file with its place. Aliases are resolved.
type node struct {
	line, column int
	// file is where a test of an import stands; empty for the file that is read.
	file string
	// value is what a schema sees: nil, a string, a number, a bool, []any, map[string]any.
	value any
	// text is a scalar as it is written, quotes apart.
	text   string
	scalar bool
	list   []*node
	// keys and values are a mapping, in the order of the file.
	keys   []*node
	values []*node
}

// get is the value of a key, or nil.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for i, k := range n.keys {
		if k.text == key {
			return n.values[i]
		}
	}
	return nil
}

// at follows the path of an error of the schema; key is the key of the last part, if it
// is one of a mapping.
func (n *node) at(path []string) (found, key *node) {
	for _, part := range path {
		key = nil
		if i, err := strconv.Atoi(part); err == nil && i < len(n.list) {
			n = n.list[i]
			continue
		}
		next := n.get(part)
		if next == nil {
			return n, nil
		}
		for i := range n.keys {
			if n.values[i] == next {
				key = n.keys[i]
			}
		}
		n = next
	}
	return n, key
}

// tree builds nodes and keeps what it finds wrong.
type tree struct {
	file     string
	anchors  map[string]*node
	count    int
	problems Problems
}

func (t *tree) fault(line, column int, format string, args ...any) {
	t.problems = append(t.problems, Problem{File: t.file, Line: line, Column: column, Text: fmt.Sprintf(format, args...)})
}

// parse reads one file. The node is nil where nothing can be made of it.
func parse(name string, data []byte) (*node, Problems) {
	t := &tree{file: name, anchors: map[string]*node{}}
	if len(data) > maxFile {
		t.fault(0, 0, "the file is larger than %d KB; split it into several, which are read as one suite", maxFile>>10)
		return nil, t.problems
	}
	file, err := parseYAML(data)
	if err != nil {
		line, column, text := syntaxError(err)
		t.fault(line, column, "this is not YAML: %s", text)
		return nil, t.problems
	}
	root := t.document(file)
	return root, t.problems
}

// parseYAML turns a panic of the parser on text that is no YAML into an error.
func parseYAML(data []byte) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("look for brackets, quotes and indents that don't fit together")
		}
	}()
	return parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
}

func syntaxError(err error) (line, column int, text string) {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil || at.GetToken().Position == nil {
		text, _, _ = strings.Cut(err.Error(), "\n")
		return 0, 0, text
	}
	return at.GetToken().Position.Line, at.GetToken().Position.Column, at.GetMessage()
}

func (t *tree) document(file *ast.File) *node {
	var root *node
	for _, doc := range file.Docs {
		if doc == nil || doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		n := t.build(doc.Body, 0)
		if root != nil {
			t.fault(n.line, n.column, "a second document begins here; put it into a file of its own and take the `---` away")
			break
		}
		root = n
	}
	if root == nil {
		t.fault(1, 0, "the file is empty; a suite begins with `suite:` and `cases:`")
	}
	return root
}

// build makes a node, and one without a value of what is beyond the bounds.
func (t *tree) build(from ast.Node, depth int) *node {
	n := &node{}
	if from == nil {
		return n
	}
	n.line, n.column = position(from)
	if t.count++; t.count == maxNodes || depth == maxDepth {
		t.fault(n.line, n.column, "the file holds too much from here on; split it, and look at what its aliases repeat")
	}
	if t.count >= maxNodes || depth >= maxDepth {
		return n
	}
	switch v := from.(type) {
	case *ast.MappingNode:
		t.mapping(n, v.Values, depth)
	case *ast.MappingValueNode:
		t.mapping(n, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		t.sequence(n, v.Values, depth)
	case *ast.AnchorNode:
		n = t.build(v.Value, depth+1)
		t.anchors[plain(v.Name)] = n
	case *ast.AliasNode:
		return t.alias(n, plain(v.Value))
	case *ast.TagNode:
		return t.build(v.Value, depth+1)
	default:
		scalar(n, from)
	}
	return n
}

func position(n ast.Node) (line, column int) {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0]
	}
	if m, ok := n.(*ast.MappingValueNode); ok && m.Key != nil {
		n = m.Key
	}
	token := n.GetToken()
	if token == nil || token.Position == nil {
		return 0, 0
	}
	return token.Position.Line, token.Position.Column
}

func (t *tree) sequence(n *node, from []ast.Node, depth int) {
	value := make([]any, 0, len(from))
	for _, one := range from {
		child := t.build(one, depth+1)
		n.list = append(n.list, child)
		value = append(value, child.value)
	}
	n.value = value
}

func (t *tree) mapping(n *node, from []*ast.MappingValueNode, depth int) {
	value := map[string]any{}
	var merged []*node
	for _, one := range from {
		key := &node{text: plain(one.Key), scalar: true}
		key.line, key.column = position(one.Key)
		child := t.build(one.Value, depth+1)
		if child.line == 0 {
			child.line, child.column = key.line, key.column
		}
		switch {
		case one.Key.IsMergeKey():
			merged = append(merged, child)
			continue
		case n.get(key.text) != nil:
			t.fault(key.line, key.column, "`%s` is there twice; keep one", key.text)
			continue
		}
		n.keys, n.values, value[key.text] = append(n.keys, key), append(n.values, child), child.value
	}
	for _, m := range merged {
		for i, key := range m.keys {
			if n.get(key.text) == nil {
				n.keys, n.values, value[key.text] = append(n.keys, key), append(n.values, m.values[i]), m.values[i].value
			}
		}
	}
	n.value = value
}

// alias stands for what its anchor names. Its size counts again.
func (t *tree) alias(n *node, name string) *node {
	found, ok := t.anchors[name]
	if !ok {
		t.fault(n.line, n.column, "nothing above is marked with `&%s`", name)
		return n
	}
	t.count += found.size()
	if t.count >= maxNodes {
		t.fault(n.line, n.column, "the file holds too much from here on; split it, and look at what its aliases repeat")
		return n
	}
	return found
}

func (n *node) size() int {
	total := 1
	for _, child := range n.list {
		total += child.size()
	}
	for _, child := range n.values {
		total += child.size()
	}
	return total
}

// scalar fills in a value that is neither list nor mapping.
func scalar(n *node, from ast.Node) {
	n.text, n.scalar = plain(from), true
	switch v := from.(type) {
	case *ast.NullNode:
		n.text, n.scalar = "", false
	case *ast.IntegerNode:
		n.value = v.Value
	case *ast.FloatNode:
		n.value = v.Value
	case *ast.BoolNode:
		n.value = v.Value
	default:
		n.value = n.text
	}
}

// plain is the text of a scalar without quotes, and without the white space around it,
// which a block of several lines always has.
func plain(n ast.Node) string {
	switch v := n.(type) {
	case *ast.StringNode:
		return strings.TrimSpace(v.Value)
	case *ast.LiteralNode:
		return strings.TrimSpace(v.Value.Value)
	case nil:
		return ""
	}
	if n.GetToken() == nil {
		return ""
	}
	return n.GetToken().Value
}
