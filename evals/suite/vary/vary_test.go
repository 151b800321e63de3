package vary_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/evals/suite/vary"
)

// message is what a customer may write, with what must not change among it.
func message() *rapid.Generator[string] {
	words := []string{
		"hola", "¿Cuánto", "tarda", "el", "pedido", "#W2024117", "10,50 €", "4111", "ana@example.com", "https://nogal.example.com/a", "DNI", "móvil,", "podéis",
		"enviarlo?", "por favor", "tarjeta regalo", "Order", "parcel", "refund", "please.", "my", "shop", "NOGAL10", "30", "días", "days!", "…", "¿tenéis", "Tú",
	}
	return rapid.Map(rapid.SliceOfN(rapid.SampledFrom(words), 1, 14), func(w []string) string { return strings.Join(w, " ") })
}

func drawn(t *rapid.T) (generator, language, seed string, messages []string) {
	return rapid.SampledFrom(vary.Generators()).Draw(t, "generator"), rapid.SampledFrom([]string{"es", "en"}).Draw(t, "language"),
		rapid.StringN(0, 10, 20).Draw(t, "seed"), rapid.SliceOfN(message(), 1, 4).Draw(t, "messages")
}

func TestTheSameSeedGivesTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		generator, language, seed, messages := drawn(t)
		before := slices.Clone(messages)
		first, second := vary.Messages(generator, language, seed, messages), vary.Messages(generator, language, seed, messages)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(before, messages); diff != "" {
			t.Fatalf("what came in was changed: %s", diff)
		}
	})
}

// precious are order numbers, amounts, codes and addresses.
var precious = regexp.MustCompile(`\S*(?:\d|@|://)\S*|\bDNI\b`)

func TestNumbersAndCodesStay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		generator, language, seed, messages := drawn(t)
		got := vary.Messages(generator, language, seed, messages)
		want := precious.FindAllString(strings.Join(messages, " "), -1)
		if generator != vary.Voice {
			if diff := cmp.Diff(want, precious.FindAllString(strings.Join(got, " "), -1)); diff != "" {
				t.Fatalf("%s: %s", generator, diff)
			}
			return
		}
		// What is spoken has no "#" and no punctuation, and small numbers are words.
		for _, w := range want {
			bare := strings.Trim(w, "#,.!?")
			if len(bare) > 2 && !strings.Contains(strings.ToLower(strings.Join(got, " ")), strings.ToLower(bare)) {
				t.Fatalf("%q is lost in %q", bare, got)
			}
		}
	})
}

func TestShape(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		generator, language, seed, messages := drawn(t)
		got := vary.Messages(generator, language, seed, messages)
		in, out := strings.Join(messages, " "), strings.Join(got, " ")
		switch generator {
		case vary.SplitBubbles:
			if strings.Join(strings.Fields(in), " ") != strings.Join(strings.Fields(out), " ") || len(got) > len(messages)+2 {
				t.Fatalf("%q became %q", messages, got)
			}
		case vary.NoAccents:
			if strings.ContainsAny(out, "áéíóúü¿¡") || len(got) != len(messages) {
				t.Fatal(got)
			}
		case vary.Voice:
			if strings.ContainsAny(out, "¿?¡!…") || strings.ContainsFunc(strings.ReplaceAll(out, "W", ""), unicode.IsUpper) && !strings.ContainsFunc(in, unicode.IsDigit) {
				t.Fatalf("%q became %q", in, out)
			}
		case vary.Typos:
			if len(strings.Fields(in)) != len(strings.Fields(out)) {
				t.Fatalf("%q became %q", in, out)
			}
		}
	})
}

func TestTyposAreFew(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := strings.TrimSpace(strings.Repeat("reembolso tarjeta devolución ", rapid.IntRange(1, 5).Draw(t, "times")))
		got := vary.Messages(vary.Typos, "es", rapid.StringN(0, 8, 16).Draw(t, "seed"), []string{text})
		wrong := 0
		words := strings.Fields(text)
		for i, word := range strings.Fields(got[0]) {
			if word != words[i] {
				wrong++
			}
			if []rune(word)[0] != []rune(words[i])[0] {
				t.Fatalf("%s begins with another letter: %s", words[i], word)
			}
		}
		if wrong < 1 || wrong > 1+len(words)/4 {
			t.Fatalf("%d of %d words are wrong: %s", wrong, len(words), got[0])
		}
	})
}

func TestMessages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		generator, language string
		messages, want      []string
	}{
		"accents":         {vary.NoAccents, "es", []string{"¿Cuántos días? ¡Pingüino, señora!"}, []string{"Cuantos dias? Pinguino, señora!"}},
		"Mexico":          {vary.Mexico, "es", []string{"¿Tenéis auriculares para el móvil?"}, []string{"¿Tienen audífonos para el celular?"}},
		"Argentina":       {vary.Argentina, "es", []string{"Tú dime si puedes, por favor."}, []string{"Vos decime si podés, porfa."}},
		"formal":          {vary.Usted, "es", []string{"Hola, ¿puedes decirme cuál es tu horario?"}, []string{"Buenos días, ¿puede decirme cuál es su horario?"}},
		"American":        {vary.US, "en", []string{"Parcel cancelled: which shop? My postcode is LS6 2AB"}, []string{"Package canceled: which store? My zip code is LS6 2AB"}},
		"British":         {vary.UK, "en", []string{"My package and my zip code"}, []string{"My parcel and my postcode"}},
		"another country": {vary.Mexico, "en", []string{"my mobile"}, []string{"my mobile"}},
		"no language":     {vary.Regional, "fr", []string{"mon colis"}, []string{"mon colis"}},
		"switch":          {vary.CodeSwitch, "es", []string{"mi pedido #W2024117"}, []string{"mi order #W2024117"}},
		"switch phrases":  {vary.CodeSwitch, "es", []string{"una tarjeta regalo"}, []string{"una gift card"}},
		"switch English":  {vary.CodeSwitch, "en", []string{"Order W2024117?"}, []string{"Pedido W2024117?"}},
		"nothing to say":  {vary.CodeSwitch, "es", []string{"hola"}, []string{"hola"}},
		"too short":       {vary.SplitBubbles, "es", []string{"Hola, ¿qué tal?"}, []string{"Hola, ¿qué tal?"}},
		"at the comma":    {vary.SplitBubbles, "es", []string{"Buenas", "Hola, quiero saber algo"}, []string{"Buenas", "Hola,", "quiero saber algo"}},
		"numbers stay":    {vary.SplitBubbles, "es", []string{"el pedido 1042 77"}, []string{"el pedido 1042 77"}},
		"codes alone":     {vary.Typos, "es", []string{"#W2024117 12,50 € DNI ana@example.com"}, []string{"#W2024117 12,50 € DNI ana@example.com"}},
		"unknown":         {"louder", "es", []string{"hola"}, []string{"hola"}},
	} {
		if diff := cmp.Diff(c.want, vary.Messages(c.generator, c.language, "seed", c.messages)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestVoiceSaysSmallNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ language, said, want string }{
		{"es", "Tengo 31 días.", "tengo treinta y uno días"},
		{"es", "16", "dieciséis"},
		{"es", "100", "cien"},
		{"es", "40", "cuarenta"},
		{"es", "0", "cero"},
		{"en", "I have 31 days!", "i have thirty one days"},
		{"en", "19", "nineteen"},
		{"en", "100", "a hundred"},
		{"en", "90", "ninety"},
		{"es", "#W2024117", "W2024117"},
		{"es", "#12", "12"},
		{"es", "07", "07"},
		{"en", "101", "101"},
		{"en", "Ana@example.com,", "Ana@example.com"},
	} {
		got := vary.Messages(vary.Voice, c.language, "s", []string{c.said})[0]
		if !strings.HasSuffix(got, c.want) || got == c.want {
			t.Errorf("%s: %q", c.said, got)
		}
	}
	if got := vary.Messages(vary.Voice, "es", "s", []string{"…"}); got[0] != "…" {
		t.Error(got)
	}
}

// TestRegionsDiffer holds that the seed chooses, and that each region comes up.
func TestRegionsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for seed := range 60 {
		seen[vary.Messages(vary.Regional, "es", string(rune('a'+seed)), []string{"Hola, ¿tienes un móvil?"})[0]] = true
	}
	for _, want := range []string{"Hola, ¿tienes un celular?", "Hola, ¿tenés un celular?", "Buenos días, ¿tiene un móvil?"} {
		if !seen[want] {
			t.Errorf("%q never came up: %v", want, seen)
		}
	}
}

func FuzzMessages(f *testing.F) {
	f.Add("voice", "es", "x", "Hola, ¿tienes 31 días para el pedido #W2024117?")
	f.Add("typos", "en", "y", "how long does it take")
	f.Add("split_bubbles", "en", "", "\u00a0 a b c d, e")
	f.Fuzz(func(t *testing.T, generator, language, seed, text string) {
		got := vary.Messages(generator, language, seed, []string{text})
		if len(got) == 0 {
			t.Error("nothing is left")
		}
	})
}
