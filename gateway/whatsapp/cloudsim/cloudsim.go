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
// Everything is kept in memory. POST /control/faults makes the emulator behave as
// badly as the real thing can; see Faults. The package speaks HTTP alone and knows
// nothing of the gateway that it talks to.
package cloudsim

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"time"

	"github.com/recado/recado/internal/web"
)

// Customer is one person with a phone.
type Customer struct {
	// Phone is the number with its country code; all but the digits is ignored.
	Phone string
	// Name is what the person's WhatsApp profile shows, or empty.
	Name string
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
	pages   pages
	handler http.Handler

	endOnce sync.Once
	ended   chan struct{}

	// mu guards what follows.
	mu      sync.Mutex
	chats   []*chat
	faults  Faults
	queues  map[*chat][]webhook
	changed chan struct{}
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
		queues: map[*chat][]webhook{}, changed: make(chan struct{}),
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
	case digits(c.PhoneNumberID) != c.PhoneNumberID || c.PhoneNumberID == "":
		return errors.New("PhoneNumberID has to be digits")
	case c.Version != "" && !version.MatchString(c.Version):
		return errors.New(`the Version has to look like "v25.0"`)
	case len(c.Customers) == 0:
		return errors.New("one customer is needed")
	}
	seen := map[string]bool{}
	for _, customer := range c.Customers {
		phone := digits(customer.Phone)
		if phone == "" || seen[phone] {
			return errors.New("every customer needs a phone of their own")
		}
		seen[phone] = true
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
	graph, phone := http.NewServeMux(), http.NewServeMux()
	handle := func(mux *http.ServeMux, pattern string, h web.HandlerFunc, fail failFunc) {
		mux.Handle(pattern, web.Handle(h, fail))
	}
	handle(graph, "POST /{version}/{id}/messages", s.authorized(s.messages), s.failGraph)
	handle(graph, "GET /{version}/{id}", s.authorized(s.number), s.failGraph)
	handle(graph, "GET /control/faults", s.showFaults, s.failControl)
	handle(graph, "POST /control/faults", s.setFaults, s.failControl)
	handle(graph, "POST /control/say", s.controlSay, s.failControl)
	handle(graph, "/", unknownPath, s.failGraph)

	handle(phone, "GET /phone/{$}", s.phonePage, s.failPage)
	handle(phone, "GET /phone/{customer}", s.phonePage, s.failPage)
	handle(phone, "POST /phone/{customer}/messages", s.typed, s.failPage)
	handle(phone, "GET /phone/events", s.events, s.failPage)
	handle(phone, "GET /phone/static/{file}", s.static, s.failPage)
	handle(phone, "/phone/", func(http.ResponseWriter, *http.Request) error { return errNoPage }, s.failPage)

	// A form that another site's page sends is refused by the browser's own word
	// on where it comes from; no token is needed.
	protect := http.NewCrossOriginProtection()
	protect.SetDenyHandler(web.Handle(
		func(http.ResponseWriter, *http.Request) error { return errCrossOrigin }, s.failPage,
	))
	mux := http.NewServeMux()
	mux.Handle("/phone/", web.SecurityHeaders(web.PagePolicy, s.language(protect.Handler(phone))))
	mux.Handle("/control/", web.SecurityHeaders("", protect.Handler(graph)))
	mux.Handle("/", web.SecurityHeaders("", graph))
	return mux
}

type failFunc = func(w http.ResponseWriter, r *http.Request, err error)

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
