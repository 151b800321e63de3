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
func (t *turn) offTopic(m meanwhile) bool {
	return m.elsewhere && !m.grave && !t.sendable() && !t.concerns()
}

// aboutWhat are the texts that say what the question is about.
func (t *turn) aboutWhat() []string {
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
	return asked
}

// sendable tells whether there is an answer that may be sent.
func (t *turn) sendable() bool {
	failed := func(c Check) bool { return !c.OK }
	return t.a.Text != "" && !t.a.Draft.NeedsHuman && t.a.Confidence >= t.a.Threshold && !slices.ContainsFunc(t.a.Checks, failed)
}

// concerns tells whether the turn is about something of this customer's.
func (t *turn) concerns() bool {
	a := t.a
	return t.q.Clarified || aboutOrders(a) || len(a.Orders.Asked) > 0 || len(a.Receipts) > 0 || len(a.Draft.Actions) > 0 ||
		a.Proposal != nil || a.Refusal != nil || a.Draft.SmallTalk
}

// grave tells whether a text calls for somebody.
func grave(text string) bool {
	_, found := guard.Triage(text)
	return found
}

// known tells whether a passage that was found holds the words that speak against the shop:
// one that sells tickets knows of matches.
func known(locale, told string, hits []knowledge.Hit) bool {
	words := terms(locale, told)
	return slices.ContainsFunc(hits, func(h knowledge.Hit) bool {
		text := strings.Join([]string{h.Document.Title, h.Chunk.Heading, h.Chunk.Question, h.Chunk.Text}, "\n")
		return len(words) > 0 && share(words, terms(locale, text)) == 1
	})
}
