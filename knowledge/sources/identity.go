package sources

import (
	"bytes"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// identity is the address that names a page: where it was after redirects, or what the
// page itself calls its canonical address as long as that differs in nothing but the
// query and a slash at the end. Many sites name their first page on all others by
// mistake; that must not make one document of all.
func (p page) identity(asked *url.URL) *url.URL {
	address := p.address
	if canonical := p.canonical(); canonical != nil && sameHost(address, canonical) && canonical.Scheme == address.Scheme &&
		strings.TrimSuffix(canonical.Path, "/") == strings.TrimSuffix(address.Path, "/") {
		address = canonical
	}
	if isRoot(address) {
		return asked // that would be the whole site
	}
	return address
}

// canonical is the address that the head of a page gives it, nil when it gives none.
func (p page) canonical() *url.URL {
	reader := html.NewTokenizer(bytes.NewReader(p.data))
	for {
		switch reader.Next() {
		case html.ErrorToken:
			return nil
		case html.StartTagToken, html.SelfClosingTagToken:
			token := reader.Token()
			if token.DataAtom == atom.Body {
				return nil
			}
			if token.DataAtom == atom.Link && strings.EqualFold(attribute(token, "rel"), "canonical") {
				found, err := p.address.Parse(strings.TrimSpace(attribute(token, "href")))
				if err == nil {
					found, err = cleanAddress(found)
				}
				if err != nil {
					return nil
				}
				return found
			}
		default: // no element begins
		}
	}
}

func attribute(token html.Token, name string) string {
	for _, a := range token.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
