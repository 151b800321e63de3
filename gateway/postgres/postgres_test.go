package postgres_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/gatewaytest"
	"github.com/recado/recado/gateway/postgres"
	"github.com/recado/recado/internal/testservices"
)

// places makes empty places, each a schema of one database of the test's own: the
// suites want hundreds, and a schema takes a tenth of the time of a database.
func places(t *testing.T) func(testing.TB) gatewaytest.Open {
	t.Helper()
	dsn := testservices.Postgres(t)
	admin, err := pgxpool.New(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	var made atomic.Int64
	// Two that migrate in one database at once wait for each other by the second.
	var opening sync.Mutex
	return func(tb testing.TB) gatewaytest.Open {
		tb.Helper()
		schema := fmt.Sprintf("place%d", made.Add(1))
		if _, err := admin.Exec(t.Context(), "create schema "+schema); err != nil {
			tb.Fatal(err)
		}
		return func() (gateway.Store, error) {
			opening.Lock()
			defer opening.Unlock()
			return postgres.Open(tb.Context(), postgres.Config{DSN: dsn + "&search_path=" + schema})
		}
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	gatewaytest.TestStore(t, places(t))
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	gatewaytest.TestConcurrent(t, places(t))
}

func TestCrash(t *testing.T) {
	t.Parallel()
	gatewaytest.TestCrash(t, places(t))
}

func TestScripts(t *testing.T) {
	t.Parallel()
	gatewaytest.TestScripts(t, places(t))
}
