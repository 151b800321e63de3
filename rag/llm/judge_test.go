package llm_test

import (
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/recado/recado/rag/llm"
	"github.com/recado/recado/rag/llm/llmtest"
)

func newJudge(t *testing.T, s *llmtest.Server) *llm.Judge {
	t.Helper()
	j, err := llm.NewJudge(llm.Config{BaseURL: llmtest.Base, Model: "small-chat", HTTP: s.Client(), Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// weighing answers with a text whose tokens have probabilities.
func weighing(text string, tokens ...any) llmtest.Step {
	return llmtest.Reply(map[string]any{"choices": []any{map[string]any{
		"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": text},
		"logprobs": map[string]any{"content": tokens},
	}}})
}

// token is a token with its probability and those of others in its place.
func token(text string, p float64, others map[string]float64) map[string]any {
	top := []any{map[string]any{"token": text, "logprob": math.Log(p)}}
	for other, q := range others {
		top = append(top, map[string]any{"token": other, "logprob": math.Log(q)})
	}
	return map[string]any{"token": text, "logprob": math.Log(p), "top_logprobs": top}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		say  llmtest.Step
		want float64
	}{
		"sure":                  {llmtest.Say("yes 95"), 0.95},
		"no":                    {llmtest.Say("No, 80"), 0.2},
		"a word alone":          {llmtest.Say("no"), 0.25},
		"more than sure":        {llmtest.Say("yes 100"), 0.99},
		"less than even":        {llmtest.Say("no 20"), 0.5},
		"thoughts":              {llmtest.Say("<think>yes 99?</think>\nno 90"), 0.1},
		"probabilities":         {weighing("yes 95", token("yes", 0.6, map[string]float64{"no": 0.3, "maybe": 0.1}), token(" 95", 1, nil)), 2.0 / 3},
		"both spellings":        {weighing("No 60", token("No", 0.5, map[string]float64{"no": 0.1, "Yes": 0.2, "yes": 0.2})), 0.4},
		"behind other tokens":   {weighing("**no** 60", token("**", 1, nil), token("no", 0.8, map[string]float64{"yes": 0.2})), 0.2},
		"tokens without a word": {weighing("yes 70", token("y", 0.9, nil), token("es", 1, nil)), 0.7},
		"no tokens":             {weighing("yes 70"), 0.7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := llmtest.New(t, c.say)
			got, err := newJudge(t, s).Sufficient(t.Context(), "How long?", []string{"Five days."})
			if err != nil || math.Abs(got-c.want) > 1e-9 {
				t.Errorf("%v, %v; want %v", got, err, c.want)
			}
			if body := s.Request(0).Body; body["logprobs"] != true || body["top_logprobs"] != 5.0 {
				t.Errorf("asked for %v", body)
			}
		})
	}
}

// A server that knows no probabilities is asked without them, and so from then on.
func TestJudgeWithoutProbabilities(t *testing.T) {
	t.Parallel()
	for _, parameter := range []string{"logprobs", "top_logprobs", "temperature"} {
		s := llmtest.New(t, llmtest.Without(llmtest.Say("yes 80"), parameter))
		j := newJudge(t, s)
		for range 2 {
			if got, err := j.Sufficient(t.Context(), "q", []string{"a"}); err != nil || got != 0.8 {
				t.Errorf("%s: %v, %v", parameter, got, err)
			}
		}
		if s.Asked() != 3 || s.Last().Body["logprobs"] != nil {
			t.Errorf("%s: asked %d times, at last with %v", parameter, s.Asked(), s.Last().Body)
		}
	}
}

func TestJudgeFails(t *testing.T) {
	t.Parallel()
	for name, say := range map[string]llmtest.Step{
		"prose": llmtest.Say("The passages say so."), "empty": llmtest.Say(""), "refusal": llmtest.Decline("I can't judge that."),
		"down": llmtest.Raw(http.StatusInternalServerError, "oh"), "no JSON": llmtest.Raw(http.StatusOK, "<html>"), "cut": llmtest.Cut, "dropped": llmtest.Drop,
	} {
		_, err := newJudge(t, llmtest.New(t, say)).Sufficient(t.Context(), secretPrompt, []string{"a", "b"})
		if !errors.Is(err, llm.ErrJudge) {
			t.Errorf("%s: %v, want ErrJudge", name, err)
		}
		discreet(t, err)
	}
	s := llmtest.New(t)
	if got, err := newJudge(t, s).Sufficient(t.Context(), "q", nil); err != nil || got != 0 || s.Asked() != 0 {
		t.Errorf("without passages: %v, %v, asked %d times", got, err, s.Asked())
	}
	if _, err := llm.NewJudge(llm.Config{BaseURL: llmtest.Base}); err == nil || !strings.Contains(err.Error(), "Config.Model") {
		t.Errorf("without a model: %v", err)
	}
}
