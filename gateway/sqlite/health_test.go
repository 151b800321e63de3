package sqlite_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recado/recado/gateway/sqlite"
)

// TestInspect: looking at a file makes and changes nothing, even while a gateway
// has it open.
func TestInspect(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "carpeta con % y ?", "recado.db")
	if _, err := sqlite.Inspect(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	store, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"open", "closed"} {
		h, err := sqlite.Inspect(t.Context(), path)
		if err != nil || h.Schema < 1 || h.Schema != h.Newest || !strings.HasPrefix(h.Version, "3.") {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
		if name == "open" {
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	bare := filepath.Join(t.TempDir(), "recado.db")
	if err := os.WriteFile(bare, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if h, err := sqlite.Inspect(t.Context(), bare); err != nil || h.Schema != 0 {
		t.Errorf("an empty file: %+v, %v", h, err)
	}
	if info, err := os.Stat(bare); err != nil || info.Size() != 0 {
		t.Errorf("the empty file was changed: %v", err)
	}
	if err := os.WriteFile(bare, []byte(strings.Repeat("This is no database. ", 300)), 0o600); err != nil {
		t.Fatal(err)
	}
	if h, err := sqlite.Inspect(t.Context(), bare); err == nil {
		t.Errorf("what is no database is %+v", h)
	}
}
