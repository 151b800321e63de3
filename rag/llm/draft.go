package llm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
)

// maxAnswer is the longest answer in characters, which is what the channel takes
// as one message.
const maxAnswer = 4096

// maxObjects is how many places are tried where an object could begin.
const maxObjects = 64

// fieldSupport is a field of rag.Draft that a chat model is not asked for: what it
// would say of its own certainty is not worth the name of a share.
const fieldSupport = "support"

// draftSchema writes the JSON schema of rag.Draft in the order of its fields. A
// strict schema requires every field and allows no other.
func draftSchema() ([]byte, error) {
	draft := reflect.TypeFor[rag.Draft]()
	var properties, required []string
	for field := range draft.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == fieldSupport {
			continue
		}
		kind, err := schemaOf(name, field.Type)
		if err != nil {
			return nil, err
		}
		properties = append(properties, fmt.Sprintf("%q:%s", name, kind))
		required = append(required, fmt.Sprintf("%q", name))
	}
	return fmt.Appendf(nil, `{"type":"object","properties":{%s},"required":[%s],"additionalProperties":false}`,
		strings.Join(properties, ","), strings.Join(required, ",")), nil
}

func schemaOf(name string, t reflect.Type) (string, error) {
	switch {
	case name == "language":
		return `{"type":"string","enum":["es","en"]}`, nil
	case t.Kind() == reflect.String:
		return `{"type":"string"}`, nil
	case t.Kind() == reflect.Bool:
		return `{"type":"boolean"}`, nil
	case t == reflect.TypeFor[[]string]():
		return `{"type":"array","items":{"type":"string"}}`, nil
	case t == reflect.TypeFor[[]action.Call]():
		return callSchema(), nil
	}
	return "", fmt.Errorf("the draft's field %q has no schema", name)
}

// callSchema is that of a list of actions: their names are those of the catalog that a
// model may ask for.
func callSchema() string {
	names := []string{}
	for _, s := range action.Specs() {
		if s.Kind != action.SendCode {
			names = append(names, fmt.Sprintf("%q", s.Kind))
		}
	}
	return fmt.Sprintf(`{"type":"array","items":{"type":"object","properties":{"name":{"type":"string","enum":[%s]},`+
		`"order":{"type":"string"},"items":{"type":"array","items":{"type":"string"}},"address":{"type":"string"},"reason":{"type":"string"}},`+
		`"required":["name","order","items","address","reason"],"additionalProperties":false}}`, strings.Join(names, ","))
}

// readDraft finds the draft in what a model wrote: a JSON object, alone, between
// fences, or with text around it. Two different drafts are none. The errors
// repeat nothing of the text.
func readDraft(text, locale string) (rag.Draft, error) {
	found, err := object(text)
	if err != nil {
		return rag.Draft{}, err
	}
	var d rag.Draft
	if err := json.Unmarshal(found, &d); err != nil {
		if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			// The path is one of our own fields.
			return rag.Draft{}, fmt.Errorf("the draft's field %s has the wrong type", kind.Field)
		}
		return rag.Draft{}, errors.New("the draft can't be read")
	}
	d.Support = 0
	d.Answer, d.Missing = clean(d.Answer), clean(d.Missing)
	if d.Missing == rag.MissingBudget {
		d.Missing = "" // that word is ours
	}
	d.AskBack = clean(d.AskBack)
	d.Citations, d.Orders = cleanList(d.Citations), cleanList(d.Orders)
	if utf8.RuneCountInString(d.Answer) > maxAnswer {
		return rag.Draft{}, fmt.Errorf("the draft is longer than %d characters", maxAnswer)
	}
	if d.Locale, err = language(d, locale); err != nil {
		return rag.Draft{}, err
	}
	return d, nil
}

// object is the one draft in the text. Models that think aloud do so before a
// closing tag.
func object(text string) ([]byte, error) {
	if end := strings.LastIndex(text, endOfThoughts); end >= 0 {
		text = text[end:]
	}
	var found []byte
	for range maxObjects {
		start := strings.IndexByte(text, '{')
		if start < 0 {
			break
		}
		text = text[start:]
		var whole json.RawMessage
		if json.NewDecoder(strings.NewReader(text)).Decode(&whole) != nil {
			text = text[1:]
			continue
		}
		text = text[len(whole):]
		if !isDraft(whole) || bytes.Equal(whole, found) {
			continue
		}
		if found != nil {
			return nil, errors.New("the answer holds two different drafts")
		}
		found = whole
	}
	if found == nil {
		return nil, errors.New("the answer holds no draft")
	}
	return found, nil
}

// endOfThoughts ends what a model thinks aloud.
const endOfThoughts = "</think>"

// isDraft tells a draft from any other object by the two fields that say whether
// there is an answer.
func isDraft(whole json.RawMessage) bool {
	var fields struct {
		Answer     json.RawMessage `json:"answer"`
		NeedsHuman json.RawMessage `json:"needs_human"`
	}
	return json.Unmarshal(whole, &fields) == nil && (fields.Answer != nil || fields.NeedsHuman != nil)
}

// language is the draft's language as one of "es" and "en". A draft that names
// none, or says nothing, has that of the question.
func language(d rag.Draft, locale string) (string, error) {
	name := knowledge.Language(strings.TrimSpace(d.Locale))
	switch name {
	case "es", "spanish", "español", "spa":
		return "es", nil
	case "en", "english", "inglés", "eng":
		return "en", nil
	}
	if name == "" || d.Answer == "" {
		return locale, nil
	}
	return "", errors.New("the draft is in a language that was not asked for")
}

// clean drops what no message and no database takes: control characters other
// than line breaks and tabs, and the space around.
func clean(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text))
}

// cleanList drops empty entries and repetitions.
func cleanList(list []string) []string {
	var kept []string
	for _, s := range list {
		if s = clean(s); s != "" && !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}
