package offline

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/understand"
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
func (m *Model) Name() string { return "offline-extractive-v8" }

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
	r.Question, r.Parts = understand.Written(r.Locale, r.Question), slices.Clone(r.Parts)
	for i, part := range r.Parts {
		r.Parts[i] = understand.Written(r.Locale, part)
	}
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
	if draft, ok := forPeople(folded, r); ok {
		return draft
	}
	if m.aboutOrder(folded, r) {
		return m.orderDraft(folded, r)
	}
	return m.extract(r)
}

var (
	// wishesToComplain matches who files a complaint, which gets its number from a person.
	wishesToComplain = phrases(`(quiero|quisiera|querria|necesito|deseo|voy a|vamos a|me gustaria) (\w+ ){0,1}(poner|hacer|presentar|interponer|abrir|tramitar)(os)? (una |la |mi )?(reclamacion|queja|hoja de reclamaciones)`,
		`(want|like|need|going|wish) to (make|file|lodge|submit|raise|open) (a|an|my) (\w+ )?complaint`)
	// notMeant matches who was not understood.
	notMeant = phrases(`(no|tampoco) (es|era) (eso|esto|lo) (lo )?(que|q) (te |os |le )?(pregunto|pregunte|pregunta|preguntaba|he preguntado|digo|dije|queria)( \w+)?`, `no (me|nos) (entiendes|entendeis|entiende|has entendido|habeis entendido|estas entendiendo|has respondido|has contestado|habeis contestado|respondes|contestas)( \w+){0,3}`,
		`(that s|thats|that is|this is) not what i( m| am| was)?( \w+)? (asking|asked|ask|meant|mean|said|wanted)( \w+)?`, `you (didn t|did not|don t|do not|aren t|are not|haven t)( \w+)? (understand|understanding|understood|answer|answered|answering)( \w+){0,3}`)
	// usesCard matches who would have a card used whose number they sent.
	usesCard = regexp.MustCompile(`(?i)\[\[CARD_\d+\]\](?s:.*)\b(?:cobr\p{L}*|carg\p{L}*|pas[aáe]\p{L}*|intent\p{L}*|prueb\p{L}*|us[aáe]\p{L}*|charge|try|use|take|bill|put)\b|\b(?:cobr\p{L}*|cargad\p{L}*|carga|pasad|usad|usa|charge|try|use|bill)\b(?s:.*)\[\[CARD_\d+\]\]`)
)

// forPeople abstains from what the customer wants done and no system of the shop does.
func forPeople(folded string, r rag.Request) (rag.Draft, bool) {
	switch {
	case wishesToComplain.MatchString(folded) && !asksHow.MatchString(folded):
		return abstain("a number for the complaint, which a person gives"), true
	case notMeant.MatchString(folded):
		return abstain("what the customer means"), true
	case usesCard.MatchString(r.Question):
		return abstain("what to do with a card whose number was sent, which is never used here"), true
	}
	return rag.Draft{}, false
}

// abstain asks for a person and says what was missing, for the agent.
func abstain(missing string) rag.Draft { return rag.Draft{NeedsHuman: true, Missing: missing} }
