package pii

import "regexp"

// The parts of e-mail addresses that are spelled out. Mail is what only mail has: the
// name of a provider.
const (
	spelledAt    = `(?: ?[(\[{<] ?(?:arroba|at) ?[)\]}>] ?| arroba )`
	spelledDot   = `(?: ?[(\[{<] ?(?:punto|dot) ?[)\]}>] ?| (?:punto|dot) |\.)`
	spelledLocal = `(?:(?:\p{L}+ ){0,2}[0-9]+|[\p{L}0-9][\p{L}0-9._%+'\-]*(?: (?:punto|dot|gui[oó]n|gui[oó]n bajo|dash|underscore) [\p{L}0-9._\-]+)*)`
	spelledHost  = `[\p{L}0-9\-]+(?:` + spelledDot + `[\p{L}0-9\-]+)*` + spelledDot + `\p{L}{2,12}`
	mail         = `(?:g ?mail|googlemail|hotmail|outlook|yahoo|icloud|live|msn|proton(?:mail)?|aol|gmx|me|telefonica|terra|movistar)`
)

// spelledEmails are addresses with a word in the place of their sign. The English one
// stands in many sentences: there has to be a provider of mail, points in words, or a name
// as nobody writes words.
var spelledEmails = regexp.MustCompile(`(?i)(?:^|[\s,;:"'])(` + spelledLocal + spelledAt + spelledHost +
	`|` + spelledLocal + ` at ` + mail + spelledDot + `\p{L}{2,12}(?:` + spelledDot + `\p{L}{2,3}\b)?` +
	`|` + spelledLocal + ` at [\p{L}0-9\-]+(?: dot [\p{L}0-9\-]+)+` +
	`|[\p{L}0-9]+[._0-9][\p{L}0-9._]+ at ` + spelledHost +
	`|[\p{L}0-9._\-]{2,}arroba[\p{L}0-9\-]+` + spelledDot + `\p{L}{2,12}` +
	`|[\p{L}0-9][\p{L}0-9._%+'\-]*@` + mail + `\b(?:[,;] ?(?:com|es|net|org)\b| com\b)?)`)

// noMailbox are words that stand before "at" in sentences: "email me at john dot smith at
// gmail dot com".
var noMailbox = regexp.MustCompile(`(?i)^(?:me|us|it|him|her|them|you|is|are|was|mail|e-?mail|here|there|contact|write|reach|address|order|shop|bought) at `)

// spellsEmail tells whether a text can hold such an address: what stands for the sign and,
// where that is but the word "at", what stands for a dot.
func spellsEmail(s sight) bool {
	return s.has("arroba", "@") || s.has(" at", "(at", "[at", "{at", "<at") && (s.has("punto", "dot") || s.pointed())
}

func findSpelledEmails(s sight) []Span {
	var found []Span
	for from := 0; from < len(s.text); {
		m := spelledEmails.FindStringSubmatchIndex(s.text[from:])
		if m == nil {
			break
		}
		one := Span{Start: from + m[2], End: from + m[3], Kind: Email}
		if word := noMailbox.FindString(s.text[one.Start:one.End]); word != "" {
			from = one.Start + len(word) - 1
			continue
		}
		found = append(found, one)
		from = one.End
	}
	return found
}
