package whatsapp

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestScalars(t *testing.T) {
	t.Parallel()
	o, ok := decode([]byte(" \n{ \"s\" : \"a\\u00e1\\\"\" , \"n\": 1.50 ,\"t\":true,\"z\":null,\"o\":{\"s\":\"x\"},\"l\":[1, \"]\" ,{}],\"e\":\"\"," +
		"\"\\u0073\":\"last\"}\t"))
	if !ok {
		t.Fatal("not read")
	}
	for name, want := range map[string]string{
		"s": "last", "n": "1.50", "t": "true", "z": "", "o": "", "l": "", "e": "", "missing": "", "S": "",
	} {
		if got := o.str(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if list, ok := openList(o.get("l")); !ok || len(list) != 3 || string(list[1].bytes()) != `"]"` {
		t.Errorf("%v", list)
	}
	if o.obj("o").str("s") != "x" || o.obj("l") != nil || len(o.objects("l")) != 1 {
		t.Error("what is inside is not read")
	}
}

// document draws JSON of any shape.
func document(depth int) *rapid.Generator[any] {
	leaves := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Float64Range(-1e9, 1e9).AsAny(), rapid.String().AsAny(),
	}
	if depth > 0 {
		inner := document(depth - 1)
		leaves = append(leaves, rapid.SliceOfN(inner, 0, 3).AsAny(), rapid.MapOfN(rapid.String(), inner, 0, 3).AsAny())
	}
	return rapid.OneOf(leaves...)
}

// indexed finds the values in valid JSON.
func indexed(t rapid.TB, raw []byte) piece {
	x := indexer{raw: raw}
	if !x.value(0) {
		t.Fatalf("%q was not read", raw)
	}
	return x.nodes
}

// FuzzIndex holds that what is JSON for the standard library is JSON here, and
// nothing else, and that it has the same parts.
func FuzzIndex(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-0.5e+3,true,false,null,"x\u00e1"],"b":{}}`, `[]`, `[1,]`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{1:2}`, `[1 2]`, `01`, `-`,
		`1.`, `.5`, `1e`, `1E-`, `+1`, `nul`, `truex`, `"\x"`, `"\u12"`, `"\u+123"`, `"\u00_1"`, "\"\n\"", `"`, `{"a":1}x`, ` `, "\x00", "1\x00", "[\"\xff\"]",
		`[1]]`, `[}`, `{"a":[}`, strings.Repeat("[", 10000) + strings.Repeat("]", 10000), strings.Repeat("[", 10001) + strings.Repeat("]", 10001),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		x := indexer{raw: raw}
		ok := x.value(0) && x.peek() == 0 && x.at == len(raw)
		if want := json.Valid(raw); ok != want {
			t.Fatalf("%.100q is JSON: %v, not %v", raw, ok, want)
		}
		if !ok || len(raw) > 1000 {
			return
		}
		var want any
		if json.Unmarshal(raw, &want) != nil {
			return // a number that is too large for one
		}
		if diff := cmp.Diff(want, whole(t, x.nodes)); diff != "" {
			t.Error(diff)
		}
	})
}

// whole puts together again what open and openList cut.
func whole(t rapid.TB, raw piece) any {
	if list, ok := openList(raw); ok && list != nil {
		all := make([]any, len(list))
		for i, element := range list {
			all[i] = whole(t, element)
		}
		return all
	}
	if o, ok := open(raw); ok {
		all := map[string]any{}
		for name, v := range o.others() {
			all[name] = whole(t, v)
		}
		return all
	}
	var v any
	if err := json.Unmarshal(raw.bytes(), &v); err != nil {
		t.Fatalf("%q was cut out: %v", raw.bytes(), err)
	}
	return v
}

// Cutting finds what the standard library finds, however it is indented.
func TestCutting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		v := rapid.MapOfN(rapid.String(), document(3), 0, 5).Draw(r, "document")
		encoded, err := json.Marshal(v)
		if err != nil {
			r.Fatal(err)
		}
		if rapid.Bool().Draw(r, "indented") {
			if encoded, err = json.MarshalIndent(json.RawMessage(encoded), "\r", "\t"); err != nil {
				r.Fatal(err)
			}
		}
		var want any
		if err := json.Unmarshal(encoded, &want); err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(want, whole(r, indexed(r, encoded))); diff != "" {
			r.Fatal(diff)
		}
	})
}

// FuzzUnquoted holds that strings are read as the standard library reads them,
// whatever is escaped or is no UTF-8 in them.
func FuzzUnquoted(f *testing.F) {
	for _, seed := range []string{
		`"plain"`, `"\u00bfCu\u00e1nto?"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83d\ud83d\ude00"`, `"\udE00\ud83d"`, `"\\\""`, `"\\\\\\"`,
		`"\b\f\n\r\t\/"`, `"\u0000"`, "\"\xff\xe2\x82\\u00e1\x82\"", "\"\ufffd\"", `""`, `"\ud83dx"`, `"\ud83d\n"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var want string
		if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &want) != nil {
			return
		}
		n, _ := stringLen(raw)
		if got := string(unquoted(raw[:n])); got != want || len(bytes.TrimSpace(raw[n:])) > 0 {
			t.Errorf("%q is read as %q, not %q", raw, got, want)
		}
	})
}
