package knowledge

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
)

// IndexText is what is embedded and searched by words for a chunk: the
// document's title, the heading path, the question of a FAQ pair and the text,
// a line each. A passage such as "30 days" is found only with its headings.
func IndexText(d Document, c Chunk) string {
	// Most policies repeat their title as the first heading; once is enough.
	if strings.HasPrefix(c.Heading, d.Title) {
		return PromptText(c)
	}
	return d.Title + "\n" + PromptText(c)
}

// PromptText is what stands for a passage in a prompt, and what its tokens are counted
// of.
func PromptText(c Chunk) string {
	lines := make([]string, 0, 3)
	for _, line := range []string{c.Heading, c.Question, c.Text} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// ContentHash identifies what is embedded for a chunk, IndexText, with 32 hexadecimal
// digits.
func ContentHash(d Document, c Chunk) string {
	sum := sha256.Sum256([]byte(IndexText(d, c)))
	return hex.EncodeToString(sum[:16])
}

// TextHash identifies what a passage says, its question and its text, with 32
// hexadecimal digits. It stays when the document gets another name, title or heading,
// which change ContentHash.
func TextHash(c Chunk) string {
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(c.Question+"\n"+c.Text), " ")))
	return hex.EncodeToString(sum[:16])
}

// CheckChunks says what makes a Replace invalid: an empty or overlong document
// ID, no title or locale, or a vector without the dimension (ErrDimension).
// Every index calls it before it changes anything.
func CheckChunks(d Document, chunks []Chunk, dim int) error {
	if err := CheckDocument(d, chunks); err != nil {
		return err
	}
	for _, c := range chunks {
		if err := CheckVector(d, c, c.Vector, dim); err != nil {
			return err
		}
	}
	return nil
}

// CheckDocument is CheckChunks before there are vectors.
func CheckDocument(d Document, chunks []Chunk) error {
	switch {
	case d.ID == "" || len(d.ID) > 512:
		return fmt.Errorf("document %q: the ID must have 1 to 512 bytes", d.ID)
	case d.Title == "":
		return fmt.Errorf("document %s: no title", d.ID)
	case d.Locale == "":
		return fmt.Errorf("document %s: no locale", d.ID)
	}
	seen := make(map[string]bool, len(chunks))
	for _, c := range chunks {
		if c.ID == "" || seen[c.ID] {
			return fmt.Errorf("document %s: chunk ID %q is empty or used twice", d.ID, c.ID)
		}
		seen[c.ID] = true
	}
	return nil
}

// CheckVector says what makes the vector of a chunk invalid: that it does not have the
// dimension (ErrDimension).
func CheckVector(d Document, c Chunk, vector []float32, dim int) error {
	if len(vector) != dim {
		return fmt.Errorf("document %s, chunk %d: %w: %d, not %d", d.ID, c.Seq, ErrDimension, len(vector), dim)
	}
	return nil
}

// unit checks an embedder's vector and returns it scaled to length 1, as a new
// slice: the embedder may keep its own. The vector of a text without any word can
// be all zeros; it has no direction and cannot be compared, so it is an error as
// well.
func unit(v []float32, dim int) ([]float32, error) {
	if len(v) != dim {
		return nil, fmt.Errorf("%w: %d, not %d", ErrDimension, len(v), dim)
	}
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return nil, errNotFinite
	}
	if sum == 0 {
		return nil, errZeroVector
	}
	scaled, scale := make([]float32, dim), 1/math.Sqrt(sum)
	for i, x := range v {
		scaled[i] = float32(float64(x) * scale)
	}
	return scaled, nil
}
