package sources

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/knowledge"
)

// accepts is what an extractor would take.
func accepts(name string) bool {
	return slices.Contains([]string{".md", ".html", ".txt", ".csv", ".pdf"}, strings.ToLower(path.Ext(name)))
}

func newLister(tb testing.TB, c Config) *Lister {
	tb.Helper()
	if c.Accepts == nil {
		c.Accepts = accepts
	}
	if c.Interval == 0 {
		c.Interval = time.Microsecond
	}
	lister, err := New(c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(lister.client.CloseIdleConnections)
	return lister
}

func list(tb testing.TB, l *Lister, known []knowledge.Document, args ...string) knowledge.Listing {
	tb.Helper()
	found, err := l.List(tb.Context(), args, known)
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

// write makes files in a new folder and gives its path.
func write(tb testing.TB, files map[string]string) string {
	tb.Helper()
	root := tb.TempDir()
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return root
}

// sourceNames are the names in their order.
func sourceNames(found knowledge.Listing) []string {
	names := []string{}
	for _, s := range found.Sources {
		names = append(names, s.Name)
	}
	return names
}

// brokenLines are the broken places under a root, with their reasons.
func brokenLines(found knowledge.Listing, root string) []string {
	lines := []string{}
	for _, b := range found.Broken {
		lines = append(lines, strings.TrimPrefix(strings.TrimPrefix(b.Source, filepath.ToSlash(root)), "/")+": "+b.Err.Error())
	}
	return lines
}

func same(tb testing.TB, what string, want, got any) {
	tb.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		tb.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// read reads the source with the name.
func read(tb testing.TB, found knowledge.Listing, name string, known []knowledge.Document, limit int64) (knowledge.File, error) {
	tb.Helper()
	for _, s := range found.Sources {
		if s.Name == name {
			return s.Read(tb.Context(), known, limit)
		}
	}
	tb.Fatalf("no source %q in %q, broken: %v", name, sourceNames(found), found.Broken)
	return knowledge.File{}, nil
}

func TestNewNamesTheField(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"Accepts":      {},
		"MaxSources":   {Accepts: accepts, MaxSources: -1},
		"MaxUnpacked":  {Accepts: accepts, MaxUnpacked: -1},
		"Timeout":      {Accepts: accepts, Timeout: -1},
		"Interval":     {Accepts: accepts, Interval: -1},
		"MaxWait":      {Accepts: accepts, MaxWait: -1},
		"MaxPage":      {Accepts: accepts, MaxPage: -1},
		"AllowPrivate": {Accepts: accepts, AllowPrivate: []netip.Prefix{{}}},
	} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), "sources.Config."+name+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStdin(t *testing.T) {
	t.Parallel()
	l := newLister(t, Config{Stdin: strings.NewReader("# Devoluciones")})
	found := list(t, l, nil, "-:es/devoluciones.md", "-")
	same(t, "names", []string{"stdin/es/devoluciones.md"}, sourceNames(found))
	same(t, "broken", []string{"-: standard input can be read only once"}, brokenLines(found, ""))
	same(t, "complete", map[string]bool{}, found.Complete)
	file, err := read(t, found, "stdin/es/devoluciones.md", nil, 100)
	if err != nil || string(file.Data) != "# Devoluciones" {
		t.Errorf("read %q, %v", file.Data, err)
	}
	for _, arg := range []string{"-:", "-:../x.md", "-:/x.md", "-:image.png"} {
		if found := list(t, l, nil, arg); len(found.Sources) > 0 || !errors.Is(found.Broken[0].Err, ErrKind) {
			t.Errorf("%s: %+v", arg, found)
		}
	}
	if found := list(t, newLister(t, Config{}), nil, "-"); len(found.Broken) != 1 {
		t.Errorf("no standard input: %+v", found)
	}
	short := list(t, newLister(t, Config{Stdin: strings.NewReader("12345")}), nil, "-")
	if _, err := read(t, short, "stdin/stdin.md", nil, 4); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too long: %v", err)
	}
}

func TestFS(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"es/envios.md":    {Data: []byte("# Envíos")},
		"interno/caja.md": {Data: []byte("# Caja")},
		".oculto.md":      {Data: []byte("x")},
		"recado.yaml":     {Data: []byte("documents:\n  - path: interno/**\n    audience: agent\n")},
	}
	found := FS("demo", files)
	same(t, "names", []string{"demo/es/envios.md", "demo/interno/caja.md"}, sourceNames(found))
	same(t, "complete", map[string]bool{"demo": true}, found.Complete)
	same(t, "audience", knowledge.AudienceAgent, found.Sources[1].Meta.Audience)
	file, err := read(t, found, "demo/es/envios.md", nil, 100)
	if err != nil || string(file.Data) != "# Envíos" || file.Validator != "" {
		t.Errorf("read %+v, %v", file, err)
	}
	if found := FS("", files); len(found.Sources) > 0 || len(found.Broken) != 1 {
		t.Errorf("no name: %+v", found)
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{
		"kb/b.md": "b", "kb/es/a.md": "a", "kb/.git.md": "x", "kb/.hidden/c.md": "x", "kb/logo.png": "x", "kb/.gitignore": "*.md", "other.md": "o",
	})
	for link, target := range map[string]string{"kb/link.md": "../other.md", "kb/round": ".", "kb/dangling.md": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	kb := filepath.Join(root, "kb")
	found := list(t, newLister(t, Config{}), nil, kb, kb, filepath.Join(kb, "es", "a.md"), filepath.Join(root, "other.md"), filepath.Join(root, "gone"))
	same(t, "names", []string{"kb/b.md", "kb/es/a.md", "kb/link.md", path.Base(root) + "/other.md"}, sourceNames(found))
	same(t, "broken", []string{"gone: no such file or directory", "kb/dangling.md: no such file or directory"}, brokenLines(found, root))
	same(t, "complete", map[string]bool{}, found.Complete)
	if file, err := read(t, found, "kb/link.md", nil, 1); err != nil || string(file.Data) != "o" {
		t.Errorf("link: %q, %v", file.Data, err)
	}
	if err := os.Remove(filepath.Join(kb, "b.md")); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, found, "kb/b.md", nil, 1); !errors.Is(err, ErrGone) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that went away: %v", err)
	}
	if err := os.Remove(filepath.Join(kb, "dangling.md")); err != nil {
		t.Fatal(err)
	}
	same(t, "complete", map[string]bool{filepath.ToSlash(kb): true}, list(t, newLister(t, Config{}), nil, kb).Complete)
}

func TestFolderOfBefore(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{
		"kb/legal/a.md": "a", "kb/legal/new.md": "n", "kb/b.md": "b", "kb/draft.md": "d",
		"kb/recado.yml": "documents:\n- {path: legal/, audience: agent}\nignore: [draft.md]\n",
	})
	kb := filepath.ToSlash(filepath.Join(root, "kb"))
	known := []knowledge.Document{{Collection: kb, Source: kb + "/b.md"}, {Collection: "https://shop.example/"}, {Collection: "demo"}}
	l := newLister(t, Config{})
	found := list(t, l, known, kb+"/legal", kb+"/legal/a.md")
	same(t, "a part", []string{"kb/legal/a.md", "kb/legal/new.md"}, sourceNames(found))
	same(t, "complete", map[string]bool{}, found.Complete)
	for _, s := range found.Sources {
		if s.Collection != kb || s.Meta.Audience != knowledge.AudienceAgent {
			t.Errorf("%s: collection %s, audience %q", s.Name, s.Collection, s.Meta.Audience)
		}
	}
	same(t, "a new file", []string{"kb/legal/new.md"}, sourceNames(list(t, l, known, kb+"/legal/new.md")))
	same(t, "an ignored one", []string{"draft.md: the folder " + kb + ", which it belongs to, leaves it out"}, brokenLines(list(t, l, known, kb+"/draft.md"), kb))
	// Without the folder in the index, a file stands for itself.
	alone := list(t, l, nil, kb+"/legal/a.md")
	same(t, "alone", []string{"legal/a.md"}, sourceNames(alone))
	same(t, "its collection", kb+"/legal/a.md", alone.Sources[0].Collection)
}

func TestFolderNames(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{"kb/pol\xedtica.md": "latin", "kb/envi\u0301os.md": "decomposed"})
	found := list(t, newLister(t, Config{}), nil, filepath.Join(root, "kb"))
	same(t, "names", []string{"kb/envíos.md", "kb/política.md"}, sourceNames(found))
	for name, text := range map[string]string{"kb/envíos.md": "decomposed", "kb/política.md": "latin"} {
		if file, err := read(t, found, name, nil, 100); err != nil || string(file.Data) != text {
			t.Errorf("%s: %q, %v", name, file.Data, err)
		}
	}
}

// TestFolderHasOneNameTwice: two names that a person reads as one are one name, and the
// second file does not get lost without a word.
func TestFolderHasOneNameTwice(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{"kb/envi\u0301os.md": "decomposed", "kb/env\u00edos.md": "composed"})
	kb := filepath.ToSlash(filepath.Join(root, "kb"))
	found := list(t, newLister(t, Config{}), nil, kb)
	same(t, "names", []string{"kb/envíos.md"}, sourceNames(found))
	same(t, "broken", []string{"envíos.md: the folder has another file of this name, with its accents written in another way; rename one"}, brokenLines(found, kb))
}

// TestFolderWithoutDocuments: a disk that is not there looks like an empty folder, and
// must not take all documents with it.
func TestFolderWithoutDocuments(t *testing.T) {
	t.Parallel()
	kb := filepath.ToSlash(filepath.Join(write(t, map[string]string{"kb/photo.jpg": "x"}), "kb"))
	found := list(t, newLister(t, Config{}), []knowledge.Document{{Collection: kb, Source: kb + "/a.md"}}, kb)
	same(t, "complete", map[string]bool{}, found.Complete)
	same(t, "sources", []string{}, sourceNames(found))
	if lines := brokenLines(found, kb); len(lines) != 1 || !strings.Contains(lines[0], "no document is in it") {
		t.Errorf("broken: %q", lines)
	}
	same(t, "a new one", map[string]bool{kb: true}, list(t, newLister(t, Config{}), nil, kb).Complete)
}

func TestFolderIsTooMuch(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range 30 {
		files[fmt.Sprintf("kb/%02d.md", i)] = "x"
	}
	root := write(t, files)
	kb := filepath.Join(root, "kb")
	if found := list(t, newLister(t, Config{MaxSources: 30}), nil, kb); len(found.Sources) != 30 || len(found.Broken) != 0 {
		t.Errorf("as many as may be: %d, %v", len(found.Sources), found.Broken)
	}
	found := list(t, newLister(t, Config{MaxSources: 29}), nil, kb)
	same(t, "broken", []string{"kb: it has more than 29 files to read; name its folders one by one"}, brokenLines(found, root))
	same(t, "complete", map[string]bool{}, found.Complete)
	_, err := read(t, list(t, newLister(t, Config{}), nil, kb), "kb/07.md", nil, 0)
	if !errors.Is(err, ErrTooLarge) || err.Error() != "it is too large: more than 0 bytes" {
		t.Errorf("limit: %v", err)
	}
}

func TestListStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	root := write(t, map[string]string{"kb/a.md": "x"})
	l := newLister(t, Config{Accepts: func(string) bool {
		cancel()
		return true
	}})
	if _, err := l.List(ctx, []string{root}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("listing: %v", err)
	}
	found := list(t, newLister(t, Config{}), nil, root)
	if _, err := found.Sources[0].Read(ctx, nil, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("reading: %v", err)
	}
}

func TestRecrawlable(t *testing.T) {
	t.Parallel()
	got := Recrawlable([]knowledge.Document{
		{Collection: "https://shop.example/"}, {Collection: "/kb"}, {Collection: "http://a.example/sitemap.xml"}, {Collection: "https://shop.example/"}, {},
	})
	same(t, "roots", []string{"http://a.example/sitemap.xml", "https://shop.example/"}, got)
	same(t, "none", []string{}, Recrawlable(nil))
}
