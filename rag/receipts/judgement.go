package receipts

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"

	"github.com/recado/recado/rag/confidence"
)

// Judgement says of whole responses of a setting how doubtful it is that the contexts say
// what they say.
type Judgement struct {
	// Exact flags every response with a figure that no context has.
	Exact bool `json:"exact"`
	// Weights give the probability that a response is grounded; its threshold is the least
	// that counts as grounded.
	Weights *confidence.Calibration `json:"weights"`
}

// Doubt is the probability that a response is not grounded.
func (j Judgement) Doubt(w Whole) float64 { return 1 - j.Weights.Probability(w.Features) }

// Threshold is the doubt from which on a response is flagged.
func (j Judgement) Threshold() float64 { return 1 - j.Weights.Threshold }

// Flags tells whether a response counts as not grounded: for its doubt, or for a figure that
// no context has where figures are exact.
func (j Judgement) Flags(w Whole) bool {
	return j.Exact && w.Misses() || j.Doubt(w) >= j.Threshold()
}

// Judgements are those of all settings.
type Judgements map[Setting]Judgement

//go:embed wholes.json
var wholes []byte

// ShippedJudgements are those that come with Recado. They were fitted on the public sets
// that their file names; a statement is judged by the weights of Shipped.
func ShippedJudgements() (Judgements, error) {
	var all Judgements
	decoder := json.NewDecoder(bytes.NewReader(wholes))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&all); err != nil {
		return nil, fmt.Errorf("receipts: embedded judgements: %w", err)
	}
	for _, s := range Settings() {
		if all[s].Weights == nil {
			return nil, fmt.Errorf("receipts: embedded judgements: there is none of %s", s)
		}
	}
	statements, err := Shipped()
	if err != nil {
		return nil, err
	}
	all[Statement] = Judgement{Exact: true, Weights: statements.calibration}
	return all, nil
}

// Write writes the judgements as ShippedJudgements reads them.
func (j Judgements) Write(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(j); err != nil {
		return fmt.Errorf("write judgements: %w", err)
	}
	return nil
}
