package sources

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/recado/recado/knowledge"
)

const fullManifest = `# What the documents do not say.
documents:
  - path: "**/*.md"
    approver: Ana Ruiz
    locale: es
    tags: [Web, ayuda]
  - path: "legal/*.md"
    locale: ES_mx
    audience: agent
    markets: [es, MX]
    valid_from: 2026-01-01
    valid_to: 2026-12-31
    title: "Condiciones: las de siempre"
  - path: legal/old.md
    id: legal/antiguas
    markets: NO
    tags: archivo
ignore: ["drafts", "**/tmp-*.md"]
`

func TestManifest(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"recado.yaml": {Data: []byte(fullManifest)}}
	for _, name := range []string{"a.md", "legal/new.md", "legal/old.md", "legal/deep/x.md", "drafts/x/y.md", "es/tmp-1.md", "table.csv", "sub/recado.yaml"} {
		files[name] = &fstest.MapFile{Data: []byte("x")}
	}
	files["sub/recado.yaml"] = &fstest.MapFile{} // says nothing
	found := FS("kb", files)
	if len(found.Broken) > 0 {
		t.Fatal(found.Broken)
	}
	want := map[string]knowledge.Meta{
		"kb/a.md":            {Approver: "Ana Ruiz", Locale: "es", Tags: []string{"ayuda", "web"}},
		"kb/legal/deep/x.md": {Approver: "Ana Ruiz", Locale: "es", Tags: []string{"ayuda", "web"}},
		"kb/legal/new.md": {
			Approver: "Ana Ruiz", Locale: "es-mx", Audience: knowledge.AudienceAgent, Markets: []string{"ES", "MX"},
			ValidFrom: "2026-01-01", ValidTo: "2026-12-31", Title: "Condiciones: las de siempre", Tags: []string{"ayuda", "web"},
		},
		"kb/legal/old.md": {
			ID: "legal/antiguas", Approver: "Ana Ruiz", Locale: "es-mx", Audience: knowledge.AudienceAgent, Markets: []string{"NO"},
			ValidFrom: "2026-01-01", ValidTo: "2026-12-31", Title: "Condiciones: las de siempre", Tags: []string{"archivo"},
		},
		"kb/table.csv": {},
	}
	got := map[string]knowledge.Meta{}
	for _, s := range found.Sources {
		got[s.Name] = s.Meta
	}
	same(t, "what is known", want, got)
}

// TestManifestNames takes the names that front matter and tables take.
func TestManifestNames(t *testing.T) {
	t.Parallel()
	m, err := parseManifest([]byte("documents:\n  - path: a.md\n    título: A\n    idioma: ES\n    Público: interno\n    country: es\n" +
		"    válido desde: 2026-01-01\n    expires: 2026-12-31\n    owner: Ana\n    labels: [a]\n"))
	want := knowledge.Meta{
		Title: "A", Locale: "es", Audience: knowledge.AudienceAgent, Markets: []string{"ES"},
		ValidFrom: "2026-01-01", ValidTo: "2026-12-31", Approver: "Ana", Tags: []string{"a"},
	}
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what is known", want, m.entries[0].meta)
}

func TestManifestErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"documents:\n  - path: a.md\n    audiense: agent\n":                               `line 3: "audiense" is not known here; an entry has path, id, title, locale, audience, markets, valid_from, valid_to, approver and tags`,
		"documents:\n  - path: a.md\n    audience: staff\n":                               `line 3: audience "staff" is not known: write customer or agent`,
		"documents:\n  - path: a.md\n    valid_from: 2026-02-30\n":                        `line 3: valid_from "2026-02-30" is not a day: write it as 2026-01-31`,
		"documents:\n  - path: a.md\n    markets:\n      - Spain\n":                       `line 3: market "SPAIN" is not a country: write two letters such as ES or MX`,
		"documents:\n  - path: a.md\n    locale: [es, en]\n":                              "line 3: locale must be one text",
		"documents:\n  - path: a.md\n    title: {es: a}\n":                                "line 3: title must be a text or a list of texts",
		"documents:\n  - path: a.md\n    tags: [[a]]\n":                                   "line 3: tags must be a text or a list of texts",
		"documents:\n  - audience: agent\n":                                               `line 2: a path is missing; write for example path: "legal/*.md"`,
		"documents:\n  - path: ../a.md\n":                                                 `line 2: path "../a.md" leads out of the folder; write it from the manifest's folder on`,
		"documents:\n  - path: /a.md\n":                                                   `line 2: path "/a.md" leads out of the folder; write it from the manifest's folder on`,
		"documents:\n  - path: \"[a.md\"\n":                                               `line 2: path "[a.md" has a bracket that is not closed`,
		"documents:\n  - path: \"*.md\"\n    id: x\n":                                     "line 2: an id is for one document; write its path without * and other wildcards",
		"documents:\n  - path: a.md\n    path: b.md\n":                                    `line 3: not readable as YAML: mapping key "path" already defined at [2:5]`,
		"documents:\n  - path: a\n    valid_from: 2026-02-01\n    valid_to: 2026-01-01\n": "line 2: valid_from 2026-02-01 is after valid_to 2026-01-01",
		"documents:\n  - path: a\n    market: es\n    pa\u00edses: mx\n":                  `line 4: "países" and "market" both mean markets; keep one of them`,
		"documents: a.md\n":          "line 1: documents must be a list, each entry beginning with a hyphen",
		"documents:\n  - a.md\n":     "line 2: an entry must be keys with values",
		"document: []\n":             `line 1: "document" is not known here; the manifest has documents and ignore`,
		"# x\nignore: {a: b}\n":      "line 2: ignore must be a text or a list of texts",
		"ignore: [a]\nignore: [b]\n": `line 2: not readable as YAML: mapping key "ignore" already defined at [1:1]`,
		"- a\n":                      "line 1: the manifest must be keys with values",
		"a: 1\n---\nb: 2\n":          "there is more than one YAML document in it; keep one",
	} {
		_, err := parseManifest([]byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
	for _, text := range []string{"", "\n", "# nothing yet\n", "documents:\nignore:\n", "---\ndocuments: []\n", "~"} {
		if m, err := parseManifest([]byte(text)); err != nil || len(m.entries)+len(m.ignore) > 0 {
			t.Errorf("%q: %+v, %v", text, m, err)
		}
	}
}

// A manifest may keep customers from seeing something: without it nothing goes in.
func TestManifestIsWrong(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]fstest.MapFS{
		"broken":    {"recado.yaml": {Data: []byte("documents: [")}},
		"two":       {"recado.yaml": {}, "recado.yml": {}},
		"too large": {"recado.yml": {Data: bytes.Repeat([]byte("#"), maxManifest+1)}},
	} {
		files["a.md"] = &fstest.MapFile{}
		found := FS("kb", files)
		if len(found.Sources) > 0 || found.Complete["kb"] || len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, ErrManifest) {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

func TestManifestTellsOfUnusedEntries(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{"kb/a.md": "x", "kb/recado.yaml": "documents:\n- path: a.md\n- path: leagl/*.md\n  audience: agent\n"})
	var log bytes.Buffer
	l := newLister(t, Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	list(t, l, nil, filepath.Join(root, "kb"))
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "path=leagl/*.md") || !strings.Contains(got, "line=3") {
		t.Errorf("log: %s", got)
	}
}

func FuzzManifest(f *testing.F) {
	for _, seed := range []string{fullManifest, "", "a: &x [*x, *x]", "documents:\n- {path: '{a,b}*[!c]?'}", "documents: [{path: a, tags: [1, 2.0, true, ~]}]", "\xff", "documents:\n- path: |\n    a\n"} {
		f.Add([]byte(seed), "legal/old.md")
	}
	f.Fuzz(func(t *testing.T, data []byte, at string) {
		if len(data) > 4096 || len(at) > 256 {
			t.Skip()
		}
		m, err := parseManifest(data)
		if err != nil {
			if text := err.Error(); text == "" || strings.Contains(text, "\n") && !bytes.Contains(data, []byte("\n")) {
				t.Errorf("no sentence: %q", text)
			}
			return
		}
		for _, e := range m.entries {
			if again, err := e.meta.Check(); err != nil || e.path == "" {
				t.Errorf("entry %+v, checked %+v: %v", e, again, err)
			}
			if slices.Contains(strings.Split(e.path, "/"), "..") {
				t.Errorf("path %q", e.path)
			}
		}
		at = "x/" + strings.Trim(strings.ReplaceAll(at, "//", "/"), "/")
		m.ignores(at)
		m.used = make([]bool, len(m.entries))
		m.meta(at)
	})
}
