package cloudsim

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/recado/recado/internal/web"
)

// Faults is how badly the emulator behaves, as POST /control/faults takes it. Each
// request replaces them all; {} makes everything well again. All of them happen
// with the real platform.
type Faults struct {
	// Duplicate delivers each webhook twice.
	Duplicate bool `json:"duplicate"`
	// Reorder delivers the newest waiting webhook of a customer first.
	Reorder bool `json:"reorder"`
	// DropStatus delivers no statuses.
	DropStatus bool `json:"drop_status"`
	// SendError refuses each message with this error.
	SendError *SendError `json:"send_error"`
	// SendTimeoutAfterAccept takes a message and never answers, so that its
	// sender can't know what became of it.
	SendTimeoutAfterAccept bool `json:"send_timeout_after_accept"`
	// LateErrors takes messages outside of the window and lets them fail by a
	// status, as the platform mostly does, and not at once.
	LateErrors bool `json:"late_errors"`
	// Unreachable are phones whose messages are taken and then fail with 131026,
	// as when the customer has blocked the shop.
	Unreachable []string `json:"unreachable"`
}

// SendError is an error that is answered to a message.
type SendError struct {
	// Status is the HTTP status, 400 by default.
	Status int    `json:"status"`
	Code   int    `json:"code"`
	Title  string `json:"title"`
}

var errControl = errors.New("the request can't be used")

// controlBody is how large a request of the control API may be.
const controlBody = 1 << 16

func (s *Simulator) showFaults(w http.ResponseWriter, _ *http.Request) error {
	s.mu.Lock()
	faults := s.faults
	s.mu.Unlock()
	return web.WriteJSON(w, http.StatusOK, faults)
}

func (s *Simulator) setFaults(w http.ResponseWriter, r *http.Request) error {
	var faults Faults
	if err := web.ReadJSON(w, r, controlBody, &faults); err != nil {
		return err
	}
	if e := faults.SendError; e != nil {
		e.Status = cmp.Or(e.Status, http.StatusBadRequest)
		if e.Status < 400 || e.Status > 599 {
			return fmt.Errorf("%w: send_error.status is an HTTP status from 400 to 599", errControl)
		}
	}
	for i, phone := range faults.Unreachable {
		faults.Unreachable[i] = digits(phone)
	}
	s.mu.Lock()
	s.faults = faults
	s.mu.Unlock()
	return web.WriteJSON(w, http.StatusOK, faults)
}

// graph is the error as the Graph API answers it.
func (e *SendError) graph() *graphError {
	title := cmp.Or(e.Title, titles[e.Code][0], "Something went wrong")
	return &graphError{
		status: e.Status, code: e.Code, kind: "OAuthException",
		message: fmt.Sprintf("(#%d) %s", e.Code, title), details: titles[e.Code][1],
	}
}

// reaches tells whether messages come through to a customer.
func (f Faults) reaches(c *chat) bool { return !slices.Contains(f.Unreachable, c.customer.Phone) }

// controlSay lets a customer write: {"phone":"…","text":"…"} is answered with the
// message's id.
func (s *Simulator) controlSay(w http.ResponseWriter, r *http.Request) error {
	var said struct{ Phone, Text string }
	if err := web.ReadJSON(w, r, controlBody, &said); err != nil {
		return err
	}
	id, err := s.Say(r.Context(), said.Phone, said.Text)
	if err != nil {
		return fmt.Errorf("%w: %w", errControl, err)
	}
	return web.WriteJSON(w, http.StatusOK, map[string]string{"id": id})
}
