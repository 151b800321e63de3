package postgres

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/recado/recado/gateway"
)

// mark begins an escaped byte. It is a control character that people don't write.
const mark = '\x1b'

// escape makes any string fit for a text column, which takes neither the
// character zero nor bytes that are not UTF-8: such a byte becomes the mark and
// two hex digits, and so does the mark itself. Ordinary texts stay as they are,
// and different strings stay different.
func escape(s string) string {
	if utf8.ValidString(s) && !strings.ContainsAny(s, "\x00\x1b") {
		return s
	}
	var b strings.Builder
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		if r == 0 || r == mark || r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, "%c%02x", mark, s[0])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// unescape is the reverse of escape. What escape never wrote is left alone.
func unescape(s string) string {
	before, rest, found := strings.Cut(s, string(mark))
	if !found {
		return s
	}
	var b strings.Builder
	for found {
		b.WriteString(before)
		if value, err := hex.DecodeString(rest[:min(2, len(rest))]); err == nil && len(value) == 1 {
			b.Write(value)
			rest = rest[2:]
		} else {
			b.WriteRune(mark)
		}
		before, rest, found = strings.Cut(rest, string(mark))
	}
	b.WriteString(before)
	return b.String()
}

// text scans an escaped column into a string of any kind; null is the empty
// string.
type text[S ~string] struct{ into *S }

// ScanText implements pgtype.TextScanner.
func (t text[S]) ScanText(v pgtype.Text) error {
	*t.into = S(unescape(v.String))
	return nil
}

// scan gives the place that an escaped column is read into.
func scan[S ~string](s *S) pgtype.TextScanner { return text[S]{s} }

// The years that a time can have here; beyond them neither Postgres nor JSON are
// at ease. A provider that sends such a time doesn't lose the message by it.
const firstYear, lastYear = 1, 9999

// stamp is a time as a parameter; the zero time is null.
func stamp(t time.Time) pgtype.Timestamptz {
	switch {
	case t.IsZero():
		return pgtype.Timestamptz{}
	case t.Year() < firstYear:
		t = time.Date(firstYear, 1, 2, 0, 0, 0, 0, time.UTC)
	case t.Year() > lastYear:
		t = time.Date(lastYear, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return pgtype.Timestamptz{Time: t, Valid: true}
}

// present is a time for a column that is never null.
func present(t time.Time) pgtype.Timestamptz {
	v := stamp(t)
	return pgtype.Timestamptz{Time: v.Time, Valid: true}
}

// moment scans a time in UTC; null is the zero time.
type moment time.Time

// ScanTimestamptz implements pgtype.TimestamptzScanner.
func (m *moment) ScanTimestamptz(v pgtype.Timestamptz) error {
	*m = moment(v.Time.UTC())
	if !v.Valid {
		*m = moment{}
	}
	return nil
}

func when(t *time.Time) pgtype.TimestamptzScanner { return (*moment)(t) }

// cursor is where a page of a list ended.
type cursor struct {
	at time.Time
	id string
}

// Each list has a letter, so that a cursor of another list is found out.
const (
	listConversations = 'c'
	listMessages      = 'm'
	listTurns         = 't'
	listRested        = 'r'
	listUnanswered    = 'u'
	listHandoffs      = 'h'
	listAlerts        = 'a'
	listAudits        = 'q'
	listLabelled      = 'l'
	listLabels        = 'v'
	listPast          = 'p'
	listHeard         = 'e'
)

func (c cursor) encode(list rune) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%c%d %s", list, c.at.UnixMicro(), c.id))
}

// cursorOf reads a cursor; an empty one gives none.
func cursorOf(list rune, given string) (*cursor, error) {
	if given == "" {
		return nil, nil
	}
	invalid := fmt.Errorf("%w: a cursor that no page gave", gateway.ErrInvalid)
	data, err := base64.RawURLEncoding.DecodeString(given)
	if err != nil || len(data) == 0 || rune(data[0]) != list {
		return nil, invalid
	}
	number, id, _ := strings.Cut(string(data[1:]), " ")
	micros, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return nil, invalid
	}
	c := &cursor{time.UnixMicro(micros), id}
	if c.encode(list) != given {
		return nil, invalid
	}
	return c, nil
}

// args are the cursor as two parameters, null for the first page.
func (c *cursor) args() (at pgtype.Timestamptz, id *string) {
	if c == nil {
		return at, nil
	}
	escaped := escape(c.id)
	return stamp(c.at), &escaped
}

// rows is how many rows a page asks for.
func rows(p gateway.Page) int {
	switch {
	case p.Limit <= 0:
		return 50
	case p.Limit > 200:
		return 200
	}
	return p.Limit
}

// cut takes the row away that was read beyond the page, and gives the cursor of
// the last one that stays.
func cut[T any](list []T, p gateway.Page, kind rune, place func(T) cursor) (page []T, next string) {
	n := rows(p)
	if len(list) <= n {
		return list, ""
	}
	return list[:n], place(list[n-1]).encode(kind)
}
