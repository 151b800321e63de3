package extract_test

import (
	"strings"
	"testing"

	"github.com/recado/recado/knowledge"
)

// TestParseReadsWhatIsExtracted takes every format on to the next step: passages come
// of it, and wrong values are said of the line that the file has them in.
func TestParseReadsWhatIsExtracted(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"a.html": []byte(shopPage), "a.docx": newDOCX(t, para("Ttulo1", "Plazos")+para("", "Dos días."), wordParts...), "a.json": []byte(zendesk),
		"b.json": []byte(intercom), "c.jsonl": []byte(`{"pregunta":"¿Cuánto tarda?","respuesta":"Dos días.","idioma":"Español","público":"Agentes","mercado":["es","mx"],"etiquetas":["a","b"]}`),
		"a.csv": []byte("sep=;\nPregunta;Respuesta;Idioma;Mercado\n¿Cuánto?;Dos días;castellano;ES, MX\n"), "es/a.txt": windows1252(t, spanishText),
		"es/N " + notionID + ".csv": []byte("Name,Tipo\nPlazos,Norma\n"),
	} {
		texts, err := extractAll(t, name, "", data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, text := range texts {
			documents, err := knowledge.Parse(name, text, knowledge.Meta{}, "")
			if err != nil || len(documents) == 0 || len(documents[0].Chunks) == 0 {
				t.Errorf("%s: %q gives %d documents, %v:\n%s", name, text.Name, len(documents), err, text.Body)
			}
		}
	}
	texts, err := extractAll(t, "es/a.csv", "", []byte("sep=;\nPregunta;Respuesta;Mercado\n\na;b;ES\n;;\nc;d;Narnia\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := knowledge.Parse("es/a.csv", texts[0], knowledge.Meta{}, ""); err == nil || !strings.Contains(err.Error(), "line 6") {
		t.Errorf("error %v", err)
	}
}
