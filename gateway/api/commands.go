package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/web"
)

// Commands has what the customers of conversations had done in the shop's system;
// gateway.Store is one.
type Commands interface {
	Commands(ctx context.Context, conversationID string) ([]gateway.CommandView, error)
}

// levels name the levels of assurance, from the lowest.
var levels = []string{"unknown", "number", "code", "verified"}

func level[L ~int](l L) string {
	if int(l) < 0 || int(l) >= len(levels) {
		return levels[0]
	}
	return levels[l]
}

// memoryView is what a conversation knows between two turns. It holds no secret: of a
// one-time code only that it is expected.
type memoryView struct {
	// Level is what the customer has reached at this moment, and LevelUntil its end.
	Level         string       `json:"level"`
	LevelUntil    *time.Time   `json:"level_until"`
	CodeUntil     *time.Time   `json:"code_until"`
	Pending       *pendingView `json:"pending"`
	Awaiting      int          `json:"awaiting"`
	LanguageFixed bool         `json:"language_fixed"`
}

// callView is an action with its arguments.
type callView struct {
	Kind    string   `json:"kind"`
	Order   string   `json:"order"`
	Items   []string `json:"items"`
	Address string   `json:"address"`
	Reason  string   `json:"reason"`
}

// pendingView is what the customer was asked and has not said yes to yet.
type pendingView struct {
	ID        string     `json:"id"`
	Call      callView   `json:"call"`
	Summary   string     `json:"summary"`
	NeedsCode bool       `json:"needs_code"`
	ExpiresAt *time.Time `json:"expires_at"`
}

func viewMemory(c gateway.Conversation, now time.Time) memoryView {
	m := c.Memory
	v := memoryView{
		Level: level(c.Pass(now).Level()), Awaiting: m.Awaiting, LanguageFixed: m.LanguageFixed, CodeUntil: moment(m.CodeUntil),
	}
	if v.Level == level(m.Level) {
		v.LevelUntil = moment(m.LevelUntil)
	}
	if p := m.Pending; p != nil && now.Before(p.ExpiresAt) {
		call := p.Proposal.Call
		v.Pending = &pendingView{
			ID: p.ID, Summary: p.Proposal.Summary, NeedsCode: p.NeedsCode, ExpiresAt: moment(p.ExpiresAt),
			Call: callView{string(call.Kind), call.Order, full(call.Items), call.Address, call.Reason},
		}
	}
	return v
}

// receiptView is the word of the shop's system.
type receiptView struct {
	ID        string            `json:"id"`
	Outcome   string            `json:"outcome"`
	Reference string            `json:"reference"`
	Facts     map[string]string `json:"facts"`
	Reason    string            `json:"reason"`
	At        *time.Time        `json:"at"`
}

// commandView is something that the customer confirmed. State is "queued" until the
// shop's system can read it, "waiting" until its receipt comes, "expired" when that did
// not come in time, and "ended" with a receipt, late or not.
type commandView struct {
	ID          string       `json:"id"`
	State       string       `json:"state"`
	Call        callView     `json:"call"`
	Level       string       `json:"level"`
	TurnID      string       `json:"turn_id"`
	CreatedAt   *time.Time   `json:"created_at"`
	Deadline    *time.Time   `json:"deadline"`
	PublishedAt *time.Time   `json:"published_at"`
	ExpiredAt   *time.Time   `json:"expired_at"`
	Attempts    int          `json:"attempts"`
	Receipt     *receiptView `json:"receipt"`
}

func viewCommand(v gateway.CommandView) commandView {
	c := v.Command
	view := commandView{
		ID: c.ID, State: "queued", Level: level(c.Level), TurnID: c.TurnID, Attempts: c.Attempt,
		Call:      callView{string(c.Call.Kind), c.Call.Order, full(c.Call.Items), c.Call.Address, c.Call.Reason},
		CreatedAt: moment(c.CreatedAt), Deadline: moment(c.Deadline), PublishedAt: moment(v.PublishedAt), ExpiredAt: moment(v.ExpiredAt),
	}
	switch {
	case v.Receipt != nil:
		view.State = "ended"
		view.Receipt = &receiptView{
			v.Receipt.ID, string(v.Receipt.Outcome), v.Receipt.Reference, v.Receipt.Facts, v.Receipt.Reason, moment(v.Receipt.At),
		}
		if view.Receipt.Facts == nil {
			view.Receipt.Facts = map[string]string{}
		}
	case !v.ExpiredAt.IsZero():
		view.State = "expired"
	case !v.PublishedAt.IsZero():
		view.State = "waiting"
	}
	return view
}

func (a *API) commands(_ http.ResponseWriter, r *http.Request) (any, error) {
	if a.Commands == nil {
		return nil, errNoCommands
	}
	list, err := a.Commands.Commands(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("list commands: %w", err)
	}
	views := make([]commandView, len(list))
	for i, v := range list {
		views[i] = viewCommand(v)
	}
	return map[string]any{"commands": views}, nil
}

// auditView is an answer that was picked for a look.
type auditView struct {
	TurnID         string     `json:"turn_id"`
	ConversationID string     `json:"conversation_id"`
	At             *time.Time `json:"at"`
	Language       string     `json:"language"`
	Question       string     `json:"question"`
	Reply          string     `json:"reply"`
	Confidence     float64    `json:"confidence"`
	Calibration    string     `json:"calibration"`
	// Chance is the probability with which it was picked.
	Chance float64 `json:"chance"`
	// Right is nil until somebody has said whether the answer was right.
	Right *bool  `json:"right"`
	Agent string `json:"agent"`
}

func viewAudit(l gateway.Audit) auditView {
	v := auditView{
		TurnID: l.TurnID, ConversationID: l.ConversationID, At: moment(l.At), Language: l.Record.Language,
		Question: l.Record.Asked(), Reply: l.Record.Reply, Confidence: l.Record.Confidence,
		Calibration: l.Calibration, Chance: l.Chance, Agent: l.Agent,
	}
	if l.Labelled {
		v.Right = &l.Right
	}
	return v
}

func (a *API) audits(_ http.ResponseWriter, r *http.Request) (any, error) {
	if a.Audits == nil {
		return nil, errNoAudits
	}
	p, err := page(r)
	if err != nil {
		return nil, err
	}
	var done bool
	switch r.URL.Query().Get("state") {
	case "", "open":
	case "labelled":
		done = true
	default:
		return nil, invalid("state must be open or labelled, or be left out.")
	}
	list, next, err := a.Audits.Audits(r.Context(), done, p)
	if err != nil {
		return nil, fmt.Errorf("list audits: %w", badCursor(err))
	}
	return views("audits", list, viewAudit, next), nil
}

// label says whether the answer of a turn was right.
func (a *API) label(w http.ResponseWriter, r *http.Request) (any, error) {
	if a.Audits == nil {
		return nil, errNoAudits
	}
	var body struct {
		Agent string
		Right *bool
	}
	if err := web.ReadJSON(w, r, maxBody, &body); err != nil {
		return nil, errors.Join(err, web.ErrNotJSON)
	}
	by, err := agentName(body.Agent)
	if err != nil {
		return nil, err
	}
	if body.Right == nil {
		return nil, invalid("right is needed: true or false.")
	}
	if err := a.Audits.Label(r.Context(), r.PathValue("id"), by, *body.Right, a.Now()); err != nil {
		return nil, fmt.Errorf("label a turn: %w", err)
	}
	a.Changed()
	return map[string]any{"labelled": true}, nil
}
