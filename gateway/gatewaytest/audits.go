package gatewaytest

import (
	"time"

	"github.com/recado/recado/gateway"
)

func auditTests() []test {
	return []test{
		{"AuditsAreListed", testAudits},
		{"AuditsAreLabelled", testLabel},
		{"AuditsFollowTheContact", testAuditMerged},
	}
}

// audited answers a customer by a turn that is picked for a look.
func (b *bundle) audited(who gateway.Identity, chance float64) gateway.Audit {
	b.Helper()
	c := b.say(who, "¿Cuándo llega?")
	t := b.turn(c, "El viernes.")
	t.Record = fullRecord(t.Record)
	a := gateway.Audit{
		TurnID: t.Record.ID, ConversationID: c.Conversation.ID, Chance: chance, Calibration: "cal\x00 1", At: t.Record.At,
	}
	t.Audit = &a
	b.commit(c, t)
	a.Record = t.Record
	return a
}

func (b *bundle) audits(done bool) []gateway.Audit {
	b.Helper()
	return pages(b, func(p gateway.Page) ([]gateway.Audit, string, error) { return b.store.Audits(b.Context(), done, p) })
}

func testAudits(b *bundle) {
	b.same("none", b.audits(false), []gateway.Audit(nil))
	b.answer(ana(), "sin mirar")
	var want []gateway.Audit
	for i, who := range []gateway.Identity{ana(), ben(), ana(), {Phone: "7"}, {Phone: "8"}} {
		want = append(want, b.audited(who, .03+float64(i)/100))
	}
	// A turn that is refused is not picked.
	c := b.say(ana(), "hola")
	t := b.turn(c, "no")
	t.Audit = &gateway.Audit{TurnID: t.Record.ID, ConversationID: c.Conversation.ID, Chance: 1, At: b.now}
	b.accept(b.message(ana(), "espera"))
	b.fails("commit", b.store.Commit(b.Context(), c, t), gateway.ErrSuperseded)
	b.same("audits", b.audits(false), want)
	b.same("labelled", b.audits(true), []gateway.Audit(nil))
	b.crash()
	b.same("audits", b.audits(false), want)
	_, cursor, err := b.store.Audits(b.Context(), false, gateway.Page{Limit: 2})
	b.ok("audits", err)
	for _, after := range []string{"x", cursor + "x"} {
		_, _, err = b.store.Audits(b.Context(), false, gateway.Page{After: after})
		b.fails("a cursor that no page gave", err, gateway.ErrInvalid)
	}
	_, _, err = b.store.Audits(b.Context(), true, gateway.Page{After: cursor})
	b.fails("the cursor of the other list", err, gateway.ErrInvalid)
}

func testLabel(b *bundle) {
	one, two, three := b.audited(ana(), .05), b.audited(ben(), .5), b.audited(ana(), 1)
	revision := b.revision()
	b.advance(time.Minute)
	b.ok("label", b.store.Label(b.Context(), two.TurnID, "marta", true, b.now))
	if b.revision() <= revision {
		b.Error("the revision doesn't grow with a label")
	}
	labelled := b.now
	b.advance(time.Minute)
	b.ok("label", b.store.Label(b.Context(), one.TurnID, "marta", true, b.now))
	b.advance(time.Minute)
	// The second label of a turn replaces the first.
	b.ok("label", b.store.Label(b.Context(), one.TurnID, "luis", false, b.now))
	b.crash()
	one.Labelled, one.Right, one.Agent, one.LabelledAt = true, false, "luis", b.now
	two.Labelled, two.Right, two.Agent, two.LabelledAt = true, true, "marta", labelled
	b.same("labelled", b.audits(true), []gateway.Audit{one, two})
	b.same("to do", b.audits(false), []gateway.Audit{three})
	other := b.answer(ana(), "sin mirar").Record.ID
	revision = b.revision()
	for _, id := range []string{"", "x", gateway.NewID(), "'", other} {
		b.fails("label of what was not picked", b.store.Label(b.Context(), id, "marta", true, b.now), gateway.ErrNotFound)
	}
	b.same("revision", b.revision(), revision)
	b.same("labelled", b.audits(true), []gateway.Audit{one, two})
}

func testAuditMerged(b *bundle) {
	a := b.audited(ben(), .05)
	b.advance(time.Second)
	b.answer(ana(), "hola")
	c := b.say(both(), "soy uno")
	list := b.audits(false)
	b.same("conversation", list[0].ConversationID, c.Conversation.ID)
	b.same("conversation of the record", list[0].Record.ConversationID, c.Conversation.ID)
	b.same("turn", list[0].TurnID, a.TurnID)
}
