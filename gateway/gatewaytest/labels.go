package gatewaytest

import (
	"errors"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

func labelTests() []test {
	return []test{
		{"LabelsAreKept", testLabels},
		{"LabelsAreReplacedByPerson", testLabelReplaced},
		{"LabelsAreAllOrNone", testLabelsAllOrNone},
		{"LabelsAreTakenBack", testLabelDropped},
		{"AuditsAreLabels", testAuditLabels},
		{"DraftsAreLabelledByReplies", testDraftLabels},
		{"LabelsFollowTheContact", testLabelMerged},
	}
}

func (b *bundle) labels(f gateway.LabelFilter) []gateway.LabelView {
	b.Helper()
	return pages(b, func(p gateway.Page) ([]gateway.LabelView, string, error) { return b.store.Labels(b.Context(), f, p) })
}

// about is a label of a turn, said now.
func (b *bundle) about(t gateway.Turn, by string, v gateway.Verdict) gateway.Label {
	return gateway.Label{
		Kind: gateway.LabelAnswer, TurnID: t.Record.ID, ConversationID: t.Conversation.ID, By: by, Verdict: v,
		Source: gateway.LabelFromPage, Chance: .25, Note: "el plazo\x00 no", At: b.now,
	}
}

func seen(l gateway.Label, r gateway.Record) gateway.LabelView {
	return gateway.LabelView{Label: l, Record: r}
}

func testLabels(b *bundle) {
	b.same("none", b.labels(gateway.LabelFilter{}), []gateway.LabelView(nil))
	var want []gateway.LabelView
	for i, v := range []gateway.Verdict{gateway.VerdictRight, gateway.VerdictWrong, gateway.VerdictUnsure} {
		t := b.answer([]gateway.Identity{ana(), ben(), {Phone: "7"}}[i], "hola")
		l := b.about(t, "marta\x1b", v)
		b.ok("put", b.store.PutLabels(b.Context(), []gateway.Label{l}))
		want = append(want, seen(l, t.Record))
	}
	h := b.queue(gateway.Identity{Phone: "8"})
	on := gateway.Label{
		Kind: gateway.LabelHandoff, HandoffID: h.ID, TurnID: h.Packet.TurnID, ConversationID: h.ConversationID, By: "luis",
		Source: gateway.LabelFromAgent, Verdict: gateway.VerdictEarly, At: b.now,
	}
	// A handoff that no turn made is labelled too.
	none := on
	none.By, none.TurnID, none.Verdict, none.At = "eva", "", gateway.VerdictLate, b.now.Add(time.Second)
	revision := b.revision()
	b.ok("put", b.store.PutLabels(b.Context(), []gateway.Label{none, on}))
	if b.revision() <= revision {
		b.Error("the revision doesn't grow with a label")
	}
	b.ok("nothing", b.store.PutLabels(b.Context(), nil))
	b.crash()
	record := b.records(h.ConversationID)[0]
	want = append(want, seen(on, record), seen(none, gateway.Record{}))
	b.same("labels", b.labels(gateway.LabelFilter{}), want)
	b.same("of the handoff", b.labels(gateway.LabelFilter{HandoffID: h.ID}), want[3:])
	b.same("of another", b.labels(gateway.LabelFilter{HandoffID: "x"}), []gateway.LabelView(nil))
	b.same("since", b.labels(gateway.LabelFilter{Since: want[1].At}), want[1:])
	b.same("since then, of the handoff", b.labels(gateway.LabelFilter{HandoffID: h.ID, Since: none.At}), want[4:])
	_, cursor, err := b.store.Labels(b.Context(), gateway.LabelFilter{}, gateway.Page{Limit: 2})
	b.ok("labels", err)
	rest, _, err := b.store.Labels(b.Context(), gateway.LabelFilter{}, gateway.Page{After: cursor})
	b.ok("labels", err)
	b.same("second page", rest, want[2:])
	_, _, err = b.store.Labels(b.Context(), gateway.LabelFilter{}, gateway.Page{After: "x"})
	b.fails("a cursor that no page gave", err, gateway.ErrInvalid)
}

func testLabelReplaced(b *bundle) {
	t := b.answer(ana(), "hola")
	marta, luis := b.about(t, "marta", gateway.VerdictRight), b.about(t, "luis", gateway.VerdictRight)
	b.ok("put", b.store.PutLabels(b.Context(), []gateway.Label{marta, luis}))
	b.advance(time.Minute)
	again := b.about(t, "marta", gateway.VerdictWrong)
	again.Source, again.Chance, again.Note = gateway.LabelFromImport, 0, "otra"
	b.ok("put", b.store.PutLabels(b.Context(), []gateway.Label{again}))
	// What was said before arrives late and changes nothing but the chance that it knows.
	late := b.about(t, "marta", gateway.VerdictUnsure)
	late.At, late.Chance = b.now.Add(-time.Second), .5
	b.ok("put", b.store.PutLabels(b.Context(), []gateway.Label{late}))
	b.crash()
	again.Chance = .5
	b.same("labels", b.labels(gateway.LabelFilter{}), []gateway.LabelView{seen(luis, t.Record), seen(again, t.Record)})
	// Of two at the same time the second holds.
	second := again
	second.Verdict = gateway.VerdictRight
	b.ok("put", b.store.PutLabels(b.Context(), []gateway.Label{second}))
	b.same("labels", b.labels(gateway.LabelFilter{}), []gateway.LabelView{seen(luis, t.Record), seen(second, t.Record)})
}

func testLabelsAllOrNone(b *bundle) {
	t, other := b.answer(ana(), "hola"), b.answer(ben(), "hola")
	h := b.queue(gateway.Identity{Phone: "8"})
	good := b.about(t, "marta", gateway.VerdictRight)
	on := gateway.Label{Kind: gateway.LabelHandoff, HandoffID: h.ID, ConversationID: h.ConversationID, By: "m", Verdict: gateway.VerdictNeeded, At: b.now}
	revision := b.revision()
	for name, spoil := range map[string]func(*gateway.Label){
		"turn": func(l *gateway.Label) { l.TurnID = gateway.NewID() }, "conversation": func(l *gateway.Label) { l.ConversationID = other.Conversation.ID },
		"handoff": func(l *gateway.Label) { *l = on; l.HandoffID = "x" }, "its conversation": func(l *gateway.Label) { *l = on; l.ConversationID = "x" },
	} {
		bad := good
		spoil(&bad)
		err := b.store.PutLabels(b.Context(), []gateway.Label{good, bad})
		b.fails(name, err, gateway.ErrNotFound)
		if unknown := (*gateway.UnknownLabelError)(nil); !errors.As(err, &unknown) || unknown.Place != 1 {
			b.Errorf("%s: %v does not name the second label", name, err)
		}
	}
	for name, spoil := range map[string]func(*gateway.Label){
		"kind": func(l *gateway.Label) { l.Kind = "x" }, "verdict": func(l *gateway.Label) { l.Verdict = gateway.VerdictNeeded },
		"by": func(l *gateway.Label) { l.By = " " }, "nothing": func(l *gateway.Label) { l.TurnID = "" }, "chance": func(l *gateway.Label) { l.Chance = 1.5 },
		"flaw": func(l *gateway.Label) { l.Flaw = gateway.FlawFact }, "note": func(l *gateway.Label) { l.Note = strings.Repeat("ñ", 501) },
	} {
		bad := good
		spoil(&bad)
		b.fails(name, b.store.PutLabels(b.Context(), []gateway.Label{good, bad}), gateway.ErrInvalid)
	}
	b.same("labels", b.labels(gateway.LabelFilter{}), []gateway.LabelView(nil))
	b.same("revision", b.revision(), revision)
}

func testLabelDropped(b *bundle) {
	t := b.answer(ana(), "hola")
	marta, luis := b.about(t, "marta", gateway.VerdictRight), b.about(t, "luis", gateway.VerdictWrong)
	b.ok("put", b.store.PutLabels(b.Context(), []gateway.Label{marta, luis}))
	revision := b.revision()
	b.ok("drop", b.store.DropLabel(b.Context(), marta.Key()))
	if b.revision() <= revision {
		b.Error("the revision doesn't grow when a label is taken back")
	}
	b.crash()
	b.same("labels", b.labels(gateway.LabelFilter{}), []gateway.LabelView{seen(luis, t.Record)})
	for _, key := range []string{marta.Key(), "", "'\x00"} {
		b.fails("drop", b.store.DropLabel(b.Context(), key), gateway.ErrNotFound)
	}
}

func testAuditLabels(b *bundle) {
	a := b.audited(ana(), .05)
	b.advance(time.Minute)
	b.ok("label", b.store.Label(b.Context(), a.TurnID, "marta", true, b.now))
	first := gateway.AuditLabel(a, "marta", true, b.now)
	b.advance(time.Minute)
	b.ok("label", b.store.Label(b.Context(), a.TurnID, "luis", false, b.now))
	b.crash()
	second := gateway.AuditLabel(a, "luis", false, b.now)
	b.same("labels", b.labels(gateway.LabelFilter{}), []gateway.LabelView{seen(first, a.Record), seen(second, a.Record)})
	if second.Verdict != gateway.VerdictWrong || first.Verdict != gateway.VerdictRight || first.Source != gateway.LabelFromAudit {
		b.Errorf("labels of audits: %+v, %+v", first, second)
	}
}

// drafted is a handoff that brings a draft.
func (b *bundle) drafted(who gateway.Identity) gateway.Handoff {
	b.Helper()
	c := b.say(who, "¿Cuánto tarda?")
	t := b.handoffTurn(c)
	t.Handoff.Packet.Draft = "El envío tarda 2 a 4 días laborables."
	b.commit(c, t)
	return *t.Handoff
}

func testDraftLabels(b *bundle) {
	reply := func(h gateway.Handoff, agent, text string) {
		b.Helper()
		b.advance(time.Second)
		_, err := b.store.Act(b.Context(), gateway.Action{HandoffID: h.ID, Kind: gateway.ActionReply, Agent: agent, Text: text, At: b.now})
		b.ok("reply", err)
	}
	sent, edited, greeted := b.drafted(ana()), b.drafted(ben()), b.drafted(gateway.Identity{Phone: "7"})
	reply(sent, "marta", " El envío tarda 2 a 4\ndías laborables. ")
	reply(sent, "marta", "El envío tarda de 9 a 9 días laborables.") // no longer about the draft
	reply(edited, "luis", "El envío tarda 3 a 5 días laborables.")
	reply(greeted, "eva", "Hola, soy Eva y lo miro ahora mismo, un momento")
	b.crash()
	list := b.labels(gateway.LabelFilter{})
	if len(list) != 2 {
		b.Fatalf("%d labels: %+v", len(list), list)
	}
	one, two := list[0], list[1]
	b.same("sent", []any{one.Kind, one.HandoffID, one.TurnID, one.By, one.Verdict, one.Edited, one.Source},
		[]any{gateway.LabelDraft, sent.ID, sent.Packet.TurnID, "marta", gateway.VerdictSent, 0.0, gateway.LabelFromAgent})
	b.same("edited", []any{two.HandoffID, two.By, two.Verdict, two.Edited}, []any{edited.ID, "luis", gateway.VerdictEdited, 0.25})
	b.same("record", two.Record.ID, edited.Packet.TurnID)
	reply(greeted, "eva", greeted.Packet.Draft)
	b.same("after a greeting", b.labels(gateway.LabelFilter{HandoffID: greeted.ID})[0].Verdict, gateway.VerdictSent)
}

func testLabelMerged(b *bundle) {
	t := b.answer(ben(), "hola")
	l := b.about(t, "marta", gateway.VerdictRight)
	b.ok("put", b.store.PutLabels(b.Context(), []gateway.Label{l}))
	b.advance(time.Second)
	b.answer(ana(), "hola")
	c := b.say(both(), "soy uno")
	got := b.labels(gateway.LabelFilter{})[0]
	b.same("conversation", got.ConversationID, c.Conversation.ID)
	b.same("conversation of the record", got.Record.ConversationID, c.Conversation.ID)
	l.ConversationID, l.Verdict = c.Conversation.ID, gateway.VerdictWrong
	b.ok("put again", b.store.PutLabels(b.Context(), []gateway.Label{l}))
}
