// Package extract reads the files that shops keep their answers in and turns each
// into the two things that package knowledge can split: Markdown and FAQ tables.
//
// It reads Markdown, HTML, plain text, PDF and DOCX, FAQ tables as CSV, TSV, JSON and
// JSON lines, and the exports of Zendesk, Intercom and Notion, in UTF-8, UTF-16 and
// the single-byte encodings of old programs. What a page has around its text goes:
// menus, footers, forms, consent banners, scripts. Nothing else of a document does:
// a file that can't be read whole is an error, never half a text.
//
// Files come from anywhere, so each one is bounded in what it may unfold to, and a
// PDF in its time and memory as well: it is read by PDFium, compiled to WebAssembly,
// which can neither crash this program nor open files.
package extract

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/recado/recado/knowledge"
)

// Reasons for which a file gives no text. They are sentences for whoever ingests.
var (
	// ErrEmpty says that there is nothing in the file.
	ErrEmpty = errors.New("the file is empty")
	// ErrBinary says that the content is not text, whatever the name promises.
	ErrBinary = errors.New("this is no text")
	// ErrTooMuch says that a file unfolds to more than Config.MaxText.
	ErrTooMuch = errors.New("the file holds too much text; split it into several files")
	// ErrUnknown says that neither name nor content type tell the format.
	ErrUnknown = errors.New("the format is unknown; known are Markdown, HTML, text, PDF, DOCX, CSV, TSV, JSON and JSON lines")
	// ErrDrafts says that an export holds no published article.
	ErrDrafts = errors.New("no article of the export is published")
)

// Config sets limits. Every zero field has a documented default.
type Config struct {
	// MaxText is how many bytes of text a file may unfold to. 0 means 16 MiB.
	MaxText int
	// Timeout is how long reading one PDF may take, without the wait for those before
	// it. 0 means one minute.
	Timeout time.Duration
	// CacheDir keeps the PDF reader compiled for this machine, 22 MB, so that only the
	// first process ever has to take the five seconds for it. Whoever can write there
	// can have this program run anything, so it must be private. Empty means
	// recado/pdf in the user's cache folder, and in memory alone where there is none.
	CacheDir string
	// InMemory keeps the PDF reader in memory alone: no folder is written to.
	InMemory bool
}

// Extractor is a knowledge.Extractor for all formats of this package.
type Extractor struct {
	maxText int
	pdf     pdfReader
	pages   pageReader
}

var (
	_ knowledge.Extractor = (*Extractor)(nil)
	_ knowledge.Versioned = (*Extractor)(nil)
)

// New returns an Extractor. Close it when it is no longer needed.
func New(config Config) (*Extractor, error) {
	if config.MaxText < 0 || config.Timeout < 0 {
		return nil, errors.New("extract: MaxText and Timeout must not be negative")
	}
	if config.MaxText == 0 {
		config.MaxText = 16 << 20
	}
	if config.Timeout == 0 {
		config.Timeout = time.Minute
	}
	return &Extractor{
		maxText: config.MaxText,
		pdf:     pdfReader{timeout: config.Timeout, dir: config.CacheDir, inMemory: config.InMemory, maxText: config.MaxText, turn: make(chan struct{}, 1), mu: &sync.Mutex{}},
		pages:   newPageReader(),
	}, nil
}

// Close releases what reading PDFs has claimed. Extract must not be called any more.
func (e *Extractor) Close() error { return e.pdf.close() }

// file is one file with what is known of it.
type file struct {
	name        string // slash-separated path
	place       string // where it was, a path or a URL
	contentType string
	data        []byte
}

// Version changes whenever a file may give another text than before, so that pages that
// did not change are read again.
func (e *Extractor) Version() string { return "1" }

// Accepts says by its extension, in any case, whether a file is one to read. Files
// that tools leave among documents under such an extension are not.
func (e *Extractor) Accepts(name string) bool {
	if slices.Contains(toolFiles, strings.ToLower(path.Base(name))) {
		return false
	}
	return extensions[strings.ToLower(path.Ext(name))] != ""
}

// Extract turns a file into Markdown or a FAQ table, an export into many. It is
// bounded in size and time, and an error says what a person can do about the file.
func (e *Extractor) Extract(ctx context.Context, name string, f knowledge.File) ([]knowledge.Extracted, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(strings.TrimSpace(string(f.Data[:min(len(f.Data), 4096)]))) == 0 && len(strings.TrimSpace(string(f.Data))) == 0 {
		return nil, ErrEmpty
	}
	source := file{name: name, place: f.Place, contentType: f.ContentType, data: f.Data}
	texts, err := e.read(ctx, source)
	if err != nil {
		return nil, err
	}
	return e.finish(texts)
}

// read leaves a file to the reader of its format.
func (e *Extractor) read(ctx context.Context, f file) ([]knowledge.Extracted, error) {
	switch kindOf(f) {
	case kindMarkdown:
		return readMarkdown(f)
	case kindText:
		return readText(f)
	case kindHTML:
		return e.pages.read(f)
	case kindPDF:
		return e.pdf.read(ctx, f)
	case kindDOCX:
		return readDOCX(f, e.maxText)
	case kindTable:
		return e.pages.readTable(ctx, f, e.maxText)
	case kindJSON:
		return e.pages.readJSON(ctx, f, e.maxText)
	}
	if what := whatIs(f.data); what != "" {
		return nil, fmt.Errorf("%w but %s", ErrBinary, what)
	}
	return nil, ErrUnknown
}

// finish holds all readers to what knowledge.Extracted promises.
func (e *Extractor) finish(texts []knowledge.Extracted) ([]knowledge.Extracted, error) {
	total := 0
	for i := range texts {
		texts[i].Body = clean(texts[i].Body)
		texts[i].Meta.Title = oneLine(clean(texts[i].Meta.Title))
		texts[i].Aside.Title = oneLine(clean(texts[i].Aside.Title))
		texts[i].Name = clean(texts[i].Name)
		if total += len(texts[i].Body); total > e.maxText {
			return nil, fmt.Errorf("%w: more than %d MiB", ErrTooMuch, e.maxText>>20)
		}
		if strings.TrimSpace(texts[i].Body) == "" {
			return nil, ErrEmpty
		}
	}
	if len(texts) == 0 {
		return nil, ErrEmpty
	}
	return texts, nil
}

// clean makes a text valid UTF-8 with \n line ends and without control characters,
// which PDFs and JSON escapes bring in and databases refuse.
func clean(text string) string {
	text = strings.TrimPrefix(strings.ToValidUTF8(text, "\uFFFD"), "\uFEFF")
	if strings.Contains(text, "\r") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	if strings.IndexFunc(text, unwanted) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\f' || r == '\v' || r == '\u2028' || r == '\u2029':
			return '\n'
		case unwanted(r):
			return -1
		}
		return r
	}, text)
}

// unwanted are control characters that are no white space, and the line separators
// that are one to few programs.
func unwanted(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029'
}

// oneLine joins the lines of a title.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// lineAt is the line, from 1, that a byte offset lies in, and the column in runes.
func lineAt(text string, offset int) (line, column int) {
	before := text[:min(max(offset, 0), len(text))]
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}
