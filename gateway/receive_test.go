package gateway

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func said(at time.Time, kind, text string) Event {
	return Event{Kind: EventMessage, At: at, From: Identity{Phone: "1"}, Message: &Message{Type: kind, Text: text}}
}

func file(at time.Time, kind, caption, words string) Event {
	e := said(at, kind, caption)
	e.Message.Media = &Media{ProviderID: "m1", Words: words}
	return e
}

// lost is an image that could not be had.
func lost(at time.Time, caption string, why *SendError) Event {
	e := file(at, "image", caption, "")
	e.Message.Media.State, e.Message.Media.Error = FileFailed, why
	return e
}

func TestReceive(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		before Conversation
		events []Event
		after  Conversation
		burst  Burst
	}{
		{
			name: "a burst is one question in order", before: Conversation{Mode: ModeBot},
			events: []Event{said(at, "text", "hola"), said(at.Add(time.Second), "text", "¿dónde está mi pedido?")},
			after:  Conversation{Mode: ModeBot, Language: "es", Contact: Identity{Phone: "1"}, LastCustomerAt: at.Add(time.Second)},
			burst:  Burst{Texts: []string{"hola", "¿dónde está mi pedido?"}, Asked: 2},
		},
		{
			name: "a late message does not turn the window back", before: Conversation{Mode: ModeBot, LastCustomerAt: at.Add(time.Hour)},
			events: []Event{said(at, "text", "where is my order?")},
			after:  Conversation{Mode: ModeBot, Language: "en", Contact: Identity{Phone: "1"}, LastCustomerAt: at.Add(time.Hour)},
			burst:  Burst{Texts: []string{"where is my order?"}, Asked: 1},
		},
		{
			name: "words that speak for no language keep it", before: Conversation{Mode: ModeBot, Language: "en", Fallbacks: 1},
			events: []Event{said(at, "text", "#W2024117")},
			after:  Conversation{Mode: ModeBot, Language: "en", Contact: Identity{Phone: "1"}, LastCustomerAt: at},
			burst:  Burst{Texts: []string{"#W2024117"}, Asked: 1},
		},
		{
			name: "a voice note can't be read, a reaction needs not be", before: Conversation{Mode: ModeBot, Fallbacks: 1},
			events: []Event{said(at, "audio", ""), said(at, "reaction", "👍")},
			after:  Conversation{Mode: ModeBot, Fallbacks: 1, Contact: Identity{Phone: "1"}, LastCustomerAt: at},
			burst:  Burst{Unreadable: 1, Reactions: 1},
		},
		{
			name:   "what was heard is read, what nobody saw is counted, what was withdrawn is neither",
			before: Conversation{Mode: ModeBot, Language: "es"},
			events: []Event{
				file(at, "audio", "", "¿dónde está mi pedido?"), file(at, "image", "mira esto", ""), file(at, "sticker", "", ""),
				{Kind: EventMessage, At: at, From: Identity{Phone: "1"}, Message: &Message{Type: "text", Text: "x", Deleted: true}},
				{Kind: EventMessage, At: at, From: Identity{Phone: "1"}, Message: &Message{Type: "unsupported", Problem: &SendError{Class: ErrorElsewhere}}},
				lost(at, "", &SendError{Title: "gone", Class: ErrorFile}), lost(at, "", &SendError{Title: "large"}),
				{Kind: EventMessage, At: at, From: Identity{Phone: "1"}, Message: &Message{Type: "image", Problem: &SendError{Class: ErrorFile}}},
				{Kind: EventSignal, At: at, From: Identity{Phone: "1"}, Message: &Message{Type: "system", Text: "x"}},
			},
			after: Conversation{Mode: ModeBot, Language: "es", Contact: Identity{Phone: "1"}, LastCustomerAt: at},
			burst: Burst{Texts: []string{"¿dónde está mi pedido?", "mira esto"}, Asked: 1, Unseen: 2, Lost: 2, Unreadable: 1, Elsewhere: 1},
		},
		{
			name: "a caption is read although its file is lost, and does not end the row", before: Conversation{Mode: ModeBot, Language: "es", Fallbacks: 1},
			events: []Event{lost(at, "así ha llegado", &SendError{Title: "gone", Class: ErrorFile})},
			after:  Conversation{Mode: ModeBot, Language: "es", Fallbacks: 1, Contact: Identity{Phone: "1"}, LastCustomerAt: at},
			burst:  Burst{Texts: []string{"así ha llegado"}, Lost: 1},
		},
		{
			name: "what a model saw does not choose the language", before: Conversation{Mode: ModeBot},
			events: []Event{file(at, "image", "it arrived like this", "Foto adjunta: una lámpara de mesa rota")},
			after:  Conversation{Mode: ModeBot, Language: "en", Contact: Identity{Phone: "1"}, LastCustomerAt: at},
			burst:  Burst{Texts: []string{"it arrived like this\nFoto adjunta: una lámpara de mesa rota"}, Asked: 1},
		},
		{
			name: "a closed conversation opens with the bot", before: Conversation{Mode: ModeClosed, Language: "es"},
			events: []Event{said(at, "text", "gracias")},
			after:  Conversation{Mode: ModeBot, Language: "es", Contact: Identity{Phone: "1"}, LastCustomerAt: at},
			burst:  Burst{Texts: []string{"gracias"}, Asked: 1},
		},
		{
			name: "an echo is a person of the shop", before: Conversation{Mode: ModeBot},
			events: []Event{{Kind: EventEcho, At: at, Message: &Message{Type: "text", Text: "Soy Ana"}}},
			after:  Conversation{Mode: ModeBot}, burst: Burst{Echo: true},
		},
	}
	for _, tt := range tests {
		after, burst := tt.before.Receive(tt.events)
		if diff := cmp.Diff(tt.after, after); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.burst, burst); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// TestApply: what agents may do, and what nothing changes.
func TestApply(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	queued := Handoff{ID: "h", State: HandoffQueued}
	claimed := Handoff{ID: "h", State: HandoffClaimed, Agent: "ana"}
	open := Conversation{ID: "c", Mode: ModeQueued, LastCustomerAt: at.Add(-time.Hour), Epoch: 3}
	tests := []struct {
		name  string
		h     Handoff
		c     Conversation
		a     Action
		err   error
		state HandoffState
		mode  Mode
		epoch int64
		sends bool
	}{
		{"claim", queued, open, Action{Kind: ActionClaim, Agent: "ana"}, nil, HandoffClaimed, ModeAgent, 4, false},
		{"claim again", claimed, Conversation{Mode: ModeAgent, Epoch: 4}, Action{Kind: ActionClaim, Agent: "ana"}, nil, HandoffClaimed, ModeAgent, 4, false},
		{"claim another's", claimed, open, Action{Kind: ActionClaim, Agent: "luis"}, ErrTaken, "", "", 0, false},
		{"relieve the phone app", Handoff{ID: "h", State: HandoffClaimed, Agent: phoneAppAgent}, Conversation{Mode: ModeAgent, Epoch: 3}, Action{Kind: ActionClaim, Agent: "ana"}, nil, HandoffClaimed, ModeAgent, 4, false},
		{"reply claims", queued, open, Action{Kind: ActionReply, Agent: "ana", Text: "Hola"}, nil, HandoffClaimed, ModeAgent, 4, true},
		{"reply to another's", claimed, open, Action{Kind: ActionReply, Agent: "luis", Text: "Hola"}, ErrTaken, "", "", 0, false},
		{"an empty reply", queued, open, Action{Kind: ActionReply, Agent: "ana", Text: " \n"}, ErrInvalid, "", "", 0, false},
		{"a reply after the window", queued, Conversation{LastCustomerAt: at.Add(-25 * time.Hour)}, Action{Kind: ActionReply, Agent: "ana", Text: "Hola"}, ErrWindowClosed, "", "", 0, false},
		{"return", claimed, open, Action{Kind: ActionReturn, Agent: "luis"}, nil, HandoffReturned, ModeBot, 4, false},
		{"resolve", queued, open, Action{Kind: ActionResolve, Agent: "ana"}, nil, HandoffResolved, ModeClosed, 4, false},
		{"what is closed stays closed", Handoff{State: HandoffResolved}, open, Action{Kind: ActionClaim, Agent: "ana"}, ErrClosed, "", "", 0, false},
		{"nobody", queued, open, Action{Kind: ActionClaim, Agent: " "}, ErrInvalid, "", "", 0, false},
		{"an unknown deed", queued, open, Action{Kind: "dance", Agent: "ana"}, ErrInvalid, "", "", 0, false},
	}
	for _, tt := range tests {
		tt.a.At = at
		got, err := Apply(tt.h, tt.c, tt.a)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if err == nil && (got.Handoff.State != tt.state || got.Conversation.Mode != tt.mode || got.Conversation.Epoch != tt.epoch || (got.Outgoing != nil) != tt.sends) {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}
