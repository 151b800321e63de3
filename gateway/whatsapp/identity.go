package whatsapp

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

// businessScoped is how user ids look: a country, a dot, letters and digits.
var businessScoped = regexp.MustCompile(`^[A-Z]{2}\.[A-Za-z0-9.]+$`)

// identity makes one of what the channel calls a phone and a user id. The phone
// can be missing, empty, written with a plus and spaces, or be a user id. What is
// neither is taken as an opaque user id: it names somebody, and a send to it is
// refused instead of going to another person.
func identity(phone, userID string) gateway.Identity {
	phone, userID = strings.TrimSpace(phone), strings.TrimSpace(userID)
	if digits := digitsOf(phone); digits != "" {
		return gateway.Identity{UserID: userID, Phone: digits}
	}
	if userID == "" {
		userID = phone
	}
	return gateway.Identity{UserID: userID}
}

// digitsOf gives the digits of a phone number, or "" if it is none.
func digitsOf(phone string) string {
	// The longest number has 15 digits; the rest is room for the channel's ideas.
	if len(phone) <= maxDigits && onlyDigits(phone) {
		return phone
	}
	if businessScoped.MatchString(phone) {
		return ""
	}
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" +-().\u00a0", r) {
			return -1
		}
		return r
	}, phone)
	if len(digits) > maxDigits || !onlyDigits(digits) {
		return ""
	}
	return digits
}

const maxDigits = 20

func onlyDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// contact is an entry of the list of contacts beside the items.
type contact struct {
	who  gateway.Identity
	name string
}

func contacts(value object) []contact {
	var all []contact
	for _, c := range value.objects("contacts") {
		who := identity(c.str("wa_id"), c.str("user_id"))
		if !who.IsZero() {
			all = append(all, contact{who, c.obj("profile").str("name")})
		}
	}
	return all
}

// samePerson tells whether two identities surely name one person: nothing they
// both have differs, and they share something.
func samePerson(a, b gateway.Identity) bool {
	if a.UserID != "" && b.UserID != "" {
		return a.UserID == b.UserID
	}
	return a.Phone != "" && a.Phone == b.Phone
}

// join fills what one identity lacks from another of the same person.
func join(a, b gateway.Identity) gateway.Identity {
	if a.UserID == "" {
		a.UserID = b.UserID
	}
	if a.Phone == "" {
		a.Phone = b.Phone
	}
	return a
}

// timestamp reads seconds since 1970, as a string or a number, or milliseconds.
// What is missing, senseless or clearly in the future is the time of arrival.
func timestamp(s string, received time.Time) time.Time {
	seconds, err := strconv.ParseFloat(s, 64)
	if sensible := seconds > 0 && seconds < 1e15; err != nil || !sensible {
		return received
	}
	at := time.Unix(int64(seconds), 0).UTC()
	if seconds >= 1e11 {
		at = time.UnixMilli(int64(seconds)).UTC()
	}
	// The service window counts from this time: it must not be longer than the
	// customer's silence.
	if at.After(received.Add(time.Hour)) {
		return received
	}
	return at
}
