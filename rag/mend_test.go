package rag

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/knowledge"
)

// TestSlips: a word that nobody knows is read as the one that was meant, where it lies one
// slip of the finger from it; words of their own stay, however near they are to another.
func TestSlips(t *testing.T) {
	t.Parallel()
	s := newSpeller(nil)
	es := []knowledge.Hit{{Chunk: knowledge.Chunk{Question: "¿Cuánto dura la garantía?", Text: "Los productos nuevos tienen 3 años de garantía. Guarda la caja."}}}
	en := []knowledge.Hit{{Chunk: knowledge.Chunk{Text: "The warranty of new products lasts 3 years. Returns are free from any London address."}}}
	for _, tt := range []struct {
		locale, question, want string
		hits                   []knowledge.Hit
	}{
		{"es", "¿Qué garatía tienen los productos nuevso?", "¿Qué garantia tienen los productos nuevos?", es},
		{"es", "¿Cúanto dura la garrantia?", "¿Cúanto dura la garantia?", es},
		{"es", "¿Tenéis casa para perros?", "¿Tenéis casa para perros?", es},
		{"en", "How lonng is the warrnaty?", "How long is the warranty?", en},
		{"en", "Are rettrns free?", "Are returns free?", en},
		{"en", "Do you sell W2024117 cables?", "Do you sell W2024117 cables?", en},
	} {
		if got := mended(tt.question, s.slips(tt.locale, tt.question, tt.hits)); got != tt.want {
			t.Errorf("%q is read as %q", tt.question, got)
		}
	}
}

// TestListedSlips: a reader of the record sees them in one order, whenever they are read.
func TestListedSlips(t *testing.T) {
	t.Parallel()
	want := []Slip{{"garatía", "garantia"}, {"lonng", "long"}, {"nuevso", "nuevos"}}
	for range 20 {
		if diff := cmp.Diff(want, listed(map[string]string{"nuevso": "nuevos", "garatía": "garantia", "lonng": "long"})); diff != "" {
			t.Fatal(diff)
		}
	}
	if listed(nil) != nil {
		t.Error("a record without slips holds some")
	}
}

// TestHesitation: what people say while they look for words is no part of the question.
func TestHesitation(t *testing.T) {
	t.Parallel()
	var got []string
	for _, text := range []string{"um how long does uh the warranty last", "a ver eh cuánto dura la garantía", "pues bueno, ¿tenéis umbrales?"} {
		got = append(got, point(text))
	}
	want := []string{"how long does the warranty last", "cuánto dura la garantía", "¿tenéis umbrales?"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
