package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/recado/recado/gateway"
)

// ids are made anew in each run.
var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// record is a decision record for a report: masked, and without what names the conversation,
// what chance made, and what the clock measured, so that the same run gives the same.
func (m mask) record(r gateway.Record) (json.RawMessage, error) {
	r.ID, r.ConversationID, r.EventKeys, r.Stages = "", "", nil, nil
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write a decision record: %w", err)
	}
	var tree map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("write a decision record: %w", err)
	}
	for _, name := range []string{"id", "conversation_id", "event_keys", "stages", "attempt", "outcome"} {
		delete(tree, name)
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(m.tree(tree)); err != nil {
		return nil, fmt.Errorf("write a decision record: %w", err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// named are fields that hold no words of anybody: hashes and the names of passages, in which
// a row of digits is no telephone.
var named = []string{"hash", "version", "config", "calibration", "chunk_id", "document_id", "kind", "rule"}

func (m mask) tree(v any) any {
	switch v := v.(type) {
	case string:
		return ids.ReplaceAllString(m.vault.Mask(v), "ID")
	case []any:
		for i := range v {
			v[i] = m.tree(v[i])
		}
	case map[string]any:
		for name := range v {
			if !slices.Contains(named, name) {
				v[name] = m.tree(v[name])
			}
		}
	}
	return v
}

// Detail is what a report shows of a decision record before the record itself.
type Detail struct {
	Query    string
	Draft    string
	Missing  string
	Passages []Shown
	// Orders are the numbers of those that were looked at, and Failed the names of the
	// checks that did not hold, with why.
	Orders, Failed []string
}

// Shown is a passage that a model saw. Cited tells that the draft rests on it.
type Shown struct {
	Title, Text string
	Cited       bool
}

// Detail reads the side's record; a side without one has nothing to show.
func (s Side) Detail() (d Detail) {
	var r gateway.Record
	if json.Unmarshal(s.Record, &r) != nil {
		return d
	}
	d.Query, d.Draft, d.Missing = r.Query, r.Draft.Answer, r.Draft.Missing
	for _, p := range r.Passages {
		title := strings.TrimSpace(p.Title)
		if p.Question != "" {
			title = p.Question
		} else if p.Heading != "" && p.Heading != p.Title {
			title += " › " + p.Heading
		}
		d.Passages = append(d.Passages, Shown{Title: title, Text: p.Text, Cited: slices.Contains(r.Draft.Citations, p.ID)})
	}
	for _, o := range r.Orders.Orders {
		d.Orders = append(d.Orders, o.Number)
	}
	for _, c := range r.Checks {
		if !c.OK {
			d.Failed = append(d.Failed, strings.TrimSuffix(c.Name+": "+c.Detail, ": "))
		}
	}
	return d
}

// Pretty is the record with a field on each line.
func (s Side) Pretty() string {
	var b bytes.Buffer
	if json.Indent(&b, s.Record, "", "  ") != nil {
		return ""
	}
	return b.String()
}
