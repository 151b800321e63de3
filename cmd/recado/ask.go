package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/recado/recado/evals/cassette"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
)

func runAsk(ctx context.Context, c console, args []string) (err error) {
	var customer string
	var asJSON, demo bool
	s, words, err := loadSettings(c, "ask", args, func(set *flag.FlagSet) {
		set.StringVar(&customer, "customer", "", "phone number or user id of the customer who asks")
		set.BoolVar(&asJSON, "json", false, "print the decision record as JSON")
		set.BoolVar(&demo, "demo", false, "ask the demo shop, in memory")
	})
	if err != nil {
		return err
	}
	text := strings.TrimSpace(strings.Join(words, " "))
	if text == "" {
		return usagef("ask: write `recado ask \"QUESTION\"`")
	}
	if demo {
		customer = cmp.Or(customer, demoshop.DemoPhone)
	}
	a, err := openAnswering(ctx, c, s, demo)
	if err != nil {
		return err
	}
	defer func() { err = a.closers.close(err) }()
	turn := gateway.NewRehearsal(gateway.RehearsalConfig{
		Answerer: a.pipeline, Orders: a.book, Who: asker(customer), Logger: quietLog(c),
	}).Hear(ctx, gateway.Message{Type: "text", Text: text})
	if asJSON {
		return printJSON(c.out, turn.Record)
	}
	printRecord(c.out, turn)
	if a.empty && turn.Record.Decision.Kind == gateway.DecideHandoff {
		fmt.Fprintln(c.err, "The knowledge index is empty. Fill it with `recado ingest PATH…`, or try `recado ask --demo`.")
	}
	return nil
}

// asker is the identity of a customer named on the command line: what is written like
// a phone number is one, everything else a user id.
func asker(customer string) gateway.Identity {
	if strings.Trim(customer, "+0123456789 -.()") == "" {
		return gateway.Identity{Phone: orders.Digits(customer)}
	}
	return gateway.Identity{UserID: customer}
}

// answering is what questions need outside any channel: no store, and nothing to
// send with.
type answering struct {
	pipeline *rag.Pipeline
	// model names what answers.
	model    string
	embedder knowledge.Embedder
	index    knowledge.Space
	book     *orderBook
	empty    bool
	// folder is what is thrown away at the end, where there is one.
	folder string
	// tape records what providers answer, or gives it; nil asks them.
	tape    *cassette.Cassette
	closers closers
}

// openAnswering opens the parts that the settings name, or with demo the demo shop
// in a folder of its own.
func openAnswering(ctx context.Context, c console, s settings, demo bool) (*answering, error) {
	a := &answering{}
	if err := a.open(ctx, quietLog(c), s, demo, demo); err != nil {
		return nil, a.closers.close(err)
	}
	return a, nil
}

// open opens the parts, apart in a folder that is thrown away, and with the demo shop in
// them where that is wanted.
func (a *answering) open(ctx context.Context, log *slog.Logger, s settings, demo, apart bool) error {
	if apart {
		folder, remove, err := temporaryFolder()
		if err != nil {
			return err
		}
		s.DatabaseURL, s.RedisURL, s.Data = "", "", folder
		a.folder = folder
		a.closers.add(remove)
	}
	var err error
	if a.book, err = openOrders(ctx, s, log); err != nil {
		return err
	}
	a.closers.add(a.book.Close)
	if a.embedder, err = openEmbedder(s, log); err != nil {
		return err
	}
	// The embedded one computes the same each time.
	if _, computed := a.embedder.(rag.Expander); a.tape != nil && !computed {
		a.embedder = a.tape.Embedder(a.embedder)
	}
	if a.index, err = openIndex(ctx, s, a.embedder, log); err != nil {
		return err
	}
	a.closers.add(a.index.Close)
	if demo {
		if err := stock(ctx, a.index, a.embedder, a.book); err != nil {
			return err
		}
	}
	documents, err := a.index.Documents(ctx, "")
	if err != nil {
		return fmt.Errorf("the knowledge index can't be read: %w", err)
	}
	a.empty, a.model = len(documents) == 0, s.modelName()
	a.pipeline, err = openPipelineWith(s, a.index, a.embedder, nil, a.tape, log)
	return err
}

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// printRecord shows a decision record as a person reads it: what the customer
// would hear, then why.
func printRecord(w io.Writer, t gateway.Turn) {
	r := t.Record
	if r.Reply != "" {
		fmt.Fprintf(w, "%s\n\n", r.Reply)
	}
	section := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-11s %s\n", name, fmt.Sprintf(format, args...))
	}
	section("decision", "%s", decisionText(r))
	section("confidence", "%.3f (sent from %.3f on), calibration %s", r.Confidence, r.Threshold, cmp.Or(r.Calibration, "none"))
	for _, reason := range r.Stale {
		section("stale", "%s", reason)
	}
	section("language", "%s", r.Language)
	if r.Query != "" {
		section("searched", "%s", strings.ReplaceAll(r.Query, "\n", " / "))
	}
	for _, s := range r.Slips {
		section("read", "%s as %s", s.Word, s.Meant)
	}
	for _, p := range r.Passages {
		mark := " "
		for _, id := range r.Draft.Citations {
			if id == p.ID {
				mark = "*"
			}
		}
		section("passage", "%s %s (meaning %.2f, words %.1f) %s", mark, cmp.Or(p.Question, p.Heading, p.Title), p.Dense, p.Lexical, p.Source)
	}
	printOrders(section, r)
	if t.Record.Draft.Answer != "" && r.Reply != "" && !strings.Contains(r.Reply, strings.TrimSpace(t.Record.Draft.Answer)) {
		section("draft", "%s", t.Record.Draft.Answer)
	}
	if r.Draft.Missing != "" {
		section("missing", "%s", r.Draft.Missing)
	}
	for _, check := range r.Checks {
		if check.OK {
			section("check", "ok    %s", check.Name)
			continue
		}
		section("check", "FAILS %s: %s", check.Name, check.Detail)
	}
	if r.Error != "" {
		section("error", "%s", r.Error)
	}
	for _, stage := range r.Stages {
		section("stage", "%-9s %v", stage.Name, stage.Took.Round(time.Microsecond))
	}
	section("model", "%s, %d tokens in, %d out; configuration %s", cmp.Or(r.Model, "not asked"), r.Usage.InputTokens, r.Usage.OutputTokens, r.Config)
}

func printOrders(section func(name, format string, args ...any), r gateway.Record) {
	for _, o := range r.Orders.Orders {
		section("order", "%s %s", o.Number, o.Status)
	}
	for _, n := range r.Orders.NotFound {
		section("order", "%s is not an order of this customer", n)
	}
	if r.Orders.Unavailable {
		section("order", "the orders could not be read")
	}
}

func decisionText(r gateway.Record) string {
	if r.Decision.Reason == "" {
		return fmt.Sprintf("%s, by the rule %q", r.Decision.Kind, r.Decision.Rule)
	}
	return fmt.Sprintf("%s (%s), by the rule %q", r.Decision.Kind, r.Decision.Reason, r.Decision.Rule)
}
