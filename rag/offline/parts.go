package offline

import (
	"slices"
	"strings"

	"github.com/recado/recado/rag"
)

// several answers the questions of one burst, each by itself, in their order. Where one
// of them has no answer a person has to see them all: what could be answered stays in the
// draft for that person.
func (m *Model) several(r rag.Request) rag.Draft {
	var joined rag.Draft
	var said []string
	var wishes []rag.Draft
	for i, part := range r.Parts {
		one := m.one(ofPart(r, i, part))
		if one.SmallTalk {
			continue
		}
		if len(one.Actions) > 0 {
			wishes = append(wishes, one)
			continue
		}
		if one.Answer == "" || one.NeedsHuman {
			joined.NeedsHuman, joined.Missing = true, "an answer to one of the questions: "+one.Missing
			continue
		}
		if fresh := unsaid(one.Answer, said); fresh != "" {
			said = append(said, fresh)
		}
		joined.Citations, joined.Orders = union(joined.Citations, one.Citations), union(joined.Orders, one.Orders)
		if joined.Support == 0 || one.Support > 0 && one.Support < joined.Support {
			joined.Support = one.Support // as sure as the least sure part
		}
	}
	switch {
	case len(wishes) == 1 && len(said) == 0 && !joined.NeedsHuman:
		return wishes[0]
	case len(wishes) > 0:
		// A yes to one thing would leave the others without an answer.
		joined.NeedsHuman, joined.Missing = true, "what the customer wants done, beside what they ask"
	}
	joined.Answer = strings.Join(said, "\n\n")
	return joined
}

// unsaid is an answer without the sentences that those to other questions hold already. One
// with a list in it stays whole, or goes whole.
func unsaid(answer string, said []string) string {
	held := func(text string) bool {
		return slices.ContainsFunc(said, func(earlier string) bool { return strings.Contains(earlier, text) })
	}
	if held(answer) {
		return ""
	}
	var lines []string
	for line := range strings.Lines(answer) {
		if strings.HasPrefix(line, "• ") || stepMark.MatchString(line) {
			return answer
		}
		if fresh := slices.DeleteFunc(sentences(strings.TrimSpace(line)), held); len(fresh) > 0 {
			lines = append(lines, strings.Join(fresh, " "))
		}
	}
	return strings.Join(lines, "\n")
}

// ofPart is the request with one of its questions alone, and with the order numbers that
// stand in that one.
func ofPart(r rag.Request, i int, part string) rag.Request {
	one := r
	one.Question, one.Query, one.Parts, one.PartQueries = part, part, nil, nil
	if i < len(r.PartQueries) {
		one.Query = r.PartQueries[i]
	}
	elsewhere := func(number string) bool {
		own := digits.FindString(number)
		return own == "" || !strings.Contains(part, own)
	}
	one.Orders.Asked = slices.DeleteFunc(slices.Clone(r.Orders.Asked), elsewhere)
	one.Orders.NotFound = slices.DeleteFunc(slices.Clone(r.Orders.NotFound), elsewhere)
	return one
}

// union adds what is new, in its order.
func union(list, more []string) []string {
	for _, one := range more {
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}
