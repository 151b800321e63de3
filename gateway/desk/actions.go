package desk

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/recado/recado/gateway"
)

// act does what a form of the handoff page asks.
func (d *Desk) act(w http.ResponseWriter, r *http.Request, agent string) error {
	forget, err := d.parseForm(w, r)
	if err != nil {
		return err
	}
	defer forget()
	t := readDraft(r)
	a := gateway.Action{
		HandoffID: r.PathValue("id"), Kind: gateway.ActionKind(r.PathValue("action")),
		Agent: agent, At: d.config.Now(), Text: t.Text,
	}
	switch a.Kind {
	case gateway.ActionClaim, gateway.ActionReturn, gateway.ActionResolve, gateway.ActionVerify:
	case gateway.ActionReply:
		err = d.fillReply(r, t, &a)
	default:
		return gateway.ErrNotFound
	}
	return d.finish(w, r, a, t, d.after(a), err)
}

// finish does an action, unless something is wrong with it already, and sends the
// browser on to a page, so that reloading does nothing twice. When it is refused, the
// page comes back with the reason and what was written.
func (d *Desk) finish(w http.ResponseWriter, r *http.Request, a gateway.Action, t draft, to string, err error) error {
	if err == nil {
		_, err = gateway.ActOnce(r.Context(), d.config.Desk, a)
	}
	if err == nil {
		d.config.Changed()
		if to[0] == '?' {
			to = handoffPath(a.HandoffID) + to
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	}
	status, problem := refusal(err)
	if problem == "" {
		return fmt.Errorf("%s a handoff: %w", a.Kind, err)
	}
	d.drop(r.Context(), a.Content)
	h, err := d.config.Desk.Handoff(r.Context(), a.HandoffID)
	if err != nil {
		return fmt.Errorf("read a handoff: %w", err)
	}
	return d.showHandoff(w, r, a.Agent, h, t, problem, status)
}

func handoffPath(id string) string { return "/desk/handoffs/" + url.PathEscape(id) }

// take takes over a conversation that the assistant has, or nobody.
func (d *Desk) take(w http.ResponseWriter, r *http.Request, agent string) error {
	a := gateway.Action{
		ConversationID: r.PathValue("id"), Kind: gateway.ActionTake, Agent: agent, At: d.config.Now(),
	}
	h, err := d.config.Desk.Act(r.Context(), a)
	if errors.Is(err, gateway.ErrTaken) || errors.Is(err, gateway.ErrClosed) {
		// Its page leads to the handoff, and says who has it.
		http.Redirect(w, r, "/desk/conversations/"+url.PathEscape(a.ConversationID), http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return fmt.Errorf("take a conversation: %w", err)
	}
	d.config.Changed()
	http.Redirect(w, r, handoffPath(h.ID)+"?done=take#reply", http.StatusSeeOther)
	return nil
}

// after is where an action leads: on with the conversation, or back to what
// waits.
func (d *Desk) after(a gateway.Action) string {
	switch a.Kind {
	case gateway.ActionReturn, gateway.ActionResolve:
		to := "/desk/?done=" + string(a.Kind)
		if d.config.Labels != nil {
			to += "&handoff=" + url.QueryEscape(a.HandoffID)
		}
		return to
	default:
		return "?done=" + string(a.Kind) + "#reply"
	}
}

// refusal is the status and the phrase for an action that may not be done. The
// phrase is empty for an error of another kind.
func refusal(err error) (int, string) {
	var reason refused
	switch {
	case errors.As(err, &reason):
		return http.StatusUnprocessableEntity, string(reason)
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
