package gatewaytest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// randomPlayers is how many play random schedules at once: what one waits for the disk,
// another computes.
const randomPlayers = 2

// testRandom plays random schedules of everything that can happen and checks that
// the invariants hold when all is over.
func testRandom(t *testing.T, place func(testing.TB) Open) {
	var p *playground
	rapid.Check(t, func(r *rapid.T) {
		if p == nil {
			p = newPlayground(t, place(t))
		}
		mine := p
		p = nil // unless all ends well
		mine.played++
		w := newWorld(t.Context(), r, mine.enter())
		defer w.close()
		w.name, w.now = fmt.Sprint(mine.played), mine.now
		deeds := w.deeds(r)
		for range rapid.IntRange(1, 20).Draw(r, "steps") {
			rapid.SampledFrom(deeds).Draw(r, "deed").do()
			w.work()
		}
		w.holds(w.people)
		if mine.now = w.now.Add(time.Hour); mine.played < playedOut {
			p = mine
		}
	})
}

// playedOut is after how many schedules a place is left: its lists grow, and each
// schedule reads them.
const playedOut = 10

// playground is a place that many schedules share, because making one takes longer
// than a schedule: each has customers of its own, and comes after the one before in
// time, which has left nothing to do. One that fails leaves its place for good.
type playground struct {
	open   Open
	first  gateway.Store
	now    time.Time
	played int
}

func newPlayground(t *testing.T, open Open) *playground {
	t.Helper()
	store, err := open()
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &playground{open: open, first: store, now: epoch}
}

// enter gives a schedule its way in: by the store that is open, and after a crash by
// another.
func (p *playground) enter() Open {
	entered := false
	return func() (gateway.Store, error) {
		if entered {
			return p.open()
		}
		entered = true
		return lasting{p.first}, nil
	}
}

// lasting is a store that stays open for the schedules to come.
type lasting struct{ gateway.Store }

// Close implements gateway.Store.
func (lasting) Close() error { return nil }

// people are the customers of a random schedule, by the names that they have now.
func (w *world) people() []gateway.Identity {
	return []gateway.Identity{{Phone: fmt.Sprint(34600+w.moves, w.name)}, {UserID: "ES." + w.name}}
}

// numberChanges gives the customer with a number another one.
func (w *world) numberChanges() {
	was := w.people()[0]
	w.moves++
	w.signals(w.people()[0], &was)
}

// deed is something that can happen at any time.
type deed struct {
	name string
	do   func()
}

// String names the deed in the report of a failure.
func (d deed) String() string { return d.name }

// deeds are all that can happen, the more frequent ones several times.
func (w *world) deeds(r *rapid.T) []deed {
	write := deed{"customer writes", func() { w.says(w.someone(r), "text", "¿Tarda mucho?") }}
	pause := deed{"time passes", func() {
		w.now = w.now.Add(rapid.SampledFrom([]time.Duration{
			100 * time.Millisecond, quiet, 4 * time.Second, lease, lease + gateway.ReconcileAfter,
		}).Draw(r, "time"))
	}}
	outside := []deed{
		write,
		{"customer sends image", func() { w.says(w.someone(r), "image", "") }},
		{"customer sends a voice note", func() { w.says(w.someone(r), "audio", "") }},
		{"customer revokes", func() { w.someEdit(r, "revoke", "") }},
		{"customer edits", func() { w.someEdit(r, "edit", "¿Tarda más?") }},
		{"identity is doubted", func() { w.signals(w.someone(r), nil) }},
		{"number changes", w.numberChanges},
		{"agent takes the conversation", func() { w.someTake(r) }},
		{"file arrives", func() { w.fetch("", nil) }},
		{"file is heard", func() { w.fetch("¿Y cuánto cuesta?", nil) }},
		{"file fails", func() { w.fetch("", gateway.ErrFileGone) }},
		{"file is late", func() { w.fetch("", errLate) }},
		{"customer reacts", func() { w.says(w.someone(r), "reaction", "👍") }},
		{"customer threatens", func() { w.says(w.someone(r), "text", "Os voy a denunciar, hablad con mi abogado") }},
		{"webhook comes again", func() {
			if n := len(w.accepted); n > 0 {
				w.again(rapid.IntRange(0, n-1).Draw(r, "webhook"))
			}
		}},
		{"shop writes from its phone", func() { w.echoes(w.someone(r), "Soy Marta") }},
		{"status comes", func() { w.someStatus(r) }},
		{"agent acts", func() { w.someAction(r) }},
		{"customer wants a write", func() {
			w.wants = true
			w.says(w.someone(r), "text", "Cancela mi pedido")
		}},
		{"customer asks something else", func() {
			w.wants = false
			w.says(w.someone(r), "text", "¿Y cuánto cuesta?")
		}},
		{"customer taps", func() { w.taps(w.someone(r), rapid.IntRange(0, 3).Draw(r, "yes") > 0, rapid.Bool().Draw(r, "first")) }},
		{"customer says yes", func() { w.says(w.someone(r), "text", "sí") }},
		{"customer says no", func() { w.says(w.someone(r), "text", "no") }},
		{"customer says the code", func() {
			w.says(w.someone(r), "text", rapid.SampledFrom([]string{rightCode, rightCode, "000000"}).Draw(r, "code"))
		}},
		{"customer says stop", func() { w.says(w.someone(r), "text", "stop") }},
		{"receipt comes", func() { w.someReceipt(r) }},
		{"order changes", func() { w.trade.version++ }},
		{"order needs a code", func() { w.trade.level = assure.Code }},
		{"order needs none", func() { w.trade.level = assure.Number }},
		{"shop is away", func() { w.trade.away = true }},
		{"shop is back", func() { w.trade.away = false }},
		{"process dies", w.crash},
	}
	all := append([]deed{write, write, pause, pause, pause, pause}, outside...)
	for _, d := range outside {
		all = append(all,
			deed{d.name + " during the answer", func() { w.duringAnswer.add(d.do) }},
			deed{d.name + " during the send", func() { w.duringSend.add(d.do) }},
			deed{d.name + " during the fetch", func() { w.media.duringFetch.add(d.do) }},
		)
	}
	for _, outcome := range []gateway.SendOutcome{gateway.SendRetry, gateway.SendUnknown, gateway.SendRejected} {
		all = append(all, deed{"next send is " + string(outcome), func() { w.outcome = outcome }})
	}
	return all
}

// someReceipt has the shop's system say what became of some command, once more or for the
// first time. What was said once stays so: a system that says done has done it.
func (w *world) someReceipt(r *rapid.T) {
	if len(w.trade.got) == 0 {
		return
	}
	c := rapid.SampledFrom(w.trade.got).Draw(r, "command")
	for _, before := range w.trade.receipts {
		if before.CommandID == c.ID {
			w.gives(before)
			return
		}
	}
	outcome := rapid.SampledFrom([]action.Outcome{action.Done, action.Done, action.Refused, action.Failed}).Draw(r, "outcome")
	w.gives(w.trade.end(c, outcome, "status"))
}

func (w *world) someone(r *rapid.T) gateway.Identity {
	people := w.people()
	return rapid.SampledFrom(append(people, people[0])).Draw(r, "who")
}

func (w *world) someStatus(r *rapid.T) {
	if len(w.took) == 0 {
		return
	}
	m := rapid.SampledFrom(w.took).Draw(r, "message")
	w.reports(m, rapid.SampledFrom([]gateway.DeliveryState{
		gateway.DeliverySent, gateway.DeliveryDelivered, gateway.DeliveryRead, gateway.DeliveryFailed, "",
	}).Draw(r, "state"), rapid.SampledFrom(append(classes(), gateway.ErrorOther)).Draw(r, "class"))
}

// errLate says that a file can't be had yet.
var errLate = errors.New("the channel is away")

// someEdit changes or withdraws something that a customer wrote, whenever that was.
func (w *world) someEdit(r *rapid.T, kind, text string) {
	var wrote []gateway.Event
	for _, e := range w.accepted {
		if e.Kind == gateway.EventMessage {
			wrote = append(wrote, e)
		}
	}
	if len(wrote) == 0 {
		return
	}
	target := rapid.SampledFrom(wrote).Draw(r, "message")
	if target.From.UserID == "" {
		target.From = w.people()[0] // whatever the number was when it was written
	}
	w.about(target, kind, text)
}

func (w *world) someTake(r *rapid.T) {
	list := w.found()
	if len(list) == 0 {
		return
	}
	c := rapid.SampledFrom(list).Draw(r, "conversation")
	err := w.take(c.ID, rapid.SampledFrom([]string{"marta", "luis"}).Draw(r, "agent"))
	if err != nil && (c.Mode != gateway.ModeAgent || !errors.Is(err, gateway.ErrTaken)) {
		w.Errorf("take a conversation that is %s: %v", c.Mode, err)
	}
}

// found are the conversations that the customers have by now: what somebody wrote
// just now may have none yet.
func (w *world) found() []gateway.Conversation {
	var all []gateway.Conversation
	for _, who := range w.people() {
		of := gateway.ConversationFilter{Contact: who.UserID + who.Phone}
		found, _, err := w.store.Conversations(w.ctx, of, gateway.Page{})
		if err != nil {
			w.Fatalf("conversations: %v", err)
		}
		all = append(all, found...)
	}
	return all
}

func (w *world) someAction(r *rapid.T) {
	var list []gateway.Handoff
	for _, c := range w.found() {
		list = append(list, w.handoffs(c.ID)...)
	}
	if len(list) == 0 {
		return
	}
	h := rapid.SampledFrom(list).Draw(r, "handoff")
	kind := rapid.SampledFrom([]gateway.ActionKind{
		gateway.ActionClaim, gateway.ActionReply, gateway.ActionReturn, gateway.ActionResolve, gateway.ActionVerify,
	}).Draw(r, "action")
	err := w.act(h, kind, rapid.SampledFrom([]string{"marta", "luis"}).Draw(r, "agent"), "Hola")
	if err == nil && !h.State.Open() || err != nil && h.State == gateway.HandoffQueued && kind != gateway.ActionVerify {
		w.Errorf("%s of a handoff that is %s: %v", kind, h.State, err)
	}
}
