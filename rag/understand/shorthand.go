package understand

import "strings"

// Written writes out what people shorten on a phone: "dnd esta mi pedido" is "donde esta mi
// pedido", and "wheres my order" is "where is my order". All other words stay as they came.
func Written(locale, text string) string {
	short := spanishShort
	if isEnglish(locale) {
		short = englishShort
	}
	list := words(text)
	var out strings.Builder
	last := 0
	for i, w := range list {
		long, ok := short[w.folded]
		if !ok || w.kind != letters || beside(text, list, i) {
			continue
		}
		out.WriteString(text[last:w.start])
		out.WriteString(long)
		last = w.end
	}
	return out.String() + text[last:]
}

// Plain writes out what was shortened on a phone and, in English, what is shortened always:
// "it doesn't work" is "it does not work", as documents may have it.
func Plain(locale, text string) string {
	text = Written(locale, text)
	if !isEnglish(locale) {
		return text
	}
	var out strings.Builder
	last := 0
	for _, w := range words(text) {
		if long, ok := uncontracted(w.folded); ok {
			out.WriteString(text[last:w.start] + long)
			last = w.end
		}
	}
	return out.String() + text[last:]
}

func uncontracted(word string) (string, bool) {
	if long, ok := contractions[word]; ok {
		return long, true
	}
	for ending, long := range map[string]string{"n't": " not", "'re": " are", "'ve": " have", "'ll": " will", "'m": " am"} {
		if base, ok := strings.CutSuffix(word, ending); ok && base != "" {
			return base + long, true
		}
	}
	return "", false
}

// contractions are those that their parts do not tell.
var contractions = map[string]string{
	"won't": "will not", "can't": "can not", "shan't": "shall not", "what's": "what is", "where's": "where is", "when's": "when is", "how's": "how is", "who's": "who is",
	"it's": "it is", "that's": "that is", "here's": "here is", "there's": "there is",
}

// beside tells whether a word stands at a figure or a sign without a space between, or, of
// one letter, beside a figure: "2 x 1", "d-link" and "#x" are nothing that was shortened.
func beside(text string, list []word, i int) bool {
	w := list[i]
	before, after := i > 0 && list[i-1].end == w.start, i+1 < len(list) && list[i+1].start == w.end && list[i+1].kind == digits
	if before && !strings.ContainsAny(text[list[i-1].start:w.start], "¿¡(,.\"«“") || after {
		return true
	}
	if after = i+1 < len(list) && list[i+1].start == w.end; after && !strings.ContainsAny(text[w.end:list[i+1].end], "?!),.;:…\"»”") {
		return true
	}
	return w.end-w.start == 1 && (i > 0 && list[i-1].kind == digits || i+1 < len(list) && list[i+1].kind == digits)
}

// The words that are shortened on phones, folded, with what is meant.
var (
	spanishShort = shortened(`q que; k que; ke que; xq por que; pq por que; xk por que; pk por que; porq porque; x por; dnd donde; dnde donde; dond donde; cdo cuando; cnd cuando; cndo cuando;
		kiero quiero; kuanto cuanto; kuando cuando; komo como; aki aqui; tb tambien; tmb tambien; tbn tambien; pa para; dsd desde; hst hasta; tngo tengo; d de; dl del; m me; msj mensaje; mñn mañana; mñna mañana`)
	englishShort = shortened(`u you; ur your; r are; n and; hv have; plz please; msg message; abt about; cuz because; coz because; bcos because; tmrw tomorrow; tmr tomorrow; gimme give me; wanna want to; lemme let me; gotta got to;
		wheres where is; whats what is; whens when is; hows how is; whos who is; thats that is; heres here is; theres there is; im i am; ive i have; youre you are; theyre they are; youve you have;
		dont don't; doesnt doesn't; didnt didn't; isnt isn't; arent aren't; wasnt wasn't; werent weren't; hasnt hasn't; havent haven't; hadnt hadn't; cant can't; wont won't; couldnt couldn't; wouldnt wouldn't; shouldnt shouldn't`)
)

// shortened reads pairs of a short word and what it stands for.
func shortened(list string) map[string]string {
	all := map[string]string{}
	for pair := range strings.SplitSeq(list, ";") {
		short, long, _ := strings.Cut(strings.TrimSpace(pair), " ")
		all[foldWord(short)] = long
	}
	return all
}
