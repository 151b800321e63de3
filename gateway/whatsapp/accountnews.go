package whatsapp

import (
	"cmp"
	"strconv"
	"time"

	"github.com/recado/recado/gateway"
)

// accountNews are the events of the business account. What belongs together is one
// matter, so that a new partner does not hide that the account is disabled.
var accountNews = map[string]struct {
	level        gateway.AlertLevel
	matter, says string
}{
	"DISABLED_UPDATE":     {gateway.AlertCritical, "", "The business account is or will be disabled."},
	"ACCOUNT_DELETED":     {gateway.AlertCritical, "", "The business account was deleted."},
	"ACCOUNT_OFFBOARDED":  {gateway.AlertCritical, "", "The number was taken off the platform: nothing can be sent or received."},
	"ACCOUNT_RECONNECTED": {gateway.AlertInfo, "", "The number is connected to the platform again."},
	"VERIFIED_ACCOUNT":    {gateway.AlertInfo, "verification", "The business account was verified."},
	"ACCOUNT_RESTRICTION": {gateway.AlertWarning, "restriction", "The business account is restricted."},
	"ACCOUNT_VIOLATION":   {gateway.AlertWarning, "violation", "The business account broke a rule of the channel."},
	"AD_ACCOUNT_LINKED":   {gateway.AlertInfo, "ads", "An ad account was linked."},
	"AUTH_INTL_PRICE_ELIGIBILITY_UPDATE": {
		gateway.AlertInfo, "prices", "The prices of authentication messages to other countries change.",
	},
	"VOLUME_BASED_PRICING_TIER_UPDATE": {gateway.AlertInfo, "prices", "The prices have changed with the number of messages."},
	"BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE": {
		gateway.AlertInfo, "country", "The country of the business was set.",
	},
	"MM_LITE_TERMS_SIGNED":    {gateway.AlertInfo, "terms", "The terms of the marketing API were accepted."},
	"PARTNER_ADDED":           {gateway.AlertInfo, "partner", "A partner was added to the account."},
	"PARTNER_REMOVED":         {gateway.AlertWarning, "partner", "A partner was removed from the account."},
	"PARTNER_APP_INSTALLED":   {gateway.AlertInfo, "partner", "A partner's app was added to the account."},
	"PARTNER_APP_UNINSTALLED": {gateway.AlertWarning, "partner", "A partner's app was removed from the account."},
	"PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE": {
		gateway.AlertInfo, "verification", "The verification that a partner asked for has a new state.",
	},
}

func accountUpdate(value object) gateway.Alert {
	a := gateway.Alert{State: value.str("event")}
	if a.State == "" {
		return a
	}
	meaning, known := accountNews[a.State]
	a.Level, a.Detail = meaning.level, meaning.says
	if !known {
		a.Detail = "Something about the business account has changed."
	}
	waba, partner := value.obj("waba_info"), value.obj("partner_client_certification_info")
	a.Subject = words(value.str("phone_number"), meaning.matter)
	if meaning.matter == "partner" {
		a.Subject = words(a.Subject, cmp.Or(waba.str("partner_app_id"), waba.str("solution_id"), waba.str("owner_business_id")))
	}
	a.Detail = sentences(a.Detail, value.str("country"), value.obj("violation_info").str("violation_type"),
		partner.str("status"), value.obj("disconnection_info").str("reason"))
	banned(&a, value.obj("ban_info"))
	restricted(&a, value.objects("restriction_info"))
	return a
}

// banned tells how far the disabling of an account is.
func banned(a *gateway.Alert, ban object) {
	switch state := ban.str("waba_ban_state"); state {
	case "":
		return
	case "REINSTATE":
		a.Level, a.Detail = gateway.AlertInfo, "The business account can be used again."
	case "DISABLE":
		a.Detail = "The business account is disabled: nothing can be sent."
	default:
		a.Detail = sentences(a.Detail, state)
	}
	a.Detail = sentences(a.Detail, labeled("Date", ban.str("waba_ban_date")))
}

// restrictions are what may not be done any more.
var restrictions = map[string]string{
	"RESTRICTED_BIZ_INITIATED_MESSAGING":      "Customers can't be written to first",
	"RESTRICTED_CUSTOMER_INITIATED_MESSAGING": "Customers who write can't be answered",
	"RESTRICTED_ADD_PHONE_NUMBER_ACTION":      "Numbers can't be added",
}

// restricted lists what may not be done, and until when. That customers can't be
// answered is an outage.
func restricted(a *gateway.Alert, all []object) {
	for _, r := range all {
		kind := r.str("restriction_type")
		if kind == "RESTRICTED_CUSTOMER_INITIATED_MESSAGING" {
			a.Level = gateway.AlertCritical
		}
		says := cmp.Or(restrictions[kind], kind)
		if seconds, err := strconv.ParseInt(r.str("expiration"), 10, 64); err == nil && seconds > 0 && seconds < 1e11 {
			says = words(says, "until", time.Unix(seconds, 0).UTC().Format(time.DateOnly))
		}
		a.Detail = sentences(a.Detail, says)
	}
}
