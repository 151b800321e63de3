package rag_test

import (
	"testing"

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

// TestTheSameAnswerIsSaidOnce: two questions that one sentence answers get it once.
func TestTheSameAnswerIsSaidOnce(t *testing.T) {
	t.Parallel()
	answer := rag.Draft{Answer: "Tienes 30 días para devolver.", Citations: []string{"a"}, Locale: "es"}
	a, requests := acting(t, "¿Cuántos días tengo para devolver? ¿Cuál es el plazo de cambios?", nil, rag.Draft{NeedsHuman: true}, answer, answer)
	if len(requests) != 3 || a.Text != answer.Answer {
		t.Errorf("%d requests, %q", len(requests), a.Text)
	}
	if !a.Parts[0].Covered || !a.Parts[1].Covered || failing(a) != "" {
		t.Errorf("parts %+v, failing %q", a.Parts, failing(a))
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
