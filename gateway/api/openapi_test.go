package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk/desktest"
)

// The document and the handlers have the same routes, and each route's answers
// fit the document's schemas.
func TestOpenAPIHoldsTheHandlers(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	var documented []string
	for path, item := range d.at(t, map[string]any(d), "paths").(map[string]any) {
		for method := range item.(map[string]any) {
			if method != "parameters" {
				documented = append(documented, strings.ToUpper(method)+" "+path)
			}
		}
	}
	b := setup(t)
	slices.Sort(documented)
	if diff := cmp.Diff(documented, b.Routes()); diff != "" {
		t.Errorf("document and handlers differ:\n%s", diff)
	}
	seen := map[string]bool{}
	for _, step := range scriptedRun() {
		if step.before != nil {
			step.before(b)
		}
		w := b.call(step.method, strings.ReplaceAll(step.path, "{id}", step.id)+step.query, step.body)
		status := fmt.Sprint(w.Code)
		for _, wrong := range d.answers(t, step.method, step.path, w) {
			t.Error(wrong)
		}
		seen[step.method+" "+step.path+" "+status] = true
	}
	for _, route := range documented {
		if !seen[route+" 200"] {
			t.Errorf("the run has no successful %s", route)
		}
	}
}

// answers says what an answer has that the document does not know.
func (d document) answers(t *testing.T, method, path string, w *httptest.ResponseRecorder) []string {
	t.Helper()
	status := fmt.Sprint(w.Code)
	kinds := d.at(t, map[string]any(d), "paths", path, strings.ToLower(method), "responses", status, "content").(map[string]any)
	kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	if kind != "application/json" {
		if kinds[kind] == nil && kinds["*/*"] == nil {
			return []string{fmt.Sprintf("%s %s %s: %s is not documented", method, path, status, kind)}
		}
		return nil
	}
	var body any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return d.validate(t, d.at(t, any(kinds), kind, "schema"), body, method+" "+path+" "+status)
}

type step struct {
	method, path, id, query, body string
	before                        func(bundle)
}

// scriptedRun visits every route, in states that fill every optional field.
func scriptedRun() []step {
	const c, h = "/api/v1/conversations", "/api/v1/handoffs"
	run := []step{
		{method: "GET", path: c},
		{method: "GET", path: c, query: "?limit=1"},
		{method: "GET", path: c, query: "?limit=x"},
		{method: "GET", path: c + "/{id}", id: desktest.Lucia},
		{method: "GET", path: c + "/{id}", id: "none"},
		{method: "GET", path: c + "/{id}/messages", id: desktest.Pau},
		{method: "GET", path: c + "/{id}/messages", id: desktest.Nora},
		{method: "GET", path: c + "/{id}/turns", id: desktest.Lucia},
		{method: "GET", path: c + "/{id}/turns", id: desktest.Tom},
		{method: "GET", path: h},
		{method: "GET", path: h + "/{id}", id: desktest.LuciaHandoff},
		{method: "POST", path: h + "/{id}/claim", id: desktest.LuciaHandoff},
		{method: "POST", path: h + "/{id}/claim", id: desktest.MartaHandoff},
		{method: "POST", path: h + "/{id}/reply", id: desktest.LuciaHandoff, body: `{"text":"hola"}`},
		{method: "POST", path: h + "/{id}/reply", id: desktest.LuciaHandoff},
		{method: "POST", path: h + "/{id}/reply", id: desktest.PauHandoff, body: `{"text":"hola"}`},
		{method: "GET", path: c + "/{id}/messages", id: desktest.Lucia},
		{method: "POST", path: h + "/{id}/return", id: desktest.LuciaHandoff},
		{method: "POST", path: h + "/{id}/return", id: desktest.LuciaHandoff},
		{method: "POST", path: h + "/{id}/resolve", id: desktest.TomHandoff},
		{method: "POST", path: h + "/{id}/resolve", id: "none"},
		{method: "GET", path: h, query: "?state=resolved"},
		{method: "POST", path: c + "/{id}/take", id: desktest.Nora, body: `{"agent":"ana"}`},
		{method: "POST", path: c + "/{id}/take", id: desktest.Marta},
		{method: "POST", path: c + "/{id}/take", id: "none"},
		{method: "POST", path: h + "/{id}/verify", id: desktest.MartaHandoff},
		{method: "POST", path: h + "/{id}/verify", id: desktest.MartaHandoff, body: `{"agent":"ana"}`},
		{method: "PUT", path: "/api/v1/orders", body: `{"number":"1","customer":{"phone":"34"},"status":"paid"}`},
		{method: "PUT", path: "/api/v1/orders", body: `[{}]`},
		{method: "PUT", path: "/api/v1/orders", body: strings.Repeat(" ", 5<<20+1)},
		{method: "GET", path: "/api/v1/orders", query: "?contact=34"},
		{method: "GET", path: "/api/v1/orders"},
	}
	run = append(append(run, passagesRun()...), channelRun()...)
	run = append(run, commandsRun()...)
	return append(run, brokenRun()...)
}

// channelRun visits what there is of messages with content, of files and of the account.
func channelRun() []step {
	const c, h = "/api/v1/conversations", "/api/v1/handoffs"
	return []step{
		{method: "GET", path: c + "/{id}/messages", id: desktest.Tom, before: func(b bundle) {
			b.store.Put(gateway.Conversation{
				ID: "doubted", Mode: gateway.ModeBot, DoubtedAt: now, UnreachableAt: now, Unreachable: refusedSend(), Marketing: "stop",
			})
			for _, m := range everyContent() {
				b.store.Say(desktest.Tom, m)
			}
			b.archive.bodies["json"], b.archive.bodies["other"] = `{"entry":[]}`, "\xff"
			fillAccount(b)
			fillFiles(b)
		}},
		{method: "GET", path: c + "/{id}", id: "doubted"},
		{method: "GET", path: "/api/v1/messages/{id}/webhook", id: "json"},
		{method: "GET", path: "/api/v1/messages/{id}/webhook", id: "other"},
		{method: "GET", path: "/api/v1/messages/{id}/webhook", id: "none"},
		{method: "POST", path: "/api/v1/files", body: "%PDF-1.7 a bill"},
		{method: "POST", path: "/api/v1/files"},
		{method: "POST", path: "/api/v1/files", body: strings.Repeat("a", maxUpload+1)},
		{method: "GET", path: "/api/v1/files/{id}", id: "stored"},
		{method: "GET", path: "/api/v1/files/{id}", id: "waiting"},
		{method: "GET", path: "/api/v1/files/{id}", id: "failed"},
		{method: "GET", path: "/api/v1/files/{id}", id: "brought"},
		{method: "GET", path: "/api/v1/files/{id}", id: "none"},
		{method: "GET", path: "/api/v1/files/{id}/content", id: "stored"},
		{method: "GET", path: "/api/v1/files/{id}/content", id: "waiting"},
		{method: "GET", path: "/api/v1/templates"},
		{method: "GET", path: "/api/v1/alerts", query: "?limit=1"},
		{method: "GET", path: "/api/v1/alerts", query: "?limit=x"},
		{method: "POST", path: "/api/v1/alerts/{id}/seen", id: "paused", body: `{"agent":"ana"}`},
		{method: "POST", path: "/api/v1/alerts/{id}/seen", id: "none"},
		{method: "GET", path: "/api/v1/alerts"},
		{method: "POST", path: h + "/{id}/reply", id: desktest.PauHandoff, body: useOf("order_update", `{"text":"Pau"},{"text":"#W1"}`)},
		{method: "POST", path: h + "/{id}/reply", id: desktest.PauHandoff, body: useOf("none", "")},
		{method: "GET", path: c + "/{id}/messages", id: desktest.Pau},
	}
}

// brokenRun asks while nothing that is kept can be reached.
func brokenRun() []step {
	const c, h = "/api/v1/conversations", "/api/v1/handoffs"
	down := errors.New("down")
	return []step{
		{method: "GET", path: c, before: func(b bundle) {
			b.store.Fail(down)
			b.vault.Fail(down)
			b.book.err, b.archive.err = down, down
		}},
		{method: "GET", path: c + "/{id}", id: desktest.Lucia},
		{method: "GET", path: c + "/{id}/messages", id: desktest.Lucia},
		{method: "GET", path: c + "/{id}/turns", id: desktest.Lucia},
		{method: "GET", path: h},
		{method: "GET", path: h + "/{id}", id: desktest.LuciaHandoff},
		{method: "POST", path: h + "/{id}/claim", id: desktest.PauHandoff},
		{method: "GET", path: "/api/v1/messages/{id}/webhook", id: "json"},
		{method: "POST", path: "/api/v1/files", body: "x"},
		{method: "GET", path: "/api/v1/files/{id}", id: "a"},
		{method: "GET", path: "/api/v1/files/{id}/content", id: "a"},
		{method: "GET", path: "/api/v1/templates"},
		{method: "GET", path: "/api/v1/alerts"},
		{method: "POST", path: "/api/v1/alerts/{id}/seen", id: "paused"},
		{method: "GET", path: "/api/v1/orders", query: "?contact=34"},
	}
}
