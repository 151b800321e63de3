package whatsapp

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
)

// fileAt are the three ways to name a file.
func fileAt(id, address, own string) *gateway.OutgoingMedia {
	return &gateway.OutgoingMedia{ProviderID: id, URL: address, FileID: own}
}

// bodyOf is the content of the body that sends it, without what every body has.
func bodyOf(t *testing.T, o *gateway.Outgoing) map[string]any {
	t.Helper()
	o.ID, o.To = "o", gateway.Identity{Phone: phone}
	raw, err := payload(o)
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+" + phone, "biz_opaque_callback_data": "o",
	} {
		if body[name] != want {
			t.Errorf("%s is %v", name, body[name])
		}
		delete(body, name)
	}
	return body
}

// everyKind has one message of each kind and form, with the content of its body.
func everyKind() map[string]struct {
	o    gateway.Outgoing
	want string
} {
	type message = struct {
		o    gateway.Outgoing
		want string
	}
	send := func(text string, c gateway.Content, want string) message {
		return message{gateway.Outgoing{Text: text, Content: &c}, want}
	}
	buttons := []gateway.Button{{ID: "y", Title: "Sí"}, {ID: "n", Title: "No"}}
	photo := fileAt("7", "", "")
	photo.Kind = gateway.ContentImage
	invoice := fileAt("", "https://t.es/f.pdf", "")
	invoice.Kind, invoice.Filename = gateway.ContentDocument, "f.pdf"
	voice := fileAt("7", "", "")
	voice.Voice = true
	return map[string]message{
		"text":  {gateway.Outgoing{Text: "**Hola**"}, `{"type":"text","text":{"body":"*Hola*","preview_url":false}}`},
		"empty": {gateway.Outgoing{Text: "a", Content: &gateway.Content{}}, `{"type":"text","text":{"body":"a","preview_url":false}}`},
		"quote": {gateway.Outgoing{Text: "a", QuoteID: "wamid.1"}, `{"type":"text","context":{"message_id":"wamid.1"},"text":{"body":"a","preview_url":false}}`},
		"buttons": send("¿**Bien**?", gateway.Content{Kind: gateway.ContentButtons, Header: "Pedido\n1", Footer: "Tienda", Buttons: buttons},
			`{"type":"interactive","interactive":{"type":"button","header":{"type":"text","text":"Pedido 1"},"body":{"text":"¿*Bien*?"},"footer":{"text":"Tienda"},
			"action":{"buttons":[{"type":"reply","reply":{"id":"y","title":"Sí"}},{"type":"reply","reply":{"id":"n","title":"No"}}]}}}`),
		"buttons below a photo": send("a", gateway.Content{Kind: gateway.ContentButtons, HeaderMedia: photo, Buttons: buttons[:1]},
			`{"type":"interactive","interactive":{"type":"button","header":{"type":"image","image":{"id":"7"}},"body":{"text":"a"},
			"action":{"buttons":[{"type":"reply","reply":{"id":"y","title":"Sí"}}]}}}`),
		"list": send("a", gateway.Content{Kind: gateway.ContentList, Header: "h", List: &gateway.List{Open: "Ver", Sections: []gateway.ListSection{
			{Title: "Uno", Rows: []gateway.ListRow{{ID: "1", Title: "A", Description: "d"}}},
			{Title: "Dos", Rows: []gateway.ListRow{{ID: "2", Title: "B"}}},
		}}}, `{"type":"interactive","interactive":{"type":"list","header":{"type":"text","text":"h"},"body":{"text":"a"},"action":{"button":"Ver","sections":[
			{"title":"Uno","rows":[{"id":"1","title":"A","description":"d"}]},{"title":"Dos","rows":[{"id":"2","title":"B"}]}]}}}`),
		"link": send("a", gateway.Content{Kind: gateway.ContentLink, HeaderMedia: invoice, Link: &gateway.Link{Title: "Abrir", URL: "https://t.es"}},
			`{"type":"interactive","interactive":{"type":"cta_url","header":{"type":"document","document":{"link":"https://t.es/f.pdf","filename":"f.pdf"}},
			"body":{"text":"a"},"action":{"name":"cta_url","parameters":{"display_text":"Abrir","url":"https://t.es"}}}}`),
		"where": send("¿Dónde?", gateway.Content{Kind: gateway.ContentAskLocation, Header: "no", Footer: "no"},
			`{"type":"interactive","interactive":{"type":"location_request_message","body":{"text":"¿Dónde?"},"action":{"name":"send_location"}}}`),
		"who": send("¿Teléfono?", gateway.Content{Kind: gateway.ContentAskContact},
			`{"type":"interactive","interactive":{"type":"request_contact_info","body":{"text":"¿Teléfono?"},"action":{"name":"request_contact_info"}}}`),
		"image": send("**a**", gateway.Content{Kind: gateway.ContentImage, Media: fileAt("7", "", "")}, `{"type":"image","image":{"id":"7","caption":"*a*"}}`),
		"video": send("", gateway.Content{Kind: gateway.ContentVideo, Media: fileAt("", "https://t.es/v", "")}, `{"type":"video","video":{"link":"https://t.es/v"}}`),
		"voice": send("", gateway.Content{Kind: gateway.ContentAudio, Media: voice}, `{"type":"audio","audio":{"id":"7","voice":true}}`),
		"ours":  send("", gateway.Content{Kind: gateway.ContentAudio, Media: fileAt("", "", "f1")}, `{"type":"audio","audio":{"id":"f1"}}`),
		"document": send("a", gateway.Content{Kind: gateway.ContentDocument, Media: invoice},
			`{"type":"document","document":{"link":"https://t.es/f.pdf","caption":"a","filename":"f.pdf"}}`),
		"sticker": send("", gateway.Content{Kind: gateway.ContentSticker, Media: photo}, `{"type":"sticker","sticker":{"id":"7"}}`),
		"place": send("", gateway.Content{Kind: gateway.ContentLocation, Location: &gateway.Location{Latitude: -40.5, Name: "T", Address: "C/ 1"}},
			`{"type":"location","location":{"latitude":-40.5,"longitude":0,"name":"T","address":"C/ 1"}}`),
		"cards": send("", gateway.Content{Kind: gateway.ContentCards, Cards: []gateway.Card{
			{Name: "Marta Ruiz Gil", Phones: []gateway.CardPhone{{Phone: "600 1", WhatsApp: "346001"}, {WhatsApp: "346002"}, {}}, Emails: []string{"m@t.es"}, Organization: "T"},
			{Name: "Ana"},
		}}, `{"type":"contacts","contacts":[{"name":{"formatted_name":"Marta Ruiz Gil","first_name":"Marta","last_name":"Ruiz Gil"},
			"phones":[{"phone":"600 1","wa_id":"346001"},{"phone":"+346002","wa_id":"346002"}],"emails":[{"email":"m@t.es"}],"org":{"company":"T"}},
			{"name":{"formatted_name":"Ana","first_name":"Ana"}}]}`),
		"reaction": {
			gateway.Outgoing{QuoteID: "wamid.1", Content: &gateway.Content{Kind: gateway.ContentReaction, Reaction: &gateway.Reaction{MessageID: "wamid.1", Emoji: "👍"}}},
			`{"type":"reaction","reaction":{"message_id":"wamid.1","emoji":"👍"}}`,
		},
		"reaction taken back": send("", gateway.Content{Kind: gateway.ContentReaction, Reaction: &gateway.Reaction{MessageID: "wamid.1"}},
			`{"type":"reaction","reaction":{"message_id":"wamid.1","emoji":""}}`),
		"template": send("what people see", gateway.Content{Kind: gateway.ContentTemplate, Template: &gateway.TemplateUse{
			Name: "t", Language: "es", Header: []gateway.TemplateValue{{Text: "**1**"}}, Body: []gateway.TemplateValue{{Text: "a\n\tb"}, {Text: "c     d"}},
			Buttons: []gateway.TemplateButtonValue{{Index: 0, Value: "p\n", Type: "QUICK_REPLY"}, {Index: 1, Value: "17", Type: "URL"}, {Index: 2, Value: "OFF10", Type: "COPY_CODE"}, {Index: 3, Value: "q"}},
		}}, `{"type":"template","template":{"name":"t","language":{"code":"es"},"components":[
			{"type":"header","parameters":[{"type":"text","text":"**1**"}]},
			{"type":"body","parameters":[{"type":"text","text":"a b"},{"type":"text","text":"c d"}]},
			{"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"p\n"}]},
			{"type":"button","sub_type":"url","index":"1","parameters":[{"type":"text","text":"17"}]},
			{"type":"button","sub_type":"copy_code","index":"2","parameters":[{"type":"coupon_code","coupon_code":"OFF10"}]},
			{"type":"button","sub_type":"quick_reply","index":"3","parameters":[{"type":"payload","payload":"q"}]}]}}`),
		"named template below a photo": send("", gateway.Content{Kind: gateway.ContentTemplate, Template: &gateway.TemplateUse{
			Name: "t", Language: "es", HeaderMedia: photo, Body: []gateway.TemplateValue{{Name: "order_id", Text: "A-17"}},
		}}, `{"type":"template","template":{"name":"t","language":{"code":"es"},"components":[
			{"type":"header","parameters":[{"type":"image","image":{"id":"7"}}]},
			{"type":"body","parameters":[{"type":"text","parameter_name":"order_id","text":"A-17"}]}]}}`),
		"template of a place, quoting": {gateway.Outgoing{QuoteID: "wamid.2", Content: &gateway.Content{Kind: gateway.ContentTemplate, Template: &gateway.TemplateUse{
			Name: "t", Language: "es", HeaderLocation: &gateway.Location{Latitude: 1, Longitude: 2, Name: "T"},
		}}}, `{"type":"template","context":{"message_id":"wamid.2"},"template":{"name":"t","language":{"code":"es"},"components":[
			{"type":"header","parameters":[{"type":"location","location":{"latitude":1,"longitude":2,"name":"T"}}]}]}}`},
		"template of nothing": send("", gateway.Content{Kind: gateway.ContentTemplate, Template: &gateway.TemplateUse{Name: "hello_world", Language: "en_US"}},
			`{"type":"template","template":{"name":"hello_world","language":{"code":"en_US"}}}`),
	}
}

func TestPayloadOfEveryKind(t *testing.T) {
	t.Parallel()
	for name, c := range everyKind() {
		var want map[string]any
		if err := json.Unmarshal([]byte(c.want), &want); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, bodyOf(t, &c.o)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Titles and lines are cut by the character, and what became the same by it is told
// apart. What fits stays as it is.
func TestPayloadCutsTitles(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ñ", 300)
	var b struct {
		Interactive interactivePart
		Document    mediaPart
	}
	send := func(text string, c gateway.Content) {
		t.Helper()
		raw, err := payload(&gateway.Outgoing{To: gateway.Identity{Phone: phone}, Text: text, Content: &c})
		b.Interactive, b.Document = interactivePart{}, mediaPart{}
		if err = errors.Join(err, json.Unmarshal(raw, &b)); err != nil {
			t.Fatal(err)
		}
	}
	cut := func(most int) string { return long[:2*(most-1)] + "…" }
	send(long, gateway.Content{Kind: gateway.ContentButtons, Header: long, Footer: long, Buttons: []gateway.Button{
		{ID: long, Title: long}, {ID: long + "2", Title: long + "2"}, {ID: cut(256), Title: cut(20)},
	}})
	want := interactivePart{
		Type: "button", Header: &headerPart{Type: "text", Text: cut(60)}, Body: linePart{long}, Footer: &linePart{cut(60)},
		Action: actionPart{Buttons: []buttonPart{
			{"reply", replyPart{cut(254) + " 2", cut(18) + " 2"}},
			{"reply", replyPart{cut(254) + " 3", cut(18) + " 3"}},
			{"reply", replyPart{cut(256), cut(20)}},
		}},
	}
	if diff := cmp.Diff(want, b.Interactive, cmp.AllowUnexported(headerPart{})); diff != "" {
		t.Errorf("buttons (-want +got):\n%s", diff)
	}
	send("a", gateway.Content{Kind: gateway.ContentList, List: &gateway.List{Open: long, Sections: []gateway.ListSection{
		{Title: long, Rows: []gateway.ListRow{{ID: long, Title: "a  b", Description: long}, {ID: "2", Title: "a b"}}},
	}}})
	wantAction := actionPart{Button: cut(20), Sections: []sectionPart{{Title: cut(24), Rows: []rowPart{
		{cut(200), "a b", cut(72)}, {"2", "a b 2", ""},
	}}}}
	if diff := cmp.Diff(wantAction, b.Interactive.Action); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	send("a", gateway.Content{Kind: gateway.ContentLink, Link: &gateway.Link{Title: long, URL: "https://t.es"}})
	if got := b.Interactive.Action.Parameters.Title; got != cut(20) {
		t.Errorf("the link's title is %q", got)
	}
	send(strings.Repeat("largo ", 400), gateway.Content{Kind: gateway.ContentDocument, Media: &gateway.OutgoingMedia{URL: "https://t.es", Filename: long + ".pdf"}})
	if got := b.Document; got.Filename != cut(236)+".pdf" || len([]rune(got.Caption)) > gateway.MaxCaption || !strings.HasSuffix(got.Caption, "largo…") {
		t.Errorf("the document is %+v", got)
	}
}

// What can't be sent says why, in words for whoever sent it.
func TestPayloadRefuses(t *testing.T) {
	t.Parallel()
	code := &gateway.Content{Kind: gateway.ContentTemplate, Template: &gateway.TemplateUse{Name: "t", Language: "es", Category: "AUTHENTICATION"}}
	user := gateway.Identity{UserID: "ES.1"}
	for name, c := range map[string]struct {
		o    gateway.Outgoing
		want string
	}{
		"nobody":       {gateway.Outgoing{Text: "a"}, "The message has no recipient"},
		"nothing":      {gateway.Outgoing{To: user, Text: " "}, "The message is empty"},
		"no such kind": {gateway.Outgoing{To: user, Text: "a", Content: &gateway.Content{Kind: "poll"}}, "The kind of content is not known"},
		"no buttons":   {gateway.Outgoing{To: user, Text: "a", Content: &gateway.Content{Kind: gateway.ContentButtons}}, "A message has 1 to 3 buttons"},
		"no template":  {gateway.Outgoing{To: user, Content: &gateway.Content{Kind: gateway.ContentTemplate}}, "A template needs its name and language"},
		"a code to a user id": {
			gateway.Outgoing{To: user, Content: code},
			"This kind of message needs the customer's phone number",
		},
	} {
		if raw, err := payload(&c.o); err == nil || raw != nil || refusedHere(err).Title != c.want {
			t.Errorf("%s: %s %v", name, raw, err)
		}
	}
	if _, err := payload(&gateway.Outgoing{To: gateway.Identity{UserID: "ES.1", Phone: phone}, Content: code}); err != nil {
		t.Errorf("a code to a phone: %v", err)
	}
	for err, want := range map[error]gateway.ErrorClass{
		errNoPhone: gateway.ErrorOther, errNobody: gateway.ErrorUnreachable, errNoWords: gateway.ErrorRequest, errNoNumber: gateway.ErrorRequest,
	} {
		if got := refusedHere(err).Class; got != want {
			t.Errorf("%v is of class %q", err, got)
		}
	}
}
