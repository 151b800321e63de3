package cloudsim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/recado/recado/internal/web"
)

// Faults is how badly the emulator behaves, as POST /control/faults takes it. Each
// request replaces them all; {} makes everything well again. All of them happen
// with the real platform.
type Faults struct {
	// Rate is how likely each fault is to strike, from 0 to 1; 0 means always.
	Rate float64 `json:"rate"`
	// Seed starts the chance of Rate; the same seed and the same events in the
	// same order give the same faults. 0 means the seed of Config.
	Seed uint64 `json:"seed"`
	// Next is how often faults strike before everything is well again; 0 means
	// until they are replaced. LateErrors, Unreachable, DeadLinks and BlankPhones
	// stay.
	Next int `json:"next"`

	// Duplicate delivers each webhook twice.
	Duplicate bool `json:"duplicate"`
	// Reorder puts a webhook before the others of its customer that wait.
	Reorder bool `json:"reorder"`
	// Drop delivers no webhooks; they are lost.
	Drop bool `json:"drop"`
	// DropStatus delivers no statuses.
	DropStatus bool `json:"drop_status"`
	// DelayMS holds each webhook back for so many milliseconds.
	DelayMS int `json:"delay_ms"`
	// Batch puts up to so many changes, of any customers, into one request: 2 to
	// 1,000. It waits for them for BatchWaitMS, 1,000 ms by default.
	Batch       int `json:"batch"`
	BatchWaitMS int `json:"batch_wait_ms"`
	// Merge puts messages and statuses that come in one request into one change,
	// with each contact once.
	Merge bool `json:"merge"`
	// BadSignature sends each webhook once with a signature that is "wrong" or
	// "missing", or with a "body" that was changed after it was signed, before
	// it is sent as it should be. GET /control/stats counts who took one.
	BadSignature string `json:"bad_signature"`

	// SendError refuses each message with this error.
	SendError *SendError `json:"send_error"`
	// SendTimeoutAfterAccept takes a message and never answers, so that its
	// sender can't know what became of it.
	SendTimeoutAfterAccept bool `json:"send_timeout_after_accept"`
	// MediaStatus answers the second hop of a file with this HTTP status.
	MediaStatus int `json:"media_status"`
	// MediaCorrupt changes the last byte of files on their way.
	MediaCorrupt bool `json:"media_corrupt"`

	// LateErrors takes messages outside of the window and lets them fail by a
	// status, as the platform mostly does, and not at once.
	LateErrors bool `json:"late_errors"`
	// Unreachable are phones or user ids whose messages are taken and then fail
	// with 131026, as when the customer has blocked the shop.
	Unreachable []string `json:"unreachable"`
	// StatusError takes each message and lets it fail with this code by a status.
	StatusError int `json:"status_error"`
	// DeadLinks lets messages whose file is named by a link fail with 131053, as
	// when nothing is to be had there.
	DeadLinks bool `json:"dead_links"`
	// BlankPhones writes phones that the shop doesn't see as empty strings; else
	// they are left out. Both come from the platform.
	BlankPhones bool `json:"blank_phones"`
}

// SendError is an error that is answered to a message.
type SendError struct {
	// Status is the HTTP status, 400 by default.
	Status int    `json:"status"`
	Code   int    `json:"code"`
	Title  string `json:"title"`
	// AfterAccept takes the message all the same: a 5xx of which nobody can know
	// what it means.
	AfterAccept bool `json:"after_accept"`
	// RetryAfter is sent as the header of that name, in seconds.
	RetryAfter int `json:"retry_after"`
}

// maxBatch is how many changes Meta puts into one request.
const maxBatch = 1000

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
	if err := faults.check(); err != nil {
		return fmt.Errorf("%w: %w", errControl, err)
	}
	s.mu.Lock()
	s.faults, s.chance = faults, chance(cmp.Or(faults.Seed, s.config.Seed))
	s.announce()
	s.mu.Unlock()
	return web.WriteJSON(w, http.StatusOK, faults)
}

// check holds the values in their ranges and fills what is left out.
func (f *Faults) check() error {
	if e := f.SendError; e != nil {
		e.Status = cmp.Or(e.Status, http.StatusBadRequest)
		if e.Status < 400 || e.Status > 599 {
			return fmt.Errorf("send_error.status is an HTTP status from 400 to 599")
		}
	}
	f.BatchWaitMS = cmp.Or(f.BatchWaitMS, 1000)
	switch {
	case f.Rate < 0 || f.Rate > 1:
		return fmt.Errorf("rate is from 0 to 1")
	case f.Batch < 0 || f.Batch > maxBatch:
		return fmt.Errorf("batch is at most %d", maxBatch)
	case f.StatusError < 0:
		return fmt.Errorf("status_error is the code of an error")
	case f.DelayMS < 0 || f.BatchWaitMS < 0 || f.Next < 0:
		return fmt.Errorf("delay_ms, batch_wait_ms and next are not negative")
	case f.MediaStatus != 0 && (f.MediaStatus < 400 || f.MediaStatus > 599):
		return fmt.Errorf("media_status is an HTTP status from 400 to 599")
	case !slices.Contains([]string{"", "wrong", "missing", "body"}, f.BadSignature):
		return fmt.Errorf("bad_signature is wrong, missing or body")
	}
	return nil
}

// chance is a source of luck that a seed decides.
func chance(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // faults are to be repeatable, nothing is secret here
}

// strike tells whether a fault strikes that could. The lock is held.
func (s *Simulator) strike(could bool) bool {
	if !could || s.faults.Rate > 0 && s.chance.Float64() >= s.faults.Rate {
		return false
	}
	if s.faults.Next > 0 {
		if s.faults.Next--; s.faults.Next == 0 {
			old := s.faults
			s.faults = Faults{
				LateErrors: old.LateErrors, Unreachable: old.Unreachable, DeadLinks: old.DeadLinks, BlankPhones: old.BlankPhones,
			}
		}
	}
	return true
}

// strikeWebhook decides what happens to a webhook. The lock is held.
func (s *Simulator) strikeWebhook(w *webhook) (f Faults) {
	f = s.faults
	could := f.Duplicate || f.Reorder || f.Drop || f.DropStatus && w.status || f.DelayMS > 0 || f.Batch > 1 || f.BadSignature != ""
	if !s.strike(could) {
		return Faults{}
	}
	w.merge = f.Merge
	w.twice, w.wait, w.forge = f.Duplicate, time.Duration(f.DelayMS)*time.Millisecond, f.BadSignature
	f.Drop = f.Drop || f.DropStatus && w.status
	return f
}

// strikeSend decides what happens to a message. The lock is held.
func (s *Simulator) strikeSend() (refused *SendError, silent bool) {
	f := s.faults
	if !s.strike(f.SendError != nil || f.SendTimeoutAfterAccept) {
		return nil, false
	}
	return f.SendError, f.SendTimeoutAfterAccept
}

// strikeStatus decides whether a message that was taken comes to nothing, and
// with what code. The lock is held.
func (s *Simulator) strikeStatus() (code int) {
	code = s.faults.StatusError
	if !s.strike(code != 0) {
		return 0
	}
	return code
}

// strikeMedia decides what happens to a file. The lock is held.
func (s *Simulator) strikeMedia() (status int, corrupt bool) {
	f := s.faults
	if !s.strike(f.MediaStatus != 0 || f.MediaCorrupt) {
		return 0, false
	}
	return f.MediaStatus, f.MediaCorrupt
}

// graph is the error as the Graph API answers it.
func (e *SendError) graph() *graphError {
	title := cmp.Or(e.Title, titles[e.Code][0], "Something went wrong")
	return &graphError{
		status: e.Status, code: e.Code, kind: "OAuthException", retryAfter: e.RetryAfter,
		message: fmt.Sprintf("(#%d) %s", e.Code, title), details: titles[e.Code][1],
	}
}

// reaches tells whether messages come through to a customer.
func (f Faults) reaches(c *chat) bool {
	return !slices.ContainsFunc(f.Unreachable, func(who string) bool {
		return who == c.userID || c.customer.Phone != "" && digits(who) == c.customer.Phone
	})
}
