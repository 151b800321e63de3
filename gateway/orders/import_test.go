package orders_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/alicebob/miniredis/v2"
	"pgregory.net/rapid"

	"github.com/recado/recado/gateway/orders"
)

const (
	owner  = `"customer":{"phone":"34600000001"},"status":"paid"`
	orderA = `{"number":"A1",` + owner + `}`
	orderB = `{"number":"B2",` + owner + `}`
	orderC = `{"number":"C3",` + owner + `}`
)

// pretty is an order over several lines.
func pretty(order string) string {
	return strings.NewReplacer("{", "{\n  ", ",", ",\n  ", "}", "\n}").Replace(order)
}

func TestImportReadsEveryForm(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		for name, tt := range map[string]struct {
			file string
			want []string
		}{
			"array":              {"[" + orderA + "," + orderB + "]", []string{"A1", "B2"}},
			"pretty array":       {"\n [\n" + pretty(orderA) + ",\n" + pretty(orderB) + "]\n\n", []string{"A1", "B2"}},
			"empty array":        {"[]", nil},
			"object":             {orderA, []string{"A1"}},
			"pretty object":      {pretty(orderA) + "\n", []string{"A1"}},
			"pretty objects":     {pretty(orderA) + "\n" + pretty(orderB), []string{"A1", "B2"}},
			"brace on its own":   {"{\n" + orderA[1:], []string{"A1"}},
			"lines":              {orderA + "\n" + orderB + "\n", []string{"A1", "B2"}},
			"lines without end":  {orderA + "\n" + orderB, []string{"A1", "B2"}},
			"lines of Windows":   {orderA + "\r\n" + orderB + "\r\n", []string{"A1", "B2"}},
			"blank lines":        {"\n\n" + orderA + "\n\n  \n" + orderB + "\n", []string{"A1", "B2"}},
			"mark before lines":  {"\ufeff" + orderA + "\n" + orderB, []string{"A1", "B2"}},
			"mark before array":  {"\ufeff[" + orderA + "]", []string{"A1"}},
			"the later one wins": {orderA + "\n" + strings.Replace(orderA, "001", "002", 1) + "\n" + orderB, []string{"B2"}},
		} {
			b := book(t, addr, orders.Config{})
			told := 0
			n, err := orders.Import(t.Context(), b, strings.NewReader(tt.file), func(n int) { told = n })
			if err != nil || n < len(tt.want) || told != n {
				t.Errorf("%s: %d orders, %d told, %v", name, n, told, err)
			}
			if got := numbers(facts(t, b, phone("34600000001"), "")); !slices.Equal(slices.Sorted(slices.Values(got)), tt.want) {
				t.Errorf("%s: %v are there, not %v", name, got, tt.want)
			}
			if err := connect(t, addr).FlushDB(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestImportNamesWhatIsBroken: by line or by place; the others go in.
func TestImportNamesWhatIsBroken(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	bad := `{"number":"SECRET"}`
	for name, tt := range map[string]struct {
		file string
		n    int
		says []string
	}{
		"empty":                  {"", 0, []string{"the file is empty"}},
		"white space":            {" \n\t\r\n", 0, []string{"the file is empty"}},
		"only a mark":            {"\ufeff", 0, []string{"the file is empty"}},
		"a line":                 {orderA + "\n" + bad + "\n" + orderB, 2, []string{"1 order", "line 2: customer needs"}},
		"lines after blank ones": {"\n\n" + orderA + "\n\n" + bad + "\n" + orderB, 2, []string{"line 5: customer needs"}},
		"the first line":         {bad + "\n" + orderA, 1, []string{"line 1: customer needs"}},
		"no JSON first":          {"SECRET\n" + orderA, 1, []string{"line 1: an order must be"}},
		"no object first":        {`"SECRET"` + "\n" + orderA, 1, []string{"line 1: an order must be"}},
		"a cut first line":       {orderA[:20] + "\n" + orderB + "\n" + orderC, 2, []string{"line 1: the order is no JSON"}},
		"a cut line":             {orderA + "\n" + orderB[:20] + "\n" + orderC, 2, []string{"line 2: the order is no JSON"}},
		"a cut last line":        {orderA + "\n" + orderB[:20], 1, []string{"line 2: the order is no JSON"}},
		"two in a line":          {orderA + orderB + "\n" + orderC, 1, []string{"line 1: the order is no JSON"}},
		"in an array":            {"[" + orderA + "," + bad + ",7," + orderB + "]", 2, []string{"order 2: customer", "order 3: an order must be"}},
		"a broken array":         {"[" + orderA + "," + orderB + " SECRET]", 2, []string{"no JSON from order 3 on"}},
		"an array without end":   {"[" + orderA + "," + orderB, 2, []string{"ends before the array does, after order 2"}},
		"a cut array":            {"[" + orderA + "," + orderB[:30], 1, []string{"no JSON from order 2 on"}},
		"an array with a tail":   {"[" + orderA + "]" + orderB, 1, []string{"something follows the array, after order 1"}},
		"an array closed twice":  {"[" + orderA + "]]", 1, []string{"something follows the array"}},
		"a broken object":        {pretty(orderA) + pretty(orderB)[:30], 1, []string{"no JSON from order 2 on"}},
		"a wrong object":         {pretty(bad), 0, []string{"order 1: customer needs"}},
		"Latin-1":                {orderA + "\n" + "{\"number\":\"\xd1\"," + owner + "}", 1, []string{"line 2: the order is not written in UTF-8"}},
	} {
		b := book(t, "redis://"+server.Addr(), orders.Config{})
		n, err := orders.Import(t.Context(), b, strings.NewReader(tt.file), nil)
		if n != tt.n || !errors.Is(err, orders.ErrInvalid) {
			t.Errorf("%s: %d orders, %v", name, n, err)
			continue
		}
		if stored := len(stored(t, server)); stored != tt.n {
			t.Errorf("%s: %d orders are there, not %d", name, stored, tt.n)
		}
		for _, s := range tt.says {
			if !strings.Contains(err.Error(), s) || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%s: the error is %q, not one that says %q", name, err, s)
			}
		}
		server.FlushAll()
	}
}

func stored(t testing.TB, server *miniredis.Miniredis) []string {
	t.Helper()
	var keys []string
	for _, key := range server.Keys() {
		if strings.HasPrefix(key, "recado:order:") {
			keys = append(keys, key)
		}
	}
	return keys
}

func TestImportListsTwentyBrokenOnesAndCountsTheRest(t *testing.T) {
	t.Parallel()
	b := book(t, "redis://"+miniredis.RunT(t).Addr(), orders.Config{})
	n, err := orders.Import(t.Context(), b, strings.NewReader(strings.Repeat("{}\n", 33)+orderA), nil)
	if n != 1 || err == nil {
		t.Fatal(n, err)
	}
	text := err.Error()
	if strings.Count(text, "\nline ") != 20 || !strings.Contains(text, "33 orders did not go in") || !strings.Contains(text, "and 13 more") {
		t.Error(text)
	}
}

// TestImportCountsOneOrder wants the word that fits the number.
func TestImportCountsOneOrder(t *testing.T) {
	t.Parallel()
	b := book(t, "redis://"+miniredis.RunT(t).Addr(), orders.Config{})
	_, err := orders.Import(t.Context(), b, strings.NewReader("{}\n"+orderA), nil)
	if err == nil || !strings.Contains(err.Error(), ": 1 order did not go in:\nline 1: ") {
		t.Error(err)
	}
}

// TestImportInBatches: many orders, read a byte at a time, with progress.
func TestImportInBatches(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{})
		var file strings.Builder
		for i := range 1203 {
			fmt.Fprintf(&file, "%s\n", doc(fmt.Sprint("W", 10000+i), "34600000001"))
		}
		var told []int
		n, err := orders.Import(t.Context(), b, iotest.OneByteReader(strings.NewReader(file.String())), func(n int) { told = append(told, n) })
		if n != 1203 || err != nil || !slices.Equal(told, []int{500, 1000, 1203}) {
			t.Errorf("%d orders, %v, told %v", n, err, told)
		}
	})
}

// TestImportEnds when the file can't be read, when Redis goes away, and when the
// caller gives up; what was written is counted.
func TestImportEnds(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	b := book(t, "redis://"+server.Addr()+"?max_retries=-1", orders.Config{})
	broken := errors.New("the disk is gone")
	for name, start := range map[string]string{
		"lines": orderA + "\n" + orderB + "\n", "array": "[" + orderA + "," + orderB, "nothing": "", "first line": "{\n",
	} {
		_, err := orders.Import(t.Context(), b, io.MultiReader(strings.NewReader(start), iotest.ErrReader(broken)), nil)
		if !errors.Is(err, broken) || errors.Is(err, orders.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	file := strings.Repeat(orderA+"\n", 700)
	n, err := orders.Import(t.Context(), b, strings.NewReader(file), func(int) { server.SetError("ERR gone") })
	if n != 500 || err == nil || errors.Is(err, orders.ErrInvalid) {
		t.Errorf("Redis goes away: %d, %v", n, err)
	}
	server.SetError("")
	ctx, cancel := context.WithCancel(t.Context())
	n, err = orders.Import(ctx, b, strings.NewReader(file), func(int) { cancel() })
	if n != 500 || !errors.Is(err, context.Canceled) {
		t.Errorf("the caller gives up: %d, %v", n, err)
	}
}

// TestImportOfAnyFormIsTheSame: the same orders as array, lines and objects.
func TestImportOfAnyFormIsTheSame(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		var docs []string
		for i := range rapid.IntRange(1, 12).Draw(rt, "orders") {
			note, err := json.Marshal(rapid.String().Draw(rt, "note"))
			if err != nil {
				rt.Fatal(err)
			}
			docs = append(docs, string(doc(fmt.Sprint("W", 1000+i), "34600000001", `"note":`+string(note), `"x":[{}]`)))
		}
		indented := make([]string, len(docs))
		for i, d := range docs {
			text, err := json.MarshalIndent(json.RawMessage(d), "", "  ")
			if err != nil {
				rt.Fatal(err)
			}
			indented[i] = string(text)
		}
		for form, file := range map[string]string{
			"array": "[" + strings.Join(docs, ",") + "]", "lines": strings.Join(docs, "\n"), "objects": strings.Join(indented, "\n"),
		} {
			b := book(t, "redis://"+server.Addr(), orders.Config{Prefix: fmt.Sprint(round, form)})
			if n, err := orders.Import(t.Context(), b, strings.NewReader(file), nil); n != len(docs) || err != nil {
				rt.Fatalf("%s: %d of %d, %v", form, n, len(docs), err)
			}
			list, err := b.Find(t.Context(), "34600000001")
			if err != nil || len(list) != len(docs) {
				rt.Fatalf("%s: %d of %d found, %v", form, len(list), len(docs), err)
			}
		}
	})
}

func FuzzImport(f *testing.F) {
	server := miniredis.RunT(f)
	for _, seed := range []string{
		orderA, pretty(orderA), "[" + orderA + "]", orderA + "\n" + orderB, "\ufeff\n\n" + orderA, "[" + orderA, "{\n{}\n", "{", "[[", "[]x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		server.FlushAll()
		b := book(t, "redis://"+server.Addr(), orders.Config{})
		n, err := orders.Import(t.Context(), b, strings.NewReader(file), nil)
		if err != nil && !errors.Is(err, orders.ErrInvalid) {
			t.Errorf("the error is %v", err)
		}
		if there := len(stored(t, server)); there > n || (n > 0 && there == 0) {
			t.Errorf("%d orders are told and %d are there", n, there)
		}
		body := strings.TrimLeft(strings.TrimPrefix(file, "\ufeff"), " \r\n\t")
		if n == 0 && err == nil && !strings.HasPrefix(body, "[") {
			t.Errorf("%q is silently nothing", file)
		}
	})
}
