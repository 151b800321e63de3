package pgvector

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/knowledge"
)

// forLarge are settings with which only an index is fit, as it is for large tables.
const forLarge = `set local enable_seqscan = off; set local enable_sort = off`

// explain gives the plan of a statement with some settings.
func explain(t *testing.T, x *Index, with, statement string, args ...any) string {
	t.Helper()
	var plan strings.Builder
	err := pgx.BeginFunc(t.Context(), x.pool, func(tx pgx.Tx) error {
		if err := knowVectors(t.Context(), tx.Conn()); err != nil {
			return err
		}
		if _, err := tx.Exec(t.Context(), with); err != nil {
			return err
		}
		rows, err := tx.Query(t.Context(), "explain "+x.in(statement), args...)
		if err != nil {
			return err
		}
		var line string
		_, err = pgx.ForEachRow(rows, []any{&line}, func() error {
			plan.WriteString(line + "\n")
			return nil
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

// TestPlans reads the plans: an order by anything but the indexed expression would
// compare every vector and say nothing.
func TestPlans(t *testing.T) {
	t.Parallel()
	for _, dim := range []int{8, 4000} {
		x := open(t, Config{DSN: testservices.Postgres(t), Identity: identity(dim)})
		vector := make([]float32, dim)
		for index, plan := range map[string]string{
			"_chunks_near":     explain(t, x, forLarge, near, packed(vector), []int32{1}, 8, true),
			"_chunks_facet":    explain(t, x, forLarge, exact, packed(vector), []int32{1}, 8, []int32(nil)),
			"_chunks_document": explain(t, x, forLarge, `select no from knowledge_@_chunks where document = $1`, 1),
		} {
			if !strings.Contains(plan, x.in("knowledge_@")+index) {
				t.Errorf("with %d dimensions %s is not used:\n%s", dim, index, plan)
			}
		}
	}
}

// clustered fills an index and memory with documents of which each tenth is in
// English and each fiftieth for agents, with vectors around a few centres.
func clustered(t *testing.T, x *Index, memory knowledge.Index, documents, passages int) func() []float32 {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	centres := make([][]float32, 40)
	vector := func(around []float32, spread float64) []float32 {
		v, sum := make([]float32, x.identity.Dim), 0.
		for i := range v {
			v[i] = float32(random.NormFloat64() * spread)
			if around != nil {
				v[i] += around[i]
			}
			sum += float64(v[i]) * float64(v[i])
		}
		return scaled(v, sum)
	}
	for i := range centres {
		centres[i] = vector(nil, 1)
	}
	next := func() []float32 { return vector(centres[random.IntN(len(centres))], .08) }
	for n := range documents {
		texts := make([]string, passages)
		for i := range texts {
			texts[i] = fmt.Sprintf("palabra%d común%d", random.IntN(500), random.IntN(5))
		}
		d, chunks := document(x.identity.Dim, fmt.Sprintf("%04d", n), []string{"en", "es"}[min(n%10, 1)], texts...)
		if d.Passages = passages; n%50 == 1 {
			d.Audience = knowledge.AudienceAgent
		}
		d.IndexedAt = d.IndexedAt.UTC()
		for i := range chunks {
			chunks[i].Vector = next()
		}
		for _, index := range []knowledge.Index{x, memory} {
			if err := index.Replace(t.Context(), d, chunks); err != nil {
				t.Fatal(err)
			}
		}
	}
	return next
}

// TestLargeIndex goes through HNSW with filters that leave much and little: what it
// finds is nearly what is exact, and exact where few are left; the words always are.
func TestLargeIndex(t *testing.T) {
	t.Parallel()
	x := open(t, Config{DSN: testservices.Postgres(t), Identity: identity(32)})
	memory, err := knowledge.NewMemory(identity(32))
	if err != nil {
		t.Fatal(err)
	}
	next := clustered(t, x, memory, 150, 40)
	for name, test := range map[string]struct {
		q     knowledge.Query
		least float64
	}{
		"all":       {knowledge.Query{Audience: knowledge.AudienceAgent}, .95},
		"most":      {knowledge.Query{Locale: "es"}, .95},
		"few":       {knowledge.Query{Locale: "en"}, 1},
		"documents": {knowledge.Query{Documents: []string{"0002", "0051", "0149"}}, 1},
		"nothing":   {knowledge.Query{Locale: "pt"}, 1},
	} {
		same, all := 0, 0
		for n := range 30 {
			x.words.fewAtMost = []int{0, fewAtMost}[n%2] // the database compares, and the process
			q := test.q
			q.Vector, q.Limit = next(), 10
			want, got := ask(t, memory, q), ask(t, x, q)
			for _, hit := range want {
				all++
				if slices.ContainsFunc(got, func(h knowledge.Hit) bool { return h.Chunk.ID == hit.Chunk.ID }) {
					same++
				}
			}
			q.Vector, q.Text = nil, fmt.Sprintf("palabra%d común1", n)
			if diff := cmp.Diff(ask(t, memory, q), ask(t, x, q), cmpopts.EquateEmpty(), cmpopts.EquateApprox(1e-4, 5e-5)); diff != "" {
				t.Errorf("%s, by words (-want +got):\n%s", name, diff)
			}
		}
		if float64(same) < test.least*float64(all) {
			t.Errorf("%s: %d of %d are found", name, same, all)
		}
	}
	// At this size the planner would rather compare everything.
	with := strings.NewReplacer("$1", "'SEQSCAN'", "$2", "'off'").Replace(settings)
	for seqscan, wanted := range map[string]bool{"on": false, "off": true} {
		plan := explain(t, x, strings.ReplaceAll(with, "SEQSCAN", seqscan), near, packed(next()), []int32{1}, knowledge.Depth, true)
		if strings.Contains(plan, x.in("knowledge_@_chunks_near")) != wanted {
			t.Errorf("with enable_seqscan %s:\n%s", seqscan, plan)
		}
	}
	if f := x.words.filter(knowledge.Query{Locale: "es"}, nil); x.scans(f) || f.all != 6000 || f.matching >= 5400 {
		t.Errorf("of %d passages %d match, and are compared one by one", f.all, f.matching)
	}
}

// TestNearestThatTheFilterHides asks for what lies among more passages for agents than the
// index gives at first.
func TestNearestThatTheFilterHides(t *testing.T) {
	t.Parallel()
	x := open(t, Config{DSN: testservices.Postgres(t), Identity: identity(32)})
	memory, err := knowledge.NewMemory(identity(32))
	if err != nil {
		t.Fatal(err)
	}
	next := clustered(t, x, memory, 70, 40)
	hidden, vector := slices.Repeat([]string{"oculto"}, 150), next()
	d, chunks := document(32, "hidden", "es", hidden...)
	d.Audience, d.Passages = knowledge.AudienceAgent, len(hidden)
	for i := range chunks { // equal ones share a place in the index
		near, sum := slices.Clone(vector), 0.
		near[i%32] += float32(i+1) * 1e-4
		for _, x := range near {
			sum += float64(x) * float64(x)
		}
		chunks[i].Vector = scaled(near, sum)
	}
	for _, index := range []knowledge.Index{x, memory} {
		if err := index.Replace(t.Context(), d, chunks); err != nil {
			t.Fatal(err)
		}
	}
	q := knowledge.Query{Text: "palabra1", Vector: vector, Limit: knowledge.Depth}
	for _, when := range []string{"when the process is not up to date", "when it is"} {
		nearest := func(index knowledge.Index) (ids []string) {
			for _, h := range ask(t, index, q) {
				if h.DenseRank > 0 {
					ids = append(ids, h.Chunk.ID)
				}
			}
			slices.Sort(ids)
			return ids
		}
		if diff := cmp.Diff(nearest(memory), nearest(x)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	if f := x.words.filter(q, nil); x.scans(f) || 4*f.matching < 3*f.all {
		t.Errorf("%d of %d match: that goes another way", f.matching, f.all)
	}
}

func ask(t *testing.T, index knowledge.Index, q knowledge.Query) []knowledge.Hit {
	t.Helper()
	hits, err := index.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return hits
}
