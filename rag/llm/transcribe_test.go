package llm_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag/llm"
	"github.com/recado/recado/rag/llm/llmtest"
)

func transcriber(t testing.TB, s *llmtest.Server) (*llm.Transcriber, *bytes.Buffer) {
	t.Helper()
	logged := &bytes.Buffer{}
	h, err := llm.NewTranscriber(llm.TranscriberConfig{
		APIKey: secretKey, BaseURL: llmtest.Base, Model: "small-speech", HTTP: s.Client(),
		Logger: slog.New(slog.NewJSONHandler(logged, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, logged
}

// heard answers with a transcript.
func heard(text string) llmtest.Step { return llmtest.Reply(map[string]any{"text": text}) }

// sound is what no error and no log may hold, as what is recorded.
func sound() io.Reader { return strings.NewReader(secretPrompt) }

const voiceNote = "audio/ogg; codecs=opus"

func TestTranscribeSpeaksTheProtocol(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := llmtest.New(t, heard(" ¿Dónde está mi pedido? \n"))
		h, logged := transcriber(t, s)
		got, err := h.Transcribe(t.Context(), sound(), voiceNote, "es-MX")
		if err != nil || got != "¿Dónde está mi pedido?" {
			t.Fatalf("%q, %v", got, err)
		}
		want := map[string]any{
			"model": "small-speech", "file": secretPrompt, "file_name": "recording.ogg", "file_type": "audio/ogg",
			"language": "es", "response_format": "verbose_json",
		}
		if diff := cmp.Diff(want, s.Request(0).Body); diff != "" {
			t.Error(diff)
		}
		if s.Request(0).Path != "/v1/audio/transcriptions" || s.Request(0).Header.Get("Authorization") != "Bearer "+secretKey {
			t.Errorf("the request went to %s", s.Request(0).Path)
		}
		if logged.Len() > 0 {
			t.Errorf("a call without trouble logged %s", logged)
		}
		if _, err := h.Transcribe(t.Context(), sound(), voiceNote, ""); err != nil || s.Request(1).Body["language"] != nil {
			t.Errorf("without a language the request is %v, %v", s.Request(1).Body, err)
		}
	})
}

// TestRecordingsAreNamedByTheirType: many servers look at nothing but the extension.
func TestRecordingsAreNamedByTheirType(t *testing.T) {
	t.Parallel()
	for mime, want := range map[string]string{
		"audio/ogg": "ogg", "audio/ogg; codecs=opus": "ogg", "AUDIO/OGG;codecs": "ogg", "audio/opus": "ogg", "audio/mpeg": "mp3",
		"audio/mp4": "m4a", "audio/x-m4a": "m4a", "audio/aac": "aac", "audio/amr": "amr", "audio/wav": "wav", "video/mp4": "mp4",
	} {
		synctest.Test(t, func(t *testing.T) {
			s := llmtest.New(t, heard("Hi."))
			h, _ := transcriber(t, s)
			if _, err := h.Transcribe(t.Context(), sound(), mime, "en"); err != nil || s.Request(0).Body["file_name"] != "recording."+want {
				t.Errorf("%s is sent as %v, %v", mime, s.Requests(), err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := llmtest.New(t, heard("Hi."))
		h, _ := transcriber(t, s)
		for _, mime := range []string{"", "audio", "image/jpeg", "audio/midi", "text/html", "\x00", "audio/ogg/x"} {
			if got, err := h.Transcribe(t.Context(), sound(), mime, ""); !errors.Is(err, llm.ErrRecording) || got != "" {
				t.Errorf("%q gives %q, %v", mime, got, err)
			}
		}
		if s.Asked() > 0 {
			t.Errorf("the server was asked %d times", s.Asked())
		}
	})
}

func TestRecordingsThatCanNotBeSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := llmtest.New(t, heard("Hi."))
		h, _ := transcriber(t, s)
		broken := errors.New("the disk failed")
		for says, audio := range map[string]io.Reader{
			"it is empty":             strings.NewReader(""),
			"it is larger than 25 MB": io.LimitReader(zeros{}, 25<<20+1),
			broken.Error():            iotest.ErrReader(broken),
		} {
			got, err := h.Transcribe(t.Context(), audio, "audio/mpeg", "en")
			if err == nil || got != "" || !strings.Contains(err.Error(), says) || errors.Is(err, llm.ErrRecording) == errors.Is(err, broken) {
				t.Errorf("%s: %q, %v", says, got, err)
			}
		}
		if s.Asked() > 0 {
			t.Errorf("the server was asked %d times", s.Asked())
		}
		if _, err := h.Transcribe(t.Context(), io.LimitReader(zeros{}, 25<<20), "audio/mpeg", "en"); err != nil {
			t.Errorf("the largest recording gives %v", err)
		}
	})
}

// zeros is an endless source of them.
type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestNothingWasSaid: silence and noise give no words, in whatever way a model tells
// it; and words that only look like that are kept.
func TestNothingWasSaid(t *testing.T) {
	t.Parallel()
	segment := func(text string, silence, certainty float64) map[string]any {
		return map[string]any{"text": text, "no_speech_prob": silence, "avg_logprob": certainty}
	}
	segments := func(text string, list ...any) llmtest.Step {
		return llmtest.Reply(map[string]any{"text": text, "segments": list})
	}
	for name, tt := range map[string]struct {
		answer llmtest.Step
		want   string
	}{
		"empty":           {heard(""), ""},
		"space":           {heard(" \n\t "), ""},
		"no text":         {llmtest.Reply(map[string]any{}), ""},
		"control":         {heard("\u0000\u0007"), ""},
		"remark":          {heard("[BLANK_AUDIO]"), ""},
		"remarks":         {heard(" (música) [Aplausos]. *tos*"), ""},
		"notes":           {heard("♪ la la ♪"), ""},
		"credits":         {heard("Subtítulos realizados por la comunidad de Amara.org"), ""},
		"credits twice":   {heard("¡Gracias por ver el video! Gracias por ver el video."), ""},
		"English credits": {heard("Thanks for watching!"), ""},
		"dots":            {heard("... . …"), ""},
		"silence":         {segments("You", segment("You", 0.9, -1.4)), ""},
		"half of it":      {segments("My order. You", segment("My order.", 0.1, -0.2), segment("You", 0.9, -1.4)), "My order."},
		"quiet, and sure": {segments("My order.", segment("My order.", 0.9, -0.3)), "My order."},
		"loud, not sure":  {segments("My order.", segment("My order.", 0.2, -1.7)), "My order."},
		"a remark within": {heard("(ruido) ¿Dónde está el W1001?"), "(ruido) ¿Dónde está el W1001?"},
		"thanks":          {heard("Gracias."), "Gracias."},
		"thanks and more": {heard("Thanks for watching my parcel."), "Thanks for watching my parcel."},
		"a number":        {heard("1001"), "1001"},
		"lines":           {heard("Hola.\r\nQuiero \u0000  cambiarlo."), "Hola. Quiero cambiarlo."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h, _ := transcriber(t, llmtest.New(t, tt.answer))
				if got, err := h.Transcribe(t.Context(), sound(), voiceNote, "es"); err != nil || got != tt.want {
					t.Errorf("%q, %v; not %q", got, err, tt.want)
				}
			})
		})
	}
}

// TestTranscriptsAreBounded: whatever is said, the text is at most as long as a message.
func TestTranscriptsAreBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		said := strings.Repeat(rapid.StringMatching(`[a-zñ€ .]{1,40}`).Draw(rt, "said"), rapid.IntRange(1, 400).Draw(rt, "times"))
		synctest.Test(t, func(t *testing.T) {
			h, _ := transcriber(t, llmtest.New(t, heard(said)))
			got, err := h.Transcribe(t.Context(), sound(), voiceNote, "")
			whole := strings.Join(strings.Fields(said), " ")
			if err != nil || utf8.RuneCountInString(got) > 4096 || !utf8.ValidString(got) {
				t.Fatalf("%d characters, %v", utf8.RuneCountInString(got), err)
			}
			if utf8.RuneCountInString(whole) <= 4096 && strings.Trim(whole, " .€") != "" && got != whole {
				t.Errorf("%q became %q", whole, got)
			}
			if begins := strings.TrimSuffix(got, "…"); !strings.HasPrefix(whole, begins) {
				t.Errorf("%q is not how %q begins", got, whole)
			}
		})
	})
}

// TestTranscribeFallsBack: models that have no certainties are asked for the text alone,
// at once the next time.
func TestTranscribeFallsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := llmtest.New(t,
			llmtest.Refuse(400, "response_format 'verbose_json' is not compatible with model 'small-speech'. Use 'json' or 'text' instead.", "response_format"),
			heard("Hola."))
		h, _ := transcriber(t, s)
		for range 2 {
			if got, err := h.Transcribe(t.Context(), sound(), voiceNote, "es"); err != nil || got != "Hola." {
				t.Fatalf("%q, %v", got, err)
			}
		}
		var formats []any
		for _, r := range s.Requests() {
			body := r.Body
			formats = append(formats, body["response_format"])
			if body["file"] != secretPrompt {
				t.Errorf("the recording was not sent whole: %v", body)
			}
		}
		if diff := cmp.Diff([]any{"verbose_json", "json", "json"}, formats); diff != "" {
			t.Error(diff)
		}
	})
}

func TestMisbehavingServersGiveNoTranscript(t *testing.T) {
	t.Parallel()
	page := "<html>" + secretBody
	for _, tt := range []failing{
		{"never answers", []llmtest.Step{llmtest.Hang}, 3, "in time"},
		{"cut", []llmtest.Step{llmtest.Cut}, 3, "cut"},
		{"dropped", []llmtest.Step{llmtest.Drop}, 3, "cut"},
		{"429", []llmtest.Step{llmtest.Raw(429, secretBody)}, 3, "429"},
		{"500", []llmtest.Step{llmtest.Raw(500, secretBody)}, 3, "500"},
		{"503 page", []llmtest.Step{llmtest.Raw(503, page)}, 3, "503"},
		{"400", []llmtest.Step{llmtest.Refuse(400, secretBody, "file")}, 1, "400"},
		{"400 for ever", []llmtest.Step{llmtest.Refuse(400, "response_format", "response_format")}, 3, "400"},
		{"401", []llmtest.Step{llmtest.Refuse(401, secretKey, "")}, 1, "401"},
		{"413", []llmtest.Step{llmtest.Raw(413, page)}, 1, "413"},
		{"page", []llmtest.Step{llmtest.Raw(200, page)}, 1, "can't be read"},
		{"text", []llmtest.Step{llmtest.Raw(200, secretBody)}, 1, "can't be read"},
		{"nothing", []llmtest.Step{llmtest.Raw(200, "")}, 1, "can't be read"},
		{"a list", []llmtest.Step{llmtest.Raw(200, `{"text":["`+secretBody+`"]}`)}, 1, "can't be read"},
		{"too large", []llmtest.Step{heard(strings.Repeat("x", 2<<20))}, 1, "too large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := llmtest.New(t, tt.steps...)
				h, logged := transcriber(t, s)
				got, err := h.Transcribe(t.Context(), sound(), voiceNote, "es")
				if !errors.Is(err, llm.ErrTranscript) || !strings.Contains(err.Error(), tt.says) || got != "" {
					t.Errorf("%q, %v; not an error that says %q", got, err, tt.says)
				}
				if what, _ := llm.Reason(err); what == "" {
					t.Errorf("%v has no reason", err)
				}
				if s.Asked() != tt.asked {
					t.Errorf("the server was asked %d times, not %d", s.Asked(), tt.asked)
				}
				discreet(t, err, logged)
			})
		})
	}
}

// TestTranscribeWaits: a slow server is waited for, a busy one is asked again after the
// pause that it wants, and a caller without time is told so.
func TestTranscribeWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := func(do llmtest.Step, pause time.Duration) llmtest.Step {
			return llmtest.After(pause, do)
		}
		s := llmtest.New(t, slow(heard("Hola."), 29*time.Second), llmtest.Raw(429, "", "Retry-After", "7"), heard("Hola."), llmtest.Hang)
		h, _ := transcriber(t, s)
		for range 2 {
			if got, err := h.Transcribe(t.Context(), sound(), voiceNote, "es"); err != nil || got != "Hola." {
				t.Fatalf("%q, %v", got, err)
			}
		}
		if pause := s.Request(2).At.Sub(s.Request(1).At); pause < 7*time.Second || s.Request(2).Body["file"] != secretPrompt {
			t.Errorf("the server was asked again after %v", pause)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := h.Transcribe(ctx, sound(), voiceNote, "es")
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, llm.ErrTranscript) {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestNewTranscriberNamesTheWrongField(t *testing.T) {
	t.Parallel()
	for says, c := range map[string]llm.TranscriberConfig{
		"Model":       {APIKey: secretKey},
		"APIKey":      {Model: "whisper-1"},
		"BaseURL":     {Model: "m", BaseURL: "ftp://" + secretBody},
		"Timeout":     {Model: "m", APIKey: secretKey, Timeout: -1},
		"Concurrency": {Model: "m", APIKey: secretKey, Concurrency: -1},
	} {
		h, err := llm.NewTranscriber(c)
		if err == nil || h != nil || !strings.Contains(err.Error(), "Config."+says) {
			t.Errorf("%s: %v", says, err)
			continue
		}
		discreet(t, err)
	}
}
