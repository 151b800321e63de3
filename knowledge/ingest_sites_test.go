package knowledge_test

import (
	"strings"
	"testing"

	"github.com/recado/recado/knowledge"
)

// TestIngestSiteGone: single pages that are gone go; a site whose pages are gone together,
// or of which nothing can be read, keeps what the index has of it.
func TestIngestSiteGone(t *testing.T) {
	t.Parallel()
	const a, b, c, d = "shop.example/es/a.md", "shop.example/es/b.md", "shop.example/es/c.md", "shop.example/es/d.md"
	s := newShop(t, nil)
	w := &site{pages: map[string]string{a: "Uno.", b: "Dos.", c: "Tres.", d: "Cuatro."}}
	s.ingestList(report{Added: 3, Embedded: 3}, w.list(a, b, c))
	const stays = ": the server: it is not there any more; as most of its site is, so that what the index has of it stays"
	w.gone = map[string]bool{a: true, b: true, c: true}
	s.ingestList(report{Broken: []string{"https://" + a + stays, "https://" + b + stays, "https://" + c + stays}}, w.list(a, b, c))
	w.gone = map[string]bool{a: true, b: true}
	s.ingestList(report{Unchanged: 1, Broken: []string{"https://" + a + stays, "https://" + b + stays}}, w.list(a, b, c))
	w.gone = map[string]bool{a: true}
	s.ingestList(report{Unchanged: 2, Removed: 1, Broken: []string{"https://" + a + ": the server: it is not there any more"}}, w.list(a, b, c))
	// The site was made anew, and its new page can't be read yet.
	w.failed = map[string]bool{d: true}
	s.ingestList(report{Broken: []string{"https://" + d + ": the server answered 500"}}, w.list(d))
	w.failed = nil
	s.ingestList(report{Added: 1, Removed: 2, Embedded: 1}, w.list(d))
}

// versioned is an extractor of a version.
type versioned struct {
	knowledge.Extractor

	version string
}

func (v versioned) Version() string { return v.version }

// TestIngestExtractorVersion reads pages that were not modified again when the extractor
// makes another text of them.
func TestIngestExtractorVersion(t *testing.T) {
	t.Parallel()
	const a = "shop.example/es/a.md"
	s := newShop(t, nil)
	plain := s.config.Extractor
	w := &site{pages: map[string]string{a: "Uno."}, tags: map[string]string{a: "1"}}
	for _, step := range []struct {
		version string
		reads   int
		want    report
	}{
		{"1", 1, report{Added: 1, Embedded: 1}},
		{"1", 0, report{Unchanged: 1}},
		{"2", 1, report{Unchanged: 1}},
		{"2", 0, report{Unchanged: 1}},
	} {
		s.config.Extractor, w.read = versioned{plain, step.version}, nil
		s.ingestList(step.want, w.list(a))
		if len(w.read) != step.reads {
			t.Errorf("version %s read %s, want %d", step.version, strings.Join(w.read, ", "), step.reads)
		}
	}
}
