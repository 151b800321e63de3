package whatsapp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/recado/recado/gateway"
)

const (
	// uploadLife is how long an uploaded file is used: the channel keeps it for 30
	// days.
	uploadLife = 29 * 24 * time.Hour
	// maxUploads is how many uploads are remembered.
	maxUploads = 1000
	// sendReserve is how much of an attempt's time is kept for the message itself:
	// one that is cut off has an outcome that nobody knows.
	sendReserve = 8 * time.Second
)

// uploads remembers what was uploaded, so that trying again doesn't upload it again.
// The zero value is empty.
type uploads struct {
	mu   sync.Mutex
	byID map[uploadKey]upload
}

// uploadKey is a file at a business number: another number doesn't have it.
type uploadKey struct{ channel, file string }

type upload struct {
	id string
	at time.Time
}

func (u *uploads) get(k uploadKey, now time.Time) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	if found, ok := u.byID[k]; ok && now.Sub(found.at) < uploadLife {
		return found.id
	}
	return ""
}

// put remembers an upload, and forgets the oldest when there are too many.
func (u *uploads) put(k uploadKey, id string, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.byID == nil {
		u.byID = map[uploadKey]upload{}
	}
	u.byID[k] = upload{id, now}
	if len(u.byID) <= maxUploads {
		return
	}
	oldest := k
	for each, found := range u.byID {
		if found.at.Before(u.byID[oldest].at) {
			oldest = each
		}
	}
	delete(u.byID, oldest)
}

func (u *uploads) drop(k uploadKey) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.byID, k)
}

// ownFiles are the places in a message that name one of our own files, in a copy that
// may be changed.
func ownFiles(o *gateway.Outgoing) (whole *gateway.Outgoing, files []*gateway.OutgoingMedia) {
	if o.Content == nil {
		return o, nil
	}
	content, message := *o.Content, *o
	own := func(m **gateway.OutgoingMedia, kind gateway.ContentKind) {
		if *m == nil || (*m).FileID == "" {
			return
		}
		file := **m
		if kind != "" {
			file.Kind = kind
		}
		*m = &file
		files = append(files, &file)
	}
	switch {
	case content.Template != nil && content.Kind == gateway.ContentTemplate:
		template := *content.Template
		content.Template = &template
		own(&template.HeaderMedia, "")
	case content.Kind == gateway.ContentButtons || content.Kind == gateway.ContentLink:
		own(&content.HeaderMedia, "")
	default:
		own(&content.Media, content.Kind)
	}
	message.Content = &content
	return &message, files
}

// uploaded gives the message with the channel's ids for our own files, which it
// uploads where the channel doesn't have them; remembered tells that one was uploaded
// earlier. A failure is the end of the attempt.
func (c *Client) uploaded(ctx context.Context, o *gateway.Outgoing, channel string) (
	whole *gateway.Outgoing, remembered bool, failed *gateway.SendResult,
) {
	whole, files := ownFiles(o)
	if len(files) == 0 {
		return o, false, nil
	}
	for _, m := range files {
		k := uploadKey{channel, m.FileID}
		id := c.uploads.get(k, c.config.Now())
		if remembered = id != ""; !remembered {
			if id, failed = c.upload(ctx, o, channel, m); failed != nil {
				return nil, false, failed
			}
			c.uploads.put(k, id, c.config.Now())
		}
		m.ProviderID, m.FileID = id, ""
	}
	if end, ok := ctx.Deadline(); ok && !remembered && time.Until(end) < sendReserve {
		return nil, false, c.putOff(o, "The file took long to upload; the message follows")
	}
	return whole, remembered, nil
}

// forget has the files of a message uploaded anew.
func (c *Client) forget(channel string, o *gateway.Outgoing) {
	_, files := ownFiles(o)
	for _, m := range files {
		c.uploads.drop(uploadKey{channel, m.FileID})
	}
}

// putOff has a message tried again: nothing of it was sent.
func (c *Client) putOff(o *gateway.Outgoing, title string) *gateway.SendResult {
	return &gateway.SendResult{
		Outcome: gateway.SendRetry, RetryAt: c.config.Now().Add(backOff(title).wait(o.ID, o.Attempt)),
		Error: &gateway.SendError{Title: title, Class: gateway.ErrorTransient},
	}
}

func notSent(title string) *gateway.SendResult {
	return &gateway.SendResult{
		Outcome: gateway.SendRejected, Error: &gateway.SendError{Title: title, Class: gateway.ErrorRequest},
	}
}

// upload brings one of our files to the channel and gives its id there. However that
// fails, the customer got nothing: there is no unknown outcome.
func (c *Client) upload(ctx context.Context, o *gateway.Outgoing, channel string, m *gateway.OutgoingMedia) (string, *gateway.SendResult) {
	if c.config.Files == nil {
		return "", notSent("This installation does not send files of its own")
	}
	content, err := c.config.Files(ctx, m.FileID)
	if errors.Is(err, gateway.ErrNotFound) {
		return "", notSent("The file is not kept any more")
	}
	var file *sized
	if err == nil {
		file, err = measured(content)
	}
	if err != nil {
		c.config.Logger.WarnContext(ctx, "a file to be sent could not be read", "outgoing", o.ID, "error", err)
		return "", c.putOff(o, "The file could not be read")
	}
	defer file.Close()
	if file.size == 0 || file.size > sizeLimit(m.Kind) {
		return "", notSent("The file is empty or larger than the channel takes")
	}
	return c.uploadContent(ctx, o, channel, m, file)
}

func (c *Client) uploadContent(ctx context.Context, o *gateway.Outgoing, channel string, m *gateway.OutgoingMedia, file *sized) (string, *gateway.SendResult) {
	response, err := c.postFile(ctx, channel, mimeOf(m, file), file)
	if err != nil {
		c.config.Logger.WarnContext(ctx, "an upload got no answer", "outgoing", o.ID, "error", unaddressed(err))
		return "", c.putOff(o, "The file could not be uploaded")
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	top, _ := decode(answer)
	if id := top.str("id"); err == nil && response.StatusCode == http.StatusOK && id != "" {
		return id, nil
	}
	r := readRefusal(response.StatusCode, response.Header, answer, c.config.Now())
	result := r.result(o, c.config.Now())
	if !r.known && r.status <= 299 || result.Outcome == gateway.SendUnknown {
		result = *c.putOff(o, "The file could not be uploaded")
		result.Error.Code, result.Error.Detail = r.code, r.detail
		result.RetryAt = later(result.RetryAt, c.config.Now().Add(r.retryAfter))
	}
	c.config.Logger.WarnContext(ctx, "an upload was not accepted", "outgoing", o.ID, "outcome", string(result.Outcome),
		"http_status", r.status, "code", r.code, "title", result.Error.Title, "fbtrace_id", clipTrace(r.trace))
	return "", &result
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// postFile sends the form around the content as it is read. Its length is told
// beforehand: not every server takes a body without one.
func (c *Client) postFile(ctx context.Context, channel, kind string, file *sized) (*http.Response, error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	header := textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="file"`}, "Content-Type": {kind},
	}
	err := errors.Join(w.WriteField("messaging_product", "whatsapp"), w.WriteField("type", kind))
	if _, partErr := w.CreatePart(header); err != nil || partErr != nil {
		return nil, fmt.Errorf("make a form: %w", errors.Join(err, partErr))
	}
	begin := form.Len()
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("make a form: %w", err)
	}
	body := io.MultiReader(bytes.NewReader(form.Bytes()[:begin]), io.LimitReader(file, file.size), bytes.NewReader(form.Bytes()[begin:]))
	to := c.base.JoinPath(url.PathEscape(channel), "media")
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), body)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", unaddressed(err))
	}
	request.ContentLength = int64(form.Len()) + file.size
	request.Header.Set("Authorization", "Bearer "+c.config.Token)
	request.Header.Set("Content-Type", w.FormDataContentType())
	request.Header.Set("Accept", "application/json")
	return c.transfer.Do(request)
}

// sized is content whose length is known.
type sized struct {
	io.ReadSeeker
	size  int64
	close func() error
}

// Close implements io.Closer.
func (s *sized) Close() error { return s.close() }

// maxSent is the largest file that the channel takes at all.
const maxSent = 100 << 20

// measured finds out how long content is. What can't be rewound is put into a
// temporary file first, and not into memory.
func measured(content io.ReadCloser) (*sized, error) {
	if file, ok := content.(io.ReadSeeker); ok {
		size, err := file.Seek(0, io.SeekEnd)
		if err == nil {
			_, err = file.Seek(0, io.SeekStart)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("measure a file: %w", err), content.Close())
		}
		return &sized{file, size, content.Close}, nil
	}
	defer content.Close()
	spool, err := os.CreateTemp("", "recado-send-*")
	if err != nil {
		return nil, fmt.Errorf("measure a file: %w", err)
	}
	remove := func() error { return errors.Join(spool.Close(), os.Remove(spool.Name())) }
	size, err := io.Copy(spool, io.LimitReader(content, maxSent+1))
	if err == nil {
		_, err = spool.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("measure a file: %w", err), remove())
	}
	return &sized{spool, size, remove}, nil
}

// sizeLimit is how large a file of a kind may be, in bytes.
func sizeLimit(kind gateway.ContentKind) int64 {
	switch kind {
	case gateway.ContentImage:
		return 5 << 20
	case gateway.ContentAudio, gateway.ContentVideo:
		return 16 << 20
	case gateway.ContentSticker:
		return 500 << 10
	default:
		return maxSent
	}
}

// channelTypes are the names that the channel has for types which others call
// differently.
var channelTypes = map[string]string{
	"audio/opus":      "audio/ogg; codecs=opus",
	"application/ogg": "audio/ogg; codecs=opus",
	"audio/mp3":       "audio/mpeg",
	"audio/m4a":       "audio/mp4",
	"audio/x-m4a":     "audio/mp4",
	"audio/x-aac":     "audio/aac",
	"image/jpg":       "image/jpeg",
}

// mimeOf is the type of a file as the channel wants it named. One that nobody told is
// found by the content.
func mimeOf(m *gateway.OutgoingMedia, file io.ReadSeeker) string {
	kind := strings.TrimSpace(m.MIME)
	if kind == "" {
		head := make([]byte, 512)
		n, _ := io.ReadFull(file, head)
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			n = 0
		}
		kind = http.DetectContentType(head[:n])
	}
	bare, parameters, err := mime.ParseMediaType(kind)
	if err != nil {
		return "application/octet-stream"
	}
	if name, ok := channelTypes[bare]; ok {
		return name
	}
	if m.Voice && bare == "audio/ogg" {
		return channelTypes["audio/opus"]
	}
	return mime.FormatMediaType(bare, parameters)
}
