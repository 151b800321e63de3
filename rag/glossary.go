package rag

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
)

// Glossary holds words that mean the same in one shop: "bamba, zapatilla, sneaker".
// A question that holds one of a group is searched for with the others as well. The
// zero Glossary and nil know nothing.
type Glossary struct {
	groups [][]string
	// terms are the groups as the lexical search sees them, a phrase as its terms.
	terms   [][][]string
	version string
}

// The limits of a glossary: what is more is a mistake, and would slow every question.
const (
	maxGlossaryGroups = 5000
	maxGlossaryLine   = 4096
)

// ReadGlossary reads a group a line, its words or short phrases separated by commas.
// Empty lines and lines that begin with # are skipped. An error names the line.
func ReadGlossary(r io.Reader) (*Glossary, error) {
	g, hash, lines := &Glossary{}, sha256.New(), bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, maxGlossaryLine), maxGlossaryLine)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := g.add(line); err != nil {
			return nil, fmt.Errorf("glossary, line %d: %w", n, err)
		}
		hash.Write([]byte(line + "\n")) // a hash never fails to write
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("glossary: a line is longer than %d bytes, or the file can't be read: %w", maxGlossaryLine, err)
	}
	g.version = hex.EncodeToString(hash.Sum(nil)[:4])
	return g, nil
}

func (g *Glossary) add(line string) error {
	var words []string
	var terms [][]string
	for word := range strings.SplitSeq(line, ",") {
		word = strings.Join(strings.Fields(word), " ")
		if word == "" {
			continue
		}
		// Stems differ by language; a word is looked for as either would have it.
		term := knowledge.Tokens("", word)
		if len(term) == 0 {
			return fmt.Errorf("%q has no letters", word)
		}
		words, terms = append(words, word), append(terms, term)
	}
	if len(words) < 2 {
		return fmt.Errorf("%q is alone; a group has at least two words, separated by commas", line)
	}
	if len(g.groups) == maxGlossaryGroups {
		return fmt.Errorf("more than %d groups", maxGlossaryGroups)
	}
	g.groups, g.terms = append(g.groups, words), append(g.terms, terms)
	return nil
}

// Expand gives what the groups of the text's words hold besides, in the order of the
// glossary, or nothing. Words are compared without accents and case and, so that
// plurals are found, by their beginning when they are long enough.
func (g *Glossary) Expand(text string) string {
	if g == nil || len(g.groups) == 0 {
		return ""
	}
	words := knowledge.Tokens("", text)
	var more []string
	for i, group := range g.terms {
		for j, phrase := range group {
			if !holds(words, phrase) {
				continue
			}
			for k, word := range g.groups[i] {
				if k != j && !holds(words, g.terms[i][k]) {
					more = append(more, word)
				}
			}
			break
		}
	}
	return strings.Join(more, " ")
}

// Version identifies the content; it is empty for an empty glossary.
func (g *Glossary) Version() string {
	if g == nil {
		return ""
	}
	return g.version
}

// holds tells whether the phrase's words follow each other in the text.
func holds(words, phrase []string) bool {
	for at := range words {
		if at+len(phrase) <= len(words) && slices.EqualFunc(words[at:at+len(phrase)], phrase, sameWord) {
			return true
		}
	}
	return false
}

// sameWord lets a word of at least four letters have up to two letters of ending more,
// "bambas" for "bamba" and "pantalones" for "pantalon".
func sameWord(word, entry string) bool {
	if word == entry {
		return true
	}
	return len(entry) >= 4 && len(word) <= len(entry)+2 && strings.HasPrefix(word, entry)
}
