package cassette

import (
	"fmt"
	"slices"
	"strings"
)

// miss says which parts of a request are others than in the nearest one that was recorded:
// first of the same session, then of any.
func (c *Cassette) miss(e Entry) error {
	near, ok := c.nearest(e)
	if !ok {
		return fmt.Errorf("%w: nothing was asked of %s %q; record it with --record", ErrMiss, e.Kind, e.Name)
	}
	if near.Key == e.Key {
		return fmt.Errorf("%w: %s was asked the same only %d times when it was recorded", ErrMiss, e.Kind, near.Nth)
	}
	return fmt.Errorf("%w: %s; record it anew with --record, or see what it does with --refresh", ErrMiss, strings.Join(changes(near, e), "; "))
}

func (c *Cassette) nearest(e Entry) (near Entry, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	best := -1
	for _, known := range c.before {
		if known.Kind != e.Kind {
			continue
		}
		n := alike(known, e)
		if known.Session == e.Session {
			n += len(e.Parts) + 1
		}
		// The order of a map must not decide.
		if n > best || n == best && known.place() < near.place() {
			near, best, ok = known, n, true
		}
	}
	return near, ok
}

// alike counts the parts that two requests share.
func alike(a, b Entry) int {
	n := 0
	for _, p := range b.Parts {
		if slices.Contains(a.Parts, p) {
			n++
		}
	}
	if a.Name == b.Name {
		n++
	}
	return n
}

// shown is how much of a part an error quotes.
const shown = 80

// changes says in words what differs.
func changes(before, now Entry) []string {
	var list []string
	if before.Name != now.Name {
		list = append(list, fmt.Sprintf("the model is %q and was %q", now.Name, before.Name))
	}
	for _, p := range now.Parts {
		switch at := slices.IndexFunc(before.Parts, func(b Part) bool { return b.Name == p.Name }); {
		case at < 0:
			list = append(list, fmt.Sprintf("%s is new: %s", p.Name, short(p.Value)))
		case before.Parts[at].Value != p.Value:
			list = append(list, fmt.Sprintf("%s is %s and was %s", p.Name, short(p.Value), short(before.Parts[at].Value)))
		}
	}
	for _, p := range before.Parts {
		if !slices.ContainsFunc(now.Parts, func(b Part) bool { return b.Name == p.Name }) {
			list = append(list, fmt.Sprintf("%s is gone: %s", p.Name, short(p.Value)))
		}
	}
	return list
}

func short(text string) string {
	runes := []rune(text)
	if len(runes) > shown {
		return fmt.Sprintf("%q", string(runes[:shown])+"…")
	}
	return fmt.Sprintf("%q", text)
}
