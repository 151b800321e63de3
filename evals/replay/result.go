package replay

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/recado/recado/evals/stats"
	"github.com/recado/recado/gateway"
)

// Result is what a run found.
type Result struct {
	Candidate string   `json:"candidate"`
	Changes   []string `json:"changes,omitempty"`
	// Fingerprint is the candidate's, and Today that of the configuration in use.
	Fingerprint string    `json:"fingerprint"`
	Today       string    `json:"today"`
	Since       time.Time `json:"since"`
	Until       time.Time `json:"until"`
	Everybody   bool      `json:"everybody,omitempty"`
	// Conversations were taken; Unasked were left out because their customers have not
	// agreed, Withheld because they objected or want their data deleted.
	Conversations int `json:"conversations"`
	Unasked       int `json:"unasked"`
	Withheld      int `json:"withheld"`
	// Skipped counts turns that can't be taken again, by why.
	Skipped map[string]int `json:"skipped,omitempty"`
	// Outages counts turns that a provider of the candidate failed, OutagesThen those that
	// failed then; neither is judged.
	Outages     int `json:"outages"`
	OutagesThen int `json:"outages_then"`
	// Exact and After count the turns before and after the first change of their
	// conversation, and Inexact those of both of which a passage is lost.
	Exact   int `json:"exact"`
	After   int `json:"after"`
	Inexact int `json:"inexact"`
	// Counts are the turns by how they changed: the exact ones, and those after a change.
	Counts      map[Kind]int `json:"counts"`
	CountsAfter map[Kind]int `json:"counts_after,omitempty"`
	// Made counts the turns by what made them.
	Made []Made `json:"made"`
	// Gate says whether the candidate was shown not to be worse; see Judge.
	Gate *Gate `json:"gate,omitempty"`
	// Turns are all that were taken, in the order of their conversations. Texts stand where
	// something changed.
	Turns []Turn `json:"turns"`
}

// Made is what made turns, and how many.
type Made struct {
	Config      string `json:"config"`
	Model       string `json:"model"`
	Calibration string `json:"calibration"`
	Turns       int    `json:"turns"`
	// Today tells that the configuration in use is that one.
	Today bool `json:"today"`
}

// sum counts.
func (r *Result) sum() {
	r.Counts, r.CountsAfter = map[Kind]int{}, map[Kind]int{}
	made := map[Made]int{}
	for _, t := range r.Turns {
		counts := r.Counts
		if t.After {
			counts = r.CountsAfter
			r.After++
		} else {
			r.Exact++
		}
		counts[t.Kind]++
		if t.Inexact {
			r.Inexact++
		}
		made[Made{Config: t.Was.Config, Model: t.Was.Model, Calibration: t.Was.Calibration, Today: t.Was.Config == r.Today}]++
	}
	for m, n := range made {
		m.Turns = n
		r.Made = append(r.Made, m)
	}
	slices.SortFunc(r.Made, func(a, b Made) int {
		return cmp.Or(cmp.Compare(b.Turns, a.Turns), cmp.Compare(a.Config, b.Config), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Calibration, b.Calibration))
	})
}

// Verdict is what a gate says.
type Verdict string

// The verdicts.
const (
	// SameAsNow: the candidate is the configuration that made the turns, and nothing came
	// out differently.
	SameAsNow Verdict = "same"
	// NotWorse: it was shown that it is worse by less than the margins.
	NotWorse Verdict = "not_worse"
	// Undecided: neither that nor the opposite was shown.
	Undecided Verdict = "undecided"
	// Worse: it was shown that it is worse by more than a margin.
	Worse Verdict = "worse"
	// Unjudged: there were no turns to judge, or a provider was away.
	Unjudged Verdict = "unjudged"
)

// Passes tells whether the candidate may go on.
func (v Verdict) Passes() bool { return v == SameAsNow || v == NotWorse }

// Margins are by how much each share may fall.
type Margins struct {
	// Answered is for the share of turns that the bot answers.
	Answered float64 `json:"answered"`
	// Held is for the share of turns in which the customer is told nothing that nobody has
	// seen to be right: no other facts, no other action, no new answer.
	Held float64 `json:"held"`
}

// Gate compares the exact turns, clustered by conversation.
type Gate struct {
	Margins Margins `json:"margins"`
	Verdict Verdict `json:"verdict"`
	// Answered and Held are the differences of both shares, candidate less record. Where
	// people said that the answer of then was wrong, it does not count as held before, so
	// that changing it costs nothing; a draft that they found right and that goes out now as
	// it was is held; and to answer what they said needed a person is no answer gained.
	Answered Share `json:"answered"`
	Held     Share `json:"held"`
	// AnsweredOK and HeldOK tell which margins were shown to be kept.
	AnsweredOK bool `json:"answered_ok"`
	HeldOK     bool `json:"held_ok"`
	// More is how many more conversations like these would show it, 0 when no number would or
	// none is needed; MoreThan tells that it takes more than that.
	More     int  `json:"more,omitempty"`
	MoreThan bool `json:"more_than,omitempty"`
}

// Share is by how much a share changed, candidate less record, with its 95 % interval over
// conversations.
type Share struct {
	stats.Estimate
	Base float64 `json:"base"`
	New  float64 `json:"new"`
}

// NotWorse tells whether the share fell by less than the margin: not inferior at 2.5 %,
// one-sided, as stats.Difference.NotWorse.
func (s Share) NotWorse(margin float64) bool { return s.N > 0 && s.Low > -margin }

// pairs are the turns of one share: those that lost it and those that gained it. What is
// kept or not had by both is neither.
type pairs struct {
	lost, gained []stats.Row
	was, now     int
}

func (p *pairs) add(group string, was, now bool) {
	row := func(yes bool) stats.Row { return stats.Row{Group: group, Top: one(yes), Bottom: 1} }
	p.lost, p.gained = append(p.lost, row(was && !now)), append(p.gained, row(!was && now))
	p.was, p.now = p.was+int(one(was)), p.now+int(one(now))
}

// share is the difference. Changes are rare and go one way mostly, where Student's interval
// of the differences passes what is worse twice as often as it says. So the interval joins
// those of Wilson of both kinds of changes (Zou and Donner, "Construction of confidence
// limits about effect measures", 2008), clustered by conversation.
func (p pairs) share() (s Share) {
	lost, ok := stats.Proportion(p.lost)
	gained, _ := stats.Proportion(p.gained)
	if !ok {
		return s
	}
	all := float64(len(p.lost))
	s.Base, s.New, s.N = float64(p.was)/all, float64(p.now)/all, lost.N
	s.Value = gained.Value - lost.Value
	s.Low = s.Value - math.Hypot(gained.Value-gained.Low, lost.High-lost.Value)
	s.High = s.Value + math.Hypot(gained.High-gained.Value, lost.Value-lost.Low)
	return s
}

// Judge holds the exact turns against margins.
func (r *Result) Judge(m Margins) {
	g := &Gate{Margins: m, Verdict: Unjudged}
	r.Gate = g
	var answered, held pairs
	for _, t := range r.Turns {
		if t.After {
			continue
		}
		was, now := t.answered()
		answered.add(t.Conversation, was, now)
		was, now = t.held()
		held.add(t.Conversation, was, now)
	}
	if len(answered.lost) == 0 || r.Outages > 0 {
		return
	}
	g.Answered, g.Held = answered.share(), held.share()
	g.AnsweredOK, g.HeldOK = g.Answered.NotWorse(m.Answered), g.Held.NotWorse(m.Held)
	switch {
	case r.untouched():
		g.Verdict = SameAsNow
	case g.AnsweredOK && g.HeldOK:
		g.Verdict = NotWorse
	case g.Answered.High < -m.Answered || g.Held.High < -m.Held:
		g.Verdict = Worse
	default:
		g.Verdict = Undecided
		g.more(answered, held)
	}
}

// untouched tells whether the candidate is what made the turns, and did nothing else.
func (r *Result) untouched() bool {
	others := slices.ContainsFunc(r.Made, func(m Made) bool { return m.Config != r.Fingerprint })
	return !others && r.Counts[Same] == len(r.Turns)
}

func answers(s Side) bool {
	return slices.Contains([]gateway.DecisionKind{gateway.DecideReply, gateway.DecidePropose, gateway.DecideNotify}, s.Decision)
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// mostTimes is up to how many times the conversations that there are more of them are
// looked for.
const mostTimes = 64

// more finds how many conversations would show it if others went as these did.
func (g *Gate) more(answered, held pairs) {
	n := g.Answered.N
	shown := func(times int) bool {
		return answered.times(times).share().NotWorse(g.Margins.Answered) && held.times(times).share().NotWorse(g.Margins.Held)
	}
	// A share that fell by the margin or more stays so with any number.
	if g.Answered.Value <= -g.Margins.Answered || g.Held.Value <= -g.Margins.Held {
		return
	}
	low, high := 1, 2
	for high <= mostTimes && !shown(high) {
		low, high = high, 2*high
	}
	if high > mostTimes {
		g.More, g.MoreThan = n*(mostTimes-1), true
		return
	}
	for high-low > 1 {
		if middle := (low + high) / 2; shown(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	g.More = n * (high - 1)
}

// times repeats the turns as those of so many other conversations.
func (p pairs) times(n int) (more pairs) {
	for i := range n {
		for k := range p.lost {
			lost, gained := p.lost[k], p.gained[k]
			lost.Group = strconv.Itoa(i) + " " + lost.Group
			gained.Group = lost.Group
			more.lost, more.gained = append(more.lost, lost), append(more.gained, gained)
		}
	}
	more.was, more.now = n*p.was, n*p.now
	return more
}
