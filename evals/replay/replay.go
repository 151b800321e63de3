// Package replay tries a change of the shop's assistant on real conversations: each past
// turn is taken again by a candidate, with the orders and the passages of then, and beside
// it stands what the record says that the customer got. It lists what would have been
// different, the riskiest first, and says whether the candidate was shown not to be worse.
//
// A turn is exact as long as nothing before it came out differently: up to then the
// customer wrote what they wrote because of what they really read. The turns after that are
// taken all the same, with the history of then, and counted apart.
package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

// Config is what a run is made of. Store and Answer are required.
type Config struct {
	Store Store
	// Since and Until bound the turns that are taken again; those before them in the same
	// conversations only lead up to them. A zero Until is now.
	Since, Until time.Time
	// Everybody takes conversations of all who did not object. Without it, only those who
	// agreed count.
	Everybody bool
	// Answer is the candidate.
	Answer func(ctx context.Context, was gateway.Record, q rag.Question) (rag.Answer, error)
	// Fingerprint is the candidate's, and Today that of the configuration in use.
	Fingerprint, Today string
	// Writable tells whether the shop's system can be told to do something. It is taken to
	// be so as well when a past turn proposed a change or refused one.
	Writable bool
	// Labels are what people said of past turns, by the turn's id. Of a turn that is not in
	// it, what an audit in the store says counts.
	Labels map[string]Label
	// Session is told which conversation is taken next, for a recording of what providers
	// answer, or is nil.
	Session func(ctx context.Context, name string) context.Context
	// Gone counts the candidates of a record whose text is lost, or is nil.
	Gone func(ctx context.Context, was gateway.Record) (int, error)
	// Limit is the most conversations, the latest ones; 0 means all.
	Limit int
	// Parallel is how many conversations are taken at a time; 0 means 1.
	Parallel int
	// Progress is told how many of the conversations are done, by several goroutines, or is
	// nil.
	Progress func(done, all int)
}

// Store is what a run reads.
type Store interface {
	gateway.PastStore
	Audits(ctx context.Context, done bool, p gateway.Page) (list []gateway.Audit, next string, err error)
}

// Turn is a past turn beside what the candidate made of it. All texts are masked.
type Turn struct {
	// Conversation is a short name that leads to it for whoever has the store.
	Conversation string    `json:"conversation"`
	Number       int       `json:"turn"`
	At           time.Time `json:"at"`
	Language     string    `json:"language,omitempty"`
	Kind         Kind      `json:"change,omitempty"`
	// After tells that something before it came out differently, so that the customer might
	// have written something else.
	After bool `json:"after_a_change,omitempty"`
	// Inexact tells that a part of what was found then is not there any more.
	Inexact bool `json:"inexact,omitempty"`
	// Label is what people said of the draft of then, sent or not: "right", "wrong", or
	// empty. Handoff is whether they said that a person was "needed", or called "early" or
	// "late".
	Label   string `json:"label,omitempty"`
	Handoff string `json:"handoff,omitempty"`
	// Seen tells that the customer would be told what people found right then.
	Seen     bool   `json:"seen,omitempty"`
	Question string `json:"question,omitempty"`
	Was      Side   `json:"was"`
	Now      Side   `json:"now"`
}

// Side is one of the two outcomes of a turn.
type Side struct {
	Decision   gateway.DecisionKind `json:"decision"`
	Rule       string               `json:"rule"`
	Reason     gateway.Reason       `json:"reason,omitempty"`
	Reply      string               `json:"reply,omitempty"`
	Passages   []string             `json:"passages,omitempty"`
	Confidence float64              `json:"confidence"`
	Threshold  float64              `json:"threshold"`
	Model      string               `json:"model,omitempty"`
	// Calibration and Config are those that made it.
	Calibration string `json:"calibration,omitempty"`
	Config      string `json:"config,omitempty"`
	// Record is the whole decision record, masked, of a turn that came out differently.
	Record json.RawMessage `json:"record,omitempty"`
}

// Errors that tell what there is to do, of which callers write more.
var (
	// ErrNobody says that there are conversations and nobody agreed.
	ErrNobody = errors.New("nobody has agreed to it")
	// ErrNothing says that there are no conversations in that time.
	ErrNothing = errors.New("there are no turns in that time")
	// ErrAway says that the candidate's providers gave no answer to anything.
	ErrAway = errors.New("a provider was away")
)

// run is a run under way.
type run struct {
	Config
	audits map[string]Label
	result Result
}

// Run takes the turns again and sums up what changed.
func Run(ctx context.Context, c Config) (Result, error) {
	if c.Store == nil || c.Answer == nil {
		return Result{}, errors.New("replay: a run needs a store and an answer")
	}
	if c.Until.IsZero() {
		c.Until = time.Now()
	}
	r := &run{Config: c, result: Result{Since: c.Since, Until: c.Until, Everybody: c.Everybody, Fingerprint: c.Fingerprint, Today: c.Today}}
	past, err := r.read(ctx)
	if err != nil {
		return r.result, err
	}
	r.Writable = r.Writable || slices.ContainsFunc(past, writes)
	if r.audits, err = audits(ctx, c.Store); err != nil {
		return r.result, err
	}
	if err := r.takeAll(ctx, past); err != nil {
		return r.result, err
	}
	r.result.sum()
	if r.result.Outages > 0 && len(r.result.Turns) == 0 {
		return r.result, ErrAway
	}
	return r.result, nil
}

// writes tells whether the shop's system could be told to do something then.
func writes(p gateway.Past) bool {
	return slices.ContainsFunc(p.Turns, func(r gateway.Record) bool { return r.Proposal != nil || r.Refusal != nil })
}

// read gives the conversations that count, and counts the others.
func (r *run) read(ctx context.Context) (list []gateway.Past, err error) {
	seen := map[string]bool{}
	for p := (gateway.Page{Limit: 200}); ; {
		some, next, err := r.Store.Past(ctx, r.Since, p)
		if err != nil {
			return nil, fmt.Errorf("read past conversations: %w", err)
		}
		for _, c := range some {
			if seen[c.ID] || c.CreatedAt.After(r.Until) {
				continue
			}
			seen[c.ID] = true
			if err := r.take(ctx, c, &list); err != nil {
				return nil, err
			}
		}
		if p.After = next; next == "" {
			break
		}
	}
	switch {
	case len(list) > 0:
	case r.result.Withheld+r.result.Unasked > 0:
		return nil, ErrNobody
	default:
		return nil, ErrNothing
	}
	if r.Limit > 0 && len(list) > r.Limit {
		list = list[len(list)-r.Limit:] // they come by their latest change
	}
	return list, nil
}

// take reads a conversation if it may be used and has a turn in the time. Of others no
// text is kept.
func (r *run) take(ctx context.Context, c gateway.PastConversation, list *[]gateway.Past) error {
	p, err := gateway.ReadPast(ctx, r.Store, c)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(p.Turns, r.inTime) {
		return nil
	}
	switch {
	case p.Objected():
		r.result.Withheld++
	case c.Agreement.Consent != gateway.ConsentGiven && !r.Everybody:
		r.result.Unasked++
	default:
		*list = append(*list, p)
	}
	return nil
}

func (r *run) inTime(t gateway.Record) bool {
	return !t.At.Before(r.Since) && t.At.Before(r.Until) && len(t.EventKeys) > 0
}

// label is what people said of a turn.
func (r *run) label(turn string) Label {
	if l, said := r.Labels[turn]; said {
		return l
	}
	return r.audits[turn]
}

// audits are what people said of answers that were picked for a look, by turn.
func audits(ctx context.Context, s Store) (map[string]Label, error) {
	all := map[string]Label{}
	for p := (gateway.Page{Limit: 200}); ; {
		list, next, err := s.Audits(ctx, true, p)
		if err != nil {
			return nil, fmt.Errorf("read what people said of answers: %w", err)
		}
		for _, a := range list {
			if all[a.TurnID] = (Label{Answer: gateway.VerdictWrong}); a.Right {
				all[a.TurnID] = Label{Answer: gateway.VerdictRight}
			}
		}
		if p.After = next; next == "" {
			return all, nil
		}
	}
}

// taken is what came of a conversation.
type taken struct {
	turns                []Turn
	skipped              map[string]int
	outages, outagesThen int
}

// mostOutages is after how many conversations in a row with nothing but outages a run ends:
// the rest would cost time and say nothing.
const mostOutages = 3

// takeAll takes several conversations at a time, and keeps what comes of them in their
// order.
func (r *run) takeAll(ctx context.Context, past []gateway.Past) error {
	all := make([]taken, len(past))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(max(r.Parallel, 1))
	var done atomic.Int64
	for i, p := range past {
		group.Go(func() (err error) {
			all[i], err = r.conversation(within, p)
			if n := done.Add(1); r.Progress != nil {
				r.Progress(int(n), len(past))
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	r.result.Conversations, r.result.Skipped = len(past), map[string]int{}
	for _, one := range all {
		r.result.Turns = append(r.result.Turns, one.turns...)
		r.result.Outages += one.outages
		r.result.OutagesThen += one.outagesThen
		for why, n := range one.skipped {
			r.result.Skipped[why] += n
		}
	}
	return nil
}

// conversation takes the turns of one, from the first on.
func (r *run) conversation(ctx context.Context, p gateway.Past) (out taken, err error) {
	again, err := gateway.NewReplay(gateway.ReplayConfig{Answer: r.answer, Fingerprint: r.Fingerprint, Writable: r.Writable}, p)
	if err != nil {
		return out, err
	}
	if r.Session != nil {
		ctx = r.Session(ctx, "conversation "+short(p.ID))
	}
	m, after := maskOf(p), false
	out.skipped = map[string]int{}
	for number := 1; ; number++ {
		one, more := again.Next(ctx)
		switch {
		case !more:
			return out, nil
		case ctx.Err() != nil:
			return out, ctx.Err()
		case !r.inTime(one.Was):
			continue
		case one.Skipped != "":
			out.skipped[one.Skipped]++
			continue
		case one.Was.Decision.Rule == "human_owns" && one.Now.Decision == one.Was.Decision:
			out.skipped["a person had the conversation"]++
			continue
		case away(one.Was):
			out.outagesThen++
			continue
		case away(one.Now):
			out.outages++
			if out.outages >= mostOutages && len(out.turns) == 0 {
				return out, ErrAway
			}
			continue
		}
		t, err := r.turn(ctx, m, one)
		if err != nil {
			return out, err
		}
		t.Number, t.After = number, after
		after = after || t.Kind.Visible()
		out.turns = append(out.turns, t)
	}
}

// answer asks the candidate with the record at hand.
func (r *run) answer(ctx context.Context, was gateway.Record, q rag.Question) (rag.Answer, error) {
	return r.Answer(Around(ctx, was), was, q)
}

// away tells whether a turn failed because of a provider, which says nothing of whoever
// would have answered.
func away(r gateway.Record) bool {
	return r.Decision.Rule == "answer_error" && (r.Decision.Reason == gateway.ReasonModelError || r.Decision.Reason == gateway.ReasonKnowledge)
}

// turn writes a turn down, masked.
func (r *run) turn(ctx context.Context, m mask, one gateway.Replayed) (t Turn, err error) {
	said := r.label(one.Was.ID)
	t = Turn{
		Conversation: short(one.Was.ConversationID), At: one.Was.At.UTC(), Language: one.Was.Language, Kind: KindOf(one),
		Label: string(said.Answer), Handoff: string(said.Handoff), Was: side(m, one.Was), Now: side(m, one.Now),
	}
	t.Seen = t.Kind == AnswersNow && seen(said, one)
	if t.Kind != Same {
		t.Question = m.text(strings.Join(one.Was.Messages, "\n"))
		if t.Was.Record, err = m.record(one.Was); err != nil {
			return t, err
		}
		if t.Now.Record, err = m.record(one.Now); err != nil {
			return t, err
		}
	} else {
		t.Was.Reply, t.Now.Reply = "", ""
	}
	if r.Gone != nil {
		n, err := r.Gone(ctx, one.Was)
		if err != nil {
			return t, fmt.Errorf("look for what was found then: %w", err)
		}
		t.Inexact = n > 0
	}
	return t, nil
}

func side(m mask, r gateway.Record) Side {
	s := Side{
		Decision: r.Decision.Kind, Rule: r.Decision.Rule, Reason: r.Decision.Reason, Reply: m.text(r.Reply),
		Confidence: r.Confidence, Threshold: r.Threshold, Model: r.Model, Calibration: r.Calibration, Config: r.Config,
	}
	for _, p := range r.Cited() {
		s.Passages = append(s.Passages, p.ID)
	}
	return s
}
