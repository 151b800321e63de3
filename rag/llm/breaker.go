package llm

import (
	"sync"
	"time"
)

// The rule of the breaker: after so many failed attempts in a row the server is
// left alone for the pause, and then asked by one caller at a time until it
// answers.
const (
	breakerLimit = 5
	breakerPause = 10 * time.Second
)

// health is what an attempt says about the server.
type health int

const (
	// unknown: the server was not asked, or the caller did not wait.
	unknown health = iota
	// alive: it answered, be it with a refusal.
	alive
	// down: it did not answer, or not as a server that works.
	down
)

// breaker keeps callers from waiting for a server that does not answer.
type breaker struct {
	mu       sync.Mutex
	failures int
	openTill time.Time
	probing  bool
}

// allow tells whether the server may be asked now. Every true is followed by one
// call of report.
func (b *breaker) allow(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < breakerLimit {
		return true
	}
	if b.probing || now.Before(b.openTill) {
		return false
	}
	b.probing = true
	return true
}

// open tells whether allow would refuse now, without taking part.
func (b *breaker) open(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failures >= breakerLimit && (b.probing || now.Before(b.openTill))
}

func (b *breaker) report(h health, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	switch h {
	case alive:
		b.failures = 0
	case down:
		b.failures++
		b.openTill = now.Add(breakerPause)
	case unknown:
	}
}
