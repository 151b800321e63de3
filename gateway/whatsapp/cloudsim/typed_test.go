package cloudsim_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Every form of the page works by itself, without a script.
func TestEveryFormWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noLimits)
	w.run()
	mine := w.say(lucia, "hola")
	w.wait(1)
	shops := w.sendText(lucia, "buenas")
	w.wait(2)
	w.send("interactive", `{"type":"flow","body":{"text":"x"},"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_id":"1","flow_cta":"Abrir"}}}`)
	flow := w.wait(2)[0].Statuses[0].ID
	tests := []struct {
		fields url.Values
		path   string
		want   string
	}{
		{url.Values{"text": {"sí"}, "reply_to": {shops}}, "context.id", shops},
		{url.Values{"message": {shops}, "emoji": {"🙏"}}, "reaction.emoji", "🙏"},
		{url.Values{"message": {shops}, "emoji": {""}}, "reaction.message_id", shops},
		{url.Values{"edit": {mine}, "text": {"hola a todos"}}, "edit.message.text.body", "hola a todos"},
		{url.Values{"message": {mine}, "revoke": {"1"}}, "revoke.original_message_id", mine},
		{url.Values{"message": {shops}, "share": {"1"}}, "contacts.0.origin", "contact_request"},
		{url.Values{"contact": {"Ana"}, "phone": {"+34 600 1"}}, "contacts.0.phones.0.wa_id", "346001"},
		{url.Values{"latitude": {"40,5"}, "longitude": {"-3.7"}, "place": {"Casa"}}, "location.latitude", "40.5"},
		{url.Values{"message": {shops}, "latitude": {"40"}, "longitude": {"-3"}}, "context.id", shops},
		{url.Values{"message": {flow}, "option": {"flow"}, "answer": {"roto"}}, "interactive.type", "nfm_reply"},
		{url.Values{"message": {flow}, "answer": {"roto"}}, "interactive.nfm_reply.response_json", `{"answer":"roto"}`},
	}
	for _, test := range tests {
		if status, answer := w.form("/phone/1/messages", test.fields); status != http.StatusSeeOther {
			t.Errorf("%v gives %d %s", test.fields, status, answer)
			continue
		}
		if got := w.waitRaw(1)[0]; got.str("messages.0."+test.path) != test.want {
			t.Errorf("%v: %v", test.fields, got)
		}
	}
	for query, want := range map[string]string{"reply=" + url.QueryEscape(shops): "Respondes a:", "edit=" + url.QueryEscape(mine): `name="edit"`, "edit=x": ""} {
		_, page := w.page("/phone/1?"+query, "es")
		if shown := strings.Contains(page, want) && want != ""; shown != (want == "Respondes a:") {
			t.Errorf("%s: %t", query, shown) // what was deleted can't be edited
		}
	}
}

// postFile sends a file through the page and gives where it leads.
func (w *world) postFile(mimeType string, data []byte) (int, string) {
	w.t.Helper()
	contentType, body := part(w.t, "", mimeType, data)
	r := httptest.NewRequest(http.MethodPost, "/phone/1/messages", bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	return answer.Code, answer.Header().Get("Location")
}

func TestFilesGoThroughThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run()
	ogg := append([]byte("OggS"), make([]byte, 40)...)
	for _, test := range []struct {
		mimeType string
		data     []byte
		want     string
		voice    string
	}{
		{"image/png", drawn(t), "image", ""},
		{"image/webp", []byte("RIFF....WEBPVP8 "), "sticker", ""},
		{"audio/ogg", ogg, "audio", "true"},
		{"audio/mpeg", []byte("ID3"), "audio", "false"},
		{"video/mp4", []byte("video"), "video", ""},
		{"image/svg+xml", []byte("<svg onload='alert(1)'/>"), "document", ""},
		{"text/html", []byte("<script>alert(1)</script>"), "document", ""},
		{"application/octet-stream", drawn(t), "image", ""},
		{"application/octet-stream", ogg, "audio", "true"},
	} {
		if status, to := w.postFile(test.mimeType, test.data); status != http.StatusSeeOther || to != "/phone/1" {
			t.Errorf("%s gives %d to %s", test.mimeType, status, to)
		}
		got := w.waitRaw(1)[0]
		if got.str("messages.0.type") != test.want || got.str("messages.0."+test.want+".voice") != test.voice {
			t.Errorf("%s: %v", test.mimeType, got)
		}
		answer := httptest.NewRecorder()
		w.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/phone/media/"+got.str("messages.0."+test.want+".id"), nil))
		h := answer.Header()
		if !bytes.Equal(answer.Body.Bytes(), test.data) || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") ||
			h.Get("X-Content-Type-Options") != "nosniff" || strings.HasPrefix(h.Get("Content-Disposition"), "attachment") != (test.want == "document") {
			t.Errorf("%s: %d %v", test.mimeType, answer.Code, h)
		}
	}
	if _, to := w.postFile("image/png", nil); to != "/phone/1?problem=no_file" {
		t.Errorf("an empty file leads to %s", to)
	}
	for fields, want := range map[string]string{
		"latitude=91&longitude=0": "no_place", "latitude=NaN&longitude=0": "no_place", "contact=Ana&phone=x": "no_contact",
	} {
		values, err := url.ParseQuery(fields)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/phone/1/messages", strings.NewReader(values.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		w.ServeHTTP(answer, r)
		if to := answer.Header().Get("Location"); to != "/phone/1?problem="+want {
			t.Errorf("%s leads to %s", fields, to)
		}
		if _, page := w.page("/phone/1?problem="+want, "en"); !strings.Contains(page, "Not sent") {
			t.Errorf("%s is not explained", want)
		}
	}
	if status, _ := w.page("/phone/media/1", "es"); status != http.StatusNotFound {
		t.Errorf("a file that is not there gives %d", status)
	}
}
