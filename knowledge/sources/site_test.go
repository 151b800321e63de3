package sources

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recado/recado/knowledge"
)

// shop is a site that a test makes, path by path.
type shop struct {
	*httptest.Server
	mu    sync.Mutex
	pages map[string]http.HandlerFunc
	asked []string
}

func newShop(tb testing.TB) *shop {
	tb.Helper()
	s := &shop{pages: map[string]http.HandlerFunc{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.URL.RequestURI())
		page := s.pages[r.URL.RequestURI()]
		s.mu.Unlock()
		if page == nil {
			http.NotFound(w, r)
			return
		}
		page(w, r)
	}))
	tb.Cleanup(s.Close)
	return s
}

// text serves a text, with HOST in it standing for the shop's own address.
func (s *shop) text(at, contentType, text string) {
	s.handle(at, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		fmt.Fprint(w, strings.ReplaceAll(text, "HOST", s.URL))
	})
}

func (s *shop) handle(at string, page http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[at] = page
}

func (s *shop) status(at string, code int) {
	s.handle(at, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
}

// requests are the paths asked for since the last call.
func (s *shop) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// name is what a page of the shop is named.
func (s *shop) name(at string) string { return strings.TrimPrefix(s.URL, "http://") + at }

// places are the paths of the listed pages.
func (s *shop) places(found knowledge.Listing) []string {
	places := []string{}
	for _, one := range found.Sources {
		places = append(places, strings.TrimPrefix(one.Place, s.URL))
	}
	return places
}

func newCrawler(tb testing.TB, c Config) *Lister {
	tb.Helper()
	c.AllowPrivate = append(c.AllowPrivate, netip.MustParsePrefix("127.0.0.1/32"))
	return newLister(tb, c)
}

func locations(paths ...string) string {
	var b strings.Builder
	b.WriteString("<urlset>")
	for _, at := range paths {
		fmt.Fprintf(&b, "<url><loc>HOST%s</loc></url>", at)
	}
	return b.String() + "</urlset>"
}

func children(paths ...string) string {
	var b strings.Builder
	b.WriteString("<sitemapindex>")
	for _, at := range paths {
		fmt.Fprintf(&b, "<sitemap><loc>HOST%s</loc></sitemap>", at)
	}
	return b.String() + "</sitemapindex>"
}

func TestPage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.text("/es/envios?id=4", "text/html; charset=utf-8", "<h1>Envíos</h1>")
	l := newCrawler(t, Config{UserAgent: "tienda/2 (ayuda)"})
	agents := map[string]bool{}
	s.handle("/robots.txt", func(w http.ResponseWriter, r *http.Request) {
		agents[r.UserAgent()] = true
		http.NotFound(w, r)
	})
	found := list(t, l, nil, s.URL+"/es/envios?utm_source=x&id=4#top", s.URL+"/es/envios?id=4")
	same(t, "names", []string{s.name("/es/envios?id=4")}, sourceNames(found))
	place := s.URL + "/es/envios?id=4"
	same(t, "complete", map[string]bool{place: true}, found.Complete)
	same(t, "place", []string{place, place}, []string{found.Sources[0].Place, found.Sources[0].Collection})
	got, err := read(t, found, s.name("/es/envios?id=4"), nil, 100)
	if err != nil || string(got.Data) != "<h1>Envíos</h1>" || got.ContentType != "text/html; charset=utf-8" || got.Place != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := read(t, found, s.name("/es/envios?id=4"), nil, 5); !errors.Is(err, ErrTooLarge) {
		t.Errorf("limit: %v", err)
	}
	same(t, "requests", []string{"/robots.txt", "/es/envios?id=4"}, s.requests())
	same(t, "agents", map[string]bool{"tienda/2 (ayuda)": true}, agents)
	for _, text := range []string{"https://ana:secreto@shop.example/x", "https:///x"} {
		if found := list(t, l, nil, text); len(found.Broken) != 1 || strings.Contains(fmt.Sprint(found), "secreto") {
			t.Errorf("%s: %v", text, found.Broken)
		}
	}
}

func TestPageStatus(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, code := range []int{204, 304, 401, 403, 418, 451, 500, 502} {
		s.status(fmt.Sprintf("/%d", code), code)
	}
	s.status("/410", http.StatusGone)
	s.text("/photo", "image/png", "x")
	s.handle("/packed", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		fmt.Fprint(w, "x")
	})
	l := newCrawler(t, Config{})
	for at, want := range map[string]string{
		"/204":    "the server gave no page: the answer is none that a page comes with (status 204)",
		"/304":    "the server gave no page: the answer is none that a page comes with (status 304)",
		"/401":    "the server gave no page: the site does not let this program in (status 401)",
		"/403":    "the server gave no page: the site does not let this program in (status 403)",
		"/418":    "the server gave no page: the answer is none that a page comes with (status 418)",
		"/451":    "the server gave no page: the site does not let this program in (status 451)",
		"/500":    "the server gave no page: the site has a problem of its own; what was read before stays (status 500)",
		"/502":    "the server gave no page: the site has a problem of its own; what was read before stays (status 502)",
		"/404":    "it is not there any more",
		"/410":    "it is not there any more",
		"/photo":  "the server gave no page: it is no document (image/png)",
		"/packed": `the server gave no page: it is packed as "br", which was not asked for`,
	} {
		found := list(t, l, nil, s.URL+at)
		if len(found.Sources) > 0 || len(found.Complete) > 0 || len(found.Broken) != 1 || found.Broken[0].Err.Error() != want {
			t.Errorf("%s: %+v", at, found)
		}
	}
	// What the index has of a page that is gone or broken stays, and the page is named.
	for _, at := range []string{"/404", "/410", "/500", "/403"} {
		known := []knowledge.Document{{Source: s.URL + at, Collection: s.URL + at}}
		found := list(t, l, known, s.URL+at)
		if len(found.Complete) > 0 || len(found.Sources) > 0 || len(found.Broken) != 1 || found.Broken[0].Source != s.URL+at {
			t.Errorf("%s, known: %+v", at, found)
		}
	}
}

func TestSite(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.text("/robots.txt", "text/plain", "User-agent: *\nDisallow: /cart\n\nUser-agent: recado\nDisallow: /secret\nAllow: /secret/open\n\nSitemap: HOST/maps/index.xml\n")
	s.text("/maps/index.xml", "application/xml", children("/maps/a.xml", "/maps/b.txt", "/maps/c.xml.gz", "/maps/a.xml"))
	s.text("/maps/a.xml", "text/xml", locations("/", "/help/returns/", "/help/returns", "/secret/x", "/secret/open", "/photo.JPG", "/guide.pdf", "/help/returns#a"))
	s.text("/maps/b.txt", "text/plain", "HOST/cart\nHOST/help?id=2\nhttps://elsewhere.example/x\n")
	packed := zipped(t, strings.ReplaceAll(locations("/packed"), "HOST", s.URL))
	s.text("/maps/c.xml.gz", "application/gzip", packed)
	l := newCrawler(t, Config{})
	found := list(t, l, nil, strings.ToUpper(s.URL[:4])+s.URL[4:])
	same(t, "broken", []string{}, brokenLines(found, s.URL))
	same(t, "places", []string{"/", "/cart", "/guide.pdf", "/help/returns", "/help/returns/", "/help?id=2", "/packed", "/secret/open"}, s.places(found))
	same(t, "complete", map[string]bool{s.URL + "/": true}, found.Complete)
	seen := map[string]bool{}
	for _, one := range found.Sources {
		seen[one.Name] = true
		if one.Collection != s.URL+"/" {
			t.Errorf("collection %s", one.Collection)
		}
	}
	if len(seen) != len(found.Sources) || !seen[s.name("")] || !seen[s.name("/help/returns")] || !seen[s.name("/help?id=2")] {
		t.Errorf("names: %v", seen)
	}
	same(t, "requests", []string{"/robots.txt", "/maps/index.xml", "/maps/a.xml", "/maps/b.txt", "/maps/c.xml.gz"}, s.requests())
	if _, err := read(t, found, s.name("/packed"), nil, 10); !errors.Is(err, ErrGone) || !errors.Is(err, knowledge.ErrGone) {
		t.Errorf("a page that the sitemap lists and nobody has: %v", err)
	}
	same(t, "recrawl", []string{s.URL + "/"}, Recrawlable([]knowledge.Document{{Collection: found.Sources[0].Collection}}))
}

func TestSiteWithoutRobots(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.text("/sitemap.xml", "text/xml", locations("/a"))
	s.text("/", "text/html", "<h1>Shop</h1>")
	l := newCrawler(t, Config{})
	same(t, "by the usual sitemap", []string{"/a"}, s.places(list(t, l, nil, s.URL)))
	s.handle("/sitemap.xml", nil)
	alone := list(t, l, nil, s.URL)
	same(t, "alone", []string{"/"}, s.places(alone))
	same(t, "complete", map[string]bool{s.URL + "/": true}, alone.Complete)
	s.text("/sitemap.xml", "text/html", "<!doctype html><p>Not found")
	same(t, "a page in its place", []string{"/"}, s.places(list(t, l, nil, s.URL)))
	// What a sitemap listed does not go because it is missing for a day.
	of := func(id string) []knowledge.Document {
		return []knowledge.Document{{Collection: "/kb", Meta: knowledge.Meta{ID: "kb/x"}}, {Collection: s.URL + "/", Meta: knowledge.Meta{ID: id}}}
	}
	known := of(s.name("/a"))
	for _, code := range []int{404, 403, 500} {
		s.status("/sitemap.xml", code)
		if found := list(t, l, known, s.URL); len(found.Sources) > 0 || len(found.Complete) > 0 || len(found.Broken) != 1 {
			t.Errorf("status %d: %+v", code, found)
		}
	}
	lost := []knowledge.Document{{Collection: s.URL + "/gone.xml", Meta: knowledge.Meta{ID: s.name("/a")}}}
	if found := list(t, l, lost, s.URL+"/gone.xml"); len(found.Complete) > 0 || len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, ErrGone) {
		t.Errorf("a sitemap that is gone: %+v", found)
	}
	s.status("/sitemap.xml", http.StatusNotFound)
	for _, id := range []string{s.name(""), s.name("") + "#articles/4711", s.name("@es"), s.name("~0123456789"), "own-id"} {
		if found := list(t, l, of(id), s.URL); len(found.Sources) != 1 || len(found.Broken) > 0 {
			t.Errorf("the page's own document %s: %+v", id, found)
		}
	}
	s.text("/sitemap.xml", "text/xml", "<urlset><url>")
	if found := list(t, l, nil, s.URL); len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, ErrSitemap) {
		t.Errorf("damaged: %+v", found)
	}
	s.text("/sitemap.xml", "text/xml", "<urlset/>")
	if found := list(t, l, nil, s.URL); len(found.Broken) != 1 || len(found.Complete) > 0 {
		t.Errorf("empty: %+v", found)
	}
}

func TestRobots(t *testing.T) {
	t.Parallel()
	const wait = "User-agent: *\nDisallow: /\n"
	for name, c := range map[string]struct {
		robots http.HandlerFunc
		want   error
	}{
		"all":         {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, wait) }, ErrRobots},
		"another":     {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "User-agent: other\nDisallow: /\n") }, nil},
		"a wildcard":  {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "User-agent: *\nDisallow: /*?id=\n") }, ErrRobots},
		"none":        {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, nil},
		"a page":      {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>\nDisallow: /\n</html>") }, nil},
		"half broken": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, wait+"Crawl-delay: soon\n") }, ErrRobots},
		"failing":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, ErrAnswer},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://elsewhere.example/", http.StatusFound)
		}, ErrElsewhere},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.handle("/robots.txt", c.robots)
			s.text("/a?id=1", "text/plain", "x")
			found := list(t, newCrawler(t, Config{}), nil, s.URL+"/a?id=1")
			if c.want == nil && len(found.Broken) > 0 || c.want != nil && (len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, c.want)) {
				t.Errorf("%+v", found)
			}
			if c.want != nil {
				same(t, "requests", []string{"/robots.txt"}, s.requests())
			}
		})
	}
}

// A site that asks programs to stay away for a day must not lose what it has.
// TestSitemapsThatAreNotRead: as long as a part of a site's list is not read, no page is
// taken for gone.
func TestSitemapsThatAreNotRead(t *testing.T) {
	t.Parallel()
	for name, robots := range map[string]string{
		"another host":    "Sitemap: HOST/a.xml\nSitemap: https://cdn.example/b.xml\n",
		"no address":      "Sitemap: HOST/a.xml\nSitemap: http://[::1/b.xml\n",
		"listed by a map": "Sitemap: HOST/a.xml\nSitemap: HOST/index.xml\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.text("/robots.txt", "text/plain", robots)
			s.text("/a.xml", "application/xml", locations("/a"))
			s.text("/index.xml", "application/xml", "<sitemapindex><sitemap><loc>https://cdn.example/b.xml</loc></sitemap></sitemapindex>")
			found := list(t, newCrawler(t, Config{}), nil, s.URL+"/")
			same(t, "places", []string{"/a"}, s.places(found))
			if len(found.Complete) > 0 || len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, ErrSitemap) {
				t.Errorf("complete %v, broken %v", found.Complete, found.Broken)
			}
		})
	}
}

func TestRobotsForbidAll(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.text("/robots.txt", "text/plain", "User-agent: *\nAllow: /sitemap.xml\nDisallow: /\n")
	s.text("/sitemap.xml", "text/xml", locations("/a", "/b"))
	found := list(t, newCrawler(t, Config{}), nil, s.URL)
	if len(found.Sources) > 0 || len(found.Complete) > 0 || len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, ErrRobots) {
		t.Errorf("%+v", found)
	}
}

func TestCrawlDelay(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.text("/robots.txt", "text/plain", "User-agent: *\nCrawl-delay: 3600\n")
	s.text("/a", "text/plain", "x")
	s.text("/b", "text/plain", "x")
	const longest = 60 * time.Millisecond
	start := time.Now()
	found := list(t, newCrawler(t, Config{MaxWait: longest}), nil, s.URL+"/a", s.URL+"/b")
	if took := time.Since(start); len(found.Sources) != 2 || took < longest || took > time.Minute {
		t.Errorf("%v, %+v", took, found)
	}
	// The delay is given up when nobody waits any more.
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := newCrawler(t, Config{MaxWait: time.Hour}).List(ctx, []string{s.URL + "/a", s.URL + "/b"}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

func TestSitemapsThatDoNotEnd(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.text("/sitemap.xml", "text/xml", children("/circle.xml", "/d1.xml", "/gone.xml", "/ok.xml"))
	s.text("/circle.xml", "text/xml", children("/sitemap.xml", "/circle.xml"))
	s.text("/ok.xml", "text/xml", locations("/a"))
	for i := range 5 {
		s.text(fmt.Sprintf("/d%d.xml", i+1), "text/xml", children(fmt.Sprintf("/d%d.xml", i+2)))
	}
	found := list(t, newCrawler(t, Config{}), nil, s.URL+"/sitemap.xml")
	same(t, "places", []string{"/a"}, s.places(found))
	same(t, "broken", []string{
		"sitemap.xml: the sitemap can't be used: it leads back to itself; take it out of the sitemap that lists it",
		"circle.xml: the sitemap can't be used: it leads back to itself; take it out of the sitemap that lists it",
		"d4.xml: the sitemap can't be used: it lies more than 3 sitemaps deep; name it by itself",
		"gone.xml: it is not there any more",
	}, brokenLines(found, s.URL))
	same(t, "complete", map[string]bool{}, found.Complete)
}

func TestHugeSitemaps(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	paths := make([]string, 3000)
	for i := range paths {
		paths[i] = fmt.Sprintf("/p/%04d", i)
	}
	s.text("/one.xml", "text/xml", locations(paths...))
	s.text("/two.xml", "text/xml", children("/one.xml", "/more.xml"))
	s.text("/more.xml", "text/xml", locations("/z"))
	if found := list(t, newCrawler(t, Config{MaxSources: 3001}), nil, s.URL+"/two.xml"); len(found.Sources) != 3001 || len(found.Broken) > 0 {
		t.Errorf("%d pages, %v", len(found.Sources), found.Broken)
	}
	for place, c := range map[string]Config{"/two.xml": {MaxSources: 3000}, "/one.xml": {MaxSources: 2999}} {
		if found := list(t, newCrawler(t, c), nil, s.URL+place); len(found.Sources) > 0 || len(found.Complete) > 0 || len(found.Broken) == 0 {
			t.Errorf("%s: %d pages, %v", place, len(found.Sources), found.Broken)
		}
	}
	found := list(t, newCrawler(t, Config{MaxPage: 1000}), nil, s.URL+"/one.xml")
	if len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, ErrTooLarge) {
		t.Errorf("longer than may be: %+v", found)
	}
}

func TestBombs(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	bomb := zipped(t, "<urlset>"+strings.Repeat(" ", 8<<20))
	s.text("/sitemap.xml.gz", "application/gzip", bomb)
	s.handle("/page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		fmt.Fprint(w, bomb)
	})
	s.handle("/damaged", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		fmt.Fprint(w, "no gzip")
	})
	l := newCrawler(t, Config{MaxPage: 1 << 20})
	for at, want := range map[string]error{"/sitemap.xml.gz": ErrTooLarge, "/page": ErrTooLarge, "/damaged": ErrAnswer} {
		if found := list(t, l, nil, s.URL+at); len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, want) {
			t.Errorf("%s: %+v", at, found)
		}
	}
}

func TestReadForChangesOnly(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const etag, modified = `W/"a&b=c"`, "Fri, 01 May 2026 10:00:00 GMT"
	s.text("/sitemap.xml", "text/xml", locations("/etag", "/modified", "/plain"))
	conditional := func(header, ask, state string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(header, state)
			if r.Header.Get(ask) == state {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			fmt.Fprint(w, "text")
		}
	}
	s.handle("/etag", conditional("ETag", "If-None-Match", etag))
	s.handle("/modified", conditional("Last-Modified", "If-Modified-Since", modified))
	s.text("/plain", "text/plain", "text")
	l := newCrawler(t, Config{})
	found := list(t, l, nil, s.URL+"/sitemap.xml")
	for at, changes := range map[string]bool{"/etag": false, "/modified": false, "/plain": true} {
		first, err := read(t, found, s.name(at), nil, 100)
		if err != nil || string(first.Data) != "text" || (first.Validator == "") != changes {
			t.Fatalf("%s: %+v, %v", at, first, err)
		}
		known := []knowledge.Document{{Validator: first.Validator}, {Validator: first.Validator}}
		if _, err := read(t, found, s.name(at), known, 100); errors.Is(err, knowledge.ErrNotModified) == changes {
			t.Errorf("%s again: %v", at, err)
		}
		// Documents of several states are all read again.
		known[1].Validator = "etag=other"
		if _, err := read(t, found, s.name(at), known, 100); err != nil {
			t.Errorf("%s of two states: %v", at, err)
		}
		// A page that is named by itself is read while listing, and compared later.
		alone := list(t, l, nil, s.URL+at)
		if _, err := read(t, alone, s.name(at), []knowledge.Document{{Validator: first.Validator}}, 100); errors.Is(err, knowledge.ErrNotModified) == changes {
			t.Errorf("%s alone: %v", at, err)
		}
	}
}

func TestLastmod(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	s.text("/sitemap.xml", "text/xml", "<urlset><url><loc>HOST/old</loc><lastmod>2026-05-01</lastmod></url><url><loc>HOST/future</loc><lastmod>2027-01-01</lastmod></url><url><loc>HOST/unknown</loc></url></urlset>")
	for _, at := range []string{"/old", "/future", "/unknown"} {
		s.text(at, "text/plain", "x")
	}
	found := list(t, newCrawler(t, Config{Now: func() time.Time { return now }}), nil, s.URL+"/sitemap.xml")
	first, err := read(t, found, s.name("/old"), nil, 10)
	if err != nil || first.Validator != "sitemap=2026-05-02T14%3A00%3A00Z" {
		t.Fatalf("%+v, %v", first, err)
	}
	s.requests()
	for name, c := range map[string]struct {
		at      string
		known   []knowledge.Document
		skipped bool
	}{
		"read since":        {"/old", []knowledge.Document{{Validator: first.Validator, IndexedAt: now}}, true},
		"read on the day":   {"/old", []knowledge.Document{{Validator: first.Validator, IndexedAt: time.Date(2026, 5, 2, 9, 0, 0, 0, time.UTC)}}, false},
		"in part":           {"/old", []knowledge.Document{{Validator: first.Validator, IndexedAt: now}, {Validator: first.Validator}}, false},
		"under other rules": {"/old", []knowledge.Document{{IndexedAt: now}}, false},
		"never read":        {"/old", nil, false},
		"in the future":     {"/future", []knowledge.Document{{Validator: first.Validator, IndexedAt: now.AddDate(5, 0, 0)}}, false},
		"not told":          {"/unknown", []knowledge.Document{{Validator: first.Validator, IndexedAt: now}}, false},
	} {
		_, err := read(t, found, s.name(c.at), c.known, 10)
		if errors.Is(err, knowledge.ErrNotModified) != c.skipped || (len(s.requests()) == 0) != c.skipped {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.text("/robots.txt", "text/plain", "User-agent: *\nDisallow: /secret\n")
	for from, to := range map[string]string{
		"/old": "/new", "/elsewhere": "http://elsewhere.example/x", "/forbidden": "/secret/x", "/loop": "/loop", "/file": "file:///etc/passwd",
		"/password": "http://ana:pw@" + strings.TrimPrefix(s.URL, "http://") + "/new", "/1": "/2", "/2": "/3", "/3": "/4", "/4": "/5", "/5": "/6", "/6": "/new", "/none": "",
	} {
		s.handle(from, func(w http.ResponseWriter, _ *http.Request) {
			if to != "" {
				w.Header().Set("Location", to)
			}
			w.WriteHeader(http.StatusFound)
		})
	}
	s.text("/new", "text/plain", "x")
	l := newCrawler(t, Config{})
	for _, at := range []string{"/old", "/2"} {
		found := list(t, l, nil, s.URL+at)
		got, err := read(t, found, s.name("/new"), nil, 10)
		if err != nil || string(got.Data) != "x" || got.Place != "" || found.Sources[0].Collection != s.URL+"/new" || !found.Complete[s.URL+at] {
			t.Errorf("%s: %+v, %v", at, got, err)
		}
	}
	for at, want := range map[string]error{
		"/elsewhere": ErrElsewhere, "/forbidden": ErrRobots, "/loop": ErrAnswer, "/file": ErrAnswer, "/password": ErrAnswer, "/1": ErrAnswer, "/none": ErrAnswer,
	} {
		found := list(t, l, nil, s.URL+at)
		if len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, want) {
			t.Errorf("%s: %+v", at, found)
		}
	}
	if slices.Contains(s.requests(), "/secret/x") {
		t.Error("a redirect led to what robots.txt forbids")
	}
	if _, err := follow(mustAddress(t, "https://shop.example/"), &url.URL{Scheme: "http", Host: "shop.example"}); err == nil {
		t.Error("a redirect led from https to http")
	}
}

func TestBusySites(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	counts := map[string]int{}
	busy := func(code int, after string, times int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if counts[r.URL.Path]++; counts[r.URL.Path] <= times {
				if after != "" {
					w.Header().Set("Retry-After", after)
				}
				w.WriteHeader(code)
				return
			}
			fmt.Fprint(w, "x")
		}
	}
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	s.handle("/once", busy(429, "0", 1))
	s.handle("/twice", busy(503, "", 2))
	s.handle("/dated", busy(503, now.Add(-time.Minute).Format(http.TimeFormat), 1))
	s.handle("/always", busy(503, "0", 99))
	s.handle("/long", busy(429, "3600", 99))
	s.handle("/later", busy(503, now.Add(time.Hour).Format(http.TimeFormat), 99))
	s.handle("/failing", busy(500, "0", 99))
	l := newCrawler(t, Config{MaxWait: 20 * time.Millisecond, Now: func() time.Time { return now }})
	for _, c := range []struct {
		at     string
		asked  int
		broken string
	}{
		{"/once", 2, ""},
		{"/twice", 3, ""},
		{"/dated", 2, ""},
		{"/always", 3, "the server gave no page: the site is busy or under maintenance (status 503)"},
		{"/long", 1, "the server gave no page: the site wants fewer requests (status 429); it asks to come back in 1h0m0s"},
		{"/later", 1, "the server gave no page: the site is busy or under maintenance (status 503); it asks to come back in 1h0m0s"},
		{"/failing", 1, "the server gave no page: the site has a problem of its own; what was read before stays (status 500)"},
	} {
		found := list(t, l, nil, s.URL+c.at)
		got := strings.Join(brokenLines(found, s.URL+c.at), "")
		if counts[c.at] != c.asked || strings.TrimPrefix(got, ": ") != c.broken {
			t.Errorf("%s: asked %d times: %q", c.at, counts[c.at], got)
		}
	}
}

func TestInterruptedDownloads(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	count := 0
	half := func(always bool) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			if count++; count == 1 || always {
				fmt.Fprint(w, "12345")
				return
			}
			fmt.Fprint(w, "1234567890")
		}
	}
	s.handle("/once", half(false))
	l := newCrawler(t, Config{MaxWait: time.Millisecond})
	found := list(t, l, nil, s.URL+"/once")
	if got, err := read(t, found, s.name("/once"), nil, 10); err != nil || string(got.Data) != "1234567890" || count != 2 {
		t.Errorf("%q, %v after %d tries", got.Data, err, count)
	}
	s.handle("/always", half(true))
	same(t, "broken", []string{"always: the server gave no page: the connection broke in the middle"}, brokenLines(list(t, l, nil, s.URL+"/always"), s.URL))
}

func TestSlowSites(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	stop := make(chan struct{})
	defer close(stop)
	s.handle("/silent", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	})
	s.handle("/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1000)); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-time.After(time.Millisecond):
			case <-stop:
			}
		}
	})
	l := newCrawler(t, Config{Timeout: 400 * time.Millisecond})
	same(t, "broken", []string{
		"endless: the server gave no page: it did not end within 400ms", "silent: the server gave no page: it did not answer within 400ms",
	}, brokenLines(list(t, l, nil, s.URL+"/endless", s.URL+"/silent"), s.URL))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := newCrawler(t, Config{Timeout: time.Hour}).List(ctx, []string{s.URL + "/silent"}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

func TestReadInParallelIsPolite(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	paths := []string{}
	var mu sync.Mutex
	var times []time.Time
	for i := range 8 {
		at := fmt.Sprintf("/%d", i)
		paths = append(paths, at)
		s.handle(at, func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			times = append(times, time.Now())
			mu.Unlock()
			fmt.Fprint(w, "x")
		})
	}
	s.text("/sitemap.xml", "text/xml", locations(paths...))
	const interval = 20 * time.Millisecond
	found := list(t, newCrawler(t, Config{Interval: interval}), nil, s.URL)
	var wait sync.WaitGroup
	for _, one := range found.Sources {
		wait.Go(func() {
			if _, err := one.Read(t.Context(), nil, 10); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if len(times) != 8 || times[7].Sub(times[0]) < 6*interval {
		t.Errorf("%d requests in %v", len(times), times[len(times)-1].Sub(times[0]))
	}
}

func TestLargePageIsReadAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.text("/guide.pdf", "application/pdf", strings.Repeat("x", heldPage+1))
	found := list(t, newCrawler(t, Config{}), nil, s.URL+"/guide.pdf")
	s.requests()
	if got, err := read(t, found, s.name("/guide.pdf"), nil, 1<<22); err != nil || len(got.Data) != heldPage+1 {
		t.Errorf("%d bytes, %v", len(got.Data), err)
	}
	same(t, "requests", []string{"/guide.pdf"}, s.requests())
	if _, err := read(t, found, s.name("/guide.pdf"), nil, heldPage); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "more than 1 MiB") {
		t.Errorf("limit: %v", err)
	}
}
