package llm

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sashabaranov/go-openai"
	"pgregory.net/rapid"
)

// collect feeds a text in pieces, until the collector has enough.
func collect(pieces ...string) (answer openai.ChatCompletionResponse, read int) {
	var c collector
	for _, piece := range pieces {
		read += len(piece)
		if c.add(openai.ChatCompletionStreamResponse{Choices: []openai.ChatCompletionStreamChoice{{
			Delta: openai.ChatCompletionStreamChoiceDelta{Content: piece},
		}}}) {
			break
		}
	}
	return c.answer(), read
}

// pieces cuts a text anywhere, also within a character.
func pieces(t *rapid.T, text string) []string {
	var list []string
	for len(text) > 0 {
		n := rapid.IntRange(1, min(40, len(text))).Draw(t, "piece")
		list, text = append(list, text[:n]), text[n:]
	}
	return list
}

// TestPiecesMakeTheWhole: wherever a stream is cut, the draft is that of the whole text.
func TestPiecesMakeTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SampledFrom([]string{"", "```json\n", "Sure: ", "<think>{a \"b\" [}</think>", `{"plan":["a","}"]} `, "{no object} "}).Draw(t, "before")
		answer := rapid.StringMatching(`[a-z ñ€{}\[\],:]{0,40}`).Draw(t, "answer")
		draft := `{"answer":` + quoteJSON(answer+`\"`) + `,"citations":["a#1"],"language":"es","needs_human":` +
			rapid.SampledFrom([]string{"true", "false"}).Draw(t, "human") + `,"missing":"x","actions":[{"name":"tracking","order":"1"}]}`
		after := rapid.SampledFrom([]string{"", "\n```", " I hope so.", "\n" + draft}).Draw(t, "after")
		text := before + draft + after
		want, err := readDraft(text, "es")
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		got, _ := collect(pieces(t, text)...)
		d, err := readDraft(got.Choices[0].Message.Content, "es")
		if diff := cmp.Diff(want, d); diff != "" || err != nil {
			t.Fatalf("%q, %v: %s", text, err, diff)
		}
	})
}

func quoteJSON(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// TestReadingStopsEarly: how much is read of an answer that goes on for ever.
func TestReadingStopsEarly(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		begin, then string
		atMost      int
	}{
		"no object":          {"", "and so on ", latestStart + 10},
		"thoughts":           {"<think>", "and so on ", maxContent + 10},
		"a long draft":       {`{"answer":"`, "and so on ", maxContent + 30},
		"no answer":          {`{"answer":"","needs_human":true,"missing":"`, "and so on ", afterNoAnswer + 50},
		"words behind":       {`{"answer":"yes"}`, "and so on ", latestStart + 30},
		"the same for ever":  {"", `{"answer":"yes"}`, latestStart + 100},
		"others for ever":    {`{"answer":"yes"}`, `{"answer":"no"}`, 40},
		"thoughts, then not": {"<think>hm</think>", "and so on ", latestStart + 40},
	} {
		list := []string{tt.begin}
		for range 10000 {
			list = append(list, tt.then)
		}
		if _, read := collect(list...); read > tt.atMost {
			t.Errorf("%s: %d bytes were read, at most %d are wanted", name, read, tt.atMost)
		}
	}
}

// TestCallsComeInPieces: the name first, the arguments a few characters at a time.
func TestCallsComeInPieces(t *testing.T) {
	t.Parallel()
	var c collector
	for _, piece := range []struct {
		index           int
		name, arguments string
	}{{0, "tracking", ""}, {0, "", `{"order":`}, {0, "", `"W1"}`}, {1, "invoice", `{"order"`}, {1, "", `:"W2"}`}} {
		c.add(openai.ChatCompletionStreamResponse{Choices: []openai.ChatCompletionStreamChoice{{
			Delta: openai.ChatCompletionStreamChoiceDelta{ToolCalls: []openai.ToolCall{{
				Index: &piece.index, Function: openai.FunctionCall{Name: piece.name, Arguments: piece.arguments},
			}}},
		}}})
	}
	calls, err := toolCalls(c.answer())
	if err != nil || len(calls) != 2 || calls[0].Order != "W1" || calls[1].Kind != "invoice" || calls[1].Order != "W2" {
		t.Errorf("%+v, %v", calls, err)
	}
}

// FuzzCollect: no text of a server stops the process, and what is kept is part of what
// was read.
func FuzzCollect(f *testing.F) {
	f.Add(`{"answer":"","needs_human":true,"missing":"x"}`, 3)
	f.Add("<think>{</think>{\"answer\":\"a\\\"\"}{\"answer\":1}", 1)
	f.Add("\\\"}{[", 2)
	f.Fuzz(func(t *testing.T, text string, size int) {
		var list []string
		for rest := text; len(rest) > 0; {
			n := min(max(1, size), len(rest))
			list, rest = append(list, rest[:n]), rest[n:]
		}
		answer, read := collect(list...)
		if read > len(text) {
			t.Fatalf("%d of %d bytes were read", read, len(text))
		}
		if len(answer.Choices) > 0 {
			if _, err := readDraft(answer.Choices[0].Message.Content, "en"); err != nil {
				return
			}
		}
	})
}

// FuzzStreamBody: the cap holds, whatever the sizes of the reads.
func FuzzStreamBody(f *testing.F) {
	f.Add("data: [DONE]\n\n", 5, int64(8))
	f.Fuzz(func(t *testing.T, text string, size int, limit int64) {
		b := &streamBody{body: io.NopCloser(strings.NewReader(text)), left: limit}
		buffer, read := make([]byte, min(max(1, size), 1<<10)), 0
		for {
			n, err := b.Read(buffer)
			read += n
			if err != nil {
				break
			}
		}
		if int64(read) > max(0, limit) || b.Close() != nil {
			t.Errorf("%d bytes of at most %d", read, limit)
		}
	})
}
