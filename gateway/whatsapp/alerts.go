package whatsapp

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/recado/recado/gateway"
)

// The longest that the parts of an alert are, in bytes. Stores index the subject.
const (
	maxSubject = 640
	maxState   = 128
	maxDetail  = 2000
)

// alertFields read the webhook fields that tell of the account, its numbers and its
// templates. None of them tells of a customer.
var alertFields = map[string]func(value object) gateway.Alert{
	"message_template_status_update":     templateStatus,
	"message_template_quality_update":    templateQuality,
	"message_template_components_update": templateComponents,
	"template_category_update":           templateCategory,
	"phone_number_quality_update":        numberQuality,
	"phone_number_name_update":           numberName,
	"account_update":                     accountUpdate,
	"account_alerts":                     accountAlert,
	"account_review_update":              accountReview,
	"account_settings_update":            accountSettings,
	"business_capability_update":         capability,
	"security":                           security,
	"payment_configuration_update":       payment,
	"flows":                              flow,
	"partner_solutions":                  solution,
}

// alert adds an alert, or tells that there is nothing in it.
func (p *parser) alert(at place, raw piece, a gateway.Alert) bool {
	if a.State == "" && a.Subject == "" {
		return false
	}
	e := p.placed(at, gateway.EventAlert, raw)
	a.Kind, a.Level, a.At = cmp.Or(a.Kind, at.field), cmp.Or(a.Level, gateway.AlertInfo), e.At
	if at.field == "account_update" {
		a.Subject = words(at.account, a.Subject)
	}
	a.Subject = cut(cmp.Or(a.Subject, at.channel, at.account), maxSubject)
	a.State, a.Detail = cut(a.State, maxState), cut(a.Detail, maxDetail)
	e.Alert = &a
	p.events = append(p.events, e)
	return true
}

// problemAlert is an error of the account itself. Our words are enough: the channel's
// may name a customer.
func problemAlert(at place, e *gateway.SendError) gateway.Alert {
	return gateway.Alert{
		Kind: "problem", Subject: cmp.Or(at.channel, at.account), State: strconv.Itoa(e.Code),
		Level: problemLevel(e.Class), Detail: sentences(e.Title),
	}
}

func problemLevel(class gateway.ErrorClass) gateway.AlertLevel {
	if class == gateway.ErrorAccount {
		return gateway.AlertCritical
	}
	if class == gateway.ErrorTransient {
		return gateway.AlertInfo
	}
	return gateway.AlertWarning
}

// news is what a word of the channel means.
type news struct {
	level gateway.AlertLevel
	says  string
	// status is that of the template from now on, or empty when it stays.
	status string
}

// templateNews are the events of templates.
var templateNews = map[string]news{
	"APPROVED":         {gateway.AlertInfo, "The template was approved and can be sent.", "APPROVED"},
	"REINSTATED":       {gateway.AlertInfo, "The template can be sent again.", "APPROVED"},
	"UNFLAGGED":        {gateway.AlertInfo, "The template is no longer in danger of being disabled.", "APPROVED"},
	"PENDING":          {gateway.AlertInfo, "The template is being reviewed.", "PENDING"},
	"IN_APPEAL":        {gateway.AlertInfo, "The template's rejection is being reviewed.", "IN_APPEAL"},
	"ARCHIVED":         {gateway.AlertInfo, "The template was archived.", "ARCHIVED"},
	"DELETED":          {gateway.AlertInfo, "The template was deleted.", "DELETED"},
	"PENDING_DELETION": {gateway.AlertInfo, "The template is being deleted.", "PENDING_DELETION"},
	"REJECTED":         {gateway.AlertWarning, "The template was rejected.", "REJECTED"},
	"PAUSED":           {gateway.AlertWarning, "The template is paused and can't be sent for now.", "PAUSED"},
	"DISABLED":         {gateway.AlertWarning, "The template is disabled and can't be sent any more.", "DISABLED"},
	"FLAGGED":          {gateway.AlertWarning, "Customers dislike the template, and it may be disabled.", ""},
	"LIMIT_EXCEEDED":   {gateway.AlertWarning, "The account has too many templates.", "LIMIT_EXCEEDED"},
	"LOCKED":           {gateway.AlertWarning, "The template is locked and can't be changed.", ""},
}

// templateAlert starts an alert about a template.
func templateAlert(value object) gateway.Alert {
	name, language := value.str("message_template_name"), value.str("message_template_language")
	if name == "" {
		return gateway.Alert{}
	}
	subject := name
	if language != "" {
		subject += " (" + language + ")"
	}
	return gateway.Alert{
		Subject:  subject,
		Template: &gateway.Template{Name: cut(name, maxSubject), Language: cut(language, maxState)},
	}
}

func templateStatus(value object) gateway.Alert {
	a := templateAlert(value)
	a.State = value.str("event")
	meaning, known := templateNews[a.State]
	if !known {
		meaning = news{level: gateway.AlertWarning, says: "The template's status has changed."}
	}
	a.Level = meaning.level
	if a.Template != nil {
		a.Template.Status, a.Template.Category = meaning.status, word(value, "message_template_category")
	}
	rejection, other := value.obj("rejection_info"), value.obj("other_info")
	a.Detail = sentences(meaning.says, reason(value.str("reason")), rejection.str("reason"), rejection.str("recommendation"),
		reason(other.str("title")), other.str("description"), labeled("From", value.obj("disable_info").str("disable_date")))
	return a
}

func templateQuality(value object) gateway.Alert {
	a := templateAlert(value)
	a.State = value.str("new_quality_score")
	a.Detail = "The template's quality is not known yet."
	switch a.State {
	case "GREEN":
		a.Detail = "Customers like the template."
	case "YELLOW":
		a.Detail = "Some customers dislike the template."
	case "RED":
		a.Level, a.Detail = gateway.AlertWarning, "Many customers dislike the template, and it may be paused."
	}
	a.Detail = sentences(a.Detail, labeled("Before", value.str("previous_quality_score")))
	if a.Template != nil {
		a.Template.Quality = word(value, "new_quality_score")
	}
	return a
}

func templateComponents(value object) gateway.Alert {
	a := templateAlert(value)
	a.Detail = sentences("The template's content was changed.", labeled("Now", value.str("message_template_element")))
	return a
}

// templateCategory comes twice: a day before, with the category that will be, and when
// it is so. In both, new_category is what the template has now.
func templateCategory(value object) gateway.Alert {
	a := templateAlert(value)
	a.State = value.str("new_category")
	if a.Template != nil {
		a.Template.Category = word(value, "new_category")
	}
	next := value.str("correct_category")
	switch {
	case next != "" && next != a.State:
		a.Level = gateway.AlertWarning
		a.Detail = "The template's category is about to change to " + next + ", which can change its price."
	case a.State == "MARKETING":
		a.Level = gateway.AlertWarning
		a.Detail = "The template counts as marketing now: it costs more, and customers who opted out don't get it."
	default:
		a.Detail = "The template's category has changed."
	}
	a.Detail = sentences(a.Detail, labeled("Before", value.str("previous_category")))
	return a
}

// numberNews are the events of a number's quality and throughput.
var numberNews = map[string]news{
	"ONBOARDING":         {level: gateway.AlertInfo, says: "The number is being set up."},
	"THROUGHPUT_UPGRADE": {level: gateway.AlertInfo, says: "The number may send faster now."},
	"UPGRADE":            {level: gateway.AlertInfo, says: "The number may write to more customers first now."},
	"UNFLAGGED":          {level: gateway.AlertInfo, says: "The number's quality is good again."},
	"DOWNGRADE":          {level: gateway.AlertWarning, says: "The number may write to fewer customers first now."},
	"FLAGGED":            {level: gateway.AlertWarning, says: "The number's quality is low."},
}

func numberQuality(value object) gateway.Alert {
	a := newsOf(numberNews, value.str("event"), "The number's quality or limit has changed.")
	a.Subject = number(value)
	limit := cmp.Or(value.str("max_daily_conversations_per_business"), value.str("current_limit"))
	a.Detail = sentences(a.Detail, labeled("Limit", limit), labeled("Before", value.str("old_limit")))
	return a
}

// decisionNews are the answers to a review of an account or a name.
var decisionNews = map[string]news{
	"APPROVED": {level: gateway.AlertInfo, says: "It was approved."},
	"PENDING":  {level: gateway.AlertInfo, says: "It is being reviewed."},
	"DEFERRED": {level: gateway.AlertInfo, says: "The decision was put off."},
	"REJECTED": {level: gateway.AlertWarning, says: "It was rejected."},
}

func numberName(value object) gateway.Alert {
	a := newsOf(decisionNews, value.str("decision"), "There is a decision.")
	a.Subject = number(value)
	a.Detail = sentences("A display name was reviewed.", a.Detail, labeled("Name", value.str("requested_verified_name")),
		reason(value.str("rejection_reason")))
	return a
}

func accountReview(value object) gateway.Alert {
	a := newsOf(decisionNews, value.str("decision"), "There is a decision.")
	a.Detail = sentences("The business account was reviewed.", a.Detail, reason(value.str("reason")))
	return a
}

// severities are the channel's levels.
var severities = map[string]gateway.AlertLevel{
	"CRITICAL": gateway.AlertCritical, "WARNING": gateway.AlertWarning,
}

func accountAlert(value object) gateway.Alert {
	info := value.obj("alert_info")
	if info == nil {
		info = value
	}
	return gateway.Alert{
		Subject: words(value.str("entity_type"), value.str("entity_id")),
		State:   cmp.Or(info.str("alert_type"), info.str("alert_status")),
		Level:   severities[info.str("alert_severity")], Detail: sentences(info.str("alert_description")),
	}
}

func accountSettings(value object) gateway.Alert {
	settings := value.obj("phone_number_settings")
	return gateway.Alert{
		Subject: cmp.Or(settings.str("phone_number_id"), value.str("phone_number_id")),
		State:   cmp.Or(value.str("event"), value.str("type")),
		Detail:  "The settings of the number were changed.",
	}
}

func capability(value object) gateway.Alert {
	customers := value.str("max_daily_conversations_per_business")
	if customers == "" {
		customers = value.str("max_daily_conversation_per_phone")
	}
	numbers := cmp.Or(value.str("max_phone_numbers_per_business"), value.str("max_phone_numbers_per_waba"))
	return gateway.Alert{
		State: cmp.Or(customers, numbers),
		Detail: sentences("The limits of the account have changed.",
			labeled("Customers a day that may be written to first", customers), labeled("Numbers", numbers)),
	}
}

// securityNews are the events of a number's PIN. Somebody who should not have it could
// be behind any of them.
var securityNews = map[string]news{
	"PIN_CHANGED":         {level: gateway.AlertWarning, says: "The PIN of the number was changed."},
	"PIN_RESET_REQUEST":   {level: gateway.AlertWarning, says: "Somebody asked to take the number's PIN away."},
	"PIN_REQUEST_SUCCESS": {level: gateway.AlertWarning, says: "The number has no PIN any more."},
}

func security(value object) gateway.Alert {
	a := newsOf(securityNews, value.str("event"), "The security of the number has changed.")
	if a.State != "" {
		a.Level = gateway.AlertWarning
	}
	a.Subject = number(value)
	a.Detail = sentences(a.Detail, labeled("By", value.str("requester")))
	return a
}

func payment(value object) gateway.Alert {
	a := gateway.Alert{
		Subject: value.str("configuration_name"), State: value.str("status"),
		Detail: sentences("A payment configuration has changed.", labeled("Provider", value.str("provider_name"))),
	}
	if !strings.EqualFold(a.State, "active") {
		a.Level = gateway.AlertWarning
	}
	return a
}

// flowNews are the states of a form, and of an alarm about one.
var flowNews = map[string]news{
	"BLOCKED":                     {level: gateway.AlertWarning, says: "The form is blocked."},
	"THROTTLED":                   {level: gateway.AlertWarning, says: "The form is slowed down."},
	"ACTIVATED":                   {level: gateway.AlertWarning, says: "The form has a problem."},
	"FLOW_VERSION_EXPIRY_WARNING": {level: gateway.AlertWarning, says: "The form's version is going to expire."},
	"DEACTIVATED":                 {level: gateway.AlertInfo, says: "The form's problem is over."},
}

// flow reads what happens to a form. Each alarm about it is a matter of its own.
func flow(value object) gateway.Alert {
	event := value.str("event")
	a := newsOf(flowNews, cmp.Or(value.str("new_status"), value.str("alert_state"), event), "The form has changed.")
	a.Subject = words("flow", value.str("flow_id"))
	if value.str("new_status") == "" {
		a.Subject = words(a.Subject, event)
	}
	if a.State == "" && value.str("flow_id") == "" {
		a.Subject = ""
	}
	a.Detail = sentences(a.Detail, value.str("message"), labeled("Before", value.str("old_status")))
	return a
}

func solution(value object) gateway.Alert {
	a := gateway.Alert{
		Subject: value.str("solution_id"), State: cmp.Or(value.str("solution_status"), value.str("event")),
		Detail: "A solution that several partners share has changed.",
	}
	if a.State == "DEACTIVATED" {
		a.Level = gateway.AlertWarning
	}
	return a
}

// newsOf starts an alert with the meaning of the channel's word.
func newsOf(table map[string]news, state, otherwise string) gateway.Alert {
	meaning, known := table[state]
	if !known {
		meaning = news{says: otherwise}
	}
	return gateway.Alert{State: state, Level: meaning.level, Detail: meaning.says}
}

// number is the business number that it is about, in digits when it is one.
func number(value object) string {
	s := value.str("display_phone_number")
	return cmp.Or(digitsOf(s), s)
}

// word reads a word of the channel that goes into a template.
func word(value object, name string) string { return cut(value.str(name), maxState) }

// reason leaves out the words for none.
func reason(s string) string {
	if strings.EqualFold(s, "none") {
		return ""
	}
	return s
}

// labeled puts a word before what it is about, or gives nothing.
func labeled(label, s string) string {
	if s == "" {
		return ""
	}
	return label + ": " + s
}

// sentences makes a text of what is there, and ends each with a full stop.
func sentences(parts ...string) string {
	all := filled(parts)
	for i, s := range all {
		all[i] = strings.TrimSpace(s)
		if !strings.ContainsAny(all[i][len(all[i])-1:], ".!?") {
			all[i] += "."
		}
	}
	return strings.Join(all, " ")
}
