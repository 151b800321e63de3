package extract

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCacheIsPrivate keeps compiled code only where nobody else can put some.
func TestCacheIsPrivate(t *testing.T) {
	t.Parallel()
	private := filepath.Join(t.TempDir(), "recado", "pdf")
	cache := openCache(private)
	if cache == nil {
		t.Fatal("no cache in a folder of its own")
	}
	if err := cache.Close(t.Context()); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(private)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has the mode %v, %v", info, err)
	}
	open := t.TempDir()
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	if openCache(open) != nil {
		t.Error("the cache is kept where everybody can write")
	}
	file := filepath.Join(open, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if openCache(file) != nil {
		t.Error("the cache is kept in a file")
	}
}
