package desk

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

// functions are what templates call. Those that give words give them in one
// language.
func functions(language string) template.FuncMap {
	say := func(key string) string { return phrase(language, key) }
	return template.FuncMap{
		"t":       say,
		"reason":  func(r gateway.Reason) string { return cmp.Or(lookup(language, "reason_"+string(r)), string(r)) },
		"because": func(r gateway.Reason) string { return gateway.AgentReason(language, r) },
		"mode":    func(m gateway.Mode) string { return cmp.Or(lookup(language, "mode_"+string(m)), string(m)) },
		"status":  func(s string) string { return cmp.Or(lookup(language, "status_"+s), s) },
		"kind":    func(k string) string { return cmp.Or(lookup(language, "type_"+k), k) },
		"rule":    func(d gateway.Decision) string { return ruleText(language, d) },
		"outcome": func(o gateway.Outcome) string { return cmp.Or(lookup(language, "outcome_"+string(o)), string(o)) },
		"check":   func(name string) string { return cmp.Or(lookup(language, "check_"+name), name) },
		"part":    func(name string) string { return cmp.Or(lookup(language, "part_"+name), name) },
		"stage":   func(name string) string { return cmp.Or(lookup(language, "stage_"+name), name) },
		"tongue":  func(l string) string { return cmp.Or(lookup(language, "tongue_"+l), l) },
		"number":  func(n float64) string { return decimal(language, n, 2) },
		"number3": func(n float64) string { return decimal(language, n, 3) },
		"took":    func(d time.Duration) string { return took(language, d) },
		"money":   func(i rag.OrderItem) string { return money(language, i) },
		"fact":    func(name, value string) string { return factText(language, name, value) },
		"contact": contact,
		"who":     who,
		"ticks":   ticks,
		"span":    span,
		"clock":   clock,
		"day":     func(text string) string { return day(language, text) },
		"within":  within,
		"stamp":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"at":      func(now, t time.Time) moment { return moment{now, t} },
		"talk": func(now time.Time, id, answer string, m []bubble) talk {
			return talk{now, id, m, answer}
		},
		"since":      func(now, t time.Time) string { return span(now.Sub(t)) },
		"percent":    func(x float64) string { return strconv.Itoa(int(math.Round(100 * bound(x)))) },
		"share":      share,
		"urgent":     urgent,
		"features":   features,
		"pretty":     pretty,
		"order":      func(s string) string { return orderStatus(language, s) },
		"row":        func(now, awaits time.Time, h gateway.Handoff) row { return row{now, awaits, h} },
		"agent":      func(name string) string { return agentName(language, name) },
		"onphone":    onPhone,
		"hint":       func(e *gateway.SendError) string { return lookup(language, "class_"+string(e.Class)) },
		"add":        func(a, b int) int { return a + b },
		"isreaction": isReaction,
		"trouble":    func(m *gateway.Message) string { return trouble(language, m) },
		"size":       func(n int64) string { return size(language, n) },
		"format":     format,
		"answers":    answers,
		"place":      place,
		"degrees":    func(n float64) string { return decimal(language, n, 5) },
		"emojis":     func() []string { return emojis },
		"alert":      func(a gateway.Alert) string { return alertText(language, a) },
		"word":       func(family, value string) string { return word(language, family, value) },
		"excerpt":    excerpt,
		"cover":      cover,
		"deals": func(now time.Time, id, verify string, d *dealings) known {
			return known{now, id, verify, d}
		},
		"agreed": func(now time.Time, id string, a *gateway.Agreement) agreed {
			return agreed{now, id, a}
		},
		"dialled": dialled,
	}
}

// moment and row are what the shared parts of templates are given.
type (
	moment struct{ Now, At time.Time }
	row    struct {
		// Awaits is since when the customer waits for an answer of whoever has it.
		Now, Awaits time.Time
		gateway.Handoff
	}
)

// known is what the shared part about the shop's system is given. Verify is the handoff
// in which the customer can be verified, or empty.
type known struct {
	Now        time.Time
	ID, Verify string
	Dealings   *dealings
}

// agreed is what the shared part about a customer's agreement is given.
type agreed struct {
	Now       time.Time
	ID        string
	Agreement *gateway.Agreement
}

// onPhone tells whether somebody who answers from the phone app has the handoff.
// Nobody signs in under that name, so any agent may take it over.
func onPhone(h gateway.Handoff) bool {
	return h.State == gateway.HandoffClaimed && h.Agent == gateway.PhoneAppAgent
}

// agentName is how an agent is written.
func agentName(language, name string) string {
	if name == gateway.PhoneAppAgent {
		return phrase(language, "phone_app")
	}
	return name
}

// bound keeps a probability on its scale.
func bound(x float64) float64 { return min(max(x, 0), 1) }

// contact is how a person is written: the phone with its plus, or the user id.
func contact(id gateway.Identity) string {
	if id.Phone != "" {
		return "+" + id.Phone
	}
	return id.UserID
}

// who is the profile name, or the contact for one who has none.
func who(name string, id gateway.Identity) string {
	return cmp.Or(strings.TrimSpace(name), contact(id))
}

// urgent tells which reasons go before the others to the eye.
func urgent(r gateway.Reason) bool {
	return r == gateway.ReasonSafety || r == gateway.ReasonLegal || r == gateway.ReasonFraud
}

// ticks is the mark that people know from the phone.
func ticks(status string) string {
	switch gateway.DeliveryState(status) {
	case gateway.DeliveryQueued, gateway.DeliverySending:
		return "◷"
	case gateway.DeliveryUnknown:
		return "?"
	case gateway.DeliverySent:
		return "✓"
	case gateway.DeliveryDelivered, gateway.DeliveryRead:
		return "✓✓"
	case gateway.DeliveryFailed, gateway.DeliveryCanceled:
		return "✕"
	}
	return ""
}

// span writes a duration in its two largest units; the script does the same.
func span(d time.Duration) string {
	minutes := int(max(d, 0) / time.Minute)
	switch {
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	case minutes < 24*60:
		return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
	}
	return fmt.Sprintf("%d d %d h", minutes/(24*60), minutes/60%24)
}

// clock writes a time of today as such and any other with its day, in the
// location of now. The script rewrites it in the browser's own.
func clock(now, t time.Time) string {
	t = t.In(now.Location())
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

// day is the day of a date or time as an order has it, as people of the language
// write it; a text that is neither stays as it is.
func day(language, text string) string {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t, err = time.Parse(time.DateOnly, text)
	}
	switch {
	case err != nil:
		return text
	case language == "es":
		return t.Format("02/01/2006")
	}
	return t.Format("2 Jan 2006")
}

// within is the path of a heading below the title of its document.
func within(title, heading string) string {
	if heading == title {
		return ""
	}
	return strings.ReplaceAll(strings.TrimPrefix(heading, title+" > "), " > ", " › ")
}

// decimal writes a number with the language's own decimal mark.
func decimal(language string, n float64, places int) string {
	// A minus is no hyphen: lines do not break behind it.
	text := strings.Replace(strconv.FormatFloat(n, 'f', places, 64), "-", "−", 1)
	if language == "es" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}

func took(language string, d time.Duration) string {
	if d < time.Second {
		return decimal(language, float64(d)/float64(time.Millisecond), 1) + " ms"
	}
	return decimal(language, d.Seconds(), 2) + " s"
}

// money writes a price, or nothing when there is none.
func money(language string, i rag.OrderItem) string {
	if i.Currency == "" {
		return ""
	}
	price := i.Price()
	if language == "es" {
		price = strings.Replace(price, ".", ",", 1)
	}
	return price + " " + i.Currency
}

// factText writes a fact of a receipt: an amount as those of orders are written, and
// everything else in the shop's words.
func factText(language, name, value string) string {
	if name == "amount" {
		return gateway.AmountText(language, value)
	}
	return value
}

// orderStatus names the state of an order. A shop may have states of its own;
// those are shown in its words.
func orderStatus(language, status string) string {
	key := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(status)), " ", "_")
	return cmp.Or(lookup(language, "state_"+key), strings.ReplaceAll(status, "_", " "))
}

// share is a stage's part of the longest one, in percent.
func share(stages []rag.Stage, s rag.Stage) int {
	longest := slices.MaxFunc(stages, func(a, b rag.Stage) int { return cmp.Compare(a.Took, b.Took) }).Took
	if longest <= 0 {
		return 0
	}
	return int(100 * s.Took / longest)
}

// feature is one part of a score.
type feature struct {
	Name  string
	Value float64
}

// features are the parts of a score by name.
func features(parts map[string]float64) []feature {
	list := make([]feature, 0, len(parts))
	for name, value := range parts {
		list = append(list, feature{name, value})
	}
	slices.SortFunc(list, func(a, b feature) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// quotedText is a text in JSON.
var quotedText = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// pretty is a record as programs get it, with its secrets covered.
func pretty(r gateway.Record) (string, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	return quotedText.ReplaceAllStringFunc(string(text), func(quoted string) string {
		var said string
		if json.Unmarshal([]byte(quoted), &said) != nil || cover(said) == said {
			return quoted
		}
		covered, err := json.Marshal(cover(said))
		if err != nil {
			return `""` // unreachable: texts always marshal
		}
		return string(covered)
	}), err
}

// word is a word of the channel's in the language of the page, or as it came.
func word(language, family, value string) string {
	return cmp.Or(lookup(language, family+"_"+strings.ToLower(value)), value)
}

// maxExcerpt is how much of a quoted message is shown, in characters.
const maxExcerpt = 160

// excerpt is the beginning of a text, with its secrets covered.
func excerpt(text string) string {
	text = cover(text)
	if runes := []rune(text); len(runes) > maxExcerpt {
		return string(runes[:maxExcerpt]) + "…"
	}
	return text
}

// dialled is a number as a telephone takes it: digits with the plus, if there is one.
func dialled(number string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, number)
}

// trouble says why the channel could not give what a message holds, or nothing.
func trouble(language string, m *gateway.Message) string {
	switch {
	case m.Problem != nil:
		return cmp.Or(lookup(language, "trouble_"+strconv.Itoa(m.Problem.Code)), phrase(language, "trouble"))
	case m.Type == "unsupported":
		return phrase(language, "trouble_131051")
	}
	return ""
}
