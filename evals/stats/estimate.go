// Package stats says how sure a figure is: intervals, comparisons of two runs by the same
// cases, corrections for many looks, and how many cases it takes to see a difference.
// Everything is a pure function; what draws at random takes its source as an argument.
package stats

// Estimate is a figure with its 95 % interval. N is the number of independent things that
// it rests on: cases, or groups of them where cases hang together.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	N     int     `json:"n"`
}
