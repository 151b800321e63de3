package whatsapp

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
)

// named is a template with what an alert changes of it.
func named(status, quality, category string) *gateway.Template {
	return &gateway.Template{Name: "order_update", Language: "es", Status: status, Quality: quality, Category: category}
}

// TestAlerts has a row for each field, and for each event that means something else.
// Detail is one that must be in the text.
func TestAlerts(t *testing.T) {
	t.Parallel()
	const template = `"message_template_id":12,"message_template_name":"order_update","message_template_language":"es"`
	const info, warning, critical = gateway.AlertInfo, gateway.AlertWarning, gateway.AlertCritical
	for name, c := range map[string]struct {
		field, value string
		want         gateway.Alert
	}{
		"approved": {
			"message_template_status_update", `{"event":"APPROVED",` + template + `,"reason":"NONE","message_template_category":"UTILITY"}`,
			gateway.Alert{Subject: "order_update (es)", State: "APPROVED", Level: info, Detail: "The template was approved and can be sent.", Template: named("APPROVED", "", "UTILITY")},
		},
		"rejected": {
			"message_template_status_update", `{"event":"REJECTED",` + template + `,"reason":"INVALID_FORMAT","rejection_info":{"reason":"Two parameters touch","recommendation":"Add words."}}`,
			gateway.Alert{Subject: "order_update (es)", State: "REJECTED", Level: warning, Detail: "The template was rejected. INVALID_FORMAT. Two parameters touch. Add words.", Template: named("REJECTED", "", "")},
		},
		"paused": {
			"message_template_status_update", `{"event":"PAUSED",` + template + `,"reason":null,"other_info":{"title":"FIRST_PAUSE","description":"3 hours"}}`,
			gateway.Alert{Subject: "order_update (es)", State: "PAUSED", Level: warning, Detail: "FIRST_PAUSE. 3 hours.", Template: named("PAUSED", "", "")},
		},
		"disabled": {
			"message_template_status_update", `{"event":"DISABLED",` + template + `,"disable_info":{"disable_date":"2026-12-01"}}`,
			gateway.Alert{Subject: "order_update (es)", State: "DISABLED", Level: warning, Detail: "From: 2026-12-01.", Template: named("DISABLED", "", "")},
		},
		"flagged":    {"message_template_status_update", `{"event":"FLAGGED",` + template + `}`, gateway.Alert{Subject: "order_update (es)", State: "FLAGGED", Level: warning, Detail: "may be disabled", Template: named("", "", "")}},
		"reinstated": {"message_template_status_update", `{"event":"REINSTATED",` + template + `}`, gateway.Alert{Subject: "order_update (es)", State: "REINSTATED", Level: info, Detail: "sent again", Template: named("APPROVED", "", "")}},
		"unflagged":  {"message_template_status_update", `{"event":"UNFLAGGED",` + template + `}`, gateway.Alert{Subject: "order_update (es)", State: "UNFLAGGED", Level: info, Detail: "no longer", Template: named("APPROVED", "", "")}},
		"pending":    {"message_template_status_update", `{"event":"PENDING",` + template + `}`, gateway.Alert{Subject: "order_update (es)", State: "PENDING", Level: info, Detail: "reviewed", Template: named("PENDING", "", "")}},
		"in appeal":  {"message_template_status_update", `{"event":"IN_APPEAL",` + template + `}`, gateway.Alert{Subject: "order_update (es)", State: "IN_APPEAL", Level: info, Detail: "reviewed", Template: named("IN_APPEAL", "", "")}},
		"limit":      {"message_template_status_update", `{"event":"LIMIT_EXCEEDED",` + template + `}`, gateway.Alert{Subject: "order_update (es)", State: "LIMIT_EXCEEDED", Level: warning, Detail: "too many", Template: named("LIMIT_EXCEEDED", "", "")}},
		"locked":     {"message_template_status_update", `{"event":"LOCKED",` + template + `}`, gateway.Alert{Subject: "order_update (es)", State: "LOCKED", Level: warning, Detail: "locked", Template: named("", "", "")}},
		"archived":   {"message_template_status_update", `{"event":"ARCHIVED",` + template + `}`, gateway.Alert{Subject: "order_update (es)", State: "ARCHIVED", Level: info, Detail: "archived", Template: named("ARCHIVED", "", "")}},
		"deleted":    {"message_template_status_update", `{"event":"DELETED",` + template + `}`, gateway.Alert{Subject: "order_update (es)", State: "DELETED", Level: info, Detail: "deleted", Template: named("DELETED", "", "")}},
		"deleting":   {"message_template_status_update", `{"event":"PENDING_DELETION",` + template + `}`, gateway.Alert{Subject: "order_update (es)", State: "PENDING_DELETION", Level: info, Detail: "being deleted", Template: named("PENDING_DELETION", "", "")}},
		"unheard of": {"message_template_status_update", `{"event":"SHINY",` + template + `}`, gateway.Alert{Subject: "order_update (es)", State: "SHINY", Level: warning, Detail: "has changed", Template: named("", "", "")}},
		"nameless":   {"message_template_status_update", `{"event":"PAUSED"}`, gateway.Alert{Subject: "102", State: "PAUSED", Level: warning, Detail: "paused"}},
		"all languages": {
			"message_template_status_update", `{"event":"PAUSED","message_template_name":"a"}`,
			gateway.Alert{Subject: "a", State: "PAUSED", Level: warning, Detail: "paused", Template: &gateway.Template{Name: "a", Status: "PAUSED"}},
		},
		"red":     {"message_template_quality_update", `{"previous_quality_score":"GREEN","new_quality_score":"RED",` + template + `}`, gateway.Alert{Subject: "order_update (es)", State: "RED", Level: warning, Detail: "Before: GREEN.", Template: named("", "RED", "")}},
		"yellow":  {"message_template_quality_update", `{"new_quality_score":"YELLOW",` + template + `}`, gateway.Alert{Subject: "order_update (es)", State: "YELLOW", Level: info, Detail: "Some customers", Template: named("", "YELLOW", "")}},
		"green":   {"message_template_quality_update", `{"new_quality_score":"GREEN",` + template + `}`, gateway.Alert{Subject: "order_update (es)", State: "GREEN", Level: info, Detail: "like the template", Template: named("", "GREEN", "")}},
		"no idea": {"message_template_quality_update", `{"new_quality_score":"UNKNOWN",` + template + `}`, gateway.Alert{Subject: "order_update (es)", State: "UNKNOWN", Level: info, Detail: "not known", Template: named("", "UNKNOWN", "")}},
		"new text": {
			"message_template_components_update", `{` + template + `,"message_template_element":"Hola {{1}}!"}`,
			gateway.Alert{Subject: "order_update (es)", Level: info, Detail: "The template's content was changed. Now: Hola {{1}}!", Template: named("", "", "")},
		},
		"soon marketing": {
			"template_category_update", `{` + template + `,"new_category":"UTILITY","correct_category":"MARKETING","category_update_timestamp":1764072000}`,
			gateway.Alert{Subject: "order_update (es)", State: "UTILITY", Level: warning, Detail: "about to change to MARKETING", Template: named("", "", "UTILITY")},
		},
		"marketing now": {
			"template_category_update", `{` + template + `,"previous_category":"UTILITY","new_category":"MARKETING"}`,
			gateway.Alert{Subject: "order_update (es)", State: "MARKETING", Level: warning, Detail: "Before: UTILITY.", Template: named("", "", "MARKETING")},
		},
		"utility now": {"template_category_update", `{` + template + `,"new_category":"UTILITY"}`, gateway.Alert{Subject: "order_update (es)", State: "UTILITY", Level: info, Detail: "has changed", Template: named("", "", "UTILITY")}},
		"throughput": {
			"phone_number_quality_update", `{"display_phone_number":"+1 631-555-8151","event":"THROUGHPUT_UPGRADE","max_daily_conversations_per_business":"TIER_UNLIMITED"}`,
			gateway.Alert{Subject: "16315558151", State: "THROUGHPUT_UPGRADE", Level: info, Detail: "Limit: TIER_UNLIMITED."},
		},
		"number flagged":    {"phone_number_quality_update", `{"display_phone_number":"16315558151","event":"FLAGGED","current_limit":"TIER_1K"}`, gateway.Alert{Subject: "16315558151", State: "FLAGGED", Level: warning, Detail: "Limit: TIER_1K."}},
		"number downgraded": {"phone_number_quality_update", `{"event":"DOWNGRADE","old_limit":"TIER_10K"}`, gateway.Alert{Subject: "102", State: "DOWNGRADE", Level: warning, Detail: "Before: TIER_10K."}},
		"name refused":      {"phone_number_name_update", `{"display_phone_number":"16315558151","decision":"REJECTED","requested_verified_name":"Tienda","rejection_reason":"NAME_FORMAT"}`, gateway.Alert{Subject: "16315558151", State: "REJECTED", Level: warning, Detail: "Name: Tienda. NAME_FORMAT."}},
		"name taken":        {"phone_number_name_update", `{"display_phone_number":"16315558151","decision":"APPROVED","rejection_reason":"NONE"}`, gateway.Alert{Subject: "16315558151", State: "APPROVED", Level: info, Detail: "A display name was reviewed. It was approved."}},
		"reviewed":          {"account_review_update", `{"decision":"REJECTED"}`, gateway.Alert{Subject: "102", State: "REJECTED", Level: warning, Detail: "It was rejected."}},
		"account alert":     {"account_alerts", `{"entity_type":"BUSINESS","entity_id":506,"alert_severity":"CRITICAL","alert_status":"ACTIVE","alert_type":"INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED","alert_description":"More is needed"}`, gateway.Alert{Subject: "BUSINESS 506", State: "INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED", Level: critical, Detail: "More is needed."}},
		"alert inside":      {"account_alerts", `{"entity_id":"506","alert_info":{"alert_severity":"WARNING","alert_type":"X"}}`, gateway.Alert{Subject: "506", State: "X", Level: warning}},
		"alert of news":     {"account_alerts", `{"entity_id":"506","alert_info":{"alert_severity":"INFORMATIONAL","alert_type":"OBA_APPROVED"}}`, gateway.Alert{Subject: "506", State: "OBA_APPROVED", Level: info}},
		"settings":          {"account_settings_update", `{"timestamp":"1","type":"phone_number_settings","phone_number_settings":{"phone_number_id":"100","calling":{"status":"ENABLED"}}}`, gateway.Alert{Subject: "100", State: "phone_number_settings", Level: info, Detail: "settings"}},
		"capability":        {"business_capability_update", `{"max_daily_conversations_per_business":2000,"max_phone_numbers_per_waba":25}`, gateway.Alert{Subject: "102", State: "2000", Level: info, Detail: "written to first: 2000. Numbers: 25."}},
		"old capability":    {"business_capability_update", `{"max_daily_conversation_per_phone":-1}`, gateway.Alert{Subject: "102", State: "-1", Level: info, Detail: "-1"}},
		"pin":               {"security", `{"display_phone_number":"16315558151","event":"PIN_CHANGED","requester":"102"}`, gateway.Alert{Subject: "16315558151", State: "PIN_CHANGED", Level: warning, Detail: "By: 102."}},
		"pin wanted":        {"security", `{"display_phone_number":"16315558151","event":"PIN_RESET_REQUEST"}`, gateway.Alert{Subject: "16315558151", State: "PIN_RESET_REQUEST", Level: warning, Detail: "PIN"}},
		"pin gone":          {"security", `{"event":"PIN_REQUEST_SUCCESS"}`, gateway.Alert{Subject: "102", State: "PIN_REQUEST_SUCCESS", Level: warning, Detail: "no PIN"}},
		"other security":    {"security", `{"event":"KEY_LOST"}`, gateway.Alert{Subject: "102", State: "KEY_LOST", Level: warning, Detail: "security"}},
		"payment":           {"payment_configuration_update", `{"configuration_name":"main","provider_name":"razorpay","status":"Needs Testing"}`, gateway.Alert{Subject: "main", State: "Needs Testing", Level: warning, Detail: "Provider: razorpay."}},
		"payment works":     {"payment_configuration_update", `{"configuration_name":"main","status":"Active"}`, gateway.Alert{Subject: "main", State: "Active", Level: info, Detail: "payment"}},
		"flow":              {"flows", `{"event":"FLOW_STATUS_CHANGE","message":"Flow went to BLOCKED","flow_id":"f1","old_status":"PUBLISHED","new_status":"BLOCKED"}`, gateway.Alert{Subject: "flow f1", State: "BLOCKED", Level: warning, Detail: "Flow went to BLOCKED. Before: PUBLISHED."}},
		"flow published":    {"flows", `{"event":"FLOW_STATUS_CHANGE","flow_id":"f1","new_status":"PUBLISHED"}`, gateway.Alert{Subject: "flow f1", State: "PUBLISHED", Level: info, Detail: "changed"}},
		"flow alarm":        {"flows", `{"event":"ENDPOINT_ERROR_RATE","message":"10 %","flow_id":"f1","alert_state":"ACTIVATED"}`, gateway.Alert{Subject: "flow f1 ENDPOINT_ERROR_RATE", State: "ACTIVATED", Level: warning, Detail: "10 %."}},
		"flow alarm over":   {"flows", `{"event":"ENDPOINT_ERROR_RATE","flow_id":"f1","alert_state":"DEACTIVATED"}`, gateway.Alert{Subject: "flow f1 ENDPOINT_ERROR_RATE", State: "DEACTIVATED", Level: info, Detail: "over"}},
		"solution":          {"partner_solutions", `{"event":"SOLUTION_UPDATED","solution_id":"s1","solution_status":"ACTIVE"}`, gateway.Alert{Subject: "s1", State: "ACTIVE", Level: info, Detail: "partners"}},
		"solution over":     {"partner_solutions", `{"event":"SOLUTION_UPDATED","solution_id":"s1","solution_status":"DEACTIVATED"}`, gateway.Alert{Subject: "s1", State: "DEACTIVATED", Level: warning, Detail: "partners"}},

		"account disabled":   {"account_update", `{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"DISABLE","waba_ban_date":"April 17, 2025"}}`, gateway.Alert{Subject: "102", State: "DISABLED_UPDATE", Level: critical, Detail: "nothing can be sent. Date: April 17, 2025."}},
		"account disabling":  {"account_update", `{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"SCHEDULE_FOR_DISABLE"}}`, gateway.Alert{Subject: "102", State: "DISABLED_UPDATE", Level: critical, Detail: "SCHEDULE_FOR_DISABLE."}},
		"disabled, no more":  {"account_update", `{"event":"DISABLED_UPDATE"}`, gateway.Alert{Subject: "102", State: "DISABLED_UPDATE", Level: critical, Detail: "disabled"}},
		"account is back":    {"account_update", `{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"REINSTATE"}}`, gateway.Alert{Subject: "102", State: "DISABLED_UPDATE", Level: info, Detail: "used again"}},
		"account deleted":    {"account_update", `{"event":"ACCOUNT_DELETED"}`, gateway.Alert{Subject: "102", State: "ACCOUNT_DELETED", Level: critical, Detail: "deleted"}},
		"account offboarded": {"account_update", `{"phone_number":"16315558151","event":"ACCOUNT_OFFBOARDED"}`, gateway.Alert{Subject: "102 16315558151", State: "ACCOUNT_OFFBOARDED", Level: critical, Detail: "taken off"}},
		"account connected":  {"account_update", `{"event":"ACCOUNT_RECONNECTED"}`, gateway.Alert{Subject: "102", State: "ACCOUNT_RECONNECTED", Level: info, Detail: "again"}},
		"outage": {
			"account_update", `{"event":"ACCOUNT_RESTRICTION","restriction_info":[7,{"restriction_type":"RESTRICTED_CUSTOMER_INITIATED_MESSAGING","expiration":"1764072000"}]}`,
			gateway.Alert{Subject: "102 restriction", State: "ACCOUNT_RESTRICTION", Level: critical, Detail: "Customers who write can't be answered until 2025-11-25."},
		},
		"restriction": {
			"account_update", `{"event":"ACCOUNT_RESTRICTION","restriction_info":[{"restriction_type":"RESTRICTED_BIZ_INITIATED_MESSAGING","expiration":1764072000},{"restriction_type":"NEW_ONE"}]}`,
			gateway.Alert{Subject: "102 restriction", State: "ACCOUNT_RESTRICTION", Level: warning, Detail: "written to first until 2025-11-25. NEW_ONE."},
		},
		"violation":      {"account_update", `{"event":"ACCOUNT_VIOLATION","violation_info":{"violation_type":"ADULT"}}`, gateway.Alert{Subject: "102 violation", State: "ACCOUNT_VIOLATION", Level: warning, Detail: "ADULT."}},
		"partner":        {"account_update", `{"event":"PARTNER_REMOVED","waba_info":{"owner_business_id":"23"},"disconnection_info":{"reason":"PRIMARY_INACTIVITY"}}`, gateway.Alert{Subject: "102 partner 23", State: "PARTNER_REMOVED", Level: warning, Detail: "PRIMARY_INACTIVITY."}},
		"partner's app":  {"account_update", `{"event":"PARTNER_APP_INSTALLED","waba_info":{"partner_app_id":"57","owner_business_id":"23"}}`, gateway.Alert{Subject: "102 partner 57", State: "PARTNER_APP_INSTALLED", Level: info, Detail: "app"}},
		"verification":   {"account_update", `{"event":"PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE","partner_client_certification_info":{"status":"APPROVED"}}`, gateway.Alert{Subject: "102 verification", State: "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE", Level: info, Detail: "APPROVED."}},
		"country":        {"account_update", `{"event":"BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE","country":"ES"}`, gateway.Alert{Subject: "102 country", State: "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE", Level: info, Detail: "ES."}},
		"account's news": {"account_update", `{"event":"X"}`, gateway.Alert{Subject: "102", State: "X", Level: info, Detail: "has changed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := one(t, change(c.field, c.value))
			c.want.Kind, c.want.At = c.field, time.Unix(1764072000, 0).UTC()
			if e.Kind != gateway.EventAlert || !e.From.IsZero() || !strings.HasPrefix(e.Key, "alert|") || !strings.Contains(string(e.Raw), c.value) {
				t.Fatalf("%s %s", e.Kind, e.Key)
			}
			if !strings.Contains(e.Alert.Detail, c.want.Detail) || c.want.Detail == "" && e.Alert.Detail != "" {
				t.Errorf("detail: %s", e.Alert.Detail)
			}
			c.want.Detail = e.Alert.Detail
			if diff := cmp.Diff(&c.want, e.Alert); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A value of another shape, or with nothing in it, is kept for people.
func TestNoAlerts(t *testing.T) {
	t.Parallel()
	for _, field := range slices.Sorted(maps.Keys(alertFields)) {
		for _, value := range []string{`{}`, `null`, `[]`, `7`, `{"event":{},"decision":[]}`} {
			if e := one(t, change(field, value)); e.Kind != gateway.EventNotice {
				t.Errorf("%s %s: %+v", field, value, e.Alert)
			}
		}
		if knownFields[field] {
			t.Errorf("%s is a notice and an alert", field)
		}
	}
}

// However much the channel writes, an alert can be kept.
func TestLongAlerts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ñ", 5000)
	for _, field := range slices.Sorted(maps.Keys(alertFields)) {
		e := one(t, change(field, `{"event":"`+long+`","decision":"`+long+`","message_template_name":"`+long+`","message_template_language":"`+long+
			`","message_template_category":"`+long+`","new_category":"`+long+`","new_quality_score":"`+long+`","reason":"`+long+`","display_phone_number":"`+long+
			`","configuration_name":"`+long+`","status":"`+long+`","flow_id":"`+long+`","solution_id":"`+long+`","entity_id":"`+long+`","message":"`+long+
			`","max_daily_conversations_per_business":"`+long+`","phone_number_id":"`+long+`"}`))
		if e.Kind != gateway.EventAlert {
			t.Errorf("%s: %s", field, e.Kind)
		}
		if a := e.Alert.Template; a != nil && len(a.Name+a.Language+a.Status+a.Quality+a.Category) > maxSubject+4*maxState {
			t.Errorf("%s: a template of %d", field, len(a.Name))
		}
	}
}

// Errors that belong to no message are about the account. Their words may name a
// customer, and stay out.
func TestProblems(t *testing.T) {
	t.Parallel()
	e := one(t, inValue(`"errors":[{"code":130429,"title":"34600111222","error_data":{"details":"34600111222"}}]`))
	want := &gateway.Alert{
		Kind: "problem", Subject: "100", State: "130429", Level: gateway.AlertWarning, Detail: "The number sends too fast.", At: noon,
	}
	if diff := cmp.Diff(want, e.Alert); diff != "" {
		t.Error(diff)
	}
	if e.Channel != "100" {
		t.Errorf("channel %q", e.Channel)
	}
	for code, want := range map[string]gateway.AlertLevel{
		"190": gateway.AlertCritical, "131031": gateway.AlertCritical, "131016": gateway.AlertInfo, "131048": gateway.AlertWarning, "999999": gateway.AlertWarning,
	} {
		if a := one(t, inValue(`"errors":[{"code":`+code+`}]`)).Alert; a.Level != want || a.State != code {
			t.Errorf("%s: %+v", code, a)
		}
	}
	for class, want := range map[gateway.ErrorClass]gateway.AlertLevel{
		gateway.ErrorAccount: gateway.AlertCritical, gateway.ErrorRate: gateway.AlertWarning, gateway.ErrorTransient: gateway.AlertInfo,
		gateway.ErrorOther: gateway.AlertWarning, gateway.ErrorQuality: gateway.AlertWarning,
	} {
		if got := problemAlert(place{account: "102"}, &gateway.SendError{Code: 7, Title: "x", Class: class}); got.Level != want || got.Subject != "102" {
			t.Errorf("%s: %+v", class, got)
		}
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	for want, parts := range map[string][]string{
		"": {"", " "}, "A. B! C?": {"A", "", " B! ", "C?"}, "A.": {"A."}, "10 %.": {"10 %"},
	} {
		if got := sentences(parts...); got != want {
			t.Errorf("%q became %q", parts, got)
		}
	}
}
