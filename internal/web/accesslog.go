package web

import (
	"cmp"
	"log/slog"
	"net/http"
	"time"
)

// AccessLog writes one line for each answered request: method, route, status,
// bytes and milliseconds. The route is the pattern that matched, never the path
// or the query, because these can hold phone numbers and names; neither is the
// client's address written. A request that matched nothing has the route
// "unmatched". Routes of an inner mux are seen as long as nobody between copies
// the request.
func AccessLog(log *slog.Logger, now func() time.Time, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := now()
		counted := &counter{ResponseWriter: w}
		next.ServeHTTP(counted, r)
		route := r.Pattern
		if route == "" || route == "/" {
			route = "unmatched"
		}
		log.InfoContext(r.Context(), "request", "method", method(r.Method), "route", route,
			"status", cmp.Or(counted.status, http.StatusOK), "bytes", counted.bytes, "took_ms", now().Sub(began).Milliseconds())
	})
}

// method keeps invented methods out of the log.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return m
	}
	return "other"
}

// counter notes what became of an answer.
type counter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader notes the first final status.
func (c *counter) WriteHeader(status int) {
	if c.status < 200 {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

// Write counts, and notes the status that writing without one means.
func (c *counter) Write(b []byte) (int, error) {
	if c.status < 200 {
		c.status = http.StatusOK
	}
	n, err := c.ResponseWriter.Write(b)
	c.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach flushing and deadlines.
func (c *counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }
