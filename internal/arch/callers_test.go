package arch_test

import (
	"testing"

	"github.com/recado/recado/internal/arch"
)

// level is a package with a function and a method that are guarded.
const level = "package level\n\ntype Pass struct{}\n\nfunc Grant() Pass { return Pass{} }\n\n" +
	"type Field[T any] struct{ v T }\n\nfunc (f *Field[T]) For(Pass) T { return f.v }\n\nvar own = Grant\n"

func TestOnlyCallers(t *testing.T) {
	t.Parallel()
	callers := arch.Callers{"rag/level.Grant": {"gateway"}, "rag/level.Field.For": {"gateway/orders"}}
	m := module(t, map[string]string{
		"rag/level/level.go": level,
		"gateway/a.go":       "package gateway\n\nimport \"example.org/shop/rag/level\"\n\nvar a = level.Grant()\n",
		"gateway/orders/a.go": "package orders\n\nimport \"example.org/shop/rag/level\"\n\n" +
			"func Open(f level.Field[string], p level.Pass) string { return f.For(p) }\n",
		"gateway/desk/a_test.go": "package desk\n\nimport \"example.org/shop/rag/level\"\n\nvar a = level.Grant()\n",
		"rag/a.go":               "package rag\n\nimport \"example.com/level\"\n\n// Grant is another one.\nfunc Grant() { level.Grant() }\n",
	})
	want(t, arch.OnlyCallers(m, callers))
	m = module(t, map[string]string{
		"rag/level/level.go": level,
		"gateway/desk/a.go":  "package desk\n\nimport \"example.org/shop/rag/level\"\n\nvar a = level.Grant()\n",
		"gateway/desk/b.go":  "package desk\n\nimport other \"example.org/shop/rag/level\"\n\nvar b = other.Grant\n",
		"gateway/desk/c.go":  "package desk\n\nimport . \"example.org/shop/rag/level\"\n\nvar c = Pass{}\n",
		"rag/d.go":           "package rag\n\nfunc d(s interface{ For(int) string }) string { return s.For(1) }\n",
	})
	want(t, arch.OnlyCallers(m, callers),
		"gateway/desk/a.go:5: gateway/desk may not use rag/level.Grant",
		"gateway/desk/b.go:5: gateway/desk may not use rag/level.Grant",
		"gateway/desk/c.go:3: gateway/desk may not use rag/level.Field.For",
		"gateway/desk/c.go:3: gateway/desk may not use rag/level.Grant",
		"rag/d.go:3: rag may not use rag/level.Field.For")
}

// TestOnlyCallersOfWhatIsThere: a guard of what was renamed guards nothing.
func TestOnlyCallersOfWhatIsThere(t *testing.T) {
	t.Parallel()
	m := module(t, map[string]string{"rag/level/level.go": level})
	for _, name := range []string{"rag/level.Give", "rag/level.Field.Open", "rag/level.Pass.For", "rag/none.Grant"} {
		if found := arch.OnlyCallers(m, arch.Callers{name: nil}); len(found) != 1 {
			t.Errorf("%s: %v", name, found)
		}
	}
}
