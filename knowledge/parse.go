package knowledge

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Reasons for which a source is not a document. They are wrapped with the place
// in the file and reach the person who ingests through Report.Broken.
var (
	errEmpty    = errors.New("the document is empty")
	errNotUTF8  = errors.New("not valid UTF-8; save the file as UTF-8")
	errNoLocale = errors.New("no language: put \"locale: es\" (or en) in the front matter, the file in a folder es or en, " +
		"or give it a name such as returns.es.md")
)

// Parsed is one document before it is embedded: its chunks have neither ID nor vector
// yet.
type Parsed struct {
	// Meta has a Title, a Locale and an Audience. Its ID is empty unless somebody gave
	// the document one.
	Meta
	// Suffix is what Document.ID needs behind the document's name, or behind Meta.ID,
	// to differ from its neighbours': "@es" when the path does not tell the locale, and
	// "~" with a hash for rows of a table that have a Meta of their own.
	Suffix string
	// Body and Format are those of Document: with Meta they give the same chunks again.
	Body   string
	Format Format
	Chunks []Chunk
}

// Parse reads one text. The name is its source's slash-separated path below the
// ingested root. A Markdown text is one document; a FAQ table is one for each locale in
// it and, when its columns say more than the locale, for each combination of what they
// say, in the order of Suffix.
//
// What is known of a document is, field by field, what its front matter or its table's
// columns say, else e.Meta, else base, which is what the listing knows, else e.Aside. The
// locale is that of the path before it is e.Aside's: of the innermost folder named es or
// en, or the suffix before the extension as in returns.es.md. At last it is that of the
// text, if the text is long enough to be certain, and defaultLocale. The title is at last
// the first heading of level 1, or the file's name; what is longer than 40 tokens is cut.
//
// An empty text, one without a locale and a wrong value are errors that a person can
// act on. Parsing Body, Format and Meta of a stored document gives its chunks again.
func Parse(name string, e Extracted, base Meta, defaultLocale string) ([]Parsed, error) {
	switch {
	case strings.TrimSpace(e.Body) == "":
		return nil, errEmpty
	case !utf8.ValidString(e.Body):
		return nil, fmt.Errorf("line %d: %w", invalidLine([]byte(e.Body)), errNotUTF8)
	}
	s := setting{names: []string{e.Name, name}, known: e.Meta.Over(base), aside: e.Aside, defaultLocale: strings.TrimSpace(defaultLocale)}
	switch e.Format {
	case FormatFAQ:
		return parseFAQ(s, e.Body)
	case FormatMarkdown, "":
		doc, err := parseMarkdown(s, e.Body)
		if err != nil {
			return nil, err
		}
		return []Parsed{doc}, nil
	}
	return nil, fmt.Errorf("%q is not a format that can be split", e.Format)
}

// setting is what is known of a text besides its content.
type setting struct {
	// names are the text's own name in its file, which may be empty, and the file's.
	names         []string
	known, aside  Meta
	defaultLocale string
}

// locale is that of a text about which own may say something, and empty when nothing
// tells.
func (s setting) locale(own, text string) (string, error) {
	locale := cmp.Or(own, s.known.Locale, s.told(), s.aside.Locale)
	if locale == "" {
		locale = cmp.Or(guessLocale(text), s.defaultLocale)
	}
	if locale == "" {
		return "", nil
	}
	return cleanLocale(locale)
}

// told is the locale that the names tell.
func (s setting) told() string {
	for _, name := range s.names {
		if locale, ok := pathLocale(name); ok {
			return locale
		}
	}
	return ""
}

// suffix tells documents of one path in different languages apart.
func (s setting) suffix(locale string) string {
	if s.told() == locale {
		return ""
	}
	return "@" + locale
}

// finish fills in what is still open and checks everything.
func (s setting) finish(m Meta, heading string) (Meta, error) {
	aside := s.aside
	aside.ID = ""
	m = m.Over(s.known).Over(aside)
	m.Title = cmp.Or(m.Title, heading)
	for _, name := range s.names {
		m.Title = cmp.Or(m.Title, baseName(name), name)
	}
	m.Audience = cmp.Or(m.Audience, AudienceCustomer)
	m, err := m.Check()
	m.Title = shortTitle(m.Title)
	return m, err
}

// shortTitle cuts a title that is longer than a heading may be: it stands in front of
// every passage, in what is embedded and before the model.
func shortTitle(title string) string {
	if CountTokens(title) <= maxTitle {
		return title
	}
	const more = "…"
	size := within(title, maxTitle*100)
	size = boundary(title[:size], false)
	for CountTokens(title[:size]+more) > maxTitle {
		_, last := utf8.DecodeLastRuneInString(title[:size])
		size -= last
	}
	return strings.TrimRightFunc(title[:size], func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) }) + more
}

func parseMarkdown(s setting, text string) (Parsed, error) {
	own, body, err := frontMatter(text)
	if err != nil {
		return Parsed{}, fmt.Errorf("front matter, %w", err)
	}
	own.Locale, err = s.locale(own.Locale, text[body:])
	if err != nil {
		return Parsed{}, err
	}
	if own.Locale == "" {
		return Parsed{}, errNoLocale
	}
	chunks, heading := split(text[body:])
	if len(chunks) == 0 {
		return Parsed{}, errEmpty
	}
	for i := range chunks {
		chunks[i].Start += body
		chunks[i].End += body
	}
	meta, err := s.finish(own, heading)
	if err != nil {
		return Parsed{}, err
	}
	parsed := Parsed{Meta: meta, Body: text, Format: FormatMarkdown, Chunks: chunks}
	if meta.ID == "" {
		parsed.Suffix = s.suffix(meta.Locale)
	}
	return parsed, nil
}

// pathLocale finds the locale in a path: the innermost folder es or en, else a
// suffix of the file's name as in returns.es.md.
func pathLocale(name string) (string, bool) {
	folders := strings.Split(path.Dir(name), "/")
	for _, folder := range slices.Backward(folders) {
		if lower := strings.ToLower(folder); lower == "es" || lower == "en" {
			return lower, true
		}
	}
	stem := strings.TrimSuffix(path.Base(name), path.Ext(name))
	suffix := strings.ToLower(strings.TrimPrefix(path.Ext(stem), "."))
	if suffix == "es" || suffix == "en" {
		return suffix, true
	}
	return "", false
}

// baseName is the file's name without folders, locale suffix and extension.
func baseName(name string) string {
	if name == "" {
		return ""
	}
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	if locale := strings.ToLower(path.Ext(base)); locale == ".es" || locale == ".en" {
		base = base[:len(base)-len(locale)]
	}
	return strings.TrimSpace(base)
}

// invalidLine is the first line, from 1, that is not UTF-8.
func invalidLine(data []byte) int {
	for i, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) {
			return i + 1
		}
	}
	return 1
}
