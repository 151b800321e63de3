package api_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/api"
	"github.com/recado/recado/gateway/desk/desktest"
)

// fillAccount gives the account templates and alerts.
func fillAccount(b bundle) {
	ctx := context.Background()
	template := func(name, language, category, status string) gateway.Template {
		return gateway.Template{
			Name: name, Language: language, Category: category, Status: status, Body: "Hola, {{1}}: tu pedido {{2}} va de camino.",
			SyncedAt: now.In(time.FixedZone("", 3600)),
		}
	}
	rich := template("order_update", "en_US", "UTILITY", "PENDING")
	rich.Quality, rich.Named, rich.HeaderFormat, rich.Header, rich.Footer = "GREEN", true, "TEXT", "h", "f"
	rich.Buttons = []gateway.TemplateButton{{Type: "URL", Text: "t", URL: "https://a.example/{{1}}"}}
	err := errors.Join(
		b.store.PutTemplates(ctx, []gateway.Template{
			template("order_update", "es", "UTILITY", "APPROVED"), rich, template("sale", "es", "MARKETING", "APPROVED"),
		}),
		b.store.Raise(ctx, gateway.Alert{
			ID: "paused", Kind: "message_template_status_update", Subject: "sale (es)", State: "PAUSED", Level: gateway.AlertWarning,
			Detail: "Unwanted.", At: now, Template: &gateway.Template{Name: "sale"},
		}),
		b.store.Raise(ctx, gateway.Alert{ID: "circuit", Kind: "circuit", Level: gateway.AlertCritical, At: now.Add(time.Hour)}),
	)
	if err != nil {
		panic(err)
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if list := get[[]any](t, b, "/api/v1/templates", "templates"); list == nil || len(list) != 0 {
		t.Errorf("before a sync: %v", list)
	}
	fillAccount(b)
	list := get[[]map[string]any](t, b, "/api/v1/templates", "templates")
	want := map[string]any{
		"name": "order_update", "language": "es", "category": "UTILITY", "status": "APPROVED",
		"body": "Hola, {{1}}: tu pedido {{2}} va de camino.", "synced_at": "2026-03-02T10:00:00Z",
	}
	if diff := cmp.Diff(want, list[1]); diff != "" || len(list) != 3 {
		t.Error(len(list), diff)
	}
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	fillAccount(b)
	type alert struct {
		ID, Kind, Subject, State, Level, Detail string
		SeenBy                                  string `json:"seen_by"`
		SeenAt                                  string `json:"seen_at"`
	}
	first := get[[]alert](t, b, "/api/v1/alerts?limit=1", "alerts")
	next := get[string](t, b, "/api/v1/alerts?limit=1", "next")
	rest := get[[]alert](t, b, "/api/v1/alerts?limit=1&cursor="+next, "alerts")
	want := []alert{
		{ID: "circuit", Kind: "circuit", Level: "critical"},
		{ID: "paused", Kind: "message_template_status_update", Subject: "sale (es)", State: "PAUSED", Level: "warning", Detail: "Unwanted."},
	}
	if diff := cmp.Diff(want, append(first, rest...)); diff != "" {
		t.Error(diff)
	}
	for _, query := range []string{"limit=0", "limit=201", "cursor=nonsense"} {
		if got := code(t, b.call("GET", "/api/v1/alerts?"+query, "")); got != "400 invalid" {
			t.Errorf("%s: %s", query, got)
		}
	}
	for _, step := range []struct{ id, body, want string }{
		{"none", ``, "404 not_found"},
		{"paused", `{"agent":"` + strings.Repeat("a", 65) + `"}`, "400 invalid"},
		{"paused", `{"agent":1}`, "400 invalid"},
		{"paused", `{"agent":" ana "}`, `200 {"seen":true}`},
		{"paused", ``, `200 {"seen":true}`},
		{"circuit", ``, `200 {"seen":true}`},
	} {
		w := b.call("POST", "/api/v1/alerts/"+step.id+"/seen", step.body)
		got := fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String()))
		if w.Code != 200 {
			got = code(t, w)
		}
		if got != step.want {
			t.Errorf("%s %.20s: %s, want %s", step.id, step.body, got, step.want)
		}
	}
	seen := get[[]alert](t, b, "/api/v1/alerts", "alerts")
	if seen[0].SeenBy != "api" || seen[1].SeenBy != "ana" || seen[1].SeenAt != "2026-03-02T10:00:00Z" {
		t.Errorf("seen: %+v", seen)
	}
	if *b.changed != 3 {
		t.Errorf("Changed was called %d times", *b.changed)
	}
}

// What is not configured is said in a sentence, and is no fault that is logged.
func TestWithoutTheParts(t *testing.T) {
	t.Parallel()
	a, err := api.New(api.Config{Desk: desktest.Shop(now), Orders: &book{}, Token: token, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	b := bundle{API: a}
	for call, want := range map[string]string{
		"GET /api/v1/files/a":            "keeps no files",
		"GET /api/v1/files/a/content":    "keeps no files",
		"POST /api/v1/files":             "keeps no files",
		"GET /api/v1/templates":          "no templates",
		"GET /api/v1/alerts":             "no alerts",
		"POST /api/v1/alerts/a/seen":     "no alerts",
		"GET /api/v1/messages/a/webhook": "does not keep webhooks",
	} {
		method, target, _ := strings.Cut(call, " ")
		w := b.call(method, target, "x")
		if got := code(t, w); got != "404 not_configured" || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %s %s", call, got, w.Body)
		}
	}
	reply := "/api/v1/handoffs/" + desktest.TomHandoff + "/reply"
	w := b.call("POST", reply, `{"content":{"kind":"image","media":{"file_id":"a"}}}`)
	if got := code(t, w); got != "404 not_configured" {
		t.Errorf("a file without a vault: %s", got)
	}
	// Without synced templates WhatsApp alone decides, and the text is the caller's.
	w = b.call("POST", reply, `{"text":"Hola","content":{"kind":"template","template":{"name":"any","language":"es"}}}`)
	if w.Code != 200 {
		t.Errorf("a template without a channel: %d %s", w.Code, w.Body)
	}
}
