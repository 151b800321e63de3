package rag

import (
	"regexp"

	"github.com/recado/recado/rag/receipts"
)

// The risk classes of an answer, by what a wrong one could promise.
const (
	// RiskOrder is an answer about an order.
	RiskOrder = "order"
	// RiskMoney is one that names an amount.
	RiskMoney = "money"
	// RiskFigures is one that names another number or a date, such as a time limit.
	RiskFigures = "figures"
	// RiskWords is every other one.
	RiskWords = "words"
)

// amount is a figure with its currency, before or after it.
var amount = regexp.MustCompile(`(?i)[€$£]\s?\d|\d\s?(?:[€$£]|(?:eur|euros?|usd|d[oó]lar(?:es)?|dollars?|pesos?|mxn|gbp|pounds?|libras?)\b)`)

// RiskOf is the risk class of an answer. Calibrations keep an offset for each that they
// were fitted on.
func RiskOf(text string, aboutOrders bool) string {
	switch {
	case aboutOrders:
		return RiskOrder
	case amount.MatchString(text):
		return RiskMoney
	case len(receipts.Missing(text, nil)) > 0:
		return RiskFigures
	}
	return RiskWords
}
