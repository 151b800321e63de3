package evals

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/recado/recado/rag/confidence"
	"github.com/recado/recado/rag/receipts"
)

// GroundedRow is a response with the contexts that it should rest on, and whether it does.
type GroundedRow struct {
	ID, Question, Response, Lang string
	Contexts                     []string
	Grounded                     bool
	// Kind says how the row came to be or what is wrong with it, and Task what the
	// response was written for. Both may be empty.
	Kind, Task string
}

// groundedLine is a line of a file of rows.
type groundedLine struct {
	ID       string   `json:"id"`
	SourceID string   `json:"source_id"`
	Question string   `json:"question"`
	Response string   `json:"response"`
	Lang     string   `json:"lang"`
	Contexts []string `json:"contexts"`
	Grounded *bool    `json:"grounded"`
	Kind     string   `json:"kind"`
	Task     string   `json:"task"`
	Label    string   `json:"label"`
	Spans    []struct {
		Type string `json:"type"`
	} `json:"spans"`
}

// leastRows is how many rows a measurement needs at least.
const leastRows = 10

// ReadGrounded reads rows with `response`, `contexts`, `grounded` and, if they have them,
// `kind`, `task`, `question` and `lang`. A row with `source_id` in the place of `contexts`
// takes them from sources.jsonl beside the file. Without `kind`, the label or the first
// type of its spans is the kind.
func ReadGrounded(files fs.FS, name string) ([]GroundedRow, error) {
	var rows []GroundedRow
	var sources map[string][]string
	err := readJSONL(files, name, func(line []byte) error {
		var l groundedLine
		if err := decodeRow(line, &l); err != nil {
			return err
		}
		if l.Grounded == nil {
			return errors.New("there is no `grounded`, true or false")
		}
		if len(l.Contexts) == 0 && l.SourceID != "" {
			if sources == nil {
				var err error
				if sources, err = readSources(files, path.Join(path.Dir(name), "sources.jsonl")); err != nil {
					return err
				}
			}
			l.Contexts = sources[l.SourceID]
		}
		if len(l.Contexts) == 0 {
			return errors.New("there are no `contexts`, and no row of sources.jsonl has them by `source_id`")
		}
		rows = append(rows, l.row())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, enough(rows)
}

func (l groundedLine) row() GroundedRow {
	r := GroundedRow{ID: l.ID, Question: l.Question, Response: l.Response, Lang: l.Lang, Contexts: l.Contexts, Grounded: *l.Grounded, Kind: l.Kind, Task: l.Task}
	if r.Lang == "" {
		r.Lang = "en" // that of most data sets that say nothing
	}
	if r.Kind == "" {
		r.Kind = l.Label
	}
	if r.Kind == "" && len(l.Spans) > 0 {
		r.Kind = l.Spans[0].Type
	}
	return r
}

func readSources(files fs.FS, name string) (map[string][]string, error) {
	sources := map[string][]string{}
	err := readJSONL(files, name, func(line []byte) error {
		var s struct {
			SourceID string   `json:"source_id"`
			Contexts []string `json:"contexts"`
		}
		if err := decodeRow(line, &s); err != nil {
			return err
		}
		sources[s.SourceID] = s.Contexts
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the contexts are missing: the rows name them by `source_id`, and there is no %s", name)
	}
	return sources, err
}

// enough wants rows of both labels.
func enough(rows []GroundedRow) error {
	grounded := 0
	for _, r := range rows {
		if r.Grounded {
			grounded++
		}
	}
	if len(rows) < leastRows || grounded == 0 || grounded == len(rows) {
		return fmt.Errorf("there are %d rows, %d of them grounded: at least %d rows are needed, and some of each", len(rows), grounded, leastRows)
	}
	return nil
}

// GroundedConfig is what MeasureGrounded works with.
type GroundedConfig struct {
	// Rows are measured, and Train, if there are any, is what the weights are fitted on.
	// Without Train the shipped weights are measured.
	Rows, Train []GroundedRow
	// Lambda is the ridge penalty of the fit. 0 means 3.
	Lambda float64
	// Progress is called as rows are read. Nil is allowed.
	Progress func(what string, done, total int)
}

// groundedScore is a row with what was made of it.
type groundedScore struct {
	GroundedRow
	features map[string]float64
	// doubt is the probability that the response is not grounded.
	doubt float64
	// flagged is the verdict: too much doubt, or a figure that no context has where
	// that decides.
	flagged bool
}

// MeasureGrounded judges every response and holds the verdicts against the labels.
func MeasureGrounded(c GroundedConfig) (GroundedReport, error) {
	if c.Lambda == 0 {
		c.Lambda = 3
	}
	if c.Progress == nil {
		c.Progress = func(string, int, int) {}
	}
	if shared := overlap(c.Rows, c.Train); shared > 0 {
		return GroundedReport{}, fmt.Errorf("evals: %d rows stand in the training data and in what is measured: a figure over them would say nothing", shared)
	}
	judges, err := c.judges()
	if err != nil {
		return GroundedReport{}, fmt.Errorf("evals: %w", err)
	}
	scores := c.read("measured", c.Rows)
	for i := range scores {
		judges.of(scores[i].Task).judge(&scores[i])
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
	scores := make([]groundedScore, len(rows))
	for i, r := range rows {
		scores[i] = groundedScore{GroundedRow: r, features: receipts.Features(r.Lang, r.Response, r.Question, r.Contexts)}
		c.Progress(what, i+1, len(rows))
	}
	return scores
}

// groundedJudge is weights with the doubt from which on a response is flagged.
type groundedJudge struct {
	support   *receipts.Support
	threshold float64
	// strict flags every response with a figure that no context has.
	strict bool
}

func (j groundedJudge) judge(s *groundedScore) {
	s.doubt = 1 - j.support.Probability(s.features)
	if j.strict && s.features["figures"] > 0 {
		s.doubt = 1 + s.doubt // before all others, in their order
	}
	s.flagged = s.doubt >= j.threshold
}

// groundedJudges are those of the tasks, and that of all others by "".
type groundedJudges map[string]groundedJudge

func (j groundedJudges) of(task string) groundedJudge {
	if one, ok := j[task]; ok {
		return one
	}
	return j[""]
}

// leastTask is how many rows of a task a fit of its own needs.
const leastTask = 100

func (c GroundedConfig) judges() (groundedJudges, error) {
	if len(c.Train) == 0 {
		shipped, err := receipts.Shipped()
		if err != nil {
			return nil, err
		}
		return groundedJudges{"": {support: shipped, threshold: 1 - shipped.Threshold(), strict: true}}, nil
	}
	scores := c.read("trained on", c.Train)
	all, err := c.fit(scores)
	if err != nil {
		return nil, err
	}
	found, tasks := groundedJudges{"": all}, map[string][]groundedScore{}
	for _, s := range scores {
		tasks[s.Task] = append(tasks[s.Task], s)
	}
	for task, own := range tasks {
		if len(own) == len(scores) || len(own) < leastTask {
			continue
		}
		if one, err := c.fit(own); err == nil { // one label alone: the fit of all holds
			found[task] = one
		}
	}
	return found, nil
}

// groundedFolds is in how many parts the training rows are cut to choose the threshold.
const groundedFolds = 5

// fit learns weights, and chooses by the scores of the rows that a fit did not see whether
// a missing figure decides, by the sum of F1 and AUROC, and from which doubt on a response is
// flagged: where F1 is greatest.
func (c GroundedConfig) fit(scores []groundedScore) (groundedJudge, error) {
	scores = slices.Clone(scores)
	best, bestWorth := groundedJudge{}, -1.0
	folds := make([]groundedJudge, groundedFolds)
	for fold := range folds {
		weights, err := c.weights(scores, func(s groundedScore) bool { return confidence.Fold(s.Contexts[0], groundedFolds) != fold })
		if err != nil {
			return groundedJudge{}, err
		}
		folds[fold] = groundedJudge{support: weights}
	}
	for _, strict := range []bool{true, false} {
		for i := range scores {
			one := folds[confidence.Fold(scores[i].Contexts[0], groundedFolds)]
			one.strict = strict
			one.judge(&scores[i])
		}
		threshold, f1 := bestThreshold(scores)
		area, _ := aurocOf(doubts(scores))
		if worth := f1 + area; worth > bestWorth {
			best, bestWorth = groundedJudge{threshold: threshold, strict: strict}, worth
		}
	}
	var err error
	best.support, err = c.weights(scores, func(groundedScore) bool { return true })
	return best, err
}

func (c GroundedConfig) weights(scores []groundedScore, keep func(groundedScore) bool) (*receipts.Support, error) {
	var samples []confidence.Sample
	for _, s := range scores {
		if keep(s) {
			samples = append(samples, confidence.Sample{Features: s.features, Right: s.Grounded})
		}
	}
	fitted, err := confidence.Fit(receipts.FeatureNames(), samples, c.Lambda)
	if err != nil {
		return nil, fmt.Errorf("the weights can't be fitted: %w", err)
	}
	return receipts.NewSupport(fitted), nil
}

// bestThreshold is the doubt from which on flagging gives the greatest F1 of responses that
// are not grounded.
func bestThreshold(scores []groundedScore) (threshold, f1 float64) {
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
		if f := 2 * float64(hit) / float64(i+1+wrong); f > f1 {
			threshold, f1 = s.doubt, f
		}
	}
	return threshold, f1
}
