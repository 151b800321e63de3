package llm_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/llm"
)

// TestReason: the words say what a person can do something about, and nothing that
// the server said.
func TestReason(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, secretBody, http.StatusUnauthorized)
	}))
	gone := httptest.NewServer(nil)
	gone.Close()
	t.Cleanup(web.Close)
	for address, want := range map[string]struct {
		words  string
		status int
	}{
		web.URL:  {"the server answered", http.StatusUnauthorized},
		gone.URL: {"the connection was refused", 0},
	} {
		m, err := llm.NewModel(llm.Config{APIKey: secretKey, BaseURL: address, Model: "m", Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Complete(t.Context(), rag.Request{Locale: "en", Messages: []rag.PromptMessage{{Role: "user", Content: "Hello"}}})
		words, status := llm.Reason(err)
		if words != want.words || status != want.status || strings.Contains(words, secretBody) {
			t.Errorf("%q, %d of %v", words, status, err)
		}
	}
	if words, status := llm.Reason(errors.New("something else")); words != "" || status != 0 {
		t.Errorf("of another error: %q, %d", words, status)
	}
}
