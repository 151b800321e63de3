package replay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/evals/replay"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/gatewaytest/memory"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/assure"
)

var monday = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// shop answers by a table of replies, as the bot of then and as that of now.
type shop struct {
	t     testing.TB
	store gateway.Store
	now   time.Time
	made  int
	// replies are by question; what has none is handed off. Wrong is a question that the
	// model fails at.
	replies map[string]string
	wrong   string
	// sure is how sure answers are, .9 where it is 0; from .5 on they are sent.
	sure float64
}

func open(t testing.TB) *shop {
	t.Helper()
	store, err := memory.New().Open()
	if err != nil {
		t.Fatal(err)
	}
	return &shop{t: t, store: store, now: monday, replies: map[string]string{}}
}

// Answer implements gateway.Answerer.
func (s *shop) Answer(_ context.Context, q rag.Question) (rag.Answer, error) {
	if s.wrong != "" && strings.Contains(q.Text, s.wrong) {
		return rag.Answer{}, rag.ErrModel
	}
	text := s.replies[q.Text]
	a := rag.Answer{
		Text: text, Query: q.Text, Confidence: max(s.sure, s.usual()), Threshold: .5, Model: "table", Calibration: "c1", Draft: rag.Draft{Answer: text, Citations: []string{"p1"}},
		Passages: []rag.Passage{{ID: "p1", DocumentID: "d", Title: "Envíos", Text: "…", Hash: "h"}}, Checks: []rag.Check{{Name: "numbers", OK: true}},
	}
	return a, nil
}

// usual is how sure answers are where a test does not say.
func (s *shop) usual() float64 {
	if s.sure > 0 {
		return 0
	}
	return .9
}

// Fingerprint implements gateway.Answerer.
func (s *shop) Fingerprint() string { return "table" }

// Facts implements gateway.Orders.
func (s *shop) Facts(context.Context, gateway.Identity, assure.Pass, string) rag.OrderFacts {
	return rag.OrderFacts{Orders: []rag.Order{{Number: "W1", Address: "Calle Mayor 7, Madrid"}}, Level: assure.Number}
}

// Send implements gateway.Sender, and Take gateway.Limiter.
func (s *shop) Send(context.Context, *gateway.Outgoing) (gateway.SendResult, error) {
	return gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: fmt.Sprint("wamid.", s.made)}, nil
}

func (s *shop) Take(context.Context, string, string, time.Time) (time.Duration, error) { return 0, nil }

// hears takes the turn of one message.
func (s *shop) hears(who gateway.Identity, name, text string) {
	s.t.Helper()
	s.made++
	s.now = s.now.Add(time.Minute)
	e := gateway.Event{
		Key: fmt.Sprint("k", s.made), Kind: gateway.EventMessage, Channel: "1", From: who, Name: name, At: s.now, ReceivedAt: s.now,
		AnswerAfter: s.now, AnswerBy: s.now, Message: &gateway.Message{ProviderID: fmt.Sprint("wamid.in", s.made), Type: "text", Text: text},
	}
	if _, err := s.store.Accept(s.t.Context(), []gateway.Event{e}); err != nil {
		s.t.Fatal(err)
	}
	g, err := gateway.New(gateway.Config{
		Store: s.store, Answerer: s, Orders: s, Sender: s, Limiter: s, AuditShare: 1, Now: func() time.Time { return s.now.Add(time.Second) },
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := g.Turn(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// agrees notes the consent of everybody.
func (s *shop) agrees(consent gateway.Consent) {
	s.t.Helper()
	s.now = s.now.Add(time.Minute)
	list, _, err := s.store.Past(s.t.Context(), time.Time{}, gateway.Page{Limit: 200})
	for _, c := range list {
		err = errors.Join(err, s.store.Agree(s.t.Context(), c.ID, gateway.Agreement{Consent: consent, By: "ana", At: s.now}))
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) config() replay.Config {
	return replay.Config{
		Store: s.store, Since: monday, Until: s.now.Add(time.Hour), Fingerprint: s.Fingerprint(), Today: s.Fingerprint(), Parallel: 2,
		Answer: func(ctx context.Context, _ gateway.Record, q rag.Question) (rag.Answer, error) {
			return s.Answer(ctx, q)
		},
	}
}

func (s *shop) replay() replay.Result {
	s.t.Helper()
	r, err := replay.Run(s.t.Context(), s.config())
	if err != nil {
		s.t.Fatal(err)
	}
	r.Judge(replay.Margins{Answered: .02, Held: .02})
	return r
}

var ana, ben = gateway.Identity{Phone: "34600111222"}, gateway.Identity{UserID: "ES.Ab12cdEF34"}

func TestNothingChanges(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.replies["¿Cuánto tarda?"] = "Tarda de 3 a 5 días."
	s.hears(ana, "Ana Ruiz", "¿Cuánto tarda?")
	s.hears(ana, "Ana Ruiz", "¿Tienen gatos?")
	s.hears(ben, "Ben", "¿Cuánto tarda?")
	s.agrees(gateway.ConsentGiven)
	r := s.replay()
	if r.Gate.Verdict != replay.SameAsNow || r.Exact != 3 || r.Counts[replay.Same] != 3 || len(r.Changed()) != 0 {
		t.Errorf("%+v, %+v", r.Gate, r.Counts)
	}
	for _, turn := range r.Turns {
		if diff := cmp.Diff(turn.Was, turn.Now); diff != "" {
			t.Errorf("turn %d (-was +now):\n%s", turn.Number, diff)
		}
	}
	// The same again is the same to the byte, however many are taken at a time.
	first, second := encoded(t, r), encoded(t, s.replay())
	if first != second {
		t.Errorf("two runs differ:\n%s\n%s", first, second)
	}
}

func encoded(t testing.TB, r replay.Result) string {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestChangesAreFound(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i, test := range []struct {
		was, now string
		want     replay.Kind
	}{
		{"", "Sí, tenemos.", replay.AnswersNow},
		{"Cuesta 4,99 €.", "Cuesta 5,99 €.", replay.OtherFacts},
		{"Es posible.", "No es posible.", replay.OtherFacts},
		{"Tarda 3 días.", "", replay.HandsOffNow},
		{"Tarda 3 días.", "Se tarda 3 días.", replay.OtherWords},
		{"Tarda 3 días.", "Tarda 3 días.", replay.Same},
	} {
		question := fmt.Sprint("pregunta ", i)
		s.replies[question] = test.was
		s.hears(gateway.Identity{Phone: fmt.Sprint("3460011100", i)}, "", question)
		s.replies[question] = test.now
	}
	s.agrees(gateway.ConsentGiven)
	r := s.replay()
	var kinds []replay.Kind
	for _, turn := range r.Changed() {
		kinds = append(kinds, turn.Kind)
	}
	want := []replay.Kind{replay.AnswersNow, replay.OtherFacts, replay.OtherFacts, replay.HandsOffNow, replay.OtherWords}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if r.Gate.Verdict.Passes() || r.Gate.HeldOK {
		t.Errorf("the gate lets it pass: %+v", r.Gate)
	}
}

func TestWhatComesAfterAChangeCountsApart(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i, question := range []string{"uno", "dos", "tres"} {
		s.replies[question] = fmt.Sprintf("Son %d días.", i)
		s.hears(ana, "Ana", question)
	}
	s.agrees(gateway.ConsentGiven)
	s.replies["dos"], s.replies["tres"] = "Son 9 días.", "Son 8 días."
	r := s.replay()
	if r.Exact != 2 || r.After != 1 || r.Counts[replay.OtherFacts] != 1 || r.CountsAfter[replay.OtherFacts] != 1 || r.Turns[1].After || !r.Turns[2].After {
		t.Errorf("%d exact, %d after: %v, %v", r.Exact, r.After, r.Counts, r.CountsAfter)
	}
	if r.Gate.Held.New != .5 {
		t.Errorf("the gate counts what is not exact: %+v", r.Gate.Held)
	}
}

func TestWhoseConversationsAreTaken(t *testing.T) {
	t.Parallel()
	s := open(t)
	config := s.config()
	if _, err := replay.Run(t.Context(), config); !errors.Is(err, replay.ErrNothing) {
		t.Errorf("of nobody: %v", err)
	}
	s.hears(ana, "Ana", "uno")
	s.hears(ben, "Ben", "dos")
	s.hears(gateway.Identity{Phone: "34600999888"}, "", "borra mis datos")
	config = s.config()
	r, err := replay.Run(t.Context(), config)
	if !errors.Is(err, replay.ErrNobody) || r.Unasked != 2 || r.Withheld != 1 {
		t.Errorf("nobody was asked: %v, %+v", err, r)
	}
	config.Everybody = true
	if r, err = replay.Run(t.Context(), config); err != nil || r.Conversations != 2 || r.Withheld != 1 {
		t.Errorf("everybody: %v, %+v", err, r)
	}
	s.agrees(gateway.ConsentWithheld)
	if _, err = replay.Run(t.Context(), config); !errors.Is(err, replay.ErrNobody) {
		t.Errorf("everybody objected: %v", err)
	}
	s.agrees(gateway.ConsentGiven)
	config.Everybody = false
	if r, err = replay.Run(t.Context(), config); err != nil || r.Conversations != 3 {
		t.Errorf("everybody agreed: %v, %+v", err, r)
	}
	config.Limit = 1
	if r, err = replay.Run(t.Context(), config); err != nil || r.Conversations != 1 {
		t.Errorf("the latest one: %v, %+v", err, r)
	}
	config.Until = monday
	if _, err = replay.Run(t.Context(), config); !errors.Is(err, replay.ErrNothing) {
		t.Errorf("of another time: %v", err)
	}
}

func TestOutagesAreNotJudged(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.replies["uno"], s.wrong = "Son 3 días.", "dos"
	s.hears(ana, "Ana", "uno")
	s.hears(ana, "Ana", "dos")
	s.agrees(gateway.ConsentGiven)
	s.wrong = ""
	if r := s.replay(); r.OutagesThen != 1 || r.Outages != 0 || r.Exact != 1 {
		t.Errorf("an outage of then: %+v", r)
	}
	s.wrong = "o"
	if _, err := replay.Run(t.Context(), s.config()); !errors.Is(err, replay.ErrAway) {
		t.Errorf("an outage of all: %v", err)
	}
	s.wrong = "uno"
	s.hears(ben, "Ben", "tres")
	s.agrees(gateway.ConsentGiven)
	r := s.replay()
	if r.Outages != 1 || r.Gate.Verdict != replay.Unjudged || r.Gate.Verdict.Passes() {
		t.Errorf("an outage of some: %+v, %+v", r.Outages, r.Gate)
	}
}

func TestLabelsAreTheTruth(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i := range 60 {
		question := fmt.Sprint("pregunta ", i)
		s.replies[question] = "Son 3 días."
		s.hears(gateway.Identity{Phone: fmt.Sprint(34600111000 + i)}, "", question)
	}
	s.agrees(gateway.ConsentGiven)
	for question := range s.replies {
		s.replies[question] = "Son 4 días."
	}
	before := s.replay()
	audits, _, err := s.store.Audits(t.Context(), false, gateway.Page{Limit: 200})
	if err != nil || len(audits) != 60 {
		t.Fatalf("%d audits, %v", len(audits), err)
	}
	for _, a := range audits {
		if err := s.store.Label(t.Context(), a.TurnID, "ana", false, s.now); err != nil {
			t.Fatal(err)
		}
	}
	after := s.replay()
	if before.Gate.Verdict != replay.Worse || after.Gate.Held.Value != 0 || after.Gate.Verdict == replay.Worse || after.Turns[0].Label != "wrong" {
		t.Errorf("before %+v\nafter %+v", before.Gate, after.Gate)
	}
	if after.Gate.More <= 0 {
		t.Errorf("it is not said how many more conversations it takes: %+v", after.Gate)
	}
}

// TestNobodyIsInAReport: neither names nor numbers nor ids of the channel, however they were
// written.
func TestNobodyIsInAReport(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := open(t)
		name := rapid.SampledFrom([]string{"Lucía Herrera", "Juan-Pablo O'Neill", "MARÍA DEL CARMEN", "li wei"}).Draw(rt, "name")
		who := gateway.Identity{Phone: "34600555123", UserID: "ES.Zz99yyXX88"}
		write := rapid.SampledFrom([]string{
			"soy %s, mi número es 600555123", "hola %s", "I am %s, +34 600 555 123", "escribe a %s@example.com o a Calle Mayor 7", "%s 34600555123 ES.Zz99yyXX88",
		}).Draw(rt, "text")
		form := rapid.SampledFrom([]func(string) string{strings.ToLower, strings.ToUpper, func(s string) string { return s }}).Draw(rt, "form")
		question := fmt.Sprintf(write, form(name))
		s.replies[question] = "Son 3 días, " + name + "."
		s.hears(who, name, question)
		s.agrees(gateway.ConsentGiven)
		s.replies[question] = "Son 4 días, " + name + ", en Calle Mayor 7, Madrid."
		r := s.replay()
		var text bytes.Buffer
		if err := errors.Join(r.WriteTable(&text), r.WriteMarkdown(&text, "es")); err != nil {
			t.Fatal(err)
		}
		all := strings.ToLower(text.String() + encoded(t, r)) // with both decision records
		secrets := []string{"600555123", "600 555 123", "es.zz99", "wamid", "calle mayor"}
		for _, part := range strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == ' ' }) {
			if len(part) > 3 {
				secrets = append(secrets, part)
			}
		}
		for _, secret := range secrets {
			if strings.Contains(all, secret) {
				rt.Errorf("%q is in the report of %q:\n%s", secret, question, text.String())
			}
		}
	})
}
