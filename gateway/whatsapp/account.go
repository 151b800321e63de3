package whatsapp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

// ErrNoAnswer says that the channel did not answer: no connection, no time, or an
// answer that can't be read.
var ErrNoAnswer = errors.New("the channel did not answer")

// AccountError is a request that the channel refused. Its texts are ours: the
// channel's repeat numbers and change.
type AccountError struct {
	// Status is the HTTP status, and Code the channel's own, 0 when it gave none.
	Status, Code int
	// Title says it in a few words.
	Title string
	// known is true when the code is the channel's, so that 0 means something.
	known bool
}

// Error implements error.
func (e *AccountError) Error() string {
	return fmt.Sprintf("%s (status %d, code %d)", e.Title, e.Status, e.Code)
}

// Token tells whether the access token is what was refused, and not something that
// it was used for.
func (e *AccountError) Token() bool {
	return e.Code == 190 || e.Code == 0 && (e.known || e.Status == http.StatusUnauthorized)
}

// Permission tells whether the token is good and may not do this.
func (e *AccountError) Permission() bool {
	return e.Code == 3 || e.Code == 10 || e.Code >= 200 && e.Code <= 299 || e.Code == 131005
}

// Missing tells whether what was asked for does not exist, or not for this token:
// the channel makes no difference.
func (e *AccountError) Missing() bool {
	return e.Code == 100 || e.Code == 33 || e.Code == 0 && !e.known && e.Status == http.StatusNotFound
}

// Account reads what the channel says of the business: its number, the webhooks'
// subscription and the templates. It changes nothing and is safe for concurrent
// use.
type Account struct{ client *Client }

// NewAccount checks the configuration and fills the defaults, as NewClient does.
func NewAccount(c ClientConfig) (*Account, error) {
	client, err := NewClient(c)
	if err != nil {
		return nil, err
	}
	return &Account{client}, nil
}

// AccountNumber is what is known of a business number. A field that the channel
// left out is empty.
type AccountNumber struct {
	// Display is the number as people write it, Name what customers see.
	Display, Name string
	// NameStatus is APPROVED, PENDING_REVIEW, DECLINED and so on.
	NameStatus string
	// Quality is GREEN, YELLOW, RED or UNKNOWN.
	Quality string
	// Status is CONNECTED when the number works.
	Status string
	// Throughput is STANDARD (80 messages a second) or HIGH (1,000).
	Throughput string
	// Limit is how many customers may be written to outside of the service window,
	// such as TIER_250.
	Limit string
	// CanSend is AVAILABLE, LIMITED or BLOCKED, for the number with all it depends
	// on; Entities are these.
	CanSend  string
	Entities []AccountEntity
	// Callback is where the channel sends this number's webhooks.
	Callback string
}

// App is the id of the app that the access token belongs to, or empty.
func (n AccountNumber) App() string {
	for _, e := range n.Entities {
		if e.Kind == "APP" {
			return e.ID
		}
	}
	return ""
}

// AccountEntity is one of the things that sending depends on.
type AccountEntity struct {
	// Kind is PHONE_NUMBER, WABA, BUSINESS or APP.
	Kind, ID string
	// CanSend is AVAILABLE, LIMITED or BLOCKED.
	CanSend string
	// Codes are the channel's codes for what is wrong.
	Codes []string
}

// The fields of a number: those that every version has, and all that are read.
const (
	fewNumberFields = "display_phone_number,verified_name,quality_rating"
	allNumberFields = fewNumberFields + ",status,name_status,throughput,health_status,whatsapp_business_manager_messaging_limit,webhook_configuration"
)

// Number asks for the business number. A version of the API that does not know one
// of the fields refuses them all, so then it is asked for the oldest ones alone.
func (a *Account) Number(ctx context.Context, id string) (AccountNumber, error) {
	top, err := a.read(ctx, url.Values{"fields": {allNumberFields}}, id)
	var refused *AccountError
	if errors.As(err, &refused) && refused.Missing() {
		top, err = a.read(ctx, url.Values{"fields": {fewNumberFields}}, id)
	}
	if err != nil {
		return AccountNumber{}, fmt.Errorf("read the number: %w", err)
	}
	return readNumber(top), nil
}

func readNumber(top object) AccountNumber {
	health, hooks := top.obj("health_status"), top.obj("webhook_configuration")
	n := AccountNumber{
		Display: top.str("display_phone_number"), Name: top.str("verified_name"), NameStatus: top.str("name_status"),
		Quality: top.str("quality_rating"), Status: top.str("status"), Throughput: top.obj("throughput").str("level"),
		Limit: top.str("whatsapp_business_manager_messaging_limit"), CanSend: health.str("can_send_message"),
	}
	// The narrower one wins.
	for _, level := range []string{"phone_number", "whatsapp_business_account", "application"} {
		if n.Callback == "" {
			n.Callback = hooks.str(level)
		}
	}
	for _, entity := range health.objects("entities") {
		e := AccountEntity{Kind: entity.str("entity_type"), ID: entity.str("id"), CanSend: entity.str("can_send_message")}
		for _, failure := range entity.objects("errors") {
			e.Codes = append(e.Codes, failure.str("error_code"))
		}
		n.Entities = append(n.Entities, e)
	}
	return n
}

// AccountApp is an app that gets the account's webhooks.
type AccountApp struct {
	ID, Name string
	// Callback is where this account's webhooks go instead of the app's own
	// address, or empty.
	Callback string
}

// SubscribedApps asks which apps get the webhooks of a WhatsApp Business Account.
func (a *Account) SubscribedApps(ctx context.Context, account string) ([]AccountApp, error) {
	var apps []AccountApp
	err := a.list(ctx, "", account, "subscribed_apps", func(item object) { apps = append(apps, readApp(item)) })
	if err != nil {
		return nil, fmt.Errorf("read the subscribed apps: %w", err)
	}
	return apps, nil
}

func readApp(item object) AccountApp {
	app := item.obj("whatsapp_business_api_data")
	return AccountApp{ID: app.str("id"), Name: app.str("name"), Callback: item.str("override_callback_uri")}
}

// AccountTemplate is a message template in one language.
type AccountTemplate struct {
	Name, Language, Category string
	// Status is APPROVED, PENDING, REJECTED, PAUSED, DISABLED and so on.
	Status string
	// Quality is GREEN, YELLOW, RED or UNKNOWN.
	Quality string
}

// Templates asks for the templates of a WhatsApp Business Account.
func (a *Account) Templates(ctx context.Context, account string) ([]AccountTemplate, error) {
	var templates []AccountTemplate
	const fields = "name,language,category,status,quality_score"
	err := a.list(ctx, fields, account, "message_templates", func(item object) {
		templates = append(templates, readTemplate(item))
	})
	if err != nil {
		return nil, fmt.Errorf("read the templates: %w", err)
	}
	return templates, nil
}

func readTemplate(item object) AccountTemplate {
	return AccountTemplate{
		Name: item.str("name"), Language: item.str("language"), Category: item.str("category"),
		Status: item.str("status"), Quality: item.obj("quality_score").str("score"),
	}
}

// SyncTemplates asks for all that is known of the templates of a WhatsApp Business
// Account, to check values against them before they are sent.
func (a *Account) SyncTemplates(ctx context.Context, account string) ([]gateway.Template, error) {
	var templates []gateway.Template
	const fields = "name,language,category,status,quality_score,parameter_format,components"
	at := a.client.config.Now()
	err := a.list(ctx, fields, account, "message_templates", func(item object) {
		templates = append(templates, readWholeTemplate(item, at))
	})
	if err != nil {
		return nil, fmt.Errorf("sync the templates: %w", err)
	}
	return templates, nil
}

func readWholeTemplate(item object, at time.Time) gateway.Template {
	t := gateway.Template{
		Name: item.str("name"), Language: item.str("language"), Category: item.str("category"),
		Status: item.str("status"), Quality: item.obj("quality_score").str("score"),
		Named: strings.EqualFold(item.str("parameter_format"), "NAMED"), SyncedAt: at,
	}
	for _, c := range item.objects("components") {
		switch strings.ToUpper(c.str("type")) {
		case "HEADER":
			t.HeaderFormat, t.Header = cmp.Or(strings.ToUpper(c.str("format")), "TEXT"), c.str("text")
		case "BODY":
			t.Body = c.str("text")
		case "FOOTER":
			t.Footer = c.str("text")
		case "BUTTONS":
			for _, b := range c.objects("buttons") {
				t.Buttons = append(t.Buttons, gateway.TemplateButton{Type: b.str("type"), Text: b.str("text"), URL: b.str("url")})
			}
		}
	}
	return t
}

// Skew tells how far this machine's clock is ahead of the channel's, by the date
// that every answer carries, refusals too. It is exact to a second or so.
func (a *Account) Skew(ctx context.Context) (time.Duration, error) {
	asked := a.client.config.Now()
	response, err := a.client.get(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("read the channel's clock: %w", err)
	}
	response.Body.Close()
	got := a.client.config.Now()
	at, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return 0, fmt.Errorf("read the channel's clock: %w: it gives no date", ErrNoAnswer)
	}
	// The date was cut to its second somewhere on the way there and back.
	ours, theirs := asked.Add(got.Sub(asked)/2), at.Add(time.Second/2)
	return ours.Sub(theirs), nil
}

// mostAccountPages bounds how much of a list is read: 6,000 templates are the most that an
// account may have.
const (
	mostAccountPages = 64
	accountPageSize  = "100"
)

// list walks through the pages of a list. It follows the cursors and not the
// addresses that come with them: the token goes where the configuration says.
func (a *Account) list(ctx context.Context, fields, account, edge string, each func(object)) error {
	query := url.Values{"limit": {accountPageSize}}
	if fields != "" {
		query.Set("fields", fields)
	}
	for range mostAccountPages {
		top, err := a.read(ctx, query, account, edge)
		if err != nil {
			return err
		}
		for _, item := range top.objects("data") {
			each(item)
		}
		paging := top.obj("paging")
		after := paging.obj("cursors").str("after")
		if paging.str("next") == "" || after == "" || after == query.Get("after") {
			return nil
		}
		query.Set("after", after)
	}
	return nil
}

// maxList is how much of an answer with a list is read: a template can have several
// kilobytes.
const maxList = 16 << 20

// read asks and cuts the answer open.
func (a *Account) read(ctx context.Context, query url.Values, path ...string) (object, error) {
	return a.client.read(ctx, query, path...)
}

func (c *Client) read(ctx context.Context, query url.Values, path ...string) (object, error) {
	response, err := c.get(ctx, query, path...)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxList))
	if response.StatusCode != http.StatusOK {
		return nil, c.refused(response, body)
	}
	top, ok := decode(body)
	if err != nil || !ok {
		return nil, fmt.Errorf("%w: what came can't be read", ErrNoAnswer)
	}
	return top, nil
}

// refused gives the code the title that it has when sending is refused.
func (c *Client) refused(response *http.Response, body []byte) error {
	r := readRefusal(response.StatusCode, response.Header, body, c.config.Now())
	if !r.known {
		return &AccountError{Status: r.status, Title: fmt.Sprintf("The channel refused it with status %d", r.status)}
	}
	return &AccountError{Status: r.status, Code: r.code, Title: rule(r.code).title, known: true}
}

func (c *Client) get(ctx context.Context, query url.Values, path ...string) (*http.Response, error) {
	to := *c.base
	for _, part := range path {
		to = *to.JoinPath(url.PathEscape(strings.TrimSpace(part)))
	}
	to.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	if len(path) > 0 {
		request.Header.Set("Authorization", "Bearer "+c.config.Token)
	}
	request.Header.Set("Accept", "application/json")
	response, err := c.config.HTTP.Do(request)
	if err != nil {
		// The address with the ids in it is not told.
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, unaddressed(err))
	}
	return response, nil
}
