package knowledge

import "strings"

// CommonWords are the stems of the common words of a language, Spanish or English, and its
// stop words: what is among them is hardly a slip of the finger. Reading them takes some
// ten milliseconds, so that who needs them often keeps them.
func CommonWords(language string) map[string]bool {
	common := map[string]bool{}
	for word := range stopWords[language] {
		common[word] = true
	}
	for line := range strings.Lines(spanishEnglish) {
		spanish, english, _ := strings.Cut(line, "\t")
		text := spanish
		if language == "en" {
			text = english
		}
		for _, stem := range Tokens(language, text) {
			common[stem] = true
		}
	}
	return common
}
