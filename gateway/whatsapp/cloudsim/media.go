package cloudsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/internal/web"
)

const (
	// urlLife is how long the address of a file can be used.
	urlLife = 5 * time.Minute
	// uploadLife and inboundLife are how long files are kept that the shop has
	// uploaded, and those that customers have sent.
	uploadLife  = 30 * 24 * time.Hour
	inboundLife = 7 * 24 * time.Hour
	// maxUpload is how large a file may be at all.
	maxUpload = 100 << 20
	// keptBytes is how much of all files is kept; the oldest go first.
	keptBytes = 256 << 20
	// formMemory is how much of an upload is held in memory while it is read.
	formMemory = 8 << 20
)

// attachment is a file in a message, by the id of an upload or by a link.
type attachment struct {
	// Kind is "image", "video", "audio", "document" or "sticker".
	Kind           string
	ID, Link, Name string
	Voice          bool
}

// upload is a file that the emulator keeps.
type upload struct {
	id, mime, name string
	data           []byte
	sum            [sha256.Size]byte
	// until is when it is forgotten.
	until time.Time
}

// mediaStore keeps files. It is guarded by the simulator's lock.
type mediaStore struct {
	files []*upload
	size  int
}

func (m *mediaStore) add(u *upload) {
	u.sum = sha256.Sum256(u.data)
	m.files, m.size = append(m.files, u), m.size+len(u.data)
	for m.size > keptBytes && len(m.files) > 1 {
		m.drop(m.files[0])
	}
}

func (m *mediaStore) find(id string, now time.Time) *upload {
	for _, u := range m.files {
		if u.id == id && now.Before(u.until) {
			return u
		}
	}
	return nil
}

func (m *mediaStore) drop(u *upload) {
	m.files = slices.DeleteFunc(m.files, func(each *upload) bool { return each == u })
	m.size -= len(u.data)
}

// mediaRules are the types that can be uploaded, and how large they may be.
func mediaRules() map[string]int {
	const office = "application/vnd.openxmlformats-officedocument."
	rules := map[string]int{"image/jpeg": 5 << 20, "image/png": 5 << 20, "image/webp": 500 << 10}
	for _, t := range []string{"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg", "video/mp4", "video/3gpp"} {
		rules[t] = 16 << 20
	}
	for _, t := range []string{
		"text/plain", "application/pdf", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
		office + "wordprocessingml.document", office + "spreadsheetml.sheet", office + "presentationml.presentation",
	} {
		rules[t] = maxUpload
	}
	return rules
}

// bare is a media type without parameters.
func bare(mimeType string) string {
	t, _, err := mime.ParseMediaType(mimeType)
	if err != nil {
		return strings.ToLower(strings.TrimSpace(mimeType))
	}
	return t
}

// fits tells whether a file can be what a message says it is. A file whose content
// isn't what its type says is found out here too, as it is by the platform.
func (u *upload) fits(kind string) bool {
	t := bare(u.mime)
	switch kind {
	case "image":
		return (t == "image/jpeg" || t == "image/png") && u.sound()
	case "sticker":
		return t == "image/webp" && u.sound()
	case "audio", "video":
		return strings.HasPrefix(t, kind+"/") && u.sound()
	}
	return u.sound()
}

// sound holds the content of those types against them whose beginning is sure.
func (u *upload) sound() bool {
	t := bare(u.mime)
	signs := map[string]string{
		"image/jpeg": "image/jpeg", "image/png": "image/png", "image/webp": "image/webp",
		"application/pdf": "application/pdf", "audio/ogg": "application/ogg",
	}
	sign, known := signs[t]
	return !known || http.DetectContentType(u.data) == sign
}

// upload takes a file from the shop.
func (s *Simulator) upload(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload+1<<20)
	if err := r.ParseMultipartForm(formMemory); err != nil {
		return refusal(100, "the request must be multipart/form-data with messaging_product and file")
	}
	defer r.MultipartForm.RemoveAll() //nolint:errcheck // files of the system's own temporary folder
	if r.FormValue("messaging_product") != "whatsapp" {
		return missing("messaging_product")
	}
	file, header, err := r.FormFile("file")
	if err != nil {
		return missing("file")
	}
	defer file.Close()
	u, err := readUpload(file, header, r.FormValue("type"))
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u.id, u.until = s.mediaID(), s.config.Now().Add(uploadLife)
	s.media.add(u)
	return web.WriteJSON(w, http.StatusOK, map[string]string{"id": u.id})
}

// mediaID makes an id that no file has. The lock is held.
func (s *Simulator) mediaID() string { return number("media", wamid("", true)) }

func readUpload(file multipart.File, header *multipart.FileHeader, declared string) (*upload, error) {
	mimeType := header.Header.Get("Content-Type")
	if mimeType == "" || mimeType == "application/octet-stream" && declared != "" {
		mimeType = declared
	}
	limit, known := mediaRules()[bare(mimeType)]
	if !known {
		return nil, &graphError{
			status: http.StatusBadRequest, code: 100, kind: "OAuthException",
			message: "(#100) Param file must be a file with one of the following types: " +
				strings.Join(slices.Sorted(maps.Keys(mediaRules())), ", ") + ". Received file of type '" + bare(mimeType) + "'.",
		}
	}
	if header.Size > int64(limit) || header.Size == 0 {
		return nil, refusal(131053, fmt.Sprintf("a file of this type has 1 to %d bytes", limit))
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("read an upload: %w", err)
	}
	return &upload{mime: mimeType, name: header.Filename, data: data}, nil
}

// mediaInfo is what the Graph API tells about a file.
type mediaInfo struct {
	URL     string `json:"url"`
	MIME    string `json:"mime_type"`
	SHA256  string `json:"sha256"`
	Size    int    `json:"file_size"`
	ID      string `json:"id"`
	Product string `json:"messaging_product"`
}

// showMedia gives the address of a file; it is good for five minutes.
func (s *Simulator) showMedia(w http.ResponseWriter, r *http.Request, u *upload) error {
	if asked := r.URL.Query().Get("phone_number_id"); asked != "" && asked != s.config.PhoneNumberID {
		return unknownObject(r.Method)
	}
	return web.WriteJSON(w, http.StatusOK, mediaInfo{
		URL: s.mediaURL(s.base(r), u), MIME: u.mime, SHA256: hex.EncodeToString(u.sum[:]), Size: len(u.data),
		ID: u.id, Product: "whatsapp",
	})
}

// base is how this emulator is reached.
func (s *Simulator) base(r *http.Request) string {
	switch {
	case s.config.PublicURL != "":
		return strings.TrimRight(s.config.PublicURL, "/")
	case r.TLS != nil:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (s *Simulator) mediaURL(base string, u *upload) string {
	end := stamp(s.config.Now().Add(urlLife))
	return base + "/" + s.config.Version + "/" + u.id + "/content?ext=" + end + "&hash=" + s.mediaHash(u.id, end)
}

// mediaHash keeps an address from being made up, or made to last.
func (s *Simulator) mediaHash(id, end string) string {
	mac := hmac.New(sha256.New, []byte(s.config.AppSecret))
	mac.Write([]byte(id + "/" + end))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// content is the second hop: the file itself, for the token and while the address
// lasts.
func (s *Simulator) content(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	u := s.media.find(r.PathValue("id"), s.config.Now())
	status, corrupt := s.strikeMedia()
	s.mu.Unlock()
	switch {
	case u == nil || !s.lasts(u, r):
		http.Error(w, "URL signature expired", http.StatusNotFound)
		return nil
	case status != 0:
		http.Error(w, http.StatusText(status), status)
		return nil
	}
	data := u.data
	if corrupt {
		data = append(slices.Clone(data[:len(data)-1]), ^data[len(data)-1])
	}
	w.Header().Set("Content-Type", u.mime)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
	return nil
}

// lasts tells whether an address was given out by this emulator and can still be
// used.
func (s *Simulator) lasts(u *upload, r *http.Request) bool {
	end, hash := r.URL.Query().Get("ext"), r.URL.Query().Get("hash")
	until, err := strconv.ParseInt(end, 10, 64)
	return err == nil && s.config.Now().Unix() <= until && hmac.Equal([]byte(hash), []byte(s.mediaHash(u.id, end)))
}

// deleteMedia forgets a file.
func (s *Simulator) deleteMedia(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.media.find(r.PathValue("id"), s.config.Now())
	if u == nil {
		return unknownObject(r.Method)
	}
	s.media.drop(u)
	return web.WriteJSON(w, http.StatusOK, map[string]bool{"success": true})
}

var errNoFile = errors.New("a file has 1 byte to 100 MB")

// received keeps a file that a customer sends. The lock is held.
func (s *Simulator) received(a Action) (*upload, error) {
	if len(a.Data) == 0 || len(a.Data) > maxUpload {
		return nil, errNoFile
	}
	u := &upload{
		id: s.mediaID(), mime: a.MIMEType, name: a.Filename, data: a.Data, until: s.config.Now().Add(inboundLife),
	}
	if u.mime == "" {
		u.mime = http.DetectContentType(a.Data)
	}
	if bare(u.mime) == "application/ogg" {
		u.mime = "audio/ogg; codecs=opus"
	}
	s.media.add(u)
	return u, nil
}
