package extract

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
)

// articleNames are what programs call the fields of an article in a table, in lower case
// and with _ between words.
var articleNames = map[string]string{
	"id": "id", "article_id": "id",
	"title": "title", "article_title": "title", "name": "title",
	"body": "body", "article_body": "body", "body_html": "body", "html_body": "body", "content": "body",
	"description": "description", "locale": "locale", "language": "locale", "default_locale": "locale",
	"state": "state", "status": "state", "draft": "draft",
	"url": "url", "html_url": "url", "article_url": "url",
	"tags": "tags", "labels": "tags", "label_names": "tags", "type": "type", "user_segment_id": "segment",
}

// articleColumns are the places of an article's fields in a table, nil when the table has
// none: then it is a FAQ.
func articleColumns(names []string) map[string]int {
	at := map[string]int{}
	for i, name := range names {
		if column := columnOf(name); column == "question" || column == "answer" {
			return nil
		}
		field := articleNames[strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "_")]
		if _, twice := at[field]; field != "" && !twice {
			at[field] = i
		}
	}
	_, title := at["title"]
	if _, body := at["body"]; !title || !body {
		return nil
	}
	return at
}

// articles reads the rows of such a table.
func (r pageReader) articles(ctx context.Context, names []string, columns map[string]int, reader *csv.Reader, skipped, maxText int) ([]knowledge.Extracted, error) {
	for i, name := range names {
		if err := knowledge.Mistyped(name); err != nil {
			return nil, fmt.Errorf("line %d, column %d: %w", skipped+1, i+1, err)
		}
	}
	export := newExport(r, maxText)
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return export.finish(ctx)
		}
		if err != nil {
			return nil, tableError(err, skipped)
		}
		if blank(record) {
			continue
		}
		line, _ := reader.FieldPos(0)
		one, err := articleOf(record, columns)
		if err != nil {
			return nil, fmt.Errorf("the article in line %d: %w", line+skipped, err)
		}
		one.line = line + skipped
		for i, value := range record[:min(len(record), len(names))] {
			switch key := columnOf(names[i]); key {
			case "audience", "markets", "valid_from", "valid_to", "approver":
				setMeta(&one.own, key, value)
			}
		}
		export.found = append(export.found, one)
	}
}

func articleOf(record []string, columns map[string]int) (article, error) {
	field := func(name string) string {
		if at, ok := columns[name]; ok && at < len(record) {
			return strings.TrimSpace(record[at])
		}
		return ""
	}
	id, err := json.Marshal(field("id"))
	if err != nil {
		return article{}, err
	}
	published := slices.Contains([]string{"", "published", "live", "public"}, strings.ToLower(field("state"))) &&
		slices.Contains([]string{"", "false", "0", "no"}, strings.ToLower(field("draft")))
	one := article{
		Type: field("type"), ID: id, Title: field("title"), Body: field("body"), Locale: field("locale"), Description: field("description"),
		Draft: !published, URL: field("url"), UserSegmentID: json.Number(field("segment")),
	}
	for _, tag := range strings.FieldsFunc(strings.Trim(field("tags"), "[]"), func(c rune) bool { return c == ',' || c == ';' || c == '|' }) {
		one.LabelNames = append(one.LabelNames, strings.Trim(tag, ` "'`))
	}
	return one, nil
}
