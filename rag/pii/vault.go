package pii

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Vault holds the values that were masked in the texts of one turn, so that the
// same value has the same placeholder in all of them. It may be used by several
// goroutines.
type Vault struct {
	keep func(Span) bool

	mu     sync.Mutex
	names  map[secretValue]string // the placeholder of a value
	values map[string]secretValue // the value of a placeholder
	counts map[Kind]int
	// found is what Find says of the texts that were masked: in one turn the same ones come
	// again and again.
	found map[string][]Span
}

// secretValue is what a placeholder stands for.
type secretValue struct {
	kind Kind
	text string
}

// String says nothing of the values, to whoever prints a vault by mistake.
func (*Vault) String() string { return "vault" }

// GoString is String for %#v.
func (*Vault) GoString() string { return "vault" }

// NewVault makes an empty vault. It masks everything that Find finds but dates, and
// what keep answers true of: the shop's own numbers and pages, and the numbers of the
// customer's orders. A nil keep keeps nothing.
func NewVault(keep func(Span) bool) *Vault {
	if keep == nil {
		keep = func(Span) bool { return false }
	}
	return &Vault{keep: keep, names: map[secretValue]string{}, values: map[string]secretValue{}, counts: map[Kind]int{}, found: map[string][]Span{}}
}

// Mask puts a placeholder in the place of every value that is found, and of every
// other place where a value of the vault stands as a word of its own. What looks like
// a placeholder already becomes one itself, so that Restore gives back any text as it
// was.
func (v *Vault) Mask(text string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var written []Span
	for _, m := range placeholder.FindAllStringIndex(text, -1) {
		written = append(written, Span{Start: m[0], End: m[1], Kind: literal, Text: text[m[0]:m[1]]})
	}
	text = v.replace(text, written)
	// What two finders disputed leaves a rest that one of them may know again. Each
	// round takes letters away, so there is a last one.
	for {
		found := v.find(text)
		if len(found) == 0 {
			return text
		}
		text = v.replace(text, found)
	}
}

// Hide gives the placeholder of a value that is personal data whatever it looks like: a
// field of a record. An empty one stays empty.
func (v *Vault) Hide(kind Kind, value string) string {
	if value == "" {
		return ""
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.name(secretValue{kind, value})
}

// Blank takes the placeholders out of a masked text, for what compares words: they stand
// for no word of a question.
func Blank(masked string) string {
	if !strings.Contains(masked, "[[") {
		return masked
	}
	return strings.TrimSpace(placeholder.ReplaceAllString(masked, ""))
}

// find returns what is to be masked in a text, in order and without overlaps.
func (v *Vault) find(text string) []Span {
	if _, ok := v.found[text]; !ok {
		v.found[text] = slices.DeleteFunc(Find(text), func(s Span) bool { return s.Kind == Date })
	}
	found := slices.Clone(v.found[text])
	for known := range v.names {
		if known.kind != literal {
			found = slices.AppendSeq(found, slices.Values(known.places(text)))
		}
	}
	for _, s := range slices.Clone(found) {
		found = append(found, secretValue{s.Kind, s.Text}.places(text)...)
	}
	found = slices.DeleteFunc(found, v.keep)
	return disjoint(found, placeholder.FindAllStringIndex(text, -1))
}

// places are those where a value stands alone.
func (s secretValue) places(text string) []Span {
	var found []Span
	for at := 0; at < len(text); {
		i := strings.Index(text[at:], s.text)
		if i < 0 {
			break
		}
		start, end := at+i, at+i+len(s.text)
		if alone(text, start, end) {
			found = append(found, Span{Start: start, End: end, Kind: s.kind, Text: s.text})
		}
		at = end
	}
	return found
}

// disjoint orders spans, the longer before the shorter that begins with it, and drops
// those that overlap one before or a placeholder.
func disjoint(found []Span, holes [][]int) []Span {
	slices.SortFunc(found, func(a, b Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End), cmp.Compare(a.Kind, b.Kind))
	})
	end, hole := 0, 0
	return slices.DeleteFunc(found, func(s Span) bool {
		for hole < len(holes) && holes[hole][1] <= s.Start {
			hole++
		}
		if s.Start < end || hole < len(holes) && holes[hole][0] < s.End {
			return true
		}
		end = s.End
		return false
	})
}

func (v *Vault) replace(text string, found []Span) string {
	var b strings.Builder
	at := 0
	for _, s := range found {
		b.WriteString(text[at:s.Start])
		b.WriteString(v.name(secretValue{s.Kind, s.Text}))
		at = s.End
	}
	b.WriteString(text[at:])
	return b.String()
}

// name gives a value its placeholder.
func (v *Vault) name(value secretValue) string {
	name, known := v.names[value]
	if !known {
		v.counts[value.kind]++
		name = "[[" + string(value.kind) + "_" + strconv.Itoa(v.counts[value.kind]) + "]]"
		v.names[value], v.values[name] = name, value
	}
	return name
}

// Restore puts the values back in the place of their placeholders, once: what looks
// like a placeholder inside of a value stays. Placeholders that the vault did not give
// stay too, see Unknown.
func (v *Vault) Restore(text string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		if value, known := v.values[name]; known {
			return value.text
		}
		return name
	})
}

// Unknown returns the placeholders of a text that the vault did not give. A draft with
// one can't be sent: its writer made it up.
func (v *Vault) Unknown(text string) []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.DeleteFunc(placeholder.FindAllString(text, -1), func(name string) bool {
		_, known := v.values[name]
		return known
	})
}

// Counts says how many different values of each kind are masked. It is all of a vault
// that a log may hold.
func (v *Vault) Counts() map[Kind]int {
	v.mu.Lock()
	defer v.mu.Unlock()
	counts := maps.Clone(v.counts)
	delete(counts, literal)
	return counts
}
