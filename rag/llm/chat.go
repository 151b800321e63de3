package llm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/sashabaranov/go-openai"
)

// ErrChat says that the server could not be had or gave nothing that can be used.
var ErrChat = errors.New("the model gave no usable object")

// Chat asks a chat model for JSON objects of a form, such as what a customer who is played
// says next. It is safe for concurrent use.
type Chat struct {
	name   string
	talk   talk
	client *openai.Client
}

// NewChat checks the configuration and fills the defaults, as NewModel does.
func NewChat(c Config) (*Chat, error) {
	c.Concurrency = cmp.Or(c.Concurrency, 8)
	calls, client, err := connect(c, maxChatBody, nil)
	if err != nil {
		return nil, fmt.Errorf("llm: chat: %w", err)
	}
	return &Chat{name: c.Model, talk: talk{calls: calls}, client: client}, nil
}

// Name is the model's name as it was configured.
func (c *Chat) Name() string { return c.name }

// Ask gives the one JSON object that the model answers with. The schema is a strict one;
// a server that takes none is asked in words alone, so that the object has to be read with
// care. Every error wraps ErrChat.
func (c *Chat) Ask(ctx context.Context, system, user string, schema []byte) ([]byte, error) {
	var answer openai.ChatCompletionResponse
	err := c.talk.ask(ctx, func(ctx context.Context, d dialect) error {
		q := openai.ChatCompletionRequest{Model: c.name, ResponseFormat: d.responseFormat("move", schema), Messages: []openai.ChatCompletionMessage{
			{Role: openai.ChatMessageRoleSystem, Content: system},
			{Role: openai.ChatMessageRoleUser, Content: user},
		}}
		d.limit(&q)
		var err error
		answer, err = c.client.CreateChatCompletion(ctx, q)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChat, err)
	}
	text, err := content(answer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChat, err)
	}
	found, err := onlyObject(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChat, err)
	}
	return found, nil
}

// onlyObject finds the object in what a model wrote: alone, between fences, or behind what
// it thought aloud. Two are none.
func onlyObject(text string) ([]byte, error) {
	if end := strings.LastIndex(text, endOfThoughts); end >= 0 {
		text = text[end:]
	}
	start := strings.IndexByte(text, '{')
	if start < 0 {
		return nil, errors.New("the model wrote no object")
	}
	decoder := json.NewDecoder(strings.NewReader(text[start:]))
	var whole json.RawMessage
	if decoder.Decode(&whole) != nil {
		return nil, errors.New("the model's object can't be read")
	}
	if strings.IndexByte(text[start+int(decoder.InputOffset()):], '{') >= 0 {
		return nil, errors.New("the model wrote more than one object")
	}
	return whole, nil
}
