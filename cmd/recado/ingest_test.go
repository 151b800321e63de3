package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/offline"
)

// bodiless puts a document into the index in use as versions did that kept no text of it.
func bodiless(t *testing.T, env map[string]string, id string) {
	t.Helper()
	s, _, err := loadSettings(console{env: func(k string) string { return env[k] }}, "test", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := offline.NewEmbedder(s.EmbedDim)
	if err != nil {
		t.Fatal(err)
	}
	x, err := openSpace(t.Context(), s, knowledge.IdentityOf(e), knowledge.OpenInUse, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	d := knowledge.Document{
		Meta:   knowledge.Meta{ID: id, Title: "Viejo", Locale: "es", Audience: knowledge.AudienceCustomer},
		Source: "/gone/" + id, Collection: "/gone", Version: "v", Format: knowledge.FormatMarkdown,
	}
	vector := make([]float32, e.Dim())
	vector[0] = 1
	chunk := knowledge.Chunk{ID: id + "#0000", DocumentID: id, Text: "Antes.", Tokens: 2, Hash: "h", Vector: vector}
	if err := x.Replace(t.Context(), d, []knowledge.Chunk{chunk}); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestIngestKeepsWhatDidNotComeOver: after a change of the embedding model, an ingest of
// other documents does not take an index into use that lacks some.
func TestIngestKeepsWhatDidNotComeOver(t *testing.T) {
	t.Parallel()
	mixes(t, func(t *testing.T, env map[string]string) {
		folder := files(t, map[string]string{"es/returns.md": returns})
		told(t, env, "ingest", folder)
		bodiless(t, env, "viejo.md")
		env["RECADO_EMBEDDING_DIM"] = "512"
		code, out, errs := tell(t, env, "ingest", folder)
		if code != exitFailed || !strings.Contains(errs, "1 document did not come over") {
			t.Errorf("an ingest of the rest: %d, %s", code, errs)
		}
		holds(t, "what it says", out, "not ingested: /gone/viejo.md", "not brought over: viejo.md")
		holds(t, "the index in use", told(t, env, "knowledge", "list"), "viejo.md", "offline-hash-v2-768")
		told(t, env, "knowledge", "remove", "viejo.md")
		told(t, env, "ingest", filepath.Join(folder, "es"))
		holds(t, "the index afterwards", told(t, env, "knowledge", "list"), "returns.md", "offline-hash-v2-512")
	})
}
