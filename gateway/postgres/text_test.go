package postgres

import (
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
)

// checkEscape says what holds for every string: the escaped one fits a text
// column and becomes the same again.
func checkEscape(t interface {
	Helper()
	Errorf(format string, args ...any)
}, s string,
) {
	t.Helper()
	escaped := escape(s)
	if !utf8.ValidString(escaped) || strings.Contains(escaped, "\x00") {
		t.Errorf("%q became %q, which Postgres refuses", s, escaped)
	}
	if back := unescape(escaped); back != s {
		t.Errorf("%q became %q and then %q", s, escaped, back)
	}
}

func TestEscape(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":               "",
		"¿Dónde está? 👋": "¿Dónde está? 👋",
		"a\x00b":         "a\x1b00b",
		"\x1b[0m":        "\x1b1b[0m",
		"\xffü\xc3":      "\x1bffü\x1bc3",
		"\uFFFD":         "\uFFFD",
	} {
		if got := escape(s); got != want {
			t.Errorf("%q became %q, want %q", s, got, want)
		}
		checkEscape(t, s)
	}
	// What escape never wrote is left alone.
	for _, s := range []string{"\x1b", "\x1bzz", "a\x1b0", "\x1bz\x1b"} {
		if got := unescape(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.SampledFrom([]byte("\x00\x1b\xff\xc3\xbc0aé"))).Draw(t, "bytes"))
		checkEscape(t, s)
		if other := rapid.String().Draw(t, "other"); other != s && escape(other) == escape(s) {
			t.Errorf("%q and %q become the same", s, other)
		}
	})
}

func FuzzEscape(f *testing.F) {
	f.Add("plain")
	f.Add("\x00\x1b\xff")
	f.Fuzz(func(t *testing.T, s string) { checkEscape(t, s) })
}

func TestTimesFit(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{
		time.Unix(math.MaxInt64/2, 0), time.Unix(-math.MaxInt64/2, 0), time.UnixMilli(math.MaxInt64),
		time.Date(2026, 3, 2, 10, 0, 0, 123456789, time.FixedZone("", 3600)),
	} {
		v := stamp(at)
		if !v.Valid || v.Time.Year() < firstYear || v.Time.Year() > lastYear {
			t.Errorf("%v became %v", at, v)
		}
	}
	if stamp(time.Time{}).Valid || !present(time.Time{}).Valid {
		t.Error("the zero time is null where it may be, and only there")
	}
	var back time.Time
	if err := when(&back).ScanTimestamptz(pgtype.Timestamptz{}); err != nil || !back.IsZero() {
		t.Errorf("null became %v, %v", back, err)
	}
	if got := micro(time.Date(2026, 3, 2, 10, 0, 0, 123456789, time.UTC)); got.Nanosecond() != 123456000 {
		t.Errorf("microseconds of %v", got)
	}
}

func TestCursors(t *testing.T) {
	t.Parallel()
	if c, err := cursorOf(listTurns, ""); c != nil || err != nil {
		t.Errorf("the first page has the cursor %v, %v", c, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		want := cursor{time.UnixMicro(rapid.Int64Range(-1<<55, 1<<55).Draw(t, "at")), rapid.String().Draw(t, "id")}
		got, err := cursorOf(listTurns, want.encode(listTurns))
		if err != nil || *got != want {
			t.Fatalf("%v became %v, %v", want, got, err)
		}
		if _, err := cursorOf(listMessages, want.encode(listTurns)); !errors.Is(err, gateway.ErrInvalid) {
			t.Fatalf("another list's cursor: %v", err)
		}
	})
	for _, text := range []string{"t", "t1", "tx y", "t01 id", "t 1 id", "t99999999999999999999 id", "\x00"} {
		given := base64.RawURLEncoding.EncodeToString([]byte(text))
		if _, err := cursorOf(listTurns, given); !errors.Is(err, gateway.ErrInvalid) {
			t.Errorf("cursor %q: %v", text, err)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]int{-1: 50, 0: 50, 1: 1, 200: 200, 201: 200, math.MaxInt: 200} {
		if got := rows(gateway.Page{Limit: limit}); got != want {
			t.Errorf("limit %d gives %d rows, want %d", limit, got, want)
		}
	}
	place := func(int) cursor { return cursor{time.UnixMicro(7), "id"} }
	if page, next := cut([]int{1, 2}, gateway.Page{Limit: 2}, listTurns, place); len(page) != 2 || next != "" {
		t.Errorf("a full last page became %v, %q", page, next)
	}
	page, next := cut([]int{1, 2, 3}, gateway.Page{Limit: 2}, listTurns, place)
	if c, err := cursorOf(listTurns, next); len(page) != 2 || err != nil || c.id != "id" {
		t.Errorf("a page with more after it became %v, %q", page, next)
	}
}
