package evals_test

import (
	"os"
	"slices"
	"testing"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/knowledge"
)

// TestWordsOfQuestions holds what the benchmark of the index in memory says of its
// questions: of those of public sets with more than a thousand passages the words are in
// fewer passages than its own, whose words are in 0.4 of all passages taken together.
func TestWordsOfQuestions(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine computes for long")
	}
	const drawn, words = 0.4, 120
	for _, set := range []string{"squad_es_v2", "epqa_products", "mtrag_un"} {
		data, err := evals.ReadDataset(os.DirFS(foreignData(t, set)), "dev", "en")
		if err != nil {
			t.Fatal(err)
		}
		for _, language := range []string{"es", "en"} {
			passages, df := 0, map[string]int{}
			for _, d := range data.Docs {
				if d.Lang != language {
					continue
				}
				for part := range slices.Chunk(knowledge.Tokens(language, d.Title+" "+d.Text), words) {
					passages++
					for term := range knowledge.Frequencies(part) {
						df[term]++
					}
				}
			}
			shares := sharesOf(data, language, df, passages)
			if passages < 1000 || len(shares) == 0 {
				continue
			}
			if median := shares[len(shares)/2]; median > drawn {
				t.Errorf("%s: the words of a question are in %.2f of %d passages", set, median, passages)
			} else {
				t.Logf("%s, %s: %.2f of %d passages", set, language, median, passages)
			}
		}
	}
}

// sharesOf says of each question in which share of the passages its words are, added up
// and in ascending order.
func sharesOf(data evals.Dataset, language string, df map[string]int, passages int) []float64 {
	var shares []float64
	for _, q := range data.Queries {
		if q.Lang != language {
			continue
		}
		sum := 0
		for term := range knowledge.Frequencies(knowledge.Tokens(language, q.Text)) {
			sum += df[term]
		}
		shares = append(shares, float64(sum)/float64(passages))
	}
	slices.Sort(shares)
	return shares
}
