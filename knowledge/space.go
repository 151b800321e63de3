package knowledge

import "context"

// Space is an index in a place, a database or a folder, that can hold several of
// different identities: one in use, and at most one that is being built beside it.
type Space interface {
	Index
	VectorCache
	// Activate makes this index the one in use and drops the others of the place. An
	// index that is in use already stays so. Who has another one open gets ErrIdentity
	// from its next call.
	Activate(ctx context.Context) error
	Close() error
}

// Opening says which index of a place is meant.
type Opening int

// The ways to open a place.
const (
	// OpenInUse is the index in use, which has to be of the identity asked for, or the
	// error is ErrIdentity. In an empty place, or when the one in use holds no
	// documents, a new one of the identity is made and taken into use.
	OpenInUse Opening = iota
	// OpenAny is the index in use whatever its identity, which Index.Identity tells. In
	// an empty place it is OpenInUse.
	OpenAny
	// OpenBeside is the index of the identity, made when it is missing, whether or not
	// it is in use. It begins without documents, with the revocations of the place; what
	// an earlier attempt to build it left is still there. Indexes of third identities
	// that are not in use are dropped.
	OpenBeside
)
