package cloudsim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

// FuzzSend holds that whatever is posted is taken or refused with one of Meta's
// bodies, that neither makes the emulator stumble, and that the phone can show
// what was taken.
func FuzzSend(f *testing.F) {
	to := `{"messaging_product":"whatsapp","to":"` + lucia + `",`
	for _, seed := range []string{
		`{}`, `[]`, `null`, to + `"text":{"body":"hola"}}`, to + `"type":"image","image":{"link":"https://x.test/a"}}`,
		to + `"type":"location","location":{"latitude":"1e400","longitude":0}}`,
		to + `"type":"contacts","contacts":[{"name":{"formatted_name":"A","first_name":"A"},"phones":[{}]}]}`,
		to + `"type":"reaction","reaction":{"message_id":"x","emoji":"👍"}}`,
		to + `"type":"interactive","interactive":{"type":"list","body":{"text":"x"},"action":{"button":"b","sections":[{"rows":[{"id":"1","title":"t"}]}]}}}`,
		to + `"type":"interactive","interactive":{"type":"flow","body":{"text":"x"},"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_id":"1","flow_cta":"x"}}}}`,
		to + `"type":"interactive","interactive":{"type":"button","header":{"type":"image"},"body":{"text":"x"},"action":{}}}`,
		to + `"type":"template","template":{"name":"order_shipped","language":{"code":"es"},"components":[{"type":"body","parameters":[{"type":"text","parameter_name":"carrier","text":true},{"type":"text","parameter_name":"order_id","text":1}]},{"type":"button","sub_type":"url","index":0,"parameters":[{"type":"text","text":"$1"}]}]}}`,
		`{"messaging_product":"whatsapp","status":"read","message_id":"x","typing_indicator":{"type":"text"}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		w := newWorld(t, func(c *cloudsim.Config) { noLimits(c) })
		w.say(lucia, "hola")
		r := httptest.NewRequest(http.MethodPost, sendURL, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		status, answer := w.do(r)
		var object map[string]any
		if err := json.Unmarshal([]byte(answer), &object); err != nil {
			t.Fatalf("%d %s", status, answer)
		}
		_, refused := object["error"]
		if status != 200 && status != 400 && status != 404 || refused == (status == 200) {
			t.Errorf("%d %s", status, answer)
		}
		if status, _ := w.page("/phone/1", "es"); status != 200 {
			t.Errorf("the page gives %d", status)
		}
	})
}

// FuzzAct holds that whatever the control API is asked is done or refused,
// and that the page can show what came of it.
func FuzzAct(f *testing.F) {
	who := `{"customer":"` + lucia + `",`
	for _, seed := range []string{
		`{}`, `[]`, who + `"type":"text","text":"hola"}`, who + `"type":"image","data":"iVBORw0KGgo=","text":"x"}`, who + `"type":"audio","code":131052}`,
		who + `"type":"contacts","contacts":[{"name":{"formatted_name":"A"},"phones":[{}]},1]}`, who + `"type":"order","order":{"catalog_id":1}}`,
		who + `"type":"location","latitude":1e300}`, who + `"type":"change_number","phone":"346"}`, who + `"type":"unsupported","value":"\u0000","code":-1}`,
		who + `"type":"text","text":"x","referral":[],"referred_product":{},"reply_to":"<"}`, who + `"type":"block"}`, who + `"type":"edit","text":"x"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		w := newWorld(t, noLimits)
		w.say(lucia, "hola")
		for _, path := range []string{"/control/act", "/control/echo"} {
			if status, answer := w.post(path, body); status != 200 && status != 400 || !json.Valid([]byte(answer)) {
				t.Errorf("%s: %d %s", path, status, answer)
			}
		}
		if status, _ := w.page("/phone/1", "es"); status != 200 {
			t.Errorf("the page gives %d", status)
		}
	})
}
