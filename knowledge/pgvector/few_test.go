package pgvector

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/knowledge"
)

// TestFewAreComparedHere asks for what the filter leaves few of: the process finds what the
// database does, while it reads their vectors, when it has them all, when it has room for
// none, and when some are new or gone.
func TestFewAreComparedHere(t *testing.T) {
	t.Parallel()
	x := open(t, Config{DSN: testservices.Postgres(t), Identity: identity(32)})
	memory, err := knowledge.NewMemory(identity(32))
	if err != nil {
		t.Fatal(err)
	}
	next := clustered(t, x, memory, 60, 5)
	queries := map[string]knowledge.Query{
		"all":       {Audience: knowledge.AudienceAgent},
		"english":   {Locale: "en"},
		"distinct":  {Locale: "es", Distinct: true},
		"documents": {Documents: []string{"0002", "0051", "0059"}},
		"nothing":   {Locale: "pt"},
	}
	// Ranks of what is equally near to the fourth digit may be the other way round.
	alike := cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateApprox(1e-4, 5e-5), cmpopts.IgnoreFields(knowledge.Hit{}, "DenseRank")}
	compare := func(when string) {
		t.Helper()
		for name, q := range queries {
			q.Vector, q.Text, q.Limit = next(), "palabra7 común1", 20
			x.words.fewAtMost = 0
			want := ask(t, x, q)
			for time := range 2 {
				x.words.fewAtMost = fewAtMost
				if diff := cmp.Diff(want, ask(t, x, q), alike); diff != "" {
					t.Errorf("%s, %s, time %d: here (+) is not what the database finds (-):\n%s", when, name, time, diff)
				}
			}
		}
	}
	compare("from the start")
	if len(x.facts.entries) != 300 {
		t.Errorf("%d of 300 vectors are kept", len(x.facts.entries))
	}
	fill(t, x, "new.md", "es", "palabra7 nueva")
	if err := x.Remove(t.Context(), "0002"); err != nil {
		t.Fatal(err)
	}
	compare("after a change")
	if len(x.facts.entries) < 296 {
		t.Errorf("%d vectors are kept after a change", len(x.facts.entries))
	}
	x.facts = newCache[fact](1)
	compare("without room")
}

// TestFewOfMany leaves to the database what is many, or would have to be looked for among
// many.
func TestFewOfMany(t *testing.T) {
	t.Parallel()
	w := newWords(0, 0)
	w.facets = map[int32]facet{1: {language: "en"}, 2: {language: "es"}}
	for no := range int32(10) {
		w.place(no+1, 1, 1+no%2)
		w.name(no+1, fmt.Sprint(no+1), 1)
	}
	q := knowledge.Query{Locale: "en", Vector: []float32{1}, Audience: knowledge.AudienceCustomer}
	for _, test := range []struct{ all, matching, want int }{
		{10, 5, 5}, {10, fewAtMost, 5}, {fewAtMost + 1, fewAtMost + 1, 0}, {amongAtMost, 5, 5}, {amongAtMost + 1, 5, 0}, {10, 0, 0},
	} {
		f := w.filter(q, nil)
		f.all, f.matching = test.all, test.matching
		if few := w.few(q, f); len(few) != test.want {
			t.Errorf("of %d that match of %d it looks at %d, want %d", test.matching, test.all, len(few), test.want)
		}
	}
	if q.Vector = nil; w.few(q, w.filter(q, nil)) != nil {
		t.Error("there is nothing to compare with")
	}
}

// TestRemembered asks nothing of the database where a query may take what was true a moment
// ago, and only there: its context has ended, so that asking fails.
func TestRemembered(t *testing.T) {
	t.Parallel()
	x := open(t, Config{DSN: testservices.Postgres(t), Identity: identity(32)})
	memory, err := knowledge.NewMemory(identity(32))
	if err != nil {
		t.Fatal(err)
	}
	next := clustered(t, x, memory, 20, 5)
	q := knowledge.Query{Text: "palabra7 común1", Vector: next(), Locale: "es", Limit: 10, Age: time.Hour}
	want := ask(t, x, q) // reads the index
	ask(t, x, q)         // reads what is missing of passages and vectors
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := x.Search(ended, q)
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-4, 5e-5)); err != nil || diff != "" {
		t.Errorf("remembered: %v, (-asked +remembered)\n%s", err, diff)
	}
	other := q
	other.Text = "palabra11 común2" // whose postings nobody asked for before
	if r := x.words.ready(other); !x.words.prepare(other, &r) || len(r.fetched.postings) > 0 || len(x.words.find(r)) == 0 {
		t.Errorf("postings have to be fetched although the log has them all: %+v", r.fetched)
	}
	now := q
	now.Age = 0
	if _, err := x.Search(ended, now); err == nil {
		t.Error("a query for the current state did not ask the database")
	}
	fill(t, x, "new.md", "es", "palabra7 nueva")
	if _, err := x.Search(ended, q); err == nil {
		t.Error("what was remembered before a change of one's own was given after it")
	}
}
