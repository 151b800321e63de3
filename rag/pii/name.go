package pii

import (
	"regexp"
	"strings"
	"unicode"
)

// properName is one to five words with capitals and the small words between them.
const (
	capital    = `(?:\p{Lu}\.|\p{Lu}[\p{L}'’\-]*)`
	properName = capital + `(?:[ ]{1,2}(?:(?:de|del|la|las|los|van|von|der|den|da|do|dos|y|i|di|el|al|bin)[ ]){0,2}` + capital + `){0,4}`
)

var nameCues = []cued{
	// A form's line.
	{namesField, regexp.MustCompile(`(?m)(?:\b(?i:nombre(?: y apellidos| completo)?|apellidos?|names?|full name|first name|last name|surname|titular|destinatario|recipient|m[ée]dico|remitido por|responsable cl[íi]nico|contact person|persona de contacto))[ \t]*:[ \t]*(?:(?i:dra?|d|dña|sra?|mrs?|ms|don|doña)\b\.?[ªa]?[ \t]*){0,2}(` + properName + `)`)},
	// What people say of themselves; here small letters count as well.
	{func(s sight) bool {
		return s.opens("me llamo", "mi nombre es", "my name is", "my name's", "nombre de la titular es", "nombre del titular es")
	}, regexp.MustCompile(`\b(?i:me llamo|mi nombre es|my name is|my name's|nombre de la titular es|nombre del titular es)\s+(\p{L}[\p{L}'’\-]+(?:[ ](?:de |del |la |van |von ){0,2}\p{Lu}[\p{L}'’\-]*)*)`)},
	{introduces, regexp.MustCompile(`(?:\b(?i:soy|i am|i'm|this is|le habla|habla|speaking is|a nombre de|on behalf of|in the name of|a la atenci[óo]n de|atte\.?|firmado|signed|regards|saludos|atentamente|sincerely|dear|estimad[oa]|querid[oa])[ ,:]*\n?\s*)(` + capital + `(?:[ ](?:(?:de|del|la|van|von|y)[ ]){0,2}` + capital + `){1,4})`)},
	// A title.
	{func(s sight) bool {
		return s.written("Sr", "Dr", "Mr", "Ms", "Miss", "Prof", "Don", "Do", "D.", "D ", "Dñ", "Dª")
	}, regexp.MustCompile(`\b(?:Sr|Sra|Srta|Dr|Dra|Mr|Mrs|Ms|Miss|Prof|Don|Doña|D|Dña|Dª)\b(?:\.|[ªa]\.?)?[ ]{1,2}(` + properName + `)`)},
}

// namesField tells whether there is a line of a form that asks for a name.
func namesField(s sight) bool {
	return s.has(":") && s.opens("nombre", "apellido", "name", "full name", "first name", "last name", "surname", "titular", "destinatario", "recipient", "médico", "medico",
		"remitido", "responsable", "contact person", "persona de contacto")
}

// introduces tells whether there is a word that a name follows.
func introduces(s sight) bool {
	return s.opens("soy", "i am", "i'm", "this is", "le habla", "habla", "speaking is", "a nombre de", "on behalf of", "in the name of", "a la atenci", "atte", "firmado", "signed",
		"regards", "saludos", "atentamente", "sincerely", "dear", "estimad", "querid")
}

// findNames needs something that says that a name follows.
func findNames(glance sight) []Span {
	found := spans(glance, Name, nameCues, nil)
	for i, s := range found {
		one := glance.text[s.Start:s.End]
		if end := noName.FindStringIndex(one); end != nil {
			one = strings.TrimRight(one[:end[0]], " .")
		}
		found[i].End = s.Start + len(one)
	}
	return found
}

// noName are words with capitals that follow a name and are none, and those that
// follow "my name is" and tell something of it.
var noName = regexp.MustCompile(`(?i)(?:^|\s)(?:suite|apt|apartment|street|calle|avda|avenida|plaza|c|hospital|cl[íi]nica|servicio|centro|instituto|facultad|universidad|tel[ée]fono|tel|e-?mail|correo|not|no|on|in|the|wrong|spelled|misspelled|mal|incorrecto|written|escrito|correct|correcto|un|una|el|la|a|an)\b`)

func isLetter(r rune) bool { return unicode.IsLetter(r) }
