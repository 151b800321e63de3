package rag_test

import (
	"testing"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
)

// poem is a question that no shop has to do with.
const poem = "¿Me escribes un poema sobre el mar?"

func TestOffTopic(t *testing.T) {
	t.Parallel()
	abstains := rag.Draft{NeedsHuman: true, Locale: "es"}
	for name, c := range map[string]struct {
		question rag.Question
		draft    rag.Draft
		hit      func(*knowledge.Hit)
		want     bool
	}{
		"a poem":                        {question: rag.Question{Text: poem}, draft: abstains, want: true},
		"with a greeting":               {question: rag.Question{Text: "Hola, buenas tardes. " + poem}, draft: abstains, want: true},
		"the match, in English":         {question: rag.Question{Text: "who won the world cup?", Locale: "en"}, draft: abstains, want: true},
		"an unsure answer":              {question: rag.Question{Text: poem}, draft: rag.Draft{Answer: "No tengo ninguno.", Citations: []string{"a"}, Locale: "es"}, want: true},
		"something of the shop":         {question: rag.Question{Text: "¿Arregláis zapatos?"}, draft: abstains},
		"a complaint":                   {question: rag.Question{Text: "Esto es una vergüenza, llevo así dos semanas"}, draft: abstains},
		"beside an order":               {question: rag.Question{Text: poem + " ¿Y dónde está mi pedido?"}, draft: abstains},
		"a grave word":                  {question: rag.Question{Text: poem + " Quiero morir."}, draft: abstains},
		"after a question back":         {question: rag.Question{Text: poem, Clarified: true}, draft: abstains},
		"an order is named":             {question: rag.Question{Text: poem, Orders: rag.OrderFacts{Asked: []string{"#1"}}}, draft: abstains},
		"a wish":                        {question: rag.Question{Text: poem}, draft: rag.Draft{Actions: []action.Call{{Kind: action.Cancel}}, Locale: "es"}},
		"news are told with it":         {question: rag.Question{Text: poem, Receipts: []action.Receipt{{ID: "r"}}}, draft: abstains},
		"a passage comes near":          {question: rag.Question{Text: poem}, draft: abstains, hit: func(h *knowledge.Hit) { h.Lexical = 0.9 * h.Self }},
		"the shop has to do with poems": {question: rag.Question{Text: poem}, draft: abstains, hit: func(h *knowledge.Hit) { h.Chunk.Text = "Grabamos tu poema en la taza." }},
		"it leans on a question about the shop": {
			question: rag.Question{Text: "¿Y un poema?", History: []rag.Utterance{{Role: rag.RoleCustomer, Text: "¿Grabáis nombres en las tazas?"}}}, draft: abstains,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(fakeModel{draft: c.draft})
			far := hit("a", 0.1, 0.2, 1, 1)
			if c.hit != nil {
				c.hit(&far)
			}
			s.index.hits = map[string][]knowledge.Hit{"es": {far}, "en": {far}}
			a, err := s.answer(t, c.question)
			if err != nil || a.OffTopic != c.want {
				t.Errorf("off topic %v, want %v (%v; confidence %.2f)", a.OffTopic, c.want, err, a.Confidence)
			}
		})
	}
}

func TestAnAnswerThatMayBeSentIsNotOffTopic(t *testing.T) {
	t.Parallel()
	s := newSetup(fakeModel{draft: good()})
	s.index.hits["es"][0].Lexical = 0.2
	a, err := s.answer(t, rag.Question{Text: poem})
	if err != nil || a.OffTopic != (a.Confidence < a.Threshold) {
		t.Errorf("off topic %v with confidence %.2f of %.2f: %v", a.OffTopic, a.Confidence, a.Threshold, err)
	}
}
