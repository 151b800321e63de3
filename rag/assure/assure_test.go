package assure_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/rag/assure"
)

const secret = "Calle del Secreto 7"

func TestAFieldOpensFromItsLevelOn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		need, has := assure.Level(rapid.IntRange(0, 3).Draw(t, "need")), assure.Level(rapid.IntRange(0, 3).Draw(t, "has"))
		value, ok := assure.Need(need, secret).For(assure.Grant(has))
		if ok != (has >= need) || (value == secret) != ok {
			t.Fatalf("level %d opened a field of level %d: %v %q", has, need, ok, value)
		}
	})
}

func TestTheZeroPassReachesNothing(t *testing.T) {
	t.Parallel()
	var p assure.Pass
	if _, ok := assure.Need(assure.Number, secret).For(p); ok || p.Level() != assure.Unknown {
		t.Fatal("the zero pass opens a field")
	}
}

func TestAFieldNeverTellsItsValueByItself(t *testing.T) {
	t.Parallel()
	f := assure.Need(assure.Verified, secret)
	type order struct{ Address assure.Field[string] }
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb, f)
		fmt.Fprintf(&out, verb, order{f})
		fmt.Fprintf(&out, verb, &order{f})
	}
	encoded, err := json.Marshal(order{f})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)
	for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(h).Info("an order", "field", f, "order", order{f})
	}
	if hex := fmt.Sprintf("%x", secret); strings.Contains(out.String(), "Secreto") || strings.Contains(out.String(), hex) {
		t.Fatalf("the value was told: %s", out.String())
	}
	if n := strings.Count(out.String(), "withheld"); n < 20 {
		t.Fatalf("%d times withheld: %s", n, out.String())
	}
}
