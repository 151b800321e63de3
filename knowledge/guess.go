package knowledge

import (
	"strings"
	"unicode"
)

const (
	// guessWords is how many words of a text are looked at to find its language.
	guessWords = 2000
	// guessHits is how many of them have to be function words of the language.
	guessHits = 8
	// guessLead is how many times more often than the words that only another language
	// has those have to come that the other one has not.
	guessLead = 3
)

// guessLocale finds out whether a text is Spanish or English by the words that hold
// sentences together. It says nothing unless it is certain: not of a short text, of
// one in both languages, or of one in a third, whose words are known for this alone.
func guessLocale(text string) string {
	// Related languages share words, so that sets of languages are counted.
	sets, words := map[languages]int{}, 0
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if in := functionWords[strings.ToLower(word)]; in != 0 {
			sets[in]++
		}
		if words++; words == guessWords {
			break
		}
	}
	for i, locale := range []string{"es", "en"} {
		if certain(sets, languages(1)<<i, words) {
			return locale
		}
	}
	return ""
}

// certain says whether a text of so many words is in the language.
func certain(sets map[languages]int, language languages, words int) bool {
	hits := 0
	for in, n := range sets {
		if in&language != 0 {
			hits += n
		}
	}
	// In prose a third of all words are among these; in a list of names hardly any.
	if hits < guessHits || hits*10 < words {
		return false
	}
	for other := languages(1); other < 1<<len(functionWordLists); other <<= 1 {
		own, foreign := 0, 0
		for in, n := range sets {
			switch {
			case in&language != 0 && in&other == 0:
				own += n
			case in&language == 0 && in&other != 0:
				foreign += n
			}
		}
		if other != language && own < max(2, foreign*guessLead) {
			return false
		}
	}
	return true
}

// languages is a set of places in functionWordLists.
type languages uint16

// functionWordLists are the words by language: Spanish and English first, then those
// that could be mistaken for them.
var functionWordLists = [9]string{
	`el la los las de del y en que un una con por para es se su sus no al lo como más pero sin este esta si cuando
			muy puede tu te usted está son ser hay desde hasta o ya también le`,
	`the of and to in is for that you with are this be or your can it on as if from at by not an have will we our
			was what how when which has do does their`,
	`o a os as de do da dos das em no na nos nas e que um uma com por para é se seu sua não ao como mais mas sem
			este esta quando muito pode você são ser desde até ou já também pelo pela`,
	`le la les de des du et en que un une avec pour est se son sa ne au ce comme plus mais sans cette si quand
			vous votre sur dans pas sont ou qui par il nous`,
	`il la i gli le di del della e in che un una con per è si suo sua non al come più ma senza questo questa se
			quando molto può sono o anche da dei nel alla lo`,
	`el la els les de del i en que un una amb per és es seu seva no al com més però sense aquest aquesta si quan
			molt pot són o també dels pel als`,
	`o a os as de do da e en que un unha con por para é se seu súa non ao como máis pero sen este esta cando moi
			pode son ou tamén polo pola no na`,
	`der die das und in ist für dass sie mit sind ein eine nicht zu den von auf im dem auch wenn oder bei wird`,
	`de het een en van in is voor dat je met zijn niet te op als of bij uw kan wordt ook aan`,
}

// functionWords says of a word in which languages it holds sentences together.
var functionWords = languagesOf(functionWordLists)

func languagesOf(lists [9]string) map[string]languages {
	all := map[string]languages{}
	for i, words := range lists {
		for word := range strings.FieldsSeq(words) {
			all[word] |= 1 << i
		}
	}
	return all
}
