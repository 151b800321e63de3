package main

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestIngestAs: what goes in under a name takes the place of what had it before, from
// another folder, another zip or another file.
func TestIngestAs(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	put := func(name, text string) string {
		at := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return at
	}
	article := func(id int) string {
		return fmt.Sprintf(`{"id":%d,"title":"Plazo %d","locale":"es","draft":false,"section_id":1,"body":"<p>Son %d días.</p>","html_url":"https://x.example/%d"}`, id, id, id, id)
	}
	export := func(name string, ids ...int) string {
		var all []string
		for _, id := range ids {
			all = append(all, article(id))
		}
		return put(name, `{"articles":[`+strings.Join(all, ",")+`]}`)
	}
	put("t1/policies/es/a.md", "# A\n\nUno.")
	put("t1/policies/es/b.md", "# B\n\nDos.")
	put("t2/fresh/es/a.md", "# A\n\nUno.")
	const page = "es/Envíos 0123456789abcdef0123456789abcdef.md"
	for _, test := range []struct {
		name       string
		from, then string
	}{
		{"kb", filepath.Join(root, "t1", "policies"), filepath.Join(root, "t2", "fresh")},
		{"centro", export("zd-2026-11.json", 4711, 4712), export("zd-2026-12.json", 4711)},
		{
			"notion",
			packed(t, filepath.Join(root, "Export-1111.zip"), map[string]string{page: "# Envíos\n\nDos días.", "es/b.md": "# B\n\nYa."}),
			packed(t, filepath.Join(root, "Export-2222.zip"), map[string]string{page: "# Envíos\n\nDos días."}),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"RECADO_DATA": t.TempDir(), "RECADO_LOCALE": "es"}
			holds(t, "the first", told(t, env, "ingest", "--as", test.name, test.from), "2 added, 0 changed, 0 unchanged, 0 removed")
			holds(t, "the next", told(t, env, "ingest", "--as", test.name, test.then), "0 added, 0 changed, 1 unchanged, 1 removed")
			holds(t, "what there is", told(t, env, "knowledge", "list", "--collection", test.name), "\n1 document")
			holds(t, "the difference", told(t, env, "knowledge", "diff", "--as", test.name, test.then), "0 of 1 document")
		})
	}
}

// packed writes a zip.
func packed(t *testing.T, at string, files map[string]string) string {
	t.Helper()
	out, err := os.Create(at)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(out)
	for name, text := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return at
}
