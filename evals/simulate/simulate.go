// Package simulate plays customers: somebody who wants something, knows some things and has
// a way of writing, and who goes on until they have it or give up. A Speaker says what comes
// next, given what the shop answered; who holds the conversation and judges how it ended is
// package runner.
//
// Script plays offline: a state machine over what the shop's messages ask for, pure and the
// same for the same seed. Acted has a chat model play, in a form that keeps it in its role.
// Both see what a customer sees, the messages and their buttons, and nothing else.
package simulate

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
)

// Heard is what the customer got since their last move.
type Heard struct {
	// Replies are the shop's messages; none at the beginning, and after silence.
	Replies []runs.Reply
}

// Move is what the customer does next: they say something or tap a button, or, with End
// alone, nothing more.
type Move struct {
	// Say are messages sent one after another, spoken with Voice.
	Say   []string
	Voice bool
	// Tap is the title of a button of the last message.
	Tap string
	// End is how the talk ends, with this move as a farewell if there is one: one of the
	// ends of package suite. Empty goes on.
	End string
}

// Empty tells whether nothing is said or tapped.
func (m Move) Empty() bool { return len(m.Say) == 0 && m.Tap == "" }

// Speaker is the customer of one talk. It is for one goroutine.
type Speaker interface {
	// Next is what comes next. An error is that of a provider.
	Next(ctx context.Context, heard Heard) (Move, error)
}

// Cast gives the customers of cases. It is safe for concurrent use.
type Cast interface {
	// Name says who plays: "script", or a model. What it is called is a part of what a run
	// is called, since another cast has other talks.
	Name() string
	// Play begins the talk of a case that is played. Another try has another talk.
	Play(c suite.Case, try int) (Speaker, error)
}

// errNotPlayed says that a case has nobody to play.
var errNotPlayed = errors.New("simulate: the case has steps, and nobody who is played")

// Scripted is the cast that needs no model.
type Scripted struct{}

// Name implements Cast.
func (Scripted) Name() string { return "script" }

// Play implements Cast.
func (Scripted) Play(c suite.Case, try int) (Speaker, error) {
	if c.Simulate == nil {
		return nil, errNotPlayed
	}
	return &scripted{script: Script{Who: *c.Simulate, Language: c.Language, Seed: seedOf(c, try)}}, nil
}

// scripted is a Script on its way.
type scripted struct {
	script Script
	state  State
}

// Next implements Speaker.
func (s *scripted) Next(_ context.Context, heard Heard) (Move, error) {
	var m Move
	s.state, m = s.script.Next(s.state, heard)
	return m, nil
}

// seedOf is that of a try. The languages of a case have the same, so that they can be
// compared; variants are the same talk written in another way.
func seedOf(c suite.Case, try int) uint64 {
	hash := fnv.New64a()
	fmt.Fprintf(hash, "%s %d", c.Group, try) // a hash does not fail
	return hash.Sum64()
}
