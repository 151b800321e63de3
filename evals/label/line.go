package label

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/pii"
)

// Line is a label as files have it: what `recado eval calibrate --labels` reads, with where
// it comes from.
type Line struct {
	// ID is the turn, or the case of a suite; Group is a hash of the conversation.
	ID     string `json:"id"`
	Group  string `json:"group,omitempty"`
	Locale string `json:"locale,omitempty"`
	Risk   string `json:"risk,omitempty"`
	Right  bool   `json:"right"`
	// Answered and Fixed are as in evals.Label.
	Answered   bool               `json:"answered"`
	Fixed      bool               `json:"fixed,omitempty"`
	Features   map[string]float64 `json:"features,omitempty"`
	Confidence float64            `json:"confidence,omitempty"`
	// Weight is how many turns it stands for, 0 when that is not known, and Biased tells
	// that it was not drawn by chance: it decides no threshold.
	Weight float64 `json:"weight,omitempty"`
	Biased bool    `json:"biased,omitempty"`
	// Source is where it comes from: audit, page, import, agent, or suite and its name.
	Source string `json:"source"`
	// By is a hash of who said so, of the last one where there are several, and People how
	// many there are.
	By     string    `json:"by,omitempty"`
	People int       `json:"people,omitempty"`
	At     time.Time `json:"at,omitzero"`
	// The texts, masked, where they are wanted.
	Question string `json:"question,omitempty"`
	Draft    string `json:"draft,omitempty"`
	Note     string `json:"note,omitempty"`
}

// Wanted says what to export.
type Wanted struct {
	// Since leaves out what was said before.
	Since time.Time
	// Agents and Audits tell which to take: what agents say of handoffs and drafts, and what
	// was said of answers that were picked or drawn.
	Agents, Audits bool
	// Each gives a line for each person in place of what most say.
	Each bool
	// Texts adds the question, the draft and the notes, masked.
	Texts bool
}

// Exported is what Export found.
type Exported struct {
	Lines []Line
	// Unsure counts the turns of which people say both in equal number, or nothing sure.
	Unsure int
}

// opinion is what one person says of a turn, at last.
type opinion struct {
	gateway.LabelView
	right bool
	// rank is the kind that it comes from: what is said of the answer goes before what is
	// said of the draft, and that before what is said of the handoff.
	rank int
}

// judge is what a label says of the draft of its turn; sure is false when it says nothing.
func judge(l gateway.LabelView) (o opinion, sure bool) {
	o.LabelView = l
	switch {
	case l.Record.ID == "":
		return o, false
	case l.Kind == gateway.LabelAnswer:
		o.right, o.rank = l.Verdict == gateway.VerdictRight, 2
		return o, l.Verdict != gateway.VerdictUnsure
	case l.Kind == gateway.LabelDraft:
		// What was changed without a word may be a comma or a price.
		o.right, o.rank = l.Flaw != gateway.FlawFact, 1
		return o, l.Verdict == gateway.VerdictSent || l.Flaw != ""
	}
	// Where every draft goes to a person, that one was needed says nothing of the draft.
	o.right = l.Verdict == gateway.VerdictEarly
	return o, evals.Sendable(l.Record) && l.Record.Decision.Reason != gateway.ReasonSuggest
}

// Export makes lines of what people said. A turn that several speak of is one line, with
// what most of them say; each speaks once, by what they said of the answer, else of the
// draft, else of the handoff.
func Export(ctx context.Context, s Store, w Wanted) (Exported, error) {
	said, err := opinions(ctx, s, w)
	if err != nil {
		return Exported{}, err
	}
	chances, err := auditChances(ctx, s)
	if err != nil {
		return Exported{}, err
	}
	var found Exported
	weights := weigh(said, chances)
	for _, turn := range slices.Sorted(maps.Keys(said)) {
		people := said[turn]
		right, sure := majority(people)
		switch {
		case w.Each:
			for _, o := range people {
				found.Lines = append(found.Lines, lineOf(o, o.right, 1, weights[turn], w.Texts))
			}
		case sure:
			found.Lines = append(found.Lines, lineOf(people[len(people)-1], right, len(people), weights[turn], w.Texts))
		default:
			found.Unsure++
		}
	}
	slices.SortStableFunc(found.Lines, func(a, b Line) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID), cmp.Compare(a.By, b.By))
	})
	return found, nil
}

// opinions are what people say of each turn, each person once, the latest last.
func opinions(ctx context.Context, s Store, w Wanted) (map[string][]opinion, error) {
	byTurn := map[string][]opinion{}
	err := each(func(p gateway.Page) ([]gateway.LabelView, string, error) {
		return s.Labels(ctx, gateway.LabelFilter{Since: w.Since}, p)
	}, func(l gateway.LabelView) error {
		o, sure := judge(l)
		agent := l.Source == gateway.LabelFromAgent
		if !sure || agent && !w.Agents || !agent && !w.Audits {
			return nil
		}
		byTurn[l.TurnID] = heard(byTurn[l.TurnID], o)
		return nil
	})
	if err == nil && w.Audits {
		err = earlierAudits(ctx, s, w.Since, byTurn)
	}
	if err != nil {
		return nil, fmt.Errorf("list labels: %w", err)
	}
	return byTurn, nil
}

// heard adds what a person says to what was said of the turn.
func heard(list []opinion, o opinion) []opinion {
	i := slices.IndexFunc(list, func(other opinion) bool { return other.By == o.By })
	switch {
	case i < 0:
		return append(list, o)
	case list[i].rank > o.rank:
		return list
	}
	return append(slices.Delete(list, i, i+1), o)
}

// earlierAudits adds the audits from before there were labels of each person.
func earlierAudits(ctx context.Context, s Store, since time.Time, byTurn map[string][]opinion) error {
	return each(func(p gateway.Page) ([]gateway.Audit, string, error) { return s.Audits(ctx, true, p) }, func(a gateway.Audit) error {
		known := slices.ContainsFunc(byTurn[a.TurnID], func(o opinion) bool { return o.By == a.Agent })
		if known || a.LabelledAt.Before(since) {
			return nil
		}
		l := gateway.LabelView{Label: gateway.AuditLabel(a, a.Agent, a.Right, a.LabelledAt), Record: a.Record}
		byTurn[a.TurnID] = heard(byTurn[a.TurnID], opinion{LabelView: l, right: a.Right, rank: 2})
		return nil
	})
}

// auditChances are the probabilities with which answers that somebody looked at were
// picked, by turn.
func auditChances(ctx context.Context, s Store) (map[string]float64, error) {
	chances := map[string]float64{}
	err := each(func(p gateway.Page) ([]gateway.Audit, string, error) { return s.Audits(ctx, true, p) }, func(a gateway.Audit) error {
		chances[a.TurnID] = a.Chance
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list audits: %w", err)
	}
	return chances, nil
}

// weigh says how many turns each turn stands for, 0 for one that no chance has brought.
//
// There are two samples: audits, of answers that were sent, and what was drawn, of all
// drafts. For a turn that either could have brought, each counts in the share that it has of
// such labels, so that both together stand for all turns once (the multiple frames of
// Hartley, 1962, with a fixed share).
func weigh(said map[string][]opinion, audits map[string]float64) map[string]float64 {
	drawn := func(list []opinion) (chance float64) {
		for _, o := range list {
			chance = max(chance, o.Chance)
		}
		return chance
	}
	var audited, both float64
	for turn, list := range said {
		audited += indicator(audits[turn] > 0)
		both += indicator(drawn(list) > 0 && sent(list[0].Record))
	}
	weights := map[string]float64{}
	for turn, list := range said {
		share := 0.0
		if sent(list[0].Record) && audited+both > 0 {
			share = audited / (audited + both)
		}
		if q := audits[turn]; q > 0 {
			weights[turn] += share / q
		}
		if q := drawn(list); q > 0 {
			weights[turn] += (1 - share) / q
		}
	}
	return weights
}

func indicator(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// majority is what more than half of the people say.
func majority(people []opinion) (right, sure bool) {
	yes := 0
	for _, o := range people {
		yes += int(indicator(o.right))
	}
	return 2*yes > len(people), 2*yes != len(people)
}

func lineOf(o opinion, right bool, people int, weight float64, texts bool) Line {
	l := recordLine(o.Record)
	l.Right, l.Weight, l.Biased, l.Source, l.By, l.People, l.At = right, weight, weight == 0, string(o.Source), hashed("person", o.By), people, o.At
	if texts {
		vault := pii.NewVault(nil)
		l.Question, l.Draft, l.Note = masked(vault, o.Record.Asked()), masked(vault, o.Record.Draft.Answer), masked(vault, o.Note)
	}
	return l
}

// recordLine is what a line has of its turn.
func recordLine(r gateway.Record) Line {
	l := Line{
		ID: r.ID, Group: hashed("conversation", r.ConversationID), Locale: r.Language, Answered: evals.Sendable(r), Fixed: evals.Fixed(r),
		Features: r.Features, Confidence: r.Confidence,
	}
	if r.Draft.Answer != "" {
		l.Risk = rag.RiskOf(r.Draft.Answer, len(r.Draft.Orders) > 0)
	}
	return l
}

// WriteJSONL writes a line of JSON for each label.
func WriteJSONL(w io.Writer, lines []Line) error {
	encoder := json.NewEncoder(w)
	for _, l := range lines {
		if err := encoder.Encode(l); err != nil {
			return fmt.Errorf("write labels: %w", err)
		}
	}
	return nil
}

// WriteCSV writes the labels as a table, features as JSON in one column.
func WriteCSV(w io.Writer, lines []Line) error {
	table := csv.NewWriter(w)
	header := []string{
		"id", "group", "locale", "risk", "right", "answered", "fixed", "weight", "biased", "source", "by", "people", "at", "confidence",
		"features", "question", "draft", "note",
	}
	if err := table.Write(header); err != nil {
		return fmt.Errorf("write labels: %w", err)
	}
	for _, l := range lines {
		features, err := json.Marshal(l.Features)
		if err != nil {
			return fmt.Errorf("write labels: %w", err)
		}
		row := []string{
			l.ID, l.Group, l.Locale, l.Risk, strconv.FormatBool(l.Right), strconv.FormatBool(l.Answered), strconv.FormatBool(l.Fixed),
			number(l.Weight), strconv.FormatBool(l.Biased), l.Source, l.By, strconv.Itoa(l.People), stamp(l.At), number(l.Confidence),
			string(features), cell(l.Question), cell(l.Draft), cell(l.Note),
		}
		if err := table.Write(row); err != nil {
			return fmt.Errorf("write labels: %w", err)
		}
	}
	table.Flush()
	if err := table.Error(); err != nil {
		return fmt.Errorf("write labels: %w", err)
	}
	return nil
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// cell is a text that a spreadsheet takes for a text: one that begins as a formula does
// gets an apostrophe, because customers may write anything.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
