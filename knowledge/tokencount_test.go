package knowledge_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tiktoken-go/tokenizer"
	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
)

// vocabularies count with the vocabularies that CountTokens estimates.
type vocabularies struct{ o200k, cl100k tokenizer.Codec }

func readVocabularies(tb testing.TB) vocabularies {
	tb.Helper()
	o200k, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		tb.Fatal(err)
	}
	cl100k, err := tokenizer.Get(tokenizer.Cl100kBase)
	if err != nil {
		tb.Fatal(err)
	}
	return vocabularies{o200k, cl100k}
}

func (v vocabularies) count(tb testing.TB, text string) (o200k, cl100k int) {
	tb.Helper()
	o200k, err := v.o200k.Count(text)
	if err != nil {
		tb.Fatal(err)
	}
	cl100k, err = v.cl100k.Count(text)
	if err != nil {
		tb.Fatal(err)
	}
	return o200k, cl100k
}

// TestCountTokensAgainstVocabularies holds the errors that CountTokens states, on
// corpora of prose, help articles with tables and code, and what customers write.
func TestCountTokensAgainstVocabularies(t *testing.T) {
	if testing.Short() {
		t.Skip("counts the tokens of whole corpora")
	}
	t.Parallel()
	v := readVocabularies(t)
	for _, name := range []string{
		"xquad", "squad_es_v2", "logingov_help", "adobe_commerce_kb", "covid_faq_en", "tau2_banking_kb", "mtrag_un", "epqa_products",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sums := map[string]*[3]int{}
			for _, x := range corpus(t, name, 300_000) {
				estimate := knowledge.CountTokens(x.Text)
				o200k, cl100k := v.count(t, x.Text)
				if sums[x.Lang] == nil {
					sums[x.Lang] = &[3]int{}
				}
				for i, n := range []int{estimate, o200k, cl100k} {
					sums[x.Lang][i] += n
				}
				if larger := max(o200k, cl100k); larger >= 20 && float64(estimate) < 0.65*float64(larger) {
					t.Errorf("%d of %d tokens: %q", estimate, larger, x.Text)
				}
			}
			for lang, sum := range sums {
				current, older := float64(sum[0])/float64(sum[1]), float64(sum[0])/float64(sum[2])
				t.Logf("%s: %.3f of o200k_base, %.3f of cl100k_base", lang, current, older)
				if current < 0.95 || current > 1.1 || older < 0.82 || older > 1.1 {
					t.Errorf("%s: %.3f of o200k_base, %.3f of cl100k_base", lang, current, older)
				}
			}
		})
	}
}

// TestCountTokensOfOtherTexts: what is no prose is never counted as less than half.
func TestCountTokensOfOtherTexts(t *testing.T) {
	t.Parallel()
	v := readVocabularies(t)
	for _, text := range []string{
		"https://www.tienda.example/es/devoluciones?utm_source=whatsapp&utm_medium=chat&id=8f3b2c1d-77aa-4e0b",
		"SKU-48213-XL, ES-2024-000123, REF:A1B2C3D4, IMEI 356938035643809, ES91 2100 0418 4502 0005 1332",
		"dGhpcyBpcyBhIGJhc2U2NCBlbmNvZGVkIHN0cmluZyB3aXRoIHNvbWUgbGVuZ3Ro",
		"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"| Zona | Precio | Plazo |\n| --- | --- | --- |\n| Península | 3,90 € | 24 h |\n| Baleares | 7,90 € | 48-72 h |\n| Canarias | 12,50 € | 5 días |\n",
		"😀🎁🚚👍🏽👨‍👩‍👧‍👦❤️✅🇪🇸", "👩🏿‍🚀🏴‍☠️🧑🏻‍🤝‍🧑🏽", "您好，我想退货，请问怎么办理？", "Здравствуйте, где мой заказ?", "مرحبا، أين طلبي؟",
		"こんにちは、注文はどこですか", "주문이 어디에 있나요", "ขอคืนสินค้าได้ไหม", "नमस्ते मेरा ऑर्डर कहाँ है", "Γειά σας, πού είναι η παραγγελία μου;",
		"xqzjkvwx bcdfghjk qwrtpsdf", "QWXZPLKJHG VBNMTR", `{"id":"x1","name":"María","qty":3,"price":12.5}`,
		"func main() {\n\tfor i := 0; i < 10; i++ {\n\t\tfmt.Println(i)\n\t}\n}\n", "ENVÍO GRATIS EN TODOS LOS PEDIDOS SUPERIORES A CINCUENTA EUROS",
		"1 2 3 4 5 6 7 8 9", "e\u0301n\u0303o", "ğüşiöç İstanbul", "łódź żółty", "ñandúes pingüinos", "¿¿¿Qué???", strings.Repeat("z", 300),
	} {
		o200k, cl100k := v.count(t, text)
		if estimate := knowledge.CountTokens(text); estimate*2 < max(o200k, cl100k) {
			t.Errorf("%d of %d tokens: %q", estimate, max(o200k, cl100k), text)
		}
	}
}

func TestCountTokensProperties(t *testing.T) {
	t.Parallel()
	v := readVocabularies(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), markdown().Draw(t, "b")
		switch whole := knowledge.CountTokens(a + b); {
		case (whole == 0) != (a+b == ""):
			t.Fatalf("%d tokens for %q", whole, a+b)
		case whole > knowledge.CountTokens(a)+knowledge.CountTokens(b)+2:
			t.Fatalf("%q and %q together are %d tokens, and %d and %d alone", a, b, whole, knowledge.CountTokens(a), knowledge.CountTokens(b))
		case whole > len(a+b):
			t.Fatalf("%d tokens for %d bytes: %q", whole, len(a+b), a+b)
		}
		if n, err := v.o200k.Count(b); err != nil || knowledge.CountTokens(b)*2 < n {
			t.Fatalf("%d of %d tokens: %q, %v", knowledge.CountTokens(b), n, b, err)
		}
	})
}

func FuzzCountTokens(f *testing.F) {
	for _, seed := range []string{"", "\xff\xfe", "\xc3", "\xc3\x97a\xc3\xb1", "a\xc3", "  \r\n1234", strings.Repeat("-", 70) + "\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := knowledge.CountTokens(text)
		if (n == 0) != (text == "") || n > 4*utf8.RuneCountInString(text) {
			t.Errorf("%d tokens for %q", n, text)
		}
	})
}

func BenchmarkCountTokens(b *testing.B) {
	texts := map[string]string{
		"spanish": "Puede devolver los productos que compró en un plazo de treinta días naturales, sin coste. ",
		"english": "You may return the products that you bought within thirty calendar days, at no cost to you. ",
		"table":   "| Baleares | 7,90 € | 48-72 h |\n",
	}
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			text := strings.Repeat(text, 1000)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if knowledge.CountTokens(text) == 0 {
					b.Fatal("no tokens")
				}
			}
		})
	}
}

func BenchmarkSplit(b *testing.B) {
	var text strings.Builder
	for i := range 300 {
		fmt.Fprintf(&text, "## Apartado %d\n\n%s\n\n- uno: %s\n- dos\n\n| Zona | Precio |\n| --- | --- |\n| Península | %d,90 € |\n\n",
			i, strings.Repeat("Puede devolver los productos que compró en treinta días naturales. ", 12), words(20, "paso"), i)
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if len(knowledge.Split(text.String())) < 300 {
			b.Fatal("too few chunks")
		}
	}
}
