package llm_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/llm"
	"github.com/recado/recado/rag/llm/llmtest"
)

// misbehaviour is a server that gives no draft: how often it is asked, what the error
// says, and what the answer cost that could not be used.
type misbehaviour struct {
	name  string
	steps []llmtest.Step
	asked int
	says  string
	// billed is true where the server answered, so that it wants to be paid.
	billed bool
}

// steps makes a script of one step.
func steps(step llmtest.Step) []llmtest.Step { return []llmtest.Step{step} }

// misbehaviours are servers that do not answer, or refuse to.
func misbehaviours() []misbehaviour {
	page := "<html><body>" + secretBody + "</body></html>"
	return []misbehaviour{
		{"never answers", steps(llmtest.Hang), 3, "did not answer in time", true},
		{"slower than its time", steps(llmtest.After(16*time.Second, llmtest.Say(llmtest.Draft))), 3, "did not answer in time", true},
		{"cut in the middle", steps(llmtest.Cut), 3, "the connection was cut", true},
		{"dropped", steps(llmtest.Drop), 3, "the connection was cut", true},
		{"500", steps(llmtest.Raw(500, secretBody)), 3, "answered 500", false},
		{"503 page", steps(llmtest.Raw(503, page)), 3, "answered 503", false},
		{"502 of the upstream", steps(llmtest.Raw(502, "upstream error: "+secretBody)), 3, "answered 502", false},
		{"429", steps(llmtest.Raw(429, secretBody)), 3, "answered 429", false},
		{"429 for a while", steps(llmtest.TooMany(7 * time.Second)), 3, "answered 429", false},
		{"400", steps(llmtest.Refuse(400, secretBody, "")), 1, "answered 400", false},
		{"400 of the upstream", steps(llmtest.Raw(400, "upstream: "+secretBody)), 1, "answered 400", false},
		{"400 for ever", steps(llmtest.Refuse(400, "response_format", "response_format")), 3, "answered 400", false},
		{"400 to every parameter", steps(llmtest.Raw(400, "response_format max_tokens temperature stream_options stream")), 3, "answered 400", false},
		{"401", steps(llmtest.Refuse(401, "Incorrect API key provided: "+secretKey, "")), 1, "answered 401", false},
		{"403", steps(llmtest.Raw(403, secretBody)), 1, "answered 403", false},
		{"404", steps(llmtest.Refuse(404, secretBody, "model")), 1, "answered 404", false},
		{"redirect without a place", steps(llmtest.Raw(300, "")), 1, "answered 300", false},
		{"page with 200", steps(llmtest.Raw(200, page)), 1, "can't be read", true},
		{"invalid JSON", steps(llmtest.Raw(200, `{"choices":[{"message":`)), 1, "can't be read", true},
		{"nothing", steps(llmtest.Raw(200, "")), 1, "can't be read", true},
		{"null", steps(llmtest.Raw(200, "null")), 1, "can't be read", true},
		{"choices of another kind", steps(llmtest.Raw(200, `{"choices":"`+secretBody+`"}`)), 1, "can't be read", true},
		{"whole, without choices", steps(llmtest.Reply(map[string]any{"choices": []any{}})), 2, "no choice", true},
		{"endless and no stream", steps(llmtest.Without(llmtest.Endless("["), "stream")), 2, "too large", true},
	}
}

// drafts are servers that answer in good form, with what is no draft.
func drafts() []misbehaviour {
	return []misbehaviour{
		{"refusal", steps(llmtest.Decline(secretBody)), 1, "refused", true},
		{"content filter", steps(llmtest.Message(map[string]any{"content": llmtest.Draft}, "content_filter")), 1, "content filter", true},
		{"cut off", steps(llmtest.Message(map[string]any{"content": llmtest.Draft}, "length")), 1, "cut off", true},
		{"empty", steps(llmtest.Say("")), 1, "empty", true},
		{"no content", steps(llmtest.Message(map[string]any{"content": nil}, "stop")), 1, "empty", true},
		{"no tool call", steps(llmtest.ToolCalls()), 1, "empty", true},
		{"an unknown tool", steps(llmtest.ToolCalls("delete_customer", `{"order":"1"}`)), 1, "action that there is none of", true},
		{"a tool that no model may call", steps(llmtest.ToolCalls("send_code", `{}`)), 1, "action that there is none of", true},
		{"a tool loop", steps(llmtest.ToolCalls(many(5)...)), 1, "more than 4 actions", true},
		{"an endless tool loop", steps(llmtest.ToolCalls(many(500)...)), 1, "more than 4 actions", true},
		{"arguments that are none", steps(llmtest.ToolCalls("tracking", secretBody)), 1, "can't be read", true},
		{"an unknown action", steps(llmtest.Say(`{"answer":"","needs_human":false,"actions":[{"name":"refund_all"}]}`)), 1, "action that there is none of", true},
		{"prose", steps(llmtest.Say("I think that " + secretBody)), 1, "no draft", true},
		{"another object", steps(llmtest.Say(`{"reply":"` + secretBody + `"}`)), 1, "no draft", true},
		{"a wrong type", steps(llmtest.Say(`{"answer":{"text":"` + secretBody + `"},"needs_human":false}`)), 1, "answer has the wrong type", true},
		{"half an object", steps(llmtest.Say(`{"answer":"` + secretBody)), 1, "no draft", true},
		{"two drafts", steps(llmtest.Say(llmtest.Draft + `{"answer":"` + secretBody + `"}`)), 1, "two different drafts", true},
		{"another language", steps(llmtest.Say(`{"answer":"Bonjour","language":"fr"}`)), 1, "language", true},
		{"long content", steps(llmtest.Say(`{"answer":"` + strings.Repeat("a", 70<<10) + `"}`)), 1, "larger than 64 KB", true},
		{"long draft", steps(llmtest.Say(`{"answer":"` + strings.Repeat("a", 5000) + `"}`)), 1, "longer than 4096", true},
	}
}

// many are calls of one tool for different orders.
func many(n int) []string {
	var calls []string
	for i := range n {
		order, err := json.Marshal(map[string]string{"order": strings.Repeat("1", i+1)})
		if err != nil {
			panic(err)
		}
		calls = append(calls, "tracking", string(order))
	}
	return calls
}

// streams are servers whose streams go wrong.
func streams() []misbehaviour {
	return []misbehaviour{
		{"cut stream", steps(llmtest.Unfinished(`{"answer":"Refunds`)), 3, "connection was cut", true},
		{"nothing but a head", steps(llmtest.Unfinished()), 1, "no choice", true},
		{"an error within", steps(llmtest.Broken(secretBody, `{"answer":"Refunds`)), 3, "failed while it answered", true},
		{"events of nonsense", steps(llmtest.Lines("data: "+secretBody, "")), 1, "can't be read", true},
		{"lines of nonsense", steps(llmtest.Lines(strings.Split(strings.Repeat(secretBody+"\n", 400), "\n")...)), 1, "can't be read", true},
		{"one endless line", steps(llmtest.Lines("data: " + strings.Repeat("a", 2<<20))), 1, "too large", true},
		{"stalls between pieces", steps(llmtest.Stall(4*time.Second, llmtest.Draft)), 3, "did not answer in time", true},
		{"prose without end", steps(llmtest.Endless(secretBody + " ")), 1, "no draft", true},
		{"a draft without end", steps(llmtest.Endless(`{"answer":"` + secretBody)), 1, "larger than 64 KB", true},
		{"objects without end", steps(llmtest.Endless(`{"a":1} `)), 1, "larger than 64 KB", true},
		{"thoughts without end", steps(llmtest.Pieces("<think>" + strings.Repeat("{hm} ", 15<<10))), 1, "larger than 64 KB", true},
		{"calls without end", steps(endlessCalls()), 1, "more than 4 actions", true},
	}
}

// endlessCalls streams calls of tools until nobody listens.
func endlessCalls() llmtest.Step {
	var lines []string
	for i, call := range many(300) {
		if i%2 == 0 {
			continue
		}
		lines = append(lines, `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"name":"tracking","arguments":`+quoted(call)+`}}]}}]}`, "")
	}
	return llmtest.Lines(lines...)
}

func quoted(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(quoted)
}

func TestMisbehavingServersGiveErrModel(t *testing.T) {
	t.Parallel()
	for _, tt := range append(append(misbehaviours(), drafts()...), streams()...) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { misbehave(t, tt) })
		})
	}
}

// TestMisbehavingWithoutStreams: what is no draft is none in one body, either, after one
// request for a stream that the server refuses.
func TestMisbehavingWithoutStreams(t *testing.T) {
	t.Parallel()
	for _, tt := range drafts() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.steps[0] = llmtest.Without(tt.steps[0], "stream", "stream_options")
			tt.asked++
			synctest.Test(t, func(t *testing.T) { misbehave(t, tt) })
		})
	}
}

func misbehave(t *testing.T, tt misbehaviour) {
	s := llmtest.New(t, tt.steps...)
	m, logged := model(t, s)
	got, err := m.Complete(t.Context(), request())
	if !errors.Is(err, rag.ErrModel) || !strings.Contains(err.Error(), tt.says) {
		t.Errorf("the error is %v, not one that says %q", err, tt.says)
	}
	if s.Asked() != tt.asked {
		t.Errorf("the server was asked %d times, not %d", s.Asked(), tt.asked)
	}
	if diff := cmp.Diff(rag.Draft{}, got.Draft); diff != "" {
		t.Error(diff)
	}
	if (got.Usage.InputTokens > 0) != tt.billed {
		t.Errorf("the answer cost %+v", got.Usage)
	}
	discreet(t, err, logged)
}

// TestServersThatTakeLess: a server that refuses parameters, or has never heard of
// streams, answers all the same, and is not asked for them again.
func TestServersThatTakeLess(t *testing.T) {
	t.Parallel()
	whole := llmtest.Whole(map[string]any{"content": llmtest.Draft}, "stop")
	for _, tt := range []struct {
		name  string
		step  llmtest.Step
		asked int
		lacks []string
	}{
		{"no streams", llmtest.Without(llmtest.Say(llmtest.Draft), "stream"), 3, []string{"stream", "stream_options"}},
		{"no usage", llmtest.Without(llmtest.Say(llmtest.Draft), "stream_options"), 3, []string{"stream_options"}},
		{"no form", llmtest.Without(llmtest.Say(llmtest.Draft), "response_format"), 4, []string{"response_format"}},
		{
			"nothing", llmtest.Without(llmtest.Say(llmtest.Draft), "stream", "stream_options", "response_format", "temperature", "max_tokens"), 7,
			[]string{"stream", "stream_options", "response_format", "temperature", "max_tokens"},
		},
		{"whole all the same", whole, 3, []string{"stream", "stream_options"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := llmtest.New(t, tt.step)
				m, logged := model(t, s)
				for range 2 {
					if got, err := m.Complete(t.Context(), request()); err != nil || got.Draft.Answer == "" || got.Usage.InputTokens == 0 {
						t.Fatalf("%+v, %v", got, err)
					}
				}
				if s.Asked() != tt.asked {
					t.Errorf("%d requests, not %d", s.Asked(), tt.asked)
				}
				for _, p := range tt.lacks {
					if value, ok := s.Last().Body[p]; ok && value != false {
						t.Errorf("%s is asked for again", p)
					}
				}
				discreet(t, logged)
			})
		})
	}
}

// TestStreamsThatAreGoodEnough: forms of a stream that a draft can be read from.
func TestStreamsThatAreGoodEnough(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]llmtest.Step{
		"no end":             llmtest.Unfinished(llmtest.Draft),
		"slow":               llmtest.Stall(time.Second, llmtest.Draft),
		"byte by byte":       llmtest.Pieces(strings.Split(llmtest.Draft, "")...),
		"fenced":             llmtest.Pieces("```json\n", llmtest.Draft, "\n```"),
		"thoughts":           llmtest.Pieces("<think>" + strings.Repeat("{hm} ", 1<<10) + "</think>" + llmtest.Draft),
		"another object":     llmtest.Pieces(`{"plan":"` + strings.Repeat("x", 3<<10) + `"} so: ` + llmtest.Draft),
		"said twice":         llmtest.Pieces(llmtest.Draft, "\n", llmtest.Draft),
		"words behind":       llmtest.Pieces(llmtest.Draft, strings.Repeat(" and so on", 10<<10)),
		"kept alive":         llmtest.Lines(": still here", "", ": still here", "", streamed(llmtest.Draft), "", "data: [DONE]", ""),
		"under another name": llmtest.Raw(200, streamed(llmtest.Draft)+"\n\ndata: [DONE]\n\n", "Content-Type", "text/plain"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := llmtest.New(t, step)
				m, _ := model(t, s)
				got, err := m.Complete(t.Context(), request())
				if err != nil || got.Draft.Answer != "Refunds take 5 days." || s.Asked() != 1 {
					t.Errorf("%+v, %v after %d requests", got.Draft, err, s.Asked())
				}
			})
		})
	}
}

func streamed(text string) string {
	return `data: {"choices":[{"index":0,"delta":{"content":` + quoted(text) + `},"finish_reason":"stop"}]}`
}

// TestNoAnswerIsNotReadToItsEnd: a draft that says that it has no answer asks for a
// person, however long it goes on.
func TestNoAnswerIsNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	begin := `{"answer":"","citations":[],"needs_human":true,"missing":"`
	for name, tt := range map[string]struct {
		step    llmtest.Step
		missing string
	}{
		"short":   {llmtest.Say(begin + `the order's number"}`), "the order's number"},
		"endless": {llmtest.Pieces(begin, strings.Repeat("and the weather ", 10<<10)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, _ := model(t, llmtest.New(t, tt.step))
				got, err := m.Complete(t.Context(), request())
				if err != nil || !got.Draft.NeedsHuman || got.Draft.Answer != "" || got.Draft.Missing != tt.missing {
					t.Errorf("%+v, %v", got.Draft, err)
				}
			})
		})
	}
}

// TestToolCallsAreActions: the protocol's own calls of tools, alone and beside a draft.
func TestToolCallsAreActions(t *testing.T) {
	t.Parallel()
	tracking := map[string]any{"index": 0, "id": "c", "type": "function", "function": map[string]any{"name": "tracking", "arguments": `{"order":" W1001 "}`}}
	for name, tt := range map[string]struct {
		step   llmtest.Step
		answer string
		want   int
	}{
		"alone":    {llmtest.ToolCalls("tracking", `{"order":"W1001"}`), "", 1},
		"twice":    {llmtest.ToolCalls("tracking", `{"order":"W1001"}`, "tracking", `{"order":"W1001"}`, "invoice", `{"order":"W1001"}`), "", 2},
		"beside":   {llmtest.Message(map[string]any{"content": llmtest.Draft, "tool_calls": []any{tracking}}, "stop"), "Refunds take 5 days.", 1},
		"in words": {llmtest.Say(`{"answer":"","needs_human":false,"actions":[{"name":"tracking","order":"W1001"}]}`), "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := llmtest.New(t, tt.step, llmtest.Without(tt.step, "stream"))
				m, _ := model(t, s)
				for range 2 {
					got, err := m.Complete(t.Context(), request())
					if err != nil || got.Draft.Answer != tt.answer || len(got.Draft.Actions) != tt.want ||
						got.Draft.Actions[0].Kind != "tracking" || got.Draft.Actions[0].Order != "W1001" {
						t.Errorf("%+v, %v", got.Draft, err)
					}
				}
			})
		})
	}
}

// TestSupersededIsGivenUp: a caller who goes while the model writes frees the server at
// once.
func TestSupersededIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := llmtest.New(t, llmtest.Stall(time.Second, llmtest.Draft))
		m, _ := model(t, s)
		ctx, cancel := contextFor(t, 3*time.Second)
		defer cancel()
		began := time.Now()
		if _, err := m.Complete(ctx, request()); !errors.Is(err, rag.ErrModel) || time.Since(began) != 3*time.Second || s.Asked() != 1 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// TestConnectionsAreKept: a stream that came to its end leaves its connection to the next.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Say(llmtest.Draft))
	var seen counter
	m, err := llm.NewModel(llm.Config{BaseURL: s.URL(), Model: "m", HTTP: seen.client()})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := m.Complete(t.Context(), request()); err != nil {
			t.Fatal(err)
		}
	}
	if n := seen.dials.Load(); n > 2 {
		t.Errorf("20 calls took %d connections", n)
	}
}
