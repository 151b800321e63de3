package extract

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/recado/recado/knowledge"
)

// columns are the names that a FAQ table has in Extracted.Body, in their order:
// the pair, its language and the fields of knowledge.Meta.
var columns = []string{
	"question", "answer", "locale", "title", "id", "audience", "markets", "valid_from", "valid_to", "approver", "tags",
}

// columnNames are what people call the columns, without accents, in lower case and
// with _ between words.
var columnNames = map[string]string{
	"question": "question", "questions": "question", "pregunta": "question", "preguntas": "question", "consulta": "question",
	"q": "question", "faq": "question",
	"answer": "answer", "answers": "answer", "respuesta": "answer", "respuestas": "answer", "a": "answer",
	"locale": "locale", "language": "locale", "lang": "locale", "idioma": "locale", "lengua": "locale",
	"title": "title", "titulo": "title", "document": "title", "documento": "title",
	"id": "id", "identificador": "id",
	"audience": "audience", "publico": "audience", "audiencia": "audience", "destinatario": "audience", "destinatarios": "audience",
	"market": "markets", "markets": "markets", "mercado": "markets", "mercados": "markets",
	"country": "markets", "countries": "markets", "pais": "markets", "paises": "markets",
	"valid_from": "valid_from", "valido_desde": "valid_from", "valida_desde": "valid_from", "vigente_desde": "valid_from",
	"valid_to": "valid_to", "valid_until": "valid_to", "expires": "valid_to",
	"valido_hasta": "valid_to", "valida_hasta": "valid_to", "vigente_hasta": "valid_to", "caduca": "valid_to",
	"approver": "approver", "approved_by": "approver", "owner": "approver",
	"responsable": "approver", "aprobado_por": "approver", "aprobador": "approver",
	"tags": "tags", "tag": "tags", "labels": "tags", "etiquetas": "tags", "etiqueta": "tags",
}

// columnOf is the known column that a person means by a header, and "" for one of
// their own.
func columnOf(header string) string { return columnNames[foldName(header)] }

// foldName makes "Válido desde", "valido-desde" and "VALIDO_DESDE" one.
func foldName(name string) string {
	var folded strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(name)) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			folded.WriteRune(r)
		case unicode.Is(unicode.Mn, r):
		default:
			folded.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(folded.String()), "_")
}

// spanishValues are what Spanish tables say in the fields that have fixed values.
var spanishValues = map[string]string{
	"cliente": "customer", "clientes": "customer", "todos": "customer", "publico": "customer", "customers": "customer",
	"agente": "agent", "agentes": "agent", "interno": "agent", "interna": "agent", "equipo": "agent",
	"agents": "agent", "internal": "agent",
	"espanol": "es", "castellano": "es", "spanish": "es", "ingles": "en", "english": "en",
}

// valueOf writes a field as knowledge.Parse reads it. What it does not know it
// leaves as it is, so that Parse can say what is wrong.
func valueOf(column, value string) string {
	value = strings.TrimSpace(value)
	switch column {
	case "audience", "locale":
		if known := spanishValues[foldName(value)]; known != "" {
			return known
		}
	case "question", "title":
		return oneLine(value)
	}
	return value
}

// header maps the places of a table's columns to the known ones.
type header struct {
	at    map[string]int
	names []string
	// used are the known columns that the table has, in the order of columns.
	used []string
}

// readHeader finds the columns. place says where the header is, for the error.
func readHeader(names []string, place string) (header, error) {
	h := header{at: map[string]int{}, names: names}
	for i, name := range names {
		column := columnOf(name)
		if column == "" {
			if err := knowledge.Mistyped(name); err != nil {
				return h, fmt.Errorf("%s, column %d: %w", place, i+1, err)
			}
			continue
		}
		if first, twice := h.at[column]; twice {
			return h, fmt.Errorf("%s, column %d: %q and %q of column %d both mean %s; keep one of them",
				place, i+1, strings.TrimSpace(name), strings.TrimSpace(names[first]), first+1, column)
		}
		h.at[column] = i
	}
	for _, needed := range []string{"question", "answer"} {
		if _, ok := h.at[needed]; !ok {
			return h, fmt.Errorf("%s: no column %s among %s; a FAQ table needs the columns question and answer (pregunta, respuesta), "+
				"and can have locale (idioma) and %s", place, needed, quoted(names), strings.Join(columns[3:], ", "))
		}
	}
	h.used = slices.DeleteFunc(slices.Clone(columns), func(c string) bool { _, ok := h.at[c]; return !ok })
	return h, nil
}

// row takes the known fields out of a record. A pair that lacks a half is an error:
// half a table must not take the place of a whole one.
func (h header) row(record []string, place string) ([]string, error) {
	for i := len(h.names); i < len(record); i++ {
		if strings.TrimSpace(record[i]) != "" {
			return nil, fmt.Errorf("%s: %d columns, where the header has %d; put a text that holds the separator between double quotes",
				place, len(record), len(h.names))
		}
	}
	row := make([]string, 0, len(h.at))
	for _, column := range h.used {
		at, value := h.at[column], ""
		if at < len(record) {
			value = valueOf(column, record[at])
		}
		if value == "" && (column == "question" || column == "answer") {
			return nil, fmt.Errorf("%s, column %d: the %s is empty", place, at+1, column)
		}
		row = append(row, value)
	}
	return row, nil
}

// quoted lists names for a person, the first ones of very many.
func quoted(names []string) string {
	list := make([]string, 0, len(names))
	for _, name := range names[:min(len(names), 12)] {
		if name = oneLine(clean(name)); len(name) > 40 {
			name = strings.ToValidUTF8(name[:40], "") + "…"
		}
		list = append(list, fmt.Sprintf("%q", name))
	}
	if len(names) > len(list) {
		list = append(list, "…")
	}
	return strings.Join(list, ", ")
}
