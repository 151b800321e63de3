package suite

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// taken says what becomes of an assertion.
var taken = map[string]func(*Expect, []string){
	"contains": says, "icontains": says, "contains-all": says, "icontains-all": says, "equals": says, "starts-with": says,
	"contains-any": saysAny, "icontains-any": saysAny,
	"not-contains": never, "not-icontains": never, "not-contains-any": never, "not-icontains-any": never, "not-equals": never, "not-starts-with": never,
	"llm-rubric": judged, "model-graded-closedqa": judged, "g-eval": judged, "grade": judged, "not-llm-rubric": refuted,
	"factuality": agrees, "model-graded-factuality": agrees, "similar": means, "not-similar": otherwise,
}

// told are notes on what was taken in another sense than it has there.
var loosely = map[string]string{
	"equals": "became a fact: an answer may say it in a sentence", "not-equals": "became something that is never said: no answer may have it in a sentence",
	"starts-with": "became a fact, which may stand anywhere in an answer", "not-starts-with": "became something that is never said, anywhere in an answer",
	"similar": "became a statement that a model judges, which needs RECADO_JUDGE_MODEL", "not-similar": "became a statement that a model judges, which needs RECADO_JUDGE_MODEL",
}

// instead says what there is in place of an assertion that is not taken.
var instead = map[string]string{
	"latency": "a run measures time: write a threshold of `latency_p95`, in milliseconds", "cost": "a run measures cost: write a threshold of `cost_micros`",
	"perplexity": "", "regex": "write what has to be said in `says`, in its wordings",
	"context-faithfulness": "every answer is held to its sources without being asked: write a threshold of `grounded`",
	"context-relevance":    "name the documents in `relevant`: a run measures what is found", "context-recall": "name the documents in `relevant`: a run measures what is found",
	"answer-relevance": "write in `says` what an answer has to hold", "is-refusal": "write `decision: handoff` where a person has to answer",
	"guardrails": "write `decision: handoff` where a person has to answer", "moderation": "write in `never` what must not be said",
	"javascript": "write what it looks for in `says`, `never`, `length` or `judge`", "python": "write what it looks for in `says`, `never`, `length` or `judge`",
	"webhook": "", "ruby": "", "rouge-n": "write the facts of the reference in `says`", "bleu": "write the facts of the reference in `says`",
	"levenshtein": "write the facts of the reference in `says`", "classifier": "", "select-best": "`recado eval compare --judge` says which of two replies is better",
	"is-json": "", "contains-json": "", "word-count": "write `length`, in characters", "pi": "", "finish-reason": "", "assert-set": "",
	"fn": "write what it looks for in `says`, `never`, `length` or `judge`", "eval": "write what it looks for in `says`, `never`, `length` or `judge`",
	"tool-call-f1": "write `actions`", "is-valid-openai-tools-call": "write `actions`", "trajectory:tool-used": "write `actions`",
	"trajectory:tool-args-match": "write `actions` with `args`", "trajectory:tool-sequence": "write `actions`, which are held in their order",
	"conversation-relevance": "", "max-score": "", "meteor": "write the facts of the reference in `says`", "search-rubric": "",
}

// kindOf tells whether a word is a type of assertions.
func kindOf(word string) bool {
	_, one := taken[word]
	_, other := instead[strings.TrimPrefix(word, "not-")]
	return one || other
}

func says(e *Expect, values []string) {
	for _, v := range values {
		e.Says = append(e.Says, Fact{v})
	}
}

func saysAny(e *Expect, values []string) { e.Says = append(e.Says, values) }

func never(e *Expect, values []string) {
	for _, v := range values {
		e.Never = append(e.Never, Fact{v})
	}
}

func judged(e *Expect, values []string) { e.Judge = append(e.Judge, values...) }

func refuted(e *Expect, values []string) { stated(e, "This is not true of the reply: ", values) }

func agrees(e *Expect, values []string) { stated(e, "The reply does not contradict this: ", values) }

func means(e *Expect, values []string) { stated(e, "The reply means the same as this: ", values) }

func otherwise(e *Expect, values []string) {
	stated(e, "The reply means something else than this: ", values)
}

func stated(e *Expect, begin string, values []string) {
	for _, v := range values {
		e.Judge = append(e.Judge, begin+v)
	}
}

// atMost is the usual way to bound a length.
var atMost = regexp.MustCompile(`^\s*(?:return\s+)?(?:len\(output\)|output\.length)\s*(<=?)\s*(\d+)\s*;?\s*$`)

// replyAlone are the ways to take the reply out of what a provider gives.
var replyAlone = regexp.MustCompile(`^(json\.)?output(\.(text|answer|content|response|reply|message))?(\.trim\(\)|\.toLowerCase\(\))*$`)

func (p *promptfoo) assert(e *Expect, n *node, vars map[string][]string) {
	n = p.referred(n)
	kind := n.get("type").string()
	switch {
	case kind == "assert-set":
		p.set(e, n, vars)
		return
	case n.get("weight") != nil && n.get("weight").pointer() != nil && n.get("weight").number() == 0:
		p.note(n.line, "the assertion `%s` has no weight there; not taken", kind)
		return
	case n.get("transform") != nil && !replyAlone.MatchString(n.get("transform").text):
		p.note(n.line, "the assertion `%s` looks at something else than the reply (`transform`); not taken", kind)
		return
	case kind == "javascript" || kind == "python":
		if bound := atMost.FindStringSubmatch(n.get("value").string()); bound != nil {
			e.Length = shorter(e.Length, bound)
			return
		}
	}
	take, ok := taken[kind]
	if !ok {
		p.note(n.line, "the assertion `%s` has no counterpart in a suite; not taken%s", kind, hint(kind))
		return
	}
	values := p.values(kind, n, vars)
	if len(values) == 0 {
		return
	}
	if how := loosely[kind]; how != "" {
		p.note(n.line, "`%s` %s", kind, how)
	}
	if kind == "equals" {
		p.sentence(n.line, values[0])
	}
	take(e, values)
}

func hint(kind string) string {
	if text := instead[strings.TrimPrefix(kind, "not-")]; text != "" {
		return "; " + text
	}
	return ""
}

// shorter is the smaller of two bounds; 0 is none.
func shorter(length int, bound []string) int {
	n, err := strconv.Atoi(bound[2])
	if err != nil {
		return length
	}
	if bound[1] == "<" {
		n--
	}
	if length == 0 || n < length {
		return max(n, 1)
	}
	return length
}

// referred is the assertion that one stands for.
func (p *promptfoo) referred(n *node) *node {
	name, ok := strings.CutPrefix(n.get("$ref").string(), "#/assertionTemplates/")
	if found := p.templates.get(name); ok && found != nil {
		return found
	}
	return n
}

// set takes the assertions of a set, of which there may need only some.
func (p *promptfoo) set(e *Expect, n *node, vars map[string][]string) {
	if t := n.get("threshold"); t.pointer() != nil && t.number() < 1 {
		p.note(n.line, "`assert-set` passes there when a part of it holds; not taken")
		return
	}
	for _, one := range n.get("assert").items() {
		p.assert(e, one, vars)
	}
}

// values are those of an assertion, with the variables filled in.
func (p *promptfoo) values(kind string, n *node, vars map[string][]string) []string {
	value := n.get("value")
	given := value.texts()
	if several := strings.HasSuffix(kind, "-any") || strings.HasSuffix(kind, "-all"); several && value != nil && value.scalar {
		given = strings.Split(value.text, ",")
	}
	var list []string
	for _, v := range given {
		if v = strings.TrimSpace(fill(v, vars)); v != "" {
			list = append(list, v)
		}
	}
	switch {
	case len(list) == 0:
		p.note(n.line, "the assertion `%s` has no value; not taken", kind)
	case slices.ContainsFunc(list, func(v string) bool { return strings.HasPrefix(v, "file://") }):
		p.note(n.line, "the value of `%s` is in a file; not taken", kind)
		return nil
	case slices.ContainsFunc(list, func(v string) bool { return variable.MatchString(v) }):
		p.note(n.line, "the value of `%s` needs a variable that the test does not have; not taken", kind)
		return nil
	}
	return list
}
