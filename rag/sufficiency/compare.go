package sufficiency

import (
	"strings"

	"github.com/recado/recado/knowledge"
)

func stemSet(words []word) map[string]bool {
	all := make(map[string]bool, len(words))
	for _, w := range words {
		all[w.stem] = true
	}
	return all
}

func stems(words []word) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = w.stem
	}
	return all
}

func contentStems(words []word) []string {
	var all []string
	for _, w := range words {
		if w.content {
			all = append(all, w.stem)
		}
	}
	return all
}

// runSet are the runs of n words.
func runSet(words []string, n int) map[string]bool {
	all := make(map[string]bool, len(words))
	for i := range max(0, len(words)-n+1) {
		all[strings.Join(words[i:i+n], " ")] = true
	}
	return all
}

// runs is the share of the runs of n words that are in a set.
func runs(words []string, have map[string]bool, n int) float64 {
	total, found := max(0, len(words)-n+1), 0
	for i := range total {
		if have[strings.Join(words[i:i+n], " ")] {
			found++
		}
	}
	return float64(found) / float64(max(1, total))
}

// maxCompared bounds what a subsequence is looked for in; it takes the product of both.
const maxCompared = 400

// subsequence is the longest common subsequence as a share of a.
func subsequence(a, b []string) float64 {
	a, b = a[:min(len(a), maxCompared)], b[:min(len(b), maxCompared)]
	return float64(knowledge.Subsequence(a, b)) / float64(max(1, len(a)))
}

// fourLetters are the runs of four letters of words, which spellings and endings leave
// mostly alone.
func fourLetters(words []word) map[[4]rune]bool {
	letters := []rune{' '}
	for _, w := range words {
		for _, letter := range w.form {
			letters = append(letters, letter)
		}
		letters = append(letters, ' ')
	}
	all := make(map[[4]rune]bool, len(letters))
	for i := range max(0, len(letters)-3) {
		all[[4]rune(letters[i:i+4])] = true
	}
	return all
}

// shared is the share of wanted that have holds.
func shared[K comparable](wanted, have map[K]bool) float64 {
	found := 0
	for w := range wanted {
		if have[w] {
			found++
		}
	}
	return float64(found) / float64(max(1, len(wanted)))
}
