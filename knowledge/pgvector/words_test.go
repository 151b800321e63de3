package pgvector

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/knowledgetest"
)

// TestBestKeepsTheBest compares the best of a list with the list in order.
func TestBestKeepsTheBest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := &best{depth: rapid.IntRange(1, 5).Draw(t, "depth")}
		scores := rapid.SliceOfN(rapid.IntRange(1, 9), 0, 80).Draw(t, "scores")
		for no, score := range scores {
			if b.wants(float64(score)) {
				b.add(scored{no: int32(no), score: float64(score)})
			}
		}
		sure, tied := b.tied()
		slices.SortFunc(scores, func(a, b int) int { return cmp.Compare(b, a) })
		want := scores[:min(b.depth, len(scores))]
		if len(sure) > b.depth || len(sure)+len(tied) < len(want) {
			t.Fatalf("%d are sure and %d tied, want %d", len(sure), len(tied), b.depth)
		}
		slices.SortFunc(sure, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
		for i, s := range slices.Concat(sure, tied)[:len(want)] {
			if int(s.score) != want[i] {
				t.Fatalf("place %d has the score %v, want %d", i, s.score, want[i])
			}
		}
		if n := len(tied); n > 0 {
			last := int(tied[0].score)
			equal := 0
			for _, s := range scores {
				if s == last {
					equal++
				}
			}
			if n != equal {
				t.Fatalf("%d of %d equal ones are tied", n, equal)
			}
		}
	})
}

// differ compares what Memory found with what an index found. Memory keeps vectors in 16
// bits: of eight numbers that moves a similarity by up to sqrt(8)/65,534. Rank divides by the
// best similarity and adds a fifth of a document's second passage, so that a score moves the
// more the nearer to nothing the best one is.
func differ(want, got []knowledge.Hit) string {
	const usual, packed = 5e-5, 4.4e-5
	best := 0.0
	for _, h := range want {
		best = max(best, h.Dense)
	}
	margin := usual
	if best > 0 {
		margin = max(usual, 1.2*packed/best)
	}
	score := func(p gocmp.Path) bool { return p.Last().String() == ".Score" }
	return gocmp.Diff(want, got, cmpopts.EquateEmpty(),
		gocmp.FilterPath(score, cmpopts.EquateApprox(1e-4, margin)),
		gocmp.FilterPath(func(p gocmp.Path) bool { return !score(p) }, cmpopts.EquateApprox(1e-4, usual)))
}

// TestScoresOfLittleSimilarity: a question that nothing is near to gets the same hits, with
// scores that differ by no more than rounding can make them.
func TestScoresOfLittleSimilarity(t *testing.T) {
	t.Parallel()
	const dim = 8
	x := open(t, Config{DSN: testservices.Postgres(t), Identity: identity(dim)})
	memory, err := knowledge.NewMemory(identity(dim))
	if err != nil {
		t.Fatal(err)
	}
	embedder := knowledgetest.NewEmbedder(dim)
	for id, texts := range map[string][]string{"a": {"plazo islas plazo tarjeta islas", "plazo plazo tarjeta islas tienda"}, "e": {"plazo tienda tarjeta"}} {
		d := knowledge.Document{Meta: knowledge.Meta{ID: id, Title: id, Locale: "es", Audience: knowledge.AudienceCustomer}, Source: id, Collection: "c", Version: "1"}
		var chunks []knowledge.Chunk
		for i, text := range texts {
			chunks = append(chunks, knowledge.Chunk{ID: fmt.Sprintf("%s#%04d", id, i), DocumentID: id, Seq: i, Text: text, Vector: embedder.Vector(text)})
		}
		for _, index := range []knowledge.Index{x, memory} {
			if err := index.Replace(t.Context(), d, chunks); err != nil {
				t.Fatal(err)
			}
		}
	}
	q := knowledge.Query{Text: "garantía envío envío", Vector: embedder.Vector("garantía envío envío"), Limit: 100}
	want, err := memory.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	got, err := x.Search(t.Context(), q)
	if diff := differ(want, got); err != nil || diff != "" || len(got) != 3 {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	got[0].Score += 0.01
	if differ(want, got) == "" {
		t.Error("a score that is another goes unseen")
	}
}

// TestProcessesAgree lets three processes, one of which keeps little, change
// and search an index at random while its log is folded and its segments are merged,
// and compares all of them with knowledge.Memory, and with a process that starts at
// the end.
func TestProcessesAgree(t *testing.T) {
	t.Parallel()
	dsn := testservices.Postgres(t)
	const dim = 8
	var processes []*Index
	for _, budget := range []int{0, 64, 1 << 20} {
		x := open(t, Config{DSN: dsn, Identity: identity(dim), PostingsBytes: budget, CacheBytes: 10 * budget})
		x.foldAt = 5
		processes = append(processes, x)
	}
	words := []string{"plazo", "tarjeta", "envío", "tienda", "garantía", "islas"}
	memory, err := knowledge.NewMemory(identity(dim))
	if err != nil {
		t.Fatal(err)
	}
	ids := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
	text := rapid.Map(rapid.SliceOfN(rapid.SampledFrom(words), 1, 5), func(list []string) string { return strings.Join(list, " ") })
	check := func(t *rapid.T, x *Index, q knowledge.Query) {
		want, wantErr := memory.Search(t.Context(), q)
		got, err := x.Search(t.Context(), q)
		if diff := differ(want, got); err != nil || wantErr != nil || diff != "" {
			t.Fatalf("%v, %v, hits for %q (-want +got):\n%s", err, wantErr, q.Text, diff)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SampledFrom(processes).Draw(t, "process")
		id := ids.Draw(t, "document")
		switch rapid.SampledFrom([]string{"replace", "replace", "replace", "remove", "revoke", "restore"}).Draw(t, "what") {
		case "replace":
			locale := rapid.SampledFrom([]string{"es", "es", "en"}).Draw(t, "locale")
			d, chunks := document(dim, id, locale, rapid.SliceOfN(text, 0, 3).Draw(t, "texts")...)
			d.Passages, d.Markets = len(chunks), rapid.SampledFrom([][]string{nil, {"ES"}}).Draw(t, "markets")
			d.IndexedAt = d.IndexedAt.UTC()
			for _, index := range []knowledge.Index{x, memory} {
				if err := index.Replace(t.Context(), d, chunks); err != nil {
					t.Fatal(err)
				}
			}
		case "remove":
			for _, index := range []knowledge.Index{x, memory} {
				if err := index.Remove(t.Context(), id); err != nil {
					t.Fatal(err)
				}
			}
		case "revoke", "restore":
			turn(t, []knowledge.Index{x, memory}, id, rapid.Bool().Draw(t, "restore"))
		}
		q := knowledge.Query{Text: text.Draw(t, "question"), Limit: 100, Market: rapid.SampledFrom([]string{"", "ES"}).Draw(t, "market")}
		if rapid.Bool().Draw(t, "by meaning") {
			q.Vector = knowledgetest.NewEmbedder(dim).Vector(q.Text)
		}
		check(t, rapid.SampledFrom(processes).Draw(t, "other process"), q)
	})
	processes = append(processes, open(t, Config{DSN: dsn, Identity: identity(dim)}))
	rapid.Check(t, func(t *rapid.T) {
		check(t, rapid.SampledFrom(processes).Draw(t, "process"), knowledge.Query{Text: text.Draw(t, "question"), Limit: 100})
	})
}

// turn revokes or restores all passages of a document.
func turn(t *rapid.T, indexes []knowledge.Index, id string, restore bool) {
	_, chunks, err := indexes[0].Document(t.Context(), id)
	if err != nil {
		return // there is no such document now
	}
	var revoked []knowledge.Revocation
	var hashes []string
	for _, c := range chunks {
		revoked, hashes = append(revoked, knowledge.Revocation{DocumentID: id, ChunkID: c.ID, Hash: c.Hash}), append(hashes, c.Hash)
	}
	for _, index := range indexes {
		err := index.Revoke(t.Context(), revoked)
		if restore {
			err = index.Restore(t.Context(), id, hashes)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestFoldedCountsAreExact: after any changes the vocabulary in the database, the
// segments and the log come to what the passages are.
func TestFoldedCountsAreExact(t *testing.T) {
	t.Parallel()
	x := open(t, Config{DSN: testservices.Postgres(t), Identity: identity(4)})
	x.foldAt = 1
	for round := range 12 {
		fill(t, x, fmt.Sprint(round%5), "es", "plazo plazo", fmt.Sprint("tarjeta plazo ronda", round))
		fill(t, x, "en", "en", "refund period")
	}
	if err := x.Remove(t.Context(), "en"); err != nil {
		t.Fatal(err)
	}
	const counted = `select (select df from knowledge_@_terms where term = 'plaz'), (select count(*) from knowledge_@_terms where language = 'en'),
		(select chunks from knowledge_@_stats where language = 'es'), (select chunks from knowledge_@_stats where language = 'en'),
		(select sum(chunks) from knowledge_@_segments), (select count(*) from knowledge_@_log), (select pending from knowledge_spaces)`
	var got [7]int
	if err := x.pool.QueryRow(t.Context(), x.in(counted)).Scan(&got[0], &got[1], &got[2], &got[3], &got[4], &got[5], &got[6]); err != nil {
		t.Fatal(err)
	}
	// Ten passages are left; the segments may hold as many again that are gone.
	if want := [7]int{10, 0, 10, 0, got[4], 1, 0}; got != want || got[4] < 10 || got[4] > 30 {
		t.Errorf("got %v, want %v", got, want)
	}
	var packed []byte
	if err := x.pool.QueryRow(t.Context(), x.in(`select postings from knowledge_@_postings where term = 'plaz' order by segment limit 1`)).Scan(&packed); err != nil {
		t.Fatal(err)
	}
	if list, err := unpackPostings(nil, packed); err != nil || len(list) == 0 || list[0].tf == 0 || list[0].words < 2 {
		t.Errorf("postings of plazo: %v, %v", list, err)
	}
}

// TestWritersSideBySide fills an index from several processes at once, with words
// that all of them count.
func TestWritersSideBySide(t *testing.T) {
	t.Parallel()
	dsn := testservices.Postgres(t)
	const writers, documents = 6, 20
	var group sync.WaitGroup
	for w := range writers {
		x := open(t, Config{DSN: dsn + "&pool_max_conns=2", Identity: identity(4)})
		x.foldAt = 10
		group.Go(func() {
			for n := range documents {
				d, chunks := document(4, fmt.Sprintf("%d-%d", w, n), "es", "plazo común", fmt.Sprintf("palabra%d común", n))
				if err := x.Replace(t.Context(), d, chunks); err != nil {
					t.Errorf("replace: %v", err)
					return
				}
				if n%4 == 0 {
					r := knowledge.Revocation{DocumentID: d.ID, ChunkID: chunks[0].ID, Hash: chunks[0].Hash}
					if err := x.Revoke(t.Context(), []knowledge.Revocation{r}); err != nil {
						t.Errorf("revoke: %v", err)
					}
				}
			}
		})
	}
	group.Wait()
	x := open(t, Config{DSN: dsn, Identity: identity(4)})
	if _, err := x.Search(t.Context(), knowledge.Query{Text: "común", Limit: 1}); err != nil {
		t.Fatal(err)
	}
	facets := 0
	for id, n := range x.words.counts {
		if id > 0 {
			facets += n
		}
	}
	if want := writers * documents * 7 / 4; facets != want {
		t.Errorf("%d passages can be found, want %d", facets, want)
	}
}
