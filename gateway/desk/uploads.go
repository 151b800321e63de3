package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/recado/recado/gateway"
)

// refused is the phrase of something that an agent asked for and that can't be done.
type refused string

// Error implements error.
func (r refused) Error() string { return "refused: " + string(r) }

// formMemory is how much of an uploaded file is held in memory; the rest is on disk
// until the request ends.
const formMemory = 1 << 20

// parseForm reads a form, with a file where files can be sent. Its caller calls the
// function in the end.
func (d *Desk) parseForm(w http.ResponseWriter, r *http.Request) (forget func(), err error) {
	most := int64(maxForm)
	if d.config.Vault != nil {
		most += d.config.MaxUpload
	}
	r.Body = http.MaxBytesReader(w, r.Body, most)
	if hasParts(r) {
		err = r.ParseMultipartForm(formMemory)
	} else {
		// Nothing but a file may be that long.
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		err = r.ParseForm()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", gateway.ErrInvalid, err)
	}
	return func() {
		if r.MultipartForm != nil {
			//nolint:errcheck // what is left in the temporary folder harms nobody
			r.MultipartForm.RemoveAll()
		}
	}, nil
}

// hasParts tells whether a form is sent as one with files is.
func hasParts(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/")
}

// upload is a file that came with a form.
type upload struct {
	content multipart.File
	size    int64
	name    string
	mime    string
	kind    gateway.ContentKind
	sum     string
}

// uploaded gives the file of the form, or nil when none was chosen. The form owns its
// content.
func (d *Desk) uploaded(r *http.Request) (*upload, error) {
	content, header, err := r.FormFile("file")
	switch {
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%w: %w", gateway.ErrInvalid, err)
	case header.Filename == "" && header.Size == 0: // the field was left empty
		return nil, nil
	case d.config.Vault == nil:
		return nil, refused("refused_no_files")
	case header.Size == 0:
		return nil, refused("refused_empty_file")
	case header.Size > d.config.MaxUpload:
		return nil, refused("refused_file_size")
	}
	u := &upload{content: content, size: header.Size, name: cleanName(header.Filename)}
	hash := sha256.New()
	if _, err := io.Copy(hash, content); err != nil {
		return nil, fmt.Errorf("read an uploaded file: %w", err)
	}
	u.sum = hex.EncodeToString(hash.Sum(nil))
	head := make([]byte, 4096)
	n, err := content.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read an uploaded file: %w", err)
	}
	u.mime = sniff(head[:n])
	u.kind, u.mime = sendAs(u.mime, head[:n], u.size)
	return u, nil
}

// media is the file as a message names it, under that id.
func (u *upload) media(id string) *gateway.OutgoingMedia {
	m := &gateway.OutgoingMedia{Kind: u.kind, FileID: id, MIME: u.mime}
	if u.kind == gateway.ContentDocument {
		m.Filename = u.name
	}
	return m
}

// keep puts the file into the vault. Under the same id it is the same file.
func (d *Desk) keep(ctx context.Context, id string, u *upload) error {
	content := io.NewSectionReader(u.content, 0, u.size)
	if err := d.config.Vault.Put(ctx, id, content, u.size, u.mime); err != nil {
		return fmt.Errorf("keep an uploaded file: %w", err)
	}
	return nil
}

// drop forgets a file that was kept for something that was then refused.
func (d *Desk) drop(ctx context.Context, c *gateway.Content) {
	for _, id := range contentFiles(c) {
		if err := d.config.Vault.Remove(ctx, id); err != nil {
			d.config.Logger.WarnContext(ctx, "a file that was not sent stays in the vault", "file", id, "error", err)
		}
	}
}

// contentFiles are the ids of the files of our own in an outgoing message.
func contentFiles(c *gateway.Content) (ids []string) {
	if c == nil {
		return nil
	}
	media := []*gateway.OutgoingMedia{c.Media, c.HeaderMedia}
	if c.Template != nil {
		media = append(media, c.Template.HeaderMedia)
	}
	for _, m := range media {
		if m != nil && m.FileID != "" {
			ids = append(ids, m.FileID)
		}
	}
	return ids
}

// sniff is the type that content has by how it begins.
func sniff(head []byte) string { return baseType(mimetype.Detect(head).String()) }

// The largest files that the channel takes, in bytes.
const (
	maxImage = 5 << 20
	maxVideo = 16 << 20
)

// sendAs is how the channel takes a file: an image, a video or audio of the types and
// sizes that it shows, and a document otherwise.
func sendAs(mimeType string, head []byte, size int64) (gateway.ContentKind, string) {
	switch {
	case slices.Contains([]string{"image/jpeg", "image/png"}, mimeType) && size <= maxImage:
		return gateway.ContentImage, mimeType
	case slices.Contains([]string{"video/mp4", "video/3gpp"}, mimeType) && size <= maxVideo:
		return gateway.ContentVideo, mimeType
	case size > maxVideo:
	case slices.Contains([]string{"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4"}, mimeType):
		return gateway.ContentAudio, mimeType
	case mimeType == "audio/x-m4a":
		return gateway.ContentAudio, "audio/mp4"
	case strings.HasSuffix(mimeType, "/ogg") && opusMono(head):
		return gateway.ContentAudio, "audio/ogg"
	}
	return gateway.ContentDocument, mimeType
}

// opusMono tells whether an Ogg file has one channel of Opus (RFC 7845, section 5.1):
// the channel takes no other.
func opusMono(head []byte) bool {
	at := bytes.Index(head, []byte("OpusHead"))
	return at > 0 && len(head) > at+9 && head[at+9] == 1
}
