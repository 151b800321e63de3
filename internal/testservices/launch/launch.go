//go:build unix

// Package launch starts a Postgres with pgvector and a Redis for a test run,
// and stops them again.
//
// It takes the programs from the machine where they are good enough, and on
// Debian and Ubuntu fetches them from the machine's own package mirror
// otherwise: unpacked into the user's cache, never installed, so that nothing
// outside that folder changes. See machine.go for the first way and unpack.go
// for the second. Postgres refuses to run as root and a Debian 12 process
// cannot load a newer Debian's libraries; program.go holds what follows from
// that (chroot, another user, a user namespace).
//
// Each Start makes new, empty servers on free ports of the loopback address,
// with their data in a folder that Stop removes. Durability is left on: fsync
// and synchronous_commit keep their defaults, so that a benchmark on these
// servers says something about a real one.
//
// The package does not hand out databases to tests (testservices does), and
// it is not for production: the servers trust every local user.
package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// Config says what to start. The zero value starts both servers.
type Config struct {
	// Cache is the folder for unpacked programs; empty means
	// recado/testservices in the user's cache folder.
	Cache string
	// SkipPostgres and SkipRedis leave out a server that the caller already has.
	SkipPostgres, SkipRedis bool
	// Log receives one line a step; nil means nowhere.
	Log io.Writer
}

// Servers are the running servers. The fields are exported so that they can be
// written to a file by one process and stopped by another.
type Servers struct {
	// DatabaseURL is the URL of Postgres's superuser, or empty if left out.
	DatabaseURL string
	// RedisURL is Redis's URL, or empty if left out.
	RedisURL string
	// Postgres and Redis are the processes; zero if left out.
	Postgres, Redis Process
}

// readyTimeout is how long a server may take until it answers. Postgres needs
// about a second; a loaded machine gets more.
const readyTimeout = 60 * time.Second

// attempts is how often a server is tried: between the choice of a free port
// and the server's use of it another program may take the port.
const attempts = 3

// Start finds or fetches the programs and starts the servers. It returns when
// both answer. On an error nothing keeps running.
func Start(ctx context.Context, config Config) (*Servers, error) {
	if config.Log == nil {
		config.Log = io.Discard
	}
	found, err := locate(ctx, config)
	if err != nil {
		return nil, err
	}
	servers := &Servers{}
	if !config.SkipPostgres {
		if err := retry(ctx, func() error { return servers.startPostgres(ctx, found.postgres) }); err != nil {
			return nil, fmt.Errorf("start Postgres: %w", err)
		}
		fmt.Fprintf(config.Log, "Postgres (%s) answers\n", found.postgres.origin)
	}
	if !config.SkipRedis {
		if err := retry(ctx, func() error { return servers.startRedis(ctx, found.redis) }); err != nil {
			return nil, errors.Join(fmt.Errorf("start Redis: %w", err), servers.Stop(ctx))
		}
		fmt.Fprintf(config.Log, "Redis (%s) answers\n", found.redis.origin)
	}
	return servers, nil
}

// Stop ends the servers and removes their data. It may be called on Servers
// that another process started, and on ones that are already gone.
func (s *Servers) Stop(ctx context.Context) error {
	var failures []error
	if s.RedisURL != "" && AnswersRedis(ctx, s.RedisURL) == nil {
		failures = append(failures, s.Redis.stop(ctx))
	}
	if s.DatabaseURL != "" && AnswersPostgres(ctx, s.DatabaseURL) == nil {
		failures = append(failures, s.Postgres.stop(ctx))
	}
	for _, process := range []Process{s.Redis, s.Postgres} {
		if process.Dir != "" {
			failures = append(failures, os.RemoveAll(process.Dir))
		}
	}
	return errors.Join(failures...)
}

// AnswersPostgres returns nil if a Postgres accepts a connection at the URL.
func AnswersPostgres(ctx context.Context, databaseURL string) error {
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// AnswersRedis returns nil if a Redis answers a ping at the URL.
func AnswersRedis(ctx context.Context, redisURL string) error {
	options, err := redis.ParseURL(redisURL)
	if err != nil {
		return err
	}
	// The caller polls; go-redis's own retries would only slow that down.
	options.MaxRetries = -1
	client := redis.NewClient(options)
	err = client.Ping(ctx).Err()
	if closeErr := client.Close(); err == nil {
		err = closeErr
	}
	return err
}

// startPostgres makes a cluster and starts its server.
func (s *Servers) startPostgres(ctx context.Context, p program) error {
	data, err := p.makeDir("pg")
	if err != nil {
		return err
	}
	// --no-sync: a cluster that is thrown away after the run need not survive
	// a power cut during its making. The server itself does sync.
	initdb := p.command(ctx, "initdb", "-D", data.inside, "-U", "postgres", "--auth=trust",
		"--encoding=UTF8", "--locale="+utf8Locale(), "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("initdb: %w\n%s", err, out), os.RemoveAll(data.outside))
	}
	port, err := freePort(ctx)
	if err != nil {
		return errors.Join(err, os.RemoveAll(data.outside))
	}
	args := []string{
		"-D", data.inside, "-p", fmt.Sprint(port), "-c", "listen_addresses=127.0.0.1",
		// No socket file: its path must be shorter than 108 bytes, and a cache
		// folder's need not be.
		"-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "shared_buffers=256MB",
	}
	if p.root != "" {
		// The unpacked folder has no /dev/shm.
		args = append(args, "-c", "dynamic_shared_memory_type=mmap")
	}
	address := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
	process, err := p.start(ctx, data, "postgres", args, func(ctx context.Context) error {
		return AnswersPostgres(ctx, address)
	})
	if err != nil {
		return err
	}
	s.DatabaseURL, s.Postgres = address, process
	return nil
}

// startRedis starts a Redis that keeps nothing on disk: what Recado has in
// Redis can always be rebuilt, and no test restarts the server.
func (s *Servers) startRedis(ctx context.Context, p program) error {
	data, err := p.makeDir("redis")
	if err != nil {
		return err
	}
	port, err := freePort(ctx)
	if err != nil {
		return errors.Join(err, os.RemoveAll(data.outside))
	}
	args := []string{
		"--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--dir", data.inside,
		"--databases", "1024", "--save", "", "--appendonly", "no",
	}
	address := fmt.Sprintf("redis://127.0.0.1:%d/0", port)
	process, err := p.start(ctx, data, p.redisName, args, func(ctx context.Context) error {
		return AnswersRedis(ctx, address)
	})
	if err != nil {
		return err
	}
	s.RedisURL, s.Redis = address, process
	return nil
}

// retry calls start until it succeeds, ctx ends or the attempts are used up.
func retry(ctx context.Context, start func() error) error {
	var err error
	for range attempts {
		if err = start(); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// freePort returns a port of the loopback address that was free a moment ago.
func freePort(ctx context.Context) (int, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

// CacheDir is the default folder for unpacked programs and for the state of
// servers that run in the background. A user without a home (nobody, say) gets
// a folder of their own under the temporary one.
func CacheDir() string {
	if dir, err := os.UserCacheDir(); err == nil {
		if err := os.MkdirAll(filepath.Join(dir, "recado"), 0o755); err == nil {
			return filepath.Join(dir, "recado", "testservices")
		}
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("recado-testservices-%d", os.Getuid()))
}
