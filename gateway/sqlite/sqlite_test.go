package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/gatewaytest"
	"github.com/recado/recado/gateway/sqlite"
)

func place(t testing.TB) gatewaytest.Open {
	path := filepath.Join(t.TempDir(), "carpeta con % y ?", "recado.db")
	return func() (gateway.Store, error) { return sqlite.Open(t.Context(), sqlite.Config{Path: path}) }
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	gatewaytest.TestConcurrent(t, place)
}

func TestCrash(t *testing.T) {
	t.Parallel()
	gatewaytest.TestCrash(t, place)
}

func TestScripts(t *testing.T) {
	t.Parallel()
	gatewaytest.TestScripts(t, place)
}

func TestOpenNamesTheField(t *testing.T) {
	t.Parallel()
	const want = "sqlite.Config.Path: missing"
	if _, err := sqlite.Open(t.Context(), sqlite.Config{}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestOpenRefuses opens what is no database: the error names the path, and the file
// stays as it is.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	letter := filepath.Join(dir, "letter.txt")
	text := strings.Repeat("Dear customer, this is not a database. ", 200)
	if err := os.WriteFile(letter, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{letter, dir, filepath.Join(letter, "below", "a", "file.db")} {
		s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
		if err == nil {
			s.Close()
			t.Errorf("%s was opened", path)
		} else if !strings.Contains(err.Error(), letter) && !strings.Contains(err.Error(), path) {
			t.Errorf("the error does not name the path: %v", err)
		}
	}
	if got, err := os.ReadFile(letter); err != nil || string(got) != text {
		t.Errorf("the file was changed: %v", err)
	}
}

// TestOpenRefusesADamagedFile cuts the middle out of a store's file.
func TestOpenRefusesADamagedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "recado.db")
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(data); i++ {
		data[i] ^= 0x5a
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path}); err == nil {
		s.Close()
		t.Error("a damaged file was opened")
	} else if !strings.Contains(err.Error(), path) {
		t.Errorf("the error does not name the path: %v", err)
	}
}

// TestOpenTogether has several processes open a file that none has made yet.
func TestOpenTogether(t *testing.T) {
	t.Parallel()
	open := place(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := open()
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(s.Ping(t.Context()), s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestMigrations: the file is at the newest version, each migration was done once,
// and opening it again does none.
func TestMigrations(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "recado.db")
	for range 3 {
		s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	db := raw(t, path)
	var newest, applied int
	const query = `select max(version_id), count(*) from gateway_goose_version where version_id > 0`
	if err := db.QueryRowContext(t.Context(), query).Scan(&newest, &applied); err != nil {
		t.Fatal(err)
	}
	if newest != len(files) || applied != len(files) {
		t.Errorf("%d migrations applied up to number %d, want %d", applied, newest, len(files))
	}
	var mode, check string
	if err := db.QueryRowContext(t.Context(), `pragma journal_mode`).Scan(&mode); err != nil || mode != "wal" {
		t.Errorf("journal mode %s, %v", mode, err)
	}
	if err := db.QueryRowContext(t.Context(), `pragma integrity_check`).Scan(&check); err != nil || check != "ok" {
		t.Errorf("integrity check: %s, %v", check, err)
	}
}

// raw opens the file beside the store.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// TestBusy has another process hold the write lock: reads go on, writes wait as
// long as the caller does, and one that gave up has kept nothing.
func TestBusy(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "recado.db")
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	other, err := raw(t, path).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.ExecContext(t.Context(), `begin immediate`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Claim(t.Context(), time.Now(), time.Minute); !errors.Is(err, gateway.ErrNoWork) {
		t.Errorf("claim with nothing to do: %v", err)
	}
	events := []gateway.Event{webhook(1, time.Now())}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Accept(ctx, events); err == nil {
		t.Error("accepted although another holds the lock")
	}
	done := make(chan error, 1)
	go func() {
		fresh, err := s.Accept(t.Context(), events)
		if err == nil && len(fresh) != 1 {
			err = fmt.Errorf("%d fresh events: the attempt that gave up was kept", len(fresh))
		}
		done <- err
	}()
	if _, err := other.ExecContext(t.Context(), `commit`); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestCloseWaits closes while many accept: what was accepted is in the file, and
// every call ends.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "recado.db")
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	var accepted atomic.Int64
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				if _, err := s.Accept(t.Context(), []gateway.Event{webhook(1000*i+n, time.Now())}); err != nil {
					return
				}
				accepted.Add(1)
			}
		})
	}
	for accepted.Load() < 20 {
		runtime.Gosched()
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	wg.Wait()
	var kept int64
	if err := raw(t, path).QueryRowContext(t.Context(), `select count(*) from events`).Scan(&kept); err != nil {
		t.Fatal(err)
	}
	if kept != accepted.Load() {
		t.Errorf("%d events were accepted and %d are kept", accepted.Load(), kept)
	}
}

// TestBacklog files more at once than one transaction takes.
func TestBacklog(t *testing.T) {
	t.Parallel()
	store, err := place(t)()
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	at := time.Now()
	var events []gateway.Event
	for i := range 1000 {
		e := webhook(i, at)
		e.From.Phone = fmt.Sprint(i % 7)
		events = append(events, e)
	}
	if _, err := store.Accept(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	n := 0
	for range 7 {
		c, err := store.Claim(t.Context(), at, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		n += len(c.Events)
	}
	if _, err := store.Claim(t.Context(), at, time.Minute); !errors.Is(err, gateway.ErrNoWork) || n != len(events) {
		t.Errorf("%d of %d events in 7 conversations, then %v", n, len(events), err)
	}
}

// TestPutAside files events that the schema refuses and one that can't be read, among
// good ones: those get their turn, the others are put aside once and the log names
// their numbers alone.
func TestPutAside(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "recado.db")
	var log bytes.Buffer
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	at := time.Now()
	var events []gateway.Event
	for i := range 5 {
		e := webhook(i, at)
		e.From.Phone = fmt.Sprint("phone", i)
		events = append(events, e)
	}
	if _, err := s.Accept(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		`create trigger poison before insert on conversations when new.phone = 'phone1'
			begin select raise(abort, 'phone1 is secret'); end`,
		`update events set body = '{"secret' where user_id = '' and phone = 'phone3'`,
	} {
		if _, err := raw(t, path).ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	var phones []string
	for {
		c, err := s.Claim(t.Context(), at, time.Minute)
		if errors.Is(err, gateway.ErrNoWork) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		phones = append(phones, c.Conversation.Contact.Phone)
	}
	slices.Sort(phones)
	if want := []string{"phone0", "phone2", "phone4"}; !slices.Equal(phones, want) {
		t.Errorf("claimed %v, want %v", phones, want)
	}
	text := log.String()
	if strings.Count(text, "numbers=") != 1 || !strings.Contains(text, "[2 4]") || strings.Contains(text, "secret") {
		t.Errorf("the log says: %s", text)
	}
	if fresh, err := s.Accept(t.Context(), events); err != nil || len(fresh) != 0 {
		t.Errorf("accepted again: %d fresh, %v", len(fresh), err)
	}
}
