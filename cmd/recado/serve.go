package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/api"
	"github.com/recado/recado/gateway/desk"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/gateway/ratelimit"
	"github.com/recado/recado/gateway/whatsapp"
	"github.com/recado/recado/internal/web"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/confidence"
)

// shutdownTimeout is how long requests under way may take when the program is
// told to stop.
const shutdownTimeout = 10 * time.Second

// site is a gateway with all that reaches it over HTTP.
type site struct {
	settings settings
	log      *slog.Logger
	store    gateway.Store
	orders   *orderBook
	library  *library
	embedder knowledge.Embedder
	pipeline *rag.Pipeline
	gateway  *gateway.Gateway
	webhook  *whatsapp.Webhook
	channel  *whatsapp.Metrics
	account  *whatsapp.Account
	vault    gateway.Vault
	desk     *desk.Desk
	api      *api.API
	closers  closers
}

func runServe(ctx context.Context, c console, args []string) error {
	s, words, err := loadSettings(c, "serve", args, nil)
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return usagef("serve takes no arguments, only flags; got %q", words[0])
	}
	if err := s.checkServe(); err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(c.err, nil))
	// The address is taken before anything starts: a port in use needs no
	// unwinding.
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Listen)
	if err != nil {
		return usagef("RECADO_LISTEN: %s can't be listened on: %v", s.Listen, errors.Unwrap(err))
	}
	s.Listen = listener.Addr().String()
	site, err := newSite(ctx, s, log, "")
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := site.announce(ctx); err != nil {
		return site.closers.close(errors.Join(err, listener.Close()))
	}
	return site.closers.close(site.run(ctx, listener, site.handler()))
}

// newSite opens the parts and puts them together. guest is the agent as whom every
// visitor of the desk acts, for the demo.
func newSite(ctx context.Context, s settings, log *slog.Logger, guest string) (*site, error) {
	site := &site{settings: s, log: log}
	if err := site.open(ctx, guest); err != nil {
		return nil, site.closers.close(err)
	}
	return site, nil
}

func (s *site) open(ctx context.Context, guest string) error {
	var err error
	if s.store, err = openStore(ctx, s.settings, s.log); err != nil {
		return err
	}
	s.closers.add(s.store.Close)
	if s.vault, err = openVault(s.settings); err != nil {
		return err
	}
	if s.orders, err = openOrders(ctx, s.settings, s.log); err != nil {
		return err
	}
	s.closers.add(s.orders.Close)
	if s.embedder, err = openEmbedder(s.settings, s.log); err != nil {
		return err
	}
	if s.library, err = openLibrary(ctx, s.settings, s.embedder, s.log); err != nil {
		return err
	}
	s.closers.add(s.library.Close)
	ledger, err := ratelimit.NewLedger(ratelimit.LedgerConfig{Client: s.orders.client, Logger: s.log})
	if err != nil {
		return err
	}
	if s.pipeline, err = openPipeline(s.settings, s.library.shelf, s.embedder, ledger, s.log); err != nil {
		return err
	}
	return s.assemble(s.pipeline, guest)
}

// assemble makes the gateway over its parts, and what stands around it.
func (s *site) assemble(answerer gateway.Answerer, guest string) error {
	limiter, err := ratelimit.New(ratelimit.Config{Client: s.orders.client, PerNumber: sendLimit(s.settings.SendRate), Logger: s.log})
	if err != nil {
		return err
	}
	client := whatsapp.ClientConfig{
		BaseURL: s.settings.APIURL, Token: s.settings.AccessToken, PhoneNumberID: s.settings.PhoneNumberID,
		Files: s.vault.Open, Logger: s.log,
	}
	sender, err := whatsapp.NewClient(client)
	if err != nil {
		return err
	}
	if s.account, err = whatsapp.NewAccount(client); err != nil {
		return err
	}
	models, err := openReaders(s.settings, s.log)
	if err != nil {
		return err
	}
	quiet := s.settings.QuietPeriod
	if quiet == 0 {
		quiet = -1 // the gateway's word for none
	}
	retention := s.settings.Retention
	if retention == 0 {
		retention = -1 // the gateway's word for ever
	}
	wire, codes, err := s.writes()
	if err != nil {
		return err
	}
	audits := s.settings.AuditShare
	if audits == 0 {
		audits = -1 // the gateway's word for none
	}
	promise, err := s.promise()
	if err != nil {
		return err
	}
	s.gateway, err = gateway.New(gateway.Config{
		Store: s.store, Answerer: answerer, Orders: s.orders, Sender: sender, Limiter: limiter,
		Actions: s.orders, Wire: wire, Codes: codes, AuditShare: audits, Promise: promise,
		Logger: s.log, QuietPeriod: quiet, Presence: sender, Senders: senders(s.settings.SendRate),
		Source: sender, Vault: s.vault, MaxFile: s.settings.MaxFile, Transcriber: models.ear, Describer: models.eye,
		ReopenTemplate: s.settings.ReopenTemplate, Retention: retention,
	})
	if err != nil {
		return err
	}
	return s.doors(guest)
}

// promise is what the calibration in use promises of the answers that are sent: nothing
// where it is stale or has too few labels.
func (s *site) promise() (gateway.Promise, error) {
	if s.pipeline == nil || len(s.pipeline.Stale()) > 0 {
		return gateway.Promise{}, nil
	}
	c, err := openCalibration(s.settings)
	if err != nil {
		return gateway.Promise{}, err
	}
	if c == nil {
		if c, err = confidence.Default(); err != nil {
			return gateway.Promise{}, err
		}
	}
	return gateway.Promise{Calibration: c.ID(), Rate: c.AlarmRate(), Delta: c.Delta}, nil
}

// sendLimit is a rate of so many messages a second for the business number. The
// channel counts when a message arrives, so half of the burst that it allows is left
// for those that take longer than others.
func sendLimit(rate int) ratelimit.Limit {
	return ratelimit.Limit{Every: time.Second / time.Duration(rate), Burst: max(rate/2, 1)}
}

// senders are how many sends run at once to reach a rate, when one takes a tenth of a
// second or so.
func senders(rate int) int { return min(max(rate/10, 4), 64) }

// doors are the three ways in: the webhook, the API and the desk.
func (s *site) doors(guest string) error {
	var err error
	s.channel = whatsapp.NewMetrics()
	s.webhook, err = whatsapp.NewWebhook(whatsapp.WebhookConfig{
		AppSecrets: s.settings.AppSecrets, Accept: s.gateway.Accept, Logger: s.log, Metrics: s.channel,
		// Without a token nobody may subscribe; one that nobody knows does that.
		VerifyToken: cmp.Or(s.settings.VerifyToken, rand.Text()),
	})
	if err != nil {
		return err
	}
	s.desk, err = desk.New(desk.Config{
		Desk: s.store, Agents: s.store, Changes: s.gateway.Changes, Changed: s.gateway.Changed,
		Files: s.store, Vault: s.vault, Channel: s.store, Commands: s.store, Audits: s.gateway.Audits(), Labels: s.store, Agreements: s.store,
		Revoke:     documentShelf{s.library.shelf.Index}.takeBack,
		GuestAgent: guest, Secure: s.settings.secureCookies(), Logger: s.log,
	})
	if err != nil {
		return err
	}
	s.api, err = api.New(api.Config{
		Desk: s.store, Orders: s.orders, Token: s.settings.APIToken, Logger: s.log,
		Files: s.store, Vault: s.vault, Channel: s.store, Archive: s.store,
		Library: documentShelf{s.library.shelf.Index}, Evidence: s.store,
		Commands: s.store, Audits: s.gateway.Audits(), Labels: s.store, Agreements: s.store, Changed: s.gateway.Changed, ErrOrder: orders.ErrInvalid,
	})
	return err
}

// announce says in one line what was started, and warns of what is missing.
func (s *site) announce(ctx context.Context) error {
	documents, err := s.library.shelf.Index().Documents(ctx, "")
	if err != nil {
		return fmt.Errorf("the knowledge index can't be read: %w", err)
	}
	store, redis, model := "sqlite", "in-process", "offline"
	if s.settings.DatabaseURL != "" {
		store = "postgres"
	}
	if s.settings.RedisURL != "" {
		redis = "server"
	}
	if s.settings.online() {
		model = s.settings.ChatModel
	}
	s.log.InfoContext(ctx, "recado is ready", "listen", s.settings.Listen, "store", store, "redis", redis,
		"model", model, "documents", len(documents), "version", version())
	for _, missing := range s.missing(len(documents)) {
		s.log.WarnContext(ctx, "a setting needs attention", "what", missing)
	}
	return nil
}

func (s *site) missing(documents int) []string {
	var list []string
	if len(s.settings.AppSecrets) == 0 {
		list = append(list, "WHATSAPP_APP_SECRET is empty: webhooks are taken without a signature")
	}
	if s.settings.VerifyToken == "" {
		list = append(list, "WHATSAPP_VERIFY_TOKEN is empty: the webhook can't be subscribed")
	}
	if s.settings.APIToken == "" {
		list = append(list, "RECADO_API_TOKEN is empty: /api/v1 answers nothing")
	}
	if len(s.pipeline.Stale()) > 0 {
		list = append(list, "RECADO_CALIBRATION: the promise of the calibration in use does not hold (`recado calibration show` says why), so answers are only suggested to agents; label some questions and run `recado eval calibrate`")
	}
	if documents == 0 {
		list = append(list, "the knowledge index is empty: run `recado ingest PATH…`")
	}
	return list
}

// handler is everything that can be asked for, with the access log around it.
func (s *site) handler(more ...func(*http.ServeMux)) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/webhooks/whatsapp", s.webhook)
	mux.Handle("/api/v1/", s.api)
	mux.Handle("/desk/", s.desk)
	mux.Handle("GET /healthz", plain(func(context.Context) error { return nil }))
	mux.Handle("GET /readyz", plain(once(time.Second, s.ready)))
	mux.Handle("GET /metrics", s.metrics())
	mux.Handle("GET /{$}", http.RedirectHandler("/desk/", http.StatusSeeOther))
	for _, add := range more {
		add(mux)
	}
	return web.AccessLog(s.log, time.Now, mux)
}

// ready tells whether a message could be taken in and answered now. Redis is not
// asked: without it answers that need no order go on.
func (s *site) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return s.store.Ping(ctx)
}

// once asks at most so often and answers the others with what it heard last: probing
// the store takes its lock, and anybody may probe.
func once(every time.Duration, check func(context.Context) error) func(context.Context) error {
	var mu sync.Mutex
	var asked time.Time
	var last error
	return func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(asked) >= every {
			last = check(context.WithoutCancel(ctx))
			asked = time.Now()
		}
		return last
	}
}

// plain answers a probe: 200 or 503, without saying more than that.
func plain(check func(context.Context) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if err := check(r.Context()); err != nil {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
}

// metrics serves the counters to this machine, and by the API's token wherever others
// are meant to reach the server.
func (s *site) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registry.MustRegister(s.gateway.Metrics.Collectors()...)
	registry.MustRegister(s.channel.Collectors()...)
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "recado_redis_up", Help: "1 when Redis answers.",
	}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if s.orders.Ping(ctx) != nil {
			return 0
		}
		return 1
	}))
	serve := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	if s.settings.private() {
		return serve
	}
	want := sha256.Sum256([]byte("Bearer " + s.settings.APIToken))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := sha256.Sum256([]byte(strings.TrimSpace(r.Header.Get("Authorization"))))
		if s.settings.APIToken == "" || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			http.Error(w, "the bearer token of RECADO_API_TOKEN is needed", http.StatusUnauthorized)
			return
		}
		serve.ServeHTTP(w, r)
	})
}

// run serves until the context ends. Then the doors are closed first and the
// workers after them, because a webhook under way waits for the intake.
func (s *site) run(ctx context.Context, listener net.Listener, handler http.Handler, more ...func(context.Context) error) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		// Live pages extend theirs for as long as they are read.
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	server.RegisterOnShutdown(s.desk.EndStreams)
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	group, failed := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	for _, part := range append(more, s.gateway.Run, s.orders.Run, s.syncTemplates, s.library.rebuild, s.library.recrawl) {
		group.Go(func() error { return part(work) })
	}
	group.Go(func() error {
		<-failed.Done()
		defer stopWork()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		if err := server.Shutdown(end); err != nil {
			return errors.Join(fmt.Errorf("requests were cut off: %w", err), server.Close())
		}
		return nil
	})
	return group.Wait()
}
