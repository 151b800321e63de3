package label

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/pii"
)

// Case is a turn as somebody looks at it. Personal data in it is masked. The confidence is
// no part of it: it would lead whoever looks.
type Case struct {
	ID       string
	Language string
	// Said are the messages that were answered, and Understood the question as it was
	// searched for where that is another text.
	Said       []string
	Understood string
	Draft      string
	// Sent tells that the customer got the draft.
	Sent bool
	// Cited are the passages that the draft rests on, and Others those that were found too.
	Cited, Others []Source
	// Orders are those that were looked at, and AboutOrders tells that the draft speaks of
	// some.
	Orders      []string
	AboutOrders bool
	// Chance is the probability with which the turn was drawn, 0 when it was not.
	Chance float64

	record gateway.Record
}

// Source is a passage.
type Source struct{ Title, Text, Language string }

// CaseOf is a turn as somebody looks at it.
func CaseOf(r gateway.Record, chance float64) Case {
	vault := pii.NewVault(nil)
	c := Case{
		ID: r.ID, Language: r.Language, Draft: masked(vault, r.Draft.Answer), Sent: r.Decision.Kind == gateway.DecideReply,
		Chance: chance, AboutOrders: len(r.Draft.Orders) > 0, record: r,
	}
	for _, text := range r.Messages {
		c.Said = append(c.Said, masked(vault, text))
	}
	if asked := strings.Join(r.Messages, "\n"); r.Query != "" && !strings.EqualFold(strings.TrimSpace(asked), strings.TrimSpace(r.Query)) {
		c.Understood = masked(vault, r.Query)
	}
	for _, p := range r.Passages {
		s := Source{Title: title(p), Text: p.Text, Language: p.Locale}
		if slices.Contains(r.Draft.Citations, p.ID) {
			c.Cited = append(c.Cited, s)
		} else {
			c.Others = append(c.Others, s)
		}
	}
	for _, o := range r.Orders.Orders {
		c.Orders = append(c.Orders, masked(vault, order(o)))
	}
	return c
}

func title(p rag.Passage) string {
	switch {
	case p.Question != "":
		return p.Question
	case p.Heading == "" || p.Heading == p.Title:
		return p.Title
	}
	// A heading names those above it, of which the first is often the title.
	return p.Title + " › " + strings.ReplaceAll(strings.TrimPrefix(p.Heading, p.Title+" > "), " > ", " › ")
}

// order is an order in a line.
func order(o rag.Order) string {
	parts := []string{o.Number, o.Status}
	for _, item := range o.Items {
		parts = append(parts, strconv.Itoa(item.Quantity)+" × "+item.Name)
	}
	for _, more := range []struct{ name, value string }{
		{"placed", o.PlacedAt[:min(len(o.PlacedAt), len("2026-03-02"))]}, {"eta", o.ETA}, {"carrier", o.Carrier}, {"refund", o.Refund}, {"note", o.LastNote},
	} {
		if more.value != "" {
			parts = append(parts, more.name+" "+more.value)
		}
	}
	return strings.Join(parts, " · ")
}

// CasesOf are the drafts of a run of a suite, to be looked at.
func CasesOf(run runs.Run) ([]Case, error) {
	var list []Case
	for _, result := range run.Results {
		for i, step := range result.Steps {
			if !step.Scored || len(step.Record) == 0 {
				continue
			}
			var r gateway.Record
			if err := json.Unmarshal(step.Record, &r); err != nil {
				return nil, fmt.Errorf("case %s: the record of step %d can't be read: %w", result.ID, i+1, err)
			}
			c := CaseOf(r, 0)
			c.ID, c.Language = fmt.Sprintf("%s#%d.%d", result.ID, result.Try, i+1), result.Language
			list = append(list, c)
		}
	}
	return list, nil
}
