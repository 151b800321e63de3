package pgvector

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/knowledge"
)

func TestInspect(t *testing.T) {
	t.Parallel()
	dsn := testservices.Postgres(t)
	before, err := Inspect(t.Context(), dsn)
	if err != nil || before.Schema != 0 || before.Newest < 1 || before.Available == "" || before.Documents != nil {
		t.Errorf("before the first start: %+v, %v", before, err)
	}
	x := open(t, Config{DSN: dsn, Identity: identity(4)})
	for id, locale := range map[string]string{"a": "es", "b": "es", "c": "en"} {
		fill(t, x, id, locale, "x")
	}
	// One that is being built beside counts for nothing.
	beside := open(t, Config{DSN: dsn, Identity: identity(8), Opening: knowledge.OpenBeside})
	fill(t, beside, "d", "pt", "x")
	got, err := Inspect(t.Context(), dsn)
	want := Health{
		Extension: got.Extension, Available: before.Available, Schema: before.Newest, Newest: before.Newest,
		Embedder: "knowledgetest", Dim: 4, Documents: map[string]int{"es": 2, "en": 1},
	}
	if diff := cmp.Diff(want, got); err != nil || got.Extension == "" || diff != "" {
		t.Errorf("%v, health (-want +got):\n%s", err, diff)
	}
}

func TestInspectWithoutAServer(t *testing.T) {
	t.Parallel()
	for name, dsn := range map[string]string{
		"unreachable": "postgres://nobody:sesame@127.0.0.1:1/none?sslmode=disable", "unreadable": "postgres://u:sesame@[::bad",
	} {
		if _, err := Inspect(t.Context(), dsn); err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
