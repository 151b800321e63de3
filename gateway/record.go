package gateway

import (
	"slices"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/pii"
)

// record writes the decision record of a turn that is about to be committed. It is the
// same for a turn that comes to nothing: what was known until then stands in it.
func record(c *Claim, after Conversation, s Situation, d Decision) Record {
	a := s.Answer
	r := Record{
		ConversationID: after.ID, At: s.At, Attempt: c.Attempt, Outcome: OutcomeCommitted,
		Decision: d, Messages: s.masked(after.Language), Language: after.Language,
		Query: a.Query, Slips: a.Slips, Parts: a.Parts, Candidates: a.Candidates, Passages: a.Passages,
		Orders: a.Orders, Receipts: a.Receipts, Draft: a.Draft, AskBack: a.AskBack, Repaired: a.Repaired,
		Sentences: a.Sentences, Checks: a.Checks, OffTopic: a.OffTopic, Masked: a.Masked,
		Confidence: a.Confidence, Threshold: a.Threshold, Clarify: a.Clarify,
		Features: a.Features, Calibration: a.Calibration, Promise: a.Promise, Suggest: a.Suggest, Stale: a.Stale,
		Model: a.Model, Usage: a.Usage, Stages: a.Stages, Error: failure(s.AnswerErr),
	}
	r.Proposal, r.Refusal = s.considered()
	for _, e := range c.Events {
		r.EventKeys = append(r.EventKeys, keyHash(e.Key))
	}
	if s.AnswerErr == nil && s.Answer.Query != "" && !maskedSecret(s.Answer.Masked) {
		return r // what was asked holds no secret, and so what came of it holds none
	}
	return r.withoutSecrets()
}

// maskedSecret tells whether a card, a password or a code is among what no model saw.
func maskedSecret(masked map[string]int) bool {
	return slices.ContainsFunc(secretKinds, func(kind pii.Kind) bool { return masked[string(kind)] > 0 })
}

// considered are the write that a turn was about, and why it is not possible. Both are
// nil for a turn about none.
func (s Situation) considered() (*rag.Proposal, *rag.Refusal) {
	wanted, w := s.wanted(), s.wish()
	heeded := s.Memory.Pending != nil && (w == wishYes || w == wishCode)
	if s.Answer.Proposal == nil && s.Answer.Refusal == nil && !heeded {
		return nil, nil
	}
	if v := s.verdict(); s.Answer.Refusal != nil || !v.OK && v.Rule != "" {
		return nil, &rag.Refusal{Call: wanted.Call, Verdict: v}
	}
	return &wanted, nil
}

// withoutSecrets masks the cards, passwords and codes that the texts of a record repeat. A
// draft has one only where the customer wrote it, so what was made of a draft without one
// is not looked through.
func (r Record) withoutSecrets() Record {
	vault := pii.NewVault(func(span pii.Span) bool { return !isSecret(span) })
	r.Query = vault.Mask(r.Query)
	r.Parts = slices.Clone(r.Parts)
	for i := range r.Parts {
		r.Parts[i].Text = vault.Mask(r.Parts[i].Text)
	}
	answer := vault.Mask(r.Draft.Answer)
	r.AskBack, r.Draft.AskBack, r.Draft.Missing = vault.Mask(r.AskBack), vault.Mask(r.Draft.AskBack), vault.Mask(r.Draft.Missing)
	r.Draft.Actions, r.Proposal, r.Refusal = maskedCalls(vault, r.Draft.Actions), maskedProposal(vault, r.Proposal), maskedRefusal(vault, r.Refusal)
	if answer == r.Draft.Answer {
		return r
	}
	r.Draft.Answer = answer
	r.Sentences, r.Checks = slices.Clone(r.Sentences), slices.Clone(r.Checks)
	for i, sentence := range r.Sentences {
		r.Sentences[i].Text, r.Sentences[i].Detail = vault.Mask(sentence.Text), vault.Mask(sentence.Detail)
	}
	for i := range r.Checks {
		r.Checks[i].Detail = vault.Mask(r.Checks[i].Detail)
	}
	return r
}

func maskedCalls(vault *pii.Vault, calls []action.Call) []action.Call {
	calls = slices.Clone(calls)
	for i, c := range calls {
		calls[i].Reason, calls[i].Address = vault.Mask(c.Reason), vault.Mask(c.Address)
	}
	return calls
}

func maskedProposal(vault *pii.Vault, p *rag.Proposal) *rag.Proposal {
	if p == nil {
		return nil
	}
	own := *p
	own.Call, own.Summary = maskedCalls(vault, []action.Call{p.Call})[0], vault.Mask(p.Summary)
	return &own
}

func maskedRefusal(vault *pii.Vault, r *rag.Refusal) *rag.Refusal {
	if r == nil {
		return nil
	}
	own := *r
	own.Call = maskedCalls(vault, []action.Call{r.Call})[0]
	return &own
}

// failure names an error in plain words: what went wrong belongs into the
// record, the error's own text may quote what the customer wrote.
func failure(err error) string {
	switch {
	case err == nil:
		return ""
	case errorReason(err) == ReasonModelError:
		return "the language model gave no usable answer"
	case errorReason(err) == ReasonKnowledge:
		return "the knowledge index could not be read"
	}
	return "an internal error"
}
