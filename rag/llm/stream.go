package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/sashabaranov/go-openai"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
)

// The answer is read while the model writes it, and given up as soon as it can't be used:
// the model stops when nobody listens, and what it has not written costs nothing.
const (
	// latestStart is how much may come before a draft begins, in bytes; what models think
	// aloud in tags does not count.
	latestStart = 2 << 10
	// afterNoAnswer is how much may follow once a draft says that it has no answer: what
	// is missing, what to ask back, what to do.
	afterNoAnswer = 1 << 10
)

// stream reads an answer in pieces, and gives what a server that does not stream would
// have given.
func (m *Model) stream(ctx context.Context, d dialect, messages []rag.PromptMessage) (openai.ChatCompletionResponse, error) {
	q := m.request(d, messages)
	if !d.noStreamUsage {
		q.StreamOptions = &openai.StreamOptions{IncludeUsage: true}
	}
	pieces, err := m.client.CreateChatCompletionStream(ctx, q)
	if err != nil {
		return openai.ChatCompletionResponse{}, err
	}
	defer pieces.Close()
	var c collector
	for {
		piece, err := pieces.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return c.end()
		case err != nil:
			return openai.ChatCompletionResponse{}, err
		}
		if done := c.add(piece); done {
			return c.answer(), nil
		}
	}
}

// collector puts an answer together from its pieces.
type collector struct {
	got     bool
	model   string
	usage   *openai.Usage
	text    strings.Builder
	refusal strings.Builder
	finish  openai.FinishReason
	calls   []openai.ToolCall
	watch   watch
}

// maxCalls is how many calls of tools are put together; drafts with fewer are refused.
const maxCalls = 16

// add takes a piece, and tells whether the rest is not worth waiting for.
func (c *collector) add(p openai.ChatCompletionStreamResponse) (done bool) {
	if p.Model != "" {
		c.model = p.Model
	}
	if p.Usage != nil {
		c.usage = p.Usage
	}
	for _, choice := range p.Choices {
		if choice.Index != 0 {
			continue
		}
		c.got = true
		if choice.FinishReason != "" {
			c.finish = choice.FinishReason
		}
		c.refusal.WriteString(choice.Delta.Refusal)
		c.text.WriteString(choice.Delta.Content)
		for _, call := range choice.Delta.ToolCalls {
			c.call(call)
		}
	}
	return c.watch.done(c.text.String()) || len(c.calls) > maxCalls || c.refusal.Len() > maxContent || c.arguments() > maxContent
}

// call adds a piece of a call to the call that it belongs to.
func (c *collector) call(piece openai.ToolCall) {
	if piece.Index == nil || *piece.Index < 0 || *piece.Index >= len(c.calls) {
		c.calls = append(c.calls, piece)
		return
	}
	call := &c.calls[*piece.Index]
	call.Function.Name += piece.Function.Name
	call.Function.Arguments += piece.Function.Arguments
}

func (c *collector) arguments() (n int) {
	for _, call := range c.calls {
		n += len(call.Function.Arguments)
	}
	return n
}

// end is the answer of a stream that came to its end. Without a reason for it, and
// without a whole object, it was cut on its way.
func (c *collector) end() (openai.ChatCompletionResponse, error) {
	if c.got && c.finish == "" && c.watch.first == "" {
		return openai.ChatCompletionResponse{}, &failure{what: "the connection was cut", retry: true, server: down, sent: true}
	}
	return c.answer(), nil
}

func (c *collector) answer() openai.ChatCompletionResponse {
	answer := openai.ChatCompletionResponse{Model: c.model}
	if c.usage != nil {
		answer.Usage = *c.usage
	}
	if c.got {
		answer.Choices = []openai.ChatCompletionChoice{{
			FinishReason: c.finish,
			Message:      openai.ChatCompletionMessage{Content: c.watch.kept(c.text.String()), Refusal: c.refusal.String(), ToolCalls: c.calls},
		}}
	}
	return answer
}

// watch looks at a text while it grows. It follows one object at a time, byte by byte,
// so that every byte is looked at once.
type watch struct {
	seen int
	// start is where the object begins that is followed, -1 between objects.
	start, depth    int
	opened          bool
	quoted, escaped bool
	// first is the first draft, which ends at end; twice is true when another follows.
	first string
	end   int
	twice bool
	// thoughts is where what counts begins; without is where a draft has said that it has
	// no answer.
	thoughts, without int
}

// done tells whether the text can't become a draft, or already is all that it can be.
func (w *watch) done(text string) bool {
	for ; w.seen < len(text); w.seen++ {
		w.step(text, w.seen)
	}
	switch {
	case w.first != "":
		w.twice = w.second(text)
		return w.twice || len(text)-w.end > latestStart
	case len(text) > maxContent:
		return true
	case w.without > 0:
		return len(text)-w.without > afterNoAnswer
	case w.opened:
		return false
	}
	return len(text)-w.thoughts > latestStart && !thinking(text)
}

// kept is the text that a draft is read from: the first one, or, of one that says that it
// has no answer and does not come to its end, what it said until then.
func (w *watch) kept(text string) string {
	switch {
	case w.twice:
		// The second is not read to its end, and refused all the same.
		return w.first + otherDraft
	case w.first != "":
		return w.first
	}
	if w.without > 0 && len(text)-w.without > afterNoAnswer {
		return text[w.start:w.without] + "}"
	}
	return text
}

// otherDraft stands for a second draft of which only the beginning was read.
const otherDraft = `{"answer":""}`

// thinking tells whether a model is still thinking aloud.
func thinking(text string) bool {
	return strings.HasPrefix(strings.TrimSpace(text), "<think>") && !strings.Contains(text, endOfThoughts)
}

// step looks at one byte.
func (w *watch) step(text string, i int) {
	switch b := text[i]; {
	case b == '>' && w.depth == 0 && strings.HasSuffix(text[:i+1], endOfThoughts):
		*w = watch{seen: w.seen, thoughts: i + 1}
	case w.depth == 0 && b == '{' && w.first == "":
		w.start, w.depth, w.opened = i, 1, true
	case w.depth == 0:
	case w.escaped:
		w.escaped = false
	case w.quoted && b == '\\':
		w.escaped = true
	case b == '"':
		w.quoted = !w.quoted
	case w.quoted:
	case b == '{' || b == '[':
		w.depth++
	case b == '}' || b == ']':
		w.depth--
		w.close(text[w.start : i+1])
	case b == ',' && w.depth == 1 && w.without == 0 && unanswered(text[w.start:i]):
		w.without = i
	}
}

// close takes note of an object that came to its end. One that is no draft is passed
// over, as readDraft does.
func (w *watch) close(object string) {
	if w.depth > 0 {
		return
	}
	w.end = w.start + len(object)
	w.without = 0
	if isDraft([]byte(object)) {
		w.first = object
		return
	}
	w.opened, w.thoughts = false, w.end
}

// second tells whether another object than the first begins behind it.
func (w *watch) second(text string) bool {
	rest := text[w.end:]
	begin := strings.IndexByte(rest, '{')
	if begin < 0 {
		return false
	}
	rest = rest[begin:]
	return !strings.HasPrefix(rest, w.first) && !strings.HasPrefix(w.first, rest)
}

// unanswered tells whether the fields so far say that the draft has no answer.
func unanswered(fields string) bool {
	if !strings.Contains(fields, `"needs_human"`) {
		return false
	}
	var d struct {
		Answer     *string `json:"answer"`
		NeedsHuman bool    `json:"needs_human"`
	}
	return json.Unmarshal([]byte(fields+"}"), &d) == nil && d.NeedsHuman && d.Answer != nil && strings.TrimSpace(*d.Answer) == ""
}

// usage is what the server counted. Where it does not say, as when an answer was given
// up, it is what the texts come to by an estimate.
func usage(answer openai.ChatCompletionResponse, messages []rag.PromptMessage) rag.Usage {
	u := rag.Usage{InputTokens: max(0, answer.Usage.PromptTokens), OutputTokens: max(0, answer.Usage.CompletionTokens)}
	if details := answer.Usage.PromptTokensDetails; details != nil {
		u.CachedTokens = min(max(0, details.CachedTokens), u.InputTokens)
	}
	if u.InputTokens == 0 {
		u.InputTokens = promptTokens(messages)
	}
	if u.OutputTokens == 0 && len(answer.Choices) > 0 {
		u.OutputTokens = knowledge.CountTokens(answer.Choices[0].Message.Content)
	}
	return u
}

// lost is what a call cost that gave no answer: the prompt, where the server may have
// read it.
func lost(err error, messages []rag.PromptMessage) rag.Usage {
	if f, ok := errors.AsType[*failure](err); ok && f.sent {
		return rag.Usage{InputTokens: promptTokens(messages)}
	}
	return rag.Usage{}
}

// promptTokens estimates what a prompt comes to.
func promptTokens(messages []rag.PromptMessage) (n int) {
	for _, m := range messages {
		n += knowledge.CountTokens(m.Content) + tokensOfMessage
	}
	return n
}

// tokensOfMessage is what the protocol puts around every message.
const tokensOfMessage = 4

// wantsStream tells whether go-openai asked for a stream.
func wantsStream(request *http.Request) bool {
	return request.Header.Get("Accept") == "text/event-stream"
}

// streams tells whether a response is a stream that was asked for.
func streams(request *http.Request, response *http.Response) bool {
	return wantsStream(request) && response.StatusCode >= 200 && response.StatusCode <= 299 &&
		strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream")
}

// whole tells whether a body is an answer that came in one.
func whole(body []byte) bool {
	var answer struct {
		Choices []json.RawMessage `json:"choices"`
	}
	return json.Unmarshal(bytes.TrimSpace(body), &answer) == nil && answer.Choices != nil
}

// streamBody reads a stream up to its cap. Its errors are failures, so that no word of
// the network gets into an error.
type streamBody struct {
	body io.ReadCloser
	left int64
	// tail is the end of what was read.
	tail []byte
}

// endOfStream is the last event of a stream.
const endOfStream = "[DONE]"

// Read implements io.Reader.
func (b *streamBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, &failure{what: "the response is too large", server: alive, sent: true}
	}
	n, err := b.body.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	b.tail = append(b.tail, p[max(0, n-2*len(endOfStream)):n]...)
	b.tail = b.tail[max(0, len(b.tail)-2*len(endOfStream)):]
	if err != nil && !errors.Is(err, io.EOF) {
		return n, unreachable(err)
	}
	return n, err //nolint:wrapcheck // the end of the stream, which go-openai compares
}

// Close implements io.Closer. A stream that said that it is over is read to its end, so
// that its connection serves the next call; any other is broken off.
func (b *streamBody) Close() error {
	if bytes.HasSuffix(bytes.TrimSpace(b.tail), []byte(endOfStream)) {
		// What can't be read any more is not needed.
		_, _ = io.CopyN(io.Discard, b.body, 1<<10)
	}
	return b.body.Close()
}
