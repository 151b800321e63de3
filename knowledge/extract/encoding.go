package extract

import (
	"bytes"
	"fmt"
	"mime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	textunicode "golang.org/x/text/encoding/unicode"
)

// decode makes UTF-8 with \n line ends of a text in whatever encoding. A byte order
// mark decides, then what the bytes can only be: a text of several lines that is
// valid UTF-8 by chance does not exist, while wrong declarations do. Only then counts
// what the server or, with declared, the page says, and last what makes words.
func decode(data []byte, contentType string, declared ...string) (string, error) {
	text, err := decodeBytes(data, append([]string{charsetOf(contentType)}, declared...))
	if err != nil {
		return "", err
	}
	text = strings.TrimPrefix(text, "\uFEFF")
	if strings.TrimSpace(text) == "" {
		return "", ErrEmpty
	}
	if controls(text) {
		return "", binaryError(data)
	}
	return clean(text), nil
}

func decodeBytes(data []byte, declared []string) (string, error) {
	if order, ok := utf16Order(data); ok {
		return decodeUTF16(data, order)
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return "", binaryError(data)
	}
	ascii := !slices.ContainsFunc(data, func(b byte) bool { return b >= utf8.RuneSelf })
	if utf8.Valid(data) && (!ascii || bytes.IndexByte(data, 0x1b) < 0) {
		return string(data), nil
	}
	if text, ok := mended(data); ok {
		return text, nil
	}
	for _, name := range declared {
		found, _ := charset.Lookup(name)
		if found == nil || found == encoding.Nop {
			continue
		}
		// A declaration is wrong when it can't be followed.
		if text, err := found.NewDecoder().Bytes(data); err == nil && !bytes.ContainsRune(text, utf8.RuneError) {
			return string(text), nil
		}
	}
	return guess(data)
}

// mended reads UTF-8 into which a few bytes of another encoding came, from a text that
// was pasted or appended. Letters of several bytes that fit together hardly occur by
// chance: where they are twice as many as the bytes that fit nowhere, the text is UTF-8,
// and those bytes are letters of Windows.
func mended(data []byte) (string, bool) {
	var out strings.Builder
	whole, stray := 0, 0
	for rest := data; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			stray++
			r = charmap.Windows1252.DecodeByte(rest[0])
		case size > 1:
			whole++
		}
		out.WriteRune(r)
		rest = rest[size:]
	}
	return out.String(), whole > 2*stray && stray > 0
}

func charsetOf(contentType string) string {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return params["charset"]
}

// utf16Order finds UTF-16 by its byte order mark or by the zero bytes of its Latin
// letters, nearly all on one side.
func utf16Order(data []byte) (textunicode.Endianness, bool) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return textunicode.LittleEndian, true
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return textunicode.BigEndian, true
	case len(data) < 4 || len(data)%2 != 0:
		return textunicode.LittleEndian, false
	}
	var zeros [2]int
	head := data[:min(len(data), 4096)]
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	pairs := len(head) / 2
	switch {
	case zeros[1]*10 >= pairs*7 && zeros[0]*10 < pairs:
		return textunicode.LittleEndian, true
	case zeros[0]*10 >= pairs*7 && zeros[1]*10 < pairs:
		return textunicode.BigEndian, true
	}
	return textunicode.LittleEndian, false
}

// maxBroken is how many half characters a text may have and still be one.
const maxBroken = 8

func decodeUTF16(data []byte, order textunicode.Endianness) (string, error) {
	if len(data)%2 != 0 {
		return "", fmt.Errorf("%w: UTF-16 that ends in the middle of a character; save it as UTF-8", ErrBinary)
	}
	text, err := textunicode.UTF16(order, textunicode.UseBOM).NewDecoder().Bytes(data)
	if err != nil {
		return "", fmt.Errorf("read as UTF-16: %w; save the file as UTF-8", err)
	}
	if bytes.IndexByte(text, 0) >= 0 || bytes.Count(text, []byte("\uFFFD")) > maxBroken {
		return "", binaryError(data)
	}
	return string(text), nil
}

// singleByte are the encodings that Spanish and English texts of old programs have:
// of Windows and the web, of old Macs, and of DOS, which spreadsheets still offer.
var singleByte = []*charmap.Charmap{charmap.Windows1252, charmap.Macintosh, charmap.CodePage850}

// guess takes the encoding in which the text has most letters and signs that such
// texts have, and fewest that they don't. That of Windows is by far the most common
// one: the others must be clearly better.
func guess(data []byte) (string, error) {
	var best string
	top := 0
	for i, candidate := range singleByte {
		text, err := candidate.NewDecoder().Bytes(data)
		if err != nil {
			return "", err
		}
		if score := plausible([]rune(string(text))); i == 0 || score > top+2 {
			best, top = string(text), score
		}
	}
	return best, nil
}

const (
	spanish = "áéíóúñüÁÉÍÓÚÑÜ¿¡€ºª«»çÇ"
	signs   = "–—‘’“”…•·°©®™£§½¼²³àèìòùâêôäöïëãõ\u00a0´¢"
	// between words stand these, and the last one in words such as don't.
	between     = "–—‘“”…•’"
	contraction = "stlrvdm"
)

// plausible counts for and against a reading.
func plausible(text []rune) int {
	score := 0
	at := func(i int) rune {
		if i < 0 || i >= len(text) {
			return ' '
		}
		return text[i]
	}
	for i, r := range text {
		before, after := at(i-1), at(i+1)
		inside := unicode.IsLetter(before) && unicode.IsLetter(after)
		switch {
		case r < utf8.RuneSelf:
		case r < 0xa0:
			score -= 5 // a control character: the encoding has nothing here
		case inside && strings.ContainsRune(between, r) && (r != '’' || !strings.ContainsRune(contraction, after)):
			score -= 2
		case unicode.IsUpper(r) && unicode.IsLower(before):
			score -= 2 // no word has a capital behind a small letter
		case strings.ContainsRune(spanish, r):
			score += 3
		case strings.ContainsRune(signs, r):
			score++
		default:
			score -= 2
		}
	}
	return score
}

// controls tells a binary file without zero bytes: control characters that no text
// editor writes.
func controls(text string) bool {
	found := 0
	for _, r := range text {
		if r < ' ' && !strings.ContainsRune("\t\n\v\f\r\x1a\x1b", r) || r == 0x7f {
			found++
		}
	}
	return found > 2 && found*200 > len(text)
}

func binaryError(data []byte) error {
	if what := whatIs(data); what != "" {
		return fmt.Errorf("%w but %s", ErrBinary, what)
	}
	return fmt.Errorf("%w but a binary file", ErrBinary)
}
