package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recado/recado/internal/demoshop"
)

// TestRevokeFollowsTheText asks a running gateway, renames the document and changes its
// title, and takes it back: what was said under the former name counts.
func TestRevokeFollowsTheText(t *testing.T) {
	t.Parallel()
	env := map[string]string{"RECADO_DATA": t.TempDir()}
	folder := files(t, map[string]string{"es/botas.md": returns})
	s := serve(t, env)
	told(t, env, "ingest", folder)
	s.say(demoshop.DemoPhone, "¿Cuántos días tengo para devolver unas botas de montaña?")
	s.answer(demoshop.DemoPhone, 1)
	renamed := strings.ReplaceAll(returns, "Devoluciones", "Cambios")
	if err := os.WriteFile(filepath.Join(folder, "es", "calzado.md"), []byte(renamed), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(folder, "es", "botas.md")); err != nil {
		t.Fatal(err)
	}
	holds(t, "an ingest of the renamed file", told(t, env, "ingest", folder), "1 added", "1 removed")
	holds(t, "the revocation", told(t, env, "knowledge", "revoke", "policies/es/calzado.md"),
		"45 días", "policies/es/botas.md#", demoshop.DemoPhone, "1 answer rests on", "to 1 customer:")
}
