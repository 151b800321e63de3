package whatsapp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/recado/recado/gateway"
)

// maxKey is the longest key that is kept in clear. Indexes have limits, and a key
// beyond them would make its webhook fail for ever.
const maxKey = 400

// key joins the parts of an event's key so that different parts never give the
// same key.
func key(parts ...string) string {
	for i, part := range parts {
		if strings.ContainsAny(part, "|%") {
			parts[i] = strings.NewReplacer("%", "%25", "|", "%7C").Replace(part)
		}
	}
	joined := strings.Join(parts, "|")
	if len(joined) > maxKey {
		return key(parts[0], "sha256", digest([]byte(joined)))
	}
	return joined
}

// hashKey is the key of something without an id of its own: the same bytes give
// the same key, however they are indented.
func hashKey(kind string, raw []byte, more ...string) string {
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err == nil {
		raw = compact.Bytes()
	}
	return key(append([]string{kind, "sha256", digest(raw)}, more...)...)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// unreadableBody is the event for a whole body that can't be read.
func unreadableBody(body []byte, at time.Time) gateway.Event {
	return gateway.Event{
		Key: key("unreadable", "sha256", digest(body)), Kind: gateway.EventUnreadable,
		At: at, ReceivedAt: at, Raw: keepBody(body), Body: body,
	}
}

// keepBody makes JSON of a body that is none: a string of it, or, when it is not
// even text, {"base64": "..."}.
func keepBody(body []byte) json.RawMessage {
	if utf8.Valid(body) && !bytes.Contains(body, []byte{0}) {
		text, err := json.Marshal(string(body))
		if err == nil {
			return text
		}
	}
	wrapped, err := json.Marshal(map[string][]byte{"base64": body})
	if err != nil {
		return json.RawMessage("null")
	}
	return wrapped
}

// keepItem gives the item as it came unless it is JSON that a database refuses,
// although the standard allows it: an escaped NUL or half a surrogate pair, which
// any customer can send, or bytes that are not UTF-8. asItCame tells which of the two
// it is.
func keepItem(raw json.RawMessage) (kept json.RawMessage, asItCame bool) {
	if utf8.Valid(raw) && goodEscapes(raw) {
		return raw, true
	}
	return keepBody(bytes.ToValidUTF8(raw, []byte("\uFFFD"))), false
}

// keepList is keepItem for a list: what comes of it is one, too.
func keepList(raw json.RawMessage) json.RawMessage {
	kept, asItCame := keepItem(raw)
	if asItCame {
		return kept
	}
	return slices.Concat(json.RawMessage("["), kept, json.RawMessage("]"))
}

// goodEscapes tells whether every \u escape of valid JSON stands for a character
// that can be stored.
func goodEscapes(raw []byte) bool {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 || i+1 >= len(raw) {
			return true
		}
		raw = raw[i:]
		if raw[1] != 'u' {
			raw = raw[2:]
			continue
		}
		n := escapeLen(raw)
		if n == 0 {
			return false
		}
		raw = raw[n:]
	}
}

// escapeLen is the length of the character that starts with a \u escape, 6 or 12
// bytes, or 0 when it can't be stored.
func escapeLen(raw []byte) int {
	r := escaped(raw)
	switch {
	case r <= 0:
		return 0
	case !utf16.IsSurrogate(r):
		return 6
	case len(raw) >= 12 && utf16.DecodeRune(r, escaped(raw[6:])) != utf8.RuneError:
		return 12
	}
	return 0
}

func escaped(raw []byte) rune {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(raw[2:6]), 16, 32)
	if err != nil {
		return -1
	}
	return rune(n)
}
