package rag

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/guard"
	"github.com/recado/recado/rag/understand"
)

// CheckParts fails when one of several questions has no answer.
const CheckParts = "parts"

// leastOfPart is the share of a question's words that the answer and what it cites have
// to hold for the question to count as answered.
const leastOfPart = 0.4

// leastAlone is the support that a model which tells it has to find for a question by
// itself, for its answer to count as one in other words.
const leastAlone = 0.6

// split writes down the questions of a burst that holds several, and puts a single one as
// documents do.
func (t *turn) split() {
	if guard.Courteous(t.q.Text) != "" {
		return
	}
	// A bubble that only greets, or says that a question comes, is none of the questions.
	text := point(t.q.Text)
	parts := understand.Split(t.q.Locale, text)
	if len(parts) < 2 {
		parts = t.p.searcher.rephrase(t.veil, t.q.Locale, t.a.Query)
	}
	switch len(parts) {
	case 0:
	case 1:
		t.a.Query = parts[0]
	default:
		for _, text := range parts {
			t.a.Parts = append(t.a.Parts, Part{Text: text})
		}
	}
}

// lookUp finds the passages for the question, or in turns for each of several: the best
// of every one comes before the second of any.
func (t *turn) lookUp(ctx context.Context) ([]knowledge.Hit, error) {
	if len(t.a.Parts) == 0 {
		return t.p.retrieve(ctx, t.veil, t.a.Query, t.q)
	}
	var lists [][]knowledge.Hit
	longest := 0
	for i := range t.a.Parts {
		hits, err := t.p.retrieve(ctx, t.veil, t.queryOf(i), t.q)
		if err != nil {
			return nil, err
		}
		lists, longest = append(lists, hits), max(longest, len(hits))
	}
	var all []knowledge.Hit
	seen := map[string]bool{}
	for i := range longest {
		for _, hits := range lists {
			if i < len(hits) && !seen[hits[i].Chunk.ID] && len(all) < t.p.candidates {
				seen[hits[i].Chunk.ID] = true
				all = append(all, hits[i])
			}
		}
	}
	return all, nil
}

// queryOf is a part as it is searched for: behind the one before it, where it says little of
// its own, as "when do you open" behind "where are your stores".
func (t *turn) queryOf(i int) string {
	text := understand.Plain(t.q.Locale, point(t.a.Parts[i].Text))
	if i == 0 || len(knowledge.Tokens(t.q.Locale, text)) > leansUpTo {
		return t.p.searcher.rephrased(t.veil, t.q.Locale, text)
	}
	return t.queryOf(i-1) + "\n" + text
}

// leansUpTo is how many words a part may have that leans on the one before it.
const leansUpTo = 2

// fill asks once more for each question that the draft leaves open, by itself, and joins
// what comes. A question without an answer is for a person, with what was found for the
// others.
func (t *turn) fill(ctx context.Context) {
	if len(t.a.Parts) == 0 || t.a.Proposal != nil || t.a.Refusal != nil || len(t.meant()) > 0 {
		return
	}
	whole := t.request
	if t.a.Draft.NeedsHuman {
		t.a.Text, t.masked, t.a.Draft.Answer, t.a.Draft.Citations, t.a.Draft.Orders = "", "", "", nil, nil
	}
	open := false
	for i, part := range t.a.Parts {
		if t.answers(part.Text) {
			continue
		}
		t.request.Question, t.request.Query, t.request.Parts, t.request.PartQueries = part.Text, mended(t.queryOf(i), t.slips), nil, nil
		d, err := t.ask(ctx)
		if err != nil || d.Draft.NeedsHuman || strings.TrimSpace(d.Draft.Answer) == "" {
			open = true
			continue
		}
		if d.Draft.Missing == "" && (d.Draft.Support == 0 || d.Draft.Support >= leastAlone) {
			t.alone[i] = strings.TrimSpace(d.Draft.Answer)
		}
		t.add(d)
	}
	t.request = whole
	t.a.Draft.NeedsHuman = open
}

// add joins the answer to one question to what there is.
func (t *turn) add(d drafted) {
	text, masked := strings.TrimSpace(d.Draft.Answer), strings.TrimSpace(d.masked)
	switch {
	case tells(t.a.Text, text):
		text, masked = t.a.Text, t.masked
	case t.a.Text != "":
		text, masked = t.a.Text+"\n\n"+text, t.masked+"\n\n"+masked
	}
	t.a.Text, t.masked = text, masked
	t.a.Draft.Answer, t.a.Draft.Missing, t.a.Draft.Locale = text, "", d.Draft.Locale
	t.a.Draft.Citations = slices.Concat(t.a.Draft.Citations, d.Draft.Citations)
	t.a.Draft.Orders = slices.Concat(t.a.Draft.Orders, d.Draft.Orders)
}

// tells is whether a text has an answer as whole sentences: what is said in a longer
// sentence, as "30 days" in "130 days", is something else.
func tells(text, answer string) bool {
	for rest := text; answer != ""; {
		before, behind, found := strings.Cut(rest, answer)
		if !found {
			return false
		}
		opens := ends(text[:len(text)-len(rest)] + before)
		closes := strings.TrimSpace(behind) == "" || strings.HasPrefix(behind, "\n") || strings.HasPrefix(behind, " ") && ends(answer+" ")
		if opens && closes {
			return true
		}
		rest = rest[len(before)+len(answer):]
	}
	return false
}

// ends tells whether a sentence may begin behind a text.
func ends(text string) bool {
	said := strings.TrimRight(text, " ")
	last, _ := utf8.DecodeLastRuneInString(said)
	return said == "" || last == '\n' || said != text && strings.ContainsRune(".!?…:", last)
}

// answers tells whether the draft, with what it cites, speaks of a question.
func (t *turn) answers(question string) bool {
	if t.a.Text == "" {
		return false
	}
	held := []map[string]bool{terms(t.a.Locale, t.a.Text)}
	cited, _ := citations(t.a)
	for _, p := range cited {
		held = append(held, terms(p.Locale, p.Title, p.Heading, p.Question))
	}
	return share(terms(t.a.Locale, mended(point(question), t.slips)), held...) >= leastOfPart
}

// cover tells which of several questions the answer answers, and objects to those that
// it does not.
func (t *turn) cover() {
	var open []string
	for i, part := range t.a.Parts {
		alone, answered := t.alone[i]
		answered = answered && tells(t.a.Text, alone) // and not repaired away
		if t.a.Parts[i].Covered = answered || t.answers(part.Text); !t.a.Parts[i].Covered {
			open = append(open, oneLine(part.Text))
		}
	}
	if len(t.a.Parts) > 0 && t.a.Text != "" {
		t.a.Checks = append(t.a.Checks, check(CheckParts, open))
	}
}
