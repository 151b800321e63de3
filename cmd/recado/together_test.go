package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/offline"
)

// TestIngestTogether: several processes that ingest one folder at the same time, into an
// index that none of them finds, all end well and leave each document once.
func TestIngestTogether(t *testing.T) {
	t.Parallel()
	mixes(t, func(t *testing.T, env map[string]string) {
		t.Helper()
		env["RECADO_LOCALE"] = "es"
		texts := map[string]string{}
		for i := range 40 {
			texts[fmt.Sprintf("d%d.md", i)] = fmt.Sprintf("# Regla %d\n\nEl plazo de la regla es de %d días.\n", i, i)
		}
		folder := files(t, texts)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if code, out, errs := tell(t, env, "ingest", folder); code != exitOK {
					t.Errorf("%d, %s%s", code, out, errs)
				}
			})
		}
		all.Wait()
		if code, out, _ := tell(t, env, "ingest", folder); code != exitOK || !strings.Contains(out, "0 added, 0 changed, 40 unchanged, 0 removed; 0 passages embedded") {
			t.Errorf("afterwards: %d, %s", code, out)
		}
		if _, out, _ := tell(t, env, "knowledge", "list"); !strings.Contains(out, "\n40 documents;") {
			t.Errorf("%s", out)
		}
	})
}

// TestDocumentShelf holds what the API sees of an index.
func TestDocumentShelf(t *testing.T) {
	t.Parallel()
	e, err := offline.NewEmbedder(64)
	if err != nil {
		t.Fatal(err)
	}
	x, err := knowledge.NewMemory(knowledge.IdentityOf(e))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a.md", "b.json#articles/1"} {
		vector, err := e.Embed(t.Context(), []string{id})
		if err != nil {
			t.Fatal(err)
		}
		d := knowledge.Document{Meta: knowledge.Meta{ID: id, Title: id, Locale: "es", Audience: knowledge.AudienceCustomer}, Collection: "x"}
		c := knowledge.Chunk{ID: id + "#0000", DocumentID: id, Text: id, Hash: "h" + id, Vector: vector[0]}
		if err := x.Replace(t.Context(), d, []knowledge.Chunk{c}); err != nil {
			t.Fatal(err)
		}
	}
	shelf := documentShelf{func() knowledge.Index { return x }}
	if first, err := shelf.Documents(t.Context(), "", 1); err != nil || len(first) != 1 || first[0].ID != "a.md" || first[0].Passages != 1 {
		t.Errorf("%+v, %v", first, err)
	}
	if rest, err := shelf.Documents(t.Context(), "a.md", 9); err != nil || len(rest) != 1 || rest[0].ID != "b.json#articles/1" {
		t.Errorf("%+v, %v", rest, err)
	}
	if _, err := shelf.Passages(t.Context(), "b.json"); !errors.Is(err, gateway.ErrNotFound) {
		t.Error(err)
	}
	for _, id := range []string{"b.json#articles/1", "b.json#articles/1#0000"} {
		list, err := shelf.Passages(t.Context(), id)
		if err != nil || len(list) != 1 || list[0].Hash != "hb.json#articles/1" || list[0].Revoked {
			t.Fatalf("%s: %+v, %v", id, list, err)
		}
		if err := shelf.Revoke(t.Context(), list, "ana", "vieja", time.Now()); err != nil {
			t.Fatal(err)
		}
		revoked, err := shelf.Revoked(t.Context())
		if err != nil || len(revoked) != 1 || revoked[0].By != "ana" || revoked[0].PassageID != "b.json#articles/1#0000" {
			t.Errorf("%+v, %v", revoked, err)
		}
		if err := shelf.Restore(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
}
