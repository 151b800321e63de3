// Package recent keeps what a function gave for the arguments that it was asked for last.
//
// It is for what costs time and depends on its argument alone, such as the words of a
// passage that is found again and again.
package recent

import "sync"

// Cache keeps the results of a function. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	find func(K) V
	most int

	mu sync.RWMutex
	// young are the arguments that were asked for since the last time that there were too
	// many of them, old are those that were young before that. An old one that is asked for
	// is young again, so that what is not asked for any more goes without being counted.
	young, old map[K]V
}

// New makes a Cache that keeps between most and twice as many results. The function has to
// give the same for the same argument, and nobody may change what it gave.
func New[K comparable, V any](most int, find func(K) V) *Cache[K, V] {
	return &Cache[K, V]{find: find, most: most, young: map[K]V{}}
}

// Get gives the result for an argument. Two that ask for the same at once may both have it
// found.
func (c *Cache[K, V]) Get(k K) V {
	c.mu.RLock()
	v, young := c.young[k]
	known := young
	if !young {
		v, known = c.old[k]
	}
	c.mu.RUnlock()
	switch {
	case young:
		return v
	case !known:
		v = c.find(k)
	}
	c.keep(k, v)
	return v
}

func (c *Cache[K, V]) keep(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= c.most {
		c.old, c.young = c.young, make(map[K]V, c.most)
	}
	c.young[k] = v
}
