package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/recado/recado/evals/label"
	"github.com/recado/recado/gateway"
)

// labelServeFlags are those of `recado eval label serve`.
type labelServeFlags struct {
	designFlags
	listen, by, sample, run, out string
}

// runLabelServe serves the labelling page until it is stopped.
func runLabelServe(ctx context.Context, c console, args []string) error {
	var f labelServeFlags
	s, words, err := loadSettings(c, "eval label serve", args, func(set *flag.FlagSet) {
		f.register(set)
		set.StringVar(&f.listen, "listen", "127.0.0.1:8086", "address to listen on; the page holds what customers wrote, and nobody has to sign in")
		set.StringVar(&f.by, "by", "", "who labels; needed")
		set.StringVar(&f.sample, "sample", "", "file of `recado eval label sample` with the turns; without it they are drawn now")
		set.StringVar(&f.run, "run", "", "a run of a suite whose drafts are looked at in place of turns of the store")
		set.StringVar(&f.out, "out", "", "with --run: file for what is said, .jsonl")
	})
	if err != nil {
		return err
	}
	switch {
	case len(words) > 0:
		return usagef("eval label serve takes no arguments, only flags; got %q", words[0])
	case f.by == "":
		return usagef("eval label serve: say with --by who labels, such as --by ana")
	case (f.run == "") != (f.out == ""):
		return usagef("eval label serve: --run and --out go together: what is said of the drafts of a run is written into a file")
	}
	if f.run != "" {
		run, err := findRun(runsFolder(s, ""), f.run)
		if err != nil {
			return err
		}
		cases, err := label.CasesOf(run)
		if err != nil {
			return err
		}
		if len(cases) == 0 {
			return usagef("no draft of %s can be looked at: it was run against a system that gives no decision record, or nothing was drafted", f.run)
		}
		return f.serve(ctx, c, cases, label.InFile{Path: f.out, By: f.by})
	}
	return withStore(ctx, c, s, func(store gateway.Store) error {
		cases, err := f.cases(ctx, store)
		if err != nil {
			return err
		}
		return f.serve(ctx, c, cases, label.InStore{Store: store, By: f.by})
	})
}

// cases are those of the sample that is named, or of one that is drawn now.
func (f *labelServeFlags) cases(ctx context.Context, store gateway.Store) ([]label.Case, error) {
	if f.sample == "" {
		d, err := f.draw(ctx, store)
		if err != nil {
			return nil, err
		}
		cases := make([]label.Case, len(d.picked))
		for i, p := range d.picked {
			cases[i] = label.CaseOf(d.records[p.ID], p.Chance)
		}
		return cases, nil
	}
	file, err := os.Open(f.sample)
	if err != nil {
		return nil, usagef("the file %s can't be opened", f.sample)
	}
	defer file.Close()
	ids, chances, err := label.Chances(file)
	if err != nil {
		return nil, usagef("%s: %v", f.sample, err)
	}
	return label.CasesIn(ctx, store, ids, chances)
}

func (f *labelServeFlags) serve(ctx context.Context, c console, cases []label.Case, keeper label.Keeper) error {
	host, _, err := net.SplitHostPort(f.listen)
	if err != nil {
		return usagef("--listen %s is not an address such as 127.0.0.1:8086", f.listen)
	}
	local := settings{Listen: f.listen}.loopback()
	// What can't be read is better said now than on the page.
	words, err := keeper.Words(ctx, cases)
	if err != nil {
		return fmt.Errorf("%s: %w", f.out, err)
	}
	page, err := label.NewPage(label.PageConfig{Cases: cases, Keeper: keeper, AnyHost: !local, Logger: quietLog(c)})
	if err != nil {
		return err
	}
	listener, err := listenNear(ctx, f.listen)
	if err != nil {
		return err
	}
	if !local {
		fmt.Fprintf(c.err, "Whoever reaches %s can read and label the cases: nobody has to sign in.\n", host)
	}
	fmt.Fprintf(c.out, "%s to label, %d of them done: http://%s/\nCtrl-C ends it; what was said is kept.\n", counted(len(cases), "case", "cases"), len(words), listener.Addr())
	server := &http.Server{Handler: page, ReadHeaderTimeout: 10 * time.Second}
	go func() { <-ctx.Done(); _ = server.Close() }() // Each word was kept when it was said.
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the page: %w", err)
	}
	return nil
}
