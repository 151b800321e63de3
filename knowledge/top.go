package knowledge

import (
	"cmp"
	"container/heap"
	"slices"
)

// top keeps the best of the slots it is offered, in the order of SortCandidates:
// by score as float32, ties by chunk ID.
type top struct {
	memory *Memory
	limit  int
	list   []scored // a heap, the worst first
}

func newTop(m *Memory, limit int) *top {
	return &top{memory: m, limit: limit, list: make([]scored, 0, limit)}
}

// compare is negative when a is better than b.
func (t *top) compare(a, b scored) int {
	if c := cmp.Compare(float32(b.score), float32(a.score)); c != 0 {
		return c
	}
	return cmp.Compare(t.memory.slots[a.slot].ID, t.memory.slots[b.slot].ID)
}

func (t *top) offer(s scored) {
	if len(t.list) < t.limit {
		heap.Push(t, s)
		return
	}
	if t.compare(s, t.list[0]) < 0 {
		t.list[0] = s
		heap.Fix(t, 0)
	}
}

func (t *top) sorted() []scored {
	slices.SortFunc(t.list, t.compare)
	return t.list
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (t *top) Len() int           { return len(t.list) }
func (t *top) Less(i, j int) bool { return t.compare(t.list[i], t.list[j]) > 0 }
func (t *top) Swap(i, j int)      { t.list[i], t.list[j] = t.list[j], t.list[i] }

// Push appends a value of type scored.
func (t *top) Push(x any) { t.list = append(t.list, x.(scored)) }

// Pop takes the last value off.
func (t *top) Pop() any {
	last := t.list[len(t.list)-1]
	t.list = t.list[:len(t.list)-1]
	return last
}
