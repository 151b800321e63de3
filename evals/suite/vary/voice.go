package vary

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode"
)

// fillers are what people say while they think.
var fillers = map[string][]string{
	"es": {"eh", "pues", "a ver", "mira", "o sea", "bueno"},
	"en": {"um", "so", "well", "uh", "okay so", "you know"},
}

// voice writes a message as the transcript of a spoken one: small letters, no
// punctuation, fillers, and small numbers in words.
func voice(message, language string, random *rand.Rand) string {
	var said []string
	for piece := range strings.FieldsSeq(message) {
		if word := speak(piece, language); word != "" {
			said = append(said, word)
		}
	}
	list := fillers[language]
	if len(said) == 0 || len(list) == 0 {
		return message
	}
	said = append([]string{list[random.IntN(len(list))]}, said...)
	if at := 3 + random.IntN(4); at < len(said)-1 && !digit(said[at-1]) && !digit(said[at]) {
		said[at] = list[random.IntN(len(list))] + " " + said[at]
	}
	return strings.Join(said, " ")
}

func digit(s string) bool { return strings.ContainsFunc(s, unicode.IsNumber) }

// speak is one word as it is heard. An address and a code stay as they are, since they are
// what the customer means; a "#" is not heard.
func speak(piece, language string) string {
	bare := strings.Trim(piece, `.,;:!?¡¿()"'«»…`)
	if strings.Contains(bare, "@") || strings.Contains(bare, "://") {
		return bare
	}
	bare = strings.TrimPrefix(bare, "#")
	if n, err := strconv.Atoi(bare); err == nil && n <= 100 && strconv.Itoa(n) == bare && !strings.HasPrefix(piece, "#") {
		return inWords(n, language)
	}
	if digit(bare) {
		return bare
	}
	return strings.ToLower(bare)
}

var spoken = map[string][]string{
	"es": {
		"cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce", "trece", "catorce",
		"quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve", "veinte", "veintiuno", "veintidós", "veintitrés",
		"veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve",
	},
	"en": {
		"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
		"fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
	},
}

var tens = map[string][]string{
	"es": {"", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa", "cien"},
	"en": {"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "a hundred"},
}

// inWords says a number from 0 to 100.
func inWords(n int, language string) string {
	low, high := spoken[language], tens[language]
	switch {
	case low == nil || n < 0:
		return strconv.Itoa(n)
	case n < len(low):
		return low[n]
	case n%10 == 0:
		return high[n/10]
	case language == "es":
		return high[n/10] + " y " + low[n%10]
	}
	return high[n/10] + " " + low[n%10]
}
