package cloudsim

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/recado/recado/internal/web"
)

// maxBlocked is how many customers one request blocks or frees.
const maxBlocked = 1000

// blockRequest names those who are to be blocked or freed, by phone or user id.
type blockRequest struct {
	Product string `json:"messaging_product"`
	Users   []struct {
		User   string `json:"user"`
		UserID string `json:"user_id"`
	} `json:"block_users"`
}

// blockedUser is one customer in an answer about blocks.
type blockedUser struct {
	Product string       `json:"messaging_product,omitempty"`
	Input   string       `json:"input,omitempty"`
	WaID    string       `json:"wa_id,omitempty"`
	UserID  string       `json:"user_id,omitempty"`
	Errors  []blockError `json:"errors,omitempty"`
}

type blockError struct {
	Message string    `json:"message"`
	Code    int       `json:"code"`
	Data    errorData `json:"error_data"`
}

// blockAnswer says what became of each; Error is there when some failed.
type blockAnswer struct {
	Product string                   `json:"messaging_product"`
	Users   map[string][]blockedUser `json:"block_users"`
	Error   *graphBodyError          `json:"error,omitempty"`
}

// block keeps customers from writing to the shop, or with DELETE lets them again.
// Some can fail where others don't.
func (s *Simulator) block(w http.ResponseWriter, r *http.Request) error {
	var q blockRequest
	if err := web.ReadJSON(w, r, maxBody, &q); err != nil {
		return errNotJSON
	}
	switch {
	case q.Product != "whatsapp":
		return missing("messaging_product")
	case len(q.Users) == 0 || len(q.Users) > maxBlocked:
		return refusal(100, "block_users must have 1 to "+strconv.Itoa(maxBlocked)+" entries")
	}
	blocked, done := r.Method == http.MethodPost, "removed_users"
	if blocked {
		done = "added_users"
	}
	answer, status := blockAnswer{Product: "whatsapp", Users: map[string][]blockedUser{done: {}}}, http.StatusOK
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, each := range q.Users {
		input := cmp.Or(each.User, each.UserID)
		u := blockedUser{Input: input}
		c, code := s.blockable(input, blocked)
		if c != nil {
			u.WaID, u.UserID = c.shownPhone(), c.userID
		}
		if code != 0 {
			u.Errors = []blockError{{titles[code][0], code, errorData{Details: titles[code][1]}}}
			answer.Users["failed_users"] = append(answer.Users["failed_users"], u)
			continue
		}
		c.blocked = blocked
		answer.Users[done] = append(answer.Users[done], u)
	}
	if answer.Users["failed_users"] != nil {
		e := refusal(139100, "Failed to block some users, see the block_users response list for details")
		body := e.body()
		answer.Error, status = &body, e.status
	}
	return web.WriteJSON(w, status, answer)
}

// blockable finds who is meant, and says why it can't be done: only who has
// written within the last day can be blocked. The lock is held.
func (s *Simulator) blockable(input string, block bool) (c *chat, code int) {
	if strings.Contains(input, ".") {
		c = s.chatOf("", input)
	} else if phone := digits(input); phone != "" {
		c = s.chatOf(phone, "")
	}
	switch {
	case c == nil && digits(input) == digits(s.config.DisplayPhone):
		return nil, 131021
	case c == nil:
		return nil, 131026
	case block && !c.open(s.config.Now()):
		return c, 131047
	}
	return c, 0
}

// listBlocked pages through those who are blocked.
func (s *Simulator) listBlocked(w http.ResponseWriter, r *http.Request) error {
	all := []blockedUser{}
	s.mu.Lock()
	for _, c := range s.chats {
		if c.blocked {
			all = append(all, blockedUser{Product: "whatsapp", WaID: c.shownPhone(), UserID: c.userID})
		}
	}
	s.mu.Unlock()
	found, around, err := paged(s, r, all)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, map[string]any{"data": found, "paging": around})
}

// paged gives the part of a list that a request asks for with limit and after.
func paged[T any](s *Simulator, r *http.Request, all []T) ([]T, paging, error) {
	var around paging
	query := r.URL.Query()
	limit, err := strconv.Atoi(cmp.Or(query.Get("limit"), "25"))
	if err != nil || limit < 1 || limit > 1000 {
		return nil, around, refusal(100, "limit must be a number from 1 to 1000")
	}
	from, err := offset(query.Get("after"))
	if err != nil {
		return nil, around, err
	}
	from = min(from, len(all))
	to := min(from+limit, len(all))
	around.Cursors.Before, around.Cursors.After = cursor(from), cursor(to)
	if to < len(all) {
		query.Set("after", cursor(to))
		around.Next = s.base(r) + r.URL.Path + "?" + query.Encode()
	}
	return slices.Clip(all[from:to]), around, nil
}
