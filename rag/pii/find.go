// Package pii finds personal data in what people write to a shop, in Spanish and
// English, and masks it before a text leaves the house.
//
// Find knows what has a form that can be checked (cards, IBANs, identity numbers,
// phones, e-mail, addresses of machines and pages), what a cue introduces ("me
// llamo", "password:", "vivo en"), and street addresses by their words. It does
// not know names by heart: a name that nothing introduces is not found.
//
// A Vault masks: each value becomes a placeholder such as [[CARD_1]], the same for
// the same value, and Restore puts the values back exactly. What was masked stays
// in the vault, which lives as long as the turn and is never stored.
//
// The package is pure: it knows no other, asks nobody and keeps nothing.
package pii

import (
	"cmp"
	"regexp"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Kind says what a piece of personal data is. It stands in the placeholder.
type Kind string

// The kinds.
const (
	// Card is the number of a payment card.
	Card Kind = "CARD"
	// IBAN is the number of a bank account.
	IBAN Kind = "IBAN"
	// ID is a number that stands for a person with an office: DNI, NIE, passport,
	// social security, tax, health card.
	ID Kind = "ID"
	// Phone is the number of a telephone or fax.
	Phone Kind = "PHONE"
	// Email is an e-mail address.
	Email Kind = "EMAIL"
	// Address is a postal address, or its line with the street.
	Address Kind = "ADDRESS"
	// Postcode is the code of a place in a postal address.
	Postcode Kind = "POSTCODE"
	// IP is the address of a machine.
	IP Kind = "IP"
	// URL is the address of a page.
	URL Kind = "URL"
	// Name is the name of a person, where something says that it is one.
	Name Kind = "NAME"
	// Secret is a password, a PIN, the code on the back of a card, or a key.
	Secret Kind = "SECRET"
	// Code is a one-time code.
	Code Kind = "CODE"
	// Birth is a date of birth.
	Birth Kind = "BIRTH"
	// Date is any other date of a calendar. A Vault leaves it: it names nobody, and
	// no question about a delivery can be answered without it.
	Date Kind = "DATE"
)

// literal is the kind of what looks like a placeholder in a text that is masked.
const literal Kind = "TEXT"

// Span is a piece of personal data: text[Start:End] in bytes.
type Span struct {
	Start, End int
	Kind       Kind
	Text       string
}

// placeholder is how a masked value is written. Models copy it as it stands.
var placeholder = regexp.MustCompile(`\[\[([A-Z]+)_([0-9]+)\]\]`)

// Find returns the personal data of a text, in order and without overlaps. The
// placeholders of a Vault are none, and divide the text.
func Find(text string) []Span {
	var found []Span
	start := 0
	for _, hole := range append(placeholder.FindAllStringIndex(text, -1), []int{len(text), len(text)}) {
		for _, s := range findIn(text[start:hole[0]]) {
			s.Start, s.End = s.Start+start, s.End+start
			found = append(found, s)
		}
		start = hole[1]
	}
	return found
}

// findIn looks at a text as it is heard and as it stands there.
func findIn(text string) []Span {
	var found []Span
	if h, other := hear(text); other {
		found = h.spans()
	}
	for _, s := range look(text) {
		found = append(found, s.without(found)...)
	}
	slices.SortFunc(found, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	for i, s := range found {
		found[i].Text = text[s.Start:s.End]
	}
	return found
}

// look asks every finder and keeps, of spans that overlap, the one of the finder that is
// surer: they are in that order.
func look(text string) []Span {
	var found []Span
	glance := newSight(text)
	for _, finder := range finders {
		if glance.digits < finder.digits || finder.shows != nil && !finder.shows(glance) {
			continue
		}
		for _, s := range finder.find(glance) {
			found = append(found, s.without(found)...)
		}
	}
	return found
}

// without is a span, if none of those found overlaps it. Of an address the pieces
// between them are left: a telephone or a postcode may stand in the middle.
func (s Span) without(found []Span) []Span {
	if s.Start >= s.End {
		return nil
	}
	i := slices.IndexFunc(found, s.overlaps)
	if i < 0 {
		return []Span{s}
	}
	if s.Kind != Address {
		return nil
	}
	left, right := s, s
	left.End, right.Start = found[i].Start, found[i].End
	return append(left.without(found), right.without(found)...)
}

func (s Span) overlaps(other Span) bool { return s.Start < other.End && other.Start < s.End }

// finder looks for one kind of data. Its spans come in any order and may overlap those
// of others. A text without as many digits, or that does not show what it should, can't
// hold what it looks for, which spares most messages most patterns.
type finder struct {
	find   func(s sight) []Span
	digits int
	shows  func(s sight) bool
}

// finders are asked in order, those with a check of digits before those that see
// only a form, and those before what rests on a cue.
var finders = []finder{
	{find: findEmails, shows: func(s sight) bool { return s.has("@") }},
	{find: findSpelledEmails, shows: spellsEmail},
	{find: findURLs, shows: func(s sight) bool { return s.has("://", "www.") }},
	{find: findIBANs, digits: 8, shows: sight.coded},
	{find: findCards, digits: minCard},
	{find: findPrintedCards, digits: leastPrinted},
	{find: findAccounts, digits: accountDigits},
	{find: findNationalIDs, digits: 6},
	{find: findIPs, digits: 1},
	{find: findSecrets},
	{find: findCodes, digits: 4},
	{find: findBirths, digits: 1, shows: func(s sight) bool { return s.has("nac", "born", "birth", "dob", "d.o", "do.b", "cumplea") }},
	{find: findCuedIDs, digits: 3, shows: holdsID},
	{find: findCuedPhones, digits: minPhone, shows: callsPhone},
	{find: findDates, digits: 1, shows: holdsDate},
	{find: findStreets, digits: 1},
	{find: findNumberless, shows: func(s sight) bool { return s.digits == 0 && s.has("/") }},
	{find: findPhones, digits: minPhone},
	{find: findPostcodes, digits: 2},
	{find: findCuedAddresses},
	{find: findNames},
}

// groups gives the spans of the submatch of a pattern, wherever check holds of it.
// A nil check holds of everything.
func groups(text string, kind Kind, pattern *regexp.Regexp, check func(string) bool) []Span {
	var found []Span
	for _, m := range pattern.FindAllStringSubmatchIndex(text, -1) {
		for i := 2; i < len(m); i += 2 {
			if m[i] >= 0 && (check == nil || check(text[m[i]:m[i+1]])) {
				found = append(found, Span{Start: m[i], End: m[i+1], Kind: kind})
			}
		}
	}
	return found
}

// alone tells whether text[start:end] is no part of a longer word or number.
func alone(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return !wordRune(before) && !wordRune(after)
}

func wordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
