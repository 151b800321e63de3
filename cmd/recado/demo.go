package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders/backoffice"
	"github.com/recado/recado/gateway/whatsapp/cloudsim"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/knowledge"
)

// demoNumberID is the business number of the demo, and demoTemplate what asks its
// customers to write again.
const (
	demoNumberID = "100000000000001"
	demoTemplate = "agent_reply_available"
)

// graphPrefix is where the demo's own Graph API stands on its own address.
const graphPrefix = "/v25.0/"

func runDemo(ctx context.Context, c console, args []string) error {
	verbose := false
	set := flag.NewFlagSet("demo", flag.ContinueOnError)
	listen := set.String("listen", "127.0.0.1:8080", "address to listen on; a free port is taken when it is in use")
	data := set.String("data", "", "folder to keep the demo in; by default it is thrown away at the end")
	set.BoolVar(&verbose, "verbose", false, "show the log")
	if words, err := interspersed(c, set, args); err != nil {
		return err
	} else if len(words) > 0 {
		return usagef("demo takes no arguments, only flags; got %q", words[0])
	}
	s := settings{Data: *data, Listen: *listen}
	if wrong := readListen(&s, *listen); wrong != "" {
		return usagef("--listen %s", wrong)
	}
	if !s.loopback() {
		return usagef("--listen %s: the demo's desk has no sign-in, so it listens on this machine alone (127.0.0.1)", *listen)
	}
	level := slog.LevelError
	if verbose {
		level = slog.LevelInfo
	}
	log := slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: level}))
	return demo(ctx, c, s, log)
}

// demo runs everything in this process, over a data folder that is removed at the
// end unless the caller named one.
func demo(ctx context.Context, c console, s settings, log *slog.Logger) (err error) {
	if s.Data == "" {
		folder, remove, err := temporaryFolder()
		if err != nil {
			return err
		}
		s.Data = folder
		defer func() { err = errors.Join(err, remove()) }()
	}
	listener, err := listenNear(ctx, s.Listen)
	if err != nil {
		return err
	}
	s = demoSettings(s, listener.Addr().String())
	site, err := newSite(ctx, s, log, "Nora")
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	phone, err := newPhone(s, log)
	office, officeErr := newOffice(c, s, site.orders, log)
	if err = errors.Join(err, officeErr); err == nil {
		err = stock(ctx, site.library.space, site.embedder, site.orders)
	}
	if err != nil {
		return site.closers.close(errors.Join(err, listener.Close()))
	}
	invite(c, s.Listen)
	handler := site.handler(func(mux *http.ServeMux) {
		mux.Handle(graphPrefix, phone)
		mux.Handle("/phone/", phone)
		mux.Handle("/control/", phone)
	})
	go func() { <-ctx.Done(); phone.EndStreams() }()
	return site.closers.close(site.run(ctx, listener, handler, phone.Run, office.Run))
}

// listenNear takes the address, or a free port of the same host when it is in use.
func listenNear(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		host, _, splitErr := net.SplitHostPort(address)
		if splitErr != nil {
			return nil, splitErr
		}
		listener, err = config.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return nil, usagef("--listen %s can't be listened on: %v", address, errors.Unwrap(err))
	}
	return listener, nil
}

// demoSettings are those of a shop whose Cloud API is in this process.
func demoSettings(s settings, address string) settings {
	s.Listen, s.demo = address, true
	s.APIURL = "http://" + address + graphPrefix[:len(graphPrefix)-1]
	s.AppSecrets, s.VerifyToken, s.AccessToken = []string{rand.Text()}, rand.Text(), rand.Text()
	s.PhoneNumberID = demoNumberID
	s.QuietPeriod = 1200 * time.Millisecond
	s.AccountID, s.ReopenTemplate = cloudsim.DefaultAccountID(demoNumberID), demoTemplate
	s.MaxFile, s.SendRate, s.Retention, s.Zone, s.AuditShare = 25<<20, 80, 30*24*time.Hour, time.Local, 0.03
	return s
}

func newPhone(s settings, log *slog.Logger) (*cloudsim.Simulator, error) {
	return cloudsim.New(cloudsim.Config{
		WebhookURL: "http://" + s.Listen + "/webhooks/whatsapp",
		AppSecret:  s.AppSecrets[0], VerifyToken: s.VerifyToken, AccessToken: s.AccessToken,
		PhoneNumberID: s.PhoneNumberID, DisplayPhone: "+34 600 55 00 00", ShopName: "Tienda Nogal",
		Customers:   []cloudsim.Customer{{Phone: demoshop.DemoPhone, Name: demoshop.DemoName}},
		Suggestions: demoshop.Suggestions(), Logger: log,
	})
}

// newOffice is the shop's own system, which carries out what customers confirm. It has no
// mail server: the e-mails with one-time codes are written on the terminal.
func newOffice(c console, s settings, book *orderBook, log *slog.Logger) (*backoffice.Office, error) {
	return backoffice.New(backoffice.Config{
		Client: book.client, Book: book, Zone: s.Zone, Logger: log,
		Deliver: func(_ context.Context, _ gateway.Identity, code string) error {
			_, err := fmt.Fprintf(c.out, "\nE-mail from the shop to the customer: your code is %s\n", code)
			return err
		},
	})
}

// temporaryFolder makes a folder and gives what removes it.
func temporaryFolder() (folder string, remove func() error, err error) {
	folder, err = os.MkdirTemp("", "recado-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("make a folder for the demo: %w", err)
	}
	return folder, func() error { return os.RemoveAll(folder) }, nil
}

// stock fills the shelves: policies, FAQ and orders of the demo shop.
func stock(ctx context.Context, x knowledge.Index, e knowledge.Embedder, book *orderBook) error {
	if err := evals.IngestDemo(ctx, x, e); err != nil {
		return err
	}
	docs, err := demoshop.Orders(time.Now())
	if err != nil {
		return err
	}
	if _, err := book.Put(ctx, docs); err != nil {
		return fmt.Errorf("put the demo's orders: %w", err)
	}
	return nil
}

func invite(c console, address string) {
	fmt.Fprintf(c.out, `Tienda Nogal is open.

  The customer's phone:  http://%[1]s/phone/
  The agents' desk:      http://%[1]s/desk/

Write one of these on the phone:

`, address)
	for _, text := range demoshop.Suggestions() {
		fmt.Fprintf(c.out, "  %s\n", text)
	}
	fmt.Fprint(c.out, "\nThe last one is not in the shop's documents: it appears on the desk, where you can answer it.\nCtrl-C ends the demo.\n")
}
