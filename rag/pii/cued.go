package pii

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// says is what stands between a cue and its value: "es", "is", a colon, or nothing
// but a space.
const says = `(?:\s*[:=]\s*|['’]s\s+|\s+(?:es|is|era|was|son|are|sería)\s*:?\s+)`

var (
	secrets = []cued{
		{func(s sight) bool { return s.opens("contrase", "contrasena", "pass", "clave", "pwd", "psw", "pw") }, regexp.MustCompile(`(?i)\b(?:contraseña|contrasena|password|passwd|passcode|passphrase|clave(?: de acceso)?|pwd|pass|psw|pw)(?: (?:de|of|for|para|del|que|i) [\p{L}' ]{1,30}?)?` + says + `["'«“]?([^\s"'»”]{3,64})`)},
		{func(s sight) bool {
			return s.digits > 2 && s.has("cvv", "cvc", "csc", "pin", "código de seg", "codigo de seg", "security code")
		}, regexp.MustCompile(`(?i)\b(?:cvv2?|cvc2?|csc|pin|código de seguridad|codigo de seguridad|security code)(?: (?:de|of|for|del|number|on|en)(?: la| el| my| mi| the)? [\p{L}]{1,20})?(?:` + says + `|\s+)([0-9]{3,8}|[0-9](?: [0-9]){2,3})\b`)},
		{func(s sight) bool {
			return s.digits > 6 && s.has("/") && s.has("cad", "exp", "tarjeta", "card", "visa", "vence")
		}, regexp.MustCompile(`(?i)\b(?:0[1-9]|1[0-2])/(?:20)?[2-4][0-9][ ,;:\-]{1,3}(?:(?:y|and|con|with) )?(?:(?:el|the) )?(?:(?:c[óo]digo|code|cvv|cvc)[ :]{1,2}(?:(?:es|is) )?)?([0-9]{3,4})\b`)},
		{func(s sight) bool {
			return s.digits > 2 && s.has("back", "atrás", "atras", "detrás", "detras", "reverso", "dorso")
		}, regexp.MustCompile(`(?i)\b(?:n[úu]meros?|d[íi]gitos?|cifras?|c[óo]digo|numbers?|digits?|figures?|code)(?: (?:que hay|que (?:vienen|pone)|en|on|in|of|at|the|my|la|el|mi|de|del|por|card|tarjeta)){0,5} (?:back|atr[áa]s|detr[áa]s|reverso|dorso)(?: (?:of|de)(?: the| my| la| mi)? (?:card|tarjeta))?(?:` + says + `|\s+(?:son|es|el|are)?\s*)(?:el |the )?([0-9]{3,4})\b`)},
		{func(s sight) bool { return s.long(18) && s.written("sk", "pk", "rk", "gh", "xox", "AKIA", "EAA") }, regexp.MustCompile(`\b((?:sk|pk|rk|ghp|gho|xox[abps]|AKIA|EAA)[-_]?[A-Za-z0-9_\-]{16,})\b`)},
	}
	codes = []cued{
		{func(s sight) bool {
			return s.opens("código", "codigo", "code", "otp", "token", "clave de un solo", "one time", "one-time", "verification", "verificaci")
		}, regexp.MustCompile(`(?i)\b(?:c[óo]digo|code|otp|token|clave de un solo uso|one[- ]time (?:code|password)|verification|verificaci[óo]n)(?: (?:de|of|para|for|que|i|me|got|received|was|sent|you|your|mi|tu|su|verificaci[óo]n|confirmaci[óo]n|seguridad|acceso|verification|sms|number|ha|han|llegado|recibido|he|enviado|un|solo|uso` +
			`|del|banco|bank|por|by|via|the|el|la|al|os|te|se|from|in|it|just|acaba|acaban|llegar|mandar|enviar|mandado|dado|correo|e-?mail|mail|mensaje|message|text|m[óo]vil|tel[ée]fono|phone|app|to|on|hab[ée]is|has|mandasteis|mandaron|enviasteis|lleg[óo]|me|digit|d[íi]gitos|cifras|[4-8])){0,8}(?:` + says + `|\s+)((?:[A-Z]-)?[0-9]{3}[ -]?[0-9]{3}|[0-9](?: [0-9]){3,7}|[0-9]{4,8})\b`)},
		{func(s sight) bool { return s.has("sms", "text", "mensaje", "message") }, regexp.MustCompile(`(?i)\b(?:sms|text|mensaje|texto|message)s?(?: message| de texto)? (?:with|con|saying|that says|says|que dice|dice|que pone|pone)(?: (?:el|la|the|un|a|just|s[óo]lo|this|este|n[úu]mero|number|code|c[óo]digo|clave)){0,3}:? ([0-9]{3}[ -]?[0-9]{3}|[0-9]{4,8})\b`)},
		{func(s sight) bool { return s.has("sms") }, regexp.MustCompile(`(?i)\bsms\b[^0-9\n.]{0,20}\b([0-9]{3}[ -]?[0-9]{3}|[0-9]{4,8})\b`)},
		{func(s sight) bool { return s.digits > 5 && s.has("sms", "text", "mensaje", "message") }, regexp.MustCompile(`(?i)\b([0-9]{3}[ -]?[0-9]{3}) (?:en|in|by|por|via|on)(?: (?:el|un|the|a|my|mi)){0,2} (?:sms|mensaje|text|message)\b`)},
		{func(s sight) bool { return s.has("sms", "text", "mensaje", "message") && s.has(" es ", " is ") }, regexp.MustCompile(`(?i)\b([0-9]{3}[ -]?[0-9]{3}|[0-9]{4,8}) (?:es|is) (?:lo que|what)(?: [\p{L}]{1,12}){1,5} (?:sms|mensaje|texto|text|message)\b`)},
		{func(s sight) bool {
			return s.has(" es ", " is ") && s.has("código", "codigo", "code", "otp", "pin", "clave")
		}, regexp.MustCompile(`(?i)\b((?:[A-Z]-)?[0-9]{4,8}) (?:es|is) (?:el|tu|su|mi|your|my|the)(?: [\p{L}\-]{1,15}){0,2} (?:c[óo]digo|code|otp|pin|clave)\b`)},
	}
	cuedIDs = regexp.MustCompile(`(?i)(?:\b|^)(?:d\.?n\.?i|n\.?i\.?[ef]|c\.?u\.?r\.?p|r\.?f\.?c|pasaporte|passport|documento(?: de identidad)?|c[ée]dula|ssn|social security(?: number)?|n\.?a\.?s\.?s|n\.?u\.?s\.?s|seguridad social|cipa?|cias|nhc|historia(?: cl[íi]nica)?|n[ºo°.]{0,2} ?col(?:egiad[oa])?\.?|colegiad[oa]|p[óo]liza|tarjeta sanitaria|episodio|driver'?s? licen[sc]e|driving licen[sc]e|permiso de conducir|carn[ée] de conducir|tax id|national id|id card)\b?\.?(?: (?:n[úu]mero|number|no|num|n[ºo°])\.?)?(?:` + says + `|\s*(?:nhc-|n[ºo°])?\s*[:\-]?\s*)(?:nhc-? ?)?([A-Z]{0,3}[ \-]?[0-9][0-9A-Z]*(?:[ \-/.]?[0-9][0-9A-Z]*)*)`)
	births  = regexp.MustCompile(`(?i)\b(?:nac[íi]|nacid[oa]|fecha de nacimiento|f\. ?nac\.?|nacimiento|born|date of birth|birth ?da(?:te|y)|d\.?o\.?b\.?|cumplea[ñn]os)(?: (?:el|on|es|is|in|the|d[íi]a))*\s*:?\s*(` + dateForms + `)`)
	dates   = regexp.MustCompile(`(?i)\b(` + dateForms + `)\b`)
)

// dateForms are days of a calendar in figures or with the name of the month.
const dateForms = `[0-9]{4}[\-/.][0-9]{1,2}[\-/.][0-9]{1,2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?|[0-9]{1,2}[\-/.][0-9]{1,2}[\-/.](?:[0-9]{4}|[0-9]{2})` +
	`|[0-9]{1,2}(?:st|nd|rd|th)?(?:[ \-]de| of)?[ \-]` + months + `(?:,?[ \-](?:del? )?[0-9]{4})?|` + months + ` [0-9]{1,2}(?:st|nd|rd|th)?(?:,? [0-9]{4})?|` + months + ` (?:del? )?[0-9]{4}`

const months = `(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre|january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|ene|abr|ago|dic)`

func findSecrets(s sight) []Span {
	found := spans(s, Secret, secrets, func(one string) bool { return !plainWord(one) })
	return append(found, spans(s, Secret, nakedSecrets, mixed)...)
}

// nakedSecrets are passwords with nothing but a space before them: what follows has to look
// like one.
var nakedSecrets = []cued{{
	func(s sight) bool {
		return s.digits > 0 && s.opens("contrase", "contrasena", "pass", "clave", "pwd", "pw")
	},
	regexp.MustCompile(`(?i)\b(?:contraseña|contrasena|password|clave|pwd|pass|pw)(?:\s+|[^.:\n0-9]{1,40}:\s*)["'«“]?([^\s"'»”,;]{6,64})`),
}}

// mixed tells whether letters and figures stand in one word that is no order's number.
func mixed(one string) bool {
	return digits(one) != "" && strings.ContainsFunc(one, isLetter) && !orderNumber.MatchString(one)
}

// orderNumber matches a word as orders are numbered.
var orderNumber = regexp.MustCompile(`^#?\p{Lu}{1,4}-?[0-9]{4,}$`)

// plainWord tells whether what follows "password is" says something of the password
// and is none.
func plainWord(one string) bool {
	switch strings.Trim(strings.ToLower(one), ".,;:!?") {
	case "incorrecta", "incorrecto", "correcta", "wrong", "incorrect", "correct", "invalid", "inválida", "not", "que", "mala",
		"expired", "caducada", "the", "una", "nueva", "new", "case", "required", "obligatoria", "necesaria", "saved", "lost", "muy", "too", "para", "tan":
		return true
	}
	return false
}

// findCodes leaves the numbers of orders of which a message tells, and what is counted.
func findCodes(glance sight) []Span {
	return slices.DeleteFunc(spans(glance, Code, codes, nil), func(s Span) bool {
		return orderCue.MatchString(glance.text[max(0, s.Start-60):s.Start]) || counted.MatchString(glance.text[s.End:])
	})
}

// counted matches what stands behind a number that is an amount.
var counted = regexp.MustCompile(`(?i)^ ?(?:points?|puntos|pts|euros?|eur|€|dollars|dólares|pounds|%)(?:[^\p{L}]|$)`)

// findCuedIDs wants five signs at least, three of them digits: "documento 2" is a
// page.
func findCuedIDs(s sight) []Span {
	return groups(s.text, ID, cuedIDs, func(one string) bool { return len(one) >= 5 && len(digits(one)) >= 3 })
}

func findBirths(s sight) []Span { return groups(s.text, Birth, births, nil) }

// findDates leaves figures that no calendar has, and those that go on.
func findDates(s sight) []Span {
	return slices.DeleteFunc(groups(s.text, Date, dates, calendar), func(one Span) bool { return longer.MatchString(s.text[one.End:]) })
}

// holdsDate tells whether there is a month beside figures, or figures with two marks
// between them.
func holdsDate(s sight) bool { return s.joints("-/.") > 1 || s.beside(monthNames) }

// monthNames are the words of months.
var monthNames = []string{
	"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "setiembre", "octubre", "noviembre", "diciembre",
	"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
	"jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "ene", "abr", "ago", "dic",
}

// holdsID tells whether one of the words for the numbers of offices is there. Some are
// written with points.
func holdsID(s sight) bool {
	plain := sight{low: strings.ReplaceAll(s.low, ".", "")}
	return plain.has("dni", "nie", "nif", "curp", "rfc", "nass", "nuss", "ncol", "n col", "nocol", "no col", "ºcol", "º col", "°col", "° col") ||
		s.opens("pasaporte", "passport", "documento", "cédula", "cedula", "ssn", "social security", "seguridad social", "cip", "cias", "nhc", "historia", "colegiad",
			"póliza", "poliza", "tarjeta sanitaria", "episodio", "driver", "driving", "permiso", "carn", "tax id", "national id", "id card")
}

var longer = regexp.MustCompile(`^[\-/.][0-9]`)

// calendar tells whether a day and a month are among the figures of a date without
// words.
func calendar(one string) bool {
	if strings.ContainsFunc(one, isLetter) {
		return true
	}
	list := phoneGroups.FindAllString(one, 3)
	if len(list[0]) == 4 {
		list[0], list[2] = list[2], list[0]
	}
	a, _ := strconv.Atoi(list[0])
	b, _ := strconv.Atoi(list[1])
	return min(a, b) >= 1 && min(a, b) <= 12 && max(a, b) <= 31
}
