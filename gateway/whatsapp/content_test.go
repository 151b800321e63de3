package whatsapp

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
)

const (
	sumBase64 = `m04pFf2ERdaopTyFkGPA0+bX3i+YY2dYgVFwOgDLSDI=`
	sumHex    = `9b4e2915fd8445d6a8a53c859063c0d3e6d7de2f9863675881517 03a00cb4832`
)

// seeds are bodies with a message for each row of TestContent.
func seeds() [][]byte {
	var all [][]byte
	for _, c := range messageRows {
		all = append(all, inValue(`"messages":[{"from":"34600111222","id":"wamid.A",`+c.content+`}]`))
	}
	for _, field := range []string{"account_update", "message_template_status_update", "user_preferences", "user_id_update"} {
		all = append(all, change(field, `{"event":"APPROVED","message_template_name":"a","`+field+`":[{"wa_id":"1","value":"stop"}]}`))
	}
	return all
}

// messageRows are messages with all that they hold beside id and text.
var messageRows = map[string]struct {
	content string
	want    gateway.Message
}{
	"text": {`"type":"text","text":{"body":"hola"}`, gateway.Message{Type: "text", Text: "hola"}},
	"image": {
		`"type":"image","image":{"id":"77","mime_type":"image/jpeg","sha256":"` + strings.ReplaceAll(sumBase64, "/", `\/`) + `","caption":"roto","url":"https://x"}`,
		gateway.Message{Type: "image", Text: "roto", Media: &gateway.Media{ProviderID: "77", MIME: "image/jpeg", SHA256: unspaced(sumHex)}},
	},
	"id as a number": {
		`"type":"video","video":{"id":77,"mime_type":null,"sha256":"` + strings.ToUpper(unspaced(sumHex)) + `"}`,
		gateway.Message{Type: "video", Media: &gateway.Media{ProviderID: "77", SHA256: unspaced(sumHex)}},
	},
	"voice note": {
		`"type":"audio","audio":{"id":"5","mime_type":"audio/ogg; codecs=opus","voice":true,"sha256":"short"}`,
		gateway.Message{Type: "audio", Media: &gateway.Media{ProviderID: "5", MIME: "audio/ogg; codecs=opus", Voice: true}},
	},
	"song":         {`"type":"audio","audio":{"id":"5","voice":false}`, gateway.Message{Type: "audio", Media: &gateway.Media{ProviderID: "5"}}},
	"voice of old": {`"type":"voice","voice":{"id":"5"}`, gateway.Message{Type: "voice", Media: &gateway.Media{ProviderID: "5", Voice: true}}},
	"document": {
		`"type":"document","document":{"id":"5","filename":"factura\u0000.pdf","mime_type":"application\/pdf","caption":"la factura"}`,
		gateway.Message{
			Type: "document", Text: "la factura", Media: &gateway.Media{ProviderID: "5", MIME: "application/pdf", Filename: "factura.pdf"},
		},
	},
	"sticker": {
		`"type":"sticker","sticker":{"id":"5","animated":true}`,
		gateway.Message{Type: "sticker", Media: &gateway.Media{ProviderID: "5", Animated: true}},
	},
	"no file":      {`"type":"image"`, gateway.Message{Type: "image"}},
	"file of a no": {`"type":"image","image":7`, gateway.Message{Type: "image"}},
	"lost file": {
		`"type":"image","image":{"caption":"mira","id":""},"errors":[{"code":131052}]`,
		gateway.Message{Type: "image", Text: "mira", Problem: &gateway.SendError{Code: 131052, Title: rule(131052).title, Class: gateway.ErrorFile}},
	},
	"lost in the old way": {
		`"type":"audio","audio":{"id":"5"},"errors":[{"code":"400","title":"Media download failed","details":"x"}]`,
		gateway.Message{
			Type: "audio", Media: &gateway.Media{ProviderID: "5"}, Problem: &gateway.SendError{Code: 400, Title: rule(400).title},
		},
	},
	"place": {
		`"type":"location","location":{"latitude":40.5,"longitude":"-3.25","name":"Tienda","address":"Calle 1","url":"https://m"}`,
		gateway.Message{Type: "location", Text: "Tienda\nCalle 1", Location: &gateway.Location{
			Latitude: 40.5, Longitude: -3.25, Name: "Tienda", Address: "Calle 1", URL: "https://m",
		}},
	},
	"no place":    {`"type":"location","location":{"latitude":91,"longitude":0}`, gateway.Message{Type: "location", Text: "91, 0"}},
	"half a one":  {`"type":"location","location":{"latitude":9,"name":"x"}`, gateway.Message{Type: "location", Text: "x"}},
	"place NaN":   {`"type":"location","location":{"latitude":"NaN","longitude":"Inf"}`, gateway.Message{Type: "location", Text: "NaN, Inf"}},
	"place of no": {`"type":"location","location":[1,2]`, gateway.Message{Type: "location"}},
	"cards": {
		`"type":"contacts","contacts":[7,{"name":{"formatted_name":"Ana"},"phones":[{"phone":"+34 1","wa_id":"341"},{"phone":"","wa_id":""},{"wa_id":342}],` +
			`"emails":[{"email":"a@x"},{"email":""}],"org":{"company":"ACME","title":"CEO"}},{"name":{"first_name":"Bo","last_name":"Li"},"phones":"none"}]`,
		gateway.Message{Type: "contacts", Text: "Ana, ACME, +34 1, 342, a@x\nBo Li", Cards: []gateway.Card{
			{
				Name: "Ana", Phones: []gateway.CardPhone{{Phone: "+34 1", WhatsApp: "341"}, {WhatsApp: "342"}},
				Emails: []string{"a@x"}, Organization: "ACME, CEO",
			},
			{Name: "Bo Li"},
		}},
	},
	"own card": {
		`"type":"contacts","contacts":[{"origin":"contact_request","name":{"formatted_name":"Ana"},"phones":[{"phone":"+34600111222"}]}]`,
		gateway.Message{Type: "contacts", Text: "Ana, +34600111222", Cards: []gateway.Card{
			{Name: "Ana", Phones: []gateway.CardPhone{{Phone: "+34600111222"}}, Requested: true},
		}},
	},
	"no cards": {`"type":"contacts","contacts":{}`, gateway.Message{Type: "contacts"}},
	"button reply": {
		`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"c","title":"Cancelar"}}`,
		gateway.Message{Type: "interactive", Text: "Cancelar", Choice: &gateway.Choice{ID: "c", Title: "Cancelar"}},
	},
	"list reply": {
		`"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":4,"title":"Express","description":"1 día"}}`,
		gateway.Message{Type: "interactive", Text: "Express\n1 día", Choice: &gateway.Choice{ID: "4", Title: "Express", Description: "1 día"}},
	},
	"lost reply": {`"type":"interactive","interactive":{"type":"button_reply"}`, gateway.Message{Type: "interactive"}},
	"lost all":   {`"type":"interactive","interactive":null`, gateway.Message{Type: "interactive"}},
	"payment": {
		`"type":"interactive","interactive":{"type":"payment_method","payment_method":{"payment_method":"card","reference_id":"r1","x":{"y":1}}}`,
		gateway.Message{Type: "interactive", Text: "payment_method: card\nreference_id: r1\nx: {\"y\":1}"},
	},
	"template button": {
		`"type":"button","button":{"payload":"talk","text":"Hablar"},"context":{"id":"wamid.T"}`,
		gateway.Message{Type: "button", Text: "Hablar", QuotedID: "wamid.T", Choice: &gateway.Choice{ID: "talk", Title: "Hablar"}},
	},
	"old button": {`"type":"button","button":{"text":"Sí"}`, gateway.Message{Type: "button", Text: "Sí", Choice: &gateway.Choice{Title: "Sí"}}},
	"form": {
		`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{\"order\":\"#W1\",\"flow_token\":\"t\"}"}}`,
		gateway.Message{Type: "interactive", Text: "order: #W1", Form: json.RawMessage(`{"order":"#W1","flow_token":"t"}`)},
	},
	"form of words": {
		`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"response_json":"not \"json\""}}`,
		gateway.Message{Type: "interactive", Text: `not "json"`, Form: json.RawMessage(`"not \"json\""`)},
	},
	"form of a list": {
		`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"response_json":"[1]"}}`,
		gateway.Message{Type: "interactive", Text: `[1]`, Form: json.RawMessage(`"[1]"`)},
	},
	"form as it is": {
		`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"response_json":{"a":1}}}`,
		gateway.Message{Type: "interactive", Text: `a: 1`, Form: json.RawMessage(`{"a":1}`)},
	},
	"form that no store takes": {
		`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"response_json":"{\"a\":\"x\\u0000y\"}"}}`,
		gateway.Message{Type: "interactive", Text: `a: xy`, Form: json.RawMessage(`"{\"a\":\"x\\u0000y\"}"`)},
	},
	"no form": {
		`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"body":"Sent"}}`,
		gateway.Message{Type: "interactive", Text: "Sent"},
	},
	"reaction": {
		`"type":"reaction","reaction":{"message_id":"wamid.Z","emoji":"👍"},"context":{"id":"wamid.Y"}`,
		gateway.Message{Type: "reaction", Text: "👍", QuotedID: "wamid.Z"},
	},
	"reaction taken back": {
		`"type":"reaction","reaction":{"message_id":"wamid.Z","emoji":""}`,
		gateway.Message{Type: "reaction", QuotedID: "wamid.Z"},
	},
	"cart": {
		`"type":"order","order":{"catalog_id":"c1","text":"rápido","product_items":[{"product_retailer_id":"sku","quantity":2,"item_price":"30.5","currency":"EUR"},{"product_retailer_id":"b","quantity":"1"}]}`,
		gateway.Message{Type: "order", Text: "rápido\n2 × sku (30.5 EUR)\n1 × b", Cart: &gateway.Cart{
			CatalogID: "c1", Note: "rápido",
			Items: []gateway.CartItem{{ProductID: "sku", Quantity: "2", Price: "30.5", Currency: "EUR"}, {ProductID: "b", Quantity: "1"}},
		}},
	},
	"no cart": {`"type":"order","order":[]`, gateway.Message{Type: "order"}},
	"quoted": {
		`"type":"text","text":{"body":"a"},"context":{"from":"34600000000","id":"wamid.Q"}`,
		gateway.Message{Type: "text", Text: "a", QuotedID: "wamid.Q"},
	},
	"forwarded": {`"type":"text","text":{"body":"a"},"context":{"forwarded":true}`, gateway.Message{Type: "text", Text: "a", Forwarded: "forwarded"}},
	"forwarded often": {
		`"type":"image","image":{"id":"1"},"context":{"forwarded":true,"frequently_forwarded":"true"}`,
		gateway.Message{Type: "image", Media: &gateway.Media{ProviderID: "1"}, Forwarded: "frequently_forwarded"},
	},
	"not forwarded": {`"type":"text","text":{"body":"a"},"context":{"forwarded":false}`, gateway.Message{Type: "text", Text: "a"}},
	"about a product": {
		`"type":"text","text":{"body":"a"},"context":{"referred_product":{"catalog_id":"c1","product_retailer_id":9}}`,
		gateway.Message{Type: "text", Text: "a", Product: &gateway.Product{CatalogID: "c1", ProductID: "9"}},
	},
	"no product": {`"type":"text","text":{"body":"a"},"context":{"referred_product":{}}`, gateway.Message{Type: "text", Text: "a"}},
	"ad": {
		`"type":"text","text":{"body":"a"},"referral":{"source_url":"https://fb","source_id":12,"source_type":"ad","headline":"H","body":"B",` +
			`"media_type":"image","image_url":"https://i","video_url":"https://v","ctwa_clid":"clk","welcome_message":{"text":"Hola"}}`,
		gateway.Message{Type: "text", Text: "a", Referral: &gateway.Referral{
			Kind: "ad", SourceID: "12", URL: "https://fb", Headline: "H", Body: "B", MediaURL: "https://i", ClickID: "clk", Welcome: "Hola",
		}},
	},
	"post with a video": {
		`"type":"audio","audio":{"id":"1"},"referral":{"source_type":"post","media_type":"video","image_url":"https://i","video_url":"","thumbnail_url":"https://t"}`,
		gateway.Message{
			Type: "audio", Media: &gateway.Media{ProviderID: "1"}, Referral: &gateway.Referral{Kind: "post", MediaURL: "https://t"},
		},
	},
	"no referral": {`"type":"text","text":{"body":"a"},"referral":{"media_type":"image"}`, gateway.Message{Type: "text", Text: "a"}},
	"no context":  {`"type":"text","text":{"body":"a"},"context":[1],"referral":"x","errors":{"code":1}`, gateway.Message{Type: "text", Text: "a"}},
	"only in the app": {
		`"type":"unsupported","errors":[{"code":131060}]`,
		gateway.Message{Type: "unsupported", Problem: &gateway.SendError{Code: 131060, Title: rule(131060).title, Class: gateway.ErrorElsewhere}},
	},
	"unsupported without a reason": {
		`"type":"unsupported"`,
		gateway.Message{Type: "unsupported", Problem: &gateway.SendError{Code: 131051, Title: rule(131051).title}},
	},
	"unknown with a reason": {
		`"type":"unknown","errors":[{"code":131051,"details":"x"}]`,
		gateway.Message{Type: "unknown", Problem: &gateway.SendError{Code: 131051, Title: rule(131051).title}},
	},
	"reason without a code": {
		`"type":"ephemeral","errors":[{}]`,
		gateway.Message{Type: "ephemeral", Problem: &gateway.SendError{Title: "The channel gave no reason"}},
	},
}

func unspaced(s string) string { return strings.ReplaceAll(s, " ", "") }

// How a problem is classed, and the channel's own words for it, are tested with the
// rulings.
var ownWords = cmpopts.IgnoreFields(gateway.SendError{}, "Class", "Detail")

func TestContent(t *testing.T) {
	t.Parallel()
	for name, c := range messageRows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := said(t, c.content)
			c.want.ProviderID = "wamid.A"
			if diff := cmp.Diff(&c.want, e.Message, ownWords); diff != "" || e.Kind != gateway.EventMessage {
				t.Errorf("%s: %s", e.Kind, diff)
			}
			// A person of the shop can send all of it, too.
			echo := one(t, inValue(`"message_echoes":[{"to":"34600111222","id":"wamid.A",`+c.content+`}]`))
			if diff := cmp.Diff(e.Message, echo.Message); diff != "" || echo.Kind != gateway.EventEcho {
				t.Errorf("as an echo %s: %s", echo.Kind, diff)
			}
		})
	}
}

// What it was is told to the agent.
func TestUnsupportedType(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		`"unsupported":{"type":"poll_update"},"errors":[{"code":131051,"error_data":{"details":"not supported"}}]`: "poll_update: not supported",
		`"unsupported":{"type":"poll_update"}`:           "poll_update",
		`"unsupported":{},"errors":[{"details":"gone"}]`: "gone",
	} {
		e := said(t, `"type":"unsupported",`+content)
		if p := e.Message.Problem; p == nil || p.Detail != want {
			t.Errorf("%s: %+v", content, p)
		}
	}
}

// The channel tells of a tap that it lost beside the message and not in it.
func TestLostContentHasItsReason(t *testing.T) {
	t.Parallel()
	const lost = `{"from":"34600111222","id":"a","type":"interactive"}`
	for body, want := range map[string]int{
		`"messages":[` + lost + `],"errors":[{"code":131000},{"code":1}]`:                                              131000,
		`"messages":[` + lost + `],"errors":[7]`:                                                                       0,
		`"messages":[` + lost + `,` + lost + `],"errors":[{"code":131000}]`:                                            0,
		`"messages":[{"from":"1","id":"a","type":"text","text":{"body":"x"}}],"errors":[{"code":131000}]`:              0,
		`"messages":[{"from":"1","id":"a","type":"interactive","errors":[{"code":2}]}],"errors":[{"code":131000}]`:     2,
		`"messages":[{"from":"1","id":"a","type":"interactive","interactive":{"type":"x","x":{"y":1}}}],"errors":[{}]`: 0,
	} {
		events, err := Parse(inValue(body), noon)
		if err != nil || len(events) < 2 || events[0].Kind != gateway.EventMessage {
			t.Fatalf("%s: %v", body, err)
		}
		checkEvents(t, body, events)
		got := 0
		if p := events[0].Message.Problem; p != nil {
			got = p.Code
		}
		if got != want {
			t.Errorf("%s: %d", body, got)
		}
		for _, e := range events[1:] {
			if e.Kind == gateway.EventAlert {
				t.Errorf("%s: the message's problem became the account's", body)
			}
		}
	}
}

func TestLongNamesOfFiles(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ñ", 1000)
	e := said(t, `"type":"document","document":{"id":"5","mime_type":"`+long+`","filename":"a`+long+`"}`)
	if m := e.Message.Media; len(m.MIME) != maxMIME || len(m.Filename) != maxFilename-1 || !strings.HasPrefix("a"+long, m.Filename) {
		t.Errorf("%d %d", len(m.MIME), len(m.Filename))
	}
	if m := said(t, `"type":"document","document":{"id":"`+strings.Repeat("5", maxProviderID+1)+`","caption":"x"}`).Message; m.Media != nil || m.Text != "x" {
		t.Errorf("%+v", m)
	}
}

// A place comes back as it was sent, whether as numbers or as words.
func TestAnyPlace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		north, east := rapid.Float64Range(-90, 90).Draw(r, "latitude"), rapid.Float64Range(-180, 180).Draw(r, "longitude")
		quote := rapid.SampledFrom([]string{"", `"`}).Draw(r, "quote")
		number := func(f float64) string { return quote + strconv.FormatFloat(f, 'f', -1, 64) + quote }
		var m gateway.Message
		o, ok := decode([]byte(`{"x":{"latitude":` + number(north) + `,"longitude":` + number(east) + `}}`))
		readLocation(&m, o.get("x"))
		if !ok || m.Location == nil || m.Location.Latitude != north || m.Location.Longitude != east {
			r.Fatalf("%v, %v became %+v", north, east, m.Location)
		}
	})
	for _, s := range []string{"", "NaN", "Inf", "-Inf", "x", "90.1", "-91", "1e9"} {
		if n, ok := degrees(s, 90); ok || math.Signbit(n) && s == "" {
			t.Errorf("%q is a place", s)
		}
	}
}

// A shortened text is a beginning of the text, as long as it can be.
func TestCut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		s, most := rapid.String().Draw(r, "text"), rapid.IntRange(0, 40).Draw(r, "most")
		got := cut(s, most)
		if !strings.HasPrefix(s, got) || len(got) > most || !storable(strings.ReplaceAll(got, "\x00", "")) {
			r.Fatalf("%q became %q", s, got)
		}
		if len(got) < len(s) && len(got) < most-3 {
			r.Fatalf("%q became %q, which is shorter than needed", s, got)
		}
	})
}
