package receipts

import (
	"encoding/json"
	"math"
	"strings"

	"github.com/recado/recado/knowledge"
)

// The features that whole responses have besides those of sentences.
const (
	featRoom       = "room"        // log of the number of words in the contexts
	featDeclines   = "declines"    // 1 where the response says that the contexts lack it
	featWorstNovel = "worst_novel" // log of the greatest number of words of a sentence that stand nowhere
	featRefused    = "refused"     // log of the number of fields named that a record leaves empty or denies
	featLead       = "lead"        // how near the question's words stand, beside the nearest place
)

// WholeFeatureNames are the features of a whole response of any setting, in the order of
// calibrations.
func WholeFeatureNames() []string {
	return append(FeatureNames(), featRoom, featDeclines, featWorstNovel, featRefused, featLead)
}

// Setting is what a response has to be held against, and how it is read.
type Setting string

// The settings.
const (
	// Statement is one sentence and no question: what Check holds against a passage.
	Statement Setting = "statement"
	// Records is a response made of the fields of a record, which is JSON.
	Records Setting = "records"
	// Digest is a response of several sentences that answers no question: a summary.
	Digest Setting = "digest"
	// Passages is an answer to a question out of several passages.
	Passages Setting = "passages"
	// Extract is a piece of a longer passage that is to answer a question: all its words
	// stand there, and it may still be the answer to another question.
	Extract Setting = "extract"
	// Reply is any other response to what somebody said.
	Reply Setting = "reply"
)

// Settings are those that have weights of their own, in their order.
func Settings() []Setting { return []Setting{Records, Digest, Passages, Extract, Reply} }

// FeatureNames are the features that weights of a setting are over, in their order.
func (s Setting) FeatureNames() []string {
	if s == Digest {
		return digestFeatureNames()
	}
	return WholeFeatureNames()
}

// Whole is a response read as a whole.
type Whole struct {
	Setting  Setting
	Features map[string]float64
}

// Misses tells whether the response has a figure that no context has.
func (w Whole) Misses() bool { return w.Features[featFigures] > 0 }

// ReadWhole reads a response to a question, which may be empty, beside the contexts that it
// should rest on.
func (r *Reader) ReadWhole(locale, response, question string, contexts []string) Whole {
	g := newGround(locale, contexts)
	f := g.measure(response, question)
	w := Whole{Setting: settingOf(f, response, question, contexts), Features: f}
	if w.Setting == Digest {
		response = unannounced(response)
		f = g.measure(response, question)
		w.Features = f
	}
	f[featRoom] = math.Log1p(float64(len(g.words)))
	f[featWorstNovel] = g.worstNovel(response, f[featNovel])
	f[featLead] = g.lead(response, question)
	f[featDeclines], f[featRefused] = 0, 0
	if declines.MatchString(fold(response)) {
		f[featDeclines] = 1
	}
	if question == "" && w.Setting != Records {
		g.digest(f, response, r.lexicon(locale))
	}
	if w.Setting == Records {
		f[featRefused] = math.Log1p(float64(refused(response, contexts[0])))
	}
	return w
}

const (
	// longPassage is how many words a passage has at least in which there is something to
	// choose from. A response of more words than longExtract is more than an extract, and
	// one of shortAnswer or less is hardly anything else.
	longPassage, longExtract, shortAnswer = 80, 40, 4
	// inOrder is the least share of an extract's words that stand in the passage in their
	// order.
	inOrder = 0.8
)

func settingOf(f map[string]float64, response, question string, contexts []string) Setting {
	switch {
	case isRecord(contexts):
		return Records
	case question == "" && f[featSentences] <= math.Log1p(1):
		return Statement
	case question == "":
		return Digest
	case len(contexts) > 1:
		return Passages
	case isExtract(f, response, question, strings.Join(contexts, "")):
		return Extract
	}
	return Reply
}

// isExtract tells whether a response is a piece of a passage, a short one at most with another
// figure in it. A sentence with its end is no piece: somebody says it.
func isExtract(f map[string]float64, response, question, passage string) bool {
	if strings.HasSuffix(strings.TrimSpace(response), ".") {
		return false
	}
	there, words := f[featOrder] >= inOrder, len(strings.Fields(response))
	if words <= shortAnswer {
		return there || f[featFigures] > 0
	}
	return there && words <= longExtract && strings.Contains(question, "?") && len(strings.Fields(passage)) >= longPassage
}

func isRecord(contexts []string) bool {
	return len(contexts) > 0 && strings.HasPrefix(strings.TrimSpace(contexts[0]), "{")
}

// declines matches a response that says what the contexts do not: it states nothing.
var declines = phrase(`unable to (?:answer|find|provide)|(?:is|are|was|were) not (?:[a-z]+ )?(?:mentioned|provided|specified|stated|given|explained)|` +
	`(?:do|does)(?: not|nt) (?:[a-z]+ )?(?:mention|provide|contain|specify|say|explain|give|include|offer)|no (?:information|mention|specific [a-z]+)|` +
	`(?:cannot|cant|can not|could not|not possible to) (?:be answer(?:ed)?|answer|determine|find|provide)|` +
	`no (?:se )?(?:menciona|especifica|indica|dice)n?|no hay (?:informacion|datos)`)

// worstNovel looks for the sentence with the most words that stand nowhere.
func (g *ground) worstNovel(response string, all float64) float64 {
	sentences := Split(response)
	if len(sentences) < 2 {
		return all
	}
	worst := 0.0
	for _, s := range sentences {
		_, novel := g.known(knowledge.Tokens(g.locale, s))
		worst = max(worst, novel)
	}
	return worst
}

// refused counts the fields of a record that are null or false and that the response names
// all the same.
func refused(response, record string) int {
	var fields map[string]any
	if json.Unmarshal([]byte(record), &fields) != nil {
		return 0
	}
	return refusedOf(fields, fold(response))
}

func refusedOf(value any, said string) int {
	n := 0
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			if (inner == nil || inner == false) && saysField(said, name) {
				n++
			}
			n += refusedOf(inner, said)
		}
	case []any:
		for _, inner := range v {
			n += refusedOf(inner, said)
		}
	}
	return n
}

// saysField tells whether a text that is folded names a field: by all its words, or by all
// but the first, which often only says whose field it is.
func saysField(said, field string) bool {
	words := strings.Fields(fold(joined.ReplaceAllString(field, "$1 $2")))
	if len(words) > 1 {
		words = words[1:]
	}
	for _, word := range words {
		if !strings.Contains(said, " "+strings.TrimSuffix(word, "s")) {
			return false
		}
	}
	return len(words) > 0
}
