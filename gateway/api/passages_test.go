package api_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/api"
)

// library has two documents, and knows which answers rest on them.
type library struct {
	revoked []api.Revocation
	asked   []gateway.Basis
	err     error
}

func (l *library) Documents(_ context.Context, after string, limit int) ([]api.Document, error) {
	all := []api.Document{{ID: "es/a.md", Title: "A", Audience: "customer", IndexedAt: now}, {ID: "es/b.md", Title: "B", Audience: "agent", IndexedAt: now}}
	all = slices.DeleteFunc(all, func(d api.Document) bool { return d.ID <= after })
	return all[:min(limit, len(all))], l.err
}

func (l *library) Passages(_ context.Context, id string) ([]api.Passage, error) {
	if l.err != nil {
		return nil, l.err
	}
	var list []api.Passage
	for _, one := range []string{"es/a.md#0000", "es/a.md#0001", "es/b.md#0000"} {
		document, _, _ := strings.Cut(one, "#")
		if id == one || id == document {
			there := slices.ContainsFunc(l.revoked, func(r api.Revocation) bool { return r.PassageID == one })
			list = append(list, api.Passage{ID: one, DocumentID: document, Text: "x", Hash: "h" + one, TextHash: "t" + one, Revoked: there})
		}
	}
	if list == nil {
		return nil, gateway.ErrNotFound
	}
	return list, nil
}

func (l *library) Revoked(context.Context) ([]api.Revocation, error) { return l.revoked, l.err }

func (l *library) Revoke(_ context.Context, list []api.Passage, by, reason string, at time.Time) error {
	for _, p := range list {
		if !p.Revoked {
			l.revoked = append(l.revoked, api.Revocation{PassageID: p.ID, DocumentID: p.DocumentID, At: at, By: by, Reason: reason})
		}
	}
	return l.err
}

func (l *library) Restore(_ context.Context, list []api.Passage) error {
	for _, p := range list {
		l.revoked = slices.DeleteFunc(l.revoked, func(r api.Revocation) bool { return r.PassageID == p.ID })
	}
	return l.err
}

// Rested gives two answers to one customer, a page each.
func (l *library) Rested(_ context.Context, on []gateway.Basis, p gateway.Page) ([]gateway.RestedAnswer, string, error) {
	l.asked = on
	answer := gateway.RestedAnswer{
		TurnID: "t1", ConversationID: "c1", Contact: gateway.Identity{Phone: "34600550101"}, Name: "Lucía", At: now, Question: "¿?", Reply: "Sí.", Passages: []string{"es/a.md#0000"},
	}
	if p.After == "" {
		return []gateway.RestedAnswer{answer}, "more", l.err
	}
	answer.TurnID = "t2"
	return []gateway.RestedAnswer{answer}, "", l.err
}

func (l *library) Unanswered(context.Context, time.Time, gateway.Page) ([]gateway.Unanswered, string, error) {
	return nil, "", l.err
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w := b.call("POST", "/api/v1/passages/revoke", `{"ids":["es/a.md","es/a.md#0001"],"agent":"ana","reason":" Ya no vale "}`)
	for _, part := range []string{`"answers":[{"turn_id":"t1"`, `"turn_id":"t2"`, `"customers":[{"contact":"+34600550101"`, `"name":"Lucía"}]`, `"revoked":true`} {
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), part) {
			t.Errorf("no %s in %d %s", part, w.Code, w.Body)
		}
	}
	on := []gateway.Basis{{TextHash: "tes/a.md#0000", DocumentID: "es/a.md", Hash: "hes/a.md#0000", ChunkID: "es/a.md#0000"}, {TextHash: "tes/a.md#0001", DocumentID: "es/a.md", Hash: "hes/a.md#0001", ChunkID: "es/a.md#0001"}}
	if diff := cmp.Diff(on, b.library.asked); diff != "" {
		t.Error(diff)
	}
	list := get[[]api.Revocation](t, b, "/api/v1/passages/revoked", "revocations")
	if len(list) != 2 || list[0].By != "ana" || list[0].Reason != "Ya no vale" || !list[0].At.Equal(now) {
		t.Errorf("%+v", list)
	}
	if w := b.call("POST", "/api/v1/passages/restore", `{"ids":["es/a.md#0001","es/b.md"]}`); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "b.md") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	shown := get[[]api.Passage](t, b, "/api/v1/passages?id=es/a.md", "passages")
	if len(shown) != 2 || !shown[0].Revoked || shown[1].Revoked {
		t.Errorf("%+v", shown)
	}
}

func TestRevokeRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for body, want := range map[string]string{
		``: "400 invalid", `{}`: "400 invalid", `{"ids":[""]}`: "400 invalid", `[]`: "400 invalid", `{"ids":["none"]}`: "404 not_found", `{"ids":["es/a.md","none"]}`: "404 not_found",
		`{"ids":["es/a.md"],"agent":"` + strings.Repeat("a", 65) + `"}`: "400 invalid", `{"ids":["es/a.md"],"reason":"` + strings.Repeat("a", 501) + `"}`: "400 invalid",
	} {
		if got := code(t, b.call("POST", "/api/v1/passages/revoke", body)); got != want || len(b.library.revoked) > 0 {
			t.Errorf("%s: %s, %v", body, got, b.library.revoked)
		}
	}
	b.Library = nil
	for _, route := range []string{"GET /api/v1/documents", "GET /api/v1/passages", "GET /api/v1/passages/revoked", "POST /api/v1/passages/revoke", "POST /api/v1/passages/restore"} {
		method, at, _ := strings.Cut(route, " ")
		if got := code(t, b.call(method, at, "")); got != "404 not_configured" {
			t.Errorf("%s: %s", route, got)
		}
	}
}

func TestDocumentPages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if next := get[string](t, b, "/api/v1/documents?limit=1", "next"); next != "es/a.md" {
		t.Errorf("next is %q", next)
	}
	rest := get[[]api.Document](t, b, "/api/v1/documents?limit=1&cursor=es/a.md", "documents")
	if len(rest) != 1 || rest[0].ID != "es/b.md" {
		t.Errorf("%+v", rest)
	}
	if next := get[*string](t, b, "/api/v1/documents", "next"); next != nil {
		t.Errorf("next is %q", *next)
	}
}

// passagesRun visits the routes of documents.
func passagesRun() []step {
	const p = "/api/v1/passages"
	broken := errors.New("down")
	return []step{
		{method: "GET", path: "/api/v1/documents", query: "?limit=1"},
		{method: "GET", path: "/api/v1/documents", query: "?limit=x"},
		{method: "GET", path: p, query: "?id=es/a.md"},
		{method: "GET", path: p},
		{method: "GET", path: p, query: "?id=none"},
		{method: "POST", path: p + "/revoke", body: `{"ids":["es/a.md"],"agent":"ana","reason":"x"}`},
		{method: "POST", path: p + "/revoke"},
		{method: "POST", path: p + "/revoke", body: `{"ids":["none"]}`},
		{method: "GET", path: p + "/revoked"},
		{method: "POST", path: p + "/restore", body: `{"ids":["es/a.md"]}`},
		{method: "POST", path: p + "/restore"},
		{method: "GET", path: "/api/v1/documents", before: func(b bundle) { b.library.err = broken }},
		{method: "GET", path: p, query: "?id=es/a.md"},
		{method: "GET", path: p + "/revoked"},
		{method: "POST", path: p + "/revoke", body: `{"ids":["es/a.md"]}`},
		{method: "POST", path: p + "/restore", body: `{"ids":["es/a.md"]}`},
	}
}
