package extract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/recado/recado/knowledge"
)

// BenchmarkExtract reads one page of each format, some 3,000 letters of text, and
// says how many of them a second there are.
func BenchmarkExtract(b *testing.B) {
	text := strings.Repeat("El pedido llega en dos días laborables a la península y en cinco a las islas. ", 40)
	var html, word, table, markdown strings.Builder
	for i := range 10 {
		fmt.Fprintf(&html, "<h2>Apartado %d</h2><p>%s</p>", i, text[:300])
		fmt.Fprintf(&markdown, "## Apartado %d\n\n%s\n\n", i, text[:300])
		fmt.Fprintf(&table, "¿Pregunta %d?;%s\n", i, text[:300])
		word.WriteString(para("Ttulo2", "Apartado") + para("", text[:300]))
	}
	page := strings.Replace(shopPage, "<main id=\"c\">", "<main id=\"c\">"+html.String(), 1)
	const pages = 20
	for _, file := range []struct {
		name  string
		data  []byte
		pages int
	}{
		{"page.html", []byte(page), 1},
		{"page.md", []byte(markdown.String()), 1},
		{"page.docx", newDOCX(b, word.String(), wordParts...), 1},
		{"page.csv", []byte("Pregunta;Respuesta\n" + table.String()), 1},
		{"page.json", []byte(zendesk), 4},
		{"page.pdf", shortPDF(b, pages), pages},
	} {
		b.Run(file.name, func(b *testing.B) {
			e, err := pdfs()
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Extract(b.Context(), file.name, knowledge.File{Data: file.data}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(file.pages*b.N)/b.Elapsed().Seconds(), "pages/s")
		})
	}
}
