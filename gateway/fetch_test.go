package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// fileStore is a store with one file to fetch.
type fileStore struct {
	Store
	next    *File
	settled []FileResult
	lost    error
}

func (s *fileStore) NextFile(context.Context, time.Time, time.Duration) (*File, error) {
	if s.next == nil {
		return nil, ErrNoWork
	}
	f := s.next
	s.next = nil
	return f, nil
}

func (s *fileStore) SettleFile(_ context.Context, _ *File, r FileResult) error {
	s.settled = append(s.settled, r)
	return s.lost
}

// source gives the same content, or an error after half of it.
type source struct {
	content string
	err     error
	breaks  bool
}

func (s source) Fetch(_ context.Context, _ *File, w io.Writer, _ int64) error {
	if s.breaks {
		panic("a caption")
	}
	if s.err != nil {
		_, _ = io.WriteString(w, s.content[:len(s.content)/2])
		return s.err
	}
	_, err := io.WriteString(w, s.content)
	return err
}

// memory is a vault in memory.
type memory struct {
	kept map[string]string
	err  error
}

func (v *memory) Put(_ context.Context, id string, content io.Reader, size int64, mime string) error {
	all, err := io.ReadAll(content)
	if err != nil || v.err != nil {
		return errors.Join(err, v.err)
	}
	v.kept = map[string]string{id: fmt.Sprintf("%s %d %s", mime, size, all)}
	return nil
}

func (v *memory) Open(context.Context, string) (io.ReadCloser, error) { return nil, ErrNotFound }
func (v *memory) Remove(_ context.Context, id string) error {
	delete(v.kept, id)
	return v.err
}
func (v *memory) Ping(context.Context) error { return nil }

// ear and eye are models that say the same to everything.
type ear struct {
	words string
	err   error
}

func (e ear) Transcribe(_ context.Context, audio io.Reader, mime, language string) (string, error) {
	heard, err := io.ReadAll(audio)
	return fmt.Sprintf("%s (%d bytes of %s in %s)", e.words, len(heard), mime, language), errors.Join(err, e.err)
}

func (e ear) Describe(_ context.Context, image []byte, mime, caption, language string) (string, error) {
	return fmt.Sprintf("%s (%d bytes of %s in %s below %s)", e.words, len(image), mime, language, caption), e.err
}

const (
	oggFile = "OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00 a voice note of no sound at all"
	pngFile = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01"
)

func TestFetch(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	voice := File{ID: "f1", Message: "audio", Language: "es", Attempt: 1, At: at, Media: Media{Voice: true}}
	photo := File{ID: "f2", Message: "image", Caption: "it arrived broken", Attempt: 2, At: at}
	damaged := voice
	damaged.Attempt = surelyDamaged
	late := voice
	late.At = at.Add(-fetchFor - time.Second)
	tests := []struct {
		name  string
		file  File
		parts Config
		state FileState
		kind  string
		words string
		title string
		wait  time.Duration
	}{
		{"heard", voice, Config{Source: source{content: oggFile}, Transcriber: ear{words: "hola"}}, FileStored, "application/ogg", "hola (46 bytes of application/ogg in es)", "", 0},
		{"nobody hears", voice, Config{Source: source{content: oggFile}}, FileStored, "application/ogg", "", "", 0},
		{"the ear is deaf", voice, Config{Source: source{content: oggFile}, Transcriber: ear{err: errors.New("x")}}, FileStored, "application/ogg", "", "", 0},
		{"seen", photo, Config{Source: source{content: pngFile}, Describer: ear{words: "a lamp"}}, FileStored, "image/png", "Attached photo: a lamp (24 bytes of image/png in en below it arrived broken)", "", 0},
		{"an image that is a voice note", photo, Config{Source: source{content: oggFile}, Describer: ear{words: "a lamp"}}, FileStored, "application/ogg", "", "", 0},
		{"away", voice, Config{Source: source{content: oggFile, err: errors.New("x")}}, FileWaiting, "", "", "The file could not be fetched yet", 2 * time.Second},
		{"away a second time", photo, Config{Source: source{content: oggFile, err: errors.New("x")}}, FileWaiting, "", "", "The file could not be fetched yet", 4 * time.Second},
		{"away for good", late, Config{Source: source{content: oggFile, err: errors.New("x")}}, FileFailed, "", "", "The file could not be fetched", 0},
		{"gone", voice, Config{Source: source{content: oggFile, err: fmt.Errorf("x: %w", ErrFileGone)}}, FileFailed, "", "", "The channel does not have the file any more", 0},
		{"large", voice, Config{Source: source{content: oggFile, err: ErrFileTooLarge}}, FileFailed, "", "", "The file is larger than 25 MB", 0},
		{"damaged on its way", voice, Config{Source: source{content: oggFile, err: ErrFileDamaged}}, FileWaiting, "", "", "The file could not be fetched yet", 2 * time.Second},
		{"damaged for good", damaged, Config{Source: source{content: oggFile, err: ErrFileDamaged}}, FileFailed, "", "", "The file was damaged on its way", 0},
		{"breaks down", voice, Config{Source: source{breaks: true}}, FileWaiting, "", "", "The file could not be fetched yet", 2 * time.Second},
		{"no room", voice, Config{Source: source{content: oggFile}, Vault: &memory{err: errors.New("full")}}, FileWaiting, "", "", "The file could not be fetched yet", 2 * time.Second},
		{"not wanted", voice, Config{}, FileFailed, "", "", "This installation does not fetch files", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := &fileStore{next: &tt.file}
			c := withFakes(tt.parts)
			c.Store, c.Now = store, func() time.Time { return at }
			// An attempt before this one kept it, and did not come to say so.
			vault := &memory{kept: map[string]string{tt.file.ID: "content"}}
			if c.Vault == nil && c.Source != nil {
				c.Vault = vault
			}
			g, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			if err := g.Fetch(t.Context()); err != nil || len(store.settled) != 1 {
				t.Fatalf("%d settled: %v", len(store.settled), err)
			}
			r := store.settled[0]
			if r.State != tt.state || r.Type != tt.kind || r.Words != tt.words {
				t.Errorf("got %+v", r)
			}
			if title := titleOf(r.Error); title != tt.title {
				t.Errorf("the error is %q", title)
			}
			if tt.wait > 0 && !r.RetryAt.Equal(at.Add(tt.wait)) {
				t.Errorf("tried again at %s", r.RetryAt)
			}
			if _, kept := vault.kept[tt.file.ID]; c.Vault == vault && kept != (tt.state != FileFailed) {
				t.Errorf("of a file that is %q the content is kept: %v", tt.state, kept)
			}
			if tt.state == FileStored {
				want := fmt.Sprintf("%s %d ", r.Type, r.Size)
				if !strings.HasPrefix(vault.kept[tt.file.ID], want) || len(r.SHA256) != 64 {
					t.Errorf("kept %q, hash %q", vault.kept[tt.file.ID], r.SHA256)
				}
			}
			if err := g.Fetch(t.Context()); !errors.Is(err, ErrNoWork) {
				t.Errorf("then: %v", err)
			}
		})
	}
}

func titleOf(e *SendError) string {
	if e == nil {
		return ""
	}
	return e.Title
}

// TestFetchIsCutOff: what the end of the program cut off is due at once, and a lease
// that is lost is no failure.
func TestFetchIsCutOff(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	store := &fileStore{next: &File{ID: "f1", Attempt: 9}, lost: ErrLeaseLost}
	c := withFakes(Config{Store: store, Source: source{content: oggFile, err: context.Canceled}, Vault: &memory{}, Now: func() time.Time { return at }})
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Fetch(ctx); err != nil {
		t.Fatal(err)
	}
	if r := store.settled[0]; r.State != FileWaiting || !r.RetryAt.Equal(at) {
		t.Errorf("settled as %+v", r)
	}
}

// TestFetchRemovesWhatWasWithdrawn, and tries again when that fails.
func TestFetchRemovesWhatWasWithdrawn(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		away  error
		state FileState
		again time.Time
	}{{nil, FileFailed, time.Time{}}, {errors.New("away"), FileWaiting, at.Add(time.Minute)}} {
		vault := &memory{kept: map[string]string{"f1": "content", "f2": "other"}, err: tt.away}
		store := &fileStore{next: &File{ID: "f1", Attempt: 2, Media: Media{State: FileFailed}}}
		g, err := New(withFakes(Config{Store: store, Source: source{content: oggFile}, Vault: vault, Now: func() time.Time { return at }}))
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Fetch(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r := store.settled[0]; r.State != tt.state || !r.RetryAt.Equal(tt.again) {
			t.Errorf("settled as %+v", r)
		}
		if _, kept := vault.kept["f1"]; kept || len(vault.kept) != 1 {
			t.Errorf("kept %v", vault.kept)
		}
	}
}

func TestSniffIgnoresTheName(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		pngFile: "image/png", oggFile: "application/ogg", "%PDF-1.7\n": "application/pdf", "<html><script>": "text/html", "": "text/plain",
	} {
		if got, err := sniff(bytes.NewReader([]byte(content))); err != nil || got != want {
			t.Errorf("%q is %q: %v", content, got, err)
		}
	}
}
