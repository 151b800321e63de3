package postgres

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/recado/recado/internal/testservices"
)

// TestInspect: looking at a database changes nothing in it, and tells what opening
// it will have changed.
func TestInspect(t *testing.T) {
	t.Parallel()
	dsn := testservices.Postgres(t)
	hourAhead := func() time.Time { return time.Now().Add(time.Hour) }
	for range 2 {
		h, err := Inspect(t.Context(), dsn, hourAhead)
		if err != nil {
			t.Fatal(err)
		}
		if h.Schema != 0 || h.Newest < 1 || h.ReadOnly || !strings.Contains(h.Version, ".") {
			t.Errorf("a new database is %+v", h)
		}
		if (h.Skew - time.Hour).Abs() > 10*time.Second {
			t.Errorf("a clock that is an hour ahead is measured as %v", h.Skew)
		}
	}
	openStore(t, Config{DSN: dsn})
	h, err := Inspect(t.Context(), dsn, time.Now)
	if err != nil || h.Schema != h.Newest || h.Skew.Abs() > 10*time.Second {
		t.Errorf("a migrated database is %+v, %v", h, err)
	}
	if h, err := Inspect(t.Context(), unchangeable(dsn), time.Now); err != nil || !h.ReadOnly {
		t.Errorf("a database that can only be read is %+v, %v", h, err)
	}
}

// unchangeable makes the DSN's sessions refuse changes, as a standby does.
func unchangeable(dsn string) string {
	separator := "?"
	if strings.Contains(dsn, "?") {
		separator = "&"
	}
	return dsn + separator + "default_transaction_read_only=on"
}

// TestReason: what a person can do something about has words, and they are the
// same for every server.
func TestReason(t *testing.T) {
	t.Parallel()
	dsn := testservices.Postgres(t)
	_, err := Inspect(t.Context(), strings.Replace(dsn, "/recado_", "/no_such_", 1), time.Now)
	if got := Reason(err); got != "the database does not exist" {
		t.Errorf("another database: %q of %v", got, err)
	}
	for code, want := range map[string]string{"28P01": "let in", "53300": "connections", "57P03": "starting", "42501": "may not do", "58P01": "pgvector", "XX000": "SQLSTATE XX000"} {
		got := Reason(errors.Join(&pgconn.PgError{Code: code}))
		if !strings.Contains(got, want) {
			t.Errorf("%s is %q", code, got)
		}
	}
	for name, dsn := range map[string]string{
		"refused": "postgres://u:sesame@127.0.0.1:1/db?sslmode=disable", "unreadable": "postgres://u:sesame@[::bad/db",
	} {
		_, err := Inspect(t.Context(), dsn, time.Now)
		if err == nil || strings.Contains(err.Error(), "sesame") || Reason(err) != "" {
			t.Errorf("%s: %v, %q", name, err, Reason(err))
		}
	}
}
