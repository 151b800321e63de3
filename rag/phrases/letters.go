package phrases

import (
	"regexp/syntax"
	"slices"
)

const (
	// maxWhole bounds how many texts a part of a pattern may stand for before it is read
	// part by part.
	maxWhole = 256
	// maxClass bounds how many letters a class may stand for.
	maxClass = 8
	// longEnough is the length from which on longer letters tell no more.
	longEnough = 10
)

// lettersOf gives texts of which at least one stands in every match of a pattern, all of
// keySize bytes or more; none when there are no such texts.
func lettersOf(pattern string) []string {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil // unreachable: it was compiled before
	}
	found := read(parsed.Simplify()).best()
	if shortest(found) < keySize {
		return nil
	}
	return found
}

// part is what is known of a part of a pattern.
type part struct {
	// whole are all the texts that it matches, nil when they are too many.
	whole []string
	// within are texts of which every match holds one, begins are texts with one of which
	// every match begins, nil when none are known.
	within, begins []string
}

// start is what every match begins with.
func (p part) start() []string {
	if p.whole != nil {
		return p.whole
	}
	return p.begins
}

// best is the more telling one of both.
func (p part) best() []string { return better(p.whole, p.within) }

func better(a, b []string) []string {
	x, y := min(longEnough, shortest(a)), min(longEnough, shortest(b))
	if x > y || x == y && len(a) <= len(b) && a != nil {
		return a
	}
	return b
}

// shortest is the length of the shortest text, 0 when there is none.
func shortest(texts []string) int {
	if len(texts) == 0 {
		return 0
	}
	return len(slices.MinFunc(texts, func(a, b string) int { return len(a) - len(b) }))
}

func read(re *syntax.Regexp) part {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return part{whole: []string{""}}
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return part{whole: []string{string(re.Rune)}}
		}
	case syntax.OpCharClass:
		return part{whole: class(re.Rune)}
	case syntax.OpCapture:
		return read(re.Sub[0])
	case syntax.OpPlus:
		return part{within: read(re.Sub[0]).best()}
	case syntax.OpQuest:
		if sub := read(re.Sub[0]); sub.whole != nil {
			return part{whole: append(slices.Clone(sub.whole), "")}
		}
	case syntax.OpConcat:
		return sequence(re.Sub)
	case syntax.OpAlternate:
		return choice(re.Sub)
	case syntax.OpNoMatch, syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpStar, syntax.OpRepeat:
		// Nothing is known of these, or little.
	}
	return part{}
}

// class are the letters of a small class, given as pairs of first and last.
func class(ranges []rune) []string {
	var letters []string
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if len(letters) == maxClass {
				return nil
			}
			letters = append(letters, string(r))
		}
	}
	return letters
}

// sequence joins what its parts stand for as long as that is not too much, and keeps the
// most telling of what is joined otherwise.
func sequence(subs []*syntax.Regexp) part {
	p, joined, all := part{}, []string{""}, true
	for _, sub := range subs {
		next := read(sub)
		if next.whole != nil && len(joined)*len(next.whole) <= maxWhole {
			joined = product(joined, next.whole)
			continue
		}
		longer := joined
		if start := next.start(); start != nil && len(joined)*len(start) <= maxWhole {
			longer = product(joined, start)
		}
		if all {
			p.begins, all = longer, false
		}
		p.within = better(better(p.within, longer), next.best())
		joined = []string{""}
		if next.whole != nil {
			joined = next.whole
		}
	}
	if all {
		return part{whole: joined}
	}
	p.within = better(p.within, joined)
	return p
}

func product(a, b []string) []string {
	all := make([]string, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			all = append(all, x+y)
		}
	}
	return all
}

// choice is one of its parts, whichever.
func choice(subs []*syntax.Regexp) part {
	var p part
	whole, within, begins := true, true, true
	for _, sub := range subs {
		one := read(sub)
		best, start := one.best(), one.start()
		whole, within, begins = whole && one.whole != nil, within && shortest(best) > 0, begins && start != nil
		p.whole, p.within, p.begins = append(p.whole, one.whole...), append(p.within, best...), append(p.begins, start...)
	}
	if !whole || len(p.whole) > maxWhole {
		p.whole = nil
	}
	if !within {
		p.within = nil
	}
	if !begins || len(p.begins) > maxWhole {
		p.begins = nil
	}
	return p
}
