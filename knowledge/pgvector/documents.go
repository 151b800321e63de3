package pgvector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/knowledge"
)

// former is what the index has of a document before it is replaced.
type former struct {
	no int32
	// Document has the title and the locale, with which its words are found again.
	knowledge.Document
	chunks []knowledge.Chunk
	// places are the chunks' numbers and facets.
	places []facetOf
}

// section are the words of the former chunks.
func (f former) section() section {
	s := analyse(f.Document, f.chunks)
	s.document = f.no
	for i, p := range f.places {
		s.chunks[i].no, s.chunks[i].facet = p.no, p.facet
	}
	return s
}

// Replace implements knowledge.Index. It takes four round trips, and one for every few
// hundred chunks more.
func (x *Index) Replace(ctx context.Context, d knowledge.Document, chunks []knowledge.Chunk) error {
	if err := knowledge.CheckChunks(d, chunks, x.identity.Dim); err != nil {
		return err
	}
	return x.replace(ctx, d, chunks, func(i int) ([]float32, error) { return chunks[i].Vector, nil })
}

// ReplaceStreamed implements knowledge.Streamed.
func (x *Index) ReplaceStreamed(ctx context.Context, d knowledge.Document, chunks []knowledge.Chunk, vector func(int) ([]float32, error)) error {
	if err := knowledge.CheckDocument(d, chunks); err != nil {
		return err
	}
	return x.replace(ctx, d, chunks, func(i int) ([]float32, error) {
		v, err := vector(i)
		if err != nil {
			return nil, err
		}
		return v, knowledge.CheckVector(d, chunks[i], v, x.identity.Dim)
	})
}

// replace writes a document with the vectors that are asked for in their order.
func (x *Index) replace(ctx context.Context, d knowledge.Document, chunks []knowledge.Chunk, vector func(int) ([]float32, error)) error {
	added := analyse(d, chunks) // the slow part needs no transaction
	pending := 0
	err := x.inTx(ctx, together, func(tx pgx.Tx) error {
		in, err := x.former(ctx, tx, d, len(chunks))
		if err != nil {
			return err
		}
		for i, no := range in.numbers {
			added.chunks[i].no, added.chunks[i].facet = no, in.facet
			if in.revoked[chunks[i].Hash] {
				added.chunks[i].facet = -in.facet
			}
		}
		if err := x.clear(ctx, tx, in.former); err != nil {
			return err
		}
		if added.document, err = x.put(ctx, tx, d, len(chunks)); err != nil {
			return err
		}
		pending, err = x.insert(ctx, tx, chunks, vector, change{removed: in.former.section(), added: added})
		return err
	})
	if err != nil {
		return fmt.Errorf("replace document %s: %w", d.ID, x.mine(ctx, err))
	}
	x.foldAfter(ctx, pending)
	return nil
}

// incoming is what a Replace has to know first.
type incoming struct {
	former  former
	facet   int32
	numbers []int32
	revoked map[string]bool
}

const (
	lockDocument = `select pg_advisory_xact_lock(@, hashtext($1))`
	oldDocument  = `select no, title, locale from knowledge_@_documents where id = $1`
	oldPassages  = `select c.no, c.facet, p.heading, p.body, p.question
		from knowledge_@_documents d join knowledge_@_chunks c on c.document = d.no join knowledge_@_passages p on p.no = c.no
		where d.id = $1 order by c.no`
	takeNumbers = `select nextval(pg_get_serial_sequence('knowledge_@_chunks', 'no'))::int from generate_series(1, $1::int)`
	revokedOf   = `select hash from knowledge_revocations where document_id = $1`
	takeFacet   = `with known as (
			select id from knowledge_@_facets where (language, audience, markets, valid_from, valid_to) = ($1, $2, $3::text[], $4, $5)
			for key share
		), made as (
			insert into knowledge_@_facets (language, audience, markets, valid_from, valid_to)
			select $1, $2, $3::text[], $4, $5 where not exists (select from known)
			on conflict (language, audience, markets, valid_from, valid_to) do update set language = excluded.language
			returning id
		)
		select id from known union all select id from made`
)

// former holds the document and reads what there is of it.
func (x *Index) former(ctx context.Context, tx pgx.Tx, d knowledge.Document, chunks int) (in incoming, err error) {
	batch := &pgx.Batch{}
	x.queueFormer(batch, d.ID, &in.former)
	batch.Queue(x.in(takeFacet), knowledge.Language(d.Locale), string(d.Audience), list(d.Markets), d.ValidFrom, d.ValidTo).
		QueryRow(func(row pgx.Row) error { return row.Scan(&in.facet) })
	batch.Queue(x.in(takeNumbers), chunks).Query(func(rows pgx.Rows) (err error) {
		in.numbers, err = pgx.CollectRows(rows, pgx.RowTo[int32])
		return err
	})
	in.revoked = map[string]bool{}
	batch.Queue(revokedOf, d.ID).Query(func(rows pgx.Rows) error {
		var hash string
		_, err := pgx.ForEachRow(rows, []any{&hash}, func() error {
			in.revoked[hash] = true
			return nil
		})
		return err
	})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return in, fmt.Errorf("read the former state: %w", err)
	}
	return in, nil
}

// queueFormer holds a document against other writers and reads it.
func (x *Index) queueFormer(batch *pgx.Batch, id string, f *former) {
	batch.Queue(existsSpace, x.space).QueryRow(func(row pgx.Row) error {
		var kept bool
		if err := row.Scan(&kept); err != nil || kept {
			return err
		}
		return knowledge.ErrIdentity
	})
	batch.Queue(x.in(lockDocument), id)
	batch.Queue(x.in(oldDocument), id).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&f.no, &f.Title, &f.Locale}, func() error { return nil })
		return err
	})
	batch.Queue(x.in(oldPassages), id).Query(func(rows pgx.Rows) error {
		var c knowledge.Chunk
		var at facetOf
		_, err := pgx.ForEachRow(rows, []any{&at.no, &at.facet, &c.Heading, &c.Text, &c.Question}, func() error {
			f.chunks, f.places = append(f.chunks, c), append(f.places, at)
			return nil
		})
		return err
	})
}

// clear takes the former chunks away.
func (x *Index) clear(ctx context.Context, tx pgx.Tx, f former) error {
	if len(f.places) == 0 {
		return nil
	}
	numbers := make([]int32, len(f.places))
	for i, p := range f.places {
		numbers[i] = p.no
	}
	batch := &pgx.Batch{}
	batch.Queue(x.in(`delete from knowledge_@_chunks where no = any($1)`), numbers)
	batch.Queue(x.in(`delete from knowledge_@_vectors where no = any($1)`), numbers)
	batch.Queue(x.in(`delete from knowledge_@_passages where no = any($1)`), numbers)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("delete the former passages: %w", err)
	}
	return nil
}

const putDocument = `
insert into knowledge_@_documents (id, title, locale, audience, markets, valid_from, valid_to, approver,
	tags, source, collection, version, body, format, validator, indexed_at, passages)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
on conflict (id) do update set title = excluded.title, locale = excluded.locale, audience = excluded.audience,
	markets = excluded.markets, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
	approver = excluded.approver, tags = excluded.tags, source = excluded.source, collection = excluded.collection,
	version = excluded.version, body = excluded.body, format = excluded.format, validator = excluded.validator,
	indexed_at = excluded.indexed_at, passages = excluded.passages
returning no`

func (x *Index) put(ctx context.Context, tx pgx.Tx, d knowledge.Document, passages int) (no int32, err error) {
	err = tx.QueryRow(ctx, x.in(putDocument), d.ID, d.Title, d.Locale, string(d.Audience), list(d.Markets), d.ValidFrom, d.ValidTo,
		d.Approver, list(d.Tags), d.Source, d.Collection, d.Version, d.Body, string(d.Format), d.Validator,
		d.IndexedAt, passages).Scan(&no)
	if err != nil {
		return 0, fmt.Errorf("insert the document: %w", err)
	}
	return no, nil
}

// list is never null, as the columns want it.
func list(texts []string) []string { return append([]string{}, texts...) }

const (
	insertChunk = `insert into knowledge_@_chunks (no, document, facet, tokens, id, hash, embedding)
		overriding system value values ($1, $2, $3, $4, $5, $6, $7::vector::halfvec(DIM))`
	insertVector   = `insert into knowledge_@_vectors (no, embedding) values ($1, $2::vector)`
	insertPassages = `insert into knowledge_@_passages (no, seq, heading, body, question, start_byte, end_byte)
		select * from unnest($1::int[], $2::int[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[])`
	// The row of the space is held only from here to the end of the transaction: that
	// the log is in the order of commits is what readers rely on.
	insertLog = `
		with counted as (
			update knowledge_spaces set generation = generation + 1, pending = pending + $2::int where id = @
			returning generation, pending
		), noted as (
			insert into knowledge_@_log (generation, change) select generation, $1::bytea from counted
		)
		select pending from counted`
)

// insertedAtOnce is how many chunks are sent together: a large document is in memory once
// and not as statements as well.
const insertedAtOnce = 500

// insert adds chunks and the change to the log, which says how many wait to be
// folded.
func (x *Index) insert(ctx context.Context, tx pgx.Tx, chunks []knowledge.Chunk, vector func(int) ([]float32, error), c change) (pending int, err error) {
	batch := &pgx.Batch{}
	for from := 0; from < len(chunks); from += insertedAtOnce {
		if from > 0 {
			if err := tx.SendBatch(ctx, batch).Close(); err != nil {
				return 0, fmt.Errorf("insert the passages: %w", err)
			}
			batch = &pgx.Batch{}
		}
		if err := x.queueChunks(batch, chunks, from, vector, c.added); err != nil {
			return 0, err
		}
	}
	x.queueLog(batch, c, &pending)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return 0, fmt.Errorf("insert the passages: %w", err)
	}
	return pending, nil
}

// queueChunks inserts some chunks, beginning with one.
func (x *Index) queueChunks(batch *pgx.Batch, chunks []knowledge.Chunk, from int, vector func(int) ([]float32, error), added section) error {
	var numbers, seqs, starts, ends []int
	var headings, bodies, questions []string
	for i := from; i < min(from+insertedAtOnce, len(chunks)); i++ {
		v, err := vector(i)
		if err != nil {
			return err
		}
		chunk, w, embedding := chunks[i], added.chunks[i], packed(v)
		batch.Queue(x.in(insertChunk), w.no, added.document, w.facet, chunk.Tokens, chunk.ID, chunk.Hash, embedding)
		batch.Queue(x.in(insertVector), w.no, embedding)
		numbers, seqs = append(numbers, int(w.no)), append(seqs, chunk.Seq)
		starts, ends = append(starts, chunk.Start), append(ends, chunk.End)
		headings, bodies, questions = append(headings, chunk.Heading), append(bodies, chunk.Text), append(questions, chunk.Question)
	}
	batch.Queue(x.in(insertPassages), numbers, seqs, headings, bodies, questions, starts, ends)
	return nil
}

func (x *Index) queueLog(batch *pgx.Batch, c change, pending *int) {
	batch.Queue(x.in(insertLog), c.pack(), c.size()).QueryRow(func(row pgx.Row) error { return row.Scan(pending) })
}

// Remove implements knowledge.Index.
func (x *Index) Remove(ctx context.Context, documentID string) error {
	pending := 0
	err := x.inTx(ctx, together, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		var f former
		x.queueFormer(batch, documentID, &f)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil || f.no == 0 {
			return err
		}
		if err := x.clear(ctx, tx, f); err != nil {
			return err
		}
		batch = &pgx.Batch{}
		batch.Queue(x.in(`delete from knowledge_@_documents where no = $1`), f.no)
		x.queueLog(batch, change{removed: f.section()}, &pending)
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return fmt.Errorf("remove document %s: %w", documentID, x.mine(ctx, err))
	}
	x.foldAfter(ctx, pending)
	return nil
}

// Touch implements knowledge.Index.
func (x *Index) Touch(ctx context.Context, d knowledge.Document) error {
	err := x.inTx(ctx, together, func(tx pgx.Tx) error {
		const update = `update knowledge_@_documents set source = $2, collection = $3, validator = $4 where id = $1 returning no`
		var no int32
		err := tx.QueryRow(ctx, x.in(update), d.ID, d.Source, d.Collection, d.Validator).Scan(&no)
		if errors.Is(err, pgx.ErrNoRows) {
			return knowledge.ErrNotFound
		}
		if err != nil {
			return err
		}
		return x.noteTouched(ctx, tx, no)
	})
	if err != nil {
		return fmt.Errorf("touch document %s: %w", d.ID, x.mine(ctx, err))
	}
	return nil
}

// noteTouched puts the document's passages into the log as they are, so that processes
// read anew what they keep of them.
func (x *Index) noteTouched(ctx context.Context, tx pgx.Tx, document int32) error {
	rows, err := tx.Query(ctx, x.in(`select no, facet from knowledge_@_chunks where document = $1`), document)
	if err != nil {
		return err
	}
	var c change
	if c.facets, err = pgx.CollectRows(rows, scanFacet); err != nil || len(c.facets) == 0 {
		return err
	}
	batch, pending := &pgx.Batch{}, 0
	x.queueLog(batch, c, &pending)
	return tx.SendBatch(ctx, batch).Close()
}

func scanFacet(row pgx.CollectableRow) (f facetOf, err error) {
	err = row.Scan(&f.no, &f.facet)
	return f, err
}

// listed are the columns of a document without its body.
const listed = `d.id, d.title, d.locale, d.audience, d.markets, d.valid_from, d.valid_to, d.approver, d.tags,
	d.source, d.collection, d.version, d.format, d.validator, d.indexed_at, d.passages`

// into are the places for the columns of listed.
func into(d *knowledge.Document) []any {
	return []any{
		&d.ID, &d.Title, &d.Locale, &d.Audience, &d.Markets, &d.ValidFrom, &d.ValidTo, &d.Approver, &d.Tags,
		&d.Source, &d.Collection, &d.Version, &d.Format, &d.Validator, &d.IndexedAt, &d.Passages,
	}
}

// Documents implements knowledge.Index.
func (x *Index) Documents(ctx context.Context, collection string) ([]knowledge.Document, error) {
	const query = `select ` + listed + ` from knowledge_@_documents d where $1 = '' or collection = $1 order by id`
	rows, err := x.pool.Query(ctx, x.in(query), collection)
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", x.mine(ctx, err))
	}
	documents, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d knowledge.Document, err error) {
		err = row.Scan(into(&d)...)
		d.IndexedAt = d.IndexedAt.In(time.UTC)
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", x.mine(ctx, err))
	}
	return documents, nil
}

// passage are the columns of a chunk, of which p are the texts and c the rest.
const passage = `c.id, p.seq, p.heading, p.body, p.question, p.start_byte, p.end_byte, c.tokens, c.hash, c.facet < 0`

// from are the places for the columns of passage.
func from(c *knowledge.Chunk) []any {
	return []any{&c.ID, &c.Seq, &c.Heading, &c.Text, &c.Question, &c.Start, &c.End, &c.Tokens, &c.Hash, &c.Revoked}
}

// Document implements knowledge.Index. It reads the passages in the same moment as
// the document.
func (x *Index) Document(ctx context.Context, documentID string) (d knowledge.Document, chunks []knowledge.Chunk, err error) {
	err = pgx.BeginTxFunc(ctx, x.pool, snapshot, func(tx pgx.Tx) error {
		var no int32
		const query = `select ` + listed + `, d.body, d.no from knowledge_@_documents d where id = $1`
		if err := tx.QueryRow(ctx, x.in(query), documentID).Scan(append(into(&d), &d.Body, &no)...); err != nil {
			return err
		}
		const passages = `select ` + passage + ` from knowledge_@_chunks c join knowledge_@_passages p on p.no = c.no
			where c.document = $1 order by p.seq`
		rows, err := tx.Query(ctx, x.in(passages), no)
		if err != nil {
			return err
		}
		chunks, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (knowledge.Chunk, error) {
			c := knowledge.Chunk{DocumentID: documentID}
			err := row.Scan(from(&c)...)
			return c, err
		})
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return knowledge.Document{}, nil, fmt.Errorf("document %s: %w", documentID, x.mine(ctx, err))
	}
	d.IndexedAt = d.IndexedAt.In(time.UTC)
	return d, chunks, nil
}

// snapshot is a transaction that sees one moment and changes nothing.
var snapshot = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
