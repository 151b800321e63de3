package desk

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/recado/recado/gateway"
)

// act does what a form of the handoff page asks. Afterwards the browser is sent
// to a page, so that reloading does nothing twice; when it is refused, the page
// comes back with the reason and the text that was written.
func (d *Desk) act(w http.ResponseWriter, r *http.Request, agent string) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", gateway.ErrInvalid, err)
	}
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
	// A form that is sent twice is one reply; with another text it is another form.
	a.OutgoingID = gateway.OnceID(r.PostFormValue("once"), "desk", a.HandoffID, agent, a.Text)
	_, err := gateway.ActOnce(r.Context(), d.config.Desk, a)
	if err == nil {
		d.config.Changed()
		http.Redirect(w, r, after(a), http.StatusSeeOther)
		return nil
	}
	status, problem := refusal(err)
	if problem == "" {
		return fmt.Errorf("%s a handoff: %w", a.Kind, err)
	}
	h, err := d.config.Desk.Handoff(r.Context(), a.HandoffID)
	if err != nil {
		return fmt.Errorf("read a handoff: %w", err)
	}
	return d.showHandoff(w, r, agent, h, a.Text, problem, status)
}

// after is where an action leads: on with the conversation, or back to what
// waits.
func after(a gateway.Action) string {
	switch a.Kind {
	case gateway.ActionReturn, gateway.ActionResolve:
		return "/desk/?done=" + string(a.Kind)
	default:
		return "/desk/handoffs/" + url.PathEscape(a.HandoffID) + "?done=" + string(a.Kind) + "#reply"
	}
}

// refusal is the status and the phrase for an action that may not be done. The
// phrase is empty for an error of another kind.
func refusal(err error) (int, string) {
	switch {
	case errors.Is(err, gateway.ErrTaken):
		return http.StatusConflict, "refused_taken"
	case errors.Is(err, gateway.ErrClosed):
		return http.StatusConflict, "refused_closed"
	case errors.Is(err, gateway.ErrWindowClosed):
		return http.StatusConflict, "refused_window"
	case errors.Is(err, gateway.ErrInvalid):
		return http.StatusUnprocessableEntity, "refused_text"
	}
	return http.StatusInternalServerError, ""
}
