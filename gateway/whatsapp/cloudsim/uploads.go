package cloudsim

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/internal/web"
)

const (
	// sessionLife is how long a resumable upload can be gone on with.
	sessionLife = 24 * time.Hour
	// keptSessions is how many of them are remembered; the oldest go first.
	keptSessions = 100
	sessionPath  = "upload:"
)

// session is a resumable upload: sample files of templates come this way. Only
// how much has come is kept, since nobody looks at them.
type session struct {
	id          string
	size, taken int64
	until       time.Time
}

// handle is what a whole file is named by in a template.
func (u session) handle() string { return "4::" + strings.TrimPrefix(u.id, sessionPath) }

// session finds an upload that is not too old. The lock is held.
func (s *Simulator) session(id string) *session {
	i := slices.IndexFunc(s.sessions, func(u *session) bool { return u.id == id && s.config.Now().Before(u.until) })
	if i < 0 {
		return nil
	}
	return s.sessions[i]
}

// handled tells whether a handle is that of a file that has come as a whole. The
// lock is held.
func (s *Simulator) handled(handle string) bool {
	return slices.ContainsFunc(s.sessions, func(u *session) bool { return u.handle() == handle && u.taken == u.size })
}

// beginUpload starts a resumable upload; its size and type are told first.
func (s *Simulator) beginUpload(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errNotJSON
	}
	size, err := strconv.ParseInt(r.Form.Get("file_length"), 10, 64)
	limit, known := mediaRules()[bare(r.Form.Get("file_type"))]
	switch {
	case err != nil || size < 1:
		return missing("file_length")
	case !known:
		return refusal(100, "file_type is not one of those that can be uploaded")
	case size > int64(limit):
		return refusal(100, fmt.Sprintf("file_length is at most %d for this type", limit))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u := &session{id: sessionPath + number("upload", wamid("", true)), size: size, until: s.config.Now().Add(sessionLife)}
	s.sessions = append(s.sessions, u)
	s.sessions = s.sessions[max(0, len(s.sessions)-keptSessions):]
	return web.WriteJSON(w, http.StatusOK, map[string]string{"id": u.id + "?sig=" + s.mediaHash(u.id, "")})
}

// uploadOf finds the session that a request is about. A part of its id comes as
// the query, since clients put the whole id behind the version.
func (s *Simulator) uploadOf(r *http.Request) (*session, error) {
	u := s.session(r.PathValue("id"))
	sig, err := url.QueryUnescape(r.URL.Query().Get("sig"))
	if u == nil || err != nil || sig != s.mediaHash(u.id, "") {
		return nil, unknownObject(r.Method)
	}
	return u, nil
}

// continueUpload takes the file, or the rest of it from file_offset on, and gives
// its handle when all of it is there.
func (s *Simulator) continueUpload(w http.ResponseWriter, r *http.Request) error {
	offset, err := strconv.ParseInt(r.Header.Get("file_offset"), 10, 64)
	s.mu.Lock()
	u, unknown := s.uploadOf(r)
	var taken, size int64
	if u != nil {
		taken, size = u.taken, u.size
	}
	s.mu.Unlock()
	switch {
	case unknown != nil:
		return unknown
	case err != nil || offset != taken:
		return refusal(100, "file_offset must be the number of bytes that are there")
	}
	// What comes before a connection breaks counts.
	n, broken := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, size-taken))
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.taken != taken {
		return refusal(100, "another request goes on with this upload")
	}
	u.taken += n
	switch {
	case broken != nil:
		return refusal(100, "the file is longer than file_length, or its transfer broke off")
	case u.taken < u.size:
		return web.WriteJSON(w, http.StatusOK, map[string]any{"id": r.PathValue("id"), "file_offset": u.taken})
	}
	return web.WriteJSON(w, http.StatusOK, map[string]string{"h": u.handle()})
}

// showUpload tells where to go on.
func (s *Simulator) showUpload(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.uploadOf(r)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, map[string]any{"id": u.id, "file_offset": u.taken})
}

// sampled holds that a template with a file above it brings a sample of one. The
// lock is held.
func (s *Simulator) sampled(t Template) error {
	header := t.component("HEADER")
	if !slices.Contains([]string{"IMAGE", "VIDEO", "DOCUMENT"}, strings.ToUpper(header.Format)) || s.config.Lenient {
		return nil
	}
	example, _ := header.Example.(map[string]any)
	handles, _ := example["header_handle"].([]any)
	if len(handles) == 0 {
		e := refusal(100, "message template \"components\" param is missing expected field(s): example['header_handle']")
		e.subcode = 2388043
		return e
	}
	if handle, _ := handles[0].(string); !s.handled(handle) {
		return refusal(131009, "example['header_handle'] is not the handle of an uploaded file")
	}
	return nil
}
