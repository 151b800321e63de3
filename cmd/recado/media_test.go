package main

import (
	"bytes"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gabriel-vasile/mimetype"
)

// TestDoctorAsksTheReaders: models that hear and see are asked, and one that can't be
// used is named.
func TestDoctorAsksTheReaders(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || len(body) == 0 {
			t.Errorf("%s without a body: %v", r.URL.Path, err)
		}
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/transcriptions") {
			_, _ = io.WriteString(w, `{"text":""}`)
			return
		}
		_, _ = io.WriteString(w, `{"choices":[{"message":{"role":"assistant","content":"Nada."},"finish_reason":"stop"}]}`)
	}))
	t.Cleanup(server.Close)
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	for _, tt := range []struct {
		name, url string
		want      level
	}{{"well", server.URL, levelOK}, {"dead", dead.URL, levelFail}} {
		d := newDoctor(settings{HearModel: "w", HearURL: tt.url + "/v1", VisionModel: "v", OpenAIBaseURL: tt.url + "/v1"}, "")
		if f := d.readers(t.Context()); f.Level != tt.want {
			t.Errorf("%s: %+v", tt.name, f)
		}
	}
	if f := newDoctor(settings{}, "").readers(t.Context()); f.Level != levelOK || !strings.Contains(f.Text, "People hear") {
		t.Errorf("without models: %+v", f)
	}
}

// TestDoctorsSamples are what they say they are.
func TestDoctorsSamples(t *testing.T) {
	t.Parallel()
	if kind := mimetype.Detect(silence()).String(); kind != "audio/wav" || len(silence()) != 8044 {
		t.Errorf("silence is %s of %d bytes", kind, len(silence()))
	}
	picture, err := emptyPicture()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(picture)); err != nil {
		t.Error(err)
	}
}
