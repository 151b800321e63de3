package rag

import (
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
)

// Counterparts tells whether two passages say the same in two languages: the same piece of
// documents that are named alike but for the language, such as policies/es/returns.md#0002
// and policies/en/returns.md#0002. Translations keep the order of what they translate.
func Counterparts(a, b Passage) bool {
	return supported(a.Locale) != supported(b.Locale) && unlocalised(a.ID) == unlocalised(b.ID)
}

// unlocalised is a name without what tells the language in it: a folder, the part before
// the ending, what stands behind "@".
func unlocalised(id string) string {
	parts := strings.FieldsFunc(id, func(r rune) bool { return r == '/' || r == '.' || r == '@' || r == '#' })
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool {
		language, _, _ := strings.Cut(strings.ToLower(part), "-")
		return language == spanish || language == english
	}), "/")
}

// inOwnLanguage gives the counterpart of a hit among those in the customer's language.
func inOwnLanguage(own []knowledge.Hit, foreign knowledge.Hit) (knowledge.Hit, bool) {
	at := slices.IndexFunc(own, func(h knowledge.Hit) bool { return Counterparts(passageName(h), passageName(foreign)) })
	if at < 0 {
		return knowledge.Hit{}, false
	}
	return own[at], true
}

func passageName(h knowledge.Hit) Passage { return Passage{ID: h.Chunk.ID, Locale: h.Document.Locale} }
