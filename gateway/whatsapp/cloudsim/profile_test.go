package cloudsim_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

const numberURL = "/v25.0/" + number

// A customer's key is told once that is asked for. It changes with a new phone,
// and a message that names the old one is refused.
func TestIdentitiesAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noLimits)
	w.run()
	w.say(lucia, "hola")
	if got := w.waitRaw(1)[0].str("contacts.0.identity_key_hash"); got != "" {
		t.Errorf("told unasked: %s", got)
	}
	if status, _ := w.post(numberURL+"/settings", `{"user_identity_change":{"enable_identity_key_check":true}}`); status != 200 {
		t.Errorf("settings give %d", status)
	}
	if _, told := w.ask(http.MethodGet, numberURL+"/settings", ""); told.str("user_identity_change.enable_identity_key_check") != "true" {
		t.Errorf("settings are %v", told)
	}
	w.say(lucia, "sigo aquí")
	old := w.waitRaw(1)[0].str("contacts.0.identity_key_hash")
	to := func(hash string) int {
		_, answer := w.post(sendURL, `{"messaging_product":"whatsapp","to":"`+lucia+`","recipient_identity_key_hash":"`+hash+`","text":{"body":"x"}}`)
		return code(t, answer)
	}
	if got := to(old); old == "" || got != 0 {
		t.Errorf("to %q: %d", old, got)
	}
	w.wait(2)
	w.act(`{"customer":"` + lucia + `","type":"change_identity"}`)
	told := w.waitRaw(1)[0]
	fresh := told.str("messages.0.identity.hash")
	if told.str("messages.0.system.type") != "customer_identity_changed" || fresh == old || told.str("contacts.0") != "" {
		t.Errorf("told %v", told)
	}
	if got, again := to(old), to(fresh); got != 137000 || again != 0 {
		t.Errorf("to the old key %d, to the new one %d", got, again)
	}
}

// What the number offers before anything is written is on the phone, to be sent
// with a tap.
func TestOffersAreOnThePhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	status, _ := w.post(numberURL+"/conversational_automation",
		`{"enable_welcome_message":true,"prompts":["¿Abrís hoy?"],"commands":[{"command_name":"pedido","command_description":"Ver un pedido"}]}`)
	if _, page := w.page("/phone/1", "es"); status != 200 || !strings.Contains(page, "¿Abrís hoy?") || !strings.Contains(page, `value="/pedido"`) {
		t.Errorf("%d, and the page lacks them", status)
	}
	if _, told := w.ask(http.MethodGet, numberURL+"?fields=conversational_automation", ""); told.str("conversational_automation.prompts.0") != "¿Abrís hoy?" {
		t.Errorf("told %v", told)
	}
	for _, body := range []string{
		`{"prompts":["1","2","3","4","5"]}`, `{"prompts":["` + times(81) + `"]}`, `{"commands":[{"command_name":"x"}]}`,
		`{"commands":[{"command_name":"` + times(33) + `","command_description":"x"}]}`,
		`{"commands":[{"command_name":"x","command_description":"` + times(257) + `"}]}`, `[`,
	} {
		if status, answer := w.ask(http.MethodPost, numberURL+"/conversational_automation", body); status != 400 || answer.str("error.code") != "100" {
			t.Errorf("%.60s: %d %v", body, status, answer)
		}
	}
}

func TestShortLinksAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	_, made := w.ask(http.MethodPost, numberURL+"/message_qrdls", `{"prefilled_message":"Hola"}`)
	code := made.str("code")
	if made.str("deep_link_url") != "https://wa.me/message/"+code || len(code) != 14 {
		t.Errorf("made %v", made)
	}
	w.ask(http.MethodPost, numberURL+"/message_qrdls", `{"prefilled_message":"Buenas","code":"`+code+`"}`)
	if _, list := w.ask(http.MethodGet, numberURL+"/message_qrdls", ""); list.str("data.0.prefilled_message") != "Buenas" || list.str("data.1") != "" {
		t.Errorf("list %v", list)
	}
	for _, body := range []string{`{}`, `{"prefilled_message":"` + times(141) + `"}`, `{"prefilled_message":"x","code":"nope"}`} {
		if status, answer := w.ask(http.MethodPost, numberURL+"/message_qrdls", body); status != 400 {
			t.Errorf("%.40s: %d %v", body, status, answer)
		}
	}
	first, _ := w.ask(http.MethodDelete, numberURL+"/message_qrdls/"+code, "")
	again, _ := w.ask(http.MethodDelete, numberURL+"/message_qrdls/"+code, "")
	if _, gone := w.ask(http.MethodGet, numberURL+"/message_qrdls/"+code, ""); first != 200 || again != 400 || gone.str("data.0") != "" {
		t.Errorf("deleted %d, again %d, left %v", first, again, gone)
	}
}

// Each entity says by itself whether it is well, down to one template.
func TestHealthIsToldPerEntity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *cloudsim.Config) { c.AccountID, c.Templates = "777", fillable() })
	_, list := w.ask(http.MethodGet, "/v25.0/777/message_templates?name=paused", "")
	paused := "/v25.0/" + list.str("data.0.id")
	for path, want := range map[string]string{numberURL: "AVAILABLE", "/v25.0/777": "AVAILABLE", paused: "BLOCKED"} {
		_, told := w.ask(http.MethodGet, path+"?fields=health_status", "")
		if told.str("health_status.can_send_message") != want || told.str("health_status.entities.0.can_send_message") != want ||
			(told.str("health_status.entities.0.errors.0.error_code") != "") != (want == "BLOCKED") {
			t.Errorf("%s: %v", path, told)
		}
	}
	if _, told := w.ask(http.MethodGet, paused, ""); told.str("name") != "paused" || told.str("health_status") != "" {
		t.Errorf("a template is %v", told)
	}
}

// A proof of the app's secret is not needed, and has to be right when it is there.
func TestProofsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(token))
	right, _ := w.get("/v25.0/me?appsecret_proof=" + hex.EncodeToString(mac.Sum(nil)))
	wrong, answer := w.get("/v25.0/me?appsecret_proof=00")
	if right != 200 || wrong != 400 || code(t, answer) != 100 {
		t.Errorf("right %d, wrong %d %s", right, wrong, answer)
	}
}
