package understand

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/recado/recado/knowledge"
)

// mostParts is how many questions a message is split into; what comes after belongs to
// the last one.
const mostParts = 4

// Split gives the questions of a message, at most 4, each with what was said about it. A
// message that may hold only one is one, as it came: a question, its repetition in other
// words, what is told beside it, "and to the Canaries?" behind it and "right?" belong
// together.
func Split(locale, text string) []string {
	text = strings.TrimSpace(text)
	var parts []part
	for _, s := range sentences(text) {
		for i, clause := range clauses(locale, s) {
			if i > 0 { // it has its own question word and subject
				parts = append(parts, part{[]string{clause}, true, content(locale, clause)})
				continue
			}
			parts = add(locale, parts, clause)
		}
	}
	asked := 0
	for _, p := range parts {
		if p.asks {
			asked++
		}
	}
	if asked < 2 {
		return whole(text)
	}
	return texts(parts)
}

func whole(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// part is one question, or what was told before the first one.
type part struct {
	texts []string
	asks  bool
	// subject are the words of what it is about.
	subject []string
}

// texts are the questions as texts. What was told before the first one stands before it.
func texts(parts []part) []string {
	var list []string
	for _, p := range parts {
		text := strings.Join(p.texts, " ")
		if len(list) == mostParts {
			list[len(list)-1] += " " + text
			continue
		}
		list = append(list, text)
	}
	return list
}

// add puts a sentence to the parts so far: a question of its own begins a part, and
// everything else belongs to one.
func add(locale string, parts []part, sentence string) []part {
	subject := content(locale, sentence)
	asks := asking(locale, sentence)
	last := len(parts) - 1
	switch {
	case last < 0:
		return []part{{[]string{sentence}, asks, subject}}
	case !asks && parts[last].asks && !elliptic(locale, sentence) && len(subject) >= ownSubject:
		// It may introduce the next question, or explain the last one: that is known when
		// the next one comes.
		return append(parts, part{[]string{sentence}, false, subject})
	case !asks:
	case !parts[last].asks && last > 0 && !ofItsOwn(locale, sentence, subject, parts[last-1].subject):
		// What was told and this belong to the question before it.
		before := &parts[last-1]
		before.texts = append(append(before.texts, parts[last].texts...), sentence)
		before.subject = append(before.subject, parts[last].subject...)
		return parts[:last]
	case !parts[last].asks:
		// What was told leads to this question.
		parts[last].texts, parts[last].asks = append(parts[last].texts, sentence), true
		parts[last].subject = append(parts[last].subject, subject...)
		return parts
	case ofItsOwn(locale, sentence, subject, parts[last].subject):
		return append(parts, part{[]string{sentence}, true, subject})
	}
	parts[last].texts = append(parts[last].texts, sentence)
	parts[last].subject = append(parts[last].subject, subject...)
	return parts
}

// ownSubject is how many words of a subject a question needs to stand alone.
const ownSubject = 2

// ofItsOwn tells whether a question is another than the one before it: it brings at least
// two words of its own, and most of what it says was not said there.
func ofItsOwn(locale, sentence string, subject, before []string) bool {
	if len(subject) < ownSubject || elliptic(locale, sentence) {
		return false
	}
	fresh := 0
	for _, w := range subject {
		if !slices.Contains(before, w) {
			fresh++
		}
	}
	return fresh >= ownSubject || fresh*2 > len(subject)
}

// content are the words of a text that tell its subject.
func content(locale, text string) []string {
	var list []string
	for _, w := range knowledge.Tokens(locale, text) {
		if !hollow[w] && !slices.Contains(list, w) && strings.IndexFunc(w, unicode.IsLetter) >= 0 {
			list = append(list, w)
		}
	}
	return list
}

// sentences cuts a text at its lines, behind ?, ! and . and before ¿.
func sentences(text string) []string {
	var list []string
	start := 0
	cut := func(end int) {
		if s := strings.TrimSpace(text[start:end]); strings.IndexFunc(s, isWord) >= 0 {
			list = append(list, s)
			start = end
		} else if len(list) > 0 && s != "" {
			list[len(list)-1] += s // marks alone belong to what they end
			start = end
		}
	}
	for i, r := range text {
		switch {
		case r == '\n' || r == '¿' && !strings.HasSuffix(strings.TrimSpace(text[start:i]), ":") && !strings.HasSuffix(strings.TrimSpace(text[start:i]), ","):
			cut(i)
		case (r == '?' || r == '!' || r == '.' || r == '…') && ends(text[i+utf8.RuneLen(r):]):
			cut(i + utf8.RuneLen(r))
		}
	}
	cut(len(text))
	return list
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// ends tells whether a sentence is over before this text: 12.50, v1.2 and "??" go on.
func ends(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || unicode.IsSpace(r) || r == '¿' || r == '¡'
}

// clauses cuts a question at each "and" or comma behind which another one is asked, with
// its own question word and something that was not named before: "how much is shipping and
// how do I return a parcel", "where are you, when do you open and is there parking".
func clauses(locale, sentence string) []string {
	list := words(sentence)
	for i := 1; i+1 < len(list); i++ {
		if list[i].folded != "," && !links(locale, list[i].folded) || !questionWord(locale, list, i+1) {
			continue
		}
		before, behind := strings.TrimRight(sentence[:list[i].start], " ,;"), sentence[list[i+1].start:]
		if asksInWords(locale, before) && asksElse(locale, before, behind) {
			return append([]string{before}, clauses(locale, behind)...)
		}
	}
	return []string{sentence}
}

// asksElse tells whether the first of what stands behind a question is another one: it names
// what that did not, and leans on nothing by a pronoun.
func asksElse(locale, before, behind string) bool {
	list := words(behind)
	for i := 1; i+1 < len(list); i++ {
		if (list[i].folded == "," || links(locale, list[i].folded)) && questionWord(locale, list, i+1) {
			behind = behind[:list[i].start]
			break
		}
	}
	first, second := content(locale, before), content(locale, withoutPlace(locale, behind))
	fresh := slices.ContainsFunc(second, func(w string) bool { return !slices.Contains(first, w) && !measures[w] })
	return len(first) > 0 && fresh && !refers(locale, behind) && !elliptic(locale, behind)
}

// withoutPlace leaves off where to, as the last words of a question say it: "how much is
// shipping and how long does it take to France" asks both of France.
func withoutPlace(locale, text string) string {
	toPlace := spanishTo
	if isEnglish(locale) {
		toPlace = englishTo
	}
	list := words(text)
	for i := len(list) - 1; i > 1 && i >= len(list)-mostOfPlace; i-- {
		if toPlace[list[i].folded] {
			return text[:list[i-1].end]
		}
	}
	return text
}

// mostOfPlace is how many words name a place, with the one before it and a mark behind.
const mostOfPlace = 5

var spanishTo, englishTo = among(`a hasta hacia`), among(`to`)

func links(locale, w string) bool {
	if isEnglish(locale) {
		return w == "and"
	}
	return w == "y" || w == "e"
}

// refers tells whether a text leans on what was named before it.
func refers(locale, text string) bool {
	set := spanishPronouns
	if isEnglish(locale) {
		set = englishPronouns
	}
	return slices.ContainsFunc(words(text), func(w word) bool { return set[w.folded] })
}

// asking tells whether a sentence asks: by its mark, or by the word that it begins with.
func asking(locale, sentence string) bool {
	if strings.ContainsAny(sentence, "?¿") {
		return true
	}
	return asksInWords(locale, sentence)
}

// asksInWords tells whether a sentence begins with a word that asks.
func asksInWords(locale, sentence string) bool {
	list := words(sentence)
	i := 0
	for i < len(list) && (list[i].kind == mark || skipped[list[i].folded]) {
		i++
	}
	return questionWord(locale, list, i)
}

// questionWord tells whether a question begins at a word.
func questionWord(locale string, list []word, i int) bool {
	if isEnglish(locale) {
		return englishAsks[at(list, i)] || englishVerbs[at(list, i)] && englishSubjects[at(list, i+1)]
	}
	w := at(list, i)
	switch w {
	case "a", "de", "en", "por", "para", "con", "desde", "hasta":
		next := at(list, i+1)
		return spanishAsks[next] && next != "que" || next == "que" && (w == "por" || accented(list[i+1]) || at(list, i+2) == "hora" || at(list, i+2) == "dia")
	case "se":
		return at(list, i+1) == "puede" || at(list, i+1) == "pueden"
	case "que", "como", "cuando", "donde":
		// Without its accent it asks only at the beginning.
		return i == 0 || accented(list[i]) || links(locale, at(list, i-1)) || list[i-1].kind == mark || skipped[at(list, i-1)]
	}
	return spanishAsks[w]
}

// accented tells whether a word was written with an accent: it is longer in bytes than
// without.
func accented(w word) bool { return w.end-w.start > len(w.folded) }

// elliptic tells whether a sentence needs the one before it: it begins with a link or a
// preposition and asks nothing by itself, or it only wants to be told yes or no.
func elliptic(locale, sentence string) bool {
	list := words(sentence)
	i := 0
	for i < len(list) && list[i].kind == mark {
		i++
	}
	w := at(list, i)
	if isEnglish(locale) {
		switch w {
		case "and", "or", "but", "also":
			return !questionWord(locale, list, i+1)
		}
		return englishLeans[w]
	}
	switch w {
	case "y", "e", "o", "u", "pero", "tambien", "ademas":
		return !questionWord(locale, list, i+1)
	}
	return spanishLeans[w] && !questionWord(locale, list, i)
}

// The words that questions and their rests are known by.
var (
	spanishAsks = among(`que cual cuales cuanto cuanta cuantos cuantas cuando donde adonde como quien quienes puedo podria podemos pueden podeis puedes podrian
		hay tienen teneis tienes aceptan aceptais hacen haceis envian enviais venden vendeis mandan mandais cobran cobrais ofrecen ofreceis aplican existe`)
	englishAsks     = among(`what which how when where why who whose`)
	englishVerbs    = among(`can could do does did is are was were will would should may have has`)
	englishSubjects = among(`i you we they he she it there my your the this that these those any anyone somebody`)
	spanishPronouns = among(`lo la los las le les eso esto ello mismo misma ese esa`)
	englishPronouns = among(`it they them that this those these one ones its their`)
	spanishLeans    = among(`a al de del en con sin para por desde hasta es son sea serian verdad no cierto correcto si`)
	englishLeans    = among(`to from in on at with without for it's its right correct yes no ok okay or because if`)
	// skipped stand before a question and ask nothing.
	skipped = among(`hola buenas buenos dias tardes noches oye oiga perdon disculpa disculpe gracias y e tambien ademas otra cosa hi hello hey please and also so then ok vale bueno entonces`)
	// measures are asked of what was named before them, and are nothing by themselves.
	measures = among(`cuant dias dia hor seman mes año ano tiemp tard demor cuest val preci cost plaz much long many day hour week month tim tak cost price fee`)
	// hollow words are in every question.
	hollow = among(`hac pas pued quier sab decir dig favor graci hol buen dia tard pregunt dud cos quisier neces podr pod tien ten ten
		do get know pleas thank hello hi question want need tell thing like`)
)
