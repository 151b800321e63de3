package vault

import (
	"errors"
	"fmt"
	"io"
)

// The errors of content that is not what its size says.
var (
	errShort = errors.New("the content is shorter than its size says")
	errLong  = errors.New("the content is longer than its size says")
	errSize  = errors.New("the size of the content is negative")
)

// exact reads content that has to have its size to the byte. It keeps the last byte
// back until nothing follows it, so that whoever copies from it fails in time, even
// somebody who never reads beyond the size.
type exact struct {
	from io.Reader
	left int64
	// err is what ended the content too early or too late, for callers whose own
	// error came through code that words it anew.
	err error
}

func newExact(from io.Reader, size int64) (*exact, error) {
	e := &exact{from: from, left: size}
	switch {
	case size < 0:
		return nil, errSize
	case size == 0:
		// Nobody has to read what is empty.
		return e, e.end()
	}
	return e, nil
}

// Read implements io.Reader.
func (e *exact) Read(p []byte) (int, error) {
	switch {
	case e.err != nil:
		return 0, e.err
	case e.left == 0:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	n, err := io.ReadAtLeast(e.from, p[:min(int64(len(p)), e.left)], 1)
	if err != nil {
		return 0, e.broken(err)
	}
	e.left -= int64(n)
	if e.left == 0 {
		if err := e.end(); err != nil {
			return n - 1, err
		}
	}
	return n, nil
}

// end finds out that nothing follows.
func (e *exact) end() error {
	var one [1]byte
	switch n, err := io.ReadFull(e.from, one[:]); {
	case n > 0:
		e.err = errLong
	case !errors.Is(err, io.EOF):
		return e.broken(err)
	}
	return e.err
}

func (e *exact) broken(err error) error {
	if errors.Is(err, io.EOF) {
		e.err = errShort
	} else {
		e.err = fmt.Errorf("read the content: %w", err)
	}
	return e.err
}
