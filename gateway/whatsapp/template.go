package whatsapp

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/recado/recado/gateway"
)

type templatePart struct {
	Name       string          `json:"name"`
	Language   languagePart    `json:"language"`
	Components []componentPart `json:"components,omitempty"`
}

type languagePart struct {
	Code string `json:"code"`
}

type componentPart struct {
	Type       string          `json:"type"`
	SubType    string          `json:"sub_type,omitempty"`
	Index      string          `json:"index,omitempty"`
	Parameters []parameterPart `json:"parameters"`
}

type parameterPart struct {
	Type    string `json:"type"`
	Name    string `json:"parameter_name,omitempty"`
	Text    string `json:"text,omitempty"`
	Payload string `json:"payload,omitempty"`
	Code    string `json:"coupon_code,omitempty"`
	filePart
	Location *placePart `json:"location,omitempty"`
}

// templateOf is a template with its values. They are no Markdown: the template has
// its own marks.
func templateOf(use *gateway.TemplateUse) *templatePart {
	p := &templatePart{Name: use.Name, Language: languagePart{use.Language}}
	add := func(c componentPart) {
		if len(c.Parameters) > 0 {
			p.Components = append(p.Components, c)
		}
	}
	add(componentPart{Type: "header", Parameters: headerValues(use)})
	add(componentPart{Type: "body", Parameters: textValues(use.Body)})
	for _, b := range use.Buttons {
		add(buttonValue(b))
	}
	return p
}

func headerValues(use *gateway.TemplateUse) []parameterPart {
	switch m, l := use.HeaderMedia, use.HeaderLocation; {
	case m != nil:
		return []parameterPart{{Type: string(m.Kind), filePart: fileOf(m.Kind, m, "")}}
	case l != nil:
		return []parameterPart{{Type: "location", Location: placeOf(l)}}
	}
	return textValues(use.Header)
}

func textValues(values []gateway.TemplateValue) []parameterPart {
	var parts []parameterPart
	for _, v := range values {
		parts = append(parts, parameterPart{Type: "text", Name: v.Name, Text: value(v.Text)})
	}
	return parts
}

// buttonValue is what a button gets. The button of a code to sign in is an address,
// whatever it is called.
func buttonValue(b gateway.TemplateButtonValue) componentPart {
	kind, parameter := "quick_reply", parameterPart{Type: "payload", Payload: b.Value}
	switch strings.ToUpper(b.Type) {
	case "URL", "OTP":
		kind, parameter = "url", parameterPart{Type: "text", Text: value(b.Value)}
	case "COPY_CODE":
		kind, parameter = "copy_code", parameterPart{Type: "coupon_code", Code: value(b.Value)}
	}
	return componentPart{Type: "button", SubType: kind, Index: strconv.Itoa(b.Index), Parameters: []parameterPart{parameter}}
}

// unevenSpace is what the channel refuses in a value: lines, tabs, and more than four
// spaces in a row.
var unevenSpace = regexp.MustCompile(`[ \t]*[\r\n\t\v\f\x{0085}\x{2028}\x{2029}]\s*| {5,}`)

// value is a value as the channel takes it.
func value(s string) string {
	return strings.TrimSpace(unevenSpace.ReplaceAllString(strings.ToValidUTF8(s, "\uFFFD"), " "))
}
