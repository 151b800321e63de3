package extract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
)

// article is one of an export of Zendesk's Help Center API ("articles", "article") or
// of Intercom's Articles API ("data"). The two share most names; what only one has
// says so.
type article struct {
	Type   string          `json:"type"` // Intercom: "article", "internal_article"
	ID     json.RawMessage `json:"id"`   // a number with Zendesk, a text with Intercom
	Title  string          `json:"title"`
	Body   string          `json:"body"` // HTML
	Locale string          `json:"locale"`

	HTMLURL        string            `json:"html_url"` // Zendesk; its url is the API's
	Draft          bool              `json:"draft"`
	LabelNames     []string          `json:"label_names"`
	SectionID      json.Number       `json:"section_id"`
	UserSegmentID  json.Number       `json:"user_segment_id"`
	UserSegmentIDs []json.Number     `json:"user_segment_ids"`
	Translations   []json.RawMessage `json:"translations"`

	URL           string                     `json:"url"` // Intercom; the page's
	State         string                     `json:"state"`
	Description   string                     `json:"description"`
	DefaultLocale string                     `json:"default_locale"`
	Translated    map[string]json.RawMessage `json:"translated_content"`
	Tags          json.RawMessage            `json:"tags"`

	line int
	// own is what a table says of it besides.
	own knowledge.Meta
}

// group is a section or a category of Zendesk's.
type group struct {
	ID              json.Number `json:"id"`
	Name            string      `json:"name"`
	CategoryID      json.Number `json:"category_id"`
	ParentSectionID json.Number `json:"parent_section_id"`
}

// export gathers the articles of a file, and what is said about them beside them.
type export struct {
	pages   pageReader
	maxText int
	size    int
	// beside says that something was found that only an export has.
	beside bool
	found  []article
	groups map[json.Number]group
	// everyone are the user segments that are all who have signed in.
	everyone map[json.Number]bool
	texts    []knowledge.Extracted
	names    map[string]bool
}

func newExport(pages pageReader, maxText int) *export {
	return &export{
		pages: pages, maxText: maxText, names: map[string]bool{},
		groups: map[json.Number]group{}, everyone: map[json.Number]bool{},
	}
}

// take keeps what an object holds of an export and says whether it is part of one.
func (e *export) take(o object) (bool, error) {
	if isArticle(o.fields) {
		return true, e.add(o.raw, o.line)
	}
	if raw := o.fields["article"]; len(raw) > 0 && raw[0] == '{' {
		return true, e.add(raw, o.line)
	}
	beside := e.takeBeside(o)
	for _, list := range []string{"articles", "data", "results"} {
		raw := o.fields[list]
		if len(raw) == 0 || raw[0] != '[' {
			continue
		}
		lines := lineCounter{text: string(raw), lines: o.line - 1}
		inner, err := elements(raw, &lines, 0)
		if err != nil {
			return false, err
		}
		if list != "articles" && (len(inner) == 0 || !isArticle(inner[0].fields)) {
			continue
		}
		for _, element := range inner {
			if err := e.add(element.raw, element.line); err != nil {
				return false, err
			}
		}
		e.beside = true
		return true, nil
	}
	return beside, nil
}

// isArticle tells an article from the row of a table.
func isArticle(fields map[string]json.RawMessage) bool {
	if fields["title"] == nil || fields["question"] != nil || fields["pregunta"] != nil {
		return false
	}
	return fields["body"] != nil || fields["translated_content"] != nil
}

func (e *export) add(raw json.RawMessage, line int) error {
	a := article{line: line}
	if err := json.Unmarshal(raw, &a); err != nil {
		return fmt.Errorf("the article in line %d: %w", line, withoutValue(err))
	}
	e.found = append(e.found, a)
	return nil
}

// withoutValue says what is wrong with a type without what stands there.
func withoutValue(err error) error {
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s is a %s, not what an article has there", kind.Field, kind.Value)
	}
	return err
}

// takeBeside keeps sections, categories and user segments, which stand beside the
// articles or in files of their own.
func (e *export) takeBeside(o object) bool {
	beside := false
	for _, list := range []string{"categories", "sections"} {
		var groups []group
		if raw := o.fields[list]; len(raw) == 0 || json.Unmarshal(raw, &groups) != nil {
			continue // or something else that has this name
		}
		beside = true
		for _, g := range groups {
			e.groups[g.ID] = g
		}
	}
	var segments []struct {
		ID       json.Number `json:"id"`
		UserType string      `json:"user_type"`
		BuiltIn  bool        `json:"built_in"`
	}
	if raw := o.fields["user_segments"]; len(raw) > 0 && json.Unmarshal(raw, &segments) == nil {
		beside = true
		for _, s := range segments {
			e.everyone[s.ID] = s.BuiltIn && s.UserType == "signed_in_users"
		}
	}
	e.beside = e.beside || beside
	return beside
}

// finish turns the articles into texts, now that all that is said about them is
// known.
func (e *export) finish(ctx context.Context) ([]knowledge.Extracted, error) {
	for _, a := range e.found {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := e.languages(a); err != nil {
			return nil, err
		}
		if e.size > e.maxText {
			return nil, fmt.Errorf("%w: more than %d MiB", ErrTooMuch, e.maxText>>20)
		}
	}
	switch {
	case len(e.found) == 0:
		return nil, fmt.Errorf("the export holds no articles: %w", ErrEmpty)
	case len(e.texts) == 0:
		return nil, fmt.Errorf("%w; %d are drafts or have no text", ErrDrafts, len(e.found))
	}
	return e.texts, nil
}

// languages adds an article in all languages that it is published in.
func (e *export) languages(a article) error {
	meta := e.about(a)
	done := map[string]bool{}
	add := func(version article, locale string) error {
		if done[locale] {
			return nil
		}
		done[locale] = true
		return e.publish(a, version, meta, locale)
	}
	for _, raw := range a.Translations {
		var version article
		if err := json.Unmarshal(raw, &version); err != nil {
			return fmt.Errorf("the article in line %d: translations: %w", a.line, withoutValue(err))
		}
		if err := add(version, cleanLocale(version.Locale)); err != nil {
			return err
		}
	}
	if err := add(a, cleanLocale(firstText(a.Locale, a.DefaultLocale))); err != nil {
		return err
	}
	for _, locale := range slices.Sorted(maps.Keys(a.Translated)) {
		var version article
		if raw := a.Translated[locale]; raw[0] == '{' {
			if err := json.Unmarshal(raw, &version); err != nil {
				return fmt.Errorf("the article in line %d: translated_content: %w", a.line, withoutValue(err))
			}
			if err := add(version, cleanLocale(locale)); err != nil {
				return err
			}
		}
	}
	return nil
}

// publish adds one language of an article, unless it is a draft.
func (e *export) publish(a, version article, meta knowledge.Meta, locale string) error {
	if version.Draft || version.State == "draft" || strings.TrimSpace(version.Body) == "" {
		return nil
	}
	place := firstText(version.HTMLURL, webURL(version.URL))
	if version.HTMLURL == "" && strings.Contains(place, "/api/v2/") {
		place = ""
	}
	text, err := e.pages.fragment(version.Body, place)
	if err != nil {
		return fmt.Errorf("the article in line %d: %w", a.line, err)
	}
	if strings.TrimSpace(text) == "" {
		return nil
	}
	meta.Title, meta.Locale = oneLine(version.Title), locale
	body := text
	if description := oneLine(version.Description); description != "" && !strings.Contains(oneLine(text), description) {
		body = description + "\n\n" + body
	}
	if meta.Title != "" {
		body = "# " + meta.Title + "\n\n" + body
	}
	e.size += len(body)
	e.texts = append(e.texts, knowledge.Extracted{
		Name: e.name(a, locale), Place: place, Meta: meta, Body: body, Format: knowledge.FormatMarkdown,
	})
	return nil
}

// name tells an article and its languages apart for ever, by the ID it has at the
// help centre and else by its line.
func (e *export) name(a article, locale string) string {
	id := strings.Trim(string(a.ID), `"`)
	if id == "" || id == "null" || strings.ContainsAny(id, `\/{[`) {
		id = fmt.Sprintf("line-%d", a.line)
	}
	name := "articles/" + id
	if locale != "" {
		name += "/" + locale
	}
	for n, base := 2, name; e.names[name]; n++ {
		name = fmt.Sprintf("%s/%d", base, n)
	}
	e.names[name] = true
	return name
}

// about is what holds for an article in every language.
func (e *export) about(a article) knowledge.Meta {
	tags := slices.Clone(a.LabelNames)
	for id, depth := a.SectionID, 0; depth < 8; depth++ {
		g, ok := e.groups[id]
		if !ok {
			break
		}
		tags = append(tags, g.Name)
		if id = g.ParentSectionID; id == "" {
			id = g.CategoryID
		}
	}
	var intercom struct{ Tags []struct{ Name string } }
	if len(a.Tags) > 0 && json.Unmarshal(a.Tags, &intercom) == nil {
		for _, tag := range intercom.Tags {
			tags = append(tags, tag.Name)
		}
	}
	meta := knowledge.Meta{Tags: tagsOf(tags)}
	if a.Type == "internal_article" || e.restricted(a) {
		meta.Audience = knowledge.AudienceAgent
	}
	return meta.Over(a.own)
}

// restricted says that customers may not read an article: it has a user segment,
// unless the export says that this is everyone who has signed in. A segment of some
// customers counts as restricted, for nobody knows here who asks.
func (e *export) restricted(a article) bool {
	ids := a.UserSegmentIDs
	if a.UserSegmentID != "" {
		ids = append(slices.Clone(ids), a.UserSegmentID)
	}
	return slices.ContainsFunc(ids, func(id json.Number) bool { return id != "" && !e.everyone[id] })
}

// firstText is the first of the texts that says something.
func firstText(texts ...string) string {
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" {
			return text
		}
	}
	return ""
}
