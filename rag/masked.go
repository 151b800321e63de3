package rag

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/pii"
)

// veil stands between one turn and all models: no text of the customer, of the
// conversation or of an order reaches one but through it. It masks with one vault, so
// that a value has the same placeholder wherever it stands, and puts the values back in
// what the model wrote.
//
// The customer's own order numbers stay, and so does what stands in the passages: the
// shop's telephone is nobody's personal data. Passages are not masked.
type veil struct {
	vault *pii.Vault
	// numbers are those of orders, without the marks in which people write them
	// differently.
	numbers []string
	// shop are the passages. Hardly any turn holds something that may be theirs.
	shop []Passage
}

func newVeil(f OrderFacts, receipts []action.Receipt) *veil {
	v := &veil{}
	v.know(f)
	for _, r := range receipts {
		v.numbers = append(v.numbers, unmarked(r.Order), unmarked(r.Reference))
	}
	v.vault = pii.NewVault(v.kept)
	return v
}

// know lets the numbers of orders stay.
func (v *veil) know(f OrderFacts) {
	for _, o := range f.Orders {
		v.numbers = append(v.numbers, unmarked(o.Number))
	}
	for _, number := range slices.Concat(f.Asked, f.NotFound) {
		v.numbers = append(v.numbers, unmarked(number))
	}
}

// keep lets the numbers and addresses of the shop stay.
func (v *veil) keep(passages []Passage) { v.shop = append(v.shop, passages...) }

// leastKept is the length from which on what stands in a passage is the shop's: less
// stands anywhere by chance.
const leastKept = 7

// kept tells whether a value is none of the customer's. The number of an order is the
// same with and without the letters before it.
func (v *veil) kept(s pii.Span) bool {
	value := unmarked(s.Text)
	if slices.ContainsFunc(v.numbers, func(n string) bool { return n == value || strings.TrimLeft(n, "abcdefghijklmnopqrstuvwxyz") == value }) {
		return value != ""
	}
	switch s.Kind {
	case pii.Phone, pii.Email, pii.URL, pii.Address, pii.IBAN:
		return len(value) >= leastKept && slices.ContainsFunc(v.shop, func(p Passage) bool {
			return strings.Contains(unmarked(p.Question+"\n"+p.Text), value)
		})
	case pii.Card, pii.ID, pii.Postcode, pii.IP, pii.Name, pii.Secret, pii.Code, pii.Birth, pii.Date:
	}
	return false
}

var marks = strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "", "/", "", "#", "", "\u00a0", "")

func unmarked(text string) string { return strings.ToLower(marks.Replace(text)) }

func (v *veil) mask(text string) string { return v.vault.Mask(text) }

// plain is a text without its personal data, for what looks for words or their meaning.
func (v *veil) plain(text string) string { return pii.Blank(v.vault.Mask(text)) }

// counts are the values that were masked, by kind, or nil.
func (v *veil) counts() map[string]int {
	var counts map[string]int
	for kind, n := range v.vault.Counts() {
		if counts == nil {
			counts = map[string]int{}
		}
		counts[string(kind)] = n
	}
	return counts
}

// request masks everything of a request that is not the shop's own.
func (v *veil) request(r Request) Request {
	r.Orders = v.orders(r.Orders)
	r.Receipts = v.receipts(r.Receipts)
	r.Question = v.mask(r.Question)
	r.Query = v.plain(r.Query)
	r.Parts, r.PartQueries = v.all(r.Parts), v.all(r.PartQueries)
	r.Objections = v.all(r.Objections)
	r.Rejected = v.mask(r.Rejected)
	r.History = slices.Clone(r.History)
	for i := range r.History {
		r.History[i].Text = v.mask(r.History[i].Text)
	}
	return r
}

func (v *veil) all(texts []string) []string {
	texts = slices.Clone(texts)
	for i := range texts {
		texts[i] = v.mask(texts[i])
	}
	return texts
}

// orders hides where an order goes and the pages that only its customer may open. Its
// notes are what somebody wrote by hand.
func (v *veil) orders(f OrderFacts) OrderFacts {
	f.Orders = slices.Clone(f.Orders)
	for i := range f.Orders {
		o := &f.Orders[i]
		o.Address = v.vault.Hide(pii.Address, o.Address)
		o.InvoiceURL = v.vault.Hide(pii.URL, o.InvoiceURL)
		o.ProofURL = v.vault.Hide(pii.URL, o.ProofURL)
		o.LastNote, o.Refund = v.mask(o.LastNote), v.mask(o.Refund)
	}
	return f
}

func (v *veil) receipts(list []action.Receipt) []action.Receipt {
	list = slices.Clone(list)
	for i := range list {
		facts := make(map[string]string, len(list[i].Facts))
		for name, fact := range list[i].Facts {
			switch name {
			case "address":
				facts[name] = v.vault.Hide(pii.Address, fact)
			case "url":
				facts[name] = v.vault.Hide(pii.URL, fact)
			default:
				facts[name] = v.mask(fact)
			}
		}
		list[i].Facts = facts
	}
	return list
}

// draft puts the values back. The text of the reply stays masked beside it, for checks
// that a name or an address must not sway.
func (v *veil) draft(d Draft) Draft {
	d.Answer, d.AskBack, d.Missing = v.vault.Restore(d.Answer), v.vault.Restore(d.AskBack), v.vault.Restore(d.Missing)
	d.Orders = slices.Clone(d.Orders)
	for i := range d.Orders {
		d.Orders[i] = v.vault.Restore(d.Orders[i])
	}
	d.Actions = slices.Clone(d.Actions)
	for i := range d.Actions {
		c := &d.Actions[i]
		c.Order, c.Address, c.Reason = v.vault.Restore(c.Order), v.vault.Restore(c.Address), v.vault.Restore(c.Reason)
		c.Items = slices.Clone(c.Items)
		for k := range c.Items {
			c.Items[k] = v.vault.Restore(c.Items[k])
		}
	}
	return d
}

// maskedModel is the pipeline's only way to a Model.
type maskedModel struct {
	model  Model
	prompt *prompt
}

// drafted is a draft with the values back in it, and its texts as the model wrote them.
type drafted struct {
	Response
	masked string
}

func (m maskedModel) name() string { return m.model.Name() }

// complete masks the request, writes the prompt from what is left, asks, and puts the
// values back.
func (m maskedModel) complete(ctx context.Context, v *veil, r Request) (drafted, error) {
	r = v.request(r)
	messages, err := m.prompt.messages(r)
	if err != nil {
		return drafted{}, fmt.Errorf("%w: write the prompt: %w", ErrModel, err)
	}
	r.Messages = messages
	response, err := m.model.Complete(ctx, r)
	switch {
	case err == nil:
	case errors.Is(err, ErrModel):
		return drafted{}, err
	default:
		return drafted{}, fmt.Errorf("%w: %w", ErrModel, err)
	}
	masked := response.Draft.Answer
	response.Draft = v.draft(response.Draft)
	return drafted{Response: response, masked: masked}, nil
}

// embedMasked is the only way of a question to an Embedder.
func embedMasked(ctx context.Context, e knowledge.Embedder, v *veil, question string) ([]float32, error) {
	vectors, err := e.Embed(ctx, []string{v.plain(question)})
	if err != nil {
		return nil, fmt.Errorf("embed the question: %w", err)
	}
	if len(vectors) != 1 {
		return nil, fmt.Errorf("embed the question: %d vectors for one text", len(vectors))
	}
	return vectors[0], nil
}

// expandMasked is the only way of a question to an Expander.
func expandMasked(e Expander, v *veil, locale, question string) string {
	return e.Expand(locale, v.plain(question))
}

// maskedReranker is the pipeline's only way to a Reranker. The passages are the shop's.
type maskedReranker struct{ reranker Reranker }

func (m maskedReranker) rerank(ctx context.Context, v *veil, question string, passages []string) ([]float64, error) {
	return m.reranker.Rerank(ctx, v.plain(question), passages)
}
