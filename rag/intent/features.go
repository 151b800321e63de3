package intent

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The first letter of a piece says what it is.
const (
	wordPiece    = 'w'
	pairPiece    = 'p'
	lettersPiece = 'c'
)

// weightOf is how much a kind of piece counts: a word most, because its letters
// are counted beside it.
func weightOf(piece string) float64 {
	switch piece[0] {
	case wordPiece:
		return 1
	case pairPiece:
		return 0.7
	}
	return 0.45
}

// feature is a piece of a text that the vocabulary knows.
type feature struct {
	id     int
	weight float64
}

// vocabulary holds the pieces of all examples and how rare each is.
type vocabulary struct {
	ids    map[string]int
	rarity []float64
	// unknown is the rarity of a piece that no example has.
	unknown float64
}

// learn numbers the pieces in the order they are met.
func learn(texts [][]string) vocabulary {
	v := vocabulary{ids: map[string]int{}, unknown: math.Log(1 + float64(len(texts)))}
	var holders []int
	for _, text := range texts {
		seen := map[string]bool{}
		for _, piece := range text {
			if seen[piece] {
				continue
			}
			seen[piece] = true
			id, ok := v.ids[piece]
			if !ok {
				id = len(holders)
				v.ids[piece] = id
				holders = append(holders, 0)
			}
			holders[id]++
		}
	}
	for _, n := range holders {
		v.rarity = append(v.rarity, math.Log(1+float64(len(texts))/float64(n)))
	}
	return v
}

// vector gives the known pieces, with length 1 together, and which share of the
// text they are: what nobody said in an example makes a text less like all.
func (v vocabulary) vector(text []string) (row []feature, known float64) {
	counts := map[string]int{}
	for _, piece := range text {
		counts[piece]++
	}
	knownSquares, allSquares, length := 0.0, 0.0, 0.0
	// Sums run in the order of the text, so that they come out the same each time.
	for _, piece := range text {
		n := counts[piece]
		if n == 0 {
			continue
		}
		delete(counts, piece)
		id, ok := v.ids[piece]
		if !ok {
			allSquares += math.Pow(v.unknown*weightOf(piece), 2)
			continue
		}
		plain := v.rarity[id] * weightOf(piece)
		knownSquares += plain * plain
		allSquares += plain * plain
		weight := plain * (1 + math.Log1p(float64(n)))
		length += weight * weight
		row = append(row, feature{id, weight})
	}
	for i := range row {
		row[i].weight /= math.Sqrt(length)
	}
	if allSquares > 0 {
		known = math.Sqrt(knownSquares / allSquares)
	}
	slices.SortFunc(row, func(a, b feature) int { return a.id - b.id })
	return row, known
}

// pieces cuts a text into its words, its pairs of words and groups of three to
// five letters in them, without case and accents.
func pieces(text string) []string {
	words := fold(text)
	var found []string
	for i, word := range words {
		found = append(found, string(wordPiece)+word)
		if i > 0 {
			found = append(found, string(pairPiece)+words[i-1]+" "+word)
		}
		letters := []rune("<" + word + ">")
		for n := 3; n <= 5; n++ {
			for start := 0; start+n <= len(letters); start++ {
				found = append(found, string(lettersPiece)+string(letters[start:start+n]))
			}
		}
	}
	return found
}

func fold(text string) []string {
	bare := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(strings.ToLower(text)))
	return strings.FieldsFunc(bare, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func countWords(found []string) int {
	n := 0
	for _, piece := range found {
		if piece[0] == wordPiece {
			n++
		}
	}
	return n
}
