package gateway

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/recado/recado/rag"
)

// compose makes the turn out of a decision: the messages to send, the state
// after it, the handoff if there is one, the writes that it sends, and the decision
// record. It asks nobody.
func compose(c *Claim, after Conversation, s Situation, d Decision, within time.Duration) Turn {
	turnID := NewID()
	t := Turn{Conversation: remember(after, s, d), Commands: commands(after, s, d, turnID, within)}
	switch d.Kind {
	case DecideHandoff:
		h := openHandoff(after, s, d, turnID)
		h.Packet.Promised = lastBotText(c.History)
		t.Handoff = &h
		t.Conversation.Mode, t.Conversation.Agent = ModeQueued, ""
		if d.Reason == ReasonTakenOver {
			t.Conversation.Mode, t.Conversation.Agent = ModeAgent, h.Agent
		}
	case DecideClarify:
		if !t.Conversation.Clarified {
			t.Conversation.Fallbacks++
		}
	case DecideReply, DecideQuiet, DecidePropose, DecideNotify:
	}
	said := speech{c: t.Conversation, s: s, d: d, history: c.History, handoff: t.Handoff}.said()
	if said.text != "" && s.WindowOpen {
		t.Outgoing = said.messages(after, turnID, s.At)
		t.Conversation.Memory.WarnedSecret = after.Memory.WarnedSecret || said.warned
		t.Record.Reply = said.text
	}
	reply := t.Record.Reply
	t.Record = record(c, after, s, d)
	t.Record.ID, t.Record.Reply = turnID, reply
	return t
}

func botMessage(c Conversation, turnID, text string, at time.Time) Outgoing {
	return Outgoing{
		ID: NewID(), ConversationID: c.ID, Channel: c.Channel, To: c.Contact,
		Author: AuthorBot, Text: text, TurnID: turnID,
		CreatedAt: at, ExpiresAt: c.WindowEnds(),
	}
}

// openHandoff fills the packet, so that the agent has it all on one screen.
func openHandoff(c Conversation, s Situation, d Decision, turnID string) Handoff {
	h := Handoff{
		ID: NewID(), ConversationID: c.ID, Contact: c.Contact, Name: c.Name,
		Reason: d.Reason, State: HandoffQueued, CreatedAt: s.At, UpdatedAt: s.At,
		Packet: Packet{
			Wants: strings.Join(s.masked(c.Language), "\n"), Language: c.Language, Tried: titles(c.Language, s.Answer.Passages),
			Draft: draft(c.Language, s), TurnID: turnID,
		},
	}
	h.Packet.Why = whyText(c.Language, s, d, h)
	if d.Reason == ReasonTakenOver {
		h.State, h.Agent = HandoffClaimed, phoneAppAgent
	}
	if d.Rule == ruleConfidence {
		h.Packet.Confidence, h.Packet.Threshold = s.Answer.Confidence, s.Answer.Threshold
	}
	if len(s.Answer.Orders.Orders) > 0 {
		// Order facts are plain data; they always marshal.
		h.Packet.Orders, _ = json.Marshal(s.Answer.Orders.Orders)
	}
	return h
}

// draft is what could be sent, for the agent to use or discard.
func draft(language string, s Situation) string {
	switch {
	case s.Answer.Proposal != nil:
		return summary(language, *s.Answer.Proposal)
	case s.Answer.Refusal != nil:
		return ruleText(language, s.Answer.Refusal.Call, s.Answer.Refusal.Verdict)
	}
	return cmp.Or(s.Answer.Text, s.Answer.AskBack)
}

// phoneAppAgent is the name under which a person who answers from the phone app
// owns a conversation.
const phoneAppAgent = "phone app"

// titles are what people call the documents of passages, each once. A FAQ table has
// a file's name for a title, which says nothing to a customer.
func titles(language string, passages []rag.Passage) []string {
	var list []string
	for _, p := range passages {
		title := p.Title
		if p.Question != "" {
			title = faqTitle(language)
		}
		if !slices.Contains(list, title) {
			list = append(list, title)
		}
	}
	return list
}

func lastBotText(history []MessageView) string {
	for _, m := range slices.Backward(history) {
		if m.Author == AuthorBot {
			return m.Text
		}
	}
	return ""
}

// firstWords tells whether the bot has said nothing yet, as far as the history
// goes back.
func firstWords(history []MessageView) bool { return lastBotText(history) == "" }

// bubbles cuts a text into messages that the channel takes: one, whenever that is
// possible. A longer one is cut at the end of a paragraph, else of a line, a sentence
// or a word, whichever comes latest in the second half of what fits.
func bubbles(text string) []string {
	var list []string
	for runes := []rune(strings.TrimSpace(text)); len(runes) > 0; {
		n := len(runes)
		if n > MaxText {
			n = bubbleEnd(string(runes[:MaxText]))
		}
		list = append(list, strings.TrimSpace(string(runes[:n])))
		runes = []rune(strings.TrimSpace(string(runes[n:])))
	}
	return list
}

// bubbleEnd is the number of characters to cut off from a text that is full.
func bubbleEnd(full string) int {
	for _, mark := range []string{"\n\n", "\n", ". ", " "} {
		if at := strings.LastIndex(full, mark); at > len(full)/2 {
			return utf8.RuneCountInString(full[:at+len(mark)])
		}
	}
	return utf8.RuneCountInString(full)
}
