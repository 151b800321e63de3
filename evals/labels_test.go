package evals

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOnce(t *testing.T) {
	t.Parallel()
	label := func(id string, right bool, weight float64, biased bool) Label {
		return Label{ID: id, Right: right, Weight: weight, Biased: biased}
	}
	got := Once([]Label{
		label("a", true, 2, false), label("", true, 1, false), label("a", false, 3, false), label("a", true, 1, false),
		label("b", true, 1, false), label("b", false, 1, false), label("", false, 1, false),
		label("c", true, 0, true), label("c", true, 5, false),
	})
	want := []Label{label("a", true, 3, false), label("", true, 1, false), label("", false, 1, false), label("c", true, 5, false)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("once (-want +got):\n%s", diff)
	}
}

// TestDecidingIsDrawnAlike draws turns with a chance that knows whether they are right, as a
// sample does that looks where errors are: those that decide are right as often as all are.
func TestDecidingIsDrawnAlike(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	var labels []Label
	wrong := 0
	const n = 40000
	for i := range n {
		right := random.Float64() < 0.9
		chance := 0.1
		if !right {
			wrong++
			chance = 0.4
		}
		if random.Float64() < chance {
			labels = append(labels, Label{ID: fmt.Sprint(i), Right: right, Weight: 1 / chance})
		}
		if i%100 == 0 {
			labels = append(labels, Label{ID: fmt.Sprint("agent", i), Biased: true})
		}
	}
	deciding := Deciding(labels)
	bad := 0
	for _, l := range deciding {
		if l.Biased {
			t.Fatal("a biased label decides")
		}
		if !l.Right {
			bad++
		}
	}
	share, want := float64(bad)/float64(len(deciding)), float64(wrong)/n
	// Four standard errors.
	if math.Abs(share-want) > 4*math.Sqrt(want*(1-want)/float64(len(deciding))) || len(deciding) < n/12 {
		t.Errorf("%.3f of %d deciding labels are wrong, and %.3f of all", share, len(deciding), want)
	}
	same := Deciding([]Label{{Right: true}, {Weight: 1}, {ID: "x", Weight: 1}})
	if len(same) != 3 {
		t.Errorf("of three alike %d decide", len(same))
	}
}

func TestOneConversationCalibratesNothing(t *testing.T) {
	t.Parallel()
	var labels []Label
	for i := range 60 {
		labels = append(labels, Label{ID: fmt.Sprint(i), Group: "one", Answered: true, Right: i%5 > 0, Features: map[string]float64{"x": float64(i % 7)}})
	}
	if _, _, _, err := CalibrateLabels(labels, Fitting{Features: FeaturesOf(labels)}); err == nil || !strings.Contains(err.Error(), "label turns of more conversations") {
		t.Errorf("one conversation: %v", err)
	}
}

func TestBiasedLabelsPromiseNothing(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	for i := range 200 {
		fmt.Fprintf(&file, `{"id":"%d","right":%t,"biased":true,"features":{"x":%d}}`+"\n", i, i%5 > 0, i%7)
	}
	labels, err := ReadLabels(strings.NewReader(file.String()))
	if err != nil {
		t.Fatal(err)
	}
	c, choice, points, err := CalibrateLabels(labels, Fitting{Features: FeaturesOf(labels)})
	if err != nil || choice.N != 0 || choice.Certified || choice.Missing != 45 || len(points) != 200 || c.Coverage != 0 || c.Threshold <= 1 {
		t.Errorf("%+v, %d points, calibration %+v, %v", choice, len(points), c, err)
	}
	for i := range labels {
		labels[i].Biased = i%2 == 0
	}
	if _, choice, _, err = CalibrateLabels(append(labels, labels...), Fitting{Features: FeaturesOf(labels)}); err != nil || choice.N != 100 {
		t.Errorf("half of them biased, and each twice: %d decide, %v", choice.N, err)
	}
}
