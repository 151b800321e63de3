package pgvector

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/recado/recado/knowledge"
)

// cache keeps what was read of chunks, by their numbers, in a bounded number of bytes.
// A number is never given to another chunk, so that what is kept stays right.
type cache[T any] struct {
	budget int
	clock  atomic.Int64

	mu      sync.RWMutex
	entries map[int32]*entry[T]
	bytes   int
}

type entry[T any] struct {
	value T
	size  int
	used  atomic.Int64
}

// defaultCacheBytes holds the vectors of 100,000 passages with 512 dimensions.
const defaultCacheBytes = 256 << 20

// entryBytes is what an entry takes besides what it keeps.
const entryBytes = 64

func newCache[T any](budget int) *cache[T] {
	return &cache[T]{budget: budget, entries: map[int32]*entry[T]{}}
}

// get gives what is kept of chunks, in their order, and the numbers of the others.
func (c *cache[T]) get(numbers []int32) (values []*T, missing []int32) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	now := c.clock.Add(1)
	values = make([]*T, len(numbers))
	for i, no := range numbers {
		if e := c.entries[no]; e != nil {
			e.used.Store(now)
			values[i] = &e.value
		} else {
			missing = append(missing, no)
		}
	}
	return values, missing
}

// keep adds what a chunk has, of a size in bytes.
func (c *cache[T]) keep(no int32, value T, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(no)
	e := &entry[T]{value: value, size: size + entryBytes}
	e.used.Store(c.clock.Add(1))
	c.entries[no] = e
	if c.bytes += e.size; c.bytes > c.budget {
		c.evict()
	}
}

// forget drops what is kept of a chunk.
func (c *cache[T]) forget(no int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(no)
}

func (c *cache[T]) drop(no int32) {
	if e := c.entries[no]; e != nil {
		c.bytes -= e.size
		delete(c.entries, no)
	}
}

// evict drops what was not asked for the longest, until a quarter of the budget is
// free again.
func (c *cache[T]) evict() {
	numbers := make([]int32, 0, len(c.entries))
	for no := range c.entries {
		numbers = append(numbers, no)
	}
	slices.SortFunc(numbers, func(a, b int32) int {
		return cmp.Compare(c.entries[a].used.Load(), c.entries[b].used.Load())
	})
	for _, no := range numbers {
		if c.bytes <= c.budget/4*3 {
			return
		}
		c.drop(no)
	}
}

// fact is what a candidate by words is ranked by besides them: its content, to tell
// repetitions, and its vector, by knowledge.PackVector, nil after the first time.
type fact struct {
	hash   string
	vector []byte
}

// cosine is the inner product with the question's vector, which is as long. Four sums
// let the processor work on several products at once.
func (f *fact) cosine(question []float32) float64 {
	scale, packed := math.Float32frombits(binary.LittleEndian.Uint32(f.vector)), f.vector[4:]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(question); i += 4 {
		x, y := question[i:i+4:i+4], binary.LittleEndian.Uint64(packed[2*i:])
		s0 += x[0] * float32(int16(y))
		s1 += x[1] * float32(int16(y>>16))
		s2 += x[2] * float32(int16(y>>32))
		s3 += x[3] * float32(int16(y>>48))
	}
	for ; i < len(question); i++ {
		s0 += question[i] * float32(int16(binary.LittleEndian.Uint16(packed[2*i:])))
	}
	return float64((s0 + s1 + s2 + s3) * scale)
}

// kept is a passage as a hit shows it, with its document, which its other passages share.
type kept struct {
	chunk    knowledge.Chunk
	document *knowledge.Document
}

// size is about what a kept passage takes.
func (k *kept) size() int {
	const fixed = 512 // the structures
	return fixed + len(k.chunk.Text) + len(k.chunk.Question) + len(k.chunk.Heading)
}

// documentBytes is about what a kept document takes, which has no body.
const documentBytes = 1024
