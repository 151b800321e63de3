package sources

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const (
	// zipUnicodePath is the extra field in which some programs repeat a name in UTF-8.
	zipUnicodePath = 0x7075
	// zipDOS is the creator of archives whose names are in the code page of a console.
	zipDOS = 0
)

// entryName is the path of an archive's file, in UTF-8 and with slashes. A path that
// leads out of the archive is refused though nothing is unpacked: who wrote it meant
// harm.
func entryName(file *zip.File) (string, error) {
	name := file.Name
	if !utf8.ValidString(name) {
		if given := unicodePath(file); given != "" {
			name = given
		} else {
			name = decodeName(name, file.CreatorVersion>>8 == zipDOS)
		}
	}
	// Old programs for Windows write backslashes.
	name = strings.ReplaceAll(name, `\`, "/")
	name = readable(strings.TrimPrefix(strings.TrimSuffix(name, "/"), "./"))
	if !fs.ValidPath(name) || len(name) > 1 && name[1] == ':' || strings.ContainsFunc(name, unicode.IsControl) {
		return strings.Map(printable, name), errors.New("its name leads out of the archive or is none; pack the archive anew")
	}
	return name, nil
}

func printable(r rune) rune {
	if unicode.IsControl(r) {
		return '?'
	}
	return r
}

// unicodePath is the name in an extra field, if it belongs to this name.
func unicodePath(file *zip.File) string {
	for extra := file.Extra; len(extra) >= 4; {
		kind, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		extra = extra[4:]
		if size > len(extra) {
			return ""
		}
		field := extra[:size]
		extra = extra[size:]
		if kind != zipUnicodePath || size < 5 || field[0] != 1 {
			continue
		}
		sum := binary.LittleEndian.Uint32(field[1:])
		if name := string(field[5:]); sum == crc32.ChecksumIEEE([]byte(file.Name)) && utf8.ValidString(name) {
			return name
		}
	}
	return ""
}

// decodeName reads a name in one of the two encodings that Spanish names are found in:
// that of Windows, a superset of Latin-1, or that of its consoles. The one in which the
// name looks more like words is right; dos decides when both do.
func decodeName(name string, dos bool) string {
	windows, console := decoded(charmap.Windows1252, name), decoded(charmap.CodePage850, name)
	a, b := oddness(windows), oddness(console)
	if b < a || a == b && dos {
		return console
	}
	return windows
}

func decoded(from *charmap.Charmap, name string) string {
	text, err := from.NewDecoder().String(name)
	if err != nil {
		return strings.ToValidUTF8(name, "\uFFFD")
	}
	return text
}

// oddness counts what words do not have: signs that are no letters, and capitals behind
// small letters.
func oddness(name string) int {
	odd := 0
	before := rune(0)
	for _, r := range name {
		switch {
		case r < utf8.RuneSelf:
		case !unicode.IsLetter(r) && !strings.ContainsRune("ªº¿¡", r):
			odd += 2
		case unicode.IsUpper(r) && unicode.IsLower(before):
			odd++
		}
		before = r
	}
	return odd
}
