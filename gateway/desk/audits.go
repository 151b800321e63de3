package desk

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/recado/recado/gateway"
)

// auditsView is what the page of answers to look at shows.
type auditsView struct {
	// Done tells that they are those that somebody has looked at.
	Done   bool
	Audits []turnAudit
	// Next is the address of the next page, or empty.
	Next string
}

// turnAudit is an answer to look at. Who looks at the first one begins with it.
type turnAudit struct {
	gateway.Audit
	Evidence []evidence
	First    bool
}

// auditsPage lists the answers that were picked for a look.
func (d *Desk) auditsPage(w http.ResponseWriter, r *http.Request, agent string) error {
	if d.config.Audits == nil {
		return gateway.ErrNotFound
	}
	p, _, err := d.frame(r, agent)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	view := auditsView{Done: query.Get("state") == "labelled"}
	list, next, err := d.config.Audits.Audits(r.Context(), view.Done, gateway.Page{After: query.Get("after")})
	if err != nil {
		return fmt.Errorf("list audits: %w", err)
	}
	for i, a := range list {
		one := turnAudit{Audit: a, First: i == 0}
		for _, e := range viewTurn(a.Record).Evidence {
			if e.Cited {
				one.Evidence = append(one.Evidence, e)
			}
		}
		view.Audits = append(view.Audits, one)
	}
	if next != "" {
		values := url.Values{"after": {next}}
		if view.Done {
			values.Set("state", "labelled")
		}
		view.Next = "?" + values.Encode()
	}
	p.Name, p.Title, p.Content = "audits", "view_audits", view
	return d.show(w, r, http.StatusOK, p)
}

// label notes what an agent says of an answer, and goes on with the next.
func (d *Desk) label(w http.ResponseWriter, r *http.Request, agent string) error {
	if d.config.Audits == nil {
		return gateway.ErrNotFound
	}
	forget, err := d.parseForm(w, r)
	if err != nil {
		return err
	}
	defer forget()
	right := r.PostFormValue("right")
	if right != "yes" && right != "no" {
		return fmt.Errorf("%w: an answer is right or wrong", gateway.ErrInvalid)
	}
	if err := d.config.Audits.Label(r.Context(), r.PathValue("id"), agent, right == "yes", d.config.Now()); err != nil {
		return fmt.Errorf("label an answer: %w", err)
	}
	d.config.Changed()
	to := "/desk/audits?done=label"
	if r.PostFormValue("state") == "labelled" {
		to += "&state=labelled"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
