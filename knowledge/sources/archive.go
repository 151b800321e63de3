package sources

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
)

const (
	// maxRatio is how many times its size a file may unfold to, from unfoldsFrom bytes
	// on. Texts come to 20, tables to 100; a thousand is the most that zip can do.
	maxRatio    = 200
	unfoldsFrom = 8 << 20
	// entryBytes is what an archive's list may take for one file.
	entryBytes = 512
	// zipEncrypted is the flag of an entry with a password.
	zipEncrypted = 1
)

// archive is a zip file, open only while somebody reads from it.
type archive struct {
	file    string
	size    int64
	changed int64 // nanoseconds

	// held is the content of an archive that is no file of its own, nil for others.
	held io.ReaderAt

	mu    sync.Mutex
	open  *os.File
	users int
	// left is how much may still be read, as long as that is counted.
	left    int64
	counted bool
}

// acquire opens the archive for one more reader. One that changed since it was listed is
// refused: its parts are elsewhere now.
func (a *archive) acquire() error {
	if a.held != nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.users == 0 {
		file, err := os.Open(a.file)
		if err != nil {
			return unread(err)
		}
		info, err := file.Stat()
		if err == nil && (info.Size() != a.size || info.ModTime().UnixNano() != a.changed) {
			err = fmt.Errorf("%w: it was changed while it was read; ingest it again", ErrArchive)
		}
		if err != nil {
			file.Close() // only read from: nothing can be lost
			return reason(err)
		}
		a.open = file
	}
	a.users++
	return nil
}

func (a *archive) release() {
	if a.held != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.users--; a.users == 0 {
		a.open.Close() // only read from: nothing can be lost
		a.open = nil
	}
}

// ReadAt reads for those who have acquired the archive.
func (a *archive) ReadAt(p []byte, offset int64) (int, error) {
	a.mu.Lock()
	file := a.open
	a.left -= int64(len(p))
	enough := a.counted && a.left < 0
	a.mu.Unlock()
	if enough {
		return 0, errEnough
	}
	if a.held != nil {
		return a.held.ReadAt(p, offset)
	}
	return file.ReadAt(p, offset)
}

// list reads the archive's list of files, up to so many bytes.
func (a *archive) list(limit int64) (*zip.Reader, error) {
	a.left, a.counted = limit, true
	reader, err := zip.NewReader(a, a.size)
	a.mu.Lock()
	a.counted = false
	a.mu.Unlock()
	switch {
	case errors.Is(err, errEnough):
		return nil, fmt.Errorf("%w: its list of files is too long; pack them into several archives", ErrArchive)
	case err != nil && !errors.Is(err, zip.ErrInsecurePath):
		return nil, fmt.Errorf("%w: it is damaged or no zip file (%w)", ErrArchive, err)
	}
	return reader, nil
}

// addArchive lists a zip file.
func (l *listing) addArchive(ctx context.Context, file string) {
	place := filepath.ToSlash(file)
	info, err := os.Stat(file)
	if err != nil {
		l.broken(readable(place), reason(err))
		return
	}
	l.addPacked(ctx, tree{
		collection: place, place: place, name: strings.TrimSuffix(path.Base(place), path.Ext(place)), disk: file,
	}, &archive{file: file, size: info.Size(), changed: info.ModTime().UnixNano()})
}

// addPacked lists an archive as a tree.
func (l *listing) addPacked(ctx context.Context, t tree, a *archive) {
	f, left := &found{whole: true}, l.config.MaxUnpacked
	t.packed = packedFiles{}
	t.files = t.packed
	if err := l.addEntries(t, f, a, nested{left: &left}); err != nil {
		l.broken(readable(t.place), err)
		return
	}
	l.addTree(ctx, t, f)
}

// readArchive reads an archive's list of files, and refuses it if it is not to be trusted.
// left is how much may still be unpacked.
func (l *listing) readArchive(a *archive, left *int64) (*zip.Reader, error) {
	if err := a.acquire(); err != nil {
		return nil, err
	}
	defer a.release()
	reader, err := a.list(int64(l.config.MaxSources)*entryBytes + 1<<20)
	if err != nil {
		return nil, err
	}
	return reader, l.checkArchive(a, reader, left)
}

// checkArchive refuses an archive as a whole that was made to fill memory or disks.
func (l *listing) checkArchive(a *archive, reader *zip.Reader, left *int64) error {
	var packed, unpacked uint64
	for _, entry := range reader.File {
		// Each alone is checked first, so that the sums can't overflow.
		if entry.CompressedSize64 > uint64(a.size) || entry.UncompressedSize64 > uint64(*left) {
			packed = max(packed, entry.CompressedSize64)
			unpacked = max(unpacked, entry.UncompressedSize64)
			break
		}
		packed += entry.CompressedSize64
		unpacked += entry.UncompressedSize64
	}
	switch {
	case len(reader.File) > l.config.MaxSources:
		return fmt.Errorf("%w: it holds more than %d files; pack them into several archives", ErrArchive, l.config.MaxSources)
	case packed > uint64(a.size):
		return fmt.Errorf("%w: its files overlap, as those of a zip bomb do", ErrArchive)
	case unpacked > uint64(*left):
		return fmt.Errorf("%w: it unfolds to more than %d MiB; pack the documents without the rest", ErrArchive, l.config.MaxUnpacked>>20)
	}
	*left -= int64(unpacked)
	return nil
}

// addEntries adds the documents in an archive to what is in a tree.
func (l *listing) addEntries(t tree, f *found, a *archive, in nested) error {
	reader, err := l.readArchive(a, in.left)
	if err != nil {
		return err
	}
	for _, file := range reader.File {
		name, err := entryName(file)
		if err == nil && (file.FileInfo().IsDir() || !l.wanted(name)) {
			continue
		}
		at := path.Join(in.root(), name)
		if _, double := t.packed[at]; err == nil && double {
			err = errors.New("the archive has two files of this name")
		}
		if err == nil && !isUnread(name) {
			err = checkEntry(file)
		}
		if err != nil {
			f.whole = false
			// The name as it is: one that leads out must not be told as another file's.
			l.broken(strings.TrimSuffix(t.at(in.at), "/")+"/"+readable(name), err)
			continue
		}
		t.packed[at] = packedFile{a, file}
		l.sort(f, at, &in)
	}
	return nil
}

// wanted says whether an entry is something to read or to tell of.
func (l *listing) wanted(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if isHidden(part) || part == "__MACOSX" {
			return false
		}
	}
	return l.wants(name)
}

func isZip(name string) bool { return strings.EqualFold(path.Ext(name), ".zip") }

// checkEntry refuses a file of an archive that can't be read or was made not to be.
func checkEntry(file *zip.File) error {
	switch {
	case file.Flags&zipEncrypted != 0:
		return errors.New("it has a password; pack the archive without one")
	case !file.Mode().IsRegular():
		return errors.New("it is a link or a device, which is not followed inside of archives")
	case file.Method != zip.Store && file.Method != zip.Deflate:
		return fmt.Errorf("it is packed by method %d, which few programs know; pack the archive anew", file.Method)
	case file.UncompressedSize64 > unfoldsFrom && file.UncompressedSize64/maxRatio > file.CompressedSize64:
		return fmt.Errorf("%w: it unfolds to more than %d times its size, as a zip bomb does", ErrArchive, maxRatio)
	}
	return nil
}

// packedFiles are documents in archives, by path, as a file system.
type packedFiles map[string]packedFile

// packedFile is one of them.
type packedFile struct {
	archive *archive
	file    *zip.File
}

// Open opens one of them.
func (p packedFiles) Open(name string) (fs.File, error) {
	one, ok := p[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if err := one.archive.acquire(); err != nil {
		return nil, err
	}
	content, err := one.file.Open()
	if err != nil {
		one.archive.release()
		return nil, damaged(err)
	}
	return &unpacking{ReadCloser: content, file: one.file, archive: one.archive}, nil
}

func damaged(err error) error {
	return fmt.Errorf("%w: this file in it is damaged (%w)", ErrArchive, err)
}

// unpacking is a file of an archive that is being read.
type unpacking struct {
	io.ReadCloser
	file    *zip.File
	archive *archive
	closed  bool
}

func (u *unpacking) Stat() (fs.FileInfo, error) { return u.file.FileInfo(), nil }

func (u *unpacking) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(err)
	}
	return n, err
}

func (u *unpacking) Close() error {
	if u.closed {
		return fs.ErrClosed
	}
	u.closed = true
	defer u.archive.release()
	return u.ReadCloser.Close()
}
