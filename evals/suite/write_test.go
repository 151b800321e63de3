package suite_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/evals/suites"
)

// elsewhere leaves places out of comparisons.
var elsewhere = cmp.Options{
	cmpopts.IgnoreFields(suite.Case{}, "File", "Line"), cmpopts.IgnoreFields(suite.Step{}, "Line"), cmpopts.IgnoreFields(suite.Expect{}, "Line"),
	cmpopts.IgnoreFields(suite.Simulate{}, "Line"),
	cmpopts.IgnoreFields(suite.Threshold{}, "File", "Line"), cmpopts.IgnoreFields(suite.Parity{}, "File", "Line"),
}

// again writes a suite and reads it.
func again(s suite.Suite) (suite.Suite, string, error) {
	var out bytes.Buffer
	if err := suite.Write(&out, s); err != nil {
		return suite.Suite{}, "", err
	}
	back, err := suite.Read(fstest.MapFS{"s.yaml": {Data: out.Bytes()}}, nil)
	return back, out.String(), err
}

func TestWriteIsRead(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"every key": shopSuite} {
		s, err := read(t, map[string]string{"s.yaml": text})
		if err != nil {
			t.Fatal(name, err)
		}
		back, written, err := again(s)
		if diff := cmp.Diff(s, back, elsewhere); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s\n%s", name, err, diff, written)
		}
	}
}

func TestWriteTheDemo(t *testing.T) {
	t.Parallel()
	s, err := suite.Read(suites.Demo(), nil)
	if err != nil {
		t.Fatal(err)
	}
	back, _, err := again(s)
	if diff := cmp.Diff(s, back, elsewhere); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	two := []suite.Case{{Group: "a", Language: "es", Steps: make([]suite.Step, 1)}, {Group: "a", Language: "en", Steps: make([]suite.Step, 2)}}
	for name, s := range map[string]suite.Suite{
		"languages apart": {Cases: two},
		"variants alone":  {Cases: []suite.Case{{Group: "a", Variant: "typos"}}},
	} {
		if err := suite.Write(&bytes.Buffer{}, s); err == nil {
			t.Errorf("%s: it was written", name)
		}
	}
}

// anyText is what customers may write, the awkward included.
func anyText() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{
			"Hola", "¿cuánto", "#W2024117", ": ", "- ", " #", "'", `"`, "{", "}", "[", ",", "&a", "*a", "!", "|", ">", "%", "@", "`", "\n", "\\", "1042",
			"true", "null", "~", "no", "👍", "…", "=", "\t", "0x1F", "2026-11-20", "1e3", ".", "?",
		}), 1, 6).Draw(t, "parts")
		return strings.TrimSpace(strings.Join(parts, rapid.SampledFrom([]string{"", " "}).Draw(t, "between")))
	}).Filter(func(s string) bool { return s != "" })
}

// TestWriteKeepsAnyText writes what YAML would take for something else.
func TestWriteKeepsAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := suite.Suite{Name: "any"}
		for i := range rapid.IntRange(1, 3).Draw(t, "cases") {
			id := fmt.Sprintf("c-%d", i)
			s.Cases = append(s.Cases, suite.Case{
				ID: id + "/es", Group: id, Language: "es", Weight: 1,
				Steps: []suite.Step{{
					Say: rapid.SliceOfN(anyText(), 1, 3).Draw(t, "say"),
					Expect: suite.Expect{
						Decision: []string{"reply"}, Says: []suite.Fact{rapid.SliceOfN(anyText(), 1, 2).Draw(t, "fact")},
						Judge: []string{anyText().Draw(t, "judge")},
					},
				}},
			})
		}
		back, written, err := again(s)
		if diff := cmp.Diff(s, back, elsewhere); diff != "" || err != nil {
			t.Fatalf("%v\n%s\n%s", err, diff, written)
		}
	})
}
