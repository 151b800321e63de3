package desk

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/recado/recado/gateway"
)

// channelView is what the page about the channel shows.
type channelView struct {
	Alerts []alertView
	// Next is the address of the page with older alerts, or empty.
	Next      string
	Templates []gateway.Template
}

// alertView is an alert. Over tells that a newer one of the same matter tells how it
// stands now.
type alertView struct {
	gateway.Alert
	Over bool
}

// Open tells whether somebody should take note.
func (a alertView) Open() bool { return !a.Over && wants(a.Alert) }

// wants tells whether an alert wants to be seen and was not.
func wants(a gateway.Alert) bool { return a.SeenBy == "" && a.Level != gateway.AlertInfo }

// matters marks alerts, newest first, that a newer one made pointless.
func matters(list []gateway.Alert) []alertView {
	newest := map[[2]string]bool{}
	views := make([]alertView, 0, len(list))
	for _, a := range list {
		matter := [2]string{a.Kind, a.Subject}
		views = append(views, alertView{a, newest[matter]})
		newest[matter] = true
	}
	return views
}

// standing is how many alerts want to be seen, and the newest critical one of them.
type standing struct {
	Unseen   int
	Critical *gateway.Alert
}

// alerts remembers for a moment what the head of every page tells of the channel.
type alerts struct {
	mu    sync.Mutex
	until time.Time
	state standing
}

// standing tells how the channel stands, as of the last second.
func (d *Desk) standing(ctx context.Context) (standing, error) {
	if d.config.Channel == nil {
		return standing{}, nil
	}
	now := d.config.Now()
	d.alerts.mu.Lock()
	defer d.alerts.mu.Unlock()
	if now.Before(d.alerts.until) && !now.Before(d.alerts.until.Add(-listsLife)) {
		return d.alerts.state, nil
	}
	list, _, err := d.config.Channel.Alerts(ctx, gateway.Page{Limit: tailPage})
	if err != nil {
		return standing{}, fmt.Errorf("list alerts: %w", err)
	}
	s := standing{}
	for _, a := range matters(list) {
		if !a.Open() {
			continue
		}
		s.Unseen++
		if s.Critical == nil && a.Level == gateway.AlertCritical {
			s.Critical = &a.Alert
		}
	}
	d.alerts.until, d.alerts.state = now.Add(listsLife), s
	return s, nil
}

// forget has the next page look again.
func (a *alerts) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.until = time.Time{}
}

// state is what a page shows the state of: the revision of the store, and how many
// alerts want to be seen.
func (d *Desk) state(ctx context.Context, revision int64) (string, error) {
	s, err := d.standing(ctx)
	if err != nil || s.Unseen == 0 {
		return strconv.FormatInt(revision, 10), err
	}
	return fmt.Sprintf("%d-%d", revision, s.Unseen), nil
}

// channelPage shows what the channel tells of the account, and the templates.
func (d *Desk) channelPage(w http.ResponseWriter, r *http.Request, agent string) error {
	if d.config.Channel == nil {
		return gateway.ErrNotFound
	}
	p, _, err := d.frame(r, agent)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	list, next, err := d.config.Channel.Alerts(r.Context(), gateway.Page{After: query.Get("after")})
	if err != nil {
		return fmt.Errorf("list alerts: %w", err)
	}
	view := channelView{Alerts: matters(list)}
	if next != "" {
		view.Next = "?" + url.Values{"after": {next}}.Encode()
	}
	if view.Templates, err = d.config.Channel.Templates(r.Context()); err != nil {
		return fmt.Errorf("list templates: %w", err)
	}
	p.Name, p.Title, p.Content = "channel", "view_channel", view
	return d.show(w, r, http.StatusOK, p)
}

// see notes that the agent has taken note of an alert.
func (d *Desk) see(w http.ResponseWriter, r *http.Request, agent string) error {
	if d.config.Channel == nil {
		return gateway.ErrNotFound
	}
	if err := d.config.Channel.SeeAlert(r.Context(), r.PathValue("id"), agent, d.config.Now()); err != nil {
		return fmt.Errorf("see an alert: %w", err)
	}
	d.alerts.forget()
	http.Redirect(w, r, "/desk/channel?done=seen", http.StatusSeeOther)
	return nil
}

// alertText says in a sentence what an alert means: that of its kind and state, or
// that of its kind.
func alertText(language string, a gateway.Alert) string {
	kind := "alert_" + a.Kind
	return cmp.Or(
		lookup(language, kind+"_"+strings.ToLower(a.State)), lookup(language, kind), phrase(language, "alert_other"),
	)
}
