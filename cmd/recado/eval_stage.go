package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/recado/recado/evals/runner"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/gateway/orders/backoffice"
	"github.com/recado/recado/gateway/sqlite"
	"github.com/recado/recado/gateway/vault"
	"github.com/recado/recado/gateway/whatsapp"
	"github.com/recado/recado/gateway/whatsapp/cloudsim"
	"github.com/recado/recado/rag/action"
)

// stage is the system "gateway" of an eval: everything that serve runs, from the signed
// webhook to the message on the customer's phone and the shop's system that carries writes
// out, in this process, with a clock that the case moves. Only the answering parts are
// shared; each case has a business number, a phone, orders and a shop's system of its own.
type stage struct {
	*evalShop
	log *slog.Logger
	// vault keeps the files that customers of an eval send.
	vault *vault.Disk
	// rooms are stores that nobody uses at the moment.
	rooms chan *sqlite.Store
	mu    sync.Mutex
	cases int
}

// openStage makes the stores, one for each case that runs at the same time.
func openStage(ctx context.Context, e *evalShop, rooms int, log *slog.Logger) (*stage, error) {
	folder, remove, err := temporaryFolder()
	if err != nil {
		return nil, err
	}
	e.closers.add(remove)
	st := &stage{evalShop: e, log: log, rooms: make(chan *sqlite.Store, rooms)}
	if st.vault, err = vault.NewDisk(vault.DiskConfig{Dir: filepath.Join(folder, "files")}); err != nil {
		return nil, err
	}
	for i := range rooms {
		store, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(folder, fmt.Sprintf("room%d.db", i)), Logger: log})
		if err != nil {
			return nil, err
		}
		e.closers.add(store.Close)
		st.rooms <- store
	}
	return st, nil
}

// Name implements runner.System.
func (*stage) Name() string { return "gateway" }

// Model implements runner.System.
func (s *stage) Model() string { return s.model }

// Fingerprint implements runner.System.
func (s *stage) Fingerprint() string { return s.pipeline.Fingerprint() }

// Begin implements runner.System.
func (s *stage) Begin(ctx context.Context, c suite.Case) (runner.Talk, error) {
	var store *sqlite.Store
	select {
	case store = <-s.rooms:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.mu.Lock()
	s.cases++
	p := &play{stage: s, store: store, number: s.cases, now: c.Clock, c: c}
	s.mu.Unlock()
	if p.now.IsZero() {
		p.now = time.Now()
	}
	if err := p.set(ctx); err != nil {
		return nil, errors.Join(err, p.End())
	}
	return p, nil
}

// play is one case on the stage.
type play struct {
	*stage
	c      suite.Case
	store  *sqlite.Store
	number int
	now    time.Time

	phone   *cloudsim.Simulator
	gateway *gateway.Gateway
	fails   *runner.Fallible
	book    *orders.Book
	stocked []ownedOrder
	office  *backoffice.Office
	prefix  string
	close   context.CancelFunc

	// conversation and handoff are their ids, once there are any, turns is how many have
	// been told of, and commands what was told of each.
	conversation, handoff string
	// committed counts the turns that took effect.
	committed int
	turns     int
	commands  map[string]string
	// published are the ids under which the shop's system knows commands, by ours.
	published map[string]string
	// got are the messages that reached the phone in this step, offered those that have
	// buttons, with the provider's id of the message.
	got       []*gateway.Outgoing
	offered   []gateway.Button
	offeredID string
	code      string
	receipts  []action.Receipt
	// hook takes webhooks, and last is the latest one with a message in it.
	hook http.HandlerFunc
	last *http.Request
	body []byte
}

// numberID is the business number of the case.
func (p *play) numberID() string { return fmt.Sprintf("2%014d", p.number) }

// customer is who writes, as the emulator names them.
func (p *play) customer() cloudsim.Customer {
	phone := strings.TrimPrefix(p.c.Customer.Phone, "+")
	if phone == "" {
		// Nobody has this number: it is kept for fiction.
		phone = fmt.Sprintf("1202555%04d", p.number%10000)
	}
	// The user id is the same at every number, as it is within one business: another one
	// would put it in doubt who has the phone.
	return cloudsim.Customer{Phone: phone, Name: p.c.Customer.Name, UserID: "ES." + phone}
}

// set builds everything that a case needs.
func (p *play) set(ctx context.Context) error {
	clock := func() time.Time { return p.now }
	p.prefix = fmt.Sprintf("eval:%d:", p.number)
	p.commands, p.published = map[string]string{}, map[string]string{}
	client := p.evalShop.book.client
	policy, err := openPolicy(p.settings)
	if err != nil {
		return err
	}
	if p.book, p.stocked, err = p.ordersOf(ctx, p.c, p.prefix, clock, p.log); err != nil {
		return err
	}
	p.office, err = backoffice.New(backoffice.Config{
		Client: client, Book: p.book, Prefix: p.prefix, Policy: policy, Zone: p.settings.Zone, Now: clock, Logger: p.log,
		Deliver: func(_ context.Context, _ gateway.Identity, code string) error { p.code = code; return nil },
	})
	if err != nil {
		return err
	}
	codes, err := orders.NewCodes(orders.CodesConfig{Client: client, Key: []byte(rand.Text()), Prefix: p.prefix, Now: clock})
	if err != nil {
		return err
	}
	return p.connect(ctx, codes, clock)
}

// connect joins the phone to the gateway and the gateway to the phone, without a socket.
func (p *play) connect(ctx context.Context, codes gateway.Codes, clock func() time.Time) error {
	secret, token := rand.Text(), rand.Text()
	var err error
	p.phone, err = cloudsim.New(cloudsim.Config{
		WebhookURL: "http://recado/webhooks/whatsapp", AppSecret: secret, AccessToken: token, PhoneNumberID: p.numberID(),
		Customers: []cloudsim.Customer{p.customer()}, Now: clock, HTTP: &http.Client{Transport: inProcess(p.deliver)}, Logger: p.log,
	})
	if err != nil {
		return err
	}
	sender, err := whatsapp.NewClient(whatsapp.ClientConfig{
		BaseURL: "http://graph" + graphPrefix[:len(graphPrefix)-1], Token: token, PhoneNumberID: p.numberID(), Now: clock,
		MediaHosts: []string{"http://graph"}, HTTP: &http.Client{Transport: inProcess(p.phone.ServeHTTP)}, Logger: p.log,
	})
	if err != nil {
		return err
	}
	p.fails = runner.NewFallible(p.pipeline, p.book)
	p.gateway, err = gateway.New(gateway.Config{
		Store: watched{p.store, p}, Answerer: p.fails, Orders: p.fails, Actions: p.book, Codes: codes, Wire: p, Limiter: p,
		Sender: tap{sender, p}, Source: sender, Vault: p.vault, Transcriber: p, Now: clock, AuditShare: -1, Logger: p.log,
	})
	if err != nil {
		return err
	}
	hook, err := whatsapp.NewWebhook(whatsapp.WebhookConfig{AppSecrets: []string{secret}, Accept: p.gateway.Accept, Now: clock, Logger: p.log})
	if err != nil {
		return err
	}
	p.hook = hook.ServeHTTP
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	p.close = end
	go func() { _ = p.gateway.TakeIn(life) }() // Its only end is that of the context.
	return nil
}

// inProcess answers requests by a handler.
type inProcess http.HandlerFunc

// RoundTrip implements http.RoundTripper.
func (h inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &answer{header: http.Header{}, status: http.StatusOK}
	h(w, r)
	return &http.Response{
		StatusCode: w.status, Status: http.StatusText(w.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// answer is what a handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }
