// Package confidence turns what is known about a drafted answer into the
// probability that the answer is right, and says from which probability on an
// answer may be sent.
//
// The model is a logistic regression over named features. Fit learns it from
// answers that were labelled right or wrong; the result is a Calibration, a JSON
// file that carries everything needed to apply it and to judge it: the setting it
// was fitted in, the features with their means and spreads, the weights, the
// threshold, its promise, and how many labels stand behind it. Terms choose the
// threshold from labels; where the labels support no promise they choose none.
// Stale says what changed since, Audited which answers to look at, and an Alarm
// whether the promise still holds in what was looked at.
//
// The package knows neither questions nor passages: features come in as numbers.
package confidence

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// maxFile bounds what Read takes; a calibration is a few kilobytes.
const maxFile = 1 << 20

// Calibration is a fitted score with its threshold, as it is kept in a file.
type Calibration struct {
	// Name says in a word or two where it comes from, such as "demo shop".
	Name string `json:"name"`
	// FittedOn describes the labelled cases, and FittedAt is the day of the fit
	// as YYYY-MM-DD.
	FittedOn string `json:"fitted_on"`
	FittedAt string `json:"fitted_at"`
	// Setting is what the labelled answers were made with.
	Setting
	// N is the number of labelled cases behind the threshold, Missing how many
	// more the promise needs at least; 0 means that there are enough.
	N       int `json:"n"`
	Missing int `json:"labels_missing,omitempty"`
	// Features, Means, SDs and Weights belong together by place. A feature x
	// counts as (x-mean)/sd, one that is missing as 0. "missing:x" stands for a
	// feature that is 1 when x is missing and else 0.
	Features []string  `json:"features"`
	Means    []float64 `json:"means"`
	SDs      []float64 `json:"sds"`
	Weights  []float64 `json:"weights"`
	// Intercept is the log odds of a case with average features.
	Intercept float64 `json:"intercept"`
	// Offsets are added to the log odds of a case of that group, such as
	// "locale:es" or "risk:money", shrunk towards 0 where labels are few.
	Offsets map[string]float64 `json:"offsets,omitempty"`
	// Threshold is the least probability at which an answer may be sent.
	Threshold float64 `json:"threshold"`
	// Clarify is the least probability, below the threshold, at which one question
	// back to the customer comes before a person; 0 means never.
	Clarify float64 `json:"clarify,omitempty"`
	// Promise says what is at most Alpha: the share of all cases that are
	// answered and wrong (M), or the share of answers that are wrong (S). Empty
	// means M. Delta is the probability with which that may fail to hold, Bound
	// what the labels support: an upper confidence bound of that share at the
	// threshold.
	Promise Promise `json:"promise,omitempty"`
	Alpha   float64 `json:"alpha"`
	Delta   float64 `json:"delta"`
	Bound   float64 `json:"bound"`
	// Coverage is the share of the cases that reach the threshold, BaseError the
	// share of drafts that are wrong, whatever their score.
	Coverage  float64 `json:"coverage"`
	BaseError float64 `json:"base_error"`
	// CostThreshold is the threshold that the costs of a wrong answer and of a
	// handoff ask for; 0 means that none were given.
	CostThreshold float64 `json:"cost_threshold,omitempty"`
	// Note says in a sentence what the threshold promises, or that it promises
	// nothing.
	Note string `json:"note"`
}

//go:embed default.json
var embedded []byte

// Default returns the calibration that Recado ships with. It was fitted on the
// labelled questions of the demo shop with the offline model, and its Note says
// what that is worth for another shop.
func Default() (*Calibration, error) {
	c, err := Read(bytes.NewReader(embedded))
	if err != nil {
		return nil, fmt.Errorf("embedded calibration: %w", err)
	}
	return c, nil
}

// Read decodes and checks a calibration file. Unknown fields are an error: a
// file from a newer version may mean something else by the fields known here.
func Read(r io.Reader) (*Calibration, error) {
	decoder := json.NewDecoder(io.LimitReader(r, maxFile))
	decoder.DisallowUnknownFields()
	c := &Calibration{}
	if err := decoder.Decode(c); err != nil {
		return nil, fmt.Errorf("read calibration: %w", err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("read calibration: %w", err)
	}
	return c, nil
}

// Write encodes the calibration as indented JSON with a newline at its end.
func (c *Calibration) Write(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(c); err != nil {
		return fmt.Errorf("write calibration: %w", err)
	}
	return nil
}

func (c *Calibration) check() error {
	n := len(c.Features)
	if n == 0 {
		return errors.New("no features")
	}
	if len(c.Means) != n || len(c.SDs) != n || len(c.Weights) != n {
		return fmt.Errorf("%d features, but %d means, %d sds and %d weights",
			n, len(c.Means), len(c.SDs), len(c.Weights))
	}
	for i, name := range c.Features {
		if slices.Contains(c.Features[:i], name) {
			return fmt.Errorf("feature %q is there twice", name)
		}
		if c.SDs[i] <= 0 {
			return fmt.Errorf("feature %q has the sd %v", name, c.SDs[i])
		}
	}
	if c.Promise != "" && !c.Promise.known() {
		return fmt.Errorf("the promise %q is neither M nor S", c.Promise)
	}
	if c.Threshold < 0 || c.Threshold > nothing || math.IsNaN(c.Threshold) {
		return fmt.Errorf("the threshold %v is not a probability", c.Threshold)
	}
	if !(c.Clarify >= 0 && c.Clarify <= c.Threshold) {
		return fmt.Errorf("questions back begin at %v, which is not between 0 and the threshold", c.Clarify)
	}
	return nil
}

// Probability is the estimated probability, in [0, 1], that an answer with these
// features is right, of a case whose groups are not known. A feature is missing
// when it is not there or not finite.
func (c *Calibration) Probability(features map[string]float64) float64 {
	return c.ProbabilityOf(Sample{Features: features})
}

// ProbabilityOf is Probability with the offsets of the groups of the case. A group
// that the fit has not seen counts as the one with the least chances, and never as
// better than the average.
func (c *Calibration) ProbabilityOf(s Sample) float64 {
	logit := c.Intercept + c.offset(localeGroup, s.Locale) + c.offset(riskGroup, s.Risk)
	for i, name := range c.Features {
		logit += c.Weights[i] * c.standardised(i, name, s.Features)
	}
	return sigmoid(logit)
}

// standardised is the value of the i-th feature as the weights take it. Fit and
// ProbabilityOf both use it, so that what is missing means the same to both.
func (c *Calibration) standardised(i int, name string, features map[string]float64) float64 {
	x, known := value(features, name)
	if !known {
		return 0
	}
	return (x - c.Means[i]) / c.SDs[i]
}

// MissingPrefix begins the name of the indicator of a feature that can be missing.
const MissingPrefix = "missing:"

func value(features map[string]float64, name string) (x float64, known bool) {
	if base, isIndicator := strings.CutPrefix(name, MissingPrefix); isIndicator {
		if _, known := value(features, base); known {
			return 0, true
		}
		return 1, true
	}
	x, known = features[name]
	return x, known && !math.IsNaN(x) && !math.IsInf(x, 0)
}

// The kinds of groups that have offsets.
const (
	localeGroup = "locale:"
	riskGroup   = "risk:"
)

func (c *Calibration) offset(kind, name string) float64 {
	if offset, known := c.Offsets[kind+name]; known && name != "" {
		return offset
	}
	least := 0.0
	for group, offset := range c.Offsets {
		if strings.HasPrefix(group, kind) {
			least = min(least, offset)
		}
	}
	return least
}

// Promises tells whether any answer may be sent at all. Where the labels support no
// promise there is no threshold that an answer could reach, and Note says why.
func (c *Calibration) Promises() bool { return c.Threshold <= 1 && c.Missing == 0 }

// ID is the name with a short hash of the content, such as "demo shop@1f2e3d4c".
// Equal IDs mean equal scores.
func (c *Calibration) ID() string {
	var content bytes.Buffer
	// Encoding a struct of strings and finite numbers into a buffer cannot fail;
	// check keeps what is not finite out.
	if err := c.Write(&content); err != nil {
		return c.Name
	}
	sum := sha256.Sum256(content.Bytes())
	return c.Name + "@" + hex.EncodeToString(sum[:4])
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
