package knowledge_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
)

// TestSaturationsAreSaturation: the table gives the same bits, for lengths that it has and
// that it has not, after another mean as well.
func TestSaturationsAreSaturation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := &knowledge.Saturations{}
		for _, mean := range rapid.SliceOfN(rapid.Float64Range(1, 2000), 1, 3).Draw(t, "means") {
			s.Prepare(mean)
			tf, words := rapid.Uint16().Draw(t, "tf"), rapid.Int32Range(0, 3000).Draw(t, "words")
			if got, want := s.Of(tf, words), knowledge.Saturation(int(tf), int(words), mean); got != want {
				t.Fatalf("%d times in %d words of %v: %v, want %v", tf, words, mean, got, want)
			}
		}
	})
}
