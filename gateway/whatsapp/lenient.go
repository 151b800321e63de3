package whatsapp

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// piece is a JSON value of any kind, or nothing when it is empty: its own node and
// after it those of what is inside.
//
// A field of an unexpected shape is a missing field and spoils nothing beside it.
// Structs with fixed types would make the first surprise the end of the whole item,
// and decoding level by level would read the innermost bytes ten times. So the bytes
// are checked once and indexed once, as a whole; everything after that only looks
// up.
type piece []node

// object is what is inside of a JSON object: names and values in turn.
type object []node

// node is one value, or the name of a member.
type node struct {
	raw json.RawMessage
	// size is how many nodes there are from this one to the end of what is inside, or
	// escapedName.
	size int32
	// at is where raw starts in what was indexed, or made.
	at int32
}

const (
	// escapedName is the size of a name that does not say what it is byte by byte.
	escapedName = -1
	// made is the place of what was put together here.
	made = -1
)

// decode checks bytes of unknown origin and indexes them; false means they are no
// object.
func decode(raw []byte) (object, bool) {
	x := indexer{raw: raw, nodes: make(piece, 0, 8+len(raw)/12)}
	if !x.value(0) || x.peek() != 0 || x.at < len(raw) {
		return nil, false
	}
	return open(x.nodes)
}

// open looks into a value; false means it is no object.
func open(v piece) (object, bool) {
	if len(v) == 0 || v[0].raw[0] != '{' {
		return nil, false
	}
	return object(v[1:]), true
}

// openList looks into a list; false means it is none. Nothing and null are empty
// lists.
func openList(v piece) ([]piece, bool) {
	if len(v) == 0 || v[0].raw[0] == 'n' {
		return nil, true
	}
	if v[0].raw[0] != '[' {
		return nil, false
	}
	n := 0
	for rest := v[1:]; len(rest) > 0; rest = rest[rest[0].size:] {
		n++
	}
	list := make([]piece, 0, n)
	for rest := v[1:]; len(rest) > 0; rest = rest[rest[0].size:] {
		list = append(list, rest[:rest[0].size])
	}
	return list, true
}

// bytes is the value as it stands there.
func (v piece) bytes() json.RawMessage {
	if len(v) == 0 {
		return nil
	}
	return v[0].raw
}

// all are the members, in order.
func (o object) all() iter.Seq2[node, piece] {
	return func(yield func(node, piece) bool) {
		for rest := o; len(rest) > 0; {
			end := 1 + rest[1].size
			if !yield(rest[0], piece(rest[1:end])) {
				return
			}
			rest = rest[end:]
		}
	}
}

// is tells whether a member has this name.
func (n node) is(name string) bool {
	if n.size == escapedName {
		return string(unquoted(n.raw)) == name
	}
	return len(n.raw) == len(name)+2 && string(n.raw[1:len(n.raw)-1]) == name
}

// get gives a member, the last one of that name, or nothing.
func (o object) get(name string) (found piece) {
	for n, v := range o.all() {
		if n.is(name) {
			found = v
		}
	}
	return found
}

// str reads a string, or a number or boolean as it is written. Everything else is
// empty.
func (o object) str(name string) string { return scalar(o.get(name)) }

// obj reads an object inside; anything else is an empty one.
func (o object) obj(name string) object {
	inner, _ := open(o.get(name))
	return inner
}

// objects reads the objects of a list and leaves out what is none.
func (o object) objects(name string) []object { return objects(o.get(name)) }

func objects(v piece) []object {
	list, _ := openList(v)
	all := make([]object, 0, len(list))
	for _, element := range list {
		if inner, ok := open(element); ok {
			all = append(all, inner)
		}
	}
	return all
}

// others are the members whose names are not among the known ones, in order.
func (o object) others(known ...string) iter.Seq2[string, piece] {
	return func(yield func(string, piece) bool) {
		for n, v := range o.all() {
			if !slices.ContainsFunc(known, n.is) && !yield(string(unquoted(n.raw)), v) {
				return
			}
		}
	}
}

// scalar reads a string, number or boolean. NUL is taken out: it means nothing to
// people, and Postgres refuses a text that holds one, for ever.
func scalar(v piece) string {
	if len(v) == 0 {
		return ""
	}
	raw := v[0].raw
	switch raw[0] {
	case '"':
		inside := unquoted(raw)
		if bytes.IndexByte(inside, 0) >= 0 {
			inside = bytes.ReplaceAll(inside, []byte{0}, nil)
		}
		return string(inside)
	case '{', '[', 'n':
		return ""
	}
	return string(raw)
}

// unquoted reads a string of valid JSON, as encoding/json does. Where nothing is
// escaped it is a part of raw and must not be written to.
func unquoted(raw []byte) []byte {
	inside := raw[1 : len(raw)-1]
	i := bytes.IndexByte(inside, '\\')
	if i < 0 && utf8.Valid(inside) {
		return inside
	}
	out := make([]byte, 0, len(inside))
	for ; i >= 0; i = bytes.IndexByte(inside, '\\') {
		out = appendValid(out, inside[:i])
		r, n := unescape(inside[i:])
		out, inside = utf8.AppendRune(out, r), inside[i+n:]
	}
	return appendValid(out, inside)
}

// appendValid appends UTF-8, with U+FFFD for each byte that is none.
func appendValid(out, in []byte) []byte {
	if utf8.Valid(in) {
		return append(out, in...)
	}
	for len(in) > 0 {
		r, n := utf8.DecodeRune(in)
		out, in = utf8.AppendRune(out, r), in[n:]
	}
	return out
}

// unescape reads the escape that valid JSON starts with, and tells its length. Half
// a surrogate pair is U+FFFD.
func unescape(raw []byte) (r rune, n int) {
	switch raw[1] {
	case 'u':
		r = escaped(raw)
		if !utf16.IsSurrogate(r) {
			return r, 6
		}
		if both := utf16.DecodeRune(r, escaped(raw[6:])); both != utf8.RuneError {
			return both, 12
		}
		return utf8.RuneError, 6
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	return rune(raw[1]), 2
}
