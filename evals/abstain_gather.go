package evals

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/pii"
	"github.com/recado/recado/rag/sufficiency"
)

// The limits of what is looked up, those of a turn.
const (
	abstainDepth       = 20
	abstainPerDocument = 3
	// foundWithin is among how many documents one that answers has to be for the answer
	// to be right.
	foundWithin = 5
)

// asked is a question with what was found for it.
type asked struct {
	id, lang, group string
	features        map[string]float64
	// answerable says whether the documents answer it, right whether one that does is
	// among the first.
	answerable, right bool
}

// gather puts the documents into an index, asks all questions and reads what was found.
func gather(ctx context.Context, e knowledge.Embedder, judge Judge, d Dataset, progress func(what string, done, total int)) ([]asked, error) {
	index, err := knowledge.NewMemory(knowledge.IdentityOf(e))
	if err != nil {
		return nil, err
	}
	r := retrieval{
		RetrievalConfig: RetrievalConfig{Index: index, Embedder: e, Dataset: d, Progress: progress},
		searcher:        rag.Searcher{Embedder: e, Zone: time.UTC},
	}
	if _, err := r.fill(ctx); err != nil {
		return nil, err
	}
	all := make([]asked, len(d.Queries))
	var next, done atomic.Int64
	var lock sync.Mutex // progress is called by one at a time
	var failed error
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(all)); i = next.Add(1) - 1 {
				one, err := r.gatherOne(ctx, judge, d.Queries[i])
				all[i] = one
				lock.Lock()
				if err != nil {
					failed = errors.Join(failed, fmt.Errorf("question %s: %w", d.Queries[i].ID, err))
					next.Store(int64(len(all)))
				}
				progress("questions", int(done.Add(1)), len(all))
				lock.Unlock()
			}
		})
	}
	workers.Wait()
	return all, failed
}

// question is a question of the set as a turn gets it.
func (q DatasetQuery) question() rag.Question {
	question := rag.Question{Text: q.Text, Locale: q.Lang}
	for _, turn := range q.History {
		role := rag.RoleBot
		if turn.Role == "user" || turn.Role == "customer" {
			role = rag.RoleCustomer
		}
		question.History = append(question.History, rag.Utterance{Role: role, Text: turn.Text})
	}
	return question
}

func (r *retrieval) gatherOne(ctx context.Context, judge Judge, q DatasetQuery) (asked, error) {
	question := q.question()
	rewritten, search, err := r.searcher.Query(ctx, question)
	if err != nil {
		return asked{}, err
	}
	search.Limit, search.PerDocument, search.Distinct, search.Documents = abstainDepth, abstainPerDocument, true, q.Pool
	search.Day = "" // the questions are of no day
	hits, err := r.Index.Search(ctx, search)
	if err != nil {
		return asked{}, err
	}
	one := asked{id: q.ID, lang: q.Lang, group: q.Group, answerable: *q.Answerable}
	one.right = one.answerable && (len(r.Dataset.Qrels[q.ID]) == 0 || foundAmong(hits, r.Dataset.Qrels[q.ID]))
	one.features = sufficiency.Features(reading(question, rewritten), passagesOf(hits))
	if judge != nil {
		one.ask(ctx, judge, rewritten, hits)
	}
	return one, ctx.Err()
}

// judgedPassages is how many passages a judge sees, as many as a model that answers.
const judgedPassages = 5

// ask lets a judge look at what was found. What may identify somebody is masked before,
// as in a turn. A judge that fails has no word in the score, and stops nothing.
func (a *asked) ask(ctx context.Context, judge Judge, question string, hits []knowledge.Hit) {
	var passages []string
	for _, h := range hits[:min(judgedPassages, len(hits))] {
		passages = append(passages, h.Document.Title+"\n"+knowledge.PromptText(h.Chunk))
	}
	p, err := judge.Sufficient(ctx, pii.NewVault(nil).Mask(question), passages)
	if err == nil {
		a.features[featureJudged] = logOdds(p)
	}
}

// foundAmong tells whether a document with a grade is among the first.
func foundAmong(hits []knowledge.Hit, grades map[string]int) bool {
	seen := map[string]bool{}
	for _, h := range hits {
		if seen[h.Document.ID] = true; len(seen) > foundWithin {
			return false
		}
		if grades[h.Document.ID] > 0 {
			return true
		}
	}
	return false
}

func reading(q rag.Question, rewritten string) sufficiency.Question {
	read := sufficiency.Question{Locale: q.Locale, Text: q.Text, Query: rewritten}
	for _, u := range q.History {
		read.History = append(read.History, sufficiency.Utterance{Customer: u.Role == rag.RoleCustomer, Text: u.Text})
	}
	return read
}

func passagesOf(hits []knowledge.Hit) []sufficiency.Passage {
	passages := make([]sufficiency.Passage, len(hits))
	for i, h := range hits {
		passages[i] = sufficiency.Passage{
			Document: h.Document.ID, Title: h.Document.Title, Heading: h.Chunk.Heading, Question: h.Chunk.Question, Text: h.Chunk.Text,
			Dense: h.Dense, Lexical: h.Lexical, Self: h.Self, DenseRank: h.DenseRank, LexicalRank: h.LexicalRank,
		}
		if h.Document.Title == nameless {
			passages[i].Title = ""
		}
	}
	return passages
}

// AnswerableExamples are the questions of a data set as sufficiency.Fit takes them.
func AnswerableExamples(ctx context.Context, e knowledge.Embedder, d Dataset) ([]sufficiency.Example, error) {
	questions, err := gather(ctx, e, nil, d, func(string, int, int) {})
	if err != nil {
		return nil, fmt.Errorf("evals: %w", err)
	}
	examples := make([]sufficiency.Example, len(questions))
	for i, q := range questions {
		examples[i] = sufficiency.Example{Features: q.features, Answerable: q.answerable, Right: q.right, Group: q.group}
	}
	return examples, nil
}
