package desktest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/recado/recado/gateway"
)

// AddFile adds a file of a message, in the state that its Media says.
func (s *Store) AddFile(f gateway.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[f.ID] = f
	s.bump()
}

// File implements gateway.Files.
func (s *Store) File(_ context.Context, id string) (gateway.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[id]
	if !ok {
		return f, cmp.Or(s.failure, gateway.ErrNotFound)
	}
	return f, s.failure
}

// NextFile implements gateway.Files. Nothing is ever due: a test says what became of
// a file with AddFile.
func (s *Store) NextFile(context.Context, time.Time, time.Duration) (*gateway.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return nil, cmp.Or(s.failure, gateway.ErrNoWork)
}

// SettleFile implements gateway.Files. Nothing was leased.
func (s *Store) SettleFile(context.Context, *gateway.File, gateway.FileResult) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cmp.Or(s.failure, gateway.ErrLeaseLost)
}

// Vault is a gateway.Vault in memory. It is safe for concurrent use. Make it with
// NewVault.
type Vault struct {
	mu       sync.Mutex
	contents map[string][]byte
	failure  error
	// Seekable makes Open give content that can be read from anywhere.
	Seekable bool
}

var _ gateway.Vault = (*Vault)(nil)

// NewVault makes an empty vault.
func NewVault() *Vault { return &Vault{contents: map[string][]byte{}} }

// Fail makes every later call give the error, until it is called with nil.
func (v *Vault) Fail(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.failure = err
}

// Len counts the contents.
func (v *Vault) Len() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.contents)
}

// Put implements gateway.Vault.
func (v *Vault) Put(_ context.Context, id string, content io.Reader, size int64, _ string) error {
	b, err := io.ReadAll(content)
	if err != nil {
		return fmt.Errorf("put a file: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if int64(len(b)) != size {
		return fmt.Errorf("put a file: %d bytes came and %d were announced", len(b), size)
	}
	if v.failure != nil {
		return v.failure
	}
	v.contents[id] = b
	return nil
}

// Open implements gateway.Vault.
func (v *Vault) Open(_ context.Context, id string) (io.ReadCloser, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	b, ok := v.contents[id]
	switch {
	case !ok:
		return nil, cmp.Or(v.failure, gateway.ErrNotFound)
	case v.Seekable:
		return seekable{bytes.NewReader(b)}, v.failure
	}
	return io.NopCloser(bytes.NewBuffer(b)), v.failure
}

// seekable is content that can be read from anywhere.
type seekable struct{ *bytes.Reader }

// Close implements io.Closer.
func (seekable) Close() error { return nil }

// Remove implements gateway.Vault.
func (v *Vault) Remove(_ context.Context, id string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.contents, id)
	return v.failure
}

// Ping implements gateway.Vault.
func (v *Vault) Ping(context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.failure
}
