package cloudsim

import (
	"cmp"
	"encoding/json"
)

// request is the body of a POST to the messages endpoint.
type request struct {
	Product       string           `json:"messaging_product"`
	RecipientType string           `json:"recipient_type"`
	To            string           `json:"to"`
	Recipient     string           `json:"recipient"`
	Type          string           `json:"type"`
	Callback      string           `json:"biz_opaque_callback_data"`
	Identity      string           `json:"recipient_identity_key_hash"`
	Context       *contextPart     `json:"context"`
	Text          *textPart        `json:"text"`
	Image         *mediaPart       `json:"image"`
	Video         *mediaPart       `json:"video"`
	Audio         *mediaPart       `json:"audio"`
	Document      *mediaPart       `json:"document"`
	Sticker       *mediaPart       `json:"sticker"`
	Location      *locationPart    `json:"location"`
	Contacts      []contactPart    `json:"contacts"`
	Reaction      *reactionPart    `json:"reaction"`
	Interactive   *interactivePart `json:"interactive"`
	Template      *templatePart    `json:"template"`
	raw           map[string]any   // the body as it came

	// The rest is that of a receipt.

	Status    string      `json:"status"`
	MessageID string      `json:"message_id"`
	Typing    *typingPart `json:"typing_indicator"`
}

type contextPart struct {
	MessageID string `json:"message_id"`
}

type typingPart struct {
	Type string `json:"type"`
}

type textPart struct {
	Body string `json:"body"`
}

type mediaPart struct {
	ID       string `json:"id"`
	Link     string `json:"link"`
	Caption  string `json:"caption"`
	Filename string `json:"filename"`
	Voice    bool   `json:"voice"`
}

type locationPart struct {
	Latitude  *json.Number `json:"latitude"`
	Longitude *json.Number `json:"longitude"`
	Name      string       `json:"name"`
	Address   string       `json:"address"`
}

type contactPart struct {
	Name   contactName    `json:"name"`
	Phones []contactPhone `json:"phones"`
}

type contactName struct {
	Formatted string `json:"formatted_name"`
	First     string `json:"first_name"`
	Last      string `json:"last_name"`
}

type contactPhone struct {
	Phone string `json:"phone"`
	WaID  string `json:"wa_id"`
}

type reactionPart struct {
	MessageID string  `json:"message_id"`
	Emoji     *string `json:"emoji"`
}

type interactivePart struct {
	Type   string      `json:"type"`
	Header *headerPart `json:"header"`
	Body   *textLine   `json:"body"`
	Footer *textLine   `json:"footer"`
	Action actionPart  `json:"action"`
}

type headerPart struct {
	Type     string     `json:"type"`
	Text     string     `json:"text"`
	Image    *mediaPart `json:"image"`
	Video    *mediaPart `json:"video"`
	Document *mediaPart `json:"document"`
}

type textLine struct {
	Text string `json:"text"`
}

type actionPart struct {
	Name       string           `json:"name"`
	Button     string           `json:"button"`
	Buttons    []replyButton    `json:"buttons"`
	Sections   []section        `json:"sections"`
	Catalog    string           `json:"catalog_id"`
	Product    string           `json:"product_retailer_id"`
	Cards      []map[string]any `json:"cards"`
	Parameters actionParameters `json:"parameters"`
}

type replyButton struct {
	Type  string `json:"type"`
	Reply row    `json:"reply"`
}

type section struct {
	Title    string    `json:"title"`
	Rows     []row     `json:"rows"`
	Products []product `json:"product_items"`
}

type row struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

type product struct {
	RetailerID string `json:"product_retailer_id"`
}

// actionParameters are those of every action; each has a few of them.
type actionParameters struct {
	DisplayText string `json:"display_text"`
	URL         string `json:"url"`
	FlowVersion string `json:"flow_message_version"`
	FlowID      string `json:"flow_id"`
	FlowName    string `json:"flow_name"`
	FlowCTA     string `json:"flow_cta"`
	FlowToken   string `json:"flow_token"`
	FlowAction  string `json:"flow_action"`
	Reference   string `json:"reference_id"`
	Order       *struct {
		Status string `json:"status"`
	} `json:"order"`
}

type templatePart struct {
	Name     string `json:"name"`
	Language struct {
		Code string `json:"code"`
	} `json:"language"`
	Components []sentComponent `json:"components"`
}

// sentComponent fills one component of a template.
type sentComponent struct {
	Type       string          `json:"type"`
	SubType    string          `json:"sub_type"`
	Index      any             `json:"index"` // a number or digits
	Parameters []sentParameter `json:"parameters"`
}

type sentParameter struct {
	Type     string        `json:"type"`
	Name     string        `json:"parameter_name"`
	Text     any           `json:"text"` // Meta takes numbers and booleans too
	Payload  string        `json:"payload"`
	Coupon   string        `json:"coupon_code"`
	Currency *fallback     `json:"currency"`
	DateTime *fallback     `json:"date_time"`
	Image    *mediaPart    `json:"image"`
	Video    *mediaPart    `json:"video"`
	Document *mediaPart    `json:"document"`
	Location *locationPart `json:"location"`
}

type fallback struct {
	Value string `json:"fallback_value"`
}

// input is the recipient as it was written.
func (q request) input() string { return cmp.Or(q.To, q.Recipient) }

// acceptance is the state in an answer; Meta gives one for templates alone.
func (q request) acceptance() string {
	if q.kind() == "template" {
		return "accepted"
	}
	return ""
}

// UnmarshalJSON keeps what came beside what is understood of it, for those who
// want to see it again.
func (q *request) UnmarshalJSON(b []byte) error {
	type plain request
	if err := json.Unmarshal(b, (*plain)(q)); err != nil {
		return err
	}
	return json.Unmarshal(b, &q.raw)
}
