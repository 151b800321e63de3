package gatewaytest

import (
	"fmt"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

func evidenceTests() []test {
	return []test{
		{"AnswersByPassage", testRested},
		{"UnansweredQuestions", testUnanswered},
		{"UnknownIsDoubtful", testDoubtful},
	}
}

// cites makes a turn's record one that rests on passages.
func cites(r *gateway.Record, query string, passages ...rag.Passage) {
	r.Query, r.Reply = query, "Son 30 días."
	r.Passages = append(passages, rag.Passage{ID: "seen", DocumentID: "other.md", Hash: "h9"})
	for _, p := range passages {
		r.Draft.Citations = append(r.Draft.Citations, p.ID)
	}
}

// testRested finds the answers that cite a passage, by content, by what it says whatever
// its document is called, and by name where the content was not kept.
func testRested(b *bundle) {
	one := rag.Passage{ID: "a.md#0001", DocumentID: "a.md", Hash: "h1"}
	moved := rag.Passage{ID: "a.md#0002", DocumentID: "a.md", Hash: "h1"}
	changed := rag.Passage{ID: "a.md#0001", DocumentID: "a.md", Hash: "h2"}
	old := rag.Passage{ID: "a.md#0001", DocumentID: "a.md"}
	twin := rag.Passage{ID: "b.md#0001", DocumentID: "b.md", Hash: "h1"}
	said := rag.Passage{ID: "old.md#0001", DocumentID: "old.md", Hash: "h3", Question: "¿Plazo?", Text: "30\x00 días."}
	again := rag.Passage{ID: "old.md#0001", DocumentID: "old.md", Hash: "h4", Heading: "Plazos", Question: said.Question, Text: said.Text}
	var answered []string
	for i, passages := range [][]rag.Passage{{one}, {changed}, {twin, one}, {old}, {moved}, {}, {said}, {again}} {
		c := b.say(gateway.Identity{Phone: fmt.Sprint(100 + i)}, "hola")
		t := b.turn(c, "Son 30 días.")
		cites(&t.Record, fmt.Sprintf("pregunta %d", i), passages...)
		b.commit(c, t)
		answered = append(answered, t.Record.ID)
	}
	// What was not said to anybody rests on nothing.
	c := b.say(gateway.Identity{Phone: "200"}, "hola")
	r := b.turn(c).Record
	r.Outcome = gateway.OutcomeSuperseded
	cites(&r, "nunca", one)
	b.ok("abandon", b.store.Abandon(b.Context(), c, r, b.now.Add(time.Hour)))
	c = b.say(gateway.Identity{Phone: "201"}, "hola")
	t := b.handoffTurn(c)
	cites(&t.Record, "nunca", one)
	b.commit(c, t)

	find := func(on ...gateway.Basis) []gateway.RestedAnswer {
		return pages(b, func(p gateway.Page) ([]gateway.RestedAnswer, string, error) {
			return b.store.Rested(b.Context(), on, p)
		})
	}
	turns := func(list []gateway.RestedAnswer) (ids []string) {
		for _, a := range list {
			ids = append(ids, a.TurnID)
		}
		return ids
	}
	got := find(gateway.Basis{DocumentID: "a.md", Hash: "h1", ChunkID: "a.md#0001"})
	b.same("answers", turns(got), []string{answered[4], answered[3], answered[2], answered[0]})
	b.same("question", got[3].Question, "pregunta 0")
	b.same("reply", got[3].Reply, "Son 30 días.")
	b.same("contact", got[3].Contact, gateway.Identity{Phone: "100"})
	b.same("conversation", b.conversation(got[3].ConversationID).Contact.Phone, "100")
	b.same("passages", got[2].Passages, []string{"a.md#0001"})
	both := find(gateway.Basis{DocumentID: "a.md", Hash: "h1"}, gateway.Basis{DocumentID: "b.md", Hash: "h1"}, gateway.Basis{DocumentID: "a.md", Hash: "h1"})
	b.same("an answer comes once", turns(both), []string{answered[4], answered[2], answered[0]})
	b.same("its passages", both[1].Passages, []string{"a.md#0001", "b.md#0001"})
	b.same("of nothing", find(), []gateway.RestedAnswer(nil))
	b.same("what was seen and not cited", find(gateway.Basis{DocumentID: "other.md", Hash: "h9", ChunkID: "seen"}), []gateway.RestedAnswer(nil))
	renamed := find(gateway.Basis{TextHash: said.TextHash(), DocumentID: "new.md", Hash: "h7", ChunkID: "new.md#0001"})
	b.same("what the document of another name said", turns(renamed), []string{answered[7], answered[6]})
	b.same("its passages", renamed[0].Passages, []string{"old.md#0001"})
	b.same("another text", find(gateway.Basis{TextHash: one.TextHash() + "x"}), []gateway.RestedAnswer(nil))
	_, _, err := b.store.Rested(b.Context(), nil, gateway.Page{After: "x"})
	b.fails("cursor", err, gateway.ErrInvalid)
}

// testUnanswered lists the questions that found no answer, newest first.
func testUnanswered(b *bundle) {
	var want []string
	began := b.now
	for i, d := range []gateway.Decision{
		{Kind: gateway.DecideHandoff, Reason: gateway.ReasonNotCovered},
		{Kind: gateway.DecideReply},
		{Kind: gateway.DecideHandoff, Reason: gateway.ReasonLegal},
		{Kind: gateway.DecideClarify},
		{Kind: gateway.DecideHandoff, Reason: gateway.ReasonLowConfidence},
		{Kind: gateway.DecideQuiet},
	} {
		c := b.say(gateway.Identity{Phone: fmt.Sprint(100 + i)}, "hola")
		t := b.turn(c, "…")
		t.Record.Decision, t.Record.Query, t.Record.Confidence = d, fmt.Sprintf("pregunta %d", i), .25
		t.Record.Candidates = []rag.Candidate{{Dense: .5, Lexical: 1}, {Dense: .25, Lexical: 7.5}}
		t.Record.Passages = []rag.Passage{{ID: "a", Title: "Envíos"}}
		b.commit(c, t)
		if t.Record.Open() {
			want = append(want, t.Record.ID)
		}
	}
	slices.Reverse(want)
	list := func(since time.Time) (ids []string, all []gateway.Unanswered) {
		all = pages(b, func(p gateway.Page) ([]gateway.Unanswered, string, error) {
			return b.store.Unanswered(b.Context(), since, p)
		})
		for _, u := range all {
			ids = append(ids, u.TurnID)
		}
		return ids, all
	}
	ids, all := list(began)
	b.same("turns", ids, want)
	b.same("how many", len(ids), 3)
	first := all[2]
	b.same("the first", first, gateway.Unanswered{
		TurnID: want[2], ConversationID: first.ConversationID, At: first.At, Language: first.Language, Question: "pregunta 0",
		Reason: gateway.ReasonNotCovered, Nearest: "Envíos", Dense: .5, Lexical: 7.5, Confidence: .25,
	})
	b.same("its customer", b.conversation(first.ConversationID).Contact.Phone, "100")
	ids, _ = list(all[0].At)
	b.same("since the last", ids, want[:1])
	ids, _ = list(b.now.Add(time.Hour))
	b.same("later", ids, []string(nil))
	_, _, err := b.store.Unanswered(b.Context(), began, gateway.Page{After: "x"})
	b.fails("cursor", err, gateway.ErrInvalid)
}

// testDoubtful tells of an attempt whether the one before it may have arrived, also when
// it was put off in between.
func testDoubtful(b *bundle) {
	b.answer(gateway.Identity{Phone: "100"}, "uno")
	next := func() *gateway.Outgoing {
		o, err := b.store.NextOutgoing(b.Context(), b.now, lease)
		b.ok("next", err)
		return o
	}
	settle := func(o *gateway.Outgoing, outcome gateway.SendOutcome) {
		b.ok("settle", b.store.Settle(b.Context(), o, gateway.SendResult{Outcome: outcome, RetryAt: b.now.Add(time.Second)}))
		b.advance(2 * time.Second)
	}
	o := next()
	b.same("the first", o.Doubtful, false)
	settle(o, gateway.SendRetry)
	o = next()
	b.same("after a refusal", o.Doubtful, false)
	settle(o, gateway.SendUnknown)
	o = next()
	b.same("after an unknown end", o.Doubtful, true)
	b.ok("postpone", b.store.Postpone(b.Context(), o, b.now.Add(time.Second)))
	b.advance(2 * time.Second)
	o = next()
	b.same("put off", o.Doubtful, true)
	b.same("attempts", o.Attempt, 3)
	settle(o, gateway.SendRetry)
	o = next()
	b.same("after a refusal again", o.Doubtful, false)
	b.advance(lease + gateway.ReconcileAfter + time.Second)
	o = next()
	b.same("after a lease that ran out", o.Doubtful, true)
}
