package knowledge

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// Reasons for which a source is not a document. They are wrapped with the place
// in the file and reach the person who ingests through Report.Broken.
var (
	errEmpty    = errors.New("the document is empty")
	errBinary   = errors.New("this is a binary file, not a text")
	errNotUTF8  = errors.New("not valid UTF-8; save the file as UTF-8")
	errNoLocale = errors.New("no language: put \"locale: es\" (or en) in the front matter, the file in a folder es or en, " +
		"or give it a name such as returns.es.md")
)

// Parsed is one document of a source file before it is embedded: its chunks
// have neither ID nor vector yet.
type Parsed struct {
	Title  string
	Locale string
	// Tagged says that the path does not tell the locale, so that the
	// document's ID has to.
	Tagged bool
	Chunks []Chunk
}

// Accepts says whether a file is a source by its name: .md, .markdown or .csv,
// in any case.
func Accepts(name string) bool {
	return slices.Contains([]string{".md", ".markdown", ".csv"}, strings.ToLower(path.Ext(name)))
}

// Parse reads one source file. The name is its slash-separated path below the
// ingested root; its extension tells Markdown from a FAQ table. A Markdown file
// is one document, a table one document for each locale in it, by locale.
//
// The locale of a Markdown file is that of its front matter (locale, lang or
// language), else the innermost folder named es or en, else the suffix before
// the extension (returns.es.md), else defaultLocale. A table's rows without a
// locale follow the same rule. The title is that of the front matter, else the
// first heading of level 1, else the file's name.
//
// An empty, binary or wrongly encoded file and a text without a locale are
// errors that a person can act on.
func Parse(name string, data []byte, defaultLocale string) ([]Parsed, error) {
	text, err := decode(data)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(path.Ext(name), ".csv") {
		return parseFAQ(name, text, defaultLocale)
	}
	doc, err := parseMarkdown(name, text, defaultLocale)
	if err != nil {
		return nil, err
	}
	return []Parsed{doc}, nil
}

// decode checks the encoding and makes line ends plain. Offsets of chunks count
// in its result: without a byte order mark, with \n line ends.
func decode(data []byte) (string, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return "", errEmpty
	case bytes.IndexByte(data, 0) >= 0:
		return "", errBinary
	}
	if !utf8.Valid(data) {
		return "", fmt.Errorf("line %d: %w", invalidLine(data), errNotUTF8)
	}
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	return strings.ReplaceAll(text, "\r", "\n"), nil
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

func parseMarkdown(name, text, defaultLocale string) (Parsed, error) {
	matter, body := frontMatter(text)
	locale, fromPath := pathLocale(name)
	tagged := !fromPath
	if given := firstOf(matter, "locale", "lang", "language"); given != "" {
		var err error
		if locale, err = cleanLocale(given); err != nil {
			return Parsed{}, fmt.Errorf("front matter: %w", err)
		}
		own, _ := pathLocale(name)
		tagged = own != locale
	} else if !fromPath {
		locale = defaultLocale
	}
	if locale == "" {
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
	title := firstOf(matter, "title", "título", "titulo")
	for _, fallback := range []string{heading, baseName(name)} {
		if title == "" {
			title = fallback
		}
	}
	return Parsed{Title: title, Locale: locale, Tagged: tagged, Chunks: chunks}, nil
}

// frontMatter reads "key: value" lines between two lines of three hyphens at the
// very start, and says where the body begins. Anything that is not closed or
// holds no key is part of the body: a document may begin with a rule.
func frontMatter(text string) (values map[string]string, body int) {
	rest, ok := strings.CutPrefix(text, "---\n")
	if !ok {
		return nil, 0
	}
	values = map[string]string{}
	at := len(text) - len(rest)
	for line := range strings.Lines(rest) {
		at += len(line)
		line = strings.TrimSpace(line)
		if line == "---" || line == "..." {
			if len(values) == 0 {
				return nil, 0
			}
			return values, at
		}
		if key, value, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "#") {
			values[strings.ToLower(strings.TrimSpace(key))] = unquote(strings.TrimSpace(value))
		}
	}
	return nil, 0
}

func unquote(value string) string {
	for _, quote := range []string{`"`, `'`} {
		if len(value) >= 2 && strings.HasPrefix(value, quote) && strings.HasSuffix(value, quote) {
			return value[1 : len(value)-1]
		}
	}
	return value
}

func firstOf(values map[string]string, keys ...string) string {
	for _, key := range keys {
		if values[key] != "" {
			return values[key]
		}
	}
	return ""
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

// cleanLocale checks a locale a person wrote: a language of two or three letters
// with optional subtags, "es", "es-MX", "en_US". It comes back in lower case with
// hyphens.
func cleanLocale(given string) (string, error) {
	locale := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(given), "_", "-"))
	for i, part := range strings.Split(locale, "-") {
		letters := strings.IndexFunc(part, func(r rune) bool { return r > 'z' || r < '0' || (r > '9' && r < 'a') }) < 0
		if !letters || part == "" || len(part) > 8 || (i == 0 && (len(part) < 2 || len(part) > 3)) {
			return "", fmt.Errorf("%q is not a language such as es or en", given)
		}
	}
	return locale, nil
}

// baseName is the file's name without folders, locale suffix and extension.
func baseName(name string) string {
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	if locale := strings.ToLower(path.Ext(base)); locale == ".es" || locale == ".en" {
		base = base[:len(base)-len(locale)]
	}
	return base
}
