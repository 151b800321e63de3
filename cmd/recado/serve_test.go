package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/gateway/whatsapp/cloudsim"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/internal/testservices"
)

const (
	testSecret = "an-app-secret"
	testToken  = "an-api-token"
	testNumber = "106540352242922"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// shop is a running `recado serve` with an emulated Cloud API in front of it.
type shop struct {
	t   *testing.T
	url string
	sim *cloudsim.Simulator
}

// serve starts the command as an operator would, by its environment, over the demo
// shop's documents and orders.
func serve(t *testing.T, env map[string]string) *shop {
	t.Helper()
	return serveTo(t, env, io.Discard)
}

// serveTo is serve with the log written to somebody as well.
func serveTo(t *testing.T, env map[string]string, log io.Writer) *shop {
	t.Helper()
	var graph atomic.Pointer[cloudsim.Simulator]
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sim := graph.Load(); sim != nil {
			sim.ServeHTTP(w, r)
			return
		}
		http.Error(w, "not there yet", http.StatusServiceUnavailable)
	}))
	t.Cleanup(api.Close)
	full := map[string]string{
		"RECADO_LISTEN": "127.0.0.1:0", "RECADO_DATA": t.TempDir(), "RECADO_API_TOKEN": testToken,
		// Nothing here is about how quick a machine is that runs many tests at once.
		"RECADO_ORDERS_TIMEOUT": "5s", "RECADO_QUIET_PERIOD": "50ms", "WHATSAPP_API_URL": api.URL + "/v25.0", "WHATSAPP_APP_SECRET": "an-older-secret, " + testSecret,
		"WHATSAPP_VERIFY_TOKEN": "verify-me", "WHATSAPP_ACCESS_TOKEN": "send-token", "WHATSAPP_PHONE_NUMBER_ID": testNumber,
	}
	maps.Copy(full, env)
	fill(t, full)
	s := &shop{t: t, url: startServeTo(t, full, log)}
	s.sim = customers(t, s.url)
	graph.Store(s.sim)
	return s
}

// fill ingests the demo shop into what the environment names. The model's server
// is left out: the index is the offline embedder's.
func fill(t *testing.T, env map[string]string) {
	t.Helper()
	s, _, err := loadSettings(console{env: func(k string) string { return env[k] }}, "test", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	embedder, err := openEmbedder(s, discard())
	if err != nil {
		t.Fatal(err)
	}
	x, err := openIndex(t.Context(), s, embedder, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if err := evals.IngestDemo(t.Context(), x, embedder); err != nil {
		t.Fatal(err)
	}
}

// startServeTo runs the command until the test ends and gives its address. What it logs is
// written to log too.
func startServeTo(t *testing.T, env map[string]string, log io.Writer) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	logs, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, console{in: strings.NewReader(""), out: io.Discard, err: w, env: func(k string) string { return env[k] }}, []string{"serve"})
		w.Close()
	}()
	ready := make(chan string, 1)
	go watch(t, io.TeeReader(logs, log), ready)
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != exitOK {
			t.Errorf("serve ended with status %d", code)
		}
	})
	select {
	case address := <-ready:
		return "http://" + address
	case <-time.After(20 * time.Second):
		t.Fatal("serve is not ready after 20 s")
	}
	return ""
}

// watch reads the log, finds the address in it, and holds every line against what
// must never be there.
func watch(t *testing.T, logs io.Reader, ready chan<- string) {
	lines := bufio.NewScanner(logs)
	for lines.Scan() {
		line := lines.Text()
		for _, personal := range []string{"34600550101", "600550101", "Lucía", "wamid", "reembolso", testSecret, testToken, "send-token"} {
			if strings.Contains(line, personal) {
				t.Errorf("the log holds %q", personal)
			}
		}
		var entry struct{ Msg, Listen string }
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Msg == "recado is ready" {
			ready <- entry.Listen
		}
	}
}

func customers(t *testing.T, url string) *cloudsim.Simulator {
	t.Helper()
	sim, err := cloudsim.New(cloudsim.Config{
		WebhookURL: url + "/webhooks/whatsapp", AppSecret: testSecret, VerifyToken: "verify-me", AccessToken: "send-token",
		PhoneNumberID: testNumber, Customers: []cloudsim.Customer{{Phone: demoshop.DemoPhone, Name: demoshop.DemoName}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- sim.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return sim
}

func (s *shop) say(phone, text string) {
	s.t.Helper()
	if _, err := s.sim.Say(s.t.Context(), phone, text); err != nil {
		s.t.Fatal(err)
	}
}

// call asks the API and decodes its answer.
func (s *shop) call(method, path string, body, into any) int {
	s.t.Helper()
	var payload bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&payload).Encode(body); err != nil {
			s.t.Fatal(err)
		}
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+"/api/v1"+path, &payload)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+testToken)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	if into != nil {
		if err := json.NewDecoder(response.Body).Decode(into); err != nil {
			s.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return response.StatusCode
}

type seenMessage struct{ Direction, Author, Type, Text, Status string }

type seenConversation struct{ ID, Contact, Mode, Language string }

// conversation waits until there is one with the contact.
func (s *shop) conversation(phone string) seenConversation {
	s.t.Helper()
	var found seenConversation
	s.eventually("a conversation", func() bool {
		var page struct{ Conversations []seenConversation }
		s.call("GET", "/conversations?contact="+strings.ReplaceAll(phone, "+", "%2B"), nil, &page)
		if len(page.Conversations) == 1 {
			found = page.Conversations[0]
		}
		return len(page.Conversations) == 1
	})
	return found
}

func (s *shop) messages(phone string) []seenMessage {
	s.t.Helper()
	var page struct{ Messages []seenMessage }
	s.call("GET", "/conversations/"+s.conversation(phone).ID+"/messages", nil, &page)
	return page.Messages
}

// answer waits for the n-th message to the customer and gives it.
func (s *shop) answer(phone string, n int) seenMessage {
	s.t.Helper()
	var found seenMessage
	s.eventually(fmt.Sprintf("answer %d", n), func() bool {
		var out []seenMessage
		for _, m := range s.messages(phone) {
			if m.Direction == "out" {
				out = append(out, m)
			}
		}
		if len(out) >= n {
			found = out[n-1]
		}
		return len(out) >= n && found.Status != "queued" && found.Status != "sending"
	})
	return found
}

func (s *shop) eventually(what string, check func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !check() {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: not within a minute", what)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// post sends raw bytes to the webhook with a signature by the secret.
func (s *shop) post(body []byte, secret string) int {
	s.t.Helper()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/webhooks/whatsapp", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// onEveryMix runs a test on both stores with both Redis.
func onEveryMix(t *testing.T, test func(t *testing.T, s *shop)) {
	for _, store := range []string{"sqlite", "postgres"} {
		for _, redis := range []string{"in-process", "server"} {
			t.Run(store+" and "+redis+" redis", func(t *testing.T) {
				t.Parallel()
				env := map[string]string{}
				if store == "postgres" {
					env["DATABASE_URL"] = testservices.Postgres(t)
				}
				if redis == "server" {
					env["REDIS_URL"] = testservices.Redis(t)
				}
				test(t, serve(t, env))
			})
		}
	}
}

// putOrders brings the demo shop's orders through the API.
func (s *shop) putOrders() {
	s.t.Helper()
	docs, err := demoshop.Orders(time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	if code := s.call("PUT", "/orders", docs, nil); code != http.StatusOK {
		s.t.Fatalf("PUT /orders: %d", code)
	}
}

// TestServeAnswersOrHandsOver is the main job, end to end.
func TestServeAnswersOrHandsOver(t *testing.T) {
	t.Parallel()
	onEveryMix(t, func(t *testing.T, s *shop) {
		s.putOrders()
		s.say(demoshop.DemoPhone, "¿Cuánto tardan los reembolsos?")
		first := s.answer(demoshop.DemoPhone, 1)
		if first.Author != "bot" || !strings.Contains(first.Text, "Fuente") {
			t.Errorf("the policy question got %+v", first)
		}
		s.say(demoshop.DemoPhone, "Where is my order "+demoshop.DemoShippedOrder+"?")
		if got := s.answer(demoshop.DemoPhone, 2); !strings.Contains(got.Text, demoshop.DemoShippedOrder) {
			t.Errorf("the order question got %+v", got)
		}
		s.say(demoshop.DemoPhone, "my lawyer will call you")
		s.answer(demoshop.DemoPhone, 3)
		s.agentAnswers()
	})
}

// agentAnswers takes the one waiting handoff and answers it over the API.
func (s *shop) agentAnswers() {
	s.t.Helper()
	var queue struct {
		Handoffs []struct {
			ID, Reason, Contact string
			Packet              struct{ Wants string }
		}
	}
	s.call("GET", "/handoffs?state=queued", nil, &queue)
	if len(queue.Handoffs) != 1 || queue.Handoffs[0].Reason != "legal" || queue.Handoffs[0].Packet.Wants != "my lawyer will call you" {
		s.t.Fatalf("the queue holds %+v", queue.Handoffs)
	}
	id := queue.Handoffs[0].ID
	if code := s.call("POST", "/handoffs/"+id+"/claim", map[string]string{"agent": "ana"}, nil); code != http.StatusOK {
		s.t.Fatalf("claim: %d", code)
	}
	if mode := s.conversation(demoshop.DemoPhone).Mode; mode != "agent" {
		s.t.Errorf("the mode is %q", mode)
	}
	if code := s.call("POST", "/handoffs/"+id+"/reply", map[string]string{"agent": "ana", "text": "Hello, this is Ana."}, nil); code != http.StatusOK {
		s.t.Fatalf("reply: %d", code)
	}
	if got := s.answer(demoshop.DemoPhone, 4); got.Author != "agent" || got.Text != "Hello, this is Ana." {
		s.t.Errorf("the agent's answer is %+v", got)
	}
	s.say(demoshop.DemoPhone, "¿Cuánto cuesta el envío?")
	if code := s.call("POST", "/handoffs/"+id+"/resolve", map[string]string{"agent": "ana"}, nil); code != http.StatusOK {
		s.t.Fatalf("resolve: %d", code)
	}
	s.eventually("statuses", func() bool {
		for _, m := range s.messages(demoshop.DemoPhone) {
			if m.Direction == "out" && m.Status != "delivered" && m.Status != "read" {
				return false
			}
		}
		return true
	})
}

// TestServeRefusesBadInput: what is refused leaves nothing behind, and what is
// signed is kept whatever it is.
func TestServeRefusesBadInput(t *testing.T) {
	t.Parallel()
	onEveryMix(t, func(t *testing.T, s *shop) {
		if code := s.call("PUT", "/orders", map[string]string{"number": "#W1"}, nil); code != http.StatusBadRequest {
			t.Errorf("an order without a status: %d", code)
		}
		body := webhookBody(7)
		if code := s.post(body, "wrong"); code != http.StatusUnauthorized {
			t.Errorf("a wrong signature: %d", code)
		}
		if code := s.post(bytes.Repeat([]byte(" "), 3<<20+1), testSecret); code != http.StatusRequestEntityTooLarge {
			t.Errorf("a body over 3 MB: %d", code)
		}
		var page struct{ Conversations []seenConversation }
		s.call("GET", "/conversations", nil, &page)
		if len(page.Conversations) != 0 {
			t.Errorf("refused webhooks left %d conversations", len(page.Conversations))
		}
		for _, signed := range [][]byte{[]byte("{not json"), []byte(`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"novelty","value":{}}]}]}`), body, body} {
			if code := s.post(signed, testSecret); code != http.StatusOK {
				t.Errorf("a signed body: %d", code)
			}
		}
		if got := s.messages("+34600000007"); len(got) < 1 || got[0].Text != "¿Cuánto tarda mi pedido número 7?" {
			t.Errorf("the message is %+v", got)
		}
	})
}

// TestServeWithoutModel: a model that is down costs the answer, not the customer.
func TestServeWithoutModel(t *testing.T) {
	t.Parallel()
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	s := serve(t, map[string]string{"OPENAI_BASE_URL": dead.URL + "/v1", "RECADO_CHAT_MODEL": "none", "RECADO_EMBEDDING_MODEL": "offline"})
	s.say(demoshop.DemoPhone, "¿Cuánto tardan los reembolsos?")
	if got := s.answer(demoshop.DemoPhone, 1); !strings.Contains(got.Text, "Una persona del equipo te responderá") {
		t.Errorf("the customer heard %q", got.Text)
	}
	var queue struct{ Handoffs []struct{ Reason string } }
	s.call("GET", "/handoffs?state=queued", nil, &queue)
	if len(queue.Handoffs) != 1 || queue.Handoffs[0].Reason != "model_unavailable" {
		t.Errorf("the queue holds %+v", queue.Handoffs)
	}
}

// TestServeWithoutRedis: answers that need no order go on, a question about an
// order goes to a person.
func TestServeWithoutRedis(t *testing.T) {
	t.Parallel()
	s := serve(t, map[string]string{"REDIS_URL": "redis://127.0.0.1:1/0"})
	s.say(demoshop.DemoPhone, "¿Cuánto tardan los reembolsos?")
	if got := s.answer(demoshop.DemoPhone, 1); !strings.Contains(got.Text, "Fuente") {
		t.Errorf("the policy question got %q", got.Text)
	}
	s.say(demoshop.DemoPhone, "¿Dónde está mi pedido "+demoshop.DemoShippedOrder+"?")
	s.answer(demoshop.DemoPhone, 2)
	var queue struct{ Handoffs []struct{ Reason string } }
	s.call("GET", "/handoffs?state=queued", nil, &queue)
	if len(queue.Handoffs) != 1 || queue.Handoffs[0].Reason != "orders_unavailable" {
		t.Errorf("the queue holds %+v", queue.Handoffs)
	}
}

// TestServeWithoutPostgres: a webhook that can't be kept is answered with 503, so
// that it is sent again.
func TestServeWithoutPostgres(t *testing.T) {
	t.Parallel()
	dsn := testservices.Postgres(t)
	s := serve(t, map[string]string{"DATABASE_URL": dsn})
	if code := s.post(webhookBody(1), testSecret); code != http.StatusOK {
		t.Fatalf("while it is there: %d", code)
	}
	s.messages("+34600000001")
	rename := renameDatabase(t, dsn)
	if code := s.post(webhookBody(2), testSecret); code != http.StatusServiceUnavailable {
		t.Errorf("while it is away: %d", code)
	}
	response, err := http.Get(s.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("/readyz while it is away: %d", response.StatusCode)
	}
	rename()
	s.eventually("the webhook is taken again", func() bool { return s.post(webhookBody(2), testSecret) == http.StatusOK })
	if got := s.messages("+34600000002"); len(got) < 1 {
		t.Error("the message is lost")
	}
}

// renameDatabase takes a database away from its users and gives what brings it
// back.
func renameDatabase(t *testing.T, dsn string) (back func()) {
	t.Helper()
	at, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(at.Path, "/")
	at.Path = "/postgres"
	do := func(statements ...string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), at.String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		for _, statement := range statements {
			if _, err := conn.Exec(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	}
	do(`alter database `+name+` with allow_connections false`,
		`select pg_terminate_backend(pid) from pg_stat_activity where datname = '`+name+`'`)
	return func() { do(`alter database ` + name + ` with allow_connections true`) }
}
