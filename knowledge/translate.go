package knowledge

import (
	_ "embed"
	"slices"
	"strings"
)

// What a word of another language counts.
const (
	minCognate                = 3
	cognateKeep, cognateLeast = 5, 0.5
	// besideShare is what cognates count for a word that the dictionary translates.
	besideShare = 0.5
)

// spanishEnglish are common words: a Spanish lemma, a tab, its English words with
// commas between them, the most usual first.
//
//go:embed es-en.tsv
var spanishEnglish string

// readDictionary gives the stems in a language for each stem of the other one; it is
// empty unless the language is Spanish or English.
func readDictionary(language string) map[string][]string {
	words := map[string][]string{}
	if language != "es" && language != "en" {
		return words
	}
	for line := range strings.Lines(spanishEnglish) {
		spanish, english, _ := strings.Cut(line, "\t")
		for _, es := range Tokens("es", spanish) {
			for _, en := range Tokens("en", english) {
				if language == "en" {
					words[es] = addOnce(words[es], en)
				} else {
					words[en] = addOnce(words[en], es)
				}
			}
		}
	}
	return words
}

func addOnce(list []string, word string) []string {
	if slices.Contains(list, word) {
		return list
	}
	return append(list, word)
}

// translate adds what a word of another language may be in this one: the same (names
// and numbers), its translations, and cognates.
func (p *planning) translate(from string, q counted) {
	likeliest := 0.0
	add := func(term string, share float64) {
		weight := q.times * share * p.idf(term)
		p.weights[term] += weight
		likeliest = max(likeliest, weight)
	}
	if p.df[q.term] > 0 {
		add(q.term, 1)
	}
	share := 1.0
	for _, term := range p.translations(from, q.term) {
		if p.df[term] > 0 && term != q.term {
			add(term, 1)
			share = besideShare
		}
	}
	for _, m := range p.cognates(q) {
		add(m.term, share*m.similarity*m.similarity)
	}
	if likeliest == 0 {
		likeliest = q.times * p.idf(q.term)
	}
	p.self += likeliest
}

// translations are what the dictionary has for a stem of another language.
func (p *planning) translations(from, stem string) []string {
	if from != "es" && from != "en" {
		return nil
	}
	return p.dictionary()[stem]
}

// cognates are the terms that are spelt like a word of another language, but for what
// the two write differently.
func (p *planning) cognates(q counted) []meant {
	if len(q.term) < minCognate || hasDigit(q.term) || !q.alike {
		return nil
	}
	return p.cognate.of(q.term, func(word string) []meant {
		return best(judge(p.skeletons.near(word, unknownOverlap, &p.scratch), word, skeleton), cognateLeast, cognateKeep)
	})
}

// skeletonRules take away what the spelling of one origin differs in between Spanish
// and English.
var skeletonRules = strings.NewReplacer(
	"tion", "cion", "ph", "f", "th", "t", "y", "i", "k", "c", "qu", "c", "h", "", "w", "v",
	"ss", "s", "ll", "l", "tt", "t", "nn", "n", "mm", "m", "pp", "p", "ff", "f", "cc", "c",
	"rr", "r", "bb", "b", "dd", "d", "gg", "g", "x", "s", "z", "s", "j", "g")

// skeleton is what a stem has in common with its cognates: "filosof" and
// "philosophi" both give "filosof".
func skeleton(stem string) string {
	s := skeletonRules.Replace(stem)
	if len(s) > 3 && strings.HasPrefix(s, "es") && !isVowel(s[2]) {
		s = s[1:]
	}
	for len(s) > 3 && isVowel(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isVowel(c byte) bool { return strings.IndexByte("aeiou", c) >= 0 }
