package action

import (
	"maps"
	"slices"
	"strings"
)

// statuses are the words that shops use for a status, by the one that rules and replies
// know it by. Words are folded: lower case, without accents, with an underscore between
// them.
var statuses = map[string][]string{
	"pending":            {"pendiente", "open", "abierto", "new", "nuevo", "received", "recibido", "placed", "created", "creado", "unfulfilled"},
	"pending_payment":    {"pendiente_de_pago", "awaiting_payment", "payment_pending", "unpaid", "sin_pagar", "no_pagado"},
	"confirmed":          {"confirmado", "accepted", "aceptado"},
	"paid":               {"pagado", "payment_received", "pago_recibido"},
	"processing":         {"in_process", "in_progress", "preparing", "in_preparation", "en_preparacion", "preparando", "procesando", "en_proceso", "picking"},
	"packed":             {"empaquetado", "embalado", "ready_to_ship", "listo_para_enviar"},
	"on_hold":            {"retenido", "en_espera", "held"},
	"backordered":        {"backorder", "sin_existencias", "out_of_stock"},
	"shipped":            {"enviado", "dispatched", "despachado", "expedido", "fulfilled", "sent"},
	"partially_shipped":  {"parcialmente_enviado", "enviado_en_parte", "partially_fulfilled", "partial"},
	"in_transit":         {"en_transito", "en_camino", "on_its_way", "on_the_way"},
	"out_for_delivery":   {"en_reparto", "with_courier", "con_el_repartidor"},
	"ready_for_pickup":   {"listo_para_recoger", "ready_for_collection", "disponible_para_recoger"},
	"delivered":          {"entregado", "completed", "completado", "complete", "picked_up", "recogido"},
	"delivery_failed":    {"failed_delivery", "entrega_fallida", "no_entregado", "undelivered"},
	"lost":               {"perdido", "extraviado"},
	"delayed":            {"retrasado", "con_retraso"},
	"cancelled":          {"canceled", "cancelado", "anulado", "voided"},
	"return_requested":   {"devolucion_solicitada", "return_started", "return_pending"},
	"return_in_transit":  {"devolucion_en_camino", "devolucion_en_transito", "returning"},
	"returned":           {"devuelto", "return_received", "devolucion_recibida"},
	"refunded":           {"reembolsado", "refund_issued"},
	"partially_refunded": {"parcialmente_reembolsado", "reembolsado_en_parte", "partial_refund"},
}

// Statuses are the names by which rules and replies know statuses, sorted. What can be
// said of an order in each, and how, is told by rag/receipts and rag/offline.
func Statuses() []string { return slices.Sorted(maps.Keys(statuses)) }

// plain writes the letters of both languages without accents.
var plain = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ü", "u", "ñ", "n", "-", " ", "_", " ", "/", " ")

// fold is the form in which words are compared: lower case, without accents, one space
// between them.
func fold(text string) string {
	return strings.Join(strings.Fields(plain.Replace(strings.ToLower(text))), " ")
}

// Status gives the name by which rules know a status: "Enviado" and "dispatched" are
// "shipped". The feminine and the plural of a Spanish word count as the word. A shop's own
// status keeps its words, in lower case with underscores between them.
func Status(word string) string {
	word = strings.ReplaceAll(fold(word), " ", "_")
	forms := []string{word}
	for _, ending := range []string{"as", "os", "a"} {
		if stem, ok := strings.CutSuffix(word, ending); ok {
			forms = append(forms, stem+"o")
		}
	}
	for name, words := range statuses {
		if slices.ContainsFunc(forms, func(f string) bool { return f == name || slices.Contains(words, f) }) {
			return name
		}
	}
	return word
}
