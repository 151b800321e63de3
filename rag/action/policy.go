package action

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/rag/assure"
)

// Policy holds a shop's rules for what may be done with an order. It is a value: what a
// Policy allows depends on nothing but what Check is given.
type Policy struct {
	// ReturnDays is how many calendar days after the delivery a return may begin; 0 means
	// that there is no limit.
	ReturnDays int
	// Seasons are times of the year whose orders may be returned for longer.
	Seasons []Season
	// Cancel, Address and Return are the statuses in which an order can be cancelled,
	// have its address changed and be returned, by their names (Status).
	Cancel, Address, Return []string
	// PersonAbove wants a person for orders above an amount in minor units, by ISO 4217
	// code. With any amount in it, an order in another currency or without a known total is
	// for a person too.
	PersonAbove map[string]int64
	// Final are what can't be returned: ids of lines, or words that their names hold.
	Final []string
	// Levels are what the customer has to have reached, where the shop wants more than
	// the catalog. Less than the catalog has no effect.
	Levels map[Kind]assure.Level
}

// Season lets orders placed in it be returned until a day. The days are MM-DD; an Until
// before To is one of the next year.
type Season struct {
	From  string `yaml:"from"`
	To    string `yaml:"to"`
	Until string `yaml:"until"`
}

// DefaultPolicy is a shop that takes returns for 30 days, and cancels and readdresses what
// has not left the warehouse.
func DefaultPolicy() Policy {
	return Policy{
		ReturnDays: 30,
		Cancel:     []string{"pending", "pending_payment", "confirmed", "paid", "processing", "on_hold", "backordered"},
		Address:    []string{"pending", "pending_payment", "confirmed", "paid", "processing", "on_hold", "backordered"},
		Return:     []string{"delivered"},
	}
}

// The rules that refuse, as a Verdict and a Receipt name them.
const (
	RuleStatus      = "status"
	RuleReturnDays  = "return_days"
	RuleLevel       = "level"
	RuleArguments   = "arguments"
	RuleAmount      = "amount"
	RuleFinal       = "final"
	RuleNotFound    = "not_found"
	RuleUnavailable = "unavailable"
)

// Level is what the customer has to have reached for an action, by the catalog and by the
// shop. What is not in the catalog needs more than anybody reaches.
func (p Policy) Level(k Kind) assure.Level {
	spec, ok := Find(k)
	if !ok {
		return assure.Verified + 1
	}
	return max(spec.Level, p.Levels[k])
}

// Check says whether the call is allowed to who has reached pass, for the order as it is at
// that moment. Days are those of now's zone. Somebody unknown is told nothing of the order;
// a level that is merely too low comes last, because nobody should fetch a code for what is
// not possible anyway.
func (p Policy) Check(c Call, s Snapshot, pass assure.Pass, now time.Time) Verdict {
	need := p.Level(c.Kind)
	if _, ok := Find(c.Kind); !ok {
		return Verdict{Rule: RuleUnavailable}
	}
	if !pass.Reaches(assure.Number) {
		return Verdict{Rule: RuleLevel, Level: need}
	}
	v := p.Rules(c, s, now)
	if v.OK && !pass.Reaches(need) {
		return Verdict{Rule: RuleLevel, Level: need, Until: v.Until}
	}
	return v
}

// Rules is Check without the question who asks: what the shop's system decides again when
// a command arrives.
func (p Policy) Rules(c Call, s Snapshot, now time.Time) Verdict {
	spec, ok := Find(c.Kind)
	switch {
	case !ok:
		return Verdict{Rule: RuleUnavailable}
	case !slices.Contains(spec.Needs, "order"):
		return Verdict{OK: true}
	case strings.TrimSpace(c.Order) == "":
		return Verdict{Rule: RuleArguments, Missing: []string{"order"}}
	case s.Number == "" || !SameNumber(s.Number, c.Order):
		return Verdict{Rule: RuleNotFound}
	case !spec.Write:
		return Verdict{OK: true}
	}
	v := p.possible(c.Kind, s, now)
	if !v.OK {
		return v
	}
	if p.forPerson(s) {
		return Verdict{Rule: RuleAmount}
	}
	until := v.Until
	v = p.arguments(c, s)
	v.Until = until
	return v
}

// SameNumber tells whether two order numbers are one: upper and lower case, a leading # and
// spaces make no difference.
func SameNumber(a, b string) bool {
	bare := func(n string) string { return strings.TrimLeft(strings.Join(strings.Fields(n), ""), "#") }
	return strings.EqualFold(bare(a), bare(b))
}

// possible looks at the order's status and at the days that have passed.
func (p Policy) possible(k Kind, s Snapshot, now time.Time) Verdict {
	allowed := map[Kind][]string{Cancel: p.Cancel, ChangeAddress: p.Address, StartReturn: p.Return}[k]
	status := Status(s.Status)
	if !slices.ContainsFunc(allowed, func(a string) bool { return Status(a) == status }) {
		return Verdict{Rule: RuleStatus}
	}
	if k != StartReturn || p.ReturnDays == 0 {
		return Verdict{OK: true}
	}
	return p.inTime(s, now)
}

// inTime holds a return against the last day for it. Without a day of delivery the
// shipping or the order counts from: who is in time by these is in time, and of the others
// nobody can tell.
func (p Policy) inTime(s Snapshot, now time.Time) Verdict {
	from := s.DeliveredAt
	for _, earlier := range []time.Time{s.ShippedAt, s.PlacedAt} {
		if from.IsZero() {
			from = earlier
		}
	}
	if from.IsZero() {
		return Verdict{Rule: RuleUnavailable}
	}
	last := day(from, now.Location()).AddDate(0, 0, p.ReturnDays)
	for _, season := range p.Seasons {
		if until, ok := season.until(s.PlacedAt, now.Location()); ok && until.After(last) {
			last = until
		}
	}
	switch until := last.Format(time.DateOnly); {
	case !day(now, now.Location()).After(last) && s.DeliveredAt.IsZero():
		return Verdict{OK: true}
	case !day(now, now.Location()).After(last):
		return Verdict{OK: true, Until: until}
	case s.DeliveredAt.IsZero():
		return Verdict{Rule: RuleUnavailable}
	default:
		return Verdict{Rule: RuleReturnDays, Until: until}
	}
}

// day is the calendar day of a moment in a zone.
func day(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// monthDay is how the days of a season are written.
const monthDay = "01-02"

// until is the last day for the returns of an order that was placed in the season.
func (s Season) until(placed time.Time, zone *time.Location) (time.Time, bool) {
	if placed.IsZero() {
		return time.Time{}, false
	}
	on := day(placed, zone)
	when, year := on.Format(monthDay), on.Year()
	inside := when >= s.From && when <= s.To
	if s.From > s.To { // over the turn of the year
		inside = when >= s.From || when <= s.To
		if when >= s.From {
			year++
		}
	}
	last, err := time.Parse(monthDay, s.Until)
	if !inside || err != nil {
		return time.Time{}, false
	}
	if s.Until < s.To {
		year++
	}
	return time.Date(year, last.Month(), last.Day(), 0, 0, 0, 0, time.UTC), true
}

// forPerson tells whether the order is worth so much that a person has to look.
func (p Policy) forPerson(s Snapshot) bool {
	if len(p.PersonAbove) == 0 {
		return false
	}
	limit, ok := p.PersonAbove[strings.ToUpper(s.Currency)]
	return !ok || s.TotalMinor == 0 || s.TotalMinor > limit
}

// arguments looks for what the action needs beside the order.
func (p Policy) arguments(c Call, s Snapshot) Verdict {
	if c.Kind == ChangeAddress && strings.TrimSpace(c.Address) == "" {
		return Verdict{Rule: RuleArguments, Missing: []string{"address"}}
	}
	if c.Kind != StartReturn {
		return Verdict{OK: true}
	}
	lines, ok := s.Lines(c.Items)
	if !ok {
		return Verdict{Rule: RuleArguments, Missing: []string{"items"}}
	}
	if slices.ContainsFunc(lines, p.final) {
		return Verdict{Rule: RuleFinal}
	}
	return Verdict{OK: true}
}

// final tells whether a line can't be returned.
func (p Policy) final(line Item) bool {
	return line.Final || slices.ContainsFunc(p.Final, func(f string) bool {
		return strings.EqualFold(f, line.ID) || holdsWords(line.Name, f)
	})
}

// Lines are the lines of the order that these ids or names mean, each once. It is false
// when there are none, or when one of them means no line, or several that are not alike. Of
// lines that are alike one is meant, and the next by the same word again.
func (s Snapshot) Lines(meant []string) ([]Item, bool) {
	found := map[int]bool{}
	for _, m := range meant {
		at := s.line(m, found)
		if at < 0 {
			return nil, false
		}
		found[at] = true
	}
	var lines []Item
	for _, at := range slices.Sorted(maps.Keys(found)) {
		lines = append(lines, s.Items[at])
	}
	return lines, len(lines) > 0
}

// line is the place of the line that is meant, or -1: by its id, by its name, or by words of
// its name.
func (s Snapshot) line(meant string, found map[int]bool) int {
	if strings.TrimSpace(meant) == "" {
		return -1
	}
	for _, same := range []func(Item) bool{
		func(i Item) bool { return strings.EqualFold(i.ID, strings.TrimSpace(meant)) },
		func(i Item) bool { return fold(i.Name) == fold(meant) },
		func(i Item) bool { return holdsWords(i.Name, meant) },
	} {
		var fits []int
		for at, item := range s.Items {
			if same(item) {
				fits = append(fits, at)
			}
		}
		if len(fits) > 0 {
			return s.one(fits, found)
		}
	}
	return -1
}

// one picks of lines that are alike the first that was not found yet.
func (s Snapshot) one(fits []int, found map[int]bool) int {
	first := s.Items[fits[0]]
	pick := -1
	for _, at := range fits {
		if s.Items[at].ID != first.ID || fold(s.Items[at].Name) != fold(first.Name) {
			return -1
		}
		if pick < 0 && !found[at] {
			pick = at
		}
	}
	return max(pick, fits[0])
}

// holdsWords tells whether a name holds all words of a text.
func holdsWords(name, text string) bool {
	words, wanted := strings.Fields(fold(name)), strings.Fields(fold(text))
	return len(wanted) > 0 && !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(words, w) })
}
