package intent_test

import (
	"testing"

	"github.com/recado/recado/rag/intent"
)

func TestWhatNoShopHasToDoWith(t *testing.T) {
	t.Parallel()
	topic := intent.NewTopic()
	for _, text := range []string{
		"¿Quién ganó el mundial?", "Who won the World Cup in 1998?", "cuéntame un chiste de abogados", "tell me a joke about cats",
		"¿qué tiempo hace mañana en Cádiz?", "what's the weather like in Leeds", "escríbeme un poema para mi madre", "cuál es la capital de Mongolia",
		"what is the capital of peru", "traduce esto al francés: me gusta el mar", "dame una receta de croquetas", "help me with my homework",
	} {
		if topic.Elsewhere(text) == "" {
			t.Errorf("%q counts as something for a shop", text)
		}
	}
	for _, text := range []string{
		"", "hola", "el mundial", "do you repair shoes?", "¿Arregláis relojes?", "¿vendéis entradas para el partido de mañana?", "do you sell umbrellas? the weather is awful",
		"the hotel says my parcel never arrived", "mi novia me ha dejado el paquete en casa", "¿Cuántos decibelios hace el ventilador?", "is this for the nfl?",
		"la capital de mi pedido", "who owns the company", "quiero poner una queja", "Arabela molinillo cerámico acero", "my order was for the football game last night",
		"¿quién ganó el sorteo de la tienda?", "nadie me hace caso", "estoy harta", "esto es una vergüenza",
	} {
		if told := topic.Elsewhere(text); told != "" {
			t.Errorf("%q counts as nothing for a shop, for %q", text, told)
		}
	}
}

func FuzzElsewhere(f *testing.F) {
	topic := intent.NewTopic()
	f.Add("¿Quién ganó el mundial?")
	f.Add("\xff poem \x00")
	f.Fuzz(func(t *testing.T, text string) {
		if topic.Elsewhere(text) != "" && topic.Elsewhere(text+" my order") != "" {
			t.Fatalf("%q with an order is nothing for a shop", text)
		}
	})
}

func BenchmarkNewTopic(b *testing.B) {
	for b.Loop() {
		if intent.NewTopic().Elsewhere("tell me a joke about cats") == "" {
			b.Fatal("a joke is something for a shop")
		}
	}
}
