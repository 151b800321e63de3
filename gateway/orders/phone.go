package orders

import (
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
// serve for finding, never for sending. In Brazil only numbers that began with 6
// to 9 got a ninth digit; a landline with a 9 before it is somebody else's.
func candidates(digits string) []string {
	list := []string{digits}
	add := func(s string) {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	switch n := len(digits); {
	case strings.HasPrefix(digits, "55") && n == 12 && digits[4] >= '6':
		add(digits[:4] + "9" + digits[4:])
	case strings.HasPrefix(digits, "55") && n == 13 && digits[4] == '9' && digits[5] >= '6':
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

// named are the identities that a text may mean: a user id, and a phone number
// in any writing where there are no letters. They are two, because one identity
// with both would be a person who has that user id.
func named(text string) []gateway.Identity {
	who := []gateway.Identity{{UserID: text}}
	if strings.Trim(text, "0123456789+-().\u00a0 ") == "" {
		who = append(who, gateway.Identity{Phone: text})
	}
	return who
}

// identityKeys are the owner keys under which the orders of these identities may
// be found.
func identityKeys(people ...gateway.Identity) []string {
	var keys []string
	for _, who := range people {
		if who.UserID != "" {
			keys = append(keys, "user:"+who.UserID)
		}
		if digits := Digits(who.Phone); digits != "" {
			for _, c := range candidates(digits) {
				keys = append(keys, "phone:"+c)
			}
		}
	}
	return keys
}
