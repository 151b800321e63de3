// Package llm lets any OpenAI-compatible server draft answers, make vectors, hear
// what a voice note says and say what a picture shows, through go-openai.
//
// Servers differ in what they take: a strict JSON schema, a JSON object, or
// neither; max_tokens or max_completion_tokens; a temperature or none; a stream or a
// whole body. A Model begins with the strictest request and drops what the server
// names in a refusal (dialect.go); what worked is remembered as long as the Model lives.
//
// The answer is read while it is written, and given up when it can't become a draft
// any more or nobody waits for it (stream.go). A Ladder puts several models in a row
// and holds them to a budget (ladder.go).
//
// A call is tried again only where that can help: after 429, 5xx, a broken
// connection or a timeout, with full jitter, and only while the caller's deadline
// allows it (call.go). A server that fails several times in a row is left alone
// for a while (breaker.go), so that it costs its callers nothing.
//
// What a server says is never trusted and never repeated: bodies are capped,
// drafts are read strictly (draft.go), and an error holds neither the key, nor
// the prompt, nor a word of what the server sent.
package llm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/sashabaranov/go-openai"

	"github.com/recado/recado/rag"
)

// The limits of one answer.
const (
	// maxTokens is what a draft may take: 600 characters of text, its citations
	// and the braces around them take a fourth of it.
	maxTokens = 1024
	// maxReasoningTokens is the same for models whose thinking counts.
	maxReasoningTokens = 8192
	// maxChatBody is the largest response that is read, in bytes.
	maxChatBody = 1 << 20
	// greedy stands for temperature 0, which go-openai would leave out of the
	// request, so that the server's default of 1 would hold.
	greedy = 0.0001
)

// Config is what a Model is made of. Model is needed, and APIKey where BaseURL
// is empty.
type Config struct {
	// APIKey is sent as bearer token; local servers often need none.
	APIKey string
	// BaseURL is the server with its version, such as http://localhost:11434/v1.
	// Empty means OpenAI's own.
	BaseURL string
	// Model is the name of the model as the server knows it.
	Model string
	// HTTP does the requests. By default it is a client that keeps its connections
	// and follows no redirects.
	HTTP *http.Client
	// Timeout ends one attempt; 15 s by default. All attempts together are bounded
	// by the context of the call.
	Timeout time.Duration
	// Retries is how often a call is repeated after a failure that may pass: 2 by
	// default, and never with a negative value.
	Retries int
	// Concurrency is how many requests run at once, 16 by default; others wait.
	Concurrency int
	// Logger defaults to discarding everything.
	Logger *slog.Logger
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

// Model drafts answers with a chat model. It is safe for concurrent use.
type Model struct {
	name   string
	talk   talk
	client *openai.Client
	schema []byte
}

var _ rag.Model = (*Model)(nil)

// NewModel checks the configuration and fills the defaults. It does not ask the
// server.
func NewModel(c Config) (*Model, error) {
	c.Concurrency = cmp.Or(c.Concurrency, 16)
	schema, err := draftSchema()
	if err != nil {
		return nil, fmt.Errorf("llm: %w", err)
	}
	calls, client, err := connect(c, maxChatBody, nil)
	if err != nil {
		return nil, fmt.Errorf("llm: %w", err)
	}
	return &Model{name: c.Model, talk: talk{calls: calls}, client: client, schema: schema}, nil
}

// Name is the model's name as it was configured.
func (m *Model) Name() string { return m.name }

// Complete asks the server for a draft. Every error wraps rag.ErrModel, and that
// of a caller who gave up the error of ctx as well. The response has no draft then, and
// tells all the same what was paid for nothing.
func (m *Model) Complete(ctx context.Context, r rag.Request) (rag.Response, error) {
	if len(r.Messages) == 0 {
		return rag.Response{}, fmt.Errorf("%w: the request has no messages", rag.ErrModel)
	}
	answer, err := m.chat(ctx, r.Messages)
	if err != nil {
		return rag.Response{Usage: lost(err, r.Messages)}, fmt.Errorf("%w: %w", rag.ErrModel, err)
	}
	response := rag.Response{Model: m.answeredBy(answer.Model), Usage: usage(answer, r.Messages)}
	response.Draft, err = draft(answer, r.Locale)
	if err != nil {
		return rag.Response{Model: response.Model, Usage: response.Usage}, fmt.Errorf("%w: %w", rag.ErrModel, err)
	}
	return response, nil
}

// draft is what the answer proposes: its text, and the tools that it calls.
func draft(answer openai.ChatCompletionResponse, locale string) (rag.Draft, error) {
	calls, err := toolCalls(answer)
	if err != nil {
		return rag.Draft{}, err
	}
	if len(calls) > 0 && answer.Choices[0].Message.Content == "" {
		return rag.Draft{Locale: locale, Actions: calls}, nil
	}
	text, err := content(answer)
	if err != nil {
		return rag.Draft{}, err
	}
	d, err := readDraft(text, locale)
	if err != nil {
		return rag.Draft{}, err
	}
	d.Actions, err = join(d.Actions, calls)
	return d, err
}

// chat asks for the answer in pieces, so that one that can't be used is not read to its
// end, and whole where the server does not stream.
func (m *Model) chat(ctx context.Context, messages []rag.PromptMessage) (openai.ChatCompletionResponse, error) {
	var answer openai.ChatCompletionResponse
	err := m.talk.ask(ctx, func(ctx context.Context, d dialect) error {
		var err error
		if d.noStream {
			answer, err = m.client.CreateChatCompletion(ctx, m.request(d, messages))
		} else {
			answer, err = m.stream(ctx, d, messages)
		}
		return err
	})
	return answer, err
}

func (m *Model) request(d dialect, messages []rag.PromptMessage) openai.ChatCompletionRequest {
	q := openai.ChatCompletionRequest{Model: m.name, ResponseFormat: d.responseFormat("draft", m.schema)}
	for _, message := range messages {
		q.Messages = append(q.Messages, openai.ChatCompletionMessage{Role: message.Role, Content: message.Content})
	}
	d.limit(&q)
	return q
}

// maxModelName is how long a name may be that goes into records.
const maxModelName = 128

// answeredBy is the name that the server gives itself, where it is one.
func (m *Model) answeredBy(name string) string {
	if name = clean(name); name == "" || len(name) > maxModelName {
		return m.name
	}
	return name
}

// maxContent is the largest message that is searched for a draft, in bytes.
const maxContent = 64 << 10

// content is the text of the answer, if it is whole.
func content(answer openai.ChatCompletionResponse) (string, error) {
	if len(answer.Choices) == 0 {
		return "", errors.New("the server gave no choice")
	}
	choice := answer.Choices[0]
	switch {
	case choice.Message.Refusal != "":
		return "", errors.New("the model refused to answer")
	case choice.FinishReason == openai.FinishReasonContentFilter:
		return "", errors.New("the server's content filter stopped the answer")
	case choice.FinishReason == openai.FinishReasonLength:
		return "", errors.New("the answer was cut off at its greatest length")
	case choice.Message.Content == "":
		return "", errors.New("the answer is empty")
	case len(choice.Message.Content) > maxContent:
		return "", fmt.Errorf("the answer is larger than %d KB", maxContent>>10)
	}
	return choice.Message.Content, nil
}
