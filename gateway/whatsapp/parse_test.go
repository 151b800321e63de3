package whatsapp

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
)

// inValue makes a webhook with one change of the field "messages".
func inValue(inside string) []byte {
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages",`+
		`"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"+34 600 000 000",`+
		`"phone_number_id":"100"},%s}}]}]}`, inside)
}

// one reads a body that holds one item.
func one(t testing.TB, body []byte) gateway.Event {
	t.Helper()
	events, err := Parse(body, noon)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 1 {
		t.Fatalf("%d events: %+v", len(events), events)
	}
	checkEvents(t, "one", events)
	return events[0]
}

// said reads a message with that type and content.
func said(t testing.TB, content string) gateway.Event {
	t.Helper()
	return one(t, inValue(`"messages":[{"from":"34600111222","id":"wamid.A","timestamp":"1764072000",`+content+`}]`))
}

func TestMessage(t *testing.T) {
	t.Parallel()
	body := inValue(`"contacts":[{"wa_id":"34600999999","profile":{"name":"Otra"}},` +
		`{"wa_id":"34600111222","user_id":"ES.123abc","profile":{"name":"Lucía"}}],` +
		`"messages":[{"from":"34600111222","id":"wamid.A","timestamp":"1764072000","type":"text",` +
		`"context":{"from":"34600000000","id":"wamid.Q"},"text":{"body":"¿Qué plazo hay?"}}]`)
	got := one(t, body)
	want := gateway.Event{
		Key: "message|wamid.A", Kind: gateway.EventMessage, Channel: "100", Name: "Lucía",
		From: gateway.Identity{Phone: "34600111222", UserID: "ES.123abc"},
		At:   time.Unix(1764072000, 0).UTC(), ReceivedAt: noon, About: "message|wamid.Q", Body: body,
		Message: &gateway.Message{ProviderID: "wamid.A", Type: "text", Text: "¿Qué plazo hay?", QuotedID: "wamid.Q"},
	}
	if raw := body[got.BodyFrom:got.BodyTo]; !json.Valid(raw) || string(got.Raw) != string(raw) || raw[0] != '{' {
		t.Errorf("raw is not the item as it came: %s", got.Raw)
	}
	got.Raw, got.BodyFrom, got.BodyTo = nil, 0, 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ content, kind, text string }{
		"text":             {`"type":"text","text":{"body":" hola "}`, "text", "hola"},
		"caption":          {`"type":"image","image":{"id":"1","caption":"roto"}`, "image", "roto"},
		"no caption":       {`"type":"video","video":{"id":"1"}`, "video", ""},
		"document":         {`"type":"document","document":{"filename":"a.pdf","caption":"la factura"}`, "document", "la factura"},
		"voice":            {`"type":"audio","audio":{"id":"1","voice":true}`, "audio", ""},
		"sticker":          {`"type":"sticker","sticker":{"id":"1"}`, "sticker", ""},
		"button":           {`"type":"button","button":{"text":"Sí","payload":"yes"}`, "button", "Sí"},
		"button payload":   {`"type":"button","button":{"payload":"yes"}`, "button", "yes"},
		"button reply":     {`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"c","title":"Cancelar"}}`, "interactive", "Cancelar"},
		"list reply":       {`"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"x","title":"Express","description":"1 día"}}`, "interactive", "Express\n1 día"},
		"form":             {`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"body":"Sent","name":"flow","response_json":"{\"order\":\"#W1\",\"flow_token\":\"t\",\"days\":2,\"parts\":[\"a\"]}"}}`, "interactive", "order: #W1\ndays: 2\nparts: [\"a\"]"},
		"form of words":    {`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"body":"Sent","response_json":"not json"}}`, "interactive", "not json"},
		"empty form":       {`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"body":"Sent","response_json":"{\"flow_token\":\"t\"}"}}`, "interactive", "Sent"},
		"lost interactive": {`"type":"interactive"`, "interactive", ""},
		"place":            {`"type":"location","location":{"latitude":1.5,"longitude":2,"name":"Tienda","address":"Calle 1"}`, "location", "Tienda\nCalle 1"},
		"point":            {`"type":"location","location":{"latitude":1.5,"longitude":"-2"}`, "location", "1.5, -2"},
		"contact":          {`"type":"contacts","contacts":[{"name":{"formatted_name":"Ana"},"phones":[{"phone":"+34 1"},{"wa_id":"342"}]},{"name":{"first_name":"Bo","last_name":"Li"},"org":{"company":"ACME"}}]`, "contacts", "Ana, +34 1, 342\nBo Li, ACME"},
		"order":            {`"type":"order","order":{"text":"rápido","product_items":[{"product_retailer_id":"sku","quantity":2,"item_price":"30","currency":"EUR"},{"product_retailer_id":"b"}]}`, "order", "rápido\n2 × sku (30 EUR)\n1 × b"},
		"reaction":         {`"type":"reaction","reaction":{"message_id":"wamid.Z","emoji":"👍"}`, "reaction", "👍"},
		"unreaction":       {`"type":"reaction","reaction":{"message_id":"wamid.Z"}`, "reaction", ""},
		"edit":             {`"type":"edit","edit":{"original_message_id":"wamid.Z","message":{"type":"text","text":{"body":"mejor el rojo"}}}`, "edit", "mejor el rojo"},
		"unsupported":      {`"type":"unsupported","errors":[{"code":131051}],"unsupported":{"type":"poll"}`, "unsupported", ""},
		"unavailable":      {`"type":"unsupported","errors":[{"code":131060}]`, "unsupported", ""},
		"failed media":     {`"type":"image","image":{"caption":"mira"},"errors":[{"code":131052}]`, "image", "mira"},
		"unheard of":       {`"type":"hologram","hologram":{"body":"x"}`, "hologram", ""},
		"no type":          {`"text":{"body":"hola"}`, "text", "hola"},
		"nothing":          {`"x":1`, "unknown", ""},
		"text of a number": {`"type":"text","text":{"body":42}`, "text", "42"},
		"text of a list":   {`"type":"text","text":["x"]`, "text", ""},
		"broken context":   {`"type":"text","text":{"body":"a"},"context":7`, "text", "a"},
		"nul":              {`"type":"text","text":{"body":"a\u0000b"}`, "text", "ab"},
		"half a character": {`"type":"text","text":{"body":"a\ud83d"}`, "text", "a\uFFFD"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := said(t, c.content)
			want := gateway.EventMessage
			if c.kind == "edit" {
				want = gateway.EventSignal
			}
			if e.Kind != want || e.Message.Type != c.kind || e.Message.Text != c.text {
				t.Errorf("got %s %+v", e.Kind, e.Message)
			}
		})
	}
}

func TestQuotes(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		`"type":"text","text":{"body":"a"},"context":{"forwarded":true}`:                                   "",
		`"type":"text","text":{"body":"a"},"context":{"id":"wamid.Q"}`:                                     "wamid.Q",
		`"type":"reaction","reaction":{"message_id":"wamid.R","emoji":"x"}`:                                "wamid.R",
		`"type":"edit","edit":{"original_message_id":"wamid.E","message":{"context":{"id":"not this"}}}`:   "wamid.E",
		`"type":"text","text":{"body":"a"},"context":{"referred_product":{"product_retailer_id":"p"}}`:     "",
		`"type":"button","button":{"text":"a"},"context":{"from":"34600000000","id":"wamid.Template"}`:     "wamid.Template",
		`"type":"image","image":{"caption":"a"},"referral":{"headline":"ad"},"context":{"id":["strange"]}`: "",
	} {
		e := said(t, content)
		if e.Message.QuotedID != want || (want == "") != (e.About == "") || want != "" && e.About != "message|"+want {
			t.Errorf("%s quotes %q, %q", content, e.Message.QuotedID, e.About)
		}
	}
}

// What nobody can be found for, what is not addressed to the shop, and what the shop
// itself said is only kept.
func TestNoTurn(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]string{
		"no from":      `{"id":"a","type":"system","system":{"type":"user_changed_user_id"}}`,
		"withdrawn":    `{"id":"a","type":"revoke","revoke":{"original_message_id":"b"}}`,
		"welcome":      `{"id":"a","type":"request_welcome"}`,
		"group":        `{"from":"34600111222","group_id":"g","id":"a","type":"text","text":{"body":"hola"}}`,
		"group file":   `{"from":"34600111222","group_id":"g","id":"a","type":"image","image":{"id":"1"}}`,
		"group edit":   `{"from":"34600111222","group_id":"g","id":"a","type":"revoke","revoke":{"original_message_id":"b"}}`,
		"own number":   `{"from":"34600000000","id":"a","type":"text","text":{"body":"hola"}}`,
		"own became":   `{"from":"34600111222","id":"a","type":"system","system":{"type":"user_changed_number","wa_id":"34600000000"}}`,
		"own was":      `{"from":"34600000000","id":"a","type":"system","system":{"type":"user_changed_number","wa_id":"34600111222"}}`,
		"own, quietly": `{"from":"34600000000","id":"a","type":"request_welcome"}`,
	} {
		e := one(t, inValue(`"messages":[`+m+`]`))
		if e.Kind != gateway.EventNotice || e.Key != "message|a" || string(e.Raw) != m || !e.From.IsZero() {
			t.Errorf("%s: %s %s %s", name, e.Kind, e.Key, e.Raw)
		}
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	contact := `"contacts":[{"wa_id":"34600111222","user_id":"ES.abc","profile":{"name":"Ana"}}],`
	for name, c := range map[string]struct {
		contacts, from string
		want           gateway.Identity
		name           string
	}{
		"phone":            {"", `"from":"34600111222",`, gateway.Identity{Phone: "34600111222"}, ""},
		"spelled out":      {"", `"from":"+34 600-111 222",`, gateway.Identity{Phone: "34600111222"}, ""},
		"a number":         {"", `"from":34600111222,`, gateway.Identity{Phone: "34600111222"}, ""},
		"joined":           {contact, `"from":"34600111222",`, gateway.Identity{Phone: "34600111222", UserID: "ES.abc"}, "Ana"},
		"by user id":       {contact, `"from":"","from_user_id":"ES.abc",`, gateway.Identity{Phone: "34600111222", UserID: "ES.abc"}, "Ana"},
		"user id in from":  {"", `"from":"ES.13491208655302741918",`, gateway.Identity{UserID: "ES.13491208655302741918"}, ""},
		"parent user id":   {"", `"from":"US.ENT.118157",`, gateway.Identity{UserID: "US.ENT.118157"}, ""},
		"contact alone":    {contact, ``, gateway.Identity{Phone: "34600111222", UserID: "ES.abc"}, "Ana"},
		"another contact":  {contact, `"from":"34600777777",`, gateway.Identity{Phone: "34600777777"}, ""},
		"user ids differ":  {contact, `"from":"34600111222","from_user_id":"ES.xyz",`, gateway.Identity{Phone: "34600111222", UserID: "ES.xyz"}, ""},
		"contact unnamed":  {`"contacts":[{"wa_id":"34600111222"}],`, `"from":"34600111222",`, gateway.Identity{Phone: "34600111222"}, ""},
		"contacts no list": {`"contacts":{"wa_id":"34600111222"},`, `"from":"34600111222",`, gateway.Identity{Phone: "34600111222"}, ""},
		"opaque":           {"", `"from":"somebody",`, gateway.Identity{UserID: "somebody"}, ""},
	} {
		e := one(t, inValue(c.contacts+`"messages":[{`+c.from+`"id":"a","type":"text","text":{"body":"x"}}]`))
		if e.From != c.want || e.Name != c.name {
			t.Errorf("%s: got %+v %q", name, e.From, e.Name)
		}
	}
}

// A message that nobody sent can't be answered: people see it, no turn starts.
func TestNobody(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"messages", "message_echoes"} {
		for _, content := range []string{`"type":"text","text":{"body":"x"}`, `"type":"edit","edit":{"message":{"text":{"body":"x"}}}`} {
			e := one(t, inValue(`"`+list+`":[{"id":"a",`+content+`}]`))
			if e.Kind != gateway.EventUnreadable || e.Message != nil || e.About != "" {
				t.Errorf("%s: %s", list, e.Kind)
			}
		}
	}
}

// TestTooLong: names and ids that can't be any make their item unreadable, and
// those beside it stay what they are. One byte less is taken.
func TestTooLong(t *testing.T) {
	t.Parallel()
	n := func(n int) string { return strings.Repeat("a", n) }
	message := func(from, id, quoted string) string {
		return fmt.Sprintf(`"messages":[{"from":%q,"id":%q,"context":{"id":%q},"type":"text","text":{"body":"x"}}]`, from, id, quoted)
	}
	status := func(to, id, ours string) string {
		return fmt.Sprintf(`"statuses":[{"recipient_id":%q,"id":%q,"biz_opaque_callback_data":%q,"status":"read"}]`, to, id, ours)
	}
	channel := func(n int) string {
		return `"metadata":{"phone_number_id":"` + strings.Repeat("1", n) + `"},` + message("34600111222", "a", "")
	}
	for name, c := range map[string]struct{ fits, long string }{
		"user id":       {message(n(256), "a", ""), message(n(257), "a", "")},
		"phone":         {message(strings.Repeat("3", 20), "a", ""), message(strings.Repeat("3", 257), "a", "")},
		"message id":    {message("34600111222", n(512), ""), message("34600111222", n(513), "")},
		"quoted id":     {message("34600111222", "a", n(512)), message("34600111222", "a", n(513))},
		"status":        {status("34600111222", n(512), ""), status("34600111222", n(513), "")},
		"our id":        {status("34600111222", "a", n(512)), status("34600111222", "a", n(513))},
		"recipient":     {status(n(256), "a", ""), status(n(257), "a", "")},
		"channel":       {channel(128), channel(129)},
		"message's own": {`"message_echoes":[{"to":"34600111222","id":"` + n(512) + `"}]`, `"message_echoes":[{"to":"34600111222","id":"` + n(513) + `"}]`},
	} {
		if e := one(t, inValue(c.fits)); e.Kind == gateway.EventUnreadable {
			t.Errorf("%s: unreadable at the bound", name)
		}
		events, err := Parse(inValue(c.long+`,"errors":[{"code":1}]`), noon)
		if err != nil || len(events) != 2 || events[1].Kind != gateway.EventNotice {
			t.Fatalf("%s: %+v, %v", name, events, err)
		}
		e := events[0]
		if e.Kind != gateway.EventUnreadable || e.Message != nil || e.Status != nil || !e.From.IsZero() || len(e.Channel) > 128 {
			t.Errorf("%s: %+v", name, e)
		}
		if !strings.Contains(c.long, string(e.Raw)) || len(e.Raw) < 50 || len(e.Key) > maxKey {
			t.Errorf("%s: kept as %s", name, e.Raw)
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	at := time.Unix(1764072000, 0).UTC()
	for value, want := range map[string]time.Time{
		`"1764072000"`: at, `1764072000`: at, `"1764072000123"`: at.Add(123 * time.Millisecond),
		`""`: noon, `null`: noon, `"yesterday"`: noon, `-5`: noon, `0`: noon, `"NaN"`: noon, `"Inf"`: noon, `{}`: noon,
		`1e300`: noon, fmt.Sprint(noon.Add(time.Minute).Unix()): noon.Add(time.Minute), fmt.Sprint(noon.Add(48 * time.Hour).Unix()): noon,
	} {
		e := one(t, value2(`"timestamp":`+value+`,`))
		if !e.At.Equal(want) {
			t.Errorf("%s: %v", value, e.At)
		}
	}
	if e := one(t, value2("")); !e.At.Equal(noon) {
		t.Errorf("without: %v", e.At)
	}
}

func value2(extra string) []byte {
	return inValue(`"messages":[{` + extra + `"from":"34600111222","id":"a","type":"text","text":{"body":"x"}}]`)
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]gateway.DeliveryState{
		"sent": gateway.DeliverySent, "delivered": gateway.DeliveryDelivered, "read": gateway.DeliveryRead,
		"played": gateway.DeliveryRead, "failed": gateway.DeliveryFailed, "deleted": "", "warning": "", "": "",
	} {
		e := one(t, inValue(`"statuses":[{"id":"wamid.S","status":"`+state+`","timestamp":"1764072000",`+
			`"recipient_id":"34600111222","recipient_user_id":"ES.a","biz_opaque_callback_data":"out-1"}]`))
		if e.Kind != gateway.EventStatus || e.Key != "status|wamid.S|"+state+"|1764072000||" {
			t.Errorf("%s: %s %s", state, e.Kind, e.Key)
		}
		if diff := cmp.Diff(&gateway.Status{ProviderID: "wamid.S", OutgoingID: "out-1", State: want}, e.Status); diff != "" {
			t.Errorf("%s: %s", state, diff)
		}
		if (e.From != gateway.Identity{Phone: "34600111222", UserID: "ES.a"}) {
			t.Errorf("%s: from %+v", state, e.From)
		}
	}
}

// The reason of a failure is told in our words, and its class says what to do. The
// channel's own words hold the number, and are for people alone.
func TestFailedStatus(t *testing.T) {
	t.Parallel()
	const words = "34600111222"
	for code, want := range map[string]gateway.SendError{
		`131047`:   {Code: 131047, Title: "The service window is closed", Class: gateway.ErrorWindow, Detail: words},
		`"131026"`: {Code: 131026, Title: "The customer can't be reached on the channel", Class: gateway.ErrorUnreachable, Detail: words},
		`131050`:   {Code: 131050, Title: "The customer stopped marketing messages", Class: gateway.ErrorOptedOut, Detail: words},
		`999999`:   {Code: 999999, Title: "The channel refused it with a code that is not known", Detail: words},
		`null`:     {Title: "The channel gave no reason", Detail: words},
	} {
		e := one(t, inValue(`"statuses":[{"id":"s","status":"failed","timestamp":"1","errors":[{"code":`+code+
			`,"title":"x","error_data":{"details":"34600111222"}}]}]`))
		if diff := cmp.Diff(&want, e.Status.Error); diff != "" {
			t.Errorf("%s: %s", code, diff)
		}
		if errs := string(e.Status.Errors); !strings.HasPrefix(errs, `[{"code":`+code) || !strings.HasSuffix(errs, `"34600111222"}}]`) {
			t.Errorf("%s: the errors are not kept as they came: %s", code, errs)
		}
	}
}

// What the channel says of a failure is kept whole, unless no store would take it.
func TestErrorsAsTheyCame(t *testing.T) {
	t.Parallel()
	for came, want := range map[string]string{
		`[{"code":1}, {"code":2,"x":[]}]`: `[{"code":1}, {"code":2,"x":[]}]`,
		`[{"code":1,"title":"\u0000"}]`:   `["[{\"code\":1,\"title\":\"\\u0000\"}]"]`,
		`[7,{"code":1}]`:                  `[7,{"code":1}]`,
		`[]`:                              "", `null`: "", `{"code":1}`: "", `[7]`: "",
	} {
		e := one(t, inValue(`"statuses":[{"id":"s","status":"failed","errors":`+came+`}]`))
		if string(e.Status.Errors) != want || (want == "") != (e.Status.Error == nil) {
			t.Errorf("%s was kept as %s, %v", came, e.Status.Errors, e.Status.Error)
		}
	}
}

func TestKeysOfStatuses(t *testing.T) {
	t.Parallel()
	body := inValue(`"statuses":[` + strings.Join([]string{
		`{"id":"s","status":"sent","timestamp":"1"}`,
		`{"id":"s","status":"sent","timestamp":"2"}`,
		`{"id":"s","status":"read","timestamp":"1"}`,
		`{"id":"s","status":"read","timestamp":"1","recipient_participant_id":"1"}`,
		`{"id":"s","status":"read","timestamp":"1","recipient_participant_id":"2"}`,
		`{"id":"s","status":"read","timestamp":"1","recipient_participant_user_id":"2"}`,
		`{"id":"s","status":"failed","timestamp":"1","errors":[{"code":1}]}`,
		`{"id":"s","status":"failed","timestamp":"1","errors":[{"code":2}]}`,
		`{"id":"s|sent","status":"","timestamp":"1"}`,
		`{"id":"s%7Csent","status":"","timestamp":"1"}`,
		`{"status":"sent","timestamp":"1"}`,
		`{"status":"sent","timestamp":"2"}`,
		`{"id":"` + strings.Repeat("s", 3000) + `","status":"sent"}`,
		`{"id":"` + strings.Repeat("s", 3000) + `","status":"read"}`,
		`7`, `"x"`, `null`,
	}, ",") + `]`)
	events, err := Parse(body, noon)
	if err != nil || len(events) != 17 {
		t.Fatal(err, len(events))
	}
	checkEvents(t, "statuses", events)
	seen := map[string]bool{}
	for _, e := range events {
		if seen[e.Key] {
			t.Errorf("twice: %s", e.Key)
		}
		seen[e.Key] = true
	}
}

func TestEcho(t *testing.T) {
	t.Parallel()
	body := strings.ReplaceAll(string(inValue(`"contacts":[{"wa_id":"34600111222","profile":{"name":"Ana"}}],`+
		`"message_echoes":[{"from":"34600000000","to":"34600111222","to_user_id":"ES.a","id":"e","timestamp":"1764072000",`+
		`"type":"text","text":{"body":"Voy"}}]`)), `"field":"messages"`, `"field":"smb_message_echoes"`)
	e := one(t, []byte(body))
	if e.Kind != gateway.EventEcho || e.Key != "echo|e" || e.Name != "Ana" || e.Message.Text != "Voy" {
		t.Errorf("%+v", e)
	}
	if (e.From != gateway.Identity{Phone: "34600111222", UserID: "ES.a"}) {
		t.Errorf("from %+v", e.From)
	}
}

// One bad item costs nothing but itself.
func TestPoison(t *testing.T) {
	t.Parallel()
	good := `{"from":"34600111222","id":"good","type":"text","text":{"body":"x"}}`
	for _, poison := range []string{`null`, `7`, `"x"`, `[]`, `true`} {
		body := fmt.Appendf(nil, `{"entry":[%[1]s,{"changes":%[1]s},{"changes":[%[1]s,{"field":"messages","value":%[1]s},`+
			`{"field":"messages","value":{"messages":[%[1]s,%[2]s,%[1]s],"statuses":[%[1]s],"errors":[%[1]s]}}]}]}`, poison, good)
		events, err := Parse(body, noon)
		if err != nil {
			t.Fatal(err)
		}
		checkEvents(t, poison, events)
		found, bad := 0, 0
		for _, e := range events {
			switch {
			case e.Kind == gateway.EventMessage && e.Key == "message|good":
				found++
			case e.Kind == gateway.EventUnreadable && (string(e.Raw) == poison || strings.HasSuffix(string(e.Raw), `"value":`+poison+`}`)):
				bad++
			default:
				t.Errorf("%s: %+v", poison, e)
			}
		}
		// An empty list and null are no changes; everything else is kept.
		want := 8
		if poison == "null" || poison == "[]" {
			want = 7
		}
		if found != 1 || bad != want {
			t.Errorf("%s: %d good, %d bad", poison, found, bad)
		}
	}
}

func TestNotices(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty":         `{}`,
		"no entries":    `{"object":"whatsapp_business_account","entry":[]}`,
		"other object":  `{"object":"page","entry":[{"id":"1","changes":[]}]}`,
		"known field":   `{"entry":[{"id":"1","time":1764072000,"changes":[{"field":"business_username_updates","value":{"event":"X"}}]}]}`,
		"empty alert":   `{"entry":[{"id":"1","time":1764072000,"changes":[{"field":"account_update","value":{}}]}]}`,
		"no alert":      `{"entry":[{"id":"1","changes":[{"field":"message_template_status_update","value":[7]}]}]}`,
		"unknown field": `{"entry":[{"id":"1","changes":[{"field":"telepathy","value":7}]}]}`,
		"standby":       `{"entry":[{"id":"1","changes":[{"field":"standby","value":{"messages":[{"from":"1","id":"a"}]}}]}]}`,
		"empty value":   `{"entry":[{"id":"1","changes":[{"field":"messages","value":{"contacts":[]}}]}]}`,
		"new key":       `{"entry":[{"id":"1","changes":[{"field":"messages","value":{"moods":["blue"]}}]}]}`,
		"no preference": `{"entry":[{"id":"1","changes":[{"field":"user_preferences","value":{"user_preferences":[]}}]}]}`,
		"top level":     `{"surprise":1}`,
	} {
		e := one(t, []byte(body))
		if e.Kind != gateway.EventNotice || !strings.HasPrefix(e.Key, "notice|sha256|") {
			t.Errorf("%s: %+v", name, e)
		}
		indented, err := json.MarshalIndent(json.RawMessage(body), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if again := one(t, indented); again.Key != e.Key {
			t.Errorf("%s: another key when indented", name)
		}
	}
}

// The same words at another time are another notice.
func TestNoticeAgain(t *testing.T) {
	t.Parallel()
	first := one(t, []byte(`{"entry":[{"id":"1","time":1764072000,"changes":[{"field":"standby","value":{"event":"X"}}]}]}`))
	second := one(t, []byte(`{"entry":[{"id":"1","time":1764072060,"changes":[{"field":"standby","value":{"event":"X"}}]}]}`))
	if first.Key == second.Key || !first.At.Equal(time.Unix(1764072000, 0)) {
		t.Errorf("%s at %v, %s", first.Key, first.At, second.Key)
	}
}

// TestWhereItemsStand: each event knows its own place in the body, also beside one that
// looks the same. What was put together or mended has none.
func TestWhereItemsStand(t *testing.T) {
	t.Parallel()
	const item = `{"from":"1","id":"a","type":"text","text":{"body":"x"}}`
	const half = `{"from":"1","id":"a","type":"text","text":{"body":"\ud83d"}}`
	body := inValue(`"messages":[` + item + `, ` + item + `,` + half + `],"statuses":[7,{"id":"s"}],"errors":[{"code":1}],"new":` + item)
	events, err := Parse(body, noon)
	if err != nil || len(events) != 7 {
		t.Fatal(len(events), err)
	}
	checkEvents(t, "places", events)
	last := 0
	for i, e := range events {
		if &e.Body[0] != &body[0] || len(e.Body) != len(body) {
			t.Errorf("%d: another body", i)
		}
		made := i == 2 || i == 6
		if made != (e.BodyTo == 0) || !made && (e.BodyFrom < last || string(body[e.BodyFrom:e.BodyTo]) != string(e.Raw)) {
			t.Errorf("%d: %d to %d after %d", i, e.BodyFrom, e.BodyTo, last)
		}
		last = max(last, e.BodyTo)
	}
	for _, body := range []string{`{"object":"page"}`, ` {} `} {
		if e := one(t, []byte(body)); e.BodyFrom != 0 || e.BodyTo != len(body) {
			t.Errorf("%q: %d to %d", body, e.BodyFrom, e.BodyTo)
		}
	}
}

func TestUnreadableBodies(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"", " ", "null", "7", `"x"`, "[]", `[{"entry":[]}]`, "{", `{"a":`, "\x00", "\xff\xfe", "<html>",
		strings.Repeat("[", 20000), "\ufeff{}",
	} {
		if events, err := Parse([]byte(body), noon); !errors.Is(err, ErrUnreadable) || events != nil {
			t.Errorf("%.20q: %v %v", body, events, err)
		}
		e := unreadableBody([]byte(body), noon)
		checkEvents(t, "unreadable", []gateway.Event{e})
		if got := unkeep(t, e.Raw); got != body || string(e.Body) != body || e.BodyTo != 0 {
			t.Errorf("%.20q was kept as %.20q", body, got)
		}
	}
}

// unkeep gives the bytes that keepBody kept.
func unkeep(t rapid.TB, raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var wrapped struct {
		Base64 []byte `json:"base64"`
	}
	if err := json.Unmarshal(raw, &wrapped); err != nil {
		t.Fatalf("%.40q: %v", raw, err)
	}
	return string(wrapped.Base64)
}

// Every text of a customer can be stored, and keys tell items apart.
func TestAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		words := rapid.String().Draw(r, "text")
		a, b := rapid.String().Draw(r, "a"), rapid.String().Draw(r, "b")
		message := func(id string) string {
			m := map[string]any{"from": "34600111222", "id": id, "type": "text", "text": map[string]any{"body": words}}
			encoded, err := json.Marshal(m)
			if err != nil {
				r.Fatal(err)
			}
			return string(encoded)
		}
		events, err := Parse(inValue(`"messages":[`+message("x"+a)+`,`+message("x"+b)+`]`), noon)
		if err != nil || len(events) != 2 {
			r.Fatal(err, len(events))
		}
		for _, e := range events {
			want := strings.TrimSpace(strings.ReplaceAll(words, "\x00", ""))
			if e.Message.Text != want || !storable(e.Message.Text) || !goodEscapes(e.Raw) {
				r.Fatalf("%q became %q", words, e.Message.Text)
			}
		}
		clean := func(s string) string { return strings.ReplaceAll(s, "\x00", "") }
		if (clean(a) == clean(b)) != (events[0].Key == events[1].Key) {
			r.Fatalf("%q and %q have the keys %q and %q", a, b, events[0].Key, events[1].Key)
		}
	})
}

func TestKeptBodies(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		body := string(rapid.SliceOf(rapid.Byte()).Draw(r, "body"))
		if got := unkeep(r, keepBody([]byte(body))); got != body {
			r.Fatalf("%q came back as %q", body, got)
		}
	})
}

func TestGoodEscapes(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		`"a"`: true, `"\u00e1\n\\"`: true, `"\ud83d\ude00"`: true, `"\\u0000"`: true, `"\\\\u0000"`: true,
		`"\u0000"`: false, `"\\\u0000"`: false, `"\ud83d"`: false, `"\ude00"`: false, `"\ud83dx"`: false,
		`"\ud83d\u0041"`: false, `"\ud83d\n"`: false, `"\u00`: false,
	} {
		if goodEscapes([]byte(raw)) != want {
			t.Errorf("%s is not %v", raw, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(value2(`"timestamp":"1764072000",`))
	f.Add(inValue(`"statuses":[{"id":"s","status":"failed","errors":[{"code":1}]}],"errors":[{"code":2}],"x":{}`))
	f.Add(inValue(`"contacts":[{"wa_id":"1"}],"messages":[{"id":"a","type":"edit","edit":{"message":{"order":{}}}},null]`))
	for _, seed := range seeds() {
		f.Add(seed)
	}
	f.Add([]byte(`{"object":"page","entry":[{"changes":7}],"\u0000":"\ud83d"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := Parse(body, noon)
		if err != nil {
			if json.Valid(body) && strings.HasPrefix(strings.TrimSpace(string(body)), "{") {
				t.Error("an object was not read")
			}
			return
		}
		checkEvents(t, "fuzzed", events)
		for _, e := range events {
			if len(e.Body) != len(body) || &e.Body[0] != &body[0] {
				t.Error("an event has another body")
			}
		}
		again, err := Parse(body, noon)
		if err != nil || !reflect.DeepEqual(events, again) {
			t.Error("the second reading differs")
		}
	})
}

// batch is a webhook of n messages and as many statuses.
func batch(n int) []byte {
	messages, statuses := make([]string, n), make([]string, n)
	for i := range n {
		messages[i] = fmt.Sprintf(`{"from":"34600%06d","id":"wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFF%d",`+
			`"timestamp":"1764072000","type":"text","text":{"body":"\u00bfCu\u00e1nto tardan los reembolsos?"}}`, i, i)
		statuses[i] = fmt.Sprintf(`{"id":"wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI0QUQ2MjA4%d","status":"delivered",`+
			`"timestamp":"1764072000","recipient_id":"34600%06d","biz_opaque_callback_data":"0190a5e2-7c3b-7000-8000-%012d",`+
			`"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"service"}}`, i, i, i)
	}
	return inValue(`"contacts":[{"wa_id":"34600000000","profile":{"name":"Ana"}}],"messages":[` + strings.Join(messages, ",") +
		`],"statuses":[` + strings.Join(statuses, ",") + `]`)
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{1, 50, 500} {
		body := batch(n)
		b.Run(fmt.Sprint(2*n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := Parse(body, noon); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
