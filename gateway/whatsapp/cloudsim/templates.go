package cloudsim

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/recado/recado/internal/web"
)

// StandardTemplates are the templates that a shop begins with when its Config has
// none: Meta's own greeting, and the ones a support desk needs.
func StandardTemplates() []Template {
	body := func(text string) TemplateComponent { return TemplateComponent{Type: "BODY", Text: text} }
	taps := func(titles ...string) TemplateComponent {
		c := TemplateComponent{Type: "BUTTONS"}
		for _, title := range titles {
			c.Buttons = append(c.Buttons, TemplateButton{Type: "QUICK_REPLY", Text: title})
		}
		return c
	}
	list := []Template{
		{Name: "hello_world", Language: "en_US", Components: []TemplateComponent{
			{Type: "HEADER", Format: "TEXT", Text: "Hello World"},
			body("Welcome and congratulations!! This message demonstrates your ability to send a WhatsApp message notification from the Cloud API, hosted by Meta. Thank you for taking the time to test with us."),
			{Type: "FOOTER", Text: "WhatsApp Business Platform sample message"},
		}},
		{Name: "agent_reply_available", Language: "es", Components: []TemplateComponent{body("Tenemos respuesta a tu consulta. ¿Quieres que te la enviemos?"), taps("Sí, adelante")}},
		{Name: "agent_reply_available", Language: "en", Components: []TemplateComponent{body("We have an answer to your question. Shall we send it?"), taps("Yes, please")}},
		{Name: "order_update", Language: "es", Components: []TemplateComponent{body("Hay novedades de tu pedido {{1}}. Escríbenos si quieres saber más.")}},
		{Name: "order_update", Language: "en", Components: []TemplateComponent{body("There is news about your order {{1}}. Write to us if you want to know more.")}},
		{Name: "order_shipped", Language: "es", Format: "NAMED", Components: []TemplateComponent{
			body("Tu pedido {{order_id}} ha salido con {{carrier}}. Puedes seguirlo aquí."),
			{Type: "BUTTONS", Buttons: []TemplateButton{{Type: "URL", Text: "Seguir el envío", URL: "https://shop.example/track/{{1}}"}}},
		}},
		{Name: "order_shipped", Language: "en", Format: "NAMED", Components: []TemplateComponent{
			body("Your order {{order_id}} is on its way with {{carrier}}. Follow it here."),
			{Type: "BUTTONS", Buttons: []TemplateButton{{Type: "URL", Text: "Track it", URL: "https://shop.example/track/{{1}}"}}},
		}},
		{Name: "csat", Language: "es", Components: []TemplateComponent{body("¿Hemos resuelto tu consulta?"), taps("Sí", "No")}},
		{Name: "csat", Language: "en", Components: []TemplateComponent{body("Did we solve your question?"), taps("Yes", "No")}},
	}
	return list
}

var templateName = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)

// complete fills what a new template leaves out and checks what it says.
func (t *Template) complete() error {
	t.Format = strings.ToUpper(cmp.Or(t.Format, "POSITIONAL"))
	t.Status = strings.ToUpper(cmp.Or(t.Status, "APPROVED"))
	t.Category = strings.ToUpper(cmp.Or(t.Category, "UTILITY"))
	t.ID = cmp.Or(t.ID, number("template", t.Name+"/"+t.Language))
	if t.Quality == nil {
		t.Quality = &TemplateQuality{"UNKNOWN"}
	}
	switch body := strings.TrimSpace(t.component("BODY").Text); {
	case !templateName.MatchString(t.Name):
		return errors.New("a template's name has 1 to 512 small letters, digits and underscores")
	case t.Language == "":
		return errors.New("a template needs a language")
	case body == "":
		return errors.New("a template needs a body")
	case utf8.RuneCountInString(body) > maxCaption:
		return errors.New("a template's body has at most 1024 characters")
	case strings.HasPrefix(body, "{{") || strings.HasSuffix(body, "}}"):
		return errors.New("variables can't be at the start or end of a template")
	case len(t.component("BUTTONS").Buttons) > maxRows:
		return errors.New("a template has at most 10 buttons")
	}
	return nil
}

// template finds a translation. The lock is held.
func (s *Simulator) template(name, language string) (Template, bool) {
	i := slices.IndexFunc(s.templates, func(t Template) bool { return t.Name == name && t.Language == language })
	if i < 0 {
		return Template{}, false
	}
	return s.templates[i], true
}

// putTemplate adds a translation or replaces it, and tells the shop when its
// state is another one. The lock is held.
func (s *Simulator) putTemplate(t Template, reason string) {
	i := slices.IndexFunc(s.templates, func(old Template) bool { return old.Name == t.Name && old.Language == t.Language })
	switch {
	case i < 0:
		s.templates = append(s.templates, t)
	case s.templates[i].Status == t.Status:
		s.templates[i] = t
		return
	default:
		s.templates[i] = t
	}
	s.tellTemplate(t, t.Status, reason)
}

// tellTemplate sends the webhook of a template's state. The lock is held.
func (s *Simulator) tellTemplate(t Template, event, reason string) {
	id, _ := strconv.ParseInt(t.ID, 10, 64) // made of digits
	s.enqueue(nil, webhook{field: "message_template_status_update", value: map[string]any{
		"event": event, "message_template_id": id, "message_template_name": t.Name,
		"message_template_language": t.Language, "reason": cmp.Or(reason, "NONE"), "message_template_category": t.Category,
	}})
}

// dropTemplate deletes the translations of a name, or the one of a language. The
// lock is held.
func (s *Simulator) dropTemplate(name, language string) bool {
	found := false
	s.templates = slices.DeleteFunc(s.templates, func(t Template) bool {
		drop := t.Name == name && (language == "" || t.Language == language)
		if drop {
			found = true
			s.tellTemplate(t, "DELETED", "")
		}
		return drop
	})
	return found
}

// listing is one page of the list of templates.
type listing struct {
	Data   []Template `json:"data"`
	Paging paging     `json:"paging"`
}

type paging struct {
	Cursors struct {
		Before string `json:"before"`
		After  string `json:"after"`
	} `json:"cursors"`
	Next string `json:"next,omitempty"`
}

// listTemplates pages through the templates, 25 at a time unless limit says
// otherwise. Filters are name, language, status and category.
func (s *Simulator) listTemplates(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	s.mu.Lock()
	found := slices.DeleteFunc(slices.Clone(s.templates), func(t Template) bool {
		is := func(name, value string) bool { return !query.Has(name) || strings.EqualFold(query.Get(name), value) }
		return !is("name", t.Name) || !is("language", t.Language) || !is("status", t.Status) || !is("category", t.Category)
	})
	s.mu.Unlock()
	found, around, err := paged(s, r, found)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, listing{found, around})
}

func cursor(at int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("at" + strconv.Itoa(at)))
}

func offset(cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	decoded, err := base64.RawURLEncoding.DecodeString(cursor)
	if at, ok := strings.CutPrefix(string(decoded), "at"); err == nil && ok {
		if n, err := strconv.Atoi(at); err == nil && n >= 0 {
			return n, nil
		}
	}
	return 0, refusal(100, "after is not a cursor")
}

// createTemplate takes a template as the Graph API does: it waits for approval,
// which POST /control/templates gives.
func (s *Simulator) createTemplate(w http.ResponseWriter, r *http.Request) error {
	var t Template
	if err := web.ReadJSON(w, r, maxBody, &t); err != nil {
		return errNotJSON
	}
	t.Status, t.ID = "PENDING", ""
	if err := t.complete(); err != nil {
		return refusal(100, err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.template(t.Name, t.Language); there {
		e := refusal(100, "Content in this language already exists")
		e.subcode = 2388024
		return e
	}
	if err := s.sampled(t); err != nil {
		return err
	}
	s.templates = append(s.templates, t)
	return web.WriteJSON(w, http.StatusOK, map[string]string{"id": t.ID, "status": t.Status, "category": t.Category})
}

// deleteTemplate deletes all translations of ?name=.
func (s *Simulator) deleteTemplate(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dropTemplate(r.URL.Query().Get("name"), "") {
		e := refusal(100, "Message template was not found")
		e.subcode = 2593002
		return e
	}
	return web.WriteJSON(w, http.StatusOK, map[string]bool{"success": true})
}

// controlTemplate adds a template or changes its state: the same body as the Graph
// API's, of which name, language and status are enough for one that is there.
func (s *Simulator) controlTemplate(w http.ResponseWriter, r *http.Request) error {
	var change struct {
		Template
		Reason string `json:"reason"`
	}
	if err := web.ReadJSON(w, r, maxBody, &change); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := change.Template
	if old, there := s.template(t.Name, t.Language); there && t.Components == nil {
		old.Status = cmp.Or(t.Status, old.Status)
		old.Category = cmp.Or(t.Category, old.Category)
		t = old
	}
	if err := t.complete(); err != nil {
		return fmt.Errorf("%w: %w", errControl, err)
	}
	s.putTemplate(t, change.Reason)
	return web.WriteJSON(w, http.StatusOK, t)
}

// controlDropTemplate deletes ?name=, in one ?language= or in all.
func (s *Simulator) controlDropTemplate(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dropTemplate(r.URL.Query().Get("name"), r.URL.Query().Get("language")) {
		return fmt.Errorf("%w: there is no such template", errControl)
	}
	return web.WriteJSON(w, http.StatusOK, map[string]bool{"success": true})
}
