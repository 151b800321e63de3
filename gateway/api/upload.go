package api

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"github.com/recado/recado/gateway"
)

// formFrame is what a form may add to the file in it, in bytes.
const formFrame = 64 << 10

// upload keeps a file to be sent: the body itself, or the field "file" of a form. It
// goes through a temporary file, so that many at once need no memory. Its type is
// what its content says.
func (a *API) upload(w http.ResponseWriter, r *http.Request) (any, error) {
	if a.Vault == nil {
		return nil, errNoFiles
	}
	// A server without deadlines, as in tests, has none to move.
	//nolint:errcheck // with the old deadline a slow line fails as it did before
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(transfer))
	source, err := a.source(w, r)
	if err != nil {
		return nil, err
	}
	content, err := os.CreateTemp("", "recado-upload-*")
	if err != nil {
		return nil, fmt.Errorf("take a file: %w", err)
	}
	defer func() { _ = errors.Join(content.Close(), os.Remove(content.Name())) }()
	size, err := io.Copy(content, io.LimitReader(source, a.MaxUpload+1))
	switch {
	case size > a.MaxUpload || errors.As(err, new(*http.MaxBytesError)):
		return nil, a.tooLarge()
	case errors.As(err, new(*fs.PathError)):
		return nil, fmt.Errorf("take a file: %w", err)
	case err != nil:
		return nil, invalid("The body ended before the file did.")
	case size == 0:
		return nil, invalid("The file is empty.")
	}
	return a.keep(r, content, size)
}

// source is where the bytes of the file come from.
func (a *API) source(w http.ResponseWriter, r *http.Request) (io.Reader, error) {
	if !strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "multipart/") {
		return http.MaxBytesReader(w, r.Body, a.MaxUpload), nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, a.MaxUpload+formFrame)
	form, err := r.MultipartReader()
	if err != nil {
		return nil, errNoField
	}
	for {
		part, err := form.NextRawPart()
		switch {
		case errors.As(err, new(*http.MaxBytesError)):
			return nil, a.tooLarge()
		case err != nil:
			return nil, errNoField
		case part.FormName() == "file":
			return part, nil
		}
	}
}

func (a *API) tooLarge() error {
	limit := fmt.Sprintf("%d MB", a.MaxUpload>>20)
	if a.MaxUpload%(1<<20) != 0 {
		limit = fmt.Sprintf("%d bytes", a.MaxUpload)
	}
	return &problem{http.StatusRequestEntityTooLarge, "too_large", "The file is larger than " + limit + "."}
}

// keep puts a file into the vault under a new id.
func (a *API) keep(r *http.Request, content io.ReadSeeker, size int64) (any, error) {
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("take a file: %w", err)
	}
	found, err := mimetype.DetectReader(content)
	if err != nil {
		return nil, fmt.Errorf("look at a file: %w", err)
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("take a file: %w", err)
	}
	id, kind := gateway.NewID(), baseType(found.String())
	if err := a.Vault.Put(r.Context(), id, content, size, kind); err != nil {
		return nil, errors.Join(fmt.Errorf("keep a file: %w", err), errFilesDown)
	}
	return map[string]any{"id": id, "type": kind, "size": size}, nil
}
