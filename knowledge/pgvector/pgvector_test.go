package pgvector

import (
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
