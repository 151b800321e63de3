package desk

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/recado/recado/gateway"
)

// agreementOf reads what the customer of a conversation agreed to; without Agreements that is
// not known, and nil is given.
func (d *Desk) agreementOf(ctx context.Context, id string) (*gateway.Agreement, error) {
	if d.config.Agreements == nil {
		return nil, nil
	}
	a, err := d.config.Agreements.Agreement(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read an agreement: %w", err)
	}
	return &a, nil
}

// agree notes what a customer said of their words being used to try changes.
func (d *Desk) agree(w http.ResponseWriter, r *http.Request, agent string) error {
	if d.config.Agreements == nil {
		return gateway.ErrNotFound
	}
	forget, err := d.parseForm(w, r)
	if err != nil {
		return err
	}
	defer forget()
	a := gateway.Agreement{Consent: gateway.Consent(r.PostFormValue("consent")), By: agent, At: d.config.Now()}
	if err := d.config.Agreements.Agree(r.Context(), r.PathValue("id"), a); err != nil {
		return fmt.Errorf("note an agreement: %w", err)
	}
	d.config.Changed()
	// Its page leads to the handoff where there is an open one.
	http.Redirect(w, r, "/desk/conversations/"+url.PathEscape(r.PathValue("id"))+"?done=agree", http.StatusSeeOther)
	return nil
}
