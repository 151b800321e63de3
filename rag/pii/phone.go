package pii

import (
	"regexp"
	"strings"
)

const (
	minPhone = 7
	maxPhone = 15 // ITU-T E.164
	// phoneForm are figures in groups as telephones are written, with an extension.
	phoneForm = `(?:\+|\(\+?|00)? ?[0-9][0-9().\- ]*[0-9](?: ?(?:x|ext\.?|extensi[óo]n) ?[0-9]{1,6})?`
)

var (
	phones     = regexp.MustCompile(`(?i)(` + phoneForm + `)`)
	cuedPhones = regexp.MustCompile(`(?i)(?:\b(?:tel[ée]fonos?|tel[ée]f?|telf|tfno|tlf[no]{0,2}|tlno|m[óo]vil|celular|cel|phone|mobile|cell|desk|office|whats?app|wasap|fax|call(?: me)?(?: (?:at|on|back on))?|ll[áa]m(?:a|e|ad)(?:me|nos)?(?: al?)?|n[úu]mero de contacto|contact number|text me (?:at|on))\b)\.?(?: (?:is|es|el|al|n[ºo°]|number|n[úu]mero|de contacto|de casa|del trabajo|de su [\p{L}]+ es el))*\s*[.:\-/]{0,2}\s*(` + phoneForm + `)`)
	// orderCue stands before a number that is none of a person. The shop needs it.
	orderCue  = regexp.MustCompile(`(?i)(?:#|\b(?:pedidos?|orden|orders?|compra|purchase|ref(?:erencia|erence)?|tracking|seguimiento|env[íi]o|shipment|factura|invoice|albar[áa]n|sku|art[íi]culo|item|ean|isbn|modelo|model|serie|serial|parcel|paquete|ticket|caso|case)\b)[\s:.#\-]*(?:(?:n[úu]mero|number|n[ºo°.]|no|num|de|es|is|with|con|el|the|id)[\s:.#\-]*){0,3}[A-Z]{0,3}$`)
	unitAfter = regexp.MustCompile(`(?i)^ ?(?:€|\$|£|%|eur|euros?|usd|d[óo]lares|dollars|pesos|mg|ml|cc|cm|mm|kg|gr?|ui|u/|mcg|l/|°|º|x ?10|/)`)
	moneyUp   = regexp.MustCompile(`[€$£] ?$`)
)

// findCuedPhones takes the number after a word that promises one, of any form.
func findCuedPhones(s sight) []Span {
	return trimPhones(s.text, cuedPhones, func(string) bool { return true })
}

// callsPhone tells whether a word is there that promises a telephone.
func callsPhone(s sight) bool {
	return s.opens("tel", "tfn", "tlf", "tln", "móvil", "movil", "cel", "phone", "mobile", "desk", "office", "whats", "wasap", "fax", "call", "llám", "llam",
		"número de con", "numero de con", "contact num", "text me")
}

// findPhones takes numbers whose form alone is that of a telephone, unless what
// stands around them says otherwise.
func findPhones(s sight) []Span {
	return trimPhones(s.text, phones, phoneShape)
}

func trimPhones(text string, pattern *regexp.Regexp, shape func(string) bool) []Span {
	var found []Span
	for _, s := range groups(text, Phone, pattern, nil) {
		one := text[s.Start:s.End]
		trimmed := strings.TrimLeft(one, " .-)")
		s.Start += len(one) - len(trimmed)
		if open := strings.Count(trimmed, "("); open > strings.Count(trimmed, ")") && trimmed[0] == '(' {
			s.Start, trimmed = s.Start+1, trimmed[1:]
		}
		count := len(digits(phoneBody(trimmed)))
		if count < minPhone || count > maxPhone || !alone(text, s.Start, s.End) || !shape(trimmed) || another(text, s) {
			continue
		}
		found = append(found, s)
	}
	return found
}

// phoneBody is a number without its extension.
func phoneBody(one string) string {
	body, _, _ := strings.Cut(strings.ToLower(one), "x")
	return strings.TrimSuffix(strings.TrimSpace(body), "e") // of "ext."
}

// another tells whether the text around a number says that it counts, costs or names
// something else.
func another(text string, s Span) bool {
	before, after := text[max(0, s.Start-60):s.Start], text[s.End:]
	if decimal(before) || strings.HasPrefix(after, ",") && len(after) > 1 && after[1] >= '0' && after[1] <= '9' {
		return true
	}
	return orderCue.MatchString(before) || moneyUp.MatchString(before) || unitAfter.MatchString(after)
}

// decimal tells whether a text ends within a number.
func decimal(before string) bool {
	return len(before) > 1 && before[len(before)-1] == ',' && before[len(before)-2] >= '0' && before[len(before)-2] <= '9'
}

var phoneGroups = regexp.MustCompile(`[0-9]+`)

// phoneShape knows a telephone by its groups. A run without any is one with + or 00
// before it, with the nine digits of Spain or the ten or eleven of a number with an
// area code that begins with 0 to 9 but is not as long as a parcel's. The nine of Spain
// are also read out one by one.
func phoneShape(one string) bool {
	body := phoneBody(one)
	number, list := digits(body), phoneGroups.FindAllString(body, -1)
	switch {
	case strings.Contains(one[:min(2, len(one))], "+") || strings.HasPrefix(one, "00"):
		return true
	case strings.Contains(body, "  ") || strings.Contains(body, " - ") || thousands(body, list):
		return false
	case len(list) == 1:
		return len(number) == 9 && number[0] >= '6' || len(number) >= 10 && len(number) <= 11
	case strings.HasPrefix(body, "(") || list[0][0] == '0':
		return len(number) >= minPhone
	case len(list) == 2:
		a, b := len(list[0]), len(list[1])
		return a == 3 && (b == 4 || b == 6) || a == 2 && (b == 6 || b == 7 || b == 9)
	}
	return len(number) >= 8 && (evenGroups(list) || len(list) == 9 && len(number) == 9 && number[0] >= '6')
}

// thousands tells whether points only divide a number into thousands.
func thousands(body string, list []string) bool {
	if len(list) < 2 || len(list[0]) > 3 || strings.ContainsAny(body, " -()") {
		return false
	}
	for _, group := range list[1:] {
		if len(group) != 3 {
			return false
		}
	}
	return true
}

// evenGroups tells whether three groups or more are of two to four digits each, the
// country's before them of one.
func evenGroups(list []string) bool {
	for i, group := range list {
		if len(group) > 4 || len(group) < 2 && i > 0 {
			return false
		}
	}
	return true
}
