package pgvector

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/knowledgetest"
)

// TestSecondConnection: with any number of connections, and with nothing kept, many
// searches at once come to their end and find what one alone finds.
func TestSecondConnection(t *testing.T) {
	t.Parallel()
	dsn, e := testservices.Postgres(t), knowledgetest.NewEmbedder(8)
	alone := open(t, Config{DSN: dsn + "&pool_max_conns=1", Identity: identity(8)})
	for n := range 20 {
		fill(t, alone, fmt.Sprintf("%d.md", n), "es", fmt.Sprintf("plazo %d", n), fmt.Sprintf("envío %d", n))
	}
	var questions []knowledge.Query
	var wanted [][]knowledge.Hit
	for n := range 20 {
		text := fmt.Sprintf("plazo %d envío", n)
		questions = append(questions, knowledge.Query{Text: text, Vector: e.Vector(text), Distinct: n%2 == 0})
		wanted = append(wanted, ask(t, alone, questions[n]))
	}
	for _, connections := range []int{2, 4, 5} {
		x := open(t, Config{
			DSN: fmt.Sprintf("%s&pool_max_conns=%d", dsn, connections), Identity: identity(8), PostingsBytes: 1, CacheBytes: 1,
		})
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for n, q := range questions {
					hits, err := x.Search(t.Context(), q)
					if diff := cmp.Diff(wanted[n], hits, cmpopts.EquateApprox(0, 1e-6)); err != nil || diff != "" {
						t.Errorf("%d connections: %v (-want +got):\n%s", connections, err, diff)
						return
					}
				}
			})
		}
		group.Wait()
	}
	a := &aside{pool: alone.pool, wanted: true}
	if a.spare() {
		t.Error("a second connection is spare of one")
	}
}
