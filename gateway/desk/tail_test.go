package desk

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
)

// numbers is a list of 0, 1, 2, … that grows, with cursors of one generation.
type numbers struct {
	n          int
	generation string
	reads      int
}

func (l *numbers) read(_ context.Context, _ string, p gateway.Page) ([]int, string, error) {
	l.reads++
	from := 0
	if p.After != "" {
		generation, at := p.After[:1], p.After[1:]
		var err error
		if from, err = strconv.Atoi(at); err != nil || generation != l.generation {
			return nil, "", gateway.ErrInvalid
		}
	}
	to := min(from+p.Limit, l.n)
	rows := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		rows = append(rows, i)
	}
	if to == l.n {
		return rows, "", nil
	}
	return rows, l.generation + strconv.Itoa(to), nil
}

// TestTail holds that the tail is always the newest rows without a gap, at least
// tailPage of them, whatever was remembered, and that remembering helps.
func TestTail(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l, e := &numbers{generation: "a"}, newEnds()
		for range rapid.IntRange(1, 6).Draw(t, "looks") {
			l.n += rapid.IntRange(0, 900).Draw(t, "more")
			if rapid.IntRange(0, 4).Draw(t, "replaced") == 0 {
				l.generation = map[string]string{"a": "b", "b": "a"}[l.generation]
				l.n = rapid.IntRange(0, 900).Draw(t, "n")
			}
			rows, earlier, err := tail(t.Context(), e, "c", l.read)
			if err != nil {
				t.Fatal(err)
			}
			first := l.n - len(rows)
			for i, row := range rows {
				if row != first+i {
					t.Fatalf("row %d is %d of %d", i, row, l.n)
				}
			}
			if len(rows) < min(l.n, tailPage) || len(rows) > 2*tailPage || earlier != (first > 0) {
				t.Fatalf("%d rows of %d, earlier %v", len(rows), l.n, earlier)
			}
			l.reads = 0
			if _, _, err := tail(t.Context(), e, "c", l.read); err != nil || l.reads > 2 {
				t.Fatalf("%d reads the second time, %v", l.reads, err)
			}
		}
	})
}

func TestTailPassesErrorsOn(t *testing.T) {
	t.Parallel()
	_, _, err := tail(t.Context(), newEnds(), "c", func(context.Context, string, gateway.Page) ([]int, string, error) {
		return nil, "", gateway.ErrNotFound
	})
	if !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestEndsStayBounded(t *testing.T) {
	t.Parallel()
	e := newEnds()
	for i := range 3 * maxEnds {
		e.put(strconv.Itoa(i), "x")
	}
	if len(e.at) > maxEnds || e.get(strconv.Itoa(3*maxEnds-1)) != "x" {
		t.Errorf("%d are kept", len(e.at))
	}
}
