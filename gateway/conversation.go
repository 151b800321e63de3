package gateway

import "time"

// Mode tells who answers a conversation.
type Mode string

// The modes of a conversation.
const (
	// ModeBot: Recado answers.
	ModeBot Mode = "bot"
	// ModeQueued: a person is wanted and none has taken over yet. The bot is
	// silent.
	ModeQueued Mode = "queued"
	// ModeAgent: a person has taken over. The bot is silent.
	ModeAgent Mode = "agent"
	// ModeClosed: resolved. The customer's next message opens it again, with the
	// bot answering.
	ModeClosed Mode = "closed"
)

// ServiceWindow is how long after the customer's last message free text may be
// sent to them, by the rules of the channel. A margin is kept because clocks
// differ: whatsapp rejects with code 131047 what comes later.
const ServiceWindow = 24*time.Hour - 5*time.Minute

// Conversation is all that is kept between two turns with one contact on one
// business number. There is exactly one for each pair, for ever.
type Conversation struct {
	ID        string
	ContactID string
	Channel   string
	// Contact is the identity that wrote last; replies go to it. A part that the
	// newest message left out is filled from what else names the contact.
	Contact Identity
	// Name is the contact's latest profile name, untrusted text.
	Name string
	Mode Mode
	// Epoch counts the changes of Mode and of the agent, and the receipts. A turn that
	// was computed in another epoch is refused.
	Epoch int64
	// Language is the customer's language, "es" or "en", or empty before the
	// first message that speaks for one.
	Language string
	// LastCustomerAt is the provider's time of the newest customer message.
	LastCustomerAt time.Time
	// Agent is the agent who has taken over, in ModeAgent.
	Agent string
	// Fallbacks counts the polite "I can't read this" replies since the last
	// readable message; there is at most one.
	Fallbacks int
	// Clarified is true when the last reply asked the customer back.
	Clarified bool
	// DoubtedAt is when the channel last told that the person behind the identity may
	// have changed, such as after a change of number; zero when it never did or an
	// agent has verified the person since. While it is set, orders are told to nobody.
	DoubtedAt time.Time
	// UnreachableAt is when the channel said last that the customer can't be reached,
	// and Unreachable why; both are zero again once the customer writes or something
	// is delivered.
	UnreachableAt time.Time
	Unreachable   *SendError
	// Marketing is "stop" after the customer opted out of marketing, by the channel's
	// own button or an error that says so, and "resume" after they took it back.
	Marketing string
	// Memory is what the conversation knows between turns beside all this.
	Memory    Memory
	CreatedAt time.Time
	UpdatedAt time.Time
}

// WindowOpen tells whether free text may be sent at that moment.
func (c Conversation) WindowOpen(now time.Time) bool {
	return !c.LastCustomerAt.IsZero() && now.Before(c.LastCustomerAt.Add(ServiceWindow))
}

// WindowEnds is the end of the service window, or the zero time before the
// customer's first message.
func (c Conversation) WindowEnds() time.Time {
	if c.LastCustomerAt.IsZero() {
		return time.Time{}
	}
	return c.LastCustomerAt.Add(ServiceWindow)
}
