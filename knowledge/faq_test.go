package knowledge_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
)

func pair(seq int, question, answer string) knowledge.Chunk {
	return knowledge.Chunk{Seq: seq, Question: question, Text: answer}
}

func TestParseFAQ(t *testing.T) {
	t.Parallel()
	table := func(meta knowledge.Meta, suffix, body string, chunks ...knowledge.Chunk) knowledge.Parsed {
		return knowledge.Parsed{Meta: meta, Suffix: suffix, Body: body, Format: knowledge.FormatFAQ, Chunks: chunks}
	}
	tests := []struct {
		name, file, text, fallback string
		want                       []knowledge.Parsed
	}{
		{
			"two languages", "shop/faq.csv", "question,answer,locale\n¿Cuánto tarda?,Dos días.,es\nHow long?,Two days.,en\n¿Y gratis?,\"Sí, \"\"siempre\"\".\",ES\n", "",
			[]knowledge.Parsed{
				table(of("faq", "en"), "@en", "question,answer,locale\nHow long?,Two days.,en\n", pair(0, "How long?", "Two days.")),
				table(of("faq", "es"), "@es", "question,answer,locale\n¿Cuánto tarda?,Dos días.,es\n¿Y gratis?,\"Sí, \"\"siempre\"\".\",ES\n",
					pair(0, "¿Cuánto tarda?", "Dos días."), pair(1, "¿Y gratis?", `Sí, "siempre".`)),
			},
		},
		{
			"columns in any order, in Spanish, with semicolons", "shop/es/faq.CSV", "ID; Respuesta ;PREGUNTA\n7;Dos días;¿Cuánto?\n", "",
			[]knowledge.Parsed{table(of("faq", "es"), "", "ID; Respuesta ;PREGUNTA\n7;Dos días;¿Cuánto?\n", pair(0, "¿Cuánto?", "Dos días"))},
		},
		{
			"the default for rows without a locale", "faq.csv", "\nquestion,answer,locale\n\na,b,\nc,\"d\ne\",", "es",
			[]knowledge.Parsed{table(of("faq", "es"), "@es", "question,answer,locale\na,b,\nc,\"d\ne\",\n", pair(0, "a", "b"), pair(1, "c", "d\ne"))},
		},
		{
			"its words tell the language", "faq.csv", "question,answer\nHow long does it take?,It is with you in two days and you can return it.\n", "",
			[]knowledge.Parsed{table(of("faq", "en"), "@en", "question,answer\nHow long does it take?,It is with you in two days and you can return it.\n",
				pair(0, "How long does it take?", "It is with you in two days and you can return it."))},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := parse(test.file, test.text, test.fallback)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(knowledge.Chunk{}, "Start", "End")); diff != "" {
				t.Errorf("documents (-want +got):\n%s", diff)
			}
			if problem := unsound(test.file, got); problem != "" {
				t.Error(problem)
			}
		})
	}
}

// TestParseFAQMeta: rows for agents, for one market or for some days are documents of
// their own, whose names stay while the rest of the table changes.
func TestParseFAQMeta(t *testing.T) {
	t.Parallel()
	text := "question,answer,público,mercados,válido-hasta\na,b,,,\nc,d,agente,,\ne,f,,\"pt, es\",2026-12-31\ng,h,,es pt,2026-12-31\n"
	got, err := parse("es/faq.csv", text, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Fatalf("%d documents: %+v", len(got), got)
	}
	bySuffix := map[string]knowledge.Parsed{}
	for _, p := range got {
		bySuffix[p.Suffix] = p
		switch p.Chunks[0].Question {
		case "a":
			if p.Suffix != "" || p.Audience != knowledge.AudienceCustomer {
				t.Errorf("the plain rows: %+v", p)
			}
		case "c":
			if p.Audience != knowledge.AudienceAgent {
				t.Errorf("the row for agents: %+v", p)
			}
		case "e":
			if diff := cmp.Diff([]string{"ES", "PT"}, p.Markets); diff != "" || p.ValidTo != "2026-12-31" || len(p.Chunks) != 2 {
				t.Errorf("the rows for two markets: %+v", p)
			}
		}
	}
	again, err := parse("es/faq.csv", strings.Replace(text, "a,b,,,\n", "x,y,,,2027-01-01\n", 1), "")
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for _, p := range again {
		if before, ok := bySuffix[p.Suffix]; ok && cmp.Equal(before, p) {
			kept++
		}
	}
	if kept != 2 {
		t.Errorf("%d of the 2 documents that did not change have their names", kept)
	}
	if problem := unsound("es/faq.csv", got); problem != "" {
		t.Error(problem)
	}
}

// TestParseFAQLongAnswer: each piece has the question, and their ranges share the row
// out, quotes and all.
func TestParseFAQLongAnswer(t *testing.T) {
	t.Parallel()
	sentence := "Escriba \"devolver\" en el chat y le diremos qué hacer con el paquete.\n\n"
	answer := strings.TrimSpace(strings.Repeat(sentence, 60))
	for _, text := range []string{
		"question,answer,x\n¿Cómo?,\"" + strings.ReplaceAll(answer, `"`, `""`) + "\",y\n",
		"x,answer,question\ny,  \"\n" + strings.ReplaceAll(answer, `"`, `""`) + "\n\",¿Cómo?\n",
	} {
		got, err := parse("es/faq.csv", text, "")
		if err != nil {
			t.Fatal(err)
		}
		chunks := got[0].Chunks
		if len(chunks) < 3 {
			t.Fatalf("%d pieces", len(chunks))
		}
		var whole []string
		for i, c := range chunks {
			raw := strings.ReplaceAll(got[0].Body[c.Start:c.End], `""`, `"`)
			if c.Question != "¿Cómo?" || !strings.Contains(raw, c.Text) {
				t.Errorf("piece %d says %q, its range %q", i, c.Text, raw)
			}
			whole = append(whole, c.Text)
		}
		if diff := cmp.Diff(answer, strings.Join(whole, "\n\n")); diff != "" {
			t.Errorf("the pieces together (-want +got):\n%s", diff)
		}
		if problem := unsound("es/faq.csv", got); problem != "" {
			t.Error(problem)
		}
	}
}

// TestParseFAQKeepsItsPromises writes tables of all kinds of answers.
func TestParseFAQKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		table := csv.NewWriter(&text)
		rows := [][]string{{"audience", "answer", "tags", "question", "locale"}}
		for range rapid.IntRange(1, 6).Draw(t, "rows") {
			rows = append(rows, []string{
				rapid.SampledFrom([]string{"", "agent", "clientes"}).Draw(t, "audience"),
				"x" + strings.ReplaceAll(markdown().Draw(t, "answer"), "\r\n", "\n") + rapid.SampledFrom([]string{"", `"`, " \n"}).Draw(t, "end"),
				rapid.SampledFrom([]string{"", "b, a", "ñ"}).Draw(t, "tags"),
				rapid.SampledFrom([]string{"¿Qué?", " \"Why\", then? ", "a\nb"}).Draw(t, "question"),
				rapid.SampledFrom([]string{"", "en"}).Draw(t, "locale"),
			})
		}
		if err := table.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		parsed, err := parse("faq.es.csv", text.String(), "")
		if err != nil {
			t.Fatal(err)
		}
		if problem := unsound("faq.es.csv", parsed); problem != "" {
			t.Fatalf("%s\ntable: %q", problem, text.String())
		}
	})
}

// TestFAQTwice: a pair that stands in a table twice is one passage for each document that
// it says something of.
func TestFAQTwice(t *testing.T) {
	t.Parallel()
	const text = "question,answer,markets\n¿A?,Sí.,ES\n¿B?,No.,ES\n¿A?, Sí. ,ES\n¿A?,Sí.,MX\n¿A?,No.,ES\n"
	parsed, err := knowledge.Parse("es/faq.csv", knowledge.Extracted{Body: text, Format: knowledge.FormatFAQ}, knowledge.Meta{}, "")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, one := range parsed {
		for _, chunk := range one.Chunks {
			got[strings.Join(one.Markets, "")+" "+chunk.Question+" "+chunk.Text]++
		}
	}
	if diff := cmp.Diff(map[string]int{"ES ¿A? Sí.": 1, "ES ¿B? No.": 1, "MX ¿A? Sí.": 1, "ES ¿A? No.": 1}, got); diff != "" {
		t.Error(diff)
	}
}
