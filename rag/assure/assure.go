// Package assure says how sure Recado is of who writes, and keeps what needs more from
// those who have shown less. Anyone can make a Field, and only a Pass opens it;
// internal/arch holds who may make a Pass and who may open a Field, so that what is above
// a customer's level can't come near a prompt.
package assure

import (
	"fmt"
	"io"
	"log/slog"
)

// Level is how sure Recado is of who writes. Levels are ordered.
type Level int

// The levels.
const (
	// Unknown: anybody, also while the identity is in doubt.
	Unknown Level = iota
	// Number: the channel's identity is that of the customer's account.
	Number
	// Code: a one-time code that went another way came back.
	Code
	// Verified: an agent has made sure.
	Verified
)

// Pass is a level that was reached. The zero Pass is Unknown.
type Pass struct{ level Level }

// Grant makes a Pass. Only the gateway may call it, from what it knows of the
// conversation.
func Grant(l Level) Pass { return Pass{l} }

// Reaches tells whether the level was reached.
func (p Pass) Reaches(l Level) bool { return p.level >= l }

// Level is the level that was reached.
func (p Pass) Level() Level { return p.level }

// Field is a value that needs a level. Printing, logging or encoding it gives the word
// "withheld", whatever the verb. The zero Field is open to everybody and holds the zero
// value.
type Field[T any] struct {
	need  Level
	value T
}

// Need makes a field that is opened from the level l on.
func Need[T any](l Level, value T) Field[T] { return Field[T]{need: l, value: value} }

// For gives the value to who has reached its level, and the zero value with false to
// others.
func (f Field[T]) For(p Pass) (value T, ok bool) {
	if !p.Reaches(f.need) {
		return value, false
	}
	return f.value, true
}

// withheld is all that a closed field says of itself.
const withheld = "withheld"

// Format writes "withheld" for every verb.
func (Field[T]) Format(s fmt.State, _ rune) {
	// Nobody can be told that a printer failed.
	_, _ = io.WriteString(s, withheld)
}

// MarshalJSON gives "withheld" as a JSON string.
func (Field[T]) MarshalJSON() ([]byte, error) { return []byte(`"` + withheld + `"`), nil }

// LogValue gives "withheld" to loggers.
func (Field[T]) LogValue() slog.Value { return slog.StringValue(withheld) }
