//go:build unix

// Command cmd starts the servers that Recado's tests need.
//
//	go run ./internal/testservices/cmd run -- go test ./...
//	go run ./internal/testservices/cmd up      # prints two export lines for a shell
//	go run ./internal/testservices/cmd env     # prints them again
//	go run ./internal/testservices/cmd down
//
// run starts servers of its own, runs the command with TEST_DATABASE_URL,
// TEST_REDIS_URL and RECADO_REQUIRE_SERVICES=1 in its environment, stops the
// servers whatever came of it, and exits as the command did. A server that the
// environment names already is used and left alone.
//
// up starts one pair of servers a user in the background; a second up finds
// them running. down stops them.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/internal/testservices/launch"
)

const usage = "usage: cmd run -- COMMAND [ARGUMENT...] | up | env | down"

func main() {
	// SIGINT and SIGTERM end the command that is run, and then the servers.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := dispatch(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// dispatch runs one subcommand and returns the exit code.
func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var err error
	switch {
	case len(args) > 2 && args[0] == "run" && args[1] == "--":
		err = run(ctx, args[2:], stderr)
	case len(args) == 1 && args[0] == "up":
		err = up(ctx, stdout, stderr)
	case len(args) == 1 && args[0] == "env":
		err = printRunning(ctx, stdout)
	case len(args) == 1 && args[0] == "down":
		err = down(ctx)
	default:
		fmt.Fprintln(stderr, usage)
		return 2
	}
	var failed *exec.ExitError
	if errors.As(err, &failed) && failed.ExitCode() > 0 {
		return failed.ExitCode() // the command has said why itself
	}
	if err != nil {
		fmt.Fprintln(stderr, "testservices:", err)
		return 1
	}
	return 0
}

// shutdownTimeout bounds the end of both servers after the run.
const shutdownTimeout = time.Minute

// run runs the command with both servers up.
func run(ctx context.Context, command []string, stderr io.Writer) error {
	began := time.Now()
	for _, variable := range []string{testservices.DatabaseURLVar, testservices.RedisURLVar} {
		if os.Getenv(variable) != "" {
			fmt.Fprintf(prefixed{stderr}, "using the server that %s names\n", variable)
		}
	}
	servers, err := launch.Start(ctx, launch.Config{
		SkipPostgres: os.Getenv(testservices.DatabaseURLVar) != "",
		SkipRedis:    os.Getenv(testservices.RedisURLVar) != "",
		Log:          prefixed{stderr},
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(prefixed{stderr}, "ready after %.1f s\n", time.Since(began).Seconds())
	err = runWith(ctx, command, servers)
	// ctx may have ended by a signal; the servers must still be stopped.
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if stopErr := servers.Stop(stopping); err == nil {
		err = stopErr
	}
	return err
}

// runWith runs the command in the foreground and waits for it.
func runWith(ctx context.Context, command []string, servers *launch.Servers) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), testservices.RequireVar+"=1")
	for _, pair := range exports(servers) {
		cmd.Env = append(cmd.Env, pair[0]+"="+pair[1])
	}
	// A polite end first: go test then ends its own children.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd.Run()
}

// exports lists the variables that name the started servers.
func exports(servers *launch.Servers) [][2]string {
	var pairs [][2]string
	if servers.DatabaseURL != "" {
		pairs = append(pairs, [2]string{testservices.DatabaseURLVar, servers.DatabaseURL})
	}
	if servers.RedisURL != "" {
		pairs = append(pairs, [2]string{testservices.RedisURLVar, servers.RedisURL})
	}
	return pairs
}

// up starts the background servers unless they run, and prints their names.
func up(ctx context.Context, stdout, stderr io.Writer) error {
	unlock, err := lockState()
	if err != nil {
		return err
	}
	defer unlock()
	servers, err := running(ctx)
	if errors.Is(err, errNotRunning) {
		if servers, err = launch.Start(ctx, launch.Config{Log: prefixed{stderr}}); err != nil {
			return err
		}
		err = save(servers)
	}
	if err != nil {
		return err
	}
	return printExports(stdout, servers)
}

// printRunning prints the background servers' names, or fails if there are none.
func printRunning(ctx context.Context, stdout io.Writer) error {
	servers, err := running(ctx)
	if err != nil {
		return err
	}
	return printExports(stdout, servers)
}

// down stops the background servers. None running is no error.
func down(ctx context.Context) error {
	unlock, err := lockState()
	if err != nil {
		return err
	}
	defer unlock()
	servers, err := load()
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := servers.Stop(ctx); err != nil {
		return err
	}
	return os.Remove(statePath())
}

// printExports prints lines that a shell can evaluate.
func printExports(w io.Writer, servers *launch.Servers) error {
	for _, pair := range exports(servers) {
		// Neither URL has a quote in it: launch makes them of numbers.
		if _, err := fmt.Fprintf(w, "export %s='%s'\n", pair[0], pair[1]); err != nil {
			return err
		}
	}
	return nil
}

// errNotRunning says that up has not been called, or that the servers died.
var errNotRunning = errors.New("no servers are running in the background")

// running returns the background servers if both answer.
func running(ctx context.Context) (*launch.Servers, error) {
	servers, err := load()
	if errors.Is(err, os.ErrNotExist) {
		return nil, errNotRunning
	}
	if err != nil {
		return nil, err
	}
	if launch.AnswersPostgres(ctx, servers.DatabaseURL) != nil || launch.AnswersRedis(ctx, servers.RedisURL) != nil {
		// One may be left; its memory of itself is about to be overwritten.
		return nil, errors.Join(errNotRunning, servers.Stop(ctx))
	}
	return servers, nil
}

// statePath is the file that remembers the background servers.
func statePath() string { return filepath.Join(launch.CacheDir(), "running.json") }

// lockState keeps two calls of up and down from crossing.
func lockState() (func(), error) {
	if err := os.MkdirAll(launch.CacheDir(), 0o755); err != nil {
		return nil, err
	}
	return launch.Lock(statePath() + ".lock")
}

// load reads the remembered servers.
func load() (*launch.Servers, error) {
	text, err := os.ReadFile(statePath())
	if err != nil {
		return nil, err
	}
	var servers launch.Servers
	if err := json.Unmarshal(text, &servers); err != nil {
		return nil, fmt.Errorf("%s: %w", statePath(), err)
	}
	return &servers, nil
}

// save remembers the servers for down.
func save(servers *launch.Servers) error {
	text, err := json.Marshal(servers)
	if err != nil {
		return err
	}
	return os.WriteFile(statePath(), text, 0o600)
}

// prefixed marks the lines of this program among those of the command it runs.
type prefixed struct{ w io.Writer }

// Write writes one line.
func (p prefixed) Write(line []byte) (int, error) {
	if _, err := fmt.Fprintf(p.w, "testservices: %s", line); err != nil {
		return 0, err
	}
	return len(line), nil
}
