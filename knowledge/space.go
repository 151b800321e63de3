package knowledge

import (
	"context"
	"errors"
)

var (
	// ErrNoIndex says that a place has no index that could be looked at.
	ErrNoIndex = errors.New("there is no index")

	// ErrOutdated says that a place was written by an earlier version of this program,
	// so that it can't be looked at before it is opened to be changed.
	ErrOutdated = errors.New("the index is of an earlier version of this program")
)

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
	// OpenAsIs is the index in use whatever its identity, to be looked at: nothing is
	// made, nothing is brought to a newer schema, and what would change the place fails.
	// ErrNoIndex says that none is in use, ErrOutdated that the schema is an older one.
	OpenAsIs
)

// CheckSchema says whether a place at a schema can be looked at by a program that brings
// the newest one. 0 is that of a place without an index.
func CheckSchema(schema, newest int64) error {
	switch {
	case schema == 0:
		return ErrNoIndex
	case schema < newest:
		return ErrOutdated
	}
	return nil
}
