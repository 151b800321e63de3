package gatewaytest

import (
	"testing"
	"time"

	"github.com/recado/recado/gateway"
)

// TestCrash leaves a store in the middle of everything, as a process that was
// killed does, and goes on with the place opened anew: nothing is lost, nothing
// doubled.
func TestCrash(t *testing.T, place func(testing.TB) Open) {
	t.Helper()
	run(t, place, []test{
		{"AfterAccept", testCrashAccept},
		{"BetweenClaimAndCommit", testCrashClaim},
		{"AfterCommit", testCrashCommit},
		{"BetweenSendAndSettle", testCrashSend},
		{"AfterAct", testCrashAct},
		{"BetweenFetchAndSettle", testCrashFetch},
		{"BetweenPublishAndPublished", testCrashPublish},
		{"AfterReceiveAndExpire", testCrashEnd},
		{"WithEverythingUnderWay", testCrashEverything},
	})
}

// crash goes on with a store that was opened anew. The one before stays open
// without being used, like the files and connections of a process that is gone.
func (b *bundle) crash() {
	b.Helper()
	b.store = b.reopen()
}

func testCrashAccept(b *bundle) {
	one, two := b.message(ana(), "uno"), b.message(ana(), "dos")
	b.accept(one)
	b.crash()
	b.same("fresh", b.accept(one, two), []string{two.Key})
	b.idle()
	b.crash()
	b.same("fresh", b.accept(one, two), []string(nil))
	b.advance(quiet)
	b.same("texts", burst(b.claim()), []string{"uno", "dos"})
}

func testCrashClaim(b *bundle) {
	lost := b.say(ana(), "hola")
	b.crash()
	b.idle()
	b.advance(lease)
	c := b.claim()
	b.same("attempt", c.Attempt, 2)
	b.same("events", c.Events, lost.Events)
	b.commit(c, b.turn(c, "uno"))
	// The one thought dead comes back.
	b.fails("late commit", b.store.Commit(b.Context(), lost, b.turn(lost, "dos")), gateway.ErrLeaseLost)
	b.same("messages", texts(b.messages(c.Conversation.ID)), []string{"customer: hola", "bot: uno"})
	// Killed before it ended once more, the work is done all the same.
	b.crash()
	b.advance(time.Hour)
	b.idle()
}

func testCrashCommit(b *bundle) {
	c := b.say(ana(), "hola")
	t := b.turn(c, "uno")
	b.commit(c, t)
	b.crash()
	// The caller didn't hear of it and tries again.
	b.fails("commit again", b.store.Commit(b.Context(), c, t), gateway.ErrLeaseLost)
	b.same("records", len(b.records(c.Conversation.ID)), 1)
	b.same("text", b.send("wamid.1").Text, "uno")
	b.advance(time.Hour)
	b.nothing()
	b.idle()
}

func testCrashSend(b *bundle) {
	t := b.answer(ana(), "uno", "dos")
	o := b.next()
	b.crash()
	b.nothing()
	b.advance(lease + gateway.ReconcileAfter - time.Millisecond)
	b.nothing()
	b.accept(b.status(gateway.Status{ProviderID: "wamid.1", OutgoingID: o.ID, State: gateway.DeliverySent}))
	b.idle()
	b.advance(time.Millisecond)
	b.same("next", b.send("wamid.2").Text, "dos")
	b.same("status", b.out(t.Conversation.ID, o.ID).Status, string(gateway.DeliverySent))
	// Without a status it is sent again.
	b.answer(ana(), "tres")
	o = b.next()
	b.crash()
	b.advance(lease + gateway.ReconcileAfter)
	again := b.next()
	b.same("message", again.ID, o.ID)
	b.same("attempt", again.Attempt, 2)
}

func testCrashAct(b *bundle) {
	h := b.queue(ana())
	b.act(h, gateway.ActionReply, "marta", "hola")
	b.crash()
	got, err := b.store.Handoff(b.Context(), h.ID)
	b.ok("handoff", err)
	b.same("agent", got.Agent, "marta")
	_, err = b.try(h, gateway.ActionClaim, "luis", "")
	b.fails("claim by another", err, gateway.ErrTaken)
	b.same("text", b.send("wamid.1").Text, "hola")
	b.act(h, gateway.ActionReturn, "marta", "")
	b.crash()
	c := b.say(ana(), "gracias")
	b.same("mode", c.Conversation.Mode, gateway.ModeBot)
}

// testCrashFetch dies with a file that is fetched and not settled: it is fetched again,
// and the turn has waited for it as long as it may and no longer.
func testCrashFetch(b *bundle) {
	b.accept(b.media(ana(), "audio", ""))
	b.idle()
	lost := b.file()
	b.crash()
	b.noFile()
	b.advance(gateway.FileWait)
	c := b.claim()
	b.same("texts", burst(c), []string(nil))
	b.commit(c, b.turn(c))
	b.crash()
	b.advance(lease - gateway.FileWait)
	f := b.file()
	b.same("file", f.ID, lost.ID)
	b.settleFile(f, fetched("hola"))
	b.fails("late settlement", b.store.SettleFile(b.Context(), lost, fetched("no")), gateway.ErrLeaseLost)
	b.crash()
	b.idle()
	b.same("words", b.readFile(f.ID).Media.Words, "hola")
}

// testCrashEverything leaves one conversation at every station and compares what
// people see before and after.
func testCrashEverything(b *bundle) {
	people := []gateway.Identity{{Phone: "1"}, {Phone: "2"}, {Phone: "3"}, {Phone: "4"}, {UserID: "5", Phone: "5"}}
	b.accept(b.media(people[0], "image", "mira"))
	b.idle()
	b.settleFile(b.file(), fetched("una vela"))
	b.advance(quiet)
	photo := b.claim()
	b.commit(photo, b.turn(photo, "enviado"))
	b.send("wamid.1")
	b.filed(b.signal(people[0], "system", "algo ha cambiado"), b.preference(people[0], "stop"))
	b.answer(people[1], "a medio enviar", "sin enviar")
	b.next()
	h := b.queue(people[2])
	b.act(h, gateway.ActionReply, "marta", "una persona")
	claimed := b.say(people[3], "se está contestando")
	b.accept(b.message(people[4], "espera"))
	b.idle()
	agent := gateway.Agent{Name: "marta", PasswordHash: "x", CreatedAt: b.now}
	b.ok("put agent", b.store.PutAgent(b.Context(), agent))
	b.raise(b.alert("a", "PAUSED"))
	b.ok("put templates", b.store.PutTemplates(b.Context(), []gateway.Template{template("a", "es")}))
	see := func() []any {
		all := []any{b.conversations(""), b.handoffs(""), b.revision(), b.alerts(), b.templates()}
		for _, c := range b.conversations("") {
			all = append(all, b.messages(c.ID), b.records(c.ID))
		}
		return all
	}
	before := see()
	b.crash()
	b.same("what people see", see(), before)
	got, err := b.store.Agent(b.Context(), "marta")
	b.ok("agent", err)
	b.same("agent", got, agent)
	b.advance(quiet)
	b.same("texts", burst(b.claim()), []string{"espera"})
	b.idle()
	b.advance(lease)
	b.same("conversation", b.claim().Conversation.ID, claimed.Conversation.ID)
	b.advance(gateway.ReconcileAfter)
	var sent []string
	for range 3 {
		sent = append(sent, b.send(b.name("wamid.")).Text)
	}
	b.same("sent", sent, []string{"una persona", "a medio enviar", "sin enviar"})
	b.nothing()
}
