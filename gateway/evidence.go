package gateway

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/rag"
)

// Evidence tells what answers rested on, and which questions got none. Who takes a
// passage back learns by it what has been said already, and who writes documents
// what is asked for.
type Evidence interface {
	// Rested lists the replies of committed turns that cite one of the passages, newest
	// first, each once. No passages give no answers.
	Rested(ctx context.Context, on []Basis, p Page) (list []RestedAnswer, next string, err error)
	// Unanswered lists the committed turns from since on whose Record is Open, newest
	// first.
	Unanswered(ctx context.Context, since time.Time, p Page) (list []Unanswered, next string, err error)
}

// Basis names a passage by what it says, and by its document and its content.
type Basis struct {
	// TextHash is knowledge.TextHash. What was said under a former name, title or heading
	// of the document is found by it. Empty finds nothing.
	TextHash   string
	DocumentID string
	// Hash is knowledge.Chunk.Hash. A record from before hashes were kept is found by
	// ChunkID instead.
	Hash, ChunkID string
}

// RestedAnswer is a reply that rests on a passage in question, and whom it was given.
type RestedAnswer struct {
	TurnID         string
	ConversationID string
	Contact        Identity
	Name           string
	At             time.Time
	// Question is what the customer asked, Reply what they were told.
	Question, Reply string
	// Passages are the IDs of those of the passages that it cites, sorted.
	Passages []string
}

// Unanswered is a question that no answer was given to, with how near the documents
// came.
type Unanswered struct {
	TurnID         string
	ConversationID string
	At             time.Time
	Language       string
	// Question is the question as it was searched for.
	Question string
	// Reason says why there was no answer.
	Reason Reason
	// Nearest is the title of the best passage that was found, Dense and Lexical are
	// the best scores of any passage; empty and 0 when nothing was found.
	Nearest        string
	Dense, Lexical float64
	Confidence     float64
}

// Asked is what the customer asked, as it was searched for, or in their own words when
// nothing was.
func (r Record) Asked() string {
	if r.Query != "" {
		return r.Query
	}
	return strings.Join(r.Messages, "\n")
}

// Cited are the passages that the turn's reply rests on: none when it was not sent.
func (r Record) Cited() []rag.Passage {
	rule := r.Decision.Rule
	if r.Outcome != OutcomeCommitted || r.Decision.Kind != DecideReply || rule == ruleRefusal || rule == ruleOffTopic {
		return nil // or the words are the gateway's own
	}
	var cited []rag.Passage
	for _, p := range r.Passages {
		if slices.Contains(r.Draft.Citations, p.ID) {
			cited = append(cited, p)
		}
	}
	return cited
}

// TextHash is that of the passage in the record, to be kept with a citation of it. It is
// never empty.
func (r Record) TextHash(of Basis) string {
	for _, p := range r.Passages {
		if p.ID == of.ChunkID && p.DocumentID == of.DocumentID && p.Hash == of.Hash {
			return p.TextHash()
		}
	}
	return "unknown"
}

// Open tells whether the turn is a question that the documents did not answer: it was
// searched for, and went to a person, or back to the customer as a question, because
// nothing covered it, nothing supported the draft or the answer was not sure enough.
func (r Record) Open() bool {
	if r.Outcome != OutcomeCommitted || r.Query == "" {
		return false
	}
	open := []Reason{ReasonLowConfidence, ReasonNotCovered, ReasonUnsupported}
	return r.Decision.Kind == DecideClarify && r.Decision.Rule != ruleArguments || r.Decision.Kind == DecideHandoff && slices.Contains(open, r.Decision.Reason)
}

// Unanswered is the record of an Open turn as a question to whoever writes documents.
func (r Record) Unanswered() Unanswered {
	u := Unanswered{
		TurnID: r.ID, ConversationID: r.ConversationID, At: r.At, Language: r.Language, Question: r.Query,
		Reason: r.Decision.Reason, Confidence: r.Confidence,
	}
	for _, c := range r.Candidates {
		u.Dense, u.Lexical = max(u.Dense, c.Dense), max(u.Lexical, c.Lexical)
	}
	if len(r.Passages) > 0 {
		u.Nearest = r.Passages[0].Title
	}
	return u
}
