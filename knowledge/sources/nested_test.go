package sources

import (
	"archive/zip"
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recado/recado/knowledge"
)

// zipText is the content of an archive.
func zipText(tb testing.TB, files ...packed) string {
	tb.Helper()
	data, err := os.ReadFile(writeZip(tb, files...))
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

// TestInnerManifest: of what the manifests of a folder and of those in it say, the
// nearest counts, key by key, however the file is brought in.
func TestInnerManifest(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{
		"kb/recado.yaml":          "documents:\n- {path: '**', audience: agent, approver: Ana}\nignore: ['legal/old/**']\n",
		"kb/a.md":                 "a",
		"kb/legal/recado.yaml":    "documents:\n- {path: '*.md', audience: customer, tags: [ley]}\n- {path: mistyped.md}\nignore: [drafts]\n",
		"kb/legal/b.md":           "b",
		"kb/legal/deep/c.md":      "c",
		"kb/legal/drafts/d.md":    "d",
		"kb/legal/old/recado.yml": "documents: [",
		"kb/legal/old/e.md":       "e",
	})
	var log bytes.Buffer
	lister := newLister(t, Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	whole := list(t, lister, nil, filepath.Join(root, "kb"))
	want := map[string]knowledge.Meta{
		"kb/a.md":            {Audience: knowledge.AudienceAgent, Approver: "Ana"},
		"kb/legal/b.md":      {Audience: knowledge.AudienceCustomer, Approver: "Ana", Tags: []string{"ley"}},
		"kb/legal/deep/c.md": {Audience: knowledge.AudienceAgent, Approver: "Ana"},
	}
	same(t, "what is known", want, metasOf(whole))
	same(t, "broken", []string{}, brokenLines(whole, root))
	if text := log.String(); strings.Count(text, "fits no file") != 1 || !strings.Contains(text, "kb/legal line=3") {
		t.Errorf("log: %s", text)
	}
	alone := list(t, newLister(t, Config{}), nil, filepath.Join(root, "kb/legal/b.md"))
	same(t, "a file by itself", map[string]knowledge.Meta{"legal/b.md": want["kb/legal/b.md"]}, metasOf(alone))
	part := list(t, newLister(t, Config{}), nil, filepath.Join(root, "kb/legal"))
	same(t, "a folder by itself", map[string]knowledge.Meta{"legal/b.md": want["kb/legal/b.md"], "legal/deep/c.md": want["kb/legal/deep/c.md"]}, metasOf(part))
}

// A wrong manifest of an inner folder keeps what lies there, and nothing else.
func TestInnerManifestIsWrong(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{"kb/a.md": "a", "kb/legal/recado.yaml": "documents: [", "kb/legal/b.md": "b", "kb/legal/deep/c.md": "c"})
	found := list(t, newLister(t, Config{}), nil, filepath.Join(root, "kb"))
	same(t, "names", []string{"kb/a.md"}, sourceNames(found))
	if lines := brokenLines(found, root); len(lines) != 1 || !strings.HasPrefix(lines[0], "kb/legal/recado.yaml: "+ErrManifest.Error()) || len(found.Complete) > 0 {
		t.Errorf("%q, complete %v", lines, found.Complete)
	}
}

func metasOf(l knowledge.Listing) map[string]knowledge.Meta {
	metas := map[string]knowledge.Meta{}
	for _, s := range l.Sources {
		metas[s.Name] = s.Meta
	}
	return metas
}

// TestUnreadDocuments names the documents of a folder that are not read, and passes over
// what nobody takes for one.
func TestUnreadDocuments(t *testing.T) {
	t.Parallel()
	files := map[string]string{"kb/recado.yaml": "ignore: [viejo]", "kb/a.md": "a", "kb/viejo/x.doc": "x"}
	for _, name := range []string{"logo.png", ".DS_Store", "~$a.docx", "~$b.doc", "Thumbs.db", ".x/y.doc", "server.key", "notes.bak"} {
		files["kb/"+name] = "x"
	}
	for _, name := range []string{"Carta.DOC", "precios.xlsx", "sub/demo.pptx", "c.odt", "d.rar"} {
		files["kb/"+name] = "x"
	}
	want := []string{
		"kb/Carta.DOC: " + ErrKind.Error() + ": it is an old Word file; save it as DOCX or PDF",
		"kb/c.odt: " + ErrKind.Error() + ": it is an OpenDocument text; save it as DOCX or PDF",
		"kb/d.rar: " + ErrKind.Error() + ": it is an archive that is not read; unpack it, or pack it as ZIP",
		"kb/precios.xlsx: " + ErrKind.Error() + ": it is a spreadsheet; save its questions and answers as CSV",
		"kb/sub/demo.pptx: " + ErrKind.Error() + ": it is a presentation; save it as PDF",
	}
	root := write(t, files)
	found := list(t, newLister(t, Config{}), nil, filepath.Join(root, "kb"))
	same(t, "names", []string{"kb/a.md"}, sourceNames(found))
	lines := brokenLines(found, root)
	slices.Sort(lines)
	same(t, "broken", want, lines)
	// They were never in the index, so what else is gone from the folder can go.
	same(t, "complete", map[string]bool{filepath.ToSlash(filepath.Join(root, "kb")): true}, found.Complete)
	alone := list(t, newLister(t, Config{}), nil, filepath.Join(root, "kb/Carta.DOC"))
	same(t, "by itself", want[:1], brokenLines(alone, root))
	packed := list(t, newLister(t, Config{}), nil, writeZip(t, entryOf("a.md", "a"), entryOf("b.xls", "x")))
	if len(packed.Broken) != 1 || !strings.Contains(packed.Broken[0].Err.Error(), "a spreadsheet") || len(packed.Complete) != 1 {
		t.Errorf("%+v", packed)
	}
}

// TestArchiveInFolder reads an archive that lies in a folder, and one inside of it.
func TestArchiveInFolder(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{
		"kb/recado.yaml": "documents:\n- {path: 'sub/help.zip/**', approver: Ana}\nignore: [old.zip]\n", "kb/a.md": "a",
		"kb/old.zip": "no archive",
		"kb/sub/help.zip": zipText(t, entryOf("es/b.md", "b"), entryOf("recado.yaml", "documents:\n- {path: es/*, tags: [x]}\n"),
			entryOf("more.ZIP", zipText(t, entryOf("c.md", strings.Repeat("c", 3<<20)), entryOf("deep.zip", zipText(t, entryOf("d.md", "d")))))),
	})
	kb := filepath.Join(root, "kb")
	found := list(t, newLister(t, Config{}), nil, kb)
	same(t, "what is known", map[string]knowledge.Meta{
		"kb/a.md": {}, "kb/sub/help.zip/es/b.md": {Approver: "Ana", Tags: []string{"x"}}, "kb/sub/help.zip/more.ZIP/c.md": {Approver: "Ana"},
	}, metasOf(found))
	same(t, "broken", []string{"kb/sub/help.zip/more.ZIP/deep.zip: " + errNested.Error()}, brokenLines(found, root))
	if got, err := read(t, found, "kb/sub/help.zip/more.ZIP/c.md", nil, 4<<20); err != nil || len(got.Data) != 3<<20 {
		t.Errorf("%d bytes, %v", len(got.Data), err)
	}
	if got, err := read(t, found, "kb/sub/help.zip/es/b.md", nil, 9); err != nil || string(got.Data) != "b" {
		t.Errorf("%q, %v", got.Data, err)
	}
	// By itself it stays part of the folder; what was ingested by itself before stays that.
	known := []knowledge.Document{{Collection: filepath.ToSlash(kb)}}
	same(t, "a part", []string{"kb/sub/help.zip/es/b.md", "kb/sub/help.zip/more.ZIP/c.md"}, sourceNames(list(t, newLister(t, Config{}), known, filepath.Join(kb, "sub/help.zip"))))
	known = append(known, knowledge.Document{Collection: filepath.ToSlash(filepath.Join(kb, "sub/help.zip"))})
	same(t, "by itself", []string{"help/es/b.md", "help/more.ZIP/c.md", "help/more.ZIP/deep.zip/d.md"}, sourceNames(list(t, newLister(t, Config{}), known, filepath.Join(kb, "sub/help.zip"))))
	same(t, "the rest", []string{"kb/a.md"}, sourceNames(list(t, newLister(t, Config{}), known, kb)))
}

// TestLargeInnerArchive takes one that is not kept in memory, and leaves no file behind.
func TestLargeInnerArchive(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	stored := packed{zip.FileHeader{Name: "x.md", Method: zip.Store}, strings.Repeat("x", heldArchive+1)}
	file := writeZip(t, packed{zip.FileHeader{Name: "in.zip", Method: zip.Store}, zipText(t, stored)})
	found := list(t, newLister(t, Config{}), nil, file)
	got, err := read(t, found, "help/in.zip/x.md", nil, 2*heldArchive)
	if err != nil || len(got.Data) != heldArchive+1 {
		t.Errorf("%d bytes, %v", len(got.Data), err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestInnerBombs: what an archive unfolds to is counted with those inside of it.
func TestInnerBombs(t *testing.T) {
	t.Parallel()
	inner := zipText(t, entryOf("a.md", strings.Repeat("a", 6<<10)))
	for name, test := range map[string]struct {
		files []packed
		want  string
	}{
		"in the sum":   {[]packed{entryOf("a.zip", inner), entryOf("b.zip", inner)}, "b.zip: the archive can't be used: it unfolds to more than"},
		"too many":     {manyArchives(t), "the archive can't be used: with it there are too many archives"},
		"of no zip":    {[]packed{entryOf("a.zip", "PK")}, "a.zip: the archive can't be used: it is damaged"},
		"a password's": {[]packed{{zip.FileHeader{Name: "a.zip", Flags: zipEncrypted}, inner}}, "a.zip: it has a password"},
	} {
		c := Config{MaxUnpacked: 10 << 10}
		if name == "too many" {
			c.MaxUnpacked = 1 << 30
		}
		file := writeZip(t, test.files...)
		found := list(t, newLister(t, c), nil, file)
		if lines := brokenLines(found, file); len(lines) != 1 || !strings.Contains(lines[0], test.want) || len(found.Complete) > 0 {
			t.Errorf("%s: %q, complete %v", name, lines, found.Complete)
		}
	}
}

func manyArchives(tb testing.TB) []packed {
	tb.Helper()
	one := zipText(tb, entryOf("a.md", "a"))
	var files []packed
	for i := range maxArchives + 5 {
		files = append(files, entryOf("z"+strings.Repeat("z", i)+".zip", one))
	}
	return files
}

// TestNotionParts reads an export as Notion packs it: archives of parts in an archive,
// which are one tree; tables whose rows are pages; lists of pages.
func TestNotionParts(t *testing.T) {
	t.Parallel()
	const a, b, c, d = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210", "11112222333344445555666677778888", "99998888777766665555444433332222"
	part := func(n string) string { return "ExportBlock-2d5a9d0c-66f4-4a56-9f49-2f0b7d5d8c11-Part-" + n + ".zip" }
	file := writeZip(t,
		entryOf(part("1"), zipText(t, entryOf("Ayuda "+a+".md", "x"), entryOf("Ayuda/Dudas "+b+".csv", "x"), entryOf("Ayuda/Dudas "+b+"_all.csv", "x"),
			entryOf("Ayuda/Dudas/¿Hay tallas grandes "+c+".md", "x"), entryOf("Ayuda/foto.png", "x"))),
		entryOf(part("2"), zipText(t, entryOf("Ayuda/Plazos "+d+".md", "x"), entryOf("Ayuda/Tarifas "+a+".csv", "x"), entryOf("Ayuda/Tarifas "+a+"_all.csv", "x"),
			entryOf("Ayuda/Viejo "+b+"/Fila "+c+".md", "x"), entryOf("Ayuda/Viejo "+b+".csv", "x"))),
	)
	found := list(t, newLister(t, Config{}), nil, file)
	ids := map[string]string{}
	for _, s := range found.Sources {
		ids[strings.TrimPrefix(s.Name, "help/")] = s.Meta.ID
	}
	same(t, "IDs", map[string]string{
		"Ayuda " + a + ".md": "help/Ayuda.md", "Ayuda/Dudas/¿Hay tallas grandes " + c + ".md": "help/Ayuda/Dudas/¿Hay tallas grandes.md",
		"Ayuda/Plazos " + d + ".md": "help/Ayuda/Plazos.md", "Ayuda/Tarifas " + a + "_all.csv": "",
		"Ayuda/Viejo " + b + "/Fila " + c + ".md": "help/Ayuda/Viejo/Fila.md",
	}, ids)
	same(t, "broken", []string{}, brokenLines(found, file))
	same(t, "complete", map[string]bool{file: true}, found.Complete)
	pages := list(t, newLister(t, Config{Accepts: func(name string) bool { return strings.HasSuffix(name, ".html") }}), nil,
		writeZip(t, entryOf("index.html", "x"), entryOf("Ayuda "+a+".html", "x"), entryOf("Ayuda/index.html", "x")))
	same(t, "pages", []string{"help/Ayuda " + a + ".html", "help/Ayuda/index.html"}, sourceNames(pages))
}
