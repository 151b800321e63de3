package suite_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/evals/suite/vary"
	"github.com/recado/recado/rag/action"
)

// TestSchemaHasTheWordsOfTheProgram holds the words of the schema to those that decide.
func TestSchemaHasTheWordsOfTheProgram(t *testing.T) {
	t.Parallel()
	var schema struct {
		Defs map[string]struct {
			Enum []string `json:"enum"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(suite.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, s := range action.Specs() {
		kinds = append(kinds, string(s.Kind))
	}
	for def, want := range map[string][]string{
		"decisionword": constants(t, "../../gateway/turn.go", "DecisionKind"),
		"reasonword":   constants(t, "../../gateway/handoff.go", "Reason"),
		"kind":         kinds,
		"generator":    vary.Generators(),
	} {
		got := schema.Defs[def].Enum
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
			t.Errorf("%s: %s", def, diff)
		}
	}
}

// constants are the texts of the constants of a type.
func constants(t *testing.T, file, typed string) []string {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	ast.Inspect(tree, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == typed && len(spec.Values) == 1 {
			if text, ok := spec.Values[0].(*ast.BasicLit); ok {
				word, err := strconv.Unquote(text.Value)
				if err != nil {
					t.Error(err)
				}
				list = append(list, word)
			}
		}
		return true
	})
	return list
}
