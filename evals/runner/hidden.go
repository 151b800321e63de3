package runner

import (
	"strings"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/rag/pii"
)

// secret tells whether a kind of personal data is one that nobody may keep. A name, an
// account or an identity document in a customer's message is what an agent has to read.
func secret(k pii.Kind) bool { return k == pii.Card || k == pii.Secret || k == pii.Code }

// hidden checks that what is kept of a turn has no card, password or code of the customer
// in it.
func hidden(s suite.Step, o Outcome) []runs.Check {
	var secrets []string
	for _, text := range s.Say {
		for _, span := range pii.Find(text) {
			if secret(span.Kind) {
				secrets = append(secrets, span.Text)
			}
		}
	}
	if len(secrets) == 0 || len(o.Records) == 0 {
		return nil
	}
	var kept []string
	for _, r := range o.Records {
		kept = append(kept, r.Messages...)
		kept = append(kept, r.Query, r.Draft.Answer, r.Reply)
	}
	check := runs.Check{Name: "masked", OK: true, Want: "no card, password or code in the record"}
	for _, text := range secrets {
		if strings.Contains(strings.Join(kept, "\n"), text) {
			check.OK, check.Got = false, "one of them is in the record"
		}
	}
	return []runs.Check{check}
}
