package pii

import (
	"regexp"
	"strings"
)

// streetES are the words that begin a street in Spanish and its sisters, streetEN
// those that end one in English, streetSuffix the endings of Germanic streets.
const (
	streetES = `(?:c/|c\.|calle|avda|avenida|av|avd|paseo|p[ºo°]|pso|plaza|pza|plza|pz|ronda|rda|carrer|camino|camí|carretera|ctra|traves[íi]a|trav|glorieta|gta|urbanizaci[óo]n|urb|crta|pol[íi]gono|pol\. ?ind|callej[óo]n|bulevar|rambla|rbla|pasaje|costanilla|alameda|r[úu]a|via|viale|piazza|corso|rue|boulevard|allée|chemin|colonia)`
	streetEN = `(?:street|avenue|ave|lane|boulevard|blvd|crescent|terrace|highway|hwy|parkway|pkwy)`
	// streetCapital are words of every day when they have no capital.
	streetCapital = `(?:St|Rd|Road|Ln|Drive|Dr|Square|Sq|Court|Ct|Way|Close|Circle|Grove|Hill|Row|Mews|Quay|Gardens|Trail|Crossing|Place)`
	streetSuffix  = `(?:stra(?:ss|ß)e|str|weg|gasse|platz|allee|straat|laan|plein|kade|gata|gatan|v[äe]gen|vej|gade|veien|vegen|katu|tie|utca|ulica)`
	// partWord is a word of a street's name.
	partWord = `[\p{L}ªº'’.\-]+`
	// houseES is what follows a street's name: number, floor, door.
	houseES = `(?:\d{1,4}(?:[ºª°]|bis)?(?:[ \-]?[A-Za-z])?\b|s ?/ ?n\b|sn\b)(?:[ºª°])?`
	detail  = `(?:[ ,.\-–]{1,3}(?:\d{1,3}(?:[ºª°]{1,2}|er\b|to\b|do\b|\b)(?:[ \-]?[A-Za-z]\b)?|(?:piso|planta|puerta|pta|portal|esc(?:alera)?|bloque|bl|izq(?:uierda|da)?|d(?:cha|rcha|erecha)|bajo|[áa]tico|local|edificio|ed|int(?:erior)?|km)\b\.? ?[\p{L}0-9ºª]{0,6}|[A-Z]\b))`
)

var (
	streets = []*regexp.Regexp{
		regexp.MustCompile(`(?i)(?:^|[\s.,;:(>])(` + streetES + `(?:[.,]{1,2}\s?|\s{1,2})(?:` + partWord + `[ ,]{1,2}){0,7}?(?:` + partWord + `)?[ ,.]{0,3}(?:n[ºo°.]{1,2} ?|n[úu]m(?:ero)?\.? ?)?` + houseES + `(?:` + detail + `){0,4})`),
		regexp.MustCompile(`(?i)\b(\d{1,6}[A-Za-z]?,? (?:[\p{L}'’.\-]+ ){1,4}` + streetEN + `\b\.?(?: (?:north|south|east|west|[nsew]{1,2})\b)?(?:,? ?(?:apt|apartment|suite|ste|unit|flat|floor|#)\b?\.? ?[0-9A-Z]{1,6})?)`),
		regexp.MustCompile(`\b(\d{1,6}[A-Za-z]?,? (?:\p{Lu}[\p{L}'’.\-]+ ){1,4}` + streetCapital + `\b\.?)`),
		regexp.MustCompile(`(?i)\b((?:[\p{L}'’.\-]+ ){0,2}[\p{L}'’\-]*` + streetSuffix + `\.? \d{1,5} ?[A-Za-z]?)\b`),
		regexp.MustCompile(`(?i)\b(\d{1,5},? (?:rue|r[úu]a|rua|via|viale|boulevard|avenue|allée|place|chemin|impasse|quai)(?: [\p{L}'’.\-]+){1,4})`),
		regexp.MustCompile(`(?i)\b((?:apartado(?: de correos)?|p\.? ?o\.? box|post ?box|postbus|postfach|psc)\.? ?\d{1,6}(?:, box \d{1,6})?)\b`),
		regexp.MustCompile(`(?i)\b((?:apt|apartment|suite|unit)\.? \d{1,5})\b`),
		regexp.MustCompile(`\b((?:APO|FPO|DPO) (?:AA|AE|AP) [0-9]{5})\b`),
	}
	addressLabels = regexp.MustCompile(`(?i)\b(?:domicilio|direcci[óo]n(?: de (?:env[íi]o|entrega|facturaci[óo]n))?|(?:my |mi |shipping |billing |delivery |home |postal )?address)(?:\s*:\s*|\s+(?:es|is)\s*:?\s+)([^\n;?!]{5,120})`)
	addressCues   = regexp.MustCompile(`(?i)\b(?:vivo en(?: la)?|i(?: now)? live (?:at|in)|me he mudado a|i(?:'ve| have)? moved to|env[íi](?:a|e|ad)(?:lo|la|melo|mela)? a|deliver (?:it )?to|ship (?:it )?to|send (?:it )?to)\s+([^\n;?!]{5,120})`)
	postcodes     = []*regexp.Regexp{
		regexp.MustCompile(`(?i)(?:\bc\.? ?p\.?|c[óo]digo postal|c[óo]d\.? postal|zip(?: code)?|post ?code|postal code)(?: (?:es|is))?\s*[:.\-]?\s*([0-9]{4,5}(?:-[0-9]{4})?|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2})\b`),
		regexp.MustCompile(`\b([A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2})\b`),
	}
	placedCodes = regexp.MustCompile(`(?:^|[\s,.\-–(])((?:0[1-9]|[1-4][0-9]|5[0-2])[0-9]{3})[ ,.\-–]{1,3}(?:\p{Lu}\p{Ll}|\(|\p{Lu}{3})`)
)

func findStreets(text string) []Span {
	var found []Span
	for _, pattern := range streets {
		found = append(found, groups(text, Address, pattern, nil)...)
	}
	return found
}

// findNumberless looks for streets without a number, "s/n", in texts without any.
func findNumberless(text string) []Span {
	if digits(text) != "" {
		return nil // findStreets saw them
	}
	return groups(text, Address, streets[0], nil)
}

// findCuedAddresses takes what follows "address:" or "vivo en" up to the end of the
// sentence. After "vivo en" there has to be a number, after a label three words: less
// is a city, which names nobody.
func findCuedAddresses(text string) []Span {
	found := groups(text, Address, addressLabels, nil)
	for _, s := range groups(text, Address, addressCues, nil) {
		if digits(text[s.Start:s.End]) != "" {
			found = append(found, s)
		}
	}
	for i, s := range found {
		one := text[s.Start:s.End]
		if end := sentenceEnd.FindStringSubmatchIndex(one); end != nil {
			one = one[:max(end[2], end[4])]
		}
		one = strings.TrimRight(one, " ,.:-")
		if digits(one) == "" && len(strings.Fields(one)) < 3 || !strings.ContainsFunc(one, isLetter) {
			one = ""
		}
		found[i].End = s.Start + len(one)
	}
	return found
}

// sentenceEnd is a point after a word that is no abbreviation of an address.
var sentenceEnd = regexp.MustCompile(`(?:[\p{L}0-9]{4}|[0-9])(\.\s)|(\s(?:y|and|pero|but|porque|because|por favor|please|gracias|thanks)\s)`)

// findPostcodes leaves five figures that an order's word introduces.
func findPostcodes(text string) []Span {
	var found []Span
	for _, pattern := range postcodes {
		found = append(found, groups(text, Postcode, pattern, nil)...)
	}
	for _, s := range groups(text, Postcode, placedCodes, nil) {
		if !orderCue.MatchString(text[max(0, s.Start-60):s.Start]) {
			found = append(found, s)
		}
	}
	return found
}
