package gateway

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/guard"
)

// good is an answer that may be sent.
func good() rag.Answer {
	return rag.Answer{Text: "Tres años.", Confidence: .9, Threshold: .5, Draft: rag.Draft{Answer: "Tres años."}}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	asked := Burst{Texts: []string{"¿Qué garantía tiene la lámpara?"}}
	answer := func(change func(*rag.Answer)) rag.Answer {
		a := good()
		change(&a)
		return a
	}
	tests := []struct {
		name string
		s    Situation
		want Decision
	}{
		{"sure enough", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: good()}, Decision{DecideReply, "", "confidence"}},
		{"queued", Situation{Mode: ModeQueued, Burst: asked, WindowOpen: true, Answer: good()}, Decision{DecideQuiet, "", "human_owns"}},
		{"with an agent", Situation{Mode: ModeAgent, Burst: asked, WindowOpen: true, Answer: good()}, Decision{DecideQuiet, "", "human_owns"}},
		{"echo", Situation{Mode: ModeBot, Burst: Burst{Texts: asked.Texts, Echo: true}, WindowOpen: true, Answer: good()}, Decision{DecideHandoff, ReasonTakenOver, "echo"}},
		{"window over", Situation{Mode: ModeBot, Burst: asked, Answer: good()}, Decision{DecideHandoff, ReasonWindow, "service_window"}},
		{"too many tries", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Attempt: maxAttempts + 1, Answer: good()}, Decision{DecideHandoff, ReasonInternal, "attempts"}},
		{"last try", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Attempt: maxAttempts, Answer: good()}, Decision{DecideReply, "", "confidence"}},
		{"reaction", Situation{Mode: ModeBot, Burst: Burst{Reactions: 2}, WindowOpen: true}, Decision{DecideQuiet, "", "reaction"}},
		{"voice note", Situation{Mode: ModeBot, Burst: Burst{Unreadable: 1}, WindowOpen: true}, Decision{DecideClarify, "", "unreadable"}},
		{"another one", Situation{Mode: ModeBot, Burst: Burst{Unreadable: 1}, Fallbacks: 1, WindowOpen: true}, Decision{DecideHandoff, ReasonUnreadable, "unreadable_again"}},
		{"photo with words", Situation{Mode: ModeBot, Burst: Burst{Texts: asked.Texts, Unreadable: 1}, WindowOpen: true, Answer: good()}, Decision{DecideReply, "", "confidence"}},
		{"asks for a person", Situation{Mode: ModeBot, Burst: Burst{Texts: []string{"quiero hablar con una persona"}}, WindowOpen: true, Answer: good()}, Decision{DecideHandoff, ReasonAskedForHuman, "triage"}},
		{"lawyer, model down", Situation{Mode: ModeBot, Burst: Burst{Texts: []string{"my lawyer will call you"}}, WindowOpen: true, AnswerErr: rag.ErrModel}, Decision{DecideHandoff, ReasonLegal, "triage"}},
		{"model down", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, AnswerErr: fmt.Errorf("x: %w", rag.ErrModel)}, Decision{DecideHandoff, ReasonModelError, "answer_error"}},
		{"index down", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, AnswerErr: fmt.Errorf("x: %w", rag.ErrRetrieval)}, Decision{DecideHandoff, ReasonKnowledge, "answer_error"}},
		{"anything else", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, AnswerErr: errors.New("x")}, Decision{DecideHandoff, ReasonInternal, "answer_error"}},
		{"abstains", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) { a.Draft.NeedsHuman = true })}, Decision{DecideHandoff, ReasonNotCovered, "model_abstained"}},
		{"empty", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) { a.Text = "" })}, Decision{DecideHandoff, ReasonNotCovered, "model_abstained"}},
		{"unbacked", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) { a.Checks = []rag.Check{{Name: "numbers"}} })}, Decision{DecideHandoff, ReasonUnsupported, "checks"}},
		{"not sure", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) { a.Confidence = .49 })}, Decision{DecideHandoff, ReasonLowConfidence, "confidence"}},
		{"exactly sure enough", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) { a.Confidence = .5 })}, Decision{DecideReply, "", "confidence"}},
		{"greeting", Situation{Mode: ModeBot, Burst: Burst{Texts: []string{"hola"}}, WindowOpen: true, Answer: answer(func(a *rag.Answer) { a.Draft.SmallTalk = true; a.Confidence = 0 })}, Decision{DecideReply, "", "small_talk"}},
		{"order asked, Redis down", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) {
			a.Orders = rag.OrderFacts{Unavailable: true, Asked: []string{"#W1"}}
		})}, Decision{DecideHandoff, ReasonOrders, "orders_unavailable"}},
		{"file that nobody has seen", Situation{Mode: ModeBot, Burst: Burst{Unseen: 1}, WindowOpen: true}, Decision{DecideHandoff, ReasonMedia, "media"}},
		{"file with a caption", Situation{Mode: ModeBot, Burst: Burst{Unseen: 1, Texts: asked.Texts}, WindowOpen: true, Answer: good()}, Decision{DecideHandoff, ReasonMedia, "media"}},
		{"file with a threat below it", Situation{Mode: ModeBot, Burst: Burst{Unseen: 1, Texts: []string{"my lawyer will call you"}}, WindowOpen: true}, Decision{DecideHandoff, ReasonLegal, "triage"}},
		{"file that is lost", Situation{Mode: ModeBot, Burst: Burst{Lost: 1}, WindowOpen: true}, Decision{DecideClarify, "", "file_lost"}},
		{"lost beside a question", Situation{Mode: ModeBot, Burst: Burst{Lost: 1, Asked: 1, Texts: asked.Texts}, WindowOpen: true}, Decision{DecideHandoff, ReasonMedia, "media"}},
		{"lost again", Situation{Mode: ModeBot, Burst: Burst{Lost: 1}, Fallbacks: 1, WindowOpen: true}, Decision{DecideHandoff, ReasonMedia, "media"}},
		{"only in the phone app", Situation{Mode: ModeBot, Burst: Burst{Elsewhere: 1}, WindowOpen: true}, Decision{DecideHandoff, ReasonUnavailable, "phone_app_only"}},
		{"order asked by somebody in doubt", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) {
			a.Orders = rag.OrderFacts{Unavailable: true, Withheld: true, Asked: []string{"#W1"}}
		})}, Decision{DecideHandoff, ReasonIdentity, "identity"}},
		{"policy asked by somebody in doubt", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) {
			a.Orders = rag.OrderFacts{Unavailable: true, Withheld: true}
		})}, Decision{DecideReply, "", "confidence"}},
		{"asks back", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) { a.Confidence, a.Clarify, a.AskBack = .4, .3, "¿Qué lámpara?" })}, Decision{DecideClarify, "", ruleAskBack}},
		{"asks back without a draft", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) { a.Text, a.Confidence, a.AskBack = "", 0, "¿Qué lámpara?" })}, Decision{DecideClarify, "", ruleAskBack}},
		{"asks back once", Situation{Mode: ModeBot, Burst: asked, Clarified: true, WindowOpen: true, Answer: answer(func(a *rag.Answer) { a.Confidence, a.Clarify, a.AskBack = .4, .3, "¿Qué lámpara?" })}, Decision{DecideHandoff, ReasonLowConfidence, "confidence"}},
		{"too unsure to ask back", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) { a.Confidence, a.Clarify, a.AskBack = .2, .3, "¿Qué lámpara?" })}, Decision{DecideHandoff, ReasonLowConfidence, "confidence"}},
		{"never asks back", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) { a.Confidence, a.AskBack = .4, "¿Qué lámpara?" })}, Decision{DecideHandoff, ReasonLowConfidence, "confidence"}},
		{"sure enough not to", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) { a.Clarify, a.AskBack = .3, "¿Qué lámpara?" })}, Decision{DecideReply, "", "confidence"}},
		{"a person has to send it", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) { a.Suggest = true })}, Decision{DecideHandoff, ReasonSuggest, ruleSuggest}},
		{"a person has to ask it", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) {
			a.Suggest, a.Confidence, a.Clarify, a.AskBack = true, .4, .3, "¿Qué lámpara?"
		})}, Decision{DecideHandoff, ReasonSuggest, ruleSuggest}},
		{"a greeting while a person sends the drafts", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) { a.Suggest, a.Draft.SmallTalk = true, true })}, Decision{DecideReply, "", "small_talk"}},
		{"the weather", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: rag.Answer{OffTopic: true}}, Decision{DecideReply, "", ruleOffTopic}},
		{"the weather again", Situation{Mode: ModeBot, Burst: asked, Memory: Memory{OffTopic: 1}, WindowOpen: true, Answer: rag.Answer{OffTopic: true}}, Decision{DecideReply, "", ruleOffTopic}},
		{"the weather a third time", Situation{Mode: ModeBot, Burst: asked, Memory: Memory{OffTopic: 2}, WindowOpen: true, Answer: rag.Answer{OffTopic: true}}, Decision{DecideHandoff, ReasonOffTopic, ruleOffTopic}},
		{"asked three times", Situation{Mode: ModeBot, Burst: asked, Repeats: 3, WindowOpen: true, Answer: good()}, Decision{DecideHandoff, ReasonRepeat, ruleRepeated}},
		{"a write of somebody in doubt", Situation{Mode: ModeBot, Burst: asked, Writable: true, WindowOpen: true, Answer: answer(func(a *rag.Answer) {
			a.Orders, a.Proposal = rag.OrderFacts{Unavailable: true, Withheld: true}, &rag.Proposal{}
		})}, Decision{DecideHandoff, ReasonIdentity, "identity"}},
		{"no order asked, Redis down", Situation{Mode: ModeBot, Burst: asked, WindowOpen: true, Answer: answer(func(a *rag.Answer) {
			a.Orders = rag.OrderFacts{Unavailable: true}
		})}, Decision{DecideReply, "", "confidence"}},
	}
	for _, tt := range tests {
		if got := Decide(tt.s); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// situations draws any situation at all.
func situations() *rapid.Generator[Situation] {
	return rapid.Custom(func(t *rapid.T) Situation {
		errs := []error{nil, rag.ErrModel, rag.ErrRetrieval, errPanic}
		return Situation{
			Mode: rapid.SampledFrom([]Mode{ModeBot, ModeQueued, ModeAgent, ModeClosed}).Draw(t, "mode"),
			Burst: Burst{
				Texts: rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
					"sí", "no", "123456", "stop", "repite", "English", "idioma", "borra mis datos", "gracias", "¿Y el otro?",
				})), 0, 3).Draw(t, "texts"),
				Unreadable: rapid.IntRange(0, 2).Draw(t, "unreadable"),
				Unseen:     rapid.IntRange(0, 2).Draw(t, "unseen"),
				Asked:      rapid.IntRange(0, 1).Draw(t, "asked"),
				Lost:       rapid.IntRange(0, 1).Draw(t, "lost"),
				Elsewhere:  rapid.IntRange(0, 1).Draw(t, "elsewhere"),
				Reactions:  rapid.IntRange(0, 2).Draw(t, "reactions"),
				Echo:       rapid.Bool().Draw(t, "echo"),
			}.read(),
			Fallbacks:  rapid.IntRange(0, 3).Draw(t, "fallbacks"),
			WindowOpen: rapid.Bool().Draw(t, "window"),
			Clarified:  rapid.Bool().Draw(t, "clarified"),
			Memory:     memories().Draw(t, "memory"),
			At:         noon,
			Doubted:    rapid.Bool().Draw(t, "doubted"),
			Asked:      rapid.Bool().Draw(t, "asked"),
			Repeats:    rapid.IntRange(1, 4).Draw(t, "repeats"),
			Writable:   rapid.Bool().Draw(t, "writable"),
			Codable:    rapid.Bool().Draw(t, "codable"),
			Step:       steps().Draw(t, "step"),
			Attempt:    rapid.IntRange(1, maxAttempts+2).Draw(t, "attempt"),
			AnswerErr:  rapid.SampledFrom(errs).Draw(t, "err"),
			Answer: rag.Answer{
				Text:       rapid.SampledFrom([]string{"", "Sí."}).Draw(t, "text"),
				Confidence: rapid.Float64Range(0, 1).Draw(t, "confidence"),
				Threshold:  rapid.Float64Range(0, 1).Draw(t, "threshold"),
				Draft:      rag.Draft{NeedsHuman: rapid.Bool().Draw(t, "human"), SmallTalk: rapid.Bool().Draw(t, "small")},
				Proposal:   rapid.SampledFrom([]*rag.Proposal{nil, nil, {Summary: "Cancelar."}}).Draw(t, "proposal"),
				Refusal:    rapid.SampledFrom([]*rag.Refusal{nil, nil, {Verdict: verdicts().Draw(t, "refused")}}).Draw(t, "refusal"),
				OffTopic:   rapid.Bool().Draw(t, "off topic"),
				Suggest:    rapid.Bool().Draw(t, "suggest"),
				AskBack:    rapid.SampledFrom([]string{"", "¿Cuál?"}).Draw(t, "ask back"),
				Clarify:    rapid.Float64Range(0, 1).Draw(t, "clarify"),
				Checks:     []rag.Check{{OK: rapid.Bool().Draw(t, "check")}},
			},
		}
	})
}

func memories() *rapid.Generator[Memory] {
	return rapid.Custom(func(t *rapid.T) Memory {
		m := Memory{OffTopic: rapid.IntRange(0, 3).Draw(t, "off topic")}
		if rapid.Bool().Draw(t, "pending") {
			m.Pending = &Pending{ID: "p1", ExpiresAt: noon.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "left")) * time.Minute), NeedsCode: rapid.Bool().Draw(t, "needs code")}
		}
		if rapid.Bool().Draw(t, "code awaited") {
			m.CodeUntil = noon.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "code left")) * time.Minute)
		}
		return m
	})
}

func verdicts() *rapid.Generator[action.Verdict] {
	return rapid.Custom(func(t *rapid.T) action.Verdict {
		return action.Verdict{
			OK:   rapid.Bool().Draw(t, "ok"),
			Rule: rapid.SampledFrom([]string{"", "status", "return_days", "level", "arguments", "amount", "final", "not_found", "unavailable", "moon"}).Draw(t, "rule"),
		}
	})
}

func steps() *rapid.Generator[Step] {
	return rapid.Custom(func(t *rapid.T) Step {
		return Step{
			Verdict: verdicts().Draw(t, "verdict"), Version: rapid.SampledFrom([]string{"", "v1"}).Draw(t, "version"),
			Read: rapid.SampledFrom([]*action.Receipt{nil, {Outcome: action.Done}, {Outcome: action.Refused, Reason: "level"}}).Draw(t, "read"),
			Err:  rapid.SampledFrom([]error{nil, nil, errors.New("away")}).Draw(t, "err"), Wrong: rapid.Bool().Draw(t, "wrong"),
			Left: rapid.IntRange(0, 2).Draw(t, "left"), Code: "123456", CodeErr: rapid.SampledFrom([]error{nil, ErrTooOften, errors.New("away")}).Draw(t, "code err"),
		}
	})
}

// answered tells whether the words of a reply are the answer's.
func answered(d Decision) bool {
	return d.Kind == DecideReply && (d.Rule == ruleConfidence || d.Rule == ruleSmallTalk)
}

// TestDecideIsTotal: there is always a decision with a rule, the bot never speaks
// while a person owns the conversation, a failure is never a reply, and only a
// burst that wants nothing is met with silence.
func TestDecideIsTotal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := situations().Draw(t, "situation")
		if len(s.Burst.Texts) > 0 && rapid.Bool().Draw(t, "tap") {
			s.Burst = s.Burst.tapping(rapid.Bool().Draw(t, "yes"), rapid.SampledFrom([]string{"p0", "p1"}).Draw(t, "id"))
		}
		d := Decide(s)
		// An echo takes over from the queue, and is quiet like all that a person owns.
		human := s.Mode == ModeAgent || s.Mode == ModeQueued && !s.Burst.Echo
		switch {
		case d.Rule == "":
			t.Fatalf("no rule: %+v", d)
		case human != (d.Rule == "human_owns"):
			t.Fatalf("%+v while the mode is %s", d, s.Mode)
		case (d.Kind == DecideHandoff) != (d.Reason != ""):
			t.Fatalf("a handoff has a reason and nothing else has: %+v", d)
		case answered(d) && (s.AnswerErr != nil || s.Answer.Text == "" || s.Answer.Draft.NeedsHuman || !s.Answer.Checks[0].OK):
			t.Fatalf("a reply without a good answer: %+v", s)
		case answered(d) && !s.Answer.Draft.SmallTalk && (s.Answer.Confidence < s.Answer.Threshold || s.Answer.Suggest):
			t.Fatalf("a reply below the threshold: %+v", s)
		case d.Rule == ruleConfirmed && (s.wish() != wishYes || s.Doubted || !s.Step.Verdict.OK || s.Step.Err != nil):
			t.Fatalf("a write that nobody confirmed: %+v", s)
		case d.Kind == DecideClarify && d.Rule == ruleAskBack && s.Clarified:
			t.Fatalf("asked back twice: %+v", s)
		case d.Kind == DecideQuiet && !human && (len(s.Burst.Texts) > 0 || s.Burst.Unreadable > 0):
			t.Fatalf("silence for somebody who asked: %+v", s)
		}
	})
}

// TestComposeNeverDropsAHandoff: a handoff always leaves a packet with what was
// wanted and why, a quiet turn sends nothing, and no text is longer than the
// channel takes.
func TestComposeNeverDropsAHandoff(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := situations().Draw(t, "situation")
		s.Answer.Text = rapid.SampledFrom([]string{"", "Sí.", string(make([]rune, 5000))}).Draw(t, "long")
		c := &Claim{Conversation: Conversation{ID: "c", Mode: s.Mode, Memory: s.Memory, Language: rapid.SampledFrom([]string{"", "es", "en"}).Draw(t, "language")}, Attempt: s.Attempt}
		d := Decide(s)
		turn := compose(c, c.Conversation, s, d, time.Minute)
		switch {
		case (d.Kind == DecideHandoff) != (turn.Handoff != nil):
			t.Fatalf("decision %+v and handoff %v", d, turn.Handoff)
		case turn.Handoff != nil && (turn.Handoff.Packet.Why == "" || turn.Handoff.Packet.Wants != strings.Join(s.masked(c.Conversation.Language), "\n")):
			t.Fatalf("thin packet: %+v", turn.Handoff.Packet)
		case d.Kind == DecideQuiet && len(turn.Outgoing) > 0:
			t.Fatal("a quiet turn speaks")
		case d.Kind != DecideQuiet && d.Reason != ReasonTakenOver && s.WindowOpen && len(turn.Outgoing) != 1:
			t.Fatalf("%+v sends %d messages", d, len(turn.Outgoing))
		case !s.WindowOpen && len(turn.Outgoing) > 0:
			t.Fatal("free text outside the service window")
		}
		for _, o := range turn.Outgoing {
			if n := len([]rune(o.Text)); n == 0 || n > MaxText {
				t.Fatalf("a text of %d characters", n)
			}
		}
	})
}

// TestGuardReasonsAreOurs: the guard's values are taken over as they are.
func TestGuardReasonsAreOurs(t *testing.T) {
	t.Parallel()
	for theirs, ours := range map[guard.Reason]Reason{
		guard.ReasonAskedForHuman: ReasonAskedForHuman, guard.ReasonLegal: ReasonLegal,
		guard.ReasonSafety: ReasonSafety, guard.ReasonFraud: ReasonFraud,
	} {
		if triageReason(theirs) != ours {
			t.Errorf("%s is not %s", theirs, ours)
		}
		for _, language := range []string{"es", "en"} {
			if agentReasons(language)[ours] == "" || handoffText(language, ours) == "" {
				t.Errorf("no text for %s in %s", ours, language)
			}
		}
	}
}
