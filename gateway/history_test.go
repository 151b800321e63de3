package gateway

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestObjected(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	wish := Record{At: at, Decision: Decision{Kind: DecideHandoff, Reason: ReasonData, Rule: ruleDeleteData}}
	for name, test := range map[string]struct {
		agreement Agreement
		turns     []Record
		want      bool
	}{
		"nobody has said anything":   {},
		"agreed":                     {agreement: Agreement{Consent: ConsentGiven, At: at}},
		"objected":                   {agreement: Agreement{Consent: ConsentWithheld, At: at}, want: true},
		"wants their data deleted":   {turns: []Record{wish}, want: true},
		"agreed before that":         {agreement: Agreement{Consent: ConsentGiven, At: at.Add(-time.Hour)}, turns: []Record{wish}, want: true},
		"agreed after that":          {agreement: Agreement{Consent: ConsentGiven, At: at.Add(time.Hour)}, turns: []Record{wish}},
		"cleared the note afterward": {agreement: Agreement{At: at.Add(time.Hour)}, turns: []Record{wish}, want: true},
	} {
		p := Past{PastConversation: PastConversation{Agreement: test.agreement}, Turns: test.turns}
		if got := p.Objected(); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestStricter: whichever way two contacts are joined, an objection holds, and what comes of
// it is what one of the two said.
func TestStricter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) Agreement {
			return Agreement{
				Consent: rapid.SampledFrom([]Consent{ConsentUnset, ConsentGiven, ConsentWithheld}).Draw(t, name),
				At:      time.Unix(rapid.Int64Range(0, 3).Draw(t, name+" at"), 0),
			}
		}
		a, b := draw("one"), draw("other")
		one, other := a.Stricter(b), b.Stricter(a)
		if one != a && one != b {
			t.Fatalf("%+v is neither", one)
		}
		if withheld := a.Consent == ConsentWithheld || b.Consent == ConsentWithheld; withheld != (one.Consent == ConsentWithheld) {
			t.Fatalf("%+v of %+v and %+v", one, a, b)
		}
		if one != other && a.At != b.At {
			t.Fatalf("%+v one way, %+v the other", one, other)
		}
	})
}
