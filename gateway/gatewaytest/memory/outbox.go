package memory

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
)

// outgoing is a message to a customer with how far it has come.
type outgoing struct {
	gateway.Outgoing
	n            int64
	conversation *conversation
	state        gateway.DeliveryState
	// was is the state before the attempt that is under way.
	was        gateway.DeliveryState
	due        due
	tried      time.Time
	providerID string
	err        *gateway.SendError
	payload    json.RawMessage
}

// early is a status that overtook the settlement of its message.
type early struct {
	status       gateway.Status
	at, received time.Time
}

// message finds one by our id.
func (p *Place) message(id string) *outgoing {
	for _, o := range p.outgoing {
		if o.ID == id {
			return o
		}
	}
	return nil
}

// enqueue keeps a message that is to be sent.
func (p *Place) enqueue(o gateway.Outgoing) {
	o.Content = copied(o.Content)
	o.Attempt, o.Doubtful, o.Lease = 0, false, ""
	p.outgoing = append(p.outgoing, &outgoing{
		Outgoing: o, n: int64(len(p.outgoing) + 1), conversation: p.conversations[o.ConversationID],
		state: gateway.DeliveryQueued, was: gateway.DeliveryQueued, due: dueAt(o.CreatedAt),
	})
}

// follow keeps a message of a conversation unless it is there already.
func (p *Place) follow(c *conversation, o gateway.Outgoing) {
	o.ID, o.ConversationID = cmp.Or(o.ID, gateway.NewID()), c.ID
	if p.message(o.ID) == nil {
		p.enqueue(o)
	}
}

// cancel ends what the bot still had to send in a conversation, and tells whether there
// was anything.
func (p *Place) cancel(c *conversation) (any bool) {
	for _, o := range p.outgoing {
		if o.conversation == c && o.due.is && o.state == gateway.DeliveryQueued && o.Author == gateway.AuthorBot {
			o.state, o.due, any = gateway.DeliveryCanceled, due{}, true
		}
	}
	return any
}

// cancelOwned cancels what is queued again after an agent took over.
func (p *Place) cancelOwned(c *conversation) {
	if c.Mode == gateway.ModeAgent {
		p.cancel(c)
	}
}

// NextOutgoing implements gateway.Outbox.
func (s *Store) NextOutgoing(ctx context.Context, now time.Time, lease time.Duration) (next *gateway.Outgoing, err error) {
	err = s.with(ctx, "next outgoing", func(p *Place) error {
		for {
			o := p.sendable(now)
			if o == nil {
				return gateway.ErrNoWork
			}
			p.show()
			if o.Author == gateway.AuthorBot && o.conversation.Mode == gateway.ModeAgent {
				o.state, o.due, o.Lease = gateway.DeliveryCanceled, due{}, ""
				continue
			}
			next = o.take(now, lease)
			return nil
		}
	})
	return next, err
}

// sendable finds the message that may be sent now and has been due longest.
func (p *Place) sendable(now time.Time) (next *outgoing) {
	first := map[*conversation]*outgoing{}
	for _, o := range p.outgoing {
		if o.due.is && (first[o.conversation] == nil || o.earlier(first[o.conversation])) {
			first[o.conversation] = o
		}
	}
	for _, o := range first {
		if o.due.by(now) && (next == nil || o.sooner(next)) {
			next = o
		}
	}
	return next
}

// earlier orders the messages of a conversation.
func (o *outgoing) earlier(other *outgoing) bool {
	return cmp.Or(o.CreatedAt.Compare(other.CreatedAt), cmp.Compare(o.n, other.n)) < 0
}

func (o *outgoing) sooner(other *outgoing) bool {
	if o.due.at.Equal(other.due.at) {
		return o.earlier(other)
	}
	return o.due.before(other.due)
}

func (o *outgoing) take(now time.Time, lease time.Duration) *gateway.Outgoing {
	if o.was = o.state; o.state == gateway.DeliverySending {
		o.was = gateway.DeliveryUnknown
	}
	o.state, o.tried, o.Lease = gateway.DeliverySending, now, gateway.NewID()
	o.due = dueAt(now.Add(lease + gateway.ReconcileAfter))
	o.Attempt++
	given := o.given()
	given.Attempt, given.Lease, given.Doubtful = o.Attempt, o.Lease, o.was == gateway.DeliveryUnknown
	return &given
}

// given is a message as it was queued.
func (o *outgoing) given() gateway.Outgoing {
	own := o.Outgoing
	own.ConversationID, own.Content = o.conversation.ID, copied(o.Content)
	own.Attempt, own.Lease = 0, ""
	return own
}

// Sent implements gateway.Outbox.
func (s *Store) Sent(ctx context.Context, id string) (given gateway.Outgoing, err error) {
	err = s.with(ctx, "read a message", func(p *Place) error {
		o := p.message(id)
		if o == nil {
			return gateway.ErrNotFound
		}
		given = o.given()
		return nil
	})
	return given, err
}

// Follow implements gateway.Outbox.
func (s *Store) Follow(ctx context.Context, o gateway.Outgoing) error {
	return s.with(ctx, "follow", func(p *Place) error {
		c, err := p.find(o.ConversationID)
		if err != nil {
			return err
		}
		p.follow(c, o)
		p.show()
		return nil
	})
}

// settled tells whether the provider is known to have taken the message or to have
// refused it for good.
func (o *outgoing) settled() bool { return o.state.Rank() >= gateway.DeliverySent.Rank() }

// Settle implements gateway.Outbox.
func (s *Store) Settle(ctx context.Context, attempt *gateway.Outgoing, r gateway.SendResult) error {
	return s.with(ctx, "settle", func(p *Place) error {
		o := p.message(attempt.ID)
		if o == nil || r.Outcome != gateway.SendAccepted && (o.Lease != attempt.Lease || attempt.Lease == "") {
			return gateway.ErrLeaseLost
		}
		outcomes := []gateway.SendOutcome{gateway.SendAccepted, gateway.SendRetry, gateway.SendUnknown, gateway.SendRejected}
		if !slices.Contains(outcomes, r.Outcome) {
			return fmt.Errorf("%w: an unknown outcome", gateway.ErrInvalid)
		}
		o.Lease = ""
		if r.Payload != nil {
			o.payload = slices.Clone(r.Payload)
		}
		p.settle(o, r)
		p.show()
		return nil
	})
}

func (p *Place) settle(o *outgoing, r gateway.SendResult) {
	switch r.Outcome {
	case gateway.SendAccepted:
		p.settleAccepted(o, r)
	case gateway.SendRejected:
		p.settleRejected(o, r)
	case gateway.SendRetry:
		p.settleAgain(o, r, gateway.DeliveryQueued)
	case gateway.SendUnknown:
		p.settleAgain(o, r, gateway.DeliveryUnknown)
	}
}

// settleAccepted notes the provider's id, and merges the status that overtook it.
func (p *Place) settleAccepted(o *outgoing, r gateway.SendResult) {
	if !o.settled() {
		o.state, o.err = gateway.DeliverySent, nil
	}
	o.due, o.providerID = due{}, cmp.Or(r.ProviderID, o.providerID)
	e, found := p.early[r.ProviderID]
	if !found {
		return
	}
	delete(p.early, r.ProviderID)
	at := e.at
	if at.IsZero() {
		at = e.received
	}
	p.merge(o, gateway.Status{ProviderID: r.ProviderID, State: e.status.State, Error: e.status.Error}, at, e.received)
}

// settleRejected ends a message, unless a status said that it arrived after all. One
// that said before that it failed has told the rest.
func (p *Place) settleRejected(o *outgoing, r gateway.SendResult) {
	if o.state.Rank() > gateway.DeliveryFailed.Rank() {
		return
	}
	if o.state != gateway.DeliveryFailed {
		o.state, o.due, o.err = gateway.DeliveryFailed, due{}, copied(r.Error)
		ended := o.tried
		if r.Handoff != nil {
			ended = r.Handoff.CreatedAt
		}
		p.mark(o.conversation, r.Error, ended)
		if r.Handoff != nil {
			p.fallTo(o.conversation, func(gateway.Conversation) gateway.Handoff { return *r.Handoff })
		}
	}
	if r.Follow != nil {
		p.follow(o.conversation, *r.Follow)
	}
}

// settleAgain puts a message back, unless a status settled it meanwhile.
func (p *Place) settleAgain(o *outgoing, r gateway.SendResult, state gateway.DeliveryState) {
	if o.settled() {
		return
	}
	o.state, o.due, o.err = state, dueAt(r.RetryAt), copied(r.Error)
	p.cancelOwned(o.conversation)
}

// Postpone implements gateway.Outbox.
func (s *Store) Postpone(ctx context.Context, attempt *gateway.Outgoing, until time.Time) error {
	return s.with(ctx, "postpone", func(p *Place) error {
		o := p.message(attempt.ID)
		if o == nil || attempt.Lease == "" || o.Lease != attempt.Lease || o.state != gateway.DeliverySending {
			return gateway.ErrLeaseLost
		}
		o.state, o.Lease, o.due = o.was, "", dueAt(until)
		o.Attempt--
		p.cancelOwned(o.conversation)
		p.show()
		return nil
	})
}

// earlyFor is how long a status waits for the message that it is about.
const earlyFor = 7 * 24 * time.Hour

// fileStatus merges a status into the message that it is about: the one with our id, or
// else with the provider's. One that overtook the settlement waits.
func (p *Place) fileStatus(e *event, now time.Time) {
	s := *e.Status
	if s.State.Rank() < gateway.DeliverySent.Rank() {
		return
	}
	o := p.message(s.OutgoingID)
	for _, other := range p.outgoing {
		if o == nil && s.ProviderID != "" && other.providerID == s.ProviderID {
			o = other
		}
	}
	switch {
	case o != nil:
		p.merge(o, s, e.At, now)
	case s.ProviderID != "":
		p.fileEarly(e, now)
	}
}

// fileEarly has a status wait for its message.
func (p *Place) fileEarly(e *event, now time.Time) {
	for id, one := range p.early {
		if one.received.Before(now.Add(-earlyFor)) {
			delete(p.early, id)
		}
	}
	id := e.Status.ProviderID
	before, found := p.early[id]
	if found && before.status.State.Rank() >= e.Status.State.Rank() {
		return
	}
	received := e.ReceivedAt
	if found {
		received = before.received
	}
	p.early[id] = early{*e.Status, e.At, received}
}

// merge keeps of two states the one that says more, and notes what it says of the
// customer. A message that turns out to have failed goes to a person.
func (p *Place) merge(o *outgoing, s gateway.Status, at, now time.Time) {
	o.due, o.providerID = due{}, cmp.Or(o.providerID, s.ProviderID)
	if s.State == gateway.DeliveryDelivered || s.State == gateway.DeliveryRead {
		o.conversation.reached(now)
	}
	if s.State.Rank() <= o.state.Rank() {
		return
	}
	o.state, o.err = s.State, nil
	if s.State != gateway.DeliveryFailed {
		return
	}
	o.err = copied(s.Error)
	p.mark(o.conversation, s.Error, at)
	p.fallTo(o.conversation, func(c gateway.Conversation) gateway.Handoff {
		return gateway.SendFailure(c, o.Text, s.Error, now)
	})
}

// fallTo opens a handoff and queues the conversation, unless it already is with a
// person.
func (p *Place) fallTo(c *conversation, make func(gateway.Conversation) gateway.Handoff) {
	if c.Mode == gateway.ModeQueued || c.Mode == gateway.ModeAgent {
		return
	}
	h := make(c.given())
	h.ConversationID = c.ID
	p.openHandoff(h)
	c.Mode, c.Agent = gateway.ModeQueued, ""
	c.Epoch++
	c.changedAt(h.CreatedAt)
}
