package desk

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

// whyView is what "why did it say that" shows: decision records, newest first.
type whyView struct {
	Conversation gateway.Conversation
	Turns        []turnView
	// Earlier tells that there are turns before those.
	Earlier bool
	// Revokes tells that passages can be taken back.
	Revokes bool
}

// turnView is one decision record; the one that was asked for is open.
type turnView struct {
	gateway.Record
	Open bool
	// Scored tells that a confidence was computed at all.
	Scored bool
	// Evidence are the passages, with those that the draft cites marked.
	Evidence []evidence
}

type evidence struct {
	rag.Passage
	Cited bool
}

// whyPage shows the decision records. ?turn= opens one; ?message= looks for the
// turn that said a message and leads there.
func (d *Desk) whyPage(w http.ResponseWriter, r *http.Request, agent string) error {
	p, _, err := d.frame(r, agent)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	c, err := d.config.Desk.Conversation(r.Context(), id)
	if err != nil {
		return fmt.Errorf("read a conversation: %w", err)
	}
	records, earlier, err := tail(r.Context(), d.turns, id, d.config.Desk.Turns)
	if err != nil {
		return fmt.Errorf("read turns: %w", err)
	}
	if message := r.URL.Query().Get("message"); message != "" {
		return d.leadToTurn(w, r, records, message)
	}
	view := whyView{Conversation: c, Earlier: earlier, Revokes: d.config.Revoke != nil}
	for _, record := range slices.Backward(records) {
		turn := viewTurn(record)
		turn.Open = record.ID == r.URL.Query().Get("turn") || len(records) == 1
		view.Turns = append(view.Turns, turn)
	}
	p.Name, p.Title, p.Who, p.Content = "why", "why_title", who(c.Name, c.Contact), view
	return d.show(w, r, http.StatusOK, p)
}

func viewTurn(r gateway.Record) turnView {
	v := turnView{Record: r, Scored: len(r.Features) > 0 || r.Confidence > 0}
	for _, p := range r.Passages {
		v.Evidence = append(v.Evidence, evidence{p, slices.Contains(r.Draft.Citations, p.ID)})
	}
	return v
}

// leadToTurn finds the turn that said a message. A message does not name its
// turn; it is the one with the same words nearest in time.
func (d *Desk) leadToTurn(w http.ResponseWriter, r *http.Request, records []gateway.Record, id string) error {
	messages, _, err := tail(r.Context(), d.messages, r.PathValue("id"), d.config.Desk.Messages)
	if err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	to := r.URL.Path
	i := slices.IndexFunc(messages, func(m gateway.MessageView) bool { return m.ID == id })
	if i >= 0 {
		if turn := turnOf(messages[i], records); turn != "" {
			to += "?turn=" + turn + "#turn-" + turn
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// turnOf gives the id of the record that said the message, or "".
func turnOf(m gateway.MessageView, records []gateway.Record) string {
	id, nearest := "", time.Duration(0)
	for _, r := range records {
		if r.Reply != m.Text || r.Reply == "" {
			continue
		}
		if apart := m.At.Sub(r.At).Abs(); id == "" || apart < nearest {
			id, nearest = r.ID, apart
		}
	}
	return id
}

// maxReason is how long the reason of a revocation is at the most, in characters.
const maxReason = 500

// revoke takes back a passage that a turn found: no answer rests on it any more.
func (d *Desk) revoke(w http.ResponseWriter, r *http.Request, agent string) error {
	if d.config.Revoke == nil {
		return gateway.ErrNotFound
	}
	forget, err := d.parseForm(w, r)
	if err != nil {
		return err
	}
	defer forget()
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if utf8.RuneCountInString(reason) > maxReason {
		return fmt.Errorf("%w: the reason is too long", gateway.ErrInvalid)
	}
	records, _, err := tail(r.Context(), d.turns, r.PathValue("id"), d.config.Desk.Turns)
	if err != nil {
		return fmt.Errorf("read turns: %w", err)
	}
	turn := r.PostFormValue("turn")
	p, found := passageOf(records, turn, r.PostFormValue("passage"))
	if !found {
		return gateway.ErrNotFound
	}
	if err := d.config.Revoke(r.Context(), p, agent, reason, d.config.Now()); err != nil {
		return fmt.Errorf("revoke a passage: %w", err)
	}
	to := "/desk/conversations/" + url.PathEscape(r.PathValue("id")) + "/why?" + url.Values{"turn": {turn}, "done": {"revoke"}}.Encode()
	http.Redirect(w, r, to+"#turn-"+url.PathEscape(turn), http.StatusSeeOther)
	return nil
}

// passageOf finds a passage that a turn looked at, by what it said then.
func passageOf(records []gateway.Record, turn, id string) (rag.Passage, bool) {
	for _, r := range records {
		if r.ID != turn {
			continue
		}
		for _, p := range r.Passages {
			if p.ID == id && p.Hash != "" {
				return p, true
			}
		}
	}
	return rag.Passage{}, false
}
