package rag

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/recado/recado/knowledge"
)

// mostRules is how many tokens the shop's own rules may take: they stand in every prompt.
const mostRules = 800

// ReadRules reads what a shop wants of its assistant beside what it answers: its tone, what
// it never says. They are text, and no source: what a reply states stands in the passages.
func ReadRules(r io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, 64<<10))
	if err != nil {
		return "", fmt.Errorf("read the shop's rules: %w", err)
	}
	rules := strings.TrimSpace(strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n"))
	if rules == "" {
		return "", errors.New("the file holds no rules; write some, or leave the setting empty")
	}
	return rules, checkRules(rules)
}

// checkRules refuses what a prompt can't hold. Nothing else in the text matters: it stands
// between fences that it can't contain.
func checkRules(rules string) error {
	if !utf8.ValidString(rules) {
		return errors.New("the shop's rules are not written in UTF-8; save them so")
	}
	if strings.ContainsFunc(rules, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return errors.New("the shop's rules hold a control character; write plain text")
	}
	if n := knowledge.CountTokens(rules); n > mostRules {
		return fmt.Errorf("the shop's rules have some %d tokens, and more than %d take too much of every prompt; what customers ask about belongs into the documents", n, mostRules)
	}
	return nil
}

// rulesFence is a word that the rules do not hold. It is the same for every question, so
// that a server reads the rules once.
func rulesFence(rules string) string {
	if rules == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(rules))
	return "RULES-" + hex.EncodeToString(sum[:6])
}
