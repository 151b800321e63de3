package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

// emulator is what the flags of `recado cloudsim` say.
type emulator struct {
	config      cloudsim.Config
	listen      string
	allowRemote bool
	verbose     bool
}

func runCloudsim(ctx context.Context, c console, args []string) error {
	e, err := readCloudsim(c, args)
	if err != nil {
		return err
	}
	var listener net.ListenConfig
	l, err := listener.Listen(ctx, "tcp", e.listen)
	if err != nil {
		return usagef("--listen %s can't be listened on: %v", e.listen, errors.Unwrap(err))
	}
	address := "http://" + l.Addr().String()
	e.config.PublicURL = cmp.Or(e.config.PublicURL, address)
	level := slog.LevelError
	if e.verbose {
		level = slog.LevelInfo
	}
	e.config.Logger = slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: level}))
	sim, err := cloudsim.New(e.config)
	if err != nil {
		return errors.Join(usagef("%s", strings.TrimPrefix(err.Error(), "cloudsim: ")), l.Close())
	}
	explain(c, e.config, address)
	return serveCloudsim(ctx, l, sim, e.config.Logger)
}

// readCloudsim reads the flags and makes up what they leave open.
func readCloudsim(c console, args []string) (e emulator, err error) {
	set := flag.NewFlagSet("cloudsim", flag.ContinueOnError)
	set.StringVar(&e.listen, "listen", "127.0.0.1:8090", "address to listen on")
	set.BoolVar(&e.allowRemote, "allow-remote", false, "listen on other addresses than this machine's own; whoever reaches them controls the emulator")
	set.StringVar(&e.config.WebhookURL, "webhook-url", "http://127.0.0.1:8080/webhooks/whatsapp", "where webhooks are delivered to")
	set.StringVar(&e.config.AppSecret, "app-secret", "", "secret that webhooks are signed with; empty makes one up")
	set.StringVar(&e.config.VerifyToken, "verify-token", "", "token of the webhook's handshake; empty makes one up, \"none\" leaves the handshake out")
	set.StringVar(&e.config.AccessToken, "access-token", "", "token that is let in; empty makes one up")
	set.StringVar(&e.config.PhoneNumberID, "phone-number-id", demoNumberID, "id of the shop's number")
	set.StringVar(&e.config.AccountID, "waba-id", "", "id of the WhatsApp Business Account; empty makes one of the number's")
	set.StringVar(&e.config.ShopName, "shop", "Tienda Nogal", "name of the shop on the phone")
	set.StringVar(&e.config.PublicURL, "public-url", "", "how the emulator is reached, for the addresses of files; empty means the address it listens on")
	set.Uint64Var(&e.config.Seed, "seed", 1, "seed of the chance in faults")
	set.BoolVar(&e.config.Lenient, "lenient", false, "take files and templates that do not exist")
	set.BoolVar(&e.verbose, "verbose", false, "show the log")
	set.Func("customer", "a customer as PHONE=NAME, or a user id in place of the phone; can be given again", func(v string) error {
		customer, err := readCustomer(v)
		e.config.Customers = append(e.config.Customers, customer)
		return err
	})
	if words, err := interspersed(c, set, args); err != nil {
		return e, err
	} else if len(words) > 0 {
		return e, usagef("cloudsim takes no arguments, only flags; got %q", words[0])
	}
	return e, e.complete()
}

func readCustomer(v string) (cloudsim.Customer, error) {
	who, name, _ := strings.Cut(v, "=")
	who = strings.TrimSpace(who)
	switch {
	case who == "":
		return cloudsim.Customer{}, errors.New("is not PHONE=NAME")
	case strings.Contains(who, "."):
		return cloudsim.Customer{UserID: who, Name: name}, nil
	}
	return cloudsim.Customer{Phone: who, Name: name}, nil
}

func (e *emulator) complete() error {
	s := settings{}
	if wrong := readListen(&s, e.listen); wrong != "" {
		return usagef("--listen %s", wrong)
	}
	if !s.loopback() && !e.allowRemote {
		return usagef("--listen %s: the emulator has no sign-in, so it listens on this machine alone (127.0.0.1); --allow-remote changes that", e.listen)
	}
	if e.config.PublicURL != "" {
		if wrong := wrongURL(e.config.PublicURL, "is not a URL like http://cloudsim:8090", "http", "https"); wrong != "" {
			return usagef("--public-url %s", wrong)
		}
	}
	c := &e.config
	c.AppSecret, c.AccessToken = cmp.Or(c.AppSecret, rand.Text()), cmp.Or(c.AccessToken, rand.Text())
	c.VerifyToken = cmp.Or(c.VerifyToken, rand.Text())
	if c.VerifyToken == "none" {
		c.VerifyToken = ""
	}
	if c.Customers == nil {
		c.Customers = []cloudsim.Customer{
			{Phone: "34600550101", Name: "Lucía Herrera"},
			{Phone: "447700900123", Name: "Tom Baker"},
			{Name: "Ana", Username: "@ana", UserID: "ES.1" + strings.Repeat("0", 18) + "7"},
		}
	}
	return nil
}

// serveCloudsim serves until the context ends. Requests that wait on purpose are
// ended with it.
func serveCloudsim(ctx context.Context, l net.Listener, sim *cloudsim.Simulator, log *slog.Logger) error {
	server := &http.Server{
		Handler: sim, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	server.RegisterOnShutdown(sim.EndStreams)
	group, ending := errgroup.WithContext(ctx)
	group.Go(func() error { return sim.Run(ending) })
	group.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ending.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return server.Shutdown(end)
	})
	return group.Wait()
}

// explain prints the addresses, what points a gateway at the emulator, and how it
// is controlled.
func explain(c console, config cloudsim.Config, address string) {
	account := config.AccountID
	if account == "" {
		account = cloudsim.DefaultAccountID(config.PhoneNumberID)
	}
	reached := address
	if public, err := url.Parse(config.PublicURL); err == nil && public.Host != "" {
		reached = strings.TrimRight(config.PublicURL, "/")
	}
	fmt.Fprintf(c.out, `The Cloud API is emulated; no real message is sent.

  The customers' phones:  %[1]s/phone/
  The Graph API:          %[2]s/v25.0
  The control API:        %[1]s/control/
  Webhooks go to:         %[3]s

Settings for the program under test, as recado serve reads them:

  WHATSAPP_API_URL=%[2]s/v25.0
  WHATSAPP_APP_SECRET=%[4]s
  WHATSAPP_VERIFY_TOKEN=%[5]s
  WHATSAPP_ACCESS_TOKEN=%[6]s
  WHATSAPP_PHONE_NUMBER_ID=%[7]s
  WHATSAPP_BUSINESS_ACCOUNT_ID=%[8]s

%[9]s
Ctrl-C ends it.
`, address, reached, config.WebhookURL, config.AppSecret, config.VerifyToken, config.AccessToken,
		config.PhoneNumberID, account, cloudsim.ControlHelp)
}
