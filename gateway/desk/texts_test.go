package desk

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

// everyPhrase are all words of the interface. None stands in two lists.
func everyPhrase() map[string]text {
	all := maps.Clone(phrases)
	maps.Copy(all, whyPhrases)
	maps.Copy(all, labelPhrases)
	return all
}

func TestNoPhraseStandsTwice(t *testing.T) {
	t.Parallel()
	for key := range whyPhrases {
		if _, twice := phrases[key]; twice {
			t.Errorf("%q stands in two lists", key)
		}
	}
}

func TestPhrasesAreInBothLanguages(t *testing.T) {
	t.Parallel()
	for key, text := range everyPhrase() {
		for _, s := range []string{text.es, text.en} {
			if strings.TrimSpace(s) == "" || s != strings.TrimSpace(s) {
				t.Errorf("%s: %q", key, s)
			}
		}
		if strings.Count(text.es, "«") != strings.Count(text.es, "»") || strings.ContainsAny(text.es, "“”") {
			t.Errorf("%s: quotes in %q", key, text.es)
		}
	}
}

// TestTemplatesAskForPhrasesThatExist also finds phrases that nobody asks for.
func TestTemplatesAskForPhrasesThatExist(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	ask := regexp.MustCompile(`\bt "([a-z_]+)"`)
	err := fs.WalkDir(files, "templates", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		for _, m := range ask.FindAllSubmatch(content, -1) {
			used[string(m[1])] = true
			if _, ok := everyPhrase()[string(m[1])]; !ok {
				t.Errorf("%s asks for the phrase %q, which does not exist", name, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keysInCode(t) {
		used[key] = true
	}
	families := regexp.MustCompile(`^(reason|mode|status|state|type|rule|outcome|check|stage|part|tongue|view|template|alert|class|trouble|category|stock|quality|level|call|agreement|deal|refusal|fact|sure|says|argument)_`)
	for key := range everyPhrase() {
		if !used[key] && !families.MatchString(key) {
			t.Errorf("nobody says %q", key)
		}
	}
}

// keysInCode gives the string constants of the package's code but for texts.go.
func keysInCode(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, name := range files {
		if strings.HasPrefix(name, "texts") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					keys = append(keys, s)
				}
			}
			return true
		})
	}
	return keys
}

// TestEveryReasonRuleAndFeatureHasWords holds the texts against the packages
// whose values they name.
func TestEveryReasonRuleAndFeatureHasWords(t *testing.T) {
	t.Parallel()
	var keys []string
	for _, r := range constants(t, "../handoff.go", "Reason") {
		keys = append(keys, "reason_"+r)
	}
	for _, s := range constants(t, "../event.go", "Delivery") {
		keys = append(keys, "status_"+s)
	}
	for _, m := range constants(t, "../conversation.go", "Mode") {
		keys = append(keys, "mode_"+m)
	}
	for _, o := range constants(t, "../turn.go", "Outcome") {
		keys = append(keys, "outcome_"+o)
	}
	for _, c := range constants(t, "../../rag/ground.go", "Check") {
		keys = append(keys, "check_"+c)
	}
	for _, c := range classes(t) {
		keys = append(keys, "says_"+c)
	}
	for _, f := range rag.FeatureNames() {
		keys = append(keys, "part_"+f)
	}
	if len(keys) < 40 {
		t.Fatalf("only %d values found", len(keys))
	}
	for _, key := range keys {
		if lookup("es", key) == "" || lookup("en", key) == "" {
			t.Errorf("no words for %s", key)
		}
	}
}

// classes are the kinds of sentences.
func classes(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile("../../rag/receipts/receipts.go")
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, m := range regexp.MustCompile(`(?m)^\s*\w+ +Class = "([a-z_]+)"`).FindAllSubmatch(source, -1) {
		values = append(values, string(m[1]))
	}
	if len(values) < 5 {
		t.Fatalf("only %d classes found", len(values))
	}
	return values
}

// constants gives the values of a file's string constants by the prefix of their
// names.
func constants(t *testing.T, path, prefix string) []string {
	t.Helper()
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	find := regexp.MustCompile(`(?m)^\s*` + prefix + `\w+(?:\s+\w+)?\s*=\s*"([a-z_]+)"`)
	for _, m := range find.FindAllSubmatch(source, -1) {
		values = append(values, string(m[1]))
	}
	return values
}

// TestEveryRuleHasASentence reads the rules out of the code that decides.
func TestEveryRuleHasASentence(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	var rules [][][]byte
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(path, "_test.go") {
			rules = append(rules, regexp.MustCompile(`(?:(?:DecisionKind|Decide\w+|Reason\w+|\w+\(\w+\)), Rule: |handoff\(Reason\w+, |rule[A-Z]\w* +(?:DecisionRule )?= )"([a-z_]+)"`).FindAllSubmatch(source, -1)...)
		}
	}
	if len(rules) < 40 {
		t.Fatalf("only %d rules found", len(rules))
	}
	for _, m := range rules {
		for _, kind := range []gateway.DecisionKind{gateway.DecideReply, gateway.DecideHandoff} {
			d := gateway.Decision{Rule: string(m[1]), Kind: kind}
			for _, language := range []string{"es", "en"} {
				if s := ruleText(language, d); strings.Contains(s, string(m[1])) && strings.Contains(s, phrase(language, "rule_unexpected")) {
					t.Errorf("no sentence for the rule %s in %s", m[1], language)
				}
			}
		}
	}
	if got := ruleText("en", gateway.Decision{Rule: "moon"}); got != "Another rule decided: moon" {
		t.Errorf("an unknown rule is %q", got)
	}
}

// TestEveryAlertHasASentence reads the kinds out of the code that raises alerts.
func TestEveryAlertHasASentence(t *testing.T) {
	t.Parallel()
	find := regexp.MustCompile(`(?m)^\t"([a-z_]+)":\s+\w+,$|Kind\s*[:=]+\s*"([a-z_]+)"`)
	var kinds []string
	for _, path := range []string{"../whatsapp/alerts.go", "../circuit.go", "../promise.go"} {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range find.FindAllStringSubmatch(string(source), -1) {
			kinds = append(kinds, m[1]+m[2])
		}
	}
	if len(kinds) < 15 {
		t.Fatalf("only %d kinds found: %v", len(kinds), kinds)
	}
	for _, kind := range kinds {
		for _, language := range []string{"es", "en"} {
			a := gateway.Alert{Kind: kind, State: "UNHEARD_OF"}
			if kind != "account_update" && alertText(language, a) == phrase(language, "alert_other") {
				t.Errorf("no sentence for alerts of the kind %s in %s", kind, language)
			}
		}
	}
	if got := alertText("en", gateway.Alert{Kind: "phone_number_quality_update", State: "RED"}); !strings.Contains(got, "low quality") {
		t.Errorf("a red number is %q", got)
	}
}
