package suite

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// languages are those that texts are written in, in the order in which cases are made.
var languages = []string{"es", "en"}

// inWords are the languages in sentences.
var inWords = map[string]string{"es": "Spanish", "en": "English"}

// string is a scalar as text, empty for anything else.
func (n *node) string() string {
	if n == nil {
		return ""
	}
	return n.text
}

// texts are those of a list, or of a scalar.
func (n *node) texts() []string {
	switch {
	case n == nil:
		return nil
	case n.scalar:
		return []string{n.text}
	}
	var list []string
	for _, one := range n.list {
		list = append(list, one.text)
	}
	return list
}

// number is 0 for what is none.
func (n *node) number() float64 {
	if f := n.pointer(); f != nil {
		return *f
	}
	return 0
}

// pointer is a number, or nil where there is none.
func (n *node) pointer() *float64 {
	if n == nil {
		return nil
	}
	var f float64
	switch v := n.value.(type) {
	case int64:
		f = float64(v)
	case uint64:
		f = float64(v)
	case float64:
		f = v
	default:
		return nil
	}
	return &f
}

// written is a case as it stands in the file.
type written struct {
	node, defaults *node
	steps          []*node
	// simulate is who is played in place of the steps.
	simulate  *node
	short     bool
	languages []string
	generate  []string
	// failed tells that the case has a problem, so that nothing is made of it.
	failed bool
}

func (r *reader) caseFault(w *written, n *node, format string, args ...any) {
	w.failed = true
	r.fault(n, format, args...)
}

// oneCase reads a case in all its languages and with its variants.
func (r *reader) oneCase(n, root *node) {
	w := &written{node: n, defaults: root.get("defaults")}
	if !r.played(w) {
		r.steps(w)
	}
	if w.failed {
		return
	}
	r.speak(w)
	w.generate = inOrder(r.setting(w, root, "generate").texts())
	base := r.base(w)
	var made []Case
	for _, language := range w.languages {
		c := base
		c.Language, c.ID = language, base.Group+"/"+language
		for i, step := range w.steps {
			c.Steps = append(c.Steps, r.step(w, step, i, language))
		}
		if w.simulate != nil {
			c.Simulate = r.simulated(w, language)
		}
		made = append(made, c)
	}
	if !w.failed {
		r.suite.Cases = append(r.suite.Cases, variants(made, w.generate)...)
	}
}

// setting is the value of a key of the case, of its file's defaults, or of the suite.
func (r *reader) setting(w *written, root *node, key string) *node {
	for _, from := range []*node{w.node, w.defaults, root} {
		if n := from.get(key); n != nil && n.value != nil {
			return n
		}
	}
	return nil
}

// base is what a case has in every language.
func (r *reader) base(w *written) Case {
	c := Case{
		File: r.file, Line: w.node.line, Group: w.node.get("id").string(), Weight: 1,
		Intent: r.setting(w, nil, "intent").string(), Risk: r.setting(w, nil, "risk").string(),
		Clock: r.clock(r.setting(w, nil, "clock")),
	}
	if c.Clock.IsZero() {
		c.Clock = r.suite.Clock
	}
	if weight := r.setting(w, nil, "weight").pointer(); weight != nil {
		c.Weight = *weight
	}
	for _, tag := range append(w.defaults.get("tags").texts(), w.node.get("tags").texts()...) {
		if !slices.Contains(c.Tags, tag) {
			c.Tags = append(c.Tags, tag)
		}
	}
	if n := r.setting(w, nil, "customer"); n != nil {
		c.Customer = r.customer(w, n)
	}
	return c
}

func (r *reader) customer(w *written, n *node) Customer {
	if !n.scalar {
		return person(n)
	}
	if known, ok := r.customers[n.text]; ok {
		return known
	}
	if phone := digits(n.text); len(phone) > 6 && strings.Trim(n.text, "+0123456789 ") == "" {
		return Customer{Phone: phone}
	}
	names := make([]string, 0, len(r.customers))
	for name := range r.customers {
		names = append(names, name)
	}
	slices.Sort(names)
	hint := suggest(n.text, names)
	if len(names) == 0 {
		hint = "; name customers below `customers:` at the beginning of the suite"
	}
	r.caseFault(w, n, "`%s` is no customer of the suite%s", n.text, hint)
	return Customer{}
}

// happenings are the keys of a step of which it has one.
var happenings = []string{"say", "tap", "wait", "agent", "again", "down", "up", "order"}

// steps finds the steps of a case in either form and looks at how they are made.
func (r *reader) steps(w *written) {
	n := w.node
	switch say, steps := n.get("say"), n.get("steps"); {
	case say != nil && steps != nil:
		r.caseFault(w, steps, "a case has either `say` or `steps`; make `say` the first of the steps")
	case say != nil:
		w.steps, w.short = []*node{n}, true
	case steps != nil:
		w.steps = steps.list
		if expect := n.get("expect"); expect != nil {
			r.caseFault(w, expect, "a case with `steps` has its `expect` within the steps; move it to the step that it is about")
		}
	default:
		r.caseFault(w, n, "the case says nothing; write `say:` with what the customer writes, `steps:`, or `simulate:`")
	}
	expected := w.short && w.defaults.get("expect") != nil
	for _, step := range w.steps {
		r.made(w, step)
		expected = expected || step.get("expect") != nil
	}
	if len(w.steps) > 0 && !expected {
		r.caseFault(w, n, "the case expects nothing, so that it can't fail; write `expect:`")
	}
}

// made looks at whether the keys of a step fit together.
func (r *reader) made(w *written, step *node) {
	var has []string
	for _, key := range happenings {
		if step.get(key) != nil && (!w.short || key == "say") {
			has = append(has, key)
		}
	}
	agent, text := step.get("agent").string(), step.get("text")
	switch {
	case len(has) == 0:
		r.caseFault(w, step, "nothing happens in this step; write one of %s", quoted(happenings))
	case len(has) > 1:
		r.caseFault(w, step, "a step is one thing that happens, and this one has %s; make a step of each", quoted(has))
	case (agent == "say") != (text != nil) && !w.short:
		r.caseFault(w, step, "what a person says is `agent: say` together with `text`")
	case (step.get("order") != nil) != (step.get("change") != nil) && !w.short:
		r.caseFault(w, step, "an order changes with `order` and `change` together: its number, and its fields with their new values")
	case step.get("voice") != nil && step.get("say") == nil:
		r.caseFault(w, step.get("voice"), "`voice` belongs to `say`")
	}
	r.expectable(w, step.get("expect"))
}

// expectable finds expectations that exclude each other.
func (r *reader) expectable(w *written, n *node) {
	for _, key := range []string{"turns", "ending", "may_change"} {
		if at := n.get(key); at != nil && w.simulate == nil {
			r.caseFault(w, at, "`%s` is about the end of a talk that is played; it belongs to a case with `simulate`", key)
		}
	}
	decisions := n.get("decision").texts()
	if len(decisions) == 0 {
		return
	}
	if reason := n.get("reason"); reason != nil && !slices.Contains(decisions, "handoff") {
		r.caseFault(w, reason, "only a handoff has a reason; add handoff to `decision`, or take `reason` away")
	}
	if sources := n.get("sources"); sources != nil && silent(decisions) {
		r.caseFault(w, sources, "nothing is cited where nothing is answered; write `relevant` for what should be found all the same")
	}
}

// silent tells whether none of the decisions answers.
func silent(decisions []string) bool {
	return !slices.ContainsFunc(decisions, func(d string) bool { return d != "handoff" && d != "quiet" })
}

// speak finds the languages of a case: those in which it says something.
func (r *reader) speak(w *written) {
	if n := r.setting(w, nil, "language"); n != nil {
		w.languages = []string{n.text}
		return
	}
	said := map[string]bool{}
	for _, say := range w.says() {
		if len(say.keys) == 0 {
			r.caseFault(w, say, "in which language is this? Write {es: …, en: …}, {any: …} where it is the same in all, or name the `language` of the case")
			return
		}
		for _, key := range say.keys {
			said[key.text] = true
		}
	}
	for _, l := range languages {
		if said[l] || !said["es"] && !said["en"] {
			w.languages = append(w.languages, l)
		}
	}
}

// says are the texts of a case by which its languages are told.
func (w *written) says() []*node {
	if w.simulate != nil {
		return w.speaks()
	}
	var list []*node
	for _, step := range w.steps {
		if say := step.get("say"); say != nil {
			list = append(list, say)
		}
	}
	return list
}

// in is the part of a value that is in a language. A value without languages is in all.
func (r *reader) in(w *written, n *node, language string) *node {
	if n == nil || len(n.keys) == 0 {
		return n
	}
	if own := n.get(language); own != nil {
		return own
	}
	if anyway := n.get("any"); anyway != nil {
		return anyway
	}
	r.caseFault(w, n, "this has no text in %s (%s), which the case is in as well; write it, or leave that language out of the whole case", inWords[language], language)
	return nil
}

// step reads one step in one language.
func (r *reader) step(w *written, n *node, i int, language string) Step {
	s := Step{Line: n.line, Say: r.in(w, n.get("say"), language).texts()}
	if voice := n.get("voice"); voice != nil {
		s.Voice = voice.value == true
	}
	expect := n.get("expect")
	if w.short {
		s.Expect = r.expect(w, w.defaults.get("expect"), language, Expect{})
	} else {
		s.Tap = r.in(w, n.get("tap"), language).string()
		s.Agent, s.Text = n.get("agent").string(), r.in(w, n.get("text"), language).string()
		s.Again, s.Down, s.Up = int(n.get("again").number()), n.get("down").string(), n.get("up").string()
		s.Order, s.Change = n.get("order").string(), n.get("change").fields()
		if wait := n.get("wait"); wait != nil {
			s.Wait = duration(wait.text)
		}
	}
	s.Expect = r.expect(w, expect, language, s.Expect)
	if first := i == 0; first && n.get("again") != nil {
		r.caseFault(w, n.get("again"), "nothing was delivered before that could come again; put it behind a step with `say`")
	}
	return s
}

// fields are the values of a mapping by their names.
func (n *node) fields() map[string]string {
	if n == nil {
		return nil
	}
	fields := map[string]string{}
	for i, key := range n.keys {
		fields[key.text] = strings.Join(n.values[i].texts(), ", ")
	}
	return fields
}

// duration reads the form that the schema allows: time.ParseDuration's with whole
// numbers, and days.
func duration(text string) time.Duration {
	var sum time.Duration
	for text != "" {
		at := strings.IndexFunc(text, func(c rune) bool { return c < '0' || c > '9' })
		if at <= 0 {
			return sum
		}
		n, err := strconv.Atoi(text[:at])
		if err != nil {
			return sum
		}
		unit := text[at:]
		if next := strings.IndexAny(unit, "0123456789"); next >= 0 {
			unit = unit[:next]
		}
		sum += time.Duration(n) * map[string]time.Duration{
			"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour,
		}[unit]
		text = text[at+len(unit):]
	}
	return sum
}

// expect reads an expectation over what holds where it says nothing.
func (r *reader) expect(w *written, n *node, language string, e Expect) Expect {
	if n == nil {
		return e
	}
	e.Line = n.line
	for i, key := range n.keys {
		value := n.values[i]
		switch key.text {
		case "decision":
			e.Decision = value.texts()
		case "reason":
			e.Reason = value.texts()
		case "language":
			e.Language = value.text
		case "says":
			e.Says = facts(r.in(w, value, language))
		case "never":
			e.Never = facts(r.in(w, value, language))
		case "sources":
			e.Sources = documents(value)
		case "relevant":
			e.Relevant = documents(value)
		case "judge":
			e.Judge = r.in(w, value, language).texts()
		case "length":
			e.Length = int(value.number())
		case "replies":
			replies := int(value.number())
			e.Replies = &replies
		case "turns":
			e.Turns = int(value.number())
		case "may_change":
			e.MayChange = value.texts()
		case "ending":
			e.Ending = value.texts()
		case "actions":
			e.Actions = actions(value)
		case "orders":
			e.Orders = map[string]map[string]string{}
			for j, number := range value.keys {
				e.Orders[number.text] = value.values[j].fields()
			}
		}
	}
	return e
}

// documents are names of documents, however they are written.
func documents(n *node) []string {
	list := n.texts()
	for i, name := range list {
		list[i] = DocumentName(name)
	}
	return list
}

func facts(n *node) []Fact {
	switch {
	case n == nil:
		return nil
	case n.scalar:
		return []Fact{{n.text}}
	}
	var list []Fact
	for _, one := range n.list {
		list = append(list, one.texts())
	}
	return list
}

func actions(n *node) []Action {
	list := []Action{}
	for _, one := range n.list {
		list = append(list, Action{
			Kind: one.get("kind").string(), Order: one.get("order").string(),
			Args: one.get("args").fields(), Outcome: one.get("outcome").string(),
		})
	}
	return list
}
