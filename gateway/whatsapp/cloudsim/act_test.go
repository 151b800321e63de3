package cloudsim_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

// Each action becomes the webhook that Meta sends for it.
func TestWhatCustomersDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noLimits)
	w.run()
	first := w.say(lucia, "hola")
	w.wait(1)
	mine := w.sendText(lucia, "buenas")
	w.wait(2)
	tests := []struct {
		action string
		want   map[string]string
	}{
		{`"type":"text","text":"sí","reply_to":"` + mine + `"`, map[string]string{"type": "text", "context.id": mine, "context.from": "34910500100"}},
		{`"type":"text","text":"yo","reply_to":"` + first + `"`, map[string]string{"context.id": first, "context.from": lucia}},
		{`"type":"text","text":"x","forwarded":true`, map[string]string{"context.forwarded": "true", "context.id": ""}},
		{`"type":"text","text":"x","frequently_forwarded":true`, map[string]string{"context.frequently_forwarded": "true"}},
		{`"type":"text","text":"¿hay?","referred_product":{"catalog_id":"1","product_retailer_id":"SKU"}`, map[string]string{"context.referred_product.product_retailer_id": "SKU"}},
		{`"type":"text","text":"x","referral":{"source_type":"ad","headline":"Botas","ctwa_clid":"c1"}`, map[string]string{"referral.headline": "Botas", "text.body": "x"}},
		{`"type":"reaction","message_id":"` + mine + `","emoji":"👍"`, map[string]string{"type": "reaction", "reaction.message_id": mine, "reaction.emoji": "👍"}},
		{`"type":"reaction","message_id":"` + mine + `"`, map[string]string{"type": "reaction", "reaction.emoji": ""}},
		{`"type":"location","latitude":40.4,"longitude":-3.7,"name":"Casa"`, map[string]string{"location.latitude": "40.4", "location.name": "Casa", "location.address": ""}},
		{`"type":"contacts","name":"Ana Gil","phone":"+34 600 1"`, map[string]string{"contacts.0.name.formatted_name": "Ana Gil", "contacts.0.phones.0.wa_id": "346001"}},
		{`"type":"contacts","contacts":[{"name":{"formatted_name":"B"}},{"name":{"formatted_name":"C"}}]`, map[string]string{"contacts.1.name.formatted_name": "C"}},
		{`"type":"share_contact"`, map[string]string{"type": "contacts", "contacts.0.origin": "contact_request", "contacts.0.phones.0.wa_id": lucia}},
		{`"type":"order"`, map[string]string{"type": "order", "order.product_items.0.currency": "EUR"}},
		{`"type":"order","order":{"catalog_id":"9","product_items":[]}`, map[string]string{"order.catalog_id": "9"}},
		{`"type":"edit","message_id":"` + first + `","text":"hola, tienda"`, map[string]string{"edit.original_message_id": first, "edit.message.text.body": "hola, tienda", "edit.message.type": "text"}},
		{`"type":"revoke","message_id":"` + first + `"`, map[string]string{"revoke.original_message_id": first}},
		{`"type":"unsupported","value":"poll"`, map[string]string{"type": "unsupported", "errors.0.code": "131051", "unsupported.type": "poll"}},
		{`"type":"unsupported","code":131060`, map[string]string{"errors.0.code": "131060", "errors.0.title": "This message is unavailable"}},
		{`"type":"request_welcome"`, map[string]string{"type": "request_welcome"}},
	}
	for _, test := range tests {
		id := w.act(`{"customer":"` + lucia + `",` + test.action + `}`)
		got := w.waitRaw(1)[0]
		if got.str("messages.0.id") != id || got.str("messages.0.from") != lucia || got.str("contacts.0.wa_id") != lucia {
			t.Errorf("%s: %v", test.action, got)
		}
		for path, want := range test.want {
			if is := got.str("messages.0." + path); is != want {
				t.Errorf("%s: %s is %q, want %q", test.action, path, is, want)
			}
		}
	}
	_, page := w.page("/phone/1", "es")
	for _, want := range []string{"Mensaje eliminado", "Casa<br/>40.40000, -3.70000", "Ana Gil · +346001", "Este mensaje no se puede mostrar", `class="quote" href="#` + mine} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is not on the page", want)
		}
	}
	if strings.Contains(page, "hola, tienda") {
		t.Error("what was deleted is on the page")
	}
}

// A voice note is played after it was read, once; other sounds are not.
func TestAVoiceNoteIsPlayed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noLimits)
	w.run()
	w.say(lucia, "hola")
	w.wait(1)
	tune := w.uploadFile("audio/ogg", append([]byte("OggS"), make([]byte, 200)...))
	w.send("audio", `{"id":"`+tune+`","voice":true}`)
	note := w.wait(2)[0].Statuses[0].ID
	for range 2 {
		w.act(`{"customer":"` + lucia + `","type":"play","message_id":"` + note + `"}`)
	}
	w.say(lucia, "oído")
	came := w.waitRaw(3)
	if came[0].str("statuses.0.status") != "read" || came[1].str("statuses.0.status") != "played" || came[1].str("statuses.0.pricing") != "" {
		t.Errorf("came %v", came)
	}
	if came[2].str("messages.0.text.body") != "oído" {
		t.Errorf("played twice: %v", came[2])
	}
	w.send("audio", `{"id":"`+tune+`"}`)
	sound := w.wait(2)[0].Statuses[0].ID
	if status, _ := w.post("/control/act", `{"customer":"`+lucia+`","type":"play","message_id":"`+sound+`"}`); status != 400 {
		t.Errorf("a sound that is no voice note gives %d", status)
	}
}

// A file that the platform could not take comes as an error without an id.
func TestAFileCanGetLostOnItsWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run()
	w.act(`{"customer":"` + lucia + `","type":"video","mime_type":"video/mp4","code":131052}`)
	got := w.waitRaw(1)[0]
	if got.str("messages.0.type") != "video" || got.str("messages.0.errors.0.code") != "131052" || got.str("messages.0.video.id") != "" {
		t.Errorf("got %v", got)
	}
}

// Who comes from an ad costs nothing for three days after the first answer.
func TestAnswersToAnAdAreFree(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := newWorld(t, func(c *cloudsim.Config) { noLimits(c); c.Now = func() time.Time { return now } })
	w.run()
	kind := func() string {
		t.Helper()
		w.send("template", template("csat", "es", ""))
		return w.waitRaw(2)[0].str("statuses.0.pricing.type")
	}
	before := kind()
	w.act(`{"customer":"` + lucia + `","type":"text","text":"hola","referral":{"source_type":"ad","ctwa_clid":"c"}}`)
	w.wait(1)
	now = now.Add(23 * time.Hour)
	first := kind()
	now = now.Add(72*time.Hour - time.Second)
	last := kind()
	now = now.Add(time.Second)
	if after := kind(); before != "regular" || first != "free_entry_point" || last != first || after != "regular" {
		t.Errorf("before %s, first %s, last %s, after %s", before, first, last, after)
	}
}

// The shop's own phone sends files, and corrects and deletes what it wrote.
func TestTheShopWritesByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run()
	did := func(rest string) (string, raw) {
		t.Helper()
		id, _ := w.control("/control/echo", `{"customer":"`+lucia+`",`+rest+`}`)["id"].(string)
		return id, w.waitRaw(1)[0]
	}
	_, got := did(`"type":"image","text":"mira","data":"` + base64.StdEncoding.EncodeToString(drawn(t)) + `"`)
	if got.str("message_echoes.0.image.caption") != "mira" || got.str("message_echoes.0.image.mime_type") != "image/png" {
		t.Errorf("a picture: %v", got)
	}
	id, _ := did(`"text":"Te atinde Marta"`)
	if _, got = did(`"type":"edit","message_id":"` + id + `","text":"Te atiende Marta"`); got.str("message_echoes.0.edit.original_message_id") != id ||
		got.str("message_echoes.0.edit.message.text.body") != "Te atiende Marta" {
		t.Errorf("an edit: %v", got)
	}
	if _, page := w.page("/phone/1", "es"); !strings.Contains(page, "Te atiende Marta") || strings.Contains(page, "Te atinde") {
		t.Error("the page does not show the edit")
	}
	if _, got = did(`"type":"revoke","message_id":"` + id + `"`); got.str("message_echoes.0.revoke.original_message_id") != id {
		t.Errorf("a deletion: %v", got)
	}
	for _, body := range []string{`"type":"edit","message_id":"` + id + `","text":"x"`, `"type":"poll"`, `"type":"image"`} {
		if status, answer := w.post("/control/echo", `{"customer":"`+lucia+`",`+body+`}`); status != 400 {
			t.Errorf("%s gives %d %s", body, status, answer)
		}
	}
}

// What is passed on is a message of its own.
func TestMessagesAreForwarded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noLimits)
	w.run()
	first := w.act(`{"customer":"` + lucia + `","type":"image","data":"` + base64.StdEncoding.EncodeToString(drawn(t)) + `","text":"mira"}`)
	w.wait(1)
	for range 2 {
		id := w.act(`{"customer":"` + lucia + `","type":"forward","message_id":"` + first + `"}`)
		got := w.waitRaw(1)[0]
		if id == first || got.str("messages.0.context.forwarded") != "true" || got.str("messages.0.image.caption") != "mira" {
			t.Errorf("got %v", got)
		}
		first = id
	}
	if _, page := w.page("/phone/1", "en"); strings.Count(page, "</svg>Forwarded</span>") != 2 {
		t.Error("the page does not say that they are forwarded")
	}
	w.act(`{"customer":"` + lucia + `","type":"revoke","message_id":"` + first + `"}`)
	if status, _ := w.post("/control/act", `{"customer":"`+lucia+`","type":"forward","message_id":"`+first+`"}`); status != 400 {
		t.Errorf("what is deleted is forwarded: %d", status)
	}
}

func TestAFlowIsFilledIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run()
	w.say(lucia, "hola")
	w.wait(1)
	w.send("interactive", `{"type":"flow","body":{"text":"Reserva"},"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_id":"1","flow_cta":"Abrir","flow_token":"tok-1"}}}`)
	id := w.wait(2)[0].Statuses[0].ID
	w.act(`{"customer":"` + lucia + `","type":"flow","message_id":"` + id + `","response":{"people":4,"name":"Lucía"}}`)
	got := w.waitRaw(1)[0]
	var answers map[string]any
	if err := json.Unmarshal([]byte(got.str("messages.0.interactive.nfm_reply.response_json")), &answers); err != nil {
		t.Fatal(err)
	}
	if answers["flow_token"] != "tok-1" || answers["people"] != 4.0 || got.str("messages.0.interactive.type") != "nfm_reply" || got.str("messages.0.context.id") != id {
		t.Errorf("got %v", got)
	}
}

func TestActionsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.say(lucia, "hola")
	shops := w.sendText(lucia, "buenas")
	for _, action := range []string{
		`"type":"dance"`, `"type":"text","text":" "`, `"type":"text","text":"` + strings.Repeat("x", 4097) + `"`, `"type":"image"`,
		`"type":"reaction","message_id":"wamid.x"`, `"type":"tap","message_id":"wamid.x"`, `"type":"tap","message_id":"` + shops + `","option":"x"`,
		`"type":"flow","message_id":"` + shops + `"`, `"type":"order","order":[]`, `"type":"edit","message_id":"` + shops + `","text":"x"`,
		`"type":"revoke","message_id":"` + shops + `"`, `"type":"change_number","phone":""`, `"type":"change_number","phone":"` + tom + `"`,
		`"type":"preferences","value":"maybe"`, `"type":"contacts","contacts":["x"]`,
	} {
		if status, answer := w.post("/control/act", `{"customer":"`+lucia+`",`+action+`}`); status != http.StatusBadRequest {
			t.Errorf("%.80s gives %d %s", action, status, answer)
		}
	}
	for _, who := range []string{"", "nobody", "ES.1unknown"} {
		if status, answer := w.post("/control/act", `{"customer":"`+who+`","type":"text","text":"x"}`); status != http.StatusBadRequest {
			t.Errorf("%q gives %d %s", who, status, answer)
		}
	}
}

// A customer who has a user id alone is written to by it, and the phone is nowhere
// until it is shared.
func TestACustomerWithoutAPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run()
	w.control("/control/customers", `{"user_id":"ES.1abcDEF","name":"Ana","username":"@ana"}`)
	w.control("/control/customers", `{"phone":"34600550177","user_id":"ES.1ghi","phone_hidden":true}`)
	for _, bad := range []string{`{"user_id":"ES.1abcDEF"}`, `{"phone":"34600550177"}`, `{"name":"x"}`} {
		if status, _ := w.post("/control/customers", bad); status != 400 {
			t.Errorf("%s gives %d", bad, status)
		}
	}
	w.act(`{"customer":"ES.1abcDEF","type":"text","text":"hola"}`)
	got := w.waitRaw(1)[0]
	if got.str("messages.0.from") != "" || got.str("messages.0.from_user_id") != "ES.1abcDEF" || got.str("contacts.0.wa_id") != "" ||
		got.str("contacts.0.profile.username") != "@ana" {
		t.Errorf("got %v", got)
	}
	status, answer := w.post(sendURL, `{"messaging_product":"whatsapp","recipient":"ES.1abcDEF","text":{"body":"buenas"}}`)
	if status != 200 || strings.Contains(answer, "wa_id") || !strings.Contains(answer, `"user_id":"ES.1abcDEF"`) {
		t.Errorf("%d %s", status, answer)
	}
	for _, got := range w.waitRaw(2) {
		if got.str("statuses.0.recipient_id") != "" || got.str("statuses.0.recipient_user_id") != "ES.1abcDEF" {
			t.Errorf("got %v", got)
		}
	}
	w.act(`{"customer":"ES.1ghi","type":"text","text":"hola"}`)
	w.wait(1)
	w.mu.Lock()
	if strings.Contains(string(w.bodies[len(w.bodies)-1]), "34600550177") {
		t.Error("a hidden phone is shown")
	}
	w.mu.Unlock()
	w.act(`{"customer":"ES.1ghi","type":"share_contact"}`)
	if got := w.waitRaw(1)[0]; got.str("messages.0.from") != "34600550177" {
		t.Errorf("after sharing: %v", got)
	}
	if all := w.control("/control/customers", "")["customers"].([]any); len(all) != 4 {
		t.Errorf("%d customers", len(all))
	}
}

func TestIdentitiesChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *cloudsim.Config) { c.Customers[0].UserID = "ES.1old" })
	w.run()
	w.act(`{"customer":"` + lucia + `","type":"change_number","phone":"+34 600 55 01 88"}`)
	moved := w.waitRaw(2)
	system, update := moved[0], moved[1]
	if system.str("messages.0.from") != lucia || system.str("messages.0.system.wa_id") != "34600550188" ||
		system.str("messages.0.system.type") != "user_changed_number" || system["contacts"] != nil {
		t.Errorf("got %v", system)
	}
	current := update.str("user_id_update.0.user_id.current")
	if update["field"] != "user_id_update" || update.str("user_id_update.0.user_id.previous") != "ES.1old" || current == "" || current == "ES.1old" {
		t.Errorf("got %v", update)
	}
	w.say("34600550188", "soy yo")
	if got := w.waitRaw(1)[0]; got.str("messages.0.from_user_id") != current {
		t.Errorf("got %v", got)
	}
	w.act(`{"customer":"34600550188","type":"change_user_id","user_id":"ES.1new"}`)
	moved = w.waitRaw(2)
	if moved[0].str("messages.0.system.type") != "user_changed_user_id" || moved[0].str("messages.0.system.user_id") != "ES.1new" ||
		moved[1].str("user_id_update.0.user_id.previous") != current {
		t.Errorf("got %v", moved)
	}
	if status, _ := w.post("/control/act", `{"customer":"`+tom+`","type":"change_user_id","user_id":"ES.1new"}`); status != 400 {
		t.Errorf("somebody else's user id gives %d", status)
	}
}

func TestTheShopAnswersByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run()
	id := w.control("/control/echo", `{"customer":"`+lucia+`","text":"Te atiende Marta"}`)["id"]
	got := w.waitRaw(1)[0]
	if got["field"] != "smb_message_echoes" || got.str("message_echoes.0.to") != lucia || got.str("message_echoes.0.id") != id ||
		got.str("message_echoes.0.from") != "34910500100" || got.str("message_echoes.0.text.body") != "Te atiende Marta" {
		t.Errorf("got %v", got)
	}
	if status, _ := w.post("/control/echo", `{"customer":"`+lucia+`","text":""}`); status != 400 {
		t.Errorf("nothing said gives %d", status)
	}
	shown := w.control("/control/messages?customer="+lucia, "")["messages"].([]any)[0].(map[string]any)
	if shown["from"] != "shop" || shown["text"] != "Te atiende Marta" || shown["id"] != id {
		t.Errorf("on the phone: %v", shown)
	}
}

func TestAnyWebhookCanBeSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run()
	w.control("/control/webhook", `{"field":"account_update","value":{"event":"ACCOUNT_RESTRICTION","restriction_info":[{"restriction_type":"RESTRICTED_BIZ_INITIATED_MESSAGING"}]}}`)
	if got := w.waitRaw(1)[0]; got["field"] != "account_update" || got.str("event") != "ACCOUNT_RESTRICTION" || got["time"] == nil {
		t.Errorf("got %v", got)
	}
	if status, _ := w.post("/control/webhook", `{"field":"x"}`); status != 400 {
		t.Errorf("no value gives %d", status)
	}
}

func TestMessagesCanBeReadByTheControlAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id := w.say(lucia, "hola")
	w.sendText(lucia, "buenas")
	w.send("reaction", `{"message_id":"`+id+`","emoji":"👍"}`)
	all := w.control("/control/messages?customer=%2B"+lucia, "")["messages"].([]any)
	first, second := all[0].(map[string]any), all[1].(map[string]any)
	if first["from"] != "customer" || first["reaction"] != "👍" || second["status"] != "delivered" || second["biz_opaque_callback_data"] != "outgoing-7" {
		t.Errorf("got %v", all)
	}
	if content, _ := second["content"].(map[string]any); content["body"] != "buenas" {
		t.Errorf("content %v", second["content"])
	}
	if status, _ := w.page("/control/messages?customer=1", ""); status != 400 {
		t.Errorf("nobody's messages give %d", status)
	}
	if _, help := w.page("/control/", ""); help != cloudsim.ControlHelp {
		t.Errorf("help %q", help)
	}
}
