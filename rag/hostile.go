package rag

import (
	"strings"

	"github.com/recado/recado/rag/guard"
	"github.com/recado/recado/rag/receipts"
)

// hostileWords are parts of words without which no sentence is looked at closely: most
// passages hold none of them.
var hostileWords = []string{
	"ignor", "disregard", "forget", "olvid", "instruc", "prompt", "system", "sistema", "assistant", "asistente", "pretend", "act as", "actúa", "actua", "you are now", "role", "developer",
	"jailbreak", "dan ", "secret", "[inst", "<|", "override", "bypass", "chatgpt", "gpt", "openai", "as an ai", "language model", "modelo de lenguaje", "reveal", "revela", "esqueca", "esqueça",
}

// harmlessText leaves out of a passage the sentences that speak to a model. Nothing rests
// on it: what a passage says changes no action and shows nobody else's data either way.
func harmlessText(text string) string {
	low := strings.ToLower(text)
	suspect := false
	for _, word := range hostileWords {
		suspect = suspect || strings.Contains(low, word)
	}
	if !suspect {
		return text
	}
	for _, sentence := range receipts.Split(text) {
		if guard.Injection(sentence) >= guard.InjectionSuspected {
			text = strings.Replace(text, sentence, "", 1)
		}
	}
	return text
}
