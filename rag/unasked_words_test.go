package rag

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/recado/recado/rag/action"
)

// TestWishesInTheCustomersOwnWords are heard in many forms and with slips, and nothing else is
// heard as one.
func TestWishesInTheCustomersOwnWords(t *testing.T) {
	t.Parallel()
	for kind, texts := range map[action.Kind][]string{
		action.Cancel: {
			"cancela el W1", "Ya no lo quiero", "anuladme el pedido porfa", "lo pedí por error", "me he arrepentido", "CANCELAR", "quiero canclar el pedido", "cancfel my order",
			"I don't want it any more", "I no longer need it", "please stop the order", "ordered it twice by mistake", "can you call off the W1", "I changed my mind", "no lo enviéis", "devolvedme el dinero",
		},
		action.StartReturn: {
			"quiero devolver la lámpara", "me llegó rota", "no me gusta", "es demasiado grande", "¿me la recogéis?", "hacer una devolucion", "devolvr la lampara",
			"send it back", "I'd like to return the lamp", "it doesn't fit", "it's broken", "the lamp is too small", "wrong colour", "I want my money back", "retrun the lamp",
		},
		action.Invoice:       {"la factura del W1", "I need an invoice", "a receipt for tax", "recibo con IVA"},
		action.DeliveryProof: {"¿quién firmó?", "prueba de entrega", "proof of delivery", "it never arrived, who signed for it?"},
	} {
		for _, text := range texts {
			if !speakOf([]string{"Hola", text}, kind) {
				t.Errorf("%q: no %s", text, kind)
			}
		}
	}
	for _, text := range []string{
		"¿Cuánto cuesta el grabado de nombres en tazas?", "How much is engraving a name on a mug?", "¿Cómo va mi pedido W1?",
		"Where is my order W1?", "¿Cuándo abrís?", "Is the lamp in stock?", "¿Sirve para el baño?",
	} {
		for kind := range spokenOf {
			if speakOf([]string{text}, kind) {
				t.Errorf("%q: %s", text, kind)
			}
		}
	}
}

// TestWishesOfADataSet: nearly all who want to cancel say a word of it.
func TestWishesOfADataSet(t *testing.T) {
	t.Parallel()
	file, err := os.Open(filepath.Join("..", "..", "shared", "data", "bitext_support", "dev", "examples.jsonl"))
	if err != nil {
		t.Skip("the bitext_support data set is not beside the repository")
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	all, heard := 0, 0
	for lines.Scan() {
		var row struct{ Text, Intent string }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		if row.Intent != "cancel_order" {
			continue
		}
		all++
		if speakOf([]string{row.Text}, action.Cancel) {
			heard++
		}
	}
	if all < 50 || heard*100 < all*95 || lines.Err() != nil {
		t.Errorf("%d of %d heard, %v", heard, all, lines.Err())
	}
}
