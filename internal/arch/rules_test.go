package arch_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/internal/arch"
)

// module builds a repository in memory from files, with a go.mod.
func module(t *testing.T, files map[string]string) *arch.Module {
	t.Helper()
	root := fstest.MapFS{"go.mod": {Data: []byte("module example.org/shop\n\ngo 1.26\n")}}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	m, err := arch.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func want(t *testing.T, findings []arch.Finding, lines ...string) {
	t.Helper()
	var got []string
	for _, f := range findings {
		got = append(got, f.String())
	}
	if diff := cmp.Diff(lines, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"no go.mod":       {"go.mod": ""},
		"no module":       {"go.mod": "go 1.26\n"},
		"a broken source": {"go.mod": "module m\n", "a/a.go": "package"},
	} {
		root := fstest.MapFS{}
		for file, text := range files {
			root[file] = &fstest.MapFile{Data: []byte(text)}
		}
		if _, err := arch.Load(root); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	m := module(t, map[string]string{
		".git/HEAD": "x", "bin/tool.go": "broken", "data/a.md": "x", ".env": "SECRET=1", "a/logo": "\x00", "a/data/b.md": "x",
		"a/testdata/x.go": "broken",
	})
	var names []string
	for name := range m.Texts {
		names = append(names, name)
	}
	if diff := cmp.Diff([]string{"a/data/b.md", "a/testdata/x.go", "go.mod"}, names, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
}

func TestImports(t *testing.T) {
	t.Parallel()
	layers := arch.Layers{
		"cmd/shop": {"*"}, "gateway": {"rag"}, "gateway/sqlite": {"gateway"}, "gateway/desk": {"gateway"}, "rag": {}, "internal/web": {},
	}
	uses := arch.Uses{
		"example.com/sql":    {Code: []string{"gateway/sqlite"}},
		"example.com/sql/v2": {Code: []string{"rag"}},
		"example.com/cmp":    {Tests: []string{"*"}},
		"example.com/page":   {Tests: []string{"gateway/desk"}},
		"example.com/former": {Tests: []string{"*"}},
	}
	m := module(t, map[string]string{
		"cmd/shop/main.go":         "package main\n\nimport (\n\t_ \"example.org/shop/gateway/sqlite\"\n\t_ \"example.org/shop\"\n)\n",
		"gateway/a.go":             "package gateway\n\nimport (\n\t_ \"os\"\n\t_ \"example.org/shop/rag\"\n\t_ \"example.org/shop/gateway/sqlite\"\n)\n",
		"gateway/a_test.go":        "package gateway_test\n\nimport (\n\t_ \"example.org/shop/gateway/sqlite\"\n\t_ \"example.org/shop/cmd/shop\"\n)\n",
		"gateway/sqlite/a.go":      "package sqlite\n\nimport (\n\t_ \"example.com/sql/driver\"\n\t_ \"example.com/sql/v2/driver\"\n\t_ \"example.com/sqlite\"\n)\n",
		"gateway/sqlite/a_test.go": "package sqlite\n\nimport (\n\t_ \"example.com/sql\"\n\t_ \"example.com/cmp\"\n\t_ \"example.com/page\"\n)\n",
		"gateway/desk/a.go":        "package desk\n\nimport (\n\t_ \"example.org/shop/gateway/sqlite\"\n\t_ \"example.com/cmp\"\n)\n",
		"internal/web/a_test.go":   "package web\n\nimport _ \"example.org/shop/gateway\"\n",
		"rag/new/a.go":             "package fresh\n",
	})
	want(
		t, arch.Imports(m, layers, uses),
		"example.com/former: nothing imports this module any more; take it out of the table",
		"gateway/a.go:6: gateway may not import gateway/sqlite",
		"gateway/a_test.go:5: a test in gateway may not import cmd/shop, which stands above it",
		"gateway/desk/a.go:4: gateway/desk may not import gateway/sqlite",
		"gateway/desk/a.go:5: example.com/cmp may not be imported by the code of gateway/desk",
		"gateway/sqlite/a.go:5: example.com/sql/v2 may not be imported by the code of gateway/sqlite",
		"gateway/sqlite/a.go:6: example.com/sqlite is not in the table of third-party modules",
		"gateway/sqlite/a_test.go:6: example.com/page may not be imported by the tests of gateway/sqlite",
		"rag/new: this package is not in the table of layers",
	)
}

func TestPackageComments(t *testing.T) {
	t.Parallel()
	m := module(t, map[string]string{
		"one/a.go":        "// Package one is fine.\npackage one\n",
		"one/b.go":        "package one\n",
		"none/a.go":       "package none\n",
		"two/a.go":        "// Package two says it.\npackage two\n",
		"two/b.go":        "// Package two says it again.\npackage two\n",
		"tests/a_test.go": "package tests\n",
	})
	want(
		t, arch.PackageComments(m),
		"none: 0 files have a package comment, not 1",
		"two: 2 files have a package comment, not 1",
	)
}

func TestExportedComments(t *testing.T) {
	t.Parallel()
	m := module(t, map[string]string{
		"a/a.go": `package a

// The kinds.
const (
	KindA = "a"
	KindB = "b"
)

const Alone = 1

// Types of two kinds.
type (
	Grouped struct{}
	// Said has its own.
	Said struct{}
)

type Box[T any] struct{}

func (b *Box[T]) Open() {}

type hidden struct{}

func (hidden) Exported() {}

func Do() {}

// Done is documented.
func Done() {}

var (
	Trailing = 1 // Trailing says it behind.
	Bare, _  = 1, 2
)
`,
		"a/a_test.go": "package a\n\nfunc Helper() {}\n",
	})
	want(
		t, arch.ExportedComments(m),
		"a/a.go:13: Grouped is exported and has no comment",
		"a/a.go:18: Box is exported and has no comment",
		"a/a.go:20: Open is exported and has no comment",
		"a/a.go:26: Do is exported and has no comment",
		"a/a.go:33: Bare is exported and has no comment",
		"a/a.go:9: Alone is exported and has no comment",
	)
}

func TestSizes(t *testing.T) {
	t.Parallel()
	m := module(t, map[string]string{
		"a/a.go":      "package a\n\nfunc short() {}\n\nfunc long() {\n" + strings.Repeat("\tshort()\n", 8) + "}\n",
		"a/a_test.go": "package a\n\nfunc longer() {\n" + strings.Repeat("\tshort()\n", 30) + "}\n",
	})
	want(t, arch.FileLength(m, 20), "a/a_test.go: 34 lines, more than 20")
	want(t, arch.FileLength(m, 34))
	want(t, arch.FunctionLength(m, 9, 5.5), "a/a.go:5: long has 10 lines, more than 9")
	want(t, arch.FunctionLength(m, 10, 5), "example.org/shop: functions have 5.5 lines on average, more than 5.0")
	want(t, arch.FunctionLength(m, 10, 5.5))
	want(t, arch.FunctionLength(module(t, nil), 1, 1))
}

func TestPackageNames(t *testing.T) {
	t.Parallel()
	m := module(t, map[string]string{"x/a.go": "package util\n", "x/b.go": "package util\n", "y/a.go": "package utility\n"})
	want(t, arch.PackageNames(m, []string{"util"}), "x: a package named util could hold anything")
}

func TestHiddenState(t *testing.T) {
	t.Parallel()
	m := module(t, map[string]string{
		"a/a.go": `package a

import "errors"

var ErrGone = errors.New("gone")
var (
	table   = map[string]int{"a": 1}
	list    = []int{1}
	counter = 1
	limit   = 3
	_       = start()
	errBad  = &problem{1}
	words   = set("a" + "b", limit)
	cache   = make(map[string]int)
	other   = start()
	pointer = &struct{}{}
	empty   int
)

//go:embed a.txt
var text string

func init() {}

type t struct{}

func (t) init() {}

func change(list []int) {
	table["b"] = 2
	list[0] = 2
	counter++
	limit := 4
	limit++
	delete(table, "a")
	_ = limit
}
`,
		"a/a_test.go": "package a\n\nvar free int\n\nfunc f() { ErrGone = nil; free = 2; p := &words; _ = p }\n",
	})
	notConstant := " is not an error, an expression, an embedded file or a literal table"
	want(
		t, arch.HiddenState(m),
		"a/a.go:14: the package variable cache"+notConstant,
		"a/a.go:15: the package variable other"+notConstant,
		"a/a.go:16: the package variable pointer"+notConstant,
		"a/a.go:17: the package variable empty"+notConstant,
		"a/a.go:23: an init function runs before anybody asked for it",
		"a/a.go:30: the package variable table is changed here",
		"a/a.go:32: the package variable counter is changed here",
		"a/a.go:35: the package variable table is changed here",
		"a/a_test.go:5: the package variable ErrGone is changed here",
		"a/a_test.go:5: the package variable words is changed here",
	)
}

func TestWords(t *testing.T) {
	t.Parallel()
	m := module(t, map[string]string{
		"a.md": "one\nSee Host.Example for it.\n", "a.sum": "host.example", "a/a.go": "package a\n\nconst x = \"/there/\"\n",
	})
	want(
		t, arch.Words(m, []string{"host.example", "/there/"}),
		`a.md:2: "host.example" does not belong here`,
		`a/a.go:3: "/there/" does not belong here`,
	)
}

func TestLinks(t *testing.T) {
	t.Parallel()
	m := module(t, map[string]string{
		"README.md": "# Recado: qué es\n\n[a](docs/a.md) [b](docs/b.md) [c](https://example.org/x.md) [d](#recado-qué-es) [e](#nothing)\n" +
			"```\n[f](gone.md)\n# not a heading\n```\n![g](docs/a.png \"title\") [h](docs) [i](<docs/a.md#two-words>) [j](docs/a.md#not-a-heading)\n",
		"docs/a.md":                 "## Two words\n\n[up](../README.md) [mail](mailto:a@example.org) [root](/etc)\n",
		"docs/a.png":                "\x89PNG\x00",
		"internal/demoshop/es/x.md": "[link](/cuenta)\n",
	})
	want(
		t, arch.Links(m),
		"README.md:3: the link docs/b.md leads nowhere",
		"README.md:3: README.md has no heading nothing",
		"README.md:8: docs/a.md has no heading not-a-heading",
		"docs/a.md:3: the link /etc leads nowhere",
	)
}

func TestMentioned(t *testing.T) {
	t.Parallel()
	m := module(t, map[string]string{"a.md": "| `REDIS_URL` | and github.com/x/cmp/v2 |\nDATABASE_URL_OLD\n"})
	want(
		t, arch.Mentioned(m, []string{"REDIS_URL", "DATABASE_URL", "github.com/x/cmp", "github.com/x/cmp/v2"}, "a.md"),
		"a.md: DATABASE_URL is not mentioned",
		"a.md: github.com/x/cmp is not mentioned",
	)
}
