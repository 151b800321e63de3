package desk

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/recado/recado/gateway"
)

// saying is what an agent has said of a handoff, and may say.
type saying struct {
	HandoffID string
	// Verdict is what this agent said of the handoff, empty for nothing.
	Verdict gateway.Verdict
	// Edited tells that this agent sent the draft with changes, and Flaw what they said was
	// wrong with it.
	Edited bool
	Flaw   gateway.Flaw
	// From is the page that the form stands on, when it is not that of the handoff.
	From string
}

// saying is what this agent has said of a handoff, or nil where nothing can be said.
func (d *Desk) saying(ctx context.Context, handoffID, agent string) (*saying, error) {
	if d.config.Labels == nil {
		return nil, nil
	}
	list, err := d.labels(ctx, handoffID)
	if err != nil {
		return nil, err
	}
	s := &saying{HandoffID: handoffID}
	for _, l := range list {
		switch {
		case l.By != agent:
		case l.Kind == gateway.LabelHandoff:
			s.Verdict = l.Verdict
		case l.Verdict == gateway.VerdictEdited:
			s.Edited, s.Flaw = true, l.Flaw
		}
	}
	return s, nil
}

// labels reads what was said of a handoff: a few people can say two things each.
func (d *Desk) labels(ctx context.Context, handoffID string) ([]gateway.LabelView, error) {
	list, _, err := d.config.Labels.Labels(ctx, gateway.LabelFilter{HandoffID: handoffID}, gateway.Page{Limit: 200})
	if err != nil {
		return nil, fmt.Errorf("read what was said of a handoff: %w", err)
	}
	return list, nil
}

// say notes what an agent says of a handoff, or of the draft that they changed. Saying the
// same again takes it back.
func (d *Desk) say(w http.ResponseWriter, r *http.Request, agent string) error {
	if d.config.Labels == nil {
		return gateway.ErrNotFound
	}
	forget, err := d.parseForm(w, r)
	if err != nil {
		return err
	}
	defer forget()
	h, err := d.config.Desk.Handoff(r.Context(), r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("read a handoff: %w", err)
	}
	before, err := d.labels(r.Context(), h.ID)
	if err != nil {
		return err
	}
	verdict, flaw := gateway.Verdict(r.PostFormValue("verdict")), gateway.Flaw(r.PostFormValue("flaw"))
	l, err := gateway.LabelFrom(h, before, agent, verdict, flaw, d.config.Now())
	if err != nil {
		return fmt.Errorf("label a handoff: %w", err)
	}
	if err := d.note(r.Context(), l, before); err != nil {
		return err
	}
	d.config.Changed()
	to := handoffPath(h.ID) + "?done=said#said"
	if r.PostFormValue("from") == "inbox" {
		to = "/desk/?done=said"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// note keeps a label, or takes away the same one.
func (d *Desk) note(ctx context.Context, l gateway.Label, before []gateway.LabelView) error {
	i := slices.IndexFunc(before, func(b gateway.LabelView) bool { return b.Key() == l.Key() })
	same := i >= 0 && before[i].Verdict == l.Verdict && before[i].Flaw == l.Flaw
	var err error
	switch {
	case same && l.Kind == gateway.LabelDraft:
		// That it was edited stays: nobody said so, it was seen.
		l.Flaw = ""
		err = d.config.Labels.PutLabels(ctx, []gateway.Label{l})
	case same:
		err = d.config.Labels.DropLabel(ctx, l.Key())
	default:
		err = d.config.Labels.PutLabels(ctx, []gateway.Label{l})
	}
	if err != nil {
		return fmt.Errorf("label a handoff: %w", err)
	}
	return nil
}

// asked is what the inbox asks of the handoff that was just ended, or nil.
func (d *Desk) asked(r *http.Request, agent string) (*saying, error) {
	id := r.URL.Query().Get("handoff")
	if id == "" || d.config.Labels == nil {
		return nil, nil
	}
	if _, err := d.config.Desk.Handoff(r.Context(), id); err != nil {
		return nil, fmt.Errorf("read a handoff: %w", err)
	}
	s, err := d.saying(r.Context(), id, agent)
	if s != nil {
		s.From = "inbox"
	}
	return s, err
}
