// Package vaulttest is the contract of gateway.Vault in code: what its doc comments
// say, as checks that every vault passes.
package vaulttest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
)

// Open opens the vault at one place: a folder or a bucket. It is called several times
// for a place, also while what it returned before is still in use.
type Open func() (gateway.Vault, error)

// mime is the type of all content here. No vault looks at it.
const mime = "image/jpeg"

// errBroken is what a reader that breaks off ends with.
var errBroken = errors.New("the source broke off")

// reporter is what a test and a property have in common.
type reporter interface {
	Helper()
	Context() context.Context
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// bundle is what each test works with.
type bundle struct {
	reporter
	open  Open
	vault gateway.Vault
}

// TestVault runs the contract. place makes a fresh, empty place for each test.
func TestVault(t *testing.T, place func(testing.TB) Open) {
	for name, run := range map[string]func(*bundle){
		"Sizes": sizes, "Nothing": nothing, "Replace": replace, "Remove": remove,
		"Broken": broken, "Cancelled": cancelled, "Names": names, "Reopen": reopen, "Ping": ping, "Concurrent": concurrent,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(newBundle(t, place(t)))
		})
	}
	t.Run("Random", func(t *testing.T) {
		t.Parallel()
		random(t, place)
	})
}

func newBundle(t reporter, open Open) *bundle {
	t.Helper()
	b := &bundle{reporter: t, open: open}
	b.again()
	return b
}

// again goes on with a vault that is opened anew at the same place.
func (b *bundle) again() {
	b.Helper()
	vault, err := b.open()
	if err != nil {
		b.Fatal(err)
	}
	b.vault = vault
}

func (b *bundle) put(id string, content []byte) {
	b.Helper()
	if err := b.vault.Put(b.Context(), id, bytes.NewReader(content), int64(len(content)), mime); err != nil {
		b.Fatal(err)
	}
}

// holds checks what is under an id. No content means that there has to be none.
func (b *bundle) holds(id string, want []byte) {
	b.Helper()
	file, err := b.vault.Open(b.Context(), id)
	if want == nil {
		if !errors.Is(err, gateway.ErrNotFound) {
			b.Fatalf("opening what is not there gives %v", err)
		}
		return
	}
	if err != nil {
		b.Fatal(err)
	}
	got, err := io.ReadAll(file)
	if err = errors.Join(err, file.Close()); err != nil {
		b.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		b.Fatalf("%d bytes came back that are not the %d that were put", len(got), len(want))
	}
}

// content is n bytes that look like nothing else.
func content(n int) []byte {
	random := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)})
	made := make([]byte, n)
	if _, err := random.Read(made); err != nil {
		panic(err) // it never gives one
	}
	return made
}

// newID is an id as the gateway makes them.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// large is more than a vault should want to hold in memory, and no round number.
const large = 17<<20 + 17

func sizes(b *bundle) {
	for _, n := range []int{0, 1, 511, 4096, 1<<20 + 1, large} {
		id, want := newID(), content(n)
		b.put(id, want)
		b.holds(id, want)
	}
	// A source may give what it has in small pieces, and its end with the last.
	id, want := newID(), content(10_000)
	for _, slow := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
		if err := b.vault.Put(b.Context(), id, slow(bytes.NewReader(want)), int64(len(want)), mime); err != nil {
			b.Fatal(err)
		}
		b.holds(id, want)
	}
}

func nothing(b *bundle) {
	b.holds(newID(), nil)
	b.put(newID(), content(10))
	b.holds(newID(), nil)
}

func replace(b *bundle) {
	id, other := newID(), newID()
	b.put(other, content(77))
	for _, n := range []int{5000, 20, 0, 300} {
		b.put(id, content(n))
		b.holds(id, content(n))
	}
	b.holds(other, content(77))
}

func remove(b *bundle) {
	id, other := newID(), newID()
	b.put(id, content(100))
	b.put(other, content(200))
	for range 2 {
		if err := b.vault.Remove(b.Context(), id); err != nil {
			b.Fatalf("removing gives %v", err)
		}
		b.holds(id, nil)
	}
	b.holds(other, content(200))
	b.put(id, content(300))
	b.holds(id, content(300))
}

// source is content that is not what its size says.
type source struct {
	name string
	from io.Reader
	size int
	// is what the error has to be, when it is one that is known.
	is error
}

// sources are made of n bytes.
func sources(n int) []source {
	whole := content(n)
	return []source{
		{"too short", bytes.NewReader(whole[:n-1]), n, nil},
		{"too long", io.MultiReader(bytes.NewReader(whole), strings.NewReader("x")), n, nil},
		{"breaks off", io.MultiReader(bytes.NewReader(whole[:n/2]), iotest.ErrReader(errBroken)), n, errBroken},
		{"breaks at the end", io.MultiReader(bytes.NewReader(whole), iotest.ErrReader(errBroken)), n, errBroken},
		{"size below nothing", bytes.NewReader(whole), -1, nil},
		{"size of nothing", bytes.NewReader(whole), 0, nil},
		{"nothing, and that fails", iotest.ErrReader(errBroken), 0, errBroken},
	}
}

// broken: content that is not what its size says changes nothing, whether there was
// something before or not.
func broken(b *bundle) {
	for _, tt := range []struct {
		n      int
		before []byte
	}{{1, nil}, {1, content(50)}, {100, nil}, {100, content(50)}, {large, content(50)}} {
		id := newID()
		if tt.before != nil {
			b.put(id, tt.before)
		}
		for _, s := range sources(tt.n) {
			err := b.vault.Put(b.Context(), id, s.from, int64(s.size), mime)
			if err == nil || (s.is != nil && !errors.Is(err, s.is)) {
				b.Errorf("%s, %d bytes: the error is %v", s.name, tt.n, err)
			}
		}
		b.holds(id, tt.before)
	}
}

func cancelled(b *bundle) {
	id := newID()
	b.put(id, content(30))
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	if err := b.vault.Put(ctx, id, bytes.NewReader(content(40)), 40, mime); !errors.Is(err, context.Canceled) {
		b.Errorf("putting gives %v", err)
	}
	if _, err := b.vault.Open(ctx, id); !errors.Is(err, context.Canceled) {
		b.Errorf("opening gives %v", err)
	}
	if err := b.vault.Remove(ctx, id); !errors.Is(err, context.Canceled) {
		b.Errorf("removing gives %v", err)
	}
	if err := b.vault.Ping(ctx); !errors.Is(err, context.Canceled) {
		b.Errorf("ping gives %v", err)
	}
	b.holds(id, content(30))
}

// names: what could be anything but a name has no content and gets none.
func names(b *bundle) {
	id := newID()
	b.put(id, content(60))
	for _, name := range []string{
		"", ".", "..", "/", "../../etc/passwd", "/etc/passwd", "../" + id, id + "/..", "a/" + id, `..\` + id, id + "\x00", id + " ",
		id + ".jpg", strings.ToUpper(id), "%2e%2e%2f" + id, id + "?x", id + "#", "ñandúñandú", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8",
		strings.Repeat("a", 300), id + "\n", "C:" + id, "~" + id, "$HOME-" + id, "short",
	} {
		if err := b.vault.Put(b.Context(), name, bytes.NewReader(content(5)), 5, mime); err == nil {
			b.Errorf("content was put under %q", name)
		} else if len(name) > 5 && strings.Contains(err.Error(), name) {
			b.Errorf("the error repeats the name: %v", err)
		}
		b.holds(name, nil)
		if err := b.vault.Remove(b.Context(), name); err != nil {
			b.Errorf("removing %q gives %v", name, err)
		}
	}
	b.holds(id, content(60))
}

func reopen(b *bundle) {
	kept, removed, first := newID(), newID(), b.vault
	b.put(kept, content(1000))
	b.put(removed, content(10))
	if err := b.vault.Remove(b.Context(), removed); err != nil {
		b.Fatal(err)
	}
	b.again()
	b.holds(kept, content(1000))
	b.holds(removed, nil)
	b.put(kept, content(2000))
	b.vault = first
	b.holds(kept, content(2000))
}

func ping(b *bundle) {
	for range 2 {
		if err := b.vault.Ping(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// concurrent: whoever opens content while others replace it gets one of the wholes.
func concurrent(b *bundle) {
	id := newID()
	wholes := [][]byte{content(100_000), content(70_000), content(3)}
	b.put(id, wholes[0])
	var tasks sync.WaitGroup
	for worker := range 6 {
		tasks.Go(func() {
			for round := range 10 {
				whole := wholes[(worker+round)%len(wholes)]
				if worker%2 == 0 {
					if err := b.vault.Put(b.Context(), id, bytes.NewReader(whole), int64(len(whole)), mime); err != nil {
						b.Error(err)
					}
					continue
				}
				b.oneOf(id, wholes)
			}
		})
	}
	tasks.Wait()
	b.oneOf(id, wholes)
}

func (b *bundle) oneOf(id string, wholes [][]byte) {
	file, err := b.vault.Open(b.Context(), id)
	if err != nil {
		b.Error(err)
		return
	}
	defer file.Close()
	got, err := io.ReadAll(file)
	if err != nil {
		b.Error(err)
	}
	for _, whole := range wholes {
		if bytes.Equal(got, whole) {
			return
		}
	}
	b.Errorf("%d bytes are none of what was put", len(got))
}

// random: any sequence of calls gives what a map would, also for a vault that is opened
// anew in between.
func random(t *testing.T, place func(testing.TB) Open) {
	rapid.Check(t, func(rt *rapid.T) {
		b := newBundle(rt, place(t))
		ids := []string{newID(), newID(), newID()}
		model := map[string][]byte{}
		id := func(rt *rapid.T) string { return rapid.SampledFrom(ids).Draw(rt, "id") }
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				id, whole := id(rt), content(rapid.IntRange(0, 3000).Draw(rt, "size"))
				b.put(id, whole)
				model[id] = whole
			},
			"put broken": func(rt *rapid.T) {
				n := rapid.IntRange(1, 3000).Draw(rt, "size")
				if b.vault.Put(b.Context(), id(rt), bytes.NewReader(content(n-1)), int64(n), mime) == nil {
					rt.Fatal("content that was too short was put")
				}
			},
			"remove": func(rt *rapid.T) {
				id := id(rt)
				if err := b.vault.Remove(b.Context(), id); err != nil {
					rt.Fatal(err)
				}
				delete(model, id)
			},
			"reopen": func(*rapid.T) { b.again() },
			"": func(*rapid.T) {
				for _, id := range ids {
					b.holds(id, model[id])
				}
			},
		})
	})
}
