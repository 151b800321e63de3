package rag

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/recado/recado/internal/recent"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/action"
)

//go:embed prompt/*.tmpl
var promptFiles embed.FS

// What of a conversation and its orders a model sees, in tokens by the estimate of
// knowledge.CountTokens. The passages have Config.Evidence.
const (
	maxHistory       = 8
	maxHistoryTokens = 800
	maxOrderTokens   = 1200
)

// passagesShown is how many passages are kept as they stand in prompts: shops have few, and
// the same ones are found again and again.
const passagesShown = 512

// promptSize is what most parts of a prompt come to, in bytes.
const promptSize = 8 << 10

// lineVersion is raised when the lines for orders, receipts or history change.
const lineVersion = 1

// prompt writes the messages for models that read text. Its version is a hash of the
// templates, the catalog of actions, the form of the lines and the shop's own rules, so
// that no edit goes unnoticed in a record.
//
// What is the same for all questions comes first: a server that keeps what it read
// before reads the rules once for each language. Then come the passages, in the order of
// their ids, which is that of the next question about the same; and last what is new in
// every turn.
type prompt struct {
	templates *template.Template
	version   string
	// shingles are the runs of words of the rules, which no reply repeats.
	shingles map[string]bool
	// systems are the rules that a model is given, which are the same in every turn of its kind.
	systems map[systemOf]string
	// passages are those that were shown last, as they stand in a prompt.
	passages *recent.Cache[shown, written]
}

// shown is what a model sees of a passage.
type shown struct{ ID, Title, Heading, Locale, Question, Text string }

// written is that, as the template has it.
type written struct {
	text string
	err  error
}

// systemOf is what they depend on.
type systemOf struct {
	language string
	writable bool
}

func newPrompt(shopRules string) (*prompt, error) {
	functions := template.FuncMap{
		"line": oneLine, "inc": func(i int) int { return i + 1 }, "join": func(list []string) string { return strings.Join(list, ", ") },
	}
	templates, err := template.New("").Funcs(functions).ParseFS(promptFiles, "prompt/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("rag: prompt: %w", err)
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%d %v\n", lineVersion, offered())
	for _, name := range []string{"prompt/system.tmpl", "prompt/user.tmpl", "prompt/passage.tmpl"} {
		text, err := promptFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("rag: prompt: %w", err)
		}
		hash.Write(text)
	}
	hash.Write([]byte(shopRules))
	p := &prompt{templates: templates, version: hex.EncodeToString(hash.Sum(nil)[:4]), shingles: map[string]bool{}, systems: map[systemOf]string{}}
	p.passages = recent.New(passagesShown, p.passage)
	for _, of := range []systemOf{{english, false}, {english, true}, {spanish, false}, {spanish, true}} {
		if p.systems[of], err = p.system(of, shopRules); err != nil {
			return nil, fmt.Errorf("rag: prompt: %w", err)
		}
	}
	rules, err := p.execute("system.tmpl", promptData{Language: languageName(english), Actions: offered()})
	if err != nil {
		return nil, fmt.Errorf("rag: prompt: %w", err)
	}
	for _, run := range shingles(rules) {
		p.shingles[run] = true
	}
	return p, nil
}

// offered are the actions that a model may ask for.
func offered() []action.Spec {
	return slices.DeleteFunc(action.Specs(), func(s action.Spec) bool { return s.Kind == action.SendCode })
}

// system writes the rules.
func (p *prompt) system(of systemOf, shopRules string) (string, error) {
	data := promptData{Language: languageName(of.language), Rules: shopRules, RulesFence: rulesFence(shopRules)}
	if of.writable {
		data.Actions = offered()
	}
	return p.execute("system.tmpl", data)
}

// promptData is what the templates see.
type promptData struct {
	Fence, Language, Question, Rejected string
	Rules, RulesFence                   string
	At                                  time.Time
	Actions                             []action.Spec
	// Passages stand here as the template of a passage writes them.
	Passages                                     []string
	Orders, Receipts, History, Parts, Objections []string
}

// messages writes the rules and the question with its evidence. All that others wrote
// stands between fences that it can't contain.
func (p *prompt) messages(r Request) ([]PromptMessage, error) {
	passages, err := p.show(r.Passages)
	if err != nil {
		return nil, err
	}
	data := promptData{
		At: r.At, Question: r.Question, Rejected: r.Rejected,
		Passages: passages, Orders: orderLines(r.Orders), Receipts: receiptLines(r.Receipts), History: historyLines(r.History), Objections: r.Objections,
	}
	if len(r.Parts) > 1 {
		data.Parts = r.Parts
	}
	data.Fence = fence(data)
	user, err := p.execute("user.tmpl", data)
	if err != nil {
		return nil, err
	}
	return []PromptMessage{{Role: "system", Content: p.systems[systemOf{supported(r.Locale), r.Writable}]}, {Role: "user", Content: user}}, nil
}

// show writes passages as they stand in a prompt, in the order of their ids.
func (p *prompt) show(passages []Passage) ([]string, error) {
	passages = slices.Clone(passages)
	slices.SortStableFunc(passages, func(a, b Passage) int { return strings.Compare(a.ID, b.ID) })
	texts := make([]string, len(passages))
	for i, one := range passages {
		w := p.passages.Get(shown{one.ID, one.Title, one.Heading, one.Locale, one.Question, one.Text})
		if w.err != nil {
			return nil, w.err
		}
		texts[i] = w.text
	}
	return texts, nil
}

func (p *prompt) passage(one shown) written {
	text, err := p.execute("passage.tmpl", one)
	return written{strings.TrimSuffix(text, "\n"), err}
}

func (p *prompt) execute(name string, data any) (string, error) {
	var out strings.Builder
	out.Grow(promptSize)
	if err := p.templates.ExecuteTemplate(&out, name, data); err != nil {
		return "", err
	}
	return out.String(), nil
}

// leaked gives a run of words of the rules that a reply repeats, or "".
func (p *prompt) leaked(text string) string {
	for _, run := range shingles(text) {
		if p.shingles[run] {
			return run
		}
	}
	return ""
}

// shingle is how many words in a row are nobody's own any more.
const shingle = 7

// shingles are all runs of so many words of a text, in lower case, with a space between.
func shingles(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r <= 127 })
	line, starts := strings.Join(words, " "), make([]int, len(words)+1)
	for i, word := range words {
		starts[i+1] = starts[i] + len(word) + 1
	}
	var runs []string
	for i := range max(0, len(words)-shingle+1) {
		runs = append(runs, line[starts[i]:starts[i+shingle]-1])
	}
	return runs
}

// fence is a word that the fenced content does not hold: it is derived from a
// hash over that content, so nobody can write it into a message or a document
// beforehand, and the same request gives the same prompt. What is added when a model is
// asked again in the same turn, behind all the rest, leaves the word as it was: so the
// server has read everything before it already. A model that wrote the word itself gets
// another one.
func fence(d promptData) string {
	content := slices.Concat(d.Passages, d.Orders, d.History, d.Parts)
	added := slices.Concat(d.Receipts, d.Objections, []string{d.Rejected})
	word := fenceOf(d.Question, "", content)
	if slices.ContainsFunc(added, func(text string) bool { return strings.Contains(text, word) }) {
		return fenceOf(d.Question, d.Rejected, slices.Concat(content, d.Receipts, d.Objections))
	}
	return word
}

func fenceOf(question, rejected string, lines []string) string {
	hash := sha256.New()
	for _, line := range slices.Concat([]string{question, rejected}, lines) {
		hash.Write([]byte(line + "\x00")) // a hash never fails to write
	}
	return "DATA-" + hex.EncodeToString(hash.Sum(nil)[:6])
}

// orderLines writes each order in a line, the newest first, and drops the oldest that
// do not fit, unless they are asked for.
func orderLines(f OrderFacts) []string {
	if f.Unavailable {
		return []string{"The orders can't be read at the moment: say nothing about orders."}
	}
	var lines []string
	tokens := 0
	for _, o := range f.Orders {
		line := orderLine(o)
		if tokens += knowledge.CountTokens(line); tokens > maxOrderTokens && !slices.ContainsFunc(f.Asked, func(n string) bool { return sameOrder(n, o.Number) }) {
			continue
		}
		lines = append(lines, line)
	}
	if len(f.NotFound) > 0 {
		lines = append(lines, "not found among this customer's orders: "+oneLine(strings.Join(f.NotFound, ", ")))
	}
	return lines
}

func orderLine(o Order) string {
	var items []string
	for _, i := range o.Items {
		item := strconv.Itoa(i.Quantity) + " x " + oneLine(i.Name)
		if i.PriceMinor > 0 {
			item += " (" + i.Price() + " " + i.Currency + " each)"
		}
		items = append(items, item)
	}
	var b strings.Builder
	b.WriteString(oneLine(o.Number))
	for _, f := range []struct{ name, value string }{
		{"status", o.Status},
		{"placed", o.PlacedAt},
		{"expected", o.ETA},
		{"items", strings.Join(items, "; ")},
		{"carrier", o.Carrier},
		{"tracking", o.TrackingURL},
		{"last note", o.LastNote},
		{"noted", o.LastAt},
		{"refund", o.Refund},
		{"address", o.Address},
		{"invoice", o.InvoiceURL},
		{"proof of delivery", o.ProofURL},
	} {
		if value := oneLine(f.value); value != "" {
			b.WriteString(" | " + f.name + ": " + value)
		}
	}
	return b.String()
}

// receiptLines writes each receipt in a line, its facts in the order of their names.
func receiptLines(list []action.Receipt) []string {
	var lines []string
	for _, r := range list {
		line := fmt.Sprintf("%s | order: %s | outcome: %s", oneLine(string(r.Kind)), oneLine(r.Order), oneLine(string(r.Outcome)))
		if r.Reference != "" {
			line += " | reference: " + oneLine(r.Reference)
		}
		if r.Reason != "" {
			line += " | reason: " + oneLine(r.Reason)
		}
		var facts []string
		for name, fact := range r.Facts {
			facts = append(facts, " | "+oneLine(name)+": "+oneLine(fact))
		}
		slices.Sort(facts)
		lines = append(lines, line+strings.Join(facts, ""))
	}
	return lines
}

// historyLines writes the latest of what was said, the oldest first. Each utterance is a
// line, so that none can begin another.
func historyLines(history []Utterance) []string {
	var lines []string
	tokens := 0
	for _, u := range slices.Backward(history[max(0, len(history)-maxHistory):]) {
		line := string(u.Role) + ": " + oneLine(u.Text)
		if tokens += knowledge.CountTokens(line); tokens > maxHistoryTokens && len(lines) > 0 {
			break
		}
		lines = append(lines, line)
	}
	slices.Reverse(lines)
	return lines
}

// oneLine keeps a title from starting a line of its own among the fields.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func languageName(locale string) string {
	if locale == english {
		return "English"
	}
	return "Spanish"
}
