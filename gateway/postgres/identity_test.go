package postgres

import (
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
