package pgvector

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	vector "github.com/pgvector/pgvector-go"

	"github.com/recado/recado/knowledge"
)

// candidates puts the proposals together, with the number of each chunk by its ID. They
// are not whole when one is not there.
func (w *words) candidates(p proposals, facts map[int32]*fact) (list []knowledge.Candidate, numbers map[string]int32, whole bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	list = make([]knowledge.Candidate, 0, len(p.near)+len(p.lexical))
	numbers, whole = make(map[string]int32, cap(list)), true
	places := make(map[int32]int, cap(list))
	add := func(no int32) *knowledge.Candidate {
		c := w.candidate(no)
		if c.ChunkID == "" {
			whole = false
			return nil
		}
		places[no], numbers[c.ChunkID] = len(list), no
		list = append(list, c)
		return &list[len(list)-1]
	}
	for _, n := range p.near {
		if c := add(n.no); c != nil {
			c.ByDense, c.Dense, c.Hash = true, n.dense, n.hash
		}
	}
	for _, s := range p.lexical {
		if at, known := places[s.no]; known {
			list[at].ByLexical, list[at].Lexical, list[at].Self = true, s.score, s.self
			continue
		}
		c, f := add(s.no), facts[s.no]
		switch {
		case c == nil:
			continue
		case f != nil:
			c.Hash = f.hash
			if p.q.Vector != nil {
				c.Dense = f.cosine(p.q.Vector)
			}
		case p.needsFacts():
			whole = false
		}
		c.ByLexical, c.Lexical, c.Self = true, s.score, s.self
	}
	return list, numbers, whole
}

// needsFacts says whether what the words propose is ranked by more than them.
func (p proposals) needsFacts() bool { return p.q.Vector != nil || p.q.Distinct }

const (
	readFacts = `select c.no, c.hash, v.embedding from knowledge_@_chunks c join knowledge_@_vectors v on v.no = c.no
		where c.no = any($1::int[])`
	// In half precision, as the nearest by the index are: half of the reading.
	readHalfFacts = `select no, hash, embedding::vector from knowledge_@_chunks where no = any($1::int[])`
)

// factsOf gives what is known of the chunks that only the words propose, and reads what
// is not.
func (x *Index) factsOf(ctx context.Context, conn asker, p proposals) (map[int32]*fact, error) {
	if !p.needsFacts() {
		return nil, nil
	}
	near, numbers := make(map[int32]bool, len(p.near)), make([]int32, 0, len(p.lexical))
	for _, n := range p.near {
		near[n.no] = true
	}
	for _, s := range p.lexical {
		if !near[s.no] {
			numbers = append(numbers, s.no)
		}
	}
	facts := make(map[int32]*fact, len(numbers))
	known, missing := x.facts.get(numbers)
	for i, f := range known {
		if f != nil {
			facts[numbers[i]] = f
		}
	}
	if len(missing) == 0 {
		return facts, nil
	}
	return facts, x.readFacts(ctx, conn, p.scanned, missing, func(no int32, f *fact) { facts[no] = f })
}

// readFacts reads what is to be known of chunks and keeps it.
func (x *Index) readFacts(ctx context.Context, conn asker, full bool, numbers []int32, take func(int32, *fact)) error {
	query := readHalfFacts
	if full {
		query = readFacts
	}
	rows, err := conn.Query(ctx, x.in(query), numbers)
	if err != nil {
		return fmt.Errorf("read candidates: %w", err)
	}
	var no int32
	var hash string
	var raw []byte
	_, err = pgx.ForEachRow(rows, []any{&no, &hash, &raw}, func() error {
		var v vector.Vector
		if err := v.DecodeBinary(raw); err != nil {
			return err
		}
		f := fact{hash, knowledge.PackVector(v.Slice())}
		take(no, &f)
		x.facts.keep(no, f, len(f.hash)+len(f.vector))
		return nil
	})
	if err != nil {
		return fmt.Errorf("read candidates: %w", err)
	}
	return nil
}

// The offset keeps the planner from reading all documents for the few that are wanted.
const readPassages = `select c.no, ` + passage + `, ` + listed + `
	from knowledge_@_chunks c join knowledge_@_passages p on p.no = c.no
	cross join lateral (select * from knowledge_@_documents where no = c.document offset 0) d
	where c.no = any($1::int[])`

// passages gives those of chunks in their order, nil for one that is not there, and reads
// what is not kept.
func (x *Index) passages(ctx context.Context, conn asker, generation int64, numbers []int32) ([]*kept, error) {
	passages, missing := x.words.passagesOf(numbers)
	if len(missing) == 0 {
		return passages, nil
	}
	rows, err := conn.Query(ctx, x.in(readPassages), missing)
	if err != nil {
		return nil, fmt.Errorf("fetch passages: %w", err)
	}
	defer rows.Close()
	read := make(map[int32]*kept, len(missing))
	for rows.Next() {
		var no int32
		k := &kept{}
		if err := rows.Scan(append([]any{&no}, append(from(&k.chunk), into(&k.document)...)...)...); err != nil {
			return nil, fmt.Errorf("fetch passages: %w", err)
		}
		k.chunk.DocumentID, k.document.IndexedAt = k.document.ID, k.document.IndexedAt.UTC()
		read[no] = k
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("fetch passages: %w", err)
	}
	x.words.keep(generation, read)
	for i, no := range numbers {
		if passages[i] == nil {
			passages[i] = read[no]
		}
	}
	return passages, nil
}

// passagesOf gives the passages that are kept.
func (w *words) passagesOf(numbers []int32) (passages []*kept, missing []int32) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.passages.get(numbers)
}
