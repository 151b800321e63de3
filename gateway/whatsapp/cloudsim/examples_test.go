package cloudsim_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

// samples is the folder of Meta's own examples, which is not a part of this
// repository.
func samples(t *testing.T) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			break
		}
		if folder == filepath.Dir(folder) {
			t.Fatal("there is no go.mod above this test")
		}
		folder = filepath.Dir(folder)
	}
	found := filepath.Join(folder, "..", "shared", "data", "whatsapp", "meta_openapi_MIT")
	if _, err := os.Stat(found); err != nil {
		t.Skip("Meta's published examples are not beside the repository")
	}
	return found
}

// placeholders are what the examples leave open, and what stands there here.
func placeholders(image, other string) *strings.Replacer {
	return strings.NewReplacer(
		"<AUDIO_OBJECT_ID>", other, "<DOCUMENT_OBJECT_ID>", other, "<VIDEO_OBJECT_ID>", other,
		"<IMAGE_OBJECT_ID>", image, "<MEDIA_OBJECT_ID>", other, "<HEADER_TYPE>", "text",
	)
}

var (
	openLink      = regexp.MustCompile(`"<?http\(?s?\)?[^"]*"`)
	openRecipient = regexp.MustCompile(`"to": *"[^"]*"`)
	openTemplate  = regexp.MustCompile(`"(template-name|<TEMPLATE_NAME>)"`)
	openMessage   = regexp.MustCompile(`"wamid[^"]*"`)
)

func TestMetasExamplesAreTaken(t *testing.T) {
	t.Parallel()
	folder := samples(t)
	requests, err := filepath.Glob(filepath.Join(folder, "outbound_requests", "*.json"))
	if err != nil || len(requests) < 40 {
		t.Fatalf("%d examples, %v", len(requests), err)
	}
	for _, lenient := range []bool{true, false} {
		w := newWorld(t, func(c *cloudsim.Config) {
			c.Lenient, c.Limits.PairBurst, c.Templates = lenient, 100, exampleTemplates()
		})
		read := w.say(lucia, "hola")
		image := w.uploadFile("image/png", drawn(t))
		other := w.uploadFile("application/pdf", []byte("%PDF-1.7 bill"))
		for _, path := range requests {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			body := openRecipient.ReplaceAllString(string(raw), `"to":"+`+lucia+`"`)
			body = openMessage.ReplaceAllString(body, `"`+read+`"`)
			if !lenient {
				body = openTemplate.ReplaceAllString(body, `"`+strings.TrimSuffix(filepath.Base(path), ".json")+`"`)
				body = openLink.ReplaceAllString(placeholders(image, other).Replace(body), `"https://shop.example/file"`)
			}
			status, answer := w.post(sendURL, body)
			if status != 200 {
				t.Errorf("lenient %t: %s gives %d %s", lenient, filepath.Base(path), status, answer)
				continue
			}
			sameShape(t, folder, filepath.Base(path), answer)
		}
	}
}

// Each webhook has every key that Meta's example of it has, and none more but
// those that came with user ids.
func TestWebhooksHaveTheKeysOfMetas(t *testing.T) {
	t.Parallel()
	folder := samples(t)
	w := newWorld(t, noLimits)
	w.run()
	w.say(lucia, "hola")
	w.wait(1)
	sent := func(kind, part string) string {
		t.Helper()
		if refused := w.send(kind, part); refused != 0 {
			t.Fatalf("%s is refused with %d", part, refused)
		}
		return w.wait(2)[0].Statuses[0].ID
	}
	buttons := sent("interactive", `{"type":"button","body":{"text":"x"},"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"a"}}]}}`)
	list := sent("interactive", `{"type":"list","body":{"text":"x"},"action":{"button":"b","sections":[{"rows":[{"id":"1","title":"a","description":"d"}]}]}}`)
	csat := sent("template", template("csat", "es", ""))
	const referral = `{"source_url":"u","source_id":"1","source_type":"ad","headline":"h","body":"b","media_type":"image","image_url":"i","ctwa_clid":"c","welcome_message":{"text":"w"}}`
	for name, action := range map[string]string{
		"text_message":                              `"type":"text","text":"hola"`,
		"text_message_from_click_to_whatsapp_ad":    `"type":"text","text":"hola","referral":` + referral,
		"text_message_with_context_product_inquiry": `"type":"text","text":"hola","reply_to":"` + csat + `","referred_product":{"catalog_id":"1","product_retailer_id":"2"}`,
		"image_message":                             `"type":"image","text":"x","data":"` + base64.StdEncoding.EncodeToString(drawn(t)) + `"`,
		"location_message":                          `"type":"location","latitude":1,"longitude":2,"name":"n","address":"a","url":"https://x.test"`,
		"contact_sharing_message":                   `"type":"contacts","contacts":[{"name":{"first_name":"a","last_name":"b","formatted_name":"a b"},"org":{"company":"c"},"phones":[{"phone":"1","wa_id":"1","type":"MOBILE"}]}]`,
		"button_message":                            `"type":"tap","message_id":"` + csat + `","option":"No"`,
		"interactive_button_reply_message":          `"type":"tap","message_id":"` + buttons + `","option":"1"`,
		"interactive_list_reply_message":            `"type":"tap","message_id":"` + list + `","option":"1"`,
		"order_message":                             `"type":"order"`,
		"reaction_message":                          `"type":"reaction","message_id":"` + csat + `","emoji":"👍"`,
		"unsupported_message":                       `"type":"unsupported"`,
	} {
		w.keysOf(t, filepath.Join(folder, name+".json"), `{"customer":"`+lucia+`",`+action+`}`)
	}
	w.keysOf(t, filepath.Join(folder, "system_message.json"), `{"customer":"`+lucia+`","type":"change_number","phone":"34600550188"}`)
}

// keysOf compares the keys of the next webhook with those of an example.
func (w *world) keysOf(t *testing.T, example, action string) {
	t.Helper()
	document, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	w.act(action)
	w.wait(1)
	w.mu.Lock()
	body := w.bodies[len(w.bodies)-1-len(w.came)]
	w.mu.Unlock()
	added := []string{"[].user_id", "[].from_user_id", ".unsupported.type", ".system.user_id"}
	keys := func(document string) []string {
		return slices.DeleteFunc(slices.Compact(shape(t, document)), func(path string) bool {
			return slices.ContainsFunc(added, func(end string) bool { return strings.HasSuffix(path, end) })
		})
	}
	if diff := cmp.Diff(keys(string(document)), keys(string(body))); diff != "" {
		t.Errorf("%s (-Meta +emulator):\n%s", filepath.Base(example), diff)
	}
}

// exampleTemplates are those that the examples name.
func exampleTemplates() []cloudsim.Template {
	body := func(text string) cloudsim.TemplateComponent {
		return cloudsim.TemplateComponent{Type: "BODY", Text: text}
	}
	buttons := func(kind string, titles ...string) cloudsim.TemplateComponent {
		c := cloudsim.TemplateComponent{Type: "BUTTONS"}
		for _, title := range titles {
			c.Buttons = append(c.Buttons, cloudsim.TemplateButton{Type: kind, Text: title})
		}
		return c
	}
	const locale = "language-and-locale-code"
	three := body("It is {{1}}, {{2}} on {{3}}.")
	above := cloudsim.TemplateComponent{Type: "HEADER", Format: "IMAGE"}
	return []cloudsim.Template{
		{Name: "send_message_template_text", Language: locale, Components: []cloudsim.TemplateComponent{three}},
		{Name: "send_sample_text_message", Language: locale, Components: []cloudsim.TemplateComponent{three}},
		{Name: "send_sample_shipping_confirmation_template", Language: locale, Components: []cloudsim.TemplateComponent{three}},
		{Name: "send_message_template_media", Language: locale, Components: []cloudsim.TemplateComponent{above, three}},
		{Name: "send_message_template_interactive", Language: locale, Components: []cloudsim.TemplateComponent{
			above, three, buttons("QUICK_REPLY", "Yes", "No"),
		}},
		{Name: "send_flow_template_message", Language: "en_US", Components: []cloudsim.TemplateComponent{body("Book a table."), buttons("FLOW", "Book")}},
		{Name: "hello_world", Language: "en_US", Components: []cloudsim.TemplateComponent{body("Hello")}},
		{Name: "intro_catalog_offer", Language: "en_US", Components: []cloudsim.TemplateComponent{
			body("Now {{1}} off {{2}}, {{3}} days left!"), buttons("CATALOG", "See it"),
		}},
		{Name: "sample_issue_resolution", Language: "en_US", Components: []cloudsim.TemplateComponent{
			body("Hi {{1}}, is it solved?"), buttons("QUICK_REPLY", "Yes", "No"),
		}},
	}
}

// sameShape holds an answer against Meta's example of one: the same keys, in as
// far as Meta has them. The user id came with v25.
func sameShape(t *testing.T, folder, name, answer string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder, "outbound_responses", "200_"+name))
	if err != nil {
		return // not every request has one
	}
	if diff := cmp.Diff(shape(t, string(raw)), shape(t, answer)); diff != "" {
		t.Errorf("%s (-Meta +emulator):\n%s", name, diff)
	}
}

func shape(t *testing.T, document string) []string {
	t.Helper()
	var root any
	if err := json.Unmarshal([]byte(document), &root); err != nil {
		t.Fatal(err)
	}
	var paths []string
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, inner := range v {
				walk(path+"."+key, inner)
			}
		case []any:
			for _, inner := range v {
				walk(path+"[]", inner)
			}
		default:
			if path != ".contacts[].user_id" && path != ".messages[].message_status" {
				paths = append(paths, path)
			}
		}
	}
	walk("", root)
	slices.Sort(paths)
	return paths
}
