package llm

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/sashabaranov/go-openai"
)

// The parameters that some servers refuse.
const (
	paramFormat      = "response_format"
	paramMaxTokens   = "max_tokens"
	paramTemperature = "temperature"
	paramStream      = "stream"
	paramStreamUsage = "stream_options"
	paramLogProbs    = "logprobs"
	paramSeed        = "seed"
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
	// noStream means that the answer is read whole, noStreamUsage that a stream does not
	// tell what it cost.
	noStream, noStreamUsage bool
	// noLogProbs means that the probabilities of words are not asked for, and noSeed that
	// chance is not.
	noLogProbs, noSeed bool
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
		// Models that take no temperature tell no probabilities, and some say so of both
		// in one.
		d.noTemperature, d.noLogProbs = true, true
	case parameter == paramStream && !d.noStream:
		d.noStream = true
	case parameter == paramStreamUsage && !d.noStreamUsage:
		d.noStreamUsage = true
	case parameter == paramLogProbs && !d.noLogProbs:
		d.noLogProbs = true
	case parameter == paramSeed && !d.noSeed:
		d.noSeed = true
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
		noStream:         d.noStream || other.noStream,
		noStreamUsage:    d.noStreamUsage || other.noStreamUsage,
		noLogProbs:       d.noLogProbs || other.noLogProbs,
		noSeed:           d.noSeed || other.noSeed,
	}
}

func (d dialect) responseFormat(name string, schema []byte) *openai.ChatCompletionResponseFormat {
	switch d.format {
	case formatSchema:
		return &openai.ChatCompletionResponseFormat{
			Type: openai.ChatCompletionResponseFormatTypeJSONSchema,
			JSONSchema: &openai.ChatCompletionResponseFormatJSONSchema{
				Name: name, Schema: json.RawMessage(schema), Strict: true,
			},
		}
	case formatObject:
		return &openai.ChatCompletionResponseFormat{Type: openai.ChatCompletionResponseFormatTypeJSONObject}
	default:
		return nil
	}
}

// limit bounds an answer, and asks for the likeliest one.
func (d dialect) limit(q *openai.ChatCompletionRequest) {
	if d.completionTokens {
		q.MaxCompletionTokens = maxReasoningTokens
	} else {
		q.MaxTokens = maxTokens //nolint:staticcheck // deprecated by OpenAI, and the only one that many servers know
	}
	if !d.noTemperature {
		q.Temperature = greedy
	}
}

// talk asks a server in a dialect that it takes.
type talk struct {
	calls *caller

	mu sync.Mutex
	// known is what the server was found to take.
	known dialect
}

// ask asks in the strictest dialect that is not known to be refused, and in simpler
// ones while the server refuses a parameter by name.
func (t *talk) ask(ctx context.Context, call func(context.Context, dialect) error) error {
	for d := t.dialect(); ; {
		err := t.calls.do(ctx, func(ctx context.Context) error { return call(ctx, d) })
		if err == nil {
			t.learn(d)
			return nil
		}
		simpler, ok := d.without(refused(err))
		if !ok {
			return err
		}
		t.calls.log.InfoContext(ctx, "the model server refused a parameter", "parameter", refused(err))
		d = simpler
	}
}

func (t *talk) dialect() dialect {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known
}

// learn keeps what just worked.
func (t *talk) learn(d dialect) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known = t.known.merge(d)
}

// refused is the parameter that the server, or go-openai in its place, did not
// take, or the empty text.
func refused(err error) string {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.parameter
	}
	return ""
}
