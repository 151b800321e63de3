package sufficiency

import (
	"fmt"
	"slices"

	"github.com/recado/recado/rag/confidence"
)

// Example is a labelled question for Fit.
type Example struct {
	// Features are those of the texts.
	Features map[string]float64
	// Answerable says whether the documents answer it, Right whether one that does was
	// found.
	Answerable, Right bool
	// Group ties examples that are alike.
	Group string
}

// Examples are what Fit learns from.
type Examples struct {
	// Topic are questions of which some are answered by the documents and others are
	// about something else, Nothing such that no document answers.
	Topic, Nothing []Example
	// Holds are questions with a document about each, which answers it or not, among many
	// others about the same.
	Holds []Example
	// FollowUps are questions of which most were asked in a conversation.
	FollowUps []Example
}

// fitFolds is into how many parts examples are cut for scores of what was not fitted.
const fitFolds = 5

// The penalties of the fits. The scores have few signals among many features, and what
// decides amid a crowd or apart from one reads all features beside both scores: it is held
// back the most, and togetherLambda lets the last step undo what that takes from its
// spread. The crowd, that step and the decision after a conversation have many examples
// for what they have to learn.
const (
	scoreLambda    = 100
	sideLambda     = 300
	crowdLambda    = 1
	togetherLambda = 1
	decisionLambda = 3
)

// kind is which of Examples a question is of.
type kind int

const (
	ofTopic kind = iota
	ofNothing
	ofHolds
)

// shares are what a question of each kind weighs in a fit; one of 0 has no part in it.
type shares [ofHolds + 1]float64

// member is a question before which nothing was said.
type member struct {
	confidence.Sample
	kind kind
}

// Fit fits a scorer. The weights of what decides are fitted on scores that come from
// other examples than the one scored.
func Fit(x Examples) (*Scorer, error) {
	s := newScorer()
	about := samples(slices.Concat(x.Topic, x.Nothing), func(e Example) bool { return e.Right })
	topics, err := fitUnseen(&s.topic, confidence.Fitting{Names: TopicFeatures(), Lambda: scoreLambda}, about)
	if err != nil {
		return nil, fmt.Errorf("sufficiency: topic: %w", err)
	}
	holds, err := fitUnseen(&s.holds, confidence.Fitting{Names: HoldsFeatures(), Lambda: scoreLambda}, samples(x.Holds, func(e Example) bool { return e.Answerable }))
	if err != nil {
		return nil, fmt.Errorf("sufficiency: holds: %w", err)
	}
	var alone []member
	var following []confidence.Sample
	place := func(of kind, examples []Example, unseen func(f map[string]float64, i int)) {
		for i, one := range samples(examples, func(e Example) bool { return e.Right }) {
			one.Features = s.Scored(one.Features)
			unseen(one.Features, i)
			if one.Features[featFollowUp] > 0 {
				following = append(following, one)
			} else {
				alone = append(alone, member{one, of})
			}
		}
	}
	place(ofTopic, x.Topic, func(f map[string]float64, i int) { f[FeatureTopic] = topicOf(topics[i]) })
	place(ofNothing, x.Nothing, func(f map[string]float64, i int) { f[FeatureTopic] = topicOf(topics[len(x.Topic)+i]) })
	place(ofHolds, x.Holds, func(f map[string]float64, i int) { f[FeatureHolds] = logOdds(holds[i]) })
	place(ofTopic, x.FollowUps, func(map[string]float64, int) {})
	if err := s.fitAlone(alone); err != nil {
		return nil, fmt.Errorf("sufficiency: %w", err)
	}
	if s.following, err = (confidence.Fitting{Names: ScoreFeatures(true), Lambda: decisionLambda}).Fit(following); err != nil {
		return nil, fmt.Errorf("sufficiency: follow-ups: %w", err)
	}
	s.alone.Threshold, s.following.Threshold = enough, enough
	return s, nil
}

// fitAlone fits what decides about a question before which nothing was said. Questions with
// a document about each lie in a crowd, the others do not; one tells the more of that the
// likelier its passages are about it at all. Questions that nothing answers say little of
// how sure one can be, and more of what is wrong in a crowd. Where the two are put together
// there are three times as many in a crowd, which would have nearly all the say.
func (s *Scorer) fitAlone(members []member) error {
	all := append(ScoreFeatures(false), HoldsFeatures()...)
	inCrowd := slices.Clone(members)
	for i, m := range inCrowd {
		inCrowd[i].Right = m.kind == ofHolds
		inCrowd[i].Weight = sigmoid(m.Features[FeatureTopic])
	}
	crowd, err := fitSide(&s.crowd, confidence.Fitting{Names: append(slices.Clone(all), featFourth, featSeventh), Lambda: crowdLambda}, inCrowd, shares{ofTopic: 1, ofHolds: 0.4})
	if err != nil {
		return fmt.Errorf("crowd: %w", err)
	}
	amid, err := fitSide(&s.amid, confidence.Fitting{Names: all, Lambda: sideLambda}, members, shares{ofNothing: 1, ofHolds: 1})
	if err != nil {
		return fmt.Errorf("amid a crowd: %w", err)
	}
	apart, err := fitSide(&s.apart, confidence.Fitting{Names: all, Lambda: sideLambda}, members, shares{ofTopic: 1, ofNothing: 0.15})
	if err != nil {
		return fmt.Errorf("apart: %w", err)
	}
	weights := shares{ofTopic: 1, ofNothing: 0.2, ofHolds: 0.5}
	list := make([]confidence.Sample, len(members))
	for i, m := range members {
		list[i] = m.Sample
		list[i].Features, list[i].Weight = together(crowd[i], amid[i], apart[i]), weights[m.kind]
	}
	s.alone, err = confidence.Fitting{Names: togetherFeatures(), Lambda: togetherLambda}.Fit(list)
	return err
}

// fitSide fits on the members that have a share, and scores all: those by a fit that has
// not seen them.
func fitSide(to **confidence.Calibration, f confidence.Fitting, members []member, weights shares) ([]float64, error) {
	var own []confidence.Sample
	for _, m := range members {
		if share := weights[m.kind]; share > 0 {
			m.Weight *= share
			own = append(own, m.Sample)
		}
	}
	unseen, err := fitUnseen(to, f, own)
	if err != nil {
		return nil, err
	}
	all := make([]float64, len(members))
	for i, m := range members {
		if weights[m.kind] > 0 {
			all[i], unseen = unseen[0], unseen[1:]
		} else {
			all[i] = (*to).Probability(m.Features)
		}
	}
	return all, nil
}

// fitUnseen fits on all samples, and gives each the probability of a fit without its part.
func fitUnseen(to **confidence.Calibration, f confidence.Fitting, list []confidence.Sample) (unseen []float64, err error) {
	if *to, err = f.Fit(list); err != nil {
		return nil, err
	}
	return f.CrossFit(list, fitFolds)
}

func samples(list []Example, right func(Example) bool) []confidence.Sample {
	all := make([]confidence.Sample, len(list))
	for i, e := range list {
		all[i] = confidence.Sample{Features: e.Features, Right: right(e), Group: e.Group, Weight: 1}
	}
	return all
}
