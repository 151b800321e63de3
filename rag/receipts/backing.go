package receipts

import (
	"regexp"
	"slices"

	"github.com/recado/recado/knowledge"
)

// source is something that backs statements, cut into clauses.
type source struct {
	id      string
	clauses []clause
}

// clause is a part of a sentence with the words that stand around its figures.
type clause struct {
	words, sentence map[string]bool
	figures         []figure
}

// clauseEnd separates the parts of a sentence that each say their own. A comma inside a
// number has no space behind it.
var clauseEnd = regexp.MustCompile(`(?i)[,;:|()]\s|\s(?:y|e|o|pero|aunque|mientras|and|or|but|while)\s`)

func newSource(locale, id string, texts ...string) source {
	s := source{id: id}
	for _, text := range texts {
		for _, sentence := range Split(text) {
			s.clauses = append(s.clauses, clausesOf(locale, sentence)...)
		}
	}
	return s
}

// clausesOf cuts a sentence. Figures are read from the whole sentence, so that a range
// keeps its unit, and belong to the clause in which they stand.
func clausesOf(locale, sentence string) []clause {
	figures, all := extract(sentence), wordSet(locale, sentence)
	var clauses []clause
	start := 0
	cut := func(end int) {
		c := clause{words: wordSet(locale, sentence[start:end]), sentence: all}
		for _, f := range figures {
			if f.at >= start && f.at < end {
				c.figures = append(c.figures, f)
			}
		}
		clauses = append(clauses, c)
		start = end
	}
	for _, at := range clauseEnd.FindAllStringIndex(sentence, -1) {
		if !splitsPair(figures, at) {
			cut(at[0])
		}
	}
	cut(len(sentence))
	return clauses
}

// splitsPair tells whether a cut would go through "2 y 5 días" or a figure: numbers on
// both sides within a few bytes.
func splitsPair(figures []figure, at []int) bool {
	before := slices.ContainsFunc(figures, func(f figure) bool { return f.at < at[0] && f.at+len(f.raw) >= at[0] })
	after := slices.ContainsFunc(figures, func(f figure) bool { return f.at >= at[0] && f.at <= at[1] })
	inside := slices.ContainsFunc(figures, func(f figure) bool { return f.at < at[0] && f.at+len(f.raw) >= at[1] })
	return inside || before && after
}

// wordSet holds the stems of a text that carry its subject. Numbers are none: they are
// figures.
func wordSet(locale, text string) map[string]bool {
	set := map[string]bool{}
	for _, token := range knowledge.Tokens(locale, text) {
		if token[0] < '0' || token[0] > '9' {
			set[token] = true
		}
	}
	return set
}

// has tells whether the figure stands anywhere in the source.
func (s source) has(f figure) bool {
	return slices.ContainsFunc(s.clauses, func(c clause) bool { return c.has(f) })
}

func (c clause) has(f figure) bool { return slices.ContainsFunc(c.figures, f.same) }

// count is how often the clause says the figure: "5 to 5 days" is not "2 to 5 days".
func (c clause) count(f figure) int {
	n := 0
	for _, own := range c.figures {
		if f.same(own) {
			n++
		}
	}
	return n
}

// unbacked gives the figures of a sentence that the source does not back. A figure is
// backed where the source says it, unless another clause is about the same more and says
// something else: "refunds take 30 days" is not backed by "returns: 30 days; refunds: 14
// days", though 30 days stand there.
func (s source) unbacked(locale, text string) []figure {
	var open []figure
	for _, c := range clausesOf(locale, text) {
		for _, f := range c.figures {
			if !s.backs(f, c) {
				open = append(open, f)
			}
		}
	}
	return open
}

func (s source) backs(f figure, said clause) bool {
	best, rival := -1.0, -1.0
	for _, c := range s.clauses {
		alike := said.alike(c)
		switch {
		case c.count(f) >= said.count(f) || c.has(f) && (f.kind == code || f.kind == link):
			best = max(best, alike)
		case slices.ContainsFunc(c.figures, func(o figure) bool { return f.contradicts(o) && !said.has(o) }):
			rival = max(rival, alike)
		}
	}
	return best >= 0 && best >= rival
}

// contradicts tells whether the other figure could stand in this one's place.
func (f figure) contradicts(o figure) bool {
	return f.kind == o.kind && f.kind != code && f.kind != link && f.unit == o.unit && !f.same(o)
}

// alike counts the words that two clauses share, and half of those that their sentences
// share.
func (c clause) alike(o clause) float64 {
	return float64(shared(c.words, o.words)) + float64(shared(c.sentence, o.sentence))/2
}

func shared(a, b map[string]bool) int {
	n := 0
	for word := range a {
		if b[word] {
			n++
		}
	}
	return n
}
