package runs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
)

func TestReadMarks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text  string
		want  []runs.Mark
		wrong string
	}{
		"lines": {`{"case":"a/es","statement":"It is polite.","verdict":true}` + "\n\n" + `{"case":"b/en","metric":"passed","verdict":"no","try":2,"reply":"Hi"}`, []runs.Mark{
			{Case: "a/es", Statement: "It is polite.", Holds: true, Line: 1}, {Case: "b/en", Try: 2, Metric: "passed", Reply: "Hi", Line: 3},
		}, ""},
		"a table": {"case,statement,verdict,question\na/es,It is polite.,yes,Hi?\nb/es,\"Es \n amable.\",,\nc/es,,no,\n", []runs.Mark{
			{Case: "a/es", Statement: "It is polite.", Holds: true, Line: 2}, {Case: "c/es", Metric: "judge", Line: 5},
		}, ""},
		"a table of a spreadsheet": {"\ufeffCase;Metric;Verdict;reply\na/es;passed;SÍ;'=1+1\n", []runs.Mark{{Case: "a/es", Metric: "passed", Holds: true, Reply: "=1+1", Line: 2}}, ""},
		"no verdict column":        {"case,statement\n", nil, `line 1: the header has no column "verdict"`},
		"nothing":                  {"", nil, "there are no marks"},
		"another word":             {"case,verdict\na,yes\nb,perhaps\n,yes\n", []runs.Mark{{Case: "a", Metric: "judge", Holds: true, Line: 2}}, "line 3: the verdict is neither yes nor no\nline 4 names no case"},
		"a broken line":            {"{\"case\":\"a\"", nil, "line 1 is no JSON object"},
		"a broken try":             {`{"case":"a","verdict":true,"try":"x"}`, nil, "line 1: try is a number"},
	} {
		got, err := runs.ReadMarks(strings.NewReader(c.text))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v, want %s", name, err, c.wrong)
		}
	}
}

func FuzzReadMarks(f *testing.F) {
	f.Add("case,verdict\na,yes\n")
	f.Add(`{"case":"a","verdict":true}`)
	f.Add("case;verdict\n\"a;yes")
	f.Fuzz(func(t *testing.T, text string) {
		marks, _ := runs.ReadMarks(strings.NewReader(text))
		for _, m := range marks {
			if m.Case == "" || m.Statement == "" && m.Metric == "" || m.Line < 1 || m.Try < 0 {
				t.Errorf("%+v", m)
			}
		}
	})
}

// statement is what is judged in these tests.
const statement = "The reply names a time."

// judgedRun is a run in which a model judged each reply, right in so many of 100 cases in each
// language, always too kind where it is wrong. truth says what people would.
func judgedRun(cases int, rightIn map[string]float64) (run runs.Run, truth map[string]bool) {
	r := rand.New(rand.NewPCG(7, 7))
	truth = map[string]bool{}
	for i := range cases {
		for _, language := range []string{"es", "en"} {
			id := fmt.Sprintf("case-%03d/%s", i, language)
			truth[id] = r.Float64() < .6
			says := truth[id] || r.Float64() > rightIn[language]
			run.Results = append(run.Results, runs.Result{
				ID: id, Try: 1, Group: fmt.Sprintf("case-%03d", i), Language: language, Weight: 1, Passed: says,
				Steps: []runs.Step{{Decision: "reply", Said: []string{"When?"}, Replies: []runs.Reply{{Text: "On " + id}}, Checks: []runs.Check{{Name: "judge", OK: says, Want: statement, Score: indicator(says)}}}},
			})
		}
	}
	run.ID, run.Complete = "r1", true
	return run, truth
}

func indicator(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// marksOf are marks of the first so many cases.
func marksOf(truth map[string]bool, cases int) []runs.Mark {
	var marks []runs.Mark
	for i := range cases {
		for _, language := range []string{"es", "en"} {
			id := fmt.Sprintf("case-%03d/%s", i, language)
			marks = append(marks, runs.Mark{Case: id, Statement: " the reply names  a time. ", Holds: truth[id]})
		}
	}
	return marks
}

// A judge that is too kind in Spanish is corrected, and is seen to agree less there.
func TestPeopleCorrectAJudge(t *testing.T) {
	t.Parallel()
	run, truth := judgedRun(300, map[string]float64{"es": .2, "en": 1})
	people := 0.0
	for _, holds := range truth {
		people += indicator(holds) / float64(len(truth))
	}
	if strays := run.Take(marksOf(truth, 80)); len(strays) > 0 {
		t.Fatal(strays)
	}
	run.Summarise(suite.Suite{})
	raw, corrected := run.Metrics[runs.Judge], run.Metrics[runs.Judge+runs.Corrected]
	if raw.Low < people || corrected.Low > people || corrected.High < people || corrected.High-corrected.Low < raw.High-raw.Low {
		t.Errorf("people %.3f, raw %+v, corrected %+v", people, raw, corrected)
	}
	es, en := run.Metrics["judge_kappa/es"], run.Metrics["judge_kappa/en"]
	if es.High > .6 || en.Value != 1 || en.Low < .8 || run.Metrics["judge_agreement/en"].Value != 1 || run.Metrics["judge_agreement"].N != 80 {
		t.Errorf("kappa es %+v, en %+v", es, en)
	}
	for _, s := range run.Slices {
		if s.By == "language" && s.Metrics["judge_kappa"].N != 80 {
			t.Errorf("%s: %+v", s.Name, s.Metrics["judge_kappa"])
		}
	}
	want := []runs.Marked{{Metric: "judge", Marks: 160, Cases: 80, Enough: true}, {Metric: "judge", Language: "en", Marks: 80, Cases: 80, Enough: true}, {Metric: "judge", Language: "es", Marks: 80, Cases: 80, Enough: true}}
	if diff := cmp.Diff(want, run.Marked); diff != "" {
		t.Error(diff)
	}
}

func TestFewMarksSayHowManyMore(t *testing.T) {
	t.Parallel()
	run, truth := judgedRun(60, map[string]float64{"es": .5, "en": .5})
	run.Take(marksOf(truth, 7))
	run.Summarise(suite.Suite{Thresholds: []suite.Threshold{{Metric: "judge_corrected", Min: new(.5)}}})
	if _, there := run.Metrics["judge_corrected"]; there || run.Marked[0] != (runs.Marked{Metric: "judge", Marks: 14, Cases: 7, More: 23}) {
		t.Errorf("%+v", run.Marked)
	}
	if note := run.Gates[0].Note; !strings.Contains(note, "not enough marks") || !strings.Contains(run.Gates[0].NoteIn("es"), "marcas de personas") {
		t.Errorf("%q %q", note, run.Gates[0].NoteES)
	}
	// With as many as it takes, the rest is how narrow the interval is, and a run that was kept is held
	// against what it has to reach.
	run.Take(marksOf(truth, 40))
	run.Measure()
	if g := run.Gates[0]; g.Estimate == nil || g.OK != (g.Estimate.Value >= .5) {
		t.Errorf("%+v", g)
	}
	if e := run.Metrics["judge_corrected"]; e.N != 40 || !run.Marked[0].Enough || (run.Marked[0].More > 0) != (e.High-e.Low > .2) {
		t.Errorf("%+v %+v", e, run.Marked[0])
	}
}

// A threshold of a slice is held against people's marks anew too, of the cases of the slice alone.
func TestMarksDecideThresholdsOfSlices(t *testing.T) {
	t.Parallel()
	run, truth := judgedRun(60, map[string]float64{"es": .2, "en": .9})
	var s suite.Suite
	for language, least := range map[string]float64{"es": .3, "en": .9} {
		s.Thresholds = append(s.Thresholds, suite.Threshold{Metric: "judge_corrected", Min: &least, Where: suite.Where{Language: language}})
	}
	run.Summarise(s)
	if runs.Reached(run.Gates) || run.Gates[0].Estimate != nil {
		t.Fatalf("without a mark: %+v", run.Gates)
	}
	var kept bytes.Buffer
	if err := runs.Encode(&kept, run); err != nil {
		t.Fatal(err)
	}
	again := runs.Run{}
	if err := json.Unmarshal(kept.Bytes(), &again); err != nil {
		t.Fatal(err)
	}
	again.Take(marksOf(truth, 60))
	again.Measure()
	for i, g := range again.Gates {
		people, n := 0.0, 0
		for key, holds := range truth {
			if strings.HasSuffix(key, "/"+s.Thresholds[i].Where.Language) {
				people, n = people+indicator(holds), n+1
			}
		}
		if g.Estimate == nil || g.Where != s.Thresholds[i].Where.String() || g.OK != (g.Estimate.Value >= *g.Min) || g.OK != (*g.Min == .3) || math.Abs(g.Estimate.Value-people/float64(n)) > .02 {
			t.Errorf("%s: %+v, people %.3f", g.Where, g, people/float64(n))
		}
	}
}

func TestMarksThatFitNothingAreNamed(t *testing.T) {
	t.Parallel()
	run, _ := judgedRun(2, map[string]float64{"es": 1, "en": 1})
	run.Results[1].Outage = "away"
	run.Results[2].Steps = append(run.Results[2].Steps, run.Results[2].Steps[0])
	got := run.Take([]runs.Mark{
		{Case: "case-000/es", Statement: statement, Reply: " On case-000/es ", Holds: true, Line: 1},
		{Case: "case-000/es", Metric: "passed", Line: 2},
		{Case: "case-009/es", Statement: statement, Line: 3},
		{Case: "case-000/en", Statement: statement, Line: 4},
		{Case: "case-000/es", Statement: statement, Try: 2, Line: 5},
		{Case: "case-000/es", Statement: "It is polite.", Line: 6},
		{Case: "case-000/es", Statement: statement, Reply: "On Monday", Line: 7},
		{Case: "case-000/es", Metric: "grounded", Line: 8},
		{Case: "case-001/es", Metric: "judge", Line: 9},
	})
	want := []string{
		`line 3: the run has no case "case-009/es"`, `line 4: the run has not judged "case-000/en"`, `line 5: the run has not judged "case-000/es", or has no such try`,
		`line 6: "case-000/es" has no statement "It is polite."`, `line 7: "case-000/es" gets another reply now`, `line 8: "case-000/es" has no check "grounded"`,
		`line 9: "case-001/es" has not exactly one statement`,
	}
	for i := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], want[i]) || !strings.HasSuffix(got[i], "the mark does not count") {
			t.Errorf("%q, want %q", got, want[i])
		}
	}
	if p := run.Results[0].Steps[0].Checks[0].Person; len(got) != len(want) || p == nil || !*p || run.Results[0].People["passed"] {
		t.Errorf("%d strays, %v", len(got), p)
	}
}

// Whole cases are marked as statements are.
func TestPeopleCorrectWhatPasses(t *testing.T) {
	t.Parallel()
	run, truth := judgedRun(100, map[string]float64{"es": .5, "en": .5})
	marks := marksOf(truth, 40)
	for i := range marks {
		marks[i].Statement, marks[i].Metric = "", runs.Passed
	}
	run.Take(marks)
	run.Summarise(suite.Suite{})
	if e := run.Metrics["passed_corrected"]; e.N != 40 || e.Value >= run.Metrics[runs.Passed].Value || run.Metrics["passed_kappa"].Value <= 0 {
		t.Errorf("%+v, raw %+v", e, run.Metrics[runs.Passed])
	}
}

// A sheet is drawn at random, says nothing of what the judge said, and comes back as marks.
func TestASheetComesBack(t *testing.T) {
	t.Parallel()
	run, _ := judgedRun(50, map[string]float64{"es": 1, "en": 1})
	run.Results[0].Steps[0].Replies[0].Text = "=HYPERLINK(1)"
	var b, again strings.Builder
	for _, w := range []*strings.Builder{&b, &again} {
		if err := runs.WriteSheet(w, run, 1000); err != nil {
			t.Fatal(err)
		}
	}
	if b.String() != again.String() || strings.Count(b.String(), statement) != 100 || strings.Contains(b.String(), ",=") {
		t.Errorf("the sheet is\n%s", b.String())
	}
	marks, err := runs.ReadMarks(strings.NewReader(strings.ReplaceAll(b.String(), ",\n", ",yes\n")))
	if err != nil || len(marks) != 100 {
		t.Fatalf("%d marks, %v", len(marks), err)
	}
	if strays := run.Take(marks); len(strays) > 0 {
		t.Error(strays)
	}
	b.Reset()
	if err := runs.WriteSheet(&b, run, 10); err != nil || strings.Count(b.String(), "\n") != 11 {
		t.Errorf("%v\n%s", err, b.String())
	}
	if strings.Contains(b.String(), "case-000/es,1") && strings.Contains(b.String(), "case-001/es,1") && strings.Contains(b.String(), "case-002/es,1") {
		t.Error("the first cases are there, not some by chance")
	}
}

func TestUnjudgedStatementsAreCounted(t *testing.T) {
	t.Parallel()
	run := runOf(shop())
	run.Results[0].Steps[0].Unjudged = 2
	run.Summarise(suite.Suite{Thresholds: []suite.Threshold{{Metric: runs.Judge, Min: new(.9)}}})
	if run.Unjudged != 2 || run.Gates[0].OK || !strings.Contains(run.Gates[0].Note, "Nobody judged the statements about replies (2)") || !strings.Contains(run.Gates[0].NoteES, "Nadie ha juzgado") {
		t.Errorf("%d, %+v", run.Unjudged, run.Gates[0])
	}
}
