package knowledge_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/knowledgetest"
)

// space is an index beside another one.
type space struct {
	*knowledge.Memory
	*vectorCache

	active   bool
	activate func() error
}

func (x *space) Activate(context.Context) error {
	x.active = true
	if x.activate != nil {
		return x.activate()
	}
	return nil
}

func (*space) Close() error { return nil }

// renamed is an embedder under another name.
type renamed struct {
	*knowledgetest.Embedder
	embed func(ctx context.Context, texts []string) ([][]float32, error)
}

func (renamed) Name() string { return "next" }

func (e renamed) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if e.embed != nil {
		return e.embed(ctx, texts)
	}
	return e.Embedder.Embed(ctx, texts)
}

// beside prepares to rebuild a shop's index for a model with vectors half as long.
func (s *shop) beside() (knowledge.RebuildConfig, *space) {
	s.Helper()
	embedder := renamed{Embedder: knowledgetest.NewEmbedder(dim / 2)}
	memory, err := knowledge.NewMemory(knowledge.IdentityOf(embedder))
	if err != nil {
		s.Fatal(err)
	}
	into := &space{Memory: memory, vectorCache: newVectorCache()}
	return knowledge.RebuildConfig{From: s.index, Into: into, Embedder: embedder, Batch: 3}, into
}

func (s *shop) rebuild(c knowledge.RebuildConfig, want report) {
	s.Helper()
	got, err := knowledge.Rebuild(s.Context(), c)
	s.same("error", err, nil)
	s.same("report", s.short(got), want)
}

// TestRebuild: the new index is the one that an ingest with the new model would give,
// without any source, and is in use afterwards.
func TestRebuild(t *testing.T) {
	t.Parallel()
	files := policies()
	files["es/own.md"] = "---\nid: propio\naudience: agent\nmarkets: ES\nvalid_from: 2026-01-01\n---\n# Propio\n\nInterno.\n"
	files["plan.csv"] = "question,answer,locale,audience\n¿A?,B.,es,agent\n¿C?,D.,es,\nE?,F.,en,\n"
	s := newShop(t, files)
	s.ingest(report{Added: 9, Embedded: 10})
	c, into := s.beside()
	told := 0
	c.Progress = func(p knowledge.Progress) {
		if told++; p.Done != told || p.Total != 9 || p.Outcome != knowledge.Indexed || p.Source == "" {
			t.Errorf("progress %d: %+v", told, p)
		}
	}
	s.rebuild(c, report{Added: 9, Embedded: 10})
	s.same("progress", told, 9)
	s.same("in use", into.active, true)

	_, fresh := s.beside()
	s.config.Index, s.config.Embedder = fresh.Memory, c.Embedder
	s.ingest(report{Added: 9, Embedded: 10})
	s.same("content", s.content(into.Memory), s.content(fresh.Memory))
	// What was rebuilt is unchanged for the next ingest.
	s.config.Index = into.Memory
	s.ingest(report{Unchanged: 9})
	s.rebuild(c, report{Unchanged: 9})
}

// TestRebuildResumes: an interrupted run is not in use, and the next one goes on.
func TestRebuildResumes(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	s.ingest(report{Added: 5, Embedded: 6})
	c, into := s.beside()
	c.Batch, c.Calls, c.Workers = 1, 1, 1
	own := c.Embedder.(renamed)
	var left atomic.Int64
	left.Store(3)
	c.Embedder = renamed{own.Embedder, func(ctx context.Context, texts []string) ([][]float32, error) {
		if left.Add(-1) < 0 {
			return nil, context.DeadlineExceeded
		}
		return own.Embed(ctx, texts)
	}}
	first, err := knowledge.Rebuild(t.Context(), c)
	if !errors.Is(err, context.DeadlineExceeded) || into.active || first.Added == 0 {
		t.Errorf("%+v, %v, in use: %v; want a part and an error", first, err, into.active)
	}
	left.Store(100)
	rest, err := knowledge.Rebuild(t.Context(), c)
	if err != nil || !into.active || rest.Unchanged != first.Added || rest.Added != 5-first.Added || rest.Embedded >= 6 {
		t.Errorf("%+v after %+v, %v; want the rest", rest, first, err)
	}
}

// TestRebuildCatchesUp: what changes in the index in use while the new one is filled is
// in the new one when it takes over.
func TestRebuildCatchesUp(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	s.ingest(report{Added: 5, Embedded: 6})
	c, into := s.beside()
	var once sync.Once
	own := c.Embedder.(renamed)
	c.Embedder = renamed{own.Embedder, func(ctx context.Context, texts []string) ([][]float32, error) {
		once.Do(func() {
			s.write(map[string]string{"es/envios.md": "# Envíos\n\nTres días.\n", "es/nuevo.md": "Nuevo."})
			s.remove("en")
			s.ingest(report{Added: 1, Changed: 1, Unchanged: 3, Removed: 1, Embedded: 2})
			d, _, err := s.index.Document(ctx, "policies/faq.csv@es")
			d.Source, d.Validator = "https://shop.example/faq", "v2"
			if err = errors.Join(err, s.index.Touch(ctx, d)); err != nil {
				t.Error(err)
			}
		})
		return own.Embed(ctx, texts)
	}}
	if _, err := knowledge.Rebuild(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	s.same("in use", into.active, true)
	want, err := s.index.Documents(t.Context(), "")
	s.same("error", err, nil)
	got, err := into.Documents(t.Context(), "")
	s.same("error", err, nil)
	s.same("documents", got, want)
}

// TestRebuildBroken: documents without a text, and those that the new model refuses, are
// named, and the new index is in use only when that was asked for.
func TestRebuildBroken(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	s.ingest(report{Added: 5, Embedded: 6})
	d, chunks, err := s.index.Document(t.Context(), "policies/en/shipping.md")
	for i := range chunks {
		chunks[i].Vector = s.embedder.Vector("x")
	}
	d.Body = ""
	if err = errors.Join(err, s.index.Replace(t.Context(), d, chunks)); err != nil {
		t.Fatal(err)
	}
	c, into := s.beside()
	own := c.Embedder.(renamed)
	c.Embedder = renamed{own.Embedder, func(ctx context.Context, texts []string) ([][]float32, error) {
		vectors, err := own.Embed(ctx, texts)
		for i := range texts {
			if strings.Contains(texts[i], "Treinta") {
				vectors[i] = make([]float32, dim/2)
			}
		}
		return vectors, err
	}}
	broken := []string{
		"en/shipping.md: the index has passages of it but not its text, as earlier versions kept it; ingest it again",
		"es/devoluciones.md: passage 1: the embedding model finds nothing in it: its vector is zero",
	}
	s.rebuild(c, report{Added: 3, Embedded: 5, Broken: broken})
	s.same("in use", into.active, false)
	c.Partial = true
	s.rebuild(c, report{Unchanged: 3, Embedded: 1, Broken: broken})
	s.same("in use", into.active, true)
}

// TestRebuildRevocations: whatever holds text of a revoked passage is revoked in the new
// index however it is split, and what was restored in the meantime is not.
func TestRebuildRevocations(t *testing.T) {
	t.Parallel()
	s := newShop(t, nil)
	text := "Uno dice algo.\n\nDos dice otra cosa.\n\nTres no dice nada.\n"
	two := strings.Index(text, "Dos")
	three := strings.Index(text, "Tres")
	d := knowledge.Document{
		Meta:   knowledge.Meta{ID: "a.md", Title: "a", Locale: "es", Audience: knowledge.AudienceCustomer},
		Source: "a.md", Version: "1", Body: text, Format: knowledge.FormatMarkdown,
	}
	var chunks []knowledge.Chunk
	for i, at := range [][2]int{{0, two}, {two, three}, {three, len(text)}} {
		c := knowledge.Chunk{ID: fmt.Sprint("a.md#", i), Seq: i, Start: at[0], End: at[1], Text: strings.TrimSpace(text[at[0]:at[1]])}
		c.Hash, c.Vector = knowledge.ContentHash(d, c), s.embedder.Vector(c.Text)
		chunks = append(chunks, c)
	}
	err := s.index.Replace(t.Context(), d, chunks)
	wrong := knowledge.Revocation{DocumentID: "a.md", ChunkID: "a.md#1", Hash: chunks[1].Hash, At: now, By: "ana", Reason: "wrong"}
	gone := knowledge.Revocation{DocumentID: "gone.md", ChunkID: "gone.md#0", Hash: "gone", At: now, By: "ana", Reason: "old"}
	if err = errors.Join(err, s.index.Revoke(t.Context(), []knowledge.Revocation{wrong, gone})); err != nil {
		t.Fatal(err)
	}
	c, into := s.beside()
	s.rebuild(c, report{Added: 1, Embedded: 1})
	_, cut, err := into.Document(t.Context(), "a.md")
	if err != nil || len(cut) != 1 || !cut[0].Revoked {
		t.Fatalf("%+v, %v; want one passage, revoked", cut, err)
	}
	got, err := into.Revocations(t.Context())
	s.same("error", err, nil)
	carried := wrong
	carried.ChunkID, carried.Hash = cut[0].ID, cut[0].Hash
	s.same("revocations", got, []knowledge.Revocation{carried, wrong, gone})

	s.same("error", s.index.Restore(t.Context(), "a.md", []string{wrong.Hash}), nil)
	s.rebuild(c, report{Unchanged: 1})
	got, err = into.Revocations(t.Context())
	s.same("error", err, nil)
	s.same("revocations", got, []knowledge.Revocation{gone})
}

// TestRebuildFails names what is missing and what fails.
func TestRebuildFails(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	s.ingest(report{Added: 5, Embedded: 6})
	full := errors.New("disk full")
	for want, edit := range map[string]func(*knowledge.RebuildConfig, *space){
		"knowledge.RebuildConfig.From: missing":     func(c *knowledge.RebuildConfig, _ *space) { c.From = nil },
		"knowledge.RebuildConfig.Into: missing":     func(c *knowledge.RebuildConfig, _ *space) { c.Into = nil },
		"knowledge.RebuildConfig.Embedder: missing": func(c *knowledge.RebuildConfig, _ *space) { c.Embedder = nil },
		"knowledge.RebuildConfig.Into: " + knowledge.ErrIdentity.Error(): func(c *knowledge.RebuildConfig, _ *space) {
			c.Embedder = s.embedder
		},
		"rebuild the index: list the index in use: disk full": func(c *knowledge.RebuildConfig, _ *space) {
			c.From = failing{Memory: s.index, documents: full}
		},
		"rebuild the index: take it into use: disk full": func(_ *knowledge.RebuildConfig, x *space) {
			x.activate = func() error { return full }
		},
	} {
		c, into := s.beside()
		edit(&c, into)
		if _, err := knowledge.Rebuild(t.Context(), c); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	before := s.content(s.index)
	c, _ := s.beside()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := knowledge.Rebuild(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the context ended", err)
	}
	s.same("the index in use is left alone", maps.Equal(before, s.content(s.index)), true)
}

// late is an index in use that changes after it was listed for the first time.
type late struct {
	*knowledge.Memory
	lists  int
	change func(list int)
}

func (x *late) Documents(ctx context.Context, c string) ([]knowledge.Document, error) {
	x.lists++
	x.change(x.lists)
	return x.Memory.Documents(ctx, c)
}

// TestRebuildChecks: what changes after the last comparison of the two indexes, documents
// and revocations, is not lost, and a rebuild that never comes to an end says so.
func TestRebuildChecks(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	s.ingest(report{Added: 5, Embedded: 6})
	c, into := s.beside()
	change := func(body string) {
		d, _, err := s.index.Document(t.Context(), "policies/es/envios.md")
		s.same("error", err, nil)
		d.Body, d.Version = body, body
		one := knowledge.Chunk{DocumentID: d.ID, ID: "e#0", Text: body, End: len(body), Hash: body, Vector: s.embedder.Vector(body)}
		s.same("error", s.index.Replace(t.Context(), d, []knowledge.Chunk{one}), nil)
	}
	// The first list is that of the first pass, the second finds nothing to do, the third is
	// the check.
	c.From = &late{Memory: s.index, change: func(list int) {
		if list == 3 {
			change("Cuatro días.")
			wrong := knowledge.Revocation{DocumentID: "policies/es/envios.md", ChunkID: "e#0", Hash: "Cuatro días.", At: now, By: "ana"}
			s.same("error", s.index.Revoke(t.Context(), []knowledge.Revocation{wrong}), nil)
		}
	}}
	_, err := knowledge.Rebuild(t.Context(), c)
	s.same("error", err, nil)
	s.same("in use", into.active, true)
	d, chunks, err := into.Document(t.Context(), "policies/es/envios.md")
	if err != nil || d.Version != "Cuatro días." || len(chunks) != 1 || !chunks[0].Revoked {
		t.Errorf("%s, %+v, %v; want the last change, revoked", d.Version, chunks, err)
	}

	c, into = s.beside()
	c.From = &late{Memory: s.index, change: func(list int) { change(fmt.Sprint(list, " días.")) }}
	if _, err = knowledge.Rebuild(t.Context(), c); err == nil || into.active || !strings.Contains(err.Error(), "end what ingests into it") {
		t.Errorf("in use %v, error %v; want that there is no end", into.active, err)
	}
}
