package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/confidence"
	"github.com/recado/recado/rag/llm/llmtest"
)

// What a customer lets us know in the privacy test, each of it found nowhere else.
const (
	markedWord     = "zarzaparrilla"
	markedMail     = "clara.marca@correo-marcado.es"
	markedCard     = "4111 1111 1111 1111"
	markedPassword = "girasol77"
	markedStreet   = "Calle del Alfarero 93"
	markedOrder    = "W7704411"
)

// recorder keeps what several goroutines write.
type recorder struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.Write(p)
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.String()
}

// placeholder is how the address of a change stands in a prompt.
var placeholder = regexp.MustCompile(`\[\[ADDRESS_[0-9]+\]\]`)

// assistant is a model that wants the address changed where the prompt speaks of one, is
// broken where it speaks of an explosion, and repeats to whoever reads its errors all that
// it was asked.
func assistant() llmtest.Step {
	return func(w http.ResponseWriter, r *http.Request) {
		said := prompted(llmtest.Read(r))
		draft := map[string]any{"answer": "", "citations": []string{}, "orders": []string{}, "language": "es", "needs_human": true, "missing": "", "small_talk": false}
		address := placeholder.FindString(said)
		switch {
		case strings.Contains(said, "explota"):
			body, _ := json.Marshal(map[string]any{"error": map[string]any{"message": said, "type": "server_error"}})
			llmtest.Raw(http.StatusInternalServerError, string(body))(w, r)
			return
		case address != "" && !strings.Contains(said, markedWord):
			draft["needs_human"] = false
			draft["actions"] = []any{map[string]any{"name": "change_address", "order": markedOrder, "address": address}}
		}
		text, err := json.Marshal(draft)
		if err != nil {
			panic(err)
		}
		llmtest.Say(string(text))(w, r)
	}
}

// command waits for the n-th command that the shop's system can read.
func (s *shop) command(client *redis.Client, n int) gateway.Command {
	s.t.Helper()
	var c gateway.Command
	s.eventually(fmt.Sprintf("command %d", n), func() bool {
		list, err := client.XRange(s.t.Context(), "recado:commands", "-", "+").Result()
		if err != nil {
			s.t.Fatal(err)
		}
		if len(list) == 0 {
			return false
		}
		c, err = orders.DecodeCommand(list[len(list)-1].Values)
		return err == nil && (c.Call.Kind == action.SendCode) == (n == 1)
	})
	return c
}

// receipt is the shop's system's word on a command.
func (s *shop) receipt(client *redis.Client, c gateway.Command) {
	s.t.Helper()
	values, err := orders.EncodeReceipt(action.Receipt{ID: "r-" + c.ID, CommandID: c.ID, Kind: c.Call.Kind, Order: c.Call.Order, Outcome: action.Done, At: time.Now()})
	if err == nil {
		err = client.XAdd(s.t.Context(), &redis.XAddArgs{Stream: "recado:receipts", Values: values}).Err()
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// fittedWith is a file with the demo shop's calibration as if it had been fitted with a
// model, so that changes may be proposed.
func fittedWith(t *testing.T, model string) string {
	t.Helper()
	c, err := confidence.Default()
	if err != nil {
		t.Fatal(err)
	}
	c.Model = model
	path := filepath.Join(t.TempDir(), "calibration.json")
	f, err := os.Create(path)
	if err == nil {
		err = errors.Join(c.Write(f), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPrivacy takes a customer through a whole `recado serve`: a question with a card and a
// password in it, a change of an address with a one-time code, the receipt, a model that
// fails, and a person. Then everything that others can read is searched for what they let
// us know.
func TestPrivacy(t *testing.T) {
	t.Parallel()
	redisURL := testservices.Redis(t)
	rules := filepath.Join(t.TempDir(), "actions.yaml")
	if err := os.WriteFile(rules, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	model, log := llmtest.New(t, assistant()), &recorder{}
	s := serveTo(t, map[string]string{
		"REDIS_URL": redisURL, "RECADO_ACTIONS": rules, "OPENAI_BASE_URL": model.URL(), "OPENAI_API_KEY": "k", "RECADO_CHAT_MODEL": "m",
		"RECADO_CALIBRATION": fittedWith(t, "m"),
	}, log)
	options, err := redis.ParseURL(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	doc := json.RawMessage(`{"number": "` + markedOrder + `", "customer": {"phone": "` + demoshop.DemoPhone + `", "name": "` + demoshop.DemoName + `", "email": "` + markedMail + `"},
		"status": "processing", "placed_at": "` + time.Now().Format(time.DateOnly) + `", "items": [{"name": "Botijo", "quantity": 1, "price": "20.00", "currency": "EUR"}]}`)
	if code := s.call("PUT", "/orders", []json.RawMessage{doc}, nil); code != http.StatusOK {
		t.Fatalf("PUT /orders: %d", code)
	}
	code := s.confide(client)
	secrets := []string{markedCard, "4111111111111111", markedPassword, code}
	who := []string{"34600550101", "600550101", demoshop.DemoName, "Lucía", "wamid", markedMail, markedStreet}
	private := append(append([]string{markedWord}, secrets...), who...)
	lacks(t, "the log", log.String(), private...)
	lacks(t, "/metrics", s.metrics(), private...)
	prompts, err := json.Marshal(model.Requests())
	if err != nil {
		t.Fatal(err)
	}
	lacks(t, "a prompt", string(prompts), append(secrets, who...)...)
	if !strings.Contains(string(prompts), markedWord) || model.Asked() < 3 {
		t.Errorf("the model was asked %d times, and not what the customer asked", model.Asked())
	}
	for _, kept := range []string{"/turns", "/commands"} {
		var page json.RawMessage
		s.call("GET", "/conversations/"+s.conversation(demoshop.DemoPhone).ID+kept, nil, &page)
		lacks(t, kept, string(page), append(secrets, "wamid")...)
		if kept == "/turns" && (!strings.Contains(string(page), "[[CARD_1]]") || !strings.Contains(string(page), "[código de un solo uso]") || !strings.Contains(string(page), markedWord)) {
			t.Error("the records do not hold what was said, masked")
		}
	}
	var queue json.RawMessage
	s.call("GET", "/handoffs", nil, &queue)
	lacks(t, "a handoff", string(queue), append(secrets, "wamid")...)
}

// confide has the customer tell all of it, and gives the one-time code that they were sent.
func (s *shop) confide(client *redis.Client) (code string) {
	s.t.Helper()
	s.say(demoshop.DemoPhone, "Soy "+demoshop.DemoName+", mi correo es "+markedMail+". Quiero que el pedido "+markedOrder+" se envíe a "+markedStreet+", 28004 Madrid")
	s.says(1, "6 cifras del código")
	sent := s.command(client, 1)
	s.receipt(client, sent)
	s.say(demoshop.DemoPhone, sent.Secret)
	s.says(2, markedStreet)
	s.say(demoshop.DemoPhone, "sí")
	s.says(3, "Lo he pasado a la tienda")
	s.receipt(client, s.command(client, 2))
	s.says(4, markedOrder)
	s.say(demoshop.DemoPhone, "¿Cuánto tarda el reembolso de un pedido de "+markedWord+"? Mi tarjeta es "+markedCard+" y mi contraseña es "+markedPassword)
	s.says(5, "")
	s.back()
	s.say(demoshop.DemoPhone, "¿Cuánto tarda el envío de "+markedWord+" si explota?")
	s.says(6, "")
	return sent.Secret
}

// says waits for the n-th message to the customer and holds that it says something.
func (s *shop) says(n int, what string) {
	s.t.Helper()
	if got := s.answer(demoshop.DemoPhone, n); !strings.Contains(got.Text, what) {
		s.t.Fatalf("message %d is %q, without %q", n, got.Text, what)
	}
}

// back gives the conversation back to the bot.
func (s *shop) back() {
	s.t.Helper()
	h := s.handoff(strings.TrimPrefix(demoshop.DemoPhone, "+"))
	if code := s.call("POST", "/handoffs/"+h.ID+"/return", map[string]string{"agent": "ana"}, nil); code != http.StatusOK {
		s.t.Fatalf("return: %d", code)
	}
}

// metrics are the counters as they are served.
func (s *shop) metrics() string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/metrics", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+testToken)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(text), "recado_turns_total") {
		s.t.Fatalf("no metrics: %v", err)
	}
	return string(text)
}

// lacks fails for each mark that a text holds, with what stands around it.
func lacks(t *testing.T, where, text string, marks ...string) {
	t.Helper()
	for _, mark := range marks {
		if at := strings.Index(text, mark); at >= 0 {
			t.Errorf("%s holds %q: …%s…", where, mark, text[max(0, at-120):min(len(text), at+len(mark)+60)])
		}
	}
}
