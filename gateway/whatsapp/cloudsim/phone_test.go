package cloudsim_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

func TestThePageSpeaksBothLanguages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.say(lucia, "¿<b>Dónde</b> está *mi* pedido?")
	w.form("/phone/1/messages", url.Values{"photo": {"1"}})
	for language, words := range map[string][]string{
		"es": {`<html lang="es">`, "El teléfono de", "en línea", "Hoy", "Foto", "Enviar una foto de ejemplo", `placeholder="Mensaje"`, `hreflang="en">English`},
		"en": {`<html lang="en">`, "The phone of", "online", "Today", "Photo", "Send a sample photo", `placeholder="Message"`, `hreflang="es">Español`},
	} {
		status, page := w.page("/phone/", language)
		common := []string{
			"Tienda Nogal", "Lucía Herrera", "Tom Baker", "¿&lt;b&gt;Dónde&lt;/b&gt; está <strong>mi</strong> pedido?",
			`<button name="text" value="How do I return something?">`, `role="log"`, `aria-current="page"`, `class="ticks sent"`,
		}
		for _, want := range append(words, common...) {
			if !strings.Contains(page, want) {
				t.Errorf("%s: %s is not on the page", language, want)
			}
		}
		if status != 200 || strings.Contains(page, "[") || strings.Contains(page, " style=") || strings.Contains(page, "<script>") {
			t.Errorf("%s: %d, with a phrase that is missing or something inline: %s", language, status, page)
		}
	}
}

func TestTheLanguageCanBeChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	r := httptest.NewRequest(http.MethodGet, "/phone/2?lang=en&x=1", nil)
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	if answer.Code != http.StatusSeeOther || answer.Header().Get("Location") != "/phone/2?x=1" {
		t.Fatalf("%d to %s", answer.Code, answer.Header().Get("Location"))
	}
	r = httptest.NewRequest(http.MethodGet, "/phone/2", nil)
	r.AddCookie(answer.Result().Cookies()[0])
	r.Header.Set("Accept-Language", "es")
	if _, page := w.do(r); !strings.Contains(page, "The phone of") || !strings.Contains(page, "<em>Tom Baker</em>") {
		t.Error("the choice is forgotten")
	}
}

func TestPagesCarryThePolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for path, want := range map[string]int{
		"/phone/": 200, "/phone/1": 200, "/phone/3": 404, "/phone/0": 404, "/phone/x": 404, "/phone/1/more": 404,
		"/phone/static/phone.css": 200, "/phone/static/phone.js?v=1": 200, "/phone/static/icon.svg": 200, "/phone/static/x": 404,
	} {
		answer := httptest.NewRecorder()
		w.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		policy := answer.Header().Get("Content-Security-Policy")
		if answer.Code != want || !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s gives %d with %q", path, answer.Code, policy)
		}
		if want == 404 && !strings.Contains(answer.Body.String(), "Volver al teléfono") {
			t.Errorf("%s gives no page: %s", path, answer.Body)
		}
	}
}

func TestAFormFromElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.test"}} {
		for _, path := range []string{"/phone/1/messages", "/control/faults", "/control/say"} {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("text=hola"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(header[0], header[1])
			if status, _ := w.do(r); status != http.StatusForbidden {
				t.Errorf("%s with %v gives %d", path, header, status)
			}
		}
	}
	if _, page := w.page("/phone/1", "es"); strings.Contains(page, "hola") {
		t.Error("the message was sent")
	}
}

func TestFormsWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run()
	status, _ := w.form("/phone/2/messages", url.Values{"text": {" one\r\ntwo "}})
	if got := w.wait(1)[0].Messages[0]; status != http.StatusSeeOther || got.From != tom || got.Text.Body != "one\ntwo" {
		t.Errorf("%d, %+v", status, got)
	}
	w.form("/phone/2/messages", url.Values{"photo": {"1"}})
	if got := w.wait(1)[0].Messages[0]; got.Type != "image" || len(got.Image.ID) != 15 {
		t.Errorf("%+v", got)
	}
	tests := []struct {
		path   string
		fields url.Values
		want   int
	}{
		{"/phone/2/messages", url.Values{"text": {"  "}}, http.StatusSeeOther},
		{"/phone/2/messages", url.Values{"text": {strings.Repeat("ñ", 4097)}}, http.StatusSeeOther},
		{"/phone/2/messages", url.Values{"text": {strings.Repeat("ñ", 40960)}}, http.StatusBadRequest},
		{"/phone/2/messages", url.Values{"option": {"x"}, "message": {"y"}}, http.StatusBadRequest},
		{"/phone/9/messages", url.Values{"text": {"x"}}, http.StatusNotFound},
	}
	for _, test := range tests {
		if status, _ := w.form(test.path, test.fields); status != test.want {
			t.Errorf("%s with %d bytes gives %d", test.path, len(test.fields.Encode()), status)
		}
	}
	w.form("/phone/2/messages", url.Values{"text": {strings.Repeat("ñ", 4096)}})
	if got := w.wait(1)[0].Messages[0]; len(got.Text.Body) != 2*4096 {
		t.Errorf("something else came before the longest message: %+v", got)
	}
	if _, page := w.page("/phone/2?problem=too_long", "en"); !strings.Contains(page, "The message is too long") {
		t.Error("nobody is told that a message was too long")
	}
}

func TestButtonsAndRowsCanBeTapped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run()
	w.say(lucia, "hola")
	w.wait(1)
	send := func(interactive string) string {
		t.Helper()
		status, answer := w.post(sendURL, `{"messaging_product":"whatsapp","to":"`+lucia+`","type":"interactive","interactive":`+interactive+`}`)
		if status != 200 {
			t.Fatalf("%d %s", status, answer)
		}
		return w.wait(2)[0].Statuses[0].ID
	}
	buttons := send(`{"type":"button","header":{"type":"text","text":"Ayuda"},"body":{"text":"¿Te sirve?"},"footer":{"text":"Nogal"},"action":{"buttons":[{"type":"reply","reply":{"id":"yes","title":"Sí"}}]}}`)
	list := send(`{"type":"list","body":{"text":"Elige"},"action":{"button":"Ver","sections":[{"rows":[{"id":"r1","title":"Envíos","description":"Plazos"}]}]}}`)
	link := send(`{"type":"cta_url","body":{"text":"Sigue tu pedido"},"action":{"name":"cta_url","parameters":{"display_text":"Abrir","url":"https://nogal.test/1"}}}`)
	_, page := w.page("/phone/1", "es")
	for _, want := range []string{
		"<strong>Ayuda</strong><br/>¿Te sirve?<br/><em>Nogal</em>", `<button name="option" value="yes">Sí</button>`,
		`value="r1">Envíos<small>Plazos</small>`, `<a href="https://nogal.test/1" target="_blank" rel="noopener noreferrer">Abrir</a>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is not on the page", want)
		}
	}
	w.wait(3) // read
	for _, test := range []struct{ message, option, want string }{
		{buttons, "yes", `{"button_reply":{"id":"yes","title":"Sí"},"type":"button_reply"}`},
		{list, "r1", `{"list_reply":{"description":"Plazos","id":"r1","title":"Envíos"},"type":"list_reply"}`},
	} {
		w.form("/phone/1/messages", url.Values{"message": {test.message}, "option": {test.option}})
		got := w.wait(1)[0].Messages[0]
		if got.Type != "interactive" || string(unescape(got.Interactive)) != test.want || got.Context.ID != test.message {
			t.Errorf("%+v: %s", got, got.Interactive)
		}
	}
	if status, _ := w.form("/phone/1/messages", url.Values{"message": {link}, "option": {"link"}}); status != http.StatusBadRequest {
		t.Errorf("a link was tapped as a button: %d", status)
	}
}

// unescape undoes the escapes of this file's texts.
func unescape(raw []byte) []byte {
	return []byte(strings.NewReplacer(`\u00ed`, "í").Replace(string(raw)))
}

func TestOtherKindsOfMessagesAreShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id := w.say(lucia, "hola")
	for _, part := range []string{
		`"type":"image","image":{"link":"https://x.test/a.jpg","caption":"La *caja*"}`,
		`"type":"document","document":{"link":"https://x.test/a.pdf","filename":"factura.pdf"}`,
		`"type":"location","location":{"latitude":40.4168,"longitude":-3.7038,"name":"Tienda"}`,
		`"type":"reaction","reaction":{"message_id":"` + id + `","emoji":"👍"}`,
	} {
		if status, answer := w.post(sendURL, `{"messaging_product":"whatsapp","to":"`+lucia+`",`+part+`}`); status != 200 {
			t.Errorf("%s gives %d %s", part, status, answer)
		}
	}
	_, page := w.page("/phone/1", "es")
	for _, want := range []string{"La <strong>caja</strong>", "Foto", "factura.pdf", "Documento", "40.41680, -3.70380", `<span class="reaction" data-part>👍</span>`} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is not on the page", want)
		}
	}
}

func TestDaysAreNamed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	w := newWorld(t, func(c *cloudsim.Config) { c.Now = func() time.Time { return now } })
	for range 3 {
		w.say(lucia, "hola")
		w.say(lucia, "otra vez")
		now = now.AddDate(0, 0, 1)
	}
	now = now.AddDate(0, 0, -1)
	_, page := w.page("/phone/1", "es")
	for _, want := range []string{"<span>2026-03-01</span>", "<span>Ayer</span>", "<span>Hoy</span>"} {
		if strings.Count(page, want) != 1 {
			t.Errorf("%s is there %d times", want, strings.Count(page, want))
		}
	}
}

func TestTheStreamTellsOfChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/phone/events?since=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	until := func(want string) {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == want {
				return
			}
		}
		t.Fatalf("the stream ended without %q", want)
	}
	until(": open")
	id := w.say(lucia, "hola")
	until("id: 1")
	until("event: change")
	w.sendText(lucia, "buenas")
	until("event: change")
	w.post(sendURL, `{"messaging_product":"whatsapp","status":"read","message_id":"`+id+`","typing_indicator":{"type":"text"}}`)
	until("event: change")
	w.EndStreams()
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event") {
			t.Errorf("%q after the end", lines.Text())
		}
	}
	if ctx.Err() != nil {
		t.Error("the stream did not end")
	}
}
