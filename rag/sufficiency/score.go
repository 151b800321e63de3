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
	// crowd tells whether many documents speak of what is asked, so that the passage may be
	// about it and not say it. amid decides as if they do, and apart as if the passage
	// stands alone.
	crowd, amid, apart *confidence.Calibration
	// alone puts the three together and decides about questions before which nothing was
	// said, following about the others.
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
	Crowd     json.RawMessage `json:"crowd"`
	Amid      json.RawMessage `json:"amid"`
	Apart     json.RawMessage `json:"apart"`
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
	}{
		{"topic", file.Topic, &s.topic},
		{"holds", file.Holds, &s.holds},
		{"crowd", file.Crowd, &s.crowd},
		{"amid", file.Amid, &s.amid},
		{"apart", file.Apart, &s.apart},
		{"alone", file.Alone, &s.alone},
		{"following", file.Following, &s.following},
	} {
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
	err := encoder.Encode(map[string]*confidence.Calibration{
		"topic":     s.topic,
		"holds":     s.holds,
		"crowd":     s.crowd,
		"amid":      s.amid,
		"apart":     s.apart,
		"alone":     s.alone,
		"following": s.following,
	})
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
	f[FeatureTopic] = topicOf(s.topic.Probability(f))
	f[FeatureHolds] = logOdds(s.holds.Probability(f))
}

func topicOf(p float64) float64 { return min(surelyTopic, logOdds(p)) }

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

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
	return s.alone.Probability(together(s.crowd.Probability(features), s.amid.Probability(features), s.apart.Probability(features)))
}

// The features that alone decides by: how likely a crowd is, and the log odds of either way
// of deciding as far as it is the one that fits.
const (
	featCrowd = "crowd"
	featAmid  = "amid"
	featApart = "apart"
)

func togetherFeatures() []string { return []string{featCrowd, featAmid, featApart} }

func together(crowd, amid, apart float64) map[string]float64 {
	return map[string]float64{featCrowd: crowd, featAmid: crowd * logOdds(amid), featApart: (1 - crowd) * logOdds(apart)}
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

// enough is the probability from which on passages count as sufficient. docs/evals.md says
// how many questions without an answer reach it, and how many with one do not.
const enough = 0.7

// Scored is a copy of the features with the two scores.
func (s *Scorer) Scored(features map[string]float64) map[string]float64 {
	all := make(map[string]float64, len(features)+2)
	maps.Copy(all, features)
	s.add(all)
	return all
}
