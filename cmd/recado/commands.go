package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk"
	"github.com/recado/recado/gateway/orders"
)

// quietLog is the log of commands that a person runs: warnings alone, as text.
func quietLog(c console) *slog.Logger {
	return slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func runOrders(ctx context.Context, c console, args []string) (err error) {
	s, words, err := loadSettings(c, "orders", args, nil)
	if err != nil {
		return err
	}
	if len(words) != 2 || words[0] != "import" {
		return usagef("orders: write `recado orders import FILE`; FILE is JSON or JSONL, and - is standard input")
	}
	in := c.in
	if words[1] != "-" {
		f, err := os.Open(words[1])
		if err != nil {
			return fmt.Errorf("the file can't be opened: %w", err)
		}
		defer f.Close()
		in = f
	}
	book, err := openOrders(ctx, s, quietLog(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	if err := book.Ping(ctx); err != nil {
		return fmt.Errorf("the Redis of REDIS_URL does not answer: %w", err)
	}
	live := terminal(c.err)
	n, err := orders.Import(ctx, book, in, func(n int) {
		if live {
			fmt.Fprintf(c.err, "\r\x1b[2K%s", counted(n, "order", "orders"))
		}
	})
	if live {
		fmt.Fprint(c.err, "\r\x1b[2K")
	}
	fmt.Fprintf(c.out, "%s imported\n", counted(n, "order", "orders"))
	return err
}

func runUser(ctx context.Context, c console, args []string) error {
	s, words, err := loadSettings(c, "user", args, nil)
	if err != nil {
		return err
	}
	if len(words) != 2 || words[0] != "add" && words[0] != "remove" {
		return usagef("user: write `recado user add NAME`, with the password as the first line of standard input, or `recado user remove NAME`")
	}
	name := strings.TrimSpace(words[1])
	if n := len([]rune(name)); n < 1 || n > 64 {
		return usagef("user: a name has 1 to 64 characters")
	}
	if words[0] == "remove" {
		return removeUser(ctx, c, s, name)
	}
	return addUser(ctx, c, s, name)
}

func removeUser(ctx context.Context, c console, s settings, name string) (err error) {
	store, err := openStore(ctx, s, quietLog(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	err = store.RemoveAgent(ctx, name)
	if errors.Is(err, gateway.ErrNotFound) {
		return fmt.Errorf("there is no agent %s", name)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s can't sign in any more\n", name)
	return nil
}

func addUser(ctx context.Context, c console, s settings, name string) (err error) {
	if terminal(c.in) {
		fmt.Fprintf(c.err, "Password for %s (at least 10 characters, shown while you type): ", name)
	}
	line, err := bufio.NewReader(c.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the password: %w", err)
	}
	password := strings.TrimRight(line, "\r\n")
	if len([]rune(password)) < 10 {
		return usagef("user: the password needs at least 10 characters")
	}
	hash, err := desk.HashPassword(password)
	if err != nil {
		return err
	}
	store, err := openStore(ctx, s, quietLog(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := store.PutAgent(ctx, gateway.Agent{Name: name, PasswordHash: hash, CreatedAt: time.Now()}); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s can sign in at the desk\n", name)
	return nil
}

// runMigrate opens store and index, which brings both up to date.
func runMigrate(ctx context.Context, c console, args []string) (err error) {
	s, words, err := loadSettings(c, "migrate", args, nil)
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return usagef("migrate takes no arguments, only flags; got %q", words[0])
	}
	store, err := openStore(ctx, s, quietLog(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	embedder, err := openEmbedder(s, quietLog(c))
	if err != nil {
		return err
	}
	x, err := openIndex(ctx, s, embedder, quietLog(c))
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, "the database is up to date")
	return x.Close()
}

// runHealth is what a container asks itself: the image has no shell and no curl.
func runHealth(ctx context.Context, c console, args []string) error {
	set := flag.NewFlagSet("health", flag.ContinueOnError)
	url := set.String("url", "http://127.0.0.1:8080/healthz", "what to ask")
	if err := parse(c, set, args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, *url, nil)
	if err != nil {
		return usagef("--url is not a URL like http://127.0.0.1:8080/healthz")
	}
	response, err := (&http.Client{}).Do(request)
	if err != nil {
		return errors.New("the gateway does not answer")
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the gateway answers %d", response.StatusCode)
	}
	fmt.Fprintln(c.out, "ok")
	return nil
}

func runVersion(_ context.Context, c console, _ []string) error {
	fmt.Fprintln(c.out, "recado", version())
	return nil
}

// version is the revision that the program was built from, as the Go toolchain
// wrote it down.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+changes"
		}
	}
	if revision == "" {
		return info.Main.Version
	}
	return revision + dirty
}
