package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/gatewaytest"
	"github.com/recado/recado/gateway/sqlite"
)

func place(t testing.TB) gatewaytest.Open {
	path := filepath.Join(t.TempDir(), "carpeta con % y ?", "recado.db")
	return func() (gateway.Store, error) { return sqlite.Open(t.Context(), sqlite.Config{Path: path}) }
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
