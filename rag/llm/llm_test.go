package llm_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/llm"
)

func TestCompleteSpeaksTheProtocol(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, say(goodDraft))
		m, logged := model(t, s)
		got, err := m.Complete(t.Context(), request())
		if err != nil {
			t.Fatal(err)
		}
		want := rag.Response{
			Draft: rag.Draft{Answer: "Refunds take 5 days.", Citations: []string{"refunds#0001"}, Locale: "en"},
			Model: "served-model-2026", Usage: rag.Usage{InputTokens: 321, OutputTokens: 45},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if s.paths[0] != "/v1/chat/completions" || s.heads[0].Get("Authorization") != "Bearer "+secretKey {
			t.Errorf("the request went to %s", s.paths[0])
		}
		body := s.bodies[0]
		wantMessages := []any{
			map[string]any{"role": "system", "content": "Reply with one JSON object."},
			map[string]any{"role": "user", "content": secretPrompt},
		}
		if diff := cmp.Diff(wantMessages, body["messages"]); diff != "" {
			t.Error(diff)
		}
		if body["model"] != "small-chat" || body["max_tokens"] != 1024.0 || body["stream"] != false {
			t.Errorf("the request is %v", body)
		}
		if heat, ok := body["temperature"].(float64); !ok || heat > 0.001 {
			t.Errorf("the temperature is %v", body["temperature"])
		}
		if logged.Len() > 0 {
			t.Errorf("a call without trouble logged %s", logged)
		}
	})
}

// TestSchemaHoldsEveryFieldOfADraft: a strict schema names all fields, requires
// them all, and allows no other.
func TestSchemaHoldsEveryFieldOfADraft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, say(goodDraft))
		m, _ := model(t, s)
		if _, err := m.Complete(t.Context(), request()); err != nil {
			t.Fatal(err)
		}
		text := map[string]any{"type": "string"}
		list := map[string]any{"type": "array", "items": text}
		flag := map[string]any{"type": "boolean"}
		want := map[string]any{"type": "json_schema", "json_schema": map[string]any{
			"name": "draft", "strict": true, "schema": map[string]any{
				"type": "object", "additionalProperties": false,
				"required": []any{"answer", "citations", "orders", "language", "needs_human", "missing", "small_talk", "actions", "ask_back"},
				"properties": map[string]any{
					"ask_back": text,
					"actions": map[string]any{"type": "array", "items": map[string]any{
						"type": "object", "additionalProperties": false,
						"required": []any{"name", "order", "items", "address", "reason"},
						"properties": map[string]any{
							"name": map[string]any{"type": "string", "enum": []any{
								"order_status", "tracking", "refund_status", "delivery_proof", "invoice", "change_address", "cancel_order", "start_return",
							}},
							"order": text, "items": list, "address": text, "reason": text,
						},
					}},
					"answer": text, "citations": list, "orders": list, "needs_human": flag, "missing": text, "small_talk": flag,
					"language": map[string]any{"type": "string", "enum": []any{"es", "en"}},
				},
			},
		}}
		if diff := cmp.Diff(want, s.bodies[0]["response_format"]); diff != "" {
			t.Error(diff)
		}
	})
}

// TestFallsBackWhereTheServerRefusesAParameter: one step for each refusal, and
// what worked is asked for at once the next time.
func TestFallsBackWhereTheServerRefusesAParameter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		refuse  []step
		format  any
		hot     bool
		limitBy string
	}{
		{"schema", []step{
			refuse(400, "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.", "response_format"),
		}, "json_object", false, "max_tokens"},
		{"schema, told in a text", []step{raw(422, `{"detail":"json_schema: extra fields not permitted"}`)}, "json_object", false, "max_tokens"},
		{"schema and object", []step{
			raw(400, `unknown field response_format`), refuse(400, "response_format is not supported", ""),
		}, nil, false, "max_tokens"},
		{"max_tokens and temperature", []step{
			refuse(400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "max_tokens"),
			refuse(400, "Unsupported value: 'temperature' does not support 0.0001 with this model.", "temperature"),
		}, "json_schema", true, "max_completion_tokens"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, append(tt.refuse, say(goodDraft))...)
				m, _ := model(t, s)
				for range 2 {
					if _, err := m.Complete(t.Context(), request()); err != nil {
						t.Fatal(err)
					}
				}
				if want := len(tt.refuse) + 2; s.asked() != want {
					t.Errorf("%d requests, not %d: what was learnt is forgotten", s.asked(), want)
				}
				last := s.bodies[len(s.bodies)-1]
				var format any
				if f, ok := last["response_format"].(map[string]any); ok {
					format = f["type"]
				}
				_, cold := last["temperature"]
				_, limited := last[tt.limitBy]
				if format != tt.format || cold == tt.hot || !limited {
					t.Errorf("the last request is %v", last)
				}
			})
		})
	}
}

// TestReasoningModelsNeedNoRefusal: go-openai knows them, and nothing is sent in
// vain.
func TestReasoningModelsNeedNoRefusal(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"o3-mini", "gpt-5-mini"} {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, say(goodDraft))
			m, _ := model(t, s, func(c *llm.Config) { c.Model = name })
			if _, err := m.Complete(t.Context(), request()); err != nil {
				t.Fatal(err)
			}
			_, hot := s.bodies[0]["temperature"]
			if s.asked() != 1 || hot || s.bodies[0]["max_completion_tokens"] == nil {
				t.Errorf("%d requests, the first is %v", s.asked(), s.bodies[0])
			}
		})
	}
}

// misbehaviour is a server that gives no draft: how often it is asked, and what
// the error says.
type misbehaviour struct {
	name  string
	steps []step
	asked int
	says  string
}

func misbehaviours() []misbehaviour {
	page := "<html><body>" + secretBody + "</body></html>"
	return []misbehaviour{
		{"never answers", []step{hang}, 3, "did not answer in time"},
		{"cut in the middle", []step{cut}, 3, "the connection was cut"},
		{"dropped", []step{drop}, 3, "the connection was cut"},
		{"500", []step{raw(500, secretBody)}, 3, "answered 500"},
		{"503 page", []step{raw(503, page)}, 3, "answered 503"},
		{"429", []step{raw(429, secretBody)}, 3, "answered 429"},
		{"400", []step{refuse(400, secretBody, "")}, 1, "answered 400"},
		{"400 for ever", []step{refuse(400, "response_format", "response_format")}, 3, "answered 400"},
		{"401", []step{refuse(401, "Incorrect API key provided: "+secretKey, "")}, 1, "answered 401"},
		{"403", []step{raw(403, secretBody)}, 1, "answered 403"},
		{"404", []step{refuse(404, secretBody, "model")}, 1, "answered 404"},
		{"redirect without a place", []step{raw(300, "")}, 1, "answered 300"},
		{"page with 200", []step{raw(200, page)}, 1, "can't be read"},
		{"invalid JSON", []step{raw(200, `{"choices":[{"message":`)}, 1, "can't be read"},
		{"nothing", []step{raw(200, "")}, 1, "can't be read"},
		{"null", []step{raw(200, "null")}, 1, "no choice"},
		{"choices of another kind", []step{raw(200, `{"choices":"`+secretBody+`"}`)}, 1, "can't be read"},
		{"no choices", []step{reply(map[string]any{"choices": []any{}})}, 1, "no choice"},
		{"refusal", []step{message(map[string]any{"role": "assistant", "refusal": secretBody}, "stop")}, 1, "refused"},
		{"content filter", []step{message(map[string]any{"content": goodDraft}, "content_filter")}, 1, "content filter"},
		{"cut off", []step{message(map[string]any{"content": goodDraft}, "length")}, 1, "cut off"},
		{"no content", []step{message(map[string]any{"content": nil}, "stop")}, 1, "empty"},
		{"a tool call", []step{message(map[string]any{"tool_calls": []any{}}, "tool_calls")}, 1, "empty"},
		{"prose", []step{say("I think that " + secretBody)}, 1, "no draft"},
		{"another object", []step{say(`{"reply":"` + secretBody + `"}`)}, 1, "no draft"},
		{"a wrong type", []step{say(`{"answer":{"text":"` + secretBody + `"},"needs_human":false}`)}, 1, "answer has the wrong type"},
		{"two drafts", []step{say(goodDraft + `{"answer":"` + secretBody + `"}`)}, 1, "two different drafts"},
		{"another language", []step{say(`{"answer":"Bonjour","language":"fr"}`)}, 1, "language"},
		{"long content", []step{say(`{"answer":"` + strings.Repeat("a", 70<<10) + `"}`)}, 1, "larger than 64 KB"},
		{"long draft", []step{say(`{"answer":"` + strings.Repeat("a", 5000) + `"}`)}, 1, "longer than 4096"},
		{"endless", []step{endless}, 1, "too large"},
	}
}

// endless sends until nobody listens.
func endless(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusOK)
	for {
		if _, err := w.Write([]byte(strings.Repeat("[", 64<<10))); err != nil {
			return
		}
	}
}

func TestMisbehavingServersGiveErrModel(t *testing.T) {
	t.Parallel()
	for _, tt := range misbehaviours() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, tt.steps...)
				m, logged := model(t, s)
				got, err := m.Complete(t.Context(), request())
				if !errors.Is(err, rag.ErrModel) || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("the error is %v, not one that says %q", err, tt.says)
				}
				if s.asked() != tt.asked {
					t.Errorf("the server was asked %d times, not %d", s.asked(), tt.asked)
				}
				if diff := cmp.Diff(rag.Response{}, got); diff != "" {
					t.Error(diff)
				}
				discreet(t, err, logged)
			})
		})
	}
}

func TestRecoversFromWhatPasses(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]step{
		"500": raw(500, secretBody), "429": raw(429, ""), "cut": cut, "dropped": drop, "slow": hang,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, bad, bad, say(goodDraft))
				m, logged := model(t, s)
				if _, err := m.Complete(t.Context(), request()); err != nil {
					t.Error(err)
				}
				if n := strings.Count(logged.String(), "is repeated"); n != 2 {
					t.Errorf("%d retries are logged: %s", n, logged)
				}
				discreet(t, logged)
			})
		})
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		field, value string
		least        time.Duration
	}{
		{"Retry-After", "7", 7 * time.Second},
		{"Retry-After", "0.5", 500 * time.Millisecond},
		{"Retry-After-Ms", "1500", 1500 * time.Millisecond},
		// The clock of a bubble begins with the year 2000.
		{"Retry-After", "Sat, 01 Jan 2000 00:00:20 GMT", 20 * time.Second},
		{"Retry-After", "Fri, 31 Dec 1999 00:00:20 GMT", 0},
		{"Retry-After", "-3", 0},
		{"Retry-After", "NaN", 0},
		{"Retry-After", "soon", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, raw(429, "", tt.field, tt.value), say(goodDraft))
			m, _ := model(t, s)
			if _, err := m.Complete(t.Context(), request()); err != nil {
				t.Fatal(err)
			}
			waited := s.times[1].Sub(s.times[0])
			if waited < tt.least || waited > tt.least+250*time.Millisecond {
				t.Errorf("%s %s: waited %v", tt.field, tt.value, waited)
			}
		})
	}
}

// TestNoWaitThatCannotHelp: a pause beyond the caller's deadline is not begun.
func TestNoWaitThatCannotHelp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, raw(429, "", "Retry-After", "60"))
		m, _ := model(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		began := time.Now()
		_, err := m.Complete(ctx, request())
		if !errors.Is(err, rag.ErrModel) || !strings.Contains(err.Error(), "429") || s.asked() != 1 || time.Since(began) != 0 {
			t.Errorf("%v after %v and %d requests", err, time.Since(began), s.asked())
		}
	})
}

// TestPausesAreSpread: full jitter, with a bound that doubles.
func TestPausesAreSpread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := map[time.Duration]bool{}
		for range 30 {
			s := serve(t, raw(429, ""))
			m, _ := model(t, s, func(c *llm.Config) { c.Retries = 7 })
			if _, err := m.Complete(t.Context(), request()); err == nil {
				t.Fatal("no error")
			}
			for i := range 7 {
				pause, bound := s.times[i+1].Sub(s.times[i]), min(250*time.Millisecond<<i, 8*time.Second)
				if pause < 0 || pause >= bound {
					t.Fatalf("pause %d is %v", i, pause)
				}
				seen[pause] = true
			}
		}
		if len(seen) < 200 {
			t.Errorf("210 pauses have only %d values", len(seen))
		}
	})
}

func TestCallerWhoGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, hang)
		m, _ := model(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		_, err := m.Complete(ctx, request())
		if !errors.Is(err, rag.ErrModel) || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := m.Complete(ctx, request()); !errors.Is(err, context.Canceled) || !errors.Is(err, rag.ErrModel) {
			t.Error(err)
		}
		if s.asked() != 2 {
			t.Errorf("%d requests for two callers who gave up", s.asked())
		}
	})
}

// TestDeadServerCostsNothing: after five failed attempts in a row nobody waits for
// it, and after the pause one caller finds out whether it is back.
func TestDeadServerCostsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, hang, hang, hang, hang, hang, hang, say(goodDraft))
		m, _ := model(t, s)
		for range 2 {
			if _, err := m.Complete(t.Context(), request()); err == nil {
				t.Fatal("no error")
			}
		}
		if s.asked() != 5 {
			t.Fatalf("%d attempts before the server is left alone, not 5", s.asked())
		}
		began := time.Now()
		for range 100 {
			if _, err := m.Complete(t.Context(), request()); !errors.Is(err, rag.ErrModel) || !strings.Contains(err.Error(), "left alone") {
				t.Fatal(err)
			}
		}
		if s.asked() != 5 || time.Since(began) != 0 {
			t.Fatalf("%d requests and %v for a server that is known to be dead", s.asked(), time.Since(began))
		}

		<-time.After(10 * time.Second)
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if _, err := m.Complete(t.Context(), request()); !errors.Is(err, rag.ErrModel) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if s.asked() != 6 {
			t.Fatalf("%d callers tried at once, not one", s.asked()-5)
		}

		<-time.After(10 * time.Second)
		for range 3 {
			if _, err := m.Complete(t.Context(), request()); err != nil {
				t.Fatalf("the server is back, and %v", err)
			}
		}
	})
}

// TestAnsweringServerIsNotDead: refusals, nonsense and callers who give up say
// nothing against it, and a success in between starts the count anew.
func TestAnsweringServerIsNotDead(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]step{"401": raw(401, ""), "429": raw(429, ""), "nonsense": raw(200, "x"), "prose": say("Hello!")} {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, bad)
			m, _ := model(t, s, func(c *llm.Config) { c.Retries = -1 })
			for range 20 {
				if _, err := m.Complete(t.Context(), request()); err == nil {
					t.Fatal("no error")
				}
			}
			if s.asked() != 20 {
				t.Errorf("%s: only %d of 20 calls reached the server", name, s.asked())
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, raw(500, ""), raw(500, ""), raw(500, ""), raw(500, ""), say(goodDraft), raw(500, ""), say(goodDraft))
		m, _ := model(t, s, func(c *llm.Config) { c.Retries = -1 })
		for i := range 7 {
			if _, err := m.Complete(t.Context(), request()); (err == nil) != (i == 4 || i == 6) {
				t.Errorf("call %d ends with %v", i+1, err)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, hang, hang, hang, hang, hang, hang, say(goodDraft))
		m, _ := model(t, s)
		for range 6 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			if _, err := m.Complete(ctx, request()); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		if _, err := m.Complete(t.Context(), request()); err != nil {
			t.Errorf("callers who gave up made the server dead: %v", err)
		}
	})
}

func TestConcurrencyIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, most := 0, 0
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			<-time.After(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			say(goodDraft)(w, r)
		})
		m, _ := model(t, s, func(c *llm.Config) { c.Concurrency = 3 })
		began := time.Now()
		var group sync.WaitGroup
		for range 12 {
			group.Go(func() {
				if _, err := m.Complete(t.Context(), request()); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := m.Complete(ctx, request()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one who waits for a slot ends with %v", err)
		}
		group.Wait()
		if most != 3 || time.Since(began) != 4*time.Second {
			t.Errorf("%d ran at once, all took %v", most, time.Since(began))
		}
	})
}

// TestOverARealNetwork: the client that is made by default, a real server, and one
// that is gone.
func TestOverARealNetwork(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.HandlerFunc(say(goodDraft)))
	m, err := llm.NewModel(llm.Config{BaseURL: web.URL + "/v1", Model: "m", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Complete(t.Context(), request()); err != nil {
		t.Error(err)
	}
	address := web.Listener.Addr().String()
	web.Close()
	m, err = llm.NewModel(llm.Config{BaseURL: "http://" + address, Model: "m", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Complete(t.Context(), request())
	if !errors.Is(err, rag.ErrModel) || !strings.Contains(err.Error(), "refused") || strings.Contains(err.Error(), address) {
		t.Errorf("a server that is gone: %v", err)
	}
}

// TestNoRedirects: the prompt stays with the server that was configured.
func TestNoRedirects(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the prompt was carried elsewhere")
	}))
	t.Cleanup(elsewhere.Close)
	web := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(web.Close)
	m, err := llm.NewModel(llm.Config{BaseURL: web.URL, Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Complete(t.Context(), request()); err == nil || !strings.Contains(err.Error(), "307") {
		t.Error(err)
	}
}

func TestUntrustedCertificateAndUnknownName(t *testing.T) {
	t.Parallel()
	web := httptest.NewUnstartedServer(http.HandlerFunc(say(goodDraft)))
	web.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	web.StartTLS()
	t.Cleanup(web.Close)
	m, err := llm.NewModel(llm.Config{BaseURL: web.URL, Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Complete(t.Context(), request()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
	nowhere := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "model.test", IsNotFound: true}
	}}}
	m, err = llm.NewModel(llm.Config{BaseURL: "http://model.test", Model: "m", HTTP: nowhere, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Complete(t.Context(), request())
	if err == nil || !strings.Contains(err.Error(), "can't be resolved") {
		t.Error(err)
	}
	discreet(t, err)
}

func TestNewModelNamesTheWrongField(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		config llm.Config
		says   string
	}{
		{llm.Config{APIKey: secretKey}, "Model"},
		{llm.Config{Model: "m"}, "APIKey"},
		{llm.Config{Model: "m", APIKey: secretKey + "\n"}, "APIKey"},
		{llm.Config{Model: "m", BaseURL: "localhost:11434"}, "BaseURL"},
		{llm.Config{Model: "m", BaseURL: "ftp://host/v1"}, "BaseURL"},
		{llm.Config{Model: "m", BaseURL: "http://host/v1?key=" + secretKey}, "BaseURL"},
		{llm.Config{Model: "m", APIKey: secretKey, Timeout: -1}, "Timeout"},
		{llm.Config{Model: "m", APIKey: secretKey, Concurrency: -1}, "Concurrency"},
	} {
		m, err := llm.NewModel(tt.config)
		if err == nil || m != nil || !strings.Contains(err.Error(), "Config."+tt.says) {
			t.Errorf("%s: %v", tt.says, err)
		}
		discreet(t, err)
	}
	m, err := llm.NewModel(llm.Config{Model: "m", APIKey: secretKey})
	if err != nil || m.Name() != "m" {
		t.Error(m, err)
	}
	if _, err := m.Complete(t.Context(), rag.Request{}); !errors.Is(err, rag.ErrModel) {
		t.Errorf("a request without messages: %v", err)
	}
}

// BenchmarkComplete measures what Complete adds to a server that answers at once,
// beside the same request by a bare client.
func BenchmarkComplete(b *testing.B) {
	web := httptest.NewServer(http.HandlerFunc(say(goodDraft)))
	b.Cleanup(web.Close)
	b.Run("complete", func(b *testing.B) {
		m, err := llm.NewModel(llm.Config{BaseURL: web.URL, Model: "m"})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := m.Complete(b.Context(), request()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			bare(b, web)
		}
	})
}
