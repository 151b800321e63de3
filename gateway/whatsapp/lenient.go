package whatsapp

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// object is a JSON object whose values are read one by one, on demand: a field of
// an unexpected shape is a missing field and spoils nothing beside it. Structs
// with fixed types would make the first surprise the end of the whole item, and
// decoding level by level would read the innermost bytes ten times. So the bytes
// are checked once, as a whole, and then only cut.
type object []member

// member is one name and its value. The name is compared far more often than it is
// read, so it stays bytes of the body where nothing in it is escaped.
type member struct {
	name  []byte
	value json.RawMessage
}

// decode checks bytes of unknown origin and cuts them; false means they are no
// object.
func decode(raw []byte) (object, bool) {
	if !json.Valid(raw) {
		return nil, false
	}
	return open(raw)
}

// open cuts a part of what was checked before; false means it is no object.
func open(raw json.RawMessage) (object, bool) {
	raw = trim(raw)
	if len(raw) == 0 || raw[0] != '{' {
		return nil, false
	}
	// Found on the stack, and then kept in a list that is no longer than needed.
	var few [12]member
	o := object(few[:0])
	for rest := trim(raw[1:]); len(rest) > 0 && rest[0] == '"'; {
		n := stringLen(rest)
		name := unquoted(rest[:n])
		rest = trim(trim(rest[n:])[1:]) // the colon
		n = valueLen(rest)
		o = append(o, member{name, rest[:n:n]})
		if rest = trim(rest[n:]); rest[0] != ',' {
			break
		}
		rest = trim(rest[1:])
	}
	return slices.Clone(o), true
}

// openList cuts a list; false means it is none. Nothing and null are empty lists.
func openList(raw json.RawMessage) ([]json.RawMessage, bool) {
	raw = trim(raw)
	if len(raw) == 0 || raw[0] == 'n' {
		return nil, true
	}
	if raw[0] != '[' {
		return nil, false
	}
	var few [4]json.RawMessage
	list := few[:0]
	for rest := trim(raw[1:]); rest[0] != ']'; {
		n := valueLen(rest)
		list = append(list, rest[:n:n])
		if rest = trim(rest[n:]); rest[0] == ',' {
			rest = trim(rest[1:])
		}
	}
	return slices.Clone(list), true
}

// valueLen is the length of the value that valid JSON starts with.
func valueLen(raw []byte) int {
	switch raw[0] {
	case '"':
		return stringLen(raw)
	case '{', '[':
		return bracketLen(raw)
	}
	for i, c := range raw {
		switch c {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			return i
		}
	}
	return len(raw)
}

// bracketLen is the length of the object or list that valid JSON starts with.
func bracketLen(raw []byte) int {
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			i += stringLen(raw[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(raw)
}

// stringLen is the length of the string, with its quotes, that valid JSON starts
// with.
func stringLen(raw []byte) int {
	for i := 1; ; i++ {
		n := bytes.IndexByte(raw[i:], '"')
		if n < 0 {
			return len(raw)
		}
		i += n
		// A quote behind an odd number of backslashes is part of the text.
		odd := false
		for j := i - 1; raw[j] == '\\'; j-- {
			odd = !odd
		}
		if !odd {
			return i + 1
		}
	}
}

func trim(raw []byte) []byte {
	for len(raw) > 0 && (raw[0] == ' ' || raw[0] == '\n' || raw[0] == '\r' || raw[0] == '\t') {
		raw = raw[1:]
	}
	return raw
}

// get gives a member as it stands there, the last one of that name, or nothing.
func (o object) get(name string) json.RawMessage {
	for i := len(o) - 1; i >= 0; i-- {
		if string(o[i].name) == name {
			return o[i].value
		}
	}
	return nil
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

func objects(raw json.RawMessage) []object {
	list, _ := openList(raw)
	var all []object
	for _, element := range list {
		if inner, ok := open(element); ok {
			all = append(all, inner)
		}
	}
	return all
}

// others are the members whose names are not among the known ones, in order.
func (o object) others(known ...string) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		for _, m := range o {
			isIt := func(name string) bool { return string(m.name) == name }
			if !slices.ContainsFunc(known, isIt) && !yield(string(m.name), m.value) {
				return
			}
		}
	}
}

// scalar reads a string, number or boolean. NUL is taken out: it means nothing to
// people, and Postgres refuses a text that holds one, for ever.
func scalar(raw json.RawMessage) string {
	raw = trim(raw)
	if len(raw) == 0 {
		return ""
	}
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
