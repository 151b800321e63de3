package sufficiency_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag/confidence"
	"github.com/recado/recado/rag/sufficiency"
)

// refunds and shipping are passages that a search gives, with plausible scores.
func refunds() sufficiency.Passage {
	return sufficiency.Passage{
		Document: "refunds", Title: "Refunds", Dense: 0.6, Lexical: 9, Self: 20, DenseRank: 1, LexicalRank: 1,
		Text: "We refund the card that you paid with. A refund to a card takes 5 to 10 working days. Gift cards are refunded at once.",
	}
}

func shipping() sufficiency.Passage {
	return sufficiency.Passage{
		Document: "shipping", Title: "Shipping", Dense: 0.3, Lexical: 2, Self: 20, DenseRank: 2, LexicalRank: 2,
		Text: "Orders leave our warehouse in Zaragoza within a day. Shipping is not possible to the Canary Islands.",
	}
}

func features(text string, history ...sufficiency.Utterance) map[string]float64 {
	return sufficiency.Features(sufficiency.Question{Locale: "en", Text: text, History: history}, []sufficiency.Passage{refunds(), shipping()})
}

func TestFeatures(t *testing.T) {
	t.Parallel()
	bot := sufficiency.Utterance{Text: "I'm sorry, I don't have that information."}
	customer := sufficiency.Utterance{Customer: true, Text: "Is there a refund for this model?"}
	for _, c := range []struct {
		name, text, feature string
		history             []sufficiency.Utterance
		want                float64
	}{
		{"all words are there", "Are gift cards refunded at once?", "all", nil, 1},
		{"a word is missing", "How long does a refund to PayPal take?", "all", nil, 0},
		{"a name is missing", "How long does a refund to PayPal take?", "name_missing", nil, 1},
		{"no name is missing", "How long does a refund take?", "name_missing", nil, 0},
		{"a figure is missing", "Is a refund possible after 30 days?", "figure_missing", nil, 1},
		{"only the question denies", "Which cards are never refunded?", "denies_alone", nil, 1},
		{"only the sentence denies", "Is shipping to the Canary Islands possible?", "denied", nil, 1},
		{"both deny", "Why is shipping not possible to the Canary Islands?", "denies_alone", nil, 0},
		{"a count is asked and given", "How many working days does a card refund take?", "fits_count", nil, 1},
		{"a count is asked and not given", "How many gift cards are refunded at once?", "fits_count", nil, -1},
		{"what kind is asked", "When is a refund paid?", "asks_when", nil, 1},
		{"a kind of thing that nobody named", "Which refund does the country pay?", "vague", nil, 1},
		{"pointed at", "Is there a refund for this model?", "vague", nil, 1},
		{"pointed at what was named", "And in red, this model?", "vague", []sufficiency.Utterance{customer, bot}, 0},
		{"nothing is taken for known", "How long do refunds take?", "vague", nil, 0},
		{"leans", "How long does it take?", "leans", nil, 1},
		{"stands alone", "How long do refunds take?", "leans", nil, 0},
		{"first turn", "How long do refunds take?", "follow_up", nil, 0},
		{"later turn", "How long do refunds take?", "follow_up", []sufficiency.Utterance{customer, bot}, 1},
		{"we did not know", "Really?", "not_known", []sufficiency.Utterance{customer, bot}, 1},
		{"said before", "A refund, for this model?", "said", []sufficiency.Utterance{customer, bot}, 1},
		{"the contrary is said", "When is shipping impossible to the Canary Islands?", "opposed_here", nil, 1},
		{"the same is said", "When is shipping possible to the Canary Islands?", "opposed_here", nil, 0},
		{"the contrary by a prefix", "How many nonworking days does a refund take?", "opposed", nil, 1},
		{"yes or no", "And, is a refund possible?", "yes_no", nil, 1},
		{"yes or no in Spanish", "¿Se puede devolver?", "yes_no", nil, 1},
		{"neither yes nor no", "When is a refund possible?", "yes_no", nil, 0},
		{"asks without a mark", "how long do refunds take", "question", nil, 1},
		{"names something", "Refund to a gift card", "question", nil, 0},
		{"goes on with what was said", "And how long?", "heard", []sufficiency.Utterance{customer, {Text: "We refund the card."}}, 1},
		{"speaks of something else", "And how long?", "heard", []sufficiency.Utterance{customer, {Text: "Zebras have stripes."}}, 0},
		{"words and meaning agree", "How long do refunds take?", "agree", nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := features(c.text, c.history...)[c.feature]; got != c.want {
				t.Errorf("%s of %q is %v, not %v", c.feature, c.text, got, c.want)
			}
		})
	}
}

func TestFeaturesCompare(t *testing.T) {
	t.Parallel()
	near, far := features("How long does a refund to a card take?"), features("How long does the warranty of the robot last?")
	for _, name := range []string{"covered", "sentence", "window", "pairs_here", "order_here", "grams", "grams_here"} {
		if near[name] <= far[name] {
			t.Errorf("%s is %.3f where the passage answers and %.3f where it does not", name, near[name], far[name])
		}
	}
	for _, name := range []string{"missing", "absent", "unknown", "unlike"} {
		if near[name] >= far[name] {
			t.Errorf("%s is %.3f where the passage answers and %.3f where it does not", name, near[name], far[name])
		}
	}
}

// Where many documents speak of what is asked, the ones behind the first are near it by words.
func TestFeaturesOfACrowd(t *testing.T) {
	t.Parallel()
	ask := func(scores ...float64) map[string]float64 {
		var found []sufficiency.Passage
		for i, score := range scores {
			p := refunds()
			p.Document, p.Lexical = string(rune('a'+i)), score
			found = append(found, p, p) // two passages of a document are no rivals
		}
		return sufficiency.Features(sufficiency.Question{Locale: "en", Text: "How long does a refund take?"}, found)
	}
	for name, c := range map[string]struct {
		scores          []float64
		fourth, seventh float64
	}{
		"crowd":         {[]float64{8, 7, 7, 6, 5, 4, 4, 1}, 0.75, 0.5},
		"apart":         {[]float64{8, 1, 1, 0, 0, 0, 0, 0}, 0, 0},
		"few":           {[]float64{8, 7, 7, 6}, 0.75, 0},
		"in any order":  {[]float64{6, 8, 7, 7}, 0.75, 0},
		"meaning alone": {[]float64{0, 0, 0, 0, 0, 0, 0}, 0, 0},
	} {
		if f := ask(c.scores...); f["lexical_fourth"] != c.fourth || f["lexical_seventh"] != c.seventh {
			t.Errorf("%s: %v and %v, not %v and %v", name, f["lexical_fourth"], f["lexical_seventh"], c.fourth, c.seventh)
		}
	}
}

func TestFeaturesWithoutPassages(t *testing.T) {
	t.Parallel()
	f := sufficiency.Features(sufficiency.Question{Locale: "es", Text: "¿Y si no hay nada?"}, nil)
	if f["covered"] != 0 || f["unknown"] < 0.99 {
		t.Errorf("covered %v and unknown %v of a question without passages", f["covered"], f["unknown"])
	}
}

// A score that is hardly one makes no share of it endless.
func TestFeaturesOfHardlyAScore(t *testing.T) {
	t.Parallel()
	first, second := refunds(), shipping()
	first.Lexical, first.Self, second.Lexical, second.Self = math.SmallestNonzeroFloat64, math.SmallestNonzeroFloat64, 1, 0
	f := sufficiency.Features(sufficiency.Question{Locale: "en", Text: "How long does a refund take?"}, []sufficiency.Passage{first, second})
	for _, name := range []string{"lexical_share", "lexical_gap", "lexical_margin"} {
		if f[name] != 0 {
			t.Errorf("%s is %v", name, f[name])
		}
	}
}

// Whatever comes in, features are finite and the same twice, and shares are shares.
func TestFeaturesAreFinite(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([a-zA-Zñéü¿?.,:'0-9]{0,8}[ \n]){0,12}`)
		q := sufficiency.Question{Locale: rapid.SampledFrom([]string{"es", "en", ""}).Draw(t, "locale"), Text: text.Draw(t, "text")}
		for range rapid.IntRange(0, 3).Draw(t, "turns") {
			q.History = append(q.History, sufficiency.Utterance{Customer: rapid.Bool().Draw(t, "customer"), Text: text.Draw(t, "said")})
		}
		var passages []sufficiency.Passage
		for range rapid.IntRange(0, 5).Draw(t, "passages") {
			passages = append(passages, sufficiency.Passage{
				Document: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "document"), Text: text.Draw(t, "passage"),
				Dense: rapid.Float64Range(-1, 1).Draw(t, "dense"), Lexical: rapid.Float64Range(0, 50).Draw(t, "lexical"), Self: rapid.Float64Range(0, 50).Draw(t, "self"),
			})
		}
		f := sufficiency.Features(q, passages)
		for name, v := range f {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("%s is %v", name, v)
			}
		}
		for _, name := range []string{"covered", "sentence", "second", "window", "pairs", "triples", "order", "grams", "unknown", "said"} {
			if f[name] < 0 || f[name] > 1+1e-9 {
				t.Fatalf("%s is %v, and no share", name, f[name])
			}
		}
		if diff := cmp.Diff(f, sufficiency.Features(q, passages)); diff != "" {
			t.Fatalf("the same question twice (-first +second):\n%s", diff)
		}
	})
}

func TestShippedKnows(t *testing.T) {
	t.Parallel()
	s, err := sufficiency.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(text string, history ...sufficiency.Utterance) float64 {
		return s.Probability(s.Features(sufficiency.Question{Locale: "en", Text: text, History: history}, []sufficiency.Passage{refunds(), shipping()}))
	}
	if there, gone := ask("How long does a refund to a card take?"), ask("Who repairs the robot of the museum in Paris?"); there <= gone {
		t.Errorf("%.3f for what the passage says and %.3f for what it does not", there, gone)
	}
	if named, swapped := ask("How long does a refund to a card take?"), ask("How long does a refund to PayPal take?"); named <= swapped {
		t.Errorf("%.3f for what the passage says and %.3f with a name that it lacks", named, swapped)
	}
	said := sufficiency.Utterance{Customer: true, Text: "hello there"}
	if clear, unclear := ask("How long does a refund to a card take?", said), ask("How long does the refund of this actor take?", said); clear <= unclear {
		t.Errorf("%.3f for what is clear and %.3f for what nobody has named", clear, unclear)
	}
}

// learnt are examples whose first words alone tell whether they are answered.
func learnt(n int, followUp bool) []sufficiency.Example {
	var list []sufficiency.Example
	for i := range n {
		text := "How long does a refund to a card take?"
		if i%2 == 1 {
			text = "Who repairs the robot of the museum?"
		}
		var history []sufficiency.Utterance
		if followUp {
			history = []sufficiency.Utterance{{Customer: true, Text: "hello"}}
		}
		list = append(list, sufficiency.Example{Features: features(text, history...), Answerable: i%2 == 0, Right: i%2 == 0, Group: strings.Repeat("x", i)})
	}
	return list
}

// unanswered are examples of what no document answers.
func unanswered(n int) []sufficiency.Example {
	var list []sufficiency.Example
	for i := range n {
		list = append(list, sufficiency.Example{Features: features("Who repairs the robot of the museum?"), Group: strings.Repeat("y", i)})
	}
	return list
}

func TestFitIsWrittenAndRead(t *testing.T) {
	t.Parallel()
	fitted, err := sufficiency.Fit(sufficiency.Examples{Topic: learnt(40, false), Nothing: unanswered(20), Holds: learnt(40, false), FollowUps: learnt(40, true)})
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := fitted.Write(&file); err != nil {
		t.Fatal(err)
	}
	read, err := sufficiency.Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	for _, history := range [][]sufficiency.Utterance{nil, {{Customer: true, Text: "hello"}}} {
		yes, no := features("How long does a refund to a card take?", history...), features("Who repairs the robot of the museum?", history...)
		if a, b := fitted.Probability(fitted.Scored(yes)), read.Probability(read.Scored(yes)); a != b || a < 0.7 {
			t.Errorf("the fit gives %.3f and what was read %.3f", a, b)
		}
		if p := read.Probability(read.Scored(no)); p > 0.3 {
			t.Errorf("what was never answered gets %.3f", p)
		}
	}
}

func TestFitRefuses(t *testing.T) {
	t.Parallel()
	good := learnt(40, false)
	for name, x := range map[string]sufficiency.Examples{
		"topic":      {Holds: good, FollowUps: learnt(40, true)},
		"holds":      {Topic: good, FollowUps: learnt(40, true)},
		"follow-ups": {Topic: good, Holds: good},
	} {
		if _, err := sufficiency.Fit(x); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("a fit without %s gives %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"topic":{}}`))
	f.Add([]byte(`null`))
	var file bytes.Buffer
	c, err := confidence.Default()
	if err != nil {
		f.Fatal(err)
	}
	if err := c.Write(&file); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"topic":` + file.String() + `}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := sufficiency.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		if p := s.Probability(s.Scored(features("How long?"))); !(p >= 0 && p <= 1) {
			t.Fatalf("a probability of %v", p)
		}
	})
}
