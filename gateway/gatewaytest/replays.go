package gatewaytest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

// replays: every turn can be taken again from what the store kept, and with the answer of
// then it comes out as it did. What the record can't tell is said to be skipped.
func (w *world) replays(who gateway.Identity) {
	w.Helper()
	id := w.conversation(who).ID
	list, _, err := w.store.Past(w.ctx, time.Time{}, gateway.Page{Limit: 200})
	if err != nil {
		w.Fatalf("past: %v", err)
	}
	at := slices.IndexFunc(list, func(c gateway.PastConversation) bool { return c.ID == id })
	if at < 0 {
		w.Fatalf("a conversation is not in the past")
	}
	past, err := gateway.ReadPast(w.ctx, w.store, list[at])
	if err != nil {
		w.Fatalf("read the past: %v", err)
	}
	replay, err := gateway.NewReplay(gateway.ReplayConfig{Answer: answerThen, Fingerprint: "script", Writable: true}, past)
	if err != nil {
		w.Fatalf("replay: %v", err)
	}
	for turn := 1; ; turn++ {
		r, more := replay.Next(w.ctx)
		if !more {
			return
		}
		w.taken++
		if r.Skipped != "" || r.Beyond {
			w.skipped++
			continue
		}
		if r.Now.Decision != r.Was.Decision || r.Now.Reply != r.Was.Reply {
			w.Errorf("turn %d of %d was %+v\n%s\nand is taken again as %+v\n%s", turn, len(past.Turns), r.Was.Decision, r.Was.Reply, r.Now.Decision, r.Now.Reply)
		}
	}
}

// errBroke is any other failure of an answer.
var errBroke = errors.New("it broke")

// answerThen is the answer that a record tells of.
func answerThen(_ context.Context, was gateway.Record, _ rag.Question) (rag.Answer, error) {
	a := rag.Answer{
		Text: was.Draft.Answer, Passages: was.Passages, Draft: was.Draft, Checks: was.Checks, Confidence: was.Confidence, Threshold: was.Threshold,
		Clarify: was.Clarify, AskBack: was.AskBack, Proposal: was.Proposal, Refusal: was.Refusal, OffTopic: was.OffTopic, Calibration: was.Calibration,
	}
	switch {
	case was.Error == "":
		return a, nil
	case was.Decision.Reason == gateway.ReasonModelError:
		return a, rag.ErrModel
	case was.Decision.Reason == gateway.ReasonKnowledge:
		return a, rag.ErrRetrieval
	}
	return a, errBroke
}
