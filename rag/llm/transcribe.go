package llm

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sashabaranov/go-openai"

	"github.com/recado/recado/knowledge"
)

// ErrTranscript says that the server could not be had or gave no text that can be
// used.
var ErrTranscript = errors.New("the speech model gave no usable text")

// ErrRecording says that a recording can't be given to the model: it is of another
// type, empty or too large. No further attempt can mend that.
var ErrRecording = errors.New("the recording can't be given to the speech model")

// The limits of a transcript.
const (
	// maxRecording is the largest recording in bytes: what OpenAI takes.
	maxRecording = 25 << 20
	// maxTranscript is the longest text in characters, which is what the channel
	// takes as one message.
	maxTranscript = 4096
	// The speech models count a stretch as silence when both hold.
	silentAbove, unsureBelow = 0.6, -1.0
)

// TranscriberConfig is what a Transcriber is made of. Model is needed, and APIKey
// where BaseURL is empty.
type TranscriberConfig struct {
	// APIKey, BaseURL, HTTP, Retries, Logger and Now are as in Config.
	APIKey, BaseURL string
	// Model is the name of the speech model as the server knows it, such as
	// whisper-1.
	Model string
	HTTP  *http.Client
	// Timeout ends one attempt; 30 s by default.
	Timeout time.Duration
	Retries int
	// Concurrency is how many recordings are sent at once, 4 by default.
	Concurrency int
	Logger      *slog.Logger
	Now         func() time.Time
}

// Transcriber turns speech into text with a speech model. It is safe for concurrent
// use.
type Transcriber struct {
	model  string
	talk   talk
	client *openai.Client
}

// NewTranscriber checks the configuration and fills the defaults. It does not ask the
// server.
func NewTranscriber(c TranscriberConfig) (*Transcriber, error) {
	calls, client, err := connect(Config{
		APIKey: c.APIKey, BaseURL: c.BaseURL, Model: c.Model, HTTP: c.HTTP, Timeout: cmp.Or(c.Timeout, 30*time.Second),
		Retries: c.Retries, Concurrency: cmp.Or(c.Concurrency, 4), Logger: c.Logger, Now: c.Now,
	}, maxChatBody, nil)
	if err != nil {
		return nil, fmt.Errorf("llm: transcriber: %w", err)
	}
	return &Transcriber{model: c.Model, talk: talk{calls: calls}, client: client}, nil
}

// Transcribe gives what is said in a recording, at most 4096 characters of it. Silence,
// and noise without words, give "". language is "es", "en" or empty, when the model
// finds it out. Errors of the server wrap ErrTranscript, and those of what was given
// ErrRecording.
func (t *Transcriber) Transcribe(ctx context.Context, audio io.Reader, mime, language string) (string, error) {
	kind, extension, ok := recordingType(mime)
	if !ok {
		return "", fmt.Errorf("%w: its type is none that speech comes in", ErrRecording)
	}
	// An attempt that is repeated needs all of it again.
	content, err := io.ReadAll(io.LimitReader(audio, maxRecording+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read the recording: %w", err)
	case len(content) == 0:
		return "", fmt.Errorf("%w: it is empty", ErrRecording)
	case len(content) > maxRecording:
		return "", fmt.Errorf("%w: it is larger than %d MB", ErrRecording, maxRecording>>20)
	}
	answer, err := t.hear(ctx, content, kind, openai.AudioRequest{
		Model: t.model, FilePath: "recording." + extension, Language: knowledge.Language(language),
	})
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrTranscript, err)
	}
	return shorten(words(spoken(answer)), maxTranscript), nil
}

// hear asks for the text with how sure the model is of each stretch, and for the text
// alone where a server has no more.
func (t *Transcriber) hear(ctx context.Context, content []byte, kind string, q openai.AudioRequest) (openai.AudioResponse, error) {
	var answer openai.AudioResponse
	err := t.talk.ask(ctx, func(ctx context.Context, d dialect) error {
		q.Format = d.audioFormat()
		q.Reader = recording{bytes.NewReader(content), kind}
		var err error
		answer, err = t.client.CreateTranscription(ctx, q)
		return err
	})
	return answer, err
}

// audioFormat is how a transcript is asked for in a dialect.
func (d dialect) audioFormat() openai.AudioResponseFormat {
	switch d.format {
	case formatSchema:
		return openai.AudioResponseFormatVerboseJSON
	case formatObject:
		return openai.AudioResponseFormatJSON
	default:
		return ""
	}
}

// recording is the part of the form that holds the sound. go-openai asks it for its
// type.
type recording struct {
	*bytes.Reader
	kind string
}

// ContentType is the recording's type.
func (r recording) ContentType() string { return r.kind }

// recordingTypes are the types of sound that the channel has, and their relatives, with
// the extension that servers know them by: many look at nothing else.
var recordingTypes = map[string]string{
	"audio/ogg": "ogg", "audio/opus": "ogg", "application/ogg": "ogg",
	"audio/mpeg": "mp3", "audio/mp3": "mp3",
	"audio/mp4": "m4a", "audio/m4a": "m4a", "audio/x-m4a": "m4a", "video/mp4": "mp4",
	"audio/aac": "aac", "audio/x-aac": "aac", "audio/aacp": "aac",
	"audio/amr": "amr", "audio/amr-wb": "amr", "audio/3gpp": "3gp", "video/3gpp": "3gp",
	"audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav", "audio/vnd.wave": "wav",
	"audio/webm": "webm", "audio/flac": "flac", "audio/x-flac": "flac",
}

// recordingType reduces a type to what the form says of it.
func recordingType(text string) (kind, extension string, ok bool) {
	// Parameters such as the codec are left out; a broken one costs nothing.
	kind, _, err := mime.ParseMediaType(text)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return "", "", false
	}
	extension, ok = recordingTypes[kind]
	return kind, extension, ok
}

// spoken leaves out the stretches that the model itself takes for silence: it writes
// something there all the same.
func spoken(a openai.AudioResponse) string {
	var kept []string
	for _, s := range a.Segments {
		if s.NoSpeechProb <= silentAbove || s.AvgLogprob >= unsureBelow {
			kept = append(kept, s.Text)
		}
	}
	if len(kept) == len(a.Segments) {
		return a.Text
	}
	return strings.Join(kept, " ")
}

// remarks is a text that only says what kind of noise there is: [music], (silence).
var remarks = regexp.MustCompile(`^(?:\s*(?:\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|♪[^♪]*♪)[\s.]*)+$`)

// phantoms are what speech models are known to write where nothing is said: the credits
// of the subtitles that they learnt from. They are letters, digits and spaces here.
var phantoms = []string{
	"subtítulos realizados por la comunidad de amaraorg", "subtítulos por la comunidad de amaraorg",
	"subtitulado por la comunidad de amaraorg", "gracias por ver el video", "gracias por ver el vídeo",
	"suscríbete al canal", "subtitles by the amaraorg community", "subtitles by amaraorg",
	"thanks for watching", "thank you for watching", "please subscribe to my channel",
}

// words is the text as one paragraph, or nothing when it holds no words of a person.
func words(text string) string {
	text = paragraph(text)
	if remarks.MatchString(text) {
		return ""
	}
	bare := strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsDigit(r), r == ' ':
			return unicode.ToLower(r)
		default:
			return -1
		}
	}, text))
	for _, phantom := range phantoms {
		if strings.TrimSpace(strings.ReplaceAll(bare, phantom, "")) == "" {
			return ""
		}
	}
	return text
}

// paragraph puts a text on one line, without what no message takes.
func paragraph(text string) string {
	return strings.Join(strings.Fields(clean(strings.ToValidUTF8(text, ""))), " ")
}

// shorten cuts a text to at most so many characters, between two words where there is
// room to.
func shorten(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	runes := []rune(text)
	cut := string(runes[:limit-1])
	if space := strings.LastIndexByte(cut, ' '); space > len(cut)/2 && runes[limit-1] != ' ' {
		cut = cut[:space]
	}
	return strings.TrimRight(cut, " ,;:") + "…"
}
