package cloudsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

// changes counts the changes of a request.
func changes(t *testing.T, body []byte) int {
	t.Helper()
	var envelope struct {
		Entry []struct{ Changes []json.RawMessage }
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, e := range envelope.Entry {
		count += len(e.Changes)
	}
	return count
}

// The same seed and the same events give the same faults, another seed others.
func TestASeedDecidesTheFaults(t *testing.T) {
	t.Parallel()
	story := func(seed int) string {
		var told strings.Builder
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, noLimits)
			w.run()
			w.control("/control/faults", fmt.Sprintf(`{"duplicate":true,"rate":0.3,"seed":%d}`, seed))
			for i := range 30 {
				w.say(lucia, fmt.Sprint(i))
			}
			synctest.Wait()
			for _, u := range w.wait(len(w.bodies)) {
				told.WriteString(u.Messages[0].Text.Body + " ")
			}
		})
		return told.String()
	}
	one, again, other := story(1), story(1), story(2)
	if one != again || one == other {
		t.Errorf("seed 1: %s\nseed 1: %s\nseed 2: %s", one, again, other)
	}
	if n := len(strings.Fields(one)); n < 32 || n > 50 {
		t.Errorf("%d deliveries at a rate of 0.3", n)
	}
}

func TestFaultsStrikeSoOftenAndNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.run()
		w.control("/control/faults", `{"drop":true,"next":2,"unreachable":["1"]}`)
		for _, text := range []string{"uno", "dos", "tres"} {
			w.say(lucia, text)
		}
		synctest.Wait()
		if got := w.wait(1)[0].Messages[0].Text.Body; got != "tres" || len(w.bodies) != 1 {
			t.Errorf("%d came, first %q", len(w.bodies), got)
		}
		now := w.control("/control/faults", "")
		if now["drop"] != false || len(now["unreachable"].([]any)) != 1 {
			t.Errorf("faults are %v", now)
		}
		w.control("/control/faults", `{"send_error":{"status":500,"code":131000},"next":1}`)
		if first, second := w.sendTo(lucia), w.sendTo(lucia); first != 131000 || second != 0 {
			t.Errorf("got %d and %d", first, second)
		}
	})
}

func TestManyChangesComeInOneRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, noLimits)
		w.run()
		w.control("/control/faults", `{"batch":1000}`)
		for i := range 1100 {
			w.say([]string{lucia, tom}[i%2], fmt.Sprint(i))
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(w.bodies) != 2 || changes(t, w.bodies[0]) != 1000 || changes(t, w.bodies[1]) != 100 {
			t.Errorf("%d requests", len(w.bodies))
		}
		if waited := w.at[1].Sub(w.at[0]); waited != time.Second {
			t.Errorf("the rest waited %v", waited)
		}
		w.control("/control/faults", `{}`)
		w.say(lucia, "sola")
		synctest.Wait()
		if changes(t, w.bodies[2]) != 1 {
			t.Errorf("%d changes after it was well again", changes(t, w.bodies[2]))
		}
		if _, page := w.page("/phone/1", "en"); strings.Count(page, `class="ticks delivered"`) == 0 || strings.Contains(page, `class="ticks sent"`) {
			t.Error("messages in a batch have no second tick")
		}
	})
}

// Merged, messages and statuses of several customers are one change, and who is in
// it twice is one contact.
func TestChangesAreMerged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, noLimits)
		w.run()
		w.control("/control/faults", `{"batch":6,"merge":true}`)
		w.say(lucia, "uno")
		w.say(tom, "one")
		w.say(lucia, "dos")
		w.sendText(lucia, "tres")
		w.control("/control/webhook", `{"field":"account_update","value":{"event":"X"}}`)
		synctest.Wait()
		got := w.waitRaw(1)[0]
		var texts []string
		for i := range 3 {
			texts = append(texts, got.str(fmt.Sprintf("messages.%d.text.body", i)))
		}
		if strings.Join(texts, " ") != "uno one dos" || got.str("statuses.1.status") != "delivered" || changes(t, w.bodies[0]) != 2 {
			t.Errorf("got %s", w.bodies[0])
		}
		if got.str("contacts.0.wa_id") != lucia || got.str("contacts.1.wa_id") != tom || got.str("contacts.2.wa_id") != "" {
			t.Errorf("contacts: %v", got["contacts"])
		}
	})
}

// A request has at most 3 MB, however many changes wait.
func TestABatchIsCutAtThreeMegabytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, noLimits)
		w.run()
		w.control("/control/faults", `{"batch":1000}`)
		for range 200 {
			w.say(lucia, times(4096)) // 24 kB on the wire
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		count := 0
		for _, body := range w.bodies {
			count += changes(t, body)
			if len(body) > 3<<20 {
				t.Errorf("a request has %d bytes", len(body))
			}
		}
		if count != 200 || len(w.bodies) != 2 {
			t.Errorf("%d changes in %d requests", count, len(w.bodies))
		}
	})
}

// Messages can come to nothing after they were taken: by any code, or since
// there is nothing behind a link.
func TestMessagesFailLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noLimits)
	w.run()
	w.say(lucia, "hola")
	w.wait(1)
	fails := func(kind, part string, want int) {
		t.Helper()
		if got := w.send(kind, part); got != 0 {
			t.Errorf("%s is refused with %d", part, got)
		}
		got := w.wait(1)[0].Statuses[0]
		if got.Status != "failed" || len(got.Errors) != 1 || got.Errors[0].Code != want {
			t.Errorf("%s: %+v, want %d", part, got, want)
		}
	}
	w.control("/control/faults", `{"status_error":131049,"next":1,"dead_links":true}`)
	fails("text", `{"body":"x"}`, 131049)
	fails("image", `{"link":"https://x.test/gone.png"}`, 131053)
	w.control("/control/faults", `{}`)
	gone := w.act(`{"customer":"` + lucia + `","type":"text","text":"ups"}`)
	w.act(`{"customer":"` + lucia + `","type":"revoke","message_id":"` + gone + `"}`)
	w.wait(2)
	fails("reaction", `{"message_id":"`+gone+`","emoji":"👍"}`, 131009)
	fails("reaction", `{"message_id":"wamid.none","emoji":"👍"}`, 131009)
	if got := w.sendTo("34910500100"); got != 131021 {
		t.Errorf("to itself: %d", got)
	}
}

// Phones that the shop doesn't see are left out, or empty: everywhere the same.
func TestHiddenPhonesAreAbsentOrBlank(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noLimits)
	w.run()
	w.control("/control/customers", `{"phone":"34600550177","user_id":"ES.1ghi","phone_hidden":true}`)
	for faults, blank := range map[string]bool{`{}`: false, `{"blank_phones":true}`: true} {
		w.control("/control/faults", faults)
		w.act(`{"customer":"ES.1ghi","type":"text","text":"hola"}`)
		_, answer := w.ask(http.MethodPost, sendURL, `{"messaging_product":"whatsapp","recipient":"ES.1ghi","text":{"body":"x"}}`)
		came := w.waitRaw(3)
		for path, fields := range map[string]raw{
			"messages.0.from_user_id / from": came[0], "contacts.0.user_id / wa_id": came[0],
			"statuses.0.recipient_user_id / recipient_id": came[1], "contacts.0.user_id / wa_id of a status": came[2], "contacts.0.user_id / wa_id of an answer": answer,
		} {
			id, key, _ := strings.Cut(path, " / ")
			key, _, _ = strings.Cut(key, " ")
			list, _, _ := strings.Cut(path, ".")
			object := fields[list].([]any)[0].(map[string]any)
			phone, there := object[key]
			if fields.str(id) != "ES.1ghi" || there != blank || there && phone != "" {
				t.Errorf("%s, %s: %v", faults, path, object)
			}
		}
	}
}

func TestAWebhookCanBeLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.run()
		w.control("/control/faults", `{"delay_ms":90000}`)
		began := time.Now()
		w.say(lucia, "tarde")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if len(w.at) != 1 || w.at[0].Sub(began) != 90*time.Second {
			t.Errorf("came at %v", w.at)
		}
	})
}

// Each way of a bad signature comes once, before the webhook as it should be.
func TestSignaturesCanBeBad(t *testing.T) {
	t.Parallel()
	for how, taken := range map[string]int{"wrong": 0, "missing": 0, "body": 1} {
		type delivery struct{ signature, body string }
		var came []delivery
		shop := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			came = append(came, delivery{r.Header.Get("X-Hub-Signature-256"), readAll(t, r)})
			if len(came) == 1 && taken == 0 {
				rw.WriteHeader(http.StatusUnauthorized)
			}
		}))
		w := newWorld(t, func(c *cloudsim.Config) { c.WebhookURL, c.HTTP, c.VerifyToken = shop.URL, nil, "" })
		stop := w.run()
		w.control("/control/faults", `{"bad_signature":"`+how+`"}`)
		w.say(lucia, "hola")
		for w.control("/control/stats", "")["delivered"] != 1.0 {
			time.Sleep(time.Millisecond)
		}
		stop()
		shop.Close()
		if len(came) != 2 {
			t.Fatalf("%s: %d deliveries", how, len(came))
		}
		good := signature(came[1].body)
		if came[1].signature != good || signature(came[0].body) == came[0].signature || (how == "missing") != (came[0].signature == "") {
			t.Errorf("%s: %+v", how, came)
		}
		want := map[string]any{"delivered": 1.0, "failed": 0.0, "forged": 1.0, "forged_taken": float64(taken), "waiting": 0.0}
		if diff := cmp.Diff(want, w.control("/control/stats", "")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", how, diff)
		}
	}
}

// An error can be answered although the message was taken.
func TestAnErrorAfterAccepting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run()
	w.say(lucia, "hola")
	w.wait(1)
	w.control("/control/faults", `{"send_error":{"status":500,"code":131000,"after_accept":true,"retry_after":7},"next":1}`)
	r := httptest.NewRequest(http.MethodPost, sendURL, strings.NewReader(`{"messaging_product":"whatsapp","to":"`+lucia+`","text":{"body":"x"}}`))
	r.Header.Set("Authorization", "Bearer "+token)
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	if answer.Code != 500 || answer.Header().Get("Retry-After") != "7" {
		t.Errorf("%d %v", answer.Code, answer.Header())
	}
	if got := w.wait(2)[1].Statuses[0].Status; got != "delivered" {
		t.Errorf("got %s", got)
	}
}

func TestFaultsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, body := range []string{
		`{"rate":2}`, `{"rate":-1}`, `{"batch":1001}`, `{"batch":-1}`, `{"delay_ms":-1}`, `{"next":-1}`, `{"media_status":200}`, `{"status_error":-1}`, `{"bad_signature":"odd"}`,
	} {
		if status, answer := w.post("/control/faults", body); status != http.StatusBadRequest {
			t.Errorf("%s gives %d %s", body, status, answer)
		}
	}
}
