// Command recado answers a shop's customers on WhatsApp and hands over to people
// when it is not sure. One binary does it all:
//
//	recado demo     a shop, a phone and a desk in the browser, without keys or servers
//	recado cloudsim WhatsApp's Cloud API, emulated, to test against
//	recado serve    the gateway, configured by the environment or flags
//	recado ingest   documents and FAQ tables into the knowledge index
//	recado knowledge what is in the index, who was told what by it, and what it lacks
//	recado ask      one turn without WhatsApp, with its decision record
//	recado orders   a customer's orders into Redis
//	recado eval     the labelled questions of the demo shop, and the calibration
//	recado user     who may use the desk
//	recado doctor   what is wrong with the installation, and what to do about it
//	recado migrate, health, version
//
// This package is the only one that knows all others: it reads the settings
// (settings.go), builds the parts (parts.go) and puts them behind one HTTP server
// (serve.go). It decides nothing.
//
// The exit status is 0 when all went well, 1 when something failed, 2 when the command line,
// a setting or a suite is wrong, and 3 when an eval found a provider away.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // the image has no time zones of its own

	"github.com/redis/go-redis/v9"
)

// The exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitAway   = 3
)

// errUsage says that the command line or a setting is wrong; its text is one line
// that says what to do.
var errUsage = errors.New("usage")

// usageError is an errUsage with its line.
type usageError struct{ line string }

func (e usageError) Error() string        { return e.line }
func (e usageError) Is(target error) bool { return target == errUsage }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// errAway says that a provider was away, so that an eval says nothing of what it measures.
var errAway = errors.New("a provider was away")

// awayError is an errAway with its line.
type awayError struct{ line string }

func (e awayError) Error() string        { return e.line }
func (e awayError) Is(target error) bool { return target == errAway }

// console is what a command reads from and writes to.
type console struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string
}

// command is one row of the table below.
type command struct {
	name, args, help string
	run              func(ctx context.Context, c console, args []string) error
}

func commands() []command {
	return []command{
		{"demo", "", "try it: a shop, a phone and a desk in the browser, without keys or servers", runDemo},
		{"cloudsim", "", "emulate WhatsApp's Cloud API and its customers, to test against", runCloudsim},
		{"serve", "", "run the gateway", runServe},
		{"ingest", "PATH…", "bring the knowledge index in step with folders, files, archives and sites", runIngest},
		{"knowledge", "list|show|diff|…", "look at the index, take passages back, and see which questions found no answer", runKnowledge},
		{"ask", "\"QUESTION\"", "take one turn without WhatsApp and show its decision record", runAsk},
		{"orders", "import FILE", "add or replace orders from a JSON or JSONL file", runOrders},
		{"eval", "run|calibrate|promise|retrieval|pii|human|injection|intents", "measure the labelled questions of the demo shop, fit the calibration, or measure one part on a data set", runEval},
		{"calibration", "show", "say what the confidence was fitted with, what its threshold promises, and whether that still holds", runCalibration},
		{"user", "add|remove NAME", "let an agent sign in at the desk, or no longer; the password is read from standard input", runUser},
		{"migrate", "", "bring the database up to date and stop", runMigrate},
		{"doctor", "", "check token, number, webhook, database, Redis, model and clock, and say what to do", runDoctor},
		{"health", "", "ask a running gateway whether it is alive", runHealth},
		{"version", "", "say which build this is", runVersion},
	}
}

func main() {
	redis.SetLogger(mute{})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the program in order, a second one at once.
	context.AfterFunc(ctx, stop)
	code := run(ctx, console{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv}, os.Args[1:])
	stop()
	os.Exit(code)
}

// run chooses the command and turns its error into a line and an exit status.
func run(ctx context.Context, c console, args []string) int {
	if len(args) == 0 {
		usage(c.err)
		return exitUsage
	}
	if name := strings.TrimLeft(args[0], "-"); name == "help" || name == "h" {
		usage(c.out)
		return exitOK
	}
	for _, cmd := range commands() {
		if cmd.name == args[0] {
			return status(c, cmd.run(ctx, c, args[1:]))
		}
	}
	fmt.Fprintf(c.err, "recado: there is no command %q; `recado help` lists them\n", args[0])
	return exitUsage
}

func status(c console, err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errUsage):
		fmt.Fprintln(c.err, "recado:", err)
		return exitUsage
	case errors.Is(err, errAway):
		fmt.Fprintln(c.err, "recado:", err)
		return exitAway
	}
	fmt.Fprintln(c.err, "recado:", err)
	return exitFailed
}

func usage(w io.Writer) {
	fmt.Fprint(w, "Recado answers a shop's customers on WhatsApp, or hands over to a person.\n\nUsage: recado COMMAND [FLAGS]\n\n")
	for _, cmd := range commands() {
		fmt.Fprintf(w, "  %-24s %s\n", strings.TrimSpace(cmd.name+" "+cmd.args), cmd.help)
	}
	fmt.Fprint(w, "\n`recado COMMAND --help` lists the flags. Settings come from the environment too; docs/operations.md has the table.\n")
}

// parse reads a command's flags. A wrong one is one line and exit status 2.
func parse(c console, set *flag.FlagSet, args []string) error {
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	err := set.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		printFlags(c.out, set)
		return err
	}
	if err != nil {
		return usagef("%s: %v; `recado %s --help` lists the flags", set.Name(), err, set.Name())
	}
	return nil
}

// interspersed reads flags that stand before, between or behind the other words,
// and gives the words.
func interspersed(c console, set *flag.FlagSet, args []string) ([]string, error) {
	var words []string
	for {
		if err := parse(c, set, args); err != nil {
			return nil, err
		}
		if set.NArg() == 0 {
			return words, nil
		}
		rest := set.Args()
		if before := len(args) - len(rest); before > 0 && args[before-1] == "--" {
			return append(words, rest...), nil
		}
		words, args = append(words, rest[0]), rest[1:]
	}
}
