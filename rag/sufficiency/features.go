package sufficiency

import (
	"maps"
	"math"
	"slices"
	"strings"
)

// The names of the features. "asked" are the different words of the question that carry a
// subject, each weighing the more the fewer of the passages say it.
const (
	featDense         = "dense"          // nearness in meaning of the first document
	featDenseMargin   = "dense_margin"   // its lead over the next one
	featLexical       = "lexical_share"  // its score by words, as a share of what is possible
	featLexicalAll    = "lexical"        // log of that score
	featLexicalMargin = "lexical_margin" // its relative lead
	featLexicalGap    = "lexical_gap"    // the lead of the first passage over the mean of the next
	featFourth        = "lexical_fourth" // what the fourth document has of the first one's score by words
	featSeventh       = "lexical_seventh"
	featAgree         = "agree" // 1 if words and meaning put it first

	featWords   = "words"   // log of how many words are asked
	featLength  = "length"  // log of how many words the last message has
	featNames   = "names"   // how many names the question has
	featFigures = "figures" // 1 if it has a figure
	featUnknown = "unknown" // asked words that are in no passage

	featCovered    = "covered"          // asked words in the passage
	featSentence   = "sentence"         // in its best sentence
	featSecond     = "second"           // in its next one
	featWindow     = "window"           // in its best run of words
	featLead       = "covered_lead"     // asked words in the document that has most, beyond the next one
	featLeadAll    = "covered_lead_all" // beyond the fifth
	featAll        = "all"              // 1 if the passage has all of them
	featMissing    = "missing"          // how many it lacks
	featAbsent     = "absent"           // how many the sentence lacks
	featRarest     = "rarest_missing"   // weight of the rarest that is lacking
	featRarestHere = "rarest_absent"
	featRarestHit  = "rarest_found"
	featFirst      = "first_missing" // 1 if the first of them is lacking
	featLast       = "last_missing"
	featName       = "name_missing" // how many names are lacking
	featNameHere   = "name_absent"
	featFigure     = "figure_missing" // how many figures
	featFigureHere = "figure_absent"

	featPairs       = "pairs"         // pairs of words side by side, in the passage
	featTriples     = "triples"       // the same of three
	featPairsHere   = "pairs_here"    // pairs in the sentence
	featSubject     = "subject_pairs" // pairs of asked words
	featOrder       = "order"         // longest common subsequence with the passage
	featOrderHere   = "order_here"    // of asked words, with the sentence
	featOpposed     = "opposed"       // how many words of the question the passage says the contrary of
	featOpposedHere = "opposed_here"  // the same of the sentence
	featUnlike      = "unlike"        // asked words of which the sentence has not even the beginning
	featGrams       = "grams"         // runs of four letters
	featGramsHere   = "grams_here"
	featLengthHere  = "sentence_length"
	featPassage     = "passage_length"
	featNew         = "new_words" // log of the words of the sentence that are not in the question

	featDenies      = "denies"       // 1 if the question denies something
	featDeniesHere  = "denies_here"  // 1 if the sentence does
	featDeniesAlone = "denies_alone" // 1 if only the question does
	featDenied      = "denied"       // 1 if only the sentence does
	featFitsName    = "fits_name"    // 1 if who or where is asked and the sentence has a new name, -1 without
	featFitsCount   = "fits_count"   // the same of how many, and figures
	featFitsWhen    = "fits_when"    // of when, and figures
	featFitsYear    = "fits_year"    // of when, and years
	featAsks        = "asks_"        // begins the names of what is asked for: 1 or 0
	featFollowUp    = "follow_up"    // 1 if something was said before
	featTurns       = "turns"        // how much
	featSaid        = "said"         // asked words of the last message that were said before
	featLeans       = "leans"        // 1 if it has words that stand for others
	featVague       = "vague"        // 1 if it speaks of a kind of thing as if one was known
	featHeard       = "heard"        // how much of what we said last stands in one passage
	featYesNo       = "yes_no"       // 1 if yes or no would answer it
	featQuestion    = "question"     // 1 if the message asks, and does not only name something
	featNotKnown    = "not_known"    // 1 if our last answer was that we don't know
)

// TopicFeatures tell whether the passages are about what is asked, and HoldsFeatures
// whether one that is about it says it. FollowUpFeatures are of what was said before.
func TopicFeatures() []string {
	return []string{
		featAgree, featAll, featSentence, featCovered, featDense, featDenseMargin, featFigure, featFitsName, featFitsCount, featFitsWhen,
		featGrams, featWords, featLexical, featLexicalGap, featLexicalMargin, featRarest, featName, featDeniesAlone, featDenies, featAbsent,
		featPairsHere, featSecond, featTriples, featWindow, featUnlike, featLead, featLeadAll, featAsks + string(asksHow), featAsks + string(asksWhen), featAsks + string(asksWho),
	}
}

// HoldsFeatures is described at TopicFeatures.
func HoldsFeatures() []string {
	names := append(TopicFeatures(), featSubject, featFigureHere, featFigures, featFitsYear, featGramsHere, featLast, featFirst, featOrder, featOrderHere,
		featLexicalAll, featRarestHere, featNameHere, featNames, featDenied, featDeniesHere, featNew, featMissing, featPairs, featPassage,
		featRarestHit, featLengthHere, featUnknown, featOpposed, featOpposedHere)
	for _, k := range []answerKind{asksCount, asksWhat, asksWhere, asksWhich, asksWhy} {
		names = append(names, featAsks+string(k))
	}
	return names
}

// FollowUpFeatures is described at TopicFeatures.
func FollowUpFeatures() []string {
	return []string{featVague, featTurns, featSaid, featLeans, featLength, featWindow, featOrderHere, featLexicalAll, featPassage, featName, featHeard, featYesNo, featQuestion}
}

// looked is how many of the passages are looked into for the sentence that answers.
const looked = 3

// question is a Question that was read.
type question struct {
	words []word // of Query
	asked []word // those that carry a subject, each once
	// found counts in how many passages each asked stem is.
	found map[string]int
	total float64
}

// weighed is how many of the passages are read to weigh the words of the question.
const weighed = 8

// weight is what an asked word counts.
func (q *question) weight(w word) float64 {
	return math.Log(1 + (weighed+1)/(1+float64(q.found[w.stem])))
}

// covered is the share of the asked words, by weight, that has says yes to.
func (q *question) covered(has map[string]bool) float64 {
	return q.coveredBy(func(stem string) bool { return has[stem] })
}

func (q *question) coveredBy(has func(stem string) bool) float64 {
	sum := 0.0
	for _, w := range q.asked {
		if has(w.stem) {
			sum += q.weight(w)
		}
	}
	return sum / q.total
}

// Features says in numbers what speaks for an answer to the question in the passages, which
// come best first. It looks up nothing else.
func Features(q Question, found []Passage) map[string]float64 { return features(q, found, texts.read) }

// none are the features of a question about which nothing is known: what there is none of
// is none, and not unknown.
func none() map[string]float64 {
	names := slices.Concat(HoldsFeatures(), FollowUpFeatures())
	f := make(map[string]float64, len(names)+6) // with those that are added
	f[featFollowUp], f[featNotKnown], f[featFourth], f[featSeventh] = 0, 0, 0, 0
	for _, name := range names {
		f[name] = 0
	}
	return f
}

func features(q Question, found []Passage, read func(texts) *passage) map[string]float64 {
	f := none()
	r := newReader(q.Locale)
	if q.Query == "" {
		q.Query = q.Text
	}
	asked := readQuestion(r, q.Query)
	passages := make([]*passage, min(weighed, len(found)))
	for i, p := range found[:len(passages)] {
		passages[i] = read(texts{q.Locale, p.Title, p.Heading, p.Question, p.Text})
		for stem := range passages[i].stems {
			if n, ok := asked.found[stem]; ok {
				asked.found[stem] = n + 1
			}
		}
	}
	for _, w := range asked.asked {
		asked.total += asked.weight(w)
	}
	asked.describe(f, q.Text)
	retrieved(f, found)
	rivals(f, found)
	before(f, r, q, asked)
	heard(f, r, q, passages)
	if len(passages) > 0 {
		p, at := asked.best(f, passages[:min(looked, len(passages))])
		asked.lead(f, found, passages)
		asked.lacking(f, p, at)
		asked.side(f, p, p.sentence(at))
		asked.fits(f, kindOf(q.Text), p.sentence(at))
	}
	return f
}

func readQuestion(r *reader, text string) *question {
	q := &question{words: r.words(text), found: map[string]int{}, total: 1e-9}
	for _, w := range q.words {
		if _, twice := q.found[w.stem]; w.content && !twice {
			q.found[w.stem] = 0
			q.asked = append(q.asked, w)
		}
	}
	return q
}

// describe sets what the question alone says.
func (q *question) describe(f map[string]float64, text string) {
	f[featWords] = math.Log1p(float64(len(q.asked)))
	for _, w := range q.words {
		if w.name {
			f[featNames]++
		}
		if w.figure {
			f[featFigures] = 1
		}
	}
	unknown := 0.0
	for _, w := range q.asked {
		if q.found[w.stem] == 0 {
			unknown += q.weight(w)
		}
	}
	f[featUnknown] = unknown / q.total
	asks := kindOf(text)
	for _, k := range answerKinds {
		f[featAsks+string(k.kind)] = indicator(k.kind == asks)
	}
}

// noScore is up to where a score is none, so that a share of it is finite.
const noScore = 1e-9

// retrieved sets what the search says of the first document.
func retrieved(f map[string]float64, found []Passage) {
	if len(found) == 0 {
		return
	}
	var self, lexical, otherDense, otherLexical, behind float64
	for i, p := range found {
		self = max(self, p.Self)
		if p.Document == found[0].Document {
			f[featDense], lexical = max(f[featDense], p.Dense), max(lexical, p.Lexical)
		} else {
			otherDense, otherLexical = max(otherDense, p.Dense), max(otherLexical, p.Lexical)
		}
		if i > 0 && i < 5 {
			behind += p.Lexical / float64(min(4, len(found)-1))
		}
	}
	f[featDenseMargin] = f[featDense] - otherDense
	f[featLexicalAll] = math.Log1p(lexical)
	if self > noScore {
		f[featLexical] = lexical / self
	}
	if lexical > noScore {
		f[featLexicalMargin] = (lexical - otherLexical) / max(lexical, otherLexical)
		f[featLexicalGap] = (lexical - behind) / lexical
	}
	f[featAgree] = indicator(found[0].DenseRank == 1 && found[0].LexicalRank == 1)
}

// rivals sets how far by words the documents behind the first one are.
func rivals(f map[string]float64, found []Passage) {
	of := make(map[string]float64, len(found))
	for _, p := range found {
		of[p.Document] = max(of[p.Document], p.Lexical)
	}
	scores := slices.Sorted(maps.Values(of))
	slices.Reverse(scores)
	for _, one := range []struct {
		name  string
		place int
	}{{featFourth, 3}, {featSeventh, 6}} {
		if one.place < len(scores) && scores[0] > noScore {
			f[one.name] = scores[one.place] / scores[0]
		}
	}
}

// best finds the sentence that covers most of the question, in the passage that does, and
// sets how much that is. A passage further down has to cover more. The sentence is given
// by its place, -1 in a passage without any.
func (q *question) best(f map[string]float64, passages []*passage) (chosen *passage, place int) {
	most := math.Inf(-1)
	for i, p := range passages {
		at, here, second := q.bestSentence(p)
		whole := q.covered(p.stems)
		if score := whole + here - 0.1*float64(i); score > most {
			most, chosen, place = score, p, at
			f[featCovered], f[featSentence], f[featSecond] = whole, here, second
		}
	}
	return chosen, place
}

// lead sets by how much the document that covers most of the question is ahead.
func (q *question) lead(f map[string]float64, found []Passage, passages []*passage) {
	covered := map[string]float64{}
	for i, p := range passages {
		document := found[i].Document
		covered[document] = max(covered[document], q.covered(p.stems))
	}
	list := slices.Sorted(maps.Values(covered))
	most := list[len(list)-1]
	f[featLead], f[featLeadAll] = most, most
	if len(list) > 1 {
		f[featLead] = most - list[len(list)-2]
		f[featLeadAll] = most - list[max(0, len(list)-5)]
	}
}

func (q *question) bestSentence(p *passage) (place int, covered, second float64) {
	place = -1
	for i, said := range p.said {
		switch c := q.covered(said); {
		case c > covered || place < 0:
			place, covered, second = i, c, max(second, covered)
		default:
			second = max(second, c)
		}
	}
	return place, covered, second
}

// lacking sets what passage and sentence do not say.
func (q *question) lacking(f map[string]float64, p *passage, sentence int) {
	var here map[string]bool
	if sentence >= 0 {
		here = p.said[sentence]
	}
	for i, w := range q.asked {
		if !here[w.stem] {
			note(f, w, q.weight(w), featAbsent, featRarestHere, featNameHere, featFigureHere)
		}
		if p.stems[w.stem] || p.similar(w) {
			f[featRarestHit] = max(f[featRarestHit], q.weight(w))
			continue
		}
		note(f, w, q.weight(w), featMissing, featRarest, featName, featFigure)
		if i == 0 {
			f[featFirst] = 1
		}
		if i == len(q.asked)-1 {
			f[featLast] = 1
		}
	}
	f[featAll] = indicator(f[featMissing] == 0)
	said, own := p.sentence(sentence), stanceOf(q.words)
	f[featUnlike] = q.unlike(said)
	f[featOpposed], f[featOpposedHere] = own.opposed(p.stance()), own.opposed(stanceOf(said))
}

func note(f map[string]float64, w word, weight float64, count, rarest, name, figure string) {
	f[count]++
	f[rarest] = max(f[rarest], weight)
	if w.name {
		f[name]++
	}
	if w.figure {
		f[figure]++
	}
}

// similar tells whether the passage has a word that begins like this one.
func (p *passage) similar(w word) bool {
	const letters = 5
	if len(w.stem) < letters || w.figure {
		return false
	}
	for stem := range p.stems {
		if strings.HasPrefix(stem, w.stem[:letters]) {
			return true
		}
	}
	return false
}

// unlike is the share of the asked words of which the sentence has not even another form.
func (q *question) unlike(sentence []word) float64 {
	const letters = 4
	begin := map[string]bool{}
	for _, w := range sentence {
		if w.content {
			begin[w.stem] = true
			if len(w.stem) > letters {
				begin[w.stem[:letters]] = true
			}
		}
	}
	sum := 0.0
	for _, w := range q.asked {
		if !begin[w.stem] && (len(w.stem) < letters || !begin[w.stem[:letters]]) {
			sum += q.weight(w)
		}
	}
	return sum / q.total
}

// side sets what stands side by side in question and passage.
func (q *question) side(f map[string]float64, p *passage, sentence []word) {
	all, subject := stems(q.words), contentStems(q.words)
	f[featPairs], f[featTriples] = runs(all, p.pairs(), 2), runs(all, p.triples(), 3)
	f[featPairsHere], f[featSubject] = runs(all, runSet(stems(sentence), 2), 2), runs(subject, p.subjectPairs(), 2)
	f[featOrder], f[featOrderHere] = subsequence(all, stems(p.words)), subsequence(subject, contentStems(sentence))
	f[featWindow] = q.window(p.words)
	letters := fourLetters(q.words)
	f[featGrams], f[featGramsHere] = shared(letters, p.letters()), shared(letters, fourLetters(sentence))
	f[featLengthHere], f[featPassage] = math.Log1p(float64(len(sentence))), math.Log1p(float64(len(p.words)))
}

// windowWords is how many words a window holds.
const windowWords = 15

// window is the greatest share of the asked words within a run of the passage.
func (q *question) window(words []word) float64 {
	best := 0.0
	for i := range words {
		if _, asked := q.found[words[i].stem]; !asked {
			continue
		}
		run := words[i:min(len(words), i+windowWords)]
		best = max(best, q.coveredBy(func(stem string) bool {
			return slices.ContainsFunc(run, func(w word) bool { return w.stem == stem })
		}))
	}
	return best
}

// fits sets whether the sentence has what the question asks for and does not say itself,
// and whether one denies what the other does not.
func (q *question) fits(f map[string]float64, kind answerKind, sentence []word) {
	said := map[string]bool{}
	for _, w := range q.words {
		said[w.form] = true
	}
	name, figure, year, fresh := -1.0, -1.0, -1.0, 0
	for _, w := range sentence {
		if said[w.form] {
			continue
		}
		if w.content {
			fresh++
		}
		if w.name {
			name = 1
		}
		if w.figure || counting[w.form] {
			figure = 1
		}
		if w.figure && len(w.form) == len("2006") {
			year = 1
		}
	}
	f[featNew] = math.Log1p(float64(fresh))
	switch kind {
	case asksWho, asksWhere:
		f[featFitsName] = name
	case asksCount:
		f[featFitsCount] = figure
	case asksWhen:
		f[featFitsWhen], f[featFitsYear] = figure, year
	case asksWhy, asksHow, asksWhich, asksWhat:
		// No form of words answers these.
	}
	f[featDenies], f[featDeniesHere] = indicator(denies(q.words)), indicator(denies(sentence))
	f[featDeniesAlone], f[featDenied] = f[featDenies]*(1-f[featDeniesHere]), f[featDeniesHere]*(1-f[featDenies])
}

func denies(words []word) bool {
	return slices.ContainsFunc(words, func(w word) bool { return denying[w.form] })
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
