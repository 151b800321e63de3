package gateway

import "time"

// Template is a message template of the business account in one language, as the
// channel has it.
type Template struct {
	// Name and Language, such as "order_update" and "es" or "en_US", are its key.
	Name     string `json:"name"`
	Language string `json:"language"`
	// Category is MARKETING, UTILITY or AUTHENTICATION.
	Category string `json:"category"`
	// Status is APPROVED, PENDING, REJECTED, PAUSED, DISABLED and so on. Only an
	// approved one may be sent.
	Status string `json:"status"`
	// Quality is GREEN, YELLOW, RED or UNKNOWN.
	Quality string `json:"quality,omitempty"`
	// Named tells that the variables have names instead of numbers.
	Named bool `json:"named,omitempty"`
	// HeaderFormat is "", TEXT, IMAGE, VIDEO, DOCUMENT or LOCATION.
	HeaderFormat string `json:"header_format,omitempty"`
	// Header, Body and Footer are texts with variables such as {{1}} or {{name}}.
	Header   string           `json:"header,omitempty"`
	Body     string           `json:"body"`
	Footer   string           `json:"footer,omitempty"`
	Buttons  []TemplateButton `json:"buttons,omitempty"`
	SyncedAt time.Time        `json:"synced_at"`
}

// TemplateButton is a button of a template.
type TemplateButton struct {
	// Type is QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, OTP, FLOW and so on.
	Type string `json:"type"`
	Text string `json:"text"`
	// URL may end in a variable.
	URL string `json:"url,omitempty"`
}

// TemplateUse is a template with its values, as it is sent.
type TemplateUse struct {
	Name     string `json:"name"`
	Language string `json:"language"`
	// Category is the template's, or empty while it is not known. CompleteTemplate
	// fills it before a send; stores don't keep it.
	Category string `json:"-"`
	// Header and Body are the values of the variables: in order, or by name when
	// the template is a named one.
	Header []TemplateValue `json:"header,omitempty"`
	Body   []TemplateValue `json:"body,omitempty"`
	// HeaderMedia is the file of a header that is one, HeaderLocation the place.
	HeaderMedia    *OutgoingMedia `json:"header_media,omitempty"`
	HeaderLocation *Location      `json:"header_location,omitempty"`
	// Buttons are the values of buttons that take one.
	Buttons []TemplateButtonValue `json:"buttons,omitempty"`
}

// TemplateValue is the value of one variable. Name is empty for numbered ones.
type TemplateValue struct {
	Name string `json:"name,omitempty"`
	Text string `json:"text"`
}

// TemplateButtonValue is what the button at Index, from 0, gets: the payload that a
// quick reply sends back, the end of an address, or the code to copy.
type TemplateButtonValue struct {
	Index int    `json:"index"`
	Value string `json:"value"`
	// Type is the button's in the template; empty is a quick reply. CompleteTemplate
	// fills it before a send; stores don't keep it.
	Type string `json:"-"`
}
