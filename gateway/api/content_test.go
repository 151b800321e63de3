package api_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk/desktest"
)

func refusedSend() *gateway.SendError {
	return &gateway.SendError{
		Code: 131026, Title: "Not on WhatsApp", Class: gateway.ErrorUnreachable, Detail: "Message undeliverable.",
	}
}

// incoming makes a customer's message that holds something.
func incoming(id string, m gateway.Message) gateway.MessageView {
	m.ProviderID = "wamid." + id
	v := desktest.In(id, m.Text, now)
	v.Type, v.Message = m.Type, &m
	return v
}

// everything is an incoming message with all parts at once.
func everything() gateway.MessageView {
	return incoming("everything", gateway.Message{
		Type: "document", Text: "mira", QuotedID: "wamid.t1", Quoted: &gateway.Quote{Author: "bot", Type: "text", Text: "¿Qué pedido?"},
		Media: &gateway.Media{
			ProviderID: "1", MIME: "image/png", SHA256: "ab", Filename: "factura.pdf", Voice: true, Animated: true,
			FileID: "f1", State: gateway.FileStored, Type: "application/pdf", Size: 12, Words: "una factura", Error: refusedSend(),
		},
		Location: &gateway.Location{Latitude: 41.4, Longitude: 2.2, Name: "Casa", Address: "Calle 1", URL: "https://a.example"},
		Cards: []gateway.Card{{
			Name: "Ana", Phones: []gateway.CardPhone{{Phone: "+34 1", WhatsApp: "341"}}, Emails: []string{"a@example.com"},
			Organization: "Nogal", Requested: true,
		}},
		Choice: &gateway.Choice{ID: "yes", Title: "Sí", Description: "claro"}, Form: json.RawMessage(`{"street":"Calle 1"}`),
		Cart: &gateway.Cart{CatalogID: "c", Note: "n", Items: []gateway.CartItem{
			{ProductID: "p", Quantity: "2", Price: "9.90", Currency: "EUR"},
		}},
		Product: &gateway.Product{CatalogID: "c", ProductID: "p"},
		Referral: &gateway.Referral{
			Kind: "ad", SourceID: "s", URL: "u", Headline: "h", Body: "b", MediaURL: "m", ClickID: "k", Welcome: "w",
		},
		Forwarded: "forwarded", Problem: refusedSend(), Was: &gateway.Identity{Phone: "34600550101"}, Deleted: true, Edited: true,
	})
}

// outgoing makes an agent's message of a kind.
func outgoing(c gateway.Content) gateway.MessageView {
	v := desktest.Out("out-"+string(c.Kind), "hola", now, gateway.AuthorAgent, gateway.DeliveryFailed)
	v.Type, v.Content, v.Error = string(c.Kind), &c, refusedSend()
	v.Quoted = &gateway.Quote{Author: gateway.AuthorCustomer, Type: "image"}
	return v
}

// everyContent are messages that hold all there is.
func everyContent() []gateway.MessageView {
	file := &gateway.OutgoingMedia{Kind: "image", FileID: "f1", MIME: "image/png", Filename: "a.png", Voice: true}
	rows := []gateway.ListSection{{Title: "t", Rows: []gateway.ListRow{{ID: "a", Title: "A", Description: "d"}}}}
	list := []gateway.MessageView{
		everything(),
		incoming("bad-form", gateway.Message{Type: "interactive", Form: json.RawMessage(`{broken`)}),
		incoming("new-file", gateway.Message{Type: "image", Media: &gateway.Media{MIME: "image/png"}}),
		outgoing(gateway.Content{Kind: "buttons", HeaderMedia: file, Footer: "f", Buttons: []gateway.Button{{ID: "a", Title: "A"}}}),
		outgoing(gateway.Content{Kind: "list", Header: "h", List: &gateway.List{Open: "o", Sections: rows}}),
		outgoing(gateway.Content{Kind: "link", Link: &gateway.Link{Title: "t", URL: "https://a.example"}}),
		outgoing(gateway.Content{Kind: "location", Location: &gateway.Location{Latitude: 1, Longitude: 2}}),
		outgoing(gateway.Content{Kind: "contacts", Cards: []gateway.Card{{Name: "Ana"}}}),
		outgoing(gateway.Content{Kind: "reaction", Reaction: &gateway.Reaction{MessageID: "wamid.1", Emoji: "👍"}}),
		outgoing(gateway.Content{Kind: "template", Template: &gateway.TemplateUse{
			Name: "n", Language: "es", Header: []gateway.TemplateValue{{Text: "a"}}, Body: []gateway.TemplateValue{{Name: "b", Text: "c"}},
			HeaderMedia: file, HeaderLocation: &gateway.Location{}, Buttons: []gateway.TemplateButtonValue{{Index: 1, Value: "v"}},
		}}),
	}
	for _, kind := range []gateway.ContentKind{"image", "video", "audio", "document", "sticker"} {
		list = append(list, outgoing(gateway.Content{Kind: kind, Media: file}))
	}
	for _, kind := range []gateway.ContentKind{"location_request", "contact_request"} {
		list = append(list, outgoing(gateway.Content{Kind: kind}))
	}
	return list
}

func TestIncomingContent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.store.Put(gateway.Conversation{ID: "c"})
	b.store.Say("c", everything())
	got := get[[]map[string]any](t, b, "/api/v1/conversations/c/messages", "messages")[0]
	problem := map[string]any{
		"code": 131026.0, "title": "Not on WhatsApp", "class": "unreachable", "detail": "Message undeliverable.",
	}
	want := map[string]any{
		"id": "everything", "provider_id": "wamid.everything", "direction": "in", "author": "customer", "type": "document",
		"text": "mira", "at": now.Format(time.RFC3339), "status": "received", "payload": map[string]any{"type": "text"},
		"quoted_id": "wamid.t1", "quoted": map[string]any{"author": "bot", "type": "text", "text": "¿Qué pedido?"},
		"content": map[string]any{
			"media": map[string]any{
				"file_id": "f1", "state": "stored", "type": "application/pdf", "size": 12.0, "mime": "image/png",
				"filename": "factura.pdf", "voice": true, "animated": true, "words": "una factura", "error": problem,
			},
			"location": map[string]any{"latitude": 41.4, "longitude": 2.2, "name": "Casa", "address": "Calle 1", "url": "https://a.example"},
			"cards": []any{map[string]any{
				"name": "Ana", "phones": []any{map[string]any{"phone": "+34 1", "whatsapp": "341"}},
				"emails": []any{"a@example.com"}, "organization": "Nogal", "requested": true,
			}},
			"choice": map[string]any{"id": "yes", "title": "Sí", "description": "claro"},
			"form":   map[string]any{"street": "Calle 1"},
			"cart": map[string]any{"catalog_id": "c", "note": "n", "items": []any{
				map[string]any{"product_id": "p", "quantity": "2", "price": "9.90", "currency": "EUR"},
			}},
			"product": map[string]any{"catalog_id": "c", "product_id": "p"},
			"referral": map[string]any{
				"kind": "ad", "source_id": "s", "url": "u", "headline": "h", "body": "b", "media_url": "m", "click_id": "k", "welcome": "w",
			},
			"forwarded": "forwarded", "problem": problem, "was": map[string]any{"phone": "34600550101", "user_id": ""},
			"deleted": true, "edited": true,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A field that Message gets and the API forgets fails here: each part of a message is
// shown, alone.
func TestNoPartOfAMessageIsForgotten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	whole := reflect.ValueOf(*everything().Message)
	elsewhere := map[string]bool{"ProviderID": true, "Type": true, "Text": true, "QuotedID": true, "Quoted": true}
	for i := range whole.NumField() {
		name := whole.Type().Field(i).Name
		if whole.Field(i).IsZero() {
			t.Errorf("the example has no %s", name)
		}
		if elsewhere[name] {
			continue
		}
		var part gateway.Message
		reflect.ValueOf(&part).Elem().Field(i).Set(whole.Field(i))
		b.store.Put(gateway.Conversation{ID: name})
		b.store.Say(name, incoming("m", part))
		got := get[[]struct{ Content map[string]any }](t, b, "/api/v1/conversations/"+name+"/messages", "messages")
		if len(got[0].Content) != 1 {
			t.Errorf("%s is shown as %v", name, got[0].Content)
		}
	}
}

// Words alone have no content, and what the store knows of an outgoing message is
// shown as it is.
func TestContentOfOutgoing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.store.Put(gateway.Conversation{ID: "c"})
	b.store.Say("c", incoming("plain", gateway.Message{Type: "text", Text: "hola", QuotedID: "wamid.x"}))
	empty := incoming("empty", gateway.Message{Type: "text", Form: json.RawMessage{}})
	empty.Payload = json.RawMessage{}
	b.store.Say("c", empty)
	b.store.Say("c", desktest.Out("old", "hola", now, gateway.AuthorBot, gateway.DeliverySent))
	list := get[[]map[string]any](t, b, "/api/v1/conversations/c/messages", "messages")
	for _, m := range list {
		if m["content"] != nil || m["quoted"] != nil {
			t.Errorf("words alone have content: %v", m)
		}
	}
	if list[0]["quoted_id"] != "wamid.x" {
		t.Errorf("no message is quoted: %v", list[0])
	}
	for _, want := range everyContent()[3:] {
		b.store.Put(gateway.Conversation{ID: want.ID})
		b.store.Say(want.ID, want)
		got := get[[]struct {
			Content gateway.Content
			Quoted  gateway.Quote
			Error   gateway.SendError
		}](t, b, "/api/v1/conversations/"+want.ID+"/messages", "messages")[0]
		if diff := cmp.Diff(*want.Content, got.Content); diff != "" || got.Quoted != *want.Quoted || got.Error != *want.Error {
			t.Errorf("%s: %v %s", want.ID, got, diff)
		}
	}
}

// Whatever a customer's message holds, the list can be read and fits the document.
func TestAnyContentFitsTheDocument(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	b := setup(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "null", "{", "\xff", `"`}))
		m := gateway.Message{
			Type: text.Draw(rt, "type"), Text: text.Draw(rt, "text"), QuotedID: text.Draw(rt, "quoted"),
			Form: json.RawMessage(text.Draw(rt, "form")), Deleted: rapid.Bool().Draw(rt, "deleted"),
		}
		if rapid.Bool().Draw(rt, "media") {
			m.Media = &gateway.Media{Filename: text.Draw(rt, "name"), MIME: text.Draw(rt, "mime"), Words: text.Draw(rt, "words")}
		}
		if rapid.Bool().Draw(rt, "card") {
			m.Cards = []gateway.Card{{Name: text.Draw(rt, "card name"), Emails: []string{text.Draw(rt, "email")}}}
		}
		if rapid.Bool().Draw(rt, "place") {
			m.Location = &gateway.Location{Latitude: rapid.Float64Range(-1e9, 1e9).Draw(rt, "latitude"), Name: text.Draw(rt, "place name")}
		}
		n++
		id := fmt.Sprint("any-", n)
		b.store.Put(gateway.Conversation{ID: id})
		b.store.Say(id, incoming("m", m))
		w := b.call("GET", "/api/v1/conversations/"+id+"/messages", "")
		if w.Code != 200 {
			rt.Fatalf("%d %s", w.Code, w.Body)
		}
		for _, wrong := range d.answers(t, "GET", "/api/v1/conversations/{id}/messages", w) {
			rt.Error(wrong)
		}
	})
}
