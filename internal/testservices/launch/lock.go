//go:build unix

package launch

import (
	"fmt"
	"os"
	"syscall"
)

// Lock waits for an exclusive lock on the named file, which it makes where
// missing, and returns the function that lets the lock go. The system lets go
// of a dead process's lock, so nobody ever finds a stale one.
func Lock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	// Closing the file ends the lock; an error would change nothing.
	return func() { file.Close() }, nil
}
