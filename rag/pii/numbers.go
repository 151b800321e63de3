package pii

import (
	"maps"
	"strconv"
	"strings"
)

// spokenUnits are the numbers of one figure, spokenTeens those of two that are one word,
// spokenTens the round ones and spokenHundreds those of Spanish.
var (
	spokenUnits = numbered(0, "cero uno dos tres cuatro cinco seis siete ocho nueve", "zero one two three four five six seven eight nine", "oh")
	spokenTeens = numbered(10, "diez once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve", "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	spokenTens  = map[string]int{
		"veinte": 20, "treinta": 30, "cuarenta": 40, "cincuenta": 50, "sesenta": 60, "setenta": 70, "ochenta": 80, "noventa": 90,
		"twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
	}
	spokenHundreds = map[string]int{
		"cien": 100, "ciento": 100, "doscientos": 200, "trescientos": 300, "cuatrocientos": 400, "quinientos": 500, "seiscientos": 600, "setecientos": 700, "ochocientos": 800, "novecientos": 900,
	}
	spokenTimes = map[string]int{"double": 2, "doble": 2, "triple": 3}
	// numberWords count one for each word of those that a dictation has.
	numberWords = countOf(spokenUnits, spokenTeens, spokenTens, spokenHundreds)
)

func countOf(lists ...map[string]int) map[string]int {
	count := map[string]int{}
	for _, list := range lists {
		for word := range list {
			count[word] = 1
		}
	}
	return count
}

func numbered(from int, lists ...string) map[string]int {
	found := map[string]int{}
	for _, list := range lists {
		for i, word := range strings.Fields(list) {
			found[word] = from + i
		}
	}
	if from == 10 {
		maps.Copy(found, numbered(21, "veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve", "veintiún veintidós veintitrés"))
		maps.Copy(found, map[string]int{"dieciséis": 16, "veintiséis": 26})
	}
	return found
}

// spokenNumber gives the figures of the number with which words begin, and of how many
// words it is made: none where they begin with none.
func spokenNumber(words []spokenWord) (digits string, n int) {
	if times, ok := spokenTimes[wordAt(words, 0)]; ok {
		if unit, is := spokenUnits[wordAt(words, 1)]; is {
			return strings.Repeat(strconv.Itoa(unit), times), 2
		}
		return "", 0
	}
	value, n := underThousand(words)
	if next := wordAt(words, n); next != "mil" && next != "thousand" {
		if n == 0 {
			return "", 0
		}
		return strconv.Itoa(value), n
	}
	n++
	rest, more := underThousand(words[n:])
	return strconv.Itoa(1000*max(1, value) + rest), n + more
}

func underThousand(words []spokenWord) (value, n int) {
	if hundreds, used := spokenHundred(words); used > 0 {
		rest, more := afterHundred(words[used:])
		return hundreds + rest, used + more
	}
	return underHundred(words)
}

func wordAt(words []spokenWord, i int) string {
	if i < len(words) {
		return words[i].low
	}
	return ""
}

func spokenHundred(words []spokenWord) (value, n int) {
	if hundreds, ok := spokenHundreds[wordAt(words, 0)]; ok {
		return hundreds, 1
	}
	if unit, ok := spokenUnits[wordAt(words, 0)]; ok && unit > 0 && wordAt(words, 1) == "hundred" {
		return 100 * unit, 2
	}
	return 0, 0
}

// afterHundred is what follows hundreds within the same number. One figure with another
// behind it does not: "nine hundred one two three".
func afterHundred(words []spokenWord) (value, n int) {
	skipped := 0
	if wordAt(words, 0) == "and" {
		skipped = 1
	}
	value, n = underHundred(words[skipped:])
	if n == 0 {
		return 0, 0
	}
	if _, next := spokenUnits[wordAt(words, skipped+n)]; next && value < 10 {
		return 0, 0
	}
	return value, skipped + n
}

func underHundred(words []spokenWord) (value, n int) {
	first := wordAt(words, 0)
	if value, ok := spokenUnits[first]; ok {
		return value, 1
	}
	if value, ok := spokenTeens[first]; ok {
		return value, 1
	}
	value, ok := spokenTens[first]
	if !ok {
		return 0, 0
	}
	n = 1
	if wordAt(words, 1) == "y" {
		n = 2
	}
	if unit, is := spokenUnits[wordAt(words, n)]; is && unit > 0 {
		return value + unit, n + 1
	}
	return value, 1
}
