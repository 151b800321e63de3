package cassette

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// maxLine bounds one entry of a file.
const maxLine = 16 << 20

// Read reads a cassette: an entry on each line, as Write writes them. An error names the
// line.
func Read(r io.Reader) ([]Entry, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	var list []Entry
	for number := 1; lines.Scan(); number++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var e Entry
		decoder := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&e); err != nil {
			return nil, fmt.Errorf("read the cassette: line %d: %w", number, err)
		}
		if e.Key != keyOf(e.Kind, e.Name, e.Parts) {
			return nil, fmt.Errorf("read the cassette: line %d: the key is not that of the parts; somebody has edited them", number)
		}
		list = append(list, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the cassette: %w", err)
	}
	return list, nil
}

// Write writes the entries, one on each line, so that a change of one answer is a change of
// one line.
func Write(w io.Writer, entries []Entry) error {
	b := bufio.NewWriter(w)
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	for _, e := range entries {
		if err := encoder.Encode(e); err != nil {
			return fmt.Errorf("write the cassette: %w", err)
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write the cassette: %w", err)
	}
	return nil
}
