package gateway

import (
	"strings"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/guard"
	"github.com/recado/recado/rag/understand"
)

// Burst is what a customer said between two turns, taken together.
type Burst struct {
	// Texts are the readable messages in order.
	Texts []string
	// Asked counts the messages among them that need nothing else to be understood: all
	// but captions of files that nobody has seen.
	Asked int
	// Unreadable counts messages that say nothing the bot can read, such as a type
	// that the channel does not support.
	Unreadable int
	// Unseen counts messages with a file that no model has heard or seen, with a
	// caption or without.
	Unseen int
	// Lost counts messages whose file is lost on its way.
	Lost int
	// Elsewhere counts messages that can be seen in the shop's phone app only.
	Elsewhere int
	// Said are the commands that single messages are, in order, and Control is the one that
	// the burst is as a whole, or "".
	Said    []guard.Control
	Control guard.Control
	// Taps are the buttons of proposals that were tapped, in order.
	Taps []Tap
	// Reactions counts emoji reactions, which want no answer.
	Reactions int
	// Echo is true when a person of the shop wrote from the phone app.
	Echo bool
}

// Text is the burst as one question, its messages joined by newlines.
func (b Burst) Text() string { return strings.Join(b.Texts, "\n") }

// meant is the text as the customer meant it, where a message of theirs takes back another:
// rules for what has to reach a person read all that was written.
func (b Burst) meant(language string) string {
	if len(b.Texts) == 0 {
		return ""
	}
	return understand.Corrected(language, b.Text())
}

// Receive is the conversation's state machine for what came in: it gives the
// state that the turn starts from and the burst to answer. It is pure, and it
// never changes who owns the conversation: that is decided later and by people.
//
// The language follows the newest readable text that speaks for one, until the customer
// chooses one in a word of their own; that holds from then on. A wish to get no
// advertising holds whoever has the conversation. A readable message ends a row of
// unreadable ones, unless its file is lost.
func (c Conversation) Receive(events []Event) (Conversation, Burst) {
	var b Burst
	for _, e := range events {
		b = b.add(e)
		if e.Kind == EventMessage {
			c = c.seen(e)
		}
	}
	b = b.read()
	if own := ownWords(events); own != "" && !c.Memory.LanguageFixed {
		c.Language = rag.KeepLocale(own, c.Language)
	}
	if chosen := b.language(); chosen != "" {
		c.Language, c.Memory.LanguageFixed = chosen, true
	}
	if b.says(guard.ControlStop) {
		c.Marketing = "stop"
	}
	if b.Asked > 0 {
		c.Fallbacks = 0
	}
	if c.Mode == ModeClosed && !b.Echo {
		c.Mode = ModeBot
	}
	return c, b
}

// ownWords are what the customer wrote and said: what a model saw on a photo is in
// whatever language the model was asked for.
func ownWords(events []Event) string {
	var own []string
	for _, e := range events {
		m := e.Message
		if e.Kind != EventMessage || m == nil || m.Deleted || m.Type == "reaction" {
			continue
		}
		own = appendText(own, m.Text)
		if m.Type == "audio" && m.Media != nil {
			own = appendText(own, m.Media.Words)
		}
	}
	return strings.Join(own, "\n")
}

// seen notes who wrote last and when, by the provider's clock. A message that comes
// late doesn't make an older name or identity the newest, and one that leaves a part
// of the identity out doesn't take away what the store knows.
func (c Conversation) seen(e Event) Conversation {
	newest := !e.At.Before(c.LastCustomerAt)
	if newest {
		c.LastCustomerAt = e.At
	}
	if c.Contact.IsZero() || newest && !c.Contact.covers(e.From) {
		c.Contact = e.From
	}
	if e.Name != "" && (newest || c.Name == "") {
		c.Name = e.Name
	}
	return c
}

// covers tells whether an identity says all that the other does.
func (id Identity) covers(other Identity) bool {
	return (other.UserID == "" || other.UserID == id.UserID) && (other.Phone == "" || other.Phone == id.Phone)
}

func (b Burst) add(e Event) Burst {
	switch {
	case e.Kind == EventEcho:
		b.Echo = true
	case e.Kind != EventMessage || e.Message == nil || e.Message.Deleted:
	case e.Message.Type == "reaction":
		b.Reactions++
	case e.Message.Problem != nil && e.Message.Problem.Class == ErrorElsewhere:
		b.Elsewhere++
	case e.Message.Lost():
		b.Lost++
		b.Texts = appendText(b.Texts, e.Message.Text)
	case e.Message.Unseen():
		b.Unseen++
		b.Texts = appendText(b.Texts, e.Message.Text)
	case e.Message.Readable():
		b.Texts = append(b.Texts, e.Message.Words())
		b.Asked++
		if t, ok := tapOf(e.Message); ok {
			b.Taps = append(b.Taps, t)
		}
	default:
		b.Unreadable++
	}
	return b
}

func appendText(texts []string, text string) []string {
	if text == "" {
		return texts
	}
	return append(texts, text)
}
