package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/recado/recado/knowledge"
)

// Replace implements knowledge.Index.
func (x *Index) Replace(ctx context.Context, d knowledge.Document, chunks []knowledge.Chunk) error {
	if err := knowledge.CheckChunks(d, chunks, x.config.Dim); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	var now int64
	err := x.write(ctx, func(tx *sql.Tx) (err error) {
		if now, err = x.advance(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `delete from documents where id = ?`, d.ID); err != nil {
			return fmt.Errorf("delete the former state: %w", err)
		}
		return insert(ctx, tx, d, chunks, now)
	})
	if err != nil {
		return fmt.Errorf("replace document %s: %w", d.ID, err)
	}
	if err := x.memory.Replace(ctx, d, chunks); err != nil {
		return err // unreachable: CheckChunks passed
	}
	x.generations[d.ID] = now
	return x.follow(ctx, now)
}

// Remove implements knowledge.Index.
func (x *Index) Remove(ctx context.Context, documentID string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	var now int64
	err := x.write(ctx, func(tx *sql.Tx) (err error) {
		if now, err = x.advance(ctx, tx); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `delete from documents where id = ?`, documentID)
		return err
	})
	if err != nil {
		return fmt.Errorf("remove document %s: %w", documentID, err)
	}
	if err := x.memory.Remove(ctx, documentID); err != nil {
		return err // unreachable: memory removes without errors
	}
	delete(x.generations, documentID)
	return x.follow(ctx, now)
}

// advance raises the generation, and refuses to write into an index that
// another process has given to another embedding model in the meantime.
func (x *Index) advance(ctx context.Context, tx *sql.Tx) (int64, error) {
	const query = `update meta set generation = generation + 1 where id = 1 and embedder = ? and dim = ? returning generation`
	var now int64
	err := tx.QueryRowContext(ctx, query, x.config.Embedder, x.config.Dim).Scan(&now)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, knowledge.ErrEmbedder
	}
	if err != nil {
		return 0, fmt.Errorf("raise the generation: %w", err)
	}
	return now, nil
}

func insert(ctx context.Context, tx *sql.Tx, d knowledge.Document, chunks []knowledge.Chunk, now int64) error {
	const document = `insert into documents (id, source, title, locale, version, collection, generation) values (?, ?, ?, ?, ?, ?, ?)`
	if _, err := tx.ExecContext(ctx, document, d.ID, d.Source, d.Title, d.Locale, d.Version, d.Collection, now); err != nil {
		return fmt.Errorf("insert the document: %w", err)
	}
	const chunk = `insert into chunks (document_id, seq, id, heading, text, question, start_byte, end_byte, vector)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?)`
	statement, err := tx.PrepareContext(ctx, chunk)
	if err != nil {
		return fmt.Errorf("prepare chunks: %w", err)
	}
	defer statement.Close() // the transaction ends with or without it
	for _, c := range chunks {
		_, err := statement.ExecContext(ctx, d.ID, c.Seq, c.ID, c.Heading, c.Text, c.Question, c.Start, c.End, encode(c.Vector))
		if err != nil {
			return fmt.Errorf("insert chunk %s: %w", c.ID, err)
		}
	}
	return nil
}

// follow notes that memory is at the generation, after the process's own
// change. When another process changed the file before, its changes are loaded
// first.
func (x *Index) follow(ctx context.Context, now int64) error {
	if x.seen.CompareAndSwap(now-1, now) {
		return nil
	}
	return x.reload(ctx)
}

// refresh brings memory in step when another process changed the file. While a
// writer or another search is at work on that, the search goes on with what memory
// has: the contract allows it one search.
func (x *Index) refresh(ctx context.Context) error {
	var now int64
	if err := x.db.QueryRowContext(ctx, `select generation from meta where id = 1`).Scan(&now); err != nil {
		return fmt.Errorf("read the generation: %w", err)
	}
	if now == x.seen.Load() || !x.mu.TryLock() {
		return nil
	}
	defer x.mu.Unlock()
	return x.reload(ctx)
}

// reload compares the generations of all documents with those in memory and
// loads what differs, in one read transaction. The caller holds mu.
func (x *Index) reload(ctx context.Context) error {
	// An immediate transaction would wait for writers; a read-only one sees
	// one state of the file without waiting.
	tx, err := x.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin to load: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	now, err := x.checkOwner(ctx, tx)
	if err != nil {
		return err
	}
	current, err := listGenerations(ctx, tx)
	if err != nil {
		return err
	}
	for id, generation := range current {
		if x.generations[id] == generation {
			continue
		}
		if err := x.load(ctx, tx, id); err != nil {
			return fmt.Errorf("load document %s: %w", id, err)
		}
		x.generations[id] = generation
	}
	for id := range x.generations {
		if _, ok := current[id]; ok {
			continue
		}
		if err := x.memory.Remove(ctx, id); err != nil {
			return err // unreachable: memory removes without errors
		}
		delete(x.generations, id)
	}
	x.seen.Store(now)
	return nil
}

// checkOwner reads the generation of a file that still belongs to the same
// embedding model.
func (x *Index) checkOwner(ctx context.Context, tx *sql.Tx) (int64, error) {
	var now int64
	var embedder string
	var dim int
	err := tx.QueryRowContext(ctx, `select generation, embedder, dim from meta where id = 1`).Scan(&now, &embedder, &dim)
	if err != nil {
		return 0, fmt.Errorf("read the generation: %w", err)
	}
	if embedder != x.config.Embedder || dim != x.config.Dim {
		return 0, fmt.Errorf("%w: now %s with %d dimensions", knowledge.ErrEmbedder, embedder, dim)
	}
	return now, nil
}

func listGenerations(ctx context.Context, tx *sql.Tx) (map[string]int64, error) {
	rows, err := tx.QueryContext(ctx, `select id, generation from documents`)
	if err != nil {
		return nil, fmt.Errorf("list generations: %w", err)
	}
	defer rows.Close() // rows.Err tells what matters
	list := map[string]int64{}
	for rows.Next() {
		var id string
		var generation int64
		if err := rows.Scan(&id, &generation); err != nil {
			return nil, fmt.Errorf("scan a generation: %w", err)
		}
		list[id] = generation
	}
	return list, rows.Err()
}

// load puts one document of the file into memory.
func (x *Index) load(ctx context.Context, tx *sql.Tx, id string) error {
	d := knowledge.Document{ID: id}
	const document = `select source, title, locale, version, collection from documents where id = ?`
	err := tx.QueryRowContext(ctx, document, id).Scan(&d.Source, &d.Title, &d.Locale, &d.Version, &d.Collection)
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `select seq, id, heading, text, question, start_byte, end_byte, vector
		from chunks where document_id = ? order by seq`, id)
	if err != nil {
		return err
	}
	defer rows.Close() // rows.Err tells what matters
	var chunks []knowledge.Chunk
	for rows.Next() {
		c := knowledge.Chunk{DocumentID: id}
		var vector []byte
		if err := rows.Scan(&c.Seq, &c.ID, &c.Heading, &c.Text, &c.Question, &c.Start, &c.End, &vector); err != nil {
			return err
		}
		c.Vector = decode(vector)
		chunks = append(chunks, c)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return x.memory.Replace(ctx, d, chunks)
}

// Documents implements knowledge.Index. It reads the file, so that an ingest
// never decides on an outdated list.
func (x *Index) Documents(ctx context.Context, collection string) ([]knowledge.Document, error) {
	rows, err := x.db.QueryContext(ctx, `select id, source, title, locale, version, collection
		from documents where ?1 = '' or collection = ?1 order by id`, collection)
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	defer rows.Close() // rows.Err tells what matters
	list := []knowledge.Document{}
	for rows.Next() {
		var d knowledge.Document
		if err := rows.Scan(&d.ID, &d.Source, &d.Title, &d.Locale, &d.Version, &d.Collection); err != nil {
			return nil, fmt.Errorf("scan a document: %w", err)
		}
		list = append(list, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	return list, nil
}

// Search implements knowledge.Index.
func (x *Index) Search(ctx context.Context, q knowledge.Query) ([]knowledge.Hit, error) {
	if err := x.refresh(ctx); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return x.memory.Search(ctx, q)
}

// encode writes a vector as the file keeps it.
func encode(v []float32) []byte {
	blob := make([]byte, 0, 4*len(v))
	for _, f := range v {
		blob = binary.LittleEndian.AppendUint32(blob, math.Float32bits(f))
	}
	return blob
}

func decode(blob []byte) []float32 {
	v := make([]float32, len(blob)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(blob[4*i:]))
	}
	return v
}
