package llmtest

import (
	"maps"
	"net/http"
	"time"
)

// Stall streams a text with a pause before every piece, for as long as the client waits.
func Stall(pause time.Duration, text string) Step {
	return streamed(map[string]any{"role": "assistant", "content": text}, "stop", pause)
}

// Pieces streams these texts, one event each, and ends as a server should, with the usage
// where it was asked for.
func Pieces(texts ...string) Step {
	return func(w http.ResponseWriter, r *http.Request) {
		begin(w)
		for _, text := range texts {
			write(w, event(piece{text}, nil))
			flush(w)
		}
		finish(w, r, "stop")
	}
}

// Unfinished streams these texts and ends the response in good order, but without the
// reason, the usage and the mark that end a stream.
func Unfinished(texts ...string) Step {
	return func(w http.ResponseWriter, _ *http.Request) {
		begin(w)
		for _, text := range texts {
			write(w, event(piece{text}, nil))
			flush(w)
		}
	}
}

// Broken streams these texts and then an error of the server, as a stream tells it.
func Broken(message string, texts ...string) Step {
	return func(w http.ResponseWriter, r *http.Request) {
		Unfinished(texts...)(w, r)
		write(w, "data: "+encode(map[string]any{"error": map[string]any{"message": message, "type": "server_error"}})+"\n\n")
		flush(w)
	}
}

// Lines streams these lines as they are, without any form.
func Lines(lines ...string) Step {
	return func(w http.ResponseWriter, _ *http.Request) {
		begin(w)
		for _, line := range lines {
			write(w, line+"\n")
			flush(w)
		}
	}
}

// streamed answers with a message in pieces: its content a few bytes at a time, and its
// other fields at once.
func streamed(m map[string]any, reason string, pause time.Duration) Step {
	return func(w http.ResponseWriter, r *http.Request) {
		begin(w)
		rest := maps.Clone(m)
		text, _ := rest["content"].(string)
		delete(rest, "content")
		write(w, event(rest, nil))
		for len(text) > 0 {
			if pause > 0 && !slept(r, pause) {
				return
			}
			n := min(pieceBytes, len(text))
			for n < len(text) && text[n]&0xC0 == 0x80 { // not within a character
				n++
			}
			write(w, event(piece{text[:n]}, nil))
			flush(w)
			text = text[n:]
		}
		finish(w, r, reason)
	}
}

// slept is false when the client went meanwhile.
func slept(r *http.Request, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func begin(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.WriteHeader(http.StatusOK)
}

// chunk is what one event of a stream holds. Benchmarks count what the server does as
// well, so that it is encoded by a type and not as a map.
type chunk struct {
	ID      string         `json:"id"`
	Object  string         `json:"object"`
	Model   string         `json:"model"`
	Choices []choice       `json:"choices"`
	Usage   map[string]any `json:"usage,omitempty"`
}

type choice struct {
	Index  int `json:"index"`
	Delta  any `json:"delta"`
	Reason any `json:"finish_reason"`
}

// piece is a delta of nothing but text.
type piece struct {
	Content string `json:"content"`
}

// event is one event of a stream: a piece, or a map of other fields.
func event(delta, reason any) string {
	return data(chunk{Choices: []choice{{Delta: delta, Reason: reason}}})
}

func data(c chunk) string {
	c.ID, c.Object, c.Model = "c1", "chat.completion.chunk", ServedModel
	return "data: " + encode(c) + "\n\n"
}

// finish ends a stream: the reason, the usage where it was asked for, and the mark.
func finish(w http.ResponseWriter, r *http.Request, reason string) {
	write(w, event(map[string]any{}, reason))
	if options, ok := Read(r).Body["stream_options"].(map[string]any); ok && options["include_usage"] == true {
		write(w, data(chunk{Choices: []choice{}, Usage: usage()}))
	}
	write(w, "data: [DONE]\n\n")
	flush(w)
}
