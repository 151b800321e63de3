package cassette

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/recado/recado/evals/judge"
	"github.com/recado/recado/rag"
)

// Voter records who judges, or stands in for them: each vote is an answer of its own.
func (c *Cassette) Voter(inner judge.Voter) judge.Voter { return voter{c, inner} }

// Recorded stands in for the voter of a recording, of which only the name is known, and is false
// where nobody judged.
func (c *Cassette) Recorded() (judge.Voter, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name, found := "", false
	for _, e := range c.before {
		if e.Kind == KindJudge && (!found || e.Name < name) {
			name, found = e.Name, true
		}
	}
	return voter{c, absent(name)}, found
}

// absent is a voter that can't be asked.
type absent string

// Name implements judge.Voter.
func (a absent) Name() string { return string(a) }

// Choose implements judge.Voter.
func (absent) Choose(context.Context, string, string, []string, int) (chosen int, reason string, spent rag.Usage, err error) {
	return -1, "", spent, fmt.Errorf("%w: there is nobody to ask who judges", ErrMiss)
}

type voter struct {
	c     *Cassette
	inner judge.Voter
}

// ballot is a vote with its reason and what it took.
type ballot struct {
	Choice int       `json:"choice"`
	Reason string    `json:"reason,omitempty"`
	Spent  rag.Usage `json:"spent,omitzero"`
}

// Name implements judge.Voter.
func (v voter) Name() string { return v.inner.Name() }

// Choose implements judge.Voter.
func (v voter) Choose(ctx context.Context, task, data string, options []string, draw int) (chosen int, reason string, spent rag.Usage, err error) {
	b, err := do(ctx, v.c, call[ballot]{
		kind: KindJudge, name: v.inner.Name(), parts: ballotParts(task, data, options, draw),
		ask: func(ctx context.Context) (ballot, error) {
			chosen, reason, spent, err := v.inner.Choose(ctx, task, data, options, draw)
			return ballot{Choice: chosen, Reason: reason, Spent: spent}, err
		},
		drift: ballotDrift,
	})
	if err != nil {
		return -1, "", spent, err
	}
	return b.Choice, b.Reason, b.Spent, nil
}

// ballotParts are the fields of the data by their names, so that a miss can name one.
func ballotParts(task, data string, options []string, draw int) []Part {
	parts := []Part{{"draw", fmt.Sprint(draw)}, {"task", hash(task)}, {"options", strings.Join(options, " / ")}}
	var fields map[string]any
	if json.Unmarshal([]byte(data), &fields) != nil {
		return append(parts, Part{"data", normal(data)})
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		text, ok := fields[name].(string)
		if !ok {
			text = hashed(fields[name])
		}
		parts = append(parts, Part{name, normal(text)})
	}
	return parts
}

// ballotDrift says that a vote is another; a reason in other words is none.
func ballotDrift(before, now ballot) string {
	if before.Choice == now.Choice {
		return ""
	}
	return "another vote"
}
