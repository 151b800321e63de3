// Package cloudsim emulates Meta's WhatsApp Cloud API, and shows the phones of a
// shop's customers as pages: what a demo and tests need in place of WhatsApp.
//
// One side is the Graph API: POST /{version}/{phone number id}/messages checks a
// message as Meta does and answers with Meta's bodies. The other is the customer:
// what is typed on a page under /phone/, or given to Say, becomes a webhook, and
// what the shop sends appears there. Run delivers the webhooks, messages and
// statuses, signed and in the bytes that Meta writes, in the order of each
// customer, again and again until they are taken.
//
// Everything is kept in memory. POST /control/act lets customers do whatever they
// do on real phones, see Action, and POST /control/faults makes the emulator behave
// as badly as the real thing can, see Faults. The package speaks HTTP alone and
// knows nothing of the gateway that it talks to.
package cloudsim

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/recado/recado/internal/web"
)

// Customer is one person with a phone.
type Customer struct {
	// Phone is the number with its country code; all but the digits is ignored.
	// It may be empty when there is a UserID.
	Phone string
	// Name is what the person's WhatsApp profile shows, or empty.
	Name string
	// UserID is the business-scoped user id; by default one is made of the phone.
	UserID string
	// Username is the name that the person has chosen in place of a phone, or
	// empty.
	Username string
	// PhoneHidden keeps the phone out of everything that the shop gets, until
	// the person shares it.
	PhoneHidden bool
}

// Config is what the emulator is made of. WebhookURL, AppSecret, AccessToken,
// PhoneNumberID and one customer are needed.
type Config struct {
	// WebhookURL is where webhooks are delivered to.
	WebhookURL string
	// AppSecret is the key that webhooks are signed with.
	AppSecret string
	// VerifyToken is what the webhook's owner expects in the handshake, which
	// comes before the first delivery. Empty leaves the handshake out.
	VerifyToken string
	// AccessToken is the only bearer token that is let in.
	AccessToken string
	// PhoneNumberID is the id of the shop's number.
	PhoneNumberID string
	// DisplayPhone is the shop's number as people write it; by default a number
	// that is kept for fiction.
	DisplayPhone string
	// AccountID is the id of the WhatsApp Business account; by default
	// DefaultAccountID.
	AccountID string
	// PublicURL is how the emulator is reached, such as http://127.0.0.1:8090. It
	// is what the addresses of files begin with; by default what the request for
	// them was sent to.
	PublicURL string
	// Templates are the message templates; by default StandardTemplates.
	Templates []Template
	// Limits are how much may be sent.
	Limits Limits
	// Seed decides the chance in Faults.
	Seed uint64
	// Lenient takes messages with files and templates that aren't there, as it
	// helps when only their shape is to be checked.
	Lenient bool
	// Customers are the phones that the page offers; the first is the one it
	// opens with. Others can join by writing through Say.
	Customers []Customer
	// Suggestions are shown as messages to be sent with one tap.
	Suggestions []string
	// ShopName is who the customers talk to; by default the display phone.
	ShopName string
	// HTTP delivers the webhooks; by default a client with a timeout of 10 s.
	HTTP *http.Client
	// Now is the clock, time.Now by default. Its location is that of the times
	// on pages for browsers without scripts.
	Now func() time.Time
	// Logger defaults to discarding everything.
	Logger *slog.Logger
	// Version is the version of the Graph API, v25.0 by default.
	Version string
}

// LogValue keeps the secrets out of logs.
func (Config) LogValue() slog.Value { return slog.StringValue("[cloudsim]") }

// Simulator is the emulated platform with its customers. It is an http.Handler
// for "/", and everything of it may be used from several goroutines.
type Simulator struct {
	config  Config
	pages   *web.Pages
	handler http.Handler

	endOnce sync.Once
	ended   chan struct{}

	// mu guards what follows.
	mu         sync.Mutex
	chats      []*chat
	templates  []Template
	media      mediaStore
	number     Number
	settings   numberSettings
	automation automation
	links      []shortLink
	sessions   []*session
	subscribed bool
	limits     Limits
	gate       gate
	faults     Faults
	chance     *rand.Rand
	stats      stats
	queues     map[*chat][]webhook
	changed    chan struct{}
}

var version = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]$`)

// New checks the configuration, fills the defaults and reads the templates.
func New(c Config) (*Simulator, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("cloudsim: %w", err)
	}
	c.DisplayPhone = cmp.Or(c.DisplayPhone, "15550783881")
	c.ShopName = cmp.Or(c.ShopName, c.DisplayPhone)
	c.Version = cmp.Or(c.Version, "v25.0")
	c.AccountID = cmp.Or(c.AccountID, DefaultAccountID(c.PhoneNumberID))
	c.Templates = slices.Clone(c.Templates)
	if c.Templates == nil {
		c.Templates = StandardTemplates()
	}
	for i := range c.Templates {
		if err := c.Templates[i].complete(); err != nil {
			return nil, fmt.Errorf("cloudsim: %w", err)
		}
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	p, err := newPages()
	if err != nil {
		return nil, err
	}
	s := &Simulator{
		config: c, pages: p, ended: make(chan struct{}),
		queues: map[*chat][]webhook{}, changed: make(chan struct{}), number: healthyNumber(), subscribed: true,
		limits: c.Limits.withDefaults(), chance: chance(c.Seed), templates: c.Templates,
	}
	for _, customer := range c.Customers {
		s.join(customer)
	}
	s.handler = s.routes()
	return s, nil
}

func (c Config) check() error {
	target, err := url.Parse(c.WebhookURL)
	switch {
	case err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Host == "":
		return errors.New("WebhookURL has to be an http or https address")
	case c.AppSecret == "":
		return errors.New("AppSecret is needed")
	case c.AccessToken == "":
		return errors.New("AccessToken is needed")
	case digits(c.AccountID) != c.AccountID:
		return errors.New("AccountID has to be digits")
	case c.AccountID != "" && c.AccountID == c.PhoneNumberID:
		return errors.New("AccountID has to be another id than PhoneNumberID")
	case digits(c.PhoneNumberID) != c.PhoneNumberID || c.PhoneNumberID == "":
		return errors.New("PhoneNumberID has to be digits")
	case c.Version != "" && !version.MatchString(c.Version):
		return errors.New(`the Version has to look like "v25.0"`)
	case len(c.Customers) == 0:
		return errors.New("one customer is needed")
	}
	seen := map[string]bool{}
	for _, customer := range c.Customers {
		who := cmp.Or(digits(customer.Phone), customer.UserID)
		if who == "" || seen[who] {
			return errors.New("every customer needs a phone or a user id of their own")
		}
		seen[who] = true
	}
	return nil
}

// ServeHTTP answers one request: of the Graph API, of a page or of the control
// API. Mount it at "/" without stripping anything.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// EndStreams ends the live streams of all open pages, now and from now on. They
// would keep http.Server.Shutdown waiting; hand this to RegisterOnShutdown.
func (s *Simulator) EndStreams() { s.endOnce.Do(func() { close(s.ended) }) }

// routes is the emulator at a glance.
func (s *Simulator) routes() http.Handler {
	phone := http.NewServeMux()
	handle := func(pattern string, h web.HandlerFunc) { phone.Handle(pattern, web.Handle(h, s.failPage)) }
	handle("GET /phone/{$}", s.phonePage)
	handle("GET /phone/{customer}", s.phonePage)
	handle("POST /phone/{customer}/messages", s.typed)
	handle("GET /phone/events", s.events)
	handle("GET /phone/static/{file}", s.static)
	handle("GET /phone/media/{file}", s.phoneMedia)
	handle("/phone/", func(http.ResponseWriter, *http.Request) error { return errNoPage })

	// A form that another site's page sends is refused by the browser's own word
	// on where it comes from; no token is needed.
	protect := http.NewCrossOriginProtection()
	protect.SetDenyHandler(web.Handle(
		func(http.ResponseWriter, *http.Request) error { return errCrossOrigin }, s.failPage,
	))
	mux := http.NewServeMux()
	mux.Handle("/phone/", web.SecurityHeaders(web.PagePolicy+"; media-src 'self'", s.pages.Choose(protect.Handler(phone))))
	mux.Handle("/control/", web.SecurityHeaders("", protect.Handler(s.control())))
	mux.Handle("/", web.SecurityHeaders("", s.graph()))
	return mux
}

// graph is the part that is Meta's.
func (s *Simulator) graph() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h web.HandlerFunc) { mux.Handle(pattern, web.Handle(h, s.failGraph)) }
	number := func(h web.HandlerFunc) web.HandlerFunc { return s.authorized(of(s.config.PhoneNumberID, h)) }
	account := func(h web.HandlerFunc) web.HandlerFunc { return s.authorized(of(s.config.AccountID, h)) }
	handle("POST /{version}/{id}/messages", number(s.messages))
	handle("POST /{version}/{id}/media", number(s.upload))
	handle("GET /{version}/{id}/block_users", number(s.listBlocked))
	handle("POST /{version}/{id}/block_users", number(s.block))
	handle("DELETE /{version}/{id}/block_users", number(s.block))
	handle("GET /{version}/{id}/settings", number(s.showSettings))
	handle("POST /{version}/{id}/settings", number(s.setSettings))
	handle("POST /{version}/{id}/conversational_automation", number(s.setAutomation))
	handle("GET /{version}/{id}/message_qrdls", number(s.showLinks))
	handle("POST /{version}/{id}/message_qrdls", number(s.setLink))
	handle("GET /{version}/{id}/message_qrdls/{code}", number(s.showLinks))
	handle("DELETE /{version}/{id}/message_qrdls/{code}", number(s.dropLink))
	handle("POST /{version}/{id}/uploads", s.authorized(of(s.appID(), s.beginUpload)))
	handle("POST /{version}/{id}", s.authorized(s.continueUpload))
	handle("GET /{version}/{id}", s.authorized(s.object))
	handle("GET /{version}/{id}/content", s.authorized(s.content))
	handle("DELETE /{version}/{id}", s.authorized(s.deleteMedia))
	handle("GET /{version}/{id}/message_templates", account(s.listTemplates))
	handle("POST /{version}/{id}/message_templates", account(s.createTemplate))
	handle("DELETE /{version}/{id}/message_templates", account(s.deleteTemplate))
	handle("GET /{version}/{id}/phone_numbers", account(s.numbers))
	handle("GET /{version}/{id}/subscribed_apps", account(s.subscriptions))
	handle("POST /{version}/{id}/subscribed_apps", account(s.subscribe))
	handle("DELETE /{version}/{id}/subscribed_apps", account(s.subscribe))
	handle("GET /{version}/me", s.authorized(s.me))
	handle("GET /{version}/debug_token", s.authorized(s.debugToken))
	handle("/", unknownPath)
	return mux
}

// control is the part that tests and people steer the emulator with.
func (s *Simulator) control() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h web.HandlerFunc) { mux.Handle(pattern, web.Handle(h, s.failControl)) }
	handle("GET /control/{$}", controlHelp)
	handle("GET /control/faults", s.showFaults)
	handle("POST /control/faults", s.setFaults)
	handle("GET /control/limits", s.showLimits)
	handle("POST /control/limits", s.setLimits)
	handle("GET /control/customers", s.listCustomers)
	handle("POST /control/customers", s.addCustomer)
	handle("POST /control/say", s.controlSay)
	handle("POST /control/act", s.controlAct)
	handle("POST /control/echo", s.controlEcho)
	handle("GET /control/messages", s.listMessages)
	handle("GET /control/templates", s.controlTemplates)
	handle("POST /control/templates", s.controlTemplate)
	handle("DELETE /control/templates", s.controlDropTemplate)
	handle("GET /control/number", s.showNumber)
	handle("POST /control/number", s.setNumber)
	handle("POST /control/webhook", s.controlWebhook)
	handle("GET /control/stats", s.showStats)
	handle("POST /control/reset", s.reset)
	return mux
}

// digits leaves nothing of a phone number but its digits.
func digits(phone string) string {
	kept := make([]byte, 0, len(phone))
	for i := range len(phone) {
		if c := phone[i]; c >= '0' && c <= '9' {
			kept = append(kept, c)
		}
	}
	return string(kept)
}
