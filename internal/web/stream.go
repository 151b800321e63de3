package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// streamWrite is how long one event may take to be written; a client that does
// not read for so long is dropped.
const streamWrite = 10 * time.Second

// Stream writes server-sent events to one client (the event stream format of the
// HTML standard, section 9.2.5). It is for one goroutine.
type Stream struct {
	// LastID is the id of the last event that the client saw before it came back,
	// or empty on its first visit.
	LastID string

	w http.ResponseWriter
	c *http.ResponseController
}

// NewStream begins the answer. With an error the client is gone, or the writer
// can't be flushed and no stream is possible; either way there is nothing more to
// answer.
func NewStream(w http.ResponseWriter, r *http.Request) (*Stream, error) {
	s := &Stream{LastID: r.Header.Get("Last-Event-ID"), w: w, c: http.NewResponseController(w)}
	if err := s.extend(); err != nil {
		return nil, err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	// A comment makes the browser see the stream as open.
	return s, s.write("retry: 2000\n: open\n\n")
}

// Send writes one event. The id comes back as LastID after a reconnection; it and
// the name may not hold line breaks, the data may.
func (s *Stream) Send(id, event, data string) error {
	if strings.ContainsAny(id+event, "\r\n\x00") {
		return errors.New("an event's id and name hold no line breaks")
	}
	var b strings.Builder
	if id != "" {
		fmt.Fprintf(&b, "id: %s\n", id)
	}
	fmt.Fprintf(&b, "event: %s\n", event)
	for line := range strings.Lines(strings.ReplaceAll(data, "\r", "") + "\n") {
		fmt.Fprintf(&b, "data: %s\n", strings.TrimSuffix(line, "\n"))
	}
	return s.write(b.String() + "\n")
}

// KeepAlive writes a comment, so that proxies don't take the stream for dead and
// a client that is gone is noticed.
func (s *Stream) KeepAlive() error { return s.write(": still here\n\n") }

func (s *Stream) write(text string) error {
	if err := s.extend(); err != nil {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return fmt.Errorf("write to the stream: %w", err)
	}
	if err := s.c.Flush(); err != nil {
		return fmt.Errorf("flush the stream: %w", err)
	}
	return nil
}

// extend moves the server's write deadline, which is meant for ordinary answers.
// A writer without deadlines, as in tests, has none to move.
func (s *Stream) extend() error {
	err := s.c.SetWriteDeadline(time.Now().Add(streamWrite))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("set the stream's deadline: %w", err)
	}
	return nil
}
