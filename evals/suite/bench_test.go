package suite_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/recado/recado/evals/suite"
)

// BenchmarkRead reads a suite of 500 written cases in ten files.
func BenchmarkRead(b *testing.B) {
	files := fstest.MapFS{}
	for f := range 10 {
		var text strings.Builder
		if f == 0 {
			text.WriteString("suite: bench\n")
		}
		text.WriteString("cases:\n")
		for i := range 50 {
			fmt.Fprintf(&text, "  - id: c%d-%d\n    generate: [typos, no_accents]\n    say: {es: ¿Cuánto tardan los reembolsos con tarjeta?, en: How long do card refunds take?}\n", f, i)
			text.WriteString("    expect: {decision: reply, says: {es: [5 a 10 días], en: [5 to 10 business days]}, sources: [09-refunds]}\n")
		}
		files[fmt.Sprintf("f%d.yaml", f)] = &fstest.MapFile{Data: []byte(text.String())}
	}
	for b.Loop() {
		if _, err := suite.Read(files, nil); err != nil {
			b.Fatal(err)
		}
	}
}
