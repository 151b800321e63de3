package extract_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/extract"
)

const spanishText = "¿Cuánto cuesta el envío a España? Son 4,95 €.\nEl pingüino y el niño comen piña – «siempre» – en Ávila.\n"

func TestEncodings(t *testing.T) {
	t.Parallel()
	latin := strings.NewReplacer("€", "EUR", "–", "-").Replace(spanishText)
	for name, test := range map[string]struct {
		data        []byte
		contentType string
		want        string
	}{
		"UTF-8":                    {[]byte(spanishText), "", spanishText},
		"UTF-8 with a mark":        {[]byte("\xef\xbb\xbf" + spanishText), "", spanishText},
		"UTF-8 called Latin-1":     {[]byte(spanishText), "text/plain; charset=iso-8859-1", spanishText},
		"UTF-16 LE with a mark":    {utf16(t, unicode.LittleEndian, unicode.UseBOM, spanishText), "", spanishText},
		"UTF-16 BE with a mark":    {utf16(t, unicode.BigEndian, unicode.UseBOM, spanishText), "", spanishText},
		"UTF-16 LE":                {utf16(t, unicode.LittleEndian, unicode.IgnoreBOM, spanishText), "", spanishText},
		"UTF-16 BE":                {utf16(t, unicode.BigEndian, unicode.IgnoreBOM, spanishText), "", spanishText},
		"Windows-1252":             {windows1252(t, spanishText), "", spanishText},
		"Windows-1252 called so":   {windows1252(t, spanishText), "text/plain; charset=windows-1252", spanishText},
		"Windows-1252 called UTF8": {windows1252(t, spanishText), "text/plain; charset=utf-8", spanishText},
		"Latin-1":                  {encoded(t, charmap.ISO8859_1, latin), "", latin},
		"Latin-9 called so":        {encoded(t, charmap.ISO8859_15, "Son 4,95 €, señor.\n"), "text/plain; charset=iso-8859-15", "Son 4,95 €, señor.\n"},
		"old Mac":                  {encoded(t, charmap.Macintosh, spanishText), "", spanishText},
		"DOS":                      {encoded(t, charmap.CodePage850, latin), "", latin},
		"Windows line ends":        {[]byte("uno\r\ndos\rtres\n"), "", "uno\ndos\ntres\n"},
		"UTF-8 and a stray byte":   {[]byte(strings.Replace(spanishText, "niño", "ni\xf1o", 1)), "", spanishText},
		"UTF-8 and more, declared": {[]byte(strings.Replace(spanishText, "niño", "ni\xf1o", 1)), "text/plain; charset=iso-8859-1", spanishText},
		"an unknown charset":       {windows1252(t, "año nuevo\n"), "text/plain; charset=klingon", "año nuevo\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, file := range []string{"a.txt", "a.md"} {
				contentType := test.contentType
				if file == "a.md" {
					contentType = strings.Replace(contentType, "text/plain", "text/markdown", 1)
				}
				got := one(t, file, contentType, test.data)
				if got.Body != test.want || got.Format != knowledge.FormatMarkdown {
					t.Errorf("%s: %q, not %q", file, got.Body, test.want)
				}
			}
		})
	}
}

// TestWindows1252IsAlwaysRead takes words of Spanish and English at random: what an
// old editor wrote comes back letter by letter.
func TestWindows1252IsAlwaysRead(t *testing.T) {
	t.Parallel()
	e := newExtractor(t, extract.Config{})
	words := []string{"año", "envío", "¿Cuándo?", "¡Hola!", "señal", "pingüino", "4,95 €", "café", "the shop", "don’t", "Ávila", "ÑANDÚ", "días –", "reseña", "«sí»", "100 %", "1.º"}
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 40).Draw(rt, "words"), " ")
		data, err := charmap.Windows1252.NewEncoder().Bytes([]byte(text))
		if err != nil {
			rt.Fatal(err)
		}
		got, err := e.Extract(context.Background(), "a.txt", knowledge.File{Data: data})
		if err != nil || got[0].Body != text {
			rt.Fatalf("%q, %v; not %q", got, err, text)
		}
	})
}

func TestPageEncodings(t *testing.T) {
	t.Parallel()
	meta := `<html><head>META<title>Envíos</title></head><body><main><p>El envío a España cuesta 4,95 €, ¿vale?</p></main></body></html>`
	page := strings.Replace(meta, "META", "", 1)
	for name, test := range map[string]struct{ data, contentType string }{
		"by the server":  {string(windows1252(t, page)), "text/html; charset=windows-1252"},
		"by the page":    {string(windows1252(t, strings.Replace(meta, "META", `<meta charset="iso-8859-1">`, 1))), "text/html"},
		"by http-equiv":  {string(windows1252(t, strings.Replace(meta, "META", `<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">`, 1))), ""},
		"by nobody":      {string(windows1252(t, page)), ""},
		"wrongly":        {strings.Replace(meta, "META", `<meta charset="iso-8859-1">`, 1), "text/html; charset=iso-8859-1"},
		"as UTF-16":      {string(utf16(t, unicode.LittleEndian, unicode.UseBOM, page)), ""},
		"in another one": {string(encoded(t, charmap.CodePage850, strings.NewReplacer("META", `<meta charset="ibm866">`, "€", "EUR").Replace(meta))), "text/html; charset=ibm850"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := one(t, "envios.html", test.contentType, []byte(test.data))
			if strings.Contains(name, "another") {
				// The web does not know it: the words decide.
				wantParts(t, got.Body, "El envío a España cuesta 4,95 EUR, ¿vale?")
				return
			}
			wantParts(t, got.Body, "El envío a España cuesta 4,95 €, ¿vale?")
			if got.Aside.Title != "Envíos" {
				t.Errorf("title %q", got.Aside.Title)
			}
		})
	}
}

// TestNoText wants a sentence for everything that can't be read.
func TestNoText(t *testing.T) {
	t.Parallel()
	png := "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"
	old := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 512)
	for name, test := range map[string]struct{ file, contentType, data, want string }{
		"nothing":              {"a.md", "", "", "empty"},
		"white space":          {"a.html", "", " \r\n\t ", "empty"},
		"a mark alone":         {"a.csv", "", "\xef\xbb\xbf \n", "empty"},
		"a picture":            {"a.txt", "", png, "a picture (image/png)"},
		"a picture as page":    {"a", "text/html", png, "a picture (image/png)"},
		"a picture as Word":    {"a.docx", "", png, "no Word file"},
		"a picture as PDF":     {"a.pdf", "", png, "this is no PDF but a picture (image/png)"},
		"text as PDF":          {"a.pdf", "", "hello", "this is no PDF"},
		"a program":            {"a.md", "", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00", "a binary file"},
		"an archive":           {"a.txt", "", "PK\x03\x04\x14\x00\x00\x00\x08\x00", "an archive"},
		"an old Office file":   {"a.csv", "", old, "an old Office file"},
		"an old Word file":     {"a.docx", "", old, "save it as .docx"},
		"a PDF as text":        {"a.txt", "", "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n\x00\x01\x02", "a PDF; name it .pdf"},
		"zeros":                {"a.md", "", "hola\x00\x00\x00adiós", "a binary file"},
		"control characters":   {"a.md", "", strings.Repeat("\x01\x02\x03ab", 40), "a binary file"},
		"half of a character":  {"a.txt", "", "\xff\xfeh\x00o", "UTF-16"},
		"an unknown name":      {"a.xyz", "text/x-unknown", "hola", "format is unknown"},
		"a recording":          {"a.xyz", "audio/mpeg", "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00", "a recording"},
		"a page in nothing":    {"a", "", png, "a picture"},
		"an enormous document": {"a.md", "", strings.Repeat("palabra ", 3<<20), "too much text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := refusal(t, test.file, test.contentType, []byte(test.data)); !strings.Contains(got, test.want) {
				t.Errorf("%q does not say %q", got, test.want)
			}
		})
	}
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	e := newExtractor(t, extract.Config{})
	for name, want := range map[string]bool{
		"policies/es/returns.md": true, "A.MARKDOWN": true, "a.Html": true, "a.htm": true, "a.xhtml": true, "a.TXT": true,
		"a.PDF": true, "a.docx": true, "a.csv": true, "a.tsv": true, "a.json": true, "a.jsonl": true, "a.ndjson": true,
		"a.doc": false, "a.png": false, "README": false, "a": false, "": false, "a.md/b": false, "a.zip": false,
		"web/package.json": false, "robots.txt": false,
	} {
		if got := e.Accepts(name); got != want {
			t.Errorf("Accepts(%q) is %v", name, got)
		}
	}
}

// TestContentTypeCountsMore reads pages by what the server says, since their
// addresses say little.
func TestContentTypeCountsMore(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]string{
		"text/html; charset=utf-8": "hola **mundo**", "application/xhtml+xml": "hola **mundo**",
		"text/plain": "<p>hola <b>mundo</b></p>", "text/markdown": "<p>hola <b>mundo</b></p>", "": "hola **mundo**",
	} {
		got := one(t, "shop.example/ayuda", contentType, []byte("<p>hola <b>mundo</b></p>"))
		if strings.TrimSpace(got.Body) != want {
			t.Errorf("%s: %q", contentType, got.Body)
		}
	}
	if got := one(t, "ayuda.php", "text/html", []byte("<p>hola</p>")); got.Body != "hola\n" {
		t.Errorf("%q", got.Body)
	}
	if got := one(t, "faq.csv", "text/plain", []byte("question,answer\na,b\n")); got.Format != knowledge.FormatFAQ {
		t.Errorf("format %q", got.Format)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, config := range []extract.Config{{MaxText: -1}, {Timeout: -1}} {
		if _, err := extract.New(config); err == nil {
			t.Errorf("%+v is taken", config)
		}
	}
	small := newExtractor(t, extract.Config{MaxText: 10})
	if _, err := small.Extract(context.Background(), "a.md", knowledge.File{Data: []byte("más de diez letras")}); !errors.Is(err, extract.ErrTooMuch) {
		t.Errorf("error %v", err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := small.Extract(ended, "a.md", knowledge.File{Data: []byte("a")}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestCommentsAreHidden: what the author of a page hides from its readers is told to
// nobody, but for code that shows how a comment is written.
func TestCommentsAreHidden(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"# A\n\n<!-- interno: 50 € -->\n\nTexto.\n":                 "# A\n\n\n\nTexto.\n",
		"Uno <!-- dos --> tres <!-- cuatro\ncinco --> seis.\n":      "Uno  tres  seis.\n",
		"<!-- a\n\nb\n-->\nTexto.\n":                                "\nTexto.\n",
		"<div>\n<!-- a --><p>Uno</p><!-- b -->\n</div>\n":           "<div>\n<p>Uno</p>\n</div>\n",
		"- Uno <!-- a -->\n\n> <!-- b -->\n> Dos\n":                 "- Uno \n\n> \n> Dos\n",
		"```html\n<!-- se ve -->\n```\n\nCon `<!-- también -->`.\n": "```html\n<!-- se ve -->\n```\n\nCon `<!-- también -->`.\n",
		"<!-- sin fin\n\nTexto.\n":                                  "<!-- sin fin\n\nTexto.\n",
		"---\ntitle: A\n---\n<!-- a -->\nTexto.\n":                  "---\ntitle: A\n---\n\nTexto.\n",
	} {
		if got := one(t, "a.md", "", []byte(body)); got.Body != want {
			t.Errorf("%q became %q, not %q", body, got.Body, want)
		}
	}
	if got := refusal(t, "a.md", "", []byte("<!-- nada -->\n")); !strings.Contains(got, "empty") {
		t.Errorf("nothing but a comment: %s", got)
	}
}

// TestMarkdownStays leaves Markdown to knowledge.Parse, front matter and all.
func TestMarkdownStays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringMatching(`(---\ntitle: [a-zñ]{1,9}\n---\n)?(#{1,3} [a-zá ]{1,12}\n\n([a-z*_|\\ñ€]{1,30}\n){1,4}\n){1,5}`).Draw(rt, "text")
		got, err := newExtractor(t, extract.Config{}).Extract(context.Background(), "es/a.md", knowledge.File{Data: []byte(text)})
		if err != nil || len(got) != 1 || got[0].Body != text || !utf8.ValidString(got[0].Body) {
			rt.Fatalf("%q, %v; not %q", got, err, text)
		}
	})
}
