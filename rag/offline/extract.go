package offline

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
)

const (
	// leastSupport is the share of the question, by weight, that an answer has to
	// touch; below it the model has nothing to say.
	leastSupport = 0.35
	// mostUnheard is the share of the question, by weight, that may be in words
	// which no passage holds: from there on it is about something else.
	mostUnheard = 0.45
	// leastSubject is the share of what a price is asked of that has to stand by
	// the amount.
	leastSubject = 0.5
	// beforeLast is what a word counts that only the lines before the last one hold.
	beforeLast = 0.5
	// wanted is the length in bytes up to which an answer takes more sentences.
	wanted = 420
	// besideBest is how much of the best sentence's score another one needs.
	besideBest = 0.4
	// secondShare is how close another passage has to come to the best one for
	// a part of it to be added, secondLength how much may be.
	secondShare  = 0.7
	secondLength = 320
	// secondSupport is how much of the first one's support it needs.
	secondSupport = 0.6
	// sameQuestion is how much a FAQ question has to be the one asked for its answer
	// to need nothing but what stands under a heading of the same subject, and nearlySame
	// how much for it to need nothing of documents about something else.
	sameQuestion = 0.8
	sameSubject  = 0.5
	nearlySame   = 0.6
	// repeated is the share of a sentence that the answer may already hold.
	repeated = 0.75
	// headingCredit is what a word counts that stands over a sentence only,
	// titleCredit one that stands in the document's title only.
	headingCredit = 0.875
	titleCredit   = 0.5
	// kindCredit is what a word counts whose kind of thing is spoken of.
	kindCredit = 0.75
	// What a passage is ordered by, besides its best sentence: whether that holds
	// the kind of thing that is asked for (an amount to "how much"), how much of
	// the question the whole passage touches, how much its FAQ question or heading
	// is the question, its title, and its cosine.
	kindBonus     = 0.2
	wholeBonus    = 0.25
	likenessBonus = 0.35
	titleBonus    = 0.15
	nearnessBonus = 0.15
	// The parts of the support: the best sentence, the whole passage, the
	// likeness of its heading. otherKind is what remains of the first when the
	// sentence lacks the kind of thing that is asked for.
	supportUnit  = 0.6
	supportWhole = 0.2
	supportNear  = 0.2
	otherKind    = 0.75
	// beside is what remains of the score of a sentence about other places than the one that
	// is asked about, or without the number where nothing else is asked for.
	beside = 0.4
)

// reading is a passage held against the question.
type reading struct {
	passage rag.Passage
	units   []unit
	// scores are those of the units: how much of the question each touches, in
	// its place under the headings.
	scores []float64
	// support is the share of the question that the best unit touches, near how much
	// the heading or the FAQ question is the one asked, rank what readings are
	// ordered by.
	support, near, rank float64
}

// best is the unit that touches most of the question.
func (r reading) best() unit {
	top := 0
	for i := range r.scores {
		if r.scores[i] > r.scores[top] {
			top = i
		}
	}
	return r.units[top]
}

// asked is a question as passages are held against it.
type asked struct {
	// places are the stems of the places that the question names.
	places   []string
	features map[string]float64
	kinds    []kind
	// needed are those of the kinds without which nothing is an answer.
	needed []kind
	// price says that the price of something is asked.
	price bool
}

// extract answers with the sentences that touch most of the question. A FAQ pair
// whose question is the one asked goes first; when it does, the passage that says
// more about the same is added.
func (m *Model) extract(r rag.Request) rag.Draft {
	text := hereafter.ReplaceAllString(cmp.Or(r.Query, r.Question), "")
	folded := fold(text)
	q := asked{features: m.askedFeatures(r.Locale, text), kinds: kindsOf(folded), price: asksPrice.MatchString(folded)}
	if newest := fold(text[strings.LastIndexByte(text, '\n')+1:]); newest != folded && len(kindsOf(newest)) > 0 {
		q.kinds, q.price = kindsOf(newest), asksPrice.MatchString(newest)
	}
	if weight(q.features) < generalWeight {
		return abstain("a question with a subject")
	}
	q.places = m.concepts.places(r.Locale, text)
	m.newestPlace(&q, r.Locale, text)
	if m.raiseUnheard(q.features, r.Passages) >= mostUnheard {
		return abstain("a passage that knows the words of the question")
	}
	q.needed = slices.DeleteFunc(slices.Clone(q.kinds), func(k kind) bool { return k.needed == nil || !k.needed.MatchString(folded) })
	readings := make([]reading, 0, len(r.Passages))
	for _, p := range r.Passages {
		if m.ofOtherPlaces(q, p.Locale, p.Question+"\n"+p.Text) {
			continue // what holds elsewhere
		}
		if one := m.read(q, p); len(one.units) > 0 && (!q.price || m.pricesSubject(q, one)) && neededIn(folded, one.units) {
			readings = append(readings, one)
		}
	}
	slices.SortStableFunc(readings, func(a, b reading) int { return cmp.Compare(b.rank, a.rank) })
	if len(readings) == 0 || readings[0].support < leastSupport {
		return abstain("a passage that speaks of what is asked")
	}
	ownLanguageFirst(readings, r.Locale)
	if best := readings[0]; m.ofOtherPlaces(q, best.passage.Locale, best.best().meaning()) {
		return abstain("a passage that speaks of the place")
	}
	draft := m.compose(q, readings)
	switch said := m.saidOfPlace(q, r.Locale, text, readings[0]); {
	case said == "" || answersItself.MatchString(said):
	case !saysNo(said):
		draft.Answer = inLanguage(r.Locale, "Sí. ", "Yes. ") + draft.Answer
	case refuses.MatchString(fold(said)) && strings.HasPrefix(draft.Answer, said):
		draft.Answer = "No. " + draft.Answer
	}
	if language := knowledge.Language(readings[0].passage.Locale); language != knowledge.Language(r.Locale) {
		draft.Answer = foreign(draft.Answer, r.Locale)
	}
	return draft
}

// allTheSame matches the word for "all the same" at the end of a question, which looks like
// one about the same price.
var allTheSame = regexp.MustCompile(`(?i)\bigual([\s?!.]*)$`)

// asksShop matches folded questions about a shop as a place, where its word says what is
// asked about.
var asksShop = phrases(`(donde|horario|hora|abris|abren|cerrais|cierran|abre|cierra|ciudad|ciudades)`, `(where|hours|open|close|times|city|cities|what time)`, `(teneis|hay|tienen) (\w+ ){0,1}(tienda|tiendas)`, `(do you have|is there|are there) (\w+ ){0,1}(store|stores|shop|shops)`)

// shopWords are the stems of the words for a shop.
var shopWords = map[string]bool{"tiend": true, "tienda": true, "stor": true, "store": true, "shop": true, "local": true}

// askedFeatures are the features of a question. What stands in the lines before the last is
// what that leans on, and counts less than its own words.
func (m *Model) askedFeatures(locale, text string) map[string]float64 {
	text = otherMeans(locale, allTheSame.ReplaceAllString(text, "$1"))
	all := m.homely(m.concepts.features(locale, asShops(text)))
	if asksShop.MatchString(fold(text)) {
		for _, stem := range knowledge.Tokens(locale, text) {
			if shopWords[stem] {
				all[m.concepts.feature(stem)] = usualWeight
			}
		}
	}
	at := strings.LastIndexByte(text, '\n')
	if at < 0 {
		return all
	}
	newest := m.homely(m.concepts.features(locale, asShops(text[at+1:])))
	for f := range all {
		if newest[f] == 0 {
			all[f] *= beforeLast
		}
	}
	return all
}

// hereafter matches what a question says of when it would be, which tells nothing of what
// it is about, as in "can I pay with Bizum next time?".
var hereafter = regexp.MustCompile(`(?i)\b(?:(?:for |the )?next time|in (?:the )?future|(?:para )?(?:la )?pr[oó]xima vez|en el futuro|otro d[ií]a)\b`)

// anotherMeans matches a wish to have money by another way than it came.
var anotherMeans = regexp.MustCompile(`(?i)\b(?:(?:a|en|por|con) otra? (?:tarjeta|cuenta|medio|forma|banco)|(?:to|on|onto|into) (?:another|a different|other|some other) (?:card|account|bank|method))\b`)

// otherMeans puts such a wish beside the words of what the rules are about.
func otherMeans(locale, text string) string {
	if !anotherMeans.MatchString(text) {
		return text
	}
	return text + inLanguage(locale, " mismo medio de pago", " same payment method")
}

// homely gives words of the other language in a question the feature that they have there.
func (m *Model) homely(features map[string]float64) map[string]float64 {
	for f, w := range features {
		if w != rareWeight {
			continue
		}
		if here, ok := m.concepts.abroad(f); ok {
			delete(features, f)
			features[here] = m.concepts.weight[here]
		}
	}
	return features
}

// asksPresence matches folded questions whether something is at, or comes to, a place.
var asksPresence = phrases(`(teneis|tienen|hay|enviais|envian|repartis|entregais|llegais|servis|mandais)`, `(do you|is there|are there|can you) (have|ship|deliver|send|any|a|an|shop|store)?`)

// saidOfPlace is the best sentence, where the question is whether something is at a place
// and the sentence names that place: it is a yes, or a no. Whether a shop has parking is not
// said by where it is.
func (m *Model) saidOfPlace(q asked, locale, text string, best reading) string {
	said := best.best().text
	if !asksPresence.MatchString(fold(text)) || len(kindsOf(fold(text))) > 0 || knowledge.Language(best.passage.Locale) != knowledge.Language(locale) {
		return ""
	}
	asked := m.concepts.places(locale, text)
	if m := inPlace.FindStringSubmatch(text); m != nil {
		asked = knowledge.Tokens(locale, m[1])
	}
	if len(asked) != 1 || !slices.Contains(knowledge.Tokens(locale, said), asked[0]) {
		return ""
	}
	own := m.concepts.features(locale, said)
	for f, w := range q.features {
		if (w == rareWeight || w == unheardWeight) && own[f] == 0 {
			return ""
		}
	}
	return said
}

// inPlace matches a name behind the word that a place stands behind.
var inPlace = regexp.MustCompile(`(?:\ben|\ba|\bin|\bto) (\p{Lu}\p{L}+)`)

var (
	denies = phrases(`(no|ni|nunca|tampoco|sin|excepto|salvo|solo|not|never|except|only|cannot|without)`)
	// refuses matches what the shop says that it does not do.
	refuses       = phrases(`no (\w+ ){0,1}(enviamos|enviais|entregamos|repartimos|vendemos|hacemos|tenemos|llegamos|servimos)`, `(we )?(do not|don t|cannot|can t) (\w+ ){0,1}(ship|deliver|send|have|sell|make|serve)`)
	answersItself = regexp.MustCompile(`(?i)^\W*(sí|si|no|yes)\b`)
)

// newestPlace leaves of the places only those of the last line, where that names one: who
// asks "and to the Canaries?" has done with the mainland.
func (m *Model) newestPlace(q *asked, locale, text string) {
	at := strings.LastIndexByte(text, '\n')
	newest := m.concepts.places(locale, text[at+1:])
	if at < 0 || len(newest) == 0 {
		return
	}
	for _, stem := range q.places {
		still := func(other string) bool { return m.concepts.feature(other) == m.concepts.feature(stem) }
		if !slices.ContainsFunc(newest, still) {
			delete(q.features, m.concepts.feature(stem))
		}
	}
	q.places = newest
}

// ownLanguage is how near a reading in the customer's language has to come to a better one
// in another to be taken: the same thing said in their language is worth more than a
// quotation.
const ownLanguage = 0.75

// ownLanguageFirst puts the best reading in the customer's language first, when it comes
// near the best of all, and one that is the best one's counterpart in any case.
func ownLanguageFirst(readings []reading, locale string) {
	own := func(r reading) bool { return knowledge.Language(r.passage.Locale) == knowledge.Language(locale) }
	near := ownLanguage * readings[0].rank
	at := slices.IndexFunc(readings, func(r reading) bool { return rag.Counterparts(r.passage, readings[0].passage) && own(r) })
	if at < 0 {
		at = slices.IndexFunc(readings, own)
	} else {
		near = 0
	}
	if at <= 0 || readings[at].support < leastSupport || readings[at].rank < near {
		return
	}
	best := readings[at]
	copy(readings[1:at+1], readings[:at])
	readings[0] = best
}

// foreign gives what was found in the other language as a quotation, with a word on it in
// the customer's own: the model does not translate.
func foreign(answer, locale string) string {
	answer = strings.Trim(answer, " \n")
	if knowledge.Language(locale) == "en" {
		return "I have this in Spanish only:\n“" + answer + "”"
	}
	return "Esto solo lo tengo en inglés:\n«" + answer + "»"
}

// raiseUnheard gives the words that no passage holds the weight of what is
// missing, and returns their share. The concepts of a shop are spared: they stand
// for too many words.
func (m *Model) raiseUnheard(question map[string]float64, passages []rag.Passage) float64 {
	heard := map[string]bool{}
	for _, p := range passages {
		for f := range m.concepts.features(p.Locale, strings.Join([]string{p.Title, p.Heading, p.Question, p.Text}, "\n")) {
			heard[f] = true
		}
	}
	unheard, places := 0.0, 0.0
	for f, w := range question {
		if w == placeWeight {
			places += w // where something is asked about is not what is asked
		}
		if w == rareWeight && !heard[f] {
			question[f] = unheardWeight
			unheard += unheardWeight
		}
	}
	return unheard / max(weight(question)-places, faintWeight)
}

// pricesSubject tells whether a sentence of the passage holds an amount and, there,
// in the sentence before or above it, what the amount is asked of. How to set up a vacuum does not say
// what it costs, nor does the price of shipping.
func (m *Model) pricesSubject(q asked, r reading) bool {
	subject := map[string]float64{}
	for f, w := range q.features {
		if f != "=price" && w > faintWeight {
			subject[f] = w
		}
	}
	section := m.concepts.features(r.passage.Locale, lastHeading(r.passage.Heading)+"\n"+r.passage.Question)
	title := m.concepts.features(r.passage.Locale, r.passage.Title+"\n"+r.passage.Heading)
	return len(subject) == 0 || slices.ContainsFunc(r.units, func(u unit) bool {
		// "Fridges are delivered by appointment. Delivery costs €39."
		own := m.concepts.features(r.passage.Locale, u.before+"\n"+u.meaning())
		return price.MatchString(u.text) && covered(subject, own, section, title) >= leastSubject
	})
}

// compose takes the best units of the best reading, and of the next one that
// comes close and says something else.
func (m *Model) compose(q asked, readings []reading) rag.Draft {
	best := readings[0]
	answer := best.told(m.choose(best, wanted, nil, false))
	draft := rag.Draft{Answer: answer, Citations: []string{best.passage.ID}, Support: best.support}
	said := m.concepts.features(best.passage.Locale, answer)
	for _, next := range readings[1:] {
		if next.rank < secondShare*best.rank || next.passage.Locale != best.passage.Locale {
			break
		}
		if next.support < secondSupport*best.support || m.elsewhere(q, answer, next.passage) {
			continue
		}
		if m.besides(q, best, next) {
			continue
		}
		more := next.told(m.choose(next, secondLength, said, saysNo(answer)))
		if more == "" {
			continue
		}
		switch {
		case strings.HasPrefix(more, strings.TrimSuffix(answer, ".")):
			draft.Answer = more
		case figuresBeyond(answer, more):
			draft.Answer += "\n" + more
		}
		draft.Citations = append(draft.Citations, next.passage.ID)
		break
	}
	return draft
}

// besides tells whether what another passage says is beside the question: the FAQ has the very
// question, or the other brings nothing more of what is asked, and the best one stands under it
// or the other in a document about something else.
func (m *Model) besides(q asked, best, next reading) bool {
	if best.passage.Question != "" && (best.near >= sameQuestion && next.near < sameSubject || best.near >= nearlySame && m.ofOtherSubject(q, next.passage)) {
		return true
	}
	if m.adds(q, best, next) {
		return false
	}
	if next.near >= sameSubject {
		return !m.asksOf(q, next)
	}
	return best.near >= sameQuestion || best.near >= nearlySame && next.near == 0 ||
		next.passage.DocumentID != best.passage.DocumentID && m.elsewhereBy(q, next.passage.Locale, next.passage.Title) || !m.asksOf(q, next)
}

// adds tells whether the best sentence of another passage touches what the best one leaves out
// of a question, or is of a kind that is asked for and that one is not.
func (m *Model) adds(q asked, best, next reading) bool {
	said, more := m.spoken(best), m.spoken(next)
	ofOther := slices.ContainsFunc(slices.Collect(maps.Keys(said)), func(f string) bool { return things[f] && q.features[f] == 0 })
	for f, w := range q.features {
		if w > faintWeight && more[f] > 0 && said[f] == 0 && (!things[f] || ofOther) {
			return true
		}
	}
	return slices.ContainsFunc(q.kinds, func(k kind) bool { return k.in(next.best().text) && !k.in(best.best().text) })
}

// spoken are the features of the best sentence of a passage with what stands over it.
func (m *Model) spoken(r reading) map[string]float64 {
	return m.concepts.features(r.passage.Locale, r.best().meaning()+"\n"+lastHeading(r.passage.Heading)+"\n"+r.passage.Question)
}

// elsewhereBy tells whether a title speaks of a shop's business, and of nothing that the
// question speaks of.
func (m *Model) elsewhereBy(q asked, locale, title string) bool {
	other := false
	for f, w := range m.concepts.features(locale, title) {
		if q.features[f] > 0 && w > faintWeight {
			return false
		}
		other = other || w >= usualWeight && m.concepts.weight[f] > 0
	}
	return other
}

// asksOf tells whether the best sentence of a passage touches more of the question than the
// thing that it is about: how a vacuum is set up is no part of whether its price is matched.
func (m *Model) asksOf(q asked, r reading) bool {
	own := m.spoken(r)
	for f, w := range q.features {
		if w > faintWeight && own[f] > 0 && !things[f] {
			return true
		}
	}
	return false
}

// things are the concepts of what is sold, which many rules hold for.
var things = map[string]bool{
	"=robot": true, "=headphones": true, "=inear": true, "=bulb": true, "=washer": true, "=fridge": true, "=phone": true, "=tablet": true, "=tv": true, "=speaker": true,
	"=coffee": true, "=lamp": true, "=kettle": true, "=fan": true, "=purifier": true, "=keyboard": true, "=pan": true,
}

// figure matches a number with the word behind it: "14 days", "7,99 €", "30 días".
var figure = regexp.MustCompile(`[€$£]?\d[\d.,:]*(?: ?\p{L}+| ?[€$£%])?`)

// figuresBeyond tells whether what another document says has a figure that the answer has not,
// or none at all. Otherwise it says the same again: it is a second source, and told once.
func figuresBeyond(answer, more string) bool {
	figures := figure.FindAllString(fold(more), -1)
	told := figure.FindAllString(fold(answer), -1)
	return len(figures) == 0 || slices.ContainsFunc(figures, func(f string) bool { return !slices.Contains(told, f) })
}

// elsewhere tells whether a passage speaks of another place than what was
// answered: it answers for a place that is not asked about, or it lacks the city
// that the answer names, and speaks of the region at most.
func (m *Model) elsewhere(q asked, answer string, p rag.Passage) bool {
	for _, stem := range m.concepts.places(p.Locale, p.Question) {
		if q.features[m.concepts.feature(stem)] == 0 {
			return true
		}
	}
	named := m.concepts.places(p.Locale, answer)
	own := m.concepts.places(p.Locale, p.Text)
	return slices.ContainsFunc(q.places, func(place string) bool {
		return slices.Contains(named, place) && !slices.Contains(own, place)
	})
}

// ofOtherSubject tells whether a document is by its title about something that the question
// does not speak of: how long refunds take is nothing beside how long shipping does.
func (m *Model) ofOtherSubject(q asked, p rag.Passage) bool {
	for f, w := range m.concepts.features(p.Locale, p.Title) {
		if w >= usualWeight && m.concepts.weight[f] > 0 && q.features[f] == 0 {
			return true
		}
	}
	return false
}

// told writes the taken units. Items of a list that a heading denies say the contrary
// without it: "What we do not ship".
func (r reading) told(taken map[int]bool) string {
	text := join(r.units, taken)
	if heading := lastHeading(r.passage.Heading); strings.HasPrefix(text, "• ") && saysNo(heading) {
		return strings.TrimSuffix(strings.TrimPrefix(heading, "> "), ":") + ":\n" + text
	}
	return text
}

// saysNo tells whether a text denies something.
func saysNo(text string) bool { return denies.MatchString(fold(text)) }

// choose marks the units to take, best first, up to a length; the best one fits
// always. What was said already is not taken again; what denies it was not said.
func (m *Model) choose(r reading, length int, said map[string]float64, deniedBefore bool) map[int]bool {
	order := make([]int, len(r.units))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.scores[b], r.scores[a]) })
	taken := map[int]bool{}
	used := 0
	for _, i := range order {
		size := len(r.units[i].text)
		if len(taken) > 0 && (used+size > length || r.scores[i] < besideBest*r.scores[order[0]]) {
			continue
		}
		contrary := saysNo(r.units[i].meaning()+" "+lastHeading(r.passage.Heading)) && !deniedBefore
		if !contrary && touched(m.concepts.features(r.passage.Locale, r.units[i].meaning()), said) > repeated {
			continue
		}
		taken[i] = true
		used += size
	}
	if next := order[0] + 1; next < len(r.units) && used+len(r.units[next].text) <= length && goesOn(r.units[next], r.units[order[0]]) {
		taken[next] = true
	}
	return taken
}

// leans matches sentences that speak of the one before them, by the word that they begin with.
var leans = regexp.MustCompile(`^(?:It|They|This|These|That|Est[aeo]s?|Es[aeo]s?|Ellos?|Ellas?) `)

// goesOn tells whether a sentence goes on with the subject of the one before it: "Our
// workshop is in Zaragoza. It is not open to the public.".
func goesOn(u, before unit) bool {
	return !u.line && u.before == before.text && leans.MatchString(u.text)
}

func (m *Model) read(q asked, p rag.Passage) reading {
	r := reading{passage: p, units: units(p.Text)}
	section := m.concepts.features(p.Locale, lastHeading(p.Heading)+"\n"+p.Question)
	title := m.concepts.features(p.Locale, p.Title+"\n"+p.Heading)
	best := 0.0
	for _, u := range r.units {
		own := m.concepts.features(p.Locale, u.meaning())
		score := covered(q.features, own, section, title)
		if m.ofOtherPlaces(q, p.Locale, u.meaning()) || q.needs(u.text) || q.leavesOut(own, section) {
			score *= beside
		}
		support := score
		switch {
		case slices.ContainsFunc(q.kinds, func(k kind) bool { return k.in(u.text) }):
			score += kindBonus
		case len(q.kinds) > 0:
			support *= otherKind
		}
		if score > best {
			best, r.support = score, support
		}
		r.scores = append(r.scores, score)
	}
	text := m.concepts.features(p.Locale, p.Text)
	whole := covered(q.features, text, section, title)
	r.near = likeness(q.features, section)
	r.rank = best + wholeBonus*whole + nearnessBonus*p.Dense + likenessBonus*r.near
	r.support = supportUnit*r.support + supportWhole*whole + supportNear*r.near
	r.support *= 1 - lacking(q.features, text, section, title)
	if p.Question == "" {
		r.rank += titleBonus * likeness(q.features, m.concepts.features(p.Locale, p.Title))
	}
	return r
}

// lacking is the share of the wanted features, by weight, that are words of no shop in
// particular and stand nowhere here: another passage has them, and may be what is asked for.
func lacking(wanted map[string]float64, sets ...map[string]float64) float64 {
	missing := 0.0
	for f, w := range wanted {
		if w == rareWeight && !slices.ContainsFunc(sets, func(set map[string]float64) bool { return set[f] > 0 }) {
			missing += w
		}
	}
	return missing / max(weight(wanted), rareWeight)
}

// needs tells whether a sentence lacks the thing without which nothing is an answer.
func (q asked) needs(text string) bool {
	return slices.ContainsFunc(q.needed, func(k kind) bool { return !k.in(text) })
}

// ofOtherPlaces tells whether a sentence is about places, and about none that is asked for.
func (m *Model) ofOtherPlaces(q asked, locale, text string) bool {
	if len(q.places) == 0 {
		return false
	}
	named := m.concepts.places(locale, text)
	return len(named) > 0 && !slices.ContainsFunc(named, func(stem string) bool { return q.features[m.concepts.feature(stem)] > 0 })
}

// leavesOut tells whether a sentence stands in an answer or a section about one place, or one
// way of shipping, that the question does not speak of, and does not name it: "it takes 7
// to 12 days" is so for the Canaries, and tells who asks how long shipping takes something wrong.
func (q asked) leavesOut(own, section map[string]float64) bool {
	for f, w := range section {
		if (w == placeWeight || narrows[f]) && own[f] == 0 && q.features[f] == 0 && !q.isOf(f) {
			return true
		}
	}
	return false
}

// narrows are what the rules of a section hold for alone, where its heading names it.
var narrows = map[string]bool{"=express": true, "=bulky": true}

// isOf tells whether the question speaks of a thing of this kind.
func (q asked) isOf(kind string) bool {
	for f := range q.features {
		if isA[f] == kind {
			return true
		}
	}
	return false
}

// lastHeading is the innermost heading of a path.
func lastHeading(path string) string {
	return path[strings.LastIndex(path, " > ")+1:]
}

// covered is the share of the wanted features, by weight, that a sentence has,
// or, for less, the heading over it and the title.
func covered(wanted, own, section, title map[string]float64) float64 {
	shared := 0.0
	for f, w := range wanted {
		switch {
		case own[f] > 0:
			shared += w
		case section[f] > 0:
			shared += headingCredit * w
		case own[isA[f]] > 0 || section[isA[f]] > 0:
			shared += kindCredit * w
		case title[f] > 0:
			shared += titleCredit * w
		}
	}
	if total := weight(wanted); total > 0 {
		return shared / total
	}
	return 0
}

// isA names the kind of things that rules speak of where a thing is asked about.
var isA = map[string]string{"=fridge": "=bulky", "=washer": "=bulky"}

// touched is the share of the wanted features, by weight, that the others have.
func touched(wanted, others map[string]float64) float64 { return covered(wanted, others, nil, nil) }

// likeness is the overlap of Dice by weight.
func likeness(a, b map[string]float64) float64 {
	shared := 0.0
	for f, w := range a {
		if b[f] > 0 {
			shared += w + b[f]
		}
	}
	if total := weight(a) + weight(b); total > 0 {
		return shared / total
	}
	return 0
}

func weight(features map[string]float64) float64 {
	sum := 0.0
	for _, w := range features {
		sum += w
	}
	return sum
}
