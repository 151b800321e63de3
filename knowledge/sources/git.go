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
	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
	"github.com/go-git/go-git/v5/plumbing/format/index"
)

const (
	// maxGitIndex bounds git's list of files; a hundred bytes for a file are usual.
	maxGitIndex = 64 << 20
	// maxGitIgnore bounds one .gitignore.
	maxGitIgnore = 1 << 20
)

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

// addCheckout lists the tracked files of a checkout as they lie on the disk. A folder
// whose list of tracked files can't be read is listed by what its .gitignore files
// leave.
func (l *listing) addCheckout(ctx context.Context, t tree, folder, gitFolder string) {
	// A checkout comes from elsewhere: its links must not lead out of it.
	t.files = inside(folder)
	tracked, err := readIndex(gitFolder)
	if err != nil {
		l.config.Logger.WarnContext(ctx, "tracked files not readable, .gitignore decides", "folder", t.place, "error", err)
		t.left = newIgnored(t.files, gitFolder).match
		l.addFolder(ctx, t)
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

// ignored knows the .gitignore files of the folders that were walked so far.
type ignored struct {
	files    fs.FS
	patterns []gitignore.Pattern
	matcher  gitignore.Matcher
}

func newIgnored(files fs.FS, gitFolder string) *ignored {
	i := &ignored{files: files}
	if data, err := readFile(disk(gitFolder), "info/exclude", maxGitIgnore); err == nil {
		i.add(data, nil)
	}
	i.enter(".gitignore", nil)
	return i
}

// enter reads a folder's own patterns, which count more than those above it.
func (i *ignored) enter(file string, domain []string) {
	if data, err := readFile(i.files, file, maxGitIgnore); err == nil {
		i.add(data, domain)
	}
}

func (i *ignored) add(data []byte, domain []string) {
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "#") {
			i.patterns = append(i.patterns, gitignore.ParsePattern(line, domain))
		}
	}
	i.matcher = gitignore.NewMatcher(i.patterns)
}

// match says whether the patterns leave a path out, and enters folders that they do not.
func (i *ignored) match(at string, folder bool) bool {
	parts := strings.Split(at, "/")
	if i.matcher != nil && i.matcher.Match(parts, folder) {
		return true
	}
	if folder {
		i.enter(at+"/.gitignore", parts)
	}
	return false
}
