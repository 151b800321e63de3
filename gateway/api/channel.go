package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/web"
)

// alertView is something the channel told of the account. What it changed of a
// template is seen in the template.
type alertView struct {
	ID      string             `json:"id"`
	Kind    string             `json:"kind"`
	Subject string             `json:"subject"`
	State   string             `json:"state"`
	Level   gateway.AlertLevel `json:"level"`
	Detail  string             `json:"detail"`
	At      *time.Time         `json:"at"`
	SeenBy  string             `json:"seen_by"`
	SeenAt  *time.Time         `json:"seen_at"`
}

func viewAlert(a gateway.Alert) alertView {
	return alertView{
		ID: a.ID, Kind: a.Kind, Subject: a.Subject, State: a.State, Level: a.Level, Detail: a.Detail,
		At: moment(a.At), SeenBy: a.SeenBy, SeenAt: moment(a.SeenAt),
	}
}

// templates gives all there are: the business account has a few hundred at most.
func (a *API) templates(_ http.ResponseWriter, r *http.Request) (any, error) {
	if a.Channel == nil {
		return nil, errNoChannel
	}
	list, err := a.Channel.Templates(r.Context())
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	rows := make([]gateway.Template, len(list))
	for i, t := range list {
		t.SyncedAt = t.SyncedAt.UTC()
		rows[i] = t
	}
	return map[string]any{"templates": rows}, nil
}

func (a *API) alerts(_ http.ResponseWriter, r *http.Request) (any, error) {
	if a.Channel == nil {
		return nil, errNoChannel
	}
	p, err := page(r)
	if err != nil {
		return nil, err
	}
	list, next, err := a.Channel.Alerts(r.Context(), p)
	if err != nil {
		return nil, fmt.Errorf("list alerts: %w", badCursor(err))
	}
	return views("alerts", list, viewAlert, next), nil
}

// seen notes that somebody has taken note of an alert.
func (a *API) seen(w http.ResponseWriter, r *http.Request) (any, error) {
	if a.Channel == nil {
		return nil, errNoChannel
	}
	var body struct{ Agent string }
	if err := web.ReadJSON(w, r, maxBody, &body); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	name, err := agentName(body.Agent)
	if err != nil {
		return nil, err
	}
	if err := a.Channel.SeeAlert(r.Context(), r.PathValue("id"), name, a.Now()); err != nil {
		return nil, fmt.Errorf("see an alert: %w", err)
	}
	a.Changed()
	return map[string]any{"seen": true}, nil
}
