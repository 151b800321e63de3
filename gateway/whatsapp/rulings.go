package whatsapp

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"time"

	"github.com/recado/recado/gateway"
)

// ruling is what an error code means for a message that is being sent.
type ruling struct {
	outcome gateway.SendOutcome
	// first is the wait before the second attempt; each further one doubles it, up
	// to longest.
	first, longest time.Duration
	// title says it in our words. The channel's own words change, and its details
	// repeat numbers.
	title string
}

// The four ways of an error code.
func backOff(title string) ruling {
	return ruling{gateway.SendRetry, 2 * time.Second, 5 * time.Minute, title}
}

func slowDown(first, longest time.Duration, title string) ruling {
	return ruling{gateway.SendRetry, first, longest, title}
}

// repair is for what a person must set right before anything can be sent. The
// message itself is well: it waits, and goes to a person when the tries are used
// up.
func repair(title string) ruling {
	return ruling{gateway.SendRetry, time.Minute, 5 * time.Minute, title}
}

func reject(title string) ruling { return ruling{outcome: gateway.SendRejected, title: title} }

// rulings are the error codes of the Cloud API. The same codes come with a refused
// request and with a status of failed.
var rulings = map[int]ruling{
	// The channel's own trouble.
	1:      backOff("The channel had an unknown problem"),
	2:      backOff("The channel is not available for the moment"),
	131000: backOff("Something went wrong at the channel"),
	131016: backOff("The channel is overloaded"),
	131057: slowDown(time.Minute, 5*time.Minute, "The business account is under maintenance"),
	133004: backOff("The channel's server is not available for the moment"),

	// Too much at once: for the app, the account, the number, this customer.
	4:      slowDown(time.Minute, 30*time.Minute, "The app made too many calls"),
	80007:  slowDown(time.Minute, 30*time.Minute, "The business account made too many calls"),
	130429: slowDown(2*time.Second, 5*time.Minute, "The number sends too fast"),
	131056: slowDown(4*time.Second, 10*time.Minute, "Too many messages to this customer in a short time"),
	133016: slowDown(time.Hour, time.Hour, "The number was registered too often"),

	// The channel protects its customers. Trying again soon makes it worse.
	130472: reject("The customer is part of an experiment of the channel"),
	131048: reject("The number's messages were reported as spam too often"),
	131049: reject("The channel held the message back to protect the customer"),
	131050: reject("The customer stopped marketing messages"),
	131064: reject("The template's category is in dispute"),

	// This customer can't be reached this way.
	470:    reject("The service window is closed"),
	131047: reject("The service window is closed"),
	131026: reject("The customer can't be reached on the channel"),
	131021: reject("The message would go to the number that sends it"),
	130497: reject("The channel does not allow messages to this country"),
	131030: reject("The customer is not on the list of the test number"),
	131062: reject("This kind of message needs the customer's phone number"),
	137000: reject("The customer's identity has changed and must be checked"),

	// The request is wrong.
	33:     reject("The business number does not exist any more"),
	100:    reject("The channel does not accept the request"),
	131008: reject("The request lacks something the channel needs"),
	131009: reject("The request holds a value the channel does not accept"),
	131051: reject("The channel does not support this type of message"),
	131052: reject("The channel could not fetch the customer's file"),
	131053: reject("The channel could not use the file"),
	131055: reject("The channel does not allow this method"),
	131036: reject("The number stores no messages and this one could not be delivered at once"),
	131060: reject("The message can only be seen in the phone app"),
	135000: reject("The channel does not accept the message's parameters"),
	132000: reject("The template got the wrong number of values"),
	132001: reject("The template does not exist in this language"),
	132005: reject("The template with its values is too long"),
	132007: reject("The template breaks a rule of the channel"),
	132008: reject("A value of the template does not have the right form"),
	132012: reject("A value of the template does not have the right form"),
	132015: reject("The template is paused"),
	132016: reject("The template is disabled"),
	132018: reject("A value of the template is not allowed"),
	132068: reject("The form is blocked"),
	132069: reject("The form is slowed down by the channel"),
	139200: reject("The message can't be sent without a template"),

	// The account: somebody must act.
	0:      repair("The access token was not accepted"),
	3:      repair("The app may not do this"),
	10:     repair("The app lacks a permission"),
	190:    repair("The access token has expired or was revoked"),
	368:    repair("The account is blocked for breaking the channel's rules"),
	131005: repair("The access token lacks a permission"),
	131031: repair("The business account is locked"),
	131035: repair("The number stores no messages and some could not be delivered at once"),
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
	return reject("The channel refused it with a code that is not known")
}

// wait is how long the next attempt is put off. A fraction that depends on the
// message spreads those that failed together.
func (r ruling) wait(id string, attempt int) time.Duration {
	wait := min(r.first<<min(max(attempt-1, 0), 20), r.longest)
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, id, attempt)
	return wait + wait*time.Duration(h.Sum32()%256)/1024
}

// sendError is an error of the channel in our words.
func sendError(failure object) *gateway.SendError {
	code, err := strconv.Atoi(failure.str("code"))
	if err != nil {
		return &gateway.SendError{Title: "The channel gave no reason"}
	}
	return &gateway.SendError{Code: code, Title: rule(code).title}
}

// refusal is what a response that is no acceptance says.
type refusal struct {
	status     int
	code       int
	known      bool // the response has the channel's form of an error
	transient  bool
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
	r.trace = failure.str("fbtrace_id")
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
		return ruling{outcome: gateway.SendUnknown, title: "The channel failed while it took the message"}
	case !r.known:
		return reject(fmt.Sprintf("The channel refused it with status %d", r.status))
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
		Outcome: ruled.outcome, Error: &gateway.SendError{Code: r.code, Title: ruled.title},
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
