package desk

import (
	"cmp"
	"fmt"
	"mime"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/recado/recado/gateway"
)

// attachment is a file of a message as it is shown.
type attachment struct {
	// ID names it for /desk/files/, or is empty when it can't be had there.
	ID string
	// Show is how: image, video, audio or document. Kind is what it was sent as.
	Show, Kind string
	Voice      bool
	// Type and Size are known of a file that is stored; Size is 0 when it isn't.
	Type string
	Size int64
	Name string
	// Link is where a file that is not ours lies.
	Link string
	// Words are what a model heard or saw.
	Words string
	// Waiting tells that it is still being fetched. Failed is the phrase that says why
	// it can't be had, and Reason that in the gateway's own words, where no phrase
	// says it.
	Waiting        bool
	Failed, Reason string
}

// inline are the types that a browser shows in place: no type of them can hold a
// script. All others are downloaded.
var inline = map[string]string{
	"image/jpeg": "image", "image/png": "image", "image/gif": "image", "image/webp": "image",
	"audio/mpeg": "audio", "audio/ogg": "audio", "audio/mp4": "audio", "audio/x-m4a": "audio", "audio/aac": "audio",
	"audio/amr": "audio", "audio/wav": "audio", "audio/webm": "audio", "application/ogg": "audio",
	"video/mp4": "video", "video/3gpp": "video", "video/webm": "video", "video/quicktime": "video",
	"application/pdf": "document",
}

// received is the file of a message that came in, or nil.
func received(m *gateway.Message, files bool) *attachment {
	if m.Media == nil || m.Deleted || m.Media.FileID == "" && m.Media.State == "" {
		return nil
	}
	f := m.Media
	a := &attachment{
		Kind: m.Type, Voice: f.Voice, Type: baseType(cmp.Or(f.Type, f.MIME)), Size: f.Size, Name: cleanName(f.Filename), Words: f.Words,
	}
	switch f.State {
	case gateway.FileStored:
		if files {
			a.ID = f.FileID
		}
	case gateway.FileFailed:
		a.Failed, a.Reason = whyFailed(f.Error)
	default:
		a.Waiting = true
	}
	a.Show = cmp.Or(inline[a.Type], "document")
	return a
}

// sent is a file of a message to the customer, or nil. kind is what it is sent as,
// unless the file says so itself.
func sent(kind gateway.ContentKind, m *gateway.OutgoingMedia, files bool) *attachment {
	if m == nil {
		return nil
	}
	kind = cmp.Or(kind, m.Kind)
	a := &attachment{Kind: string(kind), Voice: m.Voice, Type: baseType(m.MIME), Name: cleanName(m.Filename), Show: "document"}
	switch {
	case m.FileID != "" && files:
		a.ID, a.Show = m.FileID, cmp.Or(inline[a.Type], "document")
	case m.URL != "":
		a.Link = m.URL
	}
	return a
}

// whyFailed is the phrase for a file that can't be had, and the reason where the
// phrase doesn't say it.
func whyFailed(e *gateway.SendError) (phrase, reason string) {
	if e == nil {
		return "file_failed", ""
	}
	for title, phrase := range map[string]string{
		"The channel does not have":  "file_gone",
		"The file is larger than":    "file_large",
		"The file was damaged":       "file_damaged",
		"This installation does not": "file_unfetched",
		"The file could not be":      "file_failed",
	} {
		if strings.HasPrefix(e.Title, title) {
			return phrase, ""
		}
	}
	return "file_failed", e.Title
}

// baseType is a type without its parameters, or "" for what is none.
func baseType(claimed string) string {
	t, _, err := mime.ParseMediaType(claimed)
	if err != nil {
		return ""
	}
	return t
}

// maxName is the longest file name that is shown or sent, in characters.
const maxName = 200

// cleanName makes an untrusted file name one line without a path.
func cleanName(name string) string {
	name = path.Base("/" + strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		// Marks that turn the direction would show "gpj.exe" as "exe.jpg".
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, name))
	if runes := []rune(name); len(runes) > maxName {
		// The end tells what kind of file it is.
		name = string(slices.Concat(runes[:maxName-20], []rune("…"), runes[len(runes)-19:]))
	}
	if strings.Trim(name, "./ ") == "" {
		return ""
	}
	return name
}

// formats are the names of types of documents.
var formats = map[string]string{
	"application/pdf": "PDF", "application/zip": "ZIP", "text/plain": "TXT", "text/csv": "CSV",
	"application/msword": "Word", "application/vnd.ms-excel": "Excel", "application/vnd.ms-powerpoint": "PowerPoint",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   "Word",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         "Excel",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
}

// format is what people call a type, or the later part of its name.
func format(mimeType string) string {
	_, sub, _ := strings.Cut(mimeType, "/")
	return cmp.Or(formats[mimeType], strings.ToUpper(strings.TrimPrefix(sub, "x-")))
}

// size writes a number of bytes as people do.
func size(language string, n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000*1000:
		return decimal(language, float64(n)/1e3, 0) + " kB"
	}
	return decimal(language, float64(n)/1e6, 1) + " MB"
}

// place is the address of a location on a map.
func place(l gateway.Location) string {
	return fmt.Sprintf("https://www.openstreetmap.org/?mlat=%[1]g&mlon=%[2]g#map=17/%[1]g/%[2]g", l.Latitude, l.Longitude)
}
