package evals_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/rag"
)

// BenchmarkAnswer is one question through retrieval, the offline model, the
// checks and the score, over the demo shop in memory.
func BenchmarkAnswer(b *testing.B) {
	cases, err := evals.DemoCases()
	if err != nil {
		b.Fatal(err)
	}
	pipeline := demoPipeline(b)
	var took []time.Duration
	i := 0
	for b.Loop() {
		began := time.Now()
		if _, err := pipeline.Answer(context.Background(), rag.Question{Text: cases[i%len(cases)].Text, At: began}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
		i++
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
