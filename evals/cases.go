package evals

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/knowledge"
)

// maxCase bounds one line of a file of cases.
const maxCase = 64 << 10

// Case is a labelled question. In a file it is one line of JSON.
type Case struct {
	// ID is unique in its file.
	ID string `json:"id"`
	// Group joins cases that are one question in other words or another
	// language: they are never split between fitting and choosing a threshold.
	// Empty means that the case stands alone.
	Group  string `json:"group,omitempty"`
	Locale string `json:"locale"`
	Text   string `json:"text"`
	// Kind is a word for the report, such as "policy". Cases of one kind are
	// counted together.
	Kind string `json:"kind"`
	// Decision is "reply" or "handoff": what should become of it.
	Decision string `json:"decision"`
	// Docs are the documents of which any one answers the question, by file name
	// without folder and extension.
	Docs []string `json:"docs,omitempty"`
	// Facts are what a right answer contains: of each group one of the wordings,
	// compared without regard to case, accents and spaces.
	Facts []demoshop.Fact `json:"facts,omitempty"`
	// Customer is the phone number of the customer who asks, empty for somebody
	// without orders.
	Customer string `json:"customer,omitempty"`
	// Order is the order that is meant, for the reader.
	Order string `json:"order,omitempty"`
	// Foreign says that Order is not this customer's. Besides a handoff, a reply
	// that it was not found among theirs is right.
	Foreign bool `json:"foreign,omitempty"`
	// OffTopic says that the question has nothing to do with a shop. Besides a handoff, the
	// line that says so is right.
	OffTopic bool `json:"off_topic,omitempty"`
}

// The values of Case.Decision.
const (
	decisionReply   = demoshop.DecisionReply
	decisionHandoff = demoshop.DecisionHandoff
)

// identity is who asks. Phones are kept in digits, as the channel gives them.
func (c Case) identity() gateway.Identity {
	if c.Customer == "" {
		return gateway.Identity{UserID: "eval"}
	}
	return gateway.Identity{Phone: strings.TrimPrefix(c.Customer, "+")}
}

// ReadCases decodes a file of cases, a JSON object on each line; empty lines are
// skipped. An error names the line and what is wrong with it.
func ReadCases(r io.Reader) ([]Case, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4<<10), maxCase)
	var list []Case
	seen := map[string]bool{}
	number := 0
	for lines.Scan() {
		number++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		one, err := readCase(line)
		if err == nil && seen[one.ID] {
			err = errors.New("the id is there twice")
		}
		if err != nil {
			return nil, fmt.Errorf("read cases: line %d: %w", number, err)
		}
		seen[one.ID] = true
		list = append(list, one)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read cases: line %d: %w", number+1, err)
	}
	return list, nil
}

func readCase(line []byte) (Case, error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	var c Case
	if err := decoder.Decode(&c); err != nil {
		return Case{}, err
	}
	switch {
	case c.ID == "" || c.Text == "" || c.Kind == "" || c.Locale == "":
		return Case{}, errors.New("id, locale, kind and text are needed")
	case c.Decision != decisionReply && c.Decision != decisionHandoff:
		return Case{}, errors.New(`decision is neither "reply" nor "handoff"`)
	}
	return c, nil
}

// DemoCases are the labelled questions of the demo shop. A question and its
// counterpart in the other language are one group.
func DemoCases() ([]Case, error) {
	questions, err := demoshop.Questions()
	if err != nil {
		return nil, fmt.Errorf("demo cases: %w", err)
	}
	list := make([]Case, 0, len(questions))
	for _, q := range questions {
		list = append(list, Case{
			ID: q.ID, Group: strings.TrimPrefix(q.ID, q.Locale+"-"), Locale: q.Locale, Text: q.Text, Kind: q.Kind,
			Decision: q.Decision, Docs: q.Docs, Facts: q.Facts, Customer: q.Customer, Order: q.Order, Foreign: q.Foreign, OffTopic: q.OffTopic,
		})
	}
	return list, nil
}

// IngestDemo fills an index with the documents that DemoCases are about.
func IngestDemo(ctx context.Context, index knowledge.Index, embedder knowledge.Embedder) error {
	ingester, err := knowledge.NewIngester(knowledge.Config{
		Index: index, Embedder: embedder, Extractor: texts{}, DefaultLocale: "es",
	})
	if err != nil {
		return fmt.Errorf("ingest the demo shop: %w", err)
	}
	list, err := demoListing()
	if err != nil {
		return fmt.Errorf("ingest the demo shop: %w", err)
	}
	report, err := ingester.Ingest(ctx, list, knowledge.Options{})
	if err != nil {
		return fmt.Errorf("ingest the demo shop: %w", err)
	}
	if len(report.Broken) > 0 {
		return fmt.Errorf("ingest the demo shop: %s: %w", report.Broken[0].Source, report.Broken[0].Err)
	}
	return nil
}

// demoListing lists the policies and the FAQ table, a collection each.
func demoListing() (knowledge.Listing, error) {
	list := knowledge.Listing{Complete: map[string]bool{"policies": true, "faq": true}}
	add := func(collection, name string, data []byte) {
		list.Sources = append(list.Sources, knowledge.Source{
			Name: name, Place: name, Collection: collection,
			Read: func(context.Context, []knowledge.Document, int64) (knowledge.File, error) {
				return knowledge.File{Data: data}, nil
			},
		})
	}
	policies := demoshop.Policies()
	err := fs.WalkDir(policies, ".", func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(policies, at)
		add("policies", "policies/"+at, data)
		return err
	})
	add("faq", "faq/faq.csv", demoshop.FAQ())
	return list, err
}

// texts is an extractor for files that are Markdown or a FAQ table already.
type texts struct{}

// Accepts implements knowledge.Extractor.
func (texts) Accepts(string) bool { return true }

// Extract implements knowledge.Extractor.
func (texts) Extract(_ context.Context, name string, f knowledge.File) ([]knowledge.Extracted, error) {
	format := knowledge.FormatMarkdown
	if path.Ext(name) == ".csv" {
		format = knowledge.FormatFAQ
	}
	return []knowledge.Extracted{{Body: string(f.Data), Format: format}}, nil
}
