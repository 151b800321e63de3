package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/testservices"
)

func openStore(tb testing.TB, c Config) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func TestOpenWantsOneDatabase(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{"none": {}, "two": {Pool: &pgxpool.Pool{}, DSN: "x"}} {
		if _, err := Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), "exactly one of Pool and DSN") {
			t.Errorf("with %s: %v", name, err)
		}
	}
}

// TestOpenFailsSoon: a database that isn't there is an error and not a wait, and
// the error doesn't give the password away.
func TestOpenFailsSoon(t *testing.T) {
	t.Parallel()
	var listen net.ListenConfig
	silent, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, dsn := range map[string]string{
		"refused":    "postgres://u:sesame@127.0.0.1:1/db?sslmode=disable",
		"silent":     fmt.Sprintf("postgres://u:sesame@%s/db?sslmode=disable&connect_timeout=1", silent.Addr()),
		"unreadable": "postgres://u:sesame@[::bad/db",
	} {
		began := time.Now()
		_, err := Open(t.Context(), Config{DSN: dsn})
		if err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("%s: the error took %v", name, took)
		}
	}
}

// TestOpenAtOnce starts several processes on an empty database: the schema is made
// once, its names are the gateway's own, and opening it again changes nothing.
func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	dsn := testservices.Postgres(t)
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() { openStore(t, Config{DSN: dsn + "&pool_max_conns=2"}) })
	}
	group.Wait()
	s := openStore(t, Config{DSN: dsn})
	var foreign, versions int
	const tables = `select count(*) from information_schema.tables where table_schema = 'public' and table_name not like 'gateway\_%'`
	if err := s.pool.QueryRow(t.Context(), tables).Scan(&foreign); err != nil || foreign != 0 {
		t.Errorf("%d tables could clash with others' (%v)", foreign, err)
	}
	const applied = `select count(*) from gateway_goose_version where version_id > 0`
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.pool.QueryRow(t.Context(), applied).Scan(&versions); err != nil || versions != len(files) {
		t.Errorf("%d migrations were applied for %d files (%v)", versions, len(files), err)
	}
}

func TestPoolIsTheCallers(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), testservices.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	s := openStore(t, Config{Pool: pool})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := pool.Ping(t.Context()); err != nil {
		t.Errorf("closing the store closed the pool: %v", err)
	}
}

// readOnly is a store whose connections refuse every write, and the one it was
// migrated by.
func readOnly(t *testing.T) (reader, writer *Store) {
	t.Helper()
	dsn := testservices.Postgres(t)
	writer = openStore(t, Config{DSN: dsn})
	pool, err := pgxpool.New(t.Context(), dsn+"&default_transaction_read_only=on")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &Store{pool: pool}, writer
}

// TestIdleClaimOnlyReads: with nothing to do the worker's poll writes nothing, not
// even a lock.
func TestIdleClaimOnlyReads(t *testing.T) {
	t.Parallel()
	reader, writer := readOnly(t)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for range 2 {
		if _, err := reader.Claim(t.Context(), now, time.Minute); !errors.Is(err, gateway.ErrNoWork) {
			t.Errorf("idle claim: %v", err)
		}
		// The second time with a conversation that is not due yet.
		accept(t, writer, say("key", "1", "hola", now))
		if _, err := writer.Claim(t.Context(), now, time.Minute); !errors.Is(err, gateway.ErrNoWork) {
			t.Errorf("early claim: %v", err)
		}
	}
	if _, err := reader.Claim(t.Context(), now.Add(time.Hour), time.Minute); err == nil || errors.Is(err, gateway.ErrNoWork) {
		t.Errorf("a claim that has to write: %v", err)
	}
}

// TestBusyClaims: while there is work a claim leases without a look, but not before what
// came meanwhile is filed, and looks again once nothing is left.
func TestBusyClaims(t *testing.T) {
	t.Parallel()
	reader, writer := readOnly(t)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	accept(t, writer, say("one", "1", "hola", now), say("two", "2", "hola", now), say("three", "3", "hola", now))
	due := now.Add(time.Hour)
	claim := func(busy bool, texts ...string) {
		t.Helper()
		if writer.busy.Load() != busy {
			t.Errorf("before %q the store is busy: %v", texts, !busy)
		}
		c, err := writer.Claim(t.Context(), due, time.Minute)
		if len(texts) == 0 {
			if !errors.Is(err, gateway.ErrNoWork) {
				t.Errorf("claim of nothing: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range c.Events {
			got = append(got, e.Message.Text)
		}
		if !slices.Equal(got, texts) {
			t.Errorf("claimed %q, want %q", got, texts)
		}
	}
	claim(false, "hola")
	claim(true, "hola")
	accept(t, writer, say("more", "3", "¿hay alguien?", now.Add(time.Second)))
	claim(true, "hola", "¿hay alguien?")
	claim(true)
	claim(false)
	reader.busy.Store(true)
	if _, err := reader.Claim(t.Context(), due, time.Minute); !errors.Is(err, gateway.ErrNoWork) || reader.busy.Load() {
		t.Errorf("claim by a server that can only be read: %v, busy %v", err, reader.busy.Load())
	}
}

func TestPingFindsAStandby(t *testing.T) {
	t.Parallel()
	reader, writer := readOnly(t)
	if err := writer.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := reader.Ping(t.Context()); err == nil {
		t.Error("a database that can't be written to is called well")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := writer.Ping(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("ping of an ended context: %v", err)
	}
}

// TestWithoutDisk: only the transaction that asks for it doesn't wait for the
// disk, and the connection goes back as it was.
func TestWithoutDisk(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t) + "&pool_max_conns=1"})
	if _, err := s.Claim(t.Context(), time.Now(), time.Minute); !errors.Is(err, gateway.ErrNoWork) {
		t.Fatal(err)
	}
	if _, err := s.lease(t.Context(), time.Now(), time.Minute, false); err != nil {
		t.Fatal(err)
	}
	var setting string
	if err := s.pool.QueryRow(t.Context(), `select current_setting('synchronous_commit')`).Scan(&setting); err != nil || setting != "on" {
		t.Errorf("after a lease synchronous_commit is %q (%v)", setting, err)
	}
}
