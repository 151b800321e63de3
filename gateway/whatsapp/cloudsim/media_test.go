package cloudsim_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

// info is what the Graph API tells about a file.
type info struct {
	URL    string
	MIME   string `json:"mime_type"`
	SHA256 string
	Size   int `json:"file_size"`
	ID     string
}

func (w *world) mediaInfo(id string) (info, int) {
	w.t.Helper()
	status, answer := w.get("/v25.0/" + id + "?phone_number_id=" + number)
	var i info
	if err := json.Unmarshal([]byte(answer), &i); err != nil {
		w.t.Fatalf("%d %s", status, answer)
	}
	return i, status
}

// fetch takes the second hop.
func (w *world) fetch(address, bearer string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, address, nil)
	r.Header.Set("Authorization", bearer)
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	return answer
}

func TestAFileGoesUpAndComesDown(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	w := newWorld(t, func(c *cloudsim.Config) { c.Now = func() time.Time { return now } })
	data := drawn(t)
	id := w.uploadFile("image/png", data)
	got, status := w.mediaInfo(id)
	sum := sha256.Sum256(data)
	if status != 200 || got.MIME != "image/png" || got.Size != len(data) || got.SHA256 != hex.EncodeToString(sum[:]) || got.ID != id {
		t.Errorf("%d %+v", status, got)
	}
	answer := w.fetch(got.URL, "Bearer "+token)
	if answer.Code != 200 || !bytes.Equal(answer.Body.Bytes(), data) || answer.Header().Get("Content-Type") != "image/png" {
		t.Errorf("%d %v", answer.Code, answer.Header())
	}
	if answer := w.fetch(got.URL, ""); answer.Code != http.StatusUnauthorized {
		t.Errorf("without the token: %d", answer.Code)
	}
	now = now.Add(5*time.Minute + time.Second)
	late := fmt.Sprint(now.Add(time.Hour).Unix())
	parsed, err := url.Parse(got.URL)
	if err != nil {
		t.Fatal(err)
	}
	longer := parsed.Query()
	longer.Set("ext", late)
	for _, address := range []string{got.URL, parsed.Path + "?" + longer.Encode(), parsed.Path} {
		if answer := w.fetch(address, "Bearer "+token); answer.Code != http.StatusNotFound {
			t.Errorf("%s after its time: %d", address, answer.Code)
		}
	}
	again, _ := w.mediaInfo(id)
	if answer := w.fetch(again.URL, "Bearer "+token); answer.Code != 200 {
		t.Errorf("the new address: %d", answer.Code)
	}
	if status, _ := w.get("/v25.0/" + id + "?phone_number_id=99"); status != 400 {
		t.Errorf("for another number: %d", status)
	}
	now = now.Add(30 * 24 * time.Hour)
	if _, status := w.mediaInfo(id); status != 400 {
		t.Errorf("after 30 days: %d", status)
	}
}

func TestAFileCanBeDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.say(lucia, "hola")
	id := w.uploadFile("image/png", drawn(t))
	if got := w.send("image", `{"id":"`+id+`"}`); got != 0 {
		t.Errorf("before: %d", got)
	}
	for i, want := range []int{200, 400} {
		r := httptest.NewRequest(http.MethodDelete, "/v25.0/"+id, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		if status, answer := w.do(r); status != want {
			t.Errorf("deletion %d gives %d %s", i, status, answer)
		}
	}
	if got := w.send("image", `{"id":"`+id+`"}`); got != 100 {
		t.Errorf("after: %d", got)
	}
}

func TestUploadsKeepToTheRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	tests := []struct {
		product, mimeType string
		size, want        int
	}{
		{"whatsapp", "image/png", 5 << 20, 0},
		{"whatsapp", "image/png", 5<<20 + 1, 131053},
		{"whatsapp", "image/webp", 500<<10 + 1, 131053},
		{"whatsapp", "audio/ogg; codecs=opus", 100, 0},
		{"whatsapp", "audio/mpeg", 16<<20 + 1, 131053},
		{"whatsapp", "application/pdf", 17 << 20, 0},
		{"whatsapp", "image/gif", 10, 100},
		{"whatsapp", "audio/opus", 10, 100},
		{"whatsapp", "application/octet-stream", 10, 100},
		{"whatsapp", "image/png", 0, 131053},
		{"messenger", "image/png", 10, 100},
	}
	for _, test := range tests {
		_, answer := w.uploadRaw(test.product, test.mimeType, make([]byte, test.size))
		if got := code(t, answer); got != test.want {
			t.Errorf("%d bytes of %s give %s", test.size, test.mimeType, answer)
		}
	}
	if _, answer := w.post("/v25.0/"+number+"/media", `{}`); code(t, answer) != 100 {
		t.Errorf("no form gives %s", answer)
	}
}

// A file that is not what it is sent as is taken and fails later.
func TestTheWrongFileFailsLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run()
	w.say(lucia, "hola")
	w.wait(1)
	pdf := w.uploadFile("application/pdf", []byte("%PDF-1.7 factura"))
	lie := w.uploadFile("image/jpeg", drawn(t))
	for kind, id := range map[string]string{"image": pdf, "audio": pdf, "sticker": lie, "video": lie} {
		if got := w.send(kind, `{"id":"`+id+`"}`); got != 0 {
			t.Errorf("%s: %d", kind, got)
		}
		if s := w.wait(1)[0].Statuses[0]; s.Status != "failed" || s.Errors[0].Code != 131053 {
			t.Errorf("%s: %+v", kind, s)
		}
	}
	if w.send("image", `{"id":"`+lie+`"}`); w.wait(1)[0].Statuses[0].Status != "failed" {
		t.Error("a PNG went through as a JPEG")
	}
	w.send("document", `{"id":"`+pdf+`","filename":"factura.pdf"}`)
	if s := w.wait(2)[0].Statuses[0]; s.Status != "sent" {
		t.Errorf("%+v", s)
	}
	_, page := w.page("/phone/1", "es")
	if !strings.Contains(page, `href="/phone/media/`+pdf+`" download`) || !strings.Contains(page, "factura.pdf") {
		t.Error("the document is not on the page")
	}
}

func TestACustomersFileCanBeFetched(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	w := newWorld(t, func(c *cloudsim.Config) {
		c.Now, c.PublicURL = func() time.Time { return now }, "http://graph.test:8090/"
	})
	w.run()
	data := drawn(t)
	sum := sha256.Sum256(data)
	for _, test := range []struct{ kind, mime, extra, key, want string }{
		{"image", "image/png", `,"text":"¿Lo tenéis?"`, "caption", "¿Lo tenéis?"},
		{"audio", "audio/ogg; codecs=opus", `,"voice":true`, "voice", "true"},
		{"video", "video/mp4", ``, "mime_type", "video/mp4"},
		{"document", "application/pdf", `,"filename":"a.pdf"`, "filename", "a.pdf"},
		{"sticker", "image/webp", `,"animated":true`, "animated", "true"},
	} {
		w.act(`{"customer":"` + lucia + `","type":"` + test.kind + `","mime_type":"` + test.mime + `","data":"` +
			base64.StdEncoding.EncodeToString(data) + `"` + test.extra + `}`)
		got := w.waitRaw(1)[0]
		at := "messages.0." + test.kind + "."
		if got.str("messages.0.type") != test.kind || got.str(at+"mime_type") != test.mime || got.str(at+test.key) != test.want {
			t.Errorf("%s: %v", test.kind, got)
		}
		if got.str(at+"sha256") != base64.StdEncoding.EncodeToString(sum[:]) || !strings.HasPrefix(got.str(at+"url"), "http://graph.test:8090/v25.0/") {
			t.Errorf("%s: %v", test.kind, got)
		}
		if i, _ := w.mediaInfo(got.str(at + "id")); !strings.HasPrefix(i.URL, "http://graph.test:8090/") {
			t.Errorf("address %s", i.URL)
		}
		if answer := w.fetch(got.str(at+"url"), "Bearer "+token); !bytes.Equal(answer.Body.Bytes(), data) {
			t.Errorf("%s: %d", test.kind, answer.Code)
		}
	}
	now = now.Add(7 * 24 * time.Hour)
	if got := w.send("image", `{"id":"1"}`); got != 100 {
		t.Errorf("an unknown id gives %d", got)
	}
}

func TestFilesCanBreakOnTheirWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	data := []byte("%PDF-1.7 factura")
	i, _ := w.mediaInfo(w.uploadFile("application/pdf", data))
	w.control("/control/faults", `{"media_status":503,"next":1}`)
	if answer := w.fetch(i.URL, "Bearer "+token); answer.Code != 503 {
		t.Errorf("%d", answer.Code)
	}
	w.control("/control/faults", `{"media_corrupt":true,"next":1}`)
	if answer := w.fetch(i.URL, "Bearer "+token); answer.Code != 200 || bytes.Equal(answer.Body.Bytes(), data) {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	if answer := w.fetch(i.URL, "Bearer "+token); answer.Code != 200 || !bytes.Equal(answer.Body.Bytes(), data) {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}
