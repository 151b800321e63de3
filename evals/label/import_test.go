package label

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/gateway"
)

func TestReadSaid(t *testing.T) {
	t.Parallel()
	want := []Said{
		{Line: 2, ID: "a", Verdict: gateway.VerdictRight, Note: "bien, todo", Chance: .25},
		{Line: 3, ID: "b", Verdict: gateway.VerdictWrong, By: "eva", At: morning},
		{Line: 5, ID: "d", Verdict: gateway.VerdictUnsure},
	}
	table := "\ufeffID,right,note,chance,by,at,more\na,Sí,\"bien, todo\",0.25,,,x\nb,no,,,eva,2026-03-02T10:00:00Z\nc,,,,,\nd,?,,,,\n"
	for name, text := range map[string]string{"commas": table, "semicolons": strings.ReplaceAll(strings.ReplaceAll(table, "bien, todo", "bien# todo"), ",", ";")} {
		got, skipped, err := ReadSaid(strings.NewReader(strings.ReplaceAll(text, "#", ",")), false)
		if diff := cmp.Diff(want, got); diff != "" || skipped != 1 || err != nil {
			t.Errorf("%s: %d skipped, %v (-want +got):\n%s", name, skipped, err, diff)
		}
	}
	lines := `{"id":"a","right":true,"note":"bien, todo","chance":0.25,"features":{"x":1}}

{"id":"b","right":0,"by":"eva","at":"2026-03-02T10:00:00Z"}
{"id":"c"}
{"id":"d","right":"unsure"}`
	want[1].Line = 3
	got, skipped, err := ReadSaid(strings.NewReader(lines), true)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Said{}, "Line")); diff != "" || skipped != 1 || err != nil {
		t.Errorf("lines of JSON: %d skipped, %v (-want +got):\n%s", skipped, err, diff)
	}
}

func TestReadSaidNamesEveryBadRow(t *testing.T) {
	t.Parallel()
	table := "id,right,chance,at,note\na,maybe,,,\n,yes,,,\nb,yes,2,,\nc,yes,,yesterday,\nd,yes,,,\nd,no,,,\ne,yes,,," + strings.Repeat("x", 501) + "\n"
	_, _, err := ReadSaid(strings.NewReader(table), false)
	bad := (*FileError)(nil)
	if !errors.As(err, &bad) || len(bad.Problems) != 6 {
		t.Fatalf("%v", err)
	}
	for i, want := range []string{`line 2: "maybe" is no verdict`, "line 3: the id is missing", `line 4: the chance "2"`, "line 5: the time", "line 7: the turn has a verdict of the same person in line 6", "line 8: the note"} {
		if !strings.HasPrefix(bad.Problems[i], want) {
			t.Errorf("%q does not begin with %q", bad.Problems[i], want)
		}
	}
	for name, text := range map[string]string{
		"no header": "a,yes\n", "empty": "", "no verdict": "id,right\na,\n", "a quote": "id,right\n\"a,yes\n", "no right": "id,note\na,b\n",
	} {
		if _, _, err := ReadSaid(strings.NewReader(text), false); !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := ReadSaid(strings.NewReader("{\n"), true); !errors.As(err, &bad) {
		t.Errorf("not JSON: %v", err)
	}
	many := "id,right\n" + strings.Repeat(",yes\n", 30)
	if _, _, err := ReadSaid(strings.NewReader(many), false); err == nil || !strings.HasSuffix(err.Error(), "and 10 more") {
		t.Errorf("thirty bad rows: %v", err)
	}
}

func FuzzReadSaid(f *testing.F) {
	f.Add("id,right\na,yes\n", false)
	f.Add(`{"id":"a","right":true}`, true)
	f.Add("id;right\n\"a;no", false)
	f.Fuzz(func(t *testing.T, text string, asJSON bool) {
		list, _, err := ReadSaid(strings.NewReader(text), asJSON)
		if (len(list) == 0) != (err != nil) {
			t.Fatalf("%d verdicts and %v", len(list), err)
		}
		for _, s := range list {
			if s.ID == "" || s.Verdict == "" || s.Chance < 0 || s.Chance > 1 || s.Line < 1 {
				t.Fatalf("%+v", s)
			}
		}
	})
}

// withoutLists is a store whose lists of conversations and turns nobody may read.
type withoutLists struct{ Store }

var errListed = errors.New("everything was read")

func (withoutLists) Conversations(context.Context, gateway.ConversationFilter, gateway.Page) ([]gateway.Conversation, string, error) {
	return nil, "", errListed
}

func (withoutLists) Turns(context.Context, string, gateway.Page) ([]gateway.Record, string, error) {
	return nil, "", errListed
}

// A file names its turns: others are not read, however many there are.
func TestOnlyNamedTurnsAreRead(t *testing.T) {
	t.Parallel()
	b := open(t)
	r := b.turn(nil)
	b.turn(nil)
	err := Import(t.Context(), withoutLists{b.store}, []Said{{Line: 2, ID: r.ID, Verdict: gateway.VerdictRight, Chance: .5}}, "ana", b.now)
	if lines := b.export(all).Lines; err != nil || len(lines) != 1 {
		t.Errorf("%+v, %v", lines, err)
	}
	if cases, err := CasesIn(t.Context(), withoutLists{b.store}, []string{r.ID}, map[string]float64{r.ID: .5}); err != nil || len(cases) != 1 {
		t.Errorf("%+v, %v", cases, err)
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	b := open(t)
	one, two := b.turn(nil), b.turn(nil)
	none := b.turn(func(t *gateway.Turn) { t.Record.Draft.Answer = "" })
	good := []Said{{Line: 2, ID: one.ID, Verdict: gateway.VerdictRight, Chance: .5, Note: "n"}, {Line: 3, ID: two.ID, By: "eva", Verdict: gateway.VerdictWrong, At: morning}}
	err := Import(t.Context(), b.store, append(good[:2:2], Said{Line: 4, ID: "x", Verdict: gateway.VerdictRight}, Said{Line: 5, ID: none.ID, Verdict: gateway.VerdictRight}), "ana", b.now)
	bad := (*FileError)(nil)
	if !errors.As(err, &bad) || len(bad.Problems) != 2 || !strings.HasPrefix(bad.Problems[0], "line 4: there is no turn") || !strings.HasPrefix(bad.Problems[1], "line 5: the turn") {
		t.Errorf("%v", err)
	}
	if lines := b.export(all).Lines; len(lines) != 0 {
		t.Errorf("half imported: %+v", lines)
	}
	b.ok(Import(t.Context(), b.store, good, "ana", b.now))
	list, _, err := b.store.Labels(t.Context(), gateway.LabelFilter{}, gateway.Page{})
	b.ok(err)
	if len(list) != 2 || list[0].By != "eva" || !list[0].At.Equal(morning) || list[1].By != "ana" || list[1].Chance != .5 || !list[1].At.Equal(b.now) || list[1].Source != gateway.LabelFromImport {
		t.Errorf("%+v", list)
	}
}

// TestSampleIsRead takes a sample through a file: to the page, and back with verdicts.
func TestSampleIsRead(t *testing.T) {
	t.Parallel()
	b := open(t)
	records := map[string]gateway.Record{}
	var units []Unit
	for range 12 {
		r := b.turn(nil)
		records[r.ID] = r
		units = append(units, UnitOf(r))
	}
	p, err := NewPlan(units, Design{N: 6, Seed: 1})
	b.ok(err)
	picked := p.Draw()
	var file strings.Builder
	b.ok(WriteSample(&file, picked, records))
	if strings.Contains(file.String(), "612 345 678") {
		t.Error("the sample has a telephone number")
	}
	ids, chances, err := Chances(strings.NewReader(file.String()))
	b.ok(err)
	cases, err := CasesIn(t.Context(), b.store, ids, chances)
	b.ok(err)
	for i, one := range picked {
		if ids[i] != one.ID || chances[one.ID] != one.Chance || cases[i].ID != one.ID || cases[i].Chance != one.Chance {
			t.Errorf("%d: %s with %v, want %+v", i, ids[i], chances[one.ID], one)
		}
	}
	filled := strings.ReplaceAll(file.String(), "Envíos,,,", "Envíos,sí,,")
	said, _, err := ReadSaid(strings.NewReader(filled), false)
	b.ok(err)
	b.ok(Import(t.Context(), b.store, said, "ana", b.now.Add(time.Hour)))
	if lines := b.export(all).Lines; len(lines) != 6 || lines[0].Weight != 2 || lines[0].Biased {
		t.Errorf("%+v", lines)
	}
	chances["x"] = 1
	if _, err := CasesIn(t.Context(), b.store, append(ids, "x"), chances); err == nil || !strings.Contains(err.Error(), "1 of the 7 turns") {
		t.Errorf("a turn of another store: %v", err)
	}
}
