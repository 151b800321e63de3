package cloudsim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// code is the code of an error of the Graph API, or 0 when there is none.
func code(t *testing.T, answer string) int {
	t.Helper()
	var body struct{ Error struct{ Code int } }
	if err := json.Unmarshal([]byte(answer), &body); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	return body.Error.Code
}

// send sends one part to a customer and gives the code that it was refused with.
func (w *world) send(kind, part string) int {
	w.t.Helper()
	_, answer := w.post(sendURL, fmt.Sprintf(`{"messaging_product":"whatsapp","to":%q,"type":%q,%q:%s}`, lucia, kind, kind, part))
	return code(w.t, answer)
}

// times repeats a character that has two bytes, so that who counts bytes is found
// out.
func times(n int) string { return strings.Repeat("ñ", n) }

// Each limit is kept by character: what just fits is taken, one more is refused.
func TestEachLimitIsKeptToTheCharacter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noLimits)
	w.say(lucia, "hola")
	button := func(id, title string) string {
		return `{"type":"button","body":{"text":"x"},"action":{"buttons":[{"type":"reply","reply":{"id":"` + id + `","title":"` + title + `"}}]}}`
	}
	list := func(open, section, id, title, description string) string {
		return `{"type":"list","body":{"text":"x"},"action":{"button":"` + open + `","sections":[{"title":"` + section +
			`","rows":[{"id":"` + id + `","title":"` + title + `","description":"` + description + `"}]}]}}`
	}
	line := func(where, text string) string {
		return `{"type":"button","` + where + `":{"type":"text","text":"` + text + `"},"body":{"text":"x"},"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"a"}}]}}`
	}
	tests := []struct {
		name, kind string
		limit      int
		part       func(text string) string
	}{
		{"text", "text", 4096, func(s string) string { return `{"body":"` + s + `"}` }},
		{"caption", "image", 1024, func(s string) string { return `{"link":"https://x.test/a","caption":"` + s + `"}` }},
		{"caption of a document", "document", 1024, func(s string) string { return `{"link":"https://x.test/a","caption":"` + s + `"}` }},
		{"button", "interactive", 20, func(s string) string { return button("1", s) }},
		{"button id", "interactive", 256, func(s string) string { return button(s, "a") }},
		{"header", "interactive", 60, func(s string) string { return line("header", s) }},
		{"footer", "interactive", 60, func(s string) string { return line("footer", s) }},
		{"body", "interactive", 1024, func(s string) string {
			return `{"type":"location_request_message","body":{"text":"` + s + `"},"action":{"name":"send_location"}}`
		}},
		{"body of a list", "interactive", 4096, func(s string) string {
			return `{"type":"list","body":{"text":"` + s + `"},"action":{"button":"b","sections":[{"rows":[{"id":"1","title":"a"}]}]}}`
		}},
		{"list button", "interactive", 20, func(s string) string { return list(s, "s", "1", "a", "d") }},
		{"section", "interactive", 24, func(s string) string { return list("b", s, "1", "a", "d") }},
		{"row id", "interactive", 200, func(s string) string { return list("b", "s", s, "a", "d") }},
		{"row", "interactive", 24, func(s string) string { return list("b", "s", "1", s, "d") }},
		{"row text", "interactive", 72, func(s string) string { return list("b", "s", "1", "a", s) }},
		{"link", "interactive", 20, func(s string) string {
			return `{"type":"cta_url","body":{"text":"x"},"action":{"name":"cta_url","parameters":{"display_text":"` + s + `","url":"https://x.test"}}}`
		}},
		{"flow", "interactive", 30, func(s string) string {
			return `{"type":"flow","body":{"text":"x"},"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_id":"1","flow_cta":"` + s + `"}}}`
		}},
	}
	for _, test := range tests {
		if got := w.send(test.kind, test.part(times(test.limit))); got != 0 {
			t.Errorf("%s: %d characters are refused with %d", test.name, test.limit, got)
		}
		if got := w.send(test.kind, test.part(times(test.limit+1))); got != 100 && got != 131009 {
			t.Errorf("%s: %d characters give %d", test.name, test.limit+1, got)
		}
	}
}

func TestEachTypeIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noLimits)
	id := w.say(lucia, "hola")
	repeat := func(n int, format string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = strings.ReplaceAll(format, "#", fmt.Sprint(i))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	act := func(kind, action string) string {
		return `{"type":"` + kind + `","body":{"text":"x"},"action":` + action + `}`
	}
	buttons := func(n int) string {
		return act("button", `{"buttons":`+repeat(n, `{"type":"reply","reply":{"id":"#","title":"t#"}}`)+`}`)
	}
	rows := func(n int) string {
		return act("list", `{"button":"b","sections":[{"rows":`+repeat(n, `{"id":"#","title":"t"}`)+`}]}`)
	}
	sections := func(n int, title string) string {
		return act("list", `{"button":"b","sections":`+repeat(n, `{"title":"`+title+`","rows":[{"id":"#","title":"t"}]}`)+`}`)
	}
	products := func(n int) string {
		return `{"type":"product_list","header":{"type":"text","text":"h"},"body":{"text":"x"},"action":{"catalog_id":"1","sections":[{"title":"s","product_items":` +
			repeat(n, `{"product_retailer_id":"#"}`) + `}]}}`
	}
	flow := func(parameters string) string { return act("flow", `{"name":"flow","parameters":`+parameters+`}`) }
	contact := `{"name":{"formatted_name":"Ana","first_name":"Ana"}}`
	tests := []struct {
		kind, part string
		want       int
	}{
		{"reaction", `{"message_id":"` + id + `","emoji":"👍🏽"}`, 0},
		{"reaction", `{"message_id":"` + id + `","emoji":""}`, 0},
		{"reaction", `{"message_id":"` + id + `","emoji":"1️⃣"}`, 0},
		{"reaction", `{"message_id":"` + id + `"}`, 100},
		{"reaction", `{"message_id":"` + id + `","emoji":"ok"}`, 131009},
		{"reaction", `{"emoji":"👍"}`, 100},
		{"location", `{"latitude":40.4,"longitude":-3.7}`, 0},
		{"location", `{"latitude":"40.4","longitude":"-3.7","name":"x"}`, 0},
		{"location", `{"latitude":140.4,"longitude":-3.7}`, 131009},
		{"location", `{"longitude":-3.7}`, 100},
		{"contacts", `[` + contact + `]`, 0},
		{"contacts", repeat(257, contact), 0},
		{"contacts", repeat(258, contact), 131009},
		{"contacts", `[]`, 131009},
		{"contacts", `[{"name":{"formatted_name":"Ana"}}]`, 131008},
		{"contacts", `[{"name":{"first_name":"Ana"}}]`, 100},
		{"sticker", `{"link":"https://x.test/a.webp"}`, 0},
		{"sticker", `{"link":"https://x.test/a.webp","caption":"x"}`, 100},
		{"audio", `{"link":"https://x.test/a.ogg","caption":"x"}`, 100},
		{"audio", `{"link":"ftp://x.test/a.ogg"}`, 131009},
		{"audio", `{"id":"123"}`, 100},
		{"interactive", buttons(3), 0},
		{"interactive", buttons(4), 131009},
		{"interactive", rows(10), 0},
		{"interactive", rows(11), 131009},
		{"interactive", sections(10, "s"), 0},
		{"interactive", sections(2, ""), 131009},
		{"interactive", sections(11, "s"), 131009},
		{"interactive", act("list", `{"sections":[{"rows":[{"id":"1","title":"t"}]}]}`), 100},
		{"interactive", act("cta_url", `{"name":"open","parameters":{"display_text":"x","url":"https://x.test"}}`), 131009},
		{"interactive", act("location_request_message", `{"name":"send_location"}`), 0},
		{"interactive", act("location_request_message", `{"name":"other"}`), 131009},
		{"interactive", act("request_contact_info", `{"name":"request_contact_info"}`), 0},
		{"interactive", flow(`{"flow_message_version":"3","flow_name":"f","flow_cta":"Abrir"}`), 0},
		{"interactive", flow(`{"flow_message_version":"2","flow_name":"f","flow_cta":"Abrir"}`), 131009},
		{"interactive", flow(`{"flow_message_version":"3","flow_name":"f","flow_id":"1","flow_cta":"Abrir"}`), 131009},
		{"interactive", flow(`{"flow_message_version":"3","flow_id":"1"}`), 100},
		{"interactive", flow(`{"flow_message_version":"3","flow_id":"1","flow_cta":"Go 🚀"}`), 131009},
		{"interactive", flow(`{"flow_message_version":"3","flow_id":"1","flow_cta":"Go","flow_action":"jump"}`), 131009},
		{"interactive", `{"type":"product","action":{"catalog_id":"1","product_retailer_id":"2"}}`, 0},
		{"interactive", `{"type":"product","action":{"catalog_id":"1"}}`, 131008},
		{"interactive", products(30), 0},
		{"interactive", products(31), 131009},
		{"interactive", act("product_list", `{"catalog_id":"1"}`), 100},
		{"interactive", act("catalog_message", `{"name":"catalog_message"}`), 0},
		{"interactive", act("order_details", `{"name":"review_and_pay","parameters":{"reference_id":"1"}}`), 0},
		{"interactive", act("order_details", `{"name":"review_and_pay","parameters":{}}`), 100},
		{"interactive", act("order_status", `{"name":"review_order","parameters":{"reference_id":"1","order":{"status":"shipped"}}}`), 0},
		{"interactive", act("order_status", `{"name":"review_order","parameters":{"reference_id":"1"}}`), 100},
		{"interactive", act("carousel", `{"cards":[{},{}]}`), 0},
		{"interactive", act("carousel", `{"cards":[{}]}`), 131009},
		{"interactive", act("poll", `{}`), 131009},
		{"interactive", `{"body":{"text":"x"}}`, 100},
		{"interactive", `{"type":"list","header":{"type":"image","image":{"link":"https://x.test"}},"body":{"text":"x"},"action":{}}`, 131009},
		{"interactive", `{"type":"button","header":{"type":"image","image":{"link":"https://x.test"}},"body":{"text":"x"},"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"a"}}]}}`, 0},
	}
	for _, test := range tests {
		if got := w.send(test.kind, test.part); got != test.want {
			t.Errorf("%.120s: %.120s gives %d, want %d", test.kind, test.part, got, test.want)
		}
	}
}

func TestWhatIsInTheEnvelopeIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noLimits)
	w.say(lucia, "hola")
	tests := map[string]int{
		`"to":"` + lucia + `","context":{"message_id":"wamid.x"},"text":{"body":"x"}`:                                         0,
		`"to":"` + lucia + `","context":{},"text":{"body":"x"}`:                                                               100,
		`"to":"ES.113","text":{"body":"x"}`:                                                                                   131030,
		`"to":"nobody","text":{"body":"x"}`:                                                                                   131009,
		`"to":"` + strings.Repeat("1", 21) + `","text":{"body":"x"}`:                                                          131009,
		`"to":"` + lucia + `","recipient":"ES.1","text":{"body":"x"}`:                                                         0,
		`"to":"` + lucia + `","recipient_type":"group","text":{"body":"x"}`:                                                   100,
		`"to":"` + lucia + `","type":"reaction","context":{"message_id":"w"},"reaction":{"message_id":"wamid.x","emoji":"👍"}`: 131009,
	}
	for part, want := range tests {
		if _, answer := w.post(sendURL, `{"messaging_product":"whatsapp",`+part+`}`); code(t, answer) != want {
			t.Errorf("%s gives %s", part, answer)
		}
	}
}
