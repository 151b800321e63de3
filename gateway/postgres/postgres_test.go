package postgres_test

import (
	"testing"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/gatewaytest"
	"github.com/recado/recado/gateway/postgres"
	"github.com/recado/recado/internal/testservices"
)

// place is an empty database of the test's own.
func place(tb testing.TB) gatewaytest.Open {
	tb.Helper()
	dsn := testservices.Postgres(tb)
	return func() (gateway.Store, error) {
		return postgres.Open(tb.Context(), postgres.Config{DSN: dsn})
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	gatewaytest.TestStore(t, place)
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
