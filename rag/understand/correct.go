package understand

import (
	"regexp"
	"slices"
	"strings"
)

// correction matches the words by which people take back what they wrote: alone they say
// so, as "I meant" and "quería decir", or with a no before or behind an excuse.
var correction = regexp.MustCompile(`(?i)(?:^|[\n.?!…,;]\s*)[¡\s]*(?:` +
	`(?:(?:no|perd[oó]n(?:a|e|ad)?|disculp(?:a|e|ad|en)|lo siento|uy|ay|ups|espera|bueno|oops|oh|wait|sorry|actually)[\s,.!…]+){0,3}` +
	`(?:quer[ií]a decir|quise decir|quiero decir|me refer[ií]a al?|me refiero al?|mejor dicho|digo|me he equivocado(?: de \pL+)?|me equivoqu[eé](?: de \pL+)?|` +
	`i meant(?: to (?:say|ask|write))?|make that|scratch that|my mistake|my bad|wrong (?:one|order|number))` +
	`|no[\s,.!…]+(?:perd[oó]n(?:a|e|ad)?|disculp(?:a|e|ad|en)|lo siento|espera|sorry|wait|hold on)(?:[\s,.!…]+i mean)?` +
	`|(?:perd[oó]n(?:a|e|ad)?|disculp(?:a|e|ad|en)|espera|uy|ups|sorry|wait|oops|actually)(?:[\s,.!…]+no[,.:;!…]|[\s,.!…]+i mean\b)` +
	`)(?:[\s,.:;!…]+)`)

// afterthought matches such words behind what is meant: "to Ceuta, I mean".
var afterthought = regexp.MustCompile(`(?i)[\s]*,\s*(?:digo|quer[ií]a decir|quiero decir|perd[oó]na?|i mean|i meant|sorry)[\s.!…]*$`)

// mostCorrected is how many words the rest of a sentence has that is written in the place
// of something in another.
const mostCorrected = 6

// Corrected is a text as its writer meant it, where they took back a part of it: "Where is
// my kettle? Sorry, I meant the lamp" asks where the lamp is. A question of its own takes
// the place of the one before it; a name, a place or a number that of its like. Where nothing
// in the sentence is its like, it stands in a line of its own behind the sentence. A text
// without a correction is given as it is.
func Corrected(locale, text string) string {
	if !mayTakeBack(text) {
		return text
	}
	before, meant := takenBack(text)
	told := sentences(before)
	list := words(meant)
	if len(told) == 0 || len(list) == 0 || at(list, 0) == "no" || at(list, 0) == "not" || at(list, 0) == "que" {
		return text
	}
	last := len(told) - 1
	switch {
	case ofItself(locale, meant, list):
		told[last] = meant
	case len(list) > mostCorrected:
		told = append(told, meant)
	default:
		told[last] = inPlace(locale, told[last], meant)
	}
	return strings.Join(told, "\n")
}

// mayTakeBack tells whether a text holds a word that no correction can do without. Looking
// for them takes a hundredth of the time of trying the expressions.
func mayTakeBack(text string) bool {
	low := strings.ToLower(text)
	return slices.ContainsFunc(takingBack, func(w string) bool { return strings.Contains(low, w) })
}

var takingBack = []string{
	"decir", "refer", "refier", "dicho", "digo", "equivo", "perd", "disculp", "siento", "espera", "uy", "ups",
	"mean", "make that", "scratch", "mistake", "my bad", "wrong", "sorry", "wait", "hold on", "oops", "actually",
}

// takenBack cuts a text at its last correction. Both are empty where there is none.
func takenBack(text string) (before, meant string) {
	for _, m := range slices.Backward(correction.FindAllStringIndex(text, -1)) {
		if behind := strings.TrimSpace(text[m[1]:]); behind != "" && strings.IndexFunc(text[:m[0]], isWord) >= 0 {
			head, _, _ := strings.Cut(text[m[0]:m[1]], "\n")
			return strings.TrimSpace(text[:m[0]] + strings.TrimRight(markOf(head), ", ")), withoutMarks(behind)
		}
	}
	at := strings.LastIndexByte(text, '\n')
	if m := afterthought.FindStringIndex(text); m != nil && at >= 0 && m[0] > at {
		if list := words(text[at:m[0]]); len(list) <= mostCorrected {
			return text[:at], withoutMarks(text[at:m[0]])
		}
	}
	return "", ""
}

// markOf is the mark that ends the sentence before a correction.
func markOf(head string) string {
	if head != "" && strings.ContainsAny(head[:1], ".?!") {
		return head[:1]
	}
	return ""
}

// withoutMarks leaves the marks of a question and drops those that end what was told.
func withoutMarks(text string) string {
	return strings.Trim(text, " \n\t,;.!…")
}

// ofItself tells whether what is meant is a sentence: it asks, or says what somebody wants,
// of something that it names.
func ofItself(locale, meant string, list []word) bool {
	subject := slices.ContainsFunc(content(locale, meant), func(w string) bool { return !measures[w] })
	return subject && (asking(locale, meant) && !elliptic(locale, meant) || wanting[at(list, 0)])
}

// inPlace writes what is meant in the place of its like in a sentence.
func inPlace(locale, sentence, meant string) string {
	list, own := words(sentence), words(meant)
	start, end := -1, -1
	if n := numberIn(own); n >= 0 {
		if o := numberIn(list); o >= 0 {
			from, lettered := numberStart(own, n)
			start, end, meant = list[o].start, list[o].end, meant[from:own[n].end]
			if lettered {
				start, _ = numberStart(list, o)
			}
		}
	}
	first := at(own, 0)
	switch {
	case start >= 0:
	case others[at(own, 1)] || others[first]:
	case prepositions[first]:
		if start, end = phrase(list, func(w string) bool { return w == first }); start < 0 {
			return behind(sentence, meant)
		}
	case determiners[first] && attributes(own[1:]):
		return likened(locale, sentence, meant, list, own)
	case determiners[first]:
		start, end = phrase(list, func(w string) bool { return determiners[w] })
	default:
		start, end = lastThing(locale, list)
	}
	if start < 0 {
		return sentence + "\n" + meant
	}
	return sentence[:start] + strings.TrimRight(meant, "?") + sentence[end:]
}

// likened says of the thing in a sentence what it is like: in the place of what was said of
// it, or else beside it.
func likened(locale, sentence, meant string, list, own []word) string {
	own = slices.DeleteFunc(slices.Clone(own[1:]), func(w word) bool { return standsFor[w.folded] })
	if len(own) == 0 {
		return sentence + "\n" + meant
	}
	like := meant[own[0].start:own[len(own)-1].end]
	if i := slices.IndexFunc(list, func(w word) bool { return likenesses[w.folded] }); i >= 0 {
		return sentence[:list[i].start] + like + sentence[list[i].end:]
	}
	start, end := phrase(list, func(w string) bool { return determiners[w] })
	switch {
	case start < 0:
		return sentence + "\n" + meant
	case isEnglish(locale):
		noun := start + strings.LastIndexByte(sentence[start:end], ' ') + 1
		return sentence[:noun] + like + " " + sentence[noun:]
	}
	return sentence[:end] + " " + like + sentence[end:]
}

// leastNumber is how many digits the number of something has.
const leastNumber = 3

// numberIn is the place of a number among words, or -1.
func numberIn(list []word) int {
	return slices.IndexFunc(list, func(w word) bool { return w.kind == digits && w.end-w.start >= leastNumber })
}

// numberStart is where a number begins with the letters that are written to it, if there are any:
// W2024117, TA-4117.
func numberStart(list []word, n int) (start int, lettered bool) {
	i := n
	for i > 0 && list[i-1].end == list[i].start && (list[i-1].kind == letters || list[i-1].folded == "-") {
		i--
	}
	return list[i].start, i < n
}

// phrase finds the last word that begins one and stands before a word, and where the phrase
// ends, or -1.
func phrase(list []word, begins func(string) bool) (start, end int) {
	for i := len(list) - 2; i >= 0; i-- {
		if !begins(list[i].folded) || list[i+1].kind != letters {
			continue
		}
		last := i + 1
		for determiners[list[last].folded] && last+1 < len(list) && list[last+1].kind == letters {
			last++
		}
		return list[i].start, list[last].end
	}
	return -1, -1
}

// lastThing is the last word of a sentence that names something.
func lastThing(locale string, list []word) (start, end int) {
	for _, w := range slices.Backward(list) {
		if w.kind != letters || prepositions[w.folded] || determiners[w.folded] {
			continue
		}
		if stems := content(locale, w.folded); len(stems) == 1 && !measures[stems[0]] {
			return w.start, w.end
		}
	}
	return -1, -1
}

// behind writes what is meant at the end of a sentence, before its marks.
func behind(sentence, meant string) string {
	rest := strings.TrimRight(sentence, " .?!…")
	return rest + " " + strings.TrimRight(meant, "?") + sentence[len(rest):]
}

// attributes tells whether all that is said of a thing is what it is like, and not what it
// is: "the blue one".
func attributes(list []word) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(w word) bool { return !likenesses[w.folded] && !standsFor[w.folded] })
}

// The words that say how a correction is to be read.
var (
	wanting      = among(`quiero quisiera querria necesito puedo podeis i we can could do does is are`)
	others       = among(`otro otra otros otras other others`)
	prepositions = among(`a al en con sin para por desde hasta to in from with without for by on at`)
	determiners  = among(`el la los las mi mis tu tus un una este esta ese esa del the my your a an this that`)
	standsFor    = among(`one ones`)
	likenesses   = among(`negro negra blanco blanca rojo roja azul azules verde gris amarillo amarilla rosa plateado plateada
		grande pequeño pequena pequeno mediano mediana nuevo nueva ultimo ultima barato barata caro cara
		black white red blue green grey gray yellow pink silver big large small medium new newer old older latest last cheap cheaper expensive`)
)
