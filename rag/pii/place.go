package pii

import (
	"regexp"
	"slices"
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
	detail  = `(?:[ ,.\-–]{1,3}(?:\d{1,3}(?:\.?[ºª°]{1,2}|er\b|to\b|do\b|\b)(?:[ \-]?[A-Za-z]\b)?|(?:piso|planta|puerta|pta|portal|esc(?:alera)?|bloque|bl|izq(?:uierda|da)?|d(?:cha|rcha|erecha)|bajo|[áa]tico|local|edificio|ed|int(?:erior)?|km)\b\.? ?[\p{L}0-9ºª]{0,6}|[A-Z]\b))`
)

var (
	streets = []cued{
		{holdsStreet, regexp.MustCompile(`(?i)(?:^|[\s.,;:(>])(` + streetES + `(?:[.,]{1,2}\s?|\s{1,2})(?:` + partWord + `[ ,]{1,2}){0,7}?(?:` + partWord + `)?[ ,.]{0,3}(?:n[ºo°.]{1,2} ?|n[úu]m(?:ero)?\.? ?)?` + houseES + `(?:` + detail + `){0,4})`)},
		{func(s sight) bool {
			return s.says("street", "avenue", "ave", "lane", "boulevard", "blvd", "crescent", "terrace", "highway", "hwy", "parkway", "pkwy")
		}, regexp.MustCompile(`(?i)\b(\d{1,6}[A-Za-z]?,? (?:[\p{L}'’.\-]+ ){1,4}` + streetEN + `\b\.?(?: (?:north|south|east|west|[nsew]{1,2})\b)?(?:,? ?(?:apt|apartment|suite|ste|unit|flat|floor|#)\b?\.? ?[0-9A-Z]{1,6})?)`)},
		{func(s sight) bool {
			return s.written(" St", " R", " Ln", " Dr", " Sq", " C", " Way", " G", " Hill", " Mews", " Quay", " Trail", " Place")
		}, regexp.MustCompile(`\b(\d{1,6}[A-Za-z]?,? (?:\p{Lu}[\p{L}'’.\-]+ ){1,4}` + streetCapital + `\b\.?)`)},
		{func(s sight) bool {
			return s.numbered("strass", "strasse", "straß", "straße", "str", "weg", "gasse", "platz", "allee", "straat", "laan", "plein", "kade", "gata", "gatan", "vägen", "vagen", "vegen", "vej", "gade", "veien", "katu", "tie", "utca", "ulica")
		}, regexp.MustCompile(`(?i)\b((?:[\p{L}'’.\-]+ ){0,2}[\p{L}'’\-]*` + streetSuffix + `\.? \d{1,5} ?[A-Za-z]?)\b`)},
		{func(s sight) bool {
			return s.opens("rue", "rúa", "rua", "via", "boulevard", "avenue", "allée", "place", "chemin", "impasse", "quai")
		}, regexp.MustCompile(`(?i)\b(\d{1,5},? (?:rue|r[úu]a|rua|via|viale|boulevard|avenue|allée|place|chemin|impasse|quai)(?: [\p{L}'’.\-]+){1,4})`)},
		{func(s sight) bool { return s.has("apartado", "box", "postbus", "postfach", "psc") }, regexp.MustCompile(`(?i)\b((?:apartado(?: de correos)?|p\.? ?o\.? box|post ?box|postbus|postfach|psc)\.? ?\d{1,6}(?:, box \d{1,6})?)\b`)},
		{func(s sight) bool { return s.opens("apt", "apartment", "suite", "unit") }, regexp.MustCompile(`(?i)\b((?:apt|apartment|suite|unit)\.? \d{1,5}[A-Z]?)\b`)},
		// A fee and a discount are flat, too.
		{func(s sight) bool { return s.digits > 0 && s.opens("flat") }, regexp.MustCompile(`\b((?i:flat)\.? \d{1,4}[A-Za-z]?)(?:\s*[,.;\n]|\s*$| \d| \p{Lu}| (?i:in|on|at|of) )`)},
		{func(s sight) bool { return s.written("APO ", "FPO ", "DPO ") }, regexp.MustCompile(`\b((?:APO|FPO|DPO) (?:AA|AE|AP) [0-9]{5})\b`)},
	}
	addressLabels = regexp.MustCompile(`(?i)\b(?:domicilio|direcci[óo]n(?: de (?:env[íi]o|entrega|facturaci[óo]n))?|(?:my |mi |shipping |billing |delivery |home |postal )?address)(?:\s*:\s*|\s+(?:es|is)\s*:?\s+)([^\n;?!¿¡]{5,120})`)
	addressCues   = regexp.MustCompile(`(?i)\b(?:vivo en(?: la)?|i(?: now)? live (?:at|in)|me he mudado a|i(?:'ve| have)? moved to|env[íi](?:a|e|ad)(?:lo|la|melo|mela)? a|deliver (?:it )?to|ship (?:it )?to|send (?:it )?to)\s+([^\n;?!¿¡]{5,120})`)
	postcodes     = []cued{
		{func(s sight) bool { return s.has("cp", "c.p", "c p", "c. p", "postal", "zip", "post code", "postcode") }, regexp.MustCompile(`(?i)(?:\bc\.? ?p\.?|c[óo]digo postal|c[óo]d\.? postal|zip(?: code)?|post ?code|postal code)(?: (?:es|is))?\s*[:.\-]?\s*([0-9]{4,5}(?:-[0-9]{4})?|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2})\b`)},
		{sight.inward, regexp.MustCompile(`\b([A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2})\b`)},
	}
	placedCodes = regexp.MustCompile(`(?:^|[\s,.\-–(])((?:0[1-9]|[1-4][0-9]|5[0-2])[0-9]{3})[ ,.\-–]{1,3}(?:\p{Lu}\p{Ll}|\(|\p{Lu}{3})`)
)

func findStreets(s sight) []Span { return spans(s, Address, streets, nil) }

// holdsStreet tells whether there is one of the words that begin a street.
func holdsStreet(s sight) bool {
	return s.street("c/", "c.", "calle", "avda", "avenida", "av", "avd", "paseo", "pº", "po", "p°", "pso", "plaza", "pza", "plza", "pz", "ronda", "rda", "carrer", "camino", "camí",
		"carretera", "ctra", "travesía", "travesia", "trav", "glorieta", "gta", "urbanización", "urbanizacion", "urb", "crta", "polígono", "poligono", "pol. ind", "pol.ind", "callejón",
		"callejon", "bulevar", "rambla", "rbla", "pasaje", "costanilla", "alameda", "rúa", "rua", "via", "viale", "piazza", "corso", "rue", "boulevard", "allée", "chemin", "colonia")
}

// findNumberless looks for streets without a number, "s/n", in texts without any.
// findStreets saw all others.
func findNumberless(s sight) []Span { return spans(s, Address, streets[:1], nil) }

// findCuedAddresses takes what follows "address:" or "vivo en" up to the end of the
// sentence. After "vivo en" there has to be a number, after a label three words: less
// is a city, which names nobody.
func findCuedAddresses(glance sight) []Span {
	var found []Span
	text := glance.text
	if glance.opens("domicilio", "direcci", "address", "my address", "mi address", "shipping address", "billing address", "delivery address", "home address", "postal address") {
		found = groups(text, Address, addressLabels, nil)
	}
	if glance.digits > 0 && glance.opens("vivo en", "i live ", "i now live ", "me he mudado", "i moved", "i've moved", "i have moved",
		"envía", "envia", "envíe", "envie", "envíad", "enviad", "deliver ", "ship ", "send ") {
		found = append(found, slices.DeleteFunc(groups(text, Address, addressCues, nil), func(s Span) bool { return digits(text[s.Start:s.End]) == "" })...)
	}
	for i, s := range found {
		one := text[s.Start:s.End]
		if end := sentenceEnd.FindStringSubmatchIndex(one); end != nil {
			one = one[:max(end[2], end[4], end[6])]
		}
		one = strings.TrimRight(one, " ,.:-")
		if digits(one) == "" && len(strings.Fields(one)) < 3 || !strings.ContainsFunc(one, isLetter) {
			one = ""
		}
		found[i].End = s.Start + len(one)
	}
	return found
}

// sentenceEnd is a point after a word that is no abbreviation of an address, such as a
// number with its door or the end of a postcode, and one before a word that begins a
// question.
var sentenceEnd = regexp.MustCompile(`(?:[\p{L}0-9]{4}|[0-9][A-Z]{0,2})(\.\s)|(\.\s)(?i:where|when|what|how|why|who|can|could|will|would|do|does|is|are|cu[áa]ndo|d[óo]nde|qu[ée]|c[óo]mo|cu[áa]nto|por qu[ée]|puede\w*)\s|(\s(?:y|and|pero|but|porque|because|por favor|please|gracias|thanks)\s)`)

// findPostcodes leaves five figures that an order's word introduces.
func findPostcodes(glance sight) []Span {
	found, text := spans(glance, Postcode, postcodes, nil), glance.text
	if !glance.run(5) {
		return found
	}
	for _, s := range groups(text, Postcode, placedCodes, nil) {
		if !orderCue.MatchString(text[max(0, s.Start-60):s.Start]) {
			found = append(found, s)
		}
	}
	return found
}
