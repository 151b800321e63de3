//go:build unix

package knowledge_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/recado/recado/knowledge"
)

// BenchmarkMemorySearch asks indexes of 512 dimensions by meaning, by words and by
// both. The words are drawn so that the six of a question are in 0.4 of all passages taken
// together, which is more than those of public questions (0.1 to 0.3 where there are more
// than a thousand passages of 120 words, TestWordsOfQuestions of evals); a narrow subject,
// whose words most passages share, has 2. Forty rare words are a page that was pasted.
func BenchmarkMemorySearch(b *testing.B) {
	sizes := []int{1_000, 10_000, 100_000}
	if n, err := strconv.Atoi(os.Getenv("RECADO_BENCH_CHUNKS")); err == nil {
		sizes = []int{n} // a million wants 6 GB and some minutes
	}
	for _, passages := range sizes {
		b.Run(fmt.Sprint(passages), func(b *testing.B) {
			s, memory, all := newStock(1, 512), newMemory(b, 512), newKept()
			s.zipf = rand.NewZipf(s.random, 1.1, 40, 50_000)
			for n := range passages / 10 {
				d, chunks := s.document(n)
				if err := memory.Replace(b.Context(), d, chunks); err != nil {
					b.Fatal(err)
				}
				all.documents[d.ID] = keptDocument{Document: d, chunks: chunks}
			}
			ask := func(name string, question func() knowledge.Query) {
				b.Run(name, func(b *testing.B) { measure(b, memory, question) })
			}
			b.Run("dense", func(b *testing.B) {
				measure(b, memory, func() knowledge.Query { return knowledge.Query{Vector: s.vector(), Locale: "es"} })
				b.ReportMetric(recallOf(b, memory, all, 50, s.vector), "recall@10")
			})
			ask("lexical", func() knowledge.Query { return knowledge.Query{Text: s.text(6), Locale: "es"} })
			ask("lexical-narrow", func() knowledge.Query { return knowledge.Query{Text: s.common(10), Locale: "es"} })
			ask("lexical-rare", func() knowledge.Query { return knowledge.Query{Text: s.rare(40), Locale: "es"} })
			ask("hybrid", func() knowledge.Query { return knowledge.Query{Text: s.text(6), Vector: s.vector(), Locale: "es"} })
			ask("hybrid-narrow", func() knowledge.Query {
				return knowledge.Query{Text: s.common(10), Vector: s.vector(), Locale: "es"}
			})
		})
	}
}

// rounds is how often the questions are asked: other work on the machine disturbs some
// rounds, and the best one tells what the search takes.
const rounds = 5

// measure asks questions one by one and reports the best of some rounds: the time of a
// search at the middle and at the 99th of 100, what it takes of the processors, and what
// the middle is the first time, when the words were never looked up.
func measure(b *testing.B, index knowledge.Index, question func() knowledge.Query) {
	b.Helper()
	questions := make([]knowledge.Query, 300)
	for i := range questions {
		questions[i] = question()
	}
	var first, p50, p99, cpu []float64
	for b.Loop() {
		for round := range rounds {
			times, before := make([]time.Duration, len(questions)), cpuTime(b)
			for i, q := range questions {
				began := time.Now()
				if _, err := index.Search(b.Context(), q); err != nil {
					b.Fatal(err)
				}
				times[i] = time.Since(began)
			}
			cpu = append(cpu, ms(cpuTime(b)-before)/float64(len(questions)))
			slices.Sort(times)
			if round == 0 {
				first = append(first, ms(times[len(times)/2]))
			}
			p50, p99 = append(p50, ms(times[len(times)/2])), append(p99, ms(times[len(times)*99/100]))
		}
	}
	b.ReportMetric(slices.Min(first), "first-p50-ms")
	b.ReportMetric(slices.Min(p50), "p50-ms")
	b.ReportMetric(slices.Min(p99), "p99-ms")
	b.ReportMetric(slices.Min(cpu), "cpu-ms")
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// cpuTime is what the process has taken of all processors.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
