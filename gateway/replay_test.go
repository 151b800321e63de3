package gateway

import (
	"context"
	"testing"
	"time"

	"github.com/recado/recado/rag"
)

// A doubt about who writes takes the proposal away before the tap of its button is read, and
// the turn that finds the button over reads no orders that would tell of the doubt.
func TestReplayOfATapAfterADoubt(t *testing.T) {
	t.Parallel()
	for name, tapped := range map[string]string{"yes": yesButton, "no": noButton} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := offeredThen(t)
			offer := p.Messages[1].Content.Buttons[0].ID[len(yesButton):]
			doubted := Conversation{ID: p.ID, Mode: ModeBot, Language: "es", DoubtedAt: noon.Add(2 * time.Minute), Memory: Memory{}}
			at := noon.Add(2 * time.Minute)
			tap := Event{
				Key: "tap", Kind: EventMessage, At: at, ReceivedAt: at, From: Identity{Phone: "1"},
				Message: &Message{ProviderID: "wamid.2", Type: "interactive", Text: "Sí", Choice: &Choice{ID: tapped + offer, Title: "Sí"}},
			}
			stale := taken(t, answers(good()), doubted, p.Messages, at, tap)
			if stale.Decision.Rule != ruleStaleTap || stale.Orders.Withheld {
				t.Fatalf("the tap was recorded as %+v, orders %+v", stale.Decision, stale.Orders)
			}
			after := noon.Add(5 * time.Minute)
			again := tap
			again.Key, again.At, again.ReceivedAt, again.Message = "again", after, after, new(*tap.Message)
			again.Message.ProviderID = "wamid.3"
			p.DoubtedAt, p.Heard, p.Turns = doubted.DoubtedAt, append(p.Heard, tap, again), append(p.Turns, stale)
			p.Messages = append(p.Messages, heardAs(tap), heardAs(again))
			p.Turns = append(p.Turns, taken(t, answers(good()), doubted, p.Messages, after, again))
			sameAgain(t, p)
		})
	}
}

// offeredThen is a conversation of one turn, in which a write was proposed.
func offeredThen(t *testing.T) Past {
	t.Helper()
	ask := said(noon, "text", "Cancela mi pedido TA-4117")
	ask.Key, ask.ReceivedAt, ask.Message.ProviderID = "ask", noon, "wamid.1"
	p := Past{PastConversation: PastConversation{Conversation: Conversation{ID: "c1", Contact: Identity{Phone: "1"}, CreatedAt: noon}}, Heard: []Event{ask}}
	g := takes(t, answers(proposes()), noon.Add(time.Minute))
	turn := g.turn(t.Context(), &Claim{Conversation: Conversation{ID: "c1", Mode: ModeBot}, Events: p.Heard, Attempt: 1})
	if turn.Record.Decision.Rule != ruleProposal {
		t.Fatalf("nothing was proposed: %+v", turn.Record.Decision)
	}
	o := turn.Outgoing[0]
	p.Turns = []Record{turn.Record}
	p.Messages = []MessageView{heardAs(ask), {ID: o.ID, Direction: "out", Author: AuthorBot, Text: o.Text, Content: o.Content, At: noon.Add(time.Minute)}}
	return p
}

// heardAs is a message of a customer as a store lists it.
func heardAs(e Event) MessageView {
	return MessageView{
		ProviderID: e.Message.ProviderID, Direction: "in", Type: e.Message.Type, Text: e.Message.Text, At: e.ReceivedAt, Message: e.Message,
	}
}

// takes is a gateway whose clock stands.
func takes(t *testing.T, a Answerer, at time.Time) *Gateway {
	t.Helper()
	s := &shop{version: "v1"}
	s.verdict.OK = true
	g, err := New(withFakes(Config{
		Store: &turnStore{}, Now: func() time.Time { return at }, AuditShare: -1, Answerer: a, Actions: s, Codes: codes{s}, Wire: wires{},
	}))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// taken is the record of a turn.
func taken(t *testing.T, a Answerer, c Conversation, history []MessageView, at time.Time, e Event) Record {
	t.Helper()
	return takes(t, a, at).turn(t.Context(), &Claim{Conversation: c, History: history, Events: []Event{e}, Attempt: 1}).Record
}

// sameAgain takes all turns again and wants each as it was.
func sameAgain(t *testing.T, p Past) {
	t.Helper()
	answer := func(_ context.Context, was Record, _ rag.Question) (rag.Answer, error) {
		return rag.Answer{Text: was.Draft.Answer, Draft: was.Draft, Confidence: was.Confidence, Threshold: was.Threshold, Proposal: was.Proposal}, nil
	}
	r, err := NewReplay(ReplayConfig{Answer: answer, Fingerprint: "answers", Writable: true}, p)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; ; n++ {
		one, more := r.Next(t.Context())
		if !more {
			return
		}
		if one.Skipped != "" || one.Now.Decision != one.Was.Decision || one.Now.Reply != one.Was.Reply {
			t.Errorf("turn %d was %+v %q\nand is %+v %q (%s)", n, one.Was.Decision, one.Was.Reply, one.Now.Decision, one.Now.Reply, one.Skipped)
		}
	}
}
