package llm

import (
	"encoding/json"
	"errors"

	"github.com/sashabaranov/go-openai"
)

// The parameters that some servers refuse.
const (
	paramFormat      = "response_format"
	paramMaxTokens   = "max_tokens"
	paramTemperature = "temperature"
)

// format is how the server is told to answer in JSON. A higher one asks for less.
type format int

const (
	formatSchema format = iota
	formatObject
	formatNone
)

// dialect is what is asked of a server. The zero value is the strictest.
type dialect struct {
	format format
	// completionTokens means max_completion_tokens in the place of max_tokens.
	completionTokens bool
	noTemperature    bool
}

// without is the dialect that does without a parameter, and false when there is
// none.
func (d dialect) without(parameter string) (dialect, bool) {
	switch {
	case parameter == paramFormat && d.format < formatNone:
		d.format++
	case parameter == paramMaxTokens && !d.completionTokens:
		d.completionTokens = true
	case parameter == paramTemperature && !d.noTemperature:
		d.noTemperature = true
	default:
		return d, false
	}
	return d, true
}

// merge does without everything that one of the two does without: two calls may
// learn at the same time.
func (d dialect) merge(other dialect) dialect {
	return dialect{
		format:           max(d.format, other.format),
		completionTokens: d.completionTokens || other.completionTokens,
		noTemperature:    d.noTemperature || other.noTemperature,
	}
}

func (d dialect) responseFormat(schema []byte) *openai.ChatCompletionResponseFormat {
	switch d.format {
	case formatSchema:
		return &openai.ChatCompletionResponseFormat{
			Type: openai.ChatCompletionResponseFormatTypeJSONSchema,
			JSONSchema: &openai.ChatCompletionResponseFormatJSONSchema{
				Name: "draft", Schema: json.RawMessage(schema), Strict: true,
			},
		}
	case formatObject:
		return &openai.ChatCompletionResponseFormat{Type: openai.ChatCompletionResponseFormatTypeJSONObject}
	default:
		return nil
	}
}

// refused is the parameter that the server, or go-openai in its place, did not
// take, or the empty text.
func refused(err error) string {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.parameter
	}
	return ""
}
