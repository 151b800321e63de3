package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/api"
	"github.com/recado/recado/gateway/desk/desktest"
)

const (
	token     = "a-long-secret"
	maxUpload = 1 << 20
)

var now = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// book keeps what was put and says what it was asked.
type book struct {
	docs    []json.RawMessage
	contact string
	err     error
}

var errOrder = errors.New("invalid order")

func (b *book) Put(_ context.Context, docs []json.RawMessage) (int, error) {
	for i, d := range docs {
		var o struct{ Number string }
		if json.Unmarshal(d, &o) != nil || o.Number == "" {
			return 0, fmt.Errorf("%w: order %d: number is missing", errOrder, i)
		}
	}
	if b.err == nil {
		b.docs = append(b.docs, docs...)
	}
	return len(docs), b.err
}

func (b *book) Find(_ context.Context, contact string) ([]json.RawMessage, error) {
	b.contact = contact
	return b.docs, b.err
}

// archive keeps webhooks by the id of a message.
type archive struct {
	bodies map[string]string
	err    error
}

func (a *archive) Webhook(_ context.Context, id string) ([]byte, error) {
	body, ok := a.bodies[id]
	if !ok && a.err == nil {
		return nil, gateway.ErrNotFound
	}
	return []byte(body), a.err
}

func (a *archive) Purge(context.Context, time.Time) (int, error) { return 0, a.err }

// bundle is the API over the example shop.
type bundle struct {
	*api.API
	store   *desktest.Store
	vault   *desktest.Vault
	archive *archive
	book    *book
	library *library
	log     *bytes.Buffer
	changed *int
}

func setup(t *testing.T) bundle {
	t.Helper()
	b := bundle{
		store: desktest.Shop(now), vault: desktest.NewVault(), archive: &archive{bodies: map[string]string{}},
		book: &book{}, library: &library{}, log: &bytes.Buffer{}, changed: new(int),
	}
	a, err := api.New(api.Config{
		Desk: b.store, Orders: b.book, Token: token, ErrOrder: errOrder,
		Files: b.store, Vault: b.vault, Channel: b.store, Archive: b.archive, Library: b.library, Evidence: b.library, Commands: b.store, Audits: b.store, Labels: b.store, Agreements: b.store, MaxUpload: maxUpload,
		Now: func() time.Time { return now }, Logger: slog.New(slog.NewTextHandler(b.log, nil)),
		Changed: func() { *b.changed++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.API = a
	return b
}

// call makes one request with the token.
func (b bundle) call(method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

// get reads one part of a successful answer.
func get[T any](t *testing.T, b bundle, target, field string) T {
	t.Helper()
	w := b.call("GET", target, "")
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", target, w.Code, w.Body)
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	var value T
	if err := json.Unmarshal(body[field], &value); err != nil {
		t.Fatalf("%s in %s: %v", field, w.Body, err)
	}
	return value
}

// code is the error code of an answer.
func code(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var body struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if body.Error.Message == "" {
		t.Errorf("%s has no message", w.Body)
	}
	return fmt.Sprint(w.Code, " ", body.Error.Code)
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]api.Config{
		"Desk": {Orders: &book{}}, "Orders": {Desk: desktest.New()},
		"MaxUpload": {Desk: desktest.New(), Orders: &book{}, MaxUpload: -1},
	} {
		if _, err := api.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s named", err, want)
		}
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	tests := map[string]int{
		"":                           401,
		"Bearer":                     401,
		"Bearer ":                    401,
		"Bearer wrong":               401,
		"Basic " + token:             401,
		token:                        401,
		"Bearer " + token + "x":      401,
		"Bearer " + token:            200,
		"bearer " + token:            200,
		"Bearer " + token + " ":      200,
		"Bearer " + token + " extra": 401,
	}
	for header, want := range tests {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/handoffs", nil)
		r.Header.Set("Authorization", header)
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: %d", header, w.Code)
		}
		if want == 401 && (w.Header().Get("WWW-Authenticate") == "" || code(t, w) != "401 unauthorized") {
			t.Errorf("%q: %v %s", header, w.Header(), w.Body)
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%q: may be cached", header)
		}
	}
	// Nobody learns about routes without the token.
	w := httptest.NewRecorder()
	b.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/nothing", nil))
	if w.Code != 401 {
		t.Errorf("unknown path without a token: %d", w.Code)
	}
}

func TestWithoutATokenTheAPIIsOff(t *testing.T) {
	t.Parallel()
	a, err := api.New(api.Config{Desk: desktest.New(), Orders: &book{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"", "Bearer ", "Bearer x"} {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/handoffs", nil)
		r.Header.Set("Authorization", header)
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if code(t, w) != "403 api_disabled" || !strings.Contains(w.Body.String(), "RECADO_API_TOKEN") {
			t.Errorf("%q: %d %s", header, w.Code, w.Body)
		}
	}
}

func TestConversationsByContact(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for contact, want := range map[string]string{
		"+34 600 55 01 01":        desktest.Lucia,
		"34600550101":             desktest.Lucia,
		"+34-600-55-01-01":        desktest.Lucia,
		"(34) 600.55.01.01":       desktest.Lucia,
		" 34600550101":            desktest.Lucia,
		"GB.19283746":             desktest.Tom,
		"+447700900123":           desktest.Tom,
		"ES.55512340987":          desktest.Pau,
		"es.55512340987":          "",
		"+34600000000":            "",
		"' or 1=1 --":             "",
		"\u00a034\u00a0600550101": desktest.Lucia,
	} {
		list := get[[]struct{ ID string }](t, b, "/api/v1/conversations?contact="+url.QueryEscape(contact), "conversations")
		if got := fmt.Sprint(list); want == "" && len(list) != 0 || want != "" && got != "[{"+want+"}]" {
			t.Errorf("%q gives %v, want %s", contact, got, want)
		}
	}
	// A plus that nobody encoded arrives as a space.
	if list := get[[]any](t, b, "/api/v1/conversations?contact=+34600550101", "conversations"); len(list) != 1 {
		t.Errorf("bare plus: %v", list)
	}
	if list := get[[]any](t, b, "/api/v1/conversations", "conversations"); len(list) != 5 {
		t.Errorf("all: %d", len(list))
	}
	for _, bad := range []string{"%2B", "-", strings.Repeat("x", 257)} {
		if got := code(t, b.call("GET", "/api/v1/conversations?contact="+bad, "")); got != "400 invalid" {
			t.Errorf("%.10q: %s", bad, got)
		}
	}
}

func TestConversationShape(t *testing.T) {
	t.Parallel()
	b := setup(t)
	got := get[map[string]any](t, b, "/api/v1/conversations/"+desktest.Tom, "conversation")
	want := map[string]any{
		"id": desktest.Tom, "contact": "+447700900123",
		"identity": map[string]any{"phone": "447700900123", "user_id": "GB.19283746"},
		"name":     "Tom Ashworth", "channel": "100200300", "mode": "queued", "language": "en", "agent": "",
		"window_ends_at": "2026-03-03T09:03:00Z", "doubted_at": nil, "unreachable": nil, "marketing": "",
		"memory": map[string]any{
			"level": "number", "level_until": nil, "code_until": nil, "pending": nil, "awaiting": float64(0), "language_fixed": false,
		},
		"created_at": "2026-03-02T08:08:00Z", "updated_at": "2026-03-02T09:08:00Z",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	b.store.Put(gateway.Conversation{
		ID: "doubted", Mode: gateway.ModeBot, DoubtedAt: now, UnreachableAt: now.Add(time.Minute), Marketing: "stop",
		Unreachable: &gateway.SendError{
			Code: 131026, Title: "Not on WhatsApp", Class: gateway.ErrorUnreachable, Detail: "+34600550101",
		},
	})
	doubted := get[map[string]any](t, b, "/api/v1/conversations/doubted", "conversation")
	unreachable := map[string]any{"code": 131026.0, "title": "Not on WhatsApp", "class": "unreachable", "at": "2026-03-02T10:01:00Z"}
	if diff := cmp.Diff(unreachable, doubted["unreachable"]); diff != "" || doubted["doubted_at"] != "2026-03-02T10:00:00Z" ||
		doubted["marketing"] != "stop" {
		t.Errorf("%v %s", doubted, diff)
	}
	pau := get[map[string]any](t, b, "/api/v1/conversations/"+desktest.Pau, "conversation")
	if pau["contact"] != "ES.55512340987" {
		t.Errorf("a contact without a phone: %v", pau["contact"])
	}
	b.store.Put(gateway.Conversation{ID: "new", Mode: gateway.ModeBot})
	if fresh := get[map[string]any](t, b, "/api/v1/conversations/new", "conversation"); fresh["window_ends_at"] != nil {
		t.Errorf("a window before the first message: %v", fresh)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.store.Say(desktest.Pau, gateway.MessageView{ID: "odd", Direction: "in", Payload: json.RawMessage(`{broken`)})
	list := get[[]map[string]any](t, b, "/api/v1/conversations/"+desktest.Pau+"/messages", "messages")
	want := []map[string]any{
		{
			"id": "p1", "provider_id": "wamid.p1", "direction": "in", "author": "customer", "type": "text",
			"text": "quiero hablar con una persona", "at": "2026-03-01T04:00:00Z", "status": "received",
			"payload": map[string]any{"type": "text"},
		},
		{
			"id": "p2", "provider_id": "wamid.p2", "direction": "out", "author": "bot", "type": "text",
			"text": "Claro. Te paso con una persona del equipo.", "at": "2026-03-01T04:00:01Z", "status": "failed",
			"error":   map[string]any{"code": 131026.0, "title": "Message undeliverable"},
			"payload": map[string]any{"messaging_product": "whatsapp", "type": "text"},
		},
		{
			"id": "odd", "provider_id": "", "direction": "in", "author": "", "type": "", "text": "", "at": nil,
			"status": "", "payload": "{broken",
		},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
}

func TestPagesHoldEverythingOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 7 {
		b.store.Say(desktest.Nora, desktest.In(fmt.Sprint("x", i), "hi", now))
	}
	for _, limit := range []int{1, 2, 4, 9, 50, 200} {
		var ids []string
		next := new("")
		for next != nil {
			target := fmt.Sprintf("/api/v1/conversations/%s/messages?limit=%d&cursor=%s", desktest.Nora, limit, *next)
			for _, m := range get[[]struct{ ID string }](t, b, target, "messages") {
				ids = append(ids, m.ID)
			}
			next = get[*string](t, b, target, "next")
		}
		want := []string{"n1", "n2", "x0", "x1", "x2", "x3", "x4", "x5", "x6"}
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("limit %d: %s", limit, diff)
		}
	}
	for _, query := range []string{"limit=0", "limit=201", "limit=-1", "limit=x", "cursor=nonsense"} {
		for _, list := range []string{"conversations", "handoffs", "conversations/" + desktest.Nora + "/turns"} {
			if got := code(t, b.call("GET", "/api/v1/"+list+"?"+query, "")); got != "400 invalid" {
				t.Errorf("%s?%s: %s", list, query, got)
			}
		}
	}
}

func TestTurnsAreTheDecisionRecords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	list := get[[]gateway.Record](t, b, "/api/v1/conversations/"+desktest.Lucia+"/turns", "turns")
	want, _, err := b.store.Turns(t.Context(), desktest.Lucia, gateway.Page{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		want[i].Draft.Orders = []string{}
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
}

func TestHandoffsByState(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for state, want := range map[string][]string{
		"queued":   {desktest.PauHandoff, desktest.TomHandoff, desktest.LuciaHandoff},
		"claimed":  {desktest.MartaHandoff},
		"returned": nil,
		"":         {desktest.PauHandoff, desktest.MartaHandoff, desktest.TomHandoff, desktest.LuciaHandoff},
	} {
		var got []string
		for _, h := range get[[]struct{ ID string }](t, b, "/api/v1/handoffs?state="+state, "handoffs") {
			got = append(got, h.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", state, diff)
		}
	}
	if got := code(t, b.call("GET", "/api/v1/handoffs?state=open", "")); got != "400 invalid" {
		t.Error(got)
	}
}

// The whole life of a handoff, in requests. want is the status with the error's
// code or the state and agent of the handoff.
func TestActions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	steps := []struct{ target, body, want string }{
		{"handoff-lucia/reply", ``, "400 invalid"},
		{"handoff-lucia/reply", `{"text":"  "}`, "400 invalid"},
		{"handoff-lucia/reply", `{"text":"` + strings.Repeat("a", 4097) + `"}`, "400 invalid"},
		{"handoff-lucia/reply", `{"text":3}`, "400 invalid"},
		{"handoff-lucia/reply", `{"text":"a"} x`, "400 invalid"},
		{"handoff-lucia/claim", `{"agent":"` + strings.Repeat("a", 65) + `"}`, "400 invalid"},
		{"handoff-lucia/claim", ``, "200 claimed api"},
		{"handoff-lucia/claim", `{}`, "200 claimed api"},
		{"handoff-lucia/claim", `{"agent":"ana"}`, "409 taken"},
		{"handoff-lucia/reply", `{"agent":"ana","text":"hola"}`, "409 taken"},
		{"handoff-lucia/reply", `{"text":"Hola, Lucía"}`, "200 claimed api"},
		{"handoff-lucia/reply", `{"text":"¿Sigues ahí?","id":"a"}`, "200 claimed api"},
		{"handoff-lucia/reply", `{"text":" ¿Sigues ahí? ","id":"a"}`, "200 claimed api"},
		{"handoff-lucia/reply", `{"text":"Otra cosa","id":"a"}`, "400 invalid"},
		{"handoff-lucia/reply", `{"text":"¿Sigues ahí?","id":"` + strings.Repeat("a", 129) + `"}`, "400 invalid"},
		{"handoff-lucia/resolve", ``, "200 resolved api"},
		{"handoff-lucia/reply", `{"text":"¿Sigues ahí?","id":"a"}`, "200 resolved api"},
		{"handoff-lucia/reply", `{"text":"one more"}`, "409 closed"},
		{"handoff-tom/reply", `{"agent":" ana ","text":"` + strings.Repeat("é", 4096) + `"}`, "200 claimed ana"},
		{"handoff-tom/return", `{"agent":"ana"}`, "200 returned ana"},
		{"handoff-pau/reply", `{"text":"hola"}`, "409 window_closed"},
		{"handoff-none/claim", ``, "404 not_found"},
		{"handoff-marta/claim", `{"agent":"` + strings.Repeat(" ", 5<<20) + `"}`, "413 too_large"},
	}
	for _, step := range steps {
		w := b.call("POST", "/api/v1/handoffs/"+step.target, step.body)
		var got string
		if w.Code == http.StatusOK {
			var body struct{ Handoff struct{ State, Agent string } }
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			got = fmt.Sprint("200 ", body.Handoff.State, " ", body.Handoff.Agent)
		} else {
			got = code(t, w)
		}
		if got != step.want {
			t.Errorf("%s %.40s: %s, want %s", step.target, step.body, got, step.want)
		}
	}
	if *b.changed != 9 {
		t.Errorf("Changed was called %d times", *b.changed)
	}
	list, _, err := b.store.Messages(t.Context(), desktest.Lucia, gateway.Page{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(slices.DeleteFunc(list, func(m gateway.MessageView) bool { return m.Text != "¿Sigues ahí?" })); n != 1 {
		t.Errorf("what came with one id was sent %d times", n)
	}
	messages := get[[]struct{ Author, Agent, Text, Status string }](t, b, "/api/v1/conversations/"+desktest.Lucia+"/messages", "messages")
	if last := fmt.Sprint(messages[len(messages)-1]); last != "{agent api ¿Sigues ahí? queued}" {
		t.Errorf("the reply is %s", last)
	}
}

func TestOrders(t *testing.T) {
	t.Parallel()
	b := setup(t)
	tests := []struct{ body, want string }{
		{`{"number":"1","extra":true}`, `200 {"stored":1}`},
		{`[{"number":"2"},{"number":"3"}]`, `200 {"stored":2}`},
		{` {"orders":[{"number":"4"}]} `, `200 {"stored":1}`},
		{`{"number":"5","orders":[]}`, `200 {"stored":1}`},
		{`[]`, `200 {"stored":0}`},
		{`{"orders":"none","number":"6"}`, `200 {"stored":1}`},
		{`[{"number":"7"},{}]`, `400 {"error":{"code":"invalid","message":"Invalid order: order 1: number is missing. Nothing was stored."}}`},
		{``, `400 {"error":{"code":"invalid","message":"The body must be an order or an array of orders."}}`},
		{`null`, `400 {"error":{"code":"invalid","message":"The body must be an order or an array of orders."}}`},
		{`"x"`, `400 {"error":{"code":"invalid","message":"The body must be an order or an array of orders."}}`},
		{`[{"number":`, `400 {"error":{"code":"invalid","message":"The body is not valid JSON of the expected shape."}}`},
	}
	for _, test := range tests {
		w := b.call("PUT", "/api/v1/orders", test.body)
		if got := fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String())); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.body, got, test.want)
		}
	}
	if got := code(t, b.call("PUT", "/api/v1/orders", strings.Repeat(" ", 5<<20)+"[]")); got != "413 too_large" {
		t.Error(got)
	}
	list := get[[]map[string]any](t, b, "/api/v1/orders?contact=%2B34%20600550101", "orders")
	if len(list) != 6 || list[0]["extra"] != true || b.book.contact != "34600550101" {
		t.Errorf("asked for %q, got %v", b.book.contact, list)
	}
	if got := code(t, b.call("GET", "/api/v1/orders", "")); got != "400 invalid" {
		t.Error(got)
	}
	b.book.docs = nil
	if list := get[[]any](t, b, "/api/v1/orders?contact=1", "orders"); list == nil {
		t.Error("no orders are null")
	}
}

// A failing store is our fault: a status that says so, a log line, and no word of
// the cause in the answer.
func TestStoresThatFail(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cause := errors.New("dial tcp 10.0.0.7:5432: refused")
	b.store.Fail(cause)
	b.book.err = cause
	b.vault.Fail(cause)
	b.archive.err = cause
	for call, want := range map[string]string{
		"GET /api/v1/conversations":               "500 internal",
		"GET /api/v1/conversations/a":             "500 internal",
		"GET /api/v1/conversations/a/messages":    "500 internal",
		"GET /api/v1/conversations/a/turns":       "500 internal",
		"GET /api/v1/handoffs":                    "500 internal",
		"GET /api/v1/handoffs/a":                  "500 internal",
		"POST /api/v1/handoffs/handoff-tom/claim": "500 internal",
		"POST /api/v1/conversations/a/take":       "500 internal",
		"GET /api/v1/messages/a/webhook":          "500 internal",
		"GET /api/v1/files/a":                     "500 internal",
		"GET /api/v1/files/a/content":             "500 internal",
		"POST /api/v1/files":                      "503 files_unavailable",
		"GET /api/v1/templates":                   "500 internal",
		"GET /api/v1/alerts":                      "500 internal",
		"POST /api/v1/alerts/a/seen":              "500 internal",
		"GET /api/v1/orders?contact=34600550101":  "503 orders_unavailable",
		"PUT /api/v1/orders":                      "503 orders_unavailable",
	} {
		method, target, _ := strings.Cut(call, " ")
		b.log.Reset()
		w := b.call(method, target, map[string]string{"PUT /api/v1/orders": `{"number":"1"}`, "POST /api/v1/files": "x"}[call])
		if got := code(t, w); got != want || strings.Contains(w.Body.String(), "10.0.0.7") {
			t.Errorf("%s: %s %s", call, got, w.Body)
		}
		if !strings.Contains(b.log.String(), "refused") || strings.Contains(b.log.String(), "34600550101") {
			t.Errorf("%s logged %q", call, b.log)
		}
	}
	if *b.changed != 0 {
		t.Error("a failed action counts as a change")
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for call, want := range map[string]string{
		"GET /api/v1/":                      "404 not_found ",
		"GET /api/v1/nothing":               "404 not_found ",
		"GET /api/v1/conversations/":        "404 not_found ",
		"GET /api/v1/conversations/a/b":     "404 not_found ",
		"GET /api/v1/conversations/none":    "404 not_found ",
		"GET /api/v1/handoffs/none":         "404 not_found ",
		"POST /api/v1/conversations":        "405 method_not_allowed GET, HEAD",
		"DELETE /api/v1/orders":             "405 method_not_allowed GET, HEAD, PUT",
		"GET /api/v1/handoffs/a/claim":      "405 method_not_allowed POST",
		"POST /api/v1/handoffs/a/dismiss":   "404 not_found ",
		"GET /api/v1/files":                 "405 method_not_allowed POST",
		"PUT /api/v1/files/a/content":       "405 method_not_allowed GET, HEAD",
		"GET /api/v1/files/":                "404 not_found ",
		"GET /api/v1/files/a/b":             "404 not_found ",
		"GET /api/v1/messages/a":            "404 not_found ",
		"GET /api/v1/alerts/a/seen":         "405 method_not_allowed POST",
		"OPTIONS /api/v1/handoffs/a/return": "405 method_not_allowed POST",
	} {
		method, target, _ := strings.Cut(call, " ")
		w := b.call(method, target, "")
		if got := code(t, w) + " " + w.Header().Get("Allow"); got != want {
			t.Errorf("%s: %s, want %s", call, got, want)
		}
	}
	if w := b.call("HEAD", "/api/v1/handoffs", ""); w.Code != http.StatusOK {
		t.Errorf("HEAD: %d", w.Code)
	}
}

func FuzzPutOrders(f *testing.F) {
	for _, seed := range []string{`{"number":"1"}`, `[{"number":"2"}]`, `{"orders":[null]}`, `[null,3,"x"]`, `{"orders":null}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		b := setup(t)
		w := b.call("PUT", "/api/v1/orders", body)
		if w.Code != 200 && w.Code != 400 {
			t.Errorf("%q: %d", body, w.Code)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q is answered with %q", body, w.Body)
		}
	})
}
