package knowledge

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func lexiconOf(language string, terms ...string) *Lexicon {
	l := NewLexicon(language)
	l.Grow(100, 5000)
	for _, term := range terms {
		l.Add(term, 2)
	}
	return l
}

func weightIn(p Plan, term string) float64 {
	for _, t := range p.Terms {
		if t.Term == term {
			return t.Weight
		}
	}
	return 0
}

// TestPlanFindsWhatIsMeant: a word, one with letters missing or swapped, a relative, a
// translation, a cognate and a code lead to the term; what looks like nothing does not.
func TestPlanFindsWhatIsMeant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ language, from, text, want string }{
		{"en", "", "career", "career"},
		{"en", "", "caeer", "career"},
		{"es", "", "norandos", "normand"},
		{"es", "", "bimringham", "birmingham"},
		{"en", "", "waterproof", "water"},
		{"en", "es", "reembolso", "refund"},
		{"en", "es", "universidad", "univers"},
		{"en", "es", "filosofía", "philosophi"},
		{"es", "en", "philosophy", "filosof"},
		{"en", "es", "AB-12", "ab12"},
	} {
		l := lexiconOf(c.language, c.want, "zebra", "window")
		p := l.Plan(Query{Text: c.text, TextLocale: c.from})
		if c.text == "waterproof" {
			l.Add("waterproof", 1)
			p = l.Plan(Query{Text: c.text})
		}
		if weightIn(p, c.want) <= 0 || weightIn(p, "zebra") != 0 {
			t.Errorf("the plan of %q in %s is %v, want %q in it", c.text, c.language, p.Terms, c.want)
		}
	}
}

// TestPlanWeighs: what is said again counts again, a synonym for less, what is written in
// a hurry not at all, and what no passage says is missing in Self.
func TestPlanWeighs(t *testing.T) {
	t.Parallel()
	l := lexiconOf("es", "plaz", "gast", "q", "d")
	p := l.Plan(Query{Text: "plazo plazo gastos q d xq", Also: "gastos"})
	once := IDF(100, 2)
	want := []WeightedTerm{{"gast", once + once*alsoShare}, {"plaz", 2 * once}}
	if diff := cmp.Diff(want, p.Terms); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := 3 * once * (BM25K1 + 1); p.Self != want {
		t.Errorf("Self is %f, want %f", p.Self, want)
	}
	missing := l.Plan(Query{Text: "plazo zanahoria"})
	if want := (once + IDF(100, 0)) * (BM25K1 + 1); missing.Self != want {
		t.Errorf("Self with a word that no passage says is %f, want %f", missing.Self, want)
	}
	if p := NewLexicon("es").Plan(Query{Text: "plazo"}); len(p.Terms) != 0 || p.Mean != 1 {
		t.Errorf("an empty vocabulary plans %+v", p)
	}
}

// TestPlanDoesNotDependOnHistory: equal vocabularies give equal plans, whatever was added
// and forgotten on the way, and plans keep to their bound.
func TestPlanDoesNotDependOnHistory(t *testing.T) {
	t.Parallel()
	words := []string{"career", "carrier", "barrier", "cart", "carton", "water", "waterproof", "refund", "refunds", "return"}
	rapid.Check(t, func(t *rapid.T) {
		a, b := NewLexicon("en"), NewLexicon("en")
		a.Grow(50, 500)
		b.Grow(50, 500)
		for _, w := range rapid.Permutation(words).Draw(t, "first") {
			n := rapid.IntRange(0, 3).Draw(t, "n")
			a.Add(w, n)
			b.Add(w, n+1)
			b.Add(w, -1)
		}
		text := rapid.SampledFrom(words).Draw(t, "word") + " " + rapid.StringMatching(`[a-z]{1,9}`).Draw(t, "other")
		for _, from := range []string{"", "es"} {
			x, y := a.Plan(Query{Text: text, TextLocale: from}), b.Plan(Query{Text: text, TextLocale: from})
			if diff := cmp.Diff(x, y); diff != "" {
				t.Fatalf("%q:\n%s", text, diff)
			}
			if len(x.Terms) > MaxTerms {
				t.Fatalf("%d terms", len(x.Terms))
			}
		}
	})
}

// TestPlanOfALongQuestion: a page that somebody pasted is read up to a bound, and what
// looks like its words is searched for the rarest of them.
func TestPlanOfALongQuestion(t *testing.T) {
	t.Parallel()
	l, random := NewLexicon("en"), rand.New(rand.NewPCG(1, 2))
	l.Grow(100, 5000)
	misspelt, common := "", ""
	for range maxAlike + 8 {
		var letters [10]byte
		for i := range letters {
			letters[i] = 'a' + byte(random.IntN(26))
		}
		l.Add(string(letters[:]), 2)
		misspelt += " " + string(letters[:9])
		l.Add(string(letters[5:])+string(letters[:4]), 50)
		common += " " + string(letters[5:]) + string(letters[:4])
	}
	if n := len(l.Plan(Query{Text: misspelt}).Terms); n != maxAlike {
		t.Errorf("%d terms stand for %d misspelt words", n, maxAlike+8)
	}
	l.Add("career", 2)
	l.Add("zephyr", 2)
	p := l.Plan(Query{Text: common + " caeer" + strings.Repeat(" common", maxAsked/7) + " zephyr"})
	if weightIn(p, "career") == 0 || weightIn(p, "zephyr") != 0 {
		t.Errorf("misspelt word %f, word behind the bound %f", weightIn(p, "career"), weightIn(p, "zephyr"))
	}
}

func TestEditSimilarity(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want float64
	}{{"abc", "abc", 1}, {"abcd", "abdc", .75}, {"abcd", "abd", .75}, {"", "a", 0}, {"ab", "cd", 0}} {
		if got := editSimilarity(c.a, c.b); got != c.want {
			t.Errorf("editSimilarity(%q, %q) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// TestDictionary reads every line of the embedded dictionary.
func TestDictionary(t *testing.T) {
	t.Parallel()
	english, spanish := readDictionary("en"), readDictionary("es")
	if len(english) < 4000 || len(spanish) < 4000 || len(readDictionary("fr")) != 0 {
		t.Errorf("%d Spanish and %d English stems", len(english), len(spanish))
	}
	if got := english["gat"]; !cmp.Equal(got, []string{"cat"}) {
		t.Errorf("gato is %v", got)
	}
}

// BenchmarkPlan plans a question of six known and two misspelt words over 100,000 terms.
func BenchmarkPlan(b *testing.B) {
	l, random := NewLexicon("en"), rand.New(rand.NewPCG(1, 2))
	l.Grow(100_000, 18_000_000)
	const letters = "etaoinshrdlucmfwypvbgkjqxz"
	word := func() string {
		w := make([]byte, 4+random.IntN(7))
		for i := range w {
			w[i] = letters[min(random.IntN(26), random.IntN(26))]
		}
		return string(w)
	}
	question := ""
	for i := range 100_000 {
		w := word()
		l.Add(w, 1+random.IntN(20))
		if i%15_000 == 0 {
			question += w + " "
		}
	}
	question += "reutrn shoess"
	for b.Loop() {
		l.Plan(Query{Text: question})
	}
}
