package llm_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/recado/recado/rag/llm"
	"github.com/recado/recado/rag/llm/llmtest"
)

const chatSchema = `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}`

func newChat(t *testing.T, s *llmtest.Server) *llm.Chat {
	t.Helper()
	c, err := llm.NewChat(llm.Config{BaseURL: llmtest.Base, Model: "small-chat", HTTP: s.Client(), Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestChat(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"alone": `{"a":"b"}`, "a fence": "```json\n{\"a\":\"b\"}\n```", "thoughts": `<think>{"a":"c"}</think> {"a":"b"}`, "words around": `Here: {"a":"b"} Done.`,
	} {
		s := llmtest.New(t, llmtest.Say(text))
		got, err := newChat(t, s).Ask(t.Context(), "You play.", "data", []byte(chatSchema))
		if err != nil || string(got) != `{"a":"b"}` {
			t.Errorf("%s: %s, %v", name, got, err)
		}
		body := s.Request(0).Body
		if format, _ := body["response_format"].(map[string]any); format["type"] != "json_schema" || body["model"] != "small-chat" {
			t.Errorf("%s: asked for %v", name, body)
		}
	}
}

// A server that takes no schema is asked without it.
func TestChatWithoutSchema(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.Without(llmtest.Say(`{"a":"b"}`), "response_format"))
	got, err := newChat(t, s).Ask(t.Context(), "You play.", "data", []byte(chatSchema))
	if err != nil || string(got) != `{"a":"b"}` || s.Last().Body["response_format"] != nil {
		t.Errorf("%s, %v, %v", got, err, s.Last().Body)
	}
}

func TestChatFails(t *testing.T) {
	t.Parallel()
	for name, say := range map[string]llmtest.Step{
		"prose": llmtest.Say("Hello."), "half": llmtest.Say(`{"a":`), "two": llmtest.Say(`{"a":"b"} {"a":"c"}`), "empty": llmtest.Say(""),
		"down": llmtest.Raw(http.StatusInternalServerError, "oh"), "dropped": llmtest.Drop,
	} {
		_, err := newChat(t, llmtest.New(t, say)).Ask(t.Context(), "system", secretPrompt, []byte(chatSchema))
		if !errors.Is(err, llm.ErrChat) {
			t.Errorf("%s: %v, want ErrChat", name, err)
		}
		discreet(t, err)
	}
	if _, err := llm.NewChat(llm.Config{BaseURL: llmtest.Base}); err == nil || !strings.Contains(err.Error(), "Config.Model") {
		t.Errorf("without a model: %v", err)
	}
}
