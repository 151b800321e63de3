package pii

import (
	"net/netip"
	"regexp"
	"strings"
)

var (
	emails = regexp.MustCompile(`(?i)([\p{L}0-9][\p{L}0-9._%+'-]* ?@ ?(?:[\p{L}0-9](?:[\p{L}0-9-]*[\p{L}0-9])?\.)+\p{L}{2,24})`)
	urls   = regexp.MustCompile(`(?i)\b((?:(?:https?|ftp)://|www\.)[^\s<>"'|()\[\]{}]*[^\s<>"'|()\[\]{}.,;:!?¡¿])`)
	ibans  = regexp.MustCompile(`(?i)\b([A-Z]{2} ?[0-9]{2}(?:[ .-]?[A-Z0-9]){11,30})\b`)
	// digitRuns are digits as they are read out from a card: at most one space or dash
	// between two of them.
	digitRuns = regexp.MustCompile(`[0-9](?:[ \-.]?[0-9]){11,}`)
	// printedCards are the groups in which cards are printed, whatever stands between them.
	printedCards = regexp.MustCompile(`\b([3-6][0-9]{3}(?:[\s.,;:/_·\-]{1,3}[0-9]{4}){3}|3[47][0-9]{2}[\s.,;:/_·\-]{1,3}[0-9]{6}[\s.,;:/_·\-]{1,3}[0-9]{5}|[3-6](?: {1,4}[0-9]){13,18})(?:[^0-9]|$)`)
	// accounts are the numbers of accounts in Spain as they were before the IBAN, in their
	// groups or after the word for one.
	accounts = regexp.MustCompile(`(?i)(?:\b([0-9]{4}[ \-][0-9]{4}[ \-][0-9]{2}[ \-][0-9]{10})\b|\b(?:cuenta|ccc|account)\b[^0-9\n]{0,30}\b([0-9]{4}[ \-]?[0-9]{4}[ \-]?[0-9]{2}[ \-]?[0-9]{10})\b)`)
	dnis     = regexp.MustCompile(`(?i)\b([0-9]{1,2}\.?[0-9]{3}\.?[0-9]{3}[ \-]?[A-Z]|[XYZ][ \-]?[0-9]{7}[ \-]?[A-Z])\b`)
	// offices are the numbers that no check holds but whose form is their own: those of
	// Spain's and the USA's social security, CURP and RFC of Mexico.
	offices = regexp.MustCompile(`(?i)\b([0-9]{2}[ /\-][0-9]{8}[ /\-][0-9]{2}|[A-Z][AEIOUX][A-Z]{2}[0-9]{6}[HM][A-Z]{5}[A-Z0-9][0-9]|[A-ZÑ&]{4}[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[A-Z0-9]{3})\b`)
	ssns    = regexp.MustCompile(`\b([0-9]{3}[\- ][0-9]{2}[\- ][0-9]{4})\b`)
	ips4    = regexp.MustCompile(`\b([0-9]{1,3}(?:\.[0-9]{1,3}){3})\b`)
	ips6    = regexp.MustCompile(`([0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*[0-9A-Fa-f:])`)
)

func findEmails(s sight) []Span { return groups(s.text, Email, emails, nil) }

func findURLs(s sight) []Span { return groups(s.text, URL, urls, nil) }

// findIBANs shortens what a pattern takes too long ("ES91 2100 ... 1332 gracias")
// until the check holds: two check digits let one wrong number in 97 pass.
func findIBANs(s sight) []Span {
	var found []Span
	text := s.text
	for _, m := range ibans.FindAllStringSubmatchIndex(text, -1) {
		for end := m[3]; end-m[2] >= 15; end-- {
			if alone(text, m[2], end) && validIBAN(text[m[2]:end]) {
				found = append(found, Span{Start: m[2], End: end, Kind: IBAN})
				break
			}
		}
	}
	return found
}

// validIBAN computes the remainder of ISO 13616: the first four characters moved to
// the end, letters as 10 to 35, modulo 97 is 1.
func validIBAN(text string) bool {
	compact := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", ".", "").Replace(text))
	if len(compact) < 15 || len(compact) > 34 {
		return false
	}
	length, known := ibanLengths[compact[:2]]
	if known && len(compact) != length {
		return false
	}
	// "es" and "de" are words before any number: what stands apart has to be all figures.
	if text[2] == ' ' && (!known || len(digits(compact)) != length-2) {
		return false
	}
	rest := 0
	for _, c := range compact[4:] + compact[:4] {
		switch {
		case c >= '0' && c <= '9':
			rest = (rest*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z':
			rest = (rest*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return rest == 1
}

// ibanLengths are those of the IBAN registry for the countries a shop of Europe meets.
// A number of another country has any length.
var ibanLengths = map[string]int{
	"AD": 24, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18, "FR": 27,
	"GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27,
	"MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26,
}

// findCards takes the longest stretch of a run of digits, at whole groups, that is a
// card.
func findCards(s sight) []Span {
	var found []Span
	text := s.text
	for _, run := range digitRuns.FindAllStringIndex(text, -1) {
		for start := run[0]; start < run[1]; start++ {
			if end := cardAt(text, start, run[1]); end > 0 {
				found = append(found, Span{Start: start, End: end, Kind: Card})
				start = end
			}
		}
	}
	return found
}

// leastPrinted is how many figures the shortest card has that is printed in groups.
const leastPrinted = 15

func findPrintedCards(s sight) []Span { return groups(s.text, Card, printedCards, validCard) }

// accountDigits is how many figures a Spanish account has.
const accountDigits = 20

// findAccounts wants both check digits of an account.
func findAccounts(s sight) []Span { return groups(s.text, IBAN, accounts, validAccount) }

// validAccount holds the two check digits of an account against those of the bank and of
// the account: weights of powers of two, modulo 11.
func validAccount(text string) bool {
	number := digits(text)
	return len(number) == accountDigits && accountCheck("00"+number[:8]) == number[8] && accountCheck(number[10:]) == number[9]
}

func accountCheck(ten string) byte {
	sum, weight := 0, 1
	for i := range len(ten) {
		sum += int(ten[i]-'0') * weight
		weight = weight * 2 % 11
	}
	switch check := 11 - sum%11; check {
	case 11:
		return '0'
	case 10:
		return '1'
	default:
		return byte('0' + check)
	}
}

// cardAt returns the end of the longest card that begins at start, or 0.
func cardAt(text string, start, limit int) int {
	for end := min(limit, start+2*maxCard); end-start >= minCard; end-- {
		if alone(text, start, end) && validCard(text[start:end]) {
			return end
		}
	}
	return 0
}

// minCard and maxCard are the lengths of ISO/IEC 7812 in use; Maestro has 12.
const minCard, maxCard = 12, 19

// issuers are the first digits of cards by their length: Maestro and the old Laser
// (12 to 19), Visa (13, 16, 19), Diners (14), American Express, JCB and enRoute (15),
// Mastercard, Discover, JCB, UnionPay and Mir (16 to 19).
var issuers = regexp.MustCompile(`^(?:(?:0604|50|5[6-9]|6)[0-9]{8,17}|4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|3(?:0|6|8|9)[0-9]{12}|(?:3[47][0-9]{2}|2131|1800|2014|2149)[0-9]{11}|(?:2|3|5)[0-9]{15}|(?:35|62|5[1-5])[0-9]{15,17})$`)

// validCard tells whether digits with spaces or dashes are the number of a card:
// of a length and first digits that issuers use, and right by the formula of Luhn.
func validCard(text string) bool {
	number := digits(text)
	if len(number) < minCard || len(number) > maxCard || digits(text[:1]) == "" || digits(text[len(text)-1:]) == "" {
		return false
	}
	return issuers.MatchString(number) && luhn(number)
}

func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// digits are those of a text, without what stands between them.
func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

func findNationalIDs(s sight) []Span {
	found := groups(s.text, ID, dnis, validDNI)
	if s.run(6) {
		found = append(found, groups(s.text, ID, offices, nil)...)
	}
	if s.joints("- ") > 1 {
		found = append(found, groups(s.text, ID, ssns, validSSN)...)
	}
	return found
}

// validDNI holds the letter of a Spanish DNI or NIE against its digits.
func validDNI(text string) bool {
	letters := strings.ToUpper(text)
	number := digits(strings.NewReplacer("X", "0", "Y", "1", "Z", "2").Replace(letters[:1]) + letters[1:])
	if len(number) < 7 || len(number) > 8 {
		return false
	}
	value := 0
	for _, c := range number {
		value = value*10 + int(c-'0')
	}
	return "TRWAGMYFPDXBNJZSQVHLCKE"[value%23] == letters[len(letters)-1]
}

// validSSN leaves out the numbers that the USA's social security never gives.
func validSSN(text string) bool {
	number := digits(text)
	return number[:3] != "000" && number[:3] != "666" && number[0] != '9' && number[3:5] != "00" && number[5:] != "0000"
}

func findIPs(s sight) []Span {
	valid := func(one string) bool {
		_, err := netip.ParseAddr(one)
		return err == nil && len(one) >= len("1.1.1.1") && strings.Count(one, ":") != 1
	}
	var found []Span
	if s.joints(".") > 2 {
		found = groups(s.text, IP, ips4, valid)
	}
	if strings.Count(s.text, ":") > 1 {
		found = append(found, groups(s.text, IP, ips6, valid)...)
	}
	return found
}
