package vault_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/vault"
	"github.com/recado/recado/gateway/vault/vaulttest"
)

const (
	someID  = "019ac1f0-7c3e-7d2a-9b1f-0a2b3c4d5e6f"
	otherID = "019ac1f0-7c3e-7d2a-9b1f-0a2b3c4d5e70"
)

func disk(t testing.TB, dir string) *vault.Disk {
	t.Helper()
	d, err := vault.NewDisk(vault.DiskConfig{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func put(t testing.TB, v gateway.Vault, id, content string) error {
	t.Helper()
	return v.Put(t.Context(), id, strings.NewReader(content), int64(len(content)), "text/plain")
}

func TestDiskIsAVault(t *testing.T) {
	t.Parallel()
	vaulttest.TestVault(t, func(t testing.TB) vaulttest.Open {
		dir := t.TempDir()
		return func() (gateway.Vault, error) { return vault.NewDisk(vault.DiskConfig{Dir: dir}) }
	})
}

// files lists what a folder holds, with its rights.
func files(t testing.TB, dir string) map[string]fs.FileMode {
	t.Helper()
	found := map[string]fs.FileMode{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		found[filepath.ToSlash(name)] = info.Mode()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestDiskIsForThisUserAlone: nobody else on the machine reads customers' files, and
// nothing unfinished stays.
func TestDiskIsForThisUserAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "files")
	d := disk(t, dir)
	if err := put(t, d, someID, "photo"); err != nil {
		t.Fatal(err)
	}
	if put(t, d, "../escaped-from-here", "photo") == nil || d.Put(t.Context(), otherID, strings.NewReader("x"), 2, "") == nil {
		t.Error("what can't be put was put")
	}
	if err := d.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	found := files(t, dir)
	want := []string{".", "unfinished", "5e", "5e/6f", "5e/6f/" + someID}
	for _, name := range want {
		mode, ok := found[name]
		if !ok || mode.Perm()&0o077 != 0 {
			t.Errorf("%s has the rights %v", name, mode)
		}
	}
	if len(found) != len(want) {
		t.Errorf("there is more than was put: %v", found)
	}
}

// TestDiskSpreadsNewIDs: ids of the same hour are not all in one folder.
func TestDiskSpreadsNewIDs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := disk(t, dir)
	for range 50 {
		if err := put(t, d, gateway.NewID(), "x"); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < 20 {
		t.Errorf("50 files are in %d folders, %v", len(entries), err)
	}
}

// TestDiskSweepsWhatWasLeft: a process that was killed leaves an unfinished file. The
// next one removes it, and not what another one is writing now.
func TestDiskSweepsWhatWasLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	disk(t, dir)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for name, age := range map[string]time.Duration{"put-1": 25 * time.Hour, "put-2": 23 * time.Hour} {
		path := filepath.Join(dir, "unfinished", name)
		if err := os.WriteFile(path, []byte("half a photo"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := vault.NewDisk(vault.DiskConfig{Dir: dir, Now: func() time.Time { return now }}); err != nil {
		t.Fatal(err)
	}
	found := files(t, dir)
	if _, ok := found["unfinished/put-1"]; ok || found["unfinished/put-2"] == 0 {
		t.Errorf("there is %v", found)
	}
}

// TestDiskReadsOnWhileContentGoes: what was opened can be read to its end.
func TestDiskReadsOnWhileContentGoes(t *testing.T) {
	t.Parallel()
	d := disk(t, t.TempDir())
	if err := put(t, d, someID, "the first"); err != nil {
		t.Fatal(err)
	}
	file, err := d.Open(t.Context(), someID)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := errors.Join(put(t, d, someID, "the second"), d.Remove(t.Context(), someID)); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(file); err != nil || string(got) != "the first" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestDiskFailuresAreSaid: a folder that can't be used is told by Ping and in words that
// name no path.
func TestDiskFailuresAreSaid(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "secret-place")
	d := disk(t, dir)
	if err := put(t, d, someID, "photo"); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{d.Ping(t.Context()), put(t, d, otherID, "x")} {
		if vault.Reason(err) != "the folder is not there" || strings.Contains(err.Error(), "secret-place") {
			t.Errorf("the error is %v", err)
		}
	}
	if _, err := d.Open(t.Context(), someID); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("opening gives %v", err)
	}

	file := filepath.Join(t.TempDir(), "a-file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.NewDisk(vault.DiskConfig{Dir: file}); vault.Reason(err) != "the folder is not there" {
		t.Errorf("a file as folder gives %v", err)
	}
	if _, err := vault.NewDisk(vault.DiskConfig{}); err == nil || !strings.Contains(err.Error(), "DiskConfig.Dir") {
		t.Errorf("no folder gives %v", err)
	}
	if reason := vault.Reason(errors.New("of somebody else")); reason != "" {
		t.Errorf("another error has the reason %q", reason)
	}
}
