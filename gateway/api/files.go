package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/gabriel-vasile/mimetype"

	"github.com/recado/recado/gateway"
)

// fileID is what a file can be called. Nothing else is asked of the vault.
var fileID = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

const (
	// transfer is how long the bytes of a file may take on a slow line.
	transfer = 10 * time.Minute
	// maxName is the longest name that a file is given, in characters.
	maxName = 120
	// headSize is how much of a file tells its type.
	headSize = 4096
)

// fileView is a file of a customer, or one that a caller brought: that one has no
// conversation, and nobody claims anything of it.
type fileView struct {
	ID             string             `json:"id"`
	ConversationID string             `json:"conversation_id"`
	State          gateway.FileState  `json:"state"`
	Type           string             `json:"type"`
	Size           int64              `json:"size"`
	MIME           string             `json:"mime"`
	Filename       string             `json:"filename"`
	Voice          bool               `json:"voice"`
	Animated       bool               `json:"animated"`
	Words          string             `json:"words"`
	At             *time.Time         `json:"at"`
	Error          *gateway.SendError `json:"error,omitempty"`
}

func viewFile(f gateway.File) fileView {
	m := viewMedia(f.Media)
	return fileView{
		ID: f.ID, ConversationID: f.ConversationID, State: m.State, Type: m.Type, Size: m.Size, MIME: m.MIME,
		Filename: m.Filename, Voice: m.Voice, Animated: m.Animated, Words: m.Words, At: moment(f.At), Error: m.Error,
	}
}

// blob is an answer that is no JSON of ours. send closes it.
type blob struct {
	body        io.ReadCloser
	kind        string
	disposition string
	size        int64
}

func (a *API) file(_ http.ResponseWriter, r *http.Request) (any, error) {
	f, err := a.find(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"file": f}, nil
}

// find looks for a file among those of customers, and then among those that callers
// and agents brought.
func (a *API) find(ctx context.Context, id string) (fileView, error) {
	switch {
	case a.Files == nil && a.Vault == nil:
		return fileView{}, errNoFiles
	case !fileID.MatchString(id):
		return fileView{}, gateway.ErrNotFound
	case a.Files == nil:
		return a.stored(ctx, id)
	}
	f, err := a.Files.File(ctx, id)
	switch {
	case errors.Is(err, gateway.ErrNotFound) && a.Vault != nil:
		return a.stored(ctx, id)
	case err != nil:
		return fileView{}, fmt.Errorf("read a file: %w", err)
	}
	return viewFile(f), nil
}

// stored describes a file by its content alone.
func (a *API) stored(ctx context.Context, id string) (fileView, error) {
	content, err := a.open(ctx, id)
	if err != nil {
		return fileView{}, err
	}
	defer content.Close()
	head, err := io.ReadAll(io.LimitReader(content, headSize))
	if err != nil {
		return fileView{}, errors.Join(fmt.Errorf("look at a file: %w", err), errFilesDown)
	}
	size, err := measure(content, int64(len(head)))
	if err != nil {
		return fileView{}, errors.Join(fmt.Errorf("measure a file: %w", err), errFilesDown)
	}
	return fileView{ID: id, State: gateway.FileStored, Type: baseType(mimetype.Detect(head).String()), Size: size}, nil
}

// measure gives the length of content of which some bytes are read.
func measure(content io.Reader, read int64) (int64, error) {
	if s, ok := content.(io.Seeker); ok {
		//nolint:wrapcheck // its caller wraps it
		return s.Seek(0, io.SeekEnd)
	}
	n, err := io.Copy(io.Discard, content)
	//nolint:wrapcheck // its caller wraps it
	return read + n, err
}

// open opens the content of a file.
func (a *API) open(ctx context.Context, id string) (io.ReadCloser, error) {
	switch {
	case a.Vault == nil:
		return nil, errNoFiles
	case !fileID.MatchString(id):
		return nil, gateway.ErrNotFound
	}
	content, err := a.Vault.Open(ctx, id)
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		return nil, gateway.ErrNotFound
	case err != nil:
		return nil, errors.Join(fmt.Errorf("open a file: %w", err), errFilesDown)
	}
	return content, nil
}

// baseType is a type without its parameters.
func baseType(kind string) string {
	kind, _, _ = strings.Cut(kind, ";")
	return strings.TrimSpace(kind)
}

// fileContent gives the bytes of a file. It is always something to be saved: what a
// customer sent is not to be opened by a browser on our address.
func (a *API) fileContent(_ http.ResponseWriter, r *http.Request) (any, error) {
	f, err := a.find(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	switch f.State {
	case gateway.FileStored:
	case gateway.FileWaiting:
		return nil, &problem{http.StatusNotFound, "not_found", "This file is still being fetched. Try again in a minute."}
	case gateway.FileFailed:
		return nil, &problem{http.StatusNotFound, "not_found", "This file could not be had; GET /api/v1/files/{id} says why."}
	}
	content, err := a.open(r.Context(), f.ID)
	if errors.Is(err, gateway.ErrNotFound) {
		return nil, &problem{http.StatusNotFound, "not_found", "The content of this file is not kept any more."}
	}
	if err != nil {
		return nil, err
	}
	kind := "application/octet-stream"
	if plain, _, err := mime.ParseMediaType(f.Type); err == nil && strings.Contains(plain, "/") {
		kind = plain
	}
	name := cmp.Or(safeName(f.Filename), "recado-"+f.ID[:min(8, len(f.ID))]+extension(kind))
	return &blob{content, kind, mime.FormatMediaType("attachment", map[string]string{"filename": name}), f.Size}, nil
}

// safeName is what a file may be called where it is saved: no folders, no control
// characters, no marks that turn the direction, which would show "gpj.exe" as
// "exe.jpg". What is left of nothing is empty.
func safeName(name string) string {
	name = path.Base("/" + strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return -1
		}
		return r
	}, name)
	// A name of dots is a folder, and one that begins with a dot is hidden.
	name = strings.TrimSpace(strings.TrimLeftFunc(name, func(r rune) bool { return r == '.' || r == '/' || unicode.IsSpace(r) }))
	if runes := []rune(name); len(runes) > maxName {
		// The end tells what kind of file it is.
		name = string(runes[:maxName-20]) + "…" + string(runes[len(runes)-19:])
	}
	return name
}

// extension ends the name of a file that has none.
func extension(kind string) string {
	if known := mimetype.Lookup(kind); known != nil && known.Extension() != "" {
		return known.Extension()
	}
	return ".bin"
}

// webhook gives the body of the webhook that a message came in, byte for byte.
func (a *API) webhook(_ http.ResponseWriter, r *http.Request) (any, error) {
	if a.Archive == nil {
		return nil, errNoArchive
	}
	body, err := a.Archive.Webhook(r.Context(), r.PathValue("id"))
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		return nil, errNoWebhook
	case err != nil:
		return nil, fmt.Errorf("read a webhook: %w", err)
	}
	b := &blob{body: io.NopCloser(bytes.NewReader(body)), kind: "application/json", size: int64(len(body))}
	if !json.Valid(body) {
		b.kind, b.disposition = "application/octet-stream", "attachment"
	}
	return b, nil
}

// send writes an answer as it is. One that ends too early breaks the connection off,
// because its length was announced.
func (a *API) send(w http.ResponseWriter, r *http.Request, b *blob) {
	defer b.body.Close()
	h := w.Header()
	h.Set("Content-Type", b.kind)
	h.Set("Content-Length", strconv.FormatInt(b.size, 10))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	if b.disposition != "" {
		h.Set("Content-Disposition", b.disposition)
	}
	if r.Method == http.MethodHead {
		return
	}
	// A writer without deadlines, as in tests, has none to move.
	//nolint:errcheck // with the old deadline a slow line fails as it did before
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(transfer))
	if _, err := io.Copy(w, b.body); err != nil && r.Context().Err() == nil {
		a.Logger.WarnContext(r.Context(), "a file was not sent whole", "route", r.Pattern, "error", err)
	}
}
