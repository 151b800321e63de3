package sources

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
)

const (
	// maxNested is how deep archives may lie in each other, and maxArchives how many may
	// lie in one tree.
	maxNested   = 2
	maxArchives = 100
	// heldArchive is how long an archive in another one may be to be kept in memory; a
	// longer one goes to a file that has no name.
	heldArchive = 1 << 20
)

var errNested = errors.New("an archive inside of an archive inside of an archive; unpack it")

// notionPart is what Notion calls the archives that it packs an export into.
var notionPart = regexp.MustCompile(`(?i)^(?:[0-9a-f-]+_)?Export(?:Block)?-[0-9a-f-]{36}(?:-Part-\d+)?\.zip$`)

// nested is an archive in a tree.
type nested struct {
	at    string
	depth int
	// left is how much the outermost archive may still unfold to; nil for that one.
	left *int64
}

// inner is an archive that lies in another one, or in a folder when that is nil.
func (n *nested) inner(at string) nested {
	if n == nil {
		return nested{at: at, depth: 1}
	}
	return nested{at: at, depth: n.depth + 1, left: n.left}
}

// root is the folder that an archive's files seem to be in: one of the archive's name,
// but for the parts of an export, which together are one tree.
func (n nested) root() string {
	if notionPart.MatchString(path.Base(n.at)) {
		return path.Dir(n.at)
	}
	return n.at
}

// unpack adds what is in the archives of a tree, and gives the manifests with theirs. One
// that can't be used is broken, and the tree not complete.
func (l *listing) unpack(ctx context.Context, t tree, f *found, list manifests) manifests {
	for n := 0; len(f.archives) > 0 && ctx.Err() == nil; n++ {
		next := f.archives[0]
		f.archives = f.archives[1:]
		if list.ignores(readable(next.at)) || l.has(t.at(next.at)) {
			continue // what was ingested by itself stays that
		}
		err := l.unpackOne(ctx, t, f, next)
		if n == maxArchives || len(f.files) > l.config.MaxSources {
			err = fmt.Errorf("%w: with it there are too many archives or files; ingest it by itself", ErrArchive)
			f.archives = nil
		}
		if err != nil {
			f.whole = false
			l.broken(t.at(next.at), err)
		}
		list = l.inner(t, f, list)
	}
	return list
}

func (l *listing) unpackOne(ctx context.Context, t tree, f *found, next nested) error {
	if next.depth > maxNested {
		return errNested
	}
	if next.left == nil {
		left := l.config.MaxUnpacked
		next.left = &left
	}
	a, err := t.archive(ctx, next.at)
	if err != nil {
		return err
	}
	return l.addEntries(t, f, a, next)
}

// archive is one that lies in the tree, in a folder or in another archive.
func (t tree) archive(ctx context.Context, at string) (*archive, error) {
	if _, archived := t.packed[at]; archived {
		return t.hold(ctx, at)
	}
	file := filepath.Join(t.disk, filepath.FromSlash(at))
	info, err := os.Stat(file)
	if err != nil {
		return nil, reason(err)
	}
	return &archive{file: file, size: info.Size(), changed: info.ModTime().UnixNano()}, nil
}

// hold takes an archive out of the one that it lies in.
func (t tree) hold(ctx context.Context, at string) (*archive, error) {
	content, err := t.open(at)
	if err != nil {
		return nil, unread(err)
	}
	defer content.Close() // only read from: nothing can be lost
	size := int64(t.packed[at].file.UncompressedSize64)
	limited := io.LimitReader(&stopping{ctx, content}, size)
	if size <= heldArchive {
		data, err := io.ReadAll(limited)
		return &archive{held: bytes.NewReader(data), size: int64(len(data))}, err
	}
	file, err := os.CreateTemp("", "recado-*.zip")
	if err != nil {
		return nil, fmt.Errorf("there is no room to unpack it: %w", reason(err))
	}
	// Without a name it is gone with the program, however that ends.
	_ = os.Remove(file.Name())
	n, err := io.Copy(file, limited)
	if err != nil {
		file.Close() // nobody wants what is in it
		return nil, fmt.Errorf("it can't be unpacked: %w", reason(err))
	}
	return &archive{held: file, size: n}, nil
}
