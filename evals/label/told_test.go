package label

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
)

// What agents say of handoffs and make of drafts, and what others say of answers, is put
// together by turn.
func TestTell(t *testing.T) {
	t.Parallel()
	b := open(t)
	needed, both, edited := b.held(gateway.ReasonLowConfidence), b.held(gateway.ReasonLowConfidence), b.held(gateway.ReasonLowConfidence)
	looked, split, picked := b.turn(nil), b.turn(nil), b.picked(.1)
	b.put(b.on(needed, "ana", gateway.VerdictNeeded))
	b.put(b.on(both, "ana", gateway.VerdictNeeded), b.on(both, "ben", gateway.VerdictEarly))
	b.put(b.edit(edited, "ana", gateway.VerdictEdited, gateway.FlawFact))
	b.put(b.answer(looked, "ana", gateway.VerdictRight, 0), b.answer(looked, "ben", gateway.VerdictUnsure, 0))
	b.put(b.answer(split, "ana", gateway.VerdictRight, 0), b.answer(split, "ben", gateway.VerdictWrong, 0))
	b.ok(b.store.Label(t.Context(), picked.ID, "ana", false, b.now))
	got, err := Tell(t.Context(), b.store)
	b.ok(err)
	want := map[string]Told{
		needed.Packet.TurnID: {Answer: gateway.VerdictWrong, Handoff: gateway.VerdictNeeded},
		// Of the draft it is one word against the other; of the handoff the last one counts.
		both.Packet.TurnID:   {Handoff: gateway.VerdictEarly},
		edited.Packet.TurnID: {Answer: gateway.VerdictWrong},
		looked.ID:            {Answer: gateway.VerdictRight},
		picked.ID:            {Answer: gateway.VerdictWrong},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
