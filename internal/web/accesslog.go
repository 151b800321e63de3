package web

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"time"
)

// AccessLog writes one line for each answered request: method, route, status,
// bytes and milliseconds. The route is the pattern that matched, never the path
// or the query, because these can hold phone numbers and names; neither is the
// client's address written. A request that matched nothing has the route
// "unmatched". Routes of an inner mux are seen as long as nobody between copies
// the request.
//
// A handler that panics is answered with 500, and logged with its route and the
// places in the code but not the panic's value, which can hold anything. When the
// answer has begun already the connection is broken off, so that nobody takes half
// of it for the whole. http.ErrAbortHandler, which asks for just that, is passed
// on.
func AccessLog(log *slog.Logger, now func() time.Time, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := now()
		counted := &counter{ResponseWriter: w}
		whole := serve(log, counted, r, next)
		log.InfoContext(r.Context(), "request", "method", method(r.Method), "route", route(r),
			"status", cmp.Or(counted.status, http.StatusOK), "bytes", counted.bytes, "took_ms", now().Sub(began).Milliseconds())
		if !whole {
			panic(http.ErrAbortHandler)
		}
	})
}

// serve runs the handler and tells whether the answer is a whole one.
func serve(log *slog.Logger, w *counter, r *http.Request, next http.Handler) (whole bool) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			return
		}
		log.ErrorContext(r.Context(), "handler panicked", "route", route(r), "stack", stack())
		if w.status < 200 {
			w.Header().Del("Set-Cookie")
			http.Error(w, "internal error", http.StatusInternalServerError)
			whole = true
		}
	}()
	next.ServeHTTP(w, r)
	return true
}

// route is the pattern that the request matched.
func route(r *http.Request) string {
	if r.Pattern == "" || r.Pattern == "/" {
		return "unmatched"
	}
	return r.Pattern
}

// stack gives the functions and lines that led to a panic, innermost first.
// Unlike debug.Stack it gives no values at all.
func stack() []string {
	// Left out are this function, Callers, the deferred function and panic itself.
	counters := make([]uintptr, 32)
	frames := runtime.CallersFrames(counters[:runtime.Callers(4, counters)])
	var list []string
	for {
		f, more := frames.Next()
		list = append(list, f.Function+":"+strconv.Itoa(f.Line))
		if !more {
			return list
		}
	}
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

// FlushError sends what there is, and notes the status that this means.
func (c *counter) FlushError() error {
	err := http.NewResponseController(c.ResponseWriter).Flush()
	if err == nil && c.status < 200 {
		c.status = http.StatusOK
	}
	//nolint:wrapcheck // it stands between a controller and its writer
	return err
}

// Unwrap lets http.ResponseController reach the deadlines.
func (c *counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }
