// Package vault keeps the content of customers' files, behind gateway.Vault: on a
// disk ([Disk]), or in any store that speaks S3 ([S3]), which several machines can
// share. vaulttest is the contract that both pass.
//
// Content is written whole or not at all, also when its reader breaks off or gives
// more than was said (content.go), and names are ours alone: an id that could be
// anything but a name is refused before a path or a key is made of it.
//
// The errors hold neither keys nor addresses nor what a server said; [Reason] gives
// the sentence for a person who sets this up (failure.go).
package vault

import (
	"errors"
	"fmt"

	"github.com/recado/recado/gateway"
)

var (
	_ gateway.Vault = (*Disk)(nil)
	_ gateway.Vault = (*S3)(nil)
)

// The lengths that an id can have. Ours, UUIDs, have 36 characters.
const (
	minID = 8
	maxID = 64
)

// errID says that an id is none. It does not repeat it.
var errID = errors.New("the id of a file is 8 to 64 lower-case letters, digits and hyphens")

// isID lets only such ids pass that are the same in every file system and in every URL,
// and lead nowhere else.
func isID(id string) bool {
	if len(id) < minID || len(id) > maxID {
		return false
	}
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// unknown is what opening an id gives that can't have any content.
func unknown(id string) error {
	if isID(id) {
		return nil
	}
	return fmt.Errorf("%w: %w", gateway.ErrNotFound, errID)
}

// probeText is what Ping puts to find out whether content can be put.
const probeText = "recado\n"
