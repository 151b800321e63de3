package sources

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/recado/recado/knowledge"
)

// manifestNames are the files that a manifest can be in.
var manifestNames = []string{"recado.yaml", "recado.yml"}

// maxManifest bounds a manifest: reading YAML that nobody wrote can take the square of
// its length. maxEntries bounds its entries: each is compared with each path.
const (
	maxManifest = 32 << 10
	maxEntries  = 500
)

var errNoPath = errors.New(`a path is missing; write for example path: "legal/*.md"`)

// manifest is what recado.yaml says.
type manifest struct {
	entries []entry
	ignore  []string
}

// entry is one of the manifest's documents.
type entry struct {
	line int
	path string
	meta knowledge.Meta
}

// findManifest reads the manifest in the root, if there is one.
func findManifest(files fs.FS) (manifest, error) {
	var found manifest
	names := 0
	for _, name := range manifestNames {
		data, err := readFile(files, name, maxManifest)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			found, err = parseManifest(data)
		}
		if err != nil {
			return manifest{}, fmt.Errorf("%w: %w", ErrManifest, reason(err))
		}
		names++
	}
	if names > 1 {
		return manifest{}, fmt.Errorf("%w: there are both recado.yaml and recado.yml; keep one", ErrManifest)
	}
	return found, nil
}

// parseManifest reads a manifest. An error names the line.
func parseManifest(data []byte) (manifest, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return manifest{}, yamlError(err)
	}
	if len(file.Docs) > 1 {
		return manifest{}, errors.New("there is more than one YAML document in it; keep one")
	}
	if len(file.Docs) == 0 || isEmpty(file.Docs[0].Body) {
		return manifest{}, nil
	}
	var m manifest
	return m, eachKey(file.Docs[0].Body, "the manifest", func(key string, value ast.Node) error {
		switch key {
		case "documents":
			return m.setDocuments(value)
		case "ignore":
			return m.setIgnore(value)
		}
		return fmt.Errorf("%q is not known here; the manifest has documents and ignore", key)
	})
}

func (m *manifest) setIgnore(node ast.Node) error {
	patterns, err := texts(node, "ignore")
	if err != nil {
		return err
	}
	if len(patterns) > maxEntries {
		return fmt.Errorf("there are more than %d paths; join some by one such as drafts/**", maxEntries)
	}
	for _, pattern := range patterns {
		clean, err := cleanPattern(pattern)
		if err != nil {
			return err
		}
		m.ignore = append(m.ignore, clean)
	}
	return nil
}

func isEmpty(node ast.Node) bool {
	switch node.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return true
	}
	return false
}

// eachKey calls a function with all keys of a mapping, and puts the line in front of its
// error.
func eachKey(node ast.Node, what string, set func(key string, value ast.Node) error) error {
	pairs, ok := node.(ast.MapNode)
	if !ok {
		return fmt.Errorf("line %d: %s must be keys with values", lineOf(node), what)
	}
	// The parser refuses a key that is there twice.
	for each := pairs.MapRange(); each.Next(); {
		key := each.Key().String()
		if token := each.Key().GetToken(); token != nil {
			key = token.Value
		}
		if err := set(key, each.Value()); err != nil {
			if strings.HasPrefix(err.Error(), "line ") {
				return err // it knows better
			}
			return fmt.Errorf("line %d: %w", lineOf(each.Key()), err)
		}
	}
	return nil
}

func lineOf(node ast.Node) int {
	if node == nil || node.GetToken() == nil || node.GetToken().Position == nil {
		return 1
	}
	return node.GetToken().Position.Line
}

// texts are the texts of a value: one, or those of a list.
func texts(node ast.Node, key string) ([]string, error) {
	switch n := node.(type) {
	case *ast.NullNode:
		return nil, nil
	case *ast.LiteralNode:
		return []string{n.Value.Value}, nil
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		// The text as it is written: a day, or the country NO, is no other type here.
		return []string{n.GetToken().Value}, nil
	case *ast.SequenceNode:
		var all []string
		for _, value := range n.Values {
			if _, nested := value.(*ast.SequenceNode); nested {
				return nil, fmt.Errorf("%s must be a text or a list of texts", key)
			}
			one, err := texts(value, key)
			if err != nil {
				return nil, err
			}
			all = append(all, one...)
		}
		return all, nil
	}
	return nil, fmt.Errorf("%s must be a text or a list of texts", key)
}

func (m *manifest) setDocuments(node ast.Node) error {
	if isEmpty(node) {
		return nil
	}
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		return errors.New("documents must be a list, each entry beginning with a hyphen")
	}
	if len(list.Values) > maxEntries {
		return fmt.Errorf("there are more than %d entries; join some by a path such as legal/**", maxEntries)
	}
	for _, value := range list.Values {
		e := entry{line: lineOf(value)}
		if err := eachKey(value, "an entry", e.set); err != nil {
			return err
		}
		if err := e.check(); err != nil {
			return fmt.Errorf("line %d: %w", e.line, err)
		}
		m.entries = append(m.entries, e)
	}
	return nil
}

// set reads one key of an entry.
func (e *entry) set(key string, value ast.Node) error {
	values, err := texts(value, key)
	if err != nil {
		return err
	}
	if len(values) > 1 && key != "markets" && key != "tags" {
		return fmt.Errorf("%s must be one text", key)
	}
	text := strings.Join(values, "")
	if key == "path" {
		e.path, err = cleanPattern(text)
		return err
	}
	var one knowledge.Meta
	switch key {
	case "id":
		one.ID = text
	case "title":
		one.Title = text
	case "locale":
		one.Locale = text
	case "audience":
		one.Audience = knowledge.Audience(text)
	case "markets":
		one.Markets = values
	case "valid_from":
		one.ValidFrom = text
	case "valid_to":
		one.ValidTo = text
	case "approver":
		one.Approver = text
	case "tags":
		one.Tags = values
	default:
		return fmt.Errorf("%q is not known here; an entry has path, id, title, locale, audience, markets, valid_from, valid_to, approver and tags", key)
	}
	one, err = one.Check()
	e.meta = one.Over(e.meta)
	return err
}

// check looks at an entry as a whole.
func (e *entry) check() error {
	if e.path == "" {
		return errNoPath
	}
	if e.meta.ID != "" && strings.ContainsAny(e.path, "*?[{") {
		return errors.New("an id is for one document; write its path without * and other wildcards")
	}
	_, err := e.meta.Check()
	return err
}

// cleanPattern checks a path with wildcards.
func cleanPattern(pattern string) (string, error) {
	pattern = readable(strings.TrimPrefix(strings.TrimSpace(pattern), "./"))
	switch {
	case pattern == "":
		return "", errNoPath
	case strings.HasPrefix(pattern, "/") || slices.Contains(strings.Split(pattern, "/"), ".."):
		return "", fmt.Errorf("path %q leads out of the folder; write it from the manifest's folder on", pattern)
	case !doublestar.ValidatePattern(pattern):
		return "", fmt.Errorf("path %q has a bracket that is not closed", pattern)
	case strings.Count(pattern, "{") > 4 || strings.Count(pattern, "*") > 20:
		return "", fmt.Errorf("path %q has too many wildcards", pattern)
	}
	if strings.HasSuffix(pattern, "/") {
		pattern += "**"
	}
	return pattern, nil
}

// meta is what all entries that fit a path say together, and notes which did.
func (m manifest) meta(at string, used []bool) knowledge.Meta {
	var meta knowledge.Meta
	for i, e := range m.entries {
		if doublestar.MatchUnvalidated(e.path, at) {
			meta = e.meta.Over(meta)
			used[i] = true
		}
	}
	return meta
}

// ignores says whether a path, or a folder that it lies in, is not wanted.
func (m manifest) ignores(at string) bool {
	for _, pattern := range m.ignore {
		for part := at; part != "."; part = path.Dir(part) {
			if doublestar.MatchUnvalidated(pattern, part) {
				return true
			}
		}
	}
	return false
}

// warn tells of entries that fit no file: a name may be mistyped.
func (m manifest) warn(ctx context.Context, logger *slog.Logger, place string, used []bool) {
	for i, e := range m.entries {
		if !used[i] {
			logger.WarnContext(ctx, "manifest entry fits no file", "folder", place, "line", e.line, "path", e.path)
		}
	}
}

// yamlError turns an error of the YAML parser into one line.
func yamlError(err error) error {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil {
		return fmt.Errorf("not readable as YAML: %w", err)
	}
	return fmt.Errorf("line %d: not readable as YAML: %s", at.GetToken().Position.Line, at.GetMessage())
}
