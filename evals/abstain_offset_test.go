package evals

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/recado/recado/rag/confidence"
)

// An article tells of its language once, however many questions there are about it.
func TestOffsetTau(t *testing.T) {
	t.Parallel()
	var alone, grouped []confidence.Sample
	for i := range 100 {
		alone = append(alone, confidence.Sample{Locale: "es"})
		grouped = append(grouped, confidence.Sample{Locale: []string{"es", "en"}[i%2], Group: strconv.Itoa(i / 50)})
	}
	if got := offsetTau(alone); got != offsetSpread {
		t.Errorf("of questions that stand alone: %v", got)
	}
	// Two articles in two languages, 25 questions about each in each.
	if got := offsetTau(grouped); math.Abs(got-offsetSpread/5) > 1e-12 {
		t.Errorf("of 25 questions about each article in a language: %v", got)
	}
	if got := offsetTau(nil); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// By chance most articles of one language are answerable here, and of the other few. Elsewhere they
// are not, and the fit is to believe little of that.
func TestOffsetsOfFewArticles(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(8, 1))
	var samples []confidence.Sample
	for i := range 600 {
		s := confidence.Sample{Locale: []string{"es", "en"}[i%2], Group: strconv.Itoa(i / 50)}
		share := 0.65
		if s.Locale == "en" {
			share = 0.35
		}
		s.Right = random.Float64() < share
		s.Features = map[string]float64{"x": random.NormFloat64()}
		samples = append(samples, s)
	}
	offset := func(tau float64) float64 {
		c, err := confidence.Fitting{Names: []string{"x"}, Lambda: 3, Tau: tau}.Fit(samples)
		if err != nil {
			t.Fatal(err)
		}
		return c.Offsets["locale:es"]
	}
	all, held := offset(offsetSpread), offset(offsetTau(samples))
	if all < 0.4 || held > 0.75*all || held <= 0 {
		t.Errorf("the offset of Spanish is %.2f, and %.2f by articles", all, held)
	}
}
