package replay_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/evals/replay"
	"github.com/recado/recado/gateway"
)

// made is a result of conversations with so many turns each, of which each changes with a
// probability.
func made(random *rand.Rand, conversations, turns int, changes float64, kind replay.Kind) replay.Result {
	r := replay.Result{Fingerprint: "new", Counts: map[replay.Kind]int{}}
	for c := range conversations {
		for n := range turns {
			t := replay.Turn{Conversation: fmt.Sprint(c), Number: n + 1, Was: replay.Side{Decision: gateway.DecideReply, Config: "old"}, Now: replay.Side{Decision: gateway.DecideReply}}
			if random.Float64() < changes {
				if t.Kind = kind; kind == replay.HandsOffNow {
					t.Now.Decision = gateway.DecideHandoff
				}
			}
			r.Turns = append(r.Turns, t)
			r.Counts[t.Kind]++
			r.Exact++
		}
	}
	r.Made = []replay.Made{{Config: "old", Turns: r.Exact}}
	return r
}

var margins = replay.Margins{Answered: .05, Held: .05}

// TestGateKeepsItsLevel: a candidate that is worse by just the margin passes in about one
// of forty runs, and one that changes hardly anything passes.
func TestGateKeepsItsLevel(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	tenth := replay.Margins{Answered: .1, Held: .1}
	for _, kind := range []replay.Kind{replay.OtherFacts, replay.HandsOffNow} {
		const draws = 150
		wrongly, rightly := 0, 0
		for range draws {
			r := made(random, 80, 2, .1, kind)
			if r.Judge(tenth); r.Gate.Verdict.Passes() {
				wrongly++
			}
			r = made(random, 80, 2, .01, kind)
			if r.Judge(tenth); r.Gate.Verdict.Passes() {
				rightly++
			}
		}
		// 2.5 % of 150 are 4; 10 would be more than three standard deviations above.
		if wrongly > 10 || rightly < draws*9/10 {
			t.Errorf("%s: passes at the margin %d times of %d, and far from it %d times", kind, wrongly, draws, rightly)
		}
	}
}

func TestGateSaysHowManyMore(t *testing.T) {
	t.Parallel()
	r := made(rand.New(rand.NewPCG(5, 6)), 20, 2, 0, replay.Same)
	r.Judge(margins)
	if r.Gate.Verdict != replay.Undecided || r.Gate.More <= 0 {
		t.Fatalf("20 conversations without a change: %+v", r.Gate)
	}
	more := made(rand.New(rand.NewPCG(5, 6)), 20+r.Gate.More, 2, 0, replay.Same)
	if more.Judge(margins); more.Gate.Verdict != replay.NotWorse {
		t.Errorf("with %d more: %+v", r.Gate.More, more.Gate)
	}
	// Where a share has fallen by more than the margin, more of the same show nothing.
	r = made(rand.New(rand.NewPCG(5, 6)), 20, 2, .2, replay.OtherFacts)
	if r.Judge(margins); r.Gate.Verdict.Passes() || r.Gate.More != 0 {
		t.Errorf("a fifth changed: %+v", r.Gate)
	}
	empty := replay.Result{}
	if empty.Judge(margins); empty.Gate.Verdict != replay.Unjudged {
		t.Errorf("nothing: %+v", empty.Gate)
	}
}

// TestWiderMarginsPassMore, and changes after a change decide nothing.
func TestWiderMarginsPassMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		kind := rapid.SampledFrom(replay.Kinds()).Draw(t, "kind")
		r := made(random, rapid.IntRange(1, 60).Draw(t, "conversations"), 2, rapid.Float64Range(0, .3).Draw(t, "changes"), kind)
		narrow := rapid.Float64Range(.01, .3).Draw(t, "margin")
		r.Judge(replay.Margins{Answered: narrow, Held: narrow})
		passed := r.Gate.Verdict.Passes()
		before := *r.Gate
		r.Turns = append(r.Turns, replay.Turn{Conversation: "0", After: true, Kind: replay.OtherFacts, Now: replay.Side{Decision: gateway.DecideHandoff}})
		r.Judge(replay.Margins{Answered: narrow, Held: narrow})
		if before != *r.Gate {
			t.Fatalf("what comes after a change decides: %+v and %+v", before, *r.Gate)
		}
		r.Judge(replay.Margins{Answered: 2 * narrow, Held: 2 * narrow})
		if passed && !r.Gate.Verdict.Passes() {
			t.Fatalf("a wider margin stops it: %+v", r.Gate)
		}
	})
}
