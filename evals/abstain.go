package evals

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/confidence"
	"github.com/recado/recado/rag/sufficiency"
)

// AbstainConfig is what MeasureAbstain works with.
type AbstainConfig struct {
	// Embedder turns documents and questions into vectors. Required.
	Embedder knowledge.Embedder
	// Data is measured, and Train, if there is one, is what the score and its threshold are
	// fitted on. Without Train the shipped ones are measured. ReadAnswerable reads them.
	Data  Dataset
	Train *Dataset
	// Judge is asked about each question, if there is one, and its word goes into the score.
	Judge Judge
	// Progress is called as documents go in and questions are asked. Nil is allowed.
	Progress func(what string, done, total int)
}

// Judge says how likely it is that passages hold the answer to a question, as llm.Judge does.
type Judge interface {
	Sufficient(ctx context.Context, question string, passages []string) (float64, error)
}

// MeasureAbstain asks every question and measures how well the score knows which of them
// the documents answer. An answer is right when the documents hold one and a document that
// does is among the first five.
func MeasureAbstain(ctx context.Context, c AbstainConfig) (AbstainReport, error) {
	if c.Embedder == nil {
		return AbstainReport{}, errors.New("evals: AbstainConfig.Embedder is needed")
	}
	if c.Progress == nil {
		c.Progress = func(string, int, int) {}
	}
	scorer, err := sufficiency.Shipped()
	if err != nil {
		return AbstainReport{}, err
	}
	decide := decision{scorer: scorer, threshold: scorer.Threshold(), probability: func(a asked) float64 { return a.judged(scorer.Probability(scorer.Scored(a.features))) }}
	if c.Train != nil {
		if shared := sharedQuestions(c.Data, *c.Train); shared > 0 {
			return AbstainReport{}, fmt.Errorf("evals: %d questions stand in the training data and in what is measured: a figure over them would say nothing", shared)
		}
		if decide, err = c.train(ctx, scorer); err != nil {
			return AbstainReport{}, fmt.Errorf("evals: %w", err)
		}
	}
	questions, err := gather(ctx, c.Embedder, c.Judge, c.Data, c.Progress)
	if err != nil {
		return AbstainReport{}, fmt.Errorf("evals: %w", err)
	}
	report := decide.report(questions)
	report.Dropped, report.UnknownDrops = c.Data.Dropped, c.Data.UnknownDrops
	if c.Judge != nil {
		report.judgements(questions)
	}
	return report, nil
}

func sharedQuestions(a, b Dataset) int {
	seen, n := map[string]bool{}, 0
	for _, q := range b.Queries {
		seen[q.ID+"\x00"+q.Text] = true
	}
	for _, q := range a.Queries {
		if seen[q.ID+"\x00"+q.Text] {
			n++
		}
	}
	return n
}

// decision is a score with the threshold from which on it is answered.
type decision struct {
	scorer      *sufficiency.Scorer
	probability func(asked) float64
	threshold   float64
	// how says what was fitted, for the report; note what the threshold promises.
	how, note string
}

// The promise that the threshold of a trained score keeps on the training data.
const (
	abstainAlpha = 0.05
	abstainDelta = 0.10
)

// abstainFolds is into how many parts training questions are cut.
const abstainFolds = 5

// train fits the score on the training data. Which features and which penalty it takes is
// decided by how well probabilities of questions that a fit has not seen do there.
func (c AbstainConfig) train(ctx context.Context, scorer *sufficiency.Scorer) (decision, error) {
	questions, err := gather(ctx, c.Embedder, c.Judge, *c.Train, func(_ string, done, total int) { c.Progress("training", done, total) })
	if err != nil {
		return decision{}, err
	}
	return fitDecision(questions, scorer, c.Judge != nil)
}

func fitDecision(questions []asked, scorer *sufficiency.Scorer, judged bool) (decision, error) {
	samples := make([]confidence.Sample, len(questions))
	for i, q := range questions {
		samples[i] = q.sample(scorer)
	}
	best := platt{loss: math.Inf(1)}
	for _, fitting := range fittings(judged) {
		fitting.Tau = offsetTau(samples)
		one, err := crossPlatt(fitting, samples)
		if err != nil {
			return decision{}, fmt.Errorf("--train: %w", err)
		}
		if one.loss < best.loss {
			best = one
		}
	}
	if err := best.fit(samples); err != nil {
		return decision{}, fmt.Errorf("--train: %w", err)
	}
	scored := make([]confidence.Scored, len(samples))
	for i, s := range samples {
		scored[i] = confidence.Scored{Probability: best.unseen[i], Answered: true, Right: s.Right}
	}
	choice := confidence.Terms{Promise: confidence.Marginal, Alpha: abstainAlpha, Delta: abstainDelta}.Choose(scored)
	return decision{
		scorer: scorer, threshold: choice.Threshold, note: choice.Note(),
		how:         fmt.Sprintf("fitted on %d questions, %d features, penalty %v", len(samples), len(best.Names), best.Lambda),
		probability: func(a asked) float64 { return best.probability(a.sample(scorer)) },
	}, nil
}

// platt is a fit with a step over its log odds. The ridge that puts questions in the best
// order makes probabilities timid; the step undoes that, as far as questions tell that the
// fit has not seen (Platt, "Probabilistic outputs for support vector machines", 1999).
type platt struct {
	confidence.Fitting
	// first gives the log odds, of which step makes the probability.
	first, step *confidence.Calibration
	// crossed are the samples with the log odds of fits without them, unseen their
	// probabilities by steps without them, and loss is the log loss of those.
	crossed []confidence.Sample
	unseen  []float64
	loss    float64
}

// featureFirst is what the step reads.
const featureFirst = "first"

func stepFitting() confidence.Fitting {
	return confidence.Fitting{Names: []string{featureFirst}, Lambda: 1}
}

func crossPlatt(f confidence.Fitting, samples []confidence.Sample) (platt, error) {
	p := platt{Fitting: f}
	probabilities, err := f.CrossFit(samples, abstainFolds)
	if err != nil {
		return p, err
	}
	for i, s := range samples {
		p.crossed = append(p.crossed, overFirst(s, probabilities[i]))
	}
	if p.unseen, err = stepFitting().CrossFit(p.crossed, abstainFolds); err != nil {
		return p, err
	}
	p.loss = logLoss(p.unseen, samples)
	return p, nil
}

func (p *platt) fit(samples []confidence.Sample) (err error) {
	if p.first, err = p.Fit(samples); err != nil {
		return err
	}
	p.step, err = stepFitting().Fit(p.crossed)
	return err
}

func (p *platt) probability(s confidence.Sample) float64 {
	return p.step.ProbabilityOf(overFirst(s, p.first.ProbabilityOf(s)))
}

func overFirst(s confidence.Sample, probability float64) confidence.Sample {
	const most = 1e-9 // so that the log odds are finite
	probability = min(1-most, max(most, probability))
	s.Features = map[string]float64{featureFirst: math.Log(probability / (1 - probability))}
	return s
}

// sample is the question with the scores of the scorer.
func (a asked) sample(scorer *sufficiency.Scorer) confidence.Sample {
	return confidence.Sample{Features: scorer.Scored(a.features), Right: a.right, Group: a.group, Locale: a.lang}
}

// fittings are the ways of which train takes the best: from little that is sure to all
// that is known, held back the more the more there is. All of them have the judge's word
// if there is a judge; a question that it failed on has an indicator instead.
func fittings(judged bool) []confidence.Fitting {
	short, follow := sufficiency.ScoreFeatures(false), sufficiency.ScoreFeatures(true)
	if judged {
		short, follow = append(short, featureJudged), append(follow, featureJudged)
	}
	all := append(sufficiency.HoldsFeatures(), follow...)
	all = distinct(all)
	list := []confidence.Fitting{{Names: short, Lambda: 3}}
	for _, lambda := range []float64{3, 10, 30} {
		list = append(list, confidence.Fitting{Names: follow, Lambda: lambda})
	}
	for _, lambda := range []float64{30, 100, 300} {
		list = append(list, confidence.Fitting{Names: all, Lambda: lambda})
	}
	return list
}

// offsetSpread is how far, in log odds, languages may lie from each other for what a set of
// unrelated questions tells: the standard deviation of the prior on their offsets.
const offsetSpread = 0.5

// offsetTau is that prior for questions of which many are about one article. Whether they are
// answerable is decided article by article, so that they tell as much about the share of their
// language as one does, and the fit, which takes each for a case of its own, would believe it
// as often as there are questions. Holding the offset back as many times more is the same to
// it as weighing what an article says of it as one case.
func offsetTau(samples []confidence.Sample) float64 {
	articles := map[[2]string]bool{}
	alone := 0
	for _, s := range samples {
		if s.Group == "" {
			alone++
		} else {
			articles[[2]string{s.Locale, s.Group}] = true
		}
	}
	return offsetSpread * math.Sqrt(float64(alone+len(articles))/float64(max(1, len(samples))))
}

// featureJudged is the log odds that a Judge gives. It is missing where it failed.
const featureJudged = "judged"

// judged is a probability with the judge's word: the mean of both log odds, since no
// labels tell which of the two to believe more.
func (a asked) judged(p float64) float64 {
	word, ok := a.features[featureJudged]
	if !ok {
		return p
	}
	return 1 / (1 + math.Exp(-(logOdds(p)+word)/2))
}

// logOdds is bounded, so that whoever is certain does not decide alone.
func logOdds(p float64) float64 {
	const most = 0.01
	p = min(1-most, max(most, p))
	return math.Log(p / (1 - p))
}

func distinct(names []string) []string {
	seen := map[string]bool{}
	kept := names[:0]
	for _, n := range names {
		if !seen[n] {
			kept = append(kept, n)
		}
		seen[n] = true
	}
	return kept
}

func logLoss(probabilities []float64, samples []confidence.Sample) float64 {
	sum := 0.0
	for i, s := range samples {
		p := probabilities[i]
		if !s.Right {
			p = 1 - p
		}
		sum -= math.Log(max(p, 1e-9))
	}
	return sum / float64(len(samples))
}
