package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/evals/cassette"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/postgres"
	"github.com/recado/recado/gateway/sqlite"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/pgvector"
	knowledgesqlite "github.com/recado/recado/knowledge/sqlite"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/confidence"
	"github.com/recado/recado/rag/llm"
	"github.com/recado/recado/rag/offline"
)

// closers are what has to be closed at the end, in reverse order of opening.
type closers []func() error

func (c *closers) add(f func() error) { *c = append(*c, f) }

// close closes everything and joins what went wrong to err.
func (c *closers) close(err error) error {
	for _, f := range slices.Backward(*c) {
		err = errors.Join(err, f())
	}
	return err
}

// openStore opens Postgres where a URL is given, and the embedded database
// otherwise.
func openStore(ctx context.Context, s settings, log *slog.Logger) (gateway.Store, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if s.DatabaseURL != "" {
		store, err := postgres.Open(ctx, postgres.Config{DSN: s.DatabaseURL, Logger: log})
		return store, s.unusable(err)
	}
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return nil, s.unusable(err)
	}
	store, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(s.Data, "recado.db"), Logger: log})
	return store, s.unusable(err)
}

// openTimeout is how long a start waits for a database, with its migrations.
const openTimeout = time.Minute

// unusable says that the database can't be used, in one line that names the variable
// and not its value, which may hold a password.
func (s settings) unusable(err error) error {
	switch {
	case err == nil:
		return nil
	case s.DatabaseURL != "" && errors.Is(err, context.DeadlineExceeded):
		return usagef("DATABASE_URL: the database did not answer in time; `recado doctor` looks closer")
	case s.DatabaseURL != "":
		return usagef("DATABASE_URL: the database can't be used: %s; `recado doctor` looks closer", cmp.Or(postgres.Reason(err), why(err)))
	case errors.Is(err, fs.ErrPermission):
		return usagef("RECADO_DATA: the folder can't be written to by this user")
	}
	return usagef("RECADO_DATA: the folder can't be used, or the database in it is damaged; `recado doctor` looks closer")
}

// openIndex opens the knowledge index in use beside the store, which has to be of the
// embedder's model.
func openIndex(ctx context.Context, s settings, e knowledge.Embedder, log *slog.Logger) (knowledge.Space, error) {
	x, err := openSpace(ctx, s, knowledge.IdentityOf(e), knowledge.OpenInUse, log)
	if errors.Is(err, knowledge.ErrIdentity) {
		return nil, usagef("RECADO_EMBEDDING_MODEL: the knowledge index was built with another embedding model or by another version; " +
			"`recado serve` rebuilds it in the background, and `recado knowledge rebuild` does so now")
	}
	return x, err
}

// openSpace opens one of the indexes beside the store.
func openSpace(ctx context.Context, s settings, id knowledge.Identity, as knowledge.Opening, log *slog.Logger) (knowledge.Space, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	x, err := openSpaceIn(ctx, s, id, as, log)
	switch {
	case errors.Is(err, knowledge.ErrIdentity), errors.Is(err, knowledge.ErrNoIndex):
		return nil, err
	case errors.Is(err, knowledge.ErrOutdated):
		return nil, errors.New("the knowledge index is of an earlier version of Recado; `recado serve` and `recado ingest` bring it up to date")
	}
	return x, s.unusable(err)
}

func openSpaceIn(ctx context.Context, s settings, id knowledge.Identity, as knowledge.Opening, log *slog.Logger) (knowledge.Space, error) {
	// A nil *Index in the interface would not be nil.
	if s.DatabaseURL != "" {
		x, err := pgvector.Open(ctx, pgvector.Config{DSN: s.DatabaseURL, Identity: id, Opening: as, Logger: log})
		if err != nil {
			return nil, err
		}
		return x, nil
	}
	x, err := knowledgesqlite.Open(ctx, knowledgesqlite.Config{Dir: filepath.Join(s.Data, "knowledge"), Identity: id, Opening: as, LoadLater: true})
	if err != nil {
		return nil, err
	}
	return x, nil
}

// openToLook opens the index in use, whatever it was built with, so that nothing can
// change it. Where there is none an empty one in memory stands for it.
func openToLook(ctx context.Context, s settings, id knowledge.Identity, log *slog.Logger) (knowledge.Space, error) {
	x, err := openSpace(ctx, s, id, knowledge.OpenAsIs, log)
	if !errors.Is(err, knowledge.ErrNoIndex) {
		return x, err
	}
	m, err := knowledge.NewMemory(id)
	if err != nil {
		return nil, err
	}
	return memorySpace{m, noVectors{}}, nil
}

// memorySpace lets a knowledge.Memory be filled as an index is, with the vectors of
// another place.
type memorySpace struct {
	*knowledge.Memory
	knowledge.VectorCache
}

// Activate implements knowledge.Space: there is nothing beside it.
func (memorySpace) Activate(context.Context) error { return nil }

// Close implements knowledge.Space.
func (memorySpace) Close() error { return nil }

// noVectors is the knowledge.VectorCache of no place.
type noVectors struct{}

// Vectors implements knowledge.VectorCache.
func (noVectors) Vectors(context.Context, string, time.Time, []string) (map[string][]float32, error) {
	return map[string][]float32{}, nil
}

// KeepVectors implements knowledge.VectorCache.
func (noVectors) KeepVectors(context.Context, string, time.Time, map[string][]float32) error {
	return nil
}

// ForgetVectors implements knowledge.VectorCache.
func (noVectors) ForgetVectors(context.Context, time.Time) (int, error) { return 0, nil }

// embeddingDims are the lengths of the vectors of models that people use most.
func embeddingDims() map[string]int {
	return map[string]int{
		"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536,
		"nomic-embed-text": 768, "mxbai-embed-large": 1024, "bge-m3": 1024, "all-minilm": 384,
	}
}

// openEmbedder gives the embedder that the settings ask for.
func openEmbedder(s settings, log *slog.Logger) (knowledge.Embedder, error) {
	name := s.EmbedModel
	if name == "" && s.online() && s.OpenAIBaseURL == "" {
		name = "text-embedding-3-small"
	}
	if !s.online() || name == "" || name == "offline" {
		e, err := offline.NewEmbedder(s.EmbedDim)
		if err != nil {
			return nil, usagef("RECADO_EMBEDDING_DIM: %v", err)
		}
		return e, nil
	}
	family, _, _ := strings.Cut(name, ":")
	dim := cmp.Or(s.EmbedDim, embeddingDims()[family])
	if dim == 0 {
		return nil, usagef("RECADO_EMBEDDING_DIM is missing: how long are the vectors of %s?", name)
	}
	e, err := llm.NewEmbedder(llm.EmbedderConfig{APIKey: s.OpenAIKey, BaseURL: s.OpenAIBaseURL, Model: name, Dim: dim, Logger: log})
	if err != nil {
		return nil, usagef("RECADO_EMBEDDING_MODEL: %v", err)
	}
	return e, nil
}

// openPipeline puts index, model and calibration together.
func openPipeline(s settings, x rag.Retriever, e knowledge.Embedder, ledger llm.Ledger, log *slog.Logger) (*rag.Pipeline, error) {
	return openPipelineWith(s, x, e, ledger, nil, log)
}

// openPipelineWith has what providers answer recorded, or given from the tape; nil asks them.
func openPipelineWith(s settings, x rag.Retriever, e knowledge.Embedder, ledger llm.Ledger, tape *cassette.Cassette, log *slog.Logger) (*rag.Pipeline, error) {
	calibration, err := openCalibration(s)
	if err != nil {
		return nil, err
	}
	return openPipelineFrom(s, x, e, calibration, ledger, tape, log)
}

// openPipelineFrom has a calibration of its own.
func openPipelineFrom(
	s settings, x rag.Retriever, e knowledge.Embedder, calibration *confidence.Calibration, ledger llm.Ledger, tape *cassette.Cassette, log *slog.Logger,
) (*rag.Pipeline, error) {
	model, err := openModel(s, ledger, log)
	if err != nil {
		return nil, err
	}
	glossary, err := openGlossary(s)
	if err != nil {
		return nil, err
	}
	rules, err := openRules(s)
	if err != nil {
		return nil, err
	}
	reranker, err := openReranker(s, log)
	if err != nil {
		return nil, err
	}
	if tape != nil {
		model = tape.Model(model)
		if reranker != nil {
			reranker = tape.Reranker(reranker)
		}
	}
	return rag.New(rag.Config{
		Index: x, Embedder: e, Model: model, Calibration: calibration, Glossary: glossary, Rules: rules, Reranker: reranker,
		Market: s.Market, Zone: s.Zone,
	})
}

// openGlossary reads the shop's synonyms; nil means that there are none.
func openGlossary(s settings) (*rag.Glossary, error) {
	if s.Glossary == "" {
		return nil, nil //nolint:nilnil // nil is the pipeline's own word for none
	}
	f, err := os.Open(s.Glossary)
	if err != nil {
		return nil, usagef("RECADO_GLOSSARY: the file can't be opened: %v", errors.Unwrap(err))
	}
	defer f.Close()
	g, err := rag.ReadGlossary(f)
	if err != nil {
		return nil, usagef("RECADO_GLOSSARY: %v", err)
	}
	return g, nil
}

// openRules reads what the shop wants of its assistant; "" means nothing.
func openRules(s settings) (string, error) {
	if s.Rules == "" {
		return "", nil
	}
	f, err := os.Open(s.Rules)
	if err != nil {
		return "", usagef("RECADO_RULES: the file can't be opened: %v", errors.Unwrap(err))
	}
	defer f.Close()
	rules, err := rag.ReadRules(f)
	if err != nil {
		return "", usagef("RECADO_RULES: %v", err)
	}
	return rules, nil
}

// chatReranks is the RECADO_RERANK_MODEL that lets the chat model rerank.
const chatReranks = "chat"

// openReranker gives the model that reranks; nil means that none does.
func openReranker(s settings, log *slog.Logger) (rag.Reranker, error) {
	switch {
	case s.RerankModel == "":
		return nil, nil //nolint:nilnil // nil is the pipeline's own word for none
	case s.RerankModel == chatReranks && !s.online():
		return nil, usagef("RECADO_RERANK_MODEL: the chat model can't rerank, because there is no model server; set OPENAI_API_KEY or OPENAI_BASE_URL")
	case s.RerankModel == chatReranks:
		r, err := llm.NewChatReranker(llm.Config{APIKey: s.OpenAIKey, BaseURL: s.OpenAIBaseURL, Model: s.ChatModel, Logger: log})
		if err != nil {
			return nil, usagef("RECADO_RERANK_MODEL: %v", err)
		}
		return r, nil
	}
	r, err := llm.NewReranker(llm.RerankerConfig{APIKey: s.RerankKey, BaseURL: s.RerankURL, Model: s.RerankModel, Logger: log})
	if err != nil {
		return nil, usagef("RECADO_RERANK_URL: %v", err)
	}
	return r, nil
}

// openCalibration reads the calibration file; nil means the embedded one.
func openCalibration(s settings) (*confidence.Calibration, error) {
	if s.Calibration == "" {
		return nil, nil //nolint:nilnil // nil is the pipeline's own word for the embedded one
	}
	f, err := os.Open(s.Calibration)
	if err != nil {
		return nil, usagef("RECADO_CALIBRATION: the file can't be opened: %v", errors.Unwrap(err))
	}
	defer f.Close()
	c, err := confidence.Read(f)
	if err != nil {
		return nil, usagef("RECADO_CALIBRATION: %v", err)
	}
	for _, name := range c.Features {
		// What nothing measures would count as average, and be sent.
		if base := strings.TrimPrefix(name, confidence.MissingPrefix); !slices.Contains(rag.FeatureNames(), base) {
			return nil, usagef("RECADO_CALIBRATION: it was fitted on a feature %q, which Recado does not measure; fit it on labels that have features", base)
		}
	}
	return c, nil
}
