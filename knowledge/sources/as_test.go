package sources

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/recado/recado/knowledge"
)

func listAs(tb testing.TB, name string, known []knowledge.Document, args ...string) knowledge.Listing {
	tb.Helper()
	found, err := newLister(tb, Config{}).ListAs(tb.Context(), name, args, known)
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

// TestListAs gives what lies anywhere one name.
func TestListAs(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{
		"a/policies/es/x.md": "x", "a/policies/y.md": "y", "b/other/es/x.md": "x", "zd-2026-11.md": "{}", "zd-2026-12.es.md": "{}", "empty/x.png": "x",
	})
	at := func(name string) string { return filepath.Join(root, name) }
	for _, test := range []struct {
		args, want []string
	}{
		{[]string{at("a/policies")}, []string{"shop/es/x.md", "shop/y.md"}},
		{[]string{at("b/other")}, []string{"shop/es/x.md"}},
		{[]string{at("zd-2026-11.md")}, []string{"shop.md"}},
		{[]string{at("zd-2026-12.es.md")}, []string{"shop.es.md"}},
		{[]string{at("zd-2026-11.md"), at("zd-2026-12.es.md")}, []string{"shop/zd-2026-11.md", "shop/zd-2026-12.es.md"}},
	} {
		// A folder around it that was ingested before does not claim it.
		found := listAs(t, "shop", []knowledge.Document{{Collection: filepath.ToSlash(root)}}, test.args...)
		same(t, "names", test.want, sourceNames(found))
		same(t, "complete", map[string]bool{"shop": true}, found.Complete)
		for _, one := range found.Sources {
			if one.Collection != "shop" || !filepath.IsAbs(one.Place) {
				t.Errorf("%+v", one)
			}
		}
	}
	missing := listAs(t, "shop", nil, at("a/policies"), at("none"))
	if len(missing.Complete) > 0 || len(missing.Broken) != 1 || len(missing.Sources) != 2 {
		t.Errorf("with a folder that is missing: %+v", missing)
	}
	empty := listAs(t, "shop", []knowledge.Document{{Collection: "shop"}}, at("empty"))
	if len(empty.Complete) > 0 || len(empty.Broken) != 1 || !errors.Is(empty.Broken[0].Err, errNothing) {
		t.Errorf("nothing where something was: %+v", empty)
	}
}

func TestListAsRefuses(t *testing.T) {
	t.Parallel()
	for name, arg := range map[string]string{"": "x", "a/b": "x", "https://shop.example": "x", "stdin": "x", ".x": "x", "shop": "https://shop.example/a", "tienda": "-"} {
		if found, err := newLister(t, Config{}).ListAs(t.Context(), name, []string{arg}, nil); err == nil {
			t.Errorf("%q for %q: %+v", name, arg, found)
		}
	}
}
