package whatsapp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
)

// counter is a channel that takes files and messages, and the shop's files beside it.
type counter struct {
	t              *testing.T
	client         *Client
	log            bytes.Buffer
	now            time.Time
	upload, send   http.HandlerFunc
	uploads, sends atomic.Int32
	last           string // the last message's body
	open           func(context.Context, string) (io.ReadCloser, error)
}

func newCounter(t *testing.T, content string) *counter {
	t.Helper()
	c := &counter{t: t, now: noon, upload: answer(200, `{"id":"77"}`), send: answer(200, accepted)}
	c.open = func(context.Context, string) (io.ReadCloser, error) {
		return io.NopCloser(trickle{strings.NewReader(content)}), nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v25.0/{number}/media", func(w http.ResponseWriter, r *http.Request) {
		c.uploads.Add(1)
		c.upload(w, r)
	})
	mux.HandleFunc("POST /v25.0/{number}/messages", func(w http.ResponseWriter, r *http.Request) {
		c.sends.Add(1)
		body, _ := io.ReadAll(r.Body)
		c.last = string(body)
		c.send(w, r)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	var err error
	c.client, err = NewClient(ClientConfig{
		BaseURL: server.URL + "/v25.0", Token: token, Now: func() time.Time { return c.now },
		Logger: slog.New(slog.NewJSONHandler(&c.log, nil)),
		Files:  func(ctx context.Context, id string) (io.ReadCloser, error) { return c.open(ctx, id) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// trickle can't be rewound, and gives little at a time.
type trickle struct{ io.Reader }

func (r trickle) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), 7)]) }

func ownFile(id string) *gateway.Outgoing {
	o := outgoing()
	o.Text = "Mira **esto**"
	o.Content = &gateway.Content{Kind: gateway.ContentImage, Media: &gateway.OutgoingMedia{FileID: id, MIME: "image/png"}}
	return o
}

func (c *counter) deliver(ctx context.Context, o *gateway.Outgoing) gateway.SendResult {
	c.t.Helper()
	r, err := c.client.Send(ctx, o)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, secret := range []string{token, phone, "wamid", "Mira", "f1"} {
		if strings.Contains(c.log.String(), secret) || r.Error != nil && strings.Contains(r.Error.Title, secret) {
			c.t.Errorf("%q is told: %s", secret, c.log.String())
		}
	}
	return r
}

// A file of ours is uploaded whole, in the form the channel wants, and sent by the id
// that it got. It is not uploaded again until the channel drops it.
func TestUpload(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("photo", 1000)
	c := newCounter(t, content)
	c.upload = func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token || r.ContentLength < int64(len(content)) {
			t.Errorf("%d bytes with %q", r.ContentLength, r.Header.Get("Authorization"))
		}
		file, header, err := r.FormFile("file")
		if err != nil {
			t.Error(err)
			return
		}
		got, err := io.ReadAll(file)
		if err != nil || string(got) != content || header.Header.Get("Content-Type") != "image/png" ||
			r.FormValue("messaging_product") != "whatsapp" || r.FormValue("type") != "image/png" {
			t.Errorf("%d bytes, %v, %v", len(got), header.Header, err)
		}
		_, _ = fmt.Fprintf(w, `{"id":"%s-%d"}`, r.PathValue("number"), c.uploads.Load())
	}
	for _, step := range []struct {
		file, channel, want string
		later               time.Duration
	}{
		{"f1", "100", "100-1", 0},
		{"f1", "100", "100-1", 28 * 24 * time.Hour},
		{"f2", "100", "100-2", 0},
		{"f1", "200", "200-3", 0},
		{"f1", "100", "100-4", 48 * time.Hour},
	} {
		c.now = c.now.Add(step.later)
		o := ownFile(step.file)
		o.Channel = step.channel
		r := c.deliver(t.Context(), o)
		want := `"image":{"id":"` + step.want + `","caption":"Mira *esto*"}`
		if r.Outcome != gateway.SendAccepted || !strings.Contains(c.last, want) || string(r.Payload) != c.last {
			t.Errorf("%+v: %s %s", step, r.Outcome, c.last)
		}
		if o.Content.Media.FileID != step.file || o.Content.Media.ProviderID != "" {
			t.Error("the caller's message was changed")
		}
	}
}

// Wherever a message has a file of ours, it is uploaded.
func TestUploadEverywhere(t *testing.T) {
	t.Parallel()
	file := func(kind gateway.ContentKind) *gateway.OutgoingMedia {
		return &gateway.OutgoingMedia{Kind: kind, FileID: "f1", MIME: "application/pdf", Filename: "a.pdf"}
	}
	for name, content := range map[string]gateway.Content{
		"buttons":  {Kind: gateway.ContentButtons, HeaderMedia: file("document"), Buttons: []gateway.Button{{ID: "1", Title: "A"}}},
		"link":     {Kind: gateway.ContentLink, HeaderMedia: file("document"), Link: &gateway.Link{Title: "a", URL: "https://t.es"}},
		"document": {Kind: gateway.ContentDocument, Media: file("")},
		"template": {Kind: gateway.ContentTemplate, Template: &gateway.TemplateUse{Name: "t", Language: "es", HeaderMedia: file("document")}},
	} {
		c := newCounter(t, "pdf")
		o := outgoing()
		o.Content = &content
		r := c.deliver(t.Context(), o)
		if r.Outcome != gateway.SendAccepted || c.uploads.Load() != 1 || !strings.Contains(c.last, `"document":{"id":"77"`) {
			t.Errorf("%s: %s %+v", name, c.last, r.Error)
		}
	}
	c := newCounter(t, "pdf")
	if r := c.deliver(t.Context(), outgoing()); r.Outcome != gateway.SendAccepted || c.uploads.Load() != 0 {
		t.Errorf("a text: %+v", r)
	}
}

// An upload that fails is tried again or not, and its outcome is never unknown.
func TestUploadFails(t *testing.T) {
	t.Parallel()
	const retry, rejected = gateway.SendRetry, gateway.SendRejected
	for name, c := range map[string]struct {
		upload  http.HandlerFunc
		outcome gateway.SendOutcome
		class   gateway.ErrorClass
	}{
		"type":       {answer(400, refused("100")), rejected, gateway.ErrorRequest},
		"media":      {answer(400, refused("131053")), rejected, gateway.ErrorRequest},
		"token":      {answer(401, refused("190")), retry, gateway.ErrorAccount},
		"too many":   {answer(400, refused("130429")), retry, gateway.ErrorRate},
		"broken":     {answer(500, refused("131000")), retry, gateway.ErrorTransient},
		"proxy":      {answer(502, "<html>"), retry, gateway.ErrorTransient},
		"no id":      {answer(200, "{}"), retry, gateway.ErrorTransient},
		"nonsense":   {answer(200, "<html>"), retry, gateway.ErrorTransient},
		"hung up":    {hangUp(t, ""), retry, gateway.ErrorTransient},
		"half an id": {hangUp(t, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"id\":\"7"), retry, gateway.ErrorTransient},
		"moved":      {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusTemporaryRedirect) }, rejected, gateway.ErrorOther},
		"wait a moment": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, retry, gateway.ErrorTransient},
	} {
		k := newCounter(t, "photo")
		k.upload = c.upload
		r := k.deliver(t.Context(), ownFile("f1"))
		if r.Outcome != c.outcome || r.Error.Class != c.class || k.sends.Load() != 0 || k.log.Len() == 0 || len(r.Payload) == 0 {
			t.Errorf("%s: %s %+v", name, r.Outcome, r.Error)
		}
		if wait := r.RetryAt.Sub(noon); (r.Outcome == retry) != (wait > 0) || name == "wait a moment" && wait != 10*time.Minute {
			t.Errorf("%s: again in %v", name, wait)
		}
		k.upload = answer(200, `{"id":"77"}`)
		if r := k.deliver(t.Context(), ownFile("f1")); r.Outcome != gateway.SendAccepted {
			t.Errorf("%s, tried again: %+v", name, r)
		}
	}
}

// Content that can't be had, or is too large, is the end or not.
func TestUploadContent(t *testing.T) {
	t.Parallel()
	give := func(r io.Reader) func(context.Context, string) (io.ReadCloser, error) {
		return func(context.Context, string) (io.ReadCloser, error) { return io.NopCloser(r), nil }
	}
	fail := func(err error) func(context.Context, string) (io.ReadCloser, error) {
		return func(context.Context, string) (io.ReadCloser, error) { return nil, err }
	}
	for name, c := range map[string]struct {
		open    func(context.Context, string) (io.ReadCloser, error)
		outcome gateway.SendOutcome
	}{
		"gone":         {fail(fmt.Errorf("open: %w", gateway.ErrNotFound)), gateway.SendRejected},
		"away":         {fail(errors.New("the disk is away")), gateway.SendRetry},
		"broken":       {give(io.MultiReader(strings.NewReader("a"), broken{})), gateway.SendRetry},
		"empty":        {give(strings.NewReader("")), gateway.SendRejected},
		"too large":    {give(io.LimitReader(zeros{}, 5<<20+1)), gateway.SendRejected},
		"just right":   {give(io.LimitReader(zeros{}, 5<<20)), gateway.SendAccepted},
		"from a disk":  {func(context.Context, string) (io.ReadCloser, error) { return onDisk(t, "photo"), nil }, gateway.SendAccepted},
		"from nowhere": {nil, gateway.SendRejected},
	} {
		k := newCounter(t, "")
		if k.open = c.open; c.open == nil {
			k.client.config.Files = nil
		}
		if r := k.deliver(t.Context(), ownFile("f1")); r.Outcome != c.outcome {
			t.Errorf("%s: %s %+v", name, r.Outcome, r.Error)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func onDisk(t *testing.T, content string) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// A message that is refused with a file of earlier has it uploaded once more: the
// channel may have dropped it. One with a fresh file is refused for good.
func TestUploadDropped(t *testing.T) {
	t.Parallel()
	c := newCounter(t, "photo")
	c.deliver(t.Context(), ownFile("f1"))
	c.send = answer(400, refused("131009"))
	for _, want := range []struct {
		outcome gateway.SendOutcome
		uploads int32
	}{{gateway.SendRetry, 1}, {gateway.SendRejected, 2}} {
		if r := c.deliver(t.Context(), ownFile("f1")); r.Outcome != want.outcome || c.uploads.Load() != want.uploads {
			t.Errorf("%s after %d uploads", r.Outcome, c.uploads.Load())
		}
	}
	c.send = answer(400, refused("131047"))
	if r := c.deliver(t.Context(), ownFile("f1")); r.Outcome != gateway.SendRejected {
		t.Errorf("a closed window: %s", r.Outcome)
	}
}

// When an upload has taken most of an attempt's time, the message waits for the next:
// cut off, its outcome would be unknown.
func TestUploadTakesLong(t *testing.T) {
	t.Parallel()
	c := newCounter(t, "photo")
	ctx, cancel := context.WithTimeout(t.Context(), sendReserve-time.Second)
	defer cancel()
	if r := c.deliver(ctx, ownFile("f1")); r.Outcome != gateway.SendRetry || c.sends.Load() != 0 || c.uploads.Load() != 1 {
		t.Errorf("%s, %d uploads, %d sends", r.Outcome, c.uploads.Load(), c.sends.Load())
	}
	if r := c.deliver(ctx, ownFile("f1")); r.Outcome != gateway.SendAccepted || c.uploads.Load() != 1 {
		t.Errorf("then %s, %d uploads", r.Outcome, c.uploads.Load())
	}
}

func TestMimeOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mime  string
		voice bool
		want  string
	}{
		{"audio/opus", false, "audio/ogg; codecs=opus"},
		{"Audio/OPUS; rate=48000", true, "audio/ogg; codecs=opus"},
		{"application/ogg", false, "audio/ogg; codecs=opus"},
		{"audio/ogg", true, "audio/ogg; codecs=opus"},
		{"audio/ogg; codecs=opus", false, "audio/ogg; codecs=opus"},
		{"audio/ogg", false, "audio/ogg"},
		{"audio/mp3", false, "audio/mpeg"},
		{"audio/x-m4a", false, "audio/mp4"},
		{" image/jpg ", false, "image/jpeg"},
		{"text/plain; charset=utf-8", false, "text/plain; charset=utf-8"},
		{"", false, "image/png"},
		{"no type\r\nX-Header: 1", false, "application/octet-stream"},
	} {
		content := strings.NewReader("\x89PNG\r\n\x1a\n and so on")
		got := mimeOf(&gateway.OutgoingMedia{MIME: c.mime, Voice: c.voice}, content)
		if rest, err := io.ReadAll(content); got != c.want || err != nil || len(rest) != 18 {
			t.Errorf("%q: %q, %d bytes left, %v", c.mime, got, len(rest), err)
		}
	}
}

// What is remembered is bounded, and right: never another file's id, nor one that the
// channel has dropped.
func TestUploadsRemembered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		var u uploads
		put, now := map[uploadKey]upload{}, noon
		for i := range rapid.IntRange(0, 60).Draw(r, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 72).Draw(r, "hours")) * time.Hour)
			k := uploadKey{rapid.SampledFrom([]string{"100", "200"}).Draw(r, "channel"), rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "file")}
			switch rapid.IntRange(0, 2).Draw(r, "do") {
			case 0:
				put[k] = upload{fmt.Sprint(i), now}
				u.put(k, put[k].id, now)
			case 1:
				delete(put, k)
				u.drop(k)
			}
			want := put[k].id
			if now.Sub(put[k].at) >= uploadLife {
				want = ""
			}
			if got := u.get(k, now); got != want {
				r.Fatalf("%v is %q and not %q", k, got, want)
			}
		}
	})
	var u uploads
	for i := range maxUploads + 10 {
		u.put(uploadKey{"100", fmt.Sprint(i)}, "id", noon.Add(time.Duration(i)*time.Second))
	}
	if _, first := u.byID[uploadKey{"100", "9"}]; len(u.byID) != maxUploads || first || u.get(uploadKey{"100", "10"}, noon) == "" {
		t.Errorf("%d are remembered", len(u.byID))
	}
}
