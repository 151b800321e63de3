package desk_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk"
	"github.com/recado/recado/gateway/desk/desktest"
)

// hold puts a customer's file with content into store and vault.
func (b *bundle) hold(id, kind, name, content string) {
	b.t.Helper()
	b.store.AddFile(gateway.File{ID: id, Media: gateway.Media{State: gateway.FileStored, Type: kind, Filename: name}})
	if err := b.vault.Put(b.t.Context(), id, strings.NewReader(content), int64(len(content)), kind); err != nil {
		b.t.Fatal(err)
	}
}

// TestFilesCanDoNothing holds how each type is handed to a browser: what could be a
// page or a program is saved and never shown.
func TestFilesCanDoNothing(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	const page = "<html><script>alert(1)</script>"
	for i, test := range []struct{ kind, name, content, wantType, wantDisposition string }{
		{"image/jpeg", "", "x", "image/jpeg", "inline; filename=recado-file-100.jpg"},
		{"audio/ogg; codecs=opus", "", "x", "audio/ogg", "inline; filename=recado-file-101.ogg"},
		{"video/mp4", "clip.mp4", "x", "video/mp4", "inline; filename=clip.mp4"},
		{"application/pdf", "Factura nº 3.pdf", "x", "application/pdf", "inline; filename*=utf-8''Factura%20n%C2%BA%203.pdf"},
		{"text/html", "a.html", page, "application/octet-stream", "attachment; filename=a.html"},
		{"image/svg+xml", "a.svg", page, "application/octet-stream", "attachment; filename=a.svg"},
		{"application/xhtml+xml", "", page, "application/octet-stream", "attachment; filename=recado-file-106.bin"},
		{"image/JPEG", "", page, "image/jpeg", "inline; filename=recado-file-107.jpg"},
		{"application/zip", "../../etc/x\r\nSet-Cookie: a=b", "x", "application/octet-stream", `attachment; filename="xSet-Cookie: a=b"`},
		{"junk type", "", page, "application/octet-stream", "attachment; filename=recado-file-109.bin"},
		{"", "", page, "application/octet-stream", "attachment; filename=recado-file-110.bin"},
	} {
		id := "file-" + digits(int64(100+i))
		b.hold(id, test.kind, test.name, test.content)
		got := b.get("/desk/files/"+id, "es")
		got.says(t, http.StatusOK, test.content)
		for header, want := range map[string]string{
			"Content-Type": test.wantType, "Content-Disposition": test.wantDisposition, "X-Content-Type-Options": "nosniff",
			"Cache-Control": "private, no-cache", "Vary": "Cookie", "Set-Cookie": "",
		} {
			if got.header.Get(header) != want {
				t.Errorf("%s %q: %s is %q, want %q", test.kind, test.name, header, got.header.Get(header), want)
			}
		}
		policy := got.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "sandbox") == (test.kind == "application/pdf") {
			t.Errorf("%s: policy %q", test.kind, policy)
		}
		if saved := b.get("/desk/files/"+id+"?download=1", "es").header.Get("Content-Disposition"); !strings.HasPrefix(saved, "attachment") {
			t.Errorf("%s: a download is %q", test.kind, saved)
		}
	}
}

// TestPartsOfFiles holds that players can ask for a part, whether the vault can seek or
// not, and that what did not change is not sent again.
func TestPartsOfFiles(t *testing.T) {
	t.Parallel()
	for _, seeks := range []bool{true, false} {
		b := gallery(t, "ana")
		b.vault.Seekable = seeks
		b.hold("part-000", "audio/mpeg", "", "0123456789")
		r := b.request("GET", "/desk/files/part-000", nil)
		r.Header.Set("Range", "bytes=2-4")
		if got := b.do(r); got.status != http.StatusPartialContent || got.body != "234" || got.header.Get("Content-Range") != "bytes 2-4/10" {
			t.Errorf("seeks %v: %d, %q, %q", seeks, got.status, got.body, got.header.Get("Content-Range"))
		}
		r = b.request("GET", "/desk/files/part-000", nil)
		r.Header.Set("If-None-Match", `"part-000"`)
		if got := b.do(r); got.status != http.StatusNotModified || got.body != "" {
			t.Errorf("seeks %v: %d, %q", seeks, got.status, got.body)
		}
	}
	// What is larger than is held in memory comes whole.
	b := start(t, "ana", func(b *bundle, c *desk.Config) { c.Files, c.Vault, c.MaxUpload = b.store, b.vault, 4 })
	b.hold("large-00", "audio/mpeg", "", "0123456789")
	b.get("/desk/files/large-00", "en").says(t, http.StatusOK, "0123456789")
}

func TestFilesThatAreNotThere(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	b.store.AddFile(gateway.File{ID: "withdrawn", Media: gateway.Media{State: gateway.FileFailed}})
	b.store.AddFile(gateway.File{ID: "purged-00", Media: gateway.Media{State: gateway.FileStored, Type: "image/png"}})
	if err := b.vault.Put(t.Context(), "withdrawn", strings.NewReader("x"), 1, ""); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{
		"none", "unknown-id", "UPPER-CASE", "withdrawn", "purged-00", "..%2F..%2Fetc%2Fpasswd", "a%00b", "a.b", strings.Repeat("a", 65), "%2e%2e",
	} {
		if got := b.get("/desk/files/"+id, "en"); got.status != http.StatusNotFound || got.header.Get("Content-Disposition") != "" {
			t.Errorf("%s: %d", id, got.status)
		}
	}
	b.vault.Fail(errors.New("disk on fire"))
	page := b.get("/desk/files/"+desktest.Photo, "en")
	page.says(t, http.StatusInternalServerError, "it is not your fault")
	page.lacks(t, "disk on fire")
}

func TestFilesAreForAgentsAlone(t *testing.T) {
	t.Parallel()
	b := gallery(t, "")
	path := "/desk/files/" + desktest.Photo
	page := b.get(path, "en")
	page.leads(t, "/desk/sign-in?next=%2Fdesk%2Ffiles%2F"+desktest.Photo)
	page.lacks(t, "PNG")
	b.addAgent("ana")
	b.browser = b.signIn("ana")
	b.get(path, "en").says(t, http.StatusOK, "PNG")
	// One that an agent sent is known to the vault alone, and served by what it is.
	sent := b.get("/desk/files/"+desktest.SentFile, "en")
	sent.says(t, http.StatusOK, "PNG")
	if got := sent.header.Get("Content-Type"); got != "image/png" {
		t.Errorf("an agent's photo is %q", got)
	}
}
