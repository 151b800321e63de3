package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/offline"
)

// TestRevokeFollowsTheText asks a running gateway, renames the document and changes its
// title, and takes it back: what was said under the former name counts.
func TestRevokeFollowsTheText(t *testing.T) {
	t.Parallel()
	env := map[string]string{"RECADO_DATA": t.TempDir()}
	folder := files(t, map[string]string{"es/botas.md": returns})
	s := serve(t, env)
	told(t, env, "ingest", folder)
	s.say(demoshop.DemoPhone, "¿Cuántos días naturales tengo para devolver unas botas de montaña?")
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

// TestRevokedAreCountedOnce: the revocation of a document that is gone is kept, because it
// may come back, and is not counted beside that of the document that took its text over.
func TestRevokedAreCountedOnce(t *testing.T) {
	t.Parallel()
	env := map[string]string{"RECADO_DATA": t.TempDir()}
	folder := files(t, map[string]string{"es/botas.md": returns})
	told(t, env, "ingest", folder)
	told(t, env, "knowledge", "revoke", "policies/es/botas.md")
	before := told(t, env, "knowledge", "list", "--revoked")
	holds(t, "the list", before, "2 passages are revoked\n")
	if err := os.Rename(filepath.Join(folder, "es", "botas.md"), filepath.Join(folder, "es", "calzado.md")); err != nil {
		t.Fatal(err)
	}
	told(t, env, "ingest", folder)
	holds(t, "the list after the file was renamed", told(t, env, "knowledge", "list", "--revoked"),
		"policies/es/calzado.md#0000", "2 passages are revoked\n", "2 revocations are kept for what is not in the index now")
}

// slowModel drafts as another one does, and something happens meanwhile.
type slowModel struct {
	rag.Model

	meanwhile func()
}

func (m slowModel) Complete(ctx context.Context, r rag.Request) (rag.Response, error) {
	m.meanwhile()
	return m.Model.Complete(ctx, r)
}

// TestRevokeReachesAnswersUnderWay: what is taken back while a model drafts is not said;
// a person takes over.
func TestRevokeReachesAnswersUnderWay(t *testing.T) {
	t.Parallel()
	mixes(t, func(t *testing.T, env map[string]string) {
		told(t, env, "ingest", files(t, map[string]string{"es/returns.md": returns}))
		l := shelves(t, env)
		for _, want := range []gateway.DecisionKind{gateway.DecideReply, gateway.DecideHandoff} {
			meanwhile := func() {
				if want == gateway.DecideHandoff {
					told(t, env, "knowledge", "revoke", "policies/es/returns.md")
				}
			}
			p, err := rag.New(rag.Config{Index: l.shelf, Embedder: l.embedder, Model: slowModel{offline.NewModel(), meanwhile}})
			if err != nil {
				t.Fatal(err)
			}
			turn := gateway.NewRehearsal(gateway.RehearsalConfig{
				Answerer: p, Orders: noOrders{}, Who: gateway.Identity{Phone: "34600111222"},
			}).Hear(t.Context(), gateway.Message{Type: "text", Text: "¿Cuántos días tengo para devolver unas botas de montaña?"})
			if got := turn.Record.Decision; got.Kind != want {
				t.Errorf("%+v, want %s", got, want)
			}
		}
	})
}
