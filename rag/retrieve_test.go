package rag_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
)

func ids(passages []rag.Passage) []string {
	list := make([]string, len(passages))
	for i, p := range passages {
		list[i] = p.ID
	}
	return list
}

// TestRetrieveOtherLanguage looks in the other language when the customer's own does
// not cover the question, and puts what is found there first only when it is clearly
// better.
func TestRetrieveOtherLanguage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		own, foreign []knowledge.Hit
		want         []string
	}{
		"covered":       {[]knowledge.Hit{hit("a", .5, 3, 1, 1)}, []knowledge.Hit{hit("b", .9, 4, 1, 1)}, []string{"a"}},
		"nothing own":   {nil, []knowledge.Hit{hit("b", .4, 1, 1, 1)}, []string{"b"}},
		"better words":  {[]knowledge.Hit{hit("a", .5, 1, 1, 1)}, []knowledge.Hit{hit("b", .5, 2, 1, 1)}, []string{"b", "a"}},
		"nearer":        {[]knowledge.Hit{hit("a", .5, 1, 1, 1)}, []knowledge.Hit{hit("b", .6, 0, 1, 0)}, []string{"b", "a"}},
		"hardly nearer": {[]knowledge.Hit{hit("a", .5, 1, 1, 1)}, []knowledge.Hit{hit("b", .52, 1, 1, 1)}, []string{"a", "b"}},
		"two of three": {
			[]knowledge.Hit{hit("a", .5, 0, 1, 0)},
			[]knowledge.Hit{hit("b", .9, 0, 1, 0), hit("c", .8, 0, 2, 0), hit("d", .7, 0, 3, 0)},
			[]string{"b", "c", "a", "d"},
		},
	} {
		s := newSetup(fakeModel{draft: good()})
		s.index.hits = map[string][]knowledge.Hit{"es": c.own, "en": c.foreign}
		a, err := s.answer(t, question)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, ids(a.Passages)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if got := s.index.queries["en"]; got.TextLocale != "es" || got.Text != question.Text {
			t.Errorf("%s: the other language was asked %+v", name, got)
		}
	}
}

// TestRetrieveBreaksDownWhereItIsWaitedFor: whoever asked learns of a search that broke
// down, in either language, and nobody else does.
func TestRetrieveBreaksDownWhereItIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, locale := range []string{"es", "en"} {
		s := newSetup(fakeModel{draft: good()})
		s.index.broken = map[string]bool{locale: true}
		func() {
			defer func() {
				if got, ok := recover().(error); !ok || !errors.Is(got, errBroken) {
					t.Errorf("%s: recovered %v", locale, got)
				}
			}()
			_, err := s.answer(t, question)
			t.Errorf("%s: answered, with %v", locale, err)
		}()
	}
}

// TestRetrieveForWhomAndWhen asks the index only for what the customer may read and
// what was valid on the day that the question is about.
func TestRetrieveForWhomAndWhen(t *testing.T) {
	t.Parallel()
	madrid := time.FixedZone("UTC+1", 3600)
	late := time.Date(2026, 1, 2, 23, 30, 0, 0, time.UTC)
	orders := func(asked ...string) rag.OrderFacts {
		return rag.OrderFacts{Asked: asked, Orders: []rag.Order{
			{Number: "#W1", PlacedAt: "2025-05-06T10:00:00+02:00"},
			{Number: "#W2", PlacedAt: "2025-07-08"},
			{Number: "#W3"},
			{Number: "#W4", PlacedAt: "2026-10-31T23:30:00Z"},
			{Number: "#W5", PlacedAt: "2026-11-01T00:10:00.5+02:00"},
			{Number: "#W6", PlacedAt: "2026-10-31 23:30:00"},
		}}
	}
	for name, c := range map[string]struct {
		q           rag.Question
		day, market string
	}{
		"no moment":                         {rag.Question{}, "2026-01-03", "ES"},
		"today, in the shop's zone":         {rag.Question{At: late}, "2026-01-03", "ES"},
		"the order's day":                   {rag.Question{At: late, Orders: orders("w1")}, "2025-05-06", "ES"},
		"two orders":                        {rag.Question{At: late, Orders: orders("#W1", "#W2")}, "2026-01-03", "ES"},
		"an order without a day":            {rag.Question{At: late, Orders: orders("#W3")}, "2026-01-03", "ES"},
		"somebody else's order":             {rag.Question{At: late, Orders: orders("#W9")}, "2026-01-03", "ES"},
		"the same order said two times":     {rag.Question{At: late, Orders: orders("#W2", "W2")}, "2025-07-08", "ES"},
		"an order's day in the shop's zone": {rag.Question{At: late, Orders: orders("#W4")}, "2026-11-01", "ES"},
		"one that was east of it":           {rag.Question{At: late, Orders: orders("#W5")}, "2026-10-31", "ES"},
		"a moment without a zone":           {rag.Question{At: late, Orders: orders("#W6")}, "2026-10-31", "ES"},
		"a customer's own market":           {rag.Question{At: late, Market: "MX"}, "2026-01-03", "MX"},
	} {
		s := newSetup(fakeModel{draft: good()})
		s.Market, s.Zone, s.Now = "ES", madrid, func() time.Time { return late }
		c.q.Text = question.Text
		if _, err := s.answer(t, c.q); err != nil {
			t.Fatal(err)
		}
		for _, got := range s.index.queries {
			if got.Day != c.day || got.Market != c.market || got.Audience != knowledge.AudienceCustomer || !got.Distinct {
				t.Errorf("%s: %+v, want the day %s and the market %s", name, got, c.day, c.market)
			}
		}
	}
}

// fakeReranker prefers the passages that hold a word.
type fakeReranker struct {
	word string
	err  error
}

func (fakeReranker) Name() string { return "fake-reranker" }

func (f fakeReranker) Rerank(_ context.Context, _ string, passages []string) ([]float64, error) {
	var scores []float64
	for _, p := range passages {
		scores = append(scores, float64(strings.Count(p, f.word)))
	}
	if f.word == "" {
		return scores[1:], f.err
	}
	return scores, f.err
}

func TestRerank(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reranker rag.Reranker
		want     []string
		stage    string
	}{
		"none":         {nil, []string{"a", "b", "c"}, ""},
		"better":       {fakeReranker{word: "producto c"}, []string{"c", "a", "b"}, "rerank"},
		"fails":        {fakeReranker{word: "c", err: errors.New("down")}, []string{"a", "b", "c"}, "rerank_failed"},
		"a score less": {fakeReranker{}, []string{"a", "b", "c"}, "rerank_failed"},
	} {
		s := newSetup(fakeModel{draft: good()})
		s.index.hits["es"] = []knowledge.Hit{hit("a", .9, 3, 1, 1), hit("b", .5, 2, 2, 2), hit("c", .4, 1, 3, 3)}
		s.Reranker = c.reranker
		a, err := s.answer(t, question)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, ids(a.Passages)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		stage := ""
		for _, st := range a.Stages {
			if strings.HasPrefix(st.Name, "rerank") {
				stage = st.Name
			}
		}
		if stage != c.stage {
			t.Errorf("%s: stage %q, want %q", name, stage, c.stage)
		}
	}
}

// TestFailedRerankerChangesNothing: the model sees what it would see in a shop without
// one.
func TestFailedRerankerChangesNothing(t *testing.T) {
	t.Parallel()
	var hits []knowledge.Hit
	for i := range 12 {
		hits = append(hits, hit(string(rune('a'+i)), .9-float64(i)/100, 0, i+3, 0))
	}
	hits[11].LexicalRank = 1
	seen := func(reranker rag.Reranker) []string {
		s := newSetup(fakeModel{draft: good()})
		s.index.hits["es"], s.Reranker = hits, reranker
		a, err := s.answer(t, question)
		if err != nil {
			t.Fatal(err)
		}
		return ids(a.Passages)
	}
	if diff := cmp.Diff(seen(nil), seen(fakeReranker{err: errors.New("down")})); diff != "" {
		t.Errorf("(-without +failed):\n%s", diff)
	}
}

// TestEvidenceBudget keeps what the model reads within its tokens; the record keeps
// all candidates.
func TestEvidenceBudget(t *testing.T) {
	t.Parallel()
	s := newSetup(fakeModel{draft: good()})
	s.Evidence = 320
	long, wide, short := hit("a", .9, 3, 1, 1), hit("b", .5, 2, 2, 2), hit("c", .4, 1, 3, 3)
	long.Chunk.Tokens, wide.Chunk.Tokens, short.Chunk.Tokens = 200, 100, 40
	s.index.hits["es"] = []knowledge.Hit{long, wide, short}
	a, err := s.answer(t, question)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "c"}, ids(a.Passages)); diff != "" || len(a.Candidates) != 3 {
		t.Errorf("%d candidates, passages (-want +got):\n%s", len(a.Candidates), diff)
	}
	long.Chunk.Tokens = 900
	s.index.hits["es"] = []knowledge.Hit{long}
	if a, err = s.answer(t, question); err != nil || len(a.Passages) != 1 {
		t.Errorf("the first passage is too long: %d passages, %v", len(a.Passages), err)
	}
}

// TestEvidenceCountsWhatThePromptHas: titles, names and the lines around a passage are
// tokens, too.
func TestEvidenceCountsWhatThePromptHas(t *testing.T) {
	t.Parallel()
	var request rag.Request
	s := newSetup(fakeModel{draft: good(), request: &request})
	s.Evidence, s.index.hits["es"] = 400, nil
	for i := range 20 {
		h := hit("policies/es/devoluciones-"+string(rune('a'+i))+".md#0000", .9-float64(i)/100, 0, i+1, 0)
		h.Document.Title, h.Chunk.Heading = strings.TrimSpace(strings.Repeat("Devoluciones ", 15)), "Devoluciones > Plazos"
		h.Chunk.Tokens = knowledge.CountTokens(knowledge.PromptText(h.Chunk))
		s.index.hits["es"] = append(s.index.hits["es"], h)
	}
	if _, err := s.answer(t, question); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(request.Messages[len(request.Messages)-1].Content, "id: ")
	passages, _, _ := strings.Cut(rest, "DATA-")
	if n := knowledge.CountTokens(passages); n > s.Evidence || n < s.Evidence*3/4 {
		t.Errorf("%d passages take %d tokens of %d", len(request.Passages), n, s.Evidence)
	}
}
