package sources

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/recado/recado/knowledge"
)

// TestOnePageIsOneDocument: addresses that lead to one page, or that it calls its own,
// are one document.
func TestOnePageIsOneDocument(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.handle("/old", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/new", http.StatusMovedPermanently) })
	s.handle("/home", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) })
	head := func(canonical string) string {
		return `<html><head><link rel="Canonical" href="` + canonical + `"></head><body>x</body></html>`
	}
	for at, canonical := range map[string]string{
		"/new": "/new", "/new?color=red": "/new", "/slash": "/slash/", "/slash/": "/slash/", "/all": "/new", "/out": "https://elsewhere.example/out", "/none": ":", "/": "/",
	} {
		s.text(at, "text/html", head(canonical))
	}
	l := newCrawler(t, Config{})
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"/old", "/new"}, []string{"/new"}},
		{[]string{"/new?color=red", "/new"}, []string{"/new"}},
		{[]string{"/slash", "/slash/"}, []string{"/slash/"}},
		{[]string{"/all", "/new"}, []string{"/all", "/new"}}, // a mistake of many sites
		{[]string{"/home"}, []string{"/home"}},               // not the whole site
		{[]string{"/out", "/none"}, []string{"/none", "/out"}},
	} {
		var args, want, got []string
		for _, at := range test.args {
			args = append(args, s.URL+at)
		}
		for _, at := range test.want {
			want = append(want, s.URL+at)
		}
		for _, one := range list(t, l, nil, args...).Sources {
			got = append(got, one.Collection)
		}
		slices.Sort(got)
		same(t, strings.Join(test.args, " "), want, got)
	}
}

// TestSitemapOfOnePage: of the pages of a sitemap, one that leads to another gives
// nothing, also when it was read alone before.
func TestSitemapOfOnePage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var pages strings.Builder
	for _, at := range []string{"/old", "/new", "/new?color=red", "/other"} {
		fmt.Fprintf(&pages, "<url><loc>%s%s</loc></url>", s.URL, at)
	}
	s.text("/sitemap.xml", "application/xml", `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`+pages.String()+`</urlset>`)
	s.handle("/old", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/new", http.StatusFound) })
	s.handle("/other", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/unlisted", http.StatusFound) })
	s.text("/unlisted", "text/html", "<p>x</p>")
	for _, at := range []string{"/new", "/new?color=red"} {
		s.text(at, "text/html", `<link rel="canonical" href="/new"><p>x</p>`)
	}
	found := list(t, newCrawler(t, Config{}), nil, s.URL+"/sitemap.xml")
	for at, gives := range map[string]bool{"/old": false, "/new": true, "/new?color=red": false, "/other": true} {
		known := []knowledge.Document{{Source: s.URL + "/new", Validator: "etag=x"}}
		if at == "/new" || at == "/other" {
			known = nil
		}
		_, err := read(t, found, s.name(at), known, 1<<20)
		if gives && err != nil || !gives && !errors.Is(err, knowledge.ErrSame) {
			t.Errorf("%s: %v", at, err)
		}
	}
}

// TestArchiveBehindAddress is read as one on the disk, under the same guards.
func TestArchiveBehindAddress(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.text("/help.zip", "application/octet-stream", zipText(t, entryOf("es/a.md", "uno"), entryOf("recado.yaml", "documents:\n- {path: es/*, approver: Ana}\n"), entryOf("b.doc", "x")))
	s.text("/export", "application/zip", zipText(t, entryOf("c.md", strings.Repeat("c", 9<<10))))
	s.text("/page.zip", "text/html", "<p>no archive</p>")
	l := newCrawler(t, Config{MaxUnpacked: 8 << 10})
	for range 2 {
		found := list(t, l, []knowledge.Document{{Meta: knowledge.Meta{ID: "help/es/a.md"}, Collection: s.URL + "/help.zip"}}, s.URL+"/help.zip")
		same(t, "what is known", map[string]knowledge.Meta{"help/es/a.md": {Approver: "Ana"}}, metasOf(found))
		same(t, "complete", map[string]bool{s.URL + "/help.zip": true}, found.Complete)
		if got, err := read(t, found, "help/es/a.md", nil, 9); err != nil || string(got.Data) != "uno" {
			t.Errorf("%q, %v", got.Data, err)
		}
		if len(found.Broken) != 1 || !strings.HasPrefix(found.Broken[0].Source, s.URL+"/help.zip/b.doc") {
			t.Errorf("%+v", found.Broken)
		}
	}
	if found := list(t, l, nil, s.URL+"/export"); len(found.Sources) > 0 || len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, ErrArchive) {
		t.Errorf("too much: %+v", found)
	}
	small := newCrawler(t, Config{MaxPage: 64})
	if found := list(t, small, nil, s.URL+"/help.zip"); len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, ErrTooLarge) {
		t.Errorf("too large: %+v", found)
	}
	if found := list(t, l, nil, s.URL+"/page.zip"); len(found.Sources) != 1 || len(found.Broken) > 0 {
		t.Errorf("a page: %+v", found)
	}
}
