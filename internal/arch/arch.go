// Package arch holds Recado's own rules in code: which package may import
// which, where third-party modules may be used, what has to be documented, how
// long files and functions may get, that there is no hidden state, and that the
// documents point at things that exist. Its test runs every rule over the whole
// repository; the linter covers the rest.
//
// A rule is a pure function from a Module, which is a repository read through
// fs.FS, to findings. So every rule can be shown to fail on a few lines in
// memory. The package says nothing about how code behaves.
package arch

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Module is a repository as the rules see it.
type Module struct {
	// Path is the module's path, from go.mod.
	Path string
	// Files are all Go files, by name.
	Files []*File
	// Texts are all text files that belong to the project, Go files included,
	// by slash-separated name.
	Texts map[string]string

	// paths are all files, those that are no texts included, and all folders.
	paths     map[string]bool
	positions *token.FileSet
}

// File is one parsed Go file.
type File struct {
	// Name is the slash-separated path below the root, Dir its folder, "." for
	// the root.
	Name, Dir string
	// Test tells a file that only tests are built from.
	Test bool
	// Lines counts the lines.
	Lines  int
	Syntax *ast.File
}

// Finding is one breach of a rule.
type Finding struct {
	// Place is a file, a file with a line, or a package's folder.
	Place string
	// Problem is a sentence for the person who has to repair it.
	Problem string
}

// String joins place and problem like a compiler's message.
func (f Finding) String() string { return f.Place + ": " + f.Problem }

// skipped are folders that are not part of the project's source: what is built,
// what the program stores, and what belongs to git.
var skipped = []string{".git", "bin", "data"}

// Load reads a repository. A Go file that does not parse is an error; folders
// that hold no source and files that are not text are left out.
func Load(root fs.FS) (*Module, error) {
	m := &Module{Texts: map[string]string{}, paths: map[string]bool{}, positions: token.NewFileSet()}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(skipped, name):
			return fs.SkipDir
		case entry.IsDir():
			m.paths[name] = true
			return nil
		case !entry.Type().IsRegular() || name == ".env":
			return nil
		}
		return m.read(root, name)
	})
	if err != nil {
		return nil, fmt.Errorf("read the repository: %w", err)
	}
	for line := range strings.Lines(m.Texts["go.mod"]) {
		if module, ok := strings.CutPrefix(line, "module "); ok {
			m.Path = strings.TrimSpace(module)
		}
	}
	if m.Path == "" {
		return nil, errors.New("read the repository: go.mod names no module")
	}
	return m, nil
}

func (m *Module) read(root fs.FS, name string) error {
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	m.paths[name] = true
	if bytes.IndexByte(data, 0) >= 0 {
		return nil
	}
	m.Texts[name] = string(data)
	if path.Ext(name) != ".go" || strings.Contains("/"+name, "/testdata/") {
		return nil
	}
	syntax, err := parser.ParseFile(m.positions, name, data, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	m.Files = append(m.Files, &File{
		Name: name, Dir: path.Dir(name), Test: strings.HasSuffix(name, "_test.go"),
		Lines: bytes.Count(data, []byte("\n")), Syntax: syntax,
	})
	return nil
}

// at is where a node of a file begins.
func (m *Module) at(node ast.Node) string {
	position := m.positions.Position(node.Pos())
	return fmt.Sprintf("%s:%d", position.Filename, position.Line)
}

// length counts the lines of a node.
func (m *Module) length(node ast.Node) int {
	return m.positions.Position(node.End()).Line - m.positions.Position(node.Pos()).Line + 1
}

// folders lists the folders of the module's packages, sorted, without those
// that hold tests alone.
func (m *Module) folders() []string {
	var list []string
	for _, f := range m.Files {
		if !f.Test {
			list = append(list, f.Dir)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// names lists the text files, sorted.
func (m *Module) names() []string {
	list := make([]string, 0, len(m.Texts))
	for name := range m.Texts {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// sorted puts findings into the order of their places.
func sorted(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Compare(a.Place, b.Place) })
	return findings
}
