package intent

import (
	"math"
	"math/rand/v2"
	"slices"
)

// How a step goes down: the rate in the first epoch and how it fades, how much
// faster features move than the biases, and the slope that is not worth a step.
const (
	firstRate    = 0.5
	fade         = 0.3
	featureSpeed = 8
	biasSpeed    = 0.1
	flat         = 0.003
)

// softmax is a multinomial regression. The weights of a feature for all classes
// lie side by side.
type softmax struct {
	classes int
	weights []float32
	bias    []float64
}

// fit goes through the rows in an order that is shuffled anew, but the same for the
// same number of rows, in each epoch.
func fit(rows [][]feature, classes []int, n, features, epochs int) softmax {
	s := softmax{classes: n, weights: make([]float32, n*features), bias: make([]float64, n)}
	random := rand.New(rand.NewPCG(1, uint64(len(rows))))
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	for epoch := range epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		rate := firstRate / (1 + fade*float64(epoch))
		for _, i := range order {
			s.step(rows[i], classes[i], rate)
		}
	}
	return s
}

// step moves the weights towards the class of one row.
func (s softmax) step(row []feature, class int, rate float64) {
	slopes := normalised(s.logits(row))
	slopes[class]--
	var moved []int
	for c, slope := range slopes {
		if math.Abs(slope) >= flat {
			moved = append(moved, c)
			s.bias[c] -= rate * biasSpeed * slope
		}
	}
	for _, f := range row {
		weights := s.weights[f.id*s.classes : (f.id+1)*s.classes]
		for _, c := range moved {
			weights[c] -= float32(rate * featureSpeed * slopes[c] * f.weight)
		}
	}
}

func (s softmax) logits(row []feature) []float64 {
	logits := slices.Clone(s.bias)
	for _, f := range row {
		for c, w := range s.weights[f.id*s.classes : (f.id+1)*s.classes] {
			logits[c] += float64(w) * f.weight
		}
	}
	return logits
}

// normalised turns logits into shares of 1.
func normalised(logits []float64) []float64 {
	top, total := slices.Max(logits), 0.0
	shares := make([]float64, len(logits))
	for i, l := range logits {
		shares[i] = math.Exp(l - top)
		total += shares[i]
	}
	for i := range shares {
		shares[i] /= total
	}
	return shares
}
