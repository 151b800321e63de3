package knowledge_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/knowledge"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	tests := []struct {
		locale, text string
		want         []string
	}{
		{"es", "", nil},
		{"es", "¿Qué es la de los?", nil},
		{"es", "La DEVOLUCIÓN de Núñez", []string{"devolu", "nunez"}},
		{"es", "no sin", []string{"no", "sin"}},
		{"en", "The refunds are not refundable", []string{"refund", "not", "refund"}},
		{"pt", "Os reembolsos demoram", []string{"os", "reembolsos", "demoram"}},
		{"es-MX", "pedidos", []string{"ped"}},
		{"en", "AB-12.3 costs 19.99", []string{"ab123", "ab", "12", "3", "cost", "1999", "19", "99"}},
		{"en", "wi-fi 10-15 e-mail", []string{"wi", "fi", "10", "15", "e", "mail"}},
		{"en", "order #W-2001, W2001.", []string{"order", "w2001", "w", "2001", "w2001"}},
		{"en", "ﬁne ＡＢＣ", []string{"fine", "abc"}},
		{"zh", "退款 30 天", []string{"退款", "30", "天"}},
		{"en", "--- ... 5. 5, -5", []string{"5", "5", "5"}},
	}
	for _, test := range tests {
		got := knowledge.Tokens(test.locale, test.text)
		if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("Tokens(%q, %q) (-want +got):\n%s", test.locale, test.text, diff)
		}
	}
}

// TestTokensMeet: words that a customer and a policy write differently are one
// term.
func TestTokensMeet(t *testing.T) {
	t.Parallel()
	for locale, groups := range map[string][]string{
		"es": {
			"devolución devoluciones devolucion DEVOLUCIÓN", "pedido pedidos", "reembolso reembolsos reembolsar", "garantía garantías garantia",
			"envío envíos envio", "cancelación cancelaciones cancelar", "dirección direcciones direccion", "facturación facturacion",
		},
		"en": {"refund refunds refunded refunding", "return returns returned", "cancellation cancellations", "delivery deliveries", "café cafe"},
	} {
		for _, group := range groups {
			var terms []string
			for word := range strings.FieldsSeq(group) {
				terms = append(terms, knowledge.Tokens(locale, word)...)
			}
			for _, term := range terms {
				if term != terms[0] {
					t.Errorf("%s: %q gives %v", locale, group, terms)
					break
				}
			}
		}
	}
	// Words of another meaning stay apart.
	for locale, pair := range map[string][2]string{"es": {"precio", "preciso"}, "en": {"policy", "police"}} {
		if a, b := knowledge.Tokens(locale, pair[0]), knowledge.Tokens(locale, pair[1]); cmp.Equal(a, b) {
			t.Errorf("%s: %v both give %v", locale, pair, a)
		}
	}
}

func TestTokensCutAbsurdWords(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("ñandú", 100), strings.Repeat("x1", 400), strings.Repeat("ab1-", 400), strings.Repeat("退", 99)} {
		for _, locale := range []string{"es", "en", "zh"} {
			for _, token := range knowledge.Tokens(locale, text) {
				if len(token) > 64 || !utf8.ValidString(token) {
					t.Errorf("a term of %d bytes, valid %v", len(token), utf8.ValidString(token))
				}
			}
		}
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	for locale, want := range map[string]string{"es": "es", "es-MX": "es", "EN_us": "en", "": "", "zh-Hant-TW": "zh"} {
		if got := knowledge.Language(locale); got != want {
			t.Errorf("Language(%q) = %q", locale, got)
		}
	}
}

// FuzzTokens: terms are short, folded, and the same whether a text's words are
// lower-cased before or not.
func FuzzTokens(f *testing.F) {
	for _, text := range []string{"La devolución", "AB-12.3", "19,99", "İ", "ß", "e\u0301", "ſ", "Ⅷ", "a_1/2-b", "\xff"} {
		f.Add("es", text)
		f.Add("en", text)
	}
	f.Fuzz(func(t *testing.T, locale, text string) {
		for _, token := range knowledge.Tokens(locale, text) {
			if token == "" || len(token) > 64+8 {
				t.Errorf("a term of %d bytes", len(token))
			}
			if strings.IndexFunc(token, unicode.IsSpace) >= 0 {
				t.Errorf("a term with white space: %q", token)
			}
		}
	})
}

func TestSubsequence(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"a b", "", 0},
		{"a b c", "a b c", 3},
		{"a b c", "c b a", 1},
		{"a b c d", "x a y c z d", 3},
		{"a a b", "a b b", 2},
	} {
		a, b := strings.Fields(tt.a), strings.Fields(tt.b)
		if got, back := knowledge.Subsequence(a, b), knowledge.Subsequence(b, a); got != tt.want || back != tt.want {
			t.Errorf("%q and %q: %d, and the other way round %d; want %d", tt.a, tt.b, got, back, tt.want)
		}
	}
}
