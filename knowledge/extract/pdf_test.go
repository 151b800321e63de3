package extract_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/extract"
)

// pdfs is the one Extractor for all tests of PDFs: compiling the reader takes
// seconds.
var pdfs = sync.OnceValues(func() (*extract.Extractor, error) { return extract.New(extract.Config{}) })

func readPDF(tb testing.TB, data []byte) (knowledge.Extracted, error) {
	tb.Helper()
	e, err := pdfs()
	if err != nil {
		tb.Fatal(err)
	}
	texts, err := e.Extract(context.Background(), "a.pdf", knowledge.File{Data: data})
	checkTexts(tb, texts, err)
	if err != nil {
		return knowledge.Extracted{}, err
	}
	return texts[0], nil
}

func TestPDF(t *testing.T) {
	t.Parallel()
	got, err := readPDF(t, policyPDF(t))
	if err != nil {
		t.Fatal(err)
	}
	if got.Aside.Title != "Política de devoluciones" || got.Format != knowledge.FormatMarkdown {
		t.Errorf("%+v", got.Aside)
	}
	want := `# Política de devoluciones

Puedes devolver cualquier artículo en un plazo de 30 días desde que lo recibes, sin decir por qué. El envío de vuelta cuesta 4,95 € y lo paga quien devuelve; si el artículo llegó dañado, lo paga la tienda.

## ¿Qué no se puede devolver?

Los artículos hechos a medida y los que se han abierto por razones de higiene:

- Pendientes y piercings
- Bañadores sin su protección
- Tarjetas de regalo

## Plazos por zona

| Zona | Plazo | Coste |
| --- | --- | --- |
| Península | 30 días | 4,95 € |
| Canarias | 45 días | 9,90 € |

## Contacto

Escribe con tu número de pedido y te respondemos el mismo día.`
	if got.Body != want {
		t.Errorf("got\n%s\nwant\n%s", got.Body, want)
	}
}

func TestPDFParagraphs(t *testing.T) {
	t.Parallel()
	sentence := "Una frase larga que ocupa más de una línea en la página y que sigue hasta el final de la misma. "
	got, err := readPDF(t, newPDF(t, func(pdf *fpdf.Fpdf, spanish func(string) string) {
		pdf.SetTitle("Microsoft Word - normas.doc", true)
		pdf.SetFont("Times", "", 11)
		pdf.AddPage()
		for range 3 {
			// No space between paragraphs: the short last lines part them.
			pdf.MultiCell(0, 5, spanish(strings.Repeat(sentence, 3)+"Corta."), "", "L", false)
		}
		pdf.AddPage()
		pdf.MultiCell(0, 5, "Una cosa y la", "", "L", false)
		pdf.AddPage()
		pdf.MultiCell(0, 5, "otra en la hoja siguiente.", "", "L", false)
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got.Aside.Title != "" {
		t.Errorf("title %q", got.Aside.Title)
	}
	paragraphs := strings.Split(got.Body, "\n\n")
	if len(paragraphs) != 4 || paragraphs[0] != paragraphs[2] || !strings.HasSuffix(paragraphs[0], "misma. Corta.") {
		t.Errorf("%d paragraphs: %q", len(paragraphs), paragraphs)
	}
	if last := paragraphs[len(paragraphs)-1]; last != "Una cosa y la otra en la hoja siguiente." {
		t.Errorf("%q", last)
	}
}

func TestWrongPDFs(t *testing.T) {
	t.Parallel()
	whole := policyPDF(t)
	drawing := newPDF(t, func(pdf *fpdf.Fpdf, _ func(string) string) {
		pdf.AddPage()
		pdf.Circle(100, 100, 30, "D")
	})
	locked := newPDF(t, func(pdf *fpdf.Fpdf, _ func(string) string) {
		pdf.SetProtection(fpdf.CnProtectPrint, "abrir", "dueño")
		pdf.AddPage()
		pdf.SetFont("Times", "", 11)
		pdf.Cell(0, 5, "secreto")
	})
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"pictures alone":    {drawing, "no text; run it through OCR"},
		"a password":        {locked, "locked with a password"},
		"the first line":    {[]byte("%PDF-1.7\n"), "is broken"},
		"no objects":        {[]byte("%PDF-1.7\n" + strings.Repeat("x", 4000) + "\n%%EOF"), "is broken"},
		"noise":             {append([]byte("%PDF-1.4\n"), bytes.Repeat([]byte{0xff, 0x00, '<', '<'}, 2000)...), "is broken"},
		"pages in a circle": {[]byte(circle), "is broken"},
	} {
		got, err := readPDF(t, test.data)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, not %q; %q", name, err, test.want, got.Body)
		}
	}
	// What a broken copy still holds is read, or nothing: never half without a word.
	if _, err := readPDF(t, whole[:len(whole)/3]); err == nil {
		t.Error("a third of a PDF is read as if it were whole")
	}
}

// circle has a page tree that leads back to itself.
const circle = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1000000/Kids[3 0 R 2 0 R]>>endobj\n" +
	"3 0 obj<</Type/Pages/Parent 2 0 R/Count 1/Kids[2 0 R]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"

// recursion has a form that draws itself twice, again and again.
const recursion = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n" +
	"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R/Resources 6 0 R>>endobj\n" +
	"4 0 obj<</Length 12>>stream\n/F Do /F Do \nendstream endobj\n" +
	"5 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 100 100]/Resources 6 0 R/Length 12>>stream\n/F Do /F Do \nendstream endobj\n" +
	"6 0 obj<</XObject<</F 5 0 R>>>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"

// TestPDFTimeLimit stops the reader in the middle of a file, by the limit and by the
// context, and the next file is read as if nothing had been.
func TestPDFTimeLimit(t *testing.T) {
	t.Parallel()
	slow := newExtractor(t, extract.Config{Timeout: 50 * time.Millisecond})
	for name, data := range map[string][]byte{"a long one": shortPDF(t, 400), "one that draws itself": []byte(recursion)} {
		_, err := slow.Extract(t.Context(), "a.pdf", knowledge.File{Data: data})
		if err == nil || !strings.Contains(err.Error(), "takes too long") {
			t.Errorf("%s: %v", name, err)
		}
	}
	e, err := pdfs()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readPDF(t, shortPDF(t, 1)); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := e.Extract(ended, "a.pdf", knowledge.File{Data: []byte(recursion)}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if _, err := readPDF(t, shortPDF(t, 1)); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// shortPDF has so many pages full of text.
func shortPDF(tb testing.TB, pages int) []byte {
	return newPDF(tb, func(pdf *fpdf.Fpdf, spanish func(string) string) {
		pdf.SetFont("Times", "", 11)
		for i := range pages {
			pdf.AddPage()
			pdf.MultiCell(0, 5, spanish(strings.Repeat(fmt.Sprintf("El pedido %d llega en dos días. ", i), 60)), "", "L", false)
		}
	})
}

func TestPDFTooMuchText(t *testing.T) {
	t.Parallel()
	// Some kilobytes that unfold to a page of a million letters.
	bomb := newPDF(t, func(pdf *fpdf.Fpdf, _ func(string) string) {
		pdf.AddPage()
		pdf.SetFont("Times", "", 1)
		for i := range 1000 {
			pdf.Text(20, 20+float64(i)/4, strings.Repeat("ab ", 300))
		}
	})
	if _, err := readPDF(t, bomb); !errors.Is(err, extract.ErrTooMuch) || len(bomb) > 64<<10 {
		t.Errorf("%d bytes: %v", len(bomb), err)
	}
	small := newExtractor(t, extract.Config{MaxText: 3000})
	if _, err := small.Extract(t.Context(), "a.pdf", knowledge.File{Data: shortPDF(t, 5)}); !errors.Is(err, extract.ErrTooMuch) {
		t.Errorf("error %v", err)
	}
}

// TestConcurrentExtraction reads all formats at a time with one Extractor.
func TestConcurrentExtraction(t *testing.T) {
	t.Parallel()
	e, err := pdfs()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"a.html": []byte(shopPage), "a.pdf": shortPDF(t, 2), "a.docx": newDOCX(t, para("", "hola")), "a.json": []byte(zendesk), "a.csv": []byte("question,answer\na,b\n")}
	var done sync.WaitGroup
	for name, data := range files {
		for range 4 {
			done.Go(func() {
				if texts, err := e.Extract(t.Context(), name, knowledge.File{Data: data}); err != nil || len(texts) == 0 {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
	}
	done.Wait()
}
