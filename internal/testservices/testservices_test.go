package testservices

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// fakeTB records how a helper ended a test instead of ending this one.
type fakeTB struct {
	testing.TB
	ended string
}

// endOfTest unwinds from a fakeTB's Skipf and Fatalf, as runtime.Goexit does
// for a real test.
type endOfTest struct{}

func (f *fakeTB) Helper() {}

func (f *fakeTB) Skipf(format string, args ...any) {
	f.ended = "skip: " + fmt.Sprintf(format, args...)
	panic(endOfTest{})
}

func (f *fakeTB) Fatalf(format string, args ...any) {
	f.ended = "fatal: " + fmt.Sprintf(format, args...)
	panic(endOfTest{})
}

// endedBy runs the helper on a fake test and returns how it ended that test.
func endedBy(tb testing.TB, helper func(testing.TB) string) (ended string) {
	fake := &fakeTB{TB: tb}
	defer func() {
		if recovered := recover(); recovered != nil {
			if _, ok := recovered.(endOfTest); !ok {
				panic(recovered)
			}
			ended = fake.ended
		}
	}()
	helper(fake)
	return "not at all"
}

func TestMissingServiceSkipsUnlessRequired(t *testing.T) {
	helpers := map[string]func(testing.TB) string{DatabaseURLVar: Postgres, RedisURLVar: Redis}
	for variable, helper := range helpers {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, "")
			t.Setenv(RequireVar, "")
			if got := endedBy(t, helper); !strings.HasPrefix(got, "skip: ") || !strings.Contains(got, variable) || strings.Contains(got, "\n") {
				t.Errorf("without the service the test ended by %q, want a skip in one line that names %s", got, variable)
			}
			t.Setenv(RequireVar, "1")
			if got := endedBy(t, helper); !strings.HasPrefix(got, "fatal: ") || !strings.Contains(got, variable) {
				t.Errorf("with %s=1 the test ended by %q, want a failure that names %s", RequireVar, got, variable)
			}
		})
	}
}

func TestNamedButDeadServiceFails(t *testing.T) {
	t.Setenv(RequireVar, "")
	t.Setenv(DatabaseURLVar, "postgres://nobody@127.0.0.1:1/none?sslmode=disable")
	if got := endedBy(t, Postgres); !strings.HasPrefix(got, "fatal: ") {
		t.Errorf("a dead Postgres ended the test by %q, want a failure", got)
	}
	t.Setenv(RedisURLVar, "redis://127.0.0.1:1/0")
	if got := endedBy(t, Redis); !strings.HasPrefix(got, "fatal: ") {
		t.Errorf("a dead Redis ended the test by %q, want a failure", got)
	}
}

func TestPostgresIsEmptyAndDroppedAtTheEnd(t *testing.T) {
	t.Parallel()
	var address string
	t.Run("user", func(t *testing.T) {
		address = Postgres(t)
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		// conn stays open: cleaning up must not depend on tidy tests.
		var tables int
		const count = `select count(*) from information_schema.tables where table_schema = 'public'`
		if err := conn.QueryRow(t.Context(), count).Scan(&tables); err != nil || tables != 0 {
			t.Errorf("the new database has %d tables (%v), want none", tables, err)
		}
		var distance float64
		if _, err := conn.Exec(t.Context(), `create extension vector`); err != nil {
			t.Fatal(err)
		}
		if err := conn.QueryRow(t.Context(), `select '[1,0]'::vector <-> '[4,4]'::vector`).Scan(&distance); err != nil || distance != 5 {
			t.Errorf("distance = %v (%v), want 5", distance, err)
		}
		for _, setting := range []string{"fsync", "synchronous_commit"} {
			var value string
			if err := conn.QueryRow(t.Context(), `select current_setting($1)`, setting).Scan(&value); err != nil || value != "on" {
				t.Errorf("%s = %q (%v), want on: benchmarks speak of durability", setting, value, err)
			}
		}
	})
	if address == "" {
		t.Skip("needs a real Postgres, as the subtest says")
	}
	if conn, err := pgx.Connect(t.Context(), address); err == nil {
		t.Errorf("the database is still there after its test")
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestRedisGivesEachTestItsOwnEmptyDatabase(t *testing.T) {
	t.Parallel()
	first, second := Redis(t), Redis(t)
	if first == second {
		t.Fatalf("two leases of %s", first)
	}
	one, two := dial(t, first), dial(t, second)
	if err := one.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if size, err := two.DBSize(t.Context()).Result(); err != nil || size != 0 {
		t.Errorf("the other test's database has %d keys (%v), want none", size, err)
	}
}

func TestRedisIsEmptiedAtTheEnd(t *testing.T) {
	t.Parallel()
	var address string
	t.Run("user", func(t *testing.T) {
		address = Redis(t)
		if err := dial(t, address).Set(t.Context(), "key", "value", 0).Err(); err != nil {
			t.Fatal(err)
		}
	})
	if address == "" {
		t.Skip("needs a real Redis, as the subtest says")
	}
	// The number may be another test's by now; the key cannot be.
	if n, err := dial(t, address).Exists(t.Context(), "key").Result(); err != nil || n != 0 {
		t.Errorf("the key is still there after its test (%v)", err)
	}
}

func TestLeasesNeverOverlap(t *testing.T) {
	t.Parallel()
	options, err := redis.ParseURL(Redis(t)) // a skip here says that there is no server
	if err != nil {
		t.Fatal(err)
	}
	options.DB = 0
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	var mu sync.Mutex
	var group sync.WaitGroup
	taken := map[int64]int{}
	for range 10 {
		group.Go(func() {
			number, err := leaseNumber(t.Context(), client)
			if err != nil {
				t.Errorf("lease: %v", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			taken[number]++
		})
	}
	group.Wait()
	for number, times := range taken {
		if times > 1 || number < 1 {
			t.Errorf("database %d was leased %d times", number, times)
		}
		if err := client.Del(t.Context(), leaseKey(number)).Err(); err != nil {
			t.Error(err)
		}
	}
}

// dial connects to a leased database until the test ends.
func dial(t *testing.T, address string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	return client
}
