package extract

import (
	"bytes"
	"mime"
	"path"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/recado/recado/knowledge"
)

// kind is a format with a reader of its own.
type kind string

const (
	kindMarkdown kind = "markdown"
	kindText     kind = "text"
	kindHTML     kind = "html"
	kindPDF      kind = "pdf"
	kindDOCX     kind = "docx"
	kindTable    kind = "table"
	kindJSON     kind = "json"
)

var extensions = map[string]kind{
	".md": kindMarkdown, ".markdown": kindMarkdown, ".txt": kindText,
	".html": kindHTML, ".htm": kindHTML, ".xhtml": kindHTML,
	".pdf": kindPDF, ".docx": kindDOCX,
	".csv": kindTable, ".tsv": kindTable,
	".json": kindJSON, ".jsonl": kindJSON, ".ndjson": kindJSON,
}

// toolFiles are no documents, though they lie in many folders of documents.
var toolFiles = []string{
	"package.json", "package-lock.json", "composer.json", "tsconfig.json", "jsconfig.json", "deno.json",
	"robots.txt", "requirements.txt", "cmakelists.txt",
}

var contentTypes = map[string]kind{
	"text/html": kindHTML, "application/xhtml+xml": kindHTML,
	"application/pdf": kindPDF, "application/x-pdf": kindPDF,
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": kindDOCX,
	"text/markdown": kindMarkdown, "text/x-markdown": kindMarkdown,
	"text/csv": kindTable, "text/tab-separated-values": kindTable,
	"application/json": kindJSON, "application/x-ndjson": kindJSON, "application/jsonl": kindJSON,
}

// kindOf trusts a server that names a format, then the file's name, and then the
// content: "text/plain" and "application/octet-stream" say what no server knew.
func kindOf(f file) kind {
	media, _, err := mime.ParseMediaType(f.contentType)
	if err != nil {
		media, _, _ = strings.Cut(strings.ToLower(f.contentType), ";")
		media = strings.TrimSpace(media)
	}
	if known := contentTypes[media]; known != "" {
		return known
	}
	if known := extensions[strings.ToLower(path.Ext(f.name))]; known != "" {
		return known
	}
	if media == "text/plain" {
		return kindText
	}
	if media == "" || media == "application/octet-stream" {
		return contentTypes[baseType(mimetype.Detect(f.data).String())]
	}
	return ""
}

func baseType(contentType string) string {
	base, _, _ := strings.Cut(contentType, ";")
	return base
}

// whatIs says what binary content is, in words that continue a sentence, and
// nothing for text.
func whatIs(data []byte) string {
	found := mimetype.Detect(data)
	base := baseType(found.String())
	group, _, _ := strings.Cut(base, "/")
	switch {
	case isOLE(data):
		return "an old Office file (.doc, .xls); save it in today's format"
	case bytes.HasPrefix(data, []byte("%PDF-")):
		return "a PDF; name it .pdf"
	case base == docxType:
		return "a Word file; name it .docx"
	case found.Is("application/zip") || found.Is("application/gzip") || found.Is("application/x-7z-compressed"):
		return "an archive (" + base + ")"
	case group == "image":
		return "a picture (" + base + ")"
	case group == "audio" || group == "video":
		return "a recording (" + base + ")"
	case group == "text" || base == "application/json" || bytes.IndexByte(data, 0) < 0 && base == "application/octet-stream":
		return ""
	case base == "application/octet-stream":
		return "a binary file"
	}
	return "a binary file (" + base + ")"
}

const docxType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

// isOLE tells the container of Word, Excel and PowerPoint before 2007, which also
// wraps newer files that have a password.
func isOLE(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))
}

// readMarkdown passes Markdown on as it is, but for comments; its front matter is for
// knowledge.Parse.
func readMarkdown(f file) ([]knowledge.Extracted, error) {
	text, err := decode(f.data, f.contentType)
	if err != nil {
		return nil, err
	}
	text = withoutComments(text)
	if id := notionID(f.name); id != "" {
		return []knowledge.Extracted{notionPage(f.name, text)}, nil
	}
	return []knowledge.Extracted{{Body: text, Format: knowledge.FormatMarkdown}}, nil
}

// readText takes plain text for Markdown, which it is but for marks that are hardly
// ever meant.
func readText(f file) ([]knowledge.Extracted, error) {
	text, err := decode(f.data, f.contentType)
	if err != nil {
		return nil, err
	}
	return []knowledge.Extracted{{Body: text, Format: knowledge.FormatMarkdown}}, nil
}
