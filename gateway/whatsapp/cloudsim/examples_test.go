package cloudsim_test

import (
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
