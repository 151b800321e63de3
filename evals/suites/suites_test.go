package suites_test

import (
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/evals/suites"
	"github.com/recado/recado/internal/demoshop"
)

func demo(t *testing.T) suite.Suite {
	t.Helper()
	s, err := suite.Read(suites.Demo(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// order is what a test needs of an order.
type order struct {
	Number   string `json:"number"`
	Status   string `json:"status"`
	Customer struct {
		Phone string `json:"phone"`
	} `json:"customer"`
}

func orders(t *testing.T) []order {
	t.Helper()
	list, err := demoshop.Orders(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var found []order
	for _, doc := range list {
		var o order
		if err := json.Unmarshal(doc, &o); err != nil {
			t.Fatal(err)
		}
		found = append(found, o)
	}
	return found
}

// documents are the texts of the shop, by language and name.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := fs.WalkDir(demoshop.Policies(), ".", func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(demoshop.Policies(), at)
		texts[path.Dir(at)+"/"+suite.DocumentName(at)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(demoshop.FAQ())) {
		line = strings.TrimSpace(line)
		language := line[strings.LastIndex(line, ",")+1:]
		texts[language+"/faq"] += line + "\n"
	}
	return texts
}

// TestDemoFitsTheShop holds the names in the suite to the shop's.
func TestDemoFitsTheShop(t *testing.T) {
	t.Parallel()
	known := suite.Known{}
	for name := range documents(t) {
		known.Documents = append(known.Documents, name)
	}
	for _, o := range orders(t) {
		known.Orders, known.Customers = append(known.Orders, o.Number), append(known.Customers, o.Customer.Phone)
	}
	for _, err := range suite.Check(demo(t), known) {
		t.Error(err)
	}
}

// TestDemoSaysWhatTheDocumentsSay looks for each expected fact in the documents that the
// case names: no expectation rests on what somebody thinks the shop does.
func TestDemoSaysWhatTheDocumentsSay(t *testing.T) {
	t.Parallel()
	texts := documents(t)
	checked := 0
	for _, c := range demo(t).Cases {
		for _, step := range c.Steps {
			sources := slices.Concat(step.Expect.Sources, step.Expect.Relevant)
			if len(sources) == 0 || c.Variant != "" {
				continue
			}
			language := c.Language
			if step.Expect.Language != "" {
				language = step.Expect.Language
			}
			all := ""
			for _, name := range sources {
				all += " " + texts[language+"/"+name]
			}
			for _, fact := range step.Expect.Says {
				checked++
				if !slices.ContainsFunc(fact, func(wording string) bool { return strings.Contains(fold(all), fold(wording)) }) {
					t.Errorf("%s:%d: %s: none of %q is in %q", c.File, step.Expect.Line, c.ID, []string(fact), sources)
				}
			}
		}
	}
	if checked < 200 {
		t.Errorf("only %d facts were looked for", checked)
	}
}

// fold leaves out case and white space, as facts are compared.
func fold(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), "")) }

// TestDemoCovers holds what the suite promises: enough cases, both languages, every
// document, and orders in every state.
func TestDemoCovers(t *testing.T) {
	t.Parallel()
	written, paired := 0, map[string]bool{}
	alone, tags, intents := map[string]bool{}, map[string]int{}, map[string]int{}
	said, sources := "", map[string]bool{}
	for _, c := range demo(t).Cases {
		if c.Variant != "" {
			continue
		}
		written++
		if c.Pair == "" {
			alone[c.Group] = true
		} else {
			paired[c.Group] = true
		}
		intents[c.Intent]++
		for _, tag := range c.Tags {
			tags[tag]++
		}
		for _, step := range c.Steps {
			said += strings.Join(step.Say, " ") + " " + c.Customer.Phone + "\n"
			for _, name := range slices.Concat(step.Expect.Sources, step.Expect.Relevant) {
				sources[name] = true
			}
		}
	}
	if written < 200 || len(paired) < 120 || len(alone) < 20 {
		t.Errorf("%d cases are written, %d in both languages and %d in one", written, len(paired), len(alone))
	}
	for _, tag := range []string{
		"policy", "order", "action", "person", "command", "hostile", "self_harm", "injection", "personal_data", "uncovered", "off_topic",
		"foreign", "unknown_customer", "small_talk", "burst", "several", "follow_up", "voice", "duplicate", "repeated", "takeover", "outage", "one_language",
	} {
		if tags[tag] < 2 {
			t.Errorf("%d cases have the tag %s", tags[tag], tag)
		}
	}
	if len(intents) < 25 || intents[""] > 0 {
		t.Errorf("%d intents, and %d cases without one", len(intents), intents[""])
	}
	for name := range documents(t) {
		if !sources[path.Base(name)] {
			t.Errorf("no case is about %s", name)
		}
	}
	states := map[string]bool{}
	for _, o := range orders(t) {
		states[o.Status] = states[o.Status] || strings.Contains(said, strings.TrimPrefix(o.Number, "#"))
	}
	for state, asked := range states {
		if !asked && state != "ready_for_pickup" { // asked for by the thing that it is about
			t.Errorf("no case asks for an order that is %s", state)
		}
	}
}
