package sufficiency

import (
	"math"
	"regexp"
	"strings"
)

// before sets what was said before the question, and what the question takes for known.
func before(f map[string]float64, r *reader, q Question, asked *question) {
	said := map[string]bool{}
	for _, u := range q.History {
		for _, w := range r.words(u.Text) {
			said[w.stem] = true
		}
	}
	own := r.words(q.Text)
	f[featLength] = math.Log1p(float64(len(own)))
	asksYesNo := yesNo.MatchString(strings.TrimLeft(folded(q.Text), " ¿¡\n\"'"))
	f[featYesNo], f[featQuestion] = indicator(asksYesNo), indicator(asksYesNo || strings.Contains(q.Text, "?") || kindOf(q.Text) != "")
	f[featLeans], f[featVague] = indicator(leaning.MatchString(q.Text)), indicator(vague(r, q.Text, said))
	if len(q.History) == 0 {
		return
	}
	f[featFollowUp], f[featTurns] = 1, min(1, float64(len(q.History))/12)
	last := q.History[len(q.History)-1]
	f[featNotKnown] = indicator(!last.Customer && dontKnow.MatchString(last.Text))
	repeated, total := 0.0, math.SmallestNonzeroFloat64
	for _, w := range own {
		if !w.content {
			continue
		}
		total += asked.weight(w)
		if said[w.stem] {
			repeated += asked.weight(w)
		}
	}
	f[featSaid] = repeated / total
}

// heard sets how much of our last answer stands in one of the passages: the question is
// about what was spoken of when something of it is found again.
func heard(f map[string]float64, r *reader, q Question, passages []*passage) {
	var last map[string]bool
	for _, u := range q.History {
		if !u.Customer {
			last = map[string]bool{}
			for _, w := range r.words(u.Text) {
				if w.content {
					last[w.stem] = true
				}
			}
		}
	}
	if len(last) == 0 {
		return
	}
	for _, p := range passages {
		f[featHeard] = max(f[featHeard], shared(last, p.stems))
	}
}

// vague tells whether a text speaks of "this actor" or "the county" of which nothing was
// said before: whoever reads it can't know which one is meant.
func vague(r *reader, text string, said map[string]bool) bool {
	return unheard(r, pointed, text, said, true) || unheard(r, given, text, said, false)
}

// unheard looks at the noun behind each match: a kind of thing, or any when it is
// pointed at, which was not said before.
func unheard(r *reader, determiner *regexp.Regexp, text string, said map[string]bool, any bool) bool {
	for _, m := range determiner.FindAllStringSubmatch(text, -1) {
		words := r.words(m[1])
		for i, w := range words {
			if !w.content && i > 0 {
				break
			}
			ofKind := kinds[w.form] || kinds[strings.TrimSuffix(w.form, "s")]
			ends := i+1 == len(words) || !words[i+1].content
			if ofKind || any && w.content && ends {
				if !said[w.stem] {
					return true
				}
				break
			}
		}
	}
	return false
}
