package cassette_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/recado/recado/evals/cassette"
)

// speaking answers with the number of the call.
type speaking struct{ calls int }

func (*speaking) Name() string { return "customer-1" }

func (s *speaking) Ask(context.Context, string, string, []byte) ([]byte, error) {
	s.calls++
	return fmt.Appendf(nil, `{"messages":["move %d"]}`, s.calls), nil
}

const talkSoFar = `{"variation":7,"turns_left":%d,"talk":[{"you":["Hola, soy Ana"]},{"shop":["¿Qué pedido?"]}]}`

func TestSpeaker(t *testing.T) {
	t.Parallel()
	inner, tape := &speaking{}, cassette.New(cassette.Record, nil)
	ctx := cassette.Session(t.Context(), "case#1")
	ask := func(c *cassette.Cassette, user string) (string, error) {
		answer, err := c.Speaker(inner).Ask(ctx, "You play Ana.", user, []byte(`{}`))
		return string(answer), err
	}
	for i := range 2 {
		if got, err := ask(tape, fmt.Sprintf(talkSoFar, 8-i)); err != nil || got != fmt.Sprintf(`{"messages":["move %d"]}`, i+1) {
			t.Fatalf("%s, %v", got, err)
		}
	}
	var file bytes.Buffer
	if err := cassette.Write(&file, tape.Entries()); err != nil {
		t.Fatal(err)
	}
	if text := file.String(); strings.Contains(text, "Ana") || strings.Contains(text, "pedido") || !strings.Contains(text, `"kind":"speaker"`) {
		t.Errorf("the file holds %s", text)
	}
	entries, err := cassette.Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	back := cassette.New(cassette.Replay, entries)
	if got, err := ask(back, fmt.Sprintf(talkSoFar, 8)); err != nil || got != `{"messages":["move 1"]}` || inner.calls != 2 {
		t.Errorf("%s, %v, %d calls", got, err, inner.calls)
	}
	_, err = ask(back, strings.Replace(fmt.Sprintf(talkSoFar, 8), "¿Qué pedido?", "¿Cuál?", 1))
	if !errors.Is(err, cassette.ErrMiss) || !strings.Contains(err.Error(), "turn 2 is") {
		t.Errorf("%v", err)
	}
	if _, err := ask(back, "no JSON"); !errors.Is(err, cassette.ErrMiss) {
		t.Errorf("%v", err)
	}
	fresh := cassette.New(cassette.Refresh, entries)
	if _, err := ask(fresh, fmt.Sprintf(talkSoFar, 8)); err != nil {
		t.Fatal(err)
	}
	var drift bytes.Buffer
	if err := fresh.WriteDrift(&drift); err != nil || !strings.Contains(drift.String(), "says something else") {
		t.Errorf("%s, %v", drift.String(), err)
	}
}
