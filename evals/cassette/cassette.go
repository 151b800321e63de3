// Package cassette records what providers answered, so that a run can be had again without
// them, offline and to the byte. What a model, an embedder, a reranker or a judge was asked
// is kept by its parts; a request that was not recorded is an error that says which part
// is another one now. With Refresh everything is asked anew, and Drift says what the
// provider has changed meanwhile.
//
// Models stand behind the mask of package rag, so that no personal data reaches a cassette.
// Keys, addresses and tokens are no part of a request at this place.
package cassette

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"
)

// Mode says what a Cassette does.
type Mode int

// The modes.
const (
	// Record asks the provider and keeps the answers.
	Record Mode = iota
	// Replay gives what was kept and never asks.
	Replay
	// Refresh asks again what was recorded, and compares.
	Refresh
)

// Kind is who was asked.
type Kind string

// The kinds.
const (
	KindModel  Kind = "model"
	KindEmbed  Kind = "embed"
	KindRerank Kind = "rerank"
	KindJudge  Kind = "judge"
	// KindSpeaker is a model that plays a customer.
	KindSpeaker Kind = "speaker"
)

// Part is a part of a request by which it is told from others.
type Part struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Entry is one question to a provider with its answer: a line of the file.
type Entry struct {
	// Session is what asked, such as a case and its try; empty for what all share.
	Session string `json:"session,omitempty"`
	Kind    Kind   `json:"kind"`
	// Name is the model's.
	Name string `json:"name"`
	// Key is a hash of the parts, and Nth counts the times that the session asked the
	// same, from 1.
	Key   string `json:"key"`
	Nth   int    `json:"nth"`
	Parts []Part `json:"parts"`
	// Answer is what the provider said, or Failed that it gave none.
	Answer json.RawMessage `json:"answer,omitempty"`
	Failed string          `json:"failed,omitempty"`
	// TookMS is how long it took, in milliseconds.
	TookMS int64 `json:"took_ms"`
}

func (e Entry) place() string { return fmt.Sprintf("%s\n%s\n%s\n%d", e.Session, e.Kind, e.Key, e.Nth) }

// ErrMiss says that a request was not recorded. The error names the parts that are others now.
var ErrMiss = errors.New("the cassette has no answer to this request")

// errFailed is an error that was recorded.
var errFailed = errors.New("recorded failure")

// Cassette holds entries. It is safe for concurrent use.
type Cassette struct {
	mode    Mode
	mu      sync.Mutex
	before  map[string]Entry
	entries []Entry
	drifts  []Drift
	// asked counts, by session and key.
	asked map[string]int
	now   func() time.Time
}

// New makes a cassette over what was recorded before; for Record that is nothing or what
// is to be added to.
func New(mode Mode, before []Entry) *Cassette {
	c := &Cassette{mode: mode, before: map[string]Entry{}, asked: map[string]int{}, now: time.Now}
	for _, e := range before {
		c.before[e.place()] = e
	}
	return c
}

// Mode gives the mode.
func (c *Cassette) Mode() Mode { return c.mode }

// sessionKey is the key of a session in a context.
type sessionKey struct{}

// Session is what asks for as long as the context is used: a case of an eval and its try.
// The same session asks the same things in the same order.
func Session(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, sessionKey{}, name)
}

func sessionOf(ctx context.Context) string {
	name, _ := ctx.Value(sessionKey{}).(string)
	return name
}

var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// normal writes ids, which are made anew in each run, as what they are.
func normal(text string) string { return ids.ReplaceAllString(text, "ID") }

// hash is short enough to be read and long enough to be the only one.
func hash(text string) string {
	sum := sha256.Sum256([]byte(normal(text)))
	return hex.EncodeToString(sum[:8])
}

func keyOf(kind Kind, name string, parts []Part) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%s\n", kind, name)
	for _, p := range parts {
		fmt.Fprintf(&b, "%q %q\n", p.Name, p.Value)
	}
	return hash(b.String())
}

// call is one question on its way.
type call[A any] struct {
	kind  Kind
	name  string
	parts []Part
	// shared tells that all sessions get the same answer, as they do of an embedder.
	shared bool
	ask    func(context.Context) (A, error)
	// drift says in words how an answer differs from one before; "" means not at all.
	drift func(before, now A) string
}

// do answers a call from the cassette, from the provider, or from both.
func do[A any](ctx context.Context, c *Cassette, q call[A]) (A, error) {
	e := c.next(ctx, Entry{Kind: q.kind, Name: q.name, Parts: q.parts, Key: keyOf(q.kind, q.name, q.parts)}, q.shared)
	known, ok := c.known(e)
	switch {
	case c.mode == Replay && !ok:
		var none A
		return none, c.miss(e)
	case c.mode == Replay, q.shared && ok && c.mode == Record:
		c.keep(known)
		return decode[A](known)
	}
	began := c.now()
	answer, err := q.ask(ctx)
	if ctx.Err() != nil {
		// What was cut off is no answer of the provider.
		return answer, err
	}
	e.TookMS = c.now().Sub(began).Milliseconds()
	if err != nil {
		e.Failed = err.Error()
	} else if e.Answer, err = json.Marshal(answer); err != nil {
		return answer, fmt.Errorf("record: %w", err)
	}
	c.keep(e)
	if c.mode == Refresh {
		c.compare(e, known, ok, func() string { return drifted(q, known, answer) })
	}
	if e.Failed != "" {
		return answer, err
	}
	return decode[A](e)
}

// decode gives the answer as a replay would: what does not survive the file must not be
// there while it is recorded either.
func decode[A any](e Entry) (A, error) {
	var answer A
	if e.Failed != "" {
		return answer, fmt.Errorf("%w: %s", errFailed, e.Failed)
	}
	if err := json.Unmarshal(e.Answer, &answer); err != nil {
		return answer, fmt.Errorf("read the cassette: the answer to %s: %w", e.Key, err)
	}
	return answer, nil
}

// next numbers a question within its session.
func (c *Cassette) next(ctx context.Context, e Entry, shared bool) Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.Nth = 1
	if shared {
		return e
	}
	e.Session = sessionOf(ctx)
	place := e.Session + "\n" + string(e.Kind) + "\n" + e.Key
	c.asked[place]++
	e.Nth = c.asked[place]
	return e
}

func (c *Cassette) known(e Entry) (Entry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.before[e.place()]
	return known, ok
}

func (c *Cassette) keep(e Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = append(c.entries, e)
	if c.mode == Record && e.Session == "" {
		c.before[e.place()] = e
	}
}

// Took is how long the provider took for what the session asked, by kind.
func (c *Cassette) Took(session string) map[Kind]time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	took := map[Kind]time.Duration{}
	for _, e := range c.entries {
		if e.Session == session {
			took[e.Kind] += time.Duration(e.TookMS) * time.Millisecond
		}
	}
	return took
}

// Entries are what was asked, each once, in an order that does not depend on who came
// first: what all share, then by session in the order of its questions.
func (c *Cassette) Entries() []Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := slices.Clone(c.entries)
	slices.SortStableFunc(list, func(a, b Entry) int {
		if by := cmp.Compare(a.Session, b.Session); by != 0 || a.Session != "" {
			return by
		}
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	})
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(e Entry) bool {
		again := seen[e.place()]
		seen[e.place()] = true
		return again
	})
}
