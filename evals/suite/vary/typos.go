package vary

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
)

// neighbours are the keys beside each letter, on Spanish and English keyboards alike.
var neighbours = map[rune]string{
	'q': "wa", 'w': "qes", 'e': "wrd", 'r': "etf", 't': "ryg", 'y': "tuh", 'u': "yij", 'i': "uok", 'o': "ipl", 'p': "ol",
	'a': "qsz", 's': "adwx", 'd': "sfec", 'f': "dgrv", 'g': "fhtb", 'h': "gjyn", 'j': "hkum", 'k': "jlio", 'l': "kop", 'ñ': "lp",
	'z': "xas", 'x': "zcsd", 'c': "xvdf", 'v': "cbfg", 'b': "vngh", 'n': "bmhj", 'm': "njk",
}

// turning are words that change what a sentence says; nobody could answer it then.
var turning = []string{"nunca", "nada", "nadie", "never", "nothing", "without", "cannot", "don't", "can't", "didn't", "doesn't", "isn't", "won't"}

// typos makes one mistake in at least one word that is long enough, and in about every
// fourth.
func typos(message string, random *rand.Rand) string {
	list := pieces.FindAllString(message, -1)
	var able []int
	for i, piece := range list {
		_, word, _ := core(piece)
		if !kept(piece) && len([]rune(word)) >= 4 && !slices.Contains(turning, strings.ToLower(word)) {
			able = append(able, i)
		}
	}
	if len(able) == 0 {
		return message
	}
	random.Shuffle(len(able), func(i, j int) { able[i], able[j] = able[j], able[i] })
	for _, i := range able[:1+(len(able)-1)/4] {
		before, word, after := core(list[i])
		list[i] = before + mistype(word, random) + after
	}
	return strings.Join(list, "")
}

// mistype makes one of the mistakes of thumbs. The first letter stays: people see it.
func mistype(word string, random *rand.Rand) string {
	letters := []rune(word)
	at := 1 + random.IntN(len(letters)-2)
	switch random.IntN(4) {
	case 0:
		if letters[at] != letters[at+1] {
			letters[at], letters[at+1] = letters[at+1], letters[at]
			return string(letters)
		}
	case 1:
		return string(slices.Delete(letters, at, at+1))
	case 2:
		if near := []rune(neighbours[unicode.ToLower(letters[at])]); len(near) > 0 {
			letters[at] = near[random.IntN(len(near))]
			return string(letters)
		}
	}
	return string(slices.Insert(letters, at, letters[at]))
}
