package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

// The folder for what is being written. It is in the file system of the rest, so
// that a rename is one step.
const unfinished = "unfinished"

// keepUnfinished is how old a file gets that is still being written. An older one was
// left by a process that was killed.
const keepUnfinished = 24 * time.Hour

// DiskConfig is what a Disk is made of. Dir is needed.
type DiskConfig struct {
	// Dir is the folder that holds everything. It is made when it is missing, for
	// this user alone.
	Dir string
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

// Disk keeps content in files. Several processes may use one folder. It is safe for
// concurrent use.
type Disk struct{ dir string }

// NewDisk makes the folder, and removes what a process that was killed had begun to
// write.
func NewDisk(c DiskConfig) (*Disk, error) {
	if c.Dir == "" {
		return nil, errors.New("vault: DiskConfig.Dir is missing")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, unfinished), 0o700); err != nil {
		return nil, fmt.Errorf("vault: make the folder: %w", onDisk(err))
	}
	d := &Disk{dir: dir}
	if err := d.sweep(c.Now().Add(-keepUnfinished)); err != nil {
		return nil, fmt.Errorf("vault: remove what was left unfinished: %w", onDisk(err))
	}
	return d, nil
}

func (d *Disk) sweep(before time.Time) error {
	entries, err := os.ReadDir(filepath.Join(d.dir, unfinished))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if info.ModTime().Before(before) {
			if err := gone(os.Remove(filepath.Join(d.dir, unfinished, entry.Name()))); err != nil {
				return err
			}
		}
	}
	return nil
}

// path spreads the files over folders by the end of the id: the beginning of a UUIDv7
// is the time, and would be the same for weeks.
func (d *Disk) path(id string) string {
	end := len(id)
	return filepath.Join(d.dir, id[end-4:end-2], id[end-2:], id)
}

// Put implements gateway.Vault. mime is not kept: the store of the messages knows it.
func (d *Disk) Put(ctx context.Context, id string, content io.Reader, size int64, _ string) error {
	if !isID(id) {
		return fmt.Errorf("vault: put: %w", errID)
	}
	whole, err := newExact(content, size)
	if err != nil {
		return fmt.Errorf("vault: put: %w", err)
	}
	err = d.put(ctx, id, whole)
	switch {
	case whole.err != nil:
		return fmt.Errorf("vault: put: %w", whole.err)
	case err != nil:
		return fmt.Errorf("vault: put: %w", onDisk(err))
	}
	return nil
}

func (d *Disk) put(ctx context.Context, id string, content io.Reader) (err error) {
	// CreateTemp makes it for this user alone.
	file, err := os.CreateTemp(filepath.Join(d.dir, unfinished), "put-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, gone(os.Remove(file.Name())))
		}
	}()
	if err := fill(ctx, file, content); err != nil {
		return err
	}
	path := d.path(id)
	if err := d.makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// fill writes a file, and closes it when its content is on the disk.
func fill(ctx context.Context, file *os.File, content io.Reader) error {
	_, err := io.Copy(file, waiting{ctx, content})
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// waiting reads as long as the caller waits.
type waiting struct {
	ctx  context.Context
	from io.Reader
}

// Read implements io.Reader.
func (w waiting) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.from.Read(p)
}

// makeFolder makes the two folders above a file last as long as the file.
func (d *Disk) makeFolder(folder string) error {
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return errors.Join(syncFolder(filepath.Dir(folder)), syncFolder(d.dir))
}

// syncFolder puts the names in a folder on the disk.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Open implements gateway.Vault. What was opened can be read to its end, also when it
// is replaced or removed meanwhile.
func (d *Disk) Open(ctx context.Context, id string) (io.ReadCloser, error) {
	if err := errors.Join(ctx.Err(), unknown(id)); err != nil {
		return nil, fmt.Errorf("vault: open: %w", err)
	}
	file, err := os.Open(d.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("vault: open: %w", gateway.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: open: %w", onDisk(err))
	}
	return file, nil
}

// Remove implements gateway.Vault.
func (d *Disk) Remove(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("vault: remove: %w", err)
	}
	if !isID(id) {
		return nil
	}
	path := d.path(id)
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("vault: remove: %w", onDisk(err))
	}
	return nil
}

// Ping implements gateway.Vault: it writes a file as Put does, and removes it.
func (d *Disk) Ping(ctx context.Context) error {
	file, err := os.CreateTemp(filepath.Join(d.dir, unfinished), "ping-*")
	if err != nil {
		return fmt.Errorf("vault: ping: %w", onDisk(err))
	}
	err = errors.Join(fill(ctx, file, strings.NewReader(probeText)), gone(os.Remove(file.Name())))
	if err != nil {
		return fmt.Errorf("vault: ping: %w", onDisk(err))
	}
	return nil
}

// gone forgives that a file was not there any more.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
