package desk

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/recado/recado/gateway"
)

// act does what a form of the handoff page asks. Afterwards the browser is sent
// to a page, so that reloading does nothing twice; when it is refused, the page
// comes back with the reason and the text that was written.
func (d *Desk) act(w http.ResponseWriter, r *http.Request, agent string) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	a := gateway.Action{
		HandoffID: r.PathValue("id"), Kind: gateway.ActionKind(r.PathValue("action")),
		Agent: agent, At: d.config.Now(),
		// Browsers send line breaks as CR LF.
		Text: strings.TrimSpace(strings.ReplaceAll(r.PostFormValue("text"), "\r\n", "\n")),
	}
	switch a.Kind {
	case gateway.ActionClaim, gateway.ActionReply, gateway.ActionReturn, gateway.ActionResolve:
	default:
		return gateway.ErrNotFound
	}
	_, err := d.config.Desk.Act(r.Context(), a)
	if err == nil {
		d.config.Changed()
		http.Redirect(w, r, after(a), http.StatusSeeOther)
		return nil
	}
	problem := refusal(err)
	if problem == "" {
		return fmt.Errorf("%s a handoff: %w", a.Kind, err)
	}
	h, err := d.config.Desk.Handoff(r.Context(), a.HandoffID)
	if err != nil {
		return fmt.Errorf("read a handoff: %w", err)
	}
	return d.showHandoff(w, r, agent, h, a.Text, problem, http.StatusConflict)
}

// after is where an action leads: on with the conversation, or back to what
// waits.
func after(a gateway.Action) string {
	switch a.Kind {
	case gateway.ActionReturn, gateway.ActionResolve:
		return "/desk/?done=" + string(a.Kind)
	default:
		return "/desk/handoffs/" + a.HandoffID + "?done=" + string(a.Kind) + "#reply"
	}
}

// refusal is the phrase for an action that may not be done, or "" for an error of
// another kind.
func refusal(err error) string {
	switch {
	case errors.Is(err, gateway.ErrTaken):
		return "refused_taken"
	case errors.Is(err, gateway.ErrClosed):
		return "refused_closed"
	case errors.Is(err, gateway.ErrWindowClosed):
		return "refused_window"
	case errors.Is(err, gateway.ErrInvalid):
		return "refused_text"
	}
	return ""
}
