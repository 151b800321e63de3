package desk

import (
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

func TestAttemptsStayBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, now := newAttempts(), clockStart
		name := rapid.StringN(0, 3000, -1).Draw(t, "name")
		for i := range namePasses {
			if wait := a.take(name, "192.0.2.1", now); wait > 0 {
				t.Fatalf("attempt %d waits %s", i, wait)
			}
		}
		if wait := a.take(name, "192.0.2.1", now); wait != attemptWindow {
			t.Fatalf("one too many waits %s", wait)
		}
		a.forgive(name)
		if wait := a.take(name, "192.0.2.1", now); wait != 0 {
			t.Fatalf("after the right password: %s", wait)
		}
		for key := range a.seen {
			if len(key) > 4*maxNameBytes {
				t.Fatalf("a key of %d bytes is kept", len(key))
			}
		}
	})
}

func TestAttemptsFromOneAddress(t *testing.T) {
	t.Parallel()
	a := newAttempts()
	for i := range addressPasses + 10 {
		wait := a.take(strings.Repeat("n", i+1), "192.0.2.1", clockStart.Add(time.Duration(i)*time.Second))
		if (wait > 0) != (i >= addressPasses) {
			t.Errorf("attempt %d waits %s", i, wait)
		}
	}
	if wait := a.take("n", "192.0.2.2", clockStart); wait > 0 {
		t.Errorf("another address waits %s", wait)
	}
	if wait := a.take("n", "192.0.2.1", clockStart.Add(attemptWindow)); wait > 0 {
		t.Errorf("after the window: %s", wait)
	}
}

func TestAttemptsForgetWhatIsOver(t *testing.T) {
	t.Parallel()
	a := newAttempts()
	for i := range attemptsAtATime {
		a.take("name", strings.Repeat("i", i%50)+string(rune('a'+i%26))+string(rune(0x400+i/26)), clockStart)
	}
	later := clockStart.Add(attemptWindow)
	for range 3 {
		a.take("other", "192.0.2.1", later)
	}
	if n := len(a.seen); n > attemptsAtATime {
		t.Errorf("%d are kept", n)
	}
}
