package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/recado/recado/evals/cassette"
	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/knowledge"
)

// evalPatience is how long an eval waits for orders: a computer that has other work must not make
// another result of a case.
const evalPatience = 30 * time.Second

// evalShop is what the cases of a suite are asked about: the demo shop, the files that the
// suite names, or the shop of the settings as it is now.
type evalShop struct {
	*answering
	settings settings
	// docs gives the orders as they stand at a moment; nil where they are those of Redis.
	docs func(now time.Time) ([]json.RawMessage, error)
	// documents are the names of the knowledge base.
	documents []string
	live      bool
}

// openEvalShop opens the shop of a suite whose files lie below root.
func openEvalShop(ctx context.Context, c console, s settings, shop suite.Shop, root string, live bool, tape *cassette.Cassette) (*evalShop, error) {
	files := len(shop.Knowledge) > 0 || shop.Orders != "" || shop.Actions != ""
	e := &evalShop{answering: &answering{tape: tape}, settings: s, live: live}
	if shop.Actions != "" {
		e.settings.Actions = filepath.Join(root, shop.Actions)
	}
	err := e.open(ctx, quietLog(c), e.settings, !live && !files, !live)
	if err == nil && files && !live {
		err = e.fill(ctx, c, shop, root)
	}
	if err == nil && !live && !files {
		e.docs = demoshop.Orders
	}
	if err == nil {
		err = e.list(ctx)
	}
	if err != nil {
		return nil, e.closers.close(err)
	}
	return e, nil
}

// fill takes in the documents and the orders that a suite names.
func (e *evalShop) fill(ctx context.Context, c console, shop suite.Shop, root string) (err error) {
	e.docs = func(time.Time) ([]json.RawMessage, error) { return nil, nil }
	if shop.Orders != "" {
		docs, err := readOrders(ctx, filepath.Join(root, shop.Orders))
		if err != nil {
			return err
		}
		e.docs = func(time.Time) ([]json.RawMessage, error) { return docs, nil }
	}
	if len(shop.Knowledge) == 0 {
		return nil
	}
	s := e.settings
	s.Data = e.folder
	in := &intake{stdin: c.in, log: quietLog(c)}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := in.open(s, e.index, e.embedder); err != nil {
		return err
	}
	places := make([]string, 0, len(shop.Knowledge))
	for _, name := range shop.Knowledge {
		places = append(places, filepath.Join(root, name))
	}
	report, err := in.run(ctx, places, knowledge.Options{})
	if err != nil {
		return err
	}
	if n := len(report.Broken); n > 0 {
		printReport(c.err, report, false)
		return fmt.Errorf("%s of the suite did not go in, for the reasons above", counted(n, "document", "documents"))
	}
	return nil
}

// orderList collects orders as they are read.
type orderList []json.RawMessage

// Put implements orders.Putter.
func (l *orderList) Put(_ context.Context, docs []json.RawMessage) (int, error) {
	*l = append(*l, docs...)
	return len(docs), nil
}

func readOrders(ctx context.Context, name string) ([]json.RawMessage, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usagef("the suite's orders %s can't be opened", name)
	}
	defer f.Close()
	var list orderList
	if _, err := orders.Import(ctx, &list, f, func(int) {}); err != nil {
		return nil, fmt.Errorf("the suite's orders %s: %w", name, err)
	}
	return list, nil
}

// list notes what the shop has, for the suite to be held against.
func (e *evalShop) list(ctx context.Context) error {
	documents, err := e.index.Documents(ctx, "")
	if err != nil {
		return fmt.Errorf("the knowledge index can't be read: %w", err)
	}
	for _, d := range documents {
		e.documents = append(e.documents, d.ID)
	}
	return nil
}

// known is what a suite may name. The orders of a live shop are not listed.
func (e *evalShop) known() (suite.Known, error) {
	k := suite.Known{Documents: e.documents, Metrics: runs.Names(), Shares: runs.Shares()}
	if e.docs == nil {
		return k, nil
	}
	docs, err := e.docs(time.Now())
	if err != nil {
		return k, err
	}
	k.Customers, k.Orders = []string{}, []string{}
	list, err := owners(docs)
	for _, o := range list {
		k.Orders = append(k.Orders, o.Number)
		if o.Customer.Phone != "" {
			k.Customers = append(k.Customers, o.Customer.Phone)
		}
	}
	return k, err
}

// ownedOrder is whose an order is.
type ownedOrder struct {
	Number   string `json:"number"`
	Customer struct {
		Phone string `json:"phone"`
	} `json:"customer"`
}

func owners(docs []json.RawMessage) ([]ownedOrder, error) {
	list := make([]ownedOrder, len(docs))
	for i, doc := range docs {
		if err := json.Unmarshal(doc, &list[i]); err != nil {
			return nil, fmt.Errorf("read the orders: %w", err)
		}
	}
	return list, nil
}

// ordersOf gives a case orders of its own, as they stand when it begins, under a prefix of
// its own in Redis: what one case changes, no other sees.
func (e *evalShop) ordersOf(ctx context.Context, c suite.Case, prefix string, clock func() time.Time, log *slog.Logger) (*orders.Book, []ownedOrder, error) {
	policy, err := openPolicy(e.settings)
	if err != nil {
		return nil, nil, err
	}
	book, err := orders.New(orders.Config{Client: e.book.client, Policy: policy, Zone: e.settings.Zone, Prefix: prefix, Now: clock, Logger: log, Timeout: evalPatience})
	if err != nil {
		return nil, nil, err
	}
	docs, err := e.about(ctx, c, clock())
	if err != nil || len(docs) == 0 {
		return book, nil, err
	}
	if _, err := book.Put(ctx, docs); err != nil {
		return nil, nil, fmt.Errorf("put the orders of %s: %w", c.ID, err)
	}
	owned, err := owners(docs)
	return book, owned, err
}

// about are the orders that a case may be about: the customer's, and those that are named.
func (e *evalShop) about(ctx context.Context, c suite.Case, now time.Time) ([]json.RawMessage, error) {
	if e.docs == nil {
		if c.Customer.Phone == "" {
			return nil, nil
		}
		return e.book.Find(ctx, c.Customer.Phone)
	}
	all, err := e.docs(now)
	if err != nil {
		return nil, err
	}
	return concerning(all, c)
}

func concerning(all []json.RawMessage, c suite.Case) ([]json.RawMessage, error) {
	named := c.Simulate.Names() + " "
	for _, s := range c.Steps {
		named += strings.Join(s.Say, " ") + " " + s.Order + " "
		for number := range s.Expect.Orders {
			named += number + " "
		}
	}
	named = orders.Digits(named)
	var some []json.RawMessage
	for _, doc := range all {
		var o struct {
			Number   string          `json:"number"`
			Customer json.RawMessage `json:"customer"`
		}
		if err := json.Unmarshal(doc, &o); err != nil {
			return nil, fmt.Errorf("read the orders: %w", err)
		}
		phone := strings.TrimPrefix(c.Customer.Phone, "+")
		if strings.Contains(named, orders.Digits(o.Number)) || phone != "" && bytes.Contains(o.Customer, []byte(phone)) {
			some = append(some, doc)
		}
	}
	return some, nil
}
