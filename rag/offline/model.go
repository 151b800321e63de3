package offline

import (
	"context"
	"fmt"
	"strings"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
)

// Model is a rag.Model that answers by rules: greetings, orders from templates,
// and sentences of the passages. What it can't answer goes to a person.
type Model struct {
	concepts concepts
}

var _ rag.Model = (*Model)(nil)

// NewModel returns the offline model. It has nothing to set.
func NewModel() *Model { return &Model{concepts: newConcepts()} }

// Name carries the version of the rules.
func (m *Model) Name() string { return "offline-extractive-v7" }

var _ rag.Lexical = (*Model)(nil)

// Words are those of a shop's business that the model knows.
func (m *Model) Words(locale string) []string {
	var list []string
	for _, row := range conceptWords {
		list = append(list, strings.Fields(inLanguage(knowledge.Language(locale), row.es, row.en))...)
	}
	return list
}

// Complete drafts an answer from the parts of the request; it does not read the
// prompt. The only error is that of ctx, which wraps rag.ErrModel.
func (m *Model) Complete(ctx context.Context, r rag.Request) (rag.Response, error) {
	if err := ctx.Err(); err != nil {
		return rag.Response{}, fmt.Errorf("%w: %w", rag.ErrModel, err)
	}
	draft := m.draft(r)
	draft.Locale = r.Locale
	return rag.Response{Draft: draft, Model: m.Name()}, nil
}

func (m *Model) draft(r rag.Request) rag.Draft {
	if len(r.Parts) > 1 {
		return m.several(r)
	}
	return m.one(r)
}

// one answers a single question.
func (m *Model) one(r rag.Request) rag.Draft {
	r = withAskedDetail(r)
	folded := fold(r.Question)
	if text, ok := smallTalk(r.Question, r.Locale); ok {
		return rag.Draft{Answer: text, SmallTalk: true}
	}
	if draft, ok := m.wish(r); ok {
		return draft
	}
	if draft, ok := m.aboutCharge(folded, r); ok {
		return draft
	}
	if m.aboutOrder(folded, r) {
		return m.orderDraft(folded, r)
	}
	return m.extract(r)
}

// abstain asks for a person and says what was missing, for the agent.
func abstain(missing string) rag.Draft { return rag.Draft{NeedsHuman: true, Missing: missing} }
