package receipts

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// units are what numbers count, by what is written behind them. Money may stand before.
var units = []struct {
	name   string
	behind *regexp.Regexp
}{
	{"%", behind(`%|por ?ciento|per ?cent`)},
	{"eur", behind(`€|euros?|eur`)},
	{"usd", behind(`\$|usd|d[oó]lares|dollars?`)},
	{"gbp", behind(`£|gbp|libras|pounds?`)},
	{"mxn", behind(`mxn|pesos`)},
	{"minute", behind(`minutos?|minutes?|mins?`)},
	{"hour", behind(`horas?|hours?|h|hrs?`)},
	{"day", behind(`(?:business |working |calendar |natural )?(?:d[ií]as?|days?)`)},
	{"week", behind(`semanas?|weeks?`)},
	{"month", behind(`mes|meses|months?`)},
	{"year", behind(`años?|years?`)},
	{"item", behind(`unidad(?:es)?|uds?|units?|art[ií]culos?|items?|pieces?`)},
	{"kg", behind(`kg|kilos?|kilogramos?|kilograms?`)},
	{"cm", behind(`cm|cent[ií]metros?|centimet(?:er|re)s?`)},
}

func behind(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)^[\s\x{00a0}\x{202f}-]*(?:` + pattern + `)(?:[^\p{L}]|$)`)
}

var (
	// through leads from the first number of a range or a pair to the second.
	through   = regexp.MustCompile(`(?i)^\s*(?:-|–|—|/|a|to|o|or|y|and|u)\s*(?:[€$£]\s*)?(?:\d[\d.,]*|` + numberWords() + `)`)
	before    = regexp.MustCompile(`(?i)(€|\$|£|\beur|\busd|\bgbp|\bmxn)\s*$`)
	moneyName = map[string]string{"€": "eur", "$": "usd", "£": "gbp"}
)

// units finds what the numbers count.
func (r *reader) units() {
	for i := range r.found {
		f := &r.found[i]
		if f.kind != number || f.unit != "" {
			continue
		}
		end := f.at + len(f.raw)
		f.unit = unitAt(r.text[end:])
		if f.unit == "" {
			if m := before.FindStringSubmatch(r.text[:f.at]); m != nil {
				name := strings.ToLower(m[1])
				if f.unit = moneyName[name]; f.unit == "" {
					f.unit = name
				}
			}
		}
		if m := through.FindString(r.text[end:]); f.unit == "" && m != "" {
			f.unit = unitAt(r.text[end+len(m):])
		}
	}
}

func unitAt(rest string) string {
	if first, _ := utf8.DecodeRuneInString(strings.TrimLeft(rest, " \t\n\u00a0\u202f-")); !unicode.IsLetter(first) && !strings.ContainsRune("%€$£", first) {
		return ""
	}
	for _, u := range units {
		if u.behind.MatchString(rest) {
			return u.name
		}
	}
	return ""
}

// spelled are the numbers that people write as words.
var spelled = map[string]int{
	"un": 1, "una": 1, "uno": 1, "one": 1,
	"dos": 2, "two": 2, "tres": 3, "three": 3, "cuatro": 4, "four": 4, "cinco": 5, "five": 5, "seis": 6, "six": 6,
	"siete": 7, "seven": 7, "ocho": 8, "eight": 8, "nueve": 9, "nine": 9, "diez": 10, "ten": 10, "once": 11, "eleven": 11,
	"doce": 12, "twelve": 12, "trece": 13, "thirteen": 13, "catorce": 14, "fourteen": 14, "quince": 15, "fifteen": 15,
	"veinte": 20, "twenty": 20, "veintiuno": 21, "veintiún": 21, "veinticuatro": 24, "treinta": 30, "thirty": 30,
	"cuarenta": 40, "forty": 40, "cincuenta": 50, "fifty": 50, "sesenta": 60, "sixty": 60, "setenta": 70, "seventy": 70,
	"ochenta": 80, "eighty": 80, "noventa": 90, "ninety": 90, "cien": 100, "hundred": 100,
}

// spelledWord also matches tens with units: "cuarenta y ocho", "forty-eight".
var spelledWord = regexp.MustCompile(`(?i)\b(` + numberWords() + `)(?:(?: y |-)(` + numberWords() + `))?(?:[^\p{L}]|$)`)

// numberWords is an alternation with the longest words first, since the first match wins.
func numberWords() string {
	return `veinticuatro|veintiuno|veintiún|cincuenta|cuatro|cuarenta|catorce|cinco|cien|diez|doce|dos|nueve|noventa|ochenta|ocho|once|quince|seis|sesenta|setenta|siete|trece|treinta|tres|veinte|` +
		`eighty|eight|eleven|fifteen|fifty|five|forty|fourteen|four|hundred|ninety|nine|one|seventy|seven|sixty|six|ten|thirteen|thirty|three|twelve|twenty|two|una|uno|un`
}

// spells tells whether a text has a number written as a word.
func spells(text string) bool {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if _, ok := spelled[strings.ToLower(word)]; ok {
			return true
		}
	}
	return false
}

// words takes the numbers written as words that have a unit. Others are left alone: "uno
// de los" and "once you have it" count nothing.
func (r *reader) words() {
	for _, at := range spelledWord.FindAllSubmatchIndex(r.rest, -1) {
		n, end := spelled[strings.ToLower(r.text[at[2]:at[3]])], at[3]
		if at[4] >= 0 {
			if ones := spelled[strings.ToLower(r.text[at[4]:at[5]])]; n >= 20 && ones < 10 {
				n, end = n+ones, at[5]
			}
		}
		unit := unitAt(r.text[end:])
		if m := through.FindString(r.text[end:]); unit == "" && m != "" {
			unit = unitAt(r.text[end+len(m):])
		}
		if unit != "" {
			r.found = append(r.found, figure{kind: number, norm: strconv.Itoa(n), raw: r.text[at[2]:end], unit: unit, at: at[0]})
		}
	}
}
