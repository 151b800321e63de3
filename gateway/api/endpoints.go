package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/web"
)

// The limits of what callers send.
const (
	maxPage     = 200
	defaultPage = 50
	maxContact  = 256
	maxAgent    = 64
	maxID       = 128
	maxQuote    = 512
)

func (a *API) conversations(_ http.ResponseWriter, r *http.Request) (any, error) {
	p, err := page(r)
	if err != nil {
		return nil, err
	}
	who, err := contactParameter(r)
	if err != nil {
		return nil, err
	}
	list, next, err := a.Desk.Conversations(r.Context(), gateway.ConversationFilter{Contact: who}, p)
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", badCursor(err))
	}
	now := a.Now()
	view := func(c gateway.Conversation) conversationView { return viewConversation(c, now) }
	return views("conversations", list, view, next), nil
}

func (a *API) conversation(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := a.Desk.Conversation(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("read a conversation: %w", err)
	}
	return map[string]any{"conversation": viewConversation(c, a.Now())}, nil
}

func (a *API) messages(_ http.ResponseWriter, r *http.Request) (any, error) {
	p, err := page(r)
	if err != nil {
		return nil, err
	}
	list, next, err := a.Desk.Messages(r.Context(), r.PathValue("id"), p)
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", badCursor(err))
	}
	return views("messages", list, viewMessage, next), nil
}

func (a *API) turns(_ http.ResponseWriter, r *http.Request) (any, error) {
	p, err := page(r)
	if err != nil {
		return nil, err
	}
	list, next, err := a.Desk.Turns(r.Context(), r.PathValue("id"), p)
	if err != nil {
		return nil, fmt.Errorf("list turns: %w", badCursor(err))
	}
	return views("turns", list, viewTurn, next), nil
}

func (a *API) handoffs(_ http.ResponseWriter, r *http.Request) (any, error) {
	p, err := page(r)
	if err != nil {
		return nil, err
	}
	state := gateway.HandoffState(r.URL.Query().Get("state"))
	switch state {
	case "", gateway.HandoffQueued, gateway.HandoffClaimed, gateway.HandoffReturned, gateway.HandoffResolved:
	default:
		return nil, invalid("state must be queued, claimed, returned or resolved, or be left out.")
	}
	list, next, err := a.Desk.Handoffs(r.Context(), state, p)
	if err != nil {
		return nil, fmt.Errorf("list handoffs: %w", badCursor(err))
	}
	return views("handoffs", list, viewHandoff, next), nil
}

func (a *API) handoff(_ http.ResponseWriter, r *http.Request) (any, error) {
	h, err := a.Desk.Handoff(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("read a handoff: %w", err)
	}
	return map[string]any{"handoff": viewHandoff(h)}, nil
}

func (a *API) putOrders(w http.ResponseWriter, r *http.Request) (any, error) {
	body, err := web.ReadBody(w, r, maxBody)
	if err != nil {
		return nil, err
	}
	docs, err := orderDocuments(body)
	if err != nil {
		return nil, err
	}
	n, err := a.Orders.Put(r.Context(), docs)
	switch {
	case errors.Is(err, a.ErrOrder):
		// By contract this text says which document is wrong and why.
		return nil, invalid("%s. Nothing was stored.", sentence(err))
	case err != nil:
		return nil, errors.Join(fmt.Errorf("put orders: %w", err), errOrdersDown)
	}
	return map[string]any{"stored": n}, nil
}

// orderDocuments takes one order, an array of them, or {"orders": [...]}.
func orderDocuments(body []byte) ([]json.RawMessage, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil, invalid("The body must be an order or an array of orders.")
	}
	if !json.Valid(body) {
		return nil, web.ErrNotJSON
	}
	docs := []json.RawMessage{}
	switch body[0] {
	case '[':
		if err := json.Unmarshal(body, &docs); err != nil {
			return nil, fmt.Errorf("%w: %w", web.ErrNotJSON, err)
		}
		return docs, nil
	case '{':
		var wrapped struct {
			Orders *[]json.RawMessage `json:"orders"`
			Number json.RawMessage    `json:"number"`
		}
		// An order may have its own field "orders" of any shape: only a list without
		// a number beside it is taken as the wrapping.
		if err := json.Unmarshal(body, &wrapped); err == nil && wrapped.Orders != nil && wrapped.Number == nil {
			return *wrapped.Orders, nil
		}
		return []json.RawMessage{body}, nil
	}
	return nil, invalid("The body must be an order or an array of orders.")
}

// sentence makes an error's text one, without its point.
func sentence(err error) string {
	text := strings.TrimSuffix(err.Error(), ".")
	if text == "" {
		return "An order is wrong"
	}
	return capital(text)
}

func (a *API) findOrders(_ http.ResponseWriter, r *http.Request) (any, error) {
	who, err := contactParameter(r)
	if err != nil {
		return nil, err
	}
	if who == "" {
		return nil, invalid("contact is needed: a phone number or a user id.")
	}
	list, err := a.Orders.Find(r.Context(), who)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("find orders: %w", err), errOrdersDown)
	}
	return map[string]any{"orders": full(list)}, nil
}

// page reads ?cursor= and ?limit=.
func page(r *http.Request) (gateway.Page, error) {
	q := r.URL.Query()
	p := gateway.Page{After: q.Get("cursor")}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxPage {
			return p, invalid("limit must be a number from 1 to %d.", maxPage)
		}
		p.Limit = n
	}
	return p, nil
}

// badCursor names the one parameter that a store can find invalid in a list.
func badCursor(err error) error {
	if errors.Is(err, gateway.ErrInvalid) {
		return invalid("cursor must be the \"next\" of the page before.")
	}
	return err
}

// contactParameter reads ?contact=. A phone number may come in any writing,
// "+34 600 55 01 01" or "34-600550101", and becomes its digits; a plus that a
// browser turned into a space does no harm. Everything else is a user id, taken
// as it is.
func contactParameter(r *http.Request) (string, error) {
	text := strings.TrimSpace(r.URL.Query().Get("contact"))
	if len(text) > maxContact {
		return "", invalid("contact is longer than %d bytes.", maxContact)
	}
	var digits strings.Builder
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			digits.WriteRune(c)
		case !strings.ContainsRune("+ -().\u00a0", c):
			return text, nil
		}
	}
	if digits.Len() == 0 && text != "" {
		return "", invalid("contact must be a phone number or a user id.")
	}
	return digits.String(), nil
}
