package pgvector

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/knowledge"
)

// TestReplaceStreamed writes a document in several steps: it asks for each vector once, in
// order, changes nothing when one is missing or wrong, and gives what Replace gives.
func TestReplaceStreamed(t *testing.T) {
	t.Parallel()
	x := open(t, Config{DSN: testservices.Postgres(t), Identity: identity(4)})
	memory, err := knowledge.NewMemory(identity(4))
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]string, 2*insertedAtOnce+7)
	for i := range texts {
		texts[i] = fmt.Sprintf("artículo%d cuesta %d", i, i%9)
	}
	d, chunks := document(4, "precios", "es", texts...)
	d.Passages, d.IndexedAt = len(chunks), d.IndexedAt.UTC()
	if err := memory.Replace(t.Context(), d, chunks); err != nil {
		t.Fatal(err)
	}
	vectors := make([][]float32, len(chunks))
	for i := range chunks {
		vectors[i], chunks[i].Vector = chunks[i].Vector, nil
	}
	broken := errors.New("the file is gone")
	for name, test := range map[string]struct {
		vector func(int) ([]float32, error)
		want   error
	}{
		"missing": {func(int) ([]float32, error) { return nil, broken }, broken},
		"short":   {func(int) ([]float32, error) { return make([]float32, 3), nil }, knowledge.ErrDimension},
	} {
		err := x.ReplaceStreamed(t.Context(), d, chunks, func(i int) ([]float32, error) {
			if i == insertedAtOnce+3 {
				return test.vector(i)
			}
			return vectors[i], nil
		})
		if list, failed := x.Documents(t.Context(), ""); !errors.Is(err, test.want) || failed != nil || len(list) != 0 {
			t.Errorf("%s: %d documents, error %v (%v)", name, len(list), err, failed)
		}
	}
	asked := 0
	err = x.ReplaceStreamed(t.Context(), d, chunks, func(i int) ([]float32, error) {
		if i != asked {
			t.Errorf("vector %d is asked for, want %d", i, asked)
		}
		asked++
		return vectors[i], nil
	})
	if err != nil || asked != len(chunks) {
		t.Fatalf("%d vectors of %d were asked for, error %v", asked, len(chunks), err)
	}
	for _, n := range []int{0, insertedAtOnce - 1, insertedAtOnce, len(chunks) - 1} {
		q := knowledge.Query{Text: texts[n], Vector: vectors[n], Locale: "es"}
		if diff := cmp.Diff(ask(t, memory, q), ask(t, x, q), cmpopts.EquateEmpty(), cmpopts.EquateApprox(0, 1e-4)); diff != "" {
			t.Errorf("passage %d (-want +got):\n%s", n, diff)
		}
	}
}
