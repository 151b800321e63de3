package desk

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPasswords(t *testing.T) {
	t.Parallel()
	const password = "contraseña 🌻 larga"
	first, err := HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	second, err := HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	if first == second || !strings.HasPrefix(first, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(first, password) {
		t.Errorf("hashes %q and %q", first, second)
	}
	for guess, want := range map[string]bool{
		password: true, "": false, password + " ": false, strings.ToUpper(password): false, strings.Repeat("x", 2000): false,
	} {
		if ok, err := verify(first, guess); ok != want || err != nil {
			t.Errorf("%q is right: %v, %v", guess, ok, err)
		}
	}
}

func TestPasswordsThatAreRefused(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"": "at least 8", "ñññññññ": "at least 8", strings.Repeat("x", 1025): "at most 1024",
	} {
		if hash, err := HashPassword(password); err == nil || hash != "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%d bytes: %v", len(password), err)
		}
	}
}

// TestNobodysHash holds that the hash for names that don't exist costs as much as
// a real one and fits no password that is tried.
func TestNobodysHash(t *testing.T) {
	t.Parallel()
	for _, guess := range []string{"", "nobody", "recado-nobody-12"} {
		if ok, err := verify(nobody, guess); ok || err != nil {
			t.Errorf("%q: %v, %v", guess, ok, err)
		}
	}
	hash, err := HashPassword("12345678")
	if err != nil {
		t.Fatal(err)
	}
	cost := func(encoded string) string { return strings.Join(strings.Split(encoded, "$")[:4], "$") }
	if cost(hash) != cost(nobody) {
		t.Errorf("costs %q and %q", cost(hash), cost(nobody))
	}
}

func TestHashesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, encoded := range []string{
		"", "plain", "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=16$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=99,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=1,p=0$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=1,p=1$***$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAA", "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$*",
	} {
		if ok, err := verify(encoded, "x"); ok || err == nil {
			t.Errorf("%q was read", encoded)
		} else if len(encoded) > 0 && strings.Contains(err.Error(), encoded) {
			t.Errorf("the error repeats the hash: %v", err)
		}
	}
}

// FuzzVerify holds that no stored text makes verify panic or accept a password.
func FuzzVerify(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, encoded string) {
		if ok, err := verify(encoded, "a password"); ok || ok && err != nil {
			t.Errorf("%q accepts", encoded)
		}
	})
}

var clockStart = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// TestAttempts: any row of attempts, ended in any order, leaves nothing under way,
// never holds a right password back for longer than the longest delay, and keeps
// little of what strangers send.
func TestAttempts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, now := newAttempts(), clockStart
		var open []attempt
		failed := map[string]int{}
		finish := func() {
			i := rapid.IntRange(0, len(open)-1).Draw(t, "which")
			this, right := open[i], rapid.Bool().Draw(t, "right")
			open = append(open[:i], open[i+1:]...)
			a.end(this, right, nil, now)
			failed[this.key]++
			if right {
				failed[this.key] = 0
			}
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			if len(open) > 0 && rapid.Bool().Draw(t, "end") {
				finish()
				continue
			}
			name := rapid.SampledFrom([]string{"ana", "Ana", strings.Repeat("ñ", 3000)}).Draw(t, "name")
			this, err := a.begin(name, "192.0.2.1", now)
			if err != nil || this.wait > longestDelay || len(this.key) > 4*maxNameBytes {
				t.Fatalf("a key of %d bytes waits %s, %v", len(this.key), this.wait, err)
			}
			if failed[this.key] >= freeFailures && this.wait == 0 {
				t.Fatalf("no delay after %d failures", failed[this.key])
			}
			open = append(open, this)
		}
		for len(open) > 0 {
			finish()
		}
		if a.delayed != 0 {
			t.Fatalf("%d are still delayed", a.delayed)
		}
		for key, n := range failed {
			if got := a.seen[key]; got.failed != n || got.open != 0 {
				t.Fatalf("after %d failures: %+v", n, got)
			}
		}
	})
}

// TestWhatCouldNotBeLookedAtIsNoFailure: the store was away, or the browser left.
func TestWhatCouldNotBeLookedAtIsNoFailure(t *testing.T) {
	t.Parallel()
	a := newAttempts()
	for range 10 {
		this, err := a.begin("ana", "192.0.2.1", clockStart)
		if err != nil || this.wait > 0 {
			t.Fatalf("%s, %v", this.wait, err)
		}
		a.end(this, false, errBusy, clockStart)
	}
	if len(a.seen) != 0 {
		t.Errorf("%v is kept", a.seen)
	}
}

// TestAttemptsStayBounded: however many names are tried, and those under way are
// not forgotten for it.
func TestAttemptsStayBounded(t *testing.T) {
	t.Parallel()
	a := newAttempts()
	mine, err := a.begin("ana", "192.0.2.1", clockStart)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2*maxAttempts + 1 {
		now := clockStart.Add(time.Duration(i/maxAttempts) * failureMemory)
		this, err := a.begin("name"+strconv.Itoa(i), "192.0.2.1", now)
		if err != nil {
			t.Fatal(err)
		}
		a.end(this, false, nil, now)
		if len(a.seen) > maxAttempts {
			t.Fatalf("%d are kept", len(a.seen))
		}
	}
	if a.seen[mine.key].open != 1 {
		t.Error("one under way was forgotten")
	}
}
