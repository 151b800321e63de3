package rag_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/recado/recado/rag"
)

const synonyms = `# de la tienda
bamba, zapatilla, sneaker
tarjeta regalo, gift card, vale

pantalón, trousers
`

func TestGlossary(t *testing.T) {
	t.Parallel()
	g, err := rag.ReadGlossary(strings.NewReader("\ufeff" + synonyms))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"¿Tenéis bambas?":                      "zapatilla sneaker",
		"Quiero una TARJETA  REGALO de 20":     "gift card vale",
		"una tarjeta y un regalo":              "",
		"gift card or vale":                    "tarjeta regalo",
		"los pantalones y las zapatillas":      "bamba sneaker trousers",
		"valeroso":                             "",
		"":                                     "",
		"bamba, zapatilla y sneaker, lo mismo": "",
	} {
		if got := g.Expand(text); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
	var none *rag.Glossary
	if none.Expand("bamba") != "" || none.Version() != "" || g.Version() == "" {
		t.Error("an absent glossary knows something, or this one has no version")
	}
}

func TestGlossaryMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a, b\nzapato":            "line 2",
		"a, ,":                    "line 1",
		"a, ¿?":                   "no letters",
		strings.Repeat("x", 5000): "longer than",
		strings.Repeat("uno, dos\n", 5001) + "a, b": fmt.Sprint("more than ", 5000),
	} {
		if _, err := rag.ReadGlossary(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", text, err, want)
		}
	}
}

// TestGlossaryIsSearchedFor adds the synonyms to the words, not to what is embedded.
func TestGlossaryIsSearchedFor(t *testing.T) {
	t.Parallel()
	g, err := rag.ReadGlossary(strings.NewReader(synonyms))
	if err != nil {
		t.Fatal(err)
	}
	s := newSetup(fakeModel{draft: good()})
	plain, err := rag.New(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	s.Glossary = g
	q := question
	q.Text = "¿Puedo devolver unas bambas?"
	if _, err := s.answer(t, q); err != nil {
		t.Fatal(err)
	}
	if got := s.index.queries["es"]; got.Text != q.Text || got.Also != "zapatilla sneaker" {
		t.Errorf("searched for %q and %q", got.Text, got.Also)
	}
	if p, err := rag.New(s.Config); err != nil || p.Fingerprint() == plain.Fingerprint() {
		t.Errorf("the glossary does not show in the fingerprint: %v", err)
	}
}
