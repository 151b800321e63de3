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
	"github.com/recado/recado/rag/llm/llmtest"
)

func TestCompleteSpeaksTheProtocol(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := llmtest.New(t, llmtest.Say(llmtest.Draft))
		m, logged := model(t, s)
		got, err := m.Complete(t.Context(), request())
		if err != nil {
			t.Fatal(err)
		}
		want := rag.Response{
			Draft: rag.Draft{Answer: "Refunds take 5 days.", Citations: []string{"refunds#0001"}, Locale: "en"},
			Model: "served-model-2026", Usage: rag.Usage{InputTokens: 321, OutputTokens: 45, CachedTokens: 128},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if s.Request(0).Path != "/v1/chat/completions" || s.Request(0).Header.Get("Authorization") != "Bearer "+secretKey {
			t.Errorf("the request went to %s", s.Request(0).Path)
		}
		body := s.Request(0).Body
		wantMessages := []any{
			map[string]any{"role": "system", "content": "Reply with one JSON object."},
			map[string]any{"role": "user", "content": secretPrompt},
		}
		if diff := cmp.Diff(wantMessages, body["messages"]); diff != "" {
			t.Error(diff)
		}
		if body["model"] != "small-chat" || body["max_tokens"] != 1024.0 || body["stream"] != true {
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
		s := llmtest.New(t, llmtest.Say(llmtest.Draft))
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
		if diff := cmp.Diff(want, s.Request(0).Body["response_format"]); diff != "" {
			t.Error(diff)
		}
	})
}

// TestFallsBackWhereTheServerRefusesAParameter: one llmtest.Step for each refusal, and
// what worked is asked for at once the next time.
func TestFallsBackWhereTheServerRefusesAParameter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		refuse  []llmtest.Step
		format  any
		hot     bool
		limitBy string
	}{
		{"schema", []llmtest.Step{
			llmtest.Refuse(400, "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.", "response_format"),
		}, "json_object", false, "max_tokens"},
		{"schema, told in a text", []llmtest.Step{llmtest.Raw(422, `{"detail":"json_schema: extra fields not permitted"}`)}, "json_object", false, "max_tokens"},
		{"schema and object", []llmtest.Step{
			llmtest.Raw(400, `unknown field response_format`), llmtest.Refuse(400, "response_format is not supported", ""),
		}, nil, false, "max_tokens"},
		{"max_tokens and temperature", []llmtest.Step{
			llmtest.Refuse(400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "max_tokens"),
			llmtest.Refuse(400, "Unsupported value: 'temperature' does not support 0.0001 with this model.", "temperature"),
		}, "json_schema", true, "max_completion_tokens"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := llmtest.New(t, append(tt.refuse, llmtest.Say(llmtest.Draft))...)
				m, _ := model(t, s)
				for range 2 {
					if _, err := m.Complete(t.Context(), request()); err != nil {
						t.Fatal(err)
					}
				}
				if want := len(tt.refuse) + 2; s.Asked() != want {
					t.Errorf("%d requests, not %d: what was learnt is forgotten", s.Asked(), want)
				}
				last := s.Last().Body
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
			s := llmtest.New(t, llmtest.Say(llmtest.Draft))
			m, _ := model(t, s, func(c *llm.Config) { c.Model = name })
			if _, err := m.Complete(t.Context(), request()); err != nil {
				t.Fatal(err)
			}
			_, hot := s.Request(0).Body["temperature"]
			if s.Asked() != 1 || hot || s.Request(0).Body["max_completion_tokens"] == nil {
				t.Errorf("%d requests, the first is %v", s.Asked(), s.Request(0).Body)
			}
		})
	}
}

func TestRecoversFromWhatPasses(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]llmtest.Step{
		"500": llmtest.Raw(500, secretBody), "429": llmtest.Raw(429, ""), "cut": llmtest.Cut, "dropped": llmtest.Drop, "slow": llmtest.Hang,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := llmtest.New(t, bad, bad, llmtest.Say(llmtest.Draft))
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
			s := llmtest.New(t, llmtest.Raw(429, "", tt.field, tt.value), llmtest.Say(llmtest.Draft))
			m, _ := model(t, s)
			if _, err := m.Complete(t.Context(), request()); err != nil {
				t.Fatal(err)
			}
			waited := s.Request(1).At.Sub(s.Request(0).At)
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
		s := llmtest.New(t, llmtest.Raw(429, "", "Retry-After", "60"))
		m, _ := model(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		began := time.Now()
		_, err := m.Complete(ctx, request())
		if !errors.Is(err, rag.ErrModel) || !strings.Contains(err.Error(), "429") || s.Asked() != 1 || time.Since(began) != 0 {
			t.Errorf("%v after %v and %d requests", err, time.Since(began), s.Asked())
		}
	})
}

// TestPausesAreSpread: full jitter, with a bound that doubles.
func TestPausesAreSpread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := map[time.Duration]bool{}
		for range 30 {
			s := llmtest.New(t, llmtest.Raw(429, ""))
			m, _ := model(t, s, func(c *llm.Config) { c.Retries = 7 })
			if _, err := m.Complete(t.Context(), request()); err == nil {
				t.Fatal("no error")
			}
			for i := range 7 {
				pause, bound := s.Request(i+1).At.Sub(s.Request(i).At), min(250*time.Millisecond<<i, 8*time.Second)
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
		s := llmtest.New(t, llmtest.Hang)
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
		if s.Asked() != 2 {
			t.Errorf("%d requests for two callers who gave up", s.Asked())
		}
	})
}

// TestDeadServerCostsNothing: after five failed attempts in a row nobody waits for
// it, and after the pause one caller finds out whether it is back.
func TestDeadServerCostsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := llmtest.New(t, llmtest.Hang, llmtest.Hang, llmtest.Hang, llmtest.Hang, llmtest.Hang, llmtest.Hang, llmtest.Say(llmtest.Draft))
		m, _ := model(t, s)
		for range 2 {
			if _, err := m.Complete(t.Context(), request()); err == nil {
				t.Fatal("no error")
			}
		}
		if s.Asked() != 5 {
			t.Fatalf("%d attempts before the server is left alone, not 5", s.Asked())
		}
		began := time.Now()
		for range 100 {
			if _, err := m.Complete(t.Context(), request()); !errors.Is(err, rag.ErrModel) || !strings.Contains(err.Error(), "left alone") {
				t.Fatal(err)
			}
		}
		if s.Asked() != 5 || time.Since(began) != 0 {
			t.Fatalf("%d requests and %v for a server that is known to be dead", s.Asked(), time.Since(began))
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
		if s.Asked() != 6 {
			t.Fatalf("%d callers tried at once, not one", s.Asked()-5)
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
	for name, bad := range map[string]llmtest.Step{"401": llmtest.Raw(401, ""), "429": llmtest.Raw(429, ""), "nonsense": llmtest.Raw(200, "x"), "prose": llmtest.Say("Hello!")} {
		synctest.Test(t, func(t *testing.T) {
			s := llmtest.New(t, bad)
			m, _ := model(t, s, func(c *llm.Config) { c.Retries = -1 })
			for range 20 {
				if _, err := m.Complete(t.Context(), request()); err == nil {
					t.Fatal("no error")
				}
			}
			if s.Asked() != 20 {
				t.Errorf("%s: only %d of 20 calls reached the server", name, s.Asked())
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := llmtest.New(t, llmtest.Raw(500, ""), llmtest.Raw(500, ""), llmtest.Raw(500, ""), llmtest.Raw(500, ""), llmtest.Say(llmtest.Draft), llmtest.Raw(500, ""), llmtest.Say(llmtest.Draft))
		m, _ := model(t, s, func(c *llm.Config) { c.Retries = -1 })
		for i := range 7 {
			if _, err := m.Complete(t.Context(), request()); (err == nil) != (i == 4 || i == 6) {
				t.Errorf("call %d ends with %v", i+1, err)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := llmtest.New(t, llmtest.Hang, llmtest.Hang, llmtest.Hang, llmtest.Hang, llmtest.Hang, llmtest.Hang, llmtest.Say(llmtest.Draft))
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
		s := llmtest.New(t, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			<-time.After(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			llmtest.Say(llmtest.Draft)(w, r)
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
	web := httptest.NewServer(llmtest.New(t, llmtest.Say(llmtest.Draft)))
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
	web := httptest.NewUnstartedServer(llmtest.New(t, llmtest.Say(llmtest.Draft)))
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
	web := httptest.NewServer(llmtest.New(b, llmtest.Say(llmtest.Draft)))
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
