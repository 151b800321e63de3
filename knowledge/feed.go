package knowledge

import (
	"context"
	"errors"
)

// ErrNotModified says that a source is as it was when the index last had it.
var ErrNotModified = errors.New("not modified")

// ErrGone says that a source does not exist any more: what the index has of it goes.
var ErrGone = errors.New("it is not there any more")

// ErrSame says that a source leads to another one of the listing, as a page does that
// redirects: the other gives the documents, and this one none.
var ErrSame = errors.New("it is another source of the listing")

// Source is one place that documents come from: a file, a page, an entry of an
// archive. Sources know how to read themselves, and nothing of formats.
type Source struct {
	// Name is the path from the ingested root's own name on, "policies/es/returns.md".
	// It becomes the document's ID, and tells the locale and, by its extension, the
	// format.
	Name string
	// Place is where a person finds it, a path or a URL; Document.Source.
	Place string
	// Collection is the root that it belongs to.
	Collection string
	// Meta is what the listing knows of its documents, from a manifest for example.
	// What the document says of itself counts more.
	Meta Meta
	// Read gets the content, of at most limit bytes. known are the documents that the
	// index has from this place. ErrNotModified says that they are still right, ErrGone
	// that there is nothing any more. Read is called at most once and by one goroutine,
	// but several sources are read at a time.
	Read func(ctx context.Context, known []Document, limit int64) (File, error)
}

// File is what a source holds.
type File struct {
	Data []byte
	// ContentType is what a server says of it, "text/html; charset=iso-8859-1". Empty
	// for files.
	ContentType string
	// Validator is what a later Read asks by, see Document.Validator.
	Validator string
	// Place is where the content really was, after redirects. Empty means Source.Place.
	Place string
}

// Listing is all that a run has to look at.
type Listing struct {
	Sources []Source
	// Broken are places that could not be listed.
	Broken []Broken
	// Complete are the collections of which all sources are listed: what else the
	// index holds of them is gone and will be removed. A collection with a part in
	// Broken is never complete.
	Complete map[string]bool
}

// Extractor reads formats. Implementations are safe for concurrent use.
type Extractor interface {
	// Accepts says by its name, a slash-separated path, whether a file is one to read.
	Accepts(name string) bool
	// Extract turns a file into texts, at least one. An error is a sentence that a
	// person can act on and says where in the file; it names neither the file nor its
	// folder, which the caller knows.
	Extract(ctx context.Context, name string, f File) ([]Extracted, error)
}

// Versioned is an Extractor that says by which version of itself a file was read. What
// another version read is read again, even if its source was not modified.
type Versioned interface {
	Version() string
}

// Extracted is a text that was found in a file.
type Extracted struct {
	// Name tells several texts of one file apart, "articles/4711"; empty when there is
	// only one.
	Name string
	// Place is the text's own address where it has one, of an exported article for
	// example.
	Place string
	// Meta is what the text says of itself on purpose, by the properties of an exported
	// article for example. It counts more than Source.Meta.
	Meta Meta
	// Aside is what the format says by the way, a page's language and title for example,
	// which the program that wrote it may have put there. Source.Meta and the path count
	// more. An ID is ignored here.
	Aside Meta
	// Body is valid UTF-8 with \n line ends and without a byte order mark: Markdown,
	// with its front matter if it has one, or a table as CSV with the columns question,
	// answer and, if need be, locale and the names of Meta's fields.
	Body   string
	Format Format
}
