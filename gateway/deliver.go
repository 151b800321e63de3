package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// sendLease is how long one attempt to send may take before it counts as
// unknown.
const sendLease = 30 * time.Second

// maxSends is how often one message is tried before a person is told.
const maxSends = 8

// maxUnknown is how often one message is tried when nobody knows what became of it:
// each further try may be one more copy on the customer's phone.
const maxUnknown = 2

// Deliver sends the next message that is due and settles how that ended.
// ErrNoWork says that nothing is due. A message that may not be sent yet, by the
// limits of the number or of the pair, is put back for the time being and costs
// no attempt.
func (g *Gateway) Deliver(ctx context.Context) error {
	if g.unsettled.Load() > 0 {
		// The store is away and does not know what was sent: what it would hand out
		// first when it is back may be just that.
		return ErrNoWork
	}
	for _, channel := range g.circuits.heal(g.Now()) {
		g.closed(ctx, channel)
	}
	o, err := g.nextOutgoing(ctx)
	if err != nil {
		return err
	}
	// What is not sent any more needs no permit: a person hears of it now.
	if !g.expired(ctx, o, g.Now()) && !overtried(o) {
		if wait := g.mayGo(ctx, o); wait > 0 {
			return g.postpone(context.WithoutCancel(ctx), o, wait)
		}
	}
	// A send that has begun is finished even while the program stops: cut off, its
	// outcome would be unknown.
	r := g.attempt(context.WithoutCancel(ctx), o)
	if err := g.settle(ctx, o, r); err != nil {
		return err
	}
	g.judge(ctx, o, r)
	g.Metrics.Sends.WithLabelValues(string(r.Outcome)).Inc()
	g.changes.ring()
	g.sends.ring()
	return nil
}

// shortWait is how long a sender holds a message for its permit. The number's limit
// asks for milliseconds, and putting every message back for these would keep the
// store busier than sending does.
const shortWait = time.Second

// mayGo says how long a message has to wait, for the circuit or for its permit.
func (g *Gateway) mayGo(ctx context.Context, o *Outgoing) time.Duration {
	if wait := g.circuits.admit(o.Channel, g.Now()); wait > 0 {
		return wait
	}
	return g.permit(ctx, o)
}

// permit takes the permit to send a message now, or says how long that has to wait.
func (g *Gateway) permit(ctx context.Context, o *Outgoing) time.Duration {
	for held := time.Duration(0); ; {
		wait, err := g.Limiter.Take(ctx, o.Channel, o.To.Key(), g.Now())
		if err != nil {
			g.Logger.WarnContext(ctx, "rate limit could not be asked; waiting", "error", err)
			return time.Second
		}
		if held += wait; wait <= 0 || held > shortWait || ctx.Err() != nil {
			return wait
		}
		pause(ctx, wait)
	}
}

func (g *Gateway) nextOutgoing(ctx context.Context) (*Outgoing, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	o, err := g.Store.NextOutgoing(ctx, g.Now(), sendLease)
	if err != nil && !errors.Is(err, ErrNoWork) {
		return nil, fmt.Errorf("next outgoing: %w", err)
	}
	return o, err
}

// settle notes what became of a send, again and again while the store is away: a
// result that is lost means a message that is sent twice. It gives up when the
// program has been told to stop; then the lease runs out, and the message waits for
// its status before anyone tries it again.
func (g *Gateway) settle(ctx context.Context, o *Outgoing, r SendResult) error {
	g.unsettled.Add(1)
	defer g.unsettled.Add(-1)
	for failures := 1; ; failures++ {
		err := g.settleOnce(ctx, o, r)
		if err == nil || errors.Is(err, ErrLeaseLost) {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("settle %s: %w", o.ID, err)
		}
		g.Logger.ErrorContext(ctx, "the result of a send could not be kept; trying again", "error", err, "failures", failures)
		pause(ctx, min(time.Duration(failures)*g.Poll, 5*time.Second))
	}
}

func (g *Gateway) settleOnce(ctx context.Context, o *Outgoing, r SendResult) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	return g.Store.Settle(ctx, o, r)
}

// postpone puts a message back for a while. A lost lease means that somebody else has
// it, which is as well.
func (g *Gateway) postpone(ctx context.Context, o *Outgoing, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := g.Store.Postpone(ctx, o, g.Now().Add(wait))
	if err != nil && !errors.Is(err, ErrLeaseLost) {
		return fmt.Errorf("postpone %s: %w", o.ID, err)
	}
	return nil
}

// attempt sends once and judges the result: what will never arrive goes to a
// person.
func (g *Gateway) attempt(ctx context.Context, o *Outgoing) SendResult {
	now := g.Now()
	if g.expired(ctx, o, now) {
		return g.reject(ctx, o, SendResult{Error: &SendError{Title: "The service window closed before the message was sent", Class: ErrorWindow}})
	}
	if overtried(o) {
		return g.reject(ctx, o, SendResult{Error: &SendError{Title: "Nobody knows whether the message arrived"}})
	}
	switch err := g.checkTemplate(ctx, o); {
	case errors.Is(err, errUnchecked):
		return g.again(ctx, o, SendResult{Outcome: SendRetry, Error: &SendError{Title: "The template could not be checked"}}, now)
	case errors.Is(err, errMarketing):
		return g.reject(ctx, o, SendResult{Error: &SendError{Title: "The customer stopped marketing messages", Class: ErrorOptedOut}})
	case err != nil:
		return g.reject(ctx, o, SendResult{Error: &SendError{Title: "The template can't be sent as it is", Class: ErrorRequest, Detail: err.Error()}})
	}
	sending, cancel := context.WithTimeout(ctx, sendLease-5*time.Second)
	defer cancel()
	r, err := g.Sender.Send(sending, o)
	if err != nil {
		r = SendResult{Outcome: SendUnknown, Error: &SendError{Title: "The outcome of the send is unknown"}}
	}
	switch r.Outcome {
	case SendRetry, SendUnknown:
		return g.again(ctx, o, r, now)
	case SendRejected:
		return g.reject(ctx, o, r)
	case SendAccepted:
	}
	return r
}

// errUnchecked says that what is known of a template or of the customer's wishes could
// not be read.
var errUnchecked = errors.New("the template could not be checked")

// errMarketing says that the customer wants no marketing.
var errMarketing = errors.New("the customer stopped marketing messages")

// checkTemplate holds a template against what is known of it now: it may have been
// paused since the message was queued. What the channel has to be told of the template
// is filled in. Without synced templates the channel decides.
func (g *Gateway) checkTemplate(ctx context.Context, o *Outgoing) error {
	if o.Kind() != ContentTemplate {
		return nil
	}
	templates, err := g.Store.Templates(ctx)
	if err != nil {
		return errUnchecked
	}
	c, err := g.conversation(ctx, o.ConversationID)
	if err != nil {
		return errUnchecked
	}
	if len(templates) == 0 {
		if c.Marketing == "stop" {
			return errMarketing // nobody knows that it is none
		}
		return nil
	}
	use := o.Content.Template
	for _, t := range templates {
		if t.Name != use.Name || t.Language != use.Language {
			continue
		}
		if c.Marketing == "stop" && t.Category == "MARKETING" {
			return errMarketing
		}
		whole, content := CompleteTemplate(t, *use), *o.Content
		content.Template, o.Content = &whole, &content
		return CheckTemplate(t, whole)
	}
	return invalidContent("the template " + use.Name + " does not exist in the language " + use.Language)
}

// overtried tells whether one more attempt could be one copy too many.
func overtried(o *Outgoing) bool { return o.Doubtful && o.Attempt > maxUnknown }

// expired tells whether sending makes no sense any more. A window that was to close has
// opened anew when the customer has written since.
func (g *Gateway) expired(ctx context.Context, o *Outgoing, now time.Time) bool {
	if o.ExpiresAt.IsZero() || !now.After(o.ExpiresAt) {
		return false
	}
	c, err := g.conversation(ctx, o.ConversationID)
	return err != nil || !c.WindowOpen(now)
}

// conversation reads one within the store's time, whatever is left of the caller's.
func (g *Gateway) conversation(ctx context.Context, id string) (Conversation, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	return g.Store.Conversation(ctx, id)
}

// again makes sure that a retry has a time, that an unknown outcome waits for its
// status, and that the tries end.
func (g *Gateway) again(ctx context.Context, o *Outgoing, r SendResult, now time.Time) SendResult {
	if r.Outcome == SendUnknown && r.RetryAt.Before(now.Add(ReconcileAfter)) {
		r.RetryAt = now.Add(ReconcileAfter)
	}
	// An unknown one waits for its status even when it was the last.
	if r.Outcome == SendRetry && o.Attempt >= maxSends {
		return g.reject(ctx, o, r)
	}
	if r.Error != nil && r.Error.Class == ErrorAccount {
		// It is the message that tries when the circuit lets one.
		r.RetryAt = now.Add(g.circuits.pause(o.Channel, now))
	}
	if r.RetryAt.IsZero() {
		r.RetryAt = now.Add(time.Duration(o.Attempt*o.Attempt) * time.Second)
	}
	return r
}

// reject ends a message for good and opens a handoff, so that the customer is
// not left in silence. The store drops the handoff when a person has the
// conversation already. A conversation that can't be read now costs the agent its
// language and name, and nothing else: the message must not be tried for ever.
func (g *Gateway) reject(ctx context.Context, o *Outgoing, r SendResult) SendResult {
	r.Outcome, r.RetryAt = SendRejected, time.Time{}
	c, err := g.conversation(ctx, o.ConversationID)
	if err != nil {
		g.Logger.ErrorContext(ctx, "conversation of a rejected message could not be read", "error", err)
		c = Conversation{ID: o.ConversationID, Contact: o.To}
	}
	h := SendFailure(c, o.Text, r.Error, g.Now())
	if h.Reason == ReasonWindow && err == nil {
		r.Follow = g.reopening(ctx, o, c)
	}
	r.Handoff = &h
	return r
}
