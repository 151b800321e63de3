package sources

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

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
	// folder is where it lies. prefix is the path from there to what is listed, for one
	// above; below the path of its folder in what is listed, for one in there. Both are
	// empty when that is the folder itself.
	folder, prefix, below string
	used                  []bool // the entries that fit a file
}

// entry is one of the manifest's documents.
type entry struct {
	line int
	path string
	meta knowledge.Meta
	// names are the keys as they are written, by what they mean.
	names map[string]string
}

// findManifest reads the manifest in a folder, if there is one.
func findManifest(files fs.FS, folder string) (found manifest, ok bool, err error) {
	names := 0
	for _, name := range manifestNames {
		data, err := readFile(files, path.Join(folder, name), maxManifest)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			continue // the folder of a disk may be an archive
		}
		if err == nil {
			found, err = parseManifest(data)
		}
		if err != nil {
			return manifest{}, true, fmt.Errorf("%w: %w", ErrManifest, reason(err))
		}
		names++
	}
	if names > 1 {
		return manifest{}, true, fmt.Errorf("%w: there are both recado.yaml and recado.yml; keep one", ErrManifest)
	}
	found.used = make([]bool, len(found.entries))
	return found, names > 0, nil
}

// manifests are those that count for a path, the outermost first: of what they say the
// nearest counts, key by key.
type manifests []manifest

// manifests are those above a tree on the disk and its own. An error is a
// manifestError.
func (t tree) manifests() (manifests, error) {
	own, ok, err := findManifest(t.files, ".")
	if err != nil {
		return nil, manifestError{t.place, err}
	}
	var list manifests
	if t.disk != "" && !isRepository(t.disk) {
		if list, err = manifestsAbove(t.disk); err != nil {
			return nil, err
		}
	}
	if own.folder = t.place; ok {
		list = append(list, own)
	}
	return list, nil
}

// manifestError is what is wrong with the manifest of a folder.
type manifestError struct {
	folder string
	error
}

// Unwrap gives the reason.
func (e manifestError) Unwrap() error { return e.error }

// brokenManifest names the manifest that an error is about.
func (l *listing) brokenManifest(err error) {
	if at, ok := errors.AsType[manifestError](err); ok {
		l.broken(strings.TrimSuffix(readable(at.folder), "/")+"/"+manifestNames[0], at.error)
		return
	}
	l.broken(manifestNames[0], err)
}

// manifestsAbove finds the manifests in the folders around a path, up to the first
// repository's: whoever brings in a part of a folder means what is said of the whole.
func manifestsAbove(file string) (manifests, error) {
	var list manifests
	for folder := filepath.Dir(file); ; folder = filepath.Dir(folder) {
		m, ok, err := findManifest(disk(folder), ".")
		if err != nil {
			return nil, manifestError{filepath.ToSlash(folder), err}
		}
		if ok {
			relative, err := filepath.Rel(folder, file)
			if err != nil {
				return nil, manifestError{filepath.ToSlash(folder), err}
			}
			m.folder, m.prefix = filepath.ToSlash(folder), readable(filepath.ToSlash(relative))
			list = append(list, m)
		}
		if isRepository(folder) || filepath.Dir(folder) == folder {
			slices.Reverse(list)
			return list, nil
		}
	}
}

// meta is what all manifests say of a path, the nearest first.
func (list manifests) meta(at string) knowledge.Meta {
	var meta knowledge.Meta
	for _, m := range list {
		if local, ok := m.local(at); ok {
			meta = m.meta(local).Over(meta)
		}
	}
	return meta
}

// ignores says whether one of the manifests does not want a path.
func (list manifests) ignores(at string) bool {
	return slices.ContainsFunc(list, func(m manifest) bool {
		local, ok := m.local(at)
		return ok && m.ignores(local)
	})
}

// local is a path as the manifest has it, from its folder on.
func (m manifest) local(at string) (string, bool) {
	if m.below == "" {
		return path.Join(m.prefix, at), true
	}
	return strings.CutPrefix(at, m.below+"/")
}

// isRepository says that a folder is the root of a git repository.
func isRepository(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, ".git"))
	return err == nil
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
		e := entry{line: lineOf(value), names: map[string]string{}}
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

// set reads one key of an entry, under any name that front matter has for it.
func (e *entry) set(name string, value ast.Node) error {
	key := knowledge.MetaKey(name)
	if name == "path" {
		key = name
	}
	if key == "" {
		return fmt.Errorf("%q is not known here; an entry has path, id, title, locale, audience, markets, valid_from, valid_to, approver and tags", name)
	}
	if first := e.names[key]; first != "" {
		return fmt.Errorf("%q and %q both mean %s; keep one of them", name, first, key)
	}
	e.names[key] = name
	values, err := texts(value, key)
	if err != nil {
		return err
	}
	if len(values) > 1 && key != "markets" && key != "tags" {
		return fmt.Errorf("%s must be one text", key)
	}
	return e.setField(key, values)
}

func (e *entry) setField(key string, values []string) (err error) {
	var one knowledge.Meta
	switch text := strings.Join(values, ""); key {
	case "path":
		e.path, err = cleanPattern(text)
		return err
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
func (m manifest) meta(at string) knowledge.Meta {
	var meta knowledge.Meta
	for i, e := range m.entries {
		if doublestar.MatchUnvalidated(e.path, at) {
			meta = e.meta.Over(meta)
			m.used[i] = true
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

// warn tells of entries that fit no file: a name may be mistyped. That takes all files of
// its folder.
func (m manifest) warn(ctx context.Context, logger *slog.Logger) {
	if m.prefix != "" {
		return
	}
	for i, e := range m.entries {
		if !m.used[i] {
			logger.WarnContext(ctx, "manifest entry fits no file", "folder", m.folder, "line", e.line, "path", e.path)
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
