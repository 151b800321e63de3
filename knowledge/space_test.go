package knowledge_test

import (
	"errors"
	"testing"

	"github.com/recado/recado/knowledge"
)

func TestCheckSchema(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		schema, newest int64
		want           error
	}{{0, 2, knowledge.ErrNoIndex}, {1, 2, knowledge.ErrOutdated}, {2, 2, nil}, {3, 2, nil}} {
		if got := knowledge.CheckSchema(test.schema, test.newest); !errors.Is(got, test.want) {
			t.Errorf("%d of %d: %v, want %v", test.schema, test.newest, got, test.want)
		}
	}
}
