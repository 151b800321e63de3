package cloudsim

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of interactive messages, in characters where texts are meant.
const (
	maxLine     = 60 // a header or footer
	maxButton   = 20
	maxButtonID = 256
	maxButtons  = 3
	maxRowTitle = 24
	maxRowText  = 72
	maxRowID    = 200
	maxRows     = 10
	maxSections = 10
	maxProducts = 30
	maxFlowCTA  = 30
)

// optionLimits are those of the buttons or rows of one message.
type optionLimits struct{ id, title int }

// readInteractive checks what all interactive messages have, and then what the
// type has.
func (s *Simulator) readInteractive(q request, m *message) error {
	i := q.Interactive
	if i == nil || i.Type == "" {
		return missing("interactive['type']")
	}
	if (i.Body == nil || strings.TrimSpace(i.Body.Text) == "") && i.Type != "product" {
		return missing("interactive['body']['text']")
	}
	if i.Body != nil {
		limit := maxCaption
		if i.Type == "list" {
			limit = maxText
		}
		m.text = i.Body.Text
		if err := fitting("interactive['body']['text']", m.text, limit); err != nil {
			return err
		}
	}
	if err := s.readHeader(i, m); err != nil {
		return err
	}
	if i.Footer != nil && i.Footer.Text != "" {
		m.text = lines(m.text, "_"+i.Footer.Text+"_")
		if err := fitting("interactive['footer']['text']", i.Footer.Text, maxLine); err != nil {
			return err
		}
	}
	return i.readAction(m)
}

func (s *Simulator) readHeader(i *interactivePart, m *message) error {
	h := i.Header
	if h == nil {
		return nil
	}
	if s.config.Lenient && h.Text != "" {
		h.Type = "text"
	}
	if i.Type == "list" && h.Type != "text" {
		return refusal(131009, "interactive['header']['type'] must be one of {text}")
	}
	switch part := map[string]*mediaPart{"image": h.Image, "video": h.Video, "document": h.Document}[h.Type]; h.Type {
	case "text":
		if h.Text == "" {
			return missing("interactive['header']['text']")
		}
		m.text = lines("*"+h.Text+"*", m.text)
		return fitting("interactive['header']['text']", h.Text, maxLine)
	case "image", "video", "document":
		file, err := s.attach(h.Type, part)
		m.file = file
		return err
	}
	return refusal(131009, "interactive['header']['type'] must be one of {text, image, video, document}")
}

func (i *interactivePart) readAction(m *message) error {
	a := i.Action
	switch i.Type {
	case "button":
		return a.readButtons(m)
	case "list":
		return a.readRows(m)
	case "cta_url":
		return a.readLink(m)
	case "flow":
		return a.readFlow(m)
	case "location_request_message":
		m.asks = "location"
		return a.named("send_location")
	case "request_contact_info":
		m.asks = "contact"
		return a.named("request_contact_info")
	}
	return i.readProducts(m)
}

// readProducts checks the shape of everything that shows products, orders or
// something to allow. The phone shows its text.
func (i *interactivePart) readProducts(m *message) error {
	a := i.Action
	switch i.Type {
	case "product":
		if a.Catalog == "" || a.Product == "" {
			return refusal(131008, "interactive['action'] needs catalog_id and product_retailer_id")
		}
		m.text = lines(m.text, "🛍 "+a.Product)
		return nil
	case "product_list":
		if i.Header == nil || i.Header.Type != "text" {
			return missing("interactive['header']")
		}
		return a.readProductList(m)
	case "catalog_message", "address_message", "call_permission_request":
		return a.named(i.Type)
	case "carousel":
		if len(a.Cards) < 2 || len(a.Cards) > 10 {
			return refusal(131009, "interactive['action']['cards'] must have 2 to 10 entries")
		}
		return nil
	case "order_details":
		return a.referenced("review_and_pay")
	case "order_status":
		if a.Parameters.Order == nil || a.Parameters.Order.Status == "" {
			return missing("interactive['action']['parameters']['order']['status']")
		}
		return a.referenced("review_order")
	}
	return refusal(131009, "interactive['type'] must be one of {address_message, button, call_permission_request, carousel, "+
		"catalog_message, cta_url, flow, list, location_request_message, order_details, order_status, product, product_list, "+
		"request_contact_info}")
}

func (a actionPart) named(name string) error {
	if a.Name != name {
		return refusal(131009, "interactive['action']['name'] must be one of {"+name+"}")
	}
	return nil
}

func (a actionPart) referenced(name string) error {
	if a.Parameters.Reference == "" {
		return missing("interactive['action']['parameters']['reference_id']")
	}
	return a.named(name)
}

func (a actionPart) readProductList(m *message) error {
	if a.Catalog == "" {
		return missing("interactive['action']['catalog_id']")
	}
	if err := checkSections(a.Sections); err != nil {
		return err
	}
	count := 0
	for _, s := range a.Sections {
		m.text = lines(m.text, s.Title)
		for _, p := range s.Products {
			if p.RetailerID == "" {
				return missing("product_items['product_retailer_id']")
			}
			m.text, count = lines(m.text, "🛍 "+p.RetailerID), count+1
		}
	}
	if count == 0 || count > maxProducts {
		return refusal(131009, "Total product count must be from 1 to 30")
	}
	return nil
}

func checkSections(sections []section) error {
	if len(sections) == 0 || len(sections) > maxSections {
		return refusal(131009, "Invalid sections count. Min allowed: 1, Max allowed: 10")
	}
	for _, s := range sections {
		if s.Title == "" && len(sections) > 1 {
			return refusal(131009, "Section title is required when there is more than one section")
		}
		if err := fitting("section title", s.Title, maxRowTitle); err != nil {
			return err
		}
	}
	return nil
}

func (a actionPart) readButtons(m *message) error {
	if len(a.Buttons) == 0 || len(a.Buttons) > maxButtons {
		return refusal(131009, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")
	}
	for i, b := range a.Buttons {
		if b.Type != "reply" {
			return refusal(131009, "interactive['action']['buttons']["+strconv.Itoa(i)+"]['type'] must be one of {reply}")
		}
		m.options = append(m.options, option{ID: b.Reply.ID, Title: b.Reply.Title, Kind: "button_reply"})
	}
	return checkOptions(m.options, optionLimits{maxButtonID, maxButton})
}

func (a actionPart) readRows(m *message) error {
	if a.Button == "" {
		return missing("interactive['action']['button']")
	}
	m.list = a.Button
	if err := fitting("interactive['action']['button']", a.Button, maxButton); err != nil {
		return err
	}
	if err := checkSections(a.Sections); err != nil {
		return err
	}
	for _, s := range a.Sections {
		for i, r := range s.Rows {
			o := option{ID: r.ID, Title: r.Title, Description: r.Description, Kind: "list_reply"}
			if i == 0 {
				o.Section = s.Title
			}
			m.options = append(m.options, o)
		}
	}
	if len(m.options) == 0 || len(m.options) > maxRows {
		return refusal(131009, "Total row count exceed max allowed count: 10")
	}
	return checkOptions(m.options, optionLimits{maxRowID, maxRowTitle})
}

func (a actionPart) readLink(m *message) error {
	if err := a.named("cta_url"); err != nil {
		return err
	}
	if !isWeb(a.Parameters.URL) {
		return refusal(131009, "interactive['action']['parameters']['url'] must be a valid URL")
	}
	m.options = []option{{ID: "link", Title: a.Parameters.DisplayText, Kind: "link", URL: a.Parameters.URL}}
	return checkOptions(m.options, optionLimits{maxButtonID, maxButton})
}

func (a actionPart) readFlow(m *message) error {
	p := a.Parameters
	switch {
	case a.Name != "flow":
		return a.named("flow")
	case p.FlowVersion != "3":
		return refusal(131009, "flow_message_version must be one of {3}")
	case (p.FlowID == "") == (p.FlowName == ""):
		return refusal(131009, "exactly one of flow_id and flow_name is required")
	case p.FlowCTA == "":
		return missing("interactive['action']['parameters']['flow_cta']")
	case utf8.RuneCountInString(p.FlowCTA) > maxFlowCTA:
		return misfit("flow_cta", maxFlowCTA)
	case strings.ContainsFunc(p.FlowCTA, func(r rune) bool { return unicode.Is(unicode.So, r) }):
		return refusal(131009, "flow_cta must not have an emoji")
	case p.FlowAction != "" && p.FlowAction != "navigate" && p.FlowAction != "data_exchange":
		return refusal(131009, "flow_action must be one of {navigate, data_exchange}")
	}
	m.asks, m.flowToken = "flow", p.FlowToken
	m.options = []option{{ID: "flow", Title: p.FlowCTA, Kind: "flow"}}
	return nil
}

// checkOptions holds that every option can be told from the others and fits.
func checkOptions(options []option, limits optionLimits) error {
	for i, o := range options {
		if o.ID == "" || o.Title == "" {
			return refusal(131008, "every button and row needs an id and a title")
		}
		same := func(other option) bool { return other.ID == o.ID || other.Title == o.Title && o.Kind == "button_reply" }
		if slices.ContainsFunc(options[:i], same) {
			return refusal(131009, "ids and titles of buttons and rows must be unique")
		}
		for field, text := range map[string]struct {
			text  string
			limit int
		}{"id": {o.ID, limits.id}, "title": {o.Title, limits.title}, "description": {o.Description, maxRowText}} {
			if err := fitting(field, text.text, text.limit); err != nil {
				return err
			}
		}
	}
	return nil
}

// fitting holds that a text of an interactive message is not too long.
func fitting(field, text string, limit int) error {
	if utf8.RuneCountInString(text) > limit {
		return misfit(field, limit)
	}
	return nil
}
