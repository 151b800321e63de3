package knowledge_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/knowledge"
)

func TestParseMarkdown(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, text, fallback string
		want                       knowledge.Parsed // Chunks are compared by text alone
		chunks                     []piece
	}{
		{"folder", "shop/es/envios.md", "# Envíos\n\nYa.", "", knowledge.Parsed{Title: "Envíos", Locale: "es"}, []piece{{"Envíos", "Ya."}}},
		{"innermost folder", "en/shop/ES/x.md", "Ya.", "", knowledge.Parsed{Title: "x", Locale: "es"}, []piece{{"", "Ya."}}},
		{"suffix", "shop/returns.en.md", "Soon.", "es", knowledge.Parsed{Title: "returns", Locale: "en"}, []piece{{"", "Soon."}}},
		{"default", "shop/returns.md", "Pronto.", "es", knowledge.Parsed{Title: "returns", Locale: "es", Tagged: true}, []piece{{"", "Pronto."}}},
		{
			"front matter", "shop/en/x.markdown", "---\ntitle: \"Plazos: todos\"\n# a comment: here\nLang: es_MX\n---\n# Otro\n\nYa.", "",
			knowledge.Parsed{Title: "Plazos: todos", Locale: "es-mx", Tagged: true},
			[]piece{{"Otro", "Ya."}},
		},
		{
			"same language in front matter", "shop/en/x.md", "---\nlocale: en\n---\nSoon.", "",
			knowledge.Parsed{Title: "x", Locale: "en"},
			[]piece{{"", "Soon."}},
		},
		{"mark and line ends", "es/x.md", "\ufeff# A\r\n\r\nUno\rDos\r\n", "", knowledge.Parsed{Title: "A", Locale: "es"}, []piece{{"A", "Uno\nDos"}}},
		{"a rule is no front matter", "es/x.md", "---\n\nA\n\n---\n\nB\n", "", knowledge.Parsed{Title: "x", Locale: "es"}, []piece{{"", "---\n\nA\n\n---\n\nB"}}},
		{"unclosed front matter", "es/x.md", "---\ntitle: A\n\nB\n", "", knowledge.Parsed{Title: "x", Locale: "es"}, []piece{{"", "---\ntitle: A\n\nB"}}},
		{"deeper heading is no title", "es/x.md", "## A\n\nB\n", "", knowledge.Parsed{Title: "x", Locale: "es"}, []piece{{"A", "B"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			parsed, err := knowledge.Parse(test.file, []byte(test.text), test.fallback)
			if err != nil || len(parsed) != 1 {
				t.Fatalf("%d documents, %v", len(parsed), err)
			}
			if diff := cmp.Diff(test.chunks, pieces(parsed[0].Chunks)); diff != "" {
				t.Errorf("chunks (-want +got):\n%s", diff)
			}
			parsed[0].Chunks = nil
			if diff := cmp.Diff(test.want, parsed[0]); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
		})
	}
}

// TestParseOffsets: offsets count from the start of the file, front matter
// included.
func TestParseOffsets(t *testing.T) {
	t.Parallel()
	text := "---\ntitle: Envíos\n---\n# Plazos\n\nDos días.\n\n# Precios\n\nGratis.\n"
	parsed, err := knowledge.Parse("es/x.md", []byte(text), "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range parsed[0].Chunks {
		got = append(got, text[c.Start:c.End])
	}
	if diff := cmp.Diff([]string{"# Plazos\n\nDos días.", "# Precios\n\nGratis."}, got); diff != "" {
		t.Errorf("ranges (-want +got):\n%s", diff)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, text, want string }{
		{"empty", "es/x.md", "", "the document is empty"},
		{"blank", "es/x.md", "\ufeff \n", "the document is empty"},
		{"front matter alone", "es/x.md", "---\ntitle: A\n---\n", "the document is empty"},
		{"binary", "es/x.md", "PK\x00\x01", "this is a binary file, not a text"},
		{"latin-1", "es/x.md", "Envíos\nDevoluci\xf3n\n", "line 2: not valid UTF-8; save the file as UTF-8"},
		{"no language", "x.md", "Hola", "no language: put "},
		{"a wrong language", "x.md", "---\nlocale: Spanish!\n---\nHola", `front matter: "Spanish!" is not a language such as es or en`},
		{"a long language", "x.md", "---\nlocale: spanish\n---\nHola", `front matter: "spanish" is not a language such as es or en`},
		{"table without a question", "es/x.csv", "pregunta,answer\na,b\n", `line 1: the header has no column "question"; it must name question, answer and locale`},
		{"table without an answer", "es/x.csv", "question;respuesta\na;b\n", `line 1: the header has no column "answer"`},
		{"column named twice", "es/x.csv", "question,answer,Question\na,b,c\n", `line 1, column 3: the header names "Question" twice`},
		{"header alone", "es/x.csv", "question,answer\n", "no rows below the header: the document is empty"},
		{"empty question", "es/x.csv", "question,answer\na,b\n ,c\n", "line 3, column 1: the question is empty"},
		{"short row", "es/x.csv", "question,answer\na,b\n\nc\n", "line 4, column 2: the answer is empty"},
		{"no language in a row", "x.csv", "question,answer,locale\na,b,\n", "line 2, column 3: the locale is empty"},
		{"wrong language in a row", "x.csv", "question,answer,locale\na,b,es\nc,d,¿?\n", `line 3, column 3: "¿?" is not a language such as es or en`},
		{"open quote", "es/x.csv", "question,answer\na,\"b\nc,d\n", `record on line 2; parse error on line 3`},
		{"latin-1 table", "es/x.csv", "question,answer\nqu\xe9,b\n", "line 2: not valid UTF-8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			parsed, err := knowledge.Parse(test.file, []byte(test.text), "")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v; want an error with %q", parsed, err, test.want)
			}
		})
	}
}

func TestParseFAQ(t *testing.T) {
	t.Parallel()
	pair := func(seq int, question, answer string) knowledge.Chunk {
		return knowledge.Chunk{Seq: seq, Question: question, Text: answer}
	}
	tests := []struct {
		name, file, text, fallback string
		want                       []knowledge.Parsed
	}{
		{
			"two languages", "shop/faq.csv", "question,answer,locale\n¿Cuánto tarda?,Dos días.,es\nHow long?,Two days.,en\n¿Y gratis?,\"Sí, \"\"siempre\"\".\",ES\n", "",
			[]knowledge.Parsed{
				{Title: "faq", Locale: "en", Tagged: true, Chunks: []knowledge.Chunk{pair(0, "How long?", "Two days.")}},
				{Title: "faq", Locale: "es", Tagged: true, Chunks: []knowledge.Chunk{pair(0, "¿Cuánto tarda?", "Dos días."), pair(1, "¿Y gratis?", `Sí, "siempre".`)}},
			},
		},
		{
			"columns in any order, semicolons, byte order mark", "shop/es/faq.CSV", "\ufeffID; Answer ;QUESTION\r\n7;Dos días;¿Cuánto?\r\n", "",
			[]knowledge.Parsed{{Title: "faq", Locale: "es", Chunks: []knowledge.Chunk{pair(0, "¿Cuánto?", "Dos días")}}},
		},
		{
			"the default for rows without a locale", "faq.csv", "question,answer,locale\na,b,\nc,\"d\ne\",\n", "es",
			[]knowledge.Parsed{{Title: "faq", Locale: "es", Tagged: true, Chunks: []knowledge.Chunk{pair(0, "a", "b"), pair(1, "c", "d\ne")}}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := knowledge.Parse(test.file, []byte(test.text), test.fallback)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("documents (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"a.md": true, "b/a.MD": true, "a.markdown": true, "faq.csv": true, "a.txt": false, "md": false, "a.md.bak": false, "": false,
	} {
		if got := knowledge.Accepts(name); got != want {
			t.Errorf("Accepts(%q) = %v", name, got)
		}
	}
}

// FuzzParse: whatever the bytes, there is an error or documents that an index
// takes.
func FuzzParse(f *testing.F) {
	f.Add("es/a.md", []byte("---\ntitle: A\n---\n# B\n\nc"), "")
	f.Add("a.csv", []byte("question,answer,locale\na,b,es\n"), "en")
	f.Add("a.csv", []byte("question;answer\n\"a\";b\n"), "es")
	f.Add("en/a.md", []byte("\xef\xbb\xbf---\n: x\n---\n\r\r\n"), "")
	f.Fuzz(func(t *testing.T, name string, data []byte, fallback string) {
		parsed, err := knowledge.Parse(name, data, fallback)
		if (err == nil) != (len(parsed) > 0) {
			t.Fatalf("%d documents with the error %v", len(parsed), err)
		}
		for _, p := range parsed {
			if p.Locale == "" || len(p.Chunks) == 0 {
				t.Errorf("a document without a locale or passages: %+v", p)
			}
			for i, c := range p.Chunks {
				if c.Seq != i || c.Text == "" {
					t.Errorf("passage %d: %+v", i, c)
				}
			}
		}
	})
}
