package pgvector

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/knowledge"
)

const (
	readPassages = `select c.no, ` + passage + ` from knowledge_@_chunks c join knowledge_@_passages p on p.no = c.no
		where c.no = any($1::int[])`
	readDocuments = `select d.no, ` + listed + ` from knowledge_@_documents d where d.no = any($1::int[])`
)

// passages gives those of chunks in their order, nil for one that is not there, and reads
// what is not kept.
func (x *Index) passages(ctx context.Context, conn asker, generation int64, numbers []int32) ([]*kept, error) {
	s := x.words.shownOf(numbers)
	if len(s.missing) == 0 {
		return s.passages, nil
	}
	batch, read := &pgx.Batch{}, fresh{map[int32]*kept{}, map[int32]*knowledge.Document{}}
	// The documents come first: of one that is replaced in between the passages are not there
	// any more.
	if len(s.unknown) > 0 {
		batch.Queue(x.in(readDocuments), s.unknown).Query(read.scanDocuments)
	}
	batch.Queue(x.in(readPassages), s.missing).Query(read.scanPassages)
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("fetch passages: %w", err)
	}
	s.add(read)
	x.words.keep(generation, read)
	return s.passages, nil
}

// fresh are passages and documents that were read, by number.
type fresh struct {
	passages  map[int32]*kept
	documents map[int32]*knowledge.Document
}

func (f fresh) scanDocuments(rows pgx.Rows) error {
	for rows.Next() {
		var no int32
		d := &knowledge.Document{}
		if err := rows.Scan(append([]any{&no}, into(d)...)...); err != nil {
			return err
		}
		d.IndexedAt = d.IndexedAt.UTC()
		f.documents[no] = d
	}
	return rows.Err()
}

func (f fresh) scanPassages(rows pgx.Rows) error {
	for rows.Next() {
		var no int32
		k := &kept{}
		if err := rows.Scan(append([]any{&no}, from(&k.chunk)...)...); err != nil {
			return err
		}
		f.passages[no] = k
	}
	return rows.Err()
}

// shown is what hits show of chunks: what is kept of it, and what has to be read.
type shown struct {
	numbers []int32
	// passages are those of the numbers, nil where they are missing.
	passages []*kept
	missing  []int32
	// documents are the numbers of those of the missing passages, kept the ones that are
	// kept and unknown the others.
	documents map[int32]int32
	kept      map[int32]*knowledge.Document
	unknown   []int32
}

// shownOf gives what is kept. What is not is asked for once.
func (w *words) shownOf(numbers []int32) shown {
	w.mu.RLock()
	defer w.mu.RUnlock()
	s := shown{numbers: numbers, documents: map[int32]int32{}, kept: map[int32]*knowledge.Document{}}
	s.passages, s.missing = w.passages.get(numbers)
	var wanted []int32
	for _, no := range s.missing {
		_, document := w.facetOf(no)
		s.documents[no] = document
		if _, asked := s.kept[document]; !asked {
			s.kept[document], wanted = nil, append(wanted, document)
		}
	}
	known, unknown := w.documents.get(wanted)
	for i, d := range known {
		s.kept[wanted[i]] = d
	}
	s.unknown = unknown
	return s
}

// add puts what was read in its place. A passage without its document is not there.
func (s *shown) add(read fresh) {
	for no, k := range read.passages {
		document := s.documents[no]
		if k.document = s.kept[document]; k.document == nil {
			k.document = read.documents[document]
		}
		if k.document == nil {
			delete(read.passages, no)
			continue
		}
		k.chunk.DocumentID = k.document.ID
	}
	for i, no := range s.numbers {
		if s.passages[i] == nil {
			s.passages[i] = read.passages[no]
		}
	}
}
