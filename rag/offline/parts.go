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
		if !slices.ContainsFunc(said, func(earlier string) bool { return strings.Contains(earlier, one.Answer) }) {
			said = append(said, one.Answer)
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
