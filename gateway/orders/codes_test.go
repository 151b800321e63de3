package orders_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
)

func codes(t testing.TB, addr string, c orders.CodesConfig) *orders.Codes {
	t.Helper()
	c.Client = connect(t, addr)
	if c.Key == nil {
		c.Key = []byte("a key for this test alone")
	}
	made, err := orders.NewCodes(c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func fresh(t testing.TB, c *orders.Codes, who gateway.Identity) string {
	t.Helper()
	code, err := c.New(t.Context(), who)
	if err != nil || !regexp.MustCompile(`^\d{6}$`).MatchString(code) {
		t.Fatalf("the code is %q: %v", code, err)
	}
	return code
}

func checked(t testing.TB, c *orders.Codes, who gateway.Identity, code string, ok bool, left int) {
	t.Helper()
	got, n, err := c.Check(t.Context(), who, code)
	if got != ok || n != left || err != nil {
		t.Errorf("%v with %d left, %v; not %v with %d", got, n, err, ok, left)
	}
}

// wrong is another code than this one.
func wrong(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return string(code[0]+1) + code[1:]
}

func TestACodeServesOnce(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		c, who := codes(t, addr, orders.CodesConfig{}), phone("34600000001")
		code := fresh(t, c, who)
		checked(t, c, phone("34600000002"), code, false, 0)
		checked(t, c, who, wrong(code), false, 2)
		checked(t, c, who, " "+code[:3]+"-"+code[3:], true, 1)
		checked(t, c, who, code, false, 0)
	})
}

func TestACodeEndsAfterThreeTries(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		c, who := codes(t, addr, orders.CodesConfig{}), gateway.Identity{UserID: "ES.1", Phone: "34600000001"}
		code := fresh(t, c, who)
		for left := 2; left >= 0; left-- {
			checked(t, c, who, wrong(code), false, left)
		}
		checked(t, c, who, code, false, 0)
		last := fresh(t, c, who)
		checked(t, c, who, "", false, 2)
		checked(t, c, who, "123", false, 1)
		checked(t, c, who, last, true, 0)
	})
}

// TestANewCodeReplacesTheOldOne: with all its tries.
func TestANewCodeReplacesTheOldOne(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		c, who := codes(t, addr, orders.CodesConfig{}), phone("34600000001")
		old := fresh(t, c, who)
		checked(t, c, who, wrong(old), false, 2)
		code := fresh(t, c, who)
		if old != code {
			checked(t, c, who, old, false, 2)
			checked(t, c, who, code, true, 1)
		}
	})
}

func TestThreeCodesAnHour(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		now := start
		c, who := codes(t, addr, orders.CodesConfig{Now: func() time.Time { return now }}), phone("34600000001")
		last := ""
		for range 3 {
			last = fresh(t, c, who)
			now = now.Add(10 * time.Minute)
		}
		if code, err := c.New(t.Context(), who); !errors.Is(err, gateway.ErrTooOften) || code != "" {
			t.Fatalf("%q, %v", code, err)
		}
		checked(t, c, who, last, true, 2)
		fresh(t, c, phone("34600000002"))
		now = start.Add(time.Hour + time.Second)
		fresh(t, c, who)
		if _, err := c.New(t.Context(), who); !errors.Is(err, gateway.ErrTooOften) {
			t.Errorf("the second one was made 50 minutes ago: %v", err)
		}
	})
}

func TestACodeEndsInTime(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	c, who := codes(t, "redis://"+server.Addr(), orders.CodesConfig{}), phone("34600000001")
	code := fresh(t, c, who)
	server.FastForward(10*time.Minute - time.Second)
	checked(t, c, who, wrong(code), false, 2)
	server.FastForward(time.Second)
	checked(t, c, who, code, false, 0)
}

// TestManyAtOnce: of many that come with the right code at once one gets through, and of
// many that ask for one three do.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		who := phone("34600000001")
		var all sync.WaitGroup
		var in, made, refused atomic.Int32
		code := fresh(t, codes(t, addr, orders.CodesConfig{Tries: 100}), who)
		for range 4 {
			c := codes(t, addr, orders.CodesConfig{})
			for range 4 {
				all.Go(func() {
					if ok, _, err := c.Check(context.Background(), who, code); ok && err == nil {
						in.Add(1)
					}
					switch _, err := c.New(context.Background(), phone("34600000002")); {
					case err == nil:
						made.Add(1)
					case errors.Is(err, gateway.ErrTooOften):
						refused.Add(1)
					}
				})
			}
		}
		all.Wait()
		equal(t, []int32{1, 3, 13}, []int32{in.Load(), made.Load(), refused.Load()})
	})
}

// TestRedisHoldsNoCodeAndNoNumber: neither in a key nor in a value.
func TestRedisHoldsNoCodeAndNoNumber(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	c := codes(t, "redis://"+server.Addr(), orders.CodesConfig{})
	code := fresh(t, c, gateway.Identity{UserID: "ES.77", Phone: "34600000001"})
	dump := server.Dump()
	if strings.Contains(dump, code) || strings.Contains(dump, "34600000001") || strings.Contains(dump, "ES.77") || len(server.Keys()) != 2 {
		t.Error(dump)
	}
	other := codes(t, "redis://"+server.Addr(), orders.CodesConfig{Key: []byte("another key of enough bytes")})
	checked(t, other, gateway.Identity{UserID: "ES.77"}, code, false, 0)
}

// TestAGuesserHasThreeTriesForEachCode: whatever is entered and asked for, nobody gets in
// without the code that was made last, nor twice with it.
func TestAGuesserHasThreeTriesForEachCode(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	rapid.Check(t, func(rt *rapid.T) {
		server.FlushAll()
		c, who := codes(t, "redis://"+server.Addr(), orders.CodesConfig{}), phone("34600000001")
		now, made, left := "", 0, 0
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"new", "right", "wrong"}).Draw(rt, "step") {
			case "new":
				code, err := c.New(t.Context(), who)
				if (err == nil) != (made < 3) {
					rt.Fatalf("after %d codes: %v", made, err)
				}
				if err == nil {
					now, left, made = code, 3, made+1
				}
			case "right":
				ok, _, err := c.Check(t.Context(), who, now)
				if ok != (now != "" && left > 0) || err != nil {
					rt.Fatalf("the right code with %d tries left: %v, %v", left, ok, err)
				}
				now, left = "", 0
			case "wrong":
				guess := "999999"
				if now != "" {
					guess = wrong(now)
				}
				left = max(0, left-1)
				if ok, n, err := c.Check(t.Context(), who, guess); ok || n != left || err != nil {
					rt.Fatalf("a wrong code: %v, %d left, not %d, %v", ok, n, left, err)
				}
			}
		}
	})
}

func TestCodesSayThatRedisFailed(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	c, who := codes(t, "redis://"+server.Addr()+"?max_retries=-1", orders.CodesConfig{}), phone("34600000001")
	server.SetError("ERR about SECRET")
	_, err := c.New(t.Context(), who)
	ok, _, failed := c.Check(t.Context(), who, "123456")
	if err == nil || failed == nil || ok || strings.Contains(err.Error()+failed.Error(), "SECRET") {
		t.Errorf("%v, %v", err, failed)
	}
	if _, err := c.New(t.Context(), gateway.Identity{}); err == nil {
		t.Error("nobody has a code")
	}
}

func TestNewCodesChecksTheConfig(t *testing.T) {
	t.Parallel()
	client := connect(t, "redis://"+miniredis.RunT(t).Addr())
	for _, c := range []orders.CodesConfig{{}, {Client: client, Key: []byte("short")}, {Client: client, Tries: -1}, {Client: client, Life: -1}} {
		if made, err := orders.NewCodes(c); err == nil || made != nil {
			t.Errorf("%+v is taken", c)
		}
	}
	if _, err := orders.NewCodes(orders.CodesConfig{Client: client}); err != nil {
		t.Errorf("without a key: %v", err)
	}
}

var _ gateway.Codes = (*orders.Codes)(nil)
