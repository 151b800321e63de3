package suite_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/suite"
)

const playedSuite = `suite: played
customers: {ana: {phone: "+34600550101", name: Ana, level: code}}
defaults: {expect: {never: [Herrera]}}
cases:
  - id: cancel
    customer: ana
    generate: [voice, typos]
    simulate:
      wants: cancel_order
      goal: {es: Quiero cancelar el 1042, en: I want to cancel 1042}
      knows: {order: "#1042", reason: {es: llega tarde, en: it's late}, code: sent}
      mood: angry
      habits: [typos]
      instead: {wants: answer, goal: {es: ¿Cuándo llega?, en: When does it arrive?}}
      patience: 0
      gives_up: person
      turns: 6
    expect: {ending: [done, person], turns: 5, says: {es: cancelado, en: cancelled}, orders: {"#1042": {status: cancelled}}, may_change: ["#7"]}
  - id: person
    simulate: {wants: person, confirms: false}
    expect: {ending: person}
`

func TestReadSimulate(t *testing.T) {
	t.Parallel()
	s, err := read(t, map[string]string{"s.yaml": playedSuite})
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, c := range s.Cases {
		ids = append(ids, c.ID)
	}
	// Typing mistakes are a habit already, so that they make no variant.
	if diff := cmp.Diff([]string{"cancel/es", "cancel/es/voice", "cancel/en", "cancel/en/voice", "person/es", "person/en"}, ids); diff != "" {
		t.Fatal(diff)
	}
	want := &suite.Simulate{
		Line: 9, Mood: "angry", Habits: []string{"typos"}, Patience: 0, GivesUp: "person", Turns: 6,
		Wish: suite.Wish{
			Wants: "cancel_order", Goal: "I want to cancel 1042",
			Knows: map[string]string{"order": "#1042", "reason": "it's late", "code": suite.CodeSent},
		},
		Instead: &suite.Wish{Wants: "answer", Goal: "When does it arrive?"},
		Expect: suite.Expect{
			Line: 18, Ending: []string{"done", "person"}, Turns: 5, Says: []suite.Fact{{"cancelled"}}, Never: []suite.Fact{{"Herrera"}},
			Orders: map[string]map[string]string{"#1042": {"status": "cancelled"}}, MayChange: []string{"#7"},
		},
	}
	if diff := cmp.Diff(want, s.Cases[2].Simulate); diff != "" {
		t.Error(diff)
	}
	if spoken := s.Cases[3]; !cmp.Equal(spoken.Simulate.Habits, []string{"typos", "voice"}) || spoken.Variant != "voice" || spoken.Pair != "cancel/voice" {
		t.Errorf("%+v", spoken)
	}
	plain := s.Cases[5].Simulate
	if !plain.Refuses || plain.Mood != "calm" || plain.Patience != 2 || plain.Turns != 8 || plain.GivesUp != "leave" || len(s.Cases[5].Steps) != 0 {
		t.Errorf("%+v", plain)
	}
	if names := s.Cases[2].Simulate.Names(); !strings.Contains(names, "#1042") || !strings.Contains(names, "When does it arrive?") {
		t.Error(names)
	}
	if names := (*suite.Simulate)(nil).Names(); names != "" {
		t.Error(names)
	}
	back, written, err := again(s)
	if diff := cmp.Diff(s, back, elsewhere); diff != "" || err != nil {
		t.Errorf("%v\n%s\n%s", err, diff, written)
	}
}

func TestReadSimulateSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"both": {
			"simulate: {wants: person}, say: {es: Hola}, expect: {ending: person}",
			"s.yaml:3:45: a case with `simulate` has no `say`: what the customer writes follows from what they want; take one of the two away",
		},
		"nothing expected": {
			"simulate: {wants: person}",
			"s.yaml:3:5: the case expects nothing, so that it can't fail; write `expect:`, such as the orders as they should be at the end",
		},
		"nothing asked": {
			"simulate: {wants: answer}, expect: {ending: done}",
			"s.yaml:3:23: who wants an answer has to ask something; write it as `goal`",
		},
		"an end of nobody": {
			"say: {es: Hola}, expect: {ending: done, turns: 2}",
			"s.yaml:3:47: `ending` is about the end of a talk that is played; it belongs to a case with `simulate`\n" +
				"s.yaml:3:60: `turns` is about the end of a talk that is played; it belongs to a case with `simulate`",
		},
		"words that are none": {
			"simulate: {wants: cancel, mood: cross, habits: typo, gives_up: never, turns: 99}, expect: {ending: happy}",
			"",
		},
		"no language": {
			"simulate: {wants: answer, goal: ¿Cuándo?}, expect: {ending: done}",
			"s.yaml:3:45: in which language is this? Write {es: …, en: …}, {any: …} where it is the same in all, or name the `language` of the case",
		},
		"a language too few": {
			"simulate: {wants: answer, goal: {es: ¿Cuándo?, en: When?}, knows: {name: {es: Ana}}}, expect: {ending: done}",
			"s.yaml:3:86: this has no text in English (en), which the case is in as well; write it, or leave that language out of the whole case",
		},
		"a key that is none": {
			"simulate: {wants: person, whants: a}, expect: {ending: person}",
			"s.yaml:3:39: `whants` is not a word of a customer who is played; did you mean `wants`?",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, map[string]string{"s.yaml": "suite: s\ncases:\n  - {id: a, " + c.text + "}\n"})
			switch {
			case err == nil:
				t.Fatal("it was read")
			case name == "words that are none":
				for _, part := range []string{"`wants` can't be `cancel`", "`mood` can't be `cross`", "did you mean `typos`?", "`gives_up` can't be `never`", "`turns` has to be at most 40", "`ending` can't be `happy`"} {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("no %q in %s", part, err)
					}
				}
			case err.Error() != c.want:
				t.Error(cmp.Diff(c.want, err.Error()))
			}
		})
	}
}

func TestCheckSimulate(t *testing.T) {
	t.Parallel()
	s, err := read(t, map[string]string{"s.yaml": strings.Replace(playedSuite, `orders: {"#1042"`, `sources: [refunds], orders: {"#1043"`, 1)})
	if err != nil {
		t.Fatal(err)
	}
	found := suite.Check(s, suite.Known{Documents: []string{"returns.md"}, Orders: []string{"#1042"}, Customers: []string{"+34600550101"}})
	all := ""
	for _, one := range found {
		all += one.Error() + "\n"
	}
	if !strings.Contains(all, "s.yaml:18: the shop has no document `refunds`") || !strings.Contains(all, "s.yaml:18: the shop has no order `#1043`") {
		t.Error(all)
	}
}
