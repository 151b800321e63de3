package suite

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// errApart says that the languages of a case are not one case.
var errApart = errors.New("its languages differ in more than their texts")

// Write writes a suite as a YAML file that Read reads as the same one, but for places.
// The languages of a case become one case again, and its variants the generators that
// make them.
func Write(w io.Writer, s Suite) error {
	groups, order := map[string][]Case{}, []string{}
	for _, c := range s.Cases {
		id := cmp.Or(c.Group, c.ID)
		if groups[id] == nil {
			order = append(order, id)
		}
		groups[id] = append(groups[id], c)
	}
	out := heading(s)
	cases := []yaml.MapSlice{}
	for _, id := range order {
		one, err := together(groups[id])
		if err != nil {
			return fmt.Errorf("write the case %s: %w", id, err)
		}
		cases = append(cases, one.yaml(s, id))
	}
	out = append(out, yaml.MapItem{Key: "cases", Value: cases})
	data, err := yaml.MarshalWithOptions(careful(out), yaml.IndentSequence(true))
	if err != nil {
		return fmt.Errorf("write the suite: %w", err)
	}
	_, err = w.Write(data)
	return err
}

// plainText is what is written without quotes: words that YAML can take for nothing else.
var plainText = regexp.MustCompile(`^[\p{L}¿¡][\p{L}\p{N}¿?.…/_-]*( [\p{L}\p{N}¿¡?.…/_€-]+)*$`)

// yamlWords mean something else than their letters to one reader of YAML or another.
var yamlWords = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}

// quotedText is a text in double quotes, as JSON and YAML have them alike.
type quotedText string

// MarshalYAML implements yaml.BytesMarshaler.
func (t quotedText) MarshalYAML() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // a person reads it
	err := encoder.Encode(string(t))
	return bytes.TrimSpace(out.Bytes()), err
}

// careful puts texts in quotes that YAML may take for something else.
func careful(value any) any {
	switch v := value.(type) {
	case string:
		if plainText.MatchString(v) && !slices.Contains(yamlWords, strings.ToLower(v)) {
			return v
		}
		return quotedText(v)
	case []string:
		list := make([]any, 0, len(v))
		for _, one := range v {
			list = append(list, careful(one))
		}
		return list
	case []any:
		list := make([]any, 0, len(v))
		for _, one := range v {
			list = append(list, careful(one))
		}
		return list
	case []yaml.MapSlice:
		list := make([]any, 0, len(v))
		for _, one := range v {
			list = append(list, careful(one))
		}
		return list
	case yaml.MapSlice:
		out := make(yaml.MapSlice, 0, len(v))
		for _, one := range v {
			out = append(out, yaml.MapItem{Key: one.Key, Value: careful(one.Value)})
		}
		return out
	}
	return value
}

// item is a key with a value, or nothing where the value is the zero one.
func item[T comparable](key string, value T) yaml.MapSlice {
	var zero T
	if value == zero {
		return nil
	}
	return yaml.MapSlice{{Key: key, Value: value}}
}

// list is a key with texts, or nothing where there are none.
func list(key string, texts []string) yaml.MapSlice {
	switch len(texts) {
	case 0:
		return nil
	case 1:
		return yaml.MapSlice{{Key: key, Value: texts[0]}}
	}
	return yaml.MapSlice{{Key: key, Value: texts}}
}

// section is a key with what is in it, or nothing.
func section(key string, parts ...yaml.MapSlice) yaml.MapSlice {
	if all := slices.Concat(parts...); len(all) > 0 {
		return yaml.MapSlice{{Key: key, Value: all}}
	}
	return nil
}

func clockItem(t time.Time) yaml.MapSlice {
	if t.IsZero() {
		return nil
	}
	return item("clock", t.Format(time.RFC3339))
}

// heading is what stands above the cases.
func heading(s Suite) yaml.MapSlice {
	out := slices.Concat(
		item("suite", cmp.Or(s.Name, "suite")), item("about", s.About),
		section("shop", list("knowledge", s.Shop.Knowledge), item("orders", s.Shop.Orders), item("actions", s.Shop.Actions)),
		clockItem(s.Clock),
		section("costs", item("wrong", s.Costs.Wrong), item("handoff", s.Costs.Handoff), item("clarify", s.Costs.Clarify)),
	)
	thresholds := []yaml.MapSlice{}
	for _, t := range s.Thresholds {
		one := item("metric", t.Metric)
		if t.Min != nil {
			one = append(one, yaml.MapItem{Key: "min", Value: *t.Min})
		}
		if t.Max != nil {
			one = append(one, yaml.MapItem{Key: "max", Value: *t.Max})
		}
		thresholds = append(thresholds, slices.Concat(one, item("bound", t.Bound), item("cases", t.Cases), section("where",
			item("tag", t.Where.Tag), item("language", t.Where.Language), item("intent", t.Where.Intent),
			item("risk", t.Where.Risk), item("variant", t.Where.Variant))))
	}
	if len(thresholds) > 0 {
		out = append(out, yaml.MapItem{Key: "thresholds", Value: thresholds})
	}
	return slices.Concat(out, section("parity", item("margin", s.Parity.Margin)))
}

// joined is a case in its languages.
type joined struct {
	languages []Case
	generate  []string
}

func together(list []Case) (joined, error) {
	var j joined
	for _, c := range list {
		switch {
		case c.Variant == "":
			j.languages = append(j.languages, c)
		case !slices.Contains(j.generate, c.Variant):
			j.generate = append(j.generate, c.Variant)
		}
	}
	j.generate = inOrder(j.generate)
	if len(j.languages) == 0 {
		return j, errors.New("it is there as a variant alone")
	}
	for _, c := range j.languages[1:] {
		if !alike(c, j.languages[0]) {
			return j, errApart
		}
	}
	return j, nil
}

// alike tells whether two cases differ in nothing but language and texts.
func alike(a, b Case) bool {
	for _, c := range []*Case{&a, &b} {
		c.ID, c.Language, c.Line, c.File = "", "", 0, ""
		steps := make([]Step, 0, len(c.Steps))
		for _, s := range c.Steps {
			// Whether there is something to say matters, and not what.
			if len(s.Say) > 0 {
				s.Say = []string{""}
			}
			s.Tap, s.Text = strings.Repeat("x", min(len(s.Tap), 1)), strings.Repeat("x", min(len(s.Text), 1))
			s.Line, s.Expect.Line, s.Expect.Says, s.Expect.Never, s.Expect.Judge = 0, 0, nil, nil, nil
			steps = append(steps, s)
		}
		c.Steps, c.Simulate = steps, bare(c.Simulate)
	}
	return reflect.DeepEqual(a, b)
}

// bare is who is played without what they say and without places.
func bare(s *Simulate) *Simulate {
	if s == nil {
		return nil
	}
	one := *s
	one.Line, one.Wish = 0, bareWish(s.Wish)
	if s.Instead != nil {
		instead := bareWish(*s.Instead)
		one.Instead = &instead
	}
	one.Expect.Line, one.Expect.Says, one.Expect.Never, one.Expect.Judge = 0, nil, nil, nil
	return &one
}

func bareWish(w Wish) Wish {
	w.Goal = strings.Repeat("x", min(len(w.Goal), 1))
	knows := map[string]string{}
	for name := range w.Knows {
		knows[name] = ""
	}
	w.Knows = knows
	return w
}

func (j joined) yaml(s Suite, id string) yaml.MapSlice {
	c := j.languages[0]
	out := slices.Concat(item("id", id), list("tags", c.Tags), item("intent", c.Intent), item("risk", c.Risk))
	if c.Weight != 1 {
		out = append(out, yaml.MapItem{Key: "weight", Value: c.Weight})
	}
	out = slices.Concat(out, section("customer", item("phone", c.Customer.Phone), item("name", c.Customer.Name), item("level", c.Customer.Level)))
	if !c.Clock.Equal(s.Clock) {
		out = append(out, clockItem(c.Clock)...)
	}
	if len(j.languages) == 1 {
		out = append(out, item("language", c.Language)...)
	}
	out = append(out, list("generate", j.generate)...)
	if c.Simulate != nil {
		out = append(out, yaml.MapItem{Key: "simulate", Value: j.simulate()})
		return append(out, yaml.MapItem{Key: "expect", Value: j.expect(func(c Case) Expect { return c.Simulate.Expect })})
	}
	if len(c.Steps) == 1 && len(c.Steps[0].Say) > 0 {
		return append(out, j.step(0)...)
	}
	steps := []yaml.MapSlice{}
	for i := range c.Steps {
		steps = append(steps, j.step(i))
	}
	return append(out, yaml.MapItem{Key: "steps", Value: steps})
}

// local is a key with a value for each language, or with one where all are the same.
func (j joined) local(key string, value func(Case) any) yaml.MapSlice {
	var parts yaml.MapSlice
	same := true
	for _, c := range j.languages {
		parts = append(parts, yaml.MapItem{Key: c.Language, Value: lone(value(c))})
		same = same && fmt.Sprintf("%q", lone(value(c))) == fmt.Sprintf("%q", parts[0].Value)
	}
	if fmt.Sprint(parts[0].Value) == "[]" && same {
		return nil
	}
	// A text in all languages is plain where only one is meant, and for facts, which need none.
	if same && (len(parts) == 1 || key == "says" || key == "never" || key == "tap" || key == "text" || key == "judge") {
		return yaml.MapSlice{{Key: key, Value: parts[0].Value}}
	}
	return yaml.MapSlice{{Key: key, Value: parts}}
}

// lone takes a text out of the list in which it is alone.
func lone(value any) any {
	switch v := value.(type) {
	case []string:
		if len(v) == 1 {
			return v[0]
		}
	case []any:
		if len(v) == 1 {
			if text, ok := v[0].(string); ok {
				return text
			}
		}
	}
	return value
}

func (j joined) step(i int) yaml.MapSlice {
	s := j.languages[0].Steps[i]
	var out yaml.MapSlice
	switch {
	case len(s.Say) > 0:
		out = j.local("say", func(c Case) any { return c.Steps[i].Say })
	case s.Tap != "":
		out = j.local("tap", func(c Case) any { return c.Steps[i].Tap })
	case s.Agent == "say":
		out = slices.Concat(item("agent", s.Agent), j.local("text", func(c Case) any { return c.Steps[i].Text }))
	case s.Order != "":
		out = slices.Concat(item("order", s.Order), fields("change", s.Change))
	default:
		out = slices.Concat(item("agent", s.Agent), item("again", s.Again), item("down", s.Down), item("up", s.Up))
		if s.Wait > 0 {
			out = item("wait", durationText(s.Wait))
		}
	}
	out = append(out, item("voice", s.Voice)...)
	if s.Expect.Empty() {
		return out
	}
	return append(out, yaml.MapItem{Key: "expect", Value: j.expect(func(c Case) Expect { return c.Steps[i].Expect })})
}

// simulate is who is played.
func (j joined) simulate() yaml.MapSlice {
	s := j.languages[0].Simulate
	out := slices.Concat(j.wish(func(c Case) Wish { return c.Simulate.Wish }), item("mood", s.Mood), list("habits", s.Habits))
	if s.Instead != nil {
		out = append(out, yaml.MapItem{Key: "instead", Value: j.wish(func(c Case) Wish { return *c.Simulate.Instead })})
	}
	out = append(out, yaml.MapItem{Key: "patience", Value: s.Patience})
	return slices.Concat(out, item("gives_up", s.GivesUp), item("turns", s.Turns))
}

func (j joined) wish(of func(Case) Wish) yaml.MapSlice {
	w := of(j.languages[0])
	out := item("wants", w.Wants)
	if w.Goal != "" {
		out = append(out, j.local("goal", func(c Case) any { return of(c).Goal })...)
	}
	var knows yaml.MapSlice
	for _, name := range slices.Sorted(maps.Keys(w.Knows)) {
		knows = append(knows, j.fact(name, func(c Case) string { return of(c).Knows[name] })...)
	}
	out = append(out, section("knows", knows)...)
	if w.Refuses {
		out = append(out, yaml.MapItem{Key: "confirms", Value: false})
	}
	return out
}

// fact is something that a customer knows, once where it is the same in all languages.
func (j joined) fact(name string, value func(Case) string) yaml.MapSlice {
	first := value(j.languages[0])
	if !slices.ContainsFunc(j.languages, func(c Case) bool { return value(c) != first }) {
		return yaml.MapSlice{{Key: name, Value: first}}
	}
	return j.local(name, func(c Case) any { return value(c) })
}

// durationText writes a duration as Read reads it, to the millisecond.
func durationText(d time.Duration) string {
	var text strings.Builder
	for _, unit := range []struct {
		name string
		of   time.Duration
	}{{"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}} {
		if n := d / unit.of; n > 0 {
			text.WriteString(strconv.Itoa(int(n)) + unit.name)
			d -= n * unit.of
		}
	}
	return text.String()
}

// fields are a mapping in the order of its keys.
func fields(key string, from map[string]string) yaml.MapSlice {
	var parts yaml.MapSlice
	for _, name := range slices.Sorted(maps.Keys(from)) {
		parts = append(parts, yaml.MapItem{Key: name, Value: from[name]})
	}
	return section(key, parts)
}

func (j joined) expect(of func(Case) Expect) yaml.MapSlice {
	e := of(j.languages[0])
	out := slices.Concat(
		list("decision", e.Decision), list("reason", e.Reason), item("language", e.Language),
		j.local("says", func(c Case) any { return factList(of(c).Says) }),
		j.local("never", func(c Case) any { return factList(of(c).Never) }),
		list("sources", e.Sources), list("relevant", e.Relevant),
	)
	if e.Actions != nil {
		actions := []yaml.MapSlice{}
		for _, a := range e.Actions {
			actions = append(actions, slices.Concat(item("kind", a.Kind), item("order", a.Order), fields("args", a.Args), item("outcome", a.Outcome)))
		}
		out = append(out, yaml.MapItem{Key: "actions", Value: actions})
	}
	var orders yaml.MapSlice
	for _, number := range slices.Sorted(maps.Keys(e.Orders)) {
		orders = append(orders, fields(number, e.Orders[number])...)
	}
	out = slices.Concat(out, section("orders", orders), item("length", e.Length))
	if e.Replies != nil {
		out = append(out, yaml.MapItem{Key: "replies", Value: *e.Replies})
	}
	out = append(out, j.local("judge", func(c Case) any { return of(c).Judge })...)
	return slices.Concat(out, item("turns", e.Turns), list("ending", e.Ending), list("may_change", e.MayChange))
}

// factList writes a fact in one wording as a text, and one in several as a list.
func factList(facts []Fact) []any {
	list := []any{}
	for _, f := range facts {
		if len(f) == 1 {
			list = append(list, f[0])
		} else {
			list = append(list, []string(f))
		}
	}
	return list
}
