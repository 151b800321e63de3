package whatsapp

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
)

// withoutCounterpart are the examples of messages that are not sent, with the reason.
var withoutCounterpart = map[string]string{
	"send_catalog_message.json":                   "catalogs",
	"send_catalog_template_message.json":          "catalogs",
	"send_multi_product_message.json":             "catalogs",
	"send_single_product_message.json":            "catalogs",
	"send_draft_flow_by_id.json":                  "flows",
	"send_draft_flow_by_name.json":                "flows",
	"send_flow_template_message.json":             "flows",
	"send_published_flow_by_id.json":              "flows",
	"send_published_flow_by_name.json":            "flows",
	"send_order_details_message.json":             "payments",
	"send_order_status_message.json":              "payments",
	"send_sample_issue_resolution_template.json":  "an old form of quick replies, with booleans for payloads",
	"send_typing_indicator_and_read_receipt.json": "no message: see TestTyping",
}

// leftOut are the members of examples that messages of ours never have.
var leftOut = map[string][]string{
	"contacts": {
		"contacts[].addresses", "contacts[].birthday", "contacts[].urls", "contacts[].emails[].type", "contacts[].phones[].type",
		"contacts[].name.middle_name", "contacts[].name.prefix", "contacts[].name.suffix", "contacts[].org.department", "contacts[].org.title",
	},
	"template": {"template.components[].parameters[currency]", "template.components[].parameters[date_time]"},
}

// counterpart is the message of ours for an example, by what its name says.
func counterpart(name string) (*gateway.Outgoing, bool) {
	o := &gateway.Outgoing{ID: "o", To: gateway.Identity{Phone: phone}}
	if strings.Contains(name, "_reply_to_") {
		o.QuoteID = "wamid.1"
	}
	m := fileAt("7", "", "")
	if strings.HasSuffix(name, "_by_url.json") {
		m = fileAt("", "https://t.es/f", "")
	}
	rows := []gateway.ListRow{{ID: "1", Title: "A", Description: "d"}, {ID: "2", Title: "B", Description: "d"}}
	for kind, c := range map[string]gateway.Content{
		"text_message":  {},
		"image":         {Kind: gateway.ContentImage, Media: m},
		"video":         {Kind: gateway.ContentVideo, Media: m},
		"audio":         {Kind: gateway.ContentAudio, Media: m},
		"document":      {Kind: gateway.ContentDocument, Media: m},
		"sticker":       {Kind: gateway.ContentSticker, Media: m},
		"location":      {Kind: gateway.ContentLocation, Location: &gateway.Location{Latitude: 1.5, Longitude: 2.5, Name: "n", Address: "a"}},
		"contact":       {Kind: gateway.ContentCards, Cards: []gateway.Card{fullCard()}},
		"with_reaction": {Kind: gateway.ContentReaction, Reaction: &gateway.Reaction{MessageID: "wamid.1", Emoji: "👍"}},
		"reply_button":  {Kind: gateway.ContentButtons, Buttons: []gateway.Button{{ID: "1", Title: "A"}, {ID: "2", Title: "B"}}},
		"list": {Kind: gateway.ContentList, Header: "h", Footer: "f", List: &gateway.List{Open: "o", Sections: []gateway.ListSection{
			{Title: "s", Rows: rows}, {Title: "t", Rows: []gateway.ListRow{{ID: "3", Title: "C", Description: "d"}}},
		}}},
	} {
		if !strings.Contains(name, "send_"+kind) && !strings.Contains(name, "_reply_to_"+kind) && !strings.Contains(name, "_reply_"+kind) {
			continue
		}
		switch o.Text = "a"; {
		case kind == "text_message" && strings.Contains(name, "preview"):
			o.Text = "https://t.es"
		case c.Kind != "" && !slices.Contains([]gateway.ContentKind{"video", "document", "list", "buttons"}, c.Kind):
			o.Text = "" // the example has no caption
		case kind == "document" && m.ProviderID != "":
			m.Filename = "f.pdf"
		}
		o.Content = &c
		return o, true
	}
	return o, false
}

// fullCard has all that a card of ours can have.
func fullCard() gateway.Card {
	return gateway.Card{
		Name: "John Smith", Phones: []gateway.CardPhone{{Phone: "+1"}, {Phone: "+1", WhatsApp: "1"}}, Emails: []string{"a@b.c"}, Organization: "W",
	}
}

// exampleTemplates are the templates among the examples.
func exampleTemplates() map[string]gateway.TemplateUse {
	photo := fileAt("", "https://t.es/p", "")
	photo.Kind = gateway.ContentImage
	values := []gateway.TemplateValue{{Text: "a"}}
	taps := []gateway.TemplateButtonValue{{Index: 0, Value: "p", Type: "QUICK_REPLY"}, {Index: 1, Value: "q", Type: "QUICK_REPLY"}}
	return map[string]gateway.TemplateUse{
		"send_test_message.json":                          {},
		"send_message_template_text.json":                 {Body: values},
		"send_message_template_media.json":                {HeaderMedia: photo, Body: values},
		"send_message_template_interactive.json":          {HeaderMedia: photo, Body: values, Buttons: taps},
		"send_sample_text_message.json":                   {Body: values},
		"send_sample_shipping_confirmation_template.json": {Body: values},
	}
}

// Every example of the channel's own API description whose type is sent is matched by
// a body of ours: the same members of the same types, nested in the same way.
func TestEveryExample(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join(shared(t), "meta_openapi_MIT", "outbound_requests", "*.json"))
	if err != nil || len(paths) < 50 {
		t.Fatalf("%d examples, %v", len(paths), err)
	}
	known, matched := maps.Clone(withoutCounterpart), 0
	for _, path := range paths {
		name := filepath.Base(path)
		if _, without := known[name]; without {
			delete(known, name)
			continue
		}
		o, ok := counterpart(name)
		if use, isTemplate := exampleTemplates()[name]; isTemplate {
			use.Name, use.Language = "t", "es"
			o.Text, o.Content, ok = "", &gateway.Content{Kind: gateway.ContentTemplate, Template: &use}, true
		}
		if !ok {
			t.Errorf("%s has no counterpart and is not on the list of those without", name)
			continue
		}
		matched++
		if diff := likeExample(t, path, o); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if len(known) > 0 || matched < 35 {
		t.Errorf("%d examples are matched, and these are not there: %v", matched, known)
	}
}

// likeExample tells in what the shape of a message's body differs from an example's.
func likeExample(t *testing.T, path string, o *gateway.Outgoing) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var example, ours any
	if err := json.Unmarshal(raw, &example); err != nil {
		t.Fatal(err)
	}
	body, err := payload(o)
	if err != nil {
		return err.Error()
	}
	if err := json.Unmarshal(body, &ours); err != nil {
		t.Fatal(err)
	}
	want, got := map[string]bool{}, map[string]bool{}
	shapes("", example, want)
	shapes("", ours, got)
	for shape := range want {
		for _, without := range leftOut[string(o.Kind())] {
			if rest, ok := strings.CutPrefix(shape, without); ok && strings.ContainsAny(rest[:1], ".[:") {
				delete(want, shape)
			}
		}
	}
	// What every message of ours has, and some examples leave out.
	for _, always := range []string{"type:string", "recipient_type:string", "biz_opaque_callback_data:string"} {
		want[always] = true
	}
	return cmp.Diff(want, got)
}

// shapes collects the path of each value with its type, such as
// "interactive.action.buttons[reply].reply.id:string". The elements of a list are
// told apart by their own type where they have one that is ours to choose.
func shapes(at string, v any, all map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			shapes(strings.TrimPrefix(at+"."+name, "."), inner, all)
		}
	case []any:
		for _, element := range v {
			shapes(at+"["+label(at, element)+"]", element, all)
		}
	default:
		all[fmt.Sprintf("%s:%T", at, v)] = true
	}
}

// label names an element of a list after its type.
func label(at string, element any) string {
	if fields, ok := element.(map[string]any); ok && strings.HasSuffix(at, ".parameters") {
		kind, _ := fields["type"].(string)
		if kind == "currency" || kind == "date_time" {
			return kind
		}
	}
	return ""
}
