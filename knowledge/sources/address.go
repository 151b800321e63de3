package sources

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/recado/recado/knowledge"
)

// tracking are parameters that say where a visitor came from, and change no page.
var tracking = []string{"fbclid", "gclid", "dclid", "msclkid", "mc_cid", "mc_eid", "_ga", "_gl", "igshid", "yclid"}

// unreadable are extensions of what sitemaps list besides documents.
var unreadable = []string{
	".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg", ".ico", ".bmp", ".tif", ".tiff", ".heic",
	".mp3", ".mp4", ".m4a", ".m4v", ".mov", ".avi", ".webm", ".ogg", ".wav", ".woff", ".woff2", ".ttf",
	".zip", ".gz", ".7z", ".rar", ".tar", ".dmg", ".exe", ".apk", ".css", ".js", ".mjs", ".map",
}

// isAddress tells an address from a path.
func isAddress(text string) bool {
	lower := strings.ToLower(text)
	return strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://")
}

// parseAddress reads an address that a person or a sitemap wrote.
func parseAddress(text string) (*url.URL, error) {
	address, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return nil, errors.New("this is no address that can be read")
	}
	return cleanAddress(address)
}

// cleanAddress writes an address in the one way that tells it from others: a lower-case
// host, no port that goes without saying, no fragment, nothing of where the visitor came
// from.
func cleanAddress(given *url.URL) (*url.URL, error) {
	address := *given
	address.Scheme, address.Host = strings.ToLower(address.Scheme), strings.ToLower(address.Host)
	switch {
	case address.Scheme != "http" && address.Scheme != "https":
		return nil, errors.New("only addresses that begin with http:// or https:// can be read")
	case address.User != nil:
		return nil, errors.New("an address with a password in it is not read, because it would be shown with the documents")
	case address.Hostname() == "" || address.Opaque != "" || len(address.String()) > 2048:
		return nil, errors.New("this is no address that can be read")
	}
	if port := address.Port(); port == "" || port == "80" && address.Scheme == "http" || port == "443" && address.Scheme == "https" {
		address.Host = strings.TrimSuffix(strings.TrimSuffix(address.Host, ":"+port), ":")
	}
	address.Host = strings.TrimSuffix(address.Host, ".")
	address.Fragment, address.RawFragment = "", ""
	if address.Path == "" {
		address.Path = "/"
	}
	address.RawQuery, address.ForceQuery = cleanQuery(address.RawQuery), false
	return &address, nil
}

// cleanQuery takes tracking parameters out and leaves the others as they are.
func cleanQuery(query string) string {
	parts := strings.Split(query, "&")
	parts = slices.DeleteFunc(parts, func(part string) bool {
		key, _, _ := strings.Cut(strings.ToLower(part), "=")
		return key == "" || strings.HasPrefix(key, "utm_") || slices.Contains(tracking, key)
	})
	return strings.Join(parts, "&")
}

// sameHost says whether two addresses are of one host. With and without www. counts as
// one: many sites have both and lead from one to the other.
func sameHost(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		if p := u.Port(); p != "" {
			return p
		}
		return "default"
	}
	return strings.TrimPrefix(a.Hostname(), "www.") == strings.TrimPrefix(b.Hostname(), "www.") && port(a) == port(b)
}

// isRoot says that an address names a site as a whole.
func isRoot(address *url.URL) bool { return address.Path == "/" && address.RawQuery == "" }

// isPage says whether an address of a sitemap may be a document, by its name.
func isPage(address *url.URL) bool {
	return !slices.Contains(unreadable, strings.ToLower(path.Ext(address.Path)))
}

// pageName is the name of a page: its host and path as a person reads them, and the
// query.
func pageName(address *url.URL) string {
	at := address.Path
	if !utf8.ValidString(at) || strings.ContainsFunc(at, unicode.IsControl) || strings.ContainsAny(at, "?#") ||
		strings.Contains(strings.ToUpper(address.EscapedPath()), "%2F") {
		at = address.EscapedPath()
	}
	name := address.Host + norm.NFC.String(path.Clean("/"+at))
	name = strings.TrimSuffix(name, "/")
	if address.RawQuery != "" {
		name += "?" + queryName(address.RawQuery)
	}
	return name
}

// queryName is the query with its slashes escaped, so that it stays one part of the
// name, in valid UTF-8.
func queryName(query string) string {
	values, err := url.ParseQuery(query)
	if err != nil {
		return url.QueryEscape(query)
	}
	return values.Encode()
}

// names gives pages names that no other page of the collection has.
type names map[string]bool

// of is the name of the next page. Pages come in an order that stays the same, so that
// names do.
func (n names) of(address *url.URL) string {
	name := pageName(address)
	if n[name] {
		sum := sha256.Sum256([]byte(address.String()))
		name += "_" + hex.EncodeToString(sum[:4])
	}
	n[name] = true
	return name
}

// Recrawlable lists the addresses among the collections of what was ingested before, to
// list them again from time to time, sorted.
func Recrawlable(known []knowledge.Document) []string {
	roots := map[string]bool{}
	for _, d := range known {
		if isAddress(d.Collection) {
			roots[d.Collection] = true
		}
	}
	list := make([]string, 0, len(roots))
	for root := range roots {
		list = append(list, root)
	}
	slices.Sort(list)
	return list
}
