// Package vary writes the messages of a customer as others would: with typing mistakes,
// without accents, in the words of another country, with words of the other language, cut
// into a burst, or as the transcript of a voice message. It is pure: the same seed gives
// the same texts, on every machine.
//
// Whatever holds a digit, an address or a code is left alone, since another order number
// is another question. Spoken, small numbers become words, and a code loses its "#".
package vary

import (
	"hash/fnv"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// The generators.
const (
	Typos     = "typos"
	NoAccents = "no_accents"
	// Regional takes one of the five below that are of the language, by the seed.
	Regional  = "regional"
	Mexico    = "mexico"
	Argentina = "argentina"
	Usted     = "usted"
	US        = "us"
	UK        = "uk"
	// CodeSwitch says one or two words of the shop in the other language.
	CodeSwitch   = "code_switch"
	SplitBubbles = "split_bubbles"
	Voice        = "voice"
)

// Generators are all of them, in a fixed order.
func Generators() []string {
	return []string{Typos, NoAccents, Regional, Mexico, Argentina, Usted, US, UK, CodeSwitch, SplitBubbles, Voice}
}

// Messages gives the messages of one burst as a generator has them written. They are
// those that came in where it has nothing to change: the generator is not one of the
// language, or finds no word of its own.
func Messages(generator, language, seed string, messages []string) []string {
	hash := fnv.New64a()
	for _, part := range []string{generator, language, seed} {
		_, _ = hash.Write([]byte(part + "\x00")) // a hash does not fail
	}
	random := rand.New(rand.NewPCG(hash.Sum64(), 1))
	if generator == SplitBubbles {
		return bubbles(messages, random)
	}
	if generator == Regional {
		generator = region(language, random)
	}
	list := make([]string, 0, len(messages))
	for _, message := range messages {
		list = append(list, one(generator, language, message, random))
	}
	return list
}

func one(generator, language, message string, random *rand.Rand) string {
	switch generator {
	case Typos:
		return typos(message, random)
	case NoAccents:
		return plainLetters.Replace(message)
	case CodeSwitch:
		return translate(message, switched(language), 2, random)
	case Voice:
		return voice(message, language, random)
	case Mexico, Argentina, Usted, US, UK:
		return translate(message, regional(generator, language), everyWord, random)
	}
	return message
}

func region(language string, random *rand.Rand) string {
	regions := map[string][]string{"es": {Mexico, Argentina, Usted}, "en": {US, UK}}[language]
	if len(regions) == 0 {
		return ""
	}
	return regions[random.IntN(len(regions))]
}

// plainLetters takes away what a hurried customer leaves out. The ñ has a key of its own.
var plainLetters = strings.NewReplacer(
	"á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ü", "u", "Á", "A", "É", "E", "Í", "I", "Ó", "O", "Ú", "U", "Ü", "U", "¿", "", "¡", "",
)

// pieces are words with what is attached to them, and the space between.
var pieces = regexp.MustCompile(`\s+|\S+`)

// kept tells what no generator may change: numbers, codes, addresses, and words in
// capitals, such as DNI or a promotional code.
func kept(piece string) bool {
	if strings.ContainsAny(piece, "@#€$£%") || strings.Contains(piece, "://") || strings.ContainsFunc(piece, unicode.IsNumber) {
		return true
	}
	upper, lower := 0, 0
	for _, r := range piece {
		switch {
		case unicode.IsUpper(r):
			upper++
		case unicode.IsLower(r):
			lower++
		}
	}
	return upper > 1 && lower == 0
}

// core takes a piece apart: what is before the word, the word, and what is after it.
func core(piece string) (before, word, after string) {
	start := strings.IndexFunc(piece, unicode.IsLetter)
	if start < 0 {
		return piece, "", ""
	}
	rest := piece[start:]
	end := strings.LastIndexFunc(rest, unicode.IsLetter)
	for i := range rest[end:] {
		if i > 0 {
			return piece[:start], rest[:end+i], rest[end+i:]
		}
	}
	return piece[:start], rest, ""
}

// bubbles cuts the first message that is long enough into two or three.
func bubbles(messages []string, random *rand.Rand) []string {
	for i, message := range messages {
		if parts := cut(message, random); len(parts) > 1 {
			return slices.Concat(messages[:i], parts, messages[i+1:])
		}
	}
	return messages
}

// cut finds the places, those behind punctuation first, and never one beside a number:
// "pedido" and its number stay together.
func cut(message string, random *rand.Rand) []string {
	words := strings.Fields(message)
	var behind, between []int
	for i := 1; i < len(words); i++ {
		switch {
		case kept(words[i-1]) || kept(words[i]):
		case strings.ContainsAny(words[i-1][len(words[i-1])-1:], ".,;:!?"):
			behind = append(behind, i)
		case i > 1 && i < len(words)-1:
			between = append(between, i)
		}
	}
	if len(words) < 4 || len(behind)+len(between) == 0 {
		return nil
	}
	places := behind
	if len(places) == 0 {
		places = []int{between[random.IntN(len(between))]}
	}
	random.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	places = places[:min(len(places), 2)]
	slices.Sort(places)
	var parts []string
	from := 0
	for _, at := range append(places, len(words)) {
		parts = append(parts, strings.Join(words[from:at], " "))
		from = at
	}
	return parts
}
