package api

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/web"
)

// agreementView is what the contact of a conversation agreed to.
type agreementView struct {
	// Consent is "unset", "given" or "withheld".
	Consent string     `json:"consent"`
	Agent   string     `json:"agent"`
	At      *time.Time `json:"at"`
}

// consentUnset is the word for a consent that nobody has said anything of.
const consentUnset = "unset"

func viewAgreement(a gateway.Agreement) agreementView {
	v := agreementView{Consent: string(a.Consent), Agent: a.By, At: moment(a.At)}
	if a.Consent == gateway.ConsentUnset {
		v.Consent = consentUnset
	}
	return v
}

// agreement tells whether what a customer wrote may be used to try changes.
func (a *API) agreement(_ http.ResponseWriter, r *http.Request) (any, error) {
	if a.Agreements == nil {
		return nil, errNoAgreements
	}
	agreement, err := a.Agreements.Agreement(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("read an agreement: %w", err)
	}
	return map[string]any{"agreement": viewAgreement(agreement)}, nil
}

// agree notes whether it may.
func (a *API) agree(w http.ResponseWriter, r *http.Request) (any, error) {
	if a.Agreements == nil {
		return nil, errNoAgreements
	}
	var body struct{ Consent, Agent string }
	if err := web.ReadJSON(w, r, maxBody, &body); err != nil {
		return nil, errors.Join(err, web.ErrNotJSON)
	}
	by, err := agentName(body.Agent)
	if err != nil {
		return nil, err
	}
	agreement := gateway.Agreement{By: by, At: a.Now()}
	switch body.Consent {
	case consentUnset:
	case string(gateway.ConsentGiven), string(gateway.ConsentWithheld):
		agreement.Consent = gateway.Consent(body.Consent)
	default:
		return nil, invalid("consent is needed: given, withheld or unset.")
	}
	if err := a.Agreements.Agree(r.Context(), r.PathValue("id"), agreement); err != nil {
		return nil, fmt.Errorf("note an agreement: %w", err)
	}
	a.Changed()
	return map[string]any{"agreement": viewAgreement(agreement)}, nil
}
