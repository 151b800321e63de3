package cloudsim

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// notification is the envelope of a webhook.
type notification struct {
	Object string  `json:"object"`
	Entry  []entry `json:"entry"`
}

type entry struct {
	ID string `json:"id"`
	// Time is there when the changes are about the account.
	Time    int64    `json:"time,omitempty"`
	Changes []change `json:"changes"`
}

type change struct {
	Value any    `json:"value"`
	Field string `json:"field"`
}

type metadata struct {
	DisplayPhone  string `json:"display_phone_number"`
	PhoneNumberID string `json:"phone_number_id"`
}

type contact struct {
	Profile  *profile `json:"profile,omitempty"`
	WaID     *string  `json:"wa_id,omitempty"`
	UserID   string   `json:"user_id"`
	Identity string   `json:"identity_key_hash,omitempty"`
}

type profile struct {
	Name     string `json:"name,omitempty"`
	Username string `json:"username,omitempty"`
}

// status tells how far a shop's message has come.
type status struct {
	ID              string        `json:"id"`
	Status          string        `json:"status"`
	Timestamp       string        `json:"timestamp"`
	RecipientID     *string       `json:"recipient_id,omitempty"`
	RecipientUserID string        `json:"recipient_user_id"`
	Callback        string        `json:"biz_opaque_callback_data,omitempty"`
	Conversation    *conversation `json:"conversation,omitempty"`
	Pricing         *pricing      `json:"pricing,omitempty"`
	Errors          []statusError `json:"errors,omitempty"`
}

type conversation struct {
	ID         string `json:"id"`
	Expiration string `json:"expiration_timestamp,omitempty"`
	Origin     origin `json:"origin"`
}

type origin struct {
	Type string `json:"type"`
}

type pricing struct {
	Billable bool   `json:"billable"`
	Model    string `json:"pricing_model"`
	Type     string `json:"type"`
	Category string `json:"category"`
}

type statusError struct {
	Code      int       `json:"code"`
	Title     string    `json:"title"`
	Message   string    `json:"message"`
	ErrorData errorData `json:"error_data"`
	Href      string    `json:"href"`
}

type errorData struct {
	Product string `json:"messaging_product,omitempty"`
	Details string `json:"details"`
}

func (s *Simulator) metadata() metadata {
	return metadata{digits(s.config.DisplayPhone), s.config.PhoneNumberID}
}

// envelope wraps changes as Meta does, in the one entry of the account.
func (s *Simulator) envelope(webhooks []webhook) notification {
	e := entry{ID: s.config.AccountID}
	for _, w := range webhooks {
		if w.field != "" && w.chat == nil {
			e.Time = s.config.Now().Unix()
		}
		e.Changes = append(e.Changes, change{Value: apart(w), Field: cmp.Or(w.field, "messages")})
		if len(e.Changes) > 1 && w.merge && merge(e.Changes[len(e.Changes)-2], e.Changes[len(e.Changes)-1]) {
			e.Changes = e.Changes[:len(e.Changes)-1]
		}
	}
	return notification{Object: "whatsapp_business_account", Entry: []entry{e}}
}

// apart is a value that others can be merged into.
func apart(w webhook) any {
	if value, ok := w.value.(map[string]any); ok && w.merge {
		return maps.Clone(value)
	}
	return w.value
}

// merge puts what is in one change about messages into another, and says whether
// it could.
func merge(into, from change) bool {
	all, ok1 := into.Value.(map[string]any)
	more, ok2 := from.Value.(map[string]any)
	if !ok1 || !ok2 || into.Field != "messages" || from.Field != "messages" {
		return false
	}
	for _, kind := range []string{"messages", "statuses"} {
		if items, ok := more[kind].([]any); ok {
			old, _ := all[kind].([]any)
			all[kind] = append(slices.Clip(old), items...)
		}
	}
	old, _ := all["contacts"].([]contact)
	contacts, _ := more["contacts"].([]contact)
	for _, each := range contacts {
		if !slices.ContainsFunc(old, func(c contact) bool { return c.UserID == each.UserID }) {
			old = append(slices.Clip(old), each)
		}
	}
	if old != nil {
		all["contacts"] = old
	}
	return true
}

// contactOf is the customer in a webhook. One without a profile name has no
// profile there, as happens with real ones.
func (s *Simulator) contactOf(c *chat) contact {
	answer := contact{WaID: s.shown(c), UserID: c.userID}
	if s.settings.Identity.Check {
		answer.Identity = c.identity()
	}
	if c.customer.Name != "" || c.customer.Username != "" {
		answer.Profile = &profile{c.customer.Name, c.customer.Username}
	}
	return answer
}

// shown is the phone as it is written for the shop. One that the shop doesn't see
// is left out, or empty while that fault is on.
func (s *Simulator) shown(c *chat) *string {
	phone := c.shownPhone()
	if phone == "" && !s.faults.BlankPhones {
		return nil
	}
	return &phone
}

// statusOf is one status of a shop's message with its contact. The parts follow
// the API's version: since v24 there is no conversation. The price comes with
// sent and delivered; free-form messages are within a number's free monthly
// thousand.
func (s *Simulator) statusOf(c *chat, m *message, step progress, now time.Time) webhook {
	st := status{
		ID: m.id, Status: step.status(), Timestamp: stamp(now),
		RecipientID: s.shown(c), RecipientUserID: c.userID, Callback: m.callback,
	}
	// A reaction is not billed.
	if step <= stepDelivered && m.category != "" {
		st.Pricing = &pricing{Model: "PMP", Type: "free_customer_service", Category: m.category}
		switch {
		case m.at.Before(c.entry):
			st.Pricing.Type, st.Pricing.Category = "free_entry_point", "referral_conversion"
		case m.category != "service":
			st.Pricing.Billable, st.Pricing.Type = true, "regular"
		}
		if major, _ := strconv.Atoi(strings.TrimPrefix(strings.TrimSuffix(s.config.Version, ".0"), "v")); major < 24 {
			st.Conversation = s.conversationOf(c, m, step)
		}
	}
	return webhook{value: s.about(c, "statuses", st), status: true}
}

// failedOf is the status of a message that came to nothing; there is no contact
// in it.
func (s *Simulator) failedOf(c *chat, m *message, code int) webhook {
	st := status{
		ID: m.id, Status: stepFailed.status(), Timestamp: stamp(m.at), RecipientID: s.shown(c),
		RecipientUserID: c.userID, Callback: m.callback, Errors: failure(code),
	}
	value := s.about(c, "statuses", st)
	delete(value, "contacts")
	return webhook{value: value, status: true}
}

func (s *Simulator) conversationOf(c *chat, m *message, step progress) *conversation {
	sum := sha256.Sum256([]byte(c.userID + stamp(c.wrote)))
	answer := &conversation{ID: hex.EncodeToString(sum[:16]), Origin: origin{m.category}}
	if step == stepSent {
		answer.Expiration = stamp(c.wrote.Add(window))
	}
	return answer
}

func stamp(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// metaJSON encodes as Meta's servers do: ASCII alone, the rest as \u with small
// hex digits, and each slash with a backslash before it. Signatures cover these
// bytes, so that a receiver which parses before it verifies is found out.
func metaJSON(v any) ([]byte, error) {
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode a webhook: %w", err)
	}
	// Whatever is escaped here can only be inside of a string.
	escaped := make([]byte, 0, plain.Len()+64)
	for _, r := range strings.TrimSuffix(plain.String(), "\n") {
		switch {
		case r == '/':
			escaped = append(escaped, `\/`...)
		case r < 0x80:
			escaped = append(escaped, byte(r))
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				escaped = fmt.Appendf(escaped, `\u%04x`, unit)
			}
		}
	}
	return escaped, nil
}

// sign is the value of X-Hub-Signature-256.
func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// wamid makes a message id as Meta's look: base64 over a small structure with the
// customer's phone in clear, the direction and a random part. It never repeats,
// not in the next run either, since receivers remember ids.
func wamid(phone string, mine bool) string {
	random := make([]byte, 9)
	rand.Read(random) // never fails; see its documentation
	direction, tail := byte(0x11), strings.ToUpper(hex.EncodeToString(random))
	if mine {
		direction, tail = 0x12, "3A"+tail
	}
	b := append([]byte{0x1c, 0x18, byte(len(phone))}, phone...)
	b = append(b, 0x15, 0x02, 0x00, direction, 0x18, byte(len(tail)))
	b = append(append(b, tail...), 0x00)
	return "wamid." + base64.StdEncoding.EncodeToString(b)
}

// userID makes a business-scoped user id: the country and twenty digits, the
// same for one customer and shop at all times.
func userID(shop, phone string) string {
	return country(phone) + ".1" + digitsOf("user", shop+"/"+phone, 19)
}

// country knows the calling codes of the demo's customers and of most places
// where Spanish or English is spoken.
func country(phone string) string {
	codes := map[string]string{
		"1": "US", "33": "FR", "34": "ES", "39": "IT", "44": "GB", "49": "DE", "51": "PE", "52": "MX", "54": "AR",
		"55": "BR", "56": "CL", "57": "CO", "351": "PT", "353": "IE", "593": "EC", "598": "UY",
	}
	for length := min(3, len(phone)); length > 0; length-- {
		if found, ok := codes[phone[:length]]; ok {
			return found
		}
	}
	return "US"
}

// DefaultAccountID is the account that a Config without one has.
func DefaultAccountID(phoneNumberID string) string { return number("account", phoneNumberID) }

// number makes an id of fifteen digits from a name.
func number(kind, name string) string { return "1" + digitsOf(kind, name, 14) }

func digitsOf(kind, name string, length int) string {
	sum := sha256.Sum256([]byte(kind + "/" + name))
	long := fmt.Sprintf("%020d", binary.BigEndian.Uint64(sum[:8]))
	return long[len(long)-length:]
}
