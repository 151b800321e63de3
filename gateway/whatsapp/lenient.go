package whatsapp

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// object is a JSON object whose values are read one by one, on demand: a field of
// an unexpected shape is a missing field and spoils nothing beside it. Structs
// with fixed types would make the first surprise the end of the whole item, and
// decoding level by level would read the innermost bytes ten times. So the bytes
// are checked once, as a whole, and then only cut.
type object []member

type member struct {
	name  string
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
	o := make(object, 0, 8)
	for rest := trim(raw[1:]); len(rest) > 0 && rest[0] == '"'; {
		n := stringLen(rest)
		name := unquote(rest[:n])
		rest = trim(trim(rest[n:])[1:]) // the colon
		n = valueLen(rest)
		o = append(o, member{name, rest[:n:n]})
		if rest = trim(rest[n:]); rest[0] != ',' {
			break
		}
		rest = trim(rest[1:])
	}
	return o, true
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
	var list []json.RawMessage
	for rest := trim(raw[1:]); rest[0] != ']'; {
		n := valueLen(rest)
		list = append(list, rest[:n:n])
		if rest = trim(rest[n:]); rest[0] == ',' {
			rest = trim(rest[1:])
		}
	}
	return list, true
}

// valueLen is the length of the value that valid JSON starts with.
func valueLen(raw []byte) int {
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			i += stringLen(raw[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		default:
			if depth > 0 {
				continue
			}
			if end := bytes.IndexAny(raw[i:], ",]} \t\r\n"); end >= 0 {
				return i + end
			}
			return len(raw)
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(raw)
}

// stringLen is the length of the string, with its quotes, that valid JSON starts
// with.
func stringLen(raw []byte) int {
	for i := 1; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(raw)
}

func trim(raw []byte) []byte {
	for len(raw) > 0 && (raw[0] == ' ' || raw[0] == '\n' || raw[0] == '\r' || raw[0] == '\t') {
		raw = raw[1:]
	}
	return raw
}

// get gives a member as it stands there, the last one of that name, or nothing.
func (o object) get(name string) json.RawMessage {
	for _, m := range slices.Backward(o) {
		if m.name == name {
			return m.value
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
			if !slices.Contains(known, m.name) && !yield(m.name, m.value) {
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
		return strings.ReplaceAll(unquote(raw), "\x00", "")
	case '{', '[', 'n':
		return ""
	}
	return string(raw)
}

// unquote reads a string of valid JSON.
func unquote(raw []byte) string {
	if inside := raw[1 : len(raw)-1]; bytes.IndexByte(inside, '\\') < 0 && utf8.Valid(inside) {
		return string(inside)
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return ""
	}
	return s
}
