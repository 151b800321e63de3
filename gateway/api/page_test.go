package api_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	headings = regexp.MustCompile(`(?m)^### ((?:GET|POST|PUT) \S+)$`)
	examples = regexp.MustCompile("(?s)```json\n(.*?)\n```")
	sent     = regexp.MustCompile(`(?s)<<'JSON'\n(.*?)\nJSON|-d '([^']*)'`)
)

// TestPageHoldsTheHandlers holds docs/api.md: it has a section for each route, and
// the examples in it fit the OpenAPI file, which is held to the handlers.
func TestPageHoldsTheHandlers(t *testing.T) {
	t.Parallel()
	d, page := readDocument(t), readPage(t)
	var routes []string
	places := append(headings.FindAllStringSubmatchIndex(page, -1), []int{len(page)})
	for i, at := range places[:len(places)-1] {
		route, section := page[at[2]:at[3]], page[at[1]:places[i+1][0]]
		routes = append(routes, route)
		method, path, _ := strings.Cut(route, " ")
		operation := []string{"paths", path, strings.ToLower(method)}
		answer := d.at(t, map[string]any(d), append(operation, "responses", "200", "content")...).(map[string]any)
		found := examples.FindAllStringSubmatch(section, -1)
		// Bytes have no example: a call that fetches them is one.
		if answer["application/json"] == nil && !strings.Contains(section, "curl ") || answer["application/json"] != nil && len(found) == 0 {
			t.Errorf("%s has no example of an answer", route)
		}
		for _, m := range found {
			d.holds(t, d.at(t, any(answer), "application/json", "schema"), m[1], route)
		}
		for _, m := range sent.FindAllStringSubmatch(section, -1) {
			body := d.at(t, map[string]any(d), append(operation, "requestBody", "content", "application/json", "schema")...)
			d.holds(t, body, m[1]+m[2], route+" (request)")
		}
	}
	slices.Sort(routes)
	if diff := cmp.Diff(setup(t).Routes(), routes); diff != "" {
		t.Errorf("handlers and docs/api.md differ:\n%s", diff)
	}
}

// TestPageNamesEveryCode holds the table of errors and the list of reasons.
func TestPageNamesEveryCode(t *testing.T) {
	t.Parallel()
	d, page := readDocument(t), readPage(t)
	schemas := []any{
		d.at(t, map[string]any(d), "components", "schemas", "Error", "properties", "error", "properties", "code", "enum"),
		d.at(t, map[string]any(d), "components", "schemas", "Reason", "enum"),
		d.at(t, map[string]any(d), "components", "schemas", "HandoffState", "enum"),
		d.at(t, map[string]any(d), "components", "schemas", "Conversation", "properties", "mode", "enum"),
		d.at(t, map[string]any(d), "components", "schemas", "Message", "properties", "status", "enum"),
		d.at(t, map[string]any(d), "components", "schemas", "Turn", "properties", "outcome", "enum"),
		d.at(t, map[string]any(d), "components", "schemas", "FileState", "enum"),
		d.at(t, map[string]any(d), "components", "schemas", "Alert", "properties", "level", "enum"),
		d.at(t, map[string]any(d), "components", "schemas", "OutgoingContent", "properties", "kind", "enum"),
	}
	for _, values := range schemas {
		for _, v := range values.([]any) {
			if !strings.Contains(page, "`"+v.(string)+"`") {
				t.Errorf("docs/api.md does not mention %s", v)
			}
		}
	}
}

func readPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// holds fails unless a text is JSON that fits the schema.
func (d document) holds(t *testing.T, schema any, text, place string) {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Errorf("%s: the example is no JSON: %v", place, err)
		return
	}
	for _, wrong := range d.validate(t, schema, value, place) {
		t.Error(wrong)
	}
}
