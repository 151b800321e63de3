// Package judge has a model say whether statements about replies hold, and which of two replies
// is better, so that it says what people would say as far as that can be had: it votes several
// times, each time with the options in both orders, sees no personal data, and takes no orders from
// what it reads. How far it agrees with people is measured apart, by marks that they gave
// (package runs).
package judge

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/pii"
)

// Voter chooses one of several options by what data says; rag/llm has one. Draws are numbered from
// 1, and each may be answered otherwise. The place -1 stands for an answer that chose nothing; an
// error says that nobody could be asked. Spent is what the answer took.
type Voter interface {
	Name() string
	Choose(ctx context.Context, task, data string, options []string, draw int) (chosen int, reason string, spent rag.Usage, err error)
}

// Claim is a statement about a reply.
type Claim struct {
	Language string
	// Earlier is the conversation so far, a message in each.
	Earlier   []string
	Question  string
	Reply     string
	Statement string
}

// Verdict is how the votes on a statement fell: Yes found it true, whatever the order of the
// options, and Split chose by the order or not at all.
type Verdict struct {
	Yes, Split, Votes int
	// Reason is what the model gave as its reason in the first vote that went with the verdict.
	Reason string
	Spent  Spent
}

// Spent is what judging took: how many calls, and what all of them came to.
type Spent struct {
	Calls int
	Usage rag.Usage
}

// Add counts more.
func (s *Spent) Add(more Spent) {
	s.Calls += more.Calls
	s.Usage.InputTokens += more.Usage.InputTokens
	s.Usage.OutputTokens += more.Usage.OutputTokens
	s.Usage.CachedTokens += more.Usage.CachedTokens
	s.Usage.CostMicros += more.Usage.CostMicros
}

// Score is the share of the votes that found the statement true; those that chose by the order
// count as half of one.
func (v Verdict) Score() float64 {
	return (float64(v.Yes) + float64(v.Split)/2) / float64(max(1, v.Votes))
}

// Holds tells whether more than half of the votes found the statement true.
func (v Verdict) Holds() bool { return v.Score() > 0.5 }

// Pair is two replies to the same message.
type Pair struct {
	Language string
	Earlier  []string
	Question string
	// Before is the reply of the one run and Now that of the other.
	Before, Now string
}

// Preference is how the votes on a pair fell: those for Now, for Before, and for neither, in which
// those are that chose by the order.
type Preference struct {
	Now, Before, Neither int
	// Reason is the model's, of the first vote that went with the greater part.
	Reason string
	Spent  Spent
}

// Score is 1 where all votes are for Now, -1 where all are for Before.
func (p Preference) Score() float64 {
	return float64(p.Now-p.Before) / float64(max(1, p.Now+p.Before+p.Neither))
}

// Config is what a Panel is made of. Voter is needed.
type Config struct {
	Voter Voter
	// Votes is how often each statement is voted on, an odd number so that most of them can
	// decide; 3 by default. A vote takes two calls, one for each order of the options.
	Votes int
}

// defaultVotes is as few as can overrule one that was chance.
const defaultVotes = 3

// Panel is a judge of several votes. It is safe for concurrent use where its Voter is.
type Panel struct{ config Config }

// New checks the configuration.
func New(c Config) (*Panel, error) {
	c.Votes = cmp.Or(c.Votes, defaultVotes)
	switch {
	case c.Voter == nil:
		return nil, errors.New("judge: Config.Voter is missing")
	case c.Votes < 1 || c.Votes%2 == 0:
		return nil, fmt.Errorf("judge: Config.Votes is %d: an odd number of 1 or more decides", c.Votes)
	}
	return &Panel{c}, nil
}

// Name says who judges and by how many votes: "gpt-4.1, 3 votes".
func (p *Panel) Name() string {
	if p.config.Votes == 1 {
		return p.config.Voter.Name() + ", 1 vote"
	}
	return fmt.Sprintf("%s, %d votes", p.config.Voter.Name(), p.config.Votes)
}

// The tasks and their options. They speak of no language, and put nothing first: the options come
// in both orders.
const (
	holdsTask = `You judge one reply of a shop's assistant to a customer. The data holds the conversation before it, the customer's message, the reply, and a statement about the reply. Decide whether the statement is true of the reply. Judge by what the reply says and by nothing that you know besides; a statement that asks for something in the reply is true only where the reply has it. The length of a reply speaks neither for nor against it.`
	isTrue    = "The statement is true of the reply."
	isFalse   = "The statement is not true of the reply."

	betterTask = `You compare two replies of a shop's assistant to the same message of a customer. The data holds the conversation before it, the customer's message, and both replies. Decide which reply serves the customer better: it answers what was asked, says nothing that the customer could not rely on, is clear and polite, and is in the customer's language. To pass the customer on to a person is better than a wrong or empty answer and worse than a right one. The length of a reply speaks neither for nor against it, and neither does its place.`
	firstWins  = "The first reply is better."
	secondWins = "The second reply is better."
	noneWins   = "Neither is better than the other."
)

// The places of a vote in a tally: for what is asked (the statement, the reply of now), against it,
// and neither.
const (
	yes = iota
	no
	neither
	kinds
)

// tally is how votes fell, with the model's reason in the first of each kind.
type tally struct {
	votes   [kinds]int
	reasons [kinds]string
	spent   Spent
}

// opinion is one answer of the model.
type opinion struct {
	kind   int
	reason string
	spent  Spent
}

// reason is that of the winning side, or else of those that won nothing.
func (t tally) reason(winner int) string { return cmp.Or(t.reasons[winner], t.reasons[neither]) }

// vote asks in both orders and counts what was chosen in both. ask gives the kind of what was
// chosen, whatever the order.
func (p *Panel) vote(ask func(draw int, swapped bool) (opinion, error)) (tally, error) {
	var t tally
	for draw := 1; draw <= p.config.Votes; draw++ {
		one, err := ask(draw, false)
		if err != nil {
			return t, err
		}
		other, err := ask(draw, true)
		if err != nil {
			return t, err
		}
		t.spent.Add(one.spent)
		t.spent.Add(other.spent)
		if one.kind != other.kind {
			one.kind = neither
		}
		t.votes[one.kind]++
		t.reasons[one.kind] = cmp.Or(t.reasons[one.kind], one.reason)
	}
	return t, nil
}

// Judge has a statement voted on.
func (p *Panel) Judge(ctx context.Context, c Claim) (Verdict, error) {
	data, err := written(c.Language, c.Earlier, c.Question, field{"reply", c.Reply}, field{"statement", c.Statement})
	if err != nil {
		return Verdict{}, err
	}
	t, err := p.vote(func(draw int, swapped bool) (opinion, error) {
		options, kinds := []string{isTrue, isFalse}, []int{yes, no}
		if swapped {
			options, kinds = []string{isFalse, isTrue}, []int{no, yes}
		}
		return p.choose(ctx, holdsTask, data, options, kinds, draw)
	})
	if err != nil {
		return Verdict{}, fmt.Errorf("judge a statement: %w", err)
	}
	v := Verdict{Yes: t.votes[yes], Split: t.votes[neither], Votes: p.config.Votes, Spent: t.spent}
	v.Reason = t.reason(no)
	if v.Holds() {
		v.Reason = t.reason(yes)
	}
	return v, nil
}

// Prefer has two replies compared.
func (p *Panel) Prefer(ctx context.Context, pair Pair) (Preference, error) {
	t, err := p.vote(func(draw int, swapped bool) (opinion, error) {
		one, other, kinds := pair.Before, pair.Now, []int{no, yes, neither}
		if swapped {
			one, other, kinds = pair.Now, pair.Before, []int{yes, no, neither}
		}
		data, err := written(pair.Language, pair.Earlier, pair.Question, field{"first_reply", one}, field{"second_reply", other})
		if err != nil {
			return opinion{}, err
		}
		return p.choose(ctx, betterTask, data, []string{firstWins, secondWins, noneWins}, kinds, draw)
	})
	if err != nil {
		return Preference{}, fmt.Errorf("compare two replies: %w", err)
	}
	found, winner := Preference{Now: t.votes[yes], Before: t.votes[no], Neither: t.votes[neither], Spent: t.spent}, neither
	if found.Now > found.Before {
		winner = yes
	} else if found.Before > found.Now {
		winner = no
	}
	found.Reason = t.reason(winner)
	return found, nil
}

// choose asks once, and gives the kind of the option that was chosen.
func (p *Panel) choose(ctx context.Context, task, data string, options []string, kinds []int, draw int) (opinion, error) {
	chosen, reason, spent, err := p.config.Voter.Choose(ctx, task, data, options, draw)
	o := opinion{kind: neither, reason: reason, spent: Spent{Calls: 1, Usage: spent}}
	if err == nil && chosen >= 0 && chosen < len(kinds) {
		o.kind = kinds[chosen]
	}
	return o, err
}

// field is a text with its name.
type field struct{ name, text string }

// written is what is judged, as one JSON object without personal data. What is found in one text
// is masked in all of them, also in those before it.
func written(language string, earlier []string, question string, more ...field) (string, error) {
	vault := pii.NewVault(nil)
	for _, text := range earlier {
		vault.Mask(text)
	}
	vault.Mask(question)
	for _, f := range more {
		vault.Mask(f.text)
	}
	data := map[string]any{"customer_message": vault.Mask(question)}
	if language != "" {
		data["customer_language"] = language
	}
	if len(earlier) > 0 {
		before := make([]string, 0, len(earlier))
		for _, text := range earlier {
			before = append(before, vault.Mask(text))
		}
		data["conversation_before"] = before
	}
	for _, f := range more {
		data[f.name] = vault.Mask(f.text)
	}
	text, err := json.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("judge: %w", err) // unreachable: texts have a JSON form
	}
	return string(text), nil
}
