package sufficiency

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/recado/recado/internal/recent"
	"github.com/recado/recado/rag/confidence"
)

// The features that a Scorer adds to those of the texts: the log odds of its two scores.
const (
	// FeatureTopic says whether the passages are about what is asked. It is cut at
	// surelyTopic.
	FeatureTopic = "topic"
	// FeatureHolds says whether passages that are about it say it.
	FeatureHolds = "holds"
	// FeatureVague is 1 for a question that takes for known what nobody has said.
	FeatureVague = featVague
	// FeatureYesNo is 1 for a question that yes or no would answer.
	FeatureYesNo = featYesNo
)

// surelyTopic is the log odds from which on a passage is surely about what is asked. More
// nearness tells nothing then: what is lacking decides.
const surelyTopic = 2

// Scorer turns features into the probability that the passages hold the answer.
type Scorer struct {
	topic, holds *confidence.Calibration
	// alone decides about questions before which nothing was said, following about the
	// others.
	alone, following *confidence.Calibration
	// passages are those that were read last.
	passages *recent.Cache[texts, *passage]
}

// passagesKept is how many passages stay read: those of most shops.
const passagesKept = 512

func newScorer() *Scorer { return &Scorer{passages: recent.New(passagesKept, texts.read)} }

// scorerFile is a Scorer as it is kept.
type scorerFile struct {
	Topic     json.RawMessage `json:"topic"`
	Holds     json.RawMessage `json:"holds"`
	Alone     json.RawMessage `json:"alone"`
	Following json.RawMessage `json:"following"`
}

//go:embed default.json
var embedded []byte

// Shipped is the scorer that comes with Recado. docs/evals.md says what it was fitted on.
func Shipped() (*Scorer, error) {
	s, err := Read(bytes.NewReader(embedded))
	if err != nil {
		return nil, fmt.Errorf("sufficiency: embedded weights: %w", err)
	}
	return s, nil
}

// Read decodes a scorer that Write has written.
func Read(r io.Reader) (*Scorer, error) {
	var file scorerFile
	if err := json.NewDecoder(r).Decode(&file); err != nil {
		return nil, fmt.Errorf("read weights: %w", err)
	}
	s := newScorer()
	for _, one := range []struct {
		name string
		from json.RawMessage
		to   **confidence.Calibration
	}{{"topic", file.Topic, &s.topic}, {"holds", file.Holds, &s.holds}, {"alone", file.Alone, &s.alone}, {"following", file.Following, &s.following}} {
		read, err := confidence.Read(bytes.NewReader(one.from))
		if err != nil {
			return nil, fmt.Errorf("read weights: %s: %w", one.name, err)
		}
		*one.to = read
	}
	return s, nil
}

// Write encodes the scorer as JSON.
func (s *Scorer) Write(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(map[string]*confidence.Calibration{"topic": s.topic, "holds": s.holds, "alone": s.alone, "following": s.following})
	if err != nil {
		return fmt.Errorf("write weights: %w", err)
	}
	return nil
}

// Features are those of the texts, with the two scores.
func (s *Scorer) Features(q Question, found []Passage) map[string]float64 {
	f := features(q, found, s.passages.Get)
	s.add(f)
	return f
}

func (s *Scorer) add(f map[string]float64) {
	f[FeatureTopic] = min(surelyTopic, logOdds(s.topic.Probability(f)))
	f[FeatureHolds] = logOdds(s.holds.Probability(f))
}

// logOdds is bounded, so that a certain score is a large one and not infinite.
func logOdds(p float64) float64 {
	const most = 1e-6
	p = min(1-most, max(most, p))
	return math.Log(p / (1 - p))
}

// Probability is that of the passages to hold the answer, from what Features gave.
func (s *Scorer) Probability(features map[string]float64) float64 {
	if features[featFollowUp] > 0 {
		return s.following.Probability(features)
	}
	return s.alone.Probability(features)
}

// Threshold is the probability from which on the passages count as sufficient.
func (s *Scorer) Threshold() float64 { return s.alone.Threshold }

// ScoreFeatures are what a Scorer decides by: the two scores and, where something was said
// before, that too.
func ScoreFeatures(followUp bool) []string {
	names := []string{FeatureTopic, FeatureHolds, FeatureVague}
	if followUp {
		names = slices.Concat(names, FollowUpFeatures()[1:])
	}
	return names
}

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
	// about something else.
	Topic []Example
	// Holds are questions with a document about each, which answers it or not.
	Holds []Example
	// FollowUps are questions of which most were asked in a conversation.
	FollowUps []Example
}

// fitFolds is into how many parts examples are cut for scores of what was not fitted.
const fitFolds = 5

// The penalties of the fits: the first two have few signals among many features, the decision
// after a conversation many examples for the few features it has. The one about a question
// alone reads all features beside both scores, and is held back the most: what it learns
// there is how to weigh them where the two scores are of different kinds of questions.
const (
	scoreLambda    = 100
	decisionLambda = 3
	aloneLambda    = 300
)

// holdsWeight is what an example of Examples.Holds weighs where both scores are put
// together. There are many of them, all near their passage: with their full weight the
// decision forgets that most questions in the wild have no passage about them.
const holdsWeight = 0.75

// Fit fits a scorer. The weights of what decides are fitted on scores that come from
// other examples than the one scored.
func Fit(x Examples) (*Scorer, error) {
	s := newScorer()
	topic := confidence.Fitting{Names: TopicFeatures(), Lambda: scoreLambda}
	holds := confidence.Fitting{Names: HoldsFeatures(), Lambda: scoreLambda}
	onTopic := samples(x.Topic, func(e Example) bool { return e.Right })
	onHolds := samples(x.Holds, func(e Example) bool { return e.Answerable })
	var err error
	if s.topic, err = topic.Fit(onTopic); err != nil {
		return nil, fmt.Errorf("sufficiency: topic: %w", err)
	}
	if s.holds, err = holds.Fit(onHolds); err != nil {
		return nil, fmt.Errorf("sufficiency: holds: %w", err)
	}
	unseenTopic, err := topic.CrossFit(onTopic, fitFolds)
	if err != nil {
		return nil, fmt.Errorf("sufficiency: topic: %w", err)
	}
	unseenHolds, err := holds.CrossFit(onHolds, fitFolds)
	if err != nil {
		return nil, fmt.Errorf("sufficiency: holds: %w", err)
	}
	var alone, following []confidence.Sample
	place := func(list []confidence.Sample, examples []Example, topics, holds []float64) {
		for i, one := range list {
			one.Features = s.Scored(one.Features)
			one.Right = examples[i].Right
			if topics != nil {
				one.Features[FeatureTopic] = min(surelyTopic, logOdds(topics[i]))
			}
			if holds != nil {
				one.Features[FeatureHolds] = logOdds(holds[i])
			}
			if one.Features[featFollowUp] > 0 {
				following = append(following, one)
			} else {
				alone = append(alone, one)
			}
		}
	}
	place(onTopic, x.Topic, unseenTopic, nil)
	for i := range onHolds {
		onHolds[i].Weight = holdsWeight
	}
	place(onHolds, x.Holds, nil, unseenHolds)
	place(samples(x.FollowUps, func(e Example) bool { return e.Right }), x.FollowUps, nil, nil)
	if s.alone, err = (confidence.Fitting{Names: append(ScoreFeatures(false), HoldsFeatures()...), Lambda: aloneLambda}).Fit(alone); err != nil {
		return nil, fmt.Errorf("sufficiency: %w", err)
	}
	if s.following, err = (confidence.Fitting{Names: ScoreFeatures(true), Lambda: decisionLambda}).Fit(following); err != nil {
		return nil, fmt.Errorf("sufficiency: follow-ups: %w", err)
	}
	s.alone.Threshold, s.following.Threshold = enough, enough
	return s, nil
}

// enough is the probability from which on passages count as sufficient. docs/evals.md says
// how many questions without an answer reach it, and how many with one do not.
const enough = 0.6

// Scored is a copy of the features with the two scores.
func (s *Scorer) Scored(features map[string]float64) map[string]float64 {
	all := make(map[string]float64, len(features)+2)
	maps.Copy(all, features)
	s.add(all)
	return all
}

func samples(list []Example, right func(Example) bool) []confidence.Sample {
	all := make([]confidence.Sample, len(list))
	for i, e := range list {
		all[i] = confidence.Sample{Features: e.Features, Right: right(e), Group: e.Group}
	}
	return all
}
