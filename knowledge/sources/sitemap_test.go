package sources

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/unicode"
)

func zipped(tb testing.TB, text string) string {
	tb.Helper()
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	if _, err := w.Write([]byte(text)); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return buffer.String()
}

const (
	pagesXML = `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url>
    <loc> https://shop.example/envios?a=1&amp;b=2 </loc>
    <lastmod>2026-05-01T10:00:00+02:00</lastmod><changefreq>weekly</changefreq>
    <image:image><image:loc>https://shop.example/x.jpg</image:loc></image:image>
  </url>
  <url><loc><![CDATA[https://shop.example/a]]></loc></url>
  <url><lastmod>2026</lastmod></url>
</urlset>`
	indexXML = `<sitemapindex><sitemap><loc>/a.xml</loc></sitemap><sitemap><loc>b.xml.gz</loc><lastmod>2026-01-01</lastmod></sitemap></sitemapindex>`
)

func TestParseSitemap(t *testing.T) {
	t.Parallel()
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.Replace(pagesXML, "UTF-8", "UTF-16", 1))
	if err != nil {
		t.Fatal(err)
	}
	pages := []string{"https://shop.example/envios?a=1&b=2 2026-05-01T08:00:00Z", "https://shop.example/a 0001-01-01T00:00:00Z"}
	for name, c := range map[string]struct {
		data  string
		pages []string
		maps  []string
	}{
		"pages":   {pagesXML, pages, nil},
		"packed":  {zipped(t, pagesXML), pages, nil},
		"marked":  {"\ufeff\n" + pagesXML, pages, nil},
		"index":   {indexXML, nil, []string{"/a.xml", "b.xml.gz"}},
		"list":    {"\ufeffhttps://a.example/1\r\n\r\nhttps://a.example/2\r\n", []string{"https://a.example/1 0001-01-01T00:00:00Z", "https://a.example/2 0001-01-01T00:00:00Z"}, nil},
		"latin-1": {"<?xml version='1.0' encoding='ISO-8859-1'?><urlset><url><loc>https://a.example/\xf1</loc></url></urlset>", []string{"https://a.example/ñ 0001-01-01T00:00:00Z"}, nil},
		"nothing": {"<urlset/>", nil, nil},
	} {
		got, err := parseSitemap([]byte(c.data), 1<<20, 100)
		var found []string
		for _, p := range got.pages {
			found = append(found, p.address+" "+p.changed.UTC().Format(time.RFC3339))
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		same(t, name, c.pages, found)
		same(t, name, c.maps, got.maps)
	}
	if got, err := parseSitemap([]byte(utf16), 1<<20, 100); err == nil && len(got.pages) != 2 {
		t.Errorf("UTF-16: %+v", got)
	}
}

func TestParseSitemapErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data, want string
		none       bool
	}{
		"a page":      {"<!DOCTYPE html><html><body>404</body></html>", "it holds neither a urlset nor a sitemapindex", true},
		"HTML":        {"<!doctype html><p>a<br>b &nbsp;", "neither a urlset", true},
		"text":        {"Hello\n", "neither a urlset", true},
		"empty":       {"", "neither a urlset", true},
		"binary":      {"\x00\x01\x02", "neither a urlset", true},
		"cut":         {pagesXML[:300], "line 5 is damaged", false},
		"entities":    {"<!DOCTYPE urlset [<!ENTITY a 'aaaa'>]><urlset><url><loc>&a;</loc></url></urlset>", "invalid character entity", false},
		"damaged":     {zipped(t, pagesXML)[:100], "it is damaged", false},
		"gzip bomb":   {zipped(t, strings.Repeat(" ", 2<<20)), "it unfolds: it is too large: more than 1 MiB", false},
		"many":        {"<urlset>" + strings.Repeat("<url><loc>https://a.example/</loc></url>", 101) + "</urlset>", "it lists more than 100 addresses", false},
		"many lines":  {strings.Repeat("https://a.example/\n", 101), "it lists more than 100 addresses", false},
		"many deeper": {strings.Replace(indexXML, "<sitemap>", strings.Repeat("<sitemap><loc>x</loc></sitemap>", 101)+"<sitemap>", 1), "more than 100 addresses", false},
	} {
		_, err := parseSitemap([]byte(c.data), 1<<20, 100)
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, ErrSitemap) || errors.Is(err, errNoSitemap) != c.none {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChangedBy(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-05-01T10:00:00Z":          "2026-05-01T10:00:00Z",
		"2026-05-01T10:00:00.5+02:00":   "2026-05-01T08:00:00Z",
		"2026-05-01T10:00+02:00":        "2026-05-01T08:01:00Z",
		"2026-05-01T10:00:00+0200":      "2026-05-01T08:00:00Z",
		"2026-05-01 10:00:00":           "2026-05-02T00:00:00Z",
		"2026-05-01":                    "2026-05-02T14:00:00Z",
		"2026-05":                       "2026-06-01T14:00:00Z",
		"2026":                          "2027-01-01T14:00:00Z",
		"":                              "0001-01-01T00:00:00Z",
		"Fri, 01 May 2026 10:00:00 GMT": "0001-01-01T00:00:00Z",
	} {
		if got := changedBy(text).UTC().Format(time.RFC3339); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func FuzzSitemap(f *testing.F) {
	for _, seed := range []string{pagesXML, indexXML, "https://a.example/\n", "<urlset><url><loc>x</loc><loc><b/></loc></url>", "\x1f\x8b", "\xff\xfe<\x00", "<a", "<urlset><url/></urlset><urlset><url><loc>y</loc></url></urlset>"} {
		f.Add([]byte(seed))
	}
	f.Add([]byte(zipped(f, pagesXML)))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parseSitemap(data, 1<<16, 50)
		if err != nil {
			if !errors.Is(err, ErrSitemap) {
				t.Errorf("not told to be the sitemap's fault: %v", err)
			}
			return
		}
		if n := len(got.pages) + len(got.maps); n > 50 {
			t.Errorf("%d addresses", n)
		}
		root := mustAddress(t, "https://shop.example/")
		c := &crawl{root: root, pages: map[string]listed{}}
		for _, p := range got.pages {
			if p.address == "" || len(p.address) > maxLocation {
				t.Errorf("address %q", p.address)
			}
			c.addPage(root, p)
		}
		taken := names{}
		for key, p := range c.pages {
			if name := taken.of(p.address); key == "" || !sameHost(root, p.address) || strings.ContainsAny(name, "\x00\n") {
				t.Errorf("page %q named %q", key, name)
			}
		}
		if len(taken) != len(c.pages) {
			t.Errorf("%d names for %d pages", len(taken), len(c.pages))
		}
	})
}

func FuzzRobots(f *testing.F) {
	for _, seed := range []string{"User-agent: *\nDisallow: /x\nCrawl-delay: 1\n", "Disallow: /", "<html>", "User-agent: *\nCrawl-delay: soon\nDisallow: /a*b$\n", "\xff\xfe", "Sitemap: x"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		robots, err := readRobots(data, nil)
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		// A rule for a path is one for all paths that begin with it, unless a longer one fits.
		group := robots.FindGroup("recado")
		if !bytes.Contains(bytes.ToLower(data), []byte("allow")) && !group.Test("/x") {
			t.Errorf("%q forbids something without a rule", data)
		}
	})
}
