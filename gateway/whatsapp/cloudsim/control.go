package cloudsim

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/recado/recado/internal/web"
)

// ControlHelp says in a few lines what the control API can do; GET /control/
// answers with it.
const ControlHelp = `GET  /control/faults      how badly the emulator behaves
POST /control/faults      {"duplicate","reorder","drop","drop_status","delay_ms","batch","merge","bad_signature",
                           "send_error":{"status","code"},"send_timeout_after_accept","media_status","media_corrupt",
                           "late_errors","unreachable":[],"status_error","dead_links","blank_phones",
                           "rate","seed","next"}; {} makes everything well
GET  /control/limits      what may be sent
POST /control/limits      {"pair_seconds":6,"pair_burst":45,"number_per_second":80}; negative takes a limit away
GET  /control/customers   who has a phone here
POST /control/customers   {"phone","user_id","name","username","phone_hidden"}
POST /control/say         {"phone","text"}: a customer writes
POST /control/act         {"customer","type",...}: text image video audio document sticker location contacts share_contact
                           reaction tap flow order edit revoke unsupported request_welcome change_number
                           change_user_id change_identity preferences forward play block unblock
POST /control/echo        {"customer","type","text",...}: the shop answers by hand, from its phone app, or edits or revokes
GET  /control/messages    ?customer=: what is on a customer's phone
GET  /control/templates   all templates
POST /control/templates   {"name","language","status","category","components"}: add one, or change its state
DELETE /control/templates ?name=&language=
GET  /control/number      state of the number
POST /control/number      {"status","quality_rating","throughput","name_status","messaging_limit","token_expired"}
POST /control/webhook     {"field","value"}: any other webhook
GET  /control/stats       what was delivered, refused, and taken with a bad signature
POST /control/reset       forget chats, faults, files and limits; customers and templates stay
`

var errControl = errors.New("the request can't be used")

// controlBody is how large a request of the control API may be, and actBody one
// with a file in it.
const (
	controlBody = 1 << 20
	actBody     = maxUpload/3*4 + controlBody
)

func controlHelp(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.Write([]byte(ControlHelp))
	return err
}

// failControl answers a request of the control API that can't be served.
func (s *Simulator) failControl(w http.ResponseWriter, r *http.Request, err error) {
	if _, ok := errors.AsType[*graphError](err); !ok {
		s.config.Logger.WarnContext(r.Context(), "control request failed", "route", r.Pattern, "error", err)
	}
	s.write(w, r, http.StatusBadRequest, map[string]string{"error": err.Error()})
}

// controlSay lets a customer write: {"phone":"…","text":"…"} is answered with the
// message's id.
func (s *Simulator) controlSay(w http.ResponseWriter, r *http.Request) error {
	var said struct{ Phone, Text string }
	if err := web.ReadJSON(w, r, controlBody, &said); err != nil {
		return err
	}
	return s.answerAct(w, r, Action{Customer: digits(said.Phone), Type: "text", Text: said.Text})
}

func (s *Simulator) controlAct(w http.ResponseWriter, r *http.Request) error {
	var a Action
	if err := web.ReadJSON(w, r, actBody, &a); err != nil {
		return err
	}
	return s.answerAct(w, r, a)
}

func (s *Simulator) answerAct(w http.ResponseWriter, r *http.Request, a Action) error {
	id, err := s.Act(r.Context(), a)
	if err != nil {
		return fmt.Errorf("%w: %w", errControl, err)
	}
	return web.WriteJSON(w, http.StatusOK, map[string]string{"id": id})
}

// controlCustomer is a customer as the control API shows one.
type controlCustomer struct {
	Phone       string `json:"phone,omitempty"`
	UserID      string `json:"user_id"`
	Name        string `json:"name,omitempty"`
	Username    string `json:"username,omitempty"`
	PhoneHidden bool   `json:"phone_hidden,omitempty"`
}

func (s *Simulator) listCustomers(w http.ResponseWriter, _ *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []controlCustomer{}
	for _, c := range s.chats {
		all = append(all, controlCustomer{c.customer.Phone, c.userID, c.customer.Name, c.customer.Username, c.customer.PhoneHidden})
	}
	return web.WriteJSON(w, http.StatusOK, map[string]any{"customers": all})
}

func (s *Simulator) addCustomer(w http.ResponseWriter, r *http.Request) error {
	var c controlCustomer
	if err := web.ReadJSON(w, r, controlBody, &c); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Phone = digits(c.Phone)
	switch {
	case c.Phone == "" && c.UserID == "":
		return fmt.Errorf("%w: a customer needs a phone or a user_id", errControl)
	case c.Phone != "" && s.chatOf(c.Phone, "") != nil || c.UserID != "" && s.chatOf("", c.UserID) != nil:
		return fmt.Errorf("%w: %w", errControl, errTaken)
	}
	joined := s.join(Customer{Phone: c.Phone, Name: c.Name, UserID: c.UserID, Username: c.Username, PhoneHidden: c.PhoneHidden})
	s.announce()
	return web.WriteJSON(w, http.StatusOK, map[string]string{"user_id": joined.userID})
}

// shownMessage is a bubble as the control API shows it.
type shownMessage struct {
	ID       string      `json:"id"`
	From     string      `json:"from"` // "customer" or "shop"
	Type     string      `json:"type"`
	Text     string      `json:"text,omitempty"`
	Options  []option    `json:"options,omitempty"`
	File     *attachment `json:"file,omitempty"`
	Quotes   string      `json:"quotes,omitempty"`
	Status   string      `json:"status"`
	Callback string      `json:"biz_opaque_callback_data,omitempty"`
	Reaction string      `json:"reaction,omitempty"`
	Content  any         `json:"content,omitempty"`
	At       string      `json:"timestamp"`
}

// listMessages shows what is on a customer's phone, so that a test needn't read
// the page.
func (s *Simulator) listMessages(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := r.URL.Query().Get("customer")
	c := s.chatOf(digits(who), "")
	if strings.Contains(who, ".") || c == nil {
		c = s.chatOf("", who)
	}
	if c == nil {
		return fmt.Errorf("%w: %w", errControl, errNoCustomer)
	}
	all := []shownMessage{}
	for _, m := range c.messages {
		shown := shownMessage{
			ID: m.id, From: "shop", Type: m.kind, Text: m.text, Options: m.options, File: m.file, Quotes: m.quotes,
			Status: m.step.status(), Callback: m.callback, Reaction: cmp.Or(m.reaction, m.theirs), Content: m.raw, At: stamp(m.at),
		}
		if m.mine {
			shown.From = "customer"
		}
		all = append(all, shown)
	}
	return web.WriteJSON(w, http.StatusOK, map[string]any{"messages": all})
}

// controlWebhook sends any webhook of the account.
func (s *Simulator) controlWebhook(w http.ResponseWriter, r *http.Request) error {
	var any struct {
		Field string          `json:"field"`
		Value json.RawMessage `json:"value"`
	}
	if err := web.ReadJSON(w, r, controlBody, &any); err != nil {
		return err
	}
	if any.Field == "" || len(any.Value) == 0 {
		return fmt.Errorf("%w: field and value are needed", errControl)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enqueue(nil, webhook{field: any.Field, value: any.Value})
	return web.WriteJSON(w, http.StatusOK, map[string]bool{"success": true})
}

func (s *Simulator) controlTemplates(w http.ResponseWriter, _ *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return web.WriteJSON(w, http.StatusOK, map[string]any{"templates": s.templates})
}

func (s *Simulator) showNumber(w http.ResponseWriter, _ *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return web.WriteJSON(w, http.StatusOK, s.number)
}

// stats count what became of the deliveries.
type stats struct {
	// Delivered are requests that were taken, Failed those that were not.
	Delivered int `json:"delivered"`
	Failed    int `json:"failed"`
	// Forged are requests with a bad signature, ForgedTaken those of them that
	// were answered with 200.
	Forged      int `json:"forged"`
	ForgedTaken int `json:"forged_taken"`
	// Waiting are changes that are not delivered yet.
	Waiting int `json:"waiting"`
}

func (s *Simulator) showStats(w http.ResponseWriter, _ *http.Request) error {
	s.mu.Lock()
	now := s.stats
	for _, queue := range s.queues {
		now.Waiting += len(queue)
	}
	s.mu.Unlock()
	return web.WriteJSON(w, http.StatusOK, now)
}

// reset forgets everything that has happened.
func (s *Simulator) reset(w http.ResponseWriter, _ *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.chats {
		c.forget()
	}
	clear(s.queues)
	s.faults, s.chance, s.limits, s.gate = Faults{}, chance(s.config.Seed), s.config.Limits.withDefaults(), gate{}
	s.media, s.stats, s.number, s.subscribed = mediaStore{}, stats{}, healthyNumber(), true
	s.settings, s.automation, s.links, s.sessions = numberSettings{}, automation{}, nil, nil
	s.announce()
	return web.WriteJSON(w, http.StatusOK, map[string]bool{"success": true})
}
