package cloudsim

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// typed takes what was typed, tapped or chosen on a page and goes back to it.
func (s *Simulator) typed(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	c, err := s.chatAt(r.PathValue("customer"))
	who := ""
	if err == nil {
		who = cmp.Or(c.customer.Phone, c.userID)
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	a, err := readForm(w, r)
	if err == nil {
		a.Customer = who
		_, err = s.Act(r.Context(), a)
	}
	back := "/phone/" + r.PathValue("customer")
	switch problem, known := problemOf(err); {
	case errors.Is(err, errNothingSaid): // the button was pressed by mistake
	case known:
		back += "?problem=" + problem
	case err != nil:
		return err
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}

// problemOf is the phrase for what somebody can do better.
func problemOf(err error) (problem string, known bool) {
	for problem, known := range map[string]error{
		"too_long": errSaidTooMuch, "no_file": errNoFile, "no_place": errNoPlace, "no_contact": errNoPhone, "taken": errTaken,
		"blocking": errBlocking,
	} {
		if errors.Is(err, known) {
			return problem, true
		}
	}
	return "", false
}

var errNoPlace = errors.New("a location needs degrees")

// readForm makes an action of a form of the page. Which fields are there decides.
func readForm(w http.ResponseWriter, r *http.Request) (Action, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		return readFile(w, r)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return Action{}, errForm
	}
	form := r.PostForm
	a := Action{Type: "text", Text: form.Get("text"), ReplyTo: form.Get("reply_to"), MessageID: form.Get("message")}
	switch {
	case form.Has("photo"):
		data, err := drawing()
		return Action{Type: "image", Data: data}, err
	case form.Has("option"):
		a.Type, a.Option = "tap", form.Get("option")
	case form.Has("emoji"):
		a.Type, a.Emoji = "reaction", form.Get("emoji")
	case form.Has("revoke"):
		a.Type = "revoke"
	case form.Has("edit"):
		a.Type, a.MessageID = "edit", form.Get("edit")
	case form.Has("do"):
		return readDeed(a, form)
	case form.Has("share"):
		a.Type, a.ReplyTo = "share_contact", a.MessageID
	case form.Has("contact"):
		a.Type, a.Name, a.Phone = "contacts", form.Get("contact"), form.Get("phone")
		if digits(a.Phone) == "" {
			return a, errNoPhone
		}
	case form.Has("answer"):
		a.Type, a.Response = "flow", map[string]any{"answer": form.Get("answer")}
	case form.Has("latitude"):
		return readPlace(a, form)
	}
	return a, nil
}

// readDeed takes what is done by a button alone.
func readDeed(a Action, form url.Values) (Action, error) {
	a.Type = form.Get("do")
	switch a.Type {
	case "forward", "play", "order", "block", "unblock", "change_identity":
	case "stop", "resume":
		a.Type, a.Value = "preferences", a.Type
	case "poll":
		a.Type, a.Value = "unsupported", a.Type
	case "change_number":
		a.Phone = form.Get("phone")
	default:
		return a, errForm
	}
	return a, nil
}

func readPlace(a Action, form url.Values) (Action, error) {
	number := func(name string, limit float64) (float64, error) {
		n, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(form.Get(name)), ",", ".", 1), 64)
		if err != nil || !(n >= -limit && n <= limit) {
			return 0, errNoPlace
		}
		return n, nil
	}
	var err1, err2 error
	a.Type, a.Name, a.ReplyTo = "location", form.Get("place"), cmp.Or(a.ReplyTo, a.MessageID)
	a.Latitude, err1 = number("latitude", 90)
	a.Longitude, err2 = number("longitude", 180)
	return a, errors.Join(err1, err2)
}

// readFile makes a message of a file that was chosen.
func readFile(w http.ResponseWriter, r *http.Request) (Action, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload+maxForm)
	if err := r.ParseMultipartForm(formMemory); err != nil {
		return Action{}, errNoFile
	}
	defer r.MultipartForm.RemoveAll() //nolint:errcheck // files of the system's own temporary folder
	file, header, err := r.FormFile("file")
	if err != nil {
		return Action{}, errNoFile
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return Action{}, fmt.Errorf("read a file: %w", err)
	}
	a := Action{
		Data: data, MIMEType: header.Header.Get("Content-Type"), Filename: header.Filename,
		Text: r.FormValue("text"), ReplyTo: r.FormValue("reply_to"),
	}
	if a.MIMEType == "" || a.MIMEType == "application/octet-stream" {
		a.MIMEType = http.DetectContentType(data)
	}
	a.Type = kindOf(a.MIMEType)
	a.Voice = a.Type == "audio" && strings.Contains(a.MIMEType, "ogg")
	return a, nil
}

// kindOf is the type of message that a phone makes of a file.
func kindOf(mimeType string) string {
	t := bare(mimeType)
	switch family, _, _ := strings.Cut(t, "/"); {
	case t == "image/webp":
		return "sticker"
	case t == "image/jpeg" || t == "image/png":
		return "image"
	case family == "audio" || t == "application/ogg":
		return "audio"
	case family == "video":
		return "video"
	}
	return "document"
}

// phoneMedia serves a file to the page. What a browser would open is kept from
// doing anything, and everything else is downloaded.
func (s *Simulator) phoneMedia(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	u := s.media.find(r.PathValue("file"), s.config.Now())
	s.mu.Unlock()
	if u == nil {
		return errNoPage
	}
	h := w.Header()
	h.Set("Content-Type", u.mime)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, max-age=86400")
	switch kindOf(u.mime) {
	case "document":
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": cmp.Or(u.name, "document")}))
	case "audio":
		h.Set("Content-Type", bare(u.mime)) // some browsers refuse to guess at codecs
	}
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(u.data)))
	return nil
}
