package rag_test

import (
	"testing"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
)

func TestCounterparts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"policies/es/07-returns.md#0002", "policies/en/07-returns.md#0002", true},
		{"faq/faq.csv@es#0003", "faq/faq.csv@en#0003", true},
		{"returns.es.md#0000", "returns.en.md#0000", true},
		{"help/es-mx/returns.md#0000", "help/en/returns.md#0000", true},
		{"policies/es/07-returns.md#0002", "policies/en/07-returns.md#0003", false},
		{"policies/es/07-returns.md#0002", "policies/en/09-refunds.md#0002", false},
	} {
		if got := rag.Counterparts(rag.Passage{ID: c.a, Locale: "es"}, rag.Passage{ID: c.b, Locale: "en"}); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
		if rag.Counterparts(rag.Passage{ID: c.a, Locale: "es"}, rag.Passage{ID: c.b, Locale: "es"}) {
			t.Errorf("%s and %s are counterparts in one language", c.a, c.b)
		}
	}
}

// TestTheCounterpartComesFirst: what leads in the other language gives way to the same
// passage in the customer's own.
func TestTheCounterpartComesFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ foreign, first string }{
		"with a counterpart":    {"help/en/b.md#0000", "help/es/b.md#0000"},
		"without a counterpart": {"help/en/c.md#0000", "help/en/c.md#0000"},
	} {
		s := newSetup(fakeModel{draft: good()})
		named := func(id, locale string, dense, lexical float64) knowledge.Hit {
			h := hit(id, dense, lexical, 1, 1)
			h.Document.Locale = locale
			return h
		}
		s.index.hits["es"] = []knowledge.Hit{named("help/es/a.md#0000", "es", 0.3, 0.5), named("help/es/b.md#0000", "es", 0.2, 0.4)}
		s.index.hits["en"] = []knowledge.Hit{named(c.foreign, "en", 0.9, 3.5)}
		a, err := s.answer(t, question)
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Passages) != 3 || a.Passages[0].ID != c.first {
			t.Errorf("%s: %+v", name, a.Passages)
		}
	}
}
