// Package sufficiency says how likely it is that passages hold the answer to a question.
//
// That a passage is near a question is not enough: it may be about the same thing and not
// say what is asked. So there are two scores. One tells from the search and from the words
// in common whether the passages are about what is asked; the other, fitted on questions
// whose passage is about it and half of which it does not answer, tells from what is
// lacking whether they say it: a name, a figure, a negation, something of the kind that is
// asked for. Both are read in one way where a passage stands alone and in another where
// many documents speak of the same, and in between as likely as either is. A question in a
// conversation is decided by the scores, by what it takes for known, such as "the county",
// and by what was said before it. See Joren et al., "Sufficient Context", arXiv:2411.06037.
//
// All of it is counted from the texts; there is no model in it.
package sufficiency

// Question is what is asked.
type Question struct {
	// Locale is the language of the question, "es" or "en".
	Locale string
	// Text is the last message, Query what was searched for: Text with what it leans on.
	// An empty Query means Text.
	Text, Query string
	// History is what was said before, oldest first.
	History []Utterance
}

// Utterance is what the customer said, or what was said to them.
type Utterance struct {
	Customer bool
	Text     string
}

// Passage is a passage that was found, with what the search says of it.
type Passage struct {
	// Document is the id of the document that it is of.
	Document string
	// Question is the question that it answers, if it is of a list of them.
	Title, Heading, Question, Text string
	// The scores are as in knowledge.Hit.
	Dense, Lexical, Self   float64
	DenseRank, LexicalRank int
}
