package gateway

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag/assure"
)

// someMemory draws a memory.
func someMemory(t *rapid.T, name string) Memory {
	m := Memory{
		Level:    assure.Level(rapid.IntRange(0, 3).Draw(t, name+" level")),
		Awaiting: rapid.IntRange(0, 3).Draw(t, name+" awaiting"), Repeats: rapid.IntRange(0, 3).Draw(t, name+" repeats"),
		LanguageFixed: rapid.Bool().Draw(t, name+" language"), WarnedSecret: rapid.Bool().Draw(t, name+" warned"),
	}
	if rapid.Bool().Draw(t, name+" pending") {
		m.Pending = &Pending{ID: name, NeedsCode: rapid.Bool().Draw(t, name+" code")}
		if m.Pending.NeedsCode {
			m.CodeUntil = noon
		}
	}
	return m
}

// TestJoin: nothing that is awaited is lost, nobody gets a level or a question that was
// not theirs in the conversation that holds, and a question that waits for a code never
// comes without it.
func TestJoin(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := someMemory(t, "a"), someMemory(t, "b")
		got := a.Join(b)
		switch {
		case got.Awaiting != a.Awaiting+b.Awaiting:
			t.Fatalf("%d awaited", got.Awaiting)
		case got.Level != a.Level || got.LanguageFixed != a.LanguageFixed || got.Repeats != a.Repeats:
			t.Fatalf("what holds is %+v", got)
		case got.WarnedSecret != (a.WarnedSecret || b.WarnedSecret):
			t.Fatal("a warning is forgotten")
		case a.Pending != nil && got.Pending != a.Pending:
			t.Fatal("a question is lost")
		case got.Pending != nil && got.Pending.NeedsCode && got.CodeUntil.IsZero():
			t.Fatal("a question waits for a code that nobody expects")
		}
	})
}

func TestDoubted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := someMemory(t, "m")
		m.LevelUntil = noon
		got := m.Doubted()
		if got != got.Doubted() {
			t.Fatal("doubted twice is another memory")
		}
		want := m
		want.Level, want.LevelUntil, want.Pending, want.CodeUntil = assure.Unknown, time.Time{}, nil, time.Time{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}
