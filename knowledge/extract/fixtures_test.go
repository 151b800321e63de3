package extract_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/extract"
)

func newExtractor(tb testing.TB, config extract.Config) *extract.Extractor {
	tb.Helper()
	e, err := extract.New(config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Error(err)
		}
	})
	return e
}

// extractAll reads a file and holds every text to what Extracted promises.
func extractAll(tb testing.TB, name, contentType string, data []byte) ([]knowledge.Extracted, error) {
	tb.Helper()
	texts, err := newExtractor(tb, extract.Config{}).Extract(context.Background(), name, knowledge.File{Data: data, ContentType: contentType})
	checkTexts(tb, texts, err)
	return texts, err
}

func checkTexts(tb testing.TB, texts []knowledge.Extracted, err error) {
	tb.Helper()
	if err != nil {
		if len(texts) > 0 {
			tb.Errorf("%d texts come with the error %v", len(texts), err)
		}
		return
	}
	if len(texts) == 0 {
		tb.Error("neither a text nor an error")
	}
	names := map[string]bool{}
	for _, text := range texts {
		if names[text.Name] {
			tb.Errorf("two texts are called %q", text.Name)
		}
		names[text.Name] = true
		if strings.TrimSpace(text.Body) == "" || !utf8.ValidString(text.Body) || strings.ContainsAny(text.Body, "\r\x00\uFEFF") {
			tb.Errorf("the body of %q is empty, no UTF-8, or has carriage returns, zeros or a byte order mark: %.80q", text.Name, text.Body)
		}
		if text.Format != knowledge.FormatMarkdown && text.Format != knowledge.FormatFAQ {
			tb.Errorf("format %q", text.Format)
		}
		if strings.Contains(text.Meta.Title+text.Aside.Title, "\n") {
			tb.Errorf("a title of several lines: %q", text.Meta.Title)
		}
	}
}

// one is the only text of a file.
func one(tb testing.TB, name, contentType string, data []byte) knowledge.Extracted {
	tb.Helper()
	texts, err := extractAll(tb, name, contentType, data)
	if err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	if len(texts) != 1 {
		tb.Fatalf("%s gives %d texts", name, len(texts))
	}
	return texts[0]
}

// refusal is the sentence with which a file is refused.
func refusal(tb testing.TB, name, contentType string, data []byte) string {
	tb.Helper()
	texts, err := extractAll(tb, name, contentType, data)
	if err == nil {
		tb.Fatalf("%s is read: %q", name, texts[0].Body)
	}
	return err.Error()
}

// wantParts wants texts in this order.
func wantParts(tb testing.TB, body string, parts ...string) {
	tb.Helper()
	rest := body
	for _, part := range parts {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			tb.Errorf("no %q, or not in its place, in\n%s", part, body)
			return
		}
		rest = after
	}
}

func wantNone(tb testing.TB, body string, parts ...string) {
	tb.Helper()
	for _, part := range parts {
		if strings.Contains(body, part) {
			tb.Errorf("%q is in\n%s", part, body)
		}
	}
}

func windows1252(tb testing.TB, text string) []byte {
	return encoded(tb, charmap.Windows1252, text)
}

func encoded(tb testing.TB, m *charmap.Charmap, text string) []byte {
	tb.Helper()
	data, err := m.NewEncoder().Bytes([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func utf16(tb testing.TB, order unicode.Endianness, mark unicode.BOMPolicy, text string) []byte {
	tb.Helper()
	data, err := unicode.UTF16(order, mark).NewEncoder().Bytes([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// newPDF makes a PDF of A4 pages; write fills it.
func newPDF(tb testing.TB, write func(pdf *fpdf.Fpdf, spanish func(string) string)) []byte {
	tb.Helper()
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	pdf.SetMargins(20, 20, 20)
	write(pdf, pdf.UnicodeTranslatorFromDescriptor(""))
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// policyPDF is a policy with headings, paragraphs of several lines, a list, a table
// and running titles on three pages.
func policyPDF(tb testing.TB) []byte {
	return newPDF(tb, func(pdf *fpdf.Fpdf, spanish func(string) string) {
		pdf.SetTitle("Política de devoluciones", true)
		pdf.SetHeaderFunc(func() {
			pdf.SetFont("Helvetica", "", 8)
			pdf.Cell(0, 5, spanish("Tienda Ejemplo, condiciones"))
			pdf.Ln(12)
		})
		pdf.SetFooterFunc(func() {
			pdf.SetY(-15)
			pdf.SetFont("Helvetica", "", 8)
			pdf.Cell(0, 5, spanish(fmt.Sprintf("Página %d de 3", pdf.PageNo())))
		})
		heading := func(size float64, text string) {
			pdf.Ln(4)
			pdf.SetFont("Helvetica", "B", size)
			pdf.MultiCell(0, size/2, spanish(text), "", "L", false)
			pdf.Ln(2)
		}
		text := func(text string) {
			pdf.SetFont("Helvetica", "", 11)
			pdf.MultiCell(0, 5, spanish(text), "", "L", false)
			pdf.Ln(3)
		}
		pdf.AddPage()
		heading(22, "Política de devoluciones")
		text("Puedes devolver cualquier artículo en un plazo de 30 días desde que lo recibes, sin decir por qué. " +
			"El envío de vuelta cuesta 4,95 € y lo paga quien devuelve; si el artículo llegó dañado, lo paga la tienda.")
		heading(15, "¿Qué no se puede devolver?")
		text("Los artículos hechos a medida y los que se han abierto por razones de higiene:")
		for _, item := range []string{"• Pendientes y piercings", "• Bañadores sin su protección", "• Tarjetas de regalo"} {
			pdf.SetFont("Helvetica", "", 11)
			pdf.Cell(0, 5, spanish(item))
			pdf.Ln(5)
		}
		pdf.AddPage()
		heading(15, "Plazos por zona")
		pdf.SetFont("Helvetica", "", 11)
		for _, row := range [][]string{{"Zona", "Plazo", "Coste"}, {"Península", "30 días", "4,95 €"}, {"Canarias", "45 días", "9,90 €"}} {
			for _, cell := range row {
				pdf.CellFormat(50, 7, spanish(cell), "1", 0, "L", false, 0, "")
			}
			pdf.Ln(7)
		}
		pdf.AddPage()
		heading(15, "Contacto")
		text("Escribe con tu número de pedido y te respondemos el mismo día.")
	})
}

// part is a file of a DOCX.
type part struct{ name, content string }

const wordSpace = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`

// newDOCX makes a Word file of the body's XML and more parts.
func newDOCX(tb testing.TB, body string, more ...part) []byte {
	tb.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	parts := append([]part{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`},
		{"word/document.xml", `<?xml version="1.0" encoding="UTF-8"?><w:document ` + wordSpace + `><w:body>` + body + `</w:body></w:document>`},
	}, more...)
	for _, p := range parts {
		w, err := archive.Create(p.name)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := w.Write([]byte(p.content)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// para is a paragraph with a style, "" for none.
func para(style, text string) string {
	if style != "" {
		style = `<w:pPr><w:pStyle w:val="` + style + `"/></w:pPr>`
	}
	return `<w:p>` + style + `<w:r><w:t xml:space="preserve">` + text + `</w:t></w:r></w:p>`
}
