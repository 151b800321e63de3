package label

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/gatewaytest/memory"
	"github.com/recado/recado/rag"
)

var morning = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// books is a store with turns in it.
type books struct {
	*testing.T
	store gateway.Store
	now   time.Time
	made  int
}

func open(t *testing.T) *books {
	t.Helper()
	store, err := memory.New().Open()
	if err != nil {
		t.Fatal(err)
	}
	return &books{T: t, store: store, now: morning}
}

func (b *books) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// turn commits a turn of a customer of their own: adapt says what is special about it.
func (b *books) turn(adapt func(*gateway.Turn)) gateway.Record {
	b.Helper()
	b.made++
	phone := fmt.Sprintf("3460000%04d", b.made)
	b.now = b.now.Add(time.Minute)
	_, err := b.store.Accept(b.Context(), []gateway.Event{{
		Key: fmt.Sprint("k", b.made), Channel: "ch", From: gateway.Identity{Phone: phone}, At: b.now, ReceivedAt: b.now, AnswerAfter: b.now, AnswerBy: b.now,
		Kind: gateway.EventMessage, Message: &gateway.Message{ProviderID: fmt.Sprint("m", b.made), Type: "text", Text: "¿Cuánto tarda? Soy el 612 345 678"},
	}})
	b.ok(err)
	claim, err := b.store.Claim(b.Context(), b.now, time.Minute)
	b.ok(err)
	after, _ := claim.Conversation.Receive(claim.Events)
	id := gateway.NewID()
	t := gateway.Turn{Conversation: after, Record: gateway.Record{
		ID: id, ConversationID: after.ID, At: b.now, Outcome: gateway.OutcomeCommitted, Language: "es", Calibration: "cal",
		Decision: gateway.Decision{Kind: gateway.DecideReply, Rule: "confidence"}, Messages: []string{"¿Cuánto tarda? Soy el 612 345 678"},
		Draft: rag.Draft{Answer: "De 2 a 4 días. Llame al 612 345 678.", Citations: []string{"p"}}, Reply: "De 2 a 4 días.", Confidence: .9, Threshold: .7,
		Features: map[string]float64{"x": 1}, Passages: []rag.Passage{{ID: "p", Title: "Envíos", Locale: "es", Text: "De 2 a 4 días."}, {ID: "q", Title: "Otros", Text: "…"}},
	}}
	if adapt != nil {
		adapt(&t)
	}
	b.ok(b.store.Commit(b.Context(), claim, t))
	return t.Record
}

// held is a turn whose draft went to a person, with its handoff.
func (b *books) held(reason gateway.Reason) gateway.Handoff {
	b.Helper()
	var h gateway.Handoff
	b.turn(func(t *gateway.Turn) {
		t.Record.Decision, t.Record.Reply = gateway.Decision{Kind: gateway.DecideHandoff, Reason: reason, Rule: "confidence"}, ""
		t.Conversation.Mode = gateway.ModeQueued
		h = gateway.Handoff{
			ID: gateway.NewID(), ConversationID: t.Conversation.ID, Reason: reason, State: gateway.HandoffQueued, CreatedAt: b.now,
			Packet: gateway.Packet{Draft: t.Record.Draft.Answer, TurnID: t.Record.ID},
		}
		t.Handoff = &h
	})
	return h
}

// picked is an answer that an audit picked.
func (b *books) picked(chance float64) gateway.Record {
	return b.turn(func(t *gateway.Turn) {
		t.Audit = &gateway.Audit{TurnID: t.Record.ID, ConversationID: t.Conversation.ID, Chance: chance, Calibration: "cal", At: t.Record.At}
	})
}

func (b *books) put(labels ...gateway.Label) {
	b.Helper()
	b.ok(b.store.PutLabels(b.Context(), labels))
}

func (b *books) answer(r gateway.Record, by string, v gateway.Verdict, chance float64) gateway.Label {
	b.now = b.now.Add(time.Second)
	return gateway.Label{
		Kind: gateway.LabelAnswer, TurnID: r.ID, ConversationID: r.ConversationID, By: by, Verdict: v, Source: gateway.LabelFromPage,
		Chance: chance, At: b.now, Note: "llamar al 612 345 678",
	}
}

func (b *books) on(h gateway.Handoff, by string, v gateway.Verdict) gateway.Label {
	b.now = b.now.Add(time.Second)
	return gateway.Label{
		Kind: gateway.LabelHandoff, HandoffID: h.ID, TurnID: h.Packet.TurnID, ConversationID: h.ConversationID, By: by,
		Verdict: v, Source: gateway.LabelFromAgent, At: b.now,
	}
}

func (b *books) edit(h gateway.Handoff, by string, v gateway.Verdict, f gateway.Flaw) gateway.Label {
	l := b.on(h, by, v)
	l.Kind, l.Flaw = gateway.LabelDraft, f
	return l
}

func (b *books) export(w Wanted) Exported {
	b.Helper()
	found, err := Export(b.Context(), b.store, w)
	b.ok(err)
	return found
}

var all = Wanted{Agents: true, Audits: true}

func TestAgentsLabelDrafts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reason gateway.Reason
		say    func(*books, gateway.Handoff) gateway.Label
		want   string
	}{
		"early":        {gateway.ReasonLowConfidence, func(b *books, h gateway.Handoff) gateway.Label { return b.on(h, "a", gateway.VerdictEarly) }, "right"},
		"needed":       {gateway.ReasonLowConfidence, func(b *books, h gateway.Handoff) gateway.Label { return b.on(h, "a", gateway.VerdictNeeded) }, "wrong"},
		"late":         {gateway.ReasonLowConfidence, func(b *books, h gateway.Handoff) gateway.Label { return b.on(h, "a", gateway.VerdictLate) }, "wrong"},
		"no draft":     {gateway.ReasonLegal, func(b *books, h gateway.Handoff) gateway.Label { return b.on(h, "a", gateway.VerdictNeeded) }, "nothing"},
		"only suggest": {gateway.ReasonSuggest, func(b *books, h gateway.Handoff) gateway.Label { return b.on(h, "a", gateway.VerdictNeeded) }, "nothing"},
		"sent":         {gateway.ReasonSuggest, func(b *books, h gateway.Handoff) gateway.Label { return b.edit(h, "a", gateway.VerdictSent, "") }, "right"},
		"a fact": {gateway.ReasonSuggest, func(b *books, h gateway.Handoff) gateway.Label {
			return b.edit(h, "a", gateway.VerdictEdited, gateway.FlawFact)
		}, "wrong"},
		"the tone": {gateway.ReasonSuggest, func(b *books, h gateway.Handoff) gateway.Label {
			return b.edit(h, "a", gateway.VerdictEdited, gateway.FlawTone)
		}, "right"},
		"edited": {gateway.ReasonSuggest, func(b *books, h gateway.Handoff) gateway.Label { return b.edit(h, "a", gateway.VerdictEdited, "") }, "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			b.put(c.say(b, b.held(c.reason)))
			got := "nothing"
			for _, l := range b.export(all).Lines {
				if got = "wrong"; l.Right {
					got = "right"
				}
				if !l.Biased || l.Weight != 0 || l.Source != "agent" || !l.Answered || l.Fixed {
					t.Errorf("%+v", l)
				}
			}
			if got != c.want {
				t.Errorf("the draft is %s, want %s", got, c.want)
			}
			if lines := b.export(Wanted{Audits: true}).Lines; len(lines) != 0 {
				t.Errorf("without agents: %+v", lines)
			}
		})
	}
}

// TestEachPersonCountsOnce takes what a person said of the answer before what they made of
// its draft, the majority of people, and nothing where they are split.
func TestEachPersonCountsOnce(t *testing.T) {
	t.Parallel()
	b := open(t)
	h := b.held(gateway.ReasonLowConfidence)
	r := gateway.Record{ID: h.Packet.TurnID, ConversationID: h.ConversationID}
	b.put(b.answer(r, "ana", gateway.VerdictWrong, .5), b.on(h, "ana", gateway.VerdictEarly), b.edit(h, "ana", gateway.VerdictSent, ""))
	one := b.export(all)
	if len(one.Lines) != 1 || one.Lines[0].Right || one.Lines[0].People != 1 || one.Lines[0].Weight != 2 {
		t.Errorf("one person: %+v", one)
	}
	b.put(b.answer(r, "eva", gateway.VerdictRight, .5))
	if split := b.export(all); len(split.Lines) != 0 || split.Unsure != 1 {
		t.Errorf("split: %+v", split)
	}
	if lines := b.export(Wanted{Agents: true, Audits: true, Each: true}).Lines; len(lines) != 2 || lines[0].By == lines[1].By || lines[0].ID != lines[1].ID {
		t.Errorf("each: %+v", lines)
	}
	b.put(b.answer(r, "luis", gateway.VerdictRight, .5), b.answer(r, "noa", gateway.VerdictUnsure, .5))
	if three := b.export(all); len(three.Lines) != 1 || !three.Lines[0].Right || three.Lines[0].People != 3 {
		t.Errorf("three: %+v", three)
	}
}

// TestWeightsStandForAllTurns holds the promise of the weights: audits and a drawn sample
// together stand for all turns once, whatever the scores of those that were drawn.
func TestWeightsStandForAllTurns(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	const turns, draws = 400, 400
	total, wrong := 0.0, 0.0
	for range draws {
		said, audits := map[string][]opinion{}, map[string]float64{}
		for i := range turns {
			id, bad := fmt.Sprint(i), i%10 == 0
			r := gateway.Record{ID: id}
			if i%4 > 0 {
				r.Decision, r.Reply = gateway.Decision{Kind: gateway.DecideReply, Rule: ruleConfidence}, "x"
			}
			chance := .1
			if bad {
				chance = .5
			}
			o := opinion{LabelView: gateway.LabelView{Record: r}, right: !bad}
			if sent(r) && random.Float64() < .2 {
				audits[id], said[id] = .2, []opinion{o}
			}
			if random.Float64() < chance {
				o.Chance = chance
				said[id] = []opinion{o}
			}
		}
		for id, weight := range weigh(said, audits) {
			total += weight / draws
			if !said[id][0].right {
				wrong += weight / draws
			}
		}
	}
	if total < .97*turns || total > 1.03*turns || wrong < .93*turns/10 || wrong > 1.07*turns/10 {
		t.Errorf("labels stand for %.0f turns of %d, and %.1f wrong ones of %d", total, turns, wrong, turns/10)
	}
}

func TestAuditsAreExported(t *testing.T) {
	t.Parallel()
	b := open(t)
	right, wrong, both := b.picked(.05), b.picked(.05), b.picked(.05)
	b.picked(.05) // nobody has looked at it
	for _, r := range []gateway.Record{right, both} {
		b.ok(b.store.Label(b.Context(), r.ID, "ana", true, b.now))
	}
	b.ok(b.store.Label(b.Context(), wrong.ID, "ana", false, b.now))
	lines := b.export(all).Lines
	if len(lines) != 3 || lines[0].Weight != 20 || lines[0].Biased || lines[0].Source != "audit" {
		t.Errorf("audits alone: %+v", lines)
	}
	// With a sample each has its share of them: three audits, and one that both brought.
	b.put(b.answer(both, "eva", gateway.VerdictRight, .5))
	for _, l := range b.export(all).Lines {
		want := .75 / .05
		if l.ID == both.ID {
			want += .25 / .5
		}
		if diff := l.Weight - want; diff < -1e-9 || diff > 1e-9 || l.People < 1 {
			t.Errorf("%s weighs %v, want %v", l.ID, l.Weight, want)
		}
	}
	// The same turn twice counts once in the calibration.
	var file bytes.Buffer
	b.ok(WriteJSONL(&file, b.export(Wanted{Audits: true, Each: true}).Lines))
	labels, err := evals.ReadLabels(&file)
	b.ok(err)
	if len(labels) != 4 || len(evals.Once(labels)) != 3 {
		t.Errorf("%d labels of %d turns", len(labels), len(evals.Once(labels)))
	}
}

// TestExportSaysNothingOfPeople looks for what must not be in a file: numbers, ids of
// conversations, names, and texts that nobody asked for.
func TestExportSaysNothingOfPeople(t *testing.T) {
	t.Parallel()
	b := open(t)
	r := b.turn(nil)
	b.put(b.answer(r, "ana", gateway.VerdictRight, .5))
	for _, texts := range []bool{false, true} {
		lines := b.export(Wanted{Agents: true, Audits: true, Texts: texts}).Lines
		var file bytes.Buffer
		b.ok(WriteJSONL(&file, lines))
		b.ok(WriteCSV(&file, lines))
		for _, secret := range []string{"612 345 678", r.ConversationID, "ana"} {
			if strings.Contains(file.String(), secret) {
				t.Errorf("texts %t: the file has %q:\n%s", texts, secret, file.String())
			}
		}
		if has := strings.Contains(file.String(), "De 2 a 4 días"); has != texts {
			t.Errorf("texts %t: the draft is in the file: %t", texts, has)
		}
	}
}

func TestFormulasAreTexts(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	lines := []Line{{ID: "1", Question: `=cmd|'/c calc'!A0`, Draft: "+1", Note: "hola", Features: map[string]float64{"x": 1}, At: morning}}
	if err := WriteCSV(&file, lines); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&file).ReadAll()
	if err != nil || len(rows) != 2 || len(rows[0]) != len(rows[1]) {
		t.Fatalf("%v, %v", rows, err)
	}
	if got := rows[1][slices.Index(rows[0], "question"):]; got[0][0] != '\'' || got[1] != "'+1" || got[2] != "hola" {
		t.Errorf("texts %q", got)
	}
}

func TestTurnsCanBeDrawn(t *testing.T) {
	t.Parallel()
	b := open(t)
	old := b.turn(nil)
	since := b.now.Add(time.Second)
	plain, drawn := b.turn(nil), b.turn(nil)
	held := b.held(gateway.ReasonLowConfidence)
	b.held(gateway.ReasonLegal)
	b.turn(func(t *gateway.Turn) { t.Record.Draft = rag.Draft{} })
	b.put(b.answer(drawn, "ana", gateway.VerdictRight, .5), b.answer(plain, "ana", gateway.VerdictRight, 0))
	list, err := Turns(b.Context(), b.store, since)
	b.ok(err)
	got := map[string]bool{}
	for _, r := range list {
		got[r.ID] = UnitOf(r).Sent
	}
	if diff := cmp.Diff(map[string]bool{plain.ID: true, held.Packet.TurnID: false}, got); diff != "" {
		t.Errorf("turns (-want +got):\n%s", diff)
	}
	list, err = Turns(b.Context(), b.store, time.Time{})
	b.ok(err)
	if len(list) != 3 || !slices.ContainsFunc(list, func(r gateway.Record) bool { return r.ID == old.ID }) {
		t.Errorf("%d turns of all time", len(list))
	}
}

func TestKnown(t *testing.T) {
	t.Parallel()
	b := open(t)
	if _, known, err := Known(b.Context(), b.store, Risk, time.Time{}); known || err != nil {
		t.Errorf("known from nothing, %v", err)
	}
	for i := range 8 {
		v := gateway.VerdictRight
		if i < 2 {
			v = gateway.VerdictWrong
		}
		b.put(b.answer(b.turn(nil), "ana", v, .5))
	}
	risk, known, err := Known(b.Context(), b.store, Risk, time.Time{})
	if !known || err != nil || risk.Value != .25 || risk.N != 8 || risk.Low >= .25 || risk.High <= .25 {
		t.Errorf("risk %+v, %t, %v", risk, known, err)
	}
	accuracy, _, err := Known(b.Context(), b.store, Accuracy, time.Time{})
	if err != nil || accuracy.Value != .75 {
		t.Errorf("accuracy %+v, %v", accuracy, err)
	}
	if _, known, _ := Known(b.Context(), b.store, Risk, b.now.Add(time.Hour)); known {
		t.Error("known of no turns")
	}
	if w := Together(.3, .4); w <= .2 || w >= .3 || Together(0, 1) != 0 {
		t.Errorf("together %v", w)
	}
}

func TestAgree(t *testing.T) {
	t.Parallel()
	b := open(t)
	if list, err := Agree(b.Context(), b.store); err != nil || len(list) != 0 {
		t.Errorf("nobody: %+v, %v", list, err)
	}
	for i := range 20 {
		r := b.turn(func(t *gateway.Turn) {
			if i%2 == 0 {
				t.Record.Language = "en"
			}
		})
		one, other := gateway.VerdictRight, gateway.VerdictRight
		if i%4 > 1 {
			one, other = gateway.VerdictWrong, gateway.VerdictWrong
		}
		if i == 0 {
			other = gateway.VerdictWrong
		}
		b.put(b.answer(r, "ana", one, 0), b.answer(r, "eva", other, 0))
	}
	b.put(b.answer(b.turn(nil), "ana", gateway.VerdictWrong, 0))
	list, err := Agree(b.Context(), b.store)
	b.ok(err)
	if len(list) != 3 || list[0].Language != "" || list[0].Turns != 20 || list[1].Language != "en" || list[2].Turns != 10 {
		t.Fatalf("%+v", list)
	}
	// Of 20, 19 the same; ana says right of 10 and eva of 9, so chance is one half.
	if p := list[0].Pairs[0]; p.A != "ana" || p.Kappa == nil || !cmp.Equal(p.Kappa.Value, .9, cmpopts.EquateApprox(0, 1e-9)) || p.Same.Value != .95 {
		t.Errorf("%+v", p)
	}
	if es := list[2]; es.Alpha == nil || es.Alpha.Value != 1 || es.Pairs[0].Kappa.Value != 1 {
		t.Errorf("%+v", es)
	}
	var table bytes.Buffer
	b.ok(WriteAgreement(&table, list))
	for _, want := range []string{"ana and eva", "0.90 [", "Krippendorff's alpha", "es ", "95 %"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("no %q in\n%s", want, table.String())
		}
	}
}
