package offline

import (
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/guard"
)

// wishWords are the words that wishes turn on.
const wishWords = "cancelar anular devolver devolucion quiero quisiera necesito pedido direccion cambiar " +
	"cancel return order change address"

// noSlips are words of their own that lie one letter from those.
const noSlips = "cancela cancelad cancelado cancelada cancelo cancele cancelan cancelas cancels cancer anulas quiere quiera quieto returns orders ordered older changes charge charged chance " +
	"pedidos pedida perdido perdidos direction cambia cambias cambian cambiad cambio cambie necesita necesite devuelve devolved addresses dresses"

// leastMended is how long a word is that is read with a slip mended.
const leastMended = 5

// mend reads the words of a wish, and those for what the customer ordered, where somebody
// slipped a letter: "rdturn the parcel".
func (m *Model) mend(folded string, f rag.OrderFacts) string {
	known := slices.Concat(strings.Fields(wishWords), m.orderedWords(f))
	words, own := strings.Fields(folded), strings.Fields(noSlips)
	for i, word := range words {
		if len(word) >= leastMended && !slices.Contains(own, word) && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") == "" {
			words[i] = guard.Respell(word, known)
		}
	}
	return " " + strings.Join(words, " ") + " "
}

// orderedWords are the words for the things in the orders, in both languages.
func (m *Model) orderedWords(f rag.OrderFacts) []string {
	things := map[string]bool{}
	var list []string
	for _, o := range f.Orders {
		for _, item := range o.Items {
			list = append(list, strings.Fields(fold(item.Name))...)
			for _, stem := range knowledge.Tokens("es", item.Name) {
				if concept, ok := m.concepts.of(stem); ok {
					things[concept] = true
				}
			}
		}
	}
	for _, row := range conceptWords {
		if things[row.name] {
			list = append(list, strings.Fields(row.es+" "+row.en)...)
		}
	}
	return slices.DeleteFunc(list, func(w string) bool { return len(w) < leastMended })
}
