package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/knowledge"
)

// TestCounted: one of something is not written as several.
func TestCounted(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	report := func(n int) string {
		out.Reset()
		printReport(&out, knowledge.Report{
			Revoked: n, Embedded: n,
			Changes: []knowledge.Change{{Kind: knowledge.ChangeAdded, DocumentID: "a.md", New: n, Gone: 2 * n, Kept: 0, ToEmbed: n}},
		}, false)
		return out.String()
	}
	holds(t, "one", report(1), "a.md: 1 passage new, 2 gone, 0 kept; 1 to embed", "; 1 passage embedded", "1 passage is revoked and is not found")
	holds(t, "two", report(2), "a.md: 2 passages new, 4 gone, 0 kept; 2 to embed", "; 2 passages embedded", "2 passages are revoked and are not found")
	rested := func(n int) string {
		out.Reset()
		answers := make([]gateway.RestedAnswer, n)
		for i := range answers {
			answers[i].Contact = gateway.Identity{Phone: string(rune('1' + i))}
		}
		if err := (knowledgeFlags{}).printRested(console{out: &out}, n, answers); err != nil {
			t.Error(err)
		}
		return out.String()
	}
	holds(t, "one", rested(1), "1 passage is revoked: no answer rests on it from now on", "1 answer rests on it, to 1 customer:")
	holds(t, "two", rested(2), "2 passages are revoked: no answer rests on them from now on", "2 answers rest on them, to 2 customers:")
	out.Reset()
	bar := newBar(&out)
	bar.show(knowledge.Progress{Done: 1, Total: 1, Elapsed: time.Minute})
	holds(t, "progress", out.String(), "1 of 1 source,")
}
