package gateway

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/recado/recado/rag/assure"
)

// Applied is what an agent's action changes, for a store to write in one step.
type Applied struct {
	Handoff      Handoff
	Conversation Conversation
	// Outgoing is the agent's message, or nil.
	Outgoing *Outgoing
	// Label is what the message says of the draft that the handoff brought, or nil. A
	// store keeps it unless there is one of the handoff's draft already.
	Label *Label
}

// Apply decides what an agent's action does to a handoff and its conversation.
// It is pure: a store calls it inside its own transaction, with both rows
// locked, and writes the result.
//
// Claiming again by the same agent changes nothing. What a person took from the
// phone app any agent may claim. Replying claims a queued handoff first. Return and resolve may be done by anyone, so that nothing is
// stuck with an agent who went home.
func Apply(h Handoff, c Conversation, a Action) (Applied, error) {
	if strings.TrimSpace(a.Agent) == "" {
		return Applied{}, fmt.Errorf("%w: an agent's name is needed", ErrInvalid)
	}
	if !h.State.Open() {
		return Applied{}, ErrClosed
	}
	switch a.Kind {
	case ActionClaim, ActionTake:
		return applyClaim(h, c, a)
	case ActionVerify:
		return applyVerify(h, c, a)
	case ActionReply:
		return applyReply(h, c, a)
	case ActionReturn:
		return applyEnd(h, c, a, HandoffReturned, ModeBot), nil
	case ActionResolve:
		return applyEnd(h, c, a, HandoffResolved, ModeClosed), nil
	}
	return Applied{}, fmt.Errorf("%w: unknown action", ErrInvalid)
}

func applyClaim(h Handoff, c Conversation, a Action) (Applied, error) {
	if h.State == HandoffClaimed {
		switch h.Agent {
		case a.Agent:
			return Applied{Handoff: h, Conversation: c}, nil
		case phoneAppAgent:
			// Nobody signs in under that name: an agent relieves whoever wrote.
		default:
			return Applied{}, ErrTaken
		}
	}
	h.State, h.Agent, h.UpdatedAt = HandoffClaimed, a.Agent, a.At
	c.Mode, c.Agent, c.UpdatedAt = ModeAgent, a.Agent, a.At
	c.Epoch++
	return Applied{Handoff: h, Conversation: c}, nil
}

// Take decides what ActionTake does to a conversation without an open handoff: it
// opens one that is claimed already. It is pure, as Apply is.
func Take(c Conversation, a Action) (Applied, error) {
	if strings.TrimSpace(a.Agent) == "" {
		return Applied{}, fmt.Errorf("%w: an agent's name is needed", ErrInvalid)
	}
	return applyClaim(Handoff{
		ID: NewID(), ConversationID: c.ID, Contact: c.Contact, Name: c.Name,
		Reason: ReasonAgent, State: HandoffQueued, CreatedAt: a.At,
		Packet: Packet{Language: c.Language, Why: agentReasons(c.Language)[ReasonAgent]},
	}, c, a)
}

// applyVerify ends the doubt about who the customer is, who has shown all there is to
// show.
func applyVerify(h Handoff, c Conversation, a Action) (Applied, error) {
	if h.State != HandoffClaimed || h.Agent != a.Agent {
		return Applied{}, ErrTaken
	}
	c.DoubtedAt, c.UpdatedAt = time.Time{}, a.At
	c.Memory.Level, c.Memory.LevelUntil = assure.Verified, time.Time{}
	return Applied{Handoff: h, Conversation: c}, nil
}

func applyReply(h Handoff, c Conversation, a Action) (Applied, error) {
	text := strings.TrimSpace(a.Text)
	if err := CheckContent(text, a.Content); err != nil {
		return Applied{}, err
	}
	claimed, err := applyClaim(h, c, a)
	if err != nil {
		return Applied{}, err
	}
	o := Outgoing{
		ID: cmp.Or(a.OutgoingID, NewID()), ConversationID: c.ID, Channel: c.Channel, To: c.Contact,
		Author: AuthorAgent, Agent: a.Agent, Text: text, Content: a.Content, QuoteID: a.QuoteID,
		CreatedAt: a.At, ExpiresAt: c.WindowEnds(),
	}
	if o.Kind() == ContentTemplate {
		o.ExpiresAt = time.Time{}
	} else if !c.WindowOpen(a.At) {
		return Applied{}, ErrWindowClosed
	}
	claimed.Outgoing, claimed.Label = &o, draftLabel(h, a)
	return claimed, nil
}

func applyEnd(h Handoff, c Conversation, a Action, state HandoffState, mode Mode) Applied {
	h.State, h.UpdatedAt = state, a.At
	c.Mode, c.Agent, c.UpdatedAt = mode, "", a.At
	c.Epoch++
	return Applied{Handoff: h, Conversation: c}
}

// NewID makes an id for anything Recado names: a UUIDv7, so that ids made later
// sort later.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }
