package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// held takes the writer away, so that changes pile up behind it.
func held(t *testing.T, s *Store) (release func()) {
	t.Helper()
	writer := <-s.writer
	return func() { s.writer <- writer }
}

func counting(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "recado.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func count(t *testing.T, s *Store) (n int) {
	t.Helper()
	err := s.read(t.Context(), func(tx *tx) error {
		_, err := tx.one(`select count(*) from aside`, nil, &n)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func put(n int) func(*tx) error {
	return func(tx *tx) error { return tx.exec(`insert into aside (seq) values (?)`, n) }
}

// TestChangesShareACommit: of many that wait, those that fail or break down are undone
// alone, and each owner hears of its own.
func TestChangesShareACommit(t *testing.T) {
	t.Parallel()
	s := counting(t)
	no := errors.New("no")
	release := held(t, s)
	var group sync.WaitGroup
	results := make([]error, 3*maxTogether)
	for i := range results {
		group.Go(func() {
			results[i] = s.write(t.Context(), func(tx *tx) error {
				if err := put(i)(tx); err != nil {
					return err
				}
				switch i % 3 {
				case 1:
					return no
				case 2:
					panic("a name")
				}
				return nil
			})
		})
	}
	for len(s.changes) < len(results) {
		runtime.Gosched()
	}
	release()
	group.Wait()
	for i, err := range results {
		if want := []error{nil, no, errBrokeDown}[i%3]; !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("change %d: %v, want %v", i, err, want)
		}
	}
	if n := count(t, s); n != maxTogether {
		t.Errorf("%d rows of %d changes that went well", n, maxTogether)
	}
}

// TestChangeIsGivenUp: who does not wait any longer has changed nothing, and costs the
// others nothing.
func TestChangeIsGivenUp(t *testing.T) {
	t.Parallel()
	s := counting(t)
	release := held(t, s)
	impatient, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- s.write(impatient, put(1)) }()
	go func() { second <- s.write(t.Context(), put(2)) }()
	for len(s.changes) < 2 {
		runtime.Gosched()
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	release()
	if err := <-second; err != nil {
		t.Error(err)
	}
	if n := count(t, s); n != 1 {
		t.Errorf("%d rows", n)
	}
	if err := s.write(impatient, put(3)); !errors.Is(err, context.Canceled) {
		t.Errorf("too late from the beginning: %v", err)
	}
}

// TestChangesEndWithTheStore: nobody waits for ever when it closes.
func TestChangesEndWithTheStore(t *testing.T) {
	t.Parallel()
	s := counting(t)
	release := held(t, s)
	waits := make(chan error, 1)
	go func() { waits <- s.write(t.Context(), put(1)) }()
	for len(s.changes) < 1 {
		runtime.Gosched()
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	if err := <-waits; !errors.Is(err, errClosed) {
		t.Errorf("while it closes: %v", err)
	}
	release()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := s.write(t.Context(), put(2)); !errors.Is(err, errClosed) {
		t.Errorf("after it closed: %v", err)
	}
}
