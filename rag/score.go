package rag

import (
	"math"
	"regexp"
	"slices"

	"github.com/recado/recado/internal/recent"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/confidence"
	"github.com/recado/recado/rag/sufficiency"
)

// FeatureNames are the features that a calibration can use, in a fixed order.
// The retrieval features are missing for answers that rest on no passage; the
// calibration has an indicator for those.
func FeatureNames() []string {
	return []string{
		featureOrder, featureSmallTalk, featureDense, featureDenseMargin, featureLexical, featureLexicalMargin,
		featureAgree, featureCoverage, featureUnknown, featureAsked, featureFAQ, featureWords, featureSupport,
		featureChecks, featureTopic, featureHolds, featureSources, featureYesNo,
	}
}

const (
	// featureOrder is 1 for an answer about an order, featureSmallTalk for a
	// greeting or thanks.
	featureOrder     = "order"
	featureSmallTalk = "small_talk"
	// featureDense is the best cosine of a cited passage, featureDenseMargin how
	// far it is ahead of the best passage of another document.
	featureDense       = "dense"
	featureDenseMargin = "dense_margin"
	// featureLexical is the best BM25 score of a cited passage as a share of that of a
	// passage that says every word of the question. featureLexicalMargin is its relative
	// lead over other documents.
	featureLexical       = "lexical_share"
	featureLexicalMargin = "lexical_margin"
	// featureAgree is 1 when meaning and words put the same document first, and
	// it is cited.
	featureAgree = "agree"
	// featureCoverage is the share of the question's words in the cited passages, as they were
	// meant or in other words for them, featureUnknown the share that is in no candidate at all.
	featureCoverage = "coverage"
	featureUnknown  = "unknown"
	// featureAsked is 1 when the question names an order of the customer.
	featureAsked = "asked"
	// featureFAQ is the word overlap (Dice) of the question with the FAQ question
	// that a cited passage answers, 0 without one.
	featureFAQ = "faq"
	// featureWords is the logarithm of the number of different words asked.
	featureWords = "words"
	// featureSupport is the share of the question that the model itself found in
	// what it cites, or the coverage when the model does not say.
	featureSupport = "support"
	// featureChecks is the share of checks that passed.
	featureChecks = "checks"
	// featureTopic and featureHolds are the two scores of sufficiency.Scorer: whether what
	// was found is about the question, and whether it says what is asked.
	featureTopic = sufficiency.FeatureTopic
	featureHolds = sufficiency.FeatureHolds
	// featureSources is of how many documents the answer is put together: the more, the
	// less of it is about the question. featureYesNo is 1 for a question that yes or no
	// would answer, which passages about it often do not say.
	featureSources = "sources"
	featureYesNo   = sufficiency.FeatureYesNo
)

// features computes the parts of the score. It is nil for a draft without text,
// whose confidence is 0 whatever was found.
func features(words *recent.Cache[indexed, map[string]bool], a Answer, hits []knowledge.Hit, m meanwhile) map[string]float64 {
	if a.Text == "" {
		return nil
	}
	f := map[string]float64{
		featureOrder:     indicator(aboutOrders(a)),
		featureSmallTalk: indicator(a.Draft.SmallTalk),
		featureUnknown:   m.unknown,
		featureAsked:     indicator(len(a.Orders.Asked) > len(a.Orders.NotFound)),
		featureWords:     math.Log1p(float64(len(m.asked))),
		featureSupport:   min(1, max(0, a.Draft.Support)),
		featureChecks:    passed(a.Checks),
	}
	if len(a.Cited) > 0 {
		evidence(words, f, a, hits, m)
	}
	return f
}

// holds are the features of how likely it is that what was found holds the answer.
func (p *Pipeline) holds(q Question, query string, hits []knowledge.Hit) map[string]float64 {
	asked := sufficiency.Question{Locale: q.Locale, Text: q.Text, Query: query}
	for _, u := range q.History {
		asked.History = append(asked.History, sufficiency.Utterance{Customer: u.Role == RoleCustomer, Text: u.Text})
	}
	found := make([]sufficiency.Passage, len(hits))
	for i, h := range hits {
		found[i] = sufficiency.Passage{
			Document: h.Document.ID, Title: h.Document.Title, Heading: h.Chunk.Heading, Question: h.Chunk.Question, Text: h.Chunk.Text,
			Dense: h.Dense, Lexical: h.Lexical, Self: h.Self, DenseRank: h.DenseRank, LexicalRank: h.LexicalRank,
		}
	}
	return p.sufficiency.Features(asked, found)
}

// sufficient adds them to an answer's. One that rests on no passage has no such score.
func sufficient(f map[string]float64, a Answer, holds map[string]float64) {
	if f == nil || len(a.Cited) == 0 {
		return
	}
	f[featureTopic], f[featureHolds], f[featureYesNo] = holds[featureTopic], holds[featureHolds], holds[featureYesNo]
	if saysYesOrNo.MatchString(a.Text) {
		f[featureYesNo] = 0
	}
}

// saysYesOrNo matches an answer that begins with what such a question asks for.
var saysYesOrNo = regexp.MustCompile(`(?i)^\W*(sí|si|no|yes|claro|por supuesto|of course)[,.:;!]`)

// evidence adds the features that need a cited passage.
func evidence(words *recent.Cache[indexed, map[string]bool], f map[string]float64, a Answer, hits []knowledge.Hit, m meanwhile) {
	self := 0.0
	cited := map[string]bool{}
	var covered []map[string]bool
	for _, p := range a.Cited {
		cited[p.DocumentID] = true
		covered = append(covered, words.Get(indexed{p.Locale, p.Title, p.Heading, p.Question, p.Text}))
		f[featureDense] = max(f[featureDense], p.Dense)
		f[featureLexical] = max(f[featureLexical], p.Lexical)
		self = max(self, p.Self)
		if p.Question != "" {
			f[featureFAQ] = max(f[featureFAQ], dice(m.asked, words.Get(indexed{Locale: p.Locale, Question: p.Question})))
		}
	}
	var otherDense, otherLexical float64
	agree := len(hits) > 0
	for _, h := range hits {
		if !cited[h.Document.ID] {
			otherDense = max(otherDense, h.Dense)
			otherLexical = max(otherLexical, h.Lexical)
			agree = agree && h.DenseRank != 1 && h.LexicalRank != 1
		}
	}
	f[featureSources] = float64(len(cited)) / float64(max(1, len(a.Parts))) // of each question
	f[featureDenseMargin] = f[featureDense] - otherDense
	if best := max(f[featureLexical], otherLexical); best > 0 {
		f[featureLexicalMargin] = (f[featureLexical] - otherLexical) / best
	}
	if self > 0 {
		f[featureLexical] /= self
	}
	f[featureAgree] = indicator(agree)
	f[featureCoverage] = shareMeant(m.asked, m.means, covered...)
	if f[featureSupport] == 0 {
		// The model did not say: the words in common stand in for it.
		f[featureSupport] = f[featureCoverage]
	}
}

// score is the probability that the answer is right. Nothing to send, or a model
// that asks for a person, is certainly no right answer.
func score(a Answer, c *confidence.Calibration, risk string) float64 {
	if a.Text == "" || a.Draft.NeedsHuman {
		return 0
	}
	return c.ProbabilityOf(confidence.Sample{Features: a.Features, Locale: a.Locale, Risk: risk})
}

// indexed are the texts of a passage. Its words are kept: shops have few passages, and the
// same ones are found again and again.
type indexed struct{ Locale, Title, Heading, Question, Text string }

// wordsKept is how many passages' words are kept.
const wordsKept = 512

func (i indexed) terms() map[string]bool {
	return terms(i.Locale, i.Title, i.Heading, i.Question, i.Text)
}

func terms(locale string, texts ...string) map[string]bool {
	set := map[string]bool{}
	for _, text := range texts {
		for _, token := range knowledge.Tokens(locale, text) {
			set[token] = true
		}
	}
	return set
}

// candidateTerms are the words of each candidate.
func candidateTerms(words *recent.Cache[indexed, map[string]bool], hits []knowledge.Hit) []map[string]bool {
	sets := make([]map[string]bool, len(hits))
	for i, h := range hits {
		sets[i] = words.Get(indexed{h.Document.Locale, h.Document.Title, h.Chunk.Heading, h.Chunk.Question, h.Chunk.Text})
	}
	return sets
}

// share is the part of the wanted words that any of the sets has; 1 when none is wanted.
func share(wanted map[string]bool, sets ...map[string]bool) float64 {
	if len(wanted) == 0 {
		return 1
	}
	found := 0
	for word := range wanted {
		if slices.ContainsFunc(sets, func(set map[string]bool) bool { return set[word] }) {
			found++
		}
	}
	return float64(found) / float64(len(wanted))
}

// shareMeant is share, where one of the other words for a wanted one counts as itself.
func shareMeant(wanted map[string]bool, means map[string]map[string]bool, sets ...map[string]bool) float64 {
	if len(wanted) == 0 {
		return 1
	}
	found := 0
	for word := range wanted {
		if slices.ContainsFunc(sets, func(set map[string]bool) bool { return set[word] || common(means[word], set) > 0 }) {
			found++
		}
	}
	return float64(found) / float64(len(wanted))
}

// meaning gives, for the words of a question that the embedder knows others for, these.
func (p *Pipeline) meaning(v *veil, locale, question string) map[string]map[string]bool {
	e, ok := p.searcher.Embedder.(Expander)
	if !ok {
		return nil
	}
	means := map[string]map[string]bool{}
	for _, word := range letters.FindAllString(v.plain(question), -1) {
		others := terms(locale, e.Expand(locale, word))
		for term := range terms(locale, word) {
			if len(others) > 0 {
				means[term] = others
			}
		}
	}
	return means
}

// dice is the overlap 2|A∩B| / (|A|+|B|) of Dice (1945).
func dice(a, b map[string]bool) float64 {
	if len(a)+len(b) == 0 {
		return 0
	}
	return 2 * float64(common(a, b)) / float64(len(a)+len(b))
}

func common(a, b map[string]bool) int {
	n := 0
	for token := range a {
		if b[token] {
			n++
		}
	}
	return n
}

func passed(checks []Check) float64 {
	ok := 0
	for _, c := range checks {
		if c.OK {
			ok++
		}
	}
	return float64(ok) / float64(max(1, len(checks)))
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
