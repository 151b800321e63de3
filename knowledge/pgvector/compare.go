package pgvector

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	vector "github.com/pgvector/pgvector-go"

	"github.com/recado/recado/knowledge"
)

// candidates puts the proposals together, with the number of each chunk by its ID. They
// are not whole when one is not there.
func (w *words) candidates(p proposals) (list []knowledge.Candidate, numbers map[string]int32, whole bool) {
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
		c := add(s.no)
		if c == nil {
			continue
		}
		f, known := p.facts[s.no]
		whole = whole && (known || !p.needsFacts())
		c.Hash, c.Dense = f.hash, f.dense
		c.ByLexical, c.Lexical, c.Self = true, s.score, s.self
	}
	return list, numbers, whole
}

// needsFacts says whether what the words propose is ranked by more than them.
func (p *proposals) needsFacts() bool { return p.q.Vector != nil || p.q.Distinct }

// compared is a chunk that words propose: its content, and how near it is to the
// question.
type compared struct {
	hash  string
	dense float64
}

// recall compares what the words propose with the question by what is kept, but what is
// among the nearest or compared already. Missing is what the database has to compare, and
// known what it has compared before.
func (x *Index) recall(p *proposals, near []neighbour) (missing, known []int32) {
	if !p.needsFacts() {
		return nil, nil
	}
	if p.facts == nil {
		p.facts = make(map[int32]compared, len(p.lexical))
	}
	there := make(map[int32]bool, len(near))
	for _, n := range near {
		there[n.no] = true
	}
	numbers := make([]int32, 0, len(p.lexical))
	for _, s := range p.lexical {
		if _, done := p.facts[s.no]; !done && !there[s.no] {
			numbers = append(numbers, s.no)
		}
	}
	kept, missing := x.facts.get(numbers)
	for i, f := range kept {
		switch {
		case f == nil:
		case p.q.Vector == nil:
			p.facts[numbers[i]] = compared{hash: f.hash}
		case f.vector == nil:
			missing, known = append(missing, numbers[i]), append(known, numbers[i])
		default:
			p.facts[numbers[i]] = compared{f.hash, f.cosine(p.q.Vector)}
		}
	}
	return missing, known
}

// The database compares, which takes a third of what it takes to send vectors. Those that
// were compared before come along.
const (
	compare = `select c.no, c.hash, (v.embedding <#> (select $2::vector)) * -1, case when c.no = any($3::int[]) then v.embedding end
		from knowledge_@_chunks c join knowledge_@_vectors v on v.no = c.no where c.no = any($1::int[])`
	// In half precision, as the nearest by the index are: half of the reading.
	compareHalf = `select no, hash, (embedding <#> (select $2::vector::halfvec(DIM))) * -1,
		case when no = any($3::int[]) then embedding::vector end from knowledge_@_chunks where no = any($1::int[])`
)

// compare compares chunks with the question and keeps what is to be known of them. Most
// passages of a large index are proposed once: a vector is read when a question comes upon
// its chunk for the second time.
func (x *Index) compare(ctx context.Context, conn asker, p *proposals, missing, known []int32) error {
	query := compareHalf
	if p.scanned {
		query = compare
	}
	rows, err := conn.Query(ctx, x.in(query), missing, packed(p.q.Vector), known)
	if err != nil {
		return fmt.Errorf("compare candidates: %w", err)
	}
	var no int32
	var hash string
	var dense *float64
	var raw []byte
	_, err = pgx.ForEachRow(rows, []any{&no, &hash, &dense, &raw}, func() error {
		c, f := compared{hash: hash}, fact{hash: hash}
		if dense != nil && !math.IsNaN(*dense) {
			c.dense = *dense
		}
		if raw != nil {
			var v vector.Vector
			if err := v.DecodeBinary(raw); err != nil {
				return err
			}
			f.vector = knowledge.PackVector(v.Slice())
		}
		p.facts[no] = c
		x.facts.keep(no, f, len(f.hash)+len(f.vector))
		return nil
	})
	if err != nil {
		return fmt.Errorf("compare candidates: %w", err)
	}
	return nil
}
