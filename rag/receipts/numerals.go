package receipts

import (
	"strconv"
	"strings"
)

// monthNumber is the number, from 1 to 12, of a month by its name in Spanish or English or the
// beginning of it; "0" for anything else.
func monthNumber(name string) string {
	name = strings.ToLower(name)
	for i, prefixes := range [...][2]string{
		{"ene", "jan"},
		{"feb", "feb"},
		{"mar", "mar"},
		{"abr", "apr"},
		{"may", "may"},
		{"jun", "jun"},
		{"jul", "jul"},
		{"ago", "aug"},
		{"se", "se"},
		{"oct", "oct"},
		{"nov", "nov"},
		{"dic", "dec"},
	} {
		if strings.HasPrefix(name, prefixes[0]) || strings.HasPrefix(name, prefixes[1]) {
			return strconv.Itoa(i + 1)
		}
	}
	return "0"
}

// What stands within a number and is no digit of it: spaces, and marks of thousands.
var (
	spacesIn  = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "")
	thousands = strings.NewReplacer(".", "", ",", "")
)

// normalNumber writes 1.234,50 and 1,234.50 and 1234.5 alike: as 1234.5. A mark
// followed by exactly three digits separates thousands, unless it is the only
// one after a leading 0; any other last mark is the decimal one.
func normalNumber(raw string) string {
	digits := spacesIn.Replace(raw)
	whole, fraction := digits, ""
	if at := strings.LastIndexAny(digits, ".,"); at >= 0 {
		tail := digits[at+1:]
		if len(tail) != 3 || digits[:at] == "0" {
			whole, fraction = digits[:at], strings.TrimRight(tail, "0")
		}
	}
	whole = thousands.Replace(whole)
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}
