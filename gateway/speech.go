package gateway

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/guard"
	"github.com/recado/recado/rag/pii"
)

// speech is all that the words of a turn depend on.
type speech struct {
	// c is the state after the turn.
	c       Conversation
	s       Situation
	d       Decision
	history []MessageView
	handoff *Handoff
}

// spokenWords is what the customer is told.
type spokenWords struct {
	text    string
	content *Content
	// warned is true when it asks not to send secrets.
	warned bool
}

// said puts together what the customer is told: the words of the decision, before them
// who speaks and what else is to be confirmed, and behind them what they should know.
func (p speech) said() spokenWords {
	out := spokenWords{text: p.words(), content: p.buttons()}
	if out.text == "" {
		return spokenWords{}
	}
	if p.d.Rule != ruleStop && p.s.Burst.says(guard.ControlStop) {
		out.text = stopText(p.c.Language) + "\n\n" + out.text
	}
	if again := p.stillOpen(); again != "" && utf8.RuneCountInString(out.text+again) <= maxBeside {
		out.text, out.content = out.text+"\n\n"+again, proposalButtons(p.c.Language, p.c.Memory.Pending.ID)
	}
	if p.s.sendsSecret() && !p.c.Memory.WarnedSecret {
		out.text, out.warned = out.text+"\n\n"+secretText(p.c.Language), true
	}
	if firstWords(p.history) && p.d.Rule != ruleWho {
		out.text = disclosure(p.c.Language) + "\n\n" + out.text
	}
	return out
}

// maxBeside is the longest text below which an open proposal is put once more: buttons
// take less text than a message without.
const maxBeside = 700

// words are the words of the decision alone.
func (p speech) words() string {
	switch p.d.Kind {
	case DecideHandoff:
		if p.d.Reason == ReasonTakenOver {
			return ""
		}
		return p.handoffWords()
	case DecideClarify:
		return p.question()
	case DecidePropose:
		return p.proposal()
	case DecideReply:
		return p.reply()
	case DecideQuiet, DecideNotify:
	}
	return ""
}

// question asks the customer back.
func (p speech) question() string {
	switch p.d.Rule {
	case ruleAskBack:
		return p.s.Answer.AskBack
	case ruleArguments:
		return cmp.Or(p.s.Answer.AskBack, argumentsText(p.c.Language, p.s.wanted().Call, p.s.verdict().Missing))
	case ruleFileLost:
		return resendText(p.c.Language)
	}
	return fallbackText(p.c.Language)
}

// proposal says what would be done, and asks for a yes or for the code.
func (p speech) proposal() string {
	language, wanted := p.c.Language, p.s.wanted()
	sum := summary(language, wanted)
	if wanted.More {
		sum += "\n\n" + oneAtATimeText(language)
	}
	switch p.d.Rule {
	case ruleCodeNeeded:
		return codeSentText(language)
	case ruleCodeRight:
		return codeRightText(language) + "\n\n" + proposalText(language, sum)
	case ruleOrderChanged:
		return orderChangedText(language) + "\n\n" + proposalText(language, sum)
	}
	return proposalText(language, sum)
}

// reply is an answer, or what code says by itself.
func (p speech) reply() string {
	language, a := p.c.Language, p.s.Answer
	switch p.d.Rule {
	case ruleStop:
		return stopText(language)
	case ruleRepeat:
		if again := lastSaid(p.history); again != "" {
			return again
		}
		return nothingSaidText(language)
	case ruleLanguage:
		return languageText(language)
	case ruleWhichLanguage:
		return whichLanguageText(language)
	case ruleDeclined:
		return declinedText(language)
	case ruleLeftAlone:
		return leftAloneText(language)
	case ruleStaleTap:
		return staleText(language)
	case ruleCodeLate:
		return codeLateText(language)
	case ruleCodeAwaited:
		return codeAwaitedText(language)
	case ruleStillOpen:
		return proposalText(language, summary(language, p.s.Memory.Pending.Proposal))
	case ruleCodeWrong:
		return codeWrongText(language, p.s.Step.Left)
	case ruleConfirmed:
		return confirmedText(language, p.s.Memory.Pending.Proposal.Call)
	case ruleRead:
		return readText(language, p.s.wanted().Call, *p.s.Step.Read)
	case ruleRefusal:
		return ruleText(language, p.s.wanted().Call, p.s.verdict()) + " " + offerText(language)
	case ruleOffTopic:
		return offTopicText(language)
	case ruleWho:
		return whoText(language)
	}
	if len(a.Cited) == 0 {
		return a.Text
	}
	return a.Text + "\n\n" + sourceLine(language, titles(language, a.Cited))
}

func (p speech) handoffWords() string {
	text := handoffText(p.c.Language, p.d.Reason)
	switch {
	case p.d.Reason == ReasonData:
		return text + "\n" + referenceText(p.c.Language) + reference(*p.handoff)
	case p.d.Rule == ruleCodeSpent:
		return codeSpentText(p.c.Language) + " " + text
	case p.d.Rule == ruleCodeTooOften:
		return codeTooOftenText(p.c.Language) + " " + text
	case p.s.Answer.Refusal != nil && p.d.Reason == ReasonAction && p.d.Rule == ruleRefusal:
		return ruleText(p.c.Language, p.s.wanted().Call, p.s.verdict()) + " " + text
	}
	return text
}

// buttons are those below the words, or nil.
func (p speech) buttons() *Content {
	switch {
	case p.d.Kind == DecidePropose && p.d.Rule != ruleCodeNeeded, p.d.Rule == ruleStillOpen:
		return proposalButtons(p.c.Language, p.c.Memory.Pending.ID)
	case p.d.Rule == ruleWhichLanguage:
		// What the buttons say is a command of its own.
		return &Content{Kind: ContentButtons, Buttons: []Button{{"language:es", "Español"}, {"language:en", "English"}}}
	case p.d.Rule == ruleRepeat && p.c.Memory.Pending != nil && p.s.Asked && !p.c.Memory.Pending.NeedsCode:
		return proposalButtons(p.c.Language, p.c.Memory.Pending.ID)
	}
	return nil
}

func proposalButtons(language, id string) *Content {
	return &Content{Kind: ContentButtons, Buttons: []Button{
		{yesButton + id, pick(language, "Yes", "Sí")}, {noButton + id, "No"},
	}}
}

// stillOpen asks again for the yes to a proposal beside which the customer wrote
// something that had to be answered first.
func (p speech) stillOpen() string {
	pending := p.c.Memory.Pending
	if p.s.wish() != wishMore || p.d.Kind != DecideReply || pending == nil {
		return ""
	}
	return proposalText(p.c.Language, summary(p.c.Language, pending.Proposal))
}

// messages are the messages that say it: one, whenever that is possible.
func (w spokenWords) messages(c Conversation, turnID string, at time.Time) []Outgoing {
	if w.content != nil && utf8.RuneCountInString(w.text) <= MaxCaption {
		o := botMessage(c, turnID, w.text, at)
		o.Content = w.content
		return []Outgoing{o}
	}
	var list []Outgoing
	for _, bubble := range bubbles(w.text) {
		list = append(list, botMessage(c, turnID, bubble, at))
	}
	return list
}

// summary is what is going to happen, in the customer's language.
func summary(language string, p rag.Proposal) string {
	if p.Summary != "" {
		return p.Summary
	}
	return summaryText(language, p.Call)
}

// askedLast tells whether the last thing that anybody told the customer is the question
// of a proposal.
func askedLast(history []MessageView, p *Pending) bool {
	for _, m := range slices.Backward(history) {
		if p == nil || m.Direction != "out" {
			continue
		}
		if p.NeedsCode {
			return m.Author == AuthorBot && asksForCode(m.Text)
		}
		return m.Content != nil && slices.ContainsFunc(m.Content.Buttons, func(b Button) bool { return b.ID == yesButton+p.ID })
	}
	return false
}

// personLast tells whether a person told the customer something last.
func personLast(history []MessageView) bool {
	for _, m := range slices.Backward(history) {
		if m.Direction == "out" {
			return m.Author != AuthorBot
		}
	}
	return false
}

// statesOnly tells whether the bot was the last to speak to the customer, and asked nothing.
func statesOnly(history []MessageView, last string) bool {
	return last != "" && !personLast(history) && !strings.Contains(last, "?")
}

// offersPerson tells whether a text ends by telling how a person can be had, without
// asking something else before.
func offersPerson(text string) bool {
	return (strings.HasSuffix(text, "escribe «persona».") || strings.HasSuffix(text, "write “person”.")) && !strings.Contains(text, "?")
}

// lastSaid is what the bot said last, without the words on who speaks.
func lastSaid(history []MessageView) string {
	text := lastBotText(history)
	for _, language := range []string{"es", "en"} {
		text = strings.TrimPrefix(text, disclosure(language)+"\n\n")
	}
	return text
}

// secretKinds are what nobody should ever send to a shop.
var secretKinds = []pii.Kind{pii.Card, pii.Secret, pii.Code}

// isSecret tells whether a piece of personal data is one of them.
func isSecret(span pii.Span) bool { return slices.Contains(secretKinds, span.Kind) }

// sendsSecret tells whether the burst holds one, other than the code that was asked for.
func (s Situation) sendsSecret() bool {
	if w := s.wish(); w == wishCode || w == wishLate {
		return false
	}
	return slices.ContainsFunc(s.Burst.Texts, func(text string) bool { return slices.ContainsFunc(pii.Find(text), isSecret) })
}

// masked are the texts of the burst as they are kept: without secrets, and without the
// one-time code that they may be.
func (s Situation) masked(language string) []string {
	w := s.wish()
	vault := pii.NewVault(func(span pii.Span) bool { return !isSecret(span) })
	texts := slices.Clone(s.Burst.Texts)
	for i, text := range texts {
		if texts[i] = vault.Mask(text); (w == wishCode || w == wishLate) && isCode(text) {
			texts[i] = codeMask(language)
		}
	}
	return texts
}
