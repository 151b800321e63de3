package pgvector

import (
	"cmp"
	"encoding/binary"
	"maps"
	"math"
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
				if list = append(list, one{int32(at*pageSize + i), p.ids[i]}); len(list) == f.matching {
					return list
				}
			}
		}
	}
	return list
}

const readFacts = `select c.no, c.hash, v.embedding from knowledge_@_chunks c join knowledge_@_vectors v on v.no = c.no
	where c.no = any($1::int[])`

// keptOf takes the vectors of few that are kept to the proposals, in the places of their
// chunks, and gives the places of the others by their numbers.
func (x *Index) keptOf(few []one, p *proposals) (missing map[int32]int) {
	numbers := make([]int32, len(few))
	for i, c := range few {
		numbers[i] = c.no
	}
	kept, _ := x.facts.get(numbers)
	for i, f := range kept {
		if f == nil || f.vector == nil {
			if missing == nil {
				missing = map[int32]int{}
			}
			kept[i], missing[numbers[i]] = nil, i
		}
	}
	p.scanned, p.few, p.vectors = true, few, kept
	return missing
}

// queueFew asks for the vectors that are not kept. All of them go to the proposals: there
// may be no room to keep them.
func (x *Index) queueFew(batch *pgx.Batch, few []one, p *proposals) {
	places := x.keptOf(few, p)
	if len(places) == 0 {
		return
	}
	missing, kept := slices.Sorted(maps.Keys(places)), p.vectors
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
			kept[places[no]] = &f
			x.facts.keep(no, f, len(f.hash)+len(f.vector))
			return nil
		})
		return err
	})
}

// known says that no vector of few has to be read.
func (p *proposals) known() bool { return p.few != nil && !slices.Contains(p.vectors, nil) }

// nearest puts the nearest of few in order, ties by their names. One whose vector is not
// there is newer than what the database was asked for.
func (p *proposals) nearest() {
	if p.few == nil {
		return
	}
	all, at := make([]neighbour, len(p.few)), make([]int, 0, len(p.few))
	near := nearness(p.q.Vector)
	for i, f := range p.vectors {
		if f != nil {
			at, all[i] = append(at, i), neighbour{p.few[i].no, f.hash, near(f)}
		}
	}
	slices.SortFunc(at, func(a, b int) int {
		if x, y := float32(all[a].dense), float32(all[b].dense); x != y {
			return cmp.Compare(y, x)
		}
		return cmp.Compare(p.few[a].id, p.few[b].id)
	})
	p.near = make([]neighbour, min(knowledge.Depth, len(at)))
	for i := range p.near {
		p.near[i] = all[at[i]]
	}
	p.few, p.vectors = nil, nil
}

// nearness compares a question with chunks. Hashed words leave most of a vector zero, and
// only what is not is looked at.
func nearness(question []float32) func(*fact) float64 {
	var parts []int
	for i, x := range question {
		if x != 0 {
			parts = append(parts, i)
		}
	}
	if 4*len(parts) > len(question) {
		return func(f *fact) float64 { return f.cosine(question) }
	}
	return func(f *fact) float64 {
		var sum float32
		for _, i := range parts {
			sum += question[i] * float32(int16(binary.LittleEndian.Uint16(f.vector[4+2*i:])))
		}
		return float64(sum * math.Float32frombits(binary.LittleEndian.Uint32(f.vector)))
	}
}
