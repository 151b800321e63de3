package llm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sashabaranov/go-openai"

	"github.com/recado/recado/knowledge"
)

// ErrEmbedding says that the server could not be had or gave vectors that can't
// be used.
var ErrEmbedding = errors.New("the embedding model gave no usable vectors")

// The limits of an embedder.
const (
	defaultBatch = 64
	maxBatch     = 2048
	maxDim       = 16000
	// maxEmbeddingBody is the largest response in bytes: a full batch of the
	// longest vectors that are in use has less.
	maxEmbeddingBody = 128 << 20
)

// EmbedderConfig is what an Embedder is made of. Model is needed, APIKey where
// BaseURL is empty, and Dim for models other than OpenAI's.
type EmbedderConfig struct {
	// APIKey, BaseURL, HTTP, Timeout, Retries and Logger are as in Config.
	APIKey, BaseURL string
	// Model is the name of the embedding model as the server knows it.
	Model string
	// Dim is the length of the vectors. For OpenAI's models it defaults to their
	// own, and the text-embedding-3 family shortens to it.
	Dim     int
	HTTP    *http.Client
	Timeout time.Duration
	Retries int
	// Batch is how many texts one request carries, 64 by default, at most 2048.
	Batch  int
	Logger *slog.Logger
}

// Embedder makes vectors with an embedding model. It is safe for concurrent use.
type Embedder struct {
	model  string
	dim    int
	batch  int
	calls  *caller
	client *openai.Client
}

var _ knowledge.Embedder = (*Embedder)(nil)

// NewEmbedder checks the configuration and fills the defaults. It does not ask
// the server.
func NewEmbedder(c EmbedderConfig) (*Embedder, error) {
	c.Dim = cmp.Or(c.Dim, ownDim(c.Model))
	c.Batch = cmp.Or(c.Batch, defaultBatch)
	switch {
	case c.Dim == 0 && c.Model != "":
		return nil, errors.New("llm: EmbedderConfig.Dim is missing: this model's is not known")
	case c.Dim < 0 || c.Dim > maxDim:
		return nil, fmt.Errorf("llm: EmbedderConfig.Dim is %d, not 1 to %d", c.Dim, maxDim)
	case c.Batch < 1 || c.Batch > maxBatch:
		return nil, fmt.Errorf("llm: EmbedderConfig.Batch is %d, not 1 to %d", c.Batch, maxBatch)
	}
	calls, client, err := connect(Config{
		APIKey: c.APIKey, BaseURL: c.BaseURL, Model: c.Model, HTTP: c.HTTP,
		Timeout: c.Timeout, Retries: c.Retries, Concurrency: 16, Logger: c.Logger,
	}, maxEmbeddingBody, noNulls)
	if err != nil {
		return nil, fmt.Errorf("llm: embedder: %w", err)
	}
	return &Embedder{model: c.Model, dim: c.Dim, batch: c.Batch, calls: calls, client: client}, nil
}

// ownDim is the length of the vectors that OpenAI's models give by themselves, 0
// for others.
func ownDim(model string) int {
	switch model {
	case "text-embedding-3-small", "text-embedding-ada-002":
		return 1536
	case "text-embedding-3-large":
		return 3072
	}
	return 0
}

// Name is the model with the length of its vectors.
func (e *Embedder) Name() string { return fmt.Sprintf("%s@%d", e.model, e.dim) }

// Dim is the length of every vector.
func (e *Embedder) Dim() int { return e.dim }

// Embed returns a vector of unit length for each text, in order. Either all texts
// get one or there is an error, which wraps ErrEmbedding.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, 0, len(texts))
	for batch := range slices.Chunk(texts, e.batch) {
		part, err := e.embed(ctx, batch)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrEmbedding, err)
		}
		vectors = append(vectors, part...)
	}
	return vectors, nil
}

func (e *Embedder) embed(ctx context.Context, texts []string) ([][]float32, error) {
	request := openai.EmbeddingRequest{Input: texts, Model: openai.EmbeddingModel(e.model)}
	if strings.HasPrefix(e.model, "text-embedding-3") {
		request.Dimensions = e.dim
	}
	var answer openai.EmbeddingResponse
	err := e.calls.do(ctx, func(ctx context.Context) error {
		var err error
		answer, err = e.client.CreateEmbeddings(ctx, request)
		return err
	})
	if err != nil {
		return nil, err
	}
	return e.vectors(answer.Data, len(texts))
}

// nullInArray is what JSON has where a server written in Python had NaN. Go reads it as
// zero, which would make a wrong vector.
var nullInArray = regexp.MustCompile(`[\[,]\s*null\s*[,\]]`)

func noNulls(body []byte) *failure {
	if nullInArray.Match(body) {
		return &failure{what: "a value of a vector is not a number", server: alive}
	}
	return nil
}

// vectors puts what the server gave in the order of the texts.
func (e *Embedder) vectors(data []openai.Embedding, n int) ([][]float32, error) {
	if len(data) != n {
		return nil, fmt.Errorf("%d vectors came for %d texts", len(data), n)
	}
	vectors := make([][]float32, n)
	for _, d := range data {
		switch {
		case d.Index < 0 || d.Index >= n || vectors[d.Index] != nil:
			return nil, errors.New("the vectors do not name one text each")
		case len(d.Embedding) != e.dim:
			return nil, fmt.Errorf("a vector has the dimension %d, not %d", len(d.Embedding), e.dim)
		}
		if err := normalize(d.Embedding); err != nil {
			return nil, err
		}
		vectors[d.Index] = d.Embedding
	}
	return vectors, nil
}

// normalize gives the vector the length 1.
func normalize(vector []float32) error {
	sum := 0.0
	for _, x := range vector {
		sum += float64(x) * float64(x)
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return errors.New("a value of a vector is not finite")
	}
	if sum == 0 {
		return errors.New("a vector is zero")
	}
	norm := math.Sqrt(sum)
	for i, x := range vector {
		vector[i] = float32(float64(x) / norm)
	}
	return nil
}
