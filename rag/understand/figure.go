package understand

import (
	"strconv"
	"strings"
)

// number is a number with what stands behind its decimal mark.
type number struct {
	whole int64
	// cents are two digits behind the mark; digits is how many were written.
	cents  int64
	digits int
}

func (n number) hundredths() int64 { return n.whole*100 + n.cents }

// minor is the number in minor units, and -1 where it has a fraction that the currency
// lacks.
func (n number) minor(currency string) int64 {
	if minorDigits(currency) > 0 {
		return n.hundredths()
	}
	if n.cents != 0 {
		return -1
	}
	return n.whole
}

// figure reads a number with its marks from a place on, or one in words: 1.200,50 and
// 1,200.50 and 1 200,50 are the same, and so are 1.200 and 1200, because nobody pays with
// three digits behind the mark. It gives the word behind it, or i when there is none.
func figure(text string, list []word, i int) (number, int) {
	if i >= len(list) {
		return number{}, i
	}
	if list[i].kind == letters {
		n, took := spelled(list, i)
		if took == 0 || at(list, i) == "a" && took == 1 || at(list, i) == "an" && took == 1 {
			return number{}, i
		}
		return thousands(list, number{whole: n}, i+took)
	}
	if list[i].kind != digits || continues(text, list[i].start) {
		return number{}, i
	}
	end := i + 1
	for end < len(list) && list[end].kind == digits && grouped(text, list, i, end) {
		end++
	}
	for end+1 < len(list) && list[end+1].kind == digits && separates(text, list, end) {
		end += 2
	}
	n, ok := parse(text[list[i].start:list[end-1].end])
	if !ok {
		return number{}, i
	}
	return thousands(list, n, end)
}

// continues tells whether a number is the rest of a code, such as AB-12 or W1001, or of
// a longer number.
func continues(text string, at int) bool {
	before := strings.TrimRight(text[:at], "0123456789")
	if glued(text, at) {
		code := strings.ToUpper(before[max(0, len(before)-3):])
		return code != "EUR" && code != "USD" && code != "MXN"
	}
	return at > 1 && (text[at-1] == '-' || text[at-1] == '/' || text[at-1] == '#' || text[at-1] == '.' || text[at-1] == ',') && glued(text, at-1)
}

// separates tells whether a mark stands between two numbers without a space.
func separates(text string, list []word, mark int) bool {
	m := text[list[mark].start:list[mark].end]
	return (m == "." || m == "," || m == "'" || m == "’") &&
		list[mark-1].end == list[mark].start && list[mark].end == list[mark+1].start
}

// grouped tells whether a space groups thousands: 1 200.
func grouped(text string, list []word, first, i int) bool {
	gap := text[list[i-1].end:list[i].start]
	return (gap == " " || gap == "\u00a0" || gap == "\u202f") && len(list[i].folded) == 3 &&
		(i > first+1 || len(list[first].folded) <= 3) && list[first].folded[0] != '0'
}

// parse reads digits with marks.
func parse(written string) (number, bool) {
	marks := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, written)
	last := strings.LastIndexAny(written, ".,")
	whole, behind := written, ""
	if last >= 0 && len(written)-last-1 != 3 {
		whole, behind = written[:last], written[last+1:]
		if strings.ContainsRune(whole, rune(written[last])) {
			return number{}, false // 1.2.3 is a version
		}
	}
	if len(behind) > 2 || last >= 0 && behind == "" && strings.ContainsAny(marks, ".") && strings.ContainsAny(marks, ",") && !oneKind(written, last) {
		return number{}, false
	}
	plain := strings.NewReplacer(".", "", ",", "", "'", "", "’", "", " ", "", "\u00a0", "", "\u202f", "").Replace(whole)
	if len(plain) > 12 || !groups(whole) {
		return number{}, false
	}
	n := number{digits: len(behind)}
	var err error
	if n.whole, err = strconv.ParseInt(plain, 10, 64); err != nil {
		return number{}, false
	}
	if behind != "" {
		if n.cents, err = strconv.ParseInt((behind + "0")[:2], 10, 64); err != nil {
			return number{}, false
		}
	}
	return n, true
}

// oneKind tells whether all marks are the one at a place.
func oneKind(written string, at int) bool {
	other := ","
	if written[at] == ',' {
		other = "."
	}
	return !strings.Contains(written, other)
}

// groups tells whether marks stand before groups of three digits alone.
func groups(whole string) bool {
	parts := strings.FieldsFunc(whole, func(r rune) bool { return r < '0' || r > '9' })
	for i, p := range parts {
		if i > 0 && len(p) != 3 || i == 0 && len(parts) > 1 && len(p) > 3 {
			return false
		}
	}
	return len(parts) > 0
}

// thousands reads "mil", "k" or a word of the street behind a number.
func thousands(list []word, n number, next int) (number, int) {
	if next < len(list) && n.whole < 1_000_000 {
		switch list[next].folded {
		case "mil", "k", "lucas", "luca", "thousand", "grand":
			return number{whole: n.whole*1000 + n.cents*10}, next + 1
		}
	}
	return n, next
}
