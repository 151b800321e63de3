package intent_test

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag/intent"
)

func shop() []intent.Example {
	texts := map[string][]string{
		"status": {"where is my order", "has my parcel been sent", "dónde está mi pedido", "cuándo llega mi paquete", "track my order please"},
		"return": {"I want to return the shoes", "how do I send it back", "quiero devolver los zapatos", "cómo hago una devolución", "return an item"},
		"hours":  {"when do you open", "what are your opening hours", "a qué hora abren", "cuál es su horario", "are you open on Sunday"},
	}
	var examples []intent.Example
	for _, name := range []string{"status", "return", "hours"} {
		for _, text := range texts[name] {
			examples = append(examples, intent.Example{Text: text, Intent: name})
		}
	}
	return examples
}

func train(t testing.TB, examples []intent.Example) *intent.Classifier {
	t.Helper()
	c, err := intent.Train(examples, intent.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClassify(t *testing.T) {
	t.Parallel()
	c := train(t, shop())
	for text, want := range map[string]string{
		"where is the order I made":   "status",
		"WHERE IS MY ORDDER??":        "status",
		"donde esta mi pedido":        "status",
		"mi pakete cuando llega":      "status",
		"i wnat to retrun my shoes":   "return",
		"quisiera una devolucion":     "return",
		"a que hora abren el domingo": "hours",
		"opening hours":               "hours",
	} {
		if got := c.Classify(text); got.Intent != want {
			t.Errorf("%q is taken for %q, want %q", text, got.Intent, want)
		}
	}
}

func TestWhatIsFarFromTheExamplesScoresLow(t *testing.T) {
	t.Parallel()
	c := train(t, shop())
	near := c.Classify("where is my order")
	for _, text := range []string{"sing me a song about volcanoes", "capital de Mongolia", "???", ""} {
		far := c.Classify(text)
		if far.InScope >= near.InScope || far.Confidence >= near.Confidence {
			t.Errorf("%q scores %+v, a known question %+v", text, far, near)
		}
	}
}

func TestExamplesOutOfScopeLowerTheScope(t *testing.T) {
	t.Parallel()
	text := "where is my cousin"
	without := train(t, shop()).Classify(text)
	with := train(t, append(shop(),
		intent.Example{Text: "where is my uncle", OutOfScope: true},
		intent.Example{Text: "where is my cousin from", OutOfScope: true})).Classify(text)
	if with.InScope >= without.InScope {
		t.Errorf("scope %.3f with examples out of scope, %.3f without", with.InScope, without.InScope)
	}
	if with.Intent == "" {
		t.Error("a text out of scope has no likeliest intent")
	}
}

func TestTooFewExamples(t *testing.T) {
	t.Parallel()
	for name, examples := range map[string][]intent.Example{
		"none":         nil,
		"one intent":   {{Text: "hello", Intent: "greet"}, {Text: "hi", Intent: "greet"}},
		"out of scope": {{Text: "hello", Intent: "greet"}, {Text: "hi", Intent: "other", OutOfScope: true}},
	} {
		if _, err := intent.Train(examples, intent.Config{}); !errors.Is(err, intent.ErrTooFew) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestScoresAreSharesAndTheSameEachTime(t *testing.T) {
	t.Parallel()
	one, other := train(t, shop()), train(t, shop())
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`(where|order|devolver|hora|my|x){1,6}( [a-z]{1,8}){0,5}`)).Draw(t, "text")
		got := one.Classify(text)
		if diff := cmp.Diff(got, other.Classify(text)); diff != "" {
			t.Fatalf("the same examples guess differently: %s", diff)
		}
		for _, share := range []float64{got.Confidence, got.InScope} {
			if math.IsNaN(share) || share < 0 || share > 1+1e-9 {
				t.Fatalf("%q: %+v", text, got)
			}
		}
	})
}

func FuzzClassify(f *testing.F) {
	c := train(f, shop())
	f.Add("¿dónde está mi pedido?")
	f.Add("\xff\x00 ㎏ ﬁ")
	f.Fuzz(func(t *testing.T, text string) {
		if got := c.Classify(text); got.Intent == "" || math.IsNaN(got.InScope) {
			t.Fatalf("%q: %+v", text, got)
		}
	})
}
