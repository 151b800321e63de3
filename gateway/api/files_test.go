package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
)

const bill = "%PDF-1.7 a bill"

// fillFiles adds a file in each state, and one that a caller brought.
func fillFiles(b bundle) {
	b.file("stored", gateway.Media{
		State: gateway.FileStored, Type: "application/pdf", Size: int64(len(bill)), MIME: "image/png", Filename: "factura.pdf",
		Voice: true, Animated: true, Words: "una factura",
	}, bill)
	b.file("waiting", gateway.Media{State: gateway.FileWaiting, MIME: "image/png"}, "")
	b.file("failed", gateway.Media{State: gateway.FileFailed, Error: &gateway.SendError{Title: "Too large"}}, "")
	b.put("brought", bill)
}

// file adds a customer's file with its content.
func (b bundle) file(id string, m gateway.Media, content string) {
	m.FileID = id
	b.store.AddFile(gateway.File{ID: id, ConversationID: "c", Message: "document", At: now, Media: m})
	if content != "" {
		b.put(id, content)
	}
}

func (b bundle) put(id, content string) {
	if err := b.vault.Put(context.Background(), id, strings.NewReader(content), int64(len(content)), ""); err != nil {
		panic(err)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	fillFiles(b)
	file := func(id, conversation, state, kind string, size float64) map[string]any {
		return map[string]any{
			"id": id, "conversation_id": conversation, "state": state, "type": kind, "size": size, "mime": "", "filename": "",
			"voice": false, "animated": false, "words": "", "at": "2026-03-02T10:00:00Z",
		}
	}
	stored := file("stored", "c", "stored", "application/pdf", 15)
	stored["mime"], stored["filename"], stored["voice"], stored["animated"], stored["words"] = "image/png", "factura.pdf", true, true, "una factura"
	waiting := file("waiting", "c", "waiting", "", 0)
	waiting["mime"] = "image/png"
	failed := file("failed", "c", "failed", "", 0)
	failed["error"] = map[string]any{"code": 0.0, "title": "Too large"}
	brought := file("brought", "", "stored", "application/pdf", 15)
	brought["at"] = nil
	for _, seekable := range []bool{false, true} {
		b.vault.Seekable = seekable
		for _, want := range []map[string]any{stored, waiting, failed, brought} {
			got := get[map[string]any](t, b, "/api/v1/files/"+want["id"].(string), "file")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
	}
	for _, id := range []string{"none", "..%2F..%2Fetc", "%00", strings.Repeat("a", 65), "a.b", "-%20"} {
		for _, part := range []string{"", "/content"} {
			if got := code(t, b.call("GET", "/api/v1/files/"+id+part, "")); got != "404 not_found" {
				t.Errorf("%s%s: %s", id, part, got)
			}
		}
	}
}

func TestFileContent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	fillFiles(b)
	b.file("page", gateway.Media{State: gateway.FileStored, Type: "text/html", Size: 4, Filename: "x.html"}, "<p/>")
	b.file("odd", gateway.Media{State: gateway.FileStored, Type: "no type\r\nSet-Cookie: a=b", Size: 1}, "x")
	b.file("gone", gateway.Media{State: gateway.FileStored, Type: "text/plain", Size: 1}, "")
	for id, want := range map[string][4]string{
		"stored":  {"application/pdf", `attachment; filename=factura.pdf`, "15", bill},
		"brought": {"application/pdf", `attachment; filename=recado-brought.pdf`, "15", bill},
		"page":    {"text/html", `attachment; filename=x.html`, "4", "<p/>"},
		"odd":     {"application/octet-stream", `attachment; filename=recado-odd.bin`, "1", "x"},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			w := b.call(method, "/api/v1/files/"+id+"/content", "")
			h := w.Header()
			body := want[3]
			if method == "HEAD" {
				body = ""
			}
			got := [4]string{h.Get("Content-Type"), h.Get("Content-Disposition"), h.Get("Content-Length"), w.Body.String()}
			if diff := cmp.Diff([4]string{want[0], want[1], want[2], body}, got); diff != "" || w.Code != 200 {
				t.Errorf("%s %s: %d %s", method, id, w.Code, diff)
			}
			if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") ||
				h.Get("Cache-Control") != "no-store" || h.Get("Set-Cookie") != "" {
				t.Errorf("%s: %v", id, h)
			}
		}
	}
	for id, want := range map[string]string{
		"waiting": "still being fetched", "failed": "could not be had", "gone": "not kept any more", "none": "nothing with this id",
	} {
		w := b.call("GET", "/api/v1/files/"+id+"/content", "")
		if got := code(t, w); got != "404 not_found" || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %s", id, w.Body)
		}
	}
	b.vault.Fail(errors.New("no route to 10.0.0.7"))
	for _, id := range []string{"stored/content", "brought/content", "brought"} {
		w := b.call("GET", "/api/v1/files/"+id, "")
		if got := code(t, w); got != "503 files_unavailable" || strings.Contains(w.Body.String(), "10.0.0.7") {
			t.Errorf("%s: %s %s", id, got, w.Body)
		}
	}
}

// Where nobody has the token, nothing of a file is told.
func TestFilesNeedTheToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	fillFiles(b)
	for _, call := range []string{
		"GET /api/v1/files/stored", "GET /api/v1/files/stored/content", "POST /api/v1/files", "GET /api/v1/messages/m/webhook",
		"GET /api/v1/templates", "GET /api/v1/alerts", "POST /api/v1/alerts/a/seen", "POST /api/v1/conversations/a/take",
	} {
		method, target, _ := strings.Cut(call, " ")
		w := httptest.NewRecorder()
		b.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(bill)))
		if got := code(t, w); got != "401 unauthorized" {
			t.Errorf("%s: %s", call, got)
		}
	}
	if b.vault.Len() != 2 {
		t.Errorf("the vault has %d files", b.vault.Len())
	}
}

// Names that senders gave can't leave the folder, break the header or deceive.
func TestHostileFileNames(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, want := range map[string]string{
		"factura.pdf":                     "factura.pdf",
		"año 2026.pdf":                    "año 2026.pdf",
		`a"b.pdf`:                         `a"b.pdf`,
		"a;b=c.pdf":                       "a;b=c.pdf",
		"../../etc/passwd":                "passwd",
		`C:\Windows\system.ini`:           "system.ini",
		"a.pdf\r\nSet-Cookie: a=b":        "a.pdfSet-Cookie: a=b",
		"a\x00.pdf":                       "a.pdf",
		"photo\u202egpj.exe":              "photogpj.exe",
		"a\u2028b.pdf":                    "ab.pdf",
		".bashrc":                         "bashrc",
		"..":                              "recado-hostile.pdf",
		"/":                               "recado-hostile.pdf",
		" ":                               "recado-hostile.pdf",
		"\xff\xfe":                        "recado-hostile.pdf",
		"":                                "recado-hostile.pdf",
		strings.Repeat("á", 200) + ".pdf": strings.Repeat("á", 100) + "…" + strings.Repeat("á", 15) + ".pdf",
	} {
		b.file("hostile", gateway.Media{State: gateway.FileStored, Type: "application/pdf", Size: 15, Filename: name}, bill)
		w := b.call("GET", "/api/v1/files/hostile/content", "")
		kind, parameters, err := mime.ParseMediaType(w.Header().Get("Content-Disposition"))
		if err != nil || kind != "attachment" || parameters["filename"] != want {
			t.Errorf("%q: %q %v", name, w.Header().Get("Content-Disposition"), err)
		}
	}
}

func TestAnyFileNameIsSafe(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.String().Draw(rt, "name") + rapid.SampledFrom([]string{"", "/..", `\..`, "\r\n", "\u202e", "."}).Draw(rt, "end")
		b.file("any", gateway.Media{State: gateway.FileStored, Type: "application/pdf", Size: 15, Filename: name}, bill)
		header := b.call("GET", "/api/v1/files/any/content", "").Header().Get("Content-Disposition")
		_, parameters, err := mime.ParseMediaType(header)
		got := parameters["filename"]
		if err != nil || got == "" || got[0] == '.' || utf8.RuneCountInString(got) > 120 || strings.ContainsAny(got, `/\`) ||
			strings.ContainsFunc(header, unicode.IsControl) || strings.ContainsFunc(got, unicode.IsControl) {
			rt.Errorf("%q becomes %q: %v", name, header, err)
		}
	})
}

// form makes a request with a file in a field.
func form(t *testing.T, field, name, content string) *http.Request {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if err := w.WriteField("note", "a field before it"); err != nil {
		t.Fatal(err)
	}
	part, err := w.CreateFormFile(field, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(part, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/api/v1/files", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

// raw makes a request whose body is the file.
func raw(kind, content string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/api/v1/files", strings.NewReader(content))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return r
}

func TestUpload(t *testing.T) {
	t.Parallel()
	b := setup(t)
	full := strings.Repeat("a", maxUpload)
	tests := []struct {
		name    string
		request *http.Request
		want    string
		content string
	}{
		{"raw", raw("", bill), "200 application/pdf", bill},
		{"under a false type", raw("image/png", bill), "200 application/pdf", bill},
		{"as curl sends it", raw("application/x-www-form-urlencoded", "a=b"), "200 text/plain", "a=b"},
		{"form", form(t, "file", "../../factura.exe", bill), "200 application/pdf", bill},
		{"form without a name", form(t, "file", "", bill), "200 application/pdf", bill},
		{"as large as may be", raw("", full), "200 text/plain", full},
		{"form as large as may be", form(t, "file", "a", full), "200 text/plain", full},
		{"bytes that are nothing", raw("", "\x00\x01\x02"), "200 application/octet-stream", "\x00\x01\x02"},
		{"empty", raw("", ""), "400 invalid", ""},
		{"empty form", form(t, "file", "a", ""), "400 invalid", ""},
		{"another field", form(t, "picture", "a", bill), "400 invalid", ""},
		{"no boundary", raw("multipart/form-data", bill), "400 invalid", ""},
		{"no form", raw("multipart/form-data; boundary=x", bill), "400 invalid", ""},
		{"half a form", raw("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc"), "400 invalid", ""},
		{"too large", raw("", full+"a"), "413 too_large", ""},
		{"form too large", form(t, "file", "a", full+"a"), "413 too_large", ""},
		{"form with a large other field", form(t, "other", "a", full+full), "413 too_large", ""},
	}
	kept := 0
	for _, test := range tests {
		test.request.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		b.ServeHTTP(w, test.request)
		if w.Code != http.StatusOK {
			if got := code(t, w); got != test.want {
				t.Errorf("%s: %s, want %s", test.name, got, test.want)
			}
			continue
		}
		kept++
		var file struct {
			ID, Type string
			Size     int
		}
		if err := json.Unmarshal(w.Body.Bytes(), &file); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint("200 ", file.Type); got != test.want || file.Size != len(test.content) {
			t.Errorf("%s: %s and %d bytes", test.name, got, file.Size)
		}
		if got := b.call("GET", "/api/v1/files/"+file.ID+"/content", "").Body.String(); got != test.content {
			t.Errorf("%s: %d bytes came back", test.name, len(got))
		}
	}
	if b.vault.Len() != kept {
		t.Errorf("the vault has %d files, want %d", b.vault.Len(), kept)
	}
	if w := b.call("POST", "/api/v1/files", full+"a"); refusal(t, w.Body.Bytes()) != "The file is larger than 1 MB." {
		t.Error(w.Body)
	}
}

// Over a real connection: a file makes its way there and back, one whose sender is
// gone is not kept, and after one that is too large the connection ends.
func TestUploadOverTheWire(t *testing.T) {
	t.Parallel()
	b := setup(t)
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	ask := func(method, path string, body io.Reader) (*http.Response, error) {
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		return server.Client().Do(r)
	}
	if answer, err := ask("POST", "/api/v1/files", io.MultiReader(strings.NewReader("half"), &broken{})); err == nil {
		answer.Body.Close()
		t.Errorf("half a file: %d", answer.StatusCode)
	}
	if b.vault.Len() != 0 {
		t.Error("half a file was kept")
	}
	answer, err := ask("POST", "/api/v1/files", strings.NewReader(strings.Repeat("a", maxUpload+1)))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusRequestEntityTooLarge || !answer.Close {
		t.Errorf("too large: %d, close %v", answer.StatusCode, answer.Close)
	}
	full := strings.Repeat("b", maxUpload)
	answer, err = ask("POST", "/api/v1/files", strings.NewReader(full))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var file struct{ ID string }
	if err := json.NewDecoder(answer.Body).Decode(&file); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%d: %v", answer.StatusCode, err)
	}
	answer, err = ask("GET", "/api/v1/files/"+file.ID+"/content", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if got, err := io.ReadAll(answer.Body); err != nil || string(got) != full || answer.ContentLength != maxUpload {
		t.Errorf("%d bytes came back, announced as %d: %v", len(got), answer.ContentLength, err)
	}
}

// A file that ends before its length breaks the connection off: nobody takes half of
// it for the whole.
func TestHalfAFileIsNotAWholeOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.file("half", gateway.Media{State: gateway.FileStored, Type: "text/plain", Size: 1 << 20}, "half")
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/v1/files/half/content", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if got, err := io.ReadAll(answer.Body); err == nil {
		t.Errorf("%q was taken for the whole", got)
	}
}

// broken is a body whose sender is gone.
type broken struct{}

func (*broken) Read([]byte) (int, error) { return 0, errors.New("gone") }

func TestWebhook(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const spaced = "{ \"entry\" : [] ,\n \"n\":1.0}\n"
	b.archive.bodies = map[string]string{"spaced": spaced, "bytes": "\xff\x00", "none": ""}
	for id, want := range map[string][3]string{
		"spaced": {"application/json", "", spaced},
		"bytes":  {"application/octet-stream", "attachment", "\xff\x00"},
		"none":   {"application/octet-stream", "attachment", ""},
	} {
		w := b.call("GET", "/api/v1/messages/"+id+"/webhook", "")
		got := [3]string{w.Header().Get("Content-Type"), w.Header().Get("Content-Disposition"), w.Body.String()}
		if diff := cmp.Diff(want, got); diff != "" || w.Code != 200 {
			t.Errorf("%s: %d %s", id, w.Code, diff)
		}
	}
	w := b.call("GET", "/api/v1/messages/old/webhook", "")
	if got := code(t, w); got != "404 not_found" || !strings.Contains(w.Body.String(), "not kept any more") {
		t.Errorf("%s %s", got, w.Body)
	}
}
