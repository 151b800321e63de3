package pii_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag/pii"
)

func TestVault(t *testing.T) {
	t.Parallel()
	v := pii.NewVault(func(s pii.Span) bool { return s.Text == "900 123 456" })
	question := "Me llamo Ana. Mi móvil: 612 345 678, el de la tienda 900 123 456. Llega el 12/11/2026, dijo Ana al 612 345 678. Anabel no."
	masked := v.Mask(question)
	want := "Me llamo [[NAME_1]]. Mi móvil: [[PHONE_1]], el de la tienda 900 123 456. Llega el 12/11/2026, dijo [[NAME_1]] al [[PHONE_1]]. Anabel no."
	if diff := cmp.Diff(want, masked); diff != "" {
		t.Errorf("the question (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("ya os lo dijo [[NAME_1]], [[EMAIL_1]]", v.Mask("ya os lo dijo Ana, ana@correo.es")); diff != "" {
		t.Errorf("the next text (-want +got):\n%s", diff)
	}
	if got := v.Restore("Gracias, [[NAME_1]]: [[PHONE_1]], [[PHONE_7]]"); got != "Gracias, Ana: 612 345 678, [[PHONE_7]]" {
		t.Errorf("the draft is %q", got)
	}
	if diff := cmp.Diff([]string{"[[PHONE_7]]"}, v.Unknown("[[NAME_1]] [[PHONE_7]]")); diff != "" {
		t.Errorf("made up (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[pii.Kind]int{pii.Name: 1, pii.Phone: 1, pii.Email: 1}, v.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if again := v.Mask(question); again != masked {
		t.Errorf("the same text is masked as %q", again)
	}
}

// TestVaultPlaceholderOfTheCustomer takes a placeholder in a text for what it is, a
// text: no customer can ask for the value behind one.
func TestVaultPlaceholderOfTheCustomer(t *testing.T) {
	t.Parallel()
	v := pii.NewVault(nil)
	v.Mask("612 345 678")
	text := "¿qué es [[PHONE_1]] y [[TEXT_1]]?"
	masked := v.Mask(text)
	if masked != "¿qué es [[TEXT_1]] y [[TEXT_2]]?" || v.Restore(masked) != text {
		t.Errorf("%q became %q and %q", text, masked, v.Restore(masked))
	}
}

// TestVaultPrintsNothing prints a vault in the ways of a careless log.
func TestVaultPrintsNothing(t *testing.T) {
	t.Parallel()
	v := pii.NewVault(nil)
	v.Mask("612345678")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, v); strings.Contains(got, "612345678") {
			t.Errorf("%s prints the value", verb)
		}
	}
}

var placeholders = regexp.MustCompile(`\[\[[A-Z]+_[0-9]+\]\]`)

// checkMask holds what is promised of any text: it comes back as it was, and no value
// that is found stands in what is masked.
func checkMask(v *pii.Vault, text string) error {
	masked := v.Mask(text)
	if back := v.Restore(masked); back != text {
		return fmt.Errorf("%q became %q and came back as %q", text, masked, back)
	}
	if unknown := v.Unknown(masked); len(unknown) > 0 {
		return fmt.Errorf("%q holds %q, which the vault does not know", masked, unknown)
	}
	for _, s := range pii.Find(masked) {
		if s.Kind != pii.Date {
			return fmt.Errorf("%q still holds %s %q", masked, s.Kind, s.Text)
		}
	}
	left := placeholders.ReplaceAllString(masked, "\x00")
	for _, s := range pii.Find(text) {
		if s.Kind != pii.Date && standsAlone(left, s.Text) {
			return fmt.Errorf("%q became %q, which still holds %s %q", text, masked, s.Kind, s.Text)
		}
	}
	return nil
}

// standsAlone tells whether a value stands in a text and is no part of a longer word.
func standsAlone(text, value string) bool {
	word := func(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
	for at := 0; ; at++ {
		i := strings.Index(text[at:], value)
		if i < 0 {
			return false
		}
		at += i
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(value):])
		if !word(before) && !word(after) {
			return true
		}
	}
}

func TestMaskAndRestore(t *testing.T) {
	t.Parallel()
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{
			"4111 1111 1111 1111", "ES91 2100 0418 4502 0005 1332", "12345678Z", "612 345 678", "+34612345678", "ana@correo.es", "Calle Mayor 12, 3º B",
			"28006 Madrid", "me llamo Ana", "Nombre: Ana Ruiz", "password: hunter2", "code 482913", "https://a.es/b", "10.0.0.1", "12/11/2026", "nací el 3/5/1980",
			"[[CARD_1]]", "[[TEXT_1]]", "[[", "]]", "[", "]", "CARD_1", "_1]]", "[[PHONE_", " ", "\n", ".", ",", "-", "y", "vivo en ", "tel: ", "\xff", "é", "👍",
		}),
		rapid.String(),
		rapid.StringMatching(`[0-9 .\-()+]{1,20}`),
	)
	rapid.Check(t, func(t *rapid.T) {
		v := pii.NewVault(nil)
		for _, text := range rapid.SliceOfN(rapid.SliceOfN(piece, 0, 12), 1, 3).Draw(t, "texts") {
			if err := checkMask(v, strings.Join(text, "")); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzMaskAndRestore(f *testing.F) {
	f.Add("me llamo Ana, 612 345 678 \xff[[CARD_1]]", "Ana: [[NAME_1]]")
	f.Fuzz(func(t *testing.T, one, other string) {
		v := pii.NewVault(nil)
		for _, text := range []string{one, other} {
			if err := checkMask(v, text); err != nil {
				t.Fatal(err)
			}
		}
	})
}
