package pgvector

import (
	"cmp"
	"slices"

	"github.com/jackc/pgx/v5"
	vector "github.com/pgvector/pgvector-go"

	"github.com/recado/recado/knowledge"
)

// Where a query may find few chunks, the process compares them all by itself: that takes
// less than asking. Their vectors are read once, a thousand of 512 dimensions take a
// megabyte. Up to amongAtMost chunks in all, looking for those that pass takes less, too.
const (
	fewAtMost   = 1024
	amongAtMost = 16 * pageSize
)

// one is a chunk that a query may find.
type one struct {
	no int32
	id string
}

// few are all chunks that pass a filter, or nil where those are many, or there is nothing
// to compare them with. The caller holds the lock.
func (w *words) few(q knowledge.Query, f filter) []one {
	if q.Vector == nil || f.matching == 0 || f.matching > w.fewAtMost || f.all > amongAtMost {
		return nil
	}
	list := make([]one, 0, f.matching)
	for at, p := range w.pages {
		if p == nil {
			continue
		}
		for i, facet := range p.facets {
			if facet > 0 && f.finds(facet, p.documents[i]) {
				list = append(list, one{int32(at*pageSize + i), p.ids[i]})
			}
		}
	}
	return list
}

const readFacts = `select c.no, c.hash, v.embedding from knowledge_@_chunks c join knowledge_@_vectors v on v.no = c.no
	where c.no = any($1::int[])`

// queueFew asks for the vectors that are not kept. What comes goes to the proposals, too:
// there may be no room to keep it.
func (x *Index) queueFew(batch *pgx.Batch, few []one, p *proposals) {
	numbers := make([]int32, len(few))
	for i, c := range few {
		numbers[i] = c.no
	}
	kept, missing := x.facts.get(numbers)
	p.scanned, p.few = true, make(map[int32]fact, len(few))
	for i, f := range kept {
		switch {
		case f == nil:
		case f.vector == nil:
			missing = append(missing, numbers[i])
		default:
			p.few[numbers[i]] = *f
		}
	}
	if len(missing) == 0 {
		return
	}
	batch.Queue(x.in(readFacts), missing).Query(func(rows pgx.Rows) error {
		var no int32
		var hash string
		var raw []byte
		_, err := pgx.ForEachRow(rows, []any{&no, &hash, &raw}, func() error {
			var v vector.Vector
			if err := v.DecodeBinary(raw); err != nil {
				return err
			}
			f := fact{hash, knowledge.PackVector(v.Slice())}
			p.few[no] = f
			x.facts.keep(no, f, len(f.hash)+len(f.vector))
			return nil
		})
		return err
	})
}

// nearest puts the nearest of few in order, ties by their names. One whose vector is not
// there is newer than what the database was asked for.
func (p *proposals) nearest(few []one) {
	type named struct {
		neighbour
		id string
	}
	all := make([]named, 0, len(few))
	for _, c := range few {
		if f, there := p.few[c.no]; there {
			all = append(all, named{neighbour{c.no, f.hash, f.cosine(p.q.Vector)}, c.id})
		}
	}
	slices.SortFunc(all, func(a, b named) int {
		return cmp.Or(cmp.Compare(float32(b.dense), float32(a.dense)), cmp.Compare(a.id, b.id))
	})
	p.near = make([]neighbour, min(knowledge.Depth, len(all)))
	for i := range p.near {
		p.near[i] = all[i].neighbour
	}
}
