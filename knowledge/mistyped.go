package knowledge

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// restricting are the keys that keep a document from somebody, as people write them.
var restricting = []string{
	"audience", "público", "market", "markets", "mercado", "mercados", "valid_from", "válido_desde", "valid_to", "válido_hasta",
}

// ownWords look like one of those and are words that other programs have as keys.
var ownWords = []string{"public", "publish", "publicado"}

// Mistyped is an error about a key or a column that means nothing here and is nearly
// one of those that say for whom, where and when a document holds: who writes
// "audiance: agent" believes that customers don't see it.
func Mistyped(key string) error {
	name := foldKey(key)
	if metaKeys[name] != "" || slices.Contains(ownWords, name) {
		return nil
	}
	meant, best := "", 3
	for _, known := range restricting {
		folded := foldKey(known)
		limit := 2
		if len(folded) < len("markets") {
			limit = 1 // most words of six letters are two steps from another one
		}
		if steps := typingErrors(name, folded); steps <= limit && steps < best {
			meant, best = known, steps
		}
	}
	if meant == "" {
		return nil
	}
	return fmt.Errorf("%q is not known and looks like %s; write it so, or give it another name if it is something else", key, meant)
}

// typingErrors is how many letters were left out, added, taken for another or swapped
// with their neighbour between two words (Damerau and Levenshtein, each place once).
// More than two count as three.
func typingErrors(a, b string) int {
	const many = 3
	if d := utf8.RuneCountInString(a) - utf8.RuneCountInString(b); d >= many || -d >= many {
		return many
	}
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range y {
		rows[0][j+1] = j + 1
	}
	for i := range x {
		for j := range y {
			other := 1
			if x[i] == y[j] {
				other = 0
			}
			rows[i+1][j+1] = min(rows[i][j+1]+1, rows[i+1][j]+1, rows[i][j]+other)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				rows[i+1][j+1] = min(rows[i+1][j+1], rows[i-1][j-1]+1)
			}
		}
	}
	return min(many, rows[len(x)][len(y)])
}
