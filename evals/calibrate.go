package evals

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

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
	// Name, FittedOn, FittedAt and Setting are kept in the calibration.
	Name, FittedOn, FittedAt string
	Setting                  confidence.Setting
	// Features are the features to use; nil means all of rag.FeatureNames.
	Features []string
	// Promise says of what Alpha is a share; empty means confidence.Marginal.
	Promise confidence.Promise
	// Alpha is the share that may be wrong, 0 means 0.05; Delta is how often the
	// promise may fail, 0 means 0.10.
	Alpha, Delta float64
	// WrongCost and HandoffCost are what a wrong answer and a person cost, in any
	// unit; where both are given the threshold is not below what they ask for.
	WrongCost, HandoffCost float64
	// Folds is into how many parts the cases are split, 2 or more; 0 means 10.
	Folds int
	// Lambda is the ridge of the fit; 0 means 1.
	Lambda float64
	// Taus are as in confidence.Fitting; nil means 0.1, 0.3 and 1.
	Taus []float64
}

// demoAlpha is what ships promises. The rules of the offline model were written with these
// cases in view, so scores that no fold has seen flatter it all the same: less than usual may
// be wrong.
const demoAlpha = 0.035

// DemoFitting describes a fit on the cases of DemoCases.
func DemoFitting(setting confidence.Setting, day string) Fitting {
	return Fitting{
		Name: "demo shop", FittedOn: "the labelled questions of the demo shop, in Spanish and English",
		FittedAt: day, Setting: setting, Alpha: demoAlpha,
	}
}

// Calibrate fits the confidence on judged cases and chooses the threshold. Every
// case is scored by a fit that saw neither it nor any other of its group (cross
// fitting); the threshold is chosen on these scores, the weights in the result
// are fitted on all cases. Cases without a draft that could be sent count as not
// answered. Those that a rule decided are left out: the promise is about the others.
func Calibrate(results []Result, f Fitting) (*confidence.Calibration, confidence.Choice, error) {
	c, choice, _, err := CalibrateLabels(LabelsOf(results), f)
	return c, choice, err
}

// LabelsOf are the labels that judged cases give.
func LabelsOf(results []Result) []Label {
	labels := make([]Label, len(results))
	for i, r := range results {
		labels[i] = Label{
			ID: r.ID, Group: r.Group, Locale: r.Locale, Right: r.DraftRight,
			Answered: r.Sendable, Fixed: r.Fixed, Features: r.Features, Risk: r.Risk,
		}
	}
	return labels
}

// CalibrateLabels is Calibrate for labels that were collected elsewhere. A case that several
// labels speak of counts once, and the threshold is chosen on those that are Deciding. It
// also gives the drafts with their out-of-fold scores.
func CalibrateLabels(labels []Label, f Fitting) (*confidence.Calibration, confidence.Choice, []Point, error) {
	f = f.withDefaults()
	labels = Once(slices.DeleteFunc(slices.Clone(labels), func(l Label) bool { return l.Fixed }))
	terms := confidence.Terms{
		Promise: f.Promise, Alpha: f.Alpha, Delta: f.Delta,
		Floor: confidence.CostThreshold(f.WrongCost, f.HandoffCost),
	}
	if err := terms.Check(); err != nil {
		return nil, confidence.Choice{}, nil, fmt.Errorf("calibrate: %w", err)
	}
	if len(labels) == 0 {
		return nil, confidence.Choice{}, nil, errors.New("calibrate: no cases that a rule did not decide")
	}
	fit := confidence.Fitting{Names: f.Features, Lambda: f.Lambda, Taus: f.Taus}
	samples, places := samplesOf(labels)
	// Labels that name no conversation are each of one of their own.
	if len(samples) > 0 && samples[0].Group != "" && !slices.ContainsFunc(samples, func(s confidence.Sample) bool { return s.Group != samples[0].Group }) {
		return nil, confidence.Choice{}, nil, fmt.Errorf("calibrate: all %d labels are of one conversation, which says nothing of others: label turns of more conversations", len(samples))
	}
	probabilities, err := fit.CrossFit(samples, f.Folds)
	if errors.Is(err, confidence.ErrOneLabel) {
		missing := terms.Choose(scoredOf(labels, places, make([]float64, len(places)))).Missing
		return nil, confidence.Choice{}, nil, tooFew(labels, missing)
	}
	if err != nil {
		return nil, confidence.Choice{}, nil, fmt.Errorf("calibrate: %w", err)
	}
	c, err := fit.Fit(samples)
	if err != nil {
		return nil, confidence.Choice{}, nil, fmt.Errorf("calibrate: %w", err)
	}
	choice := terms.Choose(scoredOf(labels, places, probabilities))
	f.keep(c, choice)
	points := make([]Point, len(places))
	for i, place := range places {
		l := labels[place]
		points[i] = Point{ID: l.ID, Group: l.Group, Lang: l.Locale, Score: probabilities[i], Right: l.Right, Positive: l.Right}
	}
	return c, choice, points, nil
}

// tooFew says of labels that nothing can be fitted on them, and how many a promise lacks.
func tooFew(labels []Label, missing int) error {
	right := 0
	for _, l := range labels {
		if l.Answered && l.Right {
			right++
		}
	}
	const sentence = "calibrate: nothing can be fitted on these %d labels, %d of them right: label more answers of several conversations, right ones and wrong ones"
	if missing > 0 {
		return fmt.Errorf(sentence+"; a promise needs at least %d more", len(labels), right, missing)
	}
	return fmt.Errorf(sentence, len(labels), right)
}

func (f Fitting) withDefaults() Fitting {
	f.Alpha, f.Delta = cmp.Or(f.Alpha, defaultAlpha), cmp.Or(f.Delta, defaultDelta)
	f.Folds, f.Lambda = cmp.Or(f.Folds, defaultFolds), cmp.Or(f.Lambda, defaultLambda)
	f.Promise = cmp.Or(f.Promise, confidence.Marginal)
	if f.Features == nil {
		f.Features = rag.FeatureNames()
	}
	if f.Taus == nil {
		f.Taus = []float64{0.1, 0.3, 1}
	}
	return f
}

// keep writes into the calibration where it comes from and what it promises.
func (f Fitting) keep(c *confidence.Calibration, choice confidence.Choice) {
	c.Name, c.FittedOn, c.FittedAt, c.Setting = f.Name, f.FittedOn, f.FittedAt, f.Setting
	c.N, c.Missing, c.Threshold, c.Clarify = choice.N, choice.Missing, choice.Threshold, choice.Clarify
	c.Promise, c.Alpha, c.Delta, c.Bound = f.Promise, f.Alpha, f.Delta, choice.Bound
	c.Coverage = float64(choice.Sent) / float64(max(1, choice.N))
	c.BaseError, c.CostThreshold = choice.Feasibility.BaseError, choice.Terms.Floor
	c.Note = choice.Note()
}

// samplesOf are the labelled drafts whose confidence decides, with their places
// among the labels.
func samplesOf(labels []Label) (samples []confidence.Sample, places []int) {
	for i, l := range labels {
		if l.Answered {
			samples = append(samples, confidence.Sample{
				Features: l.Features, Right: l.Right, Group: cmp.Or(l.Group, l.ID), Locale: l.Locale, Risk: l.Risk, Weight: l.Weight,
			})
			places = append(places, i)
		}
	}
	return samples, places
}

// scoredOf are the labels that a threshold is chosen on, with their probabilities.
func scoredOf(labels []Label, places []int, probabilities []float64) []confidence.Scored {
	scored := make([]confidence.Scored, len(labels))
	for i, l := range labels {
		scored[i] = confidence.Scored{Answered: l.Answered, Right: l.Right}
	}
	for i, place := range places {
		scored[place].Probability = probabilities[i]
	}
	var deciding []confidence.Scored
	for i, decides := range decide(labels) {
		if decides {
			deciding = append(deciding, scored[i])
		}
	}
	return deciding
}
