package cloudsim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

// ask sends a request with the token, and gives the fields of the answer.
func (w *world) ask(method, path, body string) (int, raw) {
	w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	status, answer := w.do(r)
	return status, decoded(w.t, answer)
}

const blockURL = "/v25.0/" + number + "/block_users"

func blocks(users ...string) string {
	return `{"messaging_product":"whatsapp","block_users":[{"user":"` + strings.Join(users, `"},{"user":"`) + `"}]}`
}

// Who is blocked writes to nobody and gets nothing, until it is undone.
func TestTheShopBlocksACustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noLimits)
	w.run()
	w.say(lucia, "hola")
	w.wait(1)
	status, answer := w.ask(http.MethodPost, blockURL, blocks("+"+lucia))
	if status != 200 || answer.str("block_users.added_users.0.wa_id") != lucia || answer.str("block_users.added_users.0.input") != "+"+lucia {
		t.Errorf("%d %v", status, answer)
	}
	if got := w.sendTo(lucia); got != 131026 {
		t.Errorf("a message to who is blocked gives %d", got)
	}
	w.say(lucia, "¿hay alguien?")
	_, list := w.ask(http.MethodGet, blockURL, "")
	if list.str("data.0.wa_id") != lucia || list.str("data.1") != "" || list.str("paging.cursors.after") == "" {
		t.Errorf("list %v", list)
	}
	if status, answer := w.ask(http.MethodDelete, blockURL, blocks(lucia)); status != 200 || answer.str("block_users.removed_users.0.wa_id") != lucia {
		t.Errorf("%d %v", status, answer)
	}
	w.say(lucia, "gracias")
	if got := w.wait(1)[0].Messages[0].Text.Body; got != "gracias" {
		t.Errorf("after it: %q", got)
	}
	if _, page := w.page("/phone/1", "es"); !strings.Contains(page, "¿hay alguien?") {
		t.Error("the customer lost what nobody got")
	}
}

// Some fail where others don't: each says why.
func TestBlocksFailOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.say(lucia, "hola")
	status, answer := w.ask(http.MethodPost, blockURL, blocks(lucia, tom, "34999", "+34 910 50 01 00"))
	var got []string
	for i := range 3 {
		at := fmt.Sprintf("block_users.failed_users.%d.", i)
		got = append(got, answer.str(at+"input")+" "+answer.str(at+"errors.0.code"))
	}
	want := []string{tom + " 131047", "34999 131026", "+34 910 50 01 00 131021"}
	if diff := cmp.Diff(want, got); diff != "" || status != 400 || answer.str("error.code") != "139100" || answer.str("error.fbtrace_id") == "" {
		t.Errorf("%d %v\n%s", status, answer, diff)
	}
	if answer.str("block_users.added_users.0.wa_id") != lucia {
		t.Errorf("the first is not blocked: %v", answer)
	}
	for _, body := range []string{`{}`, `{"messaging_product":"whatsapp"}`, `[`, blocks(strings.Split(strings.Repeat("1,", 1001), ",")...)} {
		if status, answer := w.ask(http.MethodPost, blockURL, body); status != 400 || answer.str("error.code") != "100" {
			t.Errorf("%.40s: %d %v", body, status, answer)
		}
	}
}

// A customer who blocks the shop is not reached, which looks like every other
// reason for it.
func TestACustomerBlocksTheShop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noLimits)
	w.run()
	w.say(lucia, "hola")
	w.wait(1)
	w.act(`{"customer":"` + lucia + `","type":"block"}`)
	if got := w.sendTo(lucia); got != 0 {
		t.Errorf("refused at once with %d", got)
	}
	if got := w.wait(1)[0].Statuses[0]; got.Status != "failed" || got.Errors[0].Code != 131026 {
		t.Errorf("got %+v", got)
	}
	if _, err := w.Say(t.Context(), lucia, "hola"); err == nil {
		t.Error("who has blocked the shop writes to it")
	}
	w.act(`{"customer":"` + lucia + `","type":"unblock"}`)
	w.say(lucia, "otra vez")
	w.wait(1)
	w.sendTo(lucia)
	if got := w.wait(2)[1].Statuses[0].Status; got != "delivered" {
		t.Errorf("got %s", got)
	}
}

// Marketing stops by a button below it, and 131050 comes from then on; other
// templates go through.
func TestMarketingIsStoppedOnThePhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *cloudsim.Config) { noLimits(c); c.Templates = fillable() })
	w.run()
	sale := template("sale", "es", "")
	w.send("template", sale)
	w.wait(2)
	press := func(what string) raw {
		t.Helper()
		if _, page := w.page("/phone/1", "es"); !strings.Contains(page, `name="do" value="`+what+`"`) {
			t.Errorf("there is no %s on the page", what)
		}
		w.form("/phone/1/messages", map[string][]string{"do": {what}})
		for {
			if got := w.waitRaw(1)[0]; got["field"] == "user_preferences" {
				return got
			}
		}
	}
	got := press("stop")
	if got.str("user_preferences.0.value") != "stop" || got.str("user_preferences.0.category") != "marketing_messages" || got.str("user_preferences.0.wa_id") != lucia {
		t.Errorf("got %v", got)
	}
	w.send("template", sale)
	if got := w.wait(1)[0].Statuses[0]; got.Status != "failed" || got.Errors[0].Code != 131050 {
		t.Errorf("marketing gives %+v", got)
	}
	if press("resume").str("user_preferences.0.value") != "resume" {
		t.Error("it is not resumed")
	}
	w.send("template", sale)
	if got := w.wait(2)[1].Statuses[0].Status; got != "delivered" {
		t.Errorf("marketing gives %s", got)
	}
}
