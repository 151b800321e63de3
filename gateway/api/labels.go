package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/web"
)

// labelView is what one person said of one turn or handoff. Its words, the question and
// the draft, are with the turn.
type labelView struct {
	Kind           string `json:"kind"`
	Verdict        string `json:"verdict"`
	Flaw           string `json:"flaw"`
	TurnID         string `json:"turn_id"`
	HandoffID      string `json:"handoff_id"`
	ConversationID string `json:"conversation_id"`
	Agent          string `json:"agent"`
	Source         string `json:"source"`
	// Edited is the share of the words of a draft that were changed, and Chance the
	// probability with which the turn was drawn for a sample, 0 when it was not.
	Edited float64    `json:"edited"`
	Chance float64    `json:"chance"`
	Note   string     `json:"note"`
	At     *time.Time `json:"at"`
}

func viewLabel(l gateway.LabelView) labelView {
	return labelView{
		Kind: string(l.Kind), Verdict: string(l.Verdict), Flaw: string(l.Flaw), TurnID: l.TurnID, HandoffID: l.HandoffID,
		ConversationID: l.ConversationID, Agent: l.By, Source: string(l.Source), Edited: l.Edited, Chance: l.Chance, Note: l.Note, At: moment(l.At),
	}
}

// labels lists what was said, oldest first.
func (a *API) labels(_ http.ResponseWriter, r *http.Request) (any, error) {
	if a.Labels == nil {
		return nil, errNoLabels
	}
	p, err := page(r)
	if err != nil {
		return nil, err
	}
	f := gateway.LabelFilter{HandoffID: r.URL.Query().Get("handoff")}
	if since := r.URL.Query().Get("since"); since != "" {
		if f.Since, err = time.Parse(time.RFC3339, since); err != nil {
			return nil, invalid("since must be a time such as 2026-03-02T09:40:00Z.")
		}
	}
	list, next, err := a.Labels.Labels(r.Context(), f, p)
	if err != nil {
		return nil, fmt.Errorf("list labels: %w", badCursor(err))
	}
	return views("labels", list, viewLabel, next), nil
}

// labelBody is what is said of a turn or a handoff.
type labelBody struct {
	Agent   string
	TurnID  string `json:"turn_id"`
	Verdict string
	Flaw    string
	Note    string
}

func (a *API) readLabel(w http.ResponseWriter, r *http.Request) (body labelBody, err error) {
	if a.Labels == nil {
		return body, errNoLabels
	}
	if err := web.ReadJSON(w, r, maxBody, &body); err != nil {
		return body, errors.Join(err, web.ErrNotJSON)
	}
	body.Agent, err = agentName(body.Agent)
	body.Verdict, body.Flaw = strings.TrimSpace(body.Verdict), strings.TrimSpace(body.Flaw)
	return body, err
}

// labelHandoff says whether a handoff was needed, or what was wrong with its draft.
func (a *API) labelHandoff(w http.ResponseWriter, r *http.Request) (any, error) {
	body, err := a.readLabel(w, r)
	if err != nil {
		return nil, err
	}
	h, err := a.Desk.Handoff(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("read a handoff: %w", err)
	}
	list, _, err := a.Labels.Labels(r.Context(), gateway.LabelFilter{HandoffID: h.ID}, gateway.Page{Limit: maxPage})
	if err != nil {
		return nil, fmt.Errorf("read what was said of a handoff: %w", err)
	}
	l, err := gateway.LabelFrom(h, list, body.Agent, gateway.Verdict(body.Verdict), gateway.Flaw(body.Flaw), a.Now())
	if err != nil {
		return nil, unfit(err)
	}
	l.Note = body.Note
	return a.keepLabel(r, l)
}

// labelTurn says whether what was drafted in a turn is right.
func (a *API) labelTurn(w http.ResponseWriter, r *http.Request) (any, error) {
	body, err := a.readLabel(w, r)
	if err != nil {
		return nil, err
	}
	return a.keepLabel(r, gateway.Label{
		Kind: gateway.LabelAnswer, TurnID: body.TurnID, ConversationID: r.PathValue("id"), By: body.Agent,
		Source: gateway.LabelFromAgent, Verdict: gateway.Verdict(body.Verdict), Note: body.Note, At: a.Now(),
	})
}

func (a *API) keepLabel(r *http.Request, l gateway.Label) (any, error) {
	if err := l.Check(); err != nil {
		return nil, unfit(err)
	}
	if err := a.Labels.PutLabels(r.Context(), []gateway.Label{l}); err != nil {
		return nil, fmt.Errorf("keep a label: %w", err)
	}
	a.Changed()
	return map[string]any{"labelled": true}, nil
}
