package knowledge_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// guessed is the locale that Parse finds in a text about which nothing else tells.
func guessed(text string) string {
	parsed, err := parse("x.md", text, "")
	if err != nil {
		return ""
	}
	return parsed[0].Locale
}

func TestGuessLocale(t *testing.T) {
	t.Parallel()
	es := "Puede devolver su pedido en un plazo de treinta días desde que lo recibe, sin coste para usted y con la factura. "
	en := "You can return your order for free within thirty days of the day on which you received it, with the invoice. "
	tests := []struct{ name, text, want string }{
		{"Spanish", es, "es"},
		{"English", en, "en"},
		{"a Spanish text that names English things", es + "Lost & Found, Free Shipping, Black Friday", "es"},
		{"short", "Envíos gratis desde 30 €", ""},
		{"both", es + en, ""},
		{"names and codes", "SKU-1 Zapatilla Runner X, SKU-2 Camiseta Sport, SKU-3 Pantalón Trek, Nike, Adidas, Puma", ""},
		{"Portuguese", "Você pode devolver o seu pedido em um prazo de trinta dias desde que o recebeu, sem custo para você e com a fatura da loja.", ""},
		{"French", "Vous pouvez rendre votre commande dans un délai de trente jours sans frais, avec la facture que vous avez reçue et le bon de retour.", ""},
		{"Italian", "È possibile restituire il suo ordine entro trenta giorni dalla data in cui lo ha ricevuto, senza costi per il cliente e con la fattura.", ""},
		{"Catalan", "Pot tornar la seva comanda en un termini de trenta dies des que la rep, sense cost per al client i amb la factura de la botiga.", ""},
		{"Galician", "Pode devolver o seu pedido nun prazo de trinta días desde que o recibe, sen custo para vostede e coa factura da tenda, que non se perde.", ""},
		{"German", "Sie können die Bestellung in dreißig Tagen zurückgeben, ohne dass es Sie etwas kostet, und mit der Rechnung, die in dem Paket ist.", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := guessed(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// corpusText is a document of the data sets that lie beside the repository.
type corpusText struct{ Lang, Text string }

// corpus reads at most limit bytes of texts of a data set, or skips the test.
func corpus(tb testing.TB, name string, limit int) []corpusText {
	tb.Helper()
	f, err := os.Open(filepath.Join("..", "..", "shared", "data", name, "corpus.jsonl"))
	if err != nil {
		tb.Skipf("the data set %s does not lie beside the repository", name)
	}
	defer f.Close()
	var list []corpusText
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for size := 0; size < limit && lines.Scan(); {
		var x corpusText
		if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
			tb.Fatal(err)
		}
		list, size = append(list, x), size+len(x.Text)
	}
	return list
}

// TestGuessLocaleOnCorpora: over real articles the guess is never wrong, and nearly
// always there.
func TestGuessLocaleOnCorpora(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"xquad", "logingov_help", "adobe_commerce_kb"} {
		right, wrong, total := 0, 0, 0
		for _, x := range corpus(t, name, 1<<21) {
			if len(x.Text) < 300 {
				continue
			}
			total++
			switch guessed("# A\n\n" + x.Text) {
			case x.Lang:
				right++
			case "":
			default:
				wrong++
			}
		}
		t.Logf("%s: %d of %d right, %d wrong", name, right, total, wrong)
		if wrong > 0 || right*100 < total*95 {
			t.Errorf("%s: %d of %d right, %d wrong", name, right, total, wrong)
		}
	}
}
