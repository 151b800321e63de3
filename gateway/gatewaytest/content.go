package gatewaytest

import (
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

func contentTests() []test {
	return []test{
		{"MessagesAreWhole", testMessageWhole},
		{"OutgoingContentIsWhole", testContentWhole},
		{"ErrorsAreWhole", testErrorsWhole},
		{"QuotesOfEverybody", testQuotes},
		{"QuotesOfNothing", testNoQuotes},
		{"QuotesOfOutgoing", testOutgoingQuotes},
	}
}

// fullError fills an error, with a text that the provider wrote.
func fullError() *gateway.SendError {
	return &gateway.SendError{
		Code: 131026, Title: "Message undeliverable", Class: gateway.ErrorOther,
		Detail: "«+34 600 111 222» can't\x00 be reached",
	}
}

// fullMessages are messages that hold everything a message can hold, so that a store
// that forgets a member is found out.
func fullMessages() []gateway.Message {
	return []gateway.Message{
		{Type: "location", Text: "Taller\nCalle Mayor 1", QuotedID: "wamid.nobody", Location: &gateway.Location{
			Latitude: -33.437204, Longitude: 1e-7, Name: "Taller", Address: "Calle Mayor 1", URL: "https://example.com/?a=1&b=<2>",
		}},
		{Type: "contacts", Text: "Luis", Cards: []gateway.Card{{
			Name: "Luis\x00 Ñ", Phones: []gateway.CardPhone{{Phone: "+34 600 000 000", WhatsApp: "34600000000"}, {Phone: "1"}},
			Emails: []string{"luis@example.com"}, Organization: "Cerería, S.L.", Requested: true,
		}, {Name: "Eva"}}},
		{Type: "interactive", Text: "Sí", Choice: &gateway.Choice{ID: "yes", Title: "Sí", Description: "de acuerdo"}},
		{Type: "interactive", Text: "Formulario", Form: []byte(`{"talla":"M","n":1.50}`)},
		{Type: "order", Text: "2 velas", Cart: &gateway.Cart{CatalogID: "c1", Note: "para regalo 🎁", Items: []gateway.CartItem{
			{ProductID: "p1", Quantity: "2", Price: "9.90", Currency: "EUR"}, {ProductID: "p2"},
		}}},
		{
			Type: "text", Text: "¿Lo tenéis?", Product: &gateway.Product{CatalogID: "c1", ProductID: "p1"}, Forwarded: "frequently_forwarded",
			Referral: &gateway.Referral{
				Kind: "ad", SourceID: "s", URL: "https://fb.me/x", Headline: "Velas", Body: "Rebajas", MediaURL: "https://example.com/v.mp4",
				ClickID: "click", Welcome: "¡Hola!",
			},
		},
		{Type: "unsupported", Problem: fullError()},
		{Type: "audio", Media: &gateway.Media{ProviderID: "m1", MIME: "audio/ogg; codecs=opus", Voice: true}},
		{Type: "sticker", Media: &gateway.Media{ProviderID: "m2", MIME: "image/webp", SHA256: strings.Repeat("0f", 32), Animated: true}},
		{Type: "document", Text: "la factura", Media: &gateway.Media{ProviderID: "m3", MIME: "application/pdf", Filename: "../fac\x00tura \u202e.pdf"}},
	}
}

// testMessageWhole reads what a customer sent by the turn, by the conversation and as
// history.
func testMessageWhole(b *bundle) {
	var events []gateway.Event
	for _, m := range fullMessages() {
		e := b.message(ana(), "")
		m.ProviderID = e.Message.ProviderID
		e.Message, e.About = &m, "about "+e.Key
		events = append(events, e)
	}
	b.same("fresh", b.accept(events...), keys(events))
	b.crash()
	b.advance(gateway.FileWait)
	c := b.claim()
	b.same("keys", keys(c.Events), keys(events))
	for i, m := range events[:len(c.Events)] {
		if m.Message.Media == nil {
			continue
		}
		media := *m.Message.Media
		media.FileID, media.State = c.Events[i].Message.Media.FileID, gateway.FileWaiting
		m.Message.Media = &media
		if media.FileID == "" {
			b.Errorf("the %s has no file", m.Message.Type)
		}
	}
	b.same("events", c.Events, withoutRaw(events...))
	b.commit(c, b.turn(c))
	after := b.say(ana(), "¿lo has recibido todo?")
	for i, m := range b.messages(c.Conversation.ID)[:len(events)] {
		b.same("message", m.Message, events[i].Message)
		b.same("type", m.Type, events[i].Message.Type)
		b.same("text", m.Text, events[i].Message.Text)
		b.same("message of the history", after.History[i].Message, events[i].Message)
	}
}

// fullContents are outgoing messages that hold everything they can hold.
func fullContents() []gateway.Content {
	file := &gateway.OutgoingMedia{Kind: gateway.ContentImage, ProviderID: "up1", MIME: "image/png", Filename: "vela.png"}
	return []gateway.Content{
		{
			Kind: gateway.ContentButtons, HeaderMedia: file, Footer: "Cerería",
			Buttons: []gateway.Button{{ID: "1", Title: "Sí"}, {ID: "2", Title: "No\x00"}},
		},
		{Kind: gateway.ContentList, Header: "Menú", List: &gateway.List{Open: "Ver", Sections: []gateway.ListSection{
			{Title: "Uno", Rows: []gateway.ListRow{{ID: "a", Title: "A", Description: "la primera"}}},
			{Title: "Dos", Rows: []gateway.ListRow{{ID: "b", Title: "B"}}},
		}}},
		{Kind: gateway.ContentLink, Header: "Tienda", Link: &gateway.Link{Title: "Abrir", URL: "https://example.com/?a=1&b=<2>"}},
		{Kind: gateway.ContentAudio, Media: &gateway.OutgoingMedia{FileID: gateway.NewID(), MIME: "audio/ogg", Voice: true}},
		{Kind: gateway.ContentDocument, Media: &gateway.OutgoingMedia{URL: "https://example.com/f.pdf", Filename: "f.pdf"}},
		{Kind: gateway.ContentLocation, Location: &gateway.Location{Latitude: 40.4, Longitude: -3.7, Name: "Tienda"}},
		{Kind: gateway.ContentCards, Cards: []gateway.Card{{Name: "Marta", Phones: []gateway.CardPhone{{Phone: "1"}}}}},
		{Kind: gateway.ContentReaction, Reaction: &gateway.Reaction{MessageID: "wamid.x", Emoji: "🕯"}},
		{Kind: gateway.ContentTemplate, Template: &gateway.TemplateUse{
			Name: "order_update", Language: "es", Header: []gateway.TemplateValue{{Text: "W1"}},
			Body:        []gateway.TemplateValue{{Name: "nombre", Text: "Ana"}, {Name: "día", Text: "viernes"}},
			HeaderMedia: file, HeaderLocation: &gateway.Location{Latitude: 1, Longitude: 2},
			Buttons: []gateway.TemplateButtonValue{{Index: 1, Value: "w1"}},
		}},
	}
}

func testContentWhole(b *bundle) {
	for _, content := range fullContents() {
		c := b.say(ana(), "hola")
		t := b.turn(c, "uno")
		t.Outgoing[0].Content, t.Outgoing[0].QuoteID = &content, c.Events[0].Message.ProviderID
		if content.Kind == gateway.ContentTemplate {
			t.Outgoing[0].ExpiresAt = time.Time{}
		}
		b.commit(c, t)
		b.crash()
		want := t.Outgoing[0]
		got := b.next()
		want.Attempt, want.Lease = 1, got.Lease
		b.same("outgoing", *got, want)
		m := b.out(c.Conversation.ID, want.ID)
		b.same("content", m.Content, want.Content)
		b.same("type", m.Type, string(content.Kind))
		b.same("text", m.Text, "uno")
		b.settle(got, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: b.name("wamid.")})
	}
}

// testErrorsWhole reads why a message didn't arrive: by the send and by a status.
func testErrorsWhole(b *bundle) {
	o := b.answer(ana(), "uno").Outgoing[0]
	b.settle(b.next(), gateway.SendResult{Outcome: gateway.SendRejected, Error: fullError()})
	b.same("error of the send", b.out(o.ConversationID, o.ID).Error, fullError())
	o = b.answer(ana(), "dos").Outgoing[0]
	b.send("wamid.2")
	failure := fullError()
	failure.Class = gateway.ErrorQuality
	b.accept(b.status(gateway.Status{
		ProviderID: "wamid.2", State: gateway.DeliveryFailed, Error: failure, Errors: []byte(`[{"code":131026,"x":"\u0000"}]`),
	}))
	b.idle()
	b.crash()
	b.same("error of the status", b.out(o.ConversationID, o.ID).Error, failure)
}

// quoting makes a message that answers the one with a provider's id and, when the
// customer wrote that, its key.
func (b *bundle) quoting(from gateway.Identity, text, providerID, key string) gateway.Event {
	e := b.message(from, text)
	e.Message.QuotedID, e.About = providerID, key
	return e
}

// quoted is what the claim and the conversation show of what an event quotes. They
// are the same.
func (b *bundle) quoted(e gateway.Event) *gateway.Quote {
	b.Helper()
	b.accept(e)
	b.advance(quiet)
	c := b.claim()
	b.same("events", keys(c.Events), []string{e.Key})
	b.commit(c, b.turn(c))
	shown := b.in(c.Conversation.ID, e).Message.Quoted
	b.same("what is quoted", c.Events[0].Message.Quoted, shown)
	return shown
}

// in gives the one message of a conversation that an event brought.
func (b *bundle) in(conversationID string, e gateway.Event) gateway.MessageView {
	b.Helper()
	for _, m := range b.messages(conversationID) {
		if m.Message != nil && m.Message.ProviderID == e.Message.ProviderID {
			return m
		}
	}
	b.Fatalf("no message of the event %s", e.Key)
	return gateway.MessageView{}
}

func testQuotes(b *bundle) {
	own := b.message(ana(), "¿Tenéis velas?")
	b.accept(own)
	b.advance(quiet)
	c := b.claim()
	b.commit(c, b.turn(c, "Sí, muchas."))
	b.send("wamid.bot")
	h := b.queue(ana())
	b.act(h, gateway.ActionReply, "marta", "Soy Marta.")
	b.send("wamid.agent")
	echo := b.echo(ana(), "Y yo, Luis.")
	b.accept(echo)
	c = b.claim()
	b.commit(c, b.turn(c))
	for _, test := range []struct {
		id, key string
		want    gateway.Quote
	}{
		{own.Message.ProviderID, own.Key, gateway.Quote{Author: gateway.AuthorCustomer, Type: "text", Text: "¿Tenéis velas?"}},
		{"wamid.bot", "key of none", gateway.Quote{Author: gateway.AuthorBot, Type: "text", Text: "Sí, muchas."}},
		{"wamid.agent", "", gateway.Quote{Author: gateway.AuthorAgent, Type: "text", Text: "Soy Marta."}},
		{echo.Message.ProviderID, "", gateway.Quote{Author: gateway.AuthorAgent, Type: "text", Text: "Y yo, Luis."}},
	} {
		b.same("quoted", b.quoted(b.quoting(ana(), "esto", test.id, test.key)), &test.want)
	}
	// Within one burst, and in the history.
	first := b.message(ana(), "una cosa")
	second := b.quoting(ana(), "me refiero a esto", first.Message.ProviderID, first.Key)
	b.accept(first, second)
	b.advance(quiet)
	c = b.claim()
	want := &gateway.Quote{Author: gateway.AuthorCustomer, Type: "text", Text: "una cosa"}
	b.same("quoted in a burst", c.Events[1].Message.Quoted, want)
	b.commit(c, b.turn(c))
	c = b.say(ana(), "¿y bien?")
	b.same("quoted in the history", c.History[len(c.History)-1].Message.Quoted, want)
}

// testNoQuotes quotes what is not there, or not this customer's to see.
func testNoQuotes(b *bundle) {
	secret := b.message(ben(), "my secret")
	b.accept(secret)
	b.advance(quiet)
	c := b.claim()
	b.commit(c, b.turn(c, "para ti solo"))
	b.send("wamid.secret")
	none := (*gateway.Quote)(nil)
	b.same("unknown", b.quoted(b.quoting(ana(), "esto", "wamid.unknown", "unknown")), none)
	b.same("another's", b.quoted(b.quoting(ana(), "esto", secret.Message.ProviderID, secret.Key)), none)
	b.same("for another", b.quoted(b.quoting(ana(), "esto", "wamid.secret", "")), none)
	b.same("nothing", b.quoted(b.quoting(ana(), "esto", "", "")), none)
	gone := b.message(ana(), "olvídalo")
	b.accept(gone)
	b.advance(quiet)
	c = b.claim()
	b.commit(c, b.turn(c))
	b.accept(b.revoke(gone))
	if q := b.quoted(b.quoting(ana(), "esto", gone.Message.ProviderID, gone.Key)); q != nil && q.Text != "" {
		b.Errorf("a message that was withdrawn is quoted: %+v", q)
	}
}

// testOutgoingQuotes has the bot and an agent answer one message of the customer.
func testOutgoingQuotes(b *bundle) {
	c := b.say(ana(), "¿Tenéis velas?")
	id := c.Events[0].Message.ProviderID
	t := b.handoffTurn(c)
	t.Outgoing = b.turn(c, "Sí.", "Nada que ver.").Outgoing
	t.Outgoing[0].QuoteID, t.Outgoing[1].QuoteID = id, "wamid.unknown"
	b.commit(c, t)
	want := &gateway.Quote{Author: gateway.AuthorCustomer, Type: "text", Text: "¿Tenéis velas?"}
	b.same("quoted by the bot", b.out(c.Conversation.ID, t.Outgoing[0].ID).Quoted, want)
	b.same("unknown", b.out(c.Conversation.ID, t.Outgoing[1].ID).Quoted, (*gateway.Quote)(nil))
	b.send("wamid.1")
	b.send("wamid.2")
	_, err := b.store.Act(b.Context(), gateway.Action{
		HandoffID: t.Handoff.ID, Kind: gateway.ActionReply, Agent: "marta", Text: "Muchas.", QuoteID: id, At: b.now,
	})
	b.ok("reply", err)
	o := b.next()
	b.same("quote of the reply", o.QuoteID, id)
	b.same("quoted by an agent", b.out(c.Conversation.ID, o.ID).Quoted, want)
}
