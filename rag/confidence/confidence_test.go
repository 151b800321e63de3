package confidence_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag/confidence"
)

func TestFitMatchesAKnownSolution(t *testing.T) {
	t.Parallel()
	// 2x2 table: x=0 has 10 of 40 right, x=1 has 30 of 40. Without a penalty the
	// fit is the observed log odds.
	samples := table(10, 40, 30, 40)
	c, err := confidence.Fit([]string{"x"}, samples, 1e-6)
	if err != nil {
		t.Fatal(err)
	}
	for x, want := range map[float64]float64{0: 0.25, 1: 0.75} {
		if got := c.Probability(map[string]float64{"x": x}); math.Abs(got-want) > 1e-5 {
			t.Errorf("x=%v: %v, want %v", x, got, want)
		}
	}
	if c.Threshold != 1 || c.N != 80 {
		t.Errorf("threshold %v, n %d", c.Threshold, c.N)
	}
	// The ridge pulls towards the mean, and separable data stays finite.
	strong, err := confidence.Fit([]string{"x"}, table(0, 20, 20, 20), 5)
	if err != nil {
		t.Fatal(err)
	}
	if p := strong.Probability(map[string]float64{"x": 1}); p < 0.6 || p > 0.999 {
		t.Errorf("separable: %v", p)
	}
}

// table makes samples with x=0 (right0 of n0 right) and x=1.
func table(right0, n0, right1, n1 int) []confidence.Sample {
	var list []confidence.Sample
	for i := range n0 {
		list = append(list, confidence.Sample{Features: map[string]float64{"x": 0}, Right: i < right0})
	}
	for i := range n1 {
		list = append(list, confidence.Sample{Features: map[string]float64{"x": 1}, Right: i < right1})
	}
	return list
}

func TestFitRecoversWeights(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var samples []confidence.Sample
	for range 20_000 {
		a, b := random.NormFloat64(), random.NormFloat64()
		p := 1 / (1 + math.Exp(-(0.5 + 1.5*a - 0.8*b)))
		samples = append(samples, confidence.Sample{Features: map[string]float64{"a": a, "b": b, "same": 7}, Right: random.Float64() < p})
	}
	c, err := confidence.Fit([]string{"a", "b", "same"}, samples, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{1.5, -0.8, 0} {
		if got := c.Weights[i] / c.SDs[i]; math.Abs(got-want) > 0.08 {
			t.Errorf("weight of %s is %v, want %v", c.Features[i], got, want)
		}
	}
	if math.Abs(c.Probability(map[string]float64{"a": 0, "b": 0, "same": 7})-1/(1+math.Exp(-0.5))) > 0.02 {
		t.Error("the intercept is off")
	}
}

func TestFitRefuses(t *testing.T) {
	t.Parallel()
	good := table(1, 4, 3, 4)
	for name, c := range map[string]struct {
		names   []string
		samples []confidence.Sample
		lambda  float64
	}{
		"no features": {nil, good, 1},
		"no ridge":    {[]string{"x"}, good, 0},
		"all right":   {[]string{"x"}, table(4, 4, 4, 4), 1},
		"none right":  {[]string{"x"}, table(0, 4, 0, 4), 1},
		"no samples":  {[]string{"x"}, nil, 1},
	} {
		if _, err := confidence.Fit(c.names, c.samples, c.lambda); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestProbabilityTakesWhatIsMissingForAverage(t *testing.T) {
	t.Parallel()
	c, err := confidence.Fit([]string{"x"}, table(10, 40, 30, 40), 1)
	if err != nil {
		t.Fatal(err)
	}
	average := c.Probability(map[string]float64{"x": c.Means[0]})
	for name, f := range map[string]map[string]float64{"missing": nil, "NaN": {"x": math.NaN()}, "Inf": {"x": math.Inf(1)}, "unknown": {"y": 3}} {
		if got := c.Probability(f); got != average {
			t.Errorf("%s: %v, want %v", name, got, average)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		if p := c.Probability(map[string]float64{"x": rapid.Float64().Draw(t, "x")}); !(p >= 0 && p <= 1) {
			t.Fatalf("probability %v", p)
		}
	})
}

func TestWriteAndReadAgree(t *testing.T) {
	t.Parallel()
	c, err := confidence.Fit([]string{"a", "x"}, table(10, 40, 30, 40), 1)
	if err != nil {
		t.Fatal(err)
	}
	c.Name, c.Model, c.Embedder = "test", "m", "e"
	for _, threshold := range []float64{0, 0.5, 1, math.Nextafter(1, 2)} {
		c.Threshold = threshold
		var file bytes.Buffer
		if err := c.Write(&file); err != nil {
			t.Fatal(err)
		}
		got, err := confidence.Read(&file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, got); diff != "" {
			t.Error(diff)
		}
		if c.ID() != got.ID() || !strings.HasPrefix(c.ID(), "test@") {
			t.Errorf("ids %q and %q", c.ID(), got.ID())
		}
	}
	before := c.ID()
	c.Weights[0]++
	if c.ID() == before {
		t.Error("another weight, the same id")
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	good := `{"features":["x"],"means":[0],"sds":[1],"weights":[1],"threshold":0.5}`
	if _, err := confidence.Read(strings.NewReader(good)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new string }{
		"no features":    {`["x"]`, `[]`},
		"missing mean":   {`"means":[0]`, `"means":[]`},
		"missing weight": {`"weights":[1]`, `"weights":[1,2]`},
		"zero sd":        {`"sds":[1]`, `"sds":[0]`},
		"negative sd":    {`"sds":[1]`, `"sds":[-1]`},
		"threshold":      {`0.5`, `1.5`},
		"low threshold":  {`0.5`, `-0.1`},
		"unknown field":  {`"threshold"`, `"newer":1,"threshold"`},
		"no JSON":        {`{`, `[`},
		"cut off":        {`}`, ``},
	} {
		if _, err := confidence.Read(strings.NewReader(strings.Replace(good, c.old, c.new, 1))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	twice := `{"features":["x","x"],"means":[0,0],"sds":[1,1],"weights":[1,1],"threshold":0.5}`
	if _, err := confidence.Read(strings.NewReader(twice)); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("a feature twice: %v", err)
	}
}

func TestDefaultSaysWhatItIsWorth(t *testing.T) {
	t.Parallel()
	c, err := confidence.Default()
	if err != nil {
		t.Fatal(err)
	}
	if c.Bound > c.Alpha || c.Note == "" || c.FittedOn == "" || c.N < 350 || c.Threshold >= 1 {
		t.Errorf("embedded calibration: %+v", c)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"features":["x"],"means":[0],"sds":[1],"weights":[1],"threshold":0.5}`))
	f.Add([]byte(`{"features":["x"],"means":[1e400],"sds":[1]}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := confidence.Read(bytes.NewReader(file))
		if err != nil {
			return
		}
		if p := c.Probability(map[string]float64{"x": 1}); p < 0 || p > 1 {
			t.Errorf("probability %v", p)
		}
	})
}
