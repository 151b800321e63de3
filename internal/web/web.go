// Package web is the HTTP plumbing that the webhook, the API and the pages
// share: handlers that give errors, JSON and bodies of limited size, security
// headers, server-sent events, the choice of a language and an access log.
//
// A handler is a function that gives an error; Handle joins it with the one
// function of its package that turns errors into answers, so that an error meets
// a status code in one place. Everything here is a function over net/http types.
// The package knows no routes, no users and nothing of conversations.
package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// ErrTooLarge says that a body is larger than its limit.
var ErrTooLarge = errors.New("the body is too large")

// ErrNotJSON says that a body is not one JSON value.
var ErrNotJSON = errors.New("the body is not valid JSON")

// HandlerFunc answers a request or gives an error, not both: a handler that has
// written something gives nil.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// Handle makes a handler that passes the errors of h to fail, which writes the
// answer.
func Handle(h HandlerFunc, fail func(w http.ResponseWriter, r *http.Request, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			fail(w, r, err)
		}
	})
}

// WriteJSON answers with the value as JSON. The value is encoded before anything
// is written, so that one that can't be encoded gives an error and no half
// answer; a client that is gone while it is written is no error, because nobody
// is left to tell.
func WriteJSON(w http.ResponseWriter, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	//nolint:errcheck // see above: nobody is left to tell
	w.Write(append(body, '\n'))
	return nil
}

// ReadBody reads a whole body of at most limit bytes. A larger one gives
// ErrTooLarge and closes the connection after the answer, so that the rest is not
// read.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, fmt.Errorf("%w: at most %d bytes", ErrTooLarge, limit)
	}
	if err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	return body, nil
}

// ReadJSON reads a body of at most limit bytes as one JSON value into v; unknown
// fields are ignored. An empty body gives io.EOF and leaves v alone, so that a
// caller can allow it. ErrTooLarge and ErrNotJSON are the client's fault.
func ReadJSON(w http.ResponseWriter, r *http.Request, limit int64, v any) error {
	body, err := ReadBody(w, r, limit)
	if err != nil {
		return err
	}
	if len(body) == 0 {
		return io.EOF
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%w: %w", ErrNotJSON, err)
	}
	return nil
}
