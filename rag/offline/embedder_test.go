package offline_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag/offline"
)

func newEmbedder(tb testing.TB, dim int) *offline.Embedder {
	tb.Helper()
	e, err := offline.NewEmbedder(dim)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func embed(tb testing.TB, e *offline.Embedder, texts ...string) [][]float32 {
	tb.Helper()
	vectors, err := e.Embed(context.Background(), texts)
	if err != nil {
		tb.Fatal(err)
	}
	if len(vectors) != len(texts) {
		tb.Fatalf("%d vectors for %d texts", len(vectors), len(texts))
	}
	return vectors
}

func cosine(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func TestNewEmbedder(t *testing.T) {
	t.Parallel()
	for dim, ok := range map[int]bool{0: true, 64: true, 4096: true, 63: false, 4097: false, -1: false} {
		if _, err := offline.NewEmbedder(dim); (err == nil) != ok {
			t.Errorf("dimension %d: %v", dim, err)
		}
	}
	if a, b := newEmbedder(t, 64), newEmbedder(t, 128); a.Name() == b.Name() || a.Dim() != 64 {
		t.Errorf("names %q and %q, dimension %d", a.Name(), b.Name(), a.Dim())
	}
}

func TestEmbedGivesUnitVectors(t *testing.T) {
	t.Parallel()
	e := newEmbedder(t, 128)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		vectors, err := e.Embed(context.Background(), []string{text, text})
		if err != nil {
			t.Fatal(err)
		}
		if n := cosine(vectors[0], vectors[0]); math.Abs(n-1) > 1e-4 {
			t.Fatalf("length %v", n)
		}
		if !slices.Equal(vectors[0], vectors[1]) {
			t.Fatal("two vectors for one text")
		}
	})
}

func TestEmbedBringsTogetherWhatMeansTheSame(t *testing.T) {
	t.Parallel()
	e := newEmbedder(t, 0)
	for _, c := range []struct{ text, near, far string }{
		{"cuánto tardan los reembolsos", "¿Cuándo me devuelven el dinero?", "¿Cómo emparejo los auriculares?"},
		{"¿Puedo cancelar el pedido?", "cancel my order", "the invoice with VAT"},
		{"garantia de la cafetera", "garantía", "gastos de envío"},
		{"reembolzo con tarjeta", "reembolso con tarjeta", "bombilla inteligente"},
	} {
		v := embed(t, e, c.text, c.near, c.far)
		if near, far := cosine(v[0], v[1]), cosine(v[0], v[2]); near <= far+0.1 {
			t.Errorf("%q: %q %.2f, %q %.2f", c.text, c.near, near, c.far, far)
		}
	}
}

func TestEmbedEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	e := newEmbedder(t, 64)
	if _, err := e.Embed(ctx, []string{"x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if v, err := e.Embed(ctx, nil); err != nil || len(v) != 0 {
		t.Errorf("nothing to embed: %v, %v", v, err)
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	e := newEmbedder(t, 64)
	for _, c := range []struct {
		locale, text string
		want         []string
	}{
		{"es", "cuánto tarda a Tenerife", []string{"canarias"}},
		{"en", "how much to Poland", []string{"rest"}},
		{"es", "mi dinero", []string{"reembolso"}},
		{"es", "un reembolso", nil},
		{"es", "decibelios", nil},
	} {
		got := strings.Fields(e.Expand(c.locale, c.text))
		for _, w := range c.want {
			if !slices.Contains(got, w) {
				t.Errorf("%q lacks %q: %v", c.text, w, got)
			}
		}
		if c.want == nil {
			if diff := cmp.Diff([]string{}, got); diff != "" {
				t.Errorf("%q: %s", c.text, diff)
			}
		}
	}
}

func BenchmarkEmbed(b *testing.B) {
	e := newEmbedder(b, 0)
	text := []string{strings.Repeat("Tienes 30 días naturales desde la entrega para devolver un producto, sin dar motivos. ", 8)}
	for b.Loop() {
		if _, err := e.Embed(context.Background(), text); err != nil {
			b.Fatal(err)
		}
	}
}
