package gateway

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag"
)

func TestPatience(t *testing.T) {
	t.Parallel()
	text := func(s string) *Message { return &Message{Type: "text", Text: s} }
	for _, tt := range []struct {
		name string
		m    *Message
		want int
	}{
		{"a question", text("¿Dónde está mi pedido?"), tenthsFinished},
		{"a sentence with a smile", text("Where is my order? 😊"), tenthsFinished},
		{"no full stop", text("quiero saber cuánto tarda el envío a Canarias"), tenthsUsual},
		{"greeting", text("hola"), tenthsFragment},
		{"a long greeting", text("hola buenas tardes que tal"), tenthsFragment},
		{"greeting with a mark", text("¡Hola!"), tenthsFinished},
		{"thanks", text("gracias"), tenthsUsual},
		{"one word", text("devolución"), tenthsFragment},
		{"two words", text("mi pedido"), tenthsFragment},
		{"a number alone", text("4117"), tenthsUsual},
		{"a code", text("123 456"), tenthsFinished},
		{"a comma", text("Me ha llegado la lámpara,"), tenthsFragment},
		{"dots", text("pues no sé..."), tenthsFragment},
		{"a colon", text("los artículos son:"), tenthsFragment},
		{"and", text("quiero devolver la lámpara y"), tenthsFragment},
		{"the", text("I want to return the"), tenthsFragment},
		{"yes", text("sí"), tenthsFinished},
		{"a control", text("stop"), tenthsFinished},
		{"a tap", &Message{Type: "interactive", Text: "Sí", Choice: &Choice{ID: "yes:1", Title: "Sí"}}, tenthsTap},
		{"a photo", &Message{Type: "image", Text: "y"}, tenthsUsual},
		{"nothing", text(""), tenthsUsual},
		{"no message", nil, tenthsUsual},
	} {
		if got := tenths(tt.m); got != tt.want {
			t.Errorf("%s: %d tenths, want %d", tt.name, got, tt.want)
		}
	}
}

// TestNobodyStarves: however many messages come and whatever they say, the burst is due
// no later than MaxBurst after its first, by the rule of the stores: at the AnswerAfter of
// the newest, but not after the AnswerBy of the first. And nobody is cut off: no message
// is due before a part of the quiet period is over.
func TestNobodyStarves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		quiet := time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(10*time.Second)).Draw(t, "quiet"))
		most := time.Duration(rapid.Int64Range(int64(quiet), int64(20*quiet)).Draw(t, "most"))
		g, err := New(withFakes(Config{Store: &intakeStore{}, QuietPeriod: quiet, MaxBurst: most}))
		if err != nil {
			t.Fatal(err)
		}
		at := noon
		var first, due time.Time
		for i := range rapid.IntRange(1, 30).Draw(t, "messages") {
			m := &Message{Type: rapid.SampledFrom([]string{"text", "image", "interactive"}).Draw(t, "type"), Text: rapid.OneOf(
				rapid.String(), rapid.SampledFrom([]string{"hola", "y", "pero...", "¿Dónde está?", "stop", "123456"}),
			).Draw(t, "text")}
			if rapid.Bool().Draw(t, "tap") {
				m.Choice = &Choice{ID: "x"}
			}
			e := Event{Kind: EventMessage, ReceivedAt: at, Message: m}
			g.time(&e)
			if i == 0 {
				first = at
			}
			if due = e.AnswerAfter; due.After(first.Add(g.MaxBurst)) {
				due = first.Add(g.MaxBurst)
			}
			if wait := e.AnswerAfter.Sub(at); wait < quiet*tenthsTap/tenthsUsual || wait > g.MaxBurst || !e.AnswerBy.Equal(at.Add(g.MaxBurst)) {
				t.Fatalf("%q waits %v of %v, by %v", m.Text, wait, quiet, e.AnswerBy.Sub(at))
			}
			at = at.Add(time.Duration(rapid.Int64Range(0, int64(3*quiet)).Draw(t, "pause")))
		}
		if due.After(first.Add(most)) {
			t.Fatalf("due %v after the first, at most %v", due.Sub(first), most)
		}
	})
}

// TestWaits: workers are woken when messages are due, and not once for each of many.
func TestWaits(t *testing.T) {
	t.Parallel()
	message := func(after time.Duration) Event { return Event{Kind: EventMessage, AnswerAfter: noon.Add(after)} }
	got := waits([]Event{
		message(1500 * time.Millisecond), message(1501 * time.Millisecond), message(1519 * time.Millisecond),
		message(300 * time.Millisecond), message(0), message(-time.Second),
		{Kind: EventStatus, AnswerAfter: noon.Add(time.Hour)},
	}, noon)
	if diff := cmp.Diff([]time.Duration{1500 * time.Millisecond, 1520 * time.Millisecond, 300 * time.Millisecond}, got); diff != "" {
		t.Error(diff)
	}
}

// listening is a model that answers when it is let, or gives up when it is stopped.
type listening struct {
	began chan struct{}
	let   chan struct{}
}

func (l listening) Answer(ctx context.Context, _ rag.Question) (rag.Answer, error) {
	l.began <- struct{}{}
	select {
	case <-ctx.Done():
		return rag.Answer{}, ctx.Err()
	case <-l.let:
		return good(), nil
	}
}
func (listening) Fingerprint() string { return "listening" }

// TestWhoWritesOnStopsTheAnswer: a message that comes in while the model is busy stops
// it at once; one of somebody else, a status, or one after the burst's time does not.
func TestWhoWritesOnStopsTheAnswer(t *testing.T) {
	t.Parallel()
	ana, ben := Identity{UserID: "ES.1", Phone: "341"}, Identity{Phone: "342"}
	for name, tt := range map[string]struct {
		comes Event
		late  time.Duration
		stops bool
	}{
		"a message":             {Event{Kind: EventMessage, Channel: "9", From: ana}, 0, true},
		"from the phone alone":  {Event{Kind: EventMessage, Channel: "9", From: Identity{Phone: "341"}}, 0, true},
		"a person of the shop":  {Event{Kind: EventEcho, Channel: "9", From: ana}, 0, true},
		"an edit":               {Event{Kind: EventSignal, Channel: "9", From: ana}, 0, true},
		"another customer":      {Event{Kind: EventMessage, Channel: "9", From: ben}, 0, false},
		"another number":        {Event{Kind: EventMessage, Channel: "8", From: ana}, 0, false},
		"a status":              {Event{Kind: EventStatus, Channel: "9", From: ana}, 0, false},
		"after the burst's end": {Event{Kind: EventMessage, Channel: "9", From: ana}, time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				claim := asked(noon)
				claim.Conversation.Channel, claim.Conversation.Contact = "9", ana
				s := &turnStore{claim: claim}
				model := listening{make(chan struct{}), make(chan struct{})}
				g, err := New(withFakes(Config{Store: s, Answerer: model, Now: func() time.Time { return noon.Add(tt.late) }}))
				if err != nil {
					t.Fatal(err)
				}
				done := make(chan error, 1)
				go func() { done <- g.Turn(t.Context()) }()
				<-model.began
				g.overtake([]Event{tt.comes})
				synctest.Wait()
				if stopped := len(s.abandoned) > 0; stopped != tt.stops {
					t.Fatalf("stopped: %v", stopped)
				}
				close(model.let)
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				if tt.stops && (s.abandoned[0].Outcome != OutcomeSuperseded || s.abandoned[0].Decision.Kind != DecideQuiet || len(s.committed) > 0) {
					t.Errorf("abandoned %+v, committed %d", s.abandoned, len(s.committed))
				}
				if !tt.stops && len(s.committed) != 1 {
					t.Errorf("committed %d", len(s.committed))
				}
				if len(g.answering.now) != 0 {
					t.Errorf("%d answers are still noted", len(g.answering.now))
				}
			})
		})
	}
}

// TestTheEndOfTheProgramIsNoNewMessage: what stops both is left to others.
func TestTheEndOfTheProgramIsNoNewMessage(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	g, err := New(withFakes(Config{Store: &turnStore{}}))
	if err != nil {
		t.Fatal(err)
	}
	answer, done := g.answers(ctx, asked(g.Now()))
	defer done()
	if cause := context.Cause(answer); !errors.Is(cause, context.Canceled) || errors.Is(cause, errOvertaken) {
		t.Errorf("it ends by %v", cause)
	}
}

func TestCodeIn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"123456": "123456", "123 456": "123456", "123-456": "123456", "El código es 123456.": "123456", "code: 012345": "012345",
		"12345": "", "1234567": "", "pedido 123456": "", "#123456": "", "+34123456": "", "123456 €": "123456", "12/34/56": "", "": "", "código": "",
	} {
		if got := codeIn(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
