package gatewaytest

import (
	"context"
	"time"

	"github.com/recado/recado/gateway"
)

func agentTests() []test {
	return []test{
		{"Agents", testAgents},
		{"Sessions", testSessions},
		{"SessionsOfAnotherPassword", testSignedOut},
		{"Ping", testPing},
		{"Close", testClose},
		{"EndedContext", testEndedContext},
	}
}

func testAgents(b *bundle) {
	_, err := b.store.Agent(b.Context(), "marta")
	b.fails("unknown agent", err, gateway.ErrNotFound)
	marta := gateway.Agent{Name: "marta", PasswordHash: "$argon2id$v=19$…", CreatedAt: b.now}
	b.ok("put", b.store.PutAgent(b.Context(), marta))
	b.ok("put", b.store.PutAgent(b.Context(), gateway.Agent{Name: "Márta", PasswordHash: "x", CreatedAt: b.now}))
	got, err := b.store.Agent(b.Context(), "marta")
	b.ok("agent", err)
	b.same("agent", got, marta)
	marta.PasswordHash, marta.CreatedAt = "other", b.now.Add(time.Hour)
	b.ok("put again", b.store.PutAgent(b.Context(), marta))
	got, err = b.store.Agent(b.Context(), "marta")
	b.ok("agent", err)
	b.same("agent", got, marta)
}

func testSessions(b *bundle) {
	b.ok("put agent", b.store.PutAgent(b.Context(), gateway.Agent{Name: "marta", PasswordHash: "x", CreatedAt: b.now}))
	short := gateway.Session{TokenHash: "aa", Agent: "marta", ExpiresAt: b.now.Add(time.Minute)}
	long := gateway.Session{TokenHash: "bb", Agent: "marta", ExpiresAt: b.now.Add(time.Hour)}
	b.ok("put", b.store.PutSession(b.Context(), short, b.now))
	b.ok("put", b.store.PutSession(b.Context(), long, b.now))
	got, err := b.store.Session(b.Context(), "aa", b.now)
	b.ok("session", err)
	b.same("session", got, short)
	b.advance(2 * time.Minute)
	_, err = b.store.Session(b.Context(), "aa", b.now)
	b.fails("session that is over", err, gateway.ErrNotFound)
	_, err = b.store.Session(b.Context(), "cc", b.now)
	b.fails("unknown session", err, gateway.ErrNotFound)
	other := gateway.Session{TokenHash: "cc", Agent: "marta", ExpiresAt: b.now.Add(time.Hour)}
	b.ok("put", b.store.PutSession(b.Context(), other, b.now))
	// What was over then is forgotten, whatever the clock says now.
	_, err = b.store.Session(b.Context(), "aa", b.now.Add(-2*time.Minute))
	b.fails("forgotten session", err, gateway.ErrNotFound)
	for range 2 {
		b.ok("drop", b.store.DropSession(b.Context(), "bb"))
		_, err = b.store.Session(b.Context(), "bb", b.now)
		b.fails("dropped session", err, gateway.ErrNotFound)
	}
	got, err = b.store.Session(b.Context(), "cc", b.now)
	b.ok("session", err)
	b.same("session", got, other)
}

// testSignedOut changes the password of one agent and removes another: their
// sessions end and nobody else's.
func testSignedOut(b *bundle) {
	agents := []gateway.Agent{{Name: "marta", PasswordHash: "x"}, {Name: "luis", PasswordHash: "y"}, {Name: "ana", PasswordHash: "z"}}
	for _, a := range agents {
		b.ok("put agent", b.store.PutAgent(b.Context(), a))
		b.ok("put session", b.store.PutSession(b.Context(), gateway.Session{
			TokenHash: a.Name + "'s", Agent: a.Name, ExpiresAt: b.now.Add(time.Hour),
		}, b.now))
	}
	b.ok("put again", b.store.PutAgent(b.Context(), gateway.Agent{Name: "marta", PasswordHash: "other"}))
	b.ok("remove", b.store.RemoveAgent(b.Context(), "luis"))
	for _, name := range []string{"marta", "luis"} {
		_, err := b.store.Session(b.Context(), name+"'s", b.now)
		b.fails("session of "+name, err, gateway.ErrNotFound)
	}
	_, err := b.store.Agent(b.Context(), "luis")
	b.fails("removed agent", err, gateway.ErrNotFound)
	b.fails("remove again", b.store.RemoveAgent(b.Context(), "luis"), gateway.ErrNotFound)
	_, err = b.store.Session(b.Context(), "ana's", b.now)
	b.ok("session of another", err)
	_, err = b.store.Agent(b.Context(), "marta")
	b.ok("agent with another password", err)
}

func testPing(b *bundle) {
	before := b.revision()
	b.ok("ping", b.store.Ping(b.Context()))
	b.same("revision", b.revision(), before)
}

func testClose(b *bundle) {
	c := b.say(ana(), "hola")
	store, err := b.open()
	b.ok("open", err)
	b.ok("close", store.Close())
	if err := store.Ping(b.Context()); err == nil {
		b.Error("a closed store can be pinged")
	}
	if _, err := store.Accept(b.Context(), []gateway.Event{b.message(ana(), "no")}); err == nil {
		b.Error("a closed store accepts")
	}
	// The other handle of the same place goes on.
	b.commit(c, b.turn(c, "uno"))
	b.ok("ping", b.store.Ping(b.Context()))
}

// testEndedContext calls with a context that is over: an error, and no change.
func testEndedContext(b *bundle) {
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	e := b.message(ana(), "hola")
	if fresh, err := b.store.Accept(ctx, []gateway.Event{e}); err == nil {
		b.Errorf("accepted %d events for a context that is over", len(fresh))
	}
	b.same("fresh", b.accept(e), []string{e.Key})
	b.advance(quiet)
	if _, err := b.store.Claim(ctx, b.now, lease); err == nil {
		b.Error("claimed for a context that is over")
	}
	c := b.claim()
	b.same("attempt", c.Attempt, 1)
	if err := b.store.Commit(ctx, c, b.turn(c, "no")); err == nil {
		b.Error("committed for a context that is over")
	}
	b.commit(c, b.turn(c, "sí"))
}
