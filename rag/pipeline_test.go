package rag_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/confidence"
)

var errBroken = errors.New("broken")

// fakeIndex gives what it has for a locale and remembers the questions.
type fakeIndex struct {
	hits map[string][]knowledge.Hit
	err  error
	// broken are the languages in which a search breaks down.
	broken map[string]bool

	mu      sync.Mutex
	queries map[string]knowledge.Query // by language
	revoked []knowledge.Revocation
	lost    error
}

func (f *fakeIndex) Revocations(context.Context) ([]knowledge.Revocation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.revoked, f.lost
}

func (f *fakeIndex) Search(_ context.Context, q knowledge.Query) ([]knowledge.Hit, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.queries == nil {
		f.queries = map[string]knowledge.Query{}
	}
	f.queries[q.Locale] = q
	if f.broken[q.Locale] {
		panic(errBroken)
	}
	return f.hits[q.Locale], f.err
}

type fakeEmbedder struct {
	vectors [][]float32
	err     error
}

func (fakeEmbedder) Name() string { return "fake-embedder" }
func (fakeEmbedder) Dim() int     { return 2 }
func (f fakeEmbedder) Embed(context.Context, []string) ([][]float32, error) {
	return f.vectors, f.err
}

// expander adds a word to what is searched for.
type expander struct{ fakeEmbedder }

func (expander) Expand(_, text string) string { return "expanded-" + text }

// fakeModel answers with its draft and remembers the request.
type fakeModel struct {
	draft   rag.Draft
	err     error
	wait    bool
	request *rag.Request
}

func (fakeModel) Name() string { return "fake-model" }

func (f fakeModel) Complete(ctx context.Context, r rag.Request) (rag.Response, error) {
	if f.request != nil {
		*f.request = r
	}
	if f.wait {
		<-ctx.Done()
		return rag.Response{}, ctx.Err()
	}
	return rag.Response{Draft: f.draft, Model: "fake-model-2", Usage: rag.Usage{InputTokens: 3, OutputTokens: 4}}, f.err
}

func hit(id string, dense, lexical float64, denseRank, lexicalRank int) knowledge.Hit {
	return knowledge.Hit{
		Document: knowledge.Document{
			Meta: knowledge.Meta{ID: "doc-" + id, Title: "Devoluciones", Locale: "es"}, Version: "v1", Source: id + ".md",
		},
		Chunk: knowledge.Chunk{
			ID: id, DocumentID: "doc-" + id, Text: "Tienes 30 días para devolver el producto " + id + ".", Tokens: 12, Hash: "hash-" + id,
		},
		Dense: dense, Lexical: lexical, Self: 4, DenseRank: denseRank, LexicalRank: lexicalRank, Score: dense,
	}
}

func calibration() *confidence.Calibration {
	return &confidence.Calibration{
		Name: "test", Setting: confidence.Setting{Model: "fake-model", Embedder: "fake-embedder"}, Features: []string{"coverage"},
		Means: []float64{0}, SDs: []float64{1}, Weights: []float64{2}, Threshold: 0.5,
	}
}

// setup is a pipeline of fakes that answers a question about returns.
type setup struct {
	index *fakeIndex
	rag.Config
}

func newSetup(model rag.Model) setup {
	index := &fakeIndex{hits: map[string][]knowledge.Hit{"es": {hit("a", 0.8, 3, 1, 1), hit("b", 0.4, 2, 2, 2)}}}
	return setup{index: index, Config: rag.Config{
		Index: index, Embedder: fakeEmbedder{vectors: [][]float32{{1, 0}}}, Model: model, Calibration: calibration(),
	}}
}

func (s setup) answer(t *testing.T, q rag.Question) (rag.Answer, error) {
	t.Helper()
	p, err := rag.New(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	return p.Answer(context.Background(), q)
}

// setting is what a fresh calibration was fitted with.
func (s setup) setting(t *testing.T) confidence.Setting {
	t.Helper()
	p, err := rag.New(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	return p.Setting()
}

func good() rag.Draft {
	return rag.Draft{Answer: " Tienes 30 días para devolver. ", Citations: []string{"a"}, Locale: "es", Support: 0.9}
}

var question = rag.Question{Text: "¿Cuántos días tengo para devolver?", At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}

func TestAnswer(t *testing.T) {
	t.Parallel()
	s := newSetup(fakeModel{draft: good()})
	a, err := s.answer(t, question)
	if err != nil {
		t.Fatal(err)
	}
	if a.Text != "Tienes 30 días para devolver." || a.Locale != "es" || a.Model != "fake-model-2" || a.Usage.OutputTokens != 4 {
		t.Errorf("answer %+v", a)
	}
	if len(a.Candidates) != 2 || len(a.Passages) != 2 || len(a.Cited) != 1 || a.Cited[0].ID != "a" || !a.Candidates[0].Used {
		t.Errorf("candidates %+v, cited %+v", a.Candidates, a.Cited)
	}
	for _, c := range a.Checks {
		if !c.OK {
			t.Errorf("check %+v", c)
		}
	}
	if a.Confidence <= 0.5 || a.Confidence >= 1 || a.Threshold != 0.5 || !strings.HasPrefix(a.Calibration, "test@") {
		t.Errorf("confidence %v of %v by %q", a.Confidence, a.Threshold, a.Calibration)
	}
	for _, name := range rag.FeatureNames() {
		if x := a.Features[name]; x < -1 || x > 10 {
			t.Errorf("feature %s is %v", name, x)
		}
	}
	var stages []string
	for _, stage := range a.Stages {
		stages = append(stages, stage.Name)
	}
	if diff := cmp.Diff([]string{"rewrite", "retrieve", "complete", "ground", "score"}, stages); diff != "" {
		t.Error(diff)
	}
}

func TestAnswerIsTheSameAgain(t *testing.T) {
	t.Parallel()
	first, err := newSetup(fakeModel{draft: good()}).answer(t, question)
	if err != nil {
		t.Fatal(err)
	}
	second, err := newSetup(fakeModel{draft: good()}).answer(t, question)
	if err != nil {
		t.Fatal(err)
	}
	first.Stages, second.Stages = nil, nil
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
}

func TestErrorsSayWhoFailedAndKeepWhatWasKnown(t *testing.T) {
	t.Parallel()
	brokenIndex := newSetup(fakeModel{draft: good()})
	brokenIndex.index.err = errBroken
	brokenEmbedder := newSetup(fakeModel{draft: good()})
	brokenEmbedder.Embedder = fakeEmbedder{err: errBroken}
	noVector := newSetup(fakeModel{draft: good()})
	noVector.Embedder = fakeEmbedder{}
	slow := newSetup(fakeModel{wait: true})
	slow.ModelTimeout = time.Millisecond
	for name, c := range map[string]struct {
		setup setup
		want  []error
		found int
	}{
		"index":    {brokenIndex, []error{rag.ErrRetrieval, errBroken}, 0},
		"embedder": {brokenEmbedder, []error{rag.ErrRetrieval, errBroken}, 0},
		"vectors":  {noVector, []error{rag.ErrRetrieval}, 0},
		"model":    {newSetup(fakeModel{err: errBroken}), []error{rag.ErrModel, errBroken}, 2},
		"wrapped":  {newSetup(fakeModel{err: errors.Join(rag.ErrModel, errBroken)}), []error{rag.ErrModel, errBroken}, 2},
		"slow":     {slow, []error{rag.ErrModel, context.DeadlineExceeded}, 2},
	} {
		a, err := c.setup.answer(t, question)
		for _, want := range c.want {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v is not %v", name, err, want)
			}
		}
		if a.Query == "" || a.Locale != "es" || len(a.Candidates) != c.found || a.Text != "" || a.Confidence != 0 {
			t.Errorf("%s: kept %+v", name, a)
		}
	}
}

func TestADraftWithoutAnswerHasNoConfidence(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]rag.Draft{
		"abstained":             {NeedsHuman: true, Missing: "the price"},
		"blank":                 {Answer: "  \n"},
		"answered with a doubt": {Answer: "Tienes 30 días.", Citations: []string{"a"}, NeedsHuman: true},
	} {
		a, err := newSetup(fakeModel{draft: d}).answer(t, question)
		if err != nil || a.Confidence != 0 {
			t.Errorf("%s: confidence %v, %v", name, a.Confidence, err)
		}
	}
}

func TestRetrieve(t *testing.T) {
	t.Parallel()
	s := newSetup(fakeModel{draft: good()})
	if _, err := s.answer(t, question); err != nil {
		t.Fatal(err)
	}
	if q := s.index.queries["es"]; q.Limit != 20 || q.Text != question.Text {
		t.Errorf("queries %+v", s.index.queries)
	}

	// What the embedder knows besides is searched for by words.
	expanded := newSetup(fakeModel{draft: good()})
	expanded.Embedder = expander{fakeEmbedder{vectors: [][]float32{{1, 0}}}}
	if _, err := expanded.answer(t, question); err != nil {
		t.Fatal(err)
	}
	if got := expanded.index.queries["es"]; got.Text != question.Text || got.Also != "expanded-"+question.Text {
		t.Errorf("searched for %q and %q", got.Text, got.Also)
	}

	// Nothing asked: nothing searched.
	silent := newSetup(fakeModel{draft: good()})
	if _, err := silent.answer(t, rag.Question{Text: " \n"}); err != nil || len(silent.index.queries) != 0 {
		t.Errorf("queries %+v, %v", silent.index.queries, err)
	}
}

// The model sees the best by the fused score, whatever their places in one search.
func TestChoosePassages(t *testing.T) {
	t.Parallel()
	s := newSetup(fakeModel{draft: good()})
	s.Passages = 3
	s.index.hits["es"] = []knowledge.Hit{
		hit("a", 0.9, 3, 3, 3), hit("b", 0.8, 3, 1, 4), hit("c", 0.7, 3, 4, 5), hit("d", 0.6, 3, 9, 1), hit("e", 0.5, 3, 0, 0),
	}
	a, err := s.answer(t, question)
	if err != nil {
		t.Fatal(err)
	}
	var used []string
	for _, c := range a.Candidates {
		if c.Used {
			used = append(used, c.ChunkID)
		}
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, used); diff != "" {
		t.Error(diff)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for field, change := range map[string]func(*rag.Config){
		"Index":        func(c *rag.Config) { c.Index = nil },
		"Embedder":     func(c *rag.Config) { c.Embedder = nil },
		"Model":        func(c *rag.Config) { c.Model = nil },
		"Candidates":   func(c *rag.Config) { c.Candidates = 101 },
		"Passages":     func(c *rag.Config) { c.Candidates, c.Passages = 3, 4 },
		"ModelTimeout": func(c *rag.Config) { c.ModelTimeout = -time.Second },
	} {
		s := newSetup(fakeModel{})
		change(&s.Config)
		if _, err := rag.New(s.Config); err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	s := newSetup(fakeModel{})
	s.Calibration = nil
	if _, err := rag.New(s.Config); err != nil {
		t.Errorf("the embedded calibration: %v", err)
	}
}

func TestFingerprintChangesWithTheConfiguration(t *testing.T) {
	t.Parallel()
	print := func(change func(*rag.Config)) string {
		s := newSetup(fakeModel{})
		change(&s.Config)
		p, err := rag.New(s.Config)
		if err != nil {
			t.Fatal(err)
		}
		return p.Fingerprint()
	}
	prints := []string{
		print(func(*rag.Config) {}),
		print(func(c *rag.Config) { c.Passages = 3 }),
		print(func(c *rag.Config) { c.Candidates = 50 }),
		print(func(c *rag.Config) { c.ModelTimeout = time.Minute }),
		print(func(c *rag.Config) { c.Calibration = nil }),
	}
	slices.Sort(prints)
	if len(slices.Compact(slices.Clone(prints))) != 5 {
		t.Errorf("fingerprints %v", prints)
	}
	if same := print(func(*rag.Config) {}); !slices.Contains(prints, same) || len(same) != 12 {
		t.Errorf("fingerprint %q is not stable", same)
	}
}

func TestAnswersAreSuggestionsWhereNothingIsPromised(t *testing.T) {
	t.Parallel()
	s := newSetup(fakeModel{draft: good()})
	s.Calibration.Setting, s.Calibration.Clarify = s.setting(t), 0.25
	a, err := s.answer(t, question)
	if err != nil || a.Promise != confidence.Marginal || a.Suggest || len(a.Stale) > 0 || a.Clarify != 0.25 || a.Calibration != s.Calibration.ID() {
		t.Errorf("fresh: %v %q %v %q, %v", a.Suggest, a.Stale, a.Clarify, a.Calibration, err)
	}
	for reason, change := range map[string]func(*confidence.Calibration){
		"the model":    func(c *confidence.Calibration) { c.Model = "another" },
		"the embedder": func(c *confidence.Calibration) { c.Embedder = "another" },
		"the prompt":   func(c *confidence.Calibration) { c.Prompt = "another" },
		"30 more labels": func(c *confidence.Calibration) {
			c.Missing, c.Note = 30, "At least 30 more labels are needed."
		},
	} {
		s := newSetup(fakeModel{draft: good()})
		s.Calibration.Setting = s.setting(t)
		change(s.Calibration)
		a, err := s.answer(t, question)
		if err != nil || !a.Suggest || a.Promise != "" || len(a.Stale) != 1 || !strings.Contains(a.Stale[0], reason) || !strings.Contains(a.Calibration, "promises nothing") {
			t.Errorf("%s: %v %q %q, %v", reason, a.Suggest, a.Stale, a.Calibration, err)
		}
	}
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	history := []rag.Utterance{
		{Role: rag.RoleCustomer, Text: "hola"},
		{Role: rag.RoleBot, Text: "¡Hola!"},
		{Role: rag.RoleCustomer, Text: "cuánto cuesta"},
		{Role: rag.RoleCustomer, Text: "el envío"},
		{Role: rag.RoleBot, Text: "4,99 €"},
	}
	for _, c := range []struct {
		text    string
		history []rag.Utterance
		want    string
	}{
		{"¿y a Canarias?", history, "cuánto cuesta\nel envío\n¿y a Canarias?"},
		{"and to the islands?", history, "cuánto cuesta\nel envío\nand to the islands?"},
		{"¿y a Canarias?", nil, "¿y a Canarias?"},
		{"¿Puedo devolver unos auriculares abiertos?", history, "¿Puedo devolver unos auriculares abiertos?"},
		{"y si quiero devolver unos auriculares que ya abrí ayer por la tarde", history, "y si quiero devolver unos auriculares que ya abrí ayer por la tarde"},
		{"  gracias  ", history, "gracias"},
	} {
		a, err := newSetup(fakeModel{draft: good()}).answer(t, rag.Question{Text: c.text, History: c.history})
		if err != nil || a.Query != c.want {
			t.Errorf("%q is searched as %q, want %q (%v)", c.text, a.Query, c.want, err)
		}
	}
}

// takenBackLate is a model during whose second draft somebody takes back what it cites.
type takenBackLate struct {
	draft rag.Draft
	index *fakeIndex
}

func (*takenBackLate) Name() string { return "fake-model" }

func (m *takenBackLate) Complete(_ context.Context, r rag.Request) (rag.Response, error) {
	if len(r.Objections) == 0 {
		return rag.Response{Draft: m.draft}, nil
	}
	m.index.mu.Lock()
	defer m.index.mu.Unlock()
	m.index.revoked = []knowledge.Revocation{{DocumentID: "doc-a", Hash: "hash-a"}}
	return rag.Response{Draft: good()}, nil
}

// TestAnswerOnWhatWasTakenBack: a passage that somebody takes back while the answer is
// made fails a check, and a list of those that can't be read is no answer.
func TestAnswerOnWhatWasTakenBack(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		revoked knowledge.Revocation
		ok      bool
	}{
		"cited":                 {knowledge.Revocation{DocumentID: "doc-a", Hash: "hash-a"}, false},
		"seen and not cited":    {knowledge.Revocation{DocumentID: "doc-b", Hash: "hash-b"}, true},
		"the text before":       {knowledge.Revocation{DocumentID: "doc-a", Hash: "hash-0"}, true},
		"the like of elsewhere": {knowledge.Revocation{DocumentID: "doc-c", Hash: "hash-a"}, true},
	} {
		s := newSetup(fakeModel{draft: good()})
		s.index.revoked = []knowledge.Revocation{test.revoked}
		a, err := s.answer(t, question)
		at := slices.IndexFunc(a.Checks, func(c rag.Check) bool { return c.Name == rag.CheckRevoked })
		if err != nil || at < 0 || a.Checks[at].OK != test.ok {
			t.Errorf("%s: %+v, %v", name, a.Checks, err)
		}
	}
	late := &takenBackLate{draft: rag.Draft{Answer: "Tienes 45 días para devolver.", Citations: []string{"a"}, Locale: "es"}}
	s := newSetup(late)
	late.index = s.index
	if a, err := s.answer(t, question); err != nil || !a.Repaired || failing(a) != rag.CheckRevoked {
		t.Errorf("taken back while the draft was mended: failing %q, %v", failing(a), err)
	}
	s = newSetup(fakeModel{draft: good()})
	s.index.lost = errBroken
	if _, err := s.answer(t, question); !errors.Is(err, rag.ErrRetrieval) || !errors.Is(err, errBroken) {
		t.Errorf("revocations that can't be read: %v", err)
	}
}
