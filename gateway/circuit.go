package gateway

import (
	"context"
	"sync"
	"time"
)

// The pauses of an open circuit: the first, and the longest. circuitHealed is how long
// messages have to be accepted without a failure until it closes: some failures come with
// a status, after the message was accepted.
const (
	circuitFirst   = 30 * time.Second
	circuitLongest = 5 * time.Minute
	circuitHealed  = time.Minute
)

// circuit stops sending from a number that the channel refuses altogether: a token
// that was revoked, an account that is locked. While it is open, messages wait and
// cost no attempt; after each pause one message tries.
type circuit struct {
	failures int
	until    time.Time
	// mended is when the first message after the last failure was accepted.
	mended time.Time
	// probed is when the one message that tries after a pause was let through.
	probed time.Time
}

// probeAgain is how long one message may try before another one does.
const probeAgain = time.Minute

// fail opens the circuit, or keeps it open for longer. Sends that were under way when it
// opened fail as well, and say nothing new.
func (c circuit) fail(now time.Time) circuit {
	if c.wait(now) > 0 {
		return c
	}
	pause := min(circuitFirst<<min(c.failures, 10), circuitLongest)
	return circuit{failures: c.failures + 1, until: now.Add(pause)}
}

// admit lets one message through after a pause, and all once one was accepted. It says
// how long another one has to wait.
func (c circuit) admit(now time.Time) (after circuit, wait time.Duration) {
	switch {
	case c.wait(now) > 0:
		return c, c.wait(now)
	case !c.mended.IsZero():
		return c, 0
	case now.Sub(c.probed) < probeAgain:
		return c, time.Second
	}
	c.probed = now
	return c, 0
}

// accept lets further messages through, and tells whether that has gone well for long
// enough to close it.
func (c circuit) accept(now time.Time) (after circuit, closed bool) {
	if c.mended.IsZero() {
		c.mended = now
	}
	c.until = now
	return c, now.Sub(c.mended) >= circuitHealed
}

// wait is how long nothing may be sent.
func (c circuit) wait(now time.Time) time.Duration { return max(c.until.Sub(now), 0) }

// circuits are those of all numbers, in this process: each replica finds out for
// itself, with one message.
type circuits struct {
	mu     sync.Mutex
	number map[string]circuit
}

// admit says how long a message of the number has to wait; 0 means that it may go.
func (c *circuits) admit(channel string, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	open, ok := c.number[channel]
	if !ok {
		return 0
	}
	after, wait := open.admit(now)
	c.number[channel] = after
	return wait
}

// pause is how long the circuit of a number stays open after a failure now.
func (c *circuits) pause(channel string, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.number[channel].fail(now).wait(now)
}

// heal closes those that have gone well for long enough, although nothing more was sent
// since, and names their numbers.
func (c *circuits) heal(now time.Time) (closed []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for channel, open := range c.number {
		if !open.mended.IsZero() && now.Sub(open.mended) >= circuitHealed {
			delete(c.number, channel)
			closed = append(closed, channel)
		}
	}
	return closed
}

// note takes in how a send ended and tells whether the circuit opened or closed by it.
func (c *circuits) note(channel string, r SendResult, now time.Time) (opened, closed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, open := c.number[channel]
	switch {
	case r.Error != nil && r.Error.Class == ErrorAccount:
		if c.number == nil {
			c.number = map[string]circuit{}
		}
		c.number[channel] = before.fail(now)
		return !open, false
	case r.Outcome == SendAccepted && open:
		after, closed := before.accept(now)
		c.number[channel] = after
		if closed {
			delete(c.number, channel)
		}
		return false, closed
	}
	return false, false
}

// judge lets the circuit and the alarms know how a send ended.
func (g *Gateway) judge(ctx context.Context, o *Outgoing, r SendResult) {
	opened, closed := g.circuits.note(o.Channel, r, g.Now())
	switch {
	case opened:
		g.opened(ctx, o.Channel, r.Error.Title)
	case closed:
		g.closed(ctx, o.Channel)
	}
	if alert, ok := sendAlert(o, r); ok {
		g.raise(ctx, alert)
	}
}

// opened lets people know that nothing is sent from a number.
func (g *Gateway) opened(ctx context.Context, channel, why string) {
	g.Metrics.Circuit.WithLabelValues(channel).Set(1)
	g.raise(ctx, Alert{Kind: "circuit", Subject: channel, State: "OPEN", Level: AlertCritical, Detail: why})
}

// closed lets people know that a number sends again.
func (g *Gateway) closed(ctx context.Context, channel string) {
	g.Metrics.Circuit.WithLabelValues(channel).Set(0)
	g.raise(ctx, Alert{Kind: "circuit", Subject: channel, State: "CLOSED", Level: AlertInfo})
}

// heedFor is how old a status may be that says something of the account today: those
// that failed to arrive are sent again for days.
const heedFor = 5 * time.Minute

// heed lets the circuit and the alarms know what statuses tell: the same codes come with
// them, minutes after the channel took a message. It does not wait for the store.
func (g *Gateway) heed(fresh []Event) {
	for _, e := range fresh {
		if e.Kind != EventStatus || e.Status == nil || e.Status.Error == nil || g.Now().Sub(e.At) > heedFor {
			continue
		}
		r := SendResult{Outcome: SendRejected, Error: e.Status.Error}
		opened, _ := g.circuits.note(e.Channel, r, g.Now())
		select {
		case g.bounces <- bounce{e, opened}:
		default: // there are plenty already, and the newest of a matter says it all
		}
	}
}

// bounce is a status of a message that failed after the channel had taken it. opened
// tells that it opened the circuit.
type bounce struct {
	Event
	opened bool
}

// answerBounces does what bounces ask for, until the context ends.
func (g *Gateway) answerBounces(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case f := <-g.bounces:
			g.answerBounce(ctx, f)
		}
	}
}

// answerBounce sounds the alarm, and asks the customer to write again when the service
// window is closed. The store hands the message itself to a person.
func (g *Gateway) answerBounce(ctx context.Context, f bounce) {
	if f.opened {
		g.opened(ctx, f.Channel, f.Status.Error.Title)
		return
	}
	late := f.Status.Error.Class == ErrorWindow
	r := SendResult{Outcome: SendRejected, Error: f.Status.Error}
	if _, alarms := sendAlert(&Outgoing{Channel: f.Channel}, r); !alarms && !late {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	o, err := g.Store.Sent(ctx, f.Status.OutgoingID)
	if err != nil {
		o = Outgoing{Channel: f.Channel} // not ours, or it can't be read: the alarm goes off all the same
	}
	if a, alarms := sendAlert(&o, r); alarms {
		g.raise(ctx, a)
	}
	if late && err == nil {
		g.followLate(ctx, &o)
	}
}

// followLate queues the template that asks the customer to write again.
func (g *Gateway) followLate(ctx context.Context, o *Outgoing) {
	c, err := g.conversation(ctx, o.ConversationID)
	if err == nil {
		if follow := g.reopening(ctx, o, c); follow != nil {
			err = g.Store.Follow(ctx, *follow)
		}
	}
	if err != nil {
		g.Logger.ErrorContext(ctx, "a customer could not be asked to write again", "error", err)
		return
	}
	g.sends.ring()
}

// sendAlert is what somebody has to know of a rejected message, beside the agent who
// gets the conversation.
func sendAlert(o *Outgoing, r SendResult) (Alert, bool) {
	if r.Outcome != SendRejected || r.Error == nil {
		return Alert{}, false
	}
	a := Alert{Subject: o.Channel, Level: AlertWarning, State: "REJECTED", Detail: r.Error.Title}
	switch r.Error.Class {
	case ErrorRequest:
		a.Kind = "dead_letter"
	case ErrorQuality:
		a.Kind = "quality"
	case ErrorTemplate:
		a.Kind = "template"
	default:
		return Alert{}, false
	}
	if o.Kind() == ContentTemplate {
		use := o.Content.Template
		a.Subject = use.Name + " (" + use.Language + ")"
		if a.Kind == "template" {
			a.Template = &Template{Name: use.Name, Language: use.Language, Status: "PAUSED"}
		}
	}
	return a, true
}

// raise keeps an alert and counts it. The log has it as well: a store that is away
// must not hide an alarm.
func (g *Gateway) raise(ctx context.Context, a Alert) {
	a.ID, a.At = NewID(), g.Now()
	g.Metrics.Alerts.WithLabelValues(a.Kind, string(a.Level)).Inc()
	g.Logger.WarnContext(ctx, "something needs attention", "kind", a.Kind, "subject", a.Subject, "state", a.State, "detail", a.Detail)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := g.Store.Raise(ctx, a); err != nil {
		g.Logger.ErrorContext(ctx, "an alert could not be kept", "kind", a.Kind, "error", err)
	}
	g.changes.ring()
}
