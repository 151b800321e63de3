package whatsapp

import (
	"encoding/json"
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
	if list, ok := openList(o.get("l")); !ok || len(list) != 3 || string(list[1]) != `"]"` {
		t.Errorf("%q", list)
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

// whole puts together again what open and openList cut.
func whole(t rapid.TB, raw json.RawMessage) any {
	if list, ok := openList(raw); ok && list != nil {
		all := make([]any, len(list))
		for i, element := range list {
			all[i] = whole(t, element)
		}
		return all
	}
	if o, ok := open(raw); ok {
		all := map[string]any{}
		for _, m := range o {
			all[string(m.name)] = whole(t, m.value)
		}
		return all
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%q was cut out: %v", raw, err)
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
		if diff := cmp.Diff(want, whole(r, encoded)); diff != "" {
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
		n := stringLen(raw)
		if got := string(unquoted(raw[:n])); got != want || len(trim(raw[n:])) > 0 {
			t.Errorf("%q is read as %q, not %q", raw, got, want)
		}
	})
}
