package pgvector

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/recado/recado/knowledge"
)

// Replace implements knowledge.Index.
func (x *Index) Replace(ctx context.Context, d knowledge.Document, chunks []knowledge.Chunk) error {
	if err := knowledge.CheckChunks(d, chunks, x.config.Dim); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		if err := x.lockWriters(ctx, tx); err != nil {
			return err
		}
		if err := remove(ctx, tx, d.ID); err != nil {
			return err
		}
		return insert(ctx, tx, d, chunks)
	})
	if err != nil {
		return fmt.Errorf("replace document %s: %w", d.ID, err)
	}
	return nil
}

// Remove implements knowledge.Index.
func (x *Index) Remove(ctx context.Context, documentID string) error {
	err := pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		if err := x.lockWriters(ctx, tx); err != nil {
			return err
		}
		return remove(ctx, tx, documentID)
	})
	if err != nil {
		return fmt.Errorf("remove document %s: %w", documentID, err)
	}
	return nil
}

// lockWriters lets one writer at a time change the frequencies: two that count
// the same words in another order would wait for each other for ever. Searches
// are not held up. It also refuses to write into an index that now belongs to
// another embedding model.
func (x *Index) lockWriters(ctx context.Context, tx pgx.Tx) error {
	const query = `select from knowledge_meta where id = 1 and embedder = $1 and dim = $2 for update`
	err := tx.QueryRow(ctx, query, x.config.Embedder, x.config.Dim).Scan()
	if errors.Is(err, pgx.ErrNoRows) {
		return knowledge.ErrEmbedder
	}
	if err != nil {
		return fmt.Errorf("lock the index: %w", err)
	}
	return nil
}

// forget takes the postings of a document away and lowers the frequencies of its
// terms.
const forget = `
with old as (
	select c.no, c.language, t.term from knowledge_chunks c cross join unnest(c.terms) as t (term) where c.document_id = $1
), gone as (
	delete from knowledge_postings p using old
	where p.language = old.language and p.term = old.term and p.chunk = old.no
	returning p.language, p.term
), less as (
	select language, term, count(*) as n from gone group by language, term
)
update knowledge_terms t set df = t.df - less.n from less where t.language = less.language and t.term = less.term`

// shrink takes a document's chunks out of the totals.
const shrink = `
with old as (
	select language, count(*) as chunks, sum(words) as words from knowledge_chunks where document_id = $1 group by language
)
update knowledge_stats s set chunks = s.chunks - old.chunks, words = s.words - old.words from old where s.language = old.language`

func remove(ctx context.Context, tx pgx.Tx, documentID string) error {
	batch := &pgx.Batch{}
	batch.Queue(forget, documentID)
	batch.Queue(shrink, documentID)
	batch.Queue(`delete from knowledge_documents where id = $1`, documentID) // and its chunks
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("delete the former state: %w", err)
	}
	return nil
}

// columns are a document's chunks as arrays: one statement inserts them all.
type columns struct {
	ids, headings, bodies, questions, vectors []string
	seqs, starts, ends, words                 []int
}

// postings are the rows of knowledge_postings, by the chunk's place in columns.
type postings struct {
	seqs   []int
	terms  []string
	counts []int32
}

func arrays(d knowledge.Document, chunks []knowledge.Chunk) (c columns, p postings) {
	for _, chunk := range chunks {
		tokens := knowledge.Tokens(d.Locale, knowledge.IndexText(d, chunk))
		counts := knowledge.Frequencies(tokens)
		for _, term := range slices.Sorted(maps.Keys(counts)) {
			p.seqs = append(p.seqs, chunk.Seq)
			p.terms = append(p.terms, term)
			p.counts = append(p.counts, counts[term])
		}
		c.ids = append(c.ids, chunk.ID)
		c.seqs = append(c.seqs, chunk.Seq)
		c.headings = append(c.headings, chunk.Heading)
		c.bodies = append(c.bodies, chunk.Text)
		c.questions = append(c.questions, chunk.Question)
		c.starts = append(c.starts, chunk.Start)
		c.ends = append(c.ends, chunk.End)
		c.words = append(c.words, len(tokens))
		// As text, which needs no type registered on the caller's pool.
		c.vectors = append(c.vectors, pgvector.NewVector(chunk.Vector).String())
	}
	return c, p
}

const insertDocument = `insert into knowledge_documents (id, source, title, locale, version, collection)
values ($1, $2, $3, $4, $5, $6)`

const insertChunks = `
insert into knowledge_chunks
	(document_id, language, id, seq, heading, body, question, start_byte, end_byte, words, embedding, terms)
select $1, $2, c.id, c.seq, c.heading, c.body, c.question, c.start_byte, c.end_byte, c.words, c.embedding::vector,
	array(select p.term from unnest($12::int[], $13::text[]) as p (seq, term) where p.seq = c.seq)
from unnest($3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::int[], $9::int[], $10::int[], $11::text[])
	as c (id, seq, heading, body, question, start_byte, end_byte, words, embedding)`

const insertPostings = `
insert into knowledge_postings (language, term, chunk, tf, words)
select c.language, p.term, c.no, p.tf, c.words
from unnest($2::int[], $3::text[], $4::int[]) as p (seq, term, tf)
join knowledge_chunks c on c.document_id = $1 and c.seq = p.seq`

const raiseTerms = `
insert into knowledge_terms (language, term, df)
select $1, term, count(*) from unnest($2::text[]) as p (term) group by term
on conflict (language, term) do update set df = knowledge_terms.df + excluded.df`

const grow = `
insert into knowledge_stats (language, chunks, words)
select $1, count(*), coalesce(sum(w), 0) from unnest($2::int[]) as c (w)
on conflict (language) do update set
	chunks = knowledge_stats.chunks + excluded.chunks, words = knowledge_stats.words + excluded.words`

func insert(ctx context.Context, tx pgx.Tx, d knowledge.Document, chunks []knowledge.Chunk) error {
	language := knowledge.Language(d.Locale)
	c, p := arrays(d, chunks)
	batch := &pgx.Batch{}
	batch.Queue(insertDocument, d.ID, d.Source, d.Title, d.Locale, d.Version, d.Collection)
	batch.Queue(insertChunks, d.ID, language, c.ids, c.seqs, c.headings, c.bodies, c.questions,
		c.starts, c.ends, c.words, c.vectors, p.seqs, p.terms)
	batch.Queue(insertPostings, d.ID, p.seqs, p.terms, p.counts)
	batch.Queue(raiseTerms, language, p.terms)
	batch.Queue(grow, language, c.words)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("insert document and chunks: %w", err)
	}
	return nil
}

// Documents implements knowledge.Index.
func (x *Index) Documents(ctx context.Context, collection string) ([]knowledge.Document, error) {
	rows, err := x.pool.Query(ctx, `select id, source, title, locale, version, collection
		from knowledge_documents where $1 = '' or collection = $1 order by id`, collection)
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (knowledge.Document, error) {
		var d knowledge.Document
		err := row.Scan(&d.ID, &d.Source, &d.Title, &d.Locale, &d.Version, &d.Collection)
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	return list, nil
}
