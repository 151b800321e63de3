package knowledge

import "sync"

// shard holds the passages of one language. Languages are indexed apart from each
// other: a word's rarity in Spanish says nothing about English, a question of one
// language looks at nothing of another, and each has its own center of vectors.
//
// A passage's number in it is its slot. New ones come behind all others, so that lists
// of slots are in order by themselves; removed ones keep their place until compact.
type shard struct {
	window   int // how many slots the lexical search scores at a time
	words    *vocabulary
	vectors  vectors
	signs    *signs // nil as long as every search is exact
	ids      []string
	hashes   []string
	keys     []int64
	tokens   []int32
	lengths  []int32 // in words
	numbers  []termNumbers
	owners   []*member // nil for a passage that was removed
	revoked  []bool
	live     int
	masking  sync.Mutex
	masks    map[Reader]*mask
	centered int // how many passages the center was taken of
}

// member is a document as the engine knows it, with the slots of its passages.
type member struct {
	id         string
	meta       Meta // as much of it as Reader.Allows asks for
	shard      *shard
	first, end int32
}

func newShard(language string, dim int) *shard {
	return &shard{window: windowSlots, words: newVocabulary(language), vectors: vectors{dim: dim}, masks: map[Reader]*mask{}}
}

// append adds the passages of a document.
func (sh *shard) append(m *member, passages []Passage) error {
	m.shard, m.first = sh, int32(len(sh.ids))
	words := 0
	for _, p := range passages {
		slot, numbers := int32(len(sh.ids)), []uint32(nil)
		err := readTerms(p.Terms, func(term []byte, tf uint16) { numbers = append(numbers, sh.words.add(term, slot, tf, p.Words)) })
		if err != nil {
			return err
		}
		sh.vectors.append(p.Vector)
		sh.ids, sh.hashes, sh.keys = append(sh.ids, p.ID), append(sh.hashes, p.Hash), append(sh.keys, p.Key)
		sh.tokens, sh.lengths = append(sh.tokens, int32(p.Tokens)), append(sh.lengths, int32(p.Words))
		sh.numbers, sh.owners, sh.revoked = append(sh.numbers, packNumbers(numbers)), append(sh.owners, m), append(sh.revoked, p.Revoked)
		words += p.Words
	}
	m.end = int32(len(sh.ids))
	sh.words.Grow(len(passages), words)
	sh.live += len(passages)
	sh.remask(m)
	return nil
}

// settle has to come between append and a search.
func (sh *shard) settle() {
	sh.words.flush()
	sh.encode()
}

// remove takes a document's passages out.
func (sh *shard) remove(m *member) {
	words := 0
	sh.words.flush()
	for slot := m.first; slot < m.end; slot++ {
		sh.numbers[slot].each(func(number uint32) { sh.words.Add(sh.words.terms[number], -1) })
		words += int(sh.lengths[slot])
		sh.owners[slot], sh.numbers[slot], sh.ids[slot], sh.hashes[slot] = nil, "", "", ""
	}
	n := int(m.end - m.first)
	sh.words.Grow(-n, -words)
	sh.live -= n
	sh.remask(m)
	if dead := len(sh.ids) - sh.live; dead > slotsPerBlock && dead > sh.live/4 {
		sh.encode() // signs move with their vectors
		sh.compact()
	}
}

// compact closes the gaps that removed passages left.
func (sh *shard) compact() {
	moved, n := make([]int32, len(sh.ids)), int32(0)
	for slot, owner := range sh.owners {
		if moved[slot] = -1; owner == nil {
			continue
		}
		moved[slot] = n
		sh.move(int32(slot), n)
		n++
	}
	sh.truncate(int(n))
	sh.words.compact(moved)
	for slot, owner := range sh.owners {
		if slot == 0 || sh.owners[slot-1] != owner {
			owner.first = int32(slot)
		}
		owner.end = int32(slot) + 1
	}
	sh.forgetMasks()
}

func (sh *shard) move(from, to int32) {
	if from == to {
		return
	}
	sh.vectors.move(from, to)
	if sh.signs != nil {
		copy(sh.signs.at(to), sh.signs.at(from))
	}
	sh.ids[to], sh.hashes[to], sh.keys[to] = sh.ids[from], sh.hashes[from], sh.keys[from]
	sh.tokens[to], sh.lengths[to], sh.numbers[to] = sh.tokens[from], sh.lengths[from], sh.numbers[from]
	sh.owners[to], sh.revoked[to] = sh.owners[from], sh.revoked[from]
}

func (sh *shard) truncate(n int) {
	sh.vectors.truncate(n)
	if sh.signs != nil {
		sh.signs.truncate(n)
	}
	sh.ids, sh.hashes, sh.keys = shorten(sh.ids, n), shorten(sh.hashes, n), shorten(sh.keys, n)
	sh.tokens, sh.lengths, sh.numbers = shorten(sh.tokens, n), shorten(sh.lengths, n), shorten(sh.numbers, n)
	sh.owners, sh.revoked = shorten(sh.owners, n), shorten(sh.revoked, n)
}

// shorten keeps the first n and lets go of what the others point to.
func shorten[T any](list []T, n int) []T {
	clear(list[n:])
	return list[:n]
}

// encode keeps the signs in step with the vectors. The center is taken anew whenever
// the shard has become four times as large.
func (sh *shard) encode() {
	n := len(sh.ids)
	switch {
	case n <= exactBelow:
		return
	case sh.signs == nil:
		sh.signs = newSigns(sh.vectors.dim)
	}
	if n >= 4*sh.centered {
		sh.signs.center, sh.signs.encoded, sh.centered = sh.center(), 0, n
	}
	sh.signs.append(&sh.vectors)
}

// center is the mean of the vectors, of some thousand of them.
func (sh *shard) center() []float32 {
	sum := make([]float32, sh.vectors.dim)
	step := max(1, len(sh.ids)/4096)
	n := (len(sh.ids) + step - 1) / step
	for slot := 0; slot < len(sh.ids); slot += step {
		sh.vectors.add(sum, int32(slot), 1/float32(n))
	}
	return sum
}

// revoke brings the passages in step with what is revoked.
func (sh *shard) revoke(isRevoked func(documentID, hash string) bool) {
	for slot, owner := range sh.owners {
		sh.revoked[slot] = owner != nil && isRevoked(owner.id, sh.hashes[slot])
	}
	sh.forgetMasks()
}

// dense offers the shard's passages that the mask allows, by the cosine of their
// vectors with the question's. Where they are few each is measured; otherwise those that
// the signs propose.
func (sh *shard) dense(question []float32, allowed *mask, s *scanner, best *top) {
	if sh.signs == nil || allowed.count <= exactBelow {
		for slot := range allowed.words.all {
			best.offer(scored{shard: sh, slot: slot, score: sh.vectors.cosine(question, slot)})
		}
		return
	}
	for _, p := range s.nearest(sh.signs, question, allowed) {
		best.offer(scored{shard: sh, slot: p.slot, score: sh.vectors.cosine(question, p.slot)})
	}
}

// candidate is what Rank gets to know of a passage.
func (sh *shard) candidate(slot int32) Candidate {
	return Candidate{
		ChunkID: sh.ids[slot], DocumentID: sh.owners[slot].id, Hash: sh.hashes[slot], Tokens: int(sh.tokens[slot]),
	}
}
