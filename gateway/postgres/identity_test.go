package postgres

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/testservices"
)

// from makes an event one of that customer.
func from(e gateway.Event, user, phone string) gateway.Event {
	e.From = gateway.Identity{UserID: user, Phone: phone}
	return e
}

// TestNumberOfAnother: what is still to be sent to a number that somebody else has by
// now goes to the user id, and who has the number is doubted.
func TestNumberOfAnother(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	now := start
	next := func(e gateway.Event) *gateway.Claim {
		t.Helper()
		accept(t, s, e)
		now = now.Add(time.Second)
		return claim(t, s, now)
	}
	c := next(from(say("1", "", "hola", now), "U", "34600000001"))
	if err := s.Commit(t.Context(), c, reply(c, "hola", now)); err != nil {
		t.Fatal(err)
	}
	at := now
	other := next(from(say("2", "", "hola", now), "V", "34600000001"))
	if !other.Conversation.DoubtedAt.Equal(at) || other.Conversation.ID == c.Conversation.ID {
		t.Errorf("who took the number over is doubted since %v, not since %v", other.Conversation.DoubtedAt, at)
	}
	o, err := s.NextOutgoing(t.Context(), now, time.Minute)
	if err != nil || o.To != (gateway.Identity{UserID: "U"}) {
		t.Errorf("the answer goes to %+v (%v)", o, err)
	}
	kept, err := s.Conversation(t.Context(), c.Conversation.ID)
	if err != nil || kept.Contact != (gateway.Identity{UserID: "U"}) || !kept.DoubtedAt.IsZero() {
		t.Errorf("the conversation is with %+v, doubted since %v (%v)", kept.Contact, kept.DoubtedAt, err)
	}
}

// moved is a signal that who had one number has another.
func moved(key, was, is string, at time.Time) gateway.Event {
	return gateway.Event{
		Key: key, Kind: gateway.EventSignal, Channel: "channel", From: gateway.Identity{Phone: is}, At: at, ReceivedAt: at,
		Message: &gateway.Message{Type: signalSystem, Was: &gateway.Identity{Phone: was}},
	}
}

// TestNumberNobodyHas: who has a number next that somebody has left is doubted.
func TestNumberNobodyHas(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	accept(t, s, say("1", "34600000001", "hola", start), moved("2", "34600000001", "34600000002", start))
	c := claim(t, s, start.Add(time.Second))
	accept(t, s, say("3", "34600000001", "hola", start.Add(time.Second)))
	other := claim(t, s, start.Add(2*time.Second))
	if other.Conversation.ContactID == c.Conversation.ContactID {
		t.Error("who has the number now is taken for who had it")
	}
	if want := start.Add(time.Second); !other.Conversation.DoubtedAt.Equal(want) {
		t.Errorf("doubted since %v, not since %v", other.Conversation.DoubtedAt, want)
	}
}

// TestNumberOfAUser: who comes by a number that a user has is not that user.
func TestNumberOfAUser(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	accept(t, s, from(say("1", "", "de U", start), "U", "34600000002"))
	user := claim(t, s, start.Add(time.Second))
	accept(t, s, say("2", "34600000001", "de otro", start), moved("3", "34600000001", "34600000002", start))
	c := claim(t, s, start.Add(time.Second))
	if c.Conversation.ContactID == user.Conversation.ContactID || c.Conversation.Contact.Phone != "34600000002" {
		t.Errorf("the contact is %s at %+v", c.Conversation.ContactID, c.Conversation.Contact)
	}
	kept, err := s.Conversation(t.Context(), user.Conversation.ID)
	if err != nil || kept.Contact != (gateway.Identity{UserID: "U"}) || !kept.DoubtedAt.IsZero() {
		t.Errorf("the user's conversation is with %+v, doubted since %v (%v)", kept.Contact, kept.DoubtedAt, err)
	}
}

// TestDoubtWithholds: what the bot still had to say when a doubt is told is not sent, a
// person is asked for, and a turn under way is refused, also before the doubt is filed.
func TestDoubtWithholds(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	accept(t, s, say("1", "34600000001", "hola", start))
	c := claim(t, s, start.Add(time.Second))
	if err := s.Commit(t.Context(), c, reply(c, "hola", start)); err != nil {
		t.Fatal(err)
	}
	accept(t, s, say("2", "34600000001", "¿y mi pedido?", start.Add(time.Minute)))
	c = claim(t, s, start.Add(2*time.Minute))
	overdue := reply(c, "va de camino", start)
	overdue.Overdue = true
	accept(t, s, moved("3", "34600000001", "34600000002", start.Add(2*time.Minute)))
	if err := s.Commit(t.Context(), c, overdue); !errors.Is(err, gateway.ErrSuperseded) {
		t.Errorf("with a doubt that is not filed: %v", err)
	}
	if _, err := s.Claim(t.Context(), start.Add(2*time.Minute), time.Minute); !errors.Is(err, gateway.ErrNoWork) {
		t.Fatalf("file the doubt: %v", err)
	}
	if err := s.Commit(t.Context(), c, overdue); !errors.Is(err, gateway.ErrHumanOwns) {
		t.Errorf("with a doubt that is filed: %v", err)
	}
	if o, err := s.NextOutgoing(t.Context(), start.Add(2*time.Minute), time.Minute); !errors.Is(err, gateway.ErrNoWork) {
		t.Errorf("%+v is sent all the same (%v)", o, err)
	}
	list, _, err := s.Handoffs(t.Context(), gateway.HandoffQueued, gateway.Page{})
	if err != nil || len(list) != 1 || list[0].Reason != gateway.ReasonIdentity || list[0].ConversationID != c.Conversation.ID {
		t.Errorf("the handoffs are %+v (%v)", list, err)
	}
	if kept, err := s.Conversation(t.Context(), c.Conversation.ID); err != nil || kept.Mode != gateway.ModeQueued {
		t.Errorf("the conversation is %q (%v)", kept.Mode, err)
	}
}

// TestRejectedByDoubt: an answer that is rejected because somebody else may be there
// takes those after it with it.
func TestRejectedByDoubt(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	accept(t, s, say("1", "34600000001", "hola", start))
	c := claim(t, s, start.Add(time.Second))
	turn := reply(c, "uno", start)
	turn.Outgoing = append(turn.Outgoing, reply(c, "dos", start.Add(time.Millisecond)).Outgoing...)
	if err := s.Commit(t.Context(), c, turn); err != nil {
		t.Fatal(err)
	}
	o, err := s.NextOutgoing(t.Context(), start.Add(time.Second), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	refused := gateway.SendResult{Outcome: gateway.SendRejected, Error: &gateway.SendError{Class: gateway.ErrorIdentity}}
	if err := s.Settle(t.Context(), o, refused); err != nil {
		t.Fatal(err)
	}
	if o, err := s.NextOutgoing(t.Context(), start.Add(time.Second), time.Minute); !errors.Is(err, gateway.ErrNoWork) {
		t.Errorf("%+v is sent all the same (%v)", o, err)
	}
	list, _, err := s.Handoffs(t.Context(), gateway.HandoffQueued, gateway.Page{})
	if err != nil || len(list) != 1 || list[0].Reason != gateway.ReasonIdentity {
		t.Errorf("the handoffs are %+v (%v)", list, err)
	}
}

// TestDoubtOfContact: a doubt holds in all conversations of a customer, also in those
// that begin later, until an agent has verified who is there.
func TestDoubtOfContact(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	accept(t, s, from(say("1", "", "hola", start), "U", ""), moved("2", "34600000001", "34600000002", start))
	accept(t, s, from(say("3", "", "hola", start), "U", "34600000002"))
	elsewhere := from(say("4", "", "hola", start.Add(time.Hour)), "U", "")
	elsewhere.Channel = "another"
	claim(t, s, start.Add(time.Second))
	accept(t, s, elsewhere)
	other := claim(t, s, start.Add(2*time.Hour))
	if other.Conversation.Channel == "channel" {
		other = claim(t, s, start.Add(2*time.Hour))
	}
	list, _, err := s.Conversations(t.Context(), gateway.ConversationFilter{}, gateway.Page{})
	if err != nil || len(list) != 2 {
		t.Fatalf("%d conversations (%v)", len(list), err)
	}
	for _, c := range list {
		if !c.DoubtedAt.Equal(start) {
			t.Errorf("on %s doubted since %v", c.Channel, c.DoubtedAt)
		}
	}
	h, err := s.Act(t.Context(), gateway.Action{Kind: gateway.ActionTake, ConversationID: other.Conversation.ID, Agent: "marta", At: start})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Act(t.Context(), gateway.Action{Kind: gateway.ActionVerify, HandoffID: h.ID, Agent: "marta", At: start}); err != nil {
		t.Fatal(err)
	}
	list, _, err = s.Conversations(t.Context(), gateway.ConversationFilter{}, gateway.Page{})
	if err != nil || len(list) != 2 || !list[0].DoubtedAt.IsZero() || !list[1].DoubtedAt.IsZero() {
		t.Errorf("after the verification: %+v (%v)", list, err)
	}
}

// about is a signal that changes a message.
func about(key, kind, message, text string, at time.Time) gateway.Event {
	return gateway.Event{
		Key: key, Kind: gateway.EventSignal, Channel: "channel", From: gateway.Identity{Phone: "34600000001"}, At: at, ReceivedAt: at,
		About: message, Message: &gateway.Message{Type: kind, Text: text},
	}
}

// TestChangedUnderWay: a turn that was made with a message as it was before a change is
// refused, and made again with what is there now.
func TestChangedUnderWay(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{signalRevoke: "", signalEdit: "dos"} {
		s := openStore(t, Config{DSN: testservices.Postgres(t)})
		accept(t, s, say("1", "34600000001", "uno", start))
		c := claim(t, s, start.Add(time.Second))
		accept(t, s, about("2", kind, "1", "dos", start.Add(time.Second)))
		again, err := s.Claim(t.Context(), start.Add(2*time.Second), time.Minute)
		if want != "" {
			if err != nil || len(texts(again)) != 1 || texts(again)[0] != want {
				t.Errorf("%s: the turn is made again with %+v (%v)", kind, again, err)
			}
		} else if !errors.Is(err, gateway.ErrNoWork) {
			t.Errorf("%s: %+v still waits (%v)", kind, again, err)
		}
		if err := s.Commit(t.Context(), c, reply(c, "sí", start)); !errors.Is(err, gateway.ErrLeaseLost) {
			t.Errorf("%s: the turn is not refused: %v", kind, err)
		}
	}
}

// TestChangedBeforeItCame: what is told of a message before it came holds when it comes,
// in the same filing and in a later one.
func TestChangedBeforeItCame(t *testing.T) {
	t.Parallel()
	for _, together := range []bool{false, true} {
		s := openStore(t, Config{DSN: testservices.Postgres(t)})
		accept(t, s, say("0", "34600000001", "hola", start), about("r", signalRevoke, "1", "", start),
			about("e", signalEdit, "2", "nuevo", start), about("f", signalEdit, "2", "más nuevo", start))
		if !together {
			c := claim(t, s, start.Add(time.Second))
			if err := s.Commit(t.Context(), c, reply(c, "hola", start)); err != nil {
				t.Fatal(err)
			}
		}
		later := start.Add(2 * time.Second)
		accept(t, s, say("1", "34600000001", "secreto", later), say("2", "34600000001", "viejo", later))
		c := claim(t, s, later.Add(time.Second))
		got := texts(c)
		if len(got) == 0 || got[len(got)-1] != "más nuevo" || len(got) != map[bool]int{true: 2, false: 1}[together] {
			t.Errorf("together %v: the turn is about %q", together, got)
		}
		list, _, err := s.Messages(t.Context(), c.Conversation.ID, gateway.Page{})
		if err != nil || strings.Contains(fmt.Sprintf("%+v", list), "secreto") {
			t.Errorf("together %v: %+v (%v)", together, list, err)
		}
	}
}
