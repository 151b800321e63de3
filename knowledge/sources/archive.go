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
	a := &archive{file: file, size: info.Size(), changed: info.ModTime().UnixNano()}
	if err := a.acquire(); err != nil {
		l.broken(readable(place), err)
		return
	}
	defer a.release()
	reader, err := a.list(int64(l.config.MaxSources)*entryBytes + 1<<20)
	if err == nil {
		err = l.checkArchive(a, reader)
	}
	if err != nil {
		l.broken(readable(place), err)
		return
	}
	l.addEntries(ctx, place, a, reader)
}

// checkArchive refuses an archive as a whole that was made to fill memory or disks.
func (l *listing) checkArchive(a *archive, reader *zip.Reader) error {
	var packed, unpacked uint64
	for _, entry := range reader.File {
		// Each alone is checked first, so that the sums can't overflow.
		if entry.CompressedSize64 > uint64(a.size) || entry.UncompressedSize64 > uint64(l.config.MaxUnpacked) {
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
	case unpacked > uint64(l.config.MaxUnpacked):
		return fmt.Errorf("%w: it unfolds to more than %d MiB; pack the documents without the rest", ErrArchive, l.config.MaxUnpacked>>20)
	}
	return nil
}

// addEntries lists the documents in an archive.
func (l *listing) addEntries(ctx context.Context, place string, a *archive, reader *zip.Reader) {
	files := entries{archive: a, files: map[string]*zip.File{}}
	var names []string
	whole := true
	for _, file := range reader.File {
		name, err := entryName(file)
		if err == nil && (file.FileInfo().IsDir() || !l.wanted(name)) {
			continue
		}
		if _, double := files.files[name]; err == nil && double {
			err = errors.New("the archive has two files of this name")
		}
		if err == nil {
			err = checkEntry(file, name)
		}
		if err != nil {
			whole = false
			// The name as it is: one that leads out must not be told as another file's.
			l.broken(readable(place)+"/"+readable(name), err)
			continue
		}
		files.files[name] = file
		if l.config.Accepts(name) {
			names = append(names, name)
		}
	}
	l.addTree(ctx, tree{
		collection: place, place: place, name: strings.TrimSuffix(path.Base(place), path.Ext(place)), files: files, disk: a.file,
	}, names, whole)
}

// wanted says whether an entry is a document, a manifest, or an archive to complain
// about.
func (l *listing) wanted(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") || part == "__MACOSX" {
			return false
		}
	}
	return l.config.Accepts(name) || name == manifestNames[0] || name == manifestNames[1] || isZip(name)
}

func isZip(name string) bool { return strings.EqualFold(path.Ext(name), ".zip") }

// checkEntry refuses a file of an archive that can't be read or was made not to be.
func checkEntry(file *zip.File, name string) error {
	switch {
	case isZip(name):
		return errors.New("an archive inside of the archive; unpack it and ingest it by itself")
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

// entries are the documents of an archive, by name, as a file system.
type entries struct {
	archive *archive
	files   map[string]*zip.File
}

// Open opens one of them.
func (e entries) Open(name string) (fs.File, error) {
	file := e.files[name]
	if file == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if err := e.archive.acquire(); err != nil {
		return nil, err
	}
	content, err := file.Open()
	if err != nil {
		e.archive.release()
		return nil, damaged(err)
	}
	return &unpacking{ReadCloser: content, file: file, archive: e.archive}, nil
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
