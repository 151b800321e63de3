package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/stats"
)

// files are the templates, and the script and style sheet that every report holds.
//
//go:embed templates/*.html static/*
var files embed.FS

// WriteHTML writes a run as one file that needs nothing else: the verdict, figures and
// pictures in Spanish and English, and every case with its whole record, which a click
// unpacks. With a base, cases are shown side by side.
func WriteHTML(w io.Writer, v View) error {
	v.Language = cmp.Or(v.Language, "en")
	v = v.compared()
	p, t, err := newPage(v)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "report.html", p); err != nil {
		return fmt.Errorf("write a run as HTML: %w", err)
	}
	return write(w, "HTML", b.Bytes())
}

// shell is what all pages begin with. Its script and style are named in its policy by
// their hashes, and nothing else runs.
type shell struct {
	Language, Title string
	Policy          string
	Style           template.CSS
	Script          template.JS
}

func newShell(language, title string) (shell, error) {
	style, err := files.ReadFile("static/report.css")
	if err != nil {
		return shell{}, fmt.Errorf("read the style of reports: %w", err)
	}
	script, err := files.ReadFile("static/report.js")
	if err != nil {
		return shell{}, fmt.Errorf("read the script of reports: %w", err)
	}
	policy := "default-src 'none'; script-src " + hashed(script) + "; style-src " + hashed(style) + "; base-uri 'none'; form-action 'self'"
	return shell{Language: language, Title: title, Policy: policy, Style: template.CSS(style), Script: template.JS(script)}, nil
}

func hashed(text []byte) string {
	sum := sha256.Sum256(text)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// page is what the template of a report is given.
type page struct {
	shell
	// Home is the address of the list of runs, or empty in a file.
	Home string
	// Titles are that of the list of runs, by language.
	Titles map[string]string
	Bodies []template.HTML
	// The blocks are letters of base64 and no HTML.
	Index, Texts template.HTML
	Details      []template.HTML
}

// newPage renders both languages, and gives the template for the rest in the first.
func newPage(v View) (p page, whole *template.Template, err error) {
	top, err := newShell(v.Language, v.Run.Suite)
	if err != nil {
		return page{}, nil, err
	}
	p.shell, p.Home = top, v.Home
	p.Titles = map[string]string{"es": phrase("es", "home"), "en": phrase("en", "home")}
	pairs, list := matched(v.Run, v.Base), listed(v.Run)
	changes, often := pairs.changes(), refrains(v.Run)
	entries := make([]entry, 0, len(list))
	for _, r := range list {
		entries = append(entries, newEntry(r, changes[name(r)], often))
	}
	blocks, err := pack(v, entries, list, pairs)
	if err != nil {
		return page{}, nil, err
	}
	p.Index, p.Texts = template.HTML(blocks.Index), template.HTML(blocks.Texts)
	for _, block := range blocks.Details {
		p.Details = append(p.Details, template.HTML(block))
	}
	for _, language := range []string{"es", "en"} {
		t, err := templates(language)
		if err != nil {
			return page{}, nil, err
		}
		if whole == nil || language == v.Language {
			whole = t
		}
		var b bytes.Buffer
		if err := t.ExecuteTemplate(&b, "body", newBody(View{v.Run, v.Home, v.Base, v.Comparison, language}, pairs)); err != nil {
			return page{}, nil, fmt.Errorf("write a run as HTML: %w", err)
		}
		p.Bodies = append(p.Bodies, template.HTML(b.String()))
	}
	return p, whole, nil
}

// changes are the words for what became of each case that did.
func (p pairing) changes() map[string]string {
	words := map[string]string{}
	for word, list := range map[string][]string{"broken": p.broken, "mended": p.mended, "other": p.other, "added": p.added} {
		for _, one := range list {
			words[one] = word
		}
	}
	if len(p.base) == 0 {
		return nil
	}
	return words
}

// body is what one language of a report shows.
type body struct {
	View
	Passed         bool
	Verdict        string
	Remarks        []string
	Before         string
	Groups         []group
	Moves          []move
	Paired         string
	Broken, Mended []string
	Gone, Added    []string
	Drafts         int
	Reliability    template.HTML
	Coverage       template.HTML
	Ring           string
	Causes         []cause
	Confusion      runs.Confusion
	Stages         []stage
	Usage          []use
	Slices         []sliced
	Unequal        []unequal
	Parity         stats.Estimate
}

// cause is where so many of the failed cases went wrong.
type cause struct {
	runs.Caused
	// Most is the number of the most frequent one, which a bar is drawn to.
	Most int
}

// sliced are the slices of one kind.
type sliced struct {
	By     string
	Slices []runs.Slice
}

// group is a theme with its figures.
type group struct {
	Theme   string
	Figures []measured
}

// stage is how long a part of a turn took, in milliseconds.
type stage struct {
	Name          string
	P50, P95, Top float64
	N             int
}

// use is what models took in all and per case.
type use struct {
	Name     string
	All, One string
}

// unequal is a pair that did not get the same in both languages.
type unequal struct {
	Pair   string
	Places []runs.Result
}

func newBody(v View, pairs pairing) body {
	b := body{View: v, Passed: passed(v.Run), Verdict: verdict(v.Language, v.Run), Confusion: runs.Confuse(v.Run.Results), Slices: kinds(v.Run.Slices)}
	b.Remarks = remarks(v.Language, v.Run)
	groups := themed(v.Run.Metrics)
	for _, theme := range themes {
		if len(groups[theme]) > 0 {
			b.Groups = append(b.Groups, group{theme, groups[theme]})
		}
	}
	if v.Base != nil {
		b.Before, b.Paired, b.Moves = identity(v.Language, *v.Base), pairs.sentence(v.Language), moved(*v.Comparison)
		b.Broken, b.Mended, b.Gone, b.Added = pairs.broken, pairs.mended, pairs.gone, pairs.added
	}
	if drafts := scored(v.Run); len(drafts) > 0 {
		b.Drafts = len(drafts)
		b.Reliability = reliability(v.Language, drafts)
		b.Coverage, b.Ring = coverage(v.Language, drafts, threshold(v.Run))
	}
	for _, c := range runs.Causes(v.Run.Results) {
		b.Causes = append(b.Causes, cause{c, max(c.Cases, firstCases(b.Causes))})
	}
	b.Stages, b.Usage = stages(v.Run), usage(v.Language, v.Run)
	b.Parity, b.Unequal = parity(v.Run)
	return b
}

func firstCases(list []cause) int {
	if len(list) == 0 {
		return 0
	}
	return list[0].Cases
}

// kinds puts slices of one kind together, in the order of the run.
func kinds(list []runs.Slice) []sliced {
	var all []sliced
	for _, s := range list {
		at := slices.IndexFunc(all, func(k sliced) bool { return k.By == s.By })
		if at < 0 {
			at, all = len(all), append(all, sliced{By: s.By})
		}
		all[at].Slices = append(all[at].Slices, s)
	}
	return all
}

// stages are the parts of a turn by how long they took, and the whole turn first.
func stages(r runs.Run) []stage {
	list := []stage(nil)
	for metric, e := range r.Metrics {
		name, found := strings.CutPrefix(metric, runs.LatencyP50)
		if !found {
			continue
		}
		s := stage{Name: strings.TrimPrefix(name, "/"), P50: e.Value, P95: r.Metrics[runs.LatencyP95+name].Value, N: e.N}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b stage) int {
		if a.Name == "" || b.Name == "" {
			return cmp.Compare(a.Name, b.Name)
		}
		return cmp.Or(cmp.Compare(b.P95, a.P95), cmp.Compare(a.Name, b.Name))
	})
	most := 0.0
	for _, s := range list {
		most = max(most, s.P95)
	}
	for i := range list {
		list[i].Top = most
	}
	return list
}

func usage(language string, r runs.Run) []use {
	var all, judge runs.Usage
	for _, one := range runs.Judged(r.Results) {
		for _, s := range one.Steps {
			all.Add(s.Usage)
			judge.Add(s.JudgeUsage)
		}
	}
	cases := float64(max(1, r.Cases))
	var list []use
	row := func(key string, u unit, v float64) {
		if v > 0 {
			list = append(list, use{phrase(language, key), u.one(language, v), u.one(language, v/cases)})
		}
	}
	for i, u := range [...]runs.Usage{all, judge} {
		who := [...]string{"use", "judge_use"}[i]
		row(who+"_calls", amount, float64(u.Calls))
		row(who+"_read", amount, float64(u.InputTokens))
		row(who+"_written", amount, float64(u.OutputTokens))
		row(who+"_cost", money, float64(u.CostMicros))
	}
	return list
}

// parity is the gap between languages and the pairs that make it.
func parity(r runs.Run) (stats.Estimate, []unequal) {
	gap, pairs := runs.Parity(r.Results)
	byName := map[string]runs.Result{}
	for _, one := range r.Results {
		byName[fmt.Sprintf("%s %d", one.ID, one.Try)] = one
	}
	var list []unequal
	for _, p := range pairs {
		one := unequal{Pair: p.Pair}
		for _, id := range []string{p.A, p.B} {
			one.Places = append(one.Places, byName[fmt.Sprintf("%s %d", id, p.Try)])
		}
		list = append(list, one)
	}
	return gap, list
}

// templates parses what pages are made of for a language.
func templates(language string) (*template.Template, error) {
	t, err := template.New("").Funcs(functions(language)).ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse the templates of reports: %w", err)
	}
	return t, nil
}

// functions are what templates call. Those that give words give them in one language.
func functions(language string) template.FuncMap {
	return template.FuncMap{
		"t":      func(key string) string { return phrase(language, key) },
		"word":   func(family, value string) string { return cmp.Or(lookup(language, family+"_"+value), value) },
		"both":   both,
		"either": either,
		"bothword": func(family, value string) template.HTML {
			return either(text{cmp.Or(lookup("es", family+"_"+value), value), cmp.Or(lookup("en", family+"_"+value), value)})
		},
		"f":        figureOf,
		"label":    func(f figure) string { return f.text.in(language) },
		"one":      func(m measured) string { return m.unit.one(language, m.Value) },
		"interval": func(m measured) string { return m.interval(language, m.Estimate) },
		"isshare":  func(m measured) bool { return m.unit == share },
		"metric":   func(m named) string { return m.metric() },
		"span":     span,
		"measure":  func(metric string, e stats.Estimate) string { return figureOf(metric).estimate(language, e) },
		"moved":    func(m move) string { return m.amount(language) },
		"was":      func(m move) string { return m.unit.one(language, m.Difference.Base) },
		"is":       func(m move) string { return m.unit.one(language, m.Difference.New) },
		"p":        func(m move) string { return decimal(language, m.Corrected, 3) },
		"way":      move.way,
		"bound":    func(g runs.Gate) string { return bound(language, g) },
		"ms":       func(v float64) string { return millis.one(language, v) },
		"bar":      func(s stage) template.HTML { return bar(s.P50, s.P95, s.Top) },
		"heat":     heat,
		"part":     func(n, most int) template.HTML { return bar(float64(n), float64(n), float64(most)) },
		"filter":   filter,
		"minus":    func(a, b int) int { return a - b },
		"of":       func(s runs.Slice, metric string) measured { return measured{figureOf(metric), s.Metrics[metric]} },
		"has":      func(s runs.Slice, metric string) bool { _, ok := s.Metrics[metric]; return ok },
		"columns":  columns,
		"name":     name,
		"decided":  func(r runs.Result) string { return decisionWords(language, decisions(r)) },
		"minutes":  func(r runs.Run) string { return r.Started.UTC().Format("2006-01-02 15:04 UTC") },
		"passed":   passed,
		"rate":     func(r runs.Run) string { return figureOf(runs.Passed).estimate(language, rate(r)) },
		"reached":  reached,
		"resume":   resume,
	}
}

// filter is the address of the cases with a value, for the script.
func filter(by, value string) template.URL {
	return template.URL("#" + url.Values{by: {value}}.Encode())
}

// named is a figure, or one that moved.
type named interface{ metric() string }

func (m measured) metric() string { return m.name }

func decisionWords(language string, list []string) string {
	said := make([]string, 0, len(list))
	for _, d := range list {
		said = append(said, cmp.Or(lookup(language, "decision_"+d), d))
	}
	return strings.Join(said, ", ")
}

// reached is how many thresholds were, of all.
func reached(r runs.Run) string {
	n := 0
	for _, g := range r.Gates {
		if g.OK {
			n++
		}
	}
	if len(r.Gates) == 0 {
		return "–"
	}
	return fmt.Sprintf("%d/%d", n, len(r.Gates))
}

// columns are the figures of slices that have a column: those that any slice has.
func columns(list []runs.Slice) []string {
	some := map[string]bool{}
	for _, s := range list {
		for _, metric := range []string{runs.Passed, runs.AnsweredWrong, runs.Coverage, runs.FactRecall, runs.LatencyP95} {
			if _, ok := s.Metrics[metric]; ok {
				some[metric] = true
			}
		}
	}
	return ordered(slices.Collect(maps.Keys(some)))
}

// heat is how dark a field of the confusion is, from 0 to 4, by its share of its row.
func heat(row []int, at int) int {
	all := 0
	for _, n := range row {
		all += n
	}
	if row[at] == 0 {
		return 0
	}
	return 1 + min(3, 4*row[at]/max(1, all))
}
