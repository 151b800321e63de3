// Package testservices hands tests a real Postgres and a real Redis.
//
// A test asks for what it needs and gets an empty one of its own: Postgres
// creates a database and drops it when the test ends, Redis leases one of the
// server's numbered databases and empties it. Tests of many packages may
// therefore run at the same time against the same two servers.
//
// The servers are named by TEST_DATABASE_URL and TEST_REDIS_URL. The package
// starts nothing by itself: `make test` does, through the launch package, and
// so may anything else that sets the two variables. A test that asks for a
// server that is not there is skipped with a line that says so, unless
// RECADO_REQUIRE_SERVICES=1, where it fails: a run that must prove both stores
// may not pass by proving one.
package testservices

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// The environment variables that name the servers and the rule for a missing one.
const (
	// DatabaseURLVar names the variable with the URL of a Postgres on which
	// the user may create databases and the extension vector.
	DatabaseURLVar = "TEST_DATABASE_URL"
	// RedisURLVar names the variable with the URL of a Redis or a Valkey.
	RedisURLVar = "TEST_REDIS_URL"
	// RequireVar names the variable that, set to 1, turns a skip into a failure.
	RequireVar = "RECADO_REQUIRE_SERVICES"
)

// setupTimeout bounds one set-up or clean-up step. Dropping a database waits
// for a checkpoint, which takes seconds on a busy disk.
const setupTimeout = 60 * time.Second

// Postgres returns the URL of a new, empty database on the server that
// TEST_DATABASE_URL names. The database is encoded in UTF-8, has no extension
// yet, and is dropped when tb ends, with whatever is still connected to it.
// Without the variable the test is skipped, or fails where services are
// required; a server that is named but does not answer always fails the test.
func Postgres(tb testing.TB) string {
	tb.Helper()
	server := lookup(tb, DatabaseURLVar, "Postgres")
	target, err := url.Parse(server)
	if err != nil || !strings.HasPrefix(target.Scheme, "postgres") {
		tb.Fatalf("%s is not a postgres:// URL", DatabaseURLVar)
	}
	name := "recado_test_" + strings.ToLower(rand.Text())
	// template0 carries nothing that somebody added to template1 by hand.
	if err := execute(server, "create database "+name+" template template0 encoding 'UTF8'"); err != nil {
		tb.Fatalf("create a test database: %v", err)
	}
	tb.Cleanup(func() {
		// force: a test that failed half-way may have left connections behind.
		if err := execute(server, "drop database "+name+" with (force)"); err != nil {
			tb.Errorf("drop the test database: %v", err)
		}
	})
	target.Path = "/" + name
	return target.String()
}

// Redis returns the URL of an empty numbered database on the server that
// TEST_REDIS_URL names. No other test uses that number until tb ends; then it
// is emptied and given back. Database 0 is never handed out: it holds the
// leases, so a test must not call FLUSHALL. Skips and fails as Postgres does.
func Redis(tb testing.TB) string {
	tb.Helper()
	server := lookup(tb, RedisURLVar, "Redis")
	options, err := redis.ParseURL(server)
	if err != nil {
		tb.Fatalf("%s: %v", RedisURLVar, err)
	}
	options.DB = 0
	leases := redis.NewClient(options)
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	number, err := leaseNumber(ctx, leases)
	if err != nil {
		tb.Fatalf("lease a Redis database: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
		defer cancel()
		if err := flush(ctx, *options, number); err != nil {
			tb.Errorf("empty Redis database %d: %v", number, err)
		}
		if err := leases.Del(ctx, leaseKey(number)).Err(); err != nil {
			tb.Errorf("give back Redis database %d: %v", number, err)
		}
		if err := leases.Close(); err != nil {
			tb.Errorf("close the Redis client: %v", err)
		}
	})
	if err := flush(ctx, *options, number); err != nil {
		tb.Fatalf("empty Redis database %d: %v", number, err)
	}
	return withNumber(tb, server, number)
}

// lookup returns the variable's value, or ends the test: by a skip, or by a
// failure where services are required.
func lookup(tb testing.TB, variable, service string) string {
	tb.Helper()
	if value := os.Getenv(variable); value != "" {
		return value
	}
	if os.Getenv(RequireVar) == "1" {
		tb.Fatalf("%s=1, but %s names no %s", RequireVar, variable, service)
	}
	tb.Skipf("needs a real %s: run `make test`, or set %s", service, variable)
	return ""
}

// execute runs one statement on a connection of its own.
func execute(server, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	_, err = conn.Exec(ctx, statement)
	if closeErr := conn.Close(ctx); err == nil {
		err = closeErr
	}
	return err
}

// Keys in Redis database 0.
const (
	nextNumberKey = "recado:testservices:next"
	leasePrefix   = "recado:testservices:lease:"
	// leaseTTL frees the number of a test whose process died. It is longer
	// than any test may run: go test's own limit is ten minutes.
	leaseTTL = 30 * time.Minute
)

// leaseKey is the key whose presence says that a number is taken.
func leaseKey(number int64) string { return fmt.Sprintf("%s%d", leasePrefix, number) }

// leaseNumber takes a free database number. A counter in Redis spreads
// processes over the numbers; the lease keeps two tests from sharing one when
// the counter comes round, which it soon does on a server with the usual 16.
func leaseNumber(ctx context.Context, client *redis.Client) (int64, error) {
	count, err := databaseCount(ctx, client)
	if err != nil {
		return 0, err
	}
	for {
		for range count - 1 {
			next, err := client.Incr(ctx, nextNumberKey).Result()
			if err != nil {
				return 0, err
			}
			number := 1 + next%(count-1)
			taken, err := client.SetArgs(ctx, leaseKey(number), "1", redis.SetArgs{Mode: "NX", TTL: leaseTTL}).Result()
			if err == nil && taken == "OK" {
				return number, nil
			}
			if err != nil && !errors.Is(err, redis.Nil) {
				return 0, err
			}
		}
		// Every number is taken: wait for a test to end, as long as ctx allows.
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("all %d databases are taken: %w", count-1, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// defaultDatabases is how many numbered databases Redis and Valkey have unless
// their configuration says otherwise.
const defaultDatabases = 16

// databaseCount asks the server how many numbered databases it has. A server
// that forbids CONFIG is taken to have the default.
func databaseCount(ctx context.Context, client *redis.Client) (int64, error) {
	if err := client.Ping(ctx).Err(); err != nil {
		return 0, err
	}
	settings, err := client.ConfigGet(ctx, "databases").Result()
	if err != nil {
		return defaultDatabases, nil //nolint:nilerr // the ping above says that the server is well
	}
	var count int64
	if _, err := fmt.Sscan(settings["databases"], &count); err != nil || count < 2 {
		return 0, fmt.Errorf("the server has %q databases, and at least 2 are needed", settings["databases"])
	}
	return count, nil
}

// flush empties one numbered database.
func flush(ctx context.Context, options redis.Options, number int64) error {
	options.DB = int(number)
	client := redis.NewClient(&options)
	err := client.FlushDB(ctx).Err()
	if closeErr := client.Close(); err == nil {
		err = closeErr
	}
	return err
}

// withNumber is the server's URL with the database number as its path.
func withNumber(tb testing.TB, server string, number int64) string {
	tb.Helper()
	target, err := url.Parse(server)
	if err != nil {
		tb.Fatalf("%s is not a URL", RedisURLVar)
	}
	if target.Scheme == "unix" {
		query := target.Query()
		query.Set("db", fmt.Sprint(number))
		target.RawQuery = query.Encode()
		return target.String()
	}
	target.Path = fmt.Sprintf("/%d", number)
	return target.String()
}
