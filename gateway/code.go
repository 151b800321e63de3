package gateway

import (
	"slices"
	"strings"
	"unicode"
)

// codeDigits is how long a one-time code is.
const codeDigits = 6

// isCode tells whether a message holds nothing but what looks like a one-time code.
func isCode(text string) bool { return codeIn(text) != "" }

// codeIn gives the one-time code that a message consists of, in digits: groups and the
// few words that people put around it do not matter. Everything else gives "".
func codeIn(text string) string {
	if len(text) > 80 {
		return ""
	}
	var digits strings.Builder
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, word := range words {
		switch {
		case strings.Trim(word, "0123456789") == "":
			digits.WriteString(word)
		case !slices.Contains(aroundCode, word):
			return ""
		}
	}
	if digits.Len() != codeDigits || strings.ContainsAny(text, "#+/") {
		return ""
	}
	return digits.String()
}

// aroundCode are the words that may stand around a code.
var aroundCode = []string{
	"código", "codigo", "code", "el", "la", "es", "is", "the", "mi", "my", "este", "esta", "this", "aquí",
	"aqui", "here", "it", "s", "está", "esta", "sí", "si", "yes", "otp", "pin", "clave", "son", "vale", "ok",
	"hola", "gracias", "thanks",
}

// SaidCodes tells which of a conversation's messages, oldest first, are nothing but the
// one-time code that the customer had been asked for, or such a code once more. before
// tells that they may have been asked before the first of them.
func SaidCodes(messages []MessageView, before bool) []bool {
	said, asked, spent := make([]bool, len(messages)), before, map[string]bool{}
	for i, m := range messages {
		text := m.words()
		code := codeIn(text)
		said[i] = code != "" && (asked || spent[code])
		if said[i] {
			spent[code] = true
		}
		asked = asksForCode(text) || asked && m.Author == AuthorCustomer
	}
	return said
}

// unspent is the burst without the codes that the customer had said before, while none is
// waited for: whatever becomes of it, they are nobody's to read.
func (b Burst) unspent(c Conversation, history []MessageView) Burst {
	if b.code() == "" || !c.Memory.CodeUntil.IsZero() {
		return b
	}
	spent := map[string]bool{}
	for i, said := range SaidCodes(history, false) {
		if said {
			spent[codeIn(history[i].words())] = true
		}
	}
	b.Texts = slices.Clone(b.Texts)
	for i, text := range b.Texts {
		if spent[codeIn(text)] {
			b.Texts[i] = codeMask(c.Language)
		}
	}
	return b
}

// words are what a message says, with what a model heard in or saw on its file.
func (m MessageView) words() string {
	if m.Message != nil {
		return m.Message.Words()
	}
	return m.Text
}
