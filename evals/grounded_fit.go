package evals

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/recado/recado/rag/confidence"
	"github.com/recado/recado/rag/receipts"
)

// GroundedConfig is what MeasureGrounded works with.
type GroundedConfig struct {
	// Rows are measured, and Train, if there are any, is what the weights are fitted on.
	// Without Train the shipped weights are measured.
	Rows, Train []GroundedRow
	// Pooled fits weights for each setting of a response, as the shipped ones are, in the
	// place of weights for each task.
	Pooled bool
	// Lambda is the ridge penalty of the fit. 0 means 10.
	Lambda float64
	// Progress is called as rows are read. Nil is allowed.
	Progress func(what string, done, total int)
}

func (c GroundedConfig) withDefaults() GroundedConfig {
	if c.Lambda == 0 {
		c.Lambda = 10
	}
	if c.Progress == nil {
		c.Progress = func(string, int, int) {}
	}
	return c
}

// groundedScore is a row with what was made of it.
type groundedScore struct {
	GroundedRow
	whole receipts.Whole
	// doubt is the probability that the response is not grounded, and flagged the verdict.
	doubt   float64
	flagged bool
}

func (s *groundedScore) judge(j receipts.Judgement) {
	s.doubt, s.flagged = j.Doubt(s.whole), j.Flags(s.whole)
}

// MeasureGrounded judges every response and holds the verdicts against the labels.
func MeasureGrounded(c GroundedConfig) (GroundedReport, error) {
	c = c.withDefaults()
	if shared := overlap(c.Rows, c.Train); shared > 0 {
		return GroundedReport{}, fmt.Errorf("evals: %d rows stand in the training data and in what is measured: a figure over them would say nothing", shared)
	}
	judges, err := c.judges()
	if err != nil {
		return GroundedReport{}, fmt.Errorf("evals: %w", err)
	}
	scores := c.read("measured", c.Rows)
	for i := range scores {
		scores[i].judge(judges.of(scores[i]))
	}
	return newGroundedReport(scores, len(c.Train), judges), nil
}

// overlap counts the rows that are in both.
func overlap(rows, train []GroundedRow) int {
	key := func(r GroundedRow) string { return r.Question + "\x00" + r.Response + "\x00" + r.Contexts[0] }
	seen, n := map[string]bool{}, 0
	for _, r := range train {
		seen[key(r)] = true
	}
	for _, r := range rows {
		if seen[key(r)] {
			n++
		}
	}
	return n
}

func (c GroundedConfig) read(what string, rows []GroundedRow) []groundedScore {
	scores, reader := make([]groundedScore, len(rows)), receipts.NewReader()
	for i, r := range rows {
		scores[i] = groundedScore{GroundedRow: r, whole: reader.ReadWhole(r.Lang, r.Response, r.Question, r.Contexts)}
		c.Progress(what, i+1, len(rows))
	}
	return scores
}

// groundedJudges are judgements by name, and that of all other rows by "".
type groundedJudges struct {
	// part names the judgement of a row.
	part  func(groundedScore) string
	named map[string]receipts.Judgement
}

func (j groundedJudges) of(s groundedScore) receipts.Judgement {
	if one, ok := j.named[j.part(s)]; ok {
		return one
	}
	return j.named[""]
}

func setting(s groundedScore) string { return string(s.whole.Setting) }

func task(s groundedScore) string { return s.Task }

func (c GroundedConfig) judges() (groundedJudges, error) {
	if len(c.Train) > 0 {
		return c.fitParts(c.read("trained on", c.Train))
	}
	shipped, err := receipts.ShippedJudgements()
	if err != nil {
		return groundedJudges{}, err
	}
	j := groundedJudges{part: setting, named: map[string]receipts.Judgement{}}
	for of, one := range shipped {
		j.named[string(of)] = one
	}
	return j, nil
}

// FitJudgements fits the judgements of whole responses on the rows of several sets, for
// each setting on those of its own.
func FitJudgements(rows []GroundedRow) (receipts.Judgements, error) {
	c := GroundedConfig{Pooled: true}.withDefaults()
	fitted, err := c.fitParts(c.read("trained on", rows))
	if err != nil {
		return nil, fmt.Errorf("evals: %w", err)
	}
	all := receipts.Judgements{}
	for _, s := range receipts.Settings() {
		one, ok := fitted.named[string(s)]
		if !ok {
			return nil, fmt.Errorf("evals: there are not enough responses of the setting %s", s)
		}
		all[s] = one
	}
	return all, nil
}

// nearlyAll is the share of the rows of a task that make its setting theirs.
const nearlyAll = 0.9

// leastPart is how many rows of a task or a setting a fit of its own needs.
const leastPart = 100

// fitParts fits each task, or each setting, that has the rows for it, and all together for
// the others.
func (c GroundedConfig) fitParts(scores []groundedScore) (groundedJudges, error) {
	j := groundedJudges{part: task, named: map[string]receipts.Judgement{}}
	if c.Pooled {
		j.part = setting
	}
	all, err := c.fit(scores)
	if err != nil {
		return groundedJudges{}, err
	}
	all.Exact = true // of rows of which little is known
	j.named[""] = all
	parts := map[string][]groundedScore{}
	for _, s := range scores {
		parts[j.part(s)] = append(parts[j.part(s)], s)
	}
	for name, own := range parts {
		if len(own) == len(scores) || len(own) < leastPart {
			continue
		}
		if one, err := c.fit(own); err == nil { // one label alone: the fit of all holds
			j.named[name] = one
		}
	}
	return j, nil
}

// groundedFolds is in how many parts the training rows are cut to choose the threshold.
const groundedFolds = 5

// exactWorth is the F1 that it may cost to flag every figure that no context has. One that was
// altered has to be found, whatever the words around it are like.
const exactWorth = 0.01

// fit learns weights, and chooses by the scores of the rows that a fit did not see from which
// doubt on a response is flagged and whether a missing figure decides. The doubt is half of
// the greatest F1: where probabilities are right, none gives more (Lipton, Elkan and
// Narayanaswamy 2014), and the place where F1 happened to be greatest moves with a few rows.
func (c GroundedConfig) fit(scores []groundedScore) (receipts.Judgement, error) {
	unseen := slices.Clone(scores)
	for fold := range groundedFolds {
		weights, err := c.weights(scores, func(s groundedScore) bool { return foldOf(s) != fold })
		if err != nil {
			return receipts.Judgement{}, err
		}
		for i := range unseen {
			if foldOf(unseen[i]) == fold {
				unseen[i].judge(receipts.Judgement{Weights: weights})
			}
		}
	}
	weights, err := c.weights(scores, func(groundedScore) bool { return true })
	if err != nil {
		return receipts.Judgement{}, err
	}
	f1, exact := greatestF1(unseen), greatestF1(certain(unseen))
	j := receipts.Judgement{Exact: exact+exactWorth >= f1, Weights: weights}
	if j.Exact {
		f1 = exact
	}
	weights.Threshold = 1 - f1/2
	return j, nil
}

func foldOf(s groundedScore) int { return confidence.Fold(s.Contexts[0], groundedFolds) }

// certain puts the responses with a missing figure before all others.
func certain(scores []groundedScore) []groundedScore {
	scores = slices.Clone(scores)
	for i := range scores {
		if scores[i].whole.Misses() {
			scores[i].doubt = 2
		}
	}
	return scores
}

func (c GroundedConfig) weights(scores []groundedScore, keep func(groundedScore) bool) (*confidence.Calibration, error) {
	var samples []confidence.Sample
	for _, s := range scores {
		if keep(s) {
			samples = append(samples, confidence.Sample{Features: s.whole.Features, Right: s.Grounded})
		}
	}
	fitted, err := confidence.Fit(featureNames(scores), samples, c.Lambda)
	if err != nil {
		return nil, fmt.Errorf("the weights can't be fitted: %w", err)
	}
	return fitted, nil
}

// featureNames are those of the setting of nearly all responses, or those of any.
func featureNames(scores []groundedScore) []string {
	count := map[receipts.Setting]int{}
	for _, s := range scores {
		count[s.whole.Setting]++
	}
	for setting, n := range count {
		if float64(n) >= nearlyAll*float64(len(scores)) {
			return setting.FeatureNames()
		}
	}
	return receipts.WholeFeatureNames()
}

// greatestF1 is the F1 of responses that are not grounded where flagging from one doubt on
// gives the most.
func greatestF1(scores []groundedScore) (f1 float64) {
	sorted := slices.Clone(scores)
	slices.SortFunc(sorted, func(a, b groundedScore) int {
		switch {
		case a.doubt > b.doubt:
			return -1
		case a.doubt < b.doubt:
			return 1
		}
		return bytes.Compare([]byte(a.ID), []byte(b.ID))
	})
	wrong := 0
	for _, s := range sorted {
		if !s.Grounded {
			wrong++
		}
	}
	hit := 0
	for i, s := range sorted {
		if !s.Grounded {
			hit++
		}
		if i+1 < len(sorted) && sorted[i+1].doubt == s.doubt {
			continue
		}
		f1 = max(f1, 2*float64(hit)/float64(i+1+wrong))
	}
	return f1
}
