package sources

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/index"
)

func blobOf(text string) string {
	sum := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(text), text))
	return hex.EncodeToString(sum[:])
}

// track writes git's index of a checkout, with the content that files have.
func track(tb testing.TB, gitFolder string, files map[string]string, more ...*index.Entry) {
	tb.Helper()
	list := index.Index{Version: 2, Entries: more}
	for name, text := range files {
		list.Entries = append(list.Entries, &index.Entry{Name: name, Mode: filemode.Regular, Hash: plumbing.NewHash(blobOf(text))})
	}
	var buffer bytes.Buffer
	if err := index.NewEncoder(&buffer).Encode(&list); err != nil {
		tb.Fatal(err)
	}
	if err := os.MkdirAll(gitFolder, 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(gitFolder, "index"), buffer.Bytes(), 0o600); err != nil {
		tb.Fatal(err)
	}
}

func TestCheckout(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{
		"kb/a.md": "a", "kb/edited.md": "new", "kb/untracked.md": "u", "kb/node/module.md": "u", "kb/docs/es/b.md": "b", "secret.md": "s",
		"kb/recado.yaml": "documents:\n- {path: docs/, audience: agent}\n", "kb/.github/x.md": "x",
	})
	for link, target := range map[string]string{"kb/out.md": "../secret.md", "kb/in.md": "a.md"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	kb := filepath.Join(root, "kb")
	track(t, filepath.Join(kb, ".git"), map[string]string{
		"a.md": "a", "edited.md": "old", "docs/es/b.md": "b", "deleted.md": "d", ".github/x.md": "x", "out.md": "../secret.md", "in.md": "a.md",
	}, &index.Entry{Name: "theme", Mode: filemode.Submodule})
	found := list(t, newLister(t, Config{}), nil, kb)
	same(t, "names", []string{"kb/a.md", "kb/docs/es/b.md", "kb/edited.md", "kb/in.md"}, sourceNames(found))
	if len(found.Broken) != 1 || filepath.Base(found.Broken[0].Source) != "out.md" {
		t.Errorf("a link that leads out: %v", found.Broken)
	}
	for name, want := range map[string][2]string{"kb/a.md": {"a", "git:" + blobOf("a")}, "kb/edited.md": {"new", ""}, "kb/in.md": {"a", ""}} {
		file, err := read(t, found, name, nil, 10)
		if err != nil || string(file.Data) != want[0] || file.Validator != want[1] {
			t.Errorf("%s: %q %q, %v", name, file.Data, file.Validator, err)
		}
	}
	same(t, "the manifest counts", "agent", string(found.Sources[1].Meta.Audience))
}

// A worktree and a submodule have a file in the place of the folder.
func TestCheckoutElsewhere(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{"kb/a.md": "a", "kb/b.md": "b", "kb/.git": "gitdir: ../main/worktrees/kb\n"})
	track(t, filepath.Join(root, "main", "worktrees", "kb"), map[string]string{"a.md": "a"})
	same(t, "names", []string{"kb/a.md"}, sourceNames(list(t, newLister(t, Config{}), nil, filepath.Join(root, "kb"))))
	odd := write(t, map[string]string{"kb/a.md": "a", "kb/.git": "something else"})
	same(t, "no checkout", []string{"kb/a.md"}, sourceNames(list(t, newLister(t, Config{}), nil, filepath.Join(odd, "kb"))))
	fresh := write(t, map[string]string{"kb/a.md": "a", "kb/.git/HEAD": "ref: refs/heads/main\n"})
	same(t, "nothing added yet", []string{}, sourceNames(list(t, newLister(t, Config{}), nil, filepath.Join(fresh, "kb"))))
}

// TestCheckoutWithoutReadableIndex names a checkout whose list of files can't be read:
// nobody knows what of it is a draft.
func TestCheckoutWithoutReadableIndex(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{"kb/.git/index": "no index", "kb/a.md": "a", "kb/draft.md": "d", "split/a.md": "a", "split/draft.md": "d"})
	split := filepath.Join(root, "split")
	for _, args := range [][]string{{"init", "-q"}, {"add", "a.md"}, {"update-index", "--split-index"}} {
		if out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", split}, args...)...).CombinedOutput(); err != nil {
			t.Skipf("no git to make a checkout with: %v: %s", err, out)
		}
	}
	for _, folder := range []string{"kb", "split"} {
		found := list(t, newLister(t, Config{}), nil, filepath.Join(root, folder))
		if len(found.Sources) > 0 || len(found.Complete) > 0 || len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, errUntold) {
			t.Errorf("%s: %+v", folder, found)
		}
	}
}
