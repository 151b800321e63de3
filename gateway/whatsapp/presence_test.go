package whatsapp

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func typist(t *testing.T, h http.HandlerFunc, number string) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := NewClient(ClientConfig{BaseURL: server.URL + "/v25.0", Token: token, PhoneNumberID: number})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestTyping: the body is that of the channel's own example.
func TestTyping(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile(filepath.Join(shared(t), "meta_openapi_MIT", "outbound_requests", "send_typing_indicator_and_read_receipt.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want, got map[string]any
	if err := json.Unmarshal(example, &want); err != nil {
		t.Fatal(err)
	}
	c := typist(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err = errors.Join(err, json.Unmarshal(body, &got)); err != nil || r.URL.Path != "/v25.0/100/messages" {
			t.Errorf("%s %v", r.URL.Path, err)
		}
		_, _ = io.WriteString(w, `{"success":true}`)
	}, "")
	if err := c.Typing(t.Context(), "100", want["message_id"].(string)); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTypingFails(t *testing.T) {
	t.Parallel()
	const message = "wamid.SECRET"
	path := ""
	c := typist(t, func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.Path
		answer(400, refused("131009"))(w, r)
	}, "200")
	err := c.Typing(t.Context(), "", message)
	var problem *AccountError
	if !errors.As(err, &problem) || problem.Code != 131009 || path != "/v25.0/200/messages" {
		t.Errorf("refused: %v at %s", err, path)
	}
	lost := typist(t, hangUp(t, ""), "").Typing(t.Context(), "100", message)
	half := typist(t, hangUp(t, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"), "").Typing(t.Context(), "100", message)
	nowhere := typist(t, answer(200, "{}"), "").Typing(t.Context(), "", message)
	if !errors.Is(lost, ErrNoAnswer) || !errors.Is(half, ErrNoAnswer) || !errors.Is(nowhere, errNoNumber) {
		t.Errorf("%v, %v, %v", lost, half, nowhere)
	}
	for _, err := range []error{err, lost, half, nowhere} {
		if strings.Contains(err.Error(), message) || strings.Contains(err.Error(), token) || strings.Contains(err.Error(), phone) {
			t.Errorf("%v", err)
		}
	}
}
