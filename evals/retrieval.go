package evals

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/recado/recado/evals/stats"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
)

// RetrievalConfig is what MeasureRetrieval works with.
type RetrievalConfig struct {
	// Index is empty and receives the documents. Required.
	Index knowledge.Index
	// Embedder is that of the index. Required.
	Embedder knowledge.Embedder
	// Glossary is as in rag.Config.
	Glossary *rag.Glossary
	// Dataset holds the documents and questions. Required.
	Dataset Dataset
	// Noisy asks the questions as somebody types them on a phone; those that have no
	// such form are left out.
	Noisy bool
	// Cross searches the documents of the language that is not the question's, by
	// Dataset.Cross. There has to be one.
	Cross bool
	// Progress is called as documents go in and questions are asked. Nil is allowed.
	Progress func(what string, done, total int)
}

// Figure is a mean over questions with its 95 % bootstrap interval. In JSON it is the
// plain number; RetrievalFigures writes the intervals beside them.
type Figure struct {
	Value     float64
	Low, High float64
}

// MarshalJSON implements json.Marshaler.
func (f Figure) MarshalJSON() ([]byte, error) { return json.Marshal(f.Value) }

// RetrievalFigures are the figures over the questions that have a gold document.
type RetrievalFigures struct {
	N        int    `json:"n"`
	NDCG     Figure `json:"ndcg@10"`
	Recall1  Figure `json:"recall@1"`
	Recall5  Figure `json:"recall@5"`
	Recall10 Figure `json:"recall@10"`
	MRR      Figure `json:"mrr@10"`
	// Intervals holds low and high of each figure by its name.
	Intervals map[string][2]float64 `json:"intervals"`
}

// RetrievalReport says how well documents were found.
type RetrievalReport struct {
	Overall    RetrievalFigures            `json:"overall"`
	ByLanguage map[string]RetrievalFigures `json:"by_language"`
	// Embedder, Noisy and Cross are how it was measured.
	Embedder string `json:"embedder"`
	Noisy    bool   `json:"noisy"`
	Cross    bool   `json:"cross"`
	// Documents and Passages are what was searched, Skipped the questions without a
	// gold document, or without a noisy form when it was asked for.
	Documents int `json:"documents"`
	Passages  int `json:"passages"`
	Skipped   int `json:"skipped"`
	// Unread are the documents that could not go in, because they are empty for example.
	// A question whose only gold document is one of them counts as not found.
	Unread int `json:"unread"`
	// SearchMS is the median time of a search, the embedding of the question included,
	// in milliseconds. It differs between runs; all else is the same.
	SearchMS float64 `json:"search_ms"`
}

// MeasureRetrieval puts the documents into the index and asks every question that has a gold
// document. A question searches the documents of its own language, with Cross those of
// the other one, and with a pool only those. It is asked just as rag.Pipeline would. The
// ranking is of documents, each at the place of its best passage.
func MeasureRetrieval(ctx context.Context, c RetrievalConfig) (RetrievalReport, error) {
	if c.Index == nil || c.Embedder == nil {
		return RetrievalReport{}, errors.New("evals: RetrievalConfig.Index and Embedder are needed")
	}
	if c.Progress == nil {
		c.Progress = func(string, int, int) {}
	}
	r := retrieval{RetrievalConfig: c, searcher: rag.Searcher{Embedder: c.Embedder, Glossary: c.Glossary, Zone: time.UTC}}
	report := RetrievalReport{Embedder: c.Embedder.Name(), Noisy: c.Noisy, Cross: c.Cross}
	if c.Cross {
		foreign, err := c.Dataset.foreign()
		if err != nil {
			return report, fmt.Errorf("evals: %w", err)
		}
		r.foreign = foreign
	}
	passages, err := r.fill(ctx)
	if err != nil {
		return report, fmt.Errorf("evals: %w", err)
	}
	report.Documents, report.Passages, report.Unread = len(c.Dataset.Docs), passages, r.unread
	if err := r.ask(ctx); err != nil {
		return report, fmt.Errorf("evals: %w", err)
	}
	if len(r.scores) == 0 {
		return report, errors.New("evals: no question has a gold document in the documents that it searches")
	}
	report.Skipped, report.SearchMS = r.skipped, median(r.took)
	report.Overall, report.ByLanguage = r.figures()
	return report, nil
}

// retrieval is one run.
type retrieval struct {
	RetrievalConfig
	searcher rag.Searcher
	foreign  map[string]string // Dataset.foreign with Cross
	scores   []stats.Ranking
	langs    []string // of the questions, beside scores
	took     []float64
	skipped  int
	unread   int
}

// nameless is the title of a document that has none: it holds no word to be found by.
const nameless = "—"

// asksTitles tells whether questions of the set are the titles of the documents that
// answer them. Then titles are left out of the index, or such a question would find its
// document by being its name.
func (d Dataset) asksTitles() bool {
	titles := make(map[string]string, len(d.Docs))
	for _, doc := range d.Docs {
		titles[doc.ID] = doc.Title
	}
	for _, q := range d.Queries {
		for doc := range d.Qrels[q.ID] {
			if titles[doc] == q.Text {
				return true
			}
		}
	}
	return false
}

// fill splits, embeds and indexes the documents as an ingest does.
func (r *retrieval) fill(ctx context.Context) (passages int, err error) {
	list, withTitles := knowledge.Listing{}, !r.Dataset.asksTitles()
	for _, doc := range r.Dataset.Docs {
		title := nameless
		if withTitles && doc.Title != "" {
			title = doc.Title
		}
		list.Sources = append(list.Sources, knowledge.Source{
			Name: doc.ID + ".md", Place: "corpus.jsonl#" + doc.ID, Collection: "corpus",
			Meta: knowledge.Meta{ID: doc.ID, Title: title, Locale: doc.Lang},
			Read: func(context.Context, []knowledge.Document, int64) (knowledge.File, error) {
				return knowledge.File{Data: []byte(doc.Text)}, nil
			},
		})
	}
	ingester, err := knowledge.NewIngester(knowledge.Config{Index: r.Index, Embedder: r.Embedder, Extractor: texts{}})
	if err != nil {
		return 0, err
	}
	report, err := ingester.Ingest(ctx, list, knowledge.Options{Progress: func(p knowledge.Progress) { r.Progress("documents", p.Done, p.Total) }})
	if err != nil {
		return 0, err
	}
	r.unread = len(report.Broken)
	documents, err := r.Index.Documents(ctx, "")
	for _, d := range documents {
		passages += d.Passages
	}
	return passages, err
}

func (r *retrieval) ask(ctx context.Context) error {
	qrels := r.Dataset.Qrels
	if r.Cross {
		qrels = r.Dataset.Cross
	}
	for i, q := range r.Dataset.Queries {
		text := q.Text
		if r.Noisy {
			text = q.Noisy
		}
		if len(qrels[q.ID]) == 0 || text == "" {
			r.skipped++
			continue
		}
		began := time.Now()
		ranked, err := r.rank(ctx, q, text)
		if err != nil {
			return fmt.Errorf("question %s: %w", q.ID, err)
		}
		r.took = append(r.took, float64(time.Since(began).Microseconds())/1000)
		r.scores, r.langs = append(r.scores, stats.Rank(ranked, qrels[q.ID])), append(r.langs, q.Lang)
		r.Progress("questions", i+1, len(r.Dataset.Queries))
	}
	return nil
}

// foreign gives the language of documents that is not the question's, by the language of
// questions that have grades across languages. It has to be one: scores of two searches
// do not compare.
func (d Dataset) foreign() (map[string]string, error) {
	all := map[string]bool{}
	for _, doc := range d.Docs {
		all[knowledge.Language(doc.Lang)] = true
	}
	foreign := map[string]string{}
	for _, q := range d.Queries {
		if len(d.Cross[q.ID]) == 0 {
			continue
		}
		others := maps.Clone(all)
		delete(others, knowledge.Language(q.Lang))
		if len(others) != 1 {
			return nil, fmt.Errorf("question %s is in %s and the documents are in %s: across languages, one other language can be searched",
				q.ID, q.Lang, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
		}
		for other := range others {
			foreign[q.Lang] = other
		}
	}
	return foreign, nil
}

// rank is the ranking of documents for a question.
func (r *retrieval) rank(ctx context.Context, q DatasetQuery, text string) ([]string, error) {
	question := rag.Question{Text: text, Locale: q.Lang}
	for _, turn := range q.History {
		role := rag.RoleBot
		if turn.Role == "user" || turn.Role == "customer" {
			role = rag.RoleCustomer
		}
		question.History = append(question.History, rag.Utterance{Role: role, Text: turn.Text})
	}
	_, search, err := r.searcher.Query(ctx, question)
	if err != nil {
		return nil, err
	}
	search.Limit, search.PerDocument, search.Documents = stats.RankDepth, 1, q.Pool
	search.Day = "" // the questions are of no day
	if r.Cross {
		search.Locale = r.foreign[q.Lang]
	}
	hits, err := r.Index.Search(ctx, search)
	if err != nil {
		return nil, err
	}
	ranked := make([]string, len(hits))
	for i, h := range hits {
		ranked[i] = h.Document.ID
	}
	return ranked, nil
}

// figures are those of all questions and of each language.
func (r *retrieval) figures() (overall RetrievalFigures, byLanguage map[string]RetrievalFigures) {
	byLanguage = map[string]RetrievalFigures{}
	for _, lang := range r.langs {
		if _, done := byLanguage[lang]; !done {
			byLanguage[lang] = summarise(r.scores, func(i int) bool { return r.langs[i] == lang })
		}
	}
	return summarise(r.scores, func(int) bool { return true }), byLanguage
}

// summarise is the mean of those scores that are taken.
func summarise(scores []stats.Ranking, take func(int) bool) RetrievalFigures {
	f := RetrievalFigures{Intervals: map[string][2]float64{}}
	figure := func(name string, of func(stats.Ranking) float64) Figure {
		var values []float64
		for i, s := range scores {
			if take(i) {
				values = append(values, of(s))
			}
		}
		f.N = len(values)
		low, high := interval(values)
		f.Intervals[name] = [2]float64{low, high}
		return Figure{mean(values), low, high}
	}
	f.NDCG = figure("ndcg@10", func(s stats.Ranking) float64 { return s.NDCG })
	f.Recall1 = figure("recall@1", func(s stats.Ranking) float64 { return s.Recall1 })
	f.Recall5 = figure("recall@5", func(s stats.Ranking) float64 { return s.Recall5 })
	f.Recall10 = figure("recall@10", func(s stats.Ranking) float64 { return s.Recall10 })
	f.MRR = figure("mrr@10", func(s stats.Ranking) float64 { return s.MRR })
	return f
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// WriteJSON writes the report.
func (r RetrievalReport) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

// WriteTable writes a row for each language and one for all, with the intervals below
// the figures.
func (r RetrievalReport) WriteTable(w io.Writer) error {
	how := "clean questions"
	if r.Noisy {
		how = "noisy questions"
	}
	if r.Cross {
		how += ", documents of the other language"
	}
	fmt.Fprintf(w, "%d documents (%d empty), %d passages; %s; embedder %s; %d questions without a gold document or form left out; median search %.2f ms\n\n",
		r.Documents, r.Unread, r.Passages, how, r.Embedder, r.Skipped, r.SearchMS)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\tn\tnDCG@10\trecall@1\trecall@5\trecall@10\tMRR@10")
	row := func(name string, f RetrievalFigures) {
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", name, f.N, f.NDCG, f.Recall1, f.Recall5, f.Recall10, f.MRR)
	}
	for _, lang := range slices.Sorted(maps.Keys(r.ByLanguage)) {
		row(lang, r.ByLanguage[lang])
	}
	row("all", r.Overall)
	return table.Flush()
}

// String writes the figure with its interval, "0.912 [0.890, 0.931]".
func (f Figure) String() string { return fmt.Sprintf("%.3f [%.3f, %.3f]", f.Value, f.Low, f.High) }
