package desk

import (
	"context"
	"errors"
	"sync"

	"github.com/recado/recado/gateway"
)

// tailPage is how many rows one step towards the end of a list reads.
const tailPage = 200

// maxEnds is how many lists' ends are remembered.
const maxEnds = 2000

// ends remembers where long lists end. Lists are read from the oldest row on, and
// pages show the newest: without this, each look at a conversation of years would
// read all of it.
type ends struct {
	mu sync.Mutex
	at map[string]string
}

func newEnds() *ends { return &ends{at: map[string]string{}} }

func (e *ends) get(id string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.at[id]
}

func (e *ends) put(id, cursor string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.at) >= maxEnds {
		clear(e.at)
	}
	e.at[id] = cursor
}

// list reads one page of a list of a conversation.
type list[T any] func(ctx context.Context, id string, p gateway.Page) ([]T, string, error)

// tail gives the newest rows of a list: the last page and the one before it, so
// at least tailPage if there are as many. earlier tells whether there are more.
func tail[T any](ctx context.Context, e *ends, id string, read list[T]) (rows []T, earlier bool, err error) {
	// at is the cursor of the last page but one, after of the one being read.
	at := e.get(id)
	after := at
	var before []T
	for {
		now, next, err := read(ctx, id, gateway.Page{After: after, Limit: tailPage})
		if errors.Is(err, gateway.ErrInvalid) && after != "" {
			// The store was replaced and no longer knows the cursor.
			before, at, after = nil, "", ""
			e.put(id, "")
			continue
		}
		if err != nil {
			return nil, false, err
		}
		if next == "" {
			if at != "" {
				e.put(id, at)
			}
			return append(before, now...), at != "", nil
		}
		before, at, after = now, after, next
	}
}
