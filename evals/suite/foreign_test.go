package suite_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/suite"
)

// bot is a configuration in the shapes that people write: templates, sets, short forms, files by
// pattern, scenarios, and assertions of many types.
const bot = `
description: Support bot
prompts: ["Context: {{context}} Question: {{question}}"]
assertionTemplates:
  calm: {type: not-icontains, value: sorry}
defaultTest:
  assert:
    - {type: latency, threshold: 3000}
    - $ref: '#/assertionTemplates/calm'
tests:
  - description: Express
    vars: {question: How much is express shipping?, context: file://shipping.md}
    assert:
      - {type: contains-any, value: "$12.99, 12.99"}
      - {type: similar, value: It is 12.99, threshold: 0.8}
      - {type: not-llm-rubric, value: Blames the customer}
      - {type: icontains, value: policy.md, transform: output.sources.join()}
      - {type: icontains, value: days, transform: output.text}
      - {type: javascript, value: "output.length <= 400"}
      - {type: assert-set, assert: [{type: icontains, value: two}, {type: regex, value: a+}]}
      - {type: icontains, value: x, weight: 0}
  - file://tests/*.csv
  - file://more.jsonl
scenarios:
  - config: [{vars: {city: Madrid}}, {vars: {city: Sevilla}}]
    tests:
      - vars: {question: "Do you have a shop in {{city}}?"}
        assert: [{type: icontains, value: "{{city}}"}, {type: icontains, value: "{{country}}"}]
redteam: {}
`

func TestFromAPromptfooBot(t *testing.T) {
	t.Parallel()
	s, notes := imported(t, suite.FromPromptfoo, "bot.yaml", map[string]string{
		"bot.yaml":    bot,
		"more.jsonl":  "{\"vars\":{\"question\":\"Do you wrap gifts?\"},\"assert\":[{\"type\":\"icontains\",\"value\":\"gift\"}]}\n",
		"tests/a.csv": "\ufeffquestion;__expected;__expected2;__description;__metadata:tags;__threshold\nHow long?;icontains: 5 days;llm-rubric: is short;Refund time;refunds;0.5\n;;;;;\nWhen?;similar(0.8): soon;javascript: output == 1;;;\n",
	})
	calm := []suite.Fact{{"sorry"}}
	want := map[string]suite.Expect{
		"express": {
			Says: []suite.Fact{{"$12.99", "12.99"}, {"days"}, {"two"}}, Never: calm, Length: 400,
			Judge: []string{"The reply means the same as this: It is 12.99", "This is not true of the reply: Blames the customer"},
		},
		"refund-time":                   {Says: []suite.Fact{{"5 days"}}, Never: calm, Judge: []string{"is short"}},
		"when":                          {Never: calm, Judge: []string{"The reply means the same as this: soon"}},
		"do-you-wrap-gifts":             {Says: []suite.Fact{{"gift"}}, Never: calm},
		"do-you-have-a-shop-in-madrid":  {Says: []suite.Fact{{"Madrid"}}, Never: calm},
		"do-you-have-a-shop-in-sevilla": {Says: []suite.Fact{{"Sevilla"}}, Never: calm},
	}
	got := map[string]suite.Expect{}
	for _, c := range s.Cases {
		e := c.Steps[0].Expect
		e.Line = 0
		got[c.Group] = e
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	text := strings.Join(notes, "\n")
	for _, part := range []string{
		"bot.yaml:8: the assertion `latency` has no counterpart in a suite; not taken; a run measures time", "bot.yaml:12: the variable is in the file file://shipping.md",
		"`icontains` looks at something else than the reply", "the assertion `regex`", "the assertion `icontains` has no weight there",
		"tests/a.csv:4: the assertion `javascript`", "the column `__threshold` of tests/a.csv", "needs a variable that the test does not have", "`redteam` has no counterpart",
		"`similar` became a statement that a model judges",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("no note says %q:\n%s", part, text)
		}
	}
	if n := strings.Count(text, "the assertion `latency`"); n > 2 {
		t.Errorf("what all tests share is said %d times", n)
	}
}

// People's spreadsheets have Spanish headers, semicolons, quotes, empty rows, and Windows' letters.
func TestFromASpanishSpreadsheet(t *testing.T) {
	t.Parallel()
	const table = "Nº;Consulta;Respuesta esperada;No debe decir;Decisión;Categoría;Idioma;Observaciones\r\n\r\n" +
		"1;\"¿Cuánto cuesta el envío; y la devolución?\";\"4,95|4.95 €;gratis\";garantizado;responder;Envíos;es;ojo\r\n" +
		"2;\"Dijo \"\"hola\"\" y se fue\";;;persona;Trato;español;\r\n;;;;;;;\r\n"
	windows := strings.NewReplacer("º", "\xba", "ó", "\xf3", "í", "\xed", "¿", "\xbf", "á", "\xe1", "ñ", "\xf1", "€", "\x80").Replace(table)
	for name, text := range map[string]string{"plain": table, "marked": "\ufeff" + table, "windows": windows} {
		s, notes := imported(t, suite.FromTable, "q.csv", map[string]string{"q.csv": text})
		if len(s.Cases) != 2 || len(notes) != 1 || notes[0] != "q.csv:1: the column `Observaciones` has no counterpart in a suite; not taken" {
			t.Fatalf("%s: %d cases, %q", name, len(s.Cases), notes)
		}
		first, second := s.Cases[0], s.Cases[1]
		if e := first.Steps[0].Expect; !cmp.Equal(e.Says, []suite.Fact{{"4,95", "4.95 €"}, {"gratis"}}) || !cmp.Equal(e.Decision, []string{"reply"}) || first.Tags[0] != "Envíos" {
			t.Errorf("%s: %+v", name, first)
		}
		if second.Steps[0].Say[0] != `Dijo "hola" y se fue` || !cmp.Equal(second.Steps[0].Expect.Decision, []string{"handoff"}) || second.Line != 4 {
			t.Errorf("%s: %+v", name, second)
		}
	}
	long := "question,answer\nHow long?," + strings.Repeat("word ", 20) + "\n"
	if _, notes := imported(t, suite.FromTable, "q.csv", map[string]string{"q.csv": long}); len(notes) != 1 || !strings.Contains(notes[0], "the fact has 99 characters") {
		t.Errorf("%q", notes)
	}
}

const single = `
suite: NAME
shop: SHOP
thresholds: [{metric: passed, min: 0.9}]
customers: {ana: {phone: "+34600550101"}}
cases:
  - id: CASE
    customer: ana
    say: {es: Hola}
    expect: {decision: reply}
`

func several(t *testing.T, files map[string][3]string) (suite.Suite, error) {
	t.Helper()
	disk, names := fstest.MapFS{}, []string(nil)
	for _, name := range []string{"a.yaml", "b.yaml", "c.yaml"} {
		v, ok := files[name]
		if !ok {
			continue
		}
		text := strings.NewReplacer("suite: NAME", v[0], "SHOP", v[1], "CASE", v[2]).Replace(single)
		disk[name], names = &fstest.MapFile{Data: []byte(text)}, append(names, name)
	}
	return suite.ReadAll(disk, names)
}

// Several suites at once keep their thresholds and people to themselves.
func TestSeveralSuites(t *testing.T) {
	t.Parallel()
	const shop = "{knowledge: docs}"
	s, err := several(t, map[string][3]string{"a.yaml": {"suite: one", shop, "x"}, "b.yaml": {"suite: two", shop, "y"}})
	if err != nil || s.Name != "one + two" || len(s.Cases) != 2 || len(s.Thresholds) != 2 || s.Cases[1].Suite != "two" {
		t.Fatalf("%+v, %v", s, err)
	}
	if w := s.Thresholds[1].Where; w.String() != "suite two" || w.Takes(s.Cases[0]) || !w.Takes(s.Cases[1]) {
		t.Errorf("%+v", w)
	}
	for want, files := range map[string]map[string][3]string{
		"b.yaml:7: the suites `one` and `two` are about different shops": {"a.yaml": {"suite: one", shop, "x"}, "b.yaml": {"suite: two", "{demo: true}", "y"}},
		"b.yaml:7: the id `x` is that of the case in a.yaml:7":           {"a.yaml": {"suite: one", shop, "x"}, "b.yaml": {"suite: two", shop, "x"}},
		"b.yaml:7: a suite `one` is in a.yaml already":                   {"a.yaml": {"suite: one", shop, "x"}, "b.yaml": {"suite: one", shop, "y"}},
		"c.yaml: several suites are named and this file is of none":      {"a.yaml": {"suite: one", shop, "x"}, "b.yaml": {"suite: two", shop, "y"}, "c.yaml": {"about: z", shop, "z"}},
	} {
		if _, err := several(t, files); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// A document is the same under every name that people give it.
func TestDocumentName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"returns": "returns", "es/returns.md": "returns", "returns.es.md": "returns", "Returns.EN": "Returns", "faq.csv#3": "faq", "faq.csv@en": "faq", "es/faq.csv@es#3": "faq",
		"guide-2.0": "guide-2.0", "guide-2.0.pdf": "guide-2.0", "https://shop.example.com/help/refunds.html": "refunds", ".md": ".md",
	} {
		if got := suite.DocumentName(name); got != want || suite.DocumentName(got) != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
