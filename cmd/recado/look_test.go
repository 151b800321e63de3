package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

// fullMessage is a message with its content, as the API shows it.
type fullMessage struct {
	ID, Direction, Author, Type, Text, Status string
	ProviderID                                string `json:"provider_id"`
	Content                                   json.RawMessage
	Quoted                                    *gateway.Quote
	Error                                     *gateway.SendError
}

// incoming is the content of a message that came in.
type incoming struct {
	Media *struct {
		State, Type string
		FileID      string `json:"file_id"`
		Error       *gateway.SendError
	}
	Form             json.RawMessage
	Problem          *gateway.SendError
	Deleted, Edited  bool
	Choice, Location map[string]any
}

func (m fullMessage) in(t *testing.T) incoming {
	t.Helper()
	var c incoming
	if len(m.Content) > 0 {
		if err := json.Unmarshal(m.Content, &c); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// on is the same shop for another test.
func (s *shop) on(t *testing.T) *shop { return &shop{t: t, url: s.url, sim: s.sim} }

// ask asks the emulator.
func (s *shop) ask(method, path, body string, into any) int {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer send-token")
	w := httptest.NewRecorder()
	s.sim.ServeHTTP(w, r)
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			s.t.Fatalf("%s %s: %s", method, path, w.Body)
		}
	}
	return w.Code
}

// control tells the emulator how to behave.
func (s *shop) control(path, body string) {
	s.t.Helper()
	if code := s.ask("POST", "/control/"+path, body, nil); code != http.StatusOK && code != http.StatusNoContent {
		s.t.Fatalf("POST /control/%s: %d", path, code)
	}
}

func (s *shop) act(a cloudsim.Action) string {
	s.t.Helper()
	id, err := s.sim.Act(s.t.Context(), a)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// phoneMessage is what the customer's phone shows.
type phoneMessage struct{ ID, From, Type, Text, Status, Quotes string }

// phone gives the shop's messages on a customer's phone.
func (s *shop) phone(customer string) []phoneMessage {
	s.t.Helper()
	var page struct{ Messages []phoneMessage }
	s.ask("GET", "/control/messages?customer="+customer, "", &page)
	return slices.DeleteFunc(page.Messages, func(m phoneMessage) bool { return m.From != "shop" })
}

// contact is a customer as the API finds one, in all its messages.
func (s *shop) full(contact string) []fullMessage {
	s.t.Helper()
	var page struct{ Messages []fullMessage }
	s.call("GET", "/conversations/"+s.conversation(contact).ID+"/messages?limit=200", nil, &page)
	return page.Messages
}

func (s *shop) ins(contact string) []fullMessage {
	s.t.Helper()
	return slices.DeleteFunc(s.full(contact), func(m fullMessage) bool { return m.Direction != "in" })
}

func (s *shop) outs(contact string) []fullMessage {
	s.t.Helper()
	return slices.DeleteFunc(s.full(contact), func(m fullMessage) bool { return m.Direction != "out" })
}

// settled waits until so many messages went out and the last of them has a status of
// delivered or read, or failed.
func (s *shop) settled(contact string, n int) []fullMessage {
	s.t.Helper()
	var out []fullMessage
	s.eventually(fmt.Sprintf("%d messages out", n), func() bool {
		out = s.outs(contact)
		return len(out) >= n && slices.Contains([]string{"delivered", "read", "failed"}, out[n-1].Status)
	})
	return out
}

type seenHandoff struct{ ID, Reason, State, Contact string }

// handoff waits for the open handoff of a contact.
func (s *shop) handoff(contact string) seenHandoff {
	s.t.Helper()
	var found seenHandoff
	s.eventually("a handoff", func() bool {
		for _, state := range []string{"queued", "claimed"} {
			var page struct{ Handoffs []seenHandoff }
			s.call("GET", "/handoffs?limit=200&state="+state, nil, &page)
			for _, h := range page.Handoffs {
				if strings.TrimPrefix(h.Contact, "+") == contact {
					found = h
				}
			}
		}
		return found.ID != ""
	})
	return found
}

// agent waits for the handoff of a contact whom the bot has told so: what the bot has
// not sent when an agent writes is not sent any more.
func (s *shop) agent(contact string) string {
	s.t.Helper()
	s.settled(contact, 1)
	return s.handoff(contact).ID
}

// reply has Ana send what stands in the body.
func (s *shop) reply(handoff string, body map[string]any) (code int, message string) {
	s.t.Helper()
	body["agent"] = "ana"
	var answer struct{ Error struct{ Message string } }
	code = s.call("POST", "/handoffs/"+handoff+"/reply", body, &answer)
	return code, answer.Error.Message
}

// send has Ana send what has to be taken.
func (s *shop) send(handoff string, body map[string]any) {
	s.t.Helper()
	if code, message := s.reply(handoff, body); code != http.StatusOK {
		s.t.Fatalf("reply: %d %s", code, message)
	}
}

// wire is a webhook of one change of the field "messages".
func wire(value string) []byte {
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[%s]}]}`, change(value))
}

func change(value string) string {
	return `{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"` + testNumber + `"},` + value + `}}`
}

func textItem(phone, id, body string, at time.Time) string {
	quoted, _ := json.Marshal(body)
	return fmt.Sprintf(`{"from":%q,"id":%q,"timestamp":"%d","type":"text","text":{"body":%s}}`, phone, id, at.Unix(), quoted)
}

// photo is a small picture.
func photo(t *testing.T) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}
