package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/recado/recado/knowledge"
)

// Replace implements knowledge.Index.
func (x *Index) Replace(ctx context.Context, d knowledge.Document, chunks []knowledge.Chunk) error {
	if err := knowledge.CheckChunks(d, chunks, x.row.Dim); err != nil {
		return err
	}
	// Analysing words is the slow part; it holds up nobody.
	passages := make([]knowledge.Passage, len(chunks))
	for i, c := range chunks {
		passages[i] = knowledge.NewPassage(d, c)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	now, err := x.replace(ctx, d, chunks, func(i int) (*knowledge.Passage, error) { return &passages[i], nil })
	if err != nil {
		return err
	}
	return x.follow(ctx, now, func() error {
		for i := range passages {
			passages[i].Revoked = x.revoked[revocationKey{d.ID, passages[i].Hash}]
		}
		if err := x.engine.Put(d, passages); err != nil {
			return err
		}
		x.generations[d.ID] = now
		return nil
	})
}

// ReplaceStreamed implements knowledge.Streamed. Words are analysed while it writes, one
// passage after the other, and memory follows from the file.
func (x *Index) ReplaceStreamed(ctx context.Context, d knowledge.Document, chunks []knowledge.Chunk, vector func(int) ([]float32, error)) error {
	if err := knowledge.CheckDocument(d, chunks); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	_, err := x.replace(ctx, d, chunks, func(i int) (*knowledge.Passage, error) {
		c := chunks[i]
		var err error
		if c.Vector, err = vector(i); err != nil {
			return nil, err
		}
		p := knowledge.NewPassage(d, c)
		return &p, knowledge.CheckVector(d, c, c.Vector, x.row.Dim)
	})
	if err != nil || !x.loaded {
		return err
	}
	return x.reload(ctx)
}

// replace writes a document with the passages that are asked for in their order.
func (x *Index) replace(ctx context.Context, d knowledge.Document, chunks []knowledge.Chunk, passage func(int) (*knowledge.Passage, error)) (now int64, err error) {
	now, err = x.change(ctx, func(tx *sql.Tx, now int64) error {
		if _, err := tx.ExecContext(ctx, `delete from documents where id = ?`, d.ID); err != nil {
			return fmt.Errorf("delete the former state: %w", err)
		}
		return insert(ctx, tx, d, chunks, passage, now)
	})
	if err != nil {
		return 0, fmt.Errorf("replace document %s: %w", d.ID, err)
	}
	return now, nil
}

// Remove implements knowledge.Index.
func (x *Index) Remove(ctx context.Context, documentID string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	now, err := x.change(ctx, func(tx *sql.Tx, _ int64) error {
		_, err := tx.ExecContext(ctx, `delete from documents where id = ?`, documentID)
		return err
	})
	if err != nil {
		return fmt.Errorf("remove document %s: %w", documentID, err)
	}
	return x.follow(ctx, now, func() error {
		x.forget(documentID)
		return nil
	})
}

func (x *Index) forget(documentID string) {
	x.engine.Remove(documentID)
	delete(x.generations, documentID)
}

// Touch implements knowledge.Index. Memory holds nothing of what it changes.
func (x *Index) Touch(ctx context.Context, d knowledge.Document) error {
	err := write(ctx, x.db, func(tx *sql.Tx) error {
		if _, err := x.changes(ctx, x.place); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `update documents set source = ?, collection = ?, validator = ? where id = ?`,
			d.Source, d.Collection, d.Validator, d.ID)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, knowledge.ErrNotFound)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("touch document %s: %w", d.ID, err)
	}
	return nil
}

// change writes in a transaction with the next generation. Inside of it, it refuses an
// index that was dropped in the meantime.
func (x *Index) change(ctx context.Context, do func(tx *sql.Tx, now int64) error) (now int64, err error) {
	err = write(ctx, x.db, func(tx *sql.Tx) error {
		if _, err := x.changes(ctx, x.place); err != nil {
			return err
		}
		const query = `update state set generation = generation + 1 returning generation`
		if err := tx.QueryRowContext(ctx, query).Scan(&now); err != nil {
			return fmt.Errorf("raise the generation: %w", err)
		}
		return do(tx, now)
	})
	return now, err
}

func insert(ctx context.Context, tx *sql.Tx, d knowledge.Document, chunks []knowledge.Chunk, passage func(int) (*knowledge.Passage, error), now int64) error {
	number, err := insertDocument(ctx, tx, d, len(chunks), now)
	if err != nil {
		return fmt.Errorf("insert the document: %w", err)
	}
	statement, err := tx.PrepareContext(ctx, `insert into chunks
		(document, seq, id, hash, tokens, words, terms, vector, start_byte, end_byte, heading, question, text)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning key`)
	if err != nil {
		return fmt.Errorf("prepare chunks: %w", err)
	}
	defer statement.Close() // the transaction ends with or without it
	for i, c := range chunks {
		p, err := passage(i)
		if err != nil {
			return err
		}
		err = statement.QueryRowContext(ctx, number, c.Seq, c.ID, c.Hash, c.Tokens, p.Words, p.Terms, p.Vector,
			c.Start, c.End, c.Heading, c.Question, c.Text).Scan(&p.Key)
		if err != nil {
			return fmt.Errorf("insert chunk %s: %w", c.ID, err)
		}
	}
	return nil
}

func insertDocument(ctx context.Context, tx *sql.Tx, d knowledge.Document, passages int, now int64) (number int64, err error) {
	markets, err := encodeList(d.Markets)
	if err != nil {
		return 0, err
	}
	tags, err := encodeList(d.Tags)
	if err != nil {
		return 0, err
	}
	const query = `insert into documents (id, generation, locale, audience, markets, tags, valid_from, valid_to, title,
		approver, source, collection, version, format, validator, indexed_at, passages, body)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning number`
	indexed := sql.NullInt64{Int64: d.IndexedAt.UnixMicro(), Valid: !d.IndexedAt.IsZero()}
	err = tx.QueryRowContext(ctx, query, d.ID, now, d.Locale, d.Audience, markets, tags, d.ValidFrom, d.ValidTo, d.Title,
		d.Approver, d.Source, d.Collection, d.Version, d.Format, d.Validator, indexed, passages, d.Body).Scan(&number)
	return number, err
}

func encodeList(list []string) (string, error) {
	encoded, err := json.Marshal(list)
	return string(encoded), err
}

// documentColumns are those that scanDocument reads.
const documentColumns = `d.id, d.locale, d.audience, d.markets, d.tags, d.valid_from, d.valid_to, d.title,
	d.approver, d.source, d.collection, d.version, d.format, d.validator, d.indexed_at, d.passages`

// scanDocument reads documentColumns, and more columns of the row into others.
func scanDocument(row interface{ Scan(...any) error }, others ...any) (d knowledge.Document, err error) {
	var markets, tags string
	var indexed sql.NullInt64
	columns := []any{
		&d.ID, &d.Locale, &d.Audience, &markets, &tags, &d.ValidFrom, &d.ValidTo, &d.Title,
		&d.Approver, &d.Source, &d.Collection, &d.Version, &d.Format, &d.Validator, &indexed, &d.Passages,
	}
	if err := row.Scan(append(columns, others...)...); err != nil {
		return d, err
	}
	if indexed.Valid {
		d.IndexedAt = time.UnixMicro(indexed.Int64).UTC()
	}
	return d, errors.Join(json.Unmarshal([]byte(markets), &d.Markets), json.Unmarshal([]byte(tags), &d.Tags))
}

// chunkColumns are those that chunkFields takes.
const chunkColumns = `c.seq, c.id, c.hash, c.tokens, c.start_byte, c.end_byte, c.heading, c.question, c.text`

func chunkFields(c *knowledge.Chunk) []any {
	return []any{&c.Seq, &c.ID, &c.Hash, &c.Tokens, &c.Start, &c.End, &c.Heading, &c.Question, &c.Text}
}

// Documents implements knowledge.Index. It reads the file, so that an ingest
// never decides on an outdated list.
func (x *Index) Documents(ctx context.Context, collection string) ([]knowledge.Document, error) {
	if _, err := x.changes(ctx, x.place); err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	rows, err := x.db.QueryContext(ctx, `select `+documentColumns+` from documents d
		where ?1 = '' or d.collection = ?1 order by d.id`, collection)
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	defer rows.Close() // rows.Err tells what matters
	list := []knowledge.Document{}
	for rows.Next() {
		d, err := scanDocument(rows)
		if err != nil {
			return nil, fmt.Errorf("scan a document: %w", err)
		}
		list = append(list, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	return list, nil
}

// Document implements knowledge.Index.
func (x *Index) Document(ctx context.Context, id string) (d knowledge.Document, chunks []knowledge.Chunk, err error) {
	if _, err := x.changes(ctx, x.place); err != nil {
		return d, nil, fmt.Errorf("read document %s: %w", id, err)
	}
	revoked, err := x.revokedKeys(ctx)
	if err != nil {
		return d, nil, fmt.Errorf("read document %s: %w", id, err)
	}
	err = read(ctx, x.db, func(tx *sql.Tx) error {
		var number int64
		var body string
		row := tx.QueryRowContext(ctx, `select `+documentColumns+`, d.number, d.body from documents d where d.id = ?`, id)
		if d, err = scanDocument(row, &number, &body); err != nil {
			return err
		}
		d.Body = body
		chunks, err = chunksOf(ctx, tx, d.ID, number, revoked)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return knowledge.Document{}, nil, fmt.Errorf("read document %s: %w", id, err)
	}
	return d, chunks, nil
}

func chunksOf(ctx context.Context, tx *sql.Tx, id string, number int64, revoked map[revocationKey]bool) ([]knowledge.Chunk, error) {
	rows, err := tx.QueryContext(ctx, `select `+chunkColumns+` from chunks c where c.document = ? order by c.seq`, number)
	if err != nil {
		return nil, err
	}
	defer rows.Close() // rows.Err tells what matters
	chunks := []knowledge.Chunk{}
	for rows.Next() {
		var c knowledge.Chunk
		if err := rows.Scan(chunkFields(&c)...); err != nil {
			return nil, err
		}
		c.DocumentID, c.Revoked = id, revoked[revocationKey{id, c.Hash}]
		chunks = append(chunks, c)
	}
	return chunks, rows.Err()
}
