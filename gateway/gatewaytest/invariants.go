package gatewaytest

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/recado/recado/gateway"
)

// settle lets everything that waits come to its end: leases run out, sends are
// tried again, bursts are answered.
func (w *world) settle() {
	w.Helper()
	for range 6 {
		w.advance(2 * time.Minute)
	}
}

// holds brings everything to its end and checks what must hold whatever happened, for
// all customers. Who they are is asked then: until the end, their numbers may change.
func (w *world) holds(people func() []gateway.Identity) {
	w.Helper()
	w.media.duringFetch = nil
	w.settle()
	w.fetchAll()
	w.nothingKept()
	customers := people()
	w.eachMessageOnce(customers)
	for _, who := range customers {
		if w.wrote(who) {
			w.oneReplyATurn(who)
			w.oneOpenHandoff(who)
			w.nothingWithdrawn(who)
			w.commandsHold(who)
			w.replays(who)
		}
	}
}

// wrote tells whether there is anything of a customer.
func (w *world) wrote(who gateway.Identity) bool {
	if who.IsZero() {
		return false
	}
	for _, e := range w.accepted {
		if e.From == who && e.Message != nil {
			return true
		}
	}
	return false
}

// eachMessageOnce: every message and echo is done with in exactly one committed
// turn, whose record says why it went as it did (I1, I3, I5). What the customer took
// back before it was answered is in none, and neither are signals.
func (w *world) eachMessageOnce(customers []gateway.Identity) {
	w.Helper()
	done := map[string]int{}
	for _, who := range customers {
		if !w.wrote(who) {
			continue
		}
		for _, r := range w.records(w.conversation(who).ID) {
			if r.Outcome != gateway.OutcomeCommitted {
				continue
			}
			if r.Decision.Rule == "" || r.Decision.Kind == gateway.DecideHandoff && r.Decision.Reason == "" {
				w.Errorf("a turn without a reason: %+v", r.Decision)
			}
			for _, key := range r.EventKeys {
				done[key]++
			}
		}
	}
	withdrawn := w.withdrawn()
	for _, e := range w.accepted {
		if e.Message == nil {
			continue
		}
		sum := sha256.Sum256([]byte(e.Key))
		n, most := done[hex.EncodeToString(sum[:8])], 1
		if e.Kind == gateway.EventSignal {
			most = 0
		}
		if n > most || n < most && !withdrawn[e.Key] {
			w.Errorf("%s %q is in %d committed turns", e.Kind, e.Message.Text, n)
		}
	}
}

// oneReplyATurn: a turn that says something has exactly one message for it, and
// there is none of a turn that was given up (I1).
func (w *world) oneReplyATurn(who gateway.Identity) {
	w.Helper()
	id := w.conversation(who).ID
	replies, said := 0, 0
	for _, r := range w.records(id) {
		if r.Reply != "" {
			replies++
		}
		if quiet := r.Decision.Kind == gateway.DecideQuiet; quiet && r.Reply != "" || r.Outcome != gateway.OutcomeCommitted && r.Reply != "" {
			w.Errorf("a turn that is %s by %s has a reply", r.Outcome, r.Decision.Rule)
		}
	}
	for _, m := range w.messages(id) {
		if m.Author == gateway.AuthorBot && m.Type != string(gateway.ContentTemplate) {
			said++
		}
		if m.Status == string(gateway.DeliveryQueued) || m.Status == string(gateway.DeliverySending) {
			w.Errorf("a message is still %s when everything is over", m.Status)
		}
	}
	if said != replies {
		w.Errorf("%d turns have a reply and the bot said %d things", replies, said)
	}
}

// oneOpenHandoff: a conversation that a person has or that waits for one has one
// open handoff, and others have none (I2, I3).
func (w *world) oneOpenHandoff(who gateway.Identity) {
	w.Helper()
	c := w.conversation(who)
	want := map[gateway.Mode]gateway.HandoffState{
		gateway.ModeQueued: gateway.HandoffQueued, gateway.ModeAgent: gateway.HandoffClaimed,
	}[c.Mode]
	var open []gateway.HandoffState
	for _, h := range w.handoffs(c.ID) {
		if h.State.Open() {
			open = append(open, h.State)
		}
	}
	if want == "" && len(open) > 0 || want != "" && (len(open) != 1 || open[0] != want) {
		w.Errorf("a conversation in mode %s has the open handoffs %v", c.Mode, open)
	}
}
