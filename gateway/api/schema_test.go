package api_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// document is the OpenAPI file as plain values.
type document map[string]any

func readDocument(t *testing.T) document {
	t.Helper()
	text, err := os.ReadFile("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var raw any
	if err := yaml.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	// Through JSON, so that all numbers are float64 and all maps have string keys.
	plain, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(plain, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// at follows keys into the document and "$ref" wherever one is met.
func (d document) at(t *testing.T, from any, keys ...string) any {
	t.Helper()
	for _, k := range append(keys, "") {
		m, ok := from.(map[string]any)
		for ok && m["$ref"] != nil {
			path := strings.Split(strings.TrimPrefix(m["$ref"].(string), "#/"), "/")
			from = d.at(t, map[string]any(d), path...)
			m, ok = from.(map[string]any)
		}
		if k == "" {
			return from
		}
		if !ok || m[k] == nil {
			t.Fatalf("the document has no %q in %v", k, keys)
		}
		from = m[k]
	}
	return from
}

// known are the keywords that the validator understands; another one in a schema
// fails the test, so that nothing is silently not checked.
var known = []string{
	"type", "format", "required", "properties", "additionalProperties", "items", "enum", "oneOf", "pattern",
	"minLength", "maxLength", "minimum", "maximum", "description", "default", "$ref",
}

// validate says what is wrong with a value under a schema, place by place.
func (d document) validate(t *testing.T, schema, value any, place string) []string {
	t.Helper()
	s, ok := d.at(t, schema).(map[string]any)
	if !ok {
		return []string{place + ": the schema is no object"}
	}
	var wrong []string
	for key := range s {
		if !slices.Contains(known, key) {
			wrong = append(wrong, place+": keyword "+key+" is not understood")
		}
	}
	if options, ok := s["oneOf"].([]any); ok {
		wrong = append(wrong, d.oneOf(t, options, value, place)...)
	}
	if kind, ok := s["type"]; ok && !isType(kind, value) {
		return append(wrong, fmt.Sprintf("%s: %v is no %v", place, value, kind))
	}
	if allowed, ok := s["enum"].([]any); ok && !slices.Contains(allowed, value) {
		wrong = append(wrong, fmt.Sprintf("%s: %v is not one of %v", place, value, allowed))
	}
	switch v := value.(type) {
	case string:
		wrong = append(wrong, checkString(s, v, place)...)
	case float64:
		wrong = append(wrong, checkNumber(s, v, place)...)
	case []any:
		for i, item := range v {
			if s["items"] != nil {
				wrong = append(wrong, d.validate(t, s["items"], item, fmt.Sprintf("%s[%d]", place, i))...)
			}
		}
	case map[string]any:
		wrong = append(wrong, d.checkObject(t, s, v, place)...)
	}
	return wrong
}

func (d document) oneOf(t *testing.T, options []any, value any, place string) []string {
	t.Helper()
	fits := 0
	for _, o := range options {
		if len(d.validate(t, o, value, place)) == 0 {
			fits++
		}
	}
	if fits != 1 {
		return []string{fmt.Sprintf("%s: %v fits %d of %d alternatives", place, value, fits, len(options))}
	}
	return nil
}

func isType(kind, value any) bool {
	if kinds, ok := kind.([]any); ok {
		return slices.ContainsFunc(kinds, func(k any) bool { return isType(k, value) })
	}
	switch v := value.(type) {
	case nil:
		return kind == "null"
	case bool:
		return kind == "boolean"
	case string:
		return kind == "string"
	case float64:
		return kind == "number" || kind == "integer" && v == math.Trunc(v)
	case []any:
		return kind == "array"
	}
	return kind == "object"
}

func checkString(s map[string]any, v, place string) (wrong []string) {
	n := float64(utf8.RuneCountInString(v))
	if least, ok := s["minLength"].(float64); ok && n < least {
		wrong = append(wrong, place+": too short")
	}
	if most, ok := s["maxLength"].(float64); ok && n > most {
		wrong = append(wrong, place+": too long")
	}
	if p, ok := s["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v) {
		wrong = append(wrong, place+": "+v+" does not match "+p)
	}
	if _, err := time.Parse(time.RFC3339, v); s["format"] == "date-time" && err != nil {
		wrong = append(wrong, place+": "+v+" is no time")
	}
	return wrong
}

func checkNumber(s map[string]any, v float64, place string) (wrong []string) {
	if least, ok := s["minimum"].(float64); ok && v < least {
		wrong = append(wrong, place+": too small")
	}
	if most, ok := s["maximum"].(float64); ok && v > most {
		wrong = append(wrong, place+": too large")
	}
	return wrong
}

func (d document) checkObject(t *testing.T, s, v map[string]any, place string) (wrong []string) {
	t.Helper()
	if required, ok := s["required"].([]any); ok {
		for _, name := range required {
			if _, ok := v[name.(string)]; !ok {
				wrong = append(wrong, fmt.Sprintf("%s: %v is missing", place, name))
			}
		}
	}
	properties, _ := s["properties"].(map[string]any)
	for name, item := range v {
		inner := place + "." + name
		switch {
		case properties[name] != nil:
			wrong = append(wrong, d.validate(t, properties[name], item, inner)...)
		case s["additionalProperties"] == false:
			wrong = append(wrong, inner+" is not in the schema")
		case s["additionalProperties"] != nil:
			wrong = append(wrong, d.validate(t, s["additionalProperties"], item, inner)...)
		}
	}
	return wrong
}

// The validator itself must be able to say no.
func TestValidatorRefuses(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	tests := []struct{ schema, value, want string }{
		{"Error", `{"error":{"code":"taken","message":""}}`, ".error.message: too short"},
		{"Error", `{"error":{"code":"odd","message":"x"}}`, ".error.code: odd is not one of"},
		{"Error", `{}`, "error is missing"},
		{"Error", `{"error":{"code":"taken","message":"x"},"more":1}`, ".more is not in the schema"},
		{"Identity", `{"phone":"+34","user_id":""}`, "does not match"},
		{"Time", `"yesterday"`, "is no time"},
		{"Next", `3`, "is no [string null]"},
		{"Packet", `{"wants":"","language":"es","why":"","confidence":1.5}`, ".confidence: too large"},
		{"Packet", `{"wants":"","language":"es","why":"","tried":[1]}`, ".tried[0]: 1 is no string"},
		{"Turn", `{"features":{"a":"b"}}`, ".features.a: b is no number"},
		{"Conversation", `{"window_ends_at":3}`, "fits 0 of 2"},
	}
	for _, test := range tests {
		var value any
		if err := json.Unmarshal([]byte(test.value), &value); err != nil {
			t.Fatal(err)
		}
		wrong := strings.Join(d.validate(t, d.at(t, map[string]any(d), "components", "schemas", test.schema), value, ""), "\n")
		if !strings.Contains(wrong, test.want) {
			t.Errorf("%s: want %q in\n%s", test.value, test.want, wrong)
		}
	}
}
