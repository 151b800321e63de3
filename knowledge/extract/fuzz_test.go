package extract_test

import (
	"context"
	"encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/extract"
)

// fuzz holds one format to what holds for all: no panic, texts as promised or a
// sentence, and no more text than the file can stand for.
func fuzz(f *testing.F, name, contentType string, times int) {
	f.Helper()
	e := newExtractor(f, extract.Config{})
	f.Fuzz(func(t *testing.T, data []byte) {
		texts, err := e.Extract(context.Background(), name, knowledge.File{Data: data, ContentType: contentType, Place: "https://shop.example/" + name})
		checkTexts(t, texts, err)
		if err != nil {
			if text := err.Error(); !utf8.ValidString(text) || len(text) > 2000 || strings.ContainsAny(text, "\x00\r") {
				t.Errorf("no sentence: %.200q", text)
			}
			return
		}
		size := 0
		for _, text := range texts {
			size += len(text.Body)
			if text.Format == knowledge.FormatFAQ {
				checkTable(t, text.Body)
			}
		}
		if size > times*len(data)+4096 {
			t.Errorf("%d bytes became %d", len(data), size)
		}
	})
}

// checkTable wants a table that knowledge.Parse can read: the columns it knows, and
// pairs that are whole.
func checkTable(tb testing.TB, body string) {
	tb.Helper()
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		tb.Fatalf("%v in\n%q", err, body)
	}
	if len(rows) < 2 || len(rows[0]) < 2 || rows[0][0] != "question" || rows[0][1] != "answer" {
		tb.Fatalf("no table: %q", body)
	}
	for _, row := range rows[1:] {
		if strings.TrimSpace(row[0]) == "" || strings.TrimSpace(row[1]) == "" {
			tb.Errorf("half a pair: %q", row)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{spanishText, string(windows1252(f, spanishText)), "\xff\xfeh\x00o\x00", "\xfe\xff\x00h", "a\x00b", "\xef\xbb\xbf", "---\ntitle: x\n---\n"} {
		f.Add([]byte(seed))
	}
	fuzz(f, "a.md", "", 4)
}

func FuzzHTML(f *testing.F) {
	for _, seed := range []string{
		shopPage, "<table><tr><td colspan=9 rowspan=9>a<tr><td>b</table>", "<ul><li>a<ol><li>b", "<pre>a\n`b`</pre><code>|</code>", "<a href='http://[::1'>x</a>",
		"<svg><title>x</title></svg><math><mi>y</mi></math>", "<dl><dt>a<dd>b</dl><details><summary>c", "<select><option>x", "<template><p>x</template>", "<frameset><frame>",
		"<a href=x><img alt=y></a>", "<h1><button>q</button></h1>", "&lt;b&gt; &#0; &#xD800;", "<base href='http://b.example/x/'><a href='../y/z'>z</a>",
	} {
		f.Add([]byte(seed))
	}
	fuzz(f, "a.html", "text/html", 64)
}

func FuzzTable(f *testing.F) {
	for _, seed := range []string{
		"question,answer\na,b\n", "sep=;\nPregunta;Respuesta\n\"a\nb\";c\n", "q\ta\nx\ty\n", "question|answer|locale\na|b|es\n", "question,answer\n\"a\"\"b\",c\n",
		"\"question\",\"answer\"\r\na,b\r", "question,answer,tags,id\na,b,\"c,d\",\n",
	} {
		f.Add([]byte(seed))
	}
	fuzz(f, "a.csv", "", 4)
}

func FuzzNotion(f *testing.F) {
	for _, seed := range []string{"Name,Tags\na,b\n", "question,answer\na,b\n", "Name;X\n\"a\nb\";c;d\n"} {
		f.Add([]byte(seed))
	}
	fuzz(f, "Normas "+notionID+".csv", "", 256)
}

func FuzzNotionPage(f *testing.F) {
	for _, seed := range []string{"# A\n\nTags: x\nOwner: y\n\ntext [l](B%20" + notionID + ".md)\n", "# A\nb: c\n", "](](\n"} {
		f.Add([]byte(seed))
	}
	fuzz(f, "Normas "+notionID+".md", "", 4)
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		zendesk, intercom, `[{"question":"a","answer":"b","tags":["x"]}]`, `{"q":"a","a":"b"}` + "\n" + `{"q":"c","a":"d"}`, `{"faqs":[{"pregunta":"a","respuesta":1}]}`,
		`{"articles":[null]}`, `{"article":{"title":"x","body":"<p>y"}}`, `[[]]`, `{"title":"\ud800","body":"\u0000x"}`, `{"data":[{"title":"a","translated_content":{"es":null}}]}`,
	} {
		f.Add([]byte(seed))
	}
	fuzz(f, "a.json", "", 64)
}

// FuzzWord writes the XML of a Word file at random.
func FuzzWord(f *testing.F) {
	f.Add(para("Ttulo1", "a")+`<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="3"/><w:vMerge/></w:tcPr><w:p/></w:tc></w:tr></w:tbl>`, wordParts[0].content, wordParts[1].content)
	f.Add(`<w:tc>`+para("", "x")+`</w:tc><w:hyperlink r:id="rId1"><w:r><w:t>y`, "<w:style>", "<w:num/>")
	f.Add(`<w:p><w:hyperlink r:id="rId1"><w:p><w:r><w:t>x</w:t></w:r></w:p></w:hyperlink></w:p><w:footnote w:id="1"/>`, `<w:style w:styleId="a"><w:basedOn w:val="a"/></w:style>`, "")
	e := newExtractor(f, extract.Config{})
	f.Fuzz(func(t *testing.T, body, styles, numbering string) {
		data := newDOCX(t, body, part{"word/styles.xml", styles}, part{"word/numbering.xml", numbering}, wordParts[2])
		texts, err := e.Extract(context.Background(), "a.docx", knowledge.File{Data: data})
		checkTexts(t, texts, err)
		for _, text := range texts {
			if len(text.Body) > 256*len(body)+4096 {
				t.Errorf("%d bytes became %d", len(body), len(text.Body))
			}
		}
	})
}

// FuzzWordFile breaks whole files.
func FuzzWordFile(f *testing.F) {
	f.Add(newDOCX(f, para("", "hola"), wordParts...))
	f.Add([]byte("PK\x03\x04"))
	fuzz(f, "a.docx", "", 2048)
}

// FuzzPDF breaks whole files. PDFium runs apart, so a broken file costs an error.
func FuzzPDF(f *testing.F) {
	f.Add(shortPDF(f, 1))
	f.Add([]byte(circle))
	f.Add([]byte("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj\n4 0 obj<</Length 30>>stream\nBT /F 9 Tf (hola hola) Tj ET   \nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"))
	fuzz(f, "a.pdf", "", 2048)
}
