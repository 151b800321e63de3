package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRevokeOnePassageOfAnExport: the name of an article has the sign that stands before
// a passage's number.
func TestRevokeOnePassageOfAnExport(t *testing.T) {
	t.Parallel()
	env := map[string]string{"RECADO_DATA": t.TempDir()}
	folder := files(t, map[string]string{"zen.json": `{"articles": [
		{"id": 1, "locale": "es", "title": "Plazos", "draft": false, "body": "<h2>Botas</h2><p>Las botas de montaña tardan dos días.</p><h2>Sacos</h2><p>Los sacos de dormir tardan nueve días.</p>"},
		{"id": 2, "locale": "es", "title": "Otros", "draft": false, "body": "<p>Las cantimploras tardan tres días.</p>"}
	]}`})
	told(t, env, "ingest", folder)
	const passage = "policies/zen.json#articles/1/es@es#0000"
	holds(t, "the document", told(t, env, "knowledge", "show", "policies/zen.json#articles/1/es@es"), passage, "#0001")
	holds(t, "a revocation", told(t, env, "knowledge", "revoke", passage), "1 passage is revoked")
	holds(t, "the list", told(t, env, "knowledge", "list", "--revoked"), passage, "1 passage is revoked")
	holds(t, "a restoration", told(t, env, "knowledge", "restore", passage), "1 passage can be found again")
	holds(t, "a document", told(t, env, "knowledge", "revoke", "policies/zen.json#articles/1/es@es"), "2 passages are revoked")
	for _, wrong := range []string{"policies/zen.json#articles/1/es@es#0009", "policies/zen.json#articles/3", "#", "policies/zen.json#"} {
		if code, _, errs := tell(t, env, "knowledge", "revoke", wrong); code != exitFailed || !strings.Contains(errs, "no document or passage "+wrong) {
			t.Errorf("%s: %d, %s", wrong, code, errs)
		}
	}
}

// TestRestoreForGood: what was restored in the document that a passage moved to is not
// taken back when it moves on.
func TestRestoreForGood(t *testing.T) {
	t.Parallel()
	mixes(t, func(t *testing.T, env map[string]string) {
		folder := files(t, map[string]string{"es/a.md": returns})
		rename := func(from, to string) {
			if err := os.Rename(filepath.Join(folder, "es", from), filepath.Join(folder, "es", to)); err != nil {
				t.Fatal(err)
			}
		}
		told(t, env, "ingest", folder)
		told(t, env, "knowledge", "revoke", "policies/es/a.md#0000")
		rename("a.md", "b.md")
		holds(t, "an ingest", told(t, env, "ingest", folder), "1 passage is revoked and is not found")
		told(t, env, "knowledge", "restore", "policies/es/b.md")
		rename("b.md", "c.md")
		if out := told(t, env, "ingest", folder); strings.Contains(out, "revoked") {
			t.Errorf("a restored passage is taken back:\n%s", out)
		}
		holds(t, "the list", told(t, env, "knowledge", "list", "--revoked"), "0 passages are revoked")
	})
}

// TestDryRunOfAnotherModel says that the index would be rebuilt, and what would change.
func TestDryRunOfAnotherModel(t *testing.T) {
	t.Parallel()
	mixes(t, func(t *testing.T, env map[string]string) {
		folder := files(t, map[string]string{"es/returns.md": returns, "es/old.md": "Antes había 14 días."})
		told(t, env, "ingest", folder)
		if err := os.WriteFile(filepath.Join(folder, "es", "returns.md"), []byte(strings.Replace(returns, "45 días", "60 días", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		env["RECADO_EMBEDDING_DIM"] = "512"
		code, out, errs := tell(t, env, "ingest", "--dry-run", folder)
		if code != exitOK {
			t.Fatalf("%d, %s", code, errs)
		}
		holds(t, "what comes first", errs, "another embedding model", "2 documents with 3 passages would be brought over first")
		holds(t, "the plan", out, "changed   policies/es/returns.md: 1 passage new, 1 gone, 1 kept; 2 to embed", "would be: 0 added, 1 changed, 1 unchanged, 0 removed")
		delete(env, "RECADO_EMBEDDING_DIM")
		holds(t, "the index in use", told(t, env, "ask", "¿Cuántos días tengo para devolver unas botas de montaña?"), "45 días")
	})
}

// TestDiffTellsWhoMayRead: a document that opens to customers, another market, and a file
// that is gone are differences.
func TestDiffTellsWhoMayRead(t *testing.T) {
	t.Parallel()
	mixes(t, func(t *testing.T, env map[string]string) {
		const text = "# Mesa\n\nEl almacén cierra a las seis."
		folder := files(t, map[string]string{"es/desk.md": "---\naudience: agent\nmarkets: [ES]\n---\n" + text, "es/old.md": returns})
		told(t, env, "ingest", folder)
		holds(t, "the same", told(t, env, "knowledge", "diff", folder), "0 of 2 documents differ\n")
		if err := os.WriteFile(filepath.Join(folder, "es", "desk.md"), []byte("---\nvalid_to: 2030-01-01\n---\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(folder, "es", "old.md")); err != nil {
			t.Fatal(err)
		}
		holds(t, "the difference", told(t, env, "knowledge", "diff", folder), "- for: agent ES\n+ for: customer\n- valid: always\n+ valid: …–2030-01-01\n",
			"policies/es/old.md\n- Devoluciones", "1 of 1 document differs; 1 document is gone")
		holds(t, "the list", told(t, env, "knowledge", "list", "--collection", folder), "2 documents")
		if code, _, errs := tell(t, env, "knowledge", "list", "--collection", "nowhere"); code != exitFailed || !strings.Contains(errs, "nowhere") {
			t.Errorf("an unknown root: %d, %s", code, errs)
		}
	})
}
