package evals

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/recado/recado/rag/confidence"
)

// Label is one answer that somebody called right or wrong. A Result of a Report is
// one too.
type Label struct {
	ID     string
	Group  string
	Locale string
	Risk   string
	Right  bool
	// Answered tells that there was a draft that only its confidence could hold
	// back, Fixed that a rule decided whatever the confidence: such a label is left out.
	Answered bool
	Fixed    bool
	Features map[string]float64
	// Weight is how many cases the label stands for; 0 means 1. Biased tells that it was
	// not drawn by chance, such as what agents say of what they got: it helps to fit and
	// decides no threshold.
	Weight float64
	Biased bool
}

// labelLine is a line of a file of labels: of a file of its own, or of the results
// that `recado eval questions --json` writes.
type labelLine struct {
	ID         string             `json:"id"`
	Group      string             `json:"group"`
	Locale     string             `json:"locale"`
	Risk       string             `json:"risk"`
	Right      *truth             `json:"right"`
	DraftRight *truth             `json:"draft_right"`
	Answered   *bool              `json:"answered"`
	Sendable   *bool              `json:"sendable"`
	Fixed      bool               `json:"fixed"`
	Features   map[string]float64 `json:"features"`
	Score      *float64           `json:"score"`
	Weight     float64            `json:"weight"`
	Biased     bool               `json:"biased"`
}

// truth is a label: true, false, 1 or 0.
type truth bool

// UnmarshalJSON implements json.Unmarshaler.
func (t *truth) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "true", "1", "1.0":
		*t = true
	case "false", "0", "0.0":
		*t = false
	default:
		return fmt.Errorf("a label is true, false, 1 or 0, not %.20q", text)
	}
	return nil
}

// ScoreFeature is the feature of a label that has a score instead of features.
const ScoreFeature = "score"

// ReadLabels reads one label per line: "right" and either "features" or "score", and
// where they are known "id", "group" (a conversation), "locale", "risk", "weight", "biased",
// and "answered": false when there was nothing to send. An error names the line.
func ReadLabels(r io.Reader) ([]Label, error) {
	var labels []Label
	err := eachLine(r, func(line []byte) error {
		var l labelLine
		if err := decodeRow(line, &l); err != nil {
			return err
		}
		label, err := l.label()
		if err != nil {
			return err
		}
		labels = append(labels, label)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(labels) == 0 {
		return nil, errors.New("there is no label in it")
	}
	return labels, nil
}

func (l labelLine) label() (Label, error) {
	label := Label{
		ID: l.ID, Group: l.Group, Locale: l.Locale, Risk: l.Risk, Fixed: l.Fixed,
		Features: l.Features, Weight: l.Weight, Biased: l.Biased, Answered: true,
	}
	// In the results of a run, "right" speaks of the decision and "draft_right" of
	// the draft.
	switch {
	case l.Sendable != nil && l.DraftRight != nil:
		label.Answered, label.Right = *l.Sendable, bool(*l.DraftRight)
	case l.Right != nil:
		label.Right = bool(*l.Right)
		label.Answered = l.Answered == nil || *l.Answered
	default:
		return Label{}, errors.New(`there is no "right"`)
	}
	if l.Score != nil && len(l.Features) == 0 {
		label.Features = scoreFeatures(*l.Score)
	}
	if label.Answered && !label.Fixed && len(label.Features) == 0 {
		return Label{}, errors.New(`there are neither "features" nor a "score"`)
	}
	if l.Weight < 0 {
		return Label{}, errors.New(`"weight" is less than 0`)
	}
	return label, nil
}

// Once gives each case once: of several labels with the same id, what most of them say
// with the weight that all of them have at most. One that as many call right as wrong is
// left out. Labels without an id are cases of their own.
func Once(labels []Label) []Label {
	places, votes := map[string]int{}, map[string]int{}
	var list []Label
	for _, l := range labels {
		i, known := places[l.ID]
		switch {
		case l.ID == "":
			list = append(list, l)
			continue
		case !known:
			places[l.ID] = len(list)
			list = append(list, l)
		case list[i].Biased && !l.Biased:
			list[i] = l
		case list[i].Biased == l.Biased:
			list[i].Weight = max(list[i].Weight, l.Weight)
		}
		if votes[l.ID]--; l.Right {
			votes[l.ID] += 2
		}
	}
	list = slices.DeleteFunc(list, func(l Label) bool { return l.ID != "" && votes[l.ID] == 0 })
	for i, l := range list {
		if l.ID != "" {
			list[i].Right = votes[l.ID] > 0
		}
	}
	return list
}

// Deciding are the labels that a threshold is chosen on: none that is biased, and of the
// others so many that each stands for equally many cases, because the bounds are those of
// cases that were drawn alike. A label stays with the probability of its weight by the
// greatest, by a hash of its id: the same ones each time, whatever they say.
func Deciding(labels []Label) []Label {
	var list []Label
	for i, decides := range decide(labels) {
		if decides {
			list = append(list, labels[i])
		}
	}
	return list
}

// decide tells of each label whether it is one of Deciding.
func decide(labels []Label) []bool {
	greatest := 0.0
	for _, l := range labels {
		if !l.Biased {
			greatest = max(greatest, cmp.Or(l.Weight, 1))
		}
	}
	decides := make([]bool, len(labels))
	for i, l := range labels {
		_, stays := confidence.Audited("deciding "+cmp.Or(l.ID, strconv.Itoa(i)), cmp.Or(l.Weight, 1)/greatest)
		decides[i] = stays && !l.Biased
	}
	return decides
}

// scoreFeatures are the score and, where it looks like a probability, both its logarithms:
// together they can bend it as it needs (Kull, Silva Filho and Flach, "Beta calibration",
// 2017).
func scoreFeatures(score float64) map[string]float64 {
	features := map[string]float64{ScoreFeature: score}
	if score >= 0 && score <= 1 {
		const least = 1e-6
		features["score_log"] = math.Log(max(score, least))
		features["score_log_rest"] = math.Log(max(1-score, least))
	}
	return features
}

// FeaturesOf are the names of the features that labels have, sorted.
func FeaturesOf(labels []Label) []string {
	names := map[string]bool{}
	for _, l := range labels {
		for name := range l.Features {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// eachLine calls what for each line that is not empty.
func eachLine(r io.Reader, what func(line []byte) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxDatasetLine)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if err := what(line); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return lines.Err()
}
