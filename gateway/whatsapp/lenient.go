package whatsapp

import (
	"bytes"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strings"
)

// object is a JSON object whose values are read one by one, on demand: a field of
// an unexpected shape is a missing field and spoils nothing beside it. Structs
// with fixed types would make the first surprise the end of the whole item.
type object map[string]json.RawMessage

// decode reads an object; false means it is none.
func decode(raw json.RawMessage) (object, bool) {
	if trimmed := bytes.TrimLeft(raw, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, false
	}
	var o object
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, false
	}
	return o, true
}

// str reads a string, or a number or boolean as it is written. Everything else is
// empty.
func (o object) str(key string) string { return scalar(o[key]) }

// obj reads an object inside; anything else is an empty one.
func (o object) obj(key string) object {
	inner, _ := decode(o[key])
	return inner
}

// objects reads the objects of a list and leaves out what is none.
func (o object) objects(key string) []object {
	list, _ := decodeList(o[key])
	var all []object
	for _, raw := range list {
		if inner, ok := decode(raw); ok {
			all = append(all, inner)
		}
	}
	return all
}

// others are the members whose keys are not among the known ones, by key.
func (o object) others(known ...string) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		for _, key := range slices.Sorted(maps.Keys(o)) {
			if !slices.Contains(known, key) && !yield(key, o[key]) {
				return
			}
		}
	}
}

// decodeList reads a list; false means it is none. Nothing and null are empty
// lists.
func decodeList(raw json.RawMessage) ([]json.RawMessage, bool) {
	if len(raw) == 0 {
		return nil, true
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, false
	}
	return list, true
}

// scalar reads a string, number or boolean. NUL is taken out: it means nothing to
// people, and Postgres refuses a text that holds one, for ever.
func scalar(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return ""
		}
		return strings.ReplaceAll(s, "\x00", "")
	case '{', '[', 'n':
		return ""
	}
	return string(raw)
}
