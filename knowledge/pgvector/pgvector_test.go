package pgvector

import (
	"math"
	"testing"

	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/knowledgetest"
)

func TestIndex(t *testing.T) {
	t.Parallel()
	knowledgetest.TestIndex(t, func(tb testing.TB) knowledgetest.Open {
		dsn := testservices.Postgres(tb)
		return func(id knowledge.Identity, as knowledge.Opening) (knowledge.Space, error) {
			return Open(tb.Context(), Config{DSN: dsn, Identity: id, Opening: as})
		}
	})
}

func identity(dim int) knowledge.Identity {
	return knowledge.Identity{Embedder: "knowledgetest", Dim: dim, Splitter: "1"}
}

// open opens an index and closes it when the test ends.
func open(tb testing.TB, c Config) *Index {
	tb.Helper()
	x, err := Open(tb.Context(), c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := x.Close(); err != nil {
			tb.Error(err)
		}
	})
	return x
}

// scaled is a vector of length 1.
func scaled(v []float32, sum float64) []float32 {
	for i := range v {
		v[i] = float32(float64(v[i]) / math.Sqrt(sum))
	}
	return v
}
