package sources

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // it is how git names content
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/index"
)

// maxGitIndex bounds git's list of files; a hundred bytes for a file are usual.
const maxGitIndex = 64 << 20

// checkout says whether a folder is a git checkout, and where git keeps what it knows.
func checkout(folder string) (string, bool) {
	at := filepath.Join(folder, ".git")
	info, err := os.Stat(at)
	if err != nil {
		return "", false
	}
	if info.IsDir() {
		return at, true
	}
	// A worktree or a submodule has a file that leads there.
	data, err := readFile(disk(folder), ".git", 4096)
	if err != nil {
		return "", false
	}
	target, ok := strings.CutPrefix(strings.TrimSpace(string(data)), "gitdir: ")
	if !ok {
		return "", false
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(folder, target)
	}
	return target, true
}

// errUntold says that nobody knows which files of a checkout are drafts.
var errUntold = errors.New("git's list of tracked files can't be read, so that drafts can't be told from documents; " +
	"run `git update-index --no-split-index --index-version 2` in it, or ingest a copy without .git")

// addCheckout lists the tracked files of a checkout as they lie on the disk. Of one whose
// list of tracked files can't be read nothing is listed: what nobody added may be a draft.
func (l *listing) addCheckout(ctx context.Context, t tree, folder, gitFolder string) {
	// A checkout comes from elsewhere: its links must not lead out of it.
	t.files = inside(folder)
	tracked, err := readIndex(gitFolder)
	if err != nil {
		l.broken(t.place, fmt.Errorf("%w (%w)", errUntold, err))
		return
	}
	t.validator = func(at string, data []byte) string { return blob(data, tracked[at]) }
	t.left = func(at string, isFolder bool) bool {
		_, known := tracked[at]
		return !known && (!isFolder || !tracked.has(at))
	}
	l.addFolder(ctx, t)
}

// tracked are git's names of the tracked files' content, by path. A folder of tracked
// files has an empty one, under its path with a slash.
type tracked map[string]string

func (t tracked) has(folder string) bool {
	_, ok := t[folder+"/"]
	return ok
}

// readIndex reads which files git tracks.
func readIndex(gitFolder string) (tracked, error) {
	file, err := os.Open(filepath.Join(gitFolder, "index"))
	if errors.Is(err, fs.ErrNotExist) {
		return tracked{}, nil // nothing was added yet
	}
	if err != nil {
		return nil, reason(err)
	}
	defer file.Close() // only read from: nothing can be lost
	if info, err := file.Stat(); err != nil || info.Size() > maxGitIndex {
		return nil, tooLarge(maxGitIndex)
	}
	var list index.Index
	if err := index.NewDecoder(bufio.NewReader(file)).Decode(&list); err != nil {
		return nil, fmt.Errorf("git's index: %w", err)
	}
	files := make(tracked, len(list.Entries))
	for _, e := range list.Entries {
		if e.Mode == filemode.Submodule || e.Mode == filemode.Dir {
			continue
		}
		files[e.Name] = e.Hash.String()
		for folder := path.Dir(e.Name); folder != "." && !files.has(folder); folder = path.Dir(folder) {
			files[folder+"/"] = ""
		}
	}
	return files, nil
}

// blob is what git calls the content, if it is as git has it: it tells which commits a
// document is from. What was edited since has no name yet.
func blob(data []byte, known string) string {
	h := sha1.New() //nolint:gosec // it is how git names content
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data) // a hash never returns an error
	if name := hex.EncodeToString(h.Sum(nil)); name == known {
		return "git:" + name
	}
	return ""
}

// inside is a folder whose links do not lead out of it.
type inside string

// Open opens a file by its path in the folder.
func (i inside) Open(at string) (fs.File, error) {
	return os.OpenInRoot(string(i), filepath.FromSlash(at))
}

// ReadDir lists a folder by name.
func (i inside) ReadDir(at string) ([]fs.DirEntry, error) { return disk(i).ReadDir(at) }
