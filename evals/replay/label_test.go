package replay_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/evals/replay"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

// unsure is a shop whose drafts of then went to people, and go out now, the one of them word
// for word and the other not.
func unsure(t *testing.T) (*shop, replay.Config) {
	t.Helper()
	s := open(t)
	s.replies["uno"], s.replies["dos"] = "Son 3 días.", "Son 4 días."
	s.sure = .2
	s.hears(ana, "Ana", "uno")
	s.hears(ben, "Ben", "dos")
	s.agrees(gateway.ConsentGiven)
	s.sure = .9
	s.replies["dos"] = "Son 5 días."
	return s, s.config()
}

// turnOf is the id of the turn that answered a question.
func (s *shop) turnOf(question string) string {
	s.t.Helper()
	list, _, err := s.store.Past(s.t.Context(), time.Time{}, gateway.Page{Limit: 200})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range list {
		p, err := gateway.ReadPast(s.t.Context(), s.store, c)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range p.Turns {
			if strings.Join(r.Messages, " ") == question {
				return r.ID
			}
		}
	}
	s.t.Fatalf("nobody asked %q", question)
	return ""
}

// Where people found the draft right that an agent had before them, and it goes out as it
// was, somebody has seen it; another draft, or one where they said that a person was needed,
// nobody has.
func TestWhatPeopleSaidOfHandoffs(t *testing.T) {
	t.Parallel()
	s, config := unsure(t)
	judged := func(labels map[string]replay.Label) replay.Result {
		config.Labels = labels
		r, err := replay.Run(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		r.Judge(replay.Margins{Answered: .5, Held: .5})
		return r
	}
	same, other := s.turnOf("uno"), s.turnOf("dos")
	none := judged(nil)
	if none.Counts[replay.AnswersNow] != 2 || none.Gate.Held.New != 0 || none.Gate.Answered.New != 1 || none.Labelled() != 0 {
		t.Fatalf("%+v, %+v", none.Counts, none.Gate)
	}
	right := replay.Label{Answer: gateway.VerdictRight, Handoff: gateway.VerdictEarly}
	early := judged(map[string]replay.Label{same: right, other: right})
	if early.Gate.Held.New != .5 || early.Labelled() != 2 {
		t.Errorf("one of both was seen: %+v", early.Gate.Held)
	}
	// What was seen is the least of its kind.
	if list := early.Changed(); list[0].Seen || !list[1].Seen || list[1].Question != "uno" {
		t.Errorf("%+v", list)
	}
	needed := judged(map[string]replay.Label{same: {Answer: gateway.VerdictRight, Handoff: gateway.VerdictNeeded}, other: right})
	if needed.Gate.Held.New != 0 || needed.Gate.Answered.New != .5 {
		t.Errorf("to answer what needed a person is a gain, or is safe: %+v", needed.Gate)
	}
	if list := needed.Changed(); list[0].Question != "uno" {
		t.Errorf("what needed a person does not come first: %+v", list)
	}
	// A draft that nobody got can't have been wrong for a customer.
	wrong := judged(map[string]replay.Label{same: {Answer: gateway.VerdictWrong}})
	if wrong.Gate.Held.Base != 1 || wrong.Gate.Held.New != 0 {
		t.Errorf("a draft that was held back counts as a wrong answer: %+v", wrong.Gate.Held)
	}
}

// A turn that changed has both decision records, without anybody in them; others have none.
func TestRecordsAreMasked(t *testing.T) {
	t.Parallel()
	s := open(t)
	question := "soy Lucía Herrera, mi número es 600 555 123"
	s.replies[question], s.replies["igual"] = "Son 3 días, Lucía.", "Sí."
	s.hears(gateway.Identity{Phone: "34600555123"}, "Lucía Herrera", question)
	s.hears(ben, "Ben", "igual")
	s.agrees(gateway.ConsentGiven)
	s.replies[question] = "Son 4 días, Lucía."
	r := s.replay()
	changed := r.Changed()
	if len(changed) != 1 || len(r.Turns) != 2 {
		t.Fatalf("%+v", r.Turns)
	}
	for _, turn := range r.Turns {
		if turn.Kind == replay.Same && (turn.Was.Record != nil || turn.Now.Record != nil) {
			t.Error("an unchanged turn has a record")
		}
	}
	for _, side := range []replay.Side{changed[0].Was, changed[0].Now} {
		var record map[string]any
		if err := json.Unmarshal(side.Record, &record); err != nil || record["conversation_id"] != nil || record["event_keys"] != nil {
			t.Fatalf("%v: %s", err, side.Record)
		}
		for _, secret := range []string{"Lucía", "Herrera", "600 555 123", "Calle Mayor"} {
			if strings.Contains(string(side.Record), secret) {
				t.Errorf("%q is in %s", secret, side.Record)
			}
		}
		d := side.Detail()
		if len(d.Passages) != 1 || d.Passages[0].Title != "Envíos" || !d.Passages[0].Cited || d.Orders[0] != "W1" || !strings.HasPrefix(d.Draft, "Son ") || !strings.Contains(side.Pretty(), "\n  \"decision\"") {
			t.Errorf("%+v", d)
		}
	}
}

// A recording is told which conversation is taken, by the name that reports have.
func TestConversationsAreSessions(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.replies["uno"] = "Sí."
	s.hears(ana, "Ana", "uno")
	s.agrees(gateway.ConsentGiven)
	type key struct{}
	config, heard := s.config(), ""
	config.Session = func(ctx context.Context, name string) context.Context { return context.WithValue(ctx, key{}, name) }
	answer := config.Answer
	config.Answer = func(ctx context.Context, was gateway.Record, q rag.Question) (rag.Answer, error) {
		heard, _ = ctx.Value(key{}).(string)
		return answer(ctx, was, q)
	}
	r, err := replay.Run(t.Context(), config)
	if err != nil || heard != "conversation "+r.Turns[0].Conversation {
		t.Errorf("%q, %v", heard, err)
	}
}
