package report

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"

	"github.com/recado/recado/evals/runs"
)

// perBlock is how many cases are packed together: a click on one unpacks them all.
const perBlock = 40

// entry is a case in the list, as the script reads it.
type entry struct {
	Name     string   `json:"i"`
	Language string   `json:"l"`
	Variant  string   `json:"v,omitempty"`
	Intent   string   `json:"n,omitempty"`
	Risk     string   `json:"r,omitempty"`
	Tags     []string `json:"t,omitempty"`
	// Status is "failed", "outage", "skipped" or "passed", Cause where a failed one went wrong,
	// and Change what became of it since the base: "broken", "mended", "other" or "added".
	Status    string   `json:"s"`
	Cause     string   `json:"w,omitempty"`
	Change    string   `json:"k,omitempty"`
	Decisions []string `json:"d,omitempty"`
	Asked     string   `json:"q"`
	Reply     string   `json:"a,omitempty"`
	Failed    []string `json:"c,omitempty"`
	Place     string   `json:"g,omitempty"`
}

// detail is all that there is to know of a case.
type detail struct {
	Result runs.Result `json:"r"`
	// Base is the case in the earlier run without what is long, and Differ what changed in
	// the replies.
	Base   *runs.Result `json:"b,omitempty"`
	Differ []piece      `json:"d,omitempty"`
}

// listed are the results in the order of the list: failed ones, worst first, then those
// that were not judged, then the others as the suite has them.
func listed(r runs.Run) []runs.Result {
	list := failures(r)
	for _, one := range r.Results {
		if !judged(one) {
			list = append(list, one)
		}
	}
	for _, one := range r.Results {
		if status(one) == "passed" {
			list = append(list, one)
		}
	}
	return list
}

func newEntry(r runs.Result, change string, refrains map[string]bool) entry {
	e := entry{
		Name: name(r), Language: r.Language, Variant: r.Variant, Intent: r.Intent, Risk: r.Risk, Tags: r.Tags, Status: status(r), Change: change,
		Cause: string(runs.CauseOf(r)), Decisions: decisions(r), Asked: cut(asked(r), 160), Place: place(r, 0),
	}
	if list := replies(r); len(list) > 0 {
		e.Reply = cut(gist(list[len(list)-1], refrains), 160)
	}
	for _, c := range failedChecks(r) {
		if !slices.Contains(e.Failed, c.Name) {
			e.Failed = append(e.Failed, c.Name)
		}
	}
	return e
}

func newDetail(r runs.Result, p pairing) detail {
	d := detail{Result: r}
	before, found := p.base[name(r)]
	if !found {
		return d
	}
	d.Base = trim(before)
	if changed(before, r) {
		d.Differ = differ(joined(before), joined(r))
	}
	return d
}

func joined(r runs.Result) string {
	var b bytes.Buffer
	for i, one := range replies(r) {
		if i > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(one)
	}
	return b.String()
}

// trim leaves of a result what a comparison shows.
func trim(r runs.Result) *runs.Result {
	steps := slices.Clone(r.Steps)
	for i, s := range steps {
		steps[i] = runs.Step{
			Did: s.Did, Said: s.Said, Replies: s.Replies, Decision: s.Decision, Rule: s.Rule, Reason: s.Reason, Checks: s.Checks, Confidence: s.Confidence,
			Scored: s.Scored, Threshold: s.Threshold, Cited: s.Cited, Actions: s.Actions, Expected: s.Expected, Took: s.Took, Usage: s.Usage,
		}
	}
	r.Steps = steps
	return &r
}

// packed are blocks for the script: JSON, compressed, in letters that mean nothing in HTML.
type packed struct {
	// Index holds the entries, Texts the long texts that details refer to, and Details so
	// many cases each.
	Index, Texts string
	Details      []string
}

// pack packs the cases. Passages and other long texts come again in many records and are
// held once: what takes their place is the sign U+0001 and a number.
func pack(v View, entries []entry, list []runs.Result, pairs pairing) (packed, error) {
	var p packed
	var parts [][]byte
	for chunk := range slices.Chunk(list, perBlock) {
		details := make([]detail, 0, len(chunk))
		for _, r := range chunk {
			details = append(details, newDetail(r, pairs))
		}
		part, err := json.Marshal(details)
		if err != nil {
			return packed{}, fmt.Errorf("pack the cases of a report: %w", err)
		}
		parts = append(parts, part)
	}
	parts, texts := shareTexts(parts)
	for _, part := range parts {
		block, err := squeeze(part)
		if err != nil {
			return packed{}, err
		}
		p.Details = append(p.Details, block)
	}
	index, err := json.Marshal(map[string]any{"cases": entries, "words": phrases, "per": perBlock, "base": v.Base != nil, "refrains": slices.Sorted(maps.Keys(refrains(v.Run)))})
	if err != nil {
		return packed{}, fmt.Errorf("pack the list of a report: %w", err)
	}
	if p.Index, err = squeeze(index); err != nil {
		return packed{}, err
	}
	p.Texts, err = squeeze(texts)
	return p, err
}

// shortText is the length from which a text that comes twice is worth a number; one that
// begins with the sign gets one at any length, or it could be taken for a number.
const shortText = 100

// shareTexts takes long texts that come more than once out of JSON.
func shareTexts(parts [][]byte) (without [][]byte, texts []byte) {
	seen := map[string]int{}
	number := func(text []byte) bool { return bytes.HasPrefix(text, []byte(`"\u0001`)) }
	for _, part := range parts {
		for text := range literals(part) {
			if len(text) > shortText {
				seen[string(text)]++
			}
		}
	}
	var table [][]byte
	at := map[string]int{}
	for _, part := range parts {
		var b bytes.Buffer
		done := 0
		for text, start := range literals(part) {
			if !number(text) && (len(text) <= shortText || seen[string(text)] < 2) {
				continue
			}
			i, known := at[string(text)]
			if !known {
				i = len(table)
				at[string(text)], table = i, append(table, text)
			}
			b.Write(part[done:start])
			b.WriteString(`"\u0001` + strconv.Itoa(i) + `"`)
			done = start + len(text)
		}
		b.Write(part[done:])
		without = append(without, b.Bytes())
	}
	return without, slices.Concat([]byte("["), bytes.Join(table, []byte(",")), []byte("]"))
}

// literals are the strings in JSON that are values, with their quotes, and where each
// begins.
func literals(part []byte) iter.Seq2[[]byte, int] {
	return func(yield func([]byte, int) bool) {
		for at := 0; at < len(part); at++ {
			if part[at] != '"' {
				continue
			}
			end := at + 1
			for part[end] != '"' {
				if part[end] == '\\' {
					end++
				}
				end++
			}
			// What a colon follows is a name.
			if text := part[at : end+1]; end+1 == len(part) || part[end+1] != ':' {
				if !yield(text, at) {
					return
				}
			}
			at = end
		}
	}
}

func squeeze(part []byte) (string, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(part)
	if err := cmp.Or(err, w.Close()); err != nil {
		return "", fmt.Errorf("compress a part of a report: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}
