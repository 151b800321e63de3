package cloudsim

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Template is one translation of a message template, in the form in which the
// Graph API lists it.
type Template struct {
	Name       string              `json:"name"`
	Format     string              `json:"parameter_format"`
	Components []TemplateComponent `json:"components"`
	Language   string              `json:"language"`
	Status     string              `json:"status"`
	Category   string              `json:"category"`
	Quality    *TemplateQuality    `json:"quality_score,omitempty"`
	Rejected   string              `json:"rejected_reason,omitempty"`
	ID         string              `json:"id"`
}

// TemplateComponent is a part of a template: its HEADER, BODY, FOOTER or BUTTONS.
type TemplateComponent struct {
	Type    string           `json:"type"`
	Format  string           `json:"format,omitempty"`
	Text    string           `json:"text,omitempty"`
	Example any              `json:"example,omitempty"`
	Buttons []TemplateButton `json:"buttons,omitempty"`
}

// TemplateButton is a button of a template. Type is QUICK_REPLY, URL,
// PHONE_NUMBER, COPY_CODE, FLOW, CATALOG and others.
type TemplateButton struct {
	Type  string `json:"type"`
	Text  string `json:"text,omitempty"`
	URL   string `json:"url,omitempty"`
	Phone string `json:"phone_number,omitempty"`
	// Example and the flow are kept and not looked at.
	Example any    `json:"example,omitempty"`
	FlowID  string `json:"flow_id,omitempty"`
}

// TemplateQuality is how customers took a template: GREEN, YELLOW, RED or UNKNOWN.
type TemplateQuality struct {
	Score string `json:"score"`
}

var (
	variable   = regexp.MustCompile(`\{\{([a-z0-9_]+)\}\}`)
	manySpaces = regexp.MustCompile(`[\n\r\t]| {5}`)
)

// component gives the part of a type, or an empty one.
func (t Template) component(kind string) TemplateComponent {
	for _, c := range t.Components {
		if strings.EqualFold(c.Type, kind) {
			return c
		}
	}
	return TemplateComponent{}
}

// variables are the names of a text's placeholders, each once, in their order.
func variables(text string) []string {
	var names []string
	for _, found := range variable.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, found[1]) {
			names = append(names, found[1])
		}
	}
	return names
}

// readTemplate checks a template message against the list of templates.
func (s *Simulator) readTemplate(q request, m *message) error {
	sent := q.Template
	switch {
	case sent == nil || sent.Name == "":
		return refusal(131008, "template['name'] is required")
	case sent.Language.Code == "":
		return refusal(131008, "template['language']['code'] is required")
	}
	if err := within("template['name']", sent.Name, maxTemplate); err != nil {
		return err
	}
	t, found := s.template(sent.Name, sent.Language.Code)
	if !found && s.config.Lenient {
		m.category, m.text = "utility", sent.plain()
		return nil
	}
	if err := usable(t, found, sent); err != nil {
		return err
	}
	m.category = strings.ToLower(t.Category)
	if m.category == "authentication" && q.To == "" {
		return refusal(131062, "Business-scoped User ID (BSUID) recipients are not supported for this message")
	}
	return s.fill(t, sent, m)
}

// plain is what is known of a template that isn't on the list.
func (p templatePart) plain() string {
	text := "*" + strings.ReplaceAll(p.Name, "_", " ") + "*"
	for _, c := range p.Components {
		for _, each := range c.Parameters {
			text = lines(text, each.value())
		}
	}
	return text
}

func usable(t Template, found bool, sent *templatePart) error {
	switch {
	case found && t.Status == "PAUSED":
		return refusal(132015, "")
	case found && t.Status == "DISABLED":
		return refusal(132016, "")
	case !found || t.Status != "APPROVED":
		e := refusal(132001, fmt.Sprintf("template name (%s) does not exist in %s", sent.Name, sent.Language.Code))
		e.status = http.StatusNotFound
		return e
	}
	return nil
}

// fill puts the parameters in and makes of it what the phone shows.
func (s *Simulator) fill(t Template, sent *templatePart, m *message) error {
	header, err := s.fillHeader(t, sent, m)
	if err != nil {
		return err
	}
	body, err := fillText(t.Format, "body", t.component("BODY").Text, sent.of("body"))
	if err != nil {
		return err
	}
	if utf8.RuneCountInString(body) > maxCaption {
		return refusal(132005, "")
	}
	footer := t.component("FOOTER").Text
	if footer != "" {
		footer = "_" + footer + "_"
	}
	m.text = lines(header, body, footer)
	return fillButtons(t, sent, m)
}

// of gives the parameters that were sent for a component.
func (p templatePart) of(kind string) []sentParameter {
	for _, c := range p.Components {
		if strings.EqualFold(c.Type, kind) {
			return c.Parameters
		}
	}
	return nil
}

func (s *Simulator) fillHeader(t Template, sent *templatePart, m *message) (string, error) {
	header, parameters := t.component("HEADER"), sent.of("header")
	switch kind := strings.ToLower(header.Format); kind {
	case "", "text":
		text, err := fillText(t.Format, "header", header.Text, parameters)
		if text != "" {
			text = "*" + text + "*"
		}
		return text, err
	case "image", "video", "document":
		if len(parameters) != 1 || parameters[0].Type != kind {
			return "", refusal(132012, "header: Format mismatch, expected "+header.Format+", received "+received(parameters))
		}
		file, err := s.attach(kind, parameters[0].file())
		m.file = file
		return "", err
	case "location":
		if len(parameters) != 1 || parameters[0].Location == nil {
			return "", refusal(132012, "header: Format mismatch, expected LOCATION, received "+received(parameters))
		}
		return lines(parameters[0].Location.Name, parameters[0].Location.Address), nil
	}
	return "", nil
}

func received(parameters []sentParameter) string {
	if len(parameters) == 0 {
		return "UNKNOWN"
	}
	return strings.ToUpper(parameters[0].Type)
}

func (p sentParameter) file() *mediaPart {
	return map[string]*mediaPart{"image": p.Image, "video": p.Video, "document": p.Document}[p.Type]
}

// value is a parameter as text.
func (p sentParameter) value() string {
	switch {
	case p.Currency != nil:
		return p.Currency.Value
	case p.DateTime != nil:
		return p.DateTime.Value
	case p.Text != nil:
		return fmt.Sprint(p.Text)
	}
	return cmp.Or(p.Payload, p.Coupon)
}

// fillText checks the parameters of a text and puts them in.
func fillText(format, where, text string, parameters []sentParameter) (string, error) {
	names := variables(text)
	if len(names) != len(parameters) {
		return "", refusal(132000, fmt.Sprintf("%s: number of localizable_params (%d) does not match the expected number of params (%d)",
			where, len(parameters), len(names)))
	}
	values := map[string]string{}
	for i, p := range parameters {
		name, err := p.nameIn(format, i)
		if err != nil {
			return "", err
		}
		if err := p.check(where); err != nil {
			return "", err
		}
		if values[name] != "" || !slices.Contains(names, name) {
			return "", refusal(100, where+": parameter_name is not one of the template's, or there twice")
		}
		values[name] = p.value()
	}
	return variable.ReplaceAllStringFunc(text, func(found string) string { return values[strings.Trim(found, "{}")] }), nil
}

// nameIn is the placeholder that a parameter is for: its own name in a named
// template and its place in a positional one.
func (p sentParameter) nameIn(format string, place int) (string, error) {
	named := strings.EqualFold(format, "NAMED")
	switch {
	case named && p.Name == "":
		return "", refusal(100, "Parameter name is missing or empty")
	case !named && p.Name != "":
		return "", refusal(100, "Parameter name is not expected in a template with positional parameters")
	case named:
		return p.Name, nil
	}
	return strconv.Itoa(place + 1), nil
}

// check holds what Meta asks of a parameter of a text.
func (p sentParameter) check(where string) error {
	switch p.Type {
	case "text", "currency", "date_time":
	default:
		return refusal(132012, where+": Format mismatch, expected TEXT, received "+strings.ToUpper(p.Type))
	}
	switch value := p.value(); {
	case strings.TrimSpace(value) == "":
		return refusal(131008, "Parameter of type text is missing text value")
	case manySpaces.MatchString(value):
		return refusal(132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces")
	}
	return nil
}

// fillButtons gives the phone the template's buttons with what was sent for them.
func fillButtons(t Template, sent *templatePart, m *message) error {
	buttons := t.component("BUTTONS").Buttons
	given := map[int][]sentParameter{}
	for _, c := range sent.Components {
		if !strings.EqualFold(c.Type, "button") {
			continue
		}
		at, err := strconv.Atoi(fmt.Sprint(c.Index))
		if err != nil || at < 0 || at >= len(buttons) {
			return refusal(132000, "button: there is no button with this index in the template")
		}
		if !strings.EqualFold(c.SubType, buttons[at].Type) {
			return refusal(132012, "button at index "+strconv.Itoa(at)+" is of type "+buttons[at].Type)
		}
		given[at] = c.Parameters
	}
	for i, b := range buttons {
		o, err := b.option(i, given[i])
		if err != nil {
			return err
		}
		m.options = append(m.options, o)
	}
	return nil
}

func (b TemplateButton) option(at int, given []sentParameter) (option, error) {
	o := option{ID: cmp.Or(b.Text, strconv.Itoa(at)), Title: cmp.Or(b.Text, b.Type), Kind: "note"}
	switch strings.ToUpper(b.Type) {
	case "QUICK_REPLY":
		o.Kind = "button"
		if len(given) == 1 {
			o.ID = cmp.Or(given[0].value(), o.ID)
		}
	case "URL":
		needed := variables(b.URL)
		if len(needed) != len(given) {
			return o, refusal(132000, fmt.Sprintf("Button at index %d of type Url requires %d parameters", at, len(needed)))
		}
		o.Kind, o.URL = "link", b.URL
		for _, p := range given {
			if err := p.check("button"); err != nil {
				return o, err
			}
			o.URL = variable.ReplaceAllLiteralString(o.URL, p.value())
		}
	case "COPY_CODE":
		if len(given) != 1 || given[0].Coupon == "" {
			return o, refusal(131008, "Button at index "+strconv.Itoa(at)+" of type CopyCode requires a coupon_code")
		}
		o.Title += ": " + given[0].Coupon
	case "PHONE_NUMBER":
		o.Title += ": " + b.Phone
	}
	return o, nil
}
