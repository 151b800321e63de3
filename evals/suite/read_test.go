package suite_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/suite"
)

// shopSuite uses every key that a suite has.
const shopSuite = `
suite: shop
about: What customers of the shop ask.
shop: {knowledge: [kb, ../faq.csv], orders: orders.json, actions: actions.yaml}
clock: 2026-11-20T10:00:00+01:00
costs: {wrong: 10, handoff: 1, clarify: 0.2}
thresholds:
  - {metric: passed, min: 0.85, bound: low}
  - {metric: answered_wrong, max: 0.02, where: {tag: policy, language: es, variant: written}, cases: 1}
parity: {margin: 0.1}
customers:
  ana: {phone: "+34 600 550 101", name: Ana, level: code}
defaults:
  tags: [demo]
  risk: low
  expect: {decision: reply, never: [garantizado]}
cases:
  - id: refund-card
    tags: [policy, demo]
    intent: refund_time
    generate: [no_accents]
    weight: 2
    say: {es: ¿Cuánto tardan los reembolsos?, en: How long do refunds take?}
    expect: {says: {es: [5 a 10 días, [tarjeta, con tarjeta]], en: 5 to 10 business days}, sources: 09-refunds}
  - id: cancel
    customer: ana
    clock: 2026-11-21T23:00:00Z
    steps:
      - say: {es: [Hola, "Quiero cancelar el pedido 1042"], en: [Hi, "Please cancel order 1042"]}
        expect:
          decision: [propose, clarify]
          actions: [{kind: cancel_order, order: "#1042", args: {reason: 7}, outcome: proposed}]
      - tap: {es: Sí, en: Yes}
      - wait: 1d2h
        expect: {orders: {"#1042": {status: cancelled}}, replies: 1}
      - {order: "#1042", change: {status: shipped}}
      - {agent: take}
      - {agent: say, text: {any: "👋"}}
      - again: 2
      - down: model
      - {say: {any: "1042"}, voice: true, expect: {decision: handoff, reason: model_unavailable, length: 300, language: en, judge: {any: It is polite.}, actions: []}}
      - up: model
  - id: only-spanish
    language: es
    customer: "+34600550102"
    say: ¿Dónde está?
    expect: {decision: clarify, relevant: [03-order-tracking]}
`

func read(t *testing.T, texts map[string]string, names ...string) (suite.Suite, error) {
	t.Helper()
	files := fstest.MapFS{}
	for name, text := range texts {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return suite.Read(files, names)
}

// readText reads a suite of one file.
func readText(text string) (suite.Suite, error) {
	return suite.Read(fstest.MapFS{"s.yaml": {Data: []byte(text)}}, nil)
}

// FuzzRead holds that any text is read or refused with a place, and that what is read can
// be written.
func FuzzRead(f *testing.F) {
	f.Add(shopSuite)
	f.Add("suite: s\ncases:\n  - {id: a, say: {es: Hola, en: Hi}, expect: {decision: reply}}\n")
	f.Add("a: &a [*a, *b]\n<<: *a\n")
	f.Add("suite: s\ncases: [{id: a, language: es, say: |\n  x\n, expect: {orders: {\"#1\": {a: 1}}}}]")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4<<10 {
			t.Skip("nested brackets take the YAML reader the square of their number")
		}
		s, err := readText(text)
		var all suite.Problems
		switch {
		case err == nil:
			if _, written, err := again(s); err != nil {
				t.Errorf("%v\n%s", err, written)
			}
		case !errors.As(err, &all) || len(all) == 0:
			t.Errorf("%T: %v", err, err)
		}
	})
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func TestRead(t *testing.T) {
	t.Parallel()
	got, err := read(t, map[string]string{"suites/shop.yaml": shopSuite}, "suites/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	low, high := 0.85, 0.02
	clock := at(t, "2026-11-20T10:00:00+01:00")
	base := suite.Case{
		File: "suites/shop.yaml", Line: 18, Group: "refund-card", Pair: "refund-card", Tags: []string{"demo", "policy"},
		Intent: "refund_time", Risk: "low", Weight: 2, Clock: clock,
	}
	refund := func(id, language, variant, pair, say string, says ...suite.Fact) suite.Case {
		c := base
		c.ID, c.Language, c.Variant, c.Pair = id, language, variant, pair
		c.Steps = []suite.Step{{Line: 18, Say: []string{say}, Expect: suite.Expect{
			Line: 24, Decision: []string{"reply"}, Never: []suite.Fact{{"garantizado"}}, Sources: []string{"09-refunds"}, Says: says,
		}}}
		return c
	}
	want := suite.Suite{
		Name: "shop", About: "What customers of the shop ask.", Clock: clock,
		Shop:   suite.Shop{Knowledge: []string{"suites/kb", "faq.csv"}, Orders: "suites/orders.json", Actions: "suites/actions.yaml"},
		Costs:  suite.Costs{Wrong: 10, Handoff: 1, Clarify: 0.2},
		Parity: suite.Parity{Margin: 0.1, File: "suites/shop.yaml", Line: 10},
		Thresholds: []suite.Threshold{
			{Metric: "passed", Min: &low, Bound: "low", File: "suites/shop.yaml", Line: 8},
			{
				Metric: "answered_wrong", Max: &high, Bound: "value", Cases: 1, File: "suites/shop.yaml", Line: 9,
				Where: suite.Where{Tag: "policy", Language: "es", Variant: "written"},
			},
		},
		Cases: []suite.Case{
			refund("refund-card/es", "es", "", "refund-card", "¿Cuánto tardan los reembolsos?", suite.Fact{"5 a 10 días"}, suite.Fact{"tarjeta", "con tarjeta"}),
			refund("refund-card/es/no_accents", "es", "no_accents", "", "Cuanto tardan los reembolsos?", suite.Fact{"5 a 10 días"}, suite.Fact{"tarjeta", "con tarjeta"}),
			refund("refund-card/en", "en", "", "refund-card", "How long do refunds take?", suite.Fact{"5 to 10 business days"}),
			cancelCase(t, "es", "Sí", "Hola", "Quiero cancelar el pedido 1042"),
			cancelCase(t, "en", "Yes", "Hi", "Please cancel order 1042"),
			{
				ID: "only-spanish/es", File: "suites/shop.yaml", Line: 43, Group: "only-spanish", Language: "es", Tags: []string{"demo"}, Risk: "low",
				Weight: 1, Clock: clock, Customer: suite.Customer{Phone: "34600550102"},
				Steps: []suite.Step{{Line: 43, Say: []string{"¿Dónde está?"}, Expect: suite.Expect{
					Line: 47, Decision: []string{"clarify"}, Never: []suite.Fact{{"garantizado"}}, Relevant: []string{"03-order-tracking"},
				}}},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func cancelCase(t *testing.T, language, yes string, say ...string) suite.Case {
	t.Helper()
	one := 1
	return suite.Case{
		ID: "cancel/" + language, File: "suites/shop.yaml", Line: 25, Group: "cancel", Pair: "cancel", Language: language, Tags: []string{"demo"},
		Risk: "low", Weight: 1, Clock: at(t, "2026-11-21T23:00:00Z"), Customer: suite.Customer{Phone: "34600550101", Name: "Ana", Level: "code"},
		Steps: []suite.Step{
			{Line: 29, Say: say, Expect: suite.Expect{Line: 31, Decision: []string{"propose", "clarify"}, Actions: []suite.Action{
				{Kind: "cancel_order", Order: "#1042", Args: map[string]string{"reason": "7"}, Outcome: "proposed"},
			}}},
			{Line: 33, Tap: yes},
			{Line: 34, Wait: 26 * time.Hour, Expect: suite.Expect{Line: 35, Replies: &one, Orders: map[string]map[string]string{"#1042": {"status": "cancelled"}}}},
			{Line: 36, Order: "#1042", Change: map[string]string{"status": "shipped"}},
			{Line: 37, Agent: "take"},
			{Line: 38, Agent: "say", Text: "👋"},
			{Line: 39, Again: 2},
			{Line: 40, Down: "model"},
			{Line: 41, Say: []string{"1042"}, Voice: true, Expect: suite.Expect{
				Line: 41, Decision: []string{"handoff"}, Reason: []string{"model_unavailable"}, Length: 300, Language: "en",
				Judge: []string{"It is polite."}, Actions: []suite.Action{},
			}},
			{Line: 42, Up: "model"},
		},
	}
}

func TestReadSeveralFilesAsOne(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"demo/a.yaml":    "suite: demo\ncustomers: {ana: {phone: \"+34600550101\"}}\ncases:\n",
		"demo/b.yml":     "defaults: {tags: b, customer: ana}\ncases:\n  - {id: one, say: {es: Hola}, expect: {decision: reply}}\n",
		"demo/notes.txt": "no suite",
		"c.yaml":         "cases:\n  - {id: two, say: {en: Hello}, expect: {decision: reply}}\n",
	}
	files["demo/a.yaml"] = strings.Replace(files["demo/a.yaml"], "cases:\n", "cases: []\n", 1)
	got, err := read(t, files, "demo", "c.yaml", "demo/a.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Cases) != 2 || got.Cases[0].ID != "two/en" || got.Cases[1].Customer.Phone != "34600550101" || got.Cases[1].Tags[0] != "b" {
		t.Error(got.Cases)
	}
	if _, err := read(t, files, "demo/nothing.yaml"); err == nil || errors.As(err, new(suite.Problems)) {
		t.Error(err)
	}
}

// broken are suites with what is said about them, one problem on each line.
func TestReadSaysWhatToDo(t *testing.T) {
	t.Parallel()
	const one = "  - {id: a, say: {es: Hola, en: Hi}, expect: {decision: reply}}\n"
	for name, c := range map[string]struct{ text, want string }{
		"a wrong key": {
			"suite: s\ncases:\n  - id: a\n    say: {es: Hola}\n    expect: {decison: reply, sayz: [x]}\n",
			"s.yaml:5:14: `decison` is not a word of what is expected; did you mean `decision`?\n" +
				"s.yaml:5:30: `sayz` is not a word of what is expected; did you mean `says`?",
		},
		"a key far from all": {
			"suite: s\ncolour: red\ncases:\n" + one,
			"s.yaml:2:1: `colour` is not a word of a suite; write one of `about`, `cases`, `clock`, `costs`, `customers`, `defaults`, `generate`, `parity`, `shop`, `suite`, `thresholds`",
		},
		"wrong types": {
			"suite: s\ncosts: {wrong: much}\ncases:\n  - {id: a, weight: -1, say: {es: Hola}, expect: {decision: reply, replies: 1.5, sources: {es: x}}}\n",
			"s.yaml:2:16: `wrong` has to be a number, and is a text here\n" +
				"s.yaml:4:21: `weight` has to be at least 0\n" +
				"s.yaml:4:77: `replies` has to be a whole number, and is a number here\n" +
				"s.yaml:4:91: `sources` has to be a text or a list, and is a mapping here",
		},
		"words that are none": {
			"suite: s\ncases:\n  - {id: a, say: {es: Hola}, generate: [tipos], expect: {decision: [replay], reason: bored}}\n",
			"s.yaml:3:41: `generate` can't be `tipos`; did you mean `typos`?\n" +
				"s.yaml:3:69: `decision` can't be `replay`; did you mean `reply`?\n" +
				"s.yaml:3:86: `reason` can't be `bored`; write one of `asked_for_human`, `legal`, `safety`, `fraud`, `low_confidence`, `not_covered`, `unsupported_claim`, `model_unavailable`, `knowledge_unavailable`, `orders_unavailable`, `unreadable_message`, `send_failed`, `internal_error`, `taken_over`, `window_closed`, `media`, `identity_changed`, `agent_took`, `unavailable_message`, `suggest_only`, `receipt_missing`, `action_refused`, `action_wanted`, `data_request`, `repeated`, `off_topic`",
		},
		"forms": {
			"suite: s\nclock: yesterday\ncases:\n  - id: A b\n    customer: {phone: 12}\n    steps:\n      - say: {es: Hola}\n      - wait: 2 min\n      - order: #12\n        expect: {decision: reply}\n",
			"s.yaml:2:8: `clock` has to be a time with its zone, such as 2026-11-20T10:00:00+01:00\n" +
				"s.yaml:4:9: `id` has to be of small letters and digits joined by hyphens, such as refund-card\n" +
				"s.yaml:8:15: `wait` has to be a duration such as 30s, 2m, 1h or 2d\n" +
				"s.yaml:9:9: `order` has no value; a # after a space begins a comment, so put a text that begins with it in quotes",
		},
		"ids twice": {
			"suite: s\ncases:\n" + one + one,
			"s.yaml:4:10: the id `a` is that of the case in s.yaml:3; give this one another",
		},
		"keys twice": {
			"suite: s\nsuite: t\ncases:\n" + one,
			"s.yaml:2:1: `suite` is there twice; keep one",
		},
		"nobody": {
			"suite: s\ncustomers: {lucia: {}}\ncases:\n  - {id: a, customer: lusia, say: {es: Hola}, expect: {decision: reply}}\n",
			"s.yaml:4:23: `lusia` is no customer of the suite; did you mean `lucia`?",
		},
		"nobody at all": {
			"suite: s\ncases:\n  - {id: a, customer: ana, say: {es: Hola}, expect: {decision: reply}}\n",
			"s.yaml:3:23: `ana` is no customer of the suite; name customers below `customers:` at the beginning of the suite",
		},
		"an empty slice": {
			"suite: s\nthresholds:\n  - {metric: passed, min: 1, where: {tag: hostil}}\n  - {metric: passed, min: 1, cases: 9}\ncases:\n  - {id: a, tags: hostile, say: {es: Hola, en: Hi}, expect: {decision: reply}}\n",
			"s.yaml:3: no case is in the slice tag hostil of the threshold of `passed`; did you mean `hostile`?\n" +
				"s.yaml:4: the threshold of `passed` needs 9 cases and has 2; add cases, or lower `cases`",
		},
		"thresholds without a sense": {
			"suite: s\nthresholds: [{metric: passed}, {metric: x, min: 2, max: 1}]\ncases:\n" + one,
			"s.yaml:2:14: the threshold of `passed` has no bound; write `min` or `max`\n" +
				"s.yaml:2:32: `min` is above `max`, which nothing can reach; swap them",
		},
		"nothing to hold the languages against": {
			"suite: s\nparity: {margin: 0.1}\ncases:\n  - {id: a, say: {es: Hola}, expect: {decision: reply}}\n",
			"s.yaml:2: no case is there in both languages, so that parity says nothing; take `parity` away, or write es and en",
		},
		"steps": {
			"suite: s\ncases:\n  - id: a\n  - {id: b, say: {es: Hola}}\n  - id: c\n    say: {es: Hola}\n    steps: [{tap: 1, wait: 1s}, {expect: {decision: reply}}, {agent: say}, {order: x}, {tap: 1, voice: true}]\n  - {id: d, say: {es: x}, expect: {decision: handoff, sources: x}}\n  - {id: e, say: {es: x}, expect: {decision: reply, reason: legal}}\n",
			"s.yaml:3:5: the case says nothing; write `say:` with what the customer writes, `steps:`, or `simulate:`\n" +
				"s.yaml:4:5: the case expects nothing, so that it can't fail; write `expect:`\n" +
				"s.yaml:7:12: a case has either `say` or `steps`; make `say` the first of the steps\n" +
				"s.yaml:8:64: nothing is cited where nothing is answered; write `relevant` for what should be found all the same\n" +
				"s.yaml:9:61: only a handoff has a reason; add handoff to `decision`, or take `reason` away",
		},
		"more steps": {
			"suite: s\ncases:\n  - id: c\n    steps: [{tap: 1, wait: 1s}, {expect: {decision: reply}}, {agent: say}, {order: x}, {tap: 1, voice: true}]\n  - {id: d, steps: [{again: 1, expect: {decision: reply}}], expect: {decision: reply}}\n",
			"s.yaml:4:13: a step is one thing that happens, and this one has `tap`, `wait`; make a step of each\n" +
				"s.yaml:4:33: nothing happens in this step; write one of `say`, `tap`, `wait`, `agent`, `again`, `down`, `up`, `order`\n" +
				"s.yaml:4:62: what a person says is `agent: say` together with `text`\n" +
				"s.yaml:4:76: an order changes with `order` and `change` together: its number, and its fields with their new values\n" +
				"s.yaml:4:104: `voice` belongs to `say`\n" +
				"s.yaml:5:69: a case with `steps` has its `expect` within the steps; move it to the step that it is about",
		},
		"languages": {
			"suite: s\ncases:\n  - {id: a, say: Hola, expect: {decision: reply}}\n  - {id: b, say: {es: ¿Señor?, en: Hi}, expect: {says: {es: x}}}\n",
			"s.yaml:3:18: in which language is this? Write {es: …, en: …}, {any: …} where it is the same in all, or name the `language` of the case\n" +
				"s.yaml:4:56: this has no text in English (en), which the case is in as well; write it, or leave that language out of the whole case",
		},
		"a comma": {
			"suite: s\ncases:\n  - {id: a, say: {es: Hola, amigos, en: Hi}, expect: {decision: reply}}\n",
			"s.yaml:3:29: `amigos` is not a language; a comma between braces ends a text, so put a text with a comma in quotes",
		},
		"no YAML":      {"suite: [", "s.yaml:1:8: this is not YAML: sequence end token ']' not found"},
		"nothing":      {"# nothing\n", "s.yaml:1: the file is empty; a suite begins with `suite:` and `cases:`"},
		"no cases":     {"suite: s\n", "s.yaml:1:1: a suite needs `cases`"},
		"no case":      {"suite: s\ncases: []\n", "s.yaml: the suite has no cases; write at least one below `cases:`"},
		"no name":      {"cases:\n" + one, "s.yaml:1:1: no file of the suite has its name; write `suite: NAME` at the beginning of one"},
		"a list":       {"- a\n", "s.yaml:1:1: the file has to be a mapping, and is a list here"},
		"two":          {"suite: s\ncases:\n" + one + "---\nsuite: t\n", "s.yaml:5:1: a second document begins here; put it into a file of its own and take the `---` away"},
		"no anchor":    {"suite: s\ncases:\n  - *x\n", "s.yaml:3:5: nothing above is marked with `&x`"},
		"a bad shop":   {"suite: s\nshop: {orders: x}\ncases:\n" + one, "s.yaml:2:7: the shop has no documents; write `knowledge:` with files or folders, or `demo: true`"},
		"a mixed shop": {"suite: s\nshop: {demo: true, knowledge: x}\ncases:\n" + one, "s.yaml:2:7: the shop is either the demo shop or made of own files; take `demo` away, or the files"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, map[string]string{"s.yaml": c.text})
			if err == nil {
				t.Fatal("it was read")
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			if !errors.As(err, new(suite.Problems)) || !errors.As(err, new(suite.Problem)) {
				t.Errorf("%T", err)
			}
		})
	}
}
