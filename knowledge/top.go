package knowledge

import "slices"

// scored is a chunk with its score, and the highest score that was possible.
type scored struct {
	shard *shard
	slot  int32
	score float64
	self  float64
}

func (s scored) id() string { return s.shard.ids[s.slot] }

// compare is negative when a is better than b: by score as float32, ties by chunk ID.
func (s scored) compare(other scored) int {
	a, b := float32(s.score), float32(other.score)
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return compareScores(0, 0, s.id(), other.id())
}

// top keeps the best of the chunks it is offered.
type top struct {
	limit int
	list  []scored // a heap, the worst first
}

func newTop(limit int) *top {
	return &top{limit: limit, list: make([]scored, 0, limit)}
}

// wants says whether a chunk of that score may be good enough.
func (t *top) wants(score float64) bool {
	return len(t.list) < t.limit || float32(score) >= float32(t.list[0].score)
}

// least is a score that a chunk must have to be good enough. That of one that equals the
// worst may seem lower by rounding.
func (t *top) least() float64 {
	if len(t.list) < t.limit {
		return 0
	}
	return (1 - rounding) * t.list[0].score
}

// offer is called for very many chunks, most of which are not good enough: that is
// found out by one comparison. container/heap would allocate for each.
func (t *top) offer(s scored) {
	if len(t.list) < t.limit {
		t.list = append(t.list, s)
		if len(t.list) == t.limit {
			slices.SortFunc(t.list, func(a, b scored) int { return b.compare(a) })
		}
		return
	}
	if t.wants(s.score) && s.compare(t.list[0]) < 0 {
		t.list[0] = s
		t.sink()
	}
}

// sink moves the first of the heap to where it belongs.
func (t *top) sink() {
	for at := 0; ; {
		worst := 2*at + 1
		if worst >= len(t.list) {
			return
		}
		if right := worst + 1; right < len(t.list) && t.list[right].compare(t.list[worst]) > 0 {
			worst = right
		}
		if t.list[at].compare(t.list[worst]) >= 0 {
			return
		}
		t.list[at], t.list[worst] = t.list[worst], t.list[at]
		at = worst
	}
}

// sorted gives the best first.
func (t *top) sorted() []scored {
	slices.SortFunc(t.list, scored.compare)
	return t.list
}
