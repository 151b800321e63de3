package cassette_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/recado/recado/evals/cassette"
	"github.com/recado/recado/evals/judge"
	"github.com/recado/recado/rag"
)

// moody votes otherwise with each draw, and counts.
type moody struct {
	asked int
	turn  int
	err   error
}

func (*moody) Name() string { return "other-chat" }

func (m *moody) Choose(_ context.Context, _, _ string, options []string, draw int) (chosen int, reason string, spent rag.Usage, err error) {
	m.asked++
	return (draw + m.turn) % len(options), "as it comes", rag.Usage{InputTokens: 100 + draw, OutputTokens: 7, CostMicros: 5}, m.err
}

func verdict(t *testing.T, v judge.Voter, c judge.Claim) (judge.Verdict, error) {
	t.Helper()
	p, err := judge.New(judge.Config{Voter: v})
	if err != nil {
		t.Fatal(err)
	}
	return p.Judge(cassette.Session(t.Context(), "case#1"), c)
}

func TestVotesAreReplayed(t *testing.T) {
	t.Parallel()
	claim := judge.Claim{Language: "es", Earlier: []string{"customer: Hola"}, Question: "¿Cuánto?", Reply: "5 días.", Statement: "It names a time."}
	tape, server := cassette.New(cassette.Record, nil), &moody{}
	want, err := verdict(t, tape.Voter(server), claim)
	if err != nil || server.asked != 6 {
		t.Fatalf("asked %d times, %v", server.asked, err)
	}
	if sum := (rag.Usage{InputTokens: 612, OutputTokens: 42, CostMicros: 30}); want.Spent != (judge.Spent{Calls: 6, Usage: sum}) {
		t.Errorf("spent %+v", want.Spent)
	}
	file := written(t, tape)
	for range 100 {
		again := cassette.New(cassette.Replay, read(t, file))
		v, ok := again.Recorded()
		if !ok || v.Name() != "other-chat" {
			t.Fatalf("recorded %q, %v", v.Name(), ok)
		}
		if got, err := verdict(t, v, claim); err != nil || got != want || !bytes.Equal(written(t, again), file) {
			t.Fatalf("%+v, %v; want %+v", got, err, want)
		}
	}
	for name, c := range map[string]struct {
		change func(*judge.Claim)
		want   string
	}{
		"reply":     {func(c *judge.Claim) { c.Reply = "6 días." }, `reply is "6 días." and was "5 días."`},
		"statement": {func(c *judge.Claim) { c.Statement = "It is polite." }, `statement is "It is polite."`},
		"earlier":   {func(c *judge.Claim) { c.Earlier = nil }, "conversation_before is gone"},
	} {
		other := claim
		c.change(&other)
		v, _ := cassette.New(cassette.Replay, read(t, file)).Recorded()
		if _, err := verdict(t, v, other); !errors.Is(err, cassette.ErrMiss) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, ok := cassette.New(cassette.Replay, nil).Recorded(); ok {
		t.Error("a voter is in an empty recording")
	}
}

func TestRefreshSaysWhoVotesOtherwise(t *testing.T) {
	t.Parallel()
	tape, server := cassette.New(cassette.Record, nil), &moody{}
	if _, err := verdict(t, tape.Voter(server), judge.Claim{Reply: "5 days."}); err != nil {
		t.Fatal(err)
	}
	server.turn = 1
	again := cassette.New(cassette.Refresh, tape.Entries())
	if _, err := verdict(t, again.Voter(server), judge.Claim{Reply: "5 days."}); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := again.WriteDrift(&b); err != nil || !strings.Contains(b.String(), "6 of 6 answers differ") || !strings.Contains(b.String(), "judge (other-chat): another vote") {
		t.Errorf("%v\n%s", err, b.String())
	}
	away := cassette.New(cassette.Record, nil)
	if _, err := verdict(t, away.Voter(&moody{err: errors.New("away")}), judge.Claim{}); err == nil {
		t.Error("who is away voted")
	}
}
