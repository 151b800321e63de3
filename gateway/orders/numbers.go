package orders

import (
	"regexp"
	"slices"
	"strings"

	"github.com/recado/recado/gateway"
)

// Digits are the digits of a phone number as it is written anywhere, with the
// country code: spaces, dashes, brackets and a leading plus or 00 are dropped.
func Digits(phone string) string {
	var b strings.Builder
	for _, r := range phone {
		if r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	return strings.TrimPrefix(b.String(), "00")
}

// candidates are the ways one phone is written: Brazil's ninth digit, Mexico's 1
// and Argentina's 9 come and go between the channel and a shop's system. They
// serve for finding, never for sending.
func candidates(digits string) []string {
	list := []string{digits}
	add := func(s string) {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	switch n := len(digits); {
	case strings.HasPrefix(digits, "55") && n == 12:
		add(digits[:4] + "9" + digits[4:])
	case strings.HasPrefix(digits, "55") && n == 13 && digits[4] == '9':
		add(digits[:4] + digits[5:])
	case strings.HasPrefix(digits, "52") && n == 12:
		add("521" + digits[2:])
	case strings.HasPrefix(digits, "521") && n == 13:
		add("52" + digits[3:])
	case strings.HasPrefix(digits, "54") && n == 12:
		add("549" + digits[2:])
	case strings.HasPrefix(digits, "549") && n == 13:
		add("54" + digits[3:])
	}
	return list
}

// identityKeys are the owner keys under which a person's orders may be found.
func identityKeys(who gateway.Identity) []string {
	var keys []string
	if who.UserID != "" {
		keys = append(keys, "user:"+who.UserID)
	}
	if digits := Digits(who.Phone); digits != "" {
		for _, c := range candidates(digits) {
			keys = append(keys, "phone:"+c)
		}
	}
	return keys
}

// normalize is the form of an order number that is compared: upper case, without
// a leading # and without spaces.
func normalize(number string) string {
	return strings.ToUpper(strings.TrimLeft(strings.Join(strings.Fields(number), ""), "#"))
}

// The ways an order number is written: with a #, with letters in front of at
// least four digits, or as digits after a word that announces one.
var (
	marked    = regexp.MustCompile(`#\s?([A-Za-z]{0,4}-?\d[\dA-Za-z-]{2,30})`)
	lettered  = regexp.MustCompile(`(?:^|[\s(¿¡"':,.])([A-Za-z]{1,4}-?\d{4,20})(?:$|[\s).,;:!?"'])`)
	announced = regexp.MustCompile(`(?i)(?:pedidos?|orden|compra|order|purchase|number|n[uú]mero|referencia|reference)\s*(?:n[.ºo°]*|no\.?|num\.?|number|es|is|:|el|the)?\s*(?:n[uú]mero|number|:|es|is)?\s*(\d{4,15})(?:$|[^\d])`)
)

// maxNumbers is how many order numbers one question can name.
const maxNumbers = 10

// Numbers finds the order numbers that a text names, in the order and form they
// are compared in: upper case, without #. Phone numbers, prices and dates are not
// taken for one. At most ten are given.
func Numbers(text string) []string {
	var list []string
	for _, pattern := range []*regexp.Regexp{marked, lettered, announced} {
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			n := normalize(m[1])
			if len(list) < maxNumbers && n != "" && !slices.Contains(list, n) {
				list = append(list, n)
			}
		}
	}
	return list
}
