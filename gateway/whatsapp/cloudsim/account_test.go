package cloudsim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

func TestTheAccountTellsAboutItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *cloudsim.Config) { c.AccountID = "777" })
	for path, want := range map[string]string{
		"/v25.0/me":  `"name":"Tienda Nogal"`,
		"/v25.0/777": `"id":"777"`,
		"/v25.0/" + number + "?fields=quality_rating,status,name_status,throughput": `"throughput":{"level":"STANDARD"}`,
		"/v25.0/" + number + "?fields=health_status":                                `"can_send_message":"AVAILABLE"`,
		"/v25.0/777/phone_numbers":                                                  `"display_phone_number":"+34 910 50 01 00"`,
		"/v25.0/debug_token?input_token=" + token:                                   `"is_valid":true`,
		"/v25.0/debug_token?input_token=other":                                      `"is_valid":false`,
		"/v25.0/777/subscribed_apps":                                                `"whatsapp_business_api_data"`,
	} {
		if status, answer := w.get(path); status != 200 || !strings.Contains(answer, want) {
			t.Errorf("%s gives %d %s", path, status, answer)
		}
		r := httptest.NewRequest(http.MethodGet, path, nil)
		if status, _ := w.do(r); status != http.StatusUnauthorized {
			t.Errorf("%s without a token gives %d", path, status)
		}
	}
	if _, answer := w.get("/v25.0/" + number + "?fields=status"); strings.Contains(answer, "quality") {
		t.Errorf("more than was asked for: %s", answer)
	}
	for _, path := range []string{"/v25.0/778", "/v25.0/778/message_templates", "/v25.0/" + number + "/subscribed_apps"} {
		if status, answer := w.get(path); status != 400 || !strings.Contains(answer, `"error_subcode":33`) {
			t.Errorf("%s gives %d %s", path, status, answer)
		}
	}
	if status, _ := w.get("/v25.0/debug_token"); status != 400 {
		t.Errorf("no token to look at gives %d", status)
	}
}

// Who is not subscribed gets nothing, and never will.
func TestWithoutASubscriptionNothingComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *cloudsim.Config) { c.AccountID = "777" })
	w.run()
	const path = "/v25.0/777/subscribed_apps"
	r := httptest.NewRequest(http.MethodDelete, path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	if status, _ := w.do(r); status != 200 {
		t.Errorf("deletion gives %d", status)
	}
	if _, answer := w.get(path); answer != "{\"data\":[]}\n" {
		t.Errorf("still there: %s", answer)
	}
	w.say(lucia, "nadie me oye")
	if status, answer := w.post(path, ``); status != 200 || answer != "{\"success\":true}\n" {
		t.Errorf("%d %s", status, answer)
	}
	w.say(lucia, "ahora sí")
	if got := w.wait(1)[0].Messages[0].Text.Body; got != "ahora sí" {
		t.Errorf("got %q", got)
	}
}

func TestTheNumberCanFallIll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.say(lucia, "hola")
	w.control("/control/number", `{"quality_rating":"RED","status":"FLAGGED"}`)
	_, answer := w.get("/v25.0/" + number + "?fields=quality_rating,health_status")
	if !strings.Contains(answer, `"quality_rating":"RED"`) || !strings.Contains(answer, "BLOCKED") {
		t.Errorf("got %s", answer)
	}
	if got := w.sendTo(lucia); got != 133010 {
		t.Errorf("a send gives %d", got)
	}
	w.control("/control/number", `{"status":"CONNECTED"}`)
	if got := w.control("/control/number", "")["quality_rating"]; got != "RED" {
		t.Errorf("the quality is %v", got)
	}
	w.control("/control/number", `{"token_expired":true}`)
	status, answer := w.get("/v25.0/me")
	var body struct {
		Error struct {
			Code    int
			Subcode int `json:"error_subcode"`
		}
	}
	if err := json.Unmarshal([]byte(answer), &body); err != nil || status != 401 || body.Error.Code != 190 || body.Error.Subcode != 463 {
		t.Errorf("%d %s", status, answer)
	}
	w.control("/control/reset", `{}`)
	w.say(lucia, "hola")
	if got := w.sendTo(lucia); got != 0 {
		t.Errorf("after a reset: %d", got)
	}
}
