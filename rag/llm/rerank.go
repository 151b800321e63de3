package llm

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/recado/recado/rag"
)

// ErrRerank says that the server could not be had or gave scores that can't be used.
var ErrRerank = errors.New("the reranking model gave no usable scores")

const (
	// maxRerankBody is the largest response in bytes: servers that repeat the documents
	// stay far below it.
	maxRerankBody = 8 << 20
	// maxRerankText is how much of a passage is sent, in bytes: models cut what is
	// longer than they read, and some refuse it.
	maxRerankText = 8 << 10
)

// RerankerConfig is what a Reranker is made of. BaseURL and Model are needed.
type RerankerConfig struct {
	// APIKey is sent as bearer token; local servers often need none.
	APIKey string
	// BaseURL is the server with its version: requests go to BaseURL/rerank. Cohere,
	// Jina, Voyage, vLLM, llama.cpp, LocalAI, Infinity and Text Embeddings Inference
	// have one.
	BaseURL string
	// Model is the name of the reranking model as the server knows it.
	Model string
	HTTP  *http.Client
	// Timeout ends one attempt; 5 s by default.
	Timeout time.Duration
	// Retries is how often a call is repeated after a failure that may pass: 1 by
	// default, and never with a negative value.
	Retries int
	Logger  *slog.Logger
	Now     func() time.Time
}

// Reranker scores passages with a cross-encoder behind a /rerank endpoint. It is safe
// for concurrent use.
type Reranker struct {
	model, url, key string
	calls           *caller
	http            doer
	// texts is true when the server was found to take "texts" in the place of
	// "documents", as Text Embeddings Inference does.
	texts atomic.Bool
}

var _ rag.Reranker = (*Reranker)(nil)

// NewReranker checks the configuration and fills the defaults. It does not ask the
// server.
func NewReranker(c RerankerConfig) (*Reranker, error) {
	if c.BaseURL == "" {
		return nil, errors.New("llm: reranker: Config.BaseURL is missing")
	}
	if c.HTTP == nil {
		c.HTTP = newHTTP(8)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	calls, _, err := connect(Config{
		APIKey: c.APIKey, BaseURL: c.BaseURL, Model: c.Model, HTTP: c.HTTP, Timeout: cmp.Or(c.Timeout, 5*time.Second),
		Retries: cmp.Or(c.Retries, 1), Concurrency: 8, Logger: c.Logger, Now: c.Now,
	}, maxRerankBody, nil)
	if err != nil {
		return nil, fmt.Errorf("llm: reranker: %w", err)
	}
	return &Reranker{
		model: c.Model, url: strings.TrimRight(c.BaseURL, "/") + "/rerank", key: c.APIKey, calls: calls,
		http: doer{client: c.HTTP, limit: maxRerankBody, now: c.Now},
	}, nil
}

// Name is the model's name as it was configured.
func (r *Reranker) Name() string { return r.model }

// Rerank gives one score for each passage, in their order. Every error wraps
// ErrRerank.
func (r *Reranker) Rerank(ctx context.Context, question string, passages []string) ([]float64, error) {
	if len(passages) == 0 {
		return nil, nil
	}
	short := make([]string, len(passages))
	for i, p := range passages {
		short[i] = beginning(p, maxRerankText)
	}
	body, err := r.ask(ctx, question, short)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRerank, err)
	}
	scores, err := readScores(body, len(passages))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRerank, err)
	}
	return scores, nil
}

// ask sends the question in the dialect that the server is known to take, and in the
// other one when it refuses that.
func (r *Reranker) ask(ctx context.Context, question string, passages []string) ([]byte, error) {
	texts := r.texts.Load()
	body, err := r.post(ctx, question, passages, texts)
	f, failed := errors.AsType[*failure](err)
	if !failed || f.status != http.StatusBadRequest && f.status != http.StatusUnprocessableEntity {
		return body, err
	}
	if body, again := r.post(ctx, question, passages, !texts); again == nil {
		r.texts.Store(!texts)
		return body, nil
	}
	return nil, err
}

func (r *Reranker) post(ctx context.Context, question string, passages []string, texts bool) ([]byte, error) {
	request := map[string]any{"model": r.model, "query": question, "documents": passages, "top_n": len(passages)}
	if texts {
		request = map[string]any{"query": question, "texts": passages, "truncate": true}
	}
	sent, err := json.Marshal(request)
	if err != nil {
		return nil, err // unreachable: texts have a JSON form
	}
	var answer bytes.Buffer
	err = r.calls.do(ctx, func(ctx context.Context) error {
		answer.Reset()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(sent))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/json")
		if r.key != "" {
			request.Header.Set("Authorization", "Bearer "+r.key)
		}
		response, err := r.http.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close() // read whole by the doer
		_, err = answer.ReadFrom(response.Body)
		return err
	})
	return answer.Bytes(), err
}

// scored is a passage's place and score, under the names that servers use.
type scored struct {
	Index     *int     `json:"index"`
	Relevance *float64 `json:"relevance_score"`
	Score     *float64 `json:"score"`
}

// readScores reads {"results": [...]}, {"data": [...]} or the bare list, and puts the
// scores in the order of the passages. A server that leaves passages out found them
// worst; one that names a passage twice, or none at all, is not understood.
func readScores(body []byte, n int) ([]float64, error) {
	var list []scored
	if json.Unmarshal(body, &list) != nil {
		var named struct{ Results, Data []scored }
		if err := json.Unmarshal(body, &named); err != nil {
			return nil, errors.New("the response can't be read")
		}
		list = append(named.Results, named.Data...)
	}
	if len(list) == 0 {
		return nil, errors.New("the response holds no scores")
	}
	scores, lowest := make([]float64, n), math.Inf(1)
	seen := make([]bool, n)
	for _, s := range list {
		value := cmp.Or(s.Relevance, s.Score)
		if s.Index == nil || value == nil || *s.Index < 0 || *s.Index >= n || seen[*s.Index] || math.IsNaN(*value) {
			return nil, errors.New("the scores do not name one passage each")
		}
		scores[*s.Index], seen[*s.Index] = *value, true
		lowest = min(lowest, *value)
	}
	for i := range scores {
		if !seen[i] {
			scores[i] = lowest - 1
		}
	}
	return scores, nil
}

// beginning is at most limit bytes of a text, cut between characters.
func beginning(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "")
}
