package sources

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/recado/recado/knowledge"
)

const (
	// maxDepth is how deep indexes of sitemaps may lie in each other. The standard wants
	// one level.
	maxDepth = 3
	// maxSitemaps bounds the sitemaps of one site.
	maxSitemaps = 1000
	// heldPage is how large a page may be to be kept from listing to reading. A larger
	// one is read again.
	heldPage = 1 << 20
	// clockError is how much the clocks of two machines may differ.
	clockError = time.Hour

	acceptPages    = "text/html, application/xhtml+xml, text/markdown, application/pdf, text/*;q=0.9, */*;q=0.5"
	acceptSitemaps = "application/xml, text/xml, text/plain, application/gzip;q=0.9, */*;q=0.5"
)

// site is all that one listing asks of sites, and what its sources read later.
type site struct {
	config Config
	client *http.Client
	list   *listing
	agent  string

	mu    sync.Mutex
	hosts map[string]*host
}

func newSite(c Config, client *http.Client, l *listing) *site {
	return &site{config: c, client: client, list: l, agent: agentOf(c.UserAgent), hosts: map[string]*host{}}
}

// addAddresses lists sites, sitemaps and pages.
func (s *site) addAddresses(ctx context.Context, given []string) {
	seen := map[string]bool{}
	for _, text := range given {
		if ctx.Err() != nil {
			return // List returns it
		}
		address, err := parseAddress(text)
		switch {
		case err != nil && strings.Contains(text, "@"):
			s.list.broken("an address", err) // it may hold a password
		case err != nil:
			s.list.broken(text, err)
		case seen[address.String()]:
		case isRoot(address):
			s.addSite(ctx, address)
		default:
			s.addAddress(ctx, address)
		}
		if err == nil {
			seen[address.String()] = true
		}
	}
}

// addSite lists a whole site by its sitemaps, and the page alone if it has none.
func (s *site) addSite(ctx context.Context, root *url.URL) {
	robots, err := s.robots(ctx, root)
	if err != nil {
		s.list.broken(root.String(), err)
		return
	}
	c := s.newCrawl(root)
	for _, text := range robots.Sitemaps {
		address, err := root.Parse(text)
		if err == nil {
			address, err = cleanAddress(address)
		}
		if err != nil {
			c.broken(root.String(), fmt.Errorf("%w: one that robots.txt names has an address that can't be read", ErrSitemap))
			continue
		}
		c.follow(ctx, address, nil)
	}
	if len(robots.Sitemaps) > 0 {
		c.finish(ctx)
		return
	}
	usual := *root
	usual.Path = "/sitemap.xml"
	got, err := s.fetch(ctx, query{address: &usual, limit: s.config.MaxPage, accept: acceptSitemaps})
	list, wrong := sitemap{}, err
	if err == nil {
		list, wrong = parseSitemap(got.data, s.config.MaxPage, s.config.MaxSources)
	}
	var status *statusError
	switch {
	case wrong == nil:
		c.seen[usual.String()] = true
		c.add(ctx, list, &usual, nil)
		c.finish(ctx)
	case errors.Is(wrong, ErrGone) || errors.Is(wrong, ErrRobots) || errors.Is(wrong, errNoSitemap) ||
		errors.Is(wrong, ErrElsewhere) || errors.As(wrong, &status) && status.code < 500 && status.code != http.StatusTooManyRequests:
		s.addAddress(ctx, root)
	default:
		s.list.broken(usual.String(), wrong)
	}
}

// addAddress lists what an address gives: the pages of a sitemap, or itself.
func (s *site) addAddress(ctx context.Context, address *url.URL) {
	place := address.String()
	before := s.had(address)
	got, err := s.fetch(ctx, query{address: address, limit: s.config.MaxPage, accept: acceptPages})
	if err != nil {
		// One that is gone stays, too: nothing else of the site tells that it answers at all.
		s.list.broken(place, err)
		return
	}
	list, err := parseSitemap(got.data, s.config.MaxPage, s.config.MaxSources)
	if !errors.Is(err, errNoSitemap) && (err == nil || looksLikeSitemap(address)) {
		c := s.newCrawl(address)
		c.seen[place] = true
		if err != nil {
			c.broken(place, err)
		} else {
			c.add(ctx, list, address, nil)
		}
		c.finish(ctx)
		return
	}
	if zipType(got) {
		s.addZip(ctx, got, address)
		return
	}
	if before {
		s.list.broken(place, fmt.Errorf("%w: it had one before and gives a page now; if that is right, remove its documents first", ErrSitemap))
		return
	}
	s.list.Complete[place] = true // what had another name before it redirected goes
	address = got.identity(address)
	if place = address.String(); slices.ContainsFunc(s.list.Sources, func(o knowledge.Source) bool { return o.Place == place && o.Collection == place }) {
		return
	}
	s.list.Complete[place] = true
	one := knowledge.Source{Name: names{}.of(address), Place: place, Collection: place, Read: s.reader(address, time.Time{}, nil)}
	if len(got.data) <= heldPage {
		one.Read = held(got, address)
	}
	s.list.Sources = append(s.list.Sources, one)
}

// addZip lists an archive behind an address as one on the disk.
func (s *site) addZip(ctx context.Context, got page, address *url.URL) {
	name := path.Base(pageName(address))
	s.list.addPacked(ctx, tree{
		collection: address.String(), place: address.String(), name: strings.TrimSuffix(name, path.Ext(name)),
	}, &archive{held: bytes.NewReader(got.data), size: int64(len(got.data))})
}

// zipType tells an archive that was sent as one from a Word file, which is packed, too.
func zipType(got page) bool {
	media, _, _ := strings.Cut(strings.ToLower(got.contentType), ";")
	named := isZip(got.address.Path) || strings.TrimSpace(media) == "application/zip" || strings.TrimSpace(media) == "application/x-zip-compressed"
	return named && bytes.HasPrefix(got.data, []byte("PK")) && path.Ext(strings.ToLower(got.address.Path)) != ".docx"
}

func looksLikeSitemap(address *url.URL) bool {
	lower := strings.ToLower(address.Path)
	return strings.Contains(lower, "sitemap") || strings.HasSuffix(lower, ".xml") || strings.HasSuffix(lower, ".xml.gz")
}

// had says whether the index has documents of a collection that a sitemap listed: they
// have the name of another page. Those must not go because the sitemap is missing for a
// day.
func (s *site) had(address *url.URL) bool {
	own, host := pageName(address), strings.TrimPrefix(address.Host, "www.")
	for _, d := range s.list.known {
		if d.Collection != address.String() {
			continue
		}
		rest, ours := strings.CutPrefix(d.ID, own)
		// Documents of one page carry its name, and what tells them apart.
		ours = ours && (rest == "" || strings.ContainsAny(rest[:1], "#@~"))
		if !ours && strings.HasPrefix(strings.TrimPrefix(d.ID, "www."), host+"/") {
			return true
		}
	}
	return false
}

// reader reads a page when it is wanted. changed is the time of its last change as a
// sitemap tells it.
// other says that another page of the sitemap has an address; nil knows no other.
func (s *site) reader(address *url.URL, changed time.Time, other func(place string) bool) func(context.Context, []knowledge.Document, int64) (knowledge.File, error) {
	return func(ctx context.Context, known []knowledge.Document, limit int64) (knowledge.File, error) {
		validator := commonValidator(known)
		if slices.ContainsFunc(known, func(d knowledge.Document) bool { return other != nil && other(d.Source) }) {
			known, validator = nil, "" // it led to the other page before both were listed
		}
		if s.fresh(known, changed) {
			return knowledge.File{}, knowledge.ErrNotModified
		}
		got, err := s.fetch(ctx, query{address: address, validator: validator, limit: limit, accept: acceptPages})
		if err != nil {
			return knowledge.File{}, err
		}
		if other != nil && (other(got.address.String()) || other(got.identity(got.address).String())) {
			return knowledge.File{}, knowledge.ErrSame
		}
		if got.validator == "" && !changed.IsZero() {
			got.validator = url.Values{"sitemap": {changed.UTC().Format(time.RFC3339)}}.Encode()
		}
		return got.file(address), nil
	}
}

// fresh says that a page was read after its last change. Documents without a validator
// were read under other rules, and are read again.
func (s *site) fresh(known []knowledge.Document, changed time.Time) bool {
	if changed.IsZero() || changed.After(s.config.Now()) || len(known) == 0 {
		return false
	}
	return !slices.ContainsFunc(known, func(d knowledge.Document) bool {
		return d.Validator == "" || d.IndexedAt.Before(changed.Add(clockError))
	})
}

// commonValidator is the validator that all documents of a place have.
func commonValidator(known []knowledge.Document) string {
	if len(known) == 0 {
		return ""
	}
	for _, d := range known {
		if d.Validator != known[0].Validator {
			return ""
		}
	}
	if etag, modified := readValidator(known[0].Validator); etag == "" && modified == "" {
		return ""
	}
	return known[0].Validator
}

// held gives a page that was read while listing.
func held(got page, address *url.URL) func(context.Context, []knowledge.Document, int64) (knowledge.File, error) {
	return func(ctx context.Context, known []knowledge.Document, limit int64) (knowledge.File, error) {
		switch {
		case ctx.Err() != nil:
			return knowledge.File{}, ctx.Err()
		case got.validator != "" && got.validator == commonValidator(known):
			return knowledge.File{}, knowledge.ErrNotModified
		case int64(len(got.data)) > limit:
			return knowledge.File{}, tooLarge(limit)
		}
		return got.file(address), nil
	}
}

// file is the page as an ingester takes it.
func (p page) file(asked *url.URL) knowledge.File {
	f := knowledge.File{Data: p.data, ContentType: p.contentType, Validator: p.validator}
	if place := p.address.String(); place != asked.String() {
		f.Place = place
	}
	return f
}

// crawl collects the pages of a site's sitemaps.
type crawl struct {
	site *site
	root *url.URL
	// seen are sitemaps that were read, pages what they list.
	seen  map[string]bool
	pages map[string]listed
	whole bool
	// elsewhere and forbidden count pages that are left out.
	elsewhere, forbidden int
}

// listed is a page of a sitemap.
type listed struct {
	address *url.URL
	changed time.Time
}

func (s *site) newCrawl(root *url.URL) *crawl {
	return &crawl{site: s, root: root, seen: map[string]bool{}, pages: map[string]listed{}, whole: true}
}

func (c *crawl) broken(place string, err error) {
	c.whole = false
	c.site.list.broken(place, err)
}

// follow reads a sitemap that another one or robots.txt names. above are the sitemaps
// that led here.
func (c *crawl) follow(ctx context.Context, address *url.URL, above []string) {
	place := address.String()
	switch {
	case ctx.Err() != nil:
		return // List returns it
	case slices.Contains(above, place):
		c.broken(place, fmt.Errorf("%w: it leads back to itself; take it out of the sitemap that lists it", ErrSitemap))
		return
	case c.seen[place]:
		return // listed twice, which does no harm
	case len(above) > maxDepth:
		c.broken(place, fmt.Errorf("%w: it lies more than %d sitemaps deep; name it by itself", ErrSitemap, maxDepth))
		return
	case len(c.seen) >= maxSitemaps:
		c.broken(place, fmt.Errorf("%w: the site has more than %d sitemaps; name those that are wanted", ErrSitemap, maxSitemaps))
		return
	case !sameHost(c.root, address):
		c.broken(place, fmt.Errorf("%w: it lies on another host than %s; name it by itself if its pages are wanted", ErrSitemap, c.root.Host))
		return
	}
	c.seen[place] = true
	limit := c.site.config.MaxPage
	got, err := c.site.fetch(ctx, query{address: address, limit: limit, accept: acceptSitemaps})
	var list sitemap
	if err == nil {
		list, err = parseSitemap(got.data, limit, c.site.config.MaxSources)
	}
	if err != nil {
		c.broken(place, err)
		return
	}
	c.add(ctx, list, address, above)
}

// add takes the pages of a sitemap and follows the sitemaps in it.
func (c *crawl) add(ctx context.Context, list sitemap, from *url.URL, above []string) {
	for _, page := range list.pages {
		c.addPage(from, page)
	}
	above = append(slices.Clone(above), from.String())
	for _, text := range list.maps {
		if len(c.seen) >= maxSitemaps && !c.whole {
			return // told already
		}
		address, err := c.resolve(from, text)
		if err != nil {
			c.broken(from.String(), fmt.Errorf("%w: one of the sitemaps in it has an address that can't be read", ErrSitemap))
			continue
		}
		c.follow(ctx, address, above)
	}
}

// resolve reads an address in a sitemap. One of a site that moved to https is asked
// there.
func (c *crawl) resolve(from *url.URL, text string) (*url.URL, error) {
	address, err := from.Parse(text)
	if err != nil {
		return nil, err
	}
	if address, err = cleanAddress(address); err != nil {
		return nil, err
	}
	if c.root.Scheme == "https" && address.Scheme == "http" && address.Host == c.root.Host {
		address.Scheme = "https"
	}
	return address, nil
}

func (c *crawl) addPage(from *url.URL, page located) {
	address, err := c.resolve(from, page.address)
	switch {
	case err != nil || !isPage(address):
		return
	case !sameHost(c.root, address):
		c.elsewhere++
		return
	}
	key := address.String()
	if before, double := c.pages[key]; double && (before.changed.IsZero() || before.changed.After(page.changed) && !page.changed.IsZero()) {
		return // who says nothing or the later time is right to be asked
	}
	c.pages[key] = listed{address, page.changed}
}

// finish makes sources of the pages.
func (c *crawl) finish(ctx context.Context) {
	s, root := c.site, c.root.String()
	switch {
	case ctx.Err() != nil:
		return
	case len(c.pages) > s.config.MaxSources:
		c.broken(root, fmt.Errorf("%w: it lists more than %d pages; name the sitemaps that are wanted", ErrSitemap, s.config.MaxSources))
		return
	case len(c.pages) == 0 && c.whole:
		c.broken(root, fmt.Errorf("%w: no page of %s is in it", ErrSitemap, c.root.Host))
		return
	}
	c.addSources(ctx)
	if len(c.pages) > 0 && c.forbidden == len(c.pages) {
		c.broken(root, ErrRobots)
	}
	if c.elsewhere > 0 || c.forbidden > 0 {
		s.config.Logger.WarnContext(ctx, "pages of a sitemap left out", "sitemap", root, "other_host", c.elsewhere, "robots", c.forbidden)
	}
	if c.whole {
		s.list.Complete[root] = true
	}
}

// addSources lists the pages that robots.txt leaves.
func (c *crawl) addSources(ctx context.Context) {
	taken, told := names{}, map[string]bool{}
	for _, key := range slices.SortedFunc(maps.Keys(c.pages), cmp.Compare[string]) {
		page := c.pages[key]
		switch err := c.site.allowed(ctx, page.address); {
		case errors.Is(err, ErrRobots):
			c.forbidden++
		case err != nil && !told[page.address.Host]:
			told[page.address.Host] = true // one line for the host is enough
			c.broken(key, err)
		case err == nil:
			c.site.list.Sources = append(c.site.list.Sources, knowledge.Source{
				Name: taken.of(page.address), Place: key, Collection: c.root.String(), Read: c.site.reader(page.address, page.changed, c.others(key)),
			})
		}
	}
}

// others says whether a place is another page of the sitemaps than the one.
func (c *crawl) others(one string) func(string) bool {
	return func(place string) bool {
		_, listed := c.pages[place]
		return listed && place != one
	}
}
