package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/recado/recado/knowledge"
)

// Reasons for which a PDF gives no text.
var (
	errPictures  = errors.New("the PDF holds pictures of pages, no text; run it through OCR first")
	errPassword  = errors.New("the PDF is locked with a password; save it without one")
	errBrokenPDF = errors.New("the PDF is broken; open it and save it again")
	errSlowPDF   = errors.New("the PDF takes too long to read; print it into a new PDF or split it")
)

// pdfMemory is how much memory PDFium may take, in WebAssembly's pages of 64 KiB: 256
// MiB, with the file itself in it.
const pdfMemory = 4096

// pdfReader reads PDFs with PDFium, the reader of Chromium, compiled to WebAssembly.
// It starts with the first PDF and reads one at a time, so that its memory is bounded
// however many files are read beside it.
type pdfReader struct {
	timeout  time.Duration
	dir      string
	inMemory bool
	maxText  int
	turn     chan struct{} // holds a token while a PDF is read

	mu     *sync.Mutex
	engine pdfium.Pool
	cache  wazero.CompilationCache
}

// read gives the text of a PDF as Markdown.
func (r *pdfReader) read(ctx context.Context, f file) ([]knowledge.Extracted, error) {
	if !strings.Contains(string(f.data[:min(len(f.data), 1024)]), "%PDF-") {
		if what := whatIs(f.data); what != "" {
			return nil, fmt.Errorf("this is no PDF but %s", what)
		}
		return nil, errors.New("this is no PDF, whatever its name says")
	}
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	engine, err := r.start()
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	document, err := r.within(limited, engine, f.data)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, fmt.Errorf("%w (more than %s)", errSlowPDF, r.timeout)
	case err != nil:
		return nil, err
	}
	body := document.markdown()
	if countWords(body, 1) == 0 {
		return nil, errPictures
	}
	return []knowledge.Extracted{{Aside: document.meta, Body: body, Format: knowledge.FormatMarkdown}}, nil
}

// within reads a document and stops PDFium in the middle when the time is up. It
// returns only when PDFium has stopped.
func (r *pdfReader) within(ctx context.Context, engine pdfium.Pool, data []byte) (*pdfDocument, error) {
	instance, err := engine.GetInstance(time.Minute)
	if err != nil {
		return nil, fmt.Errorf("start the PDF reader: %w", err)
	}
	type result struct {
		document *pdfDocument
		err      error
	}
	done := make(chan result, 1)
	go func() {
		document, err := r.pages(ctx, instance, data)
		done <- result{document, err}
	}()
	select {
	case got := <-done:
		// A file can leave PDFium in a state that it can't be closed in; the instance is
		// thrown away in any case.
		_ = instance.Close()
		return got.document, got.err
	case <-ctx.Done():
		_ = instance.Kill()
		<-done
		return nil, ctx.Err()
	}
}

// pages reads all characters of a document.
func (r *pdfReader) pages(ctx context.Context, instance pdfium.Pdfium, data []byte) (document *pdfDocument, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			document, err = nil, errBrokenPDF
		}
	}()
	opened, err := instance.OpenDocument(&requests.OpenDocument{File: &data})
	switch {
	case errors.Is(err, pdfiumerrors.ErrPassword) || errors.Is(err, pdfiumerrors.ErrSecurity):
		return nil, errPassword
	case err != nil:
		return nil, errBrokenPDF
	}
	count, err := instance.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: opened.Document})
	if err != nil || count.PageCount == 0 {
		return nil, errBrokenPDF
	}
	document = &pdfDocument{meta: pdfMeta(instance, opened.Document)}
	for i := range count.PageCount {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at := requests.Page{ByIndex: &requests.PageByIndex{Document: opened.Document, Index: i}}
		if err := checkPage(instance, at); err != nil {
			return nil, fmt.Errorf("page %d: %w", i+1, err)
		}
		page, err := instance.GetPageTextStructured(&requests.GetPageTextStructured{
			Page:                   at,
			Mode:                   requests.GetPageTextStructuredModeChars,
			CollectFontInformation: true,
		})
		if err != nil {
			return nil, fmt.Errorf("page %d: %w", i+1, errBrokenPDF)
		}
		document.add(page.Chars)
		if document.size > r.maxText {
			return nil, fmt.Errorf("%w: more than %d MiB", ErrTooMuch, r.maxText>>20)
		}
	}
	return document, nil
}

// maxPage is how many characters a page may have. The fullest pages of books have
// 10,000; every one takes some 500 bytes until the page is read.
const maxPage = 200_000

// checkPage counts the characters of a page before they are all asked for: a few
// kilobytes of a stream can unfold to millions.
func checkPage(instance pdfium.Pdfium, page requests.Page) error {
	loaded, err := instance.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
	if err != nil {
		return errBrokenPDF
	}
	count, err := instance.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: loaded.TextPage})
	if err != nil {
		return errBrokenPDF
	}
	if count.Count > maxPage {
		return fmt.Errorf("%w: %d characters on one page", ErrTooMuch, count.Count)
	}
	if _, err := instance.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: loaded.TextPage}); err != nil {
		return errBrokenPDF
	}
	return nil
}

// pdfMeta reads the title, unless it is the file name that a printing program left.
func pdfMeta(instance pdfium.Pdfium, document references.FPDF_DOCUMENT) knowledge.Meta {
	meta := knowledge.Meta{}
	if title, err := instance.FPDF_GetMetaText(&requests.FPDF_GetMetaText{Document: document, Tag: "Title"}); err == nil {
		meta.Title = realTitle(title.Value)
	}
	if language, err := instance.FPDFCatalog_GetLanguage(&requests.FPDFCatalog_GetLanguage{Document: document}); err == nil {
		meta.Locale = cleanLocale(language.Language)
	}
	return meta
}

// realTitle tells a title from what programs write where one is missing.
func realTitle(title string) string {
	title = oneLine(clean(title))
	lower := strings.ToLower(title)
	for _, start := range []string{"microsoft word", "untitled", "sin título", "document1", "documento1", "file:", "http:", "https:", "about:"} {
		if strings.HasPrefix(lower, start) {
			return ""
		}
	}
	switch filepath.Ext(lower) {
	case ".doc", ".docx", ".pdf", ".html", ".htm", ".odt", ".indd", ".txt", ".md":
		return ""
	}
	return title
}

// start compiles PDFium or loads it compiled. It has no files, no clock that counts
// and no network to reach.
func (r *pdfReader) start() (pdfium.Pool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.engine != nil {
		return r.engine, nil
	}
	settings := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithCloseOnContextDone(true).
		WithMemoryLimitPages(pdfMemory)
	if !r.inMemory {
		r.cache = openCache(r.dir)
	}
	if r.cache != nil {
		settings = settings.WithCompilationCache(r.cache)
	}
	engine, err := webassembly.Init(webassembly.Config{
		MaxIdle: 1, MaxTotal: 1, RuntimeConfig: settings, FSConfig: wazero.NewFSConfig(), Stdout: io.Discard, Stderr: io.Discard,
	})
	if err != nil {
		return nil, fmt.Errorf("start the PDF reader: %w", err)
	}
	r.engine = engine
	return engine, nil
}

// openCache opens the folder that keeps the compiled reader. Without one it is
// compiled again, which works as well.
func openCache(dir string) wazero.CompilationCache {
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil
		}
		dir = filepath.Join(user, "recado", "pdf")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o022 != 0 {
		return nil
	}
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return nil
	}
	return cache
}

func (r *pdfReader) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.engine == nil {
		return nil
	}
	err := r.engine.Close()
	if r.cache != nil {
		err = errors.Join(err, r.cache.Close(context.Background()))
	}
	r.engine, r.cache = nil, nil
	return err
}
