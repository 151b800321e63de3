package pgvector

import (
	"maps"
	"slices"

	"github.com/recado/recado/knowledge"
)

// facet is what a query filters by; documents that agree in all of it share one.
type facet struct {
	language string
	meta     knowledge.Meta // as much of it as knowledge.Reader.Allows asks for
}

// filter is what a query may find: chunks of these facets, and of these documents if
// there is a list.
type filter struct {
	facets    map[int32]bool
	documents map[int32]bool
	// all and matching count the chunks that can be found at all, and by the facets.
	all, matching int
}

// filter decides about every facet. The caller holds the lock.
func (w *words) filter(q knowledge.Query, documents map[int32]bool) filter {
	f := filter{facets: map[int32]bool{}, documents: documents}
	language, reader := knowledge.Language(q.Locale), q.Reader()
	for id, facet := range w.facets {
		if n := w.counts[id]; n > 0 {
			f.all += n
			if (language == "" || facet.language == language) && reader.Allows(facet.meta) {
				f.facets[id] = true
				f.matching += n
			}
		}
	}
	return f
}

// list are the facets in order, as a parameter.
func (f filter) list() []int32 {
	list := make([]int32, 0, len(f.facets))
	for id := range f.facets {
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}

// numbers are the documents as a parameter, nil when there is no list.
func (f filter) numbers() []int32 {
	if f.documents == nil {
		return nil
	}
	return slices.AppendSeq([]int32{}, maps.Keys(f.documents))
}

// finds says whether a chunk of the facet and document passes.
func (f filter) finds(facet, document int32) bool {
	return facet > 0 && f.facets[facet] && (f.documents == nil || f.documents[document])
}
