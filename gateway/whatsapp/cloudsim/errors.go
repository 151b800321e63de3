package cloudsim

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/recado/recado/internal/web"
)

// graphError is an error of the Graph API. Receivers are to decide by the code.
type graphError struct {
	status  int
	code    int
	subcode int
	kind    string
	message string
	details string
	// retryAfter is the header of that name in seconds, or 0.
	retryAfter int
}

// Error gives the message as Meta words it, which holds nothing of the request
// but the names of its fields.
func (e *graphError) Error() string { return e.message }

// graphBody is the JSON of an error.
type graphBody struct {
	Error graphBodyError `json:"error"`
}

type graphBodyError struct {
	Message   string     `json:"message"`
	Type      string     `json:"type"`
	Code      int        `json:"code"`
	ErrorData *errorData `json:"error_data,omitempty"`
	Subcode   int        `json:"error_subcode,omitempty"`
	TraceID   string     `json:"fbtrace_id"`
}

// titles are those of errors that come both at once and in a status.
var titles = map[int][2]string{
	100:    {"Invalid parameter", ""},
	131008: {"Required parameter is missing", ""},
	131009: {"Parameter value is not valid", ""},
	131021: {"Recipient cannot be sender", "Sender and recipient phone number is the same."},
	131026: {"Message undeliverable", "Message Undeliverable."},
	131030: {
		"Recipient phone number not in allowed list",
		"Recipient phone number not in allowed list: Add recipient phone number to recipient list and try again.",
	},
	130472: {"User's number is part of an experiment", "Failed to send message because this user's phone number is part of an experiment"},
	130497: {"Business account is restricted from messaging users in this country.", ""},
	130429: {"Rate limit hit", "Cloud API message throughput has been reached."},
	131000: {"Something went wrong", ""},
	131016: {"Service unavailable", ""},
	131042: {"Business eligibility payment issue", ""},
	131048: {"Spam rate limit hit", ""},
	131049: {
		"Message failed to send to maintain healthy ecosystem engagement",
		"In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
	},
	131050: {
		"User has stopped marketing messages",
		"Unable to deliver the message. This recipient has chosen to stop receiving marketing messages on WhatsApp from your business.",
	},
	131051: {"Unsupported message type", "Message type is currently not supported."},
	131052: {"Media download error", "Unable to download the media sent by the user."},
	131053: {"Media upload error", "The media file can't be used for this type of message."},
	131056: {
		"(Business Account, Consumer Account) pair rate limit hit",
		"Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time.",
	},
	131060: {"This message is unavailable", "This message is currently unavailable."},
	131062: {"Business-scoped User ID (BSUID) recipients are not supported for this message", ""},
	132000: {"Number of parameters does not match the expected number of params", ""},
	132001: {"Template name does not exist in the translation", ""},
	132005: {"Translated Text Too Long", "the text of the template with its parameters has more than 1024 characters"},
	132012: {"Parameter format does not match format in the created template", ""},
	132015: {"Template is Paused", "The template is paused because of its quality and can't be sent."},
	132016: {"Template is Disabled", "The template was paused too often and is disabled for good."},
	132018: {"There was an issue with the parameters in your template", ""},
	132068: {"Flow is in blocked state", ""},
	132069: {"Flow is in throttled state", ""},
	133004: {"Server Temporarily Unavailable", ""},
	135000: {"Generic user error", ""},
	137000: {"Recipient identity key hash mismatch", "The recipient_identity_key_hash is not the one that the recipient has now."},
	139100: {"Failed to block/unblock users", ""},
	133010: {"Phone number not registered", ""},
	131047: {
		"Re-engagement message",
		"Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
	},
}

// refusal is an error of the messages endpoint by its code; the details default
// to what is usual for it.
func refusal(code int, details string) *graphError {
	title := titles[code]
	return &graphError{
		status: http.StatusBadRequest, code: code, kind: "OAuthException",
		message: fmt.Sprintf("(#%d) %s", code, title[0]), details: cmp.Or(details, title[1]),
	}
}

// failure is the same error as it comes later, in a status.
func failure(code int) []statusError {
	title := titles[code]
	return []statusError{{
		Code: code, Title: title[0], Message: title[0], ErrorData: errorData{Details: title[1]},
		Href: "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
	}}
}

// missing says that a needed field is not there.
func missing(field string) *graphError {
	return &graphError{
		status: http.StatusBadRequest, code: 100, kind: "OAuthException",
		message: fmt.Sprintf("(#100) The parameter %s is required.", field),
	}
}

// misfit says that a text of an interactive message has more characters than
// allowed. It has another code there than elsewhere.
func misfit(field string, limit int) *graphError {
	return refusal(131009, fmt.Sprintf("%s length invalid. Min length: 1, Max length: %d", field, limit))
}

// tooLong says that a text has more characters than allowed.
func tooLong(field string, limit int) *graphError {
	return &graphError{
		status: http.StatusBadRequest, code: 100, kind: "OAuthException",
		message: fmt.Sprintf("(#100) Param %s must be at most %d characters long.", field, limit),
	}
}

var (
	errToken = &graphError{
		status: http.StatusUnauthorized, code: 190, kind: "OAuthException",
		message: "Invalid OAuth access token - Cannot parse access token",
	}
	errExpired = &graphError{
		status: http.StatusUnauthorized, code: 190, subcode: 463, kind: "OAuthException",
		message: "Error validating access token: Session has expired",
	}
	errProof = &graphError{
		status: http.StatusBadRequest, code: 100, kind: "GraphMethodException",
		message: "Invalid appsecret_proof provided in the API argument",
	}
	errNotJSON = &graphError{
		status: http.StatusBadRequest, code: 100, kind: "OAuthException",
		message: "(#100) The request body is not a valid JSON object.",
	}
)

// unknownObject says that there is nothing with this id, or not for this token.
func unknownObject(method string) *graphError {
	verb := "get"
	switch method {
	case http.MethodPost:
		verb = "post"
	case http.MethodDelete:
		verb = "delete"
	}
	return &graphError{
		status: http.StatusBadRequest, code: 100, subcode: 33, kind: "GraphMethodException",
		message: "Unsupported " + verb + " request. Object with this ID does not exist, cannot be loaded due to missing " +
			"permissions, or does not support this operation. Please read the Graph API documentation at " +
			"https://developers.facebook.com/docs/graph-api",
	}
}

// unknownPath answers what the Graph API has no route for.
func unknownPath(http.ResponseWriter, *http.Request) error {
	return &graphError{
		status: http.StatusBadRequest, code: 2500, kind: "OAuthException",
		message: "Unknown path components",
	}
}

// failGraph writes an error as the Graph API does.
func (s *Simulator) failGraph(w http.ResponseWriter, r *http.Request, err error) {
	e, ok := errors.AsType[*graphError](err)
	if !ok {
		s.config.Logger.ErrorContext(r.Context(), "graph request failed", "route", r.Pattern, "error", err)
		e = &graphError{
			status: http.StatusInternalServerError, code: 131000, kind: "OAuthException",
			message: "(#131000) Something went wrong",
		}
	}
	if e.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `OAuth "Facebook Platform" "invalid_token" "`+e.message+`"`)
	}
	if e.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.retryAfter))
	}
	s.write(w, r, e.status, graphBody{e.body()})
}

// body is the error in an answer.
func (e *graphError) body() graphBodyError {
	body := graphBodyError{
		Message: e.message, Type: e.kind, Code: e.code, Subcode: e.subcode, TraceID: "A" + rand.Text()[:22],
	}
	if e.details != "" {
		body.ErrorData = &errorData{Product: "whatsapp", Details: e.details}
	}
	return body
}

// write answers with JSON; the bodies of this package can all be encoded.
func (s *Simulator) write(w http.ResponseWriter, r *http.Request, status int, body any) {
	if err := web.WriteJSON(w, status, body); err != nil {
		s.config.Logger.ErrorContext(r.Context(), "answer failed", "route", r.Pattern, "error", err)
	}
}
