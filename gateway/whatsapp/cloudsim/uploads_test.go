package cloudsim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

func decoded(t *testing.T, answer string) raw {
	t.Helper()
	var fields raw
	if err := json.Unmarshal([]byte(answer), &fields); err != nil {
		t.Fatalf("%.200s: %v", answer, err)
	}
	return fields
}

// app is the id of the app, as its token tells.
func (w *world) app() string {
	_, told := w.ask(http.MethodGet, "/v25.0/debug_token?input_token="+token, "")
	return told.str("data.app_id")
}

// put goes on with an upload, as Meta's examples do it.
func (w *world) put(id string, offset int, data string) (int, raw) {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/v25.0/"+id, strings.NewReader(data))
	r.Header.Set("Authorization", "OAuth "+token)
	r.Header.Set("file_offset", strconv.Itoa(offset))
	status, answer := w.do(r)
	return status, decoded(w.t, answer)
}

// A sample file comes in two pieces, and its handle is what a template needs.
func TestASampleIsUploadedInPieces(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := newWorld(t, func(c *cloudsim.Config) { c.AccountID, c.Now = "777", func() time.Time { return now } })
	begin := "/v25.0/" + w.app() + "/uploads?file_name=a.png&file_length=10&file_type=image/png"
	status, begun := w.ask(http.MethodPost, begin, "")
	id := begun.str("id")
	if status != 200 || !strings.HasPrefix(id, "upload:") {
		t.Fatalf("%d %v", status, begun)
	}
	if status, half := w.put(id, 0, "01234"); status != 200 || half.str("file_offset") != "5" || half.str("h") != "" {
		t.Errorf("half of it: %d %v", status, half)
	}
	if _, at := w.ask(http.MethodGet, "/v25.0/"+id, ""); at.str("file_offset") != "5" {
		t.Errorf("it is at %v", at)
	}
	if status, answer := w.put(id, 3, "56789"); status != 400 || answer.str("error.code") != "100" {
		t.Errorf("a wrong offset: %d %v", status, answer)
	}
	create := func(name, example string) (int, raw) {
		return w.ask(http.MethodPost, "/v25.0/777/message_templates", `{"name":"`+name+`","language":"es","category":"UTILITY","components":[
			{"type":"HEADER","format":"IMAGE"`+example+`},{"type":"BODY","text":"Mira."}]}`)
	}
	if status, answer := create("early", `,"example":{"header_handle":["4::`+strings.TrimPrefix(id, "upload:")+`"]}`); status != 400 {
		t.Errorf("half a file is a sample: %d %v", status, answer)
	}
	status, whole := w.put(id, 5, "56789")
	if status != 200 || whole.str("h") == "" {
		t.Fatalf("%d %v", status, whole)
	}
	if status, answer := create("bare", ""); status != 400 || answer.str("error.error_subcode") != "2388043" {
		t.Errorf("no sample: %d %v", status, answer)
	}
	if status, answer := create("picture", `,"example":{"header_handle":["`+whole.str("h")+`"]}`); status != 200 || answer.str("status") != "PENDING" {
		t.Errorf("with a sample: %d %v", status, answer)
	}
	now = now.Add(24 * time.Hour)
	if status, answer := w.ask(http.MethodGet, "/v25.0/"+id, ""); status != 400 || answer.str("error.error_subcode") != "33" {
		t.Errorf("after a day: %d %v", status, answer)
	}
}

func TestUploadsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	app := "/v25.0/" + w.app() + "/uploads?"
	for _, query := range []string{
		"", "file_length=x&file_type=image/png", "file_length=0&file_type=image/png", "file_length=9&file_type=text/html",
		"file_length=6000000&file_type=image/png",
	} {
		if status, answer := w.ask(http.MethodPost, app+query, ""); status != 400 || answer.str("error.code") != "100" {
			t.Errorf("%s: %d %v", query, status, answer)
		}
	}
	if status, _ := w.ask(http.MethodPost, "/v25.0/1/uploads?file_length=9&file_type=image/png", ""); status != 400 {
		t.Errorf("another app's upload gives %d", status)
	}
	_, begun := w.ask(http.MethodPost, app+"file_length=4&file_type=image/png", "")
	if status, answer := w.put(begun.str("id"), 0, "longer"); status != 400 {
		t.Errorf("a longer file: %d %v", status, answer)
	}
	id, _, _ := strings.Cut(begun.str("id"), "?")
	for _, other := range []string{id, id + "?sig=0", "upload:1?sig=0", "123"} {
		if status, answer := w.put(other, 0, "x"); status != 400 || answer.str("error.error_subcode") != "33" {
			t.Errorf("%s: %d %v", other, status, answer)
		}
	}
}
