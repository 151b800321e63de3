package cloudsim_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

func TestAWebhookIsWhatMetaSends(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_790_000_000, 0)
	w := newWorld(t, func(c *cloudsim.Config) { c.Now = func() time.Time { return at } })
	w.run()
	id := w.say(lucia, `¿Señor? 😀 a/b <c>&"d"`)
	w.wait(1)
	body := string(w.bodies[0])
	for _, want := range []string{`\u00bfSe\u00f1or? \ud83d\ude00 a\/b <c>&\"d\"`, `Luc\u00eda Herrera`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not in %s", want, body)
		}
	}
	if strings.ContainsFunc(body, func(r rune) bool { return r < ' ' || r > '~' }) {
		t.Errorf("not compact ASCII: %q", body)
	}
	var got, want any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	user := got.(map[string]any)["entry"].([]any)[0].(map[string]any)
	account, _ := user["id"].(string)
	contact := user["changes"].([]any)[0].(map[string]any)["value"].(map[string]any)["contacts"].([]any)[0].(map[string]any)
	userID, _ := contact["user_id"].(string)
	if len(account) != 15 || len(userID) != 23 || !strings.HasPrefix(userID, "ES.1") {
		t.Errorf("account %q, user id %q", account, userID)
	}
	document := fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":%q,"changes":[{"field":"messages","value":{
		"messaging_product":"whatsapp","metadata":{"display_phone_number":"34910500100","phone_number_id":%q},
		"contacts":[{"profile":{"name":"Lucía Herrera"},"wa_id":%q,"user_id":%q}],
		"messages":[{"from":%q,"from_user_id":%q,"id":%q,"timestamp":"1790000000","type":"text",
			"text":{"body":"¿Señor? 😀 a/b <c>&\"d\""}}]}}]}]}`, account, number, lucia, userID, lucia, userID, id)
	if err := json.Unmarshal([]byte(document), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("webhook (-want +got):\n%s", diff)
	}
}

func TestAMessageIDLooksLikeMetas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	seen := map[string]bool{}
	for range 50 {
		id := w.say(lucia, "hola")
		decoded, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(id, "wamid."))
		if err != nil || !strings.HasPrefix(id, "wamid.HBg") || !strings.Contains(string(decoded), lucia) || seen[id] {
			t.Fatalf("%q: %q, %v", id, decoded, err)
		}
		seen[id] = true
	}
}

func TestTheHandshakeComesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *cloudsim.Config) { c.VerifyToken = "another" })
		w.run()
		w.say(lucia, "hola")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if w.asked < 10 || len(w.bodies) > 0 {
			t.Errorf("%d handshakes failed, and %d webhooks came", w.asked, len(w.bodies))
		}
		w = newWorld(t, nil)
		w.run()
		w.say(lucia, "hola")
		w.wait(1)
		if w.asked != 1 {
			t.Errorf("%d handshakes", w.asked)
		}
		w = newWorld(t, func(c *cloudsim.Config) { c.VerifyToken = "" })
		w.run()
		w.say(lucia, "hola")
		w.wait(1)
		if w.asked != 0 {
			t.Error("a handshake without a token")
		}
	})
}

func TestAWebhookIsRepeatedUntilItIsTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		answers := []int{500, 0, 404, 202, 301, 503, 429, 500, 500, 500, 200}
		w.answer = func(n int) int { return append(answers, 200)[min(n, len(answers))] }
		w.run()
		w.say(lucia, "hola")
		w.say(lucia, "¿estás?")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		var pauses []time.Duration
		for i := range len(answers) - 1 {
			pauses = append(pauses, w.at[i+1].Sub(w.at[i]))
			if string(w.bodies[i]) != string(w.bodies[i+1]) {
				t.Errorf("delivery %d differs from the one before", i+1)
			}
		}
		ms := time.Millisecond
		want := []time.Duration{
			250 * ms, 500 * ms, 1000 * ms, 2000 * ms, 4000 * ms, 8000 * ms, 16000 * ms, 30000 * ms, 30000 * ms, 30000 * ms,
		}
		if diff := cmp.Diff(want, pauses); diff != "" {
			t.Errorf("pauses (-want +got):\n%s", diff)
		}
		if len(w.bodies) != len(answers)+1 {
			t.Errorf("%d deliveries", len(w.bodies))
		}
	})
}

// Whatever fails, each customer's messages come in order, and one customer's
// trouble holds nobody else up.
func TestTheOrderOfEachCustomerIsKept(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			chance, luck := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
			failed := map[int]bool{}
			w.answer = func(n int) int {
				failed[n] = luck.IntN(3) == 0
				return map[bool]int{true: 500, false: 200}[failed[n]]
			}
			w.run()
			said := map[string]int{}
			for range 60 {
				phone := []string{lucia, tom, "34600550199"}[chance.IntN(3)]
				w.say(phone, strconv.Itoa(said[phone]))
				said[phone]++
				time.Sleep(time.Duration(chance.IntN(200)) * time.Millisecond)
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			taken := map[string]int{}
			for n, u := range w.wait(len(w.bodies)) {
				if m := u.Messages[0]; !failed[n] {
					if m.Text.Body != strconv.Itoa(taken[m.From]) {
						t.Fatalf("seed %d: got %s, want %d", seed, m.Text.Body, taken[m.From])
					}
					taken[m.From]++
				}
			}
			if diff := cmp.Diff(said, taken); diff != "" {
				t.Errorf("seed %d: taken (-said +taken):\n%s", seed, diff)
			}
		})
	}
}

func TestWhatWaitsIsDeliveredByTheNextRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		broken := true
		w.answer = func(int) int { return map[bool]int{true: 500, false: 200}[broken] }
		stop := w.run()
		w.say(lucia, "uno")
		w.say(lucia, "dos")
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		broken = false
		w.wait(len(w.bodies))
		w.run()
		got := w.wait(2)
		if got[0].Messages[0].Text.Body != "uno" || got[1].Messages[0].Text.Body != "dos" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.run()
		set := func(faults string) {
			t.Helper()
			if status, answer := w.post("/control/faults", faults); status != 200 {
				t.Fatalf("%d %s", status, answer)
			}
		}
		set(`{"duplicate":true}`)
		w.say(lucia, "hola")
		if got := w.wait(2); got[0].Messages[0].ID != got[1].Messages[0].ID {
			t.Errorf("no duplicate: %+v", got)
		}
		set(`{"reorder":true}`)
		w.sendText(lucia, "hola")
		if got := w.wait(2); got[0].Statuses[0].Status != "delivered" || got[1].Statuses[0].Status != "sent" {
			t.Errorf("in order: %+v", got)
		}
		set(`{"drop_status":true}`)
		w.sendText(lucia, "hola")
		w.say(lucia, "último")
		if got := w.wait(1); got[0].Messages[0].Text.Body != "último" {
			t.Errorf("a status came: %+v", got)
		}
		set(`{"unreachable":["+34 600 55 01 01"]}`)
		id := w.sendText(lucia, "hola")
		if got := w.wait(1)[0].Statuses[0]; got.ID != id || got.Status != "failed" || got.Errors[0].Code != 131026 || got.Callback != "outgoing-7" {
			t.Errorf("not undeliverable: %+v", got)
		}
		set(`{}`)
		w.sendText(lucia, "hola")
		w.wait(2)
		if _, faults := w.page("/control/faults", ""); !strings.Contains(faults, `"duplicate":false`) {
			t.Errorf("still: %s", faults)
		}
	})
}

func TestASendErrorIsAnsweredAsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.say(lucia, "hola")
	w.post("/control/faults", `{"send_error":{"status":503,"code":131016,"title":"Service unavailable"}}`)
	status, answer := w.post(sendURL, `{"messaging_product":"whatsapp","to":"34600550101","text":{"body":"x"}}`)
	if status != 503 || !strings.Contains(answer, `"message":"(#131016) Service unavailable"`) || !strings.Contains(answer, `"code":131016`) {
		t.Errorf("%d %s", status, answer)
	}
	for _, body := range []string{``, `[`, `{"send_error":{"status":200,"code":1}}`, `{"duplicate":"yes"}`} {
		if status, answer := w.post("/control/faults", body); status != http.StatusBadRequest {
			t.Errorf("%q gives %d %s", body, status, answer)
		}
	}
}

// A message is taken although its sender never learns of it.
func TestASendCanTimeOutAfterItWasAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run()
	w.say(lucia, "hola")
	w.wait(1)
	w.post("/control/faults", `{"send_timeout_after_accept":true}`)
	aborted := make(chan any)
	go func() {
		defer func() { aborted <- recover() }()
		w.sendText(lucia, "te llega")
	}()
	if got := w.wait(2); got[0].Statuses[0].Callback != "outgoing-7" || got[1].Statuses[0].Status != "delivered" {
		t.Errorf("statuses %+v", got)
	}
	select {
	case <-aborted:
		t.Fatal("an answer was given")
	case <-time.After(50 * time.Millisecond):
	}
	w.EndStreams()
	if got, _ := (<-aborted).(error); !errors.Is(got, http.ErrAbortHandler) {
		t.Errorf("got %v", got)
	}
}

func TestControlSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run()
	status, answer := w.post("/control/say", `{"phone":"+34 600 55 01 77","text":"hola"}`)
	if got := w.wait(1)[0].Messages[0]; status != 200 || got.From != "34600550177" || !strings.Contains(answer, got.ID) {
		t.Errorf("%d %s, %+v", status, answer, got)
	}
	for _, body := range []string{`{"phone":"","text":"x"}`, `{"phone":"1","text":" "}`, `{"phone":"1","text":"` + strings.Repeat("x", 4097) + `"}`} {
		if status, answer := w.post("/control/say", body); status != http.StatusBadRequest {
			t.Errorf("%.40s gives %d %s", body, status, answer)
		}
	}
}
