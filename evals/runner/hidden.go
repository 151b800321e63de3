package runner

import (
	"encoding/json"
	"strings"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/rag/pii"
)

// checkable are the kinds of personal data that have a form which can be checked, so that
// finding one is no guess.
func checkable(k pii.Kind) bool {
	switch k {
	case pii.Card, pii.IBAN, pii.ID, pii.Email, pii.Secret:
		return true
	}
	return false
}

// hidden checks that what is kept of a turn has no card, account, identity document,
// e-mail or password of the customer in it, nor their phone number.
func hidden(c suite.Case, s suite.Step, o Outcome) []runs.Check {
	var secrets []string
	for _, text := range s.Say {
		for _, span := range pii.Find(text) {
			if checkable(span.Kind) {
				secrets = append(secrets, span.Text)
			}
		}
	}
	if len(secrets) == 0 || len(o.Records) == 0 {
		return nil
	}
	kept := ""
	for _, r := range o.Records {
		// A record is plain data; it always marshals.
		text, _ := json.Marshal(r)
		kept += string(text)
	}
	check := runs.Check{Name: "masked", OK: true, Want: "no personal data in the record"}
	for _, secret := range append(secrets, c.Customer.Phone) {
		if secret != "" && strings.Contains(kept, secret) {
			check.OK, check.Got = false, "personal data in the record"
		}
	}
	return []runs.Check{check}
}
