package rag

import (
	"fmt"
	"strings"

	"github.com/recado/recado/rag/action"
)

// summary says what is going to happen when the customer says yes.
func summary(locale string, c action.Call) string {
	items := oneLine(strings.Join(c.Items, ", "))
	switch {
	case c.Kind == action.Cancel && locale == english:
		return fmt.Sprintf("Order %s will be cancelled.", c.Order)
	case c.Kind == action.Cancel:
		return fmt.Sprintf("Se cancelará el pedido %s.", c.Order)
	case c.Kind == action.ChangeAddress && locale == english:
		return fmt.Sprintf("Order %s will go to: %s", c.Order, oneLine(c.Address))
	case c.Kind == action.ChangeAddress:
		return fmt.Sprintf("El pedido %s se enviará a: %s", c.Order, oneLine(c.Address))
	case locale == english:
		return fmt.Sprintf("A return from order %s will be opened: %s", c.Order, items)
	}
	return fmt.Sprintf("Se abrirá una devolución del pedido %s: %s", c.Order, items)
}

// askFor asks the customer for what an action needs.
func askFor(locale string, c action.Call, need string) string {
	of := ""
	if c.Order != "" {
		of = map[bool]string{true: " of order " + c.Order, false: " del pedido " + c.Order}[locale == english]
	}
	switch {
	case need == "order" && locale == english:
		return "Which order is it? Please write its number."
	case need == "order":
		return "¿De qué pedido se trata? Escríbeme su número, por favor."
	case need == "address" && locale == english:
		return "What is the full new address? Please write street, number, postcode and town."
	case need == "address":
		return "¿Cuál es la nueva dirección completa? Escríbeme calle, número, código postal y población, por favor."
	case locale == english:
		return "Which items" + of + " do you want to return?"
	}
	return "¿Qué artículos" + of + " quieres devolver?"
}
