package cloudsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

func TestNewChecksItsConfig(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*cloudsim.Config){
		"WebhookURL":    func(c *cloudsim.Config) { c.WebhookURL = "/webhooks" },
		"AppSecret":     func(c *cloudsim.Config) { c.AppSecret = "" },
		"AccessToken":   func(c *cloudsim.Config) { c.AccessToken = "" },
		"PhoneNumberID": func(c *cloudsim.Config) { c.PhoneNumberID = "me" },
		"Version":       func(c *cloudsim.Config) { c.Version = "25" },
		"customer":      func(c *cloudsim.Config) { c.Customers = nil },
		"phone":         func(c *cloudsim.Config) { c.Customers[1].Phone = c.Customers[0].Phone },
	}
	for want, change := range tests {
		c := config()
		change(&c)
		if _, err := cloudsim.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// failed is an error of the Graph API.
type failed struct {
	Status, Code, Subcode int
	Type                  string
}

func TestErrorsAreThoseOfMeta(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.say(lucia, "hola")
	text := func(to, body string) string {
		return fmt.Sprintf(`{"messaging_product":"whatsapp","to":%q,"type":"text","text":{"body":%q}}`, to, body)
	}
	interactive := func(inner string) string {
		return `{"messaging_product":"whatsapp","to":"` + lucia + `","type":"interactive","interactive":` + inner + `}`
	}
	invalid := func(code int) failed { return failed{400, code, 0, "OAuthException"} }
	tests := []struct {
		name, bearer, path, body string
		want                     failed
	}{
		{"no token", "", sendURL, text(lucia, "x"), failed{401, 190, 0, "OAuthException"}},
		{"another token", "Bearer x", sendURL, text(lucia, "x"), failed{401, 190, 0, "OAuthException"}},
		{"another number", "", "/v25.0/99/messages", text(lucia, "x"), failed{400, 100, 33, "GraphMethodException"}},
		{"another version", "", "/v1.0/" + number + "/messages", text(lucia, "x"), failed{400, 2500, 0, "OAuthException"}},
		{"another path", "", "/v25.0/" + number + "/calls", text(lucia, "x"), failed{400, 2500, 0, "OAuthException"}},
		{"no JSON", "", sendURL, `{`, invalid(100)},
		{"nothing", "", sendURL, ``, invalid(100)},
		{"another product", "", sendURL, `{"to":"34600550101"}`, invalid(100)},
		{"no recipient", "", sendURL, text("", "x"), invalid(100)},
		{"no text", "", sendURL, text(lucia, " "), invalid(100)},
		{"long text", "", sendURL, text(lucia, strings.Repeat("ñ", 4097)), invalid(100)},
		{"unknown type", "", sendURL, `{"messaging_product":"whatsapp","to":"` + lucia + `","type":"poll"}`, invalid(100)},
		{"long callback", "", sendURL, `{"messaging_product":"whatsapp","to":"` + lucia + `","text":{"body":"x"},"biz_opaque_callback_data":"` + strings.Repeat("x", 513) + `"}`, invalid(100)},
		{"unknown phone", "", sendURL, text("34600000000", "x"), failed{400, 131030, 2655007, "OAuthException"}},
		{"unknown user", "", sendURL, `{"messaging_product":"whatsapp","recipient":"ES.1","text":{"body":"x"}}`, invalid(131026)},
		{"never wrote", "", sendURL, text(tom, "x"), invalid(131047)},
		{"unknown message read", "", sendURL, `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.x"}`, invalid(131009)},
		{"another status", "", sendURL, `{"messaging_product":"whatsapp","status":"played","message_id":"wamid.x"}`, invalid(131009)},
		{"media twice", "", sendURL, `{"messaging_product":"whatsapp","to":"` + lucia + `","type":"image","image":{"id":"1","link":"https://x.test"}}`, invalid(100)},
		{"location without a place", "", sendURL, `{"messaging_product":"whatsapp","to":"` + lucia + `","type":"location","location":{"name":"x"}}`, invalid(100)},
		{"template without a language", "", sendURL, `{"messaging_product":"whatsapp","to":"` + lucia + `","type":"template","template":{"name":"x"}}`, invalid(131008)},
		{"no buttons", "", sendURL, interactive(`{"type":"button","body":{"text":"x"},"action":{}}`), invalid(131009)},
		{"long button", "", sendURL, interactive(`{"type":"button","body":{"text":"x"},"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"` + strings.Repeat("é", 21) + `"}}]}}`), invalid(131009)},
		{"same button", "", sendURL, interactive(`{"type":"button","body":{"text":"x"},"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"a"}},{"type":"reply","reply":{"id":"1","title":"b"}}]}}`), invalid(131009)},
		{"no rows", "", sendURL, interactive(`{"type":"list","body":{"text":"x"},"action":{"button":"b","sections":[{}]}}`), invalid(131009)},
		{"a script for a link", "", sendURL, interactive(`{"type":"cta_url","body":{"text":"x"},"action":{"name":"cta_url","parameters":{"display_text":"x","url":"javascript:alert(1)"}}}`), invalid(131009)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, test.path, strings.NewReader(test.body))
			if !strings.Contains(test.name, "token") {
				test.bearer = "Bearer " + token
			}
			r.Header.Set("Authorization", test.bearer)
			status, answer := w.do(r)
			var body struct {
				Error struct {
					Message, Type string
					TraceID       string `json:"fbtrace_id"`
					Code          int
					Subcode       int `json:"error_subcode"`
				}
			}
			if err := json.Unmarshal([]byte(answer), &body); err != nil {
				t.Fatalf("%s: %v", answer, err)
			}
			e := body.Error
			if diff := cmp.Diff(test.want, failed{status, e.Code, e.Subcode, e.Type}); diff != "" {
				t.Errorf("(-want +got):\n%s%s", diff, answer)
			}
			if e.Message == "" || len(e.TraceID) != 23 || strings.Contains(answer, "600000000") {
				t.Errorf("answer %s", answer)
			}
		})
	}
}

func TestTheWindowClosesADayAfterTheLastMessage(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	w := newWorld(t, func(c *cloudsim.Config) { c.Now = func() time.Time { return now } })
	w.run()
	w.say(lucia, "hola")
	now = now.Add(24*time.Hour - time.Second)
	w.sendText(lucia, "a tiempo")
	w.wait(3)
	now = now.Add(time.Second)
	body := `{"messaging_product":"whatsapp","to":"+` + lucia + `","text":{"body":"tarde"}}`
	status, answer := w.post(sendURL, body)
	if status != 400 || !strings.Contains(answer, `"code":131047`) || !strings.Contains(answer, "more than 24 hours") {
		t.Errorf("%d %s", status, answer)
	}
	w.post("/control/faults", `{"late_errors":true}`)
	if status, answer := w.post(sendURL, body); status != 200 {
		t.Errorf("%d %s", status, answer)
	}
	if got := w.wait(1)[0].Statuses[0]; got.Status != "failed" || got.Errors[0].Code != 131047 {
		t.Errorf("got %+v", got)
	}
	status, answer = w.post(sendURL, `{"messaging_product":"whatsapp","to":"`+lucia+`","type":"template","template":{"name":"order_update","language":{"code":"es"},
		"components":[{"type":"body","parameters":[{"type":"text","text":"W2024117"}]}]}}`)
	if status != 200 || !strings.Contains(answer, `"message_status":"accepted"`) {
		t.Errorf("%d %s", status, answer)
	}
	if got := w.wait(2)[0].Statuses[0]; got.Pricing == nil || got.Pricing.Category != "utility" {
		t.Errorf("got %+v", got)
	}
	if _, page := w.page("/phone/1", "es"); strings.Contains(page, "tarde") || !strings.Contains(page, "Hay novedades de tu pedido W2024117.") {
		t.Error("the page does not show what came through, and that alone")
	}
}

func TestStatusesFollowAMessage(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v23.0", "v25.0"} {
		w := newWorld(t, func(c *cloudsim.Config) { c.Version = version })
		w.run()
		w.say(lucia, "hola")
		w.wait(1)
		status, answer := w.post("/"+version+"/"+number+"/messages",
			`{"messaging_product":"whatsapp","to":"+34 600-550-101","text":{"body":"buenas"},"biz_opaque_callback_data":"outgoing-7"}`)
		var accepted struct {
			Contacts []struct {
				Input  string
				WaID   string `json:"wa_id"`
				UserID string `json:"user_id"`
			}
			Messages []struct{ ID string }
		}
		if err := json.Unmarshal([]byte(answer), &accepted); err != nil || status != 200 {
			t.Fatalf("%d %s", status, answer)
		}
		if c := accepted.Contacts[0]; c.Input != "+34 600-550-101" || c.WaID != lucia || c.UserID == "" {
			t.Errorf("contact %+v", c)
		}
		got := w.wait(2)
		w.page("/phone/2", "es") // another customer's phone
		w.page("/phone/1", "es")
		w.page("/phone/1", "es")
		got = append(got, w.wait(1)...)
		w.say(lucia, "fin")
		if last := w.wait(1)[0]; len(last.Messages) != 1 {
			t.Errorf("read twice: %+v", last)
		}
		for i, want := range []string{"sent", "delivered", "read"} {
			s := got[i].Statuses[0]
			if s.Status != want || s.ID != accepted.Messages[0].ID || s.Callback != "outgoing-7" || s.RecipientID != lucia {
				t.Errorf("status %d is %+v", i, s)
			}
			if (s.Pricing == nil) != (want == "read") || (s.Conversation != nil) != (want != "read" && version == "v23.0") {
				t.Errorf("%s, %s: %+v", version, want, s)
			}
		}
	}
}

func TestASendToAUserIDReaches(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run()
	w.say(lucia, "hola")
	w.wait(1)
	_, user, _ := strings.Cut(string(w.bodies[0]), `"user_id":"`)
	user, _, _ = strings.Cut(user, `"`)
	status, answer := w.post(sendURL, `{"messaging_product":"whatsapp","recipient":"`+user+`","text":{"body":"por id"}}`)
	if status != 200 || !strings.Contains(answer, `"input":"`+user+`"`) {
		t.Errorf("%d %s", status, answer)
	}
	if _, page := w.page("/phone/", "es"); !strings.Contains(page, "por id") {
		t.Error("it is not on the phone")
	}
}

func TestTheNumberTellsAboutItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	r := httptest.NewRequest(http.MethodGet, "/v25.0/"+number+"?fields=verified_name", nil)
	if status, _ := w.do(r); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if status, answer := w.do(r); status != 200 || !strings.Contains(answer, `"verified_name":"Tienda Nogal"`) || !strings.Contains(answer, `"id":"`+number+`"`) {
		t.Errorf("%d %s", status, answer)
	}
}

func TestReceiptsAndTypingShowOnThePhone(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	w := newWorld(t, func(c *cloudsim.Config) { c.Now = func() time.Time { return now } })
	shown := func(want string, times int) {
		t.Helper()
		if _, page := w.page("/phone/1", "en"); strings.Count(page, want) != times {
			t.Errorf("%s is shown %d times, want %d", want, strings.Count(page, want), times)
		}
	}
	w.say(lucia, "one")
	second := w.say(lucia, "two")
	w.say(lucia, "three")
	shown(`class="ticks sent"`, 3)
	w.run()
	w.wait(3)
	w.sendText(lucia, "x") // behind them, so that all three are taken
	w.wait(2)
	shown(`class="ticks delivered"`, 3)
	status, answer := w.post(sendURL, `{"messaging_product":"whatsapp","status":"read","message_id":"`+second+`","typing_indicator":{"type":"text"}}`)
	if status != 200 || answer != "{\"success\":true}\n" {
		t.Errorf("%d %s", status, answer)
	}
	shown(`class="ticks read"`, 2)
	shown(`class="ticks delivered"`, 1)
	shown("typing…", 1)
	now = now.Add(25 * time.Second)
	shown("typing…", 0)
	w.post(sendURL, `{"messaging_product":"whatsapp","status":"read","message_id":"`+second+`","typing_indicator":{"type":"text"}}`)
	shown("typing…", 1)
	w.sendText(lucia, "here")
	shown("typing…", 0)
}
