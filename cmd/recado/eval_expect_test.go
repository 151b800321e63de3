package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
)

// expectation is one that a suite may have: what holds of the demo shop, and the same with
// something in it that does not.
type expectation struct {
	name       string
	say        string
	right      string
	wrong      string
	check      string
	customer   string
	afterwards bool
	otherwise  string
}

// expectations are all that docs/suites.md lists, but for the judge, which needs a model.
func expectations() []expectation {
	refund, cancel := `"¿Cuánto tardan los reembolsos con tarjeta?"`, `"Quiero cancelar el pedido #W2024212"`
	return []expectation{
		{name: "decision", say: refund, right: "{decision: reply}", wrong: "{decision: [handoff, clarify]}", check: "decision"},
		{name: "reason", say: `"Quiero hablar con una persona"`, right: "{decision: handoff, reason: asked_for_human}", wrong: "{decision: handoff, reason: legal}", check: "reason"},
		{name: "language", say: refund, right: "{language: es}", wrong: "{language: en}", check: "language"},
		{name: "says", say: refund, right: `{says: [5 a 10 días]}`, wrong: `{says: [5 a 11 días]}`, check: "says"},
		{name: "says-one-of", say: refund, right: `{says: [[una semana, 5 a 10 días]]}`, wrong: `{says: [[una semana, un mes]]}`, check: "says"},
		{name: "never", say: refund, right: `{never: [garantizado]}`, wrong: `{never: [días]}`, check: "never"},
		{name: "sources", say: refund, right: `{sources: [09-refunds, faq]}`, wrong: `{sources: [16-warranty]}`, check: "sources"},
		{name: "length", say: refund, right: `{length: 900}`, wrong: `{length: 20}`, check: "length"},
		{name: "replies", say: refund, right: `{replies: 1}`, wrong: `{replies: 2}`, check: "replies"},
		{
			name: "actions", say: cancel, customer: "irene", check: "actions",
			right: `{actions: [{kind: cancel_order, order: "#W2024212", outcome: proposed}]}`, wrong: `{actions: [{kind: cancel_order, order: "#W2024212", outcome: done}]}`,
		},
		{name: "no-actions", say: cancel, customer: "irene", right: `{actions: [{kind: cancel_order}]}`, wrong: `{actions: []}`, check: "actions"},
		{
			name: "arguments", say: `"Quiero devolver el teclado mecánico del pedido #W2023702"`, customer: "marcos", check: "actions",
			right: `{actions: [{kind: start_return, args: {items: Teclado mecánico compacto}}]}`, wrong: `{actions: [{kind: start_return, args: {items: Altavoz}}]}`,
		},
		{
			name: "orders", say: cancel, customer: "irene", afterwards: true, check: "orders",
			right: `{orders: {"#W2024212": {status: cancelled}}}`, wrong: `{orders: {"#W2024212": {status: paid}}}`,
		},
		{
			name: "orders-within", say: cancel, customer: "irene", afterwards: true, check: "orders",
			right: `{orders: {"#W2024212": {shipping.address: "Calle Curtidores 3, 31001 Pamplona, España"}}}`, wrong: `{orders: {"#W2024212": {shipping.address: "Calle Mayor 5"}}}`,
		},
		{
			name: "ending", customer: "irene", otherwise: `simulate: {wants: cancel_order, knows: {order: "#W2024212"}}`, check: "ending",
			right: `{ending: done, orders: {"#W2024212": {status: cancelled}}}`, wrong: `{ending: person, orders: {"#W2024212": {status: cancelled}}}`,
		},
		{
			name: "turns", customer: "irene", otherwise: `simulate: {wants: cancel_order, knows: {order: "#W2024212"}}`, check: "turns",
			right: `{turns: 6, orders: {"#W2024212": {status: cancelled}}}`, wrong: `{turns: 1, orders: {"#W2024212": {status: cancelled}}}`,
		},
		{
			name: "untouched", customer: "irene", otherwise: `simulate: {wants: cancel_order, knows: {order: "#W2024212"}}`, check: "untouched",
			right: `{ending: done, orders: {"#W2024212": {status: cancelled}}}`, wrong: `{ending: done}`,
		},
	}
}

// written writes the case of an expectation, as it is right or wrong.
func (e expectation) written(expect string) string {
	text := fmt.Sprintf("  - id: %s\n    language: es\n", e.name)
	if e.customer != "" {
		text += "    customer: " + e.customer + "\n"
	}
	switch {
	case e.otherwise != "":
		return text + "    " + e.otherwise + "\n    expect: " + expect + "\n"
	case e.afterwards:
		return text + "    steps: [{say: " + e.say + "}, {tap: 1}, {wait: 2m, expect: " + expect + "}]\n"
	}
	return text + "    say: " + e.say + "\n    expect: " + expect + "\n"
}

const expectShop = `suite: expectations
shop: {demo: true}
clock: 2026-10-20T10:00:00+02:00
customers: {irene: {phone: "+34600550115", name: Irene}, marcos: {phone: "+34600550102", name: Marcos}}
cases:
`

// TestEveryExpectation has a case for each expectation that holds, and one with a mistake
// planted in it, which has to fail by that expectation and by nothing else.
func TestEveryExpectation(t *testing.T) {
	t.Parallel()
	for what, expect := range map[string]func(expectation) string{
		"right": func(e expectation) string { return e.right }, "wrong": func(e expectation) string { return e.wrong },
	} {
		text := expectShop
		for _, e := range expectations() {
			text += e.written(expect(e))
		}
		s, err := suite.Read(oneFile(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		results := playOn(t, "gateway", s)
		for _, e := range expectations() {
			want := ""
			if what == "wrong" {
				want = e.check
			}
			r := results[e.name+"/es"]
			if got := failures(r); got != want || r.Passed != (want == "") {
				t.Errorf("%s, %s: fails by %q", e.name, what, got)
				saying(t, r)
			}
		}
	}
}

// TestEveryGenerator has each generator write a wish that is understood all the same, and
// fails what is wrong in the variant, too.
func TestEveryGenerator(t *testing.T) {
	t.Parallel()
	generators := map[string]string{
		"typos": "es", "no_accents": "es", "mexico": "es", "argentina": "es", "usted": "es", "us": "en", "uk": "en", "code_switch": "es", "split_bubbles": "es", "voice": "es",
	}
	text := expectShop
	for name, language := range generators {
		say := `"Hola, ¿podéis pasarme con una persona? Es por mi pedido"`
		if language == "en" {
			say = `"Hi, can I talk to a person about my parcel, the package?"`
		}
		for _, right := range []bool{true, false} {
			decision := map[bool]string{true: "handoff", false: "reply"}[right]
			text += fmt.Sprintf("  - id: %s-%v\n    language: %s\n    customer: marcos\n    weight: 3\n    risk: low\n    tags: generated\n    generate: %s\n    say: %s\n    expect: {decision: %s}\n",
				strings.ReplaceAll(name, "_", "-"), right, language, name, say, decision)
		}
	}
	s, err := suite.Read(oneFile(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	results := playOn(t, "gateway", s)
	for name, language := range generators {
		id := strings.ReplaceAll(name, "_", "-")
		right, there := results[id+"-true/"+language+"/"+name]
		wrong := results[id+"-false/"+language+"/"+name]
		if !there || right.Variant != name || right.Weight != 3 || right.Risk != "low" || !slices.Equal(right.Tags, []string{"generated"}) {
			t.Errorf("%s: %+v", name, right)
			continue
		}
		if slices.Equal(said(right), said(results[id+"-true/"+language])) {
			t.Errorf("%s writes what was written: %q", name, said(right))
		}
		if !right.Passed || wrong.Passed {
			t.Errorf("%s: right %v, wrong %v", name, right.Passed, wrong.Passed)
			saying(t, right)
		}
	}
}

func said(r runs.Result) []string { return r.Steps[0].Said }
