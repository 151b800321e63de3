package replay_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/replay"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
)

// library has documents as they are now.
type library struct {
	version string
	err     error
	asked   int
}

func (l *library) Document(_ context.Context, id string) (knowledge.Document, []knowledge.Chunk, error) {
	l.asked++
	if id != "d" || l.err != nil {
		return knowledge.Document{}, nil, errors.Join(l.err, knowledge.ErrNotFound)
	}
	d := knowledge.Document{Meta: knowledge.Meta{ID: "d", Title: "Envíos", Locale: "es"}, Version: l.version, Body: "…"}
	return d, []knowledge.Chunk{{ID: "d#1", DocumentID: "d", Text: "now", Hash: "h1", Tokens: 7}, {ID: "d#2", DocumentID: "d", Text: "not shown", Hash: "h2", Tokens: 9}}, nil
}

func then() gateway.Record {
	return gateway.Record{
		Candidates: []rag.Candidate{
			{ChunkID: "d#2", DocumentID: "d", Version: "v1", Dense: .9, Lexical: 3, Self: 4, Score: 2, DenseRank: 1, LexicalRank: 2},
			{ChunkID: "d#1", DocumentID: "d", Version: "v1", Dense: .5, Used: true},
			{ChunkID: "gone#1", DocumentID: "gone", Version: "v1", Dense: .4},
		},
		Passages: []rag.Passage{{ID: "d#1", DocumentID: "d", Title: "Envíos", Locale: "es", Version: "v1", Hash: "h1", Text: "then", Source: "envios.md"}},
	}
}

func found(t *testing.T, p *replay.Passages) (texts []string, hits []knowledge.Hit) {
	t.Helper()
	hits, err := p.Search(replay.Around(t.Context(), then()), knowledge.Query{Text: "whatever", Locale: "es"})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hits {
		texts = append(texts, h.Chunk.Text)
	}
	return texts, hits
}

func TestPassagesAreThoseOfThen(t *testing.T) {
	t.Parallel()
	l := &library{version: "v1"}
	p := replay.NewPassages(l)
	texts, hits := found(t, p)
	if diff := cmp.Diff([]string{"not shown", "now", ""}, texts); diff != "" {
		t.Errorf("of the same version (-want +got):\n%s", diff)
	}
	if h := hits[0]; h.Dense != .9 || h.Lexical != 3 || h.Self != 4 || h.Score != 2 || h.DenseRank != 1 || h.LexicalRank != 2 || h.Document.Title != "Envíos" || h.Document.Body != "" {
		t.Errorf("the best one: %+v", h)
	}
	found(t, p)
	if l.asked != 2 {
		t.Errorf("the documents were read %d times", l.asked)
	}
	if n, err := p.Gone(t.Context(), then()); n != 1 || err != nil {
		t.Errorf("%d are gone, %v", n, err)
	}
	// What was changed since is as it was where the record has it.
	for _, other := range []*replay.Passages{replay.NewPassages(&library{version: "v2"}), replay.NewPassages(nil)} {
		texts, hits = found(t, other)
		if diff := cmp.Diff([]string{"", "then", ""}, texts); diff != "" {
			t.Errorf("of another version (-want +got):\n%s", diff)
		}
		if hits[1].Document.Title != "Envíos" || hits[1].Document.Source != "envios.md" || hits[1].Chunk.Tokens == 0 {
			t.Errorf("restored: %+v", hits[1])
		}
	}
}

func TestPassagesFail(t *testing.T) {
	t.Parallel()
	p := replay.NewPassages(&library{})
	if _, err := p.Search(t.Context(), knowledge.Query{}); err == nil {
		t.Error("a search for no turn finds something")
	}
	away := errors.New("away")
	if _, err := replay.NewPassages(failing{away}).Search(replay.Around(t.Context(), then()), knowledge.Query{}); !errors.Is(err, away) {
		t.Errorf("an index that is away: %v", err)
	}
	if revoked, err := p.Revocations(t.Context()); err != nil || revoked != nil {
		t.Errorf("revocations: %v, %v", revoked, err)
	}
}

type failing struct{ err error }

func (f failing) Document(context.Context, string) (knowledge.Document, []knowledge.Chunk, error) {
	return knowledge.Document{}, nil, f.err
}

// embedder counts what it is asked.
type embedder struct{ asked *int }

func (embedder) Name() string { return "counting" }
func (embedder) Dim() int     { return 3 }
func (e embedder) Embed(context.Context, []string) ([][]float32, error) {
	*e.asked++
	return nil, nil
}

func TestUnaskedAsksNobody(t *testing.T) {
	t.Parallel()
	asked := 0
	u := replay.Unasked{Embedder: embedder{&asked}}
	vectors, err := u.Embed(t.Context(), []string{"a", "b"})
	if err != nil || len(vectors) != 2 || len(vectors[1]) != 3 || asked != 0 || u.Name() != "counting" || u.DenseShare() != 0 {
		t.Errorf("%v, %v, asked %d times", vectors, err, asked)
	}
}
