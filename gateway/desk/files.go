package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

// fileID is what a file can be called. Nothing else is asked of the vault.
var fileID = regexp.MustCompile(`^[0-9a-z-]{8,64}$`)

// filePolicy lets a file do nothing, even where a browser takes it for a page. A PDF
// is shown by a part of the browser that does not start in a sandbox.
const (
	filePolicy = "sandbox; " + pdfPolicy
	pdfPolicy  = "default-src 'none'; img-src 'self'; media-src 'self'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)

// file serves the content of a customer's file, or of one that an agent sent.
// ?download=1 has it saved whatever it is.
func (d *Desk) file(w http.ResponseWriter, r *http.Request, _ string) error {
	id := r.PathValue("id")
	if d.config.Vault == nil || !fileID.MatchString(id) {
		return gateway.ErrNotFound
	}
	kind, name, err := d.described(r.Context(), id)
	if err != nil {
		return err
	}
	content, err := d.config.Vault.Open(r.Context(), id)
	if err != nil {
		return fmt.Errorf("open a file: %w", err)
	}
	defer content.Close()
	body, err := seekable(content, d.config.MaxUpload)
	if err != nil {
		return fmt.Errorf("read a file: %w", err)
	}
	if kind == "" {
		kind = sniff(body.head)
	}
	fileHeaders(w.Header(), id, kind, name, r.URL.Query().Get("download") != "")
	if body.whole != nil {
		http.ServeContent(w, r, "", time.Time{}, body.whole)
		return nil
	}
	if r.Method != http.MethodHead {
		//nolint:errcheck // the answer has begun, and the browser sees that it ends early
		io.Copy(w, io.MultiReader(bytes.NewReader(body.head), content))
	}
	return nil
}

// described gives the type and the name that a customer's file has; both are empty
// for one of an agent. A file that can't be had is as one that never was.
func (d *Desk) described(ctx context.Context, id string) (kind, name string, err error) {
	if d.config.Files == nil {
		return "", "", nil
	}
	f, err := d.config.Files.File(ctx, id)
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		return "", "", nil
	case err != nil:
		return "", "", fmt.Errorf("read a file: %w", err)
	case f.Media.State != gateway.FileStored:
		return "", "", gateway.ErrNotFound
	}
	return baseType(f.Media.Type), cleanName(f.Media.Filename), nil
}

// opened is content that was looked into. Whole is set when it can be read from
// anywhere, head is how it begins.
type opened struct {
	whole io.ReadSeeker
	head  []byte
}

// seekable makes content readable from anywhere, as players ask for it: by itself, or
// by holding it in memory when it is no larger than that.
func seekable(content io.Reader, most int64) (opened, error) {
	if whole, ok := content.(io.ReadSeeker); ok {
		head, err := io.ReadAll(io.LimitReader(whole, 4096))
		if err != nil {
			return opened{}, fmt.Errorf("look at the type: %w", err)
		}
		_, err = whole.Seek(0, io.SeekStart)
		return opened{whole, head}, err
	}
	head, err := io.ReadAll(io.LimitReader(content, most+1))
	if err != nil {
		return opened{}, fmt.Errorf("read: %w", err)
	}
	if int64(len(head)) > most {
		return opened{nil, head}, nil
	}
	return opened{bytes.NewReader(head), head}, nil
}

// fileHeaders says what a browser may do with a file. It asks each time whether it
// may still show what it has: the session can be over, the message withdrawn.
func fileHeaders(h http.Header, id, kind, name string, download bool) {
	show, known := inline[kind]
	disposition := "inline"
	if !known || download {
		disposition = "attachment"
	}
	if !known {
		kind = "application/octet-stream"
	}
	if name == "" {
		name = "recado-" + id[:min(8, len(id))] + extension(kind, show)
	}
	if full := mime.FormatMediaType(disposition, map[string]string{"filename": name}); full != "" {
		disposition = full
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", disposition)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Cookie")
	h.Set("ETag", strconv.Quote(id))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", filePolicy)
	if kind == "application/pdf" {
		h.Set("Content-Security-Policy", pdfPolicy)
	}
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// extension ends the name of a file that has none.
func extension(kind, show string) string {
	_, sub, _ := strings.Cut(kind, "/")
	switch sub {
	case "jpeg":
		return ".jpg"
	case "mpeg":
		return ".mp3"
	case "mp4", "x-m4a":
		if show == "audio" {
			return ".m4a"
		}
		return ".mp4"
	case "octet-stream":
		return ".bin"
	case "3gpp":
		return ".3gp"
	case "quicktime":
		return ".mov"
	}
	return "." + sub
}
