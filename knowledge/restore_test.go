package knowledge_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/knowledge"
)

// TestRestoreReachesGoneDocuments: a content is restored in the document that is named and
// in those that are gone, and stays revoked in others.
func TestRestoreReachesGoneDocuments(t *testing.T) {
	t.Parallel()
	x, err := knowledge.NewMemory(knowledge.Identity{Embedder: "e", Dim: 1, Splitter: "1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"here", "other"} {
		d := knowledge.Document{Meta: of(id, "es")}
		d.ID = id
		c := knowledge.Chunk{ID: id + "#0", Hash: "h", Text: "plazo", Vector: []float32{1}}
		if err := x.Replace(t.Context(), d, []knowledge.Chunk{c}); err != nil {
			t.Fatal(err)
		}
	}
	var list []knowledge.Revocation
	for _, at := range [][2]string{{"here", "h"}, {"other", "h"}, {"gone", "h"}, {"gone", "more"}} {
		list = append(list, knowledge.Revocation{DocumentID: at[0], ChunkID: at[0] + "#0", Hash: at[1], At: now})
	}
	if err := x.Revoke(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	if err := knowledge.Restore(t.Context(), x, map[string][]string{"here": {"h"}}); err != nil {
		t.Fatal(err)
	}
	left, err := x.Revocations(t.Context())
	got := map[[2]string]bool{}
	for _, r := range left {
		got[[2]string{r.DocumentID, r.Hash}] = true
	}
	if diff := cmp.Diff(map[[2]string]bool{{"other", "h"}: true, {"gone", "more"}: true}, got); diff != "" || err != nil {
		t.Errorf("%v, still revoked (-want +got):\n%s", err, diff)
	}
}
