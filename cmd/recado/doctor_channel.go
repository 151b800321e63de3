package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/recado/recado/gateway/whatsapp"
)

// errNoToken says that the channel was not asked, for want of a token or number.
var errNoToken = errors.New("there is nothing to ask the channel with")

// account is the client that reads the business account.
func (d *doctor) account() (*whatsapp.Account, error) {
	if d.settings.AccessToken == "" {
		return nil, errNoToken
	}
	return d.accountWith(d.settings.AccessToken)
}

func (d *doctor) accountWith(token string) (*whatsapp.Account, error) {
	return whatsapp.NewAccount(whatsapp.ClientConfig{
		BaseURL: d.settings.APIURL, Token: token, HTTP: d.http, Now: d.now,
	})
}

func (d *doctor) askNumber(ctx context.Context) (whatsapp.AccountNumber, error) {
	account, err := d.account()
	if err != nil {
		return whatsapp.AccountNumber{}, err
	}
	if d.settings.PhoneNumberID == "" {
		return whatsapp.AccountNumber{}, errNoToken
	}
	return account.Number(ctx, d.settings.PhoneNumberID)
}

// accessToken is about the token alone: a number that it can't see is a good
// token's answer too.
func (d *doctor) accessToken(ctx context.Context) finding {
	_, err := d.number.get(ctx)
	var refused *whatsapp.AccountError
	switch {
	case err == nil:
		return ok("Meta accepts it.")
	case errors.Is(err, errNoToken):
		return warn("", "It was not tried; see the settings above.")
	case errors.Is(err, whatsapp.ErrNoAnswer):
		return fail("Check the way to it: name resolution, firewall, proxy, and WHATSAPP_API_URL.",
			"The Graph API could not be asked: %s.", why(err))
	case !errors.As(err, &refused):
		return fail("Paste it again, without spaces or line breaks.", "WHATSAPP_ACCESS_TOKEN can't be a token.")
	case refused.Token():
		return fail("Make a new one for the system user in the business settings (docs/whatsapp.md, step 3), set WHATSAPP_ACCESS_TOKEN and restart.",
			"Meta does not accept it: it has expired or was revoked.")
	case refused.Permission():
		return fail("Give the system user the WhatsApp account, and the token whatsapp_business_messaging and whatsapp_business_management.",
			"Meta accepts it, and it lacks a permission (code %d).", refused.Code)
	case refused.Missing():
		return ok("Meta accepts it.")
	}
	return warn("Wait a little and ask again.", "Meta could not say: %s (code %d).", lower(refused.Title), refused.Code)
}

// lower makes the title of an error part of a sentence.
func lower(title string) string {
	if title == "" {
		return "no reason was given"
	}
	return strings.ToLower(title[:1]) + title[1:]
}

// unasked is the finding of a check that needs the token and could not be made for
// a reason that the check of the token has told already.
func unasked(err error) finding {
	var refused *whatsapp.AccountError
	if errors.As(err, &refused) && !refused.Token() {
		return warn("", "It could not be asked for: %s (code %d).", lower(refused.Title), refused.Code)
	}
	return warn("", "It could not be asked for; see the access token above.")
}

func (d *doctor) businessNumber(ctx context.Context) finding {
	n, err := d.number.get(ctx)
	var refused *whatsapp.AccountError
	if errors.As(err, &refused) && refused.Missing() {
		return fail("Copy the phone number id from the app's page WhatsApp, API Setup (it is not the number itself), and give the system user its account.",
			"WHATSAPP_PHONE_NUMBER_ID is no number that this token can see.")
	}
	if err != nil {
		return unasked(err)
	}
	f := ok("%s, %q: status %s, name %s, quality %s, throughput %s, limit %s.", n.Display, n.Name,
		unset(n.Status), unset(n.NameStatus), unset(n.Quality), unset(n.Throughput), unset(n.Limit))
	return f.worse(numberStatus(n)).worse(numberQuality(n)).worse(sending(n))
}

func numberStatus(n whatsapp.AccountNumber) finding {
	const see = "Look at the number in the WhatsApp Manager."
	switch n.Status {
	case "", "CONNECTED":
	case "BANNED", "DELETED", "DISCONNECTED", "RESTRICTED", "UNVERIFIED":
		return fail(see, "A number with this status can't be used.")
	default:
		return warn(see, "The status should be connected.")
	}
	if n.NameStatus == "DECLINED" || n.NameStatus == "EXPIRED" {
		return warn("Submit a display name again.", "Customers do not see the name.")
	}
	return finding{Level: levelOK}
}

func numberQuality(n whatsapp.AccountNumber) finding {
	switch n.Quality {
	case "YELLOW":
		return warn("Look at what customers blocked or reported.", "Customers begin to complain.")
	case "RED":
		return fail("Stop messages that customers did not ask for: the number is about to be limited.", "Customers complain a lot.")
	}
	return finding{Level: levelOK}
}

// sending reads the channel's own word on whether messages go out.
func sending(n whatsapp.AccountNumber) finding {
	var parts []string
	for _, e := range n.Entities {
		if e.CanSend == "AVAILABLE" || e.CanSend == "" {
			continue
		}
		part := strings.ToLower(strings.ReplaceAll(e.Kind, "_", " "))
		if len(e.Codes) > 0 {
			part += " (code " + strings.Join(e.Codes, ", ") + ")"
		}
		parts = append(parts, part)
	}
	because := ""
	if len(parts) > 0 {
		because = ", because of: " + strings.Join(parts, "; ")
	}
	const see = "The WhatsApp Manager shows what to set right."
	switch n.CanSend {
	case "BLOCKED":
		return fail(see, "Messages can't be sent%s.", because)
	case "LIMITED":
		return warn(see, "Sending is limited%s.", because)
	case "AVAILABLE":
		return ok("Messages can be sent.")
	}
	return finding{Level: levelOK}
}

// accountID is the WhatsApp Business Account of the settings, or else the one that
// the number names as its own.
func (d *doctor) accountID(ctx context.Context) (id, owner string) {
	n, err := d.number.get(ctx)
	if err == nil {
		for _, e := range n.Entities {
			if e.Kind == "WABA" {
				owner = e.ID
			}
		}
	}
	if d.settings.AccountID != "" {
		return d.settings.AccountID, owner
	}
	return owner, owner
}

// noAccount is the finding where the account is not known.
func (d *doctor) noAccount(ctx context.Context) finding {
	if _, err := d.number.get(ctx); err != nil {
		return unasked(err)
	}
	return warn("Set it to the id that the app's page WhatsApp, API Setup shows beside the phone number id.",
		"It was not checked: WHATSAPP_BUSINESS_ACCOUNT_ID is not set.")
}

// subscription: without it the channel accepts everything and no message ever
// arrives.
func (d *doctor) subscription(ctx context.Context) finding {
	account, err := d.account()
	if err != nil {
		return unasked(err)
	}
	id, owner := d.accountID(ctx)
	if id == "" {
		return d.noAccount(ctx)
	}
	apps, err := account.SubscribedApps(ctx, id)
	if err != nil {
		return d.accountRefused(err)
	}
	n, _ := d.number.get(ctx)
	f := subscribed(apps, n.App()).worse(d.sentElsewhere(n, apps))
	if owner != "" && owner != id {
		f = f.worse(fail("Correct WHATSAPP_BUSINESS_ACCOUNT_ID.", "The number belongs to another account than the one in the settings."))
	}
	return f
}

func (d *doctor) accountRefused(err error) finding {
	var refused *whatsapp.AccountError
	if errors.As(err, &refused) && (refused.Missing() || refused.Permission()) {
		return fail("Check WHATSAPP_BUSINESS_ACCOUNT_ID, and give the token whatsapp_business_management.",
			"The WhatsApp Business Account can't be seen with this token (code %d).", refused.Code)
	}
	return unasked(err)
}

// subscribed wants the token's app among the apps, or any app where it is not
// known.
func subscribed(apps []whatsapp.AccountApp, app string) finding {
	var names []string
	found := app == ""
	for _, a := range apps {
		names = append(names, fmt.Sprintf("%q", a.Name))
		found = found || a.ID == app
	}
	const subscribe = "Subscribe it: POST /<account id>/subscribed_apps with the access token (docs/whatsapp.md, step 8)."
	switch {
	case len(apps) == 0:
		return fail(subscribe, "No app gets the account's webhooks, so no message arrives.")
	case !found:
		return fail(subscribe, "The token's app does not get the account's webhooks; %s does.", some(names))
	}
	return ok("%s %s the account's webhooks.", some(names), map[bool]string{true: "gets", false: "get"}[len(apps) == 1])
}

// sentElsewhere warns when the channel sends the webhooks to another address than
// the one that is known to be ours.
func (d *doctor) sentElsewhere(n whatsapp.AccountNumber, apps []whatsapp.AccountApp) finding {
	at := n.Callback
	for _, a := range apps {
		if at == "" && (a.ID == n.App() || len(apps) == 1) {
			at = a.Callback
		}
	}
	if at == "" || d.callback == "" || place(at) == place(d.callback) {
		return finding{Level: levelOK}
	}
	return warn("Correct the callback URL in the app, or the override of the account or number.",
		"Meta sends the webhooks to %s, not to %s.", place(at), place(d.callback))
}

// place is an address without what may be secret in it.
func place(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "another address"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(u.Path, "/")}).String()
}

// callbackAnswers asks our webhook what the channel asks when it is subscribed.
func (d *doctor) callbackAnswers(ctx context.Context) finding {
	switch {
	case d.callback == "":
		return warn("Set RECADO_PUBLIC_URL, or give --callback.", "It was not asked: the address that Meta reaches is not known.")
	case d.settings.VerifyToken == "":
		return warn("Set WHATSAPP_VERIFY_TOKEN.", "It was not asked: there is no verify token to ask with.")
	}
	status, repeated, err := d.handshake(ctx)
	at := place(d.callback)
	switch {
	case err != nil:
		return fail("Start the gateway, and check name, proxy and certificate on the way to it.", "%s can't be reached: %s.", at, why(err))
	case status == http.StatusForbidden:
		return fail("Use the same WHATSAPP_VERIFY_TOKEN here and there, and let the path through any firewall.", "%s refuses the verify token.", at)
	case status != http.StatusOK:
		return fail("Lead the path /webhooks/whatsapp to Recado, unchanged and without redirects.", "%s answers %d.", at, status)
	case !repeated:
		return fail("Lead the path /webhooks/whatsapp to Recado: something else answers there.", "%s does not repeat the challenge.", at)
	case !strings.HasPrefix(d.callback, "https://"):
		return warn("Put an HTTPS proxy in front of it, with a certificate of a public authority.", "%s answers, but Meta wants HTTPS.", at)
	}
	return ok("%s answers as Meta expects.", at)
}

// handshake tells the status, and whether the challenge came back.
func (d *doctor) handshake(ctx context.Context) (status int, repeated bool, err error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1<<31))
	if err != nil {
		return 0, false, err // unreachable: the reader never fails
	}
	to, err := url.Parse(d.callback)
	if err != nil {
		return 0, false, err // unreachable: the address was checked
	}
	query := to.Query()
	query.Set("hub.mode", "subscribe")
	query.Set("hub.challenge", n.String())
	query.Set("hub.verify_token", d.settings.VerifyToken)
	to.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), http.NoBody)
	if err != nil {
		return 0, false, err
	}
	response, err := d.http.Do(request)
	if err != nil {
		return 0, false, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	return response.StatusCode, string(body) == n.String(), err
}

func (d *doctor) templates(ctx context.Context) finding {
	account, err := d.account()
	if err != nil {
		return unasked(err)
	}
	id, _ := d.accountID(ctx)
	if id == "" {
		return d.noAccount(ctx)
	}
	list, err := account.Templates(ctx, id)
	if err != nil {
		return d.accountRefused(err)
	}
	return reopens(list, d.settings.ReopenTemplate).worse(countTemplates(list))
}

// reopens tells whether the template that asks customers to write again can be sent.
func reopens(list []whatsapp.AccountTemplate, name string) finding {
	if name == "" {
		return ok("None asks customers to write again (RECADO_REOPEN_TEMPLATE).")
	}
	for _, t := range list {
		if t.Name == name && t.Status == "APPROVED" {
			return ok("%s asks customers to write again.", name)
		}
	}
	return warn("Have it approved in the WhatsApp Manager, or correct RECADO_REOPEN_TEMPLATE.",
		"The template that asks customers to write again is not approved in any language.")
}

func countTemplates(list []whatsapp.AccountTemplate) finding {
	states, broken := map[string]int{}, map[string][]string{}
	for _, t := range list {
		states[t.Status]++
		if t.Status == "PAUSED" || t.Status == "REJECTED" || t.Status == "DISABLED" {
			broken[t.Status] = append(broken[t.Status], t.Name+" ("+t.Language+")")
		}
	}
	if len(list) == 0 {
		return ok("There are none.")
	}
	var parts []string
	for _, state := range slices.Sorted(maps.Keys(states)) {
		parts = append(parts, fmt.Sprintf("%d %s", states[state], unset(state)))
	}
	f := ok("%s: %s.", count(len(list), "template", "templates"), strings.Join(parts, ", "))
	for _, state := range slices.Sorted(maps.Keys(broken)) {
		f = f.worse(warn("", "%s: %s.", state[:1]+strings.ToLower(state[1:]), some(broken[state])))
	}
	if len(broken) > 0 {
		f.Advice = "Messages with these are refused; see the reasons in the WhatsApp Manager."
	}
	return f
}
