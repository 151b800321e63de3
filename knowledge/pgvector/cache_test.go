package pgvector

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/knowledgetest"
)

// TestCacheIsBounded keeps and forgets at random: the bytes are those of the entries,
// within the budget, and what is given is what was kept last.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, last := newCache[int](1000), map[int32]int{}
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			no := rapid.Int32Range(0, 20).Draw(t, "no")
			if rapid.IntRange(0, 4).Draw(t, "forget") == 0 {
				c.forget(no)
				delete(last, no)
			} else {
				c.keep(no, i, rapid.IntRange(0, 200).Draw(t, "size"))
				last[no] = i
			}
			sum := 0
			for _, e := range c.entries {
				sum += e.size
			}
			if sum != c.bytes || sum > c.budget {
				t.Fatalf("%d bytes are kept, counted as %d", sum, c.bytes)
			}
			values, missing := c.get([]int32{no})
			if want, kept := last[no]; len(missing) == 0 && (!kept || *values[0] != want) {
				t.Fatalf("%d has %d, want %d (%t)", no, *values[0], want, kept)
			}
		}
	})
}

// TestCacheDropsTheOldest: what was asked for lately stays.
func TestCacheDropsTheOldest(t *testing.T) {
	t.Parallel()
	c := newCache[string](10 * (entryBytes + 10))
	for no := range int32(100) {
		c.keep(no, fmt.Sprint(no), 10)
		if values, _ := c.get([]int32{0}); values[0] == nil {
			t.Fatalf("the one in use is gone after %d", no)
		}
	}
	if values, _ := c.get([]int32{99, 1}); values[0] == nil || values[1] != nil {
		t.Errorf("the newest is %v and the oldest %v", values[0], values[1])
	}
}

// TestCosine compares packed vectors with the full ones, of lengths that are and are not
// multiples of four.
func TestCosine(t *testing.T) {
	t.Parallel()
	for dim := 1; dim < 70; dim++ {
		e := knowledgetest.NewEmbedder(dim)
		a, b, want := e.Vector("plazo de envío"), e.Vector("envío a las islas"), 0.
		for i := range a {
			want += float64(a[i]) * float64(b[i])
		}
		f := fact{vector: knowledge.PackVector(b)}
		if got := f.cosine(a); math.Abs(got-want) > 1e-4 {
			t.Errorf("of %d dimensions %v, want %v", dim, got, want)
		}
		// The same with a question of which little is not zero.
		for i := range a {
			if i%5 != dim%5 {
				a[i] = 0
			}
		}
		if want, got := f.cosine(a), nearness(a)(&f); math.Abs(got-want) > 1e-6 {
			t.Errorf("of %d dimensions, most of them zero, %v, want %v", dim, got, want)
		}
	}
}

// TestVectorsAreKeptTheSecondTime asks a question three times: the database compares, sends
// the vectors, and is not asked any more. The hits are the same.
func TestVectorsAreKeptTheSecondTime(t *testing.T) {
	t.Parallel()
	x := open(t, Config{DSN: testservices.Postgres(t), Identity: identity(4)})
	x.words.fewAtMost = 0
	fill(t, x, "a.md", "es", "plazo de envío", "plazo de devolución", "horario de verano")
	q := knowledge.Query{Text: "plazo", Vector: knowledgetest.NewEmbedder(4).Vector("plazo de envío"), Distinct: true}
	wanted := ask(t, x, q) // in steps: the process has nothing yet
	x.facts = newCache[fact](1 << 20)
	for time, vectors := range []int{0, 2, 2} {
		if diff := cmp.Diff(wanted, ask(t, x, q), cmpopts.EquateApprox(0, 1e-4)); diff != "" {
			t.Errorf("time %d (-want +got):\n%s", time+1, diff)
		}
		kept := 0
		for _, e := range x.facts.entries {
			if e.value.vector != nil {
				kept++
			}
		}
		if len(x.facts.entries) != 2 || kept != vectors {
			t.Errorf("time %d: %d vectors of %d passages are kept, want %d of 2", time+1, kept, len(x.facts.entries), vectors)
		}
	}
}

// TestKeptPassagesFollowChanges searches until everything is kept, changes what another
// process keeps, and looks with the second search.
func TestKeptPassagesFollowChanges(t *testing.T) {
	t.Parallel()
	dsn := testservices.Postgres(t)
	x, other := open(t, Config{DSN: dsn, Identity: identity(4)}), open(t, Config{DSN: dsn, Identity: identity(4)})
	fill(t, x, "a.md", "es", "plazo de envío")
	q := knowledge.Query{Text: "plazo", Vector: knowledgetest.NewEmbedder(4).Vector("plazo"), Distinct: true}
	second := func() []knowledge.Hit {
		ask(t, other, q)
		return ask(t, other, q)
	}
	hits := second()
	if len(hits) != 1 || len(other.words.passages.entries) != 1 {
		t.Fatalf("%d hits, of which %d are kept", len(hits), len(other.words.passages.entries))
	}
	d := hits[0].Document
	d.Source, d.Validator = "elsewhere", "etag"
	if err := x.Touch(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if hits = second(); len(hits) != 1 || hits[0].Document.Source != "elsewhere" || hits[0].Document.Validator != "etag" {
		t.Errorf("after touching: %+v", hits)
	}
	r := knowledge.Revocation{DocumentID: "a.md", ChunkID: hits[0].Chunk.ID, Hash: hits[0].Chunk.Hash}
	if err := x.Revoke(t.Context(), []knowledge.Revocation{r}); err != nil {
		t.Fatal(err)
	}
	if hits = second(); len(hits) != 0 {
		t.Errorf("after revoking: %+v", hits)
	}
	fill(t, x, "a.md", "es", "otro plazo")
	if hits = second(); len(hits) != 1 || hits[0].Chunk.Text != "otro plazo" {
		t.Errorf("after replacing: %+v", hits)
	}
}
