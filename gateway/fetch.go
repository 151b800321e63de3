package gateway

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"github.com/recado/recado/rag"
)

const (
	// fetchLease is how long one attempt to fetch and read a file may take.
	fetchLease = 2 * time.Minute
	// fetchFor is how long after its message a file is tried: the channel keeps it for
	// seven days. The tries come further and further apart, up to an hour.
	fetchFor = 6 * 24 * time.Hour
	// surelyDamaged is the attempt at which a file that never comes whole counts as
	// damaged at the channel, and not on its way.
	surelyDamaged = 3
	// readTimeout is how long a model may take to hear or see a file. It is less than
	// FileWait, so that the turn gets what was heard.
	readTimeout = 30 * time.Second
	// maxViewed is the largest image that is shown to a model, in bytes.
	maxViewed = 5 << 20
)

// Fetch gets the next file that a customer sent, keeps it, has it heard or seen by a
// model if there is one, and settles what became of it. ErrNoWork says that nothing
// is due. A file that can't be had is no error: it is kept as such, and the agent is
// told.
func (g *Gateway) Fetch(ctx context.Context) error {
	f, err := g.nextFile(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	r := g.handle(ctx, f)
	if ctx.Err() != nil && r.State != FileStored {
		// What was cut off by the end of the program is tried by the next one.
		r = FileResult{State: FileWaiting, RetryAt: g.Now()}
	}
	settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := g.Store.SettleFile(settling, f, r); err != nil && !errors.Is(err, ErrLeaseLost) {
		return fmt.Errorf("settle file %s: %w", f.ID, err)
	}
	g.Metrics.stage("file", time.Since(began))
	if f.Media.State == FileFailed {
		r.State = "removed"
	}
	g.Metrics.Files.WithLabelValues(string(r.State)).Inc()
	g.turns.ring()
	g.changes.ring()
	return nil
}

func (g *Gateway) nextFile(ctx context.Context) (*File, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	f, err := g.Store.NextFile(ctx, g.Now(), fetchLease)
	if err != nil && !errors.Is(err, ErrNoWork) {
		return nil, fmt.Errorf("next file: %w", err)
	}
	return f, err
}

// handle fetches a file, or removes the content of one whose message was withdrawn. One
// that is given up may have its content all the same: an attempt before kept it, and did not
// come to say so.
func (g *Gateway) handle(ctx context.Context, f *File) FileResult {
	r := FileResult{State: FileFailed}
	if f.Media.State != FileFailed {
		r = g.fetch(ctx, f)
	}
	if r.State != FileFailed || g.Vault == nil {
		return r
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := g.Vault.Remove(ctx, f.ID); err != nil {
		g.Logger.WarnContext(ctx, "the content of a file that is not shown could not be removed; trying again", "error", err)
		return FileResult{State: FileWaiting, RetryAt: g.Now().Add(time.Minute)}
	}
	return r
}

// fetch makes one attempt, within the lease.
func (g *Gateway) fetch(ctx context.Context, f *File) (r FileResult) {
	if g.Source == nil || g.Vault == nil {
		return FileResult{State: FileFailed, Error: &SendError{Title: "This installation does not fetch files"}}
	}
	ctx, cancel := context.WithTimeout(ctx, fetchLease-10*time.Second)
	defer cancel()
	defer func() {
		if broken := recover(); broken != nil {
			g.Logger.ErrorContext(ctx, "fetching a file broke down", "stack", string(debug.Stack()))
			r = g.refetch(f, errPanic)
		}
	}()
	content, err := os.CreateTemp("", "recado-file-*")
	if err != nil {
		return g.refetch(f, err)
	}
	defer func() { _ = errors.Join(content.Close(), os.Remove(content.Name())) }()
	if r, err = g.take(ctx, f, content); err != nil {
		g.Logger.WarnContext(ctx, "a customer's file could not be had", "attempt", f.Attempt, "error", err)
		return g.refetch(f, err)
	}
	r.Words = g.read(ctx, f, r, content)
	return r
}

// take brings a file from the channel to the vault.
func (g *Gateway) take(ctx context.Context, f *File, content *os.File) (FileResult, error) {
	hash := sha256.New()
	if err := g.Source.Fetch(ctx, f, io.MultiWriter(content, hash), g.MaxFile); err != nil {
		return FileResult{}, fmt.Errorf("fetch: %w", err)
	}
	size, err := content.Seek(0, io.SeekEnd)
	if err != nil {
		return FileResult{}, fmt.Errorf("measure: %w", err)
	}
	kind, err := sniff(content)
	if err != nil {
		return FileResult{}, err
	}
	if err := rewind(content); err != nil {
		return FileResult{}, err
	}
	if err := g.Vault.Put(ctx, f.ID, content, size, kind); err != nil {
		return FileResult{}, fmt.Errorf("keep: %w", err)
	}
	return FileResult{State: FileStored, Type: kind, Size: size, SHA256: hex.EncodeToString(hash.Sum(nil))}, nil
}

// sniff tells the type that the content has, without parameters: what the sender
// claims of a file is not to be trusted.
func sniff(content io.ReadSeeker) (string, error) {
	if err := rewind(content); err != nil {
		return "", err
	}
	kind, err := mimetype.DetectReader(content)
	if err != nil {
		return "", fmt.Errorf("look at the type: %w", err)
	}
	name, _, _ := strings.Cut(kind.String(), ";")
	return name, nil
}

func rewind(content io.Seeker) error {
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("rewind: %w", err)
	}
	return nil
}

// refetch decides what follows a failed attempt: another one after a pause that
// grows, or the end.
func (g *Gateway) refetch(f *File, err error) FileResult {
	reason := &SendError{Class: ErrorFile} // sent again, it may arrive
	switch {
	case errors.Is(err, ErrFileGone):
		reason.Title = "The channel does not have the file any more"
	case errors.Is(err, ErrFileTooLarge):
		reason = &SendError{Title: fmt.Sprintf("The file is larger than %d MB", g.MaxFile>>20)}
	case errors.Is(err, ErrFileDamaged) && f.Attempt >= surelyDamaged:
		reason.Title = "The file was damaged on its way"
	case g.Now().Sub(f.At) > fetchFor:
		reason = &SendError{Title: "The file could not be fetched"}
	default:
		wait := min(time.Second<<min(f.Attempt, 12), time.Hour)
		return FileResult{State: FileWaiting, RetryAt: g.Now().Add(wait), Error: &SendError{Title: "The file could not be fetched yet"}}
	}
	return FileResult{State: FileFailed, Error: reason}
}

// read has a model hear or see the file. That fails softly: then a person does.
func (g *Gateway) read(ctx context.Context, f *File, r FileResult, content *os.File) string {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	var words string
	err := rewind(content)
	switch {
	case err != nil:
	case g.Transcriber != nil && f.Message == "audio" && audible(r.Type):
		words, err = g.Transcriber.Transcribe(ctx, content, r.Type, f.Language)
	case g.Describer != nil && f.Message == "image" && strings.HasPrefix(r.Type, "image/") && r.Size <= maxViewed:
		words, err = g.look(ctx, f, r, content)
	}
	if err != nil {
		g.Logger.WarnContext(ctx, "a customer's file could not be read by a model; a person will", "error", err)
		return ""
	}
	return strings.TrimSpace(words)
}

// audible tells whether a sniffed type can be a voice note: its containers are those
// of videos, too.
func audible(kind string) bool {
	return strings.HasPrefix(kind, "audio/") || kind == "application/ogg" || kind == "video/mp4" || kind == "video/3gpp" || kind == "video/ogg"
}

func (g *Gateway) look(ctx context.Context, f *File, r FileResult, content io.Reader) (string, error) {
	var image bytes.Buffer
	if _, err := io.Copy(&image, io.LimitReader(content, maxViewed)); err != nil {
		return "", fmt.Errorf("read an image: %w", err)
	}
	// The first message of a customer may be the photo: then its caption tells.
	language := cmp.Or(f.Language, rag.DetectLocale(f.Caption, ""))
	seen, err := g.Describer.Describe(ctx, image.Bytes(), r.Type, f.Caption, language)
	if err != nil {
		return "", fmt.Errorf("describe an image: %w", err)
	}
	if seen = strings.TrimSpace(seen); seen == "" {
		return "", nil
	}
	return photoText(language, seen), nil
}
