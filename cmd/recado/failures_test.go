package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

// TestFieldFailures has a row for each failure that others had in the field, by its
// number in the list of the channel's facts. Each row is a customer of its own at one
// running gateway.
func TestFieldFailures(t *testing.T) {
	t.Parallel()
	s := serve(t, map[string]string{"WHATSAPP_BUSINESS_ACCOUNT_ID": cloudsim.DefaultAccountID(testNumber)})
	s.eventually("templates", func() bool {
		var page struct{ Templates []any }
		return s.call("GET", "/templates", nil, &page) == http.StatusOK && len(page.Templates) > 0
	})
	for i, row := range fieldFailures() {
		t.Run(fmt.Sprintf("%02d %s", i+1, row.name), func(t *testing.T) {
			row.test(t, s.on(t), fmt.Sprintf("346009000%02d", i+1))
			s.on(t).control("faults", `{}`)
		})
	}
}

type fieldFailure struct {
	name string
	test func(t *testing.T, s *shop, phone string)
}

const question = "¿Cuánto tardan los reembolsos?"

func fieldFailures() []fieldFailure {
	return []fieldFailure{
		{"duplicates give double answers", failDuplicates},
		{"the signature is of other bytes", failSignature},
		{"only the first message of a webhook is handled", failFirstOnly},
		{"one poison item blocks all", failPoison},
		{"the address of a file has expired", failMediaExpired},
		{"statuses come out of order", failStatusOrder},
		{"a status comes before the send is answered", failEarlyStatus},
		{"delivered and failed for one message", failDeliveredThenFailed},
		{"a late failure is invisible", failLateFailure},
		{"the window counts from the wrong clock", failWindowClock},
		{"an album gets several answers", failAlbum},
		{"a customer without a phone is dropped", failNoPhone},
		{"unsupported content is lost", failUnsupported},
		{"numbers of Brazil, Mexico and Argentina split contacts", failNinthDigit},
		{"opus audio is refused", failOpus},
		{"long titles are refused", failLongTitles},
		{"a chatty bot breaks the pair limit", failPairLimit},
		{"the account is not subscribed", failNotSubscribed},
		{"statuses and own messages trigger the bot", failLoop},
		{"template values are wrong", failTemplateValues},
		{"parts arrive out of order", failPartOrder},
		{"a firewall asks the channel for more", failFirewall},
		{"Markdown and long replies", failMarkdown},
		{"a message that fails blocks those behind it", failHeadOfLine},
		{"the token is revoked and nobody notices", failToken},
		{"the bot answers after a person took over", failTakeover},
		{"business to business is unsupported", failBusiness},
	}
}

func failDuplicates(t *testing.T, s *shop, phone string) {
	s.control("faults", `{"duplicate":true}`)
	s.say(phone, question)
	s.settled(phone, 1)
	if in, out := s.ins(phone), s.phone(phone); len(in) != 1 || len(out) != 1 {
		t.Errorf("%d in, %d on the phone", len(in), len(out))
	}
}

func failSignature(t *testing.T, s *shop, phone string) {
	body := wire(`"messages":[` + strings.Replace(textItem(phone, "wamid.f02", "a@b.es ñ/😀", time.Now()), "/", `\/`, 1) + `]`)
	escaped := bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("ñ"), []byte(`\u00f1`)), []byte("@"), []byte(`\u0040`))
	if code := s.post(escaped, testSecret); code != http.StatusOK {
		t.Errorf("signed as it came: %d", code)
	}
	if got := s.ins(phone); len(got) != 1 || got[0].Text != "a@b.es ñ/😀" {
		t.Errorf("read as %+v", got)
	}
	if code := s.post(body, "other"); code != http.StatusUnauthorized {
		t.Errorf("signed by somebody else: %d", code)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		s.url+"/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify-me", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if challenge, err := io.ReadAll(response.Body); err != nil || string(challenge) != "1158201444" {
		t.Errorf("the unsigned question got %q, %v", challenge, err)
	}
}

func failFirstOnly(t *testing.T, s *shop, phone string) {
	var entries []string
	for e := range 2 {
		var changes []string
		for c := range 2 {
			first, second := fmt.Sprintf("wamid.f03.%d.%d.a", e, c), fmt.Sprintf("wamid.f03.%d.%d.b", e, c)
			changes = append(changes, change(`"messages":[`+textItem(phone, first, first, time.Now())+`,`+textItem(phone, second, second, time.Now())+`]`))
		}
		entries = append(entries, `{"id":"1","changes":[`+strings.Join(changes, ",")+`]}`)
	}
	body := `{"object":"whatsapp_business_account","entry":[` + strings.Join(entries, ",") + `]}`
	if code := s.post([]byte(body), testSecret); code != http.StatusOK {
		t.Fatal(code)
	}
	s.eventually("eight messages", func() bool { return len(s.ins(phone)) == 8 })
}

func failPoison(t *testing.T, s *shop, phone string) {
	items := []string{
		textItem(phone, "wamid.f04.a", "antes", time.Now()),
		`{"id":5,"type":{"no":"word"},"from":["x"]}`, `null`, `"text"`, `{"from":"` + phone + `","id":"wamid.f04.x","type":"image","image":"not an object"}`,
		fmt.Sprintf(`{"from":%q,"id":%q,"type":"text","text":{"body":"x"}}`, phone, "wamid."+strings.Repeat("x", 5000)),
		strings.Replace(textItem(phone, "wamid.f04.b", "después", time.Now()), `"type"`, `"novelty":{"x":[1]},"type"`, 1),
	}
	if code := s.post(wire(`"contacts":[{"wa_id":"`+phone+`"}],"messages":[`+strings.Join(items, ",")+`]`), testSecret); code != http.StatusOK {
		t.Fatal(code)
	}
	s.eventually("both neighbours", func() bool {
		var texts []string
		for _, m := range s.ins(phone) {
			texts = append(texts, m.Text)
		}
		return slices.Contains(texts, "antes") && slices.Contains(texts, "después")
	})
}

func failMediaExpired(t *testing.T, s *shop, phone string) {
	s.control("faults", `{"media_status":404,"next":1}`)
	s.act(cloudsim.Action{Customer: phone, Type: "image", Text: "así ha llegado", Data: photo(t), MIMEType: "image/png"})
	var file string
	s.eventually("the file", func() bool {
		in := s.ins(phone)
		if len(in) != 1 {
			return false
		}
		m := in[0].in(t).Media
		if m == nil || m.State != "stored" {
			return false
		}
		file = m.FileID
		return m.Type == "image/png"
	})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/api/v1/files/"+file+"/content", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+testToken)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	head := make([]byte, 8)
	if _, err := io.ReadFull(response.Body, head); err != nil || string(head) != "\x89PNG\r\n\x1a\n" {
		t.Errorf("the content begins with %q, %v", head, err)
	}
	if h := s.handoff(phone); h.Reason != "media" {
		t.Errorf("handed over for %s", h.Reason)
	}
}

// statusBody is a webhook with one status.
func statusBody(id, state, more string) []byte {
	return wire(fmt.Sprintf(`"statuses":[{"id":%q,"status":%q,"timestamp":"%d","recipient_id":"1"%s}]`, id, state, time.Now().Unix(), more))
}

func failStatusOrder(t *testing.T, s *shop, phone string) {
	s.control("faults", `{"drop_status":true}`)
	s.say(phone, question)
	first := s.answer(phone, 1)
	if first.Status != "sent" {
		t.Fatalf("the status is %s", first.Status)
	}
	id := s.outs(phone)[0].ProviderID
	for _, state := range []string{"read", "delivered", "sent", "deleted", "novelty"} {
		if code := s.post(statusBody(id, state, ""), testSecret); code != http.StatusOK {
			t.Errorf("%s: %d", state, code)
		}
	}
	if code := s.post(statusBody("wamid.of-nobody", "delivered", ""), testSecret); code != http.StatusOK {
		t.Errorf("an unknown message: %d", code)
	}
	s.eventually("read", func() bool { return s.outs(phone)[0].Status == "read" })
	s.say(phone, "gracias")
	s.answer(phone, 2)
	if got := s.outs(phone)[0].Status; got != "read" {
		t.Errorf("later it is %s", got)
	}
}

func failEarlyStatus(t *testing.T, s *shop, phone string) {
	s.control("faults", `{"send_timeout_after_accept":true,"next":1}`)
	s.say(phone, question)
	if out := s.settled(phone, 1); out[0].ProviderID == "" || out[0].Status == "failed" {
		t.Errorf("the message is %+v", out[0])
	}
	if got := s.phone(phone); len(got) != 1 {
		t.Errorf("%d messages on the phone", len(got))
	}
}

func failDeliveredThenFailed(t *testing.T, s *shop, phone string) {
	s.say(phone, question)
	out := s.settled(phone, 1)
	late := `,"errors":[{"code":131026,"title":"Message undeliverable","error_data":{"details":"Message Undeliverable."}}]`
	if code := s.post(statusBody(out[0].ProviderID, "failed", late), testSecret); code != http.StatusOK {
		t.Fatal(code)
	}
	s.say(phone, "gracias")
	s.settled(phone, 2)
	if got := s.outs(phone); len(got) != 2 || got[0].Status == "failed" {
		t.Errorf("the messages are %+v", got)
	}
	if got := s.phone(phone); len(got) != 2 {
		t.Errorf("%d messages on the phone", len(got))
	}
}

func failLateFailure(t *testing.T, s *shop, phone string) {
	s.control("faults", `{"unreachable":["`+phone+`"]}`)
	s.say(phone, question)
	out := s.settled(phone, 1)
	if e := out[0].Error; out[0].Status != "failed" || e == nil || e.Code != 131026 || e.Class != gateway.ErrorUnreachable || e.Detail == "" {
		t.Errorf("the agent sees %+v, %+v", out[0], e)
	}
	if h := s.handoff(phone); h.Reason != "send_failed" {
		t.Errorf("handed over for %s", h.Reason)
	}
	var page struct {
		Conversation struct{ Unreachable *struct{ Code int } }
	}
	s.call("GET", "/conversations/"+s.conversation(phone).ID, nil, &page)
	if page.Conversation.Unreachable == nil || page.Conversation.Unreachable.Code != 131026 {
		t.Errorf("the contact is not marked: %+v", page)
	}
}

func failWindowClock(t *testing.T, s *shop, phone string) {
	late := textItem(phone, "wamid.f10", question, time.Now().Add(-25*time.Hour))
	if code := s.post(wire(`"messages":[`+late+`]`), testSecret); code != http.StatusOK {
		t.Fatal(code)
	}
	h := s.handoff(phone)
	if h.Reason != "window_closed" || len(s.outs(phone)) != 0 {
		t.Errorf("handed over for %s, %d messages out", h.Reason, len(s.outs(phone)))
	}
	if code, message := s.reply(h.ID, map[string]any{"text": "Hola"}); code != http.StatusConflict {
		t.Errorf("free text: %d %s", code, message)
	}
	s.send(h.ID, map[string]any{"content": map[string]any{
		"kind": "template", "template": map[string]any{"name": "agent_reply_available", "language": "es"},
	}})
	s.eventually("the template", func() bool { out := s.outs(phone); return len(out) == 1 && out[0].Status != "queued" })
	failLateWindow(t, phone)
}

// failLateWindow has the channel take a message and say afterwards that the window was
// closed, as it mostly does.
func failLateWindow(t *testing.T, phone string) {
	t.Helper()
	s := serve(t, map[string]string{
		"WHATSAPP_BUSINESS_ACCOUNT_ID": cloudsim.DefaultAccountID(testNumber), "RECADO_REOPEN_TEMPLATE": "agent_reply_available",
	})
	s.eventually("templates", func() bool {
		var page struct{ Templates []any }
		return s.call("GET", "/templates", nil, &page) == http.StatusOK && len(page.Templates) > 0
	})
	s.control("faults", `{"status_error":131047,"next":1}`)
	s.say(phone, question)
	if h := s.handoff(phone); h.Reason != "window_closed" {
		t.Errorf("handed over for %s", h.Reason)
	}
	if out := s.settled(phone, 2); out[0].Status != "failed" || out[1].Type != "template" || out[1].Status == "failed" {
		t.Errorf("out went %+v", out)
	}
}

func failAlbum(t *testing.T, s *shop, phone string) {
	for range 3 {
		s.act(cloudsim.Action{Customer: phone, Type: "image", Data: photo(t), MIMEType: "image/png"})
	}
	s.say(phone, "¿me devolvéis el dinero?")
	s.handoff(phone)
	s.settled(phone, 1)
	s.eventually("four messages", func() bool { return len(s.ins(phone)) == 4 })
	if got := s.phone(phone); len(got) != 1 {
		t.Errorf("%d answers", len(got))
	}
}

func failNoPhone(t *testing.T, s *shop, phone string) {
	s.control("customers", `{"phone":"`+phone+`","user_id":"ES.failure12","name":"Sin número","phone_hidden":true}`)
	s.say(phone, question)
	var found []seenConversation
	s.eventually("the conversation", func() bool {
		var page struct{ Conversations []seenConversation }
		s.call("GET", "/conversations?contact=ES.failure12", nil, &page)
		found = page.Conversations
		return len(found) == 1
	})
	s.eventually("the answer", func() bool { return len(s.phone(phone)) == 1 })
}

func failUnsupported(t *testing.T, s *shop, phone string) {
	s.act(cloudsim.Action{Customer: phone, Type: "request_welcome"})
	s.act(cloudsim.Action{Customer: phone, Type: "unsupported", Value: "poll"})
	s.act(cloudsim.Action{Customer: phone, Type: "unsupported", Value: "", Code: 131060})
	// The emulator brings what it has in its own time; the form comes last.
	s.eventually("the three before", func() bool { return len(s.ins(phone)) == 3 })
	if h := s.handoff(phone); h.Reason != "unavailable_message" {
		t.Errorf("handed over for %s", h.Reason)
	}
	form := `{"from":"` + phone + `","id":"wamid.f13","timestamp":"` + fmt.Sprint(time.Now().Unix()) + `","type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{\"talla\":\"M\",\"flow_token\":\"t\"}"}}}`
	if code := s.post(wire(`"messages":[`+form+`]`), testSecret); code != http.StatusOK {
		t.Fatal(code)
	}
	s.eventually("all four", func() bool { return len(s.ins(phone)) == 4 })
	var types []string
	for _, m := range s.ins(phone) {
		types = append(types, m.Type)
		if m.Type == "interactive" && !strings.Contains(m.Text, "M") {
			t.Errorf("the form reads %q", m.Text)
		}
	}
	if slices.Sort(types); !slices.Equal(types, []string{"interactive", "request_welcome", "unsupported", "unsupported"}) {
		t.Errorf("the types are %q", types)
	}
}

func failNinthDigit(t *testing.T, s *shop, _ string) {
	for _, phone := range []string{"551187654321", "5215512345678", "5491123456789"} {
		s.say(phone, question)
		out := s.settled(phone, 1)
		if got := s.phone(phone); len(got) != 1 || out[0].Status == "failed" {
			t.Errorf("%s: %d messages on the phone that wrote", phone, len(got))
		}
		s.say(phone, "gracias")
		s.settled(phone, 2) // conversation() fails when there are two
	}
}

// ogg is a file that says it is opus audio.
const ogg = "OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x13OpusHead\x01\x01\x00\x00\x80\xbb\x00\x00\x00\x00\x00"

func failOpus(t *testing.T, s *shop, phone string) {
	s.say(phone, "quiero hablar con una persona")
	h := s.agent(phone)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/v1/files", strings.NewReader(ogg))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+testToken)
	r.Header.Set("Content-Type", "audio/opus")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var file struct{ ID, Type string }
	if err := json.NewDecoder(response.Body).Decode(&file); err != nil {
		t.Fatal(err)
	}
	s.send(h, map[string]any{"content": map[string]any{
		"kind": "audio", "media": map[string]any{"file_id": file.ID, "mime": "audio/opus", "voice": true},
	}})
	if out := s.settled(phone, 2); out[1].Status == "failed" {
		t.Errorf("refused: %+v", out[1].Error)
	}
}

func failLongTitles(t *testing.T, s *shop, phone string) {
	s.say(phone, "quiero hablar con una persona")
	h := s.agent(phone)
	long := strings.Repeat("ñandú 😀 ", 20)
	s.send(h, map[string]any{"text": "Elige", "content": map[string]any{
		"kind": "buttons", "footer": long, "header": long,
		"buttons": []map[string]string{{"id": "a", "title": long + "a"}, {"id": "b", "title": long + "b"}},
	}})
	s.send(h, map[string]any{"text": "Elige", "content": map[string]any{
		"kind": "list", "list": map[string]any{"open": long, "sections": []map[string]any{{"rows": []map[string]string{
			{"id": "a", "title": long + "a", "description": long + long}, {"id": "b", "title": long + "b"},
		}}}},
	}})
	for _, m := range s.settled(phone, 3) {
		if m.Status == "failed" || !utf8.ValidString(m.Text) {
			t.Errorf("refused: %+v", m.Error)
		}
	}
}

func failPairLimit(t *testing.T, s *shop, phone string) {
	s.say(phone, "quiero hablar con una persona")
	h := s.agent(phone)
	for i := range 50 {
		s.send(h, map[string]any{"text": fmt.Sprintf("Mensaje %d", i)})
	}
	s.eventually("the burst", func() bool { return len(s.phone(phone)) >= 44 })
	for _, m := range s.outs(phone) {
		if m.Error != nil {
			t.Errorf("the channel refused one with %d", m.Error.Code)
		}
	}
	if n := len(s.phone(phone)); n > 45 {
		t.Errorf("%d messages within the first seconds", n)
	}
}

func failNotSubscribed(t *testing.T, s *shop, _ string) {
	account := "/v25.0/" + cloudsim.DefaultAccountID(testNumber) + "/subscribed_apps"
	if code := s.ask("DELETE", account, "", nil); code != http.StatusOK {
		t.Fatalf("unsubscribe: %d", code)
	}
	defer s.ask("POST", account, "", nil)
	graph := httptest.NewServer(s.sim)
	defer graph.Close()
	env := map[string]string{
		"RECADO_DATA": t.TempDir(), "WHATSAPP_API_URL": graph.URL + "/v25.0", "WHATSAPP_ACCESS_TOKEN": "send-token",
		"WHATSAPP_PHONE_NUMBER_ID": testNumber, "WHATSAPP_BUSINESS_ACCOUNT_ID": cloudsim.DefaultAccountID(testNumber),
	}
	var out bytes.Buffer
	code := run(context.Background(), console{in: strings.NewReader(""), out: &out, err: io.Discard, env: func(k string) string { return env[k] }}, []string{"doctor", "--json"})
	var report struct {
		Findings []struct{ Name, Level, Text string }
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		if f.Name == "subscription" && f.Level == "fail" && code != exitOK {
			return
		}
	}
	t.Errorf("the doctor says nothing of it (status %d): %s", code, out.String())
}

func failLoop(t *testing.T, s *shop, phone string) {
	own := fmt.Sprintf(`{"from":"15550783881","id":"wamid.f19","timestamp":"%d","type":"text","text":{"body":"hola"}}`, time.Now().Unix())
	for _, body := range [][]byte{wire(`"messages":[` + own + `]`), statusBody("wamid.f19.x", "delivered", ""), statusBody("wamid.f19.x", "read", "")} {
		if code := s.post(body, testSecret); code != http.StatusOK {
			t.Fatal(code)
		}
	}
	s.say(phone, question)
	s.settled(phone, 1)
	for _, own := range []string{"15550783881", "1"} {
		var page struct{ Conversations []seenConversation }
		if s.call("GET", "/conversations?contact="+own, nil, &page); len(page.Conversations) != 0 {
			t.Errorf("a conversation with %s", own)
		}
	}
}

func failTemplateValues(t *testing.T, s *shop, phone string) {
	s.say(phone, "quiero hablar con una persona")
	h := s.agent(phone)
	template := func(name string, values ...map[string]string) map[string]any {
		return map[string]any{"content": map[string]any{
			"kind": "template", "template": map[string]any{"name": name, "language": "es", "body": values},
		}}
	}
	for name, body := range map[string]map[string]any{
		"too few":      template("order_update"),
		"too many":     template("order_update", map[string]string{"text": "A"}, map[string]string{"text": "B"}),
		"named":        template("order_update", map[string]string{"text": "A", "name": "order"}),
		"not named":    template("order_shipped", map[string]string{"text": "A"}, map[string]string{"text": "B"}),
		"a line break": template("order_update", map[string]string{"text": "A\nB"}),
		"empty":        template("order_update", map[string]string{"text": " "}),
		"unknown":      template("no_such_template"),
	} {
		if code, message := s.reply(h, body); code < 400 || code >= 500 || message == "" {
			t.Errorf("%s: %d %q", name, code, message)
		}
	}
	s.send(h, template("order_update", map[string]string{"text": "#W2024117"}))
	out := s.settled(phone, 2)
	if len(out) != 2 || out[1].Status == "failed" || !strings.Contains(out[1].Text, "#W2024117") {
		t.Errorf("out went %+v", out)
	}
}

func failPartOrder(t *testing.T, s *shop, phone string) {
	s.say(phone, "quiero hablar con una persona")
	h := s.agent(phone)
	s.send(h, map[string]any{"text": "La foto", "content": map[string]any{
		"kind": "image", "media": map[string]any{"url": "https://shop.example/photo.png"},
	}})
	for i := range 5 {
		s.send(h, map[string]any{"text": fmt.Sprint(i)})
	}
	s.settled(phone, 7)
	var order []string
	for _, m := range s.phone(phone)[1:] {
		order = append(order, m.Text)
	}
	if want := []string{"La foto", "0", "1", "2", "3", "4"}; !slices.Equal(order, want) {
		t.Errorf("they came as %q", order)
	}
}

func failFirewall(t *testing.T, s *shop, phone string) {
	body := wire(`"messages":[` + textItem(phone, "wamid.f22", "hola", time.Now()) + `]`)
	// The channel brings a signature and nothing else: no cookie, no token.
	if code := s.post(body, testSecret); code != http.StatusOK {
		t.Errorf("the bare request: %d", code)
	}
	s.eventually("the message", func() bool { return len(s.ins(phone)) == 1 })
}

func failMarkdown(t *testing.T, s *shop, phone string) {
	s.say(phone, "quiero hablar con una persona")
	h := s.agent(phone)
	s.send(h, map[string]any{"text": "# Envío\n**gratis** y ~~caro~~ [aquí](https://shop.example)"})
	s.send(h, map[string]any{"text": strings.Repeat("ñ", gateway.MaxText)})
	s.settled(phone, 3)
	got := s.phone(phone)
	if want := "*Envío*\n*gratis* y ~caro~ aquí: https://shop.example"; got[1].Text != want {
		t.Errorf("the phone shows %q", got[1].Text)
	}
	if n := utf8.RuneCountInString(got[2].Text); n != gateway.MaxText {
		t.Errorf("the long one has %d characters", n)
	}
	if code, message := s.reply(h, map[string]any{"text": strings.Repeat("ñ", gateway.MaxText+1)}); code != http.StatusBadRequest || message == "" {
		t.Errorf("a longer one: %d %q", code, message)
	}
}

func failHeadOfLine(t *testing.T, s *shop, phone string) {
	s.say(phone, "quiero hablar con una persona")
	h := s.agent(phone)
	s.control("faults", `{"send_error":{"status":400,"code":131009},"next":1}`)
	s.send(h, map[string]any{"text": "la primera"})
	s.eventually("the refusal", func() bool { out := s.outs(phone); return len(out) == 2 && out[1].Status == "failed" })
	s.send(h, map[string]any{"text": "la segunda"})
	s.send(h, map[string]any{"text": "la primera"})
	out := s.settled(phone, 4)
	if out[2].Status == "failed" || out[3].ID == out[1].ID || out[1].Error == nil || out[1].Error.Code != 131009 {
		t.Errorf("out went %+v", out)
	}
}

func failToken(t *testing.T, s *shop, phone string) {
	// The number's circuit stays open for a while: this row has a gateway of its own.
	own := serve(t, nil)
	own.control("faults", `{"send_error":{"status":401,"code":190}}`)
	own.say(phone, question)
	own.eventually("the alarm", func() bool {
		var page struct {
			Alerts []struct{ Kind, Level, State string }
		}
		own.call("GET", "/alerts", nil, &page)
		return len(page.Alerts) == 1 && page.Alerts[0].Kind == "circuit" && page.Alerts[0].Level == "critical"
	})
	own.say("34600900099", question)
	own.eventually("the inbox", func() bool { return len(own.ins("34600900099")) == 1 && len(own.outs("34600900099")) == 1 })
	// A sender holds it for the moment in which it asks the circuit, and gives it back untried.
	own.eventually("the other message back in the queue", func() bool {
		got := own.outs("34600900099")[0]
		return got.Status == "queued" && got.ProviderID == "" && got.Error == nil
	})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, own.url+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(text), `recado_circuit_open{channel="`+testNumber+`"} 1`) {
		t.Errorf("the metrics don't say so: %v", err)
	}
}

func failTakeover(t *testing.T, s *shop, phone string) {
	s.say(phone, question)
	s.settled(phone, 1)
	s.control("echo", `{"customer":"`+phone+`","text":"Hola, soy Ana"}`)
	s.eventually("the takeover", func() bool { return s.conversation(phone).Mode == "agent" })
	s.say(phone, question)
	s.eventually("both messages", func() bool { return len(s.ins(phone)) >= 2 })
	s.eventually("a quiet turn", func() bool {
		var page struct {
			Turns []struct{ Decision struct{ Kind, Rule string } }
		}
		s.call("GET", "/conversations/"+s.conversation(phone).ID+"/turns", nil, &page)
		return len(page.Turns) > 0 && page.Turns[len(page.Turns)-1].Decision.Rule == "human_owns"
	})
	said := slices.DeleteFunc(s.outs(phone), func(m fullMessage) bool { return m.Author != "bot" })
	if len(said) != 1 {
		t.Errorf("the bot wrote %d messages", len(said))
	}
}

func failBusiness(t *testing.T, s *shop, phone string) {
	s.act(cloudsim.Action{Customer: phone, Type: "unsupported", Value: "unknown"})
	s.eventually("the message", func() bool { return len(s.ins(phone)) == 1 })
	if p := s.ins(phone)[0].in(t).Problem; p == nil || p.Code != 131051 {
		t.Errorf("the problem is %+v", p)
	}
	if out := s.settled(phone, 1); !strings.Contains(out[0].Text, "texto") {
		t.Errorf("the customer hears %q", out[0].Text)
	}
}
