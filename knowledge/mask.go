package knowledge

import "math/bits"

// mask says with a bit for each slot which passages a query may find.
type mask struct {
	words slots
	count int
}

// slots is a set of slots near each other: a bit for each.
type slots []uint64

// all goes through the slots that are in the set, in order.
func (s slots) all(yield func(int32) bool) {
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			if !yield(int32(64*i + bits.TrailingZeros64(word))) {
				return
			}
		}
	}
}

func (m *mask) has(slot int32) bool {
	return m.words[slot/64]>>(slot%64)&1 == 1
}

func (m *mask) set(slot int32, allowed bool) {
	word, bit := &m.words[slot/64], uint64(1)<<(slot%64)
	if before := *word&bit != 0; before == allowed {
		return
	}
	*word ^= bit
	if allowed {
		m.count++
	} else {
		m.count--
	}
}

// grow makes room for n slots.
func (m *mask) grow(n int) {
	if more := (n+63)/64 - len(m.words); more > 0 {
		m.words = append(m.words, make([]uint64, more)...)
	}
}

// maxMasks bounds the masks that a shard keeps: 12.5 kB each at 100,000 passages.
const maxMasks = 64

// mask gives the passages that a query may find. Those of its reader are kept for the
// next query; a list of documents makes a mask of its own.
func (sh *shard) mask(q Query, documents map[string]*member) *mask {
	if q.Documents == nil {
		return sh.maskFor(q.Reader())
	}
	m, reader := &mask{}, q.Reader()
	m.grow(len(sh.ids))
	for _, id := range q.Documents {
		if d := documents[id]; d != nil && d.shard == sh && reader.Allows(d.meta) {
			sh.fill(m, d, true)
		}
	}
	return m
}

func (sh *shard) maskFor(r Reader) *mask {
	sh.masking.Lock()
	defer sh.masking.Unlock()
	if m := sh.masks[r]; m != nil {
		return m
	}
	if len(sh.masks) >= maxMasks {
		clear(sh.masks)
	}
	m := &mask{}
	m.grow(len(sh.ids))
	for slot := 0; slot < len(sh.ids); {
		d := sh.owners[slot]
		if d == nil {
			slot++
			continue
		}
		sh.fill(m, d, r.Allows(d.meta))
		slot = int(d.end)
	}
	sh.masks[r] = m
	return m
}

// fill sets the bits of a document that the query may find or not. What is removed or
// revoked is never found.
func (sh *shard) fill(m *mask, d *member, allowed bool) {
	for slot := d.first; slot < d.end; slot++ {
		m.set(slot, allowed && !sh.revoked[slot] && sh.owners[slot] != nil)
	}
}

// remask brings the kept masks in step with a document that came or went. Its caller
// keeps all searches out.
func (sh *shard) remask(d *member) {
	for r, m := range sh.masks {
		m.grow(len(sh.ids))
		sh.fill(m, d, r.Allows(d.meta))
	}
}

func (sh *shard) forgetMasks() { clear(sh.masks) }
