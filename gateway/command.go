package gateway

import (
	"context"
	"time"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// Commands keeps the writes that are on their way to the shop's system. They are made by
// Commit, in one step with the turn that tells the customer of them.
//
// Expire and Receive raise the epoch of the conversation when they change it: a turn under
// way was made of what was known before, and its Commit is refused. A handoff that they
// open queues the conversation as that of Settle does.
type Commands interface {
	// NextCommand leases the command that has been due longest: one that is not published
	// yet, or one that was published and is past its Deadline without a receipt, which is
	// Overdue. ErrNoWork says there is none.
	NextCommand(ctx context.Context, now time.Time, lease time.Duration) (*Command, error)
	// Published notes that the shop's system can read it; it is due again at its Deadline.
	// ErrLeaseLost as in Settle; a receipt that came meanwhile is no error.
	Published(ctx context.Context, c *Command) error
	// RetryCommand gives the lease back: the command is due again at the given time.
	RetryCommand(ctx context.Context, c *Command, at time.Time) error
	// Expire ends an overdue command by ApplyOverdue, with conversation and command in one
	// step. One that a receipt has ended meanwhile gives ErrLeaseLost.
	Expire(ctx context.Context, c *Command, now time.Time) error
	// Receive ends a command by ApplyReceipt. A receipt that was received before changes
	// nothing; one that comes after Expire is told to the customer too, by ApplyReceipt. One
	// of no command gives ErrNotFound.
	Receive(ctx context.Context, r action.Receipt, now time.Time) error
	// Commands lists those of a conversation, oldest first, with the receipt that ended
	// each, or nil.
	Commands(ctx context.Context, conversationID string) ([]CommandView, error)
}

// CommandView is a command as people see it.
type CommandView struct {
	Command     Command
	PublishedAt time.Time
	// Receipt is the word that ended it, and ExpiredAt when it was given up; at most one
	// command has both, because its receipt came late.
	Receipt   *action.Receipt
	ExpiredAt time.Time
}

// Wire carries commands to the shop's system and its receipts back.
type Wire interface {
	// Publish makes the command readable for the shop's system. The same id twice is one.
	Publish(ctx context.Context, c Command) error
	// Receipts calls take for each receipt until the context ends; one whose take fails
	// comes again.
	Receipts(ctx context.Context, take func(context.Context, action.Receipt) error) error
}

// Actions gives the tools of one turn: what this customer may have read and done at that
// moment, by what they have shown of themselves.
type Actions interface {
	Tools(who Identity, pass assure.Pass, at time.Time) rag.Tools
}

// Codes makes one-time codes and checks them.
type Codes interface {
	// New makes a code, which replaces an older one. ErrTooOften says that the customer
	// had too many of late.
	New(ctx context.Context, who Identity) (code string, err error)
	// Check tells whether it is the code, which then is used up, and how many tries are left.
	Check(ctx context.Context, who Identity, code string) (ok bool, left int, err error)
}

// Audits keeps answered turns that were picked for a look, and what people said of them.
type Audits interface {
	// Audits lists those without a label, or with done those with one, oldest first.
	Audits(ctx context.Context, done bool, p Page) (list []Audit, next string, err error)
	// Label says whether the answer was right; a second label replaces the first. Beside
	// that it is kept as AuditLabel among the Labels.
	// ErrNotFound says that the turn was not picked.
	Label(ctx context.Context, turnID, agent string, right bool, at time.Time) error
}

// Audit is an answered turn that was picked for a look.
type Audit struct {
	TurnID, ConversationID string
	// Chance is the probability with which the turn was picked: its label weighs 1/Chance.
	Chance float64
	// Calibration is the one that answered: only its own labels say how it does.
	Calibration string
	At          time.Time
	// Labelled tells that somebody has said whether it was Right: Agent, at LabelledAt.
	Labelled   bool
	Right      bool
	Agent      string
	LabelledAt time.Time
	// Record is that of the turn, as it was kept. Commit takes no notice of it.
	Record Record
}
