package extract_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/extract"
)

// rowsOf reads the table of a body, as knowledge.Parse does.
func rowsOf(tb testing.TB, body string) [][]string {
	tb.Helper()
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		tb.Fatalf("%v in\n%s", err, body)
	}
	return rows
}

func TestTables(t *testing.T) {
	t.Parallel()
	want := [][]string{{"question", "answer"}, {"¿Cuánto tarda?", "Dos días, o tres."}, {"¿Cuesta?", "4,95 €"}}
	for name, test := range map[string]struct {
		file, data string
		want       [][]string
	}{
		"commas":            {"a.csv", "question,answer\n¿Cuánto tarda?,\"Dos días, o tres.\"\n¿Cuesta?,\"4,95 €\"\n", want},
		"semicolons":        {"a.csv", "Pregunta;Respuesta\r\n¿Cuánto tarda?;Dos días, o tres.\r\n¿Cuesta?;4,95 €\r\n;;\r\n", want},
		"tabs":              {"a.tsv", "Pregunta\tRespuesta\n¿Cuánto tarda?\tDos días, o tres.\n¿Cuesta?\t4,95 €\n", want},
		"tabs in a CSV":     {"a.csv", "PREGUNTA\tRESPUESTA\n¿Cuánto tarda?\tDos días, o tres.\n¿Cuesta?\t4,95 €\n", want},
		"Excel's separator": {"a.csv", "sep=;\nPregunta;Respuesta\n¿Cuánto tarda?;Dos días, o tres.\n¿Cuesta?;4,95 €\n", want},
		"Windows": {
			"a.csv", string(windows1252(t, "Pregunta;Respuesta\r\n¿Cuánto tarda?;Dos días, o tres.\r\n¿Cuesta?;4,95 €\r\n")), want,
		},
		"other columns, in another order": {
			"a.csv", "Nota,Respuesta,Pregunta\nx,\"Dos días, o tres.\",¿Cuánto tarda?\ny,\"4,95 €\",¿Cuesta?\n", want,
		},
		"JSON":       {"a.json", `[{"question":"¿Cuánto tarda?","answer":"Dos días, o tres."},{"answer":"4,95 €","question":"¿Cuesta?","nota":1}]`, want},
		"JSON lines": {"a.jsonl", `{"pregunta":"¿Cuánto tarda?","respuesta":"Dos días, o tres."}` + "\n\n" + `{"pregunta":"¿Cuesta?","respuesta":"4,95 €"}`, want},
		"JSON of two lists": {
			"a.json", `[{"question":"¿Cuánto tarda?","answer":"Dos días, o tres."},{"pregunta":"¿Cuesta?","respuesta":"4,95 €"}]`, want,
		},
		"JSON around": {"a.json", `{"faqs":[{"q":"¿Cuánto tarda?","a":"Dos días, o tres."},{"q":"¿Cuesta?","a":"4,95 €"}]}`, want},
		"everything": {
			"a.csv",
			"Pregunta,Respuesta,Idioma,Público,Mercado,Válido desde,Válida hasta,Responsable,Etiquetas,Título,ID\n" +
				"a,b,Español,Agentes,\"ES,MX\",2026-01-01,2026-12-31,Ana,\"envíos, islas\",Envíos,env-1\n",
			[][]string{
				{"question", "answer", "locale", "title", "id", "audience", "markets", "valid_from", "valid_to", "approver", "tags"},
				{"a", "b", "es", "Envíos", "env-1", "agent", "ES,MX", "2026-01-01", "2026-12-31", "Ana", "envíos, islas"},
			},
		},
		"lists in JSON": {
			"a.json", `[{"question":"a","answer":"b","tags":["x","y"],"market":"ES","audience":null}]`,
			[][]string{{"question", "answer", "audience", "markets", "tags"}, {"a", "b", "", "ES", "x,y"}},
		},
		"answers of several lines": {
			"a.csv", "question,answer\na,\"uno\n\ndos \"\"tres\"\"\"\n",
			[][]string{{"question", "answer"}, {"a", "uno\n\ndos \"tres\""}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := one(t, test.file, "", []byte(test.data))
			if got.Format != knowledge.FormatFAQ {
				t.Errorf("format %q", got.Format)
			}
			if diff := cmp.Diff(test.want, rowsOf(t, got.Body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWrongTables(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ file, data, want string }{
		"wrong columns":      {"a.csv", "Nombre;Teléfono\nx;y\n", `line 1: no column question among "Nombre", "Teléfono"; a FAQ table needs the columns question and answer (pregunta, respuesta)`},
		"no answer":          {"a.csv", "question,locale\nx,es\n", "no column answer"},
		"no header":          {"a.csv", "¿Cuánto tarda?,Dos días\n", "no column question"},
		"mistyped":           {"a.csv", "question,answer,audiance\na,b,agent\n", `line 1, column 3: "audiance" is not known and looks like audience; write it so`},
		"twice":              {"a.csv", "Pregunta,answer,question\na,b,c\n", `line 1, column 3: "question" and "Pregunta" of column 1 both mean question`},
		"an empty question":  {"a.csv", "question,answer\na,b\n,c\n", "line 3, column 1: the question is empty"},
		"an empty answer":    {"a.csv", "sep=,\nquestion,answer\n\n\na,b\nc,\n", "line 6, column 2: the answer is empty"},
		"too many columns":   {"a.csv", "question,answer\na,b, c\n", "line 2: 3 columns, where the header has 2"},
		"an open quote":      {"a.csv", "question,answer\na,b\nc,\"d\ne,f\n", "line 3"},
		"a bare quote":       {"a.csv", "question,answer\na,b \"c\" d\n", "line 2, column 5: a double quote inside a text"},
		"the header alone":   {"a.csv", "question,answer\n\n", "no rows"},
		"blank rows alone":   {"a.csv", "question;answer\n;\n; \n", "no rows"},
		"broken JSON":        {"a.json", "[\n{\"question\":\"a\",\"answer\":\"b\"},\n{\"question\" \"a\"}]", "line 3, column 13: no valid JSON"},
		"cut JSON":           {"a.json", "\n{\"question\":\"a\",\n\"answer\":\"b\"", "line 2: no valid JSON"},
		"JSON says twice":    {"a.json", `[{"question":"a","answer":"b"},{"question":"a","answer":"b","respuesta":"c"}]`, "both mean answer"},
		"broken JSON lines":  {"a.jsonl", "{\"question\":\"a\",\"answer\":\"b\"}\n{question:1}\n", "line 2"},
		"a lone value":       {"a.json", "\n42", "line 2: a lone value"},
		"values in a list":   {"a.json", "[\n1]", "line 2: a list of something else"},
		"an empty list":      {"a.json", "[]", "empty"},
		"JSON of another":    {"a.json", `{"name":"tienda","version":"1"}`, `line 1: no column question among "name", "version"`},
		"a row without":      {"a.json", "[{\"question\":\"a\",\"answer\":\"b\"},\n\n{\"question\":\"c\"}]", "line 3, column 1: the answer is empty"},
		"an object as value": {"a.json", `[{"question":"a","answer":{"text":"b"}}]`, `line 1, "answer": an object`},
		"deep JSON":          {"a.json", strings.Repeat("[", 20000), "no valid JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := refusal(t, test.file, "", []byte(test.data)); !strings.Contains(got, test.want) {
				t.Errorf("%q does not say %q", got, test.want)
			}
		})
	}
}

// TestTablesKeepTheirLines wants each row of a CSV in the line that it has in the
// file, so that later errors name the right one.
func TestTablesKeepTheirLines(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var file strings.Builder
		file.WriteString(rapid.SampledFrom([]string{"", "sep=;\n", "\n"}).Draw(rt, "start") + "Pregunta;Respuesta\n")
		n := rapid.IntRange(1, 10).Draw(rt, "n")
		for i := range n {
			file.WriteString(strings.Repeat(rapid.SampledFrom([]string{"\n", ";\n"}).Draw(rt, "blank"), rapid.IntRange(0, 2).Draw(rt, "blanks")))
			fmt.Fprintf(&file, "pregunta%dq;\"a%s\"\n", i, strings.Repeat("\nb", rapid.IntRange(0, 2).Draw(rt, "lines")))
		}
		got, err := newExtractor(t, extract.Config{}).Extract(t.Context(), "a.csv", knowledge.File{Data: []byte(file.String())})
		if err != nil {
			rt.Fatal(err)
		}
		for i := range n {
			name := fmt.Sprintf("pregunta%dq", i)
			want := strings.Count(file.String()[:strings.Index(file.String(), name)], "\n")
			if line := strings.Count(got[0].Body[:strings.Index(got[0].Body, name)], "\n"); line != want {
				rt.Fatalf("%s is in line %d, not %d:\n%s\n%s", name, line, want, file.String(), got[0].Body)
			}
		}
	})
}

// TestTablesComeBack writes random pairs in every form of table: they are read as
// they were meant, whatever signs they hold.
func TestTablesComeBack(t *testing.T) {
	t.Parallel()
	e := newExtractor(t, extract.Config{})
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringMatching(`[a-zA-ZñÑ¿€",;|\\.]([a-zñáé ",;|\n']{0,20}[a-zA-ZñÑ?€",;|.])?`)
		rows := [][]string{{"question", "answer", "locale"}}
		for range rapid.IntRange(1, 8).Draw(rt, "rows") {
			question := strings.Join(strings.Fields(text.Draw(rt, "question")), " ")
			rows = append(rows, []string{question, text.Draw(rt, "answer"), rapid.SampledFrom([]string{"es", "en", ""}).Draw(rt, "locale")})
		}
		name, data := write(rt, rows)
		got, err := e.Extract(t.Context(), name, knowledge.File{Data: data})
		if err != nil {
			rt.Fatalf("%v:\n%s", err, data)
		}
		read, err := csv.NewReader(strings.NewReader(got[0].Body)).ReadAll()
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(rows, read); diff != "" {
			rt.Fatalf("%s\n%s", diff, data)
		}
	})
}

// write writes rows in one of the forms that are read.
func write(rt *rapid.T, rows [][]string) (name string, data []byte) {
	var out strings.Builder
	form := rapid.SampledFrom([]string{",", ";", "|", "json", "jsonl"}).Draw(rt, "form")
	if form == "json" || form == "jsonl" {
		var lines []string
		for _, row := range rows[1:] {
			line, err := json.Marshal(map[string]string{"pregunta": row[0], "respuesta": row[1], "idioma": row[2]})
			if err != nil {
				rt.Fatal(err)
			}
			lines = append(lines, string(line))
		}
		if form == "jsonl" {
			return "a.jsonl", []byte(strings.Join(lines, "\n"))
		}
		return "a.json", []byte("[" + strings.Join(lines, ",\n") + "]")
	}
	w := csv.NewWriter(&out)
	w.Comma = rune(form[0])
	if err := w.WriteAll(rows); err != nil {
		rt.Fatal(err)
	}
	return "a.csv", []byte(out.String())
}
