package whatsapp

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/recado/recado/gateway"
)

// request is the body of a send, as the Cloud API defines it.
type request struct {
	MessagingProduct string `json:"messaging_product"`
	RecipientType    string `json:"recipient_type"`
	// To is a phone number with a plus, Recipient a user id; one of them is set.
	To        string `json:"to,omitempty"`
	Recipient string `json:"recipient,omitempty"`
	Type      string `json:"type"`
	Text      text   `json:"text"`
	// CallbackData comes back in every status of the message.
	CallbackData string `json:"biz_opaque_callback_data,omitempty"`
}

type text struct {
	Body       string `json:"body"`
	PreviewURL bool   `json:"preview_url"`
}

// The reasons for not even trying. They say nothing of the customer.
var (
	errNobody  = errors.New("the message has no recipient")
	errNoWords = errors.New("the message is empty")
)

// payload builds the body that sends a message. It is pure.
//
// The phone is preferred while it is known: every version of the API takes it.
// The plus is needed, because the channel may put the shop's own country before
// a number without one.
func payload(o *gateway.Outgoing) (json.RawMessage, error) {
	body := clip(strings.TrimSpace(marks(strings.ToValidUTF8(o.Text, "\uFFFD"))))
	if body == "" {
		return nil, errNoWords
	}
	r := request{
		MessagingProduct: "whatsapp", RecipientType: "individual", Type: "text",
		Text: text{Body: body, PreviewURL: website.MatchString(body)}, CallbackData: o.ID,
	}
	switch {
	case o.To.Phone != "":
		r.To = "+" + o.To.Phone
	case o.To.UserID != "":
		r.Recipient = o.To.UserID
	default:
		return nil, errNobody
	}
	encoded, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode a message: %w", err)
	}
	return encoded, nil
}
