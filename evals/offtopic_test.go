package evals_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/rag/intent"
)

// mostElsewhere is the share of customers' messages that may be taken for something that
// no shop has to do with, by their words alone: what a passage knows, an order and the
// rules of the pipeline only take away from it.
const mostElsewhere = 0.01

// TestNothingOfAShopIsOffTopic holds the words that speak against a shop against what
// people write to shops.
func TestNothingOfAShopIsOffTopic(t *testing.T) {
	t.Parallel()
	topic := intent.NewTopic()
	questions, err := demoshop.Questions()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range questions {
		if told := topic.Elsewhere(q.Text); (told != "") != q.OffTopic {
			t.Errorf("%s: words %q, label %v", q.ID, told, q.OffTopic)
		}
	}
	for _, file := range []string{
		"hint3/train.jsonl", "hint3/dev/examples.jsonl", "bitext_support/dev/examples.jsonl", "epqa_products/dev/queries.jsonl", "semipqa_attributes/dev/queries.jsonl",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			n, elsewhere := countElsewhere(t, topic, file, false)
			t.Logf("%d of %d", elsewhere, n)
			if float64(elsewhere) > mostElsewhere*float64(n) {
				t.Errorf("%d of %d messages to shops count as something else", elsewhere, n)
			}
		})
	}
}

// TestWhatIsOffTopicIsFound says how much is found of what people ask of anything that
// answers; most of it goes to a person, which is what happens to the unknown.
func TestWhatIsOffTopicIsFound(t *testing.T) {
	t.Parallel()
	topic := intent.NewTopic()
	n, found := countElsewhere(t, topic, "clinc150/dev/examples.jsonl", true)
	if t.Logf("%d of %d", found, n); found < n/50 {
		t.Errorf("%d of %d are found", found, n)
	}
}

func countElsewhere(t *testing.T, topic *intent.Topic, file string, outOnly bool) (n, elsewhere int) {
	t.Helper()
	folder := foreignData(t, filepath.Dir(file))
	readLines(t, filepath.Join(folder, filepath.Base(file)), func(line string) {
		var row struct {
			Text    string `json:"text"`
			InScope *bool  `json:"in_scope"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal("a line is no JSON object")
		}
		if outOnly && (row.InScope == nil || *row.InScope) {
			return
		}
		n++
		if topic.Elsewhere(row.Text) != "" {
			elsewhere++
		}
	})
	return n, elsewhere
}
