package understand

import "strconv"

// mostDigits bounds what counts as a number of days, or of thousands.
const mostDigits = 9

// small are the words for numbers below a hundred and the hundreds; hundreds and
// thousands that multiply are in bigger.
var small = map[string]int64{
	"un": 1, "una": 1, "uno": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9, "diez": 10,
	"once": 11, "doce": 12, "trece": 13, "catorce": 14, "quince": 15, "dieciseis": 16, "diecisiete": 17, "dieciocho": 18, "diecinueve": 19,
	"veinte": 20, "veintiun": 21, "veintiuno": 21, "veintiuna": 21, "veintidos": 22, "veintitres": 23, "veinticuatro": 24, "veinticinco": 25,
	"veintiseis": 26, "veintisiete": 27, "veintiocho": 28, "veintinueve": 29, "treinta": 30, "cuarenta": 40, "cincuenta": 50, "sesenta": 60,
	"setenta": 70, "ochenta": 80, "noventa": 90, "cien": 100, "ciento": 100, "doscientos": 200, "doscientas": 200, "trescientos": 300,
	"trescientas": 300, "cuatrocientos": 400, "cuatrocientas": 400, "quinientos": 500, "quinientas": 500, "seiscientos": 600, "seiscientas": 600,
	"setecientos": 700, "setecientas": 700, "ochocientos": 800, "ochocientas": 800, "novecientos": 900, "novecientas": 900,

	"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
	"twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
	"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}

// bigger multiply what stands before them.
var bigger = map[string]int64{"hundred": 100, "mil": 1000, "thousand": 1000, "grand": 1000}

// spelled reads a number in words from a place on, and gives how many words it took; 0
// says that none begins there. "treinta y cinco" and "a hundred and twenty" are one, and
// "uno y dos" are two.
func spelled(list []word, i int) (n int64, took int) {
	var sum, part int64
	for k := i; k < len(list) && list[k].kind == letters; k++ {
		w := list[k].folded
		value, isSmall := small[w]
		by, isBigger := bigger[w]
		switch {
		case isSmall && fits(part, value):
			part += value
		case isBigger && by == 100 && part > 0 && part < 10:
			part *= by
		case isBigger && by == 1000 && sum == 0:
			sum, part = max(1, part)*by, 0
		case joins(list, k, part):
			continue
		default:
			return sum + part, took
		}
		took = k - i + 1
	}
	return sum + part, took
}

// fits tells whether a word can follow in the same number: a smaller one below the last
// digit that was said.
func fits(part, value int64) bool {
	switch {
	case part == 0:
		return true
	case value < 10:
		return part%10 == 0 && (part >= 20 || part >= 100)
	case value < 100:
		return part%100 == 0
	}
	return false
}

// joins tells whether "y" or "and" stands within a number: treinta y cinco, a hundred and
// ten.
func joins(list []word, k int, part int64) bool {
	next, ok := small[at(list, k+1)]
	switch at(list, k) {
	case "y":
		return ok && part >= 30 && part%10 == 0 && next < 10
	case "and":
		return ok && part >= 100 && part%100 == 0 && next < 100 && at(list, k+1) != "a" && at(list, k+1) != "an"
	}
	return false
}

// count reads a number in digits or in words, up to a few million.
func count(list []word, i int) (n int64, took int) {
	if i >= len(list) || i < 0 {
		return 0, 0
	}
	if list[i].kind == digits {
		if len(list[i].folded) > mostDigits {
			return 0, 0
		}
		n, err := strconv.ParseInt(list[i].folded, 10, 64)
		if err != nil {
			return 0, 0
		}
		return n, 1
	}
	return spelled(list, i)
}
