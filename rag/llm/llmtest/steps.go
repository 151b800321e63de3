package llmtest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// Step is what the server does with one request. Read gives it what was asked.
type Step func(w http.ResponseWriter, r *http.Request)

// What every good answer of the server says of itself.
const (
	// ServedModel is the name that the server gives its model.
	ServedModel = "served-model-2026"
	// InputTokens are those of its usage that it read.
	InputTokens = 321
	// CachedTokens are those of them that it had read before.
	CachedTokens = 128
	// OutputTokens are those that it wrote.
	OutputTokens = 45
)

// Draft is an answer that a client can use, as a model writes it.
const Draft = `{"answer":"Refunds take 5 days.","citations":["refunds#0001"],"orders":[],"language":"en",` +
	`"needs_human":false,"missing":"","small_talk":false}`

// pieceBytes is how much of a text one event of a stream holds.
const pieceBytes = 24

// Say answers with this content of the assistant's message.
func Say(text string) Step {
	return Message(map[string]any{"role": "assistant", "content": text}, "stop")
}

// Message answers with a message and the reason why it ended: in pieces when a stream
// was asked for, and whole otherwise.
func Message(m map[string]any, finish string) Step {
	return func(w http.ResponseWriter, r *http.Request) {
		if Read(r).Streams() {
			streamed(m, finish, 0)(w, r)
			return
		}
		Whole(m, finish)(w, r)
	}
}

// Whole answers with a message in one body of JSON, also when a stream was asked for, as
// servers do that do not know of streams.
func Whole(m map[string]any, finish string) Step {
	return Reply(map[string]any{
		"id": "c1", "object": "chat.completion", "model": ServedModel,
		"choices": []any{map[string]any{"index": 0, "message": m, "finish_reason": finish}},
		"usage":   usage(),
	})
}

func usage() map[string]any {
	return map[string]any{
		"prompt_tokens": InputTokens, "completion_tokens": OutputTokens, "total_tokens": InputTokens + OutputTokens,
		"prompt_tokens_details": map[string]any{"cached_tokens": CachedTokens},
	}
}

// Reply answers with anything as JSON.
func Reply(v any) Step {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		write(w, encode(v))
	}
}

// Raw answers with a status, a body and pairs of a header's name and value.
func Raw(status int, body string, header ...string) Step {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		write(w, body)
	}
}

// Refuse answers with OpenAI's form of an error, which names a parameter or none.
func Refuse(status int, message, param string) Step {
	return Raw(status, encode(map[string]any{"error": map[string]any{
		"message": message, "type": "invalid_request_error", "param": param, "code": nil,
	}}))
}

// Without refuses requests that hold one of the parameters, and takes the step for all
// others. stream counts as held only where it is true.
func Without(step Step, parameters ...string) Step {
	return func(w http.ResponseWriter, r *http.Request) {
		body := Read(r).Body
		for _, p := range parameters {
			if value, ok := body[p]; ok && value != false {
				Refuse(http.StatusBadRequest, "Unsupported parameter: '"+p+"' is not supported with this model.", p)(w, r)
				return
			}
		}
		step(w, r)
	}
}

// TooMany answers 429 and asks to be left alone for so long.
func TooMany(after time.Duration) Step {
	return Raw(http.StatusTooManyRequests, "", "Retry-After", encode(after.Seconds()))
}

// After waits, and takes the step unless the client has gone.
func After(d time.Duration, step Step) Step {
	return func(w http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			step(w, r)
		case <-r.Context().Done():
		}
	}
}

// Hang answers never, until the client gives up.
func Hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// Drop breaks the connection before any answer.
func Drop(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// Cut sends the beginning of a good answer, in the form that was asked for, and breaks
// the connection.
func Cut(w http.ResponseWriter, r *http.Request) {
	if Read(r).Streams() {
		begin(w)
		write(w, event(map[string]any{"role": "assistant", "content": `{"answer":"Refunds `}, nil))
	} else {
		w.Header().Set("Content-Length", "5000")
		write(w, `{"choices":[{"message":{"content":"`)
	}
	flush(w)
	panic(http.ErrAbortHandler)
}

// Endless sends until nobody listens: one text that never ends, in the form that was
// asked for.
func Endless(text string) Step {
	return func(w http.ResponseWriter, r *http.Request) {
		next := strings.Repeat(text, 1+(4<<10)/max(1, len(text)))
		if Read(r).Streams() {
			begin(w)
			next = event(map[string]any{"content": next}, nil)
		} else {
			w.WriteHeader(http.StatusOK)
		}
		for {
			if _, err := io.WriteString(w, next); err != nil {
				return
			}
			flush(w)
		}
	}
}

// ToolCalls answers without content, and with calls of tools in the protocol's own form:
// pairs of a name and its arguments.
func ToolCalls(calls ...string) Step {
	return Message(map[string]any{"role": "assistant", "content": nil, "tool_calls": toolCalls(calls)}, "tool_calls")
}

func toolCalls(calls []string) []any {
	list := []any{}
	for i := 0; i+1 < len(calls); i += 2 {
		list = append(list, map[string]any{
			"index": i / 2, "id": "call_" + encode(i/2), "type": "function",
			"function": map[string]any{"name": calls[i], "arguments": calls[i+1]},
		})
	}
	return list
}

// Decline answers with the protocol's own refusal, in these words.
func Decline(text string) Step {
	return Message(map[string]any{"role": "assistant", "refusal": text}, "stop")
}

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // a script that can't be written is a mistake of the test
	}
	return string(text)
}

// write sends a text to a client that may have gone.
func write(w io.Writer, text string) {
	if _, err := io.WriteString(w, text); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// flush lets the client have what was written so far.
func flush(w http.ResponseWriter) {
	if http.NewResponseController(w).Flush() != nil {
		panic(http.ErrAbortHandler)
	}
}
