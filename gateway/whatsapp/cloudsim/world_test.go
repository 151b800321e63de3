package cloudsim_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

const (
	secret  = "the app's secret"
	token   = "EAAtoken"
	number  = "106540352242922"
	lucia   = "34600550101"
	tom     = "447700900123"
	sendURL = "/v25.0/" + number + "/messages"
)

// config is a shop with two customers.
func config() cloudsim.Config {
	return cloudsim.Config{
		WebhookURL: "http://shop.test/webhooks/whatsapp", AppSecret: secret, VerifyToken: "verify/me", AccessToken: token,
		PhoneNumberID: number, DisplayPhone: "+34 910 50 01 00", ShopName: "Tienda Nogal",
		Customers:   []cloudsim.Customer{{Phone: "+34 600 55 01 01", Name: "Lucía Herrera"}, {Phone: "+" + tom, Name: "Tom Baker"}},
		Suggestions: []string{"¿Dónde está mi pedido?", "How do I return something?"},
	}
}

// world is an emulator with a receiver of its webhooks, both reached without a
// network, so that it can stand in a bubble of synctest.
type world struct {
	*cloudsim.Simulator
	t *testing.T

	mu     sync.Mutex
	bodies [][]byte
	asked  int
	at     []time.Time
	// answer gives the status for the n-th delivery, from 0; 0 breaks the
	// connection.
	answer func(n int) int
	came   chan struct{}
}

// newWorld makes an emulator and runs it until the test ends.
func newWorld(t *testing.T, change func(*cloudsim.Config)) *world {
	t.Helper()
	w := &world{t: t, answer: func(int) int { return http.StatusOK }, came: make(chan struct{}, 1000)}
	c := config()
	c.HTTP = &http.Client{Transport: w, Timeout: 10 * time.Second}
	if change != nil {
		change(&c)
	}
	var err error
	if w.Simulator, err = cloudsim.New(c); err != nil {
		t.Fatal(err)
	}
	return w
}

// run delivers webhooks until stop is called or the test ends.
func (w *world) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("Run gave %v", err)
		}
	})
	w.t.Cleanup(stop)
	return stop
}

// RoundTrip is the receiver. It trusts nothing that it has not checked.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	answer := httptest.NewRecorder()
	if r.Method == http.MethodGet {
		w.asked++
		query := r.URL.Query()
		if query.Get("hub.mode") != "subscribe" || query.Get("hub.verify_token") != "verify/me" {
			answer.WriteHeader(http.StatusForbidden)
		}
		answer.Body.WriteString(query.Get("hub.challenge"))
		return answer.Result(), nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); r.Header.Get("X-Hub-Signature-256") != want {
		w.t.Errorf("signature %q, want %q", r.Header.Get("X-Hub-Signature-256"), want)
	}
	if r.URL.String() != config().WebhookURL || r.Header.Get("Content-Type") != "application/json" {
		w.t.Errorf("%s with %v", r.URL, r.Header)
	}
	n := len(w.bodies)
	w.bodies, w.at = append(w.bodies, body), append(w.at, time.Now())
	w.came <- struct{}{}
	status := w.answer(n)
	if status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	answer.WriteHeader(status)
	return answer.Result(), nil
}

// update is the part of a webhook that tests look at.
type update struct {
	Messages []struct {
		ID, From, Type string
		Text           struct{ Body string }
		Image          struct{ ID string }
		Interactive    json.RawMessage
		Context        struct{ ID string }
	}
	Statuses []struct {
		ID, Status   string
		RecipientID  string `json:"recipient_id"`
		Callback     string `json:"biz_opaque_callback_data"`
		Pricing      *struct{ Category string }
		Conversation *struct{ ID string }
		Errors       []struct{ Code int }
	}
}

// wait gives the next n webhooks.
func (w *world) wait(n int) []update {
	w.t.Helper()
	var updates []update
	for range n {
		select {
		case <-w.came:
		case <-time.After(20 * time.Second):
			w.t.Fatalf("%d webhooks came, want %d", len(updates), n)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, body := range w.bodies[len(w.bodies)-n-len(w.came):][:n] {
		var envelope struct {
			Entry []struct {
				Changes []struct{ Value update }
			}
		}
		if err := json.Unmarshal(body, &envelope); err != nil {
			w.t.Fatal(err)
		}
		updates = append(updates, envelope.Entry[0].Changes[0].Value)
	}
	return updates
}

// say lets a customer write and gives the message's id.
func (w *world) say(phone, text string) string {
	w.t.Helper()
	id, err := w.Say(w.t.Context(), phone, text)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// do sends a request and gives status and body.
func (w *world) do(r *http.Request) (int, string) {
	w.t.Helper()
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	return answer.Code, answer.Body.String()
}

// post sends JSON to the Graph API, or to the control API.
func (w *world) post(path, body string) (int, string) {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	return w.do(r)
}

// sendText sends a text to a customer and gives the message's id.
func (w *world) sendText(phone, text string) string {
	w.t.Helper()
	body, _ := json.Marshal(map[string]any{
		"messaging_product": "whatsapp", "to": phone, "type": "text",
		"text": map[string]string{"body": text}, "biz_opaque_callback_data": "outgoing-7",
	})
	status, answer := w.post(sendURL, string(body))
	var accepted struct{ Messages []struct{ ID string } }
	if err := json.Unmarshal([]byte(answer), &accepted); err != nil || status != 200 || len(accepted.Messages) != 1 {
		w.t.Fatalf("%d %s", status, answer)
	}
	return accepted.Messages[0].ID
}

// page gets a page in a language.
func (w *world) page(path, language string) (int, string) {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Language", language)
	return w.do(r)
}

// form posts a form of a page.
func (w *world) form(path string, fields url.Values) (int, string) {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader([]byte(fields.Encode())))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(r)
}

// noLimits lets a test send as much as it wants.
func noLimits(c *cloudsim.Config) { c.Limits = cloudsim.Limits{PairSeconds: -1, NumberPerSecond: -1} }

// get reads from the Graph API.
func (w *world) get(path string) (int, string) {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return w.do(r)
}

// control asks the control API for something that has to work, and gives its
// answer.
func (w *world) control(path, body string) map[string]any {
	w.t.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	status, answer := w.do(httptest.NewRequest(method, path, strings.NewReader(body)))
	var fields map[string]any
	if err := json.Unmarshal([]byte(answer), &fields); err != nil || status != 200 {
		w.t.Fatalf("%s with %.200s gives %d %s", path, body, status, answer)
	}
	return fields
}

// act lets a customer do something and gives the message's id.
func (w *world) act(action string) string {
	w.t.Helper()
	id, _ := w.control("/control/act", action)["id"].(string)
	return id
}

// raw is the value of a webhook with its field, and with the time of its entry.
type raw map[string]any

// waitRaw gives the next n webhooks as they came.
func (w *world) waitRaw(n int) []raw {
	w.t.Helper()
	w.wait(n)
	w.mu.Lock()
	defer w.mu.Unlock()
	var values []raw
	for _, body := range w.bodies[len(w.bodies)-n-len(w.came):][:n] {
		var envelope struct {
			Entry []struct {
				Time    any
				Changes []struct {
					Field string
					Value raw
				}
			}
		}
		if err := json.Unmarshal(body, &envelope); err != nil {
			w.t.Fatal(err)
		}
		change := envelope.Entry[0].Changes[0]
		change.Value["field"], change.Value["time"] = change.Field, envelope.Entry[0].Time
		values = append(values, change.Value)
	}
	return values
}

// str gives what is at a path such as messages.0.text.body, as text.
func (r raw) str(path string) string {
	var at any = map[string]any(r)
	for step := range strings.SplitSeq(path, ".") {
		switch here := at.(type) {
		case map[string]any:
			at = here[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(here) {
				return ""
			}
			at = here[i]
		default:
			return ""
		}
	}
	switch at := at.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(at, 'f', -1, 64)
	}
	return fmt.Sprint(at)
}

// drawn is a picture as PNG.
func drawn(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	grey := image.NewGray(image.Rect(0, 0, 200, 120))
	for i := range grey.Pix {
		grey.Pix[i] = uint8(60 + i/200 + i%200/2)
	}
	if err := png.Encode(&b, grey); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// part is the form of an upload.
func part(t *testing.T, product, mimeType string, data []byte) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", `form-data; name="file"; filename="a file"`)
	header.Set("Content-Type", mimeType)
	file, err := form.CreatePart(header)
	if err == nil {
		_, err = file.Write(data)
	}
	if err = errors.Join(err, form.WriteField("messaging_product", product), form.Close()); err != nil {
		t.Fatal(err)
	}
	return form.FormDataContentType(), b.Bytes()
}

// uploadRaw uploads a file and gives status and answer.
func (w *world) uploadRaw(product, mimeType string, data []byte) (int, string) {
	w.t.Helper()
	contentType, body := part(w.t, product, mimeType, data)
	r := httptest.NewRequest(http.MethodPost, "/v25.0/"+number+"/media", bytes.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", contentType)
	return w.do(r)
}

// uploadFile uploads a file that has to be taken and gives its id.
func (w *world) uploadFile(mimeType string, data []byte) string {
	w.t.Helper()
	status, answer := w.uploadRaw("whatsapp", mimeType, data)
	var taken struct{ ID string }
	if err := json.Unmarshal([]byte(answer), &taken); err != nil || status != 200 || taken.ID == "" {
		w.t.Fatalf("%d %s", status, answer)
	}
	return taken.ID
}

// signature is what a body has to be signed with.
func signature(body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func readAll(t *testing.T, r *http.Request) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	return string(body)
}
