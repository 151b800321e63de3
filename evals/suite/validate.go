package suite

import (
	"bytes"
	_ "embed" // The schema is a file, so that editors can use it too.
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

//go:embed schema.json
var schemaFile []byte

// Schema is the JSON schema of a suite's file. Editors complete and check a suite with
// it: a first line "# yaml-language-server: $schema=suite.schema.json" names the file it
// was written to.
func Schema() []byte { return slices.Clone(schemaFile) }

// schemaPlace is how the schema calls itself while it is compiled; nothing is read from there.
const schemaPlace = "suite.schema.json"

// nouns name what a definition of the schema is about, in sentences.
var nouns = map[string]string{
	"suite": "a suite", "shop": "a shop", "costs": "the costs", "threshold": "a threshold", "where": "`where`", "parity": "the parity",
	"defaults": "the defaults", "case": "a case", "step": "a step", "expect": "what is expected", "action": "an action",
	"person": "a customer", "customer": "a customer", "say": "a text", "local": "a text", "facts": "a list of facts",
	"simulate": "a customer who is played", "wish": "a wish", "knows": "what a customer knows",
}

// patterns say what to write where a text does not have its form.
var patterns = map[string]string{
	"text": "is empty; write a text, or leave the key out", "texts": "is empty; write a text, or leave the key out",
	"word":     "has to be a word of letters and digits, with spaces, dots, colons, slashes, hyphens or underscores within",
	"words":    "has to be a word of letters and digits, with spaces, dots, colons, slashes, hyphens or underscores within",
	"id":       "has to be of small letters and digits joined by hyphens, such as refund-card",
	"phone":    `has to be a phone number with its country code in quotes, such as "+34600550101"`,
	"duration": "has to be a duration such as 30s, 2m, 1h or 2d",
}

var definition = regexp.MustCompile(`\$defs/([a-z]+)`)

// checker holds files against the schema.
type checker struct {
	schema *jsonschema.Schema
	// words are the keys of each definition.
	words map[string][]string
}

func newChecker() (*checker, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaFile))
	if err != nil {
		return nil, fmt.Errorf("read the schema of suites: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(schemaPlace, doc); err != nil {
		return nil, fmt.Errorf("read the schema of suites: %w", err)
	}
	compiled, err := compiler.Compile(schemaPlace)
	if err != nil {
		return nil, fmt.Errorf("read the schema of suites: %w", err)
	}
	var file struct {
		Defs map[string]struct {
			Properties map[string]json.RawMessage `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(schemaFile, &file); err != nil {
		return nil, fmt.Errorf("read the schema of suites: %w", err)
	}
	c := &checker{schema: compiled, words: map[string][]string{}}
	for name, def := range file.Defs {
		c.words[name] = slices.Sorted(maps.Keys(def.Properties))
	}
	return c, nil
}

// check gives what the schema finds, and the cases that it found something in, whose
// content says nothing more.
func (c *checker) check(name string, root *node) (problems Problems, broken map[int]bool) {
	broken = map[int]bool{}
	var invalid *jsonschema.ValidationError
	if err := c.schema.Validate(root.value); !errors.As(err, &invalid) {
		return nil, broken
	}
	for _, leaf := range leaves(invalid) {
		if len(leaf.InstanceLocation) > 1 && leaf.InstanceLocation[0] == "cases" {
			if i, err := strconv.Atoi(leaf.InstanceLocation[1]); err == nil {
				broken[i] = true
			}
		}
		for _, p := range c.problems(leaf, root) {
			p.File = name
			problems = append(problems, p)
		}
	}
	return problems, broken
}

// leaves are the errors that have no others as their cause.
func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var list []*jsonschema.ValidationError
	for _, cause := range e.Causes {
		list = append(list, leaves(cause)...)
	}
	return list
}

func (c *checker) problems(e *jsonschema.ValidationError, root *node) []Problem {
	def := ""
	if found := definition.FindAllStringSubmatch(e.SchemaURL, -1); found != nil {
		def = found[len(found)-1][1]
	}
	at, key := root.at(e.InstanceLocation)
	if extra, ok := e.ErrorKind.(*kind.AdditionalProperties); ok {
		var list []Problem
		for _, word := range extra.Properties {
			value, where := at.at([]string{word})
			text := fmt.Sprintf("`%s` is not a word of %s%s", word, noun(def), suggest(word, c.words[def]))
			if value.value == nil && slices.Contains(c.words[def], "any") {
				text = fmt.Sprintf("`%s` is not a language; a comma between braces ends a text, so put a text with a comma in quotes", word)
			}
			list = append(list, Problem{Line: where.line, Column: where.column, Text: text})
		}
		return list
	}
	if at.value == nil && key != nil {
		at = key
	}
	return []Problem{{Line: at.line, Column: at.column, Text: sentence(e, def, subject(e.InstanceLocation), at)}}
}

func noun(def string) string {
	if n, ok := nouns[def]; ok {
		return n
	}
	return "`" + def + "`"
}

// subject is what a sentence is about: the last key of the path.
func subject(path []string) string {
	for _, part := range slices.Backward(path) {
		if _, err := strconv.Atoi(part); err != nil {
			return "`" + part + "`"
		}
	}
	return "the file"
}

// sentence says what is wrong with a value and what to do.
func sentence(e *jsonschema.ValidationError, def, subject string, at *node) string {
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		if k.Got == "null" {
			return subject + " has no value; a # after a space begins a comment, so put a text that begins with it in quotes"
		}
		return fmt.Sprintf("%s has to be %s, and is %s here", subject, either(k.Want), types[k.Got])
	case *kind.Required:
		return fmt.Sprintf("%s needs %s", noun(def), quoted(k.Missing))
	case *kind.Enum:
		var words []string
		for _, w := range k.Want {
			words = append(words, fmt.Sprint(w))
		}
		return fmt.Sprintf("%s can't be `%s`%s", subject, at.text, suggest(at.text, words))
	case *kind.Pattern:
		return subject + " " + patterns[def]
	case *kind.Format:
		return subject + " has to be a time with its zone, such as 2026-11-20T10:00:00+01:00"
	case *kind.Minimum:
		return fmt.Sprintf("%s has to be at least %s", subject, k.Want.RatString())
	case *kind.Maximum:
		return fmt.Sprintf("%s has to be at most %s", subject, k.Want.RatString())
	case *kind.MinItems, *kind.MinProperties:
		return subject + " is empty; write what belongs there, or leave the key out"
	}
	return fmt.Sprintf("%s does not have the form that the schema gives it (%s)", subject, strings.Join(e.ErrorKind.KeywordPath(), "/"))
}

// types are the types of the schema in words.
var types = map[string]string{
	"string": "a text", "number": "a number", "integer": "a whole number", "boolean": "true or false", "array": "a list", "object": "a mapping",
}

func either(list []string) string {
	var words []string
	for _, t := range []string{"string", "number", "integer", "boolean", "array", "object"} {
		// A number and a yes are texts too, where a text may stand.
		other := slices.Contains([]string{"number", "integer", "boolean"}, t) && slices.Contains(list, "string")
		if slices.Contains(list, t) && !other {
			words = append(words, types[t])
		}
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
