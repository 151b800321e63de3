package evals

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/confidence"
)

// Defaults of Calibration.
const (
	defaultAlpha  = 0.05
	defaultDelta  = 0.10
	defaultFolds  = 10
	defaultLambda = 1
)

// Fitting says how Calibrate fits.
type Fitting struct {
	// Name, FittedOn, FittedAt, Model and Embedder are kept in the calibration.
	Name, FittedOn, FittedAt, Model, Embedder string
	// Features are the features to use; nil means all of rag.FeatureNames.
	Features []string
	// Alpha is the share of all cases that may be answered and wrong, 0 means
	// 0.05; Delta is how often that promise may fail, 0 means 0.10.
	Alpha, Delta float64
	// Folds is into how many parts the cases are split, 2 or more; 0 means 10.
	Folds int
	// Lambda is the ridge of the fit; 0 means 3.
	Lambda float64
}

// DemoFitting describes a fit on the cases of DemoCases.
func DemoFitting(model, embedder, day string) Fitting {
	return Fitting{
		Name: "demo shop", FittedOn: "the labelled questions of the demo shop, in Spanish and English",
		FittedAt: day, Model: model, Embedder: embedder,
	}
}

// Calibrate fits the confidence on judged cases and chooses the threshold. Every
// case is scored by a fit that saw neither it nor any other of its group (cross
// fitting); the threshold is chosen on these scores, the weights in the result
// are fitted on all cases. Cases without a draft that could be sent count as not
// answered, drafts that are sent whatever their score as answered at any
// threshold.
func Calibrate(results []Result, f Fitting) (*confidence.Calibration, confidence.Choice, error) {
	f.Alpha, f.Delta = cmp.Or(f.Alpha, defaultAlpha), cmp.Or(f.Delta, defaultDelta)
	f.Folds, f.Lambda = cmp.Or(f.Folds, defaultFolds), cmp.Or(f.Lambda, defaultLambda)
	if f.Features == nil {
		f.Features = rag.FeatureNames()
	}
	if f.Folds < 2 {
		return nil, confidence.Choice{}, fmt.Errorf("calibrate: %d folds, not 2 or more", f.Folds)
	}
	if len(results) == 0 {
		return nil, confidence.Choice{}, errors.New("calibrate: no cases")
	}
	scored, err := outOfFold(results, f)
	if err != nil {
		return nil, confidence.Choice{}, err
	}
	c, err := confidence.Fit(f.Features, samples(results, func(Result) bool { return true }), f.Lambda)
	if err != nil {
		return nil, confidence.Choice{}, fmt.Errorf("calibrate: %w", err)
	}
	choice := confidence.Choose(scored, f.Alpha, f.Delta)
	c.Name, c.FittedOn, c.FittedAt, c.Model, c.Embedder = f.Name, f.FittedOn, f.FittedAt, f.Model, f.Embedder
	c.N, c.Threshold = choice.N, choice.Threshold
	c.Alpha, c.Delta, c.Bound = f.Alpha, f.Delta, choice.Bound
	c.Note = choice.Note(f.Alpha, f.Delta)
	return c, choice, nil
}

// outOfFold scores every case with a fit of the other folds.
func outOfFold(results []Result, f Fitting) ([]confidence.Scored, error) {
	scored := make([]confidence.Scored, len(results))
	for fold := range f.Folds {
		fitted, err := confidence.Fit(f.Features, samples(results, func(r Result) bool { return foldOf(r, f.Folds) != fold }), f.Lambda)
		if err != nil {
			return nil, fmt.Errorf("calibrate: fold %d: %w", fold, err)
		}
		for i, r := range results {
			if foldOf(r, f.Folds) == fold {
				scored[i] = score(r, fitted)
			}
		}
	}
	return scored, nil
}

func score(r Result, c *confidence.Calibration) confidence.Scored {
	s := confidence.Scored{Answered: r.Sendable, Right: r.DraftRight}
	switch {
	case r.Fixed:
		s.Probability = 1
	case r.Sendable:
		s.Probability = c.Probability(r.Features)
	}
	return s
}

// samples are the labelled drafts whose confidence decides.
func samples(results []Result, keep func(Result) bool) []confidence.Sample {
	var list []confidence.Sample
	for _, r := range results {
		if keep(r) && r.Sendable && !r.Fixed {
			list = append(list, confidence.Sample{Features: r.Features, Right: r.DraftRight})
		}
	}
	return list
}

// foldOf puts all cases of a group into one fold, whatever their order.
func foldOf(r Result, folds int) int {
	hash := fnv.New32a()
	hash.Write([]byte(cmp.Or(r.Group, r.ID))) // a hash never fails to write
	return int(hash.Sum32() % uint32(folds))
}
