package whatsapp

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

// ruling is what an error code means for a message that is being sent.
type ruling struct {
	outcome gateway.SendOutcome
	class   gateway.ErrorClass
	// first is the wait before the second attempt; each further one doubles it, up
	// to longest.
	first, longest time.Duration
	// title says it in our words. The channel's own words change, and its details
	// repeat numbers.
	title string
}

// The four ways of an error code.
func backOff(title string) ruling {
	return ruling{gateway.SendRetry, gateway.ErrorTransient, 2 * time.Second, 5 * time.Minute, title}
}

func slowDown(first, longest time.Duration, title string) ruling {
	return ruling{gateway.SendRetry, gateway.ErrorRate, first, longest, title}
}

// repair is for what a person must set right before anything can be sent. The
// message itself is well: it waits, and goes to a person when the tries are used
// up.
func repair(title string) ruling {
	return ruling{gateway.SendRetry, gateway.ErrorAccount, time.Minute, 5 * time.Minute, title}
}

func reject(class gateway.ErrorClass, title string) ruling {
	return ruling{outcome: gateway.SendRejected, class: class, title: title}
}

// rulings are the error codes of the Cloud API. The same codes come with a refused
// request and with a status of failed.
var rulings = map[int]ruling{
	// The channel's own trouble.
	1:      backOff("The channel had an unknown problem"),
	2:      backOff("The channel is not available for the moment"),
	131000: backOff("Something went wrong at the channel"),
	131016: backOff("The channel is overloaded"),
	131057: {gateway.SendRetry, gateway.ErrorTransient, time.Minute, 5 * time.Minute, "The business account is under maintenance"},
	133004: backOff("The channel's server is not available for the moment"),

	// Too much at once: for the app, the account, the number, this customer.
	4:      slowDown(time.Minute, 30*time.Minute, "The app made too many calls"),
	80007:  slowDown(time.Minute, 30*time.Minute, "The business account made too many calls"),
	130429: slowDown(2*time.Second, 5*time.Minute, "The number sends too fast"),
	131056: slowDown(4*time.Second, 10*time.Minute, "Too many messages to this customer in a short time"),
	133016: slowDown(time.Hour, time.Hour, "The number was registered too often"),

	// The channel protects its customers. Trying again soon makes it worse.
	130472: reject(gateway.ErrorQuality, "The customer is part of an experiment of the channel"),
	131048: reject(gateway.ErrorQuality, "The number's messages were reported as spam too often"),
	131049: reject(gateway.ErrorQuality, "The channel held the message back to protect the customer"),
	131050: reject(gateway.ErrorOptedOut, "The customer stopped marketing messages"),
	131064: reject(gateway.ErrorQuality, "The template's category is in dispute"),

	// This customer can't be reached this way.
	470:    reject(gateway.ErrorWindow, "The service window is closed"),
	131047: reject(gateway.ErrorWindow, "The service window is closed"),
	131026: reject(gateway.ErrorUnreachable, "The customer can't be reached on the channel"),
	131021: reject(gateway.ErrorUnreachable, "The message would go to the number that sends it"),
	130497: reject(gateway.ErrorUnreachable, "The channel does not allow messages to this country"),
	131030: reject(gateway.ErrorUnreachable, "The customer is not on the list of the test number"),
	131062: reject(gateway.ErrorOther, "This kind of message needs the customer's phone number"),
	137000: reject(gateway.ErrorIdentity, "The customer's identity has changed and must be checked"),

	// The request is wrong.
	100:    reject(gateway.ErrorRequest, "The channel does not accept the request"),
	131008: reject(gateway.ErrorRequest, "The request lacks something the channel needs"),
	131009: reject(gateway.ErrorRequest, "The request holds a value the channel does not accept"),
	131051: reject(gateway.ErrorRequest, "The channel does not support this type of message"),
	// 400 is the old one.
	400:    reject(gateway.ErrorFile, "The channel could not fetch the customer's file"),
	131052: reject(gateway.ErrorFile, "The channel could not fetch the customer's file"),
	131053: reject(gateway.ErrorRequest, "The channel could not use the file"),
	131055: reject(gateway.ErrorRequest, "The channel does not allow this method"),
	131036: reject(gateway.ErrorOther, "The number stores no messages and this one could not be delivered at once"),
	131060: reject(gateway.ErrorElsewhere, "The message can only be seen in the phone app"),
	135000: reject(gateway.ErrorRequest, "The channel does not accept the message's parameters"),
	132000: reject(gateway.ErrorRequest, "The template got the wrong number of values"),
	132001: reject(gateway.ErrorRequest, "The template does not exist in this language"),
	132005: reject(gateway.ErrorRequest, "The template with its values is too long"),
	132007: reject(gateway.ErrorRequest, "The template breaks a rule of the channel"),
	132008: reject(gateway.ErrorRequest, "A value of the template does not have the right form"),
	132012: reject(gateway.ErrorRequest, "A value of the template does not have the right form"),
	132015: reject(gateway.ErrorTemplate, "The template is paused"),
	132016: reject(gateway.ErrorTemplate, "The template is disabled"),
	132018: reject(gateway.ErrorRequest, "A value of the template is not allowed"),
	132068: reject(gateway.ErrorRequest, "The form is blocked"),
	132069: reject(gateway.ErrorRequest, "The form is slowed down by the channel"),
	139200: reject(gateway.ErrorRequest, "The message can't be sent without a template"),

	// The account: somebody must act.
	0:      repair("The access token was not accepted"),
	3:      repair("The app may not do this"),
	10:     repair("The app lacks a permission"),
	33:     repair("The business number does not exist any more"),
	190:    repair("The access token has expired or was revoked"),
	368:    repair("The account is blocked for breaking the channel's rules"),
	131005: repair("The access token lacks a permission"),
	131031: repair("The business account is locked"),
	131035: reject(gateway.ErrorOther, "The number stores no messages and some could not be delivered at once"),
	131037: repair("The number's display name is not approved"),
	131042: repair("The payment method of the account has a problem"),
	131045: repair("The number's certificate is not accepted"),
	131063: repair("The account may not send this kind of message"),
	133010: repair("The number is not registered"),
	134011: repair("The account's terms have not been accepted"),
}

// rule gives the ruling of a code. What is not known is refused: an error that
// means "try again" says so.
func rule(code int) ruling {
	if r, ok := rulings[code]; ok {
		return r
	}
	switch {
	case code >= 200 && code <= 299:
		return repair("The app lacks a permission")
	case code >= 133000 && code <= 133015:
		return repair("The number's registration has a problem")
	}
	return reject(gateway.ErrorOther, "The channel refused it with a code that is not known")
}

// wait is how long the next attempt is put off. A fraction that depends on the
// message spreads those that failed together.
func (r ruling) wait(id string, attempt int) time.Duration {
	wait := min(r.first<<min(max(attempt-1, 0), 20), r.longest)
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, id, attempt)
	return wait + wait*time.Duration(h.Sum32()%256)/1024
}

// sendError is an error of the channel: its code, what that means, and the channel's
// own words for people to see.
func sendError(failure object) *gateway.SendError {
	e := &gateway.SendError{Title: "The channel gave no reason", Detail: detail(failure)}
	if code, err := strconv.Atoi(failure.str("code")); err == nil {
		ruled := rule(code)
		e.Code, e.Title, e.Class = code, ruled.title, ruled.class
	}
	return e
}

// maxErrorDetail is how many characters of the channel's own words are kept.
const maxErrorDetail = 500

// detail are the channel's own words: the details, or what stands for them in older
// errors and in those that have none.
func detail(failure object) string {
	return shorten(strings.TrimSpace(cmp.Or(
		failure.obj("error_data").str("details"), failure.str("details"), failure.str("message"), failure.str("title"),
	)), maxErrorDetail)
}

// refusal is what a response that is no acceptance says.
type refusal struct {
	status     int
	code       int
	known      bool // the response has the channel's form of an error
	transient  bool
	detail     string
	trace      string
	retryAfter time.Duration
}

// readRefusal reads an error response. It may be anything: a proxy's page, half
// a response, nothing.
func readRefusal(status int, header http.Header, body []byte, now time.Time) refusal {
	r := refusal{status: status, retryAfter: retryAfter(header.Get("Retry-After"), now)}
	top, _ := decode(body)
	failure, ok := open(top.get("error"))
	if !ok {
		return r
	}
	code, err := strconv.Atoi(failure.str("code"))
	r.code, r.known = code, err == nil
	r.transient = failure.str("is_transient") == "true"
	r.trace, r.detail = failure.str("fbtrace_id"), detail(failure)
	return r
}

// ruling decides on the code and not on the status, which the channel uses
// freely: rate limits come as 400. A server error is different: whoever had one
// may have taken the message first, unless the code says that it was too much.
func (r refusal) ruling() ruling {
	ruled := rule(r.code)
	_, listed := rulings[r.code]
	limited := r.known && ruled.outcome == gateway.SendRetry
	early := r.known && tooMuch[r.code]
	switch {
	case r.status == http.StatusTooManyRequests && !limited:
		return slowDown(2*time.Second, 5*time.Minute, "The channel takes no more messages for the moment")
	case r.status >= 500 && !early:
		return ruling{outcome: gateway.SendUnknown, class: gateway.ErrorTransient, title: "The channel failed while it took the message"}
	case !r.known && r.status == http.StatusUnauthorized:
		return rule(0)
	case !r.known:
		return reject(gateway.ErrorOther, fmt.Sprintf("The channel refused it with status %d", r.status))
	case r.transient && !listed:
		return backOff("The channel had a passing problem")
	}
	return ruled
}

// tooMuch are the codes that are given before a message is looked at.
var tooMuch = map[int]bool{4: true, 80007: true, 130429: true, 131056: true, 131057: true}

// result is the outcome for the gateway.
func (r refusal) result(o *gateway.Outgoing, now time.Time) gateway.SendResult {
	ruled := r.ruling()
	result := gateway.SendResult{
		Outcome: ruled.outcome,
		Error:   &gateway.SendError{Code: r.code, Title: ruled.title, Class: ruled.class, Detail: r.detail},
	}
	switch ruled.outcome {
	case gateway.SendRetry:
		result.RetryAt = now.Add(max(ruled.wait(o.ID, o.Attempt), r.retryAfter))
	case gateway.SendUnknown:
		result.RetryAt = now.Add(max(gateway.ReconcileAfter, r.retryAfter))
	case gateway.SendAccepted, gateway.SendRejected:
	}
	return result
}

// longestRetryAfter bounds what a server may ask for, so that a mistake there
// does not put a message off for ever.
const longestRetryAfter = time.Hour

// retryAfter reads the header: seconds, or a date.
func retryAfter(value string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.Atoi(value); err == nil {
		wait = time.Duration(min(seconds, int(longestRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), longestRetryAfter)
}
