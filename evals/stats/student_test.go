package stats

import (
	"math"
	"testing"
)

// The table of Student's t for 97.5 % that every textbook has.
func TestStudent(t *testing.T) {
	t.Parallel()
	for freedom, want := range map[float64]float64{
		1: 12.7062047, 2: 4.30265273, 5: 2.57058184, 10: 2.22813885, 29: 2.04522964, 100: 1.98397152, 1e5: 1.95998772,
	} {
		if got := student(freedom); math.Abs(got-want) > 1e-7 {
			t.Errorf("%v degrees of freedom: %v, want %v", freedom, got, want)
		}
	}
}
