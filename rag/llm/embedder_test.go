package llm_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/recado/recado/rag/llm"
	"github.com/recado/recado/rag/llm/llmtest"
)

func embedder(t testing.TB, s *llmtest.Server, c llm.EmbedderConfig) (*llm.Embedder, *bytes.Buffer) {
	t.Helper()
	logged := &bytes.Buffer{}
	c.APIKey, c.BaseURL, c.HTTP = secretKey, llmtest.Base, s.Client()
	c.Logger = slog.New(slog.NewJSONHandler(logged, nil))
	e, err := llm.NewEmbedder(c)
	if err != nil {
		t.Fatal(err)
	}
	return e, logged
}

// vectors answers with a vector for each text that holds the text's number, in
// the order that shuffle makes of them.
func vectors(shuffle func(n int) []int) llmtest.Step {
	return func(w http.ResponseWriter, r *http.Request) {
		s, ok := llmtest.Read(r).Body["input"].([]any)
		if !ok {
			http.Error(w, "no input", http.StatusTeapot)
			return
		}
		var data []any
		for _, i := range shuffle(len(s)) {
			var n float64
			if _, err := fmt.Sscanf(s[i].(string), "text %f", &n); err != nil {
				panic(err)
			}
			data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": []float64{n, 1, 0}})
		}
		llmtest.Reply(map[string]any{"data": data, "model": "e", "usage": map[string]any{}})(w, r)
	}
}

func backwards(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = n - 1 - i
	}
	return order
}

// TestEmbedKeepsTheOrder: batches of any size, answered in any order, give one
// unit vector for each text at its place.
func TestEmbedKeepsTheOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n, batch := rapid.IntRange(0, 20).Draw(rt, "texts"), rapid.IntRange(1, 8).Draw(rt, "batch")
		shuffle := func(n int) []int { return rapid.Permutation(backwards(n)).Draw(rt, "order") }
		synctest.Test(t, func(t *testing.T) {
			s := llmtest.New(t)
			s.Then(vectors(shuffle))
			e, _ := embedder(t, s, llm.EmbedderConfig{Model: "e", Dim: 3, Batch: batch})
			var texts []string
			for i := range n {
				texts = append(texts, fmt.Sprint("text ", i))
			}
			got, err := e.Embed(t.Context(), texts)
			if err != nil || len(got) != n {
				t.Fatal(got, err)
			}
			for i, v := range got {
				length := math.Hypot(float64(v[0]), float64(v[1]))
				if math.Abs(length-1) > 1e-6 || math.Abs(float64(v[0]/v[1])-float64(i)) > 1e-4*float64(i+1) {
					t.Errorf("vector %d is %v", i, v)
				}
			}
			if want := (n + batch - 1) / batch; s.Asked() != want {
				t.Errorf("%d requests, not %d", s.Asked(), want)
			}
		})
	})
}

func TestDimensionsAreAskedOfModelsThatTakeThem(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]any{"text-embedding-3-small": 3.0, "nomic-embed-text": nil} {
		synctest.Test(t, func(t *testing.T) {
			s := llmtest.New(t)
			s.Then(vectors(backwards))
			e, _ := embedder(t, s, llm.EmbedderConfig{Model: name, Dim: 3})
			if _, err := e.Embed(t.Context(), []string{"text 1", "text 2"}); err != nil {
				t.Fatal(err)
			}
			if got := s.Request(0).Body["dimensions"]; got != want || s.Request(0).Body["model"] != name || s.Request(0).Path != "/v1/embeddings" {
				t.Errorf("%s: the request is %v", name, s.Request(0).Body)
			}
			if e.Name() != name+"@3" || e.Dim() != 3 {
				t.Errorf("the name is %s", e.Name())
			}
		})
	}
}

func TestMisbehavingServersGiveNoVectors(t *testing.T) {
	t.Parallel()
	vector := func(index int, values string) string {
		return fmt.Sprintf(`{"index":%d,"embedding":%s}`, index, values)
	}
	data := func(list ...string) llmtest.Step { return llmtest.Raw(200, `{"data":[`+strings.Join(list, ",")+`]}`) }
	for _, tt := range []failing{
		{"never answers", []llmtest.Step{llmtest.Hang}, 3, "in time"},
		{"cut", []llmtest.Step{llmtest.Cut}, 3, "cut"},
		{"500", []llmtest.Step{llmtest.Raw(500, secretBody)}, 3, "500"},
		{"401", []llmtest.Step{llmtest.Refuse(401, secretKey, "")}, 1, "401"},
		{"400", []llmtest.Step{llmtest.Refuse(400, secretBody, "response_format")}, 1, "400"},
		{"page", []llmtest.Step{llmtest.Raw(200, "<html>"+secretBody)}, 1, "can't be read"},
		{"fewer", []llmtest.Step{data(vector(0, `[1,0,0]`))}, 1, "1 vectors came for 2 texts"},
		{"more", []llmtest.Step{data(vector(0, `[1,0,0]`), vector(1, `[1,0,0]`), vector(2, `[1,0,0]`))}, 1, "3 vectors came"},
		{"none", []llmtest.Step{data()}, 1, "0 vectors"},
		{"same index", []llmtest.Step{data(vector(0, `[1,0,0]`), vector(0, `[1,0,0]`))}, 1, "one text each"},
		{"index beyond", []llmtest.Step{data(vector(0, `[1,0,0]`), vector(2, `[1,0,0]`))}, 1, "one text each"},
		{"negative index", []llmtest.Step{data(vector(-1, `[1,0,0]`), vector(0, `[1,0,0]`))}, 1, "one text each"},
		{"short vector", []llmtest.Step{data(vector(0, `[1,0]`), vector(1, `[1,0,0]`))}, 1, "dimension 2, not 3"},
		{"no vector", []llmtest.Step{data(vector(0, `null`), vector(1, `[1,0,0]`))}, 1, "dimension 0"},
		{"NaN", []llmtest.Step{data(vector(0, `[NaN,0,0]`), vector(1, `[1,0,0]`))}, 1, "can't be read"},
		{"too large", []llmtest.Step{data(vector(0, `[1e39,0,0]`), vector(1, `[1,0,0]`))}, 1, "can't be read"},
		{"null in it", []llmtest.Step{data(vector(0, `[1,null,0]`), vector(1, `[1,0,0]`))}, 1, "not a number"},
		{"null in front", []llmtest.Step{data(vector(0, "[ \n null, 1,0]"), vector(1, `[1,0,0]`))}, 1, "not a number"},
		{"zero", []llmtest.Step{data(vector(0, `[0,0,0]`), vector(1, `[1,0,0]`))}, 1, "zero"},
		{"text", []llmtest.Step{data(vector(0, `["1","0","0"]`), vector(1, `[1,0,0]`))}, 1, "can't be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := llmtest.New(t, tt.steps...)
				e, logged := embedder(t, s, llm.EmbedderConfig{Model: "e", Dim: 3})
				got, err := e.Embed(t.Context(), []string{secretPrompt, "text 2"})
				if !errors.Is(err, llm.ErrEmbedding) || !strings.Contains(err.Error(), tt.says) || got != nil {
					t.Errorf("%v, %v; not an error that says %q", got, err, tt.says)
				}
				if s.Asked() != tt.asked {
					t.Errorf("the server was asked %d times, not %d", s.Asked(), tt.asked)
				}
				discreet(t, err, logged)
			})
		})
	}
}

func TestEmbedderRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := llmtest.New(t)
		good := vectors(backwards)
		s.Then(llmtest.Raw(429, "", "Retry-After", "2"), llmtest.Cut, good, llmtest.Raw(503, secretBody), good)
		e, _ := embedder(t, s, llm.EmbedderConfig{Model: "e", Dim: 3, Batch: 1})
		got, err := e.Embed(t.Context(), []string{"text 1", "text 2"})
		if err != nil || len(got) != 2 || s.Asked() != 5 {
			t.Errorf("%v, %v after %d requests", got, err, s.Asked())
		}
	})
}

func TestNewEmbedderNamesTheWrongField(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		config llm.EmbedderConfig
		says   string
	}{
		{llm.EmbedderConfig{APIKey: secretKey}, "Model"},
		{llm.EmbedderConfig{Model: "text-embedding-3-small"}, "APIKey"},
		{llm.EmbedderConfig{Model: "other", APIKey: secretKey}, "Dim"},
		{llm.EmbedderConfig{Model: "m", APIKey: secretKey, Dim: -1}, "Dim"},
		{llm.EmbedderConfig{Model: "m", APIKey: secretKey, Dim: 3, Batch: -1}, "Batch"},
		{llm.EmbedderConfig{Model: "m", APIKey: secretKey, Dim: 3, Timeout: -1}, "Timeout"},
	} {
		e, err := llm.NewEmbedder(tt.config)
		if err == nil || e != nil || !strings.Contains(err.Error(), "Config."+tt.says) {
			t.Errorf("%s: %v", tt.says, err)
		}
	}
	for name, dim := range map[string]int{"text-embedding-3-small": 1536, "text-embedding-3-large": 3072} {
		e, err := llm.NewEmbedder(llm.EmbedderConfig{Model: name, APIKey: secretKey})
		if err != nil || e.Dim() != dim {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// bare is one request without any care, the floor of BenchmarkComplete.
func bare(b *testing.B, web *httptest.Server) {
	body, err := json.Marshal(map[string]any{"model": "m", "messages": request().Messages})
	if err != nil {
		b.Fatal(err)
	}
	response, err := web.Client().Post(web.URL, "application/json", bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		b.Fatal(err)
	}
}
