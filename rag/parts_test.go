package rag_test

import (
	"testing"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
)

const twoQuestions = "¿Cuántos días tengo para devolver? ¿Cuánto cuesta el envío a Canarias?"

// TestSeveralQuestionsAreAllAnswered: what the draft leaves open is asked by itself.
func TestSeveralQuestionsAreAllAnswered(t *testing.T) {
	t.Parallel()
	first := rag.Draft{Answer: "Tienes 30 días para devolver.", Citations: []string{"a"}, Locale: "es"}
	a, requests := acting(t, twoQuestions, nil, first, rag.Draft{NeedsHuman: true})
	if len(a.Parts) != 2 || len(requests[0].Parts) != 2 {
		t.Fatalf("parts %+v", a.Parts)
	}
	if !a.Parts[0].Covered || a.Parts[1].Covered || !a.Draft.NeedsHuman || failing(a) != rag.CheckParts {
		t.Errorf("parts %+v, needs a person %v, failing %q", a.Parts, a.Draft.NeedsHuman, failing(a))
	}
	if last := requests[len(requests)-1]; last.Question != "¿Cuánto cuesta el envío a Canarias?" || len(last.Parts) != 0 {
		t.Errorf("the last request asks %q of %q", last.Question, last.Parts)
	}

	// Both in one reply: nothing is asked again.
	both := rag.Draft{Answer: "Tienes 30 días para devolver.\nEl envío a Canarias cuesta lo mismo.", Citations: []string{"a"}, Locale: "es"}
	if a, _ := acting(t, twoQuestions, nil, both); !a.Parts[0].Covered || !a.Parts[1].Covered {
		t.Errorf("parts %+v", a.Parts)
	}
	if a, _ := acting(t, question.Text, nil, good()); len(a.Parts) != 0 {
		t.Errorf("one question has the parts %+v", a.Parts)
	}
}

// TestTheSameAnswerIsSaidOnce: questions that the model answers one by one get one reply,
// in their order, in which no answer comes twice.
func TestTheSameAnswerIsSaidOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, locale, asked, first, second, says string }{
		{"one answer", "es", "¿Cuántos días tengo para devolver? ¿Cuál es el plazo de cambios?", "Tienes 30 días para devolver.", "Tienes 30 días para devolver.", "Tienes 30 días para devolver."},
		{"two answers", "es", twoQuestions, "Tienes 30 días para devolver.", "El envío a Canarias cuesta lo mismo.", "Tienes 30 días para devolver.\n\nEl envío a Canarias cuesta lo mismo."},
		{"one answer, in English", "en", "How many days do I have to return it? What is the deadline for exchanges?", "You have 30 days to return it.", "You have 30 days to return it.", "You have 30 days to return it."},
		{"two answers, in English", "en", "How many days do I have to return it? How much is shipping to the Canaries?", "You have 30 days to return it.", "Shipping to the Canaries costs the same.", "You have 30 days to return it.\n\nShipping to the Canaries costs the same."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			one := func(text string) rag.Draft {
				return rag.Draft{Answer: text, Citations: []string{"a"}, Locale: c.locale}
			}
			var requests []rag.Request
			s := newSetup(fakeModel{})
			s.index.hits = map[string][]knowledge.Hit{c.locale: {hit("a", 0.8, 3, 1, 1)}}
			s.index.hits[c.locale][0].Chunk.Text, s.index.hits[c.locale][0].Document.Locale = c.first+"\n"+c.second, c.locale
			s.Model = sequence{drafts: []rag.Draft{{NeedsHuman: true}, one(c.first), one(c.second)}, requests: &requests}
			q := question
			q.Locale, q.Text = c.locale, c.asked
			a, err := s.answer(t, q)
			if err != nil || len(requests) < 3 || a.Text != c.says {
				t.Fatalf("%d requests, %q, %v", len(requests), a.Text, err)
			}
			if len(a.Parts) != 2 || !a.Parts[0].Covered || !a.Parts[1].Covered || a.Draft.NeedsHuman {
				t.Errorf("parts %+v, needs a person: %v", a.Parts, a.Draft.NeedsHuman)
			}
			for _, check := range a.Checks {
				if check.Name == rag.CheckParts && !check.OK {
					t.Errorf("%+v", check)
				}
			}
		})
	}
}

// TestAnAnswerThatIsRepairedAwayIsNone: a question that was answered by itself is open again
// when its answer did not hold.
func TestAnAnswerThatIsRepairedAwayIsNone(t *testing.T) {
	t.Parallel()
	first := rag.Draft{Answer: "Tienes 30 días para devolver.", Citations: []string{"a"}, Locale: "es"}
	alone := rag.Draft{Answer: "Son 99,50 €.", Citations: []string{"a"}, Locale: "es"}
	a, requests := acting(t, twoQuestions, nil, first, alone, first)
	if len(requests) != 3 || a.Text != first.Answer {
		t.Fatalf("%d requests, %q", len(requests), a.Text)
	}
	if !a.Parts[0].Covered || a.Parts[1].Covered || failing(a) != rag.CheckParts {
		t.Errorf("parts %+v, failing %q", a.Parts, failing(a))
	}
}

// TestADraftWithoutAnAnswerCoversNothing: a model that tells no support, as chat models do,
// has a question answered by itself only where it gives an answer and lacks nothing for it.
func TestADraftWithoutAnAnswerCoversNothing(t *testing.T) {
	t.Parallel()
	first := rag.Draft{Answer: "Tienes 30 días para devolver.", Citations: []string{"a"}, Locale: "es"}
	for name, alone := range map[string]rag.Draft{
		"empty":                  {Citations: []string{"a"}, Locale: "es"},
		"blank":                  {Answer: " \n", Citations: []string{"a"}, Locale: "es"},
		"needs a person":         {Answer: "Los gastos son los de siempre.", Citations: []string{"a"}, NeedsHuman: true, Locale: "es"},
		"says what it lacks":     {Answer: "Tienes 30 días para devolver.", Missing: "what it costs", Citations: []string{"a"}, Locale: "es"},
		"finds too little of it": {Answer: "Tienes 30 días para devolver.", Citations: []string{"a"}, Locale: "es", Support: 0.3},
	} {
		a, _ := acting(t, twoQuestions, nil, first, alone)
		if !a.Parts[0].Covered || a.Parts[1].Covered || failing(a) != rag.CheckParts {
			t.Errorf("%s: parts %+v, failing %q", name, a.Parts, failing(a))
		}
	}
}
