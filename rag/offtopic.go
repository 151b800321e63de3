package rag

import (
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/guard"
)

// offTopic tells whether the question has nothing to do with a shop. It leans to no: the
// customer of a no gets a person, and one of a yes a line. There is no answer to send; no
// order, no wish and no answer to what was asked back; nobody is called for; the words say
// that it is about something else, and no passage knows those words or comes near.
func (t *turn) offTopic() bool {
	if t.sendable() || t.concerns() || covered(t.hits) >= surelyCovered {
		return false
	}
	asked := []string{t.q.Text, t.a.Query}
	for _, u := range t.q.History {
		if u.Role == RoleCustomer && strings.Contains(t.a.Query, point(u.Text)) {
			asked = append(asked, u.Text) // the question leans on it
		}
	}
	for _, part := range t.a.Parts {
		if guard.Courteous(part.Text) == "" {
			asked = append(asked, part.Text)
		}
	}
	return !slices.ContainsFunc(asked, func(text string) bool {
		told := t.p.topic.Elsewhere(text)
		return told == "" || t.known(told)
	})
}

// sendable tells whether there is an answer that may be sent.
func (t *turn) sendable() bool {
	failed := func(c Check) bool { return !c.OK }
	return t.a.Text != "" && !t.a.Draft.NeedsHuman && t.a.Confidence >= t.a.Threshold && !slices.ContainsFunc(t.a.Checks, failed)
}

// concerns tells whether the turn is about something of this customer's, or somebody has
// to see it.
func (t *turn) concerns() bool {
	a := t.a
	_, grave := guard.Triage(t.q.Text)
	return grave || t.q.Clarified || aboutOrders(a) || len(a.Orders.Asked) > 0 || len(a.Receipts) > 0 || len(a.Draft.Actions) > 0 ||
		a.Proposal != nil || a.Refusal != nil || a.Draft.SmallTalk
}

// known tells whether a passage that was found holds the words that speak against the shop:
// one that sells tickets knows of matches.
func (t *turn) known(told string) bool {
	words := terms(t.a.Locale, told)
	return slices.ContainsFunc(t.hits, func(h knowledge.Hit) bool {
		text := strings.Join([]string{h.Document.Title, h.Chunk.Heading, h.Chunk.Question, h.Chunk.Text}, "\n")
		return len(words) > 0 && share(words, terms(t.a.Locale, text)) == 1
	})
}
