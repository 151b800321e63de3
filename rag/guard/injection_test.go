package guard_test

import (
	"strings"
	"testing"

	"github.com/recado/recado/rag/guard"
)

// Orders to a model are suspected, whatever they are after, and what customers say in
// the same words is not.
func TestInjection(t *testing.T) {
	t.Parallel()
	for _, line := range readPhrasings(t, "injection.txt") {
		want, text, found := strings.Cut(line, "\t")
		if !found || want != "yes" && want != "no" {
			t.Fatalf("neither yes nor no: %q", line)
		}
		if score := guard.Injection(text); (score >= guard.InjectionSuspected) != (want == "yes") {
			t.Errorf("%q scores %.2f, want %s", text, score, want)
		}
	}
}
