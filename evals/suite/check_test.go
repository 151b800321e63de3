package suite_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/suite"
)

func TestCheckNamesWhatTheShopDoesNotHave(t *testing.T) {
	t.Parallel()
	s, err := read(t, map[string]string{"s.yaml": `
suite: s
thresholds: [{metric: pased, min: 1}]
cases:
  - id: a
    customer: {phone: "+34600550199"}
    say: {es: Hola, en: Hi}
    expect: {decision: reply, sources: [09-refund, faq]}
  - id: b
    customer: {phone: "+34 600 550 101"}
    steps:
      - {say: {es: Hola}, expect: {decision: [propose], actions: [{kind: cancel_order, order: w2}, {kind: cancel_order, order: "#W9", outcome: refused}]}}
      - {order: "#W3", change: {status: x}, expect: {orders: {"#W4": {status: y}}}}
      - {tap: 1, expect: {relevant: about, orders: {"#W1": {status: y}}}}
`})
	if err != nil {
		t.Fatal(err)
	}
	known := suite.Known{
		Documents: []string{"policies/es/09-refunds.md", "faq/faq.csv#es", `kb\about.txt`}, Customers: []string{"34600550101"},
		Orders: []string{"#W1", "#W2"}, Metrics: []string{"passed"},
	}
	var got []string
	for _, err := range suite.Check(s, known) {
		if !errors.As(err, new(suite.Problem)) {
			t.Errorf("%T", err)
		}
		got = append(got, err.Error())
	}
	if diff := cmp.Diff([]string{
		"s.yaml:3: a run has no figure `pased`; did you mean `passed`?",
		"s.yaml:5: the shop has no orders of the customer's phone number; take another, or leave `phone` out for somebody whom the shop does not know",
		"s.yaml:8: the shop has no document `09-refund`; did you mean `09-refunds`?",
		"s.yaml:13: the shop has no order `#W3`; write one of `#W1`, `#W2`",
		"s.yaml:13: the shop has no order `#W4`; write one of `#W1`, `#W2`",
	}, got); diff != "" {
		t.Error(diff)
	}
	if list := suite.Check(s, suite.Known{}); len(list) > 0 {
		t.Errorf("what is not known is looked at: %v", list)
	}
}

func TestWhere(t *testing.T) {
	t.Parallel()
	c := suite.Case{Tags: []string{"a", "b"}, Language: "es", Intent: "refund", Risk: "money"}
	v := c
	v.Variant = "typos"
	for _, row := range []struct {
		where        suite.Where
		text         string
		plain, other bool
	}{
		{suite.Where{}, "", true, true},
		{suite.Where{Tag: "b", Language: "es"}, "tag b, language es", true, true},
		{suite.Where{Tag: "c"}, "tag c", false, false},
		{suite.Where{Intent: "refund", Risk: "money"}, "intent refund, risk money", true, true},
		{suite.Where{Risk: "safety"}, "risk safety", false, false},
		{suite.Where{Variant: suite.Written}, "variant written", true, false},
		{suite.Where{Variant: "typos"}, "variant typos", false, true},
	} {
		if row.where.Takes(c) != row.plain || row.where.Takes(v) != row.other || row.where.String() != row.text {
			t.Errorf("%+v: %v %v %q", row.where, row.where.Takes(c), row.where.Takes(v), row.where)
		}
	}
}

// TestEveryMistakeHasItsLine breaks the right suite in one line after the other, and looks
// for a problem with a place and a sentence.
func TestEveryMistakeHasItsLine(t *testing.T) {
	t.Parallel()
	lines := strings.Split(shopSuite, "\n")
	for at, line := range lines {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		broken := slices.Clone(lines)
		broken[at] = key + "x:" + value
		_, err := readText(strings.Join(broken, "\n"))
		var all suite.Problems
		if !errors.As(err, &all) {
			t.Errorf("line %d: %v", at+1, err)
		}
		for _, p := range all {
			if p.Line < 1 || p.Line > len(lines) || p.Text == "" {
				t.Errorf("line %d: %v", at+1, p)
			}
		}
	}
}
