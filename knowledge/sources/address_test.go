package sources

import (
	"net/url"
	"testing"
)

func mustAddress(tb testing.TB, text string) *url.URL {
	tb.Helper()
	address, err := parseAddress(text)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return address
}

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"HTTPS://Shop.Example":                              "https://shop.example/",
		"http://shop.example:80/a/#part":                    "http://shop.example/a/",
		"https://shop.example:443?":                         "https://shop.example/",
		"https://shop.example./x":                           "https://shop.example/x",
		"https://shop.example/a?utm_source=x&b=2&GCLID=1&c": "https://shop.example/a?b=2&c",
		" https://shop.example/política ":                   "https://shop.example/pol%C3%ADtica",
		"https://[2001:db8::1]:443/":                        "https://[2001:db8::1]/",
	} {
		if got, err := parseAddress(text); err != nil || got.String() != want {
			t.Errorf("%q: %v, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{
		"ftp://shop.example/", "https://", "https:///x", "https://ana:pw@shop.example/", "http:shop.example", "https://shop.example/%zz", "https://a b/", "/x",
	} {
		if got, err := parseAddress(text); err == nil {
			t.Errorf("%q is read as %s", text, got)
		}
	}
}

func TestPageName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://shop.example/":                        "shop.example",
		"https://shop.example/help/returns/":           "shop.example/help/returns",
		"https://shop.example/es/pol%C3%ADtica.html":   "shop.example/es/política.html",
		"https://shop.example/poli%CC%81tica":          "shop.example/política",
		"https://shop.example//a/./b/../c":             "shop.example/a/c",
		"https://shop.example/../../x":                 "shop.example/x",
		"https://shop.example/a%2Fb":                   "shop.example/a%2Fb",
		"https://shop.example/a%0Ab":                   "shop.example/a%0Ab",
		"https://shop.example/%ff":                     "shop.example/%ff",
		"https://shop.example/a%3Fb":                   "shop.example/a%3Fb",
		"https://shop.example/article?id=4&lang=es/mx": "shop.example/article?id=4&lang=es%2Fmx",
		"https://shop.example:8443/x":                  "shop.example:8443/x",
	} {
		if got := pageName(mustAddress(t, text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	taken, seen := names{}, map[string]bool{}
	for _, text := range []string{"https://a.example/x", "https://a.example/x/", "http://a.example/x", "https://a.example/x//"} {
		seen[taken.of(mustAddress(t, text))] = true
	}
	if len(seen) != 4 || !seen["a.example/x"] {
		t.Errorf("names are not unique: %v", seen)
	}
}

func TestSameHost(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]bool{
		{"https://shop.example/a", "http://www.shop.example/b"}:      true,
		{"https://shop.example/", "https://shop.example:8443/"}:      false,
		{"https://shop.example/", "https://blog.shop.example/"}:      false,
		{"https://shop.example/", "https://shop.example.evil.test/"}: false,
	} {
		if got := sameHost(mustAddress(t, pair[0]), mustAddress(t, pair[1])); got != want {
			t.Errorf("%v: %v", pair, got)
		}
	}
}
