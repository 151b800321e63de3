package action_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

func TestReadPolicy(t *testing.T) {
	t.Parallel()
	text := `
# The shop's rules.
return_days: 14
seasons:
  - {from: "11-15", to: "12-31", until: "01-31"}
cancel_while: [Pendiente, "En preparación", mi estado]
change_address_while: []
person_above_minor: {EUR: 30000, CLP: 300000}
final_items: [Tarjeta regalo, NG-1]
levels:
  cancel_order: code
  change_address: verified
`
	want := action.Policy{
		ReturnDays: 14, Seasons: []action.Season{{From: "11-15", To: "12-31", Until: "01-31"}},
		Cancel: []string{"pending", "processing", "mi_estado"}, Return: []string{"delivered"},
		PersonAbove: map[string]int64{"EUR": 30000, "CLP": 300000}, Final: []string{"Tarjeta regalo", "NG-1"},
		Levels: map[action.Kind]assure.Level{action.Cancel: assure.Code, action.ChangeAddress: assure.Verified},
	}
	got, err := action.ReadPolicy(strings.NewReader(text))
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestReadPolicyLeavesTheDefaults(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n", "# nothing\n", "return_days: 30\n", "return_days:\ncancel_while:\nlevels:\n"} {
		got, err := action.ReadPolicy(strings.NewReader(text))
		if diff := cmp.Diff(action.DefaultPolicy(), got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("%q: %s, %v", text, diff, err)
		}
	}
}

func TestReadPolicyNamesTheLine(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"return_days: 14\nretrun_days: 3\n":   "line 2: unknown field \"retrun_days\"",
		"return_days: soon\n":                 "line 1: ",
		"\nreturn_days: -1\n":                 "line 2: return_days can't be negative",
		"return_days: 1\nreturn_days: 2\n":    "line 2: ",
		"return_days: [\n":                    "line ",
		"cancel_while:\n  - paid\n  - \"\"\n": "line 3: a status is empty",
		"final_items:\n  - \" \"\n":           "line 2: an item is empty",
		"seasons:\n  - {from: \"11-15\", to: \"13-31\", until: \"01-31\"}\n":        "line 2: a season needs",
		"seasons:\n  - {from: \"11-15\", untill: \"01-31\"}\n":                      "line 2: unknown field \"untill\"",
		"person_above_minor:\n  EUR: 1\n  euro: 2\n":                                "line 3: a currency is an ISO 4217 code",
		"person_above_minor:\n  EUR: -1\n":                                          "line 2: an amount can't be negative",
		"levels:\n  cancel_order: number\n  change_address: number\n":               "line 3: change_address needs at least code",
		"levels:\n  refund: code\n":                                                 "line 2: \"refund\" is no action; the actions are order_status, ",
		"levels:\n  cancel_order: high\n":                                           "line 2: \"high\" is no level; write number, code or verified",
		"levels:\n  cancel_order: unknown\n":                                        "line 2: \"unknown\" is no level",
		"- a\n- b\n":                                                                "line 1: ",
		"return_days: 1\n" + strings.Repeat("# "+strings.Repeat("x", 70)+"\n", 1e3): "larger than 64 KB",
	} {
		_, err := action.ReadPolicy(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40q: %v, not an error that says %q", text, err, says)
		}
	}
	broken := errors.New("the disk is gone")
	if _, err := action.ReadPolicy(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestLevelNames(t *testing.T) {
	t.Parallel()
	for _, l := range []assure.Level{assure.Unknown, assure.Number, assure.Code, assure.Verified} {
		if back, ok := action.ParseLevel(action.LevelName(l)); !ok || back != l {
			t.Errorf("%d is %q", l, action.LevelName(l))
		}
	}
	if _, ok := action.ParseLevel("root"); ok || action.LevelName(-1) != "unknown" || action.LevelName(9) != "unknown" {
		t.Error("what is no level is one")
	}
}

// FuzzReadPolicy: whatever the file says, it is read or refused, and never lowers a level.
func FuzzReadPolicy(f *testing.F) {
	for _, seed := range []string{"return_days: 14\n", "levels: {cancel_order: code}", "cancel_while: [a, b]", "- x", "seasons: [{from: 1}]", "a: &a [*a]", "{"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := action.ReadPolicy(strings.NewReader(text))
		for _, s := range action.Specs() {
			if err == nil && p.Level(s.Kind) < s.Level {
				t.Errorf("%s needs only %d", s.Kind, p.Level(s.Kind))
			}
		}
	})
}
