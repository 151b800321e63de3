package gateway

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag"
)

// looks are audits with these verdicts, labelled one minute after another.
func looks(calibration string, verdicts ...bool) []Audit {
	list := make([]Audit, len(verdicts))
	for i, right := range verdicts {
		list[i] = Audit{
			TurnID: fmt.Sprint("t", i), Calibration: calibration, Chance: .05, At: noon, Labelled: true, Right: right,
			LabelledAt: noon.Add(time.Duration(i) * time.Minute),
		}
	}
	return list
}

// wrongs are n verdicts of which every k-th is wrong.
func wrongs(n, k int) []bool {
	list := make([]bool, n)
	for i := range list {
		list[i] = (i+1)%k != 0
	}
	return list
}

var fivePercent = Promise{Calibration: "c1", Rate: .05, Delta: .1}

func TestJudge(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		promise Promise
		list    []Audit
		looked  int
		broken  bool
	}{
		"nobody looked":                   {fivePercent, nil, 0, false},
		"as good as promised":             {fivePercent, looks("c1", wrongs(400, 40)...), 400, false},
		"one wrong at once":               {fivePercent, looks("c1", false), 1, false},
		"wrong too often":                 {fivePercent, looks("c1", wrongs(100, 4)...), 100, true},
		"another calibration's":           {fivePercent, looks("c0", wrongs(100, 4)...), 0, false},
		"broken and then right for long":  {fivePercent, looks("c1", slices.Concat(wrongs(60, 3), wrongs(600, 601))...), 660, true},
		"nothing is answered":             {Promise{Calibration: "c1", Rate: 1, Delta: .1}, looks("c1", wrongs(100, 2)...), 0, false},
		"nothing is promised":             {Promise{}, looks("", wrongs(100, 2)...), 0, false},
		"a label without a chance of one": {fivePercent, []Audit{{Calibration: "c1", Labelled: true}}, 0, false},
	} {
		j, err := tt.promise.Judge(tt.list, .05)
		if err != nil || j.Looked != tt.looked || j.Broken != tt.broken {
			t.Errorf("%s: %+v, %v", name, j, err)
		}
	}
	if j, err := (Promise{Calibration: "c1", Rate: .05, Delta: 2}).Judge(looks("c1", true), .05); err == nil {
		t.Errorf("a delta of 2 gives %+v", j)
	}
}

// TestJudgeTakesLabelsInTheirOrder: whatever order a store lists them in, the verdict is
// that of whoever looked on all the time.
func TestJudgeTakesLabelsInTheirOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := looks("c1", rapid.SliceOfN(rapid.Bool(), 0, 80).Draw(t, "right")...)
		want, err := fivePercent.Judge(list, .05)
		if err != nil {
			t.Fatal(err)
		}
		shuffled := rapid.Permutation(list).Draw(t, "order")
		if got, err := fivePercent.Judge(shuffled, .05); err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	})
}

// TestJudgeWeighsByTheChance: where looks became a hundred times rarer, a label from before
// stands for a hundredth of one from now.
func TestJudgeWeighsByTheChance(t *testing.T) {
	t.Parallel()
	list := looks("c1", wrongs(100, 4)...)
	before, err := fivePercent.Judge(list, .05)
	if err != nil {
		t.Fatal(err)
	}
	after, err := fivePercent.Judge(list, .0005)
	if err != nil || !before.Broken || after.Broken || after.Evidence >= before.Evidence {
		t.Errorf("%+v, then %+v, %v", before, after, err)
	}
}

// TestJudgeIsSeldomFalse plays answers that are wrong exactly as often as is promised: the
// alarm is false in no more cases than Delta, although it is looked at after each label.
func TestJudgeIsSeldomFalse(t *testing.T) {
	t.Parallel()
	draw, broken := rand.New(rand.NewPCG(1, 2)), 0
	const runs = 400
	for range runs {
		verdicts := make([]bool, 300)
		for i := range verdicts {
			verdicts[i] = draw.Float64() >= fivePercent.Rate
		}
		j, err := fivePercent.Judge(looks("c1", verdicts...), .05)
		if err != nil {
			t.Fatal(err)
		}
		if j.Broken {
			broken++
		}
	}
	if share := float64(broken) / runs; share > fivePercent.Delta {
		t.Errorf("false in %.3f of the runs", share)
	}
}

// auditStore has audits and keeps alerts.
type auditStore struct {
	turnStore
	// mu guards the rest.
	mu     sync.Mutex
	list   []Audit
	alerts []Alert
	err    error
}

func (s *auditStore) Audits(_ context.Context, done bool, p Page) ([]Audit, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil || !done {
		return nil, "", s.err
	}
	// A page at a time, as stores do.
	from := 0
	if p.After != "" {
		if _, err := fmt.Sscan(p.After, &from); err != nil {
			return nil, "", err
		}
	}
	to := min(from+p.Limit, len(s.list))
	next := ""
	if to < len(s.list) {
		next = fmt.Sprint(to)
	}
	return slices.Clone(s.list[from:to]), next, nil
}

func (s *auditStore) Label(_ context.Context, turnID, _ string, right bool, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, a := range s.list {
		if a.TurnID == turnID {
			s.list[i].Right, s.list[i].LabelledAt = right, at
			return s.err
		}
	}
	return ErrNotFound
}

func (s *auditStore) Raise(_ context.Context, a Alert) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alerts = append(s.alerts, a)
	return nil
}

// forgive puts every label right.
func (s *auditStore) forgive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.list {
		s.list[i].Right = true
	}
}

func (s *auditStore) states() (list []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.alerts {
		list = append(list, a.Kind+" "+a.State+" "+string(a.Level))
	}
	return list
}

// watching makes a gateway that holds the promise, as a process does when it starts.
func watching(t *testing.T, s *auditStore) *Gateway {
	t.Helper()
	g, err := New(withFakes(Config{Store: s, Promise: fivePercent, AuditShare: .05, Now: func() time.Time { return noon }}))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestBrokenPromiseWithholdsAnswers, tells people why, survives a restart, and ends when a
// label is put right.
func TestBrokenPromiseWithholdsAnswers(t *testing.T) {
	t.Parallel()
	s := &auditStore{list: looks("c1", wrongs(300, 4)...)}
	for range 2 { // the second one is the next process
		g := watching(t, s)
		sure := rag.Answer{Text: "Sí.", Confidence: .9, Threshold: .5, Promise: "M"}
		if a := g.withhold(sure); a.Suggest {
			t.Fatal("withheld before anybody looked")
		}
		if err := g.CheckPromise(t.Context()); err != nil {
			t.Fatal(err)
		}
		a := g.withhold(sure)
		d := decideAnswer(Situation{Answer: a})
		if !a.Suggest || a.Promise != "" || d.Reason != ReasonSuggest {
			t.Errorf("an answer goes out: %+v, %+v", a, d)
		}
		why := whyText("en", Situation{Answer: a}, d, Handoff{})
		if want := "Of 300 sent answers that people looked at, 75 were wrong"; !strings.Contains(why, want) {
			t.Errorf("the agent is told %q", why)
		}
		if err := g.CheckPromise(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"promise BROKEN critical", "promise BROKEN critical"}, s.states()); diff != "" {
		t.Errorf("one alert for each process: %s", diff)
	}
	g := watching(t, s)
	if err := g.CheckPromise(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.forgive()
	if err := g.CheckPromise(t.Context()); err != nil || g.withhold(rag.Answer{}).Suggest {
		t.Errorf("it does not end: %v", err)
	}
	if got := s.states(); got[len(got)-1] != "promise KEPT info" {
		t.Errorf("alerts %v", got)
	}
	s.err = errors.New("away")
	if err := g.CheckPromise(t.Context()); err == nil {
		t.Error("a store that is away is no error")
	}
}

// TestLabelIsHeededAtOnce: whoever labels by the gateway's Audits does not wait a minute,
// and one of another replica is found after it.
func TestLabelIsHeededAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &auditStore{list: looks("c1", wrongs(100, 101)...)}
		g := watching(t, s)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.watchPromise(ctx) }()
		synctest.Wait()
		for i := range 20 {
			if err := g.Audits().Label(ctx, fmt.Sprint("t", i), "ana", false, noon.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if !g.withhold(rag.Answer{}).Suggest {
			t.Error("nobody heeds the labels")
		}
		s.forgive()
		time.Sleep(watchEvery + time.Second) // the bubble's clock
		synctest.Wait()
		if g.withhold(rag.Answer{}).Suggest {
			t.Error("nobody looks again")
		}
		if err := g.Audits().Label(ctx, "x", "ana", false, noon); !errors.Is(err, ErrNotFound) {
			t.Errorf("label of nothing: %v", err)
		}
		if list, _, err := g.Audits().Audits(ctx, true, Page{Limit: 200}); err != nil || len(list) != 100 {
			t.Errorf("%d audits, %v", len(list), err)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
