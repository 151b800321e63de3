// Package intent tells what a customer wants from examples of it, and how far the
// text is from anything the examples speak of. It needs no model server and knows
// no language: letters of words stand beside the words, so a typo costs little.
package intent

import (
	"errors"
	"math"
	"slices"
)

// ErrTooFew is given when the examples do not tell two things apart.
var ErrTooFew = errors.New("intent: examples of at least two intents are needed")

// Example is a text whose intent is known.
type Example struct {
	Text, Intent string
	// OutOfScope marks a text that belongs to no intent; Intent is not read then.
	OutOfScope bool
}

// Config says how to train. Zero fields mean the defaults.
type Config struct {
	// Epochs is how often each example is looked at: 12.
	Epochs int
	// Neighbours is how many of the nearest examples vote: 8.
	Neighbours int
}

// Guess is what a text is taken for.
type Guess struct {
	// Intent is the likeliest one, given also when nothing is likely.
	Intent string
	// Confidence, between 0 and 1, orders guesses by how often they are right. It
	// is no probability: fit one on labelled texts before promising anything by it.
	Confidence float64
	// InScope, between 0 and 1, orders texts by whether any intent fits.
	InScope float64
	// Outside, between 0 and 1, orders texts by whether they are like the examples out of
	// scope: a text that nobody gave an example of is neither in scope nor outside.
	Outside float64
}

// Classifier guesses intents. It is safe for use by several goroutines.
type Classifier struct {
	neighbours int
	words      vocabulary
	// intents are sorted; a class beyond them is that of texts out of scope.
	intents []string
	classes []int
	softmax softmax
	// postings holds, for each feature, the examples that have it.
	postings [][]posting
}

type posting struct {
	example int
	weight  float64
}

// Train makes a classifier. The same examples in the same order make the same one.
func Train(examples []Example, cfg Config) (*Classifier, error) {
	if cfg.Epochs <= 0 {
		cfg.Epochs = 12
	}
	if cfg.Neighbours <= 0 {
		cfg.Neighbours = 8
	}
	c := &Classifier{neighbours: cfg.Neighbours, intents: intentsOf(examples)}
	if len(c.intents) < 2 {
		return nil, ErrTooFew
	}
	classes := len(c.intents)
	for _, e := range examples {
		class, _ := slices.BinarySearch(c.intents, e.Intent)
		if e.OutOfScope {
			class = len(c.intents)
			classes = class + 1
		}
		c.classes = append(c.classes, class)
	}
	rows := c.index(examples)
	c.softmax = fit(rows, c.classes, classes, len(c.postings), cfg.Epochs)
	return c, nil
}

func intentsOf(examples []Example) []string {
	var names []string
	for _, e := range examples {
		if !e.OutOfScope {
			names = append(names, e.Intent)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// index learns the features of the examples and keeps which of them has what.
func (c *Classifier) index(examples []Example) [][]feature {
	texts := make([][]string, len(examples))
	for i, e := range examples {
		texts[i] = pieces(e.Text)
	}
	c.words = learn(texts)
	c.postings = make([][]posting, len(c.words.ids))
	rows := make([][]feature, len(texts))
	for i, text := range texts {
		rows[i], _ = c.words.vector(text)
		for _, f := range rows[i] {
			c.postings[f.id] = append(c.postings[f.id], posting{i, f.weight})
		}
	}
	return rows
}

// Classify guesses the intent of a text. A text without a single known word or
// letter group has confidence 0.
func (c *Classifier) Classify(text string) Guess {
	found := pieces(text)
	row, known := c.words.vector(found)
	logits := c.softmax.logits(row)
	chances := normalised(logits)
	votes, nearest := c.vote(row, len(chances))
	best, top := 0, math.Inf(-1)
	for class := range c.intents {
		if mean := (chances[class] + votes[class]) / 2; mean > top {
			best, top = class, mean
		}
	}
	similar := nearest[best] * known
	outside := 0.0
	if len(chances) > len(c.intents) {
		outside = (chances[len(c.intents)] + votes[len(c.intents)]) / 2
	}
	// One word alone says little, however well it is known.
	length := math.Sqrt(min(1, float64(countWords(found))/3))
	inside := max(0, slices.Max(logits[:len(c.intents)])) * similar * (1 - outside)
	return Guess{
		Intent: c.intents[best], Confidence: top * similar * length,
		InScope: inside / (1 + inside), Outside: outside * known,
	}
}

// vote lets the nearest examples say which class they are of, and gives the
// likeness of the nearest one of each class.
func (c *Classifier) vote(row []feature, classes int) (votes, nearest []float64) {
	likeness := make([]float64, len(c.classes))
	for _, f := range row {
		for _, p := range c.postings[f.id] {
			likeness[p.example] += f.weight * p.weight
		}
	}
	votes, nearest = make([]float64, classes), make([]float64, classes)
	total := 0.0
	for _, example := range highest(likeness, c.neighbours) {
		class, l := c.classes[example], likeness[example]
		votes[class] += l * l * l
		total += l * l * l
		nearest[class] = max(nearest[class], l)
	}
	for class := range votes {
		if total > 0 {
			votes[class] /= total
		}
	}
	return votes, nearest
}

// highest gives the places of the n highest values above 0, the earlier of two
// equal ones first.
func highest(values []float64, n int) []int {
	var top []int
	for i, v := range values {
		if v <= 0 || (len(top) == n && v <= values[top[n-1]]) {
			continue
		}
		place := len(top)
		for place > 0 && values[top[place-1]] < v {
			place--
		}
		top = slices.Insert(top, place, i)
		top = top[:min(n, len(top))]
	}
	return top
}
