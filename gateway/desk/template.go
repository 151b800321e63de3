package desk

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/recado/recado/gateway"
)

// templateView is the page on which a template is chosen and filled in.
type templateView struct {
	Handoff      gateway.Handoff
	Conversation gateway.Conversation
	Choices      []templateChoice
	// Never tells that no templates were ever read from the channel.
	Never bool
	// Chosen is nil before one is chosen.
	Chosen *templateForm
	// Why is what a check said, in the gateway's own words.
	Why string
}

// templateChoice is a template that can be chosen, or the phrase why it can't be.
type templateChoice struct {
	gateway.Template
	Address string
	Chosen  bool
	Why     string
}

// templateForm is a template with the fields for its values and its preview.
type templateForm struct {
	gateway.Template
	Fields []templateField
	// File is the phrase of the file that the header needs, or empty, and Accept what
	// a browser offers for it.
	File, Accept string
	Lost         bool
	// Head and Text are the header and the body with the values in their places.
	Head, Text []segment
	Once       string
}

// templateField is the field of one value. ID is the same on the page and in the
// preview; Phrase and Name together are its label.
type templateField struct{ ID, Phrase, Name, Value string }

// segment is a piece of text, or the place of the value of a field with that id. Empty
// is what stands there without one.
type segment struct{ Text, Field, Empty string }

// templatePage shows what can be sent outside of the service window.
func (d *Desk) templatePage(w http.ResponseWriter, r *http.Request, agent string) error {
	page, err := d.templatesFor(r)
	if err != nil {
		return err
	}
	if !page.Handoff.State.Open() {
		http.Redirect(w, r, handoffPath(page.Handoff.ID), http.StatusSeeOther)
		return nil
	}
	if name := r.URL.Query().Get("name"); name != "" {
		if err := page.choose(name, r.URL.Query().Get("language"), url.Values{}); err != nil {
			return err
		}
	}
	return d.showTemplate(w, r, agent, page, "", http.StatusOK)
}

// templatesFor reads the handoff of the address and what can be sent there: first
// what is in the language of the conversation.
func (d *Desk) templatesFor(r *http.Request) (*templateView, error) {
	if d.config.Channel == nil {
		return nil, gateway.ErrNotFound
	}
	h, err := d.config.Desk.Handoff(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("read a handoff: %w", err)
	}
	c, err := d.config.Desk.Conversation(r.Context(), h.ConversationID)
	if err != nil {
		return nil, fmt.Errorf("read a conversation: %w", err)
	}
	list, err := d.config.Channel.Templates(r.Context())
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	v := &templateView{Handoff: h, Conversation: c, Never: len(list) == 0}
	for _, t := range list {
		if !strings.EqualFold(t.Status, "APPROVED") {
			continue
		}
		t.Category, t.HeaderFormat = strings.ToUpper(t.Category), strings.ToUpper(t.HeaderFormat)
		query := url.Values{"name": {t.Name}, "language": {t.Language}}
		v.Choices = append(v.Choices, templateChoice{
			Template: t, Address: "?" + query.Encode(), Why: d.unfit(t, c),
		})
	}
	slices.SortStableFunc(v.Choices, func(a, b templateChoice) int {
		return cmp.Compare(foreign(a.Language, c.Language), foreign(b.Language, c.Language))
	})
	return v, nil
}

// foreign is 0 for the language of the conversation, or a kind of it such as en_GB,
// and 1 for another.
func foreign(template, conversation string) int {
	tongue, _, _ := strings.Cut(template, "_")
	if tongue == cmp.Or(conversation, "es") {
		return 0
	}
	return 1
}

// unfit is the phrase of why a template can't be sent in this conversation, or empty.
func (d *Desk) unfit(t gateway.Template, c gateway.Conversation) string {
	switch {
	case t.Category == "AUTHENTICATION":
		return "template_unfit_code"
	case t.Category == "MARKETING" && c.Marketing == "stop":
		return "template_unfit_marketing"
	case headerFiles[t.HeaderFormat] != "" && d.config.Vault == nil:
		return "template_unfit_file"
	}
	return ""
}

// headerFiles are the kinds of file above the text of a template.
var headerFiles = map[string]gateway.ContentKind{
	"IMAGE": gateway.ContentImage, "VIDEO": gateway.ContentVideo, "DOCUMENT": gateway.ContentDocument,
}

// choose fills the form of a template with the values that were written so far.
func (v *templateView) choose(name, language string, written url.Values) error {
	i := slices.IndexFunc(v.Choices, func(c templateChoice) bool { return c.Name == name && c.Language == language })
	if i < 0 {
		return gateway.ErrNotFound
	}
	v.Choices[i].Chosen = true
	t := v.Choices[i].Template
	f := &templateForm{Template: t, Fields: templateFields(t), Once: rand.Text()}
	for i, field := range f.Fields {
		f.Fields[i].Value = strings.TrimSpace(written.Get(field.ID))
	}
	if kind := headerFiles[t.HeaderFormat]; kind != "" {
		f.File = "template_file_" + string(kind)
		f.Accept = map[string]string{"IMAGE": "image/jpeg,image/png", "VIDEO": "video/mp4,video/3gpp"}[t.HeaderFormat]
	}
	f.Head, f.Text = f.segments("header", t.Header), f.segments("body", t.Body)
	v.Chosen = f
	return nil
}

// variable is the place of a value in a text.
var variable = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)

// variables are the names of the values of a text: numbers in their order, and names
// as they come.
func variables(text string) []string {
	var names []string
	for _, m := range variable.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	slices.SortStableFunc(names, func(a, b string) int {
		i, errA := strconv.Atoi(a)
		j, errB := strconv.Atoi(b)
		if errA != nil || errB != nil {
			return 0
		}
		return cmp.Compare(i, j)
	})
	return names
}

// templateFields are the fields that a template needs.
func templateFields(t gateway.Template) (list []templateField) {
	for _, name := range variables(t.Header) {
		list = append(list, templateField{ID: "header-" + name, Phrase: "template_header", Name: "{{" + name + "}}"})
	}
	if t.HeaderFormat == "LOCATION" {
		for _, name := range []string{"latitude", "longitude", "name", "address"} {
			list = append(list, templateField{ID: "place-" + name, Phrase: "template_" + name})
		}
	}
	for _, name := range variables(t.Body) {
		list = append(list, templateField{ID: "body-" + name, Phrase: "template_body", Name: "{{" + name + "}}"})
	}
	for i, b := range t.Buttons {
		if takesValue(b) {
			list = append(list, templateField{ID: "button-" + strconv.Itoa(i), Phrase: "template_button", Name: strings.TrimSpace(b.Text + " " + b.URL)})
		}
	}
	return list
}

// takesValue tells whether a button needs a value: a code to copy, or the end of an
// address.
func takesValue(b gateway.TemplateButton) bool {
	return b.Type == "COPY_CODE" || b.Type == "URL" && variable.MatchString(b.URL)
}

// value gives what was written in a field, or "".
func (f *templateForm) value(id string) string {
	i := slices.IndexFunc(f.Fields, func(field templateField) bool { return field.ID == id })
	if i < 0 {
		return ""
	}
	return f.Fields[i].Value
}

// segments cuts a text at its variables and puts the values in.
func (f *templateForm) segments(part, text string) []segment {
	var list []segment
	at := 0
	for _, m := range variable.FindAllStringSubmatchIndex(text, -1) {
		if m[0] > at {
			list = append(list, segment{Text: text[at:m[0]]})
		}
		id := part + "-" + text[m[2]:m[3]]
		list = append(list, segment{cmp.Or(f.value(id), text[m[0]:m[1]]), id, text[m[0]:m[1]]})
		at = m[1]
	}
	if at < len(text) {
		list = append(list, segment{Text: text[at:]})
	}
	return list
}

// values are those of the variables of a part, as they are sent.
func (f *templateForm) values(part, text string) (list []gateway.TemplateValue) {
	for _, name := range variables(text) {
		v := gateway.TemplateValue{Text: f.value(part + "-" + name)}
		if f.Named {
			v.Name = name
		}
		list = append(list, v)
	}
	return list
}

// use is the template as it is sent, but for a file.
func (f *templateForm) use() (gateway.TemplateUse, error) {
	u := gateway.TemplateUse{
		Name: f.Name, Language: f.Language, Header: f.values("header", f.Header), Body: f.values("body", f.Body),
	}
	for i, b := range f.Buttons {
		if takesValue(b) {
			value := f.value("button-" + strconv.Itoa(i))
			u.Buttons = append(u.Buttons, gateway.TemplateButtonValue{Index: i, Value: value})
		}
	}
	for _, field := range f.Fields {
		if field.Value == "" && field.ID != "place-name" && field.ID != "place-address" {
			return u, refused("refused_template_empty")
		}
	}
	if f.HeaderFormat == "LOCATION" {
		latitude, errLat := strconv.ParseFloat(strings.Replace(f.value("place-latitude"), ",", ".", 1), 64)
		longitude, errLon := strconv.ParseFloat(strings.Replace(f.value("place-longitude"), ",", ".", 1), 64)
		if errLat != nil || errLon != nil || !(latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180) {
			return u, refused("refused_place")
		}
		u.HeaderLocation = &gateway.Location{
			Latitude: latitude, Longitude: longitude, Name: f.value("place-name"), Address: f.value("place-address"),
		}
	}
	return u, nil
}

// sendTemplate sends a template, or shows how it would look.
func (d *Desk) sendTemplate(w http.ResponseWriter, r *http.Request, agent string) error {
	forget, err := d.parseForm(w, r)
	if err != nil {
		return err
	}
	defer forget()
	v, err := d.templatesFor(r)
	if err != nil {
		return err
	}
	if err := v.choose(r.PostFormValue("name"), r.PostFormValue("language"), r.PostForm); err != nil {
		return err
	}
	u, err := d.uploaded(r)
	v.Chosen.Lost = u != nil || err != nil
	if r.PostFormValue("do") == "preview" {
		return d.showTemplate(w, r, agent, v, "", http.StatusOK)
	}
	a := gateway.Action{HandoffID: v.Handoff.ID, Kind: gateway.ActionReply, Agent: agent, At: d.config.Now()}
	if err == nil {
		err = d.fillTemplate(r.Context(), r.PostFormValue("once"), v, u, &a)
	}
	if status, problem := refusal(err); err != nil && problem != "" {
		if !errors.As(err, new(refused)) {
			problem, v.Why = "refused_template", strings.TrimPrefix(err.Error(), gateway.ErrInvalid.Error()+": ")
		}
		return d.showTemplate(w, r, agent, v, problem, status)
	} else if err != nil {
		return err
	}
	return d.finish(w, r, a, draft{}, "?done=template#reply", nil)
}

// fillTemplate completes the reply that sends the chosen template. Its file is in the
// vault then.
func (d *Desk) fillTemplate(ctx context.Context, token string, v *templateView, u *upload, a *gateway.Action) error {
	t := v.Chosen.Template
	if why := d.unfit(t, v.Conversation); why != "" {
		return refused(why)
	}
	use, err := v.Chosen.use()
	if err != nil {
		return err
	}
	if kind := headerFiles[t.HeaderFormat]; kind != "" {
		if u == nil || u.kind != kind {
			return refused("refused_header_file")
		}
		use.HeaderMedia = u.media(fileOnce(token, a, u))
	}
	if err := gateway.CheckTemplate(t, use); err != nil {
		return err //nolint:wrapcheck // its words are shown
	}
	if use.HeaderMedia != nil {
		if err := d.keep(ctx, use.HeaderMedia.FileID, u); err != nil {
			return err
		}
	}
	a.Text = strings.TrimSpace(gateway.TemplateText(t, use))
	use = gateway.CompleteTemplate(t, use)
	a.Content = &gateway.Content{Kind: gateway.ContentTemplate, Template: &use}
	return d.once(token, a)
}

func (d *Desk) showTemplate(
	w http.ResponseWriter, r *http.Request, agent string, v *templateView, problem string, status int,
) error {
	p, _, err := d.frame(r, agent)
	if err != nil {
		return err
	}
	p.Name, p.Title, p.Content, p.Problem = "template", "template_title", v, problem
	p.Who = who(v.Conversation.Name, v.Conversation.Contact)
	p.Self = handoffPath(v.Handoff.ID) + "/template"
	for _, c := range v.Choices {
		if c.Chosen {
			p.Self += c.Address
		}
	}
	return d.show(w, r, status, p)
}
