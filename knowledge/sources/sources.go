// Package sources finds what there is to read: it turns what a person names into a
// knowledge.Listing. That may be
//
//   - a file or a folder,
//   - a zip archive, an export of a help centre for example,
//   - a git checkout, of which only the tracked files count,
//   - standard input, as "-" or "-:returns.md" where the name tells the format,
//   - the http or https address of a page, a sitemap or a whole site.
//
// A file recado.yaml in the root of a folder, an archive or a checkout, or in a folder
// above, says what the documents do not say themselves: for whom they are, where and
// when they hold. See Lister.List.
//
// Nothing is read before the ingester asks for it, and then only so much as it allows.
// Sites are asked politely: as robots.txt permits, a few times a second, for changes
// only. No request reaches a private address, whatever a name resolves to or a page
// redirects to, unless Config.AllowPrivate has it. Proxies that the environment names
// are not used: a proxy looks names up by itself, and this guard would see nothing but
// the proxy.
package sources

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/knowledge"
)

// Reasons for which a place gives nothing. They are sentences for whoever ingests.
var (
	// ErrTooLarge says that a source is longer than may be read.
	ErrTooLarge = errors.New("it is too large")
	// ErrGone says that a source does not exist any more. It is a knowledge.ErrGone, so
	// that what came from it before goes, and an fs.ErrNotExist.
	ErrGone error = goneError{}
	// ErrKind says that the name tells no format that can be read.
	ErrKind = errors.New("this is no document: its name tells no format that can be read")
	// ErrManifest says that recado.yaml can't be followed. Nothing of its folder is
	// listed then: it may say what customers must not see.
	ErrManifest = errors.New("nothing is read here until the manifest is right")
	// ErrArchive says that an archive can't be trusted or read.
	ErrArchive = errors.New("the archive can't be used")
	// ErrPrivate says that an address leads into a private network.
	ErrPrivate = errors.New("the address leads into a private network; allow that network if it is yours")
	// ErrRobots says that the site asks programs to stay away.
	ErrRobots = errors.New("the site's robots.txt does not allow reading it")
	// ErrElsewhere says that an address leads to another host.
	ErrElsewhere = errors.New("the address leads to another host; name that one if it is meant")
	// ErrSitemap says that a sitemap can't be followed.
	ErrSitemap = errors.New("the sitemap can't be used")
	// ErrAnswer says that a server did not give what was asked for.
	ErrAnswer = errors.New("the server gave no page")
)

// goneError is the type of ErrGone.
type goneError struct{}

// Error is a sentence.
func (goneError) Error() string { return knowledge.ErrGone.Error() }

// Is says that it is a knowledge.ErrGone, by which an ingester knows it, and an
// fs.ErrNotExist.
func (goneError) Is(target error) bool {
	return target == knowledge.ErrGone || target == fs.ErrNotExist
}

// Config says what is read and how. Every zero field but Accepts has a documented
// default.
type Config struct {
	// Accepts says by its name, a slash-separated path, whether a file is one to read.
	// Required; knowledge.Extractor has one.
	Accepts func(name string) bool
	// Stdin is what "-" reads. Nil makes "-" a broken place.
	Stdin io.Reader
	// StdinName is the document's name for "-" alone; empty means "stdin.md".
	StdinName string
	// Logger gets a line for what was left out. Nil logs nothing.
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// MaxSources is how many files or pages one argument may list; 0 means 200,000.
	MaxSources int
	// MaxUnpacked is how many bytes an archive may unfold to; 0 means 2 GiB.
	MaxUnpacked int64

	// UserAgent is how the program calls itself to sites. Its first word, up to a slash,
	// is the one that robots.txt is searched for. Empty means "recado/1".
	UserAgent string
	// Timeout bounds one request with its answer; 0 means 30 seconds.
	Timeout time.Duration
	// Interval is the time between two requests to one host; 0 means 200 ms. A
	// Crawl-delay in robots.txt lengthens it.
	Interval time.Duration
	// MaxWait bounds how long a site can make the program wait at a time, by a
	// Crawl-delay or a Retry-After; 0 means 10 seconds.
	MaxWait time.Duration
	// MaxPage bounds a page that is read while listing, and a sitemap as it is sent and
	// as it unfolds; 0 means 50 MiB, as much as a sitemap may have.
	MaxPage int64
	// AllowPrivate are networks that would be refused otherwise, of an intranet for
	// example. A name that resolves to an address outside of them is still refused, and
	// so are the addresses at which clouds give a machine its passwords.
	AllowPrivate []netip.Prefix
	// Resolver looks names up; nil means the system's.
	Resolver *net.Resolver
}

// Lister turns names into listings. It is safe for concurrent use.
type Lister struct {
	config Config
	client *http.Client
}

// New checks the configuration. A missing Accepts and negative sizes are errors that
// name the field.
func New(c Config) (*Lister, error) {
	if c.Accepts == nil {
		return nil, errors.New("sources.Config.Accepts: missing")
	}
	for _, field := range []struct {
		name  string
		value int64
	}{
		{"MaxSources", int64(c.MaxSources)},
		{"MaxUnpacked", c.MaxUnpacked},
		{"Timeout", int64(c.Timeout)},
		{"Interval", int64(c.Interval)},
		{"MaxWait", int64(c.MaxWait)},
		{"MaxPage", c.MaxPage},
	} {
		if field.value < 0 {
			return nil, fmt.Errorf("sources.Config.%s: %d is negative", field.name, field.value)
		}
	}
	if slices.ContainsFunc(c.AllowPrivate, func(p netip.Prefix) bool { return !p.IsValid() }) {
		return nil, errors.New("sources.Config.AllowPrivate: one of the networks is none")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.StdinName, c.UserAgent = cmp.Or(c.StdinName, "stdin.md"), cmp.Or(c.UserAgent, "recado/1")
	c.MaxSources, c.MaxUnpacked = cmp.Or(c.MaxSources, 200_000), cmp.Or(c.MaxUnpacked, 2<<30)
	c.Timeout, c.Interval = cmp.Or(c.Timeout, 30*time.Second), cmp.Or(c.Interval, 200*time.Millisecond)
	c.MaxWait, c.MaxPage = cmp.Or(c.MaxWait, 10*time.Second), cmp.Or(c.MaxPage, 50<<20)
	return &Lister{config: c, client: newClient(c)}, nil
}

// listing grows argument by argument.
type listing struct {
	knowledge.Listing
	config Config
	known  []knowledge.Document
}

func (l *listing) broken(place string, err error) {
	l.Broken = append(l.Broken, knowledge.Broken{Source: place, Err: err})
}

// List finds all that the arguments name. known are all documents that the index has:
// a file or folder that lies in a folder ingested before stays part of that one, and
// sites are asked for changes only.
//
// Folders, archives and checkouts are listed with all that is in them, but for names
// that begin with a dot and what Accepts refuses. A link to a file counts as the file; a
// link to a folder is left out, because it could lead round in circles. What is named
// twice is listed once.
//
// The manifest recado.yaml in the root looks like this. Where there is none, the nearest
// one in the folders above counts, up to the first that is a git repository; paths are
// those from the manifest's folder on. Of entries that fit a path, what
// a later one says counts more, and what the document says itself counts most. A key
// that is not known is an error, so that no document goes public by a typing mistake.
//
//	documents:
//	  - path: "legal/**/*.md"
//	    audience: agent
//	    locale: es
//	    markets: [ES]
//	    valid_from: 2026-01-01
//	ignore: ["drafts/**"]
//
// A site's address without a path is listed by the sitemaps that its robots.txt or
// /sitemap.xml names, and as one page where there are none. An address that gives a
// sitemap is listed by it, any other is one page.
//
// What can't be listed is in Listing.Broken with its reason. The error is that of the
// context.
func (s *Lister) List(ctx context.Context, args []string, known []knowledge.Document) (knowledge.Listing, error) {
	l := &listing{Listing: knowledge.Listing{Complete: map[string]bool{}}, config: s.config, known: known}
	var paths, addresses []string
	stdin := 0
	for _, arg := range args {
		switch {
		case arg == "-" || strings.HasPrefix(arg, "-:"):
			if stdin++; stdin > 1 {
				l.broken(arg, errors.New("standard input can be read only once"))
				continue
			}
			l.addStdin(arg)
		case isAddress(arg):
			addresses = append(addresses, arg)
		default:
			paths = append(paths, arg)
		}
	}
	l.addPaths(ctx, paths)
	newSite(s.config, s.client, l).addAddresses(ctx, addresses)
	if err := ctx.Err(); err != nil {
		return knowledge.Listing{}, fmt.Errorf("listing stopped: %w", err)
	}
	return l.Listing, nil
}

// FS lists the files of a file system, embedded documents for example, as the whole of
// the collection. They are named collection/path. Files whose name begins with a dot are
// left out, and a manifest counts as in List.
func FS(collection string, files fs.FS) knowledge.Listing {
	l := &listing{Listing: knowledge.Listing{Complete: map[string]bool{}}, config: Config{
		Accepts: func(string) bool { return true }, Logger: slog.New(slog.DiscardHandler), MaxSources: 200_000,
	}}
	if collection == "" {
		l.broken(".", errors.New("the collection has no name"))
		return l.Listing
	}
	l.addFolder(context.Background(), tree{collection: collection, place: collection, name: collection, files: files})
	return l.Listing
}

// addStdin lists standard input as one document. It is no whole collection: with
// another name comes another document.
func (l *listing) addStdin(arg string) {
	name := l.config.StdinName
	if given, ok := strings.CutPrefix(arg, "-:"); ok {
		name = given
	}
	switch {
	case l.config.Stdin == nil:
		l.broken(arg, errors.New("there is no standard input to read"))
		return
	case !fs.ValidPath(name) || name == "." || !l.config.Accepts(name):
		l.broken(arg, fmt.Errorf("%w; write it behind the hyphen, as in -:returns.md", ErrKind))
		return
	}
	place := "stdin/" + name
	l.Sources = append(l.Sources, knowledge.Source{
		Name: place, Place: place, Collection: "stdin",
		Read: func(ctx context.Context, _ []knowledge.Document, limit int64) (knowledge.File, error) {
			data, err := readAll(ctx, l.config.Stdin, limit)
			return knowledge.File{Data: data}, err
		},
	})
}

// readAll reads to the end, refusing what is longer than the limit without reading it
// to the end.
func readAll(ctx context.Context, r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(&stopping{ctx, r}, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, tooLarge(limit)
	}
	return data, nil
}

func tooLarge(limit int64) error {
	if limit >= 1<<20 {
		return fmt.Errorf("%w: more than %d MiB", ErrTooLarge, limit>>20)
	}
	return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
}

// stopping is a reader that ends with its context, between two reads.
type stopping struct {
	ctx context.Context
	r   io.Reader
}

func (s *stopping) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}
