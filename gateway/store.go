package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The errors that stores give and callers branch on.
var (
	// ErrNoWork says that nothing is due now.
	ErrNoWork = errors.New("nothing is due")
	// ErrLeaseLost says that the lease ran out and somebody else has the work.
	ErrLeaseLost = errors.New("the lease is lost")
	// ErrSuperseded says that a newer message came in while the turn was made.
	ErrSuperseded = errors.New("superseded by a newer message")
	// ErrHumanOwns says that the conversation changed hands while the turn was
	// made.
	ErrHumanOwns = errors.New("a person has taken over")
	// ErrNotFound says that there is nothing with that id.
	ErrNotFound = errors.New("not found")
	// ErrTaken says that another agent has claimed the handoff.
	ErrTaken = errors.New("another agent has claimed this")
	// ErrClosed says that the handoff is returned or resolved already.
	ErrClosed = errors.New("this handoff is closed")
	// ErrWindowClosed says that the service window is over and free text can't
	// be sent.
	ErrWindowClosed = errors.New("the service window is closed")
	// ErrTooOften says that a customer had too many one-time codes of late.
	ErrTooOften = errors.New("too many one-time codes of late")
	// ErrInvalid says that the caller's input can't be used.
	ErrInvalid = errors.New("invalid input")
	// ErrIDTaken says that the id of a reply is that of another reply. It is an
	// ErrInvalid.
	ErrIDTaken = fmt.Errorf("%w: the id belongs to another reply", ErrInvalid)
)

// Inbox takes events in and hands them out by conversation.
type Inbox interface {
	// Accept keeps the events durably before it returns and says which of them
	// are fresh: not seen before by Key, neither in the store nor earlier in the
	// same list. Either all events are kept or, with an error, none. An empty list
	// is no work. Keys, ids and names may have any length and hold any bytes. Accept does as little as it can: contacts and conversations are
	// found, statuses merged and bursts timed by the next Claim, in the order of
	// acceptance. The webhook that an event came in is kept with it.
	Accept(ctx context.Context, events []Event) (fresh []Event, err error)
	// Claim first files what was accepted: it finds or creates contact and
	// conversation of each message and echo (one conversation for a contact and
	// channel, whatever races; an event that names both a user id and a phone that
	// were two contacts makes them one, with one conversation, and a person who owns
	// either keeps it; a phone that comes with another user id than before belongs to
	// somebody new), reopens closed conversations, merges statuses
	// into outgoing messages by rank, and sets when each burst is due: at
	// AnswerAfter of its newest message, but not after AnswerBy of its first. It
	// then leases the conversation that has been due longest and is not leased,
	// with all its waiting events. ErrNoWork says there is none. An echo is due
	// at once. An expired lease is due again. What waits for files is due when they are settled,
	// see Files.
	//
	// A signal joins the conversation and starts no turn. One with Was gives all
	// identities of the contact that Was names to the one that From names, with one
	// conversation; those of Was that From has not are nobody's then. A phone that From
	// names and that leads to a contact with another user id is taken from that one,
	// and the two are not joined. The contact is doubted from At on, in all its
	// conversations, also in those that begin later. One without Was and with the
	// message type "system" only brings the doubt. With it, what the bot had queued for
	// the contact is canceled and goes to a person by IdentityDoubt, and turns under
	// way are refused. Who takes over a key that was another contact's starts doubted,
	// and the other one is written to by user id from then on, if there is one.
	//
	// A signal of type "revoke" takes the content and the file of the message that
	// About names away, its Payload too, and takes it out of a burst that waits; one of
	// type "edit" puts its own text in place of that message's. A turn that was made of
	// the message as it was is refused, and one filed before its message is applied
	// when that comes. When what it is about is not of the same conversation, it
	// changes nothing. What a revoke empties stays empty, also the edits of the
	// message; its webhook can't be read by Archive any more, and is dropped with the
	// others of its time.
	//
	// A customer's message, and a status of delivered or read, end Unreachable. A
	// status of failed with an error of class ErrorUnreachable sets it, ErrorOptedOut
	// sets Marketing to "stop", and ErrorIdentity the doubt; so does a rejected
	// result of Settle. A preference sets Marketing, and makes the conversation when there is none. An event that the store can't file,
	// whatever the reason, is kept and put aside: it never stops the others.
	Claim(ctx context.Context, now time.Time, lease time.Duration) (*Claim, error)
	// Commit makes the turn take effect in one step: state, outgoing messages,
	// handoff, record, and the claimed events are done with. When the conversation has
	// an open handoff already, that one stays and no second one is opened; it is
	// claimed by the turn's agent if the turn's handoff is claimed. A turn that leaves
	// the conversation with an agent cancels what the bot still had to send; so does
	// Act. Nothing happens with
	// ErrLeaseLost (the lease is another's or the work is done), with
	// ErrSuperseded (a message or an echo of the same contact and channel was
	// accepted after the claim, filed or not, or a signal that is not filed yet), or with
	// ErrHumanOwns (the epoch is not the one of the claim, because a person took over or
	// it came into doubt who the customer is). A turn that is Overdue is not superseded by
	// messages: newer ones stay waiting and are due as their own burst. Committing twice
	// gives ErrLeaseLost.
	Commit(ctx context.Context, c *Claim, t Turn) error
	// Abandon gives the lease back without effect, keeps the record of the
	// attempt, and makes the events due again at retryAt. A lost lease is no
	// error.
	Abandon(ctx context.Context, c *Claim, r Record, retryAt time.Time) error
}

// Outbox hands out what is to be sent.
type Outbox interface {
	// NextOutgoing leases the message that has been due longest: queued or to be
	// retried, its time come, and no earlier message of its conversation
	// unsettled. A message of the bot is never handed out while an agent has the
	// conversation: it is canceled instead, also when Settle or Postpone would queue
	// it again. A message whose lease ran out without Settle counts as unknown
	// and comes again only reconcile after the lease's end. ErrNoWork says there
	// is none.
	NextOutgoing(ctx context.Context, now time.Time, lease time.Duration) (*Outgoing, error)
	// Settle notes how the attempt ended and, when the result has a handoff, opens
	// it and queues the conversation, unless it already is with a person. A status
	// that came before the settlement is merged. A lost lease gives ErrLeaseLost,
	// except that an accepted result always notes the provider's id.
	Settle(ctx context.Context, o *Outgoing, r SendResult) error
	// Postpone gives the lease back unused: the message was not tried and is due
	// again at the given time. Its attempt does not count.
	Postpone(ctx context.Context, o *Outgoing, until time.Time) error
	// Sent gives a message that was queued, with neither attempt nor lease, or
	// ErrNotFound.
	Sent(ctx context.Context, id string) (Outgoing, error)
	// Follow queues a message that neither a turn nor an agent made, in the conversation
	// that it names. One with an ID that is there already is not queued again.
	Follow(ctx context.Context, o Outgoing) error
}

// ReconcileAfter is how long a send with an unknown outcome waits for its status
// webhook before it is tried again.
const ReconcileAfter = time.Minute

// ConversationFilter restricts a list of conversations.
type ConversationFilter struct {
	// Contact is a phone number (digits, with or without a plus) or a user id;
	// empty means all.
	Contact string
}

// Page asks for one page of a list.
type Page struct {
	// After is the cursor that the page before gave, or empty for the first.
	After string
	// Limit is the number of rows; 0 means 50, more than 200 means 200.
	Limit int
}

// Desk is what people and programs read and do.
type Desk interface {
	// Conversations lists by latest change, newest first. next is empty on the
	// last page. A cursor that was not given by the store gives ErrInvalid; so
	// in all lists.
	Conversations(ctx context.Context, f ConversationFilter, p Page) (list []Conversation, next string, err error)
	// Conversation gives one, or ErrNotFound.
	Conversation(ctx context.Context, id string) (Conversation, error)
	// Messages lists in and out together, oldest first. Messages on both sides
	// are ordered by the time the gateway took them on. A conversation that does
	// not exist gives ErrNotFound; so in Turns.
	Messages(ctx context.Context, conversationID string, p Page) (list []MessageView, next string, err error)
	// Turns lists the decision records, oldest first, abandoned ones too.
	Turns(ctx context.Context, conversationID string, p Page) (list []Record, next string, err error)
	// Handoffs lists by creation, oldest first; an empty state means all.
	Handoffs(ctx context.Context, state HandoffState, p Page) (list []Handoff, next string, err error)
	// Handoff gives one, or ErrNotFound.
	Handoff(ctx context.Context, id string) (Handoff, error)
	// Act applies an agent's action in one step by the rules of Apply, and gives
	// the handoff as it is then. ActionTake makes a handoff by Take and claims it, when none is
	// open. ActionVerify ends the doubt in all conversations of the contact. What the bot still had to send when an agent takes
	// over is canceled; an attempt under way, or one with an unknown outcome, is left
	// to its end. ErrNotFound, ErrTaken, ErrClosed,
	// ErrWindowClosed and ErrInvalid change nothing.
	Act(ctx context.Context, a Action) (Handoff, error)
	// Revision grows with every change that Conversations, Messages or Handoffs
	// can show.
	Revision(ctx context.Context) (int64, error)
}

// Agents keeps who may use the desk.
type Agents interface {
	// PutAgent adds the agent or replaces the one of that name, and ends the sessions
	// that there are of them: whoever signed in with the old password has to know the
	// new one.
	PutAgent(ctx context.Context, a Agent) error
	// RemoveAgent forgets the agent and ends their sessions, or gives ErrNotFound.
	// What they have claimed stays theirs until somebody returns or resolves it.
	RemoveAgent(ctx context.Context, name string) error
	// Agent gives one by name, or ErrNotFound.
	Agent(ctx context.Context, name string) (Agent, error)
	// PutSession keeps a session and forgets those that are over at now.
	PutSession(ctx context.Context, s Session, now time.Time) error
	// Session gives an unexpired one by its hash, or ErrNotFound.
	Session(ctx context.Context, tokenHash string, now time.Time) (Session, error)
	// DropSession ends one; one that does not exist is no error.
	DropSession(ctx context.Context, tokenHash string) error
}

// Store is all that is kept. The two implementations are gateway/sqlite and
// gateway/postgres; gatewaytest is its contract in code.
type Store interface {
	Inbox
	Outbox
	Desk
	Agents
	Files
	Channel
	Archive
	Evidence
	History
	Commands
	Audits
	Labels
	// Ping says whether the store can be read and written to now.
	Ping(ctx context.Context) error
	// Close waits for what is under way and releases everything.
	Close() error
}
